/*
 * A job or an appointment as somebody wants it to be: written into the public tables as any program
 * would, or into a draft, to see first what that would bring.
 */
#ifndef STORE_ROW_CHANGE_H
#define STORE_ROW_CHANGE_H

#include <stdint.h>

#include "plan/record.h"
#include "store/entities.h"
#include "store/store.h"

/* Only one of the records is meant. What people cannot change on the page (ref, uid, sequence,
 * fields, what other programs added) stays as it is. */
struct row_change {
    enum entity_kind kind; /* ENTITY_JOB or ENTITY_APPOINTMENT */
    int64_t id;            /* of the row; 0: a new one */
    struct job job;
    struct appointment appointment;
};
void row_change_close(struct row_change *c);

/* Write it into the table, within the caller's transaction; the id of a new row is set. `now_ms`
 * goes into updated_at, and created_at of a new one. ERR_NOTFOUND: the row is gone. ERR_INVALID: a
 * constraint of the table forbids it, and store_error says which. */
int store_row_change(struct store *s, struct row_change *c, int64_t now_ms);

/* A fingerprint of all that the row holds but the time of its last change, to see whether somebody
 * else has changed it. ERR_NOTFOUND. */
#define ROW_DIGEST_TEXT 17
int store_row_digest(struct store *s, enum entity_kind kind, int64_t id, char out[ROW_DIGEST_TEXT]);

/* In a draft (store_draft_around): the row is as it will be. The id of a new one is set, to the one
 * that it would probably get. */
int store_draft_row(struct store *s, struct row_change *c, int64_t now_ms);

#endif
