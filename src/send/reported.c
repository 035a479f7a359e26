/*
 * Delivery reports. See send/reported.h.
 *
 *     told        of a message that is    comes to
 *     sent        unknown                 sent
 *     delivered   unknown, sent           delivered
 *     failed      unknown, sent           bounced, and the rule's next channel gets its turn
 *     sent or delivered, of one that is to go again since nobody knew: sent or delivered, and it
 *     does not go again
 *
 * Everything else is of no use any more: a report that comes twice, or late, or out of order.
 * Messages that went with it (send/merge.h) come to the same.
 */
#include "send/reported.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gateway/report.h"
#include "send/settle.h"

#define REPORTS_MAX 200 /* looked at in one turn */

static const char *words_of(int status)
{
    return status == REPORT_DELIVERED ? "the provider reports that it was delivered"
           : status == REPORT_FAILED  ? "the provider reports that it could not be delivered"
                                      : "the provider reports that it took it";
}

/* What the attempt says, with the provider's own code. */
static int note(struct world *w, const struct message *m, const struct report_row *r)
{
    static const char *const outcomes[] = {
        [REPORT_SENT] = "sent", [REPORT_DELIVERED] = "delivered", [REPORT_FAILED] = "bounced"};
    char detail[GATEWAY_DETAIL_MAX];

    if (strcmp(r->gateway, REPORT_BY_HAND) == 0)
        snprintf(detail, sizeof(detail), "%s says that it went out", r->code);
    else
        snprintf(detail, sizeof(detail), "%s%s%s", words_of(r->status),
                 r->code[0] != '\0' ? ", code " : "", r->code);
    return store_attempt_add(w->store, m->id, r->at_ms, r->gateway, outcomes[r->status], 0, detail,
                             r->provider_id[0] != '\0' ? r->provider_id : NULL);
}

/* It waits for its next try, though an earlier one has arrived after all. */
static int take_back(struct world *w, struct message *m, const struct report_row *r, int64_t now_ms)
{
    bool replanned;
    int rc = store_message_claim(w->store, m, r->gateway, m->address, 0, r->at_ms);

    if (rc != 0)
        return rc;
    m->state = MESSAGE_SENDING;
    return settle_sent(w, m, now_ms, &replanned);
}

static int move(struct world *w, struct message *m, enum message_state to, int64_t now_ms,
                const char *reason)
{
    int rc = store_message_move(w->store, m, to, now_ms, m->next_ms, reason);

    if (rc == 0)
        m->state = to;
    return rc;
}

static int arrived(struct world *w, struct message *m, const struct report_row *r, int64_t now_ms)
{
    int rc = 0;

    if (message_is_pending(m->state) && m->attempts > 0) {
        rc = take_back(w, m, r, now_ms);
        m->state = MESSAGE_SENT;
    } else if (m->state == MESSAGE_UNKNOWN) {
        rc = move(w, m, MESSAGE_SENT, now_ms, NULL);
    }
    if (rc == 0 && m->state == MESSAGE_SENT && r->status == REPORT_DELIVERED)
        rc = move(w, m, MESSAGE_DELIVERED, now_ms, NULL);
    return rc;
}

static int apply_one(struct world *w, struct message *m, const struct report_row *r, int64_t now_ms)
{
    enum message_state before = m->state;
    int rc = 0;

    if (r->status != REPORT_FAILED)
        rc = arrived(w, m, r, now_ms);
    else if (m->state == MESSAGE_SENT || m->state == MESSAGE_UNKNOWN)
        rc = settle_bounced(w, m, now_ms, words_of(r->status));
    else
        return 0;
    if (rc == 0 && (m->state != before || r->status == REPORT_FAILED))
        rc = note(w, m, r);
    return rc;
}

static int apply(struct world *w, const struct report_row *r, int64_t now_ms)
{
    struct message m, *with = NULL;
    size_t count = 0;
    int rc = store_message(w->store, r->message_id, &m);

    if (rc == ERR_NOTFOUND)
        return 0;
    if (rc == 0 && m.merges)
        rc = store_messages_with(w->store, m.id, &with, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (with[i].state == m.state)
            rc = apply_one(w, &with[i], r, now_ms);
    if (rc == 0)
        rc = apply_one(w, &m, r, now_ms);
    messages_free(with, count);
    message_close(&m);
    return rc;
}

int reported_settle(struct world *w, int64_t now_ms, bool *more)
{
    struct report_row *list;
    size_t count;
    int rc = store_reports_open(w->store, REPORTS_MAX, &list, &count);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        log_info("delivery report", "message=%lld gateway=%s status=%d",
                 (long long)list[i].message_id, list[i].gateway, list[i].status);
        rc = apply(w, &list[i], now_ms);
        if (rc == 0)
            rc = store_report_settled(w->store, list[i].id);
    }
    reports_free(list, count);
    *more = count == REPORTS_MAX;
    return rc;
}
