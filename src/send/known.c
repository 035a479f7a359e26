/* What the ledger knows better. See send/known.h. */
#include "send/known.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "send/settle.h"
#include "time/moment.h"

#define STRETCH 2000       /* ids looked at in one turn */
#define GATEWAY "(ledger)" /* the attempt's, since nobody knows which one it was */

/* As if its answer had come now; but what may have gone out waits for a person, whatever its rule
 * says: the bytes to send again are not here. */
static int mark(struct world *w, const struct message *m, const struct ledger_record *r,
                int64_t now_ms)
{
    struct gateway_result result = {.outcome = OUTCOME_SENT};
    struct message sending = *m;
    char when[MOMENT_TEXT_MAX];
    bool sent = r->kind == LEDGER_SENT;
    int rc = 0;

    moment_format_utc(r->at_ms, when);
    snprintf(result.detail, sizeof(result.detail), "the ledger shows that it %s out at %s",
             sent ? "went" : "may have gone", when);
    log_info("the ledger knows of a message", "message=%lld sent=%d", (long long)m->id, sent);
    if (m->state != MESSAGE_SENDING)
        rc = store_message_claim(w->store, m, GATEWAY, m->address, 0, r->at_ms);
    if (rc == 0 && sent)
        return settle_result(w, m->id, GATEWAY, &result, now_ms);
    if (rc == 0)
        rc = store_attempt_add(w->store, m->id, r->at_ms, GATEWAY, outcome_name(OUTCOME_UNKNOWN), 0,
                               result.detail, NULL);
    sending.state = MESSAGE_SENDING;
    return rc == 0 ? store_message_move(w->store, &sending, MESSAGE_UNKNOWN, now_ms, m->next_ms,
                                        result.detail)
                   : rc;
}

int known_mark(struct world *w, struct ahead *a, const struct message *m,
               const struct ledger_key *key, int64_t now_ms, bool *known)
{
    struct ledger_key own;
    int rc = 0;

    *known = false;
    if (key == NULL) {
        rc = ahead_key_of(w->store, m, &own);
        key = &own;
    }
    if (rc != 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    const struct ledger_record *r = ahead_find(a, key);
    if (r == NULL)
        return 0;
    ahead_met(a, r);
    if (!ahead_knows(r, m))
        return 0;
    *known = true;
    return mark(w, m, r, now_ms);
}

int known_sweep(struct world *w, struct ahead *a, int64_t now_ms, int64_t *after, bool *done)
{
    struct message *list;
    size_t count;
    bool known;
    int rc = store_messages_pending(w->store, *after, STRETCH, &list, &count, done);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (list[i].channel != CHANNEL_TASK)
            rc = known_mark(w, a, &list[i], NULL, now_ms, &known);
    messages_free(list, count);
    if (rc == 0)
        *after += STRETCH;
    return rc;
}
