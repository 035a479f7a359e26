/*
 * The recorded past: how each job and appointment stood at any time since the service first saw it,
 * as far as planning depends on it (entity.facts, and the events). Noted as it happens, and brought
 * back in a draft (store_draft_past), step by step, in the order in which it happened.
 *
 * What is not recorded is as it is now: names, addresses, texts, amounts, own fields. A record that
 * was deleted since is not brought back. A consent counts from its date.
 */
#ifndef STORE_PAST_H
#define STORE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/condition.h"
#include "store/entities.h"
#include "store/messages.h"
#include "store/store.h"

/* From `at_ms` on the subject's facts were these. Inside the caller's transaction. */
int store_past_add(struct store *s, int64_t entity_id, int64_t at_ms, const char *facts);

struct past;

/* Bring everything back in `draft` as it stood at `from_ms`: records, events, consents, and those
 * messages whose end was decided by then. Up to `until_ms` the rest can be replayed. `conditions`
 * (NULL: no rule has any) see the records as they stand then, too. Inside a transaction of the
 * draft's. `draft` and `conditions` must outlive it; past_free before they are closed. */
int past_begin(struct store *draft, struct conditions *conditions, int64_t from_ms,
               int64_t until_ms, struct past **out);
void past_free(struct past *p); /* NULL does nothing */

/* When something happened next; INT64_MAX: nothing more did. */
int past_next(struct past *p, int64_t *at_ms);

/* Let everything happen that happened at that time. `each` gets the subjects it concerned, some
 * more than once. Inside a transaction. */
int past_go_on(struct past *p, int64_t at_ms, entity_each each, void *arg);

/* Messages about jobs and appointments that really went from `from_ms` on and before `until_ms`
 * (sent, unknown, delivered, bounced), in the order in which they did. `draft` may be any store of
 * the database: the real rows are read. What is in the struct is valid during the call. */
struct past_sent {
    int64_t id;
    const char *rule;
    int64_t subject_id, occurrence, recipient_id;
    int repeat;
    enum channel channel;
    enum message_state state;
    int64_t due_ms, sent_ms;
    const char *to, *text; /* text: NULL for one that went with another */
};
typedef void (*past_sent_each)(void *arg, const struct past_sent *m);
int store_past_sent(struct store *draft, int64_t from_ms, int64_t until_ms, past_sent_each each,
                    void *arg);

#endif
