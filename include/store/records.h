/*
 * Reading the records that other programs write.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/store.h"

/* Load the row with this id; ERR_NOTFOUND when there is none. Close with the _close of record.h. */
int store_client(struct store *s, int64_t id, struct client *out);
int store_staff(struct store *s, int64_t id, struct staff *out);
int store_job(struct store *s, int64_t id, struct job *out);
int store_appointment(struct store *s, int64_t id, struct appointment *out);
int store_answer(struct store *s, int64_t id, struct answer *out);

/* Every active member of staff, by id; an array to be freed with store_staff_free. */
int store_staff_all(struct store *s, struct staff **out, size_t *count);
/* Those of them who can be the manager of `id` (0: somebody new): neither they themselves nor
 * anybody below them. */
int store_staff_managers(struct store *s, int64_t id, struct staff **out, size_t *count);
void store_staff_free(struct staff *list, size_t count);

/* opted[channel][purpose]: 'i', 'o', or 0 where the ledger says nothing. */
struct consents {
    char opted[CHANNEL_COUNT][PURPOSE_COUNT];
};
int store_consents(struct store *s, int64_t client_id, struct consents *out);

/* The row of the ledger that counts, or (`until_ms` not INT64_MAX) that counted at that time. */
struct consent {
    bool in;
    char *at, *source; /* as they stand there; source: NULL if it names none */
};
void consent_close(struct consent *c);
/* ERR_NOTFOUND when it says nothing. Close in any case. */
int store_consent(struct store *s, int64_t client_id, enum channel channel, enum purpose purpose,
                  int64_t until_ms, struct consent *out);

#endif
