/*
 * A person's decisions about messages. See store/messages.h.
 *
 *     cancelled: ended and final; the plan only keeps its times in step with the record
 *     taken up:  pending and final: the plan and the cap have no say, and it is useful for a while
 *     planned again: pending and not final, as if nobody had ever cancelled it
 *
 * Each is a move of the table in store/messages.c; one that is not allowed changes nothing.
 */
#include "store/internal.h"
#include "store/messages.h"

#define RETRY_USEFUL_MS (24 * 3600 * INT64_C(1000)) /* what goes again is useful for so long */

static int set_final(struct store *s, int64_t id, bool final)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE message SET final = ?2 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, final);
    }
    return store_finish(s, st);
}

int store_message_final(struct store *s, int64_t id)
{
    return set_final(s, id, true);
}

int store_message_useful(struct store *s, int64_t id, int64_t until_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE message SET expires_ms = max(expires_ms, ?2) WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, until_ms);
    }
    return store_finish(s, st);
}

int store_message_cancel(struct store *s, int64_t id, int64_t now_ms, const char *reason)
{
    struct message m;
    int rc = store_message(s, id, &m);

    if (rc == 0)
        rc = store_message_move(s, &m, MESSAGE_CANCELLED, now_ms, m.next_ms, reason);
    if (rc == 0)
        rc = store_message_final(s, id);
    message_close(&m);
    return rc;
}

static int take_up(struct store *s, const struct message *m, int64_t now_ms, int64_t expires_ms)
{
    enum message_state to =
        m->state == MESSAGE_UNKNOWN || m->state == MESSAGE_RETRY ? MESSAGE_RETRY : MESSAGE_PLANNED;
    int rc = store_message_move(s, m, to, now_ms, now_ms, "taken up again by hand");

    if (rc == 0)
        rc = store_message_final(s, m->id);
    return rc == 0 ? store_message_useful(s, m->id, expires_ms) : rc;
}

int store_message_again(struct store *s, int64_t id, int64_t now_ms, int64_t expires_ms)
{
    struct message m, *with = NULL;
    size_t count = 0;
    int rc = store_message(s, id, &m);

    if (rc == 0)
        rc = take_up(s, &m, now_ms, expires_ms);
    if (rc == 0 && m.merges)
        rc = store_messages_with(s, id, &with, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (with[i].state == m.state)
            rc = take_up(s, &with[i], now_ms, expires_ms);
    messages_free(with, count);
    message_close(&m);
    return rc;
}

int store_message_to_plan(struct store *s, const struct message *m, int64_t now_ms)
{
    int rc = store_message_move(s, m, MESSAGE_PLANNED, now_ms, m->due_ms, "planned again by hand");

    return rc == 0 ? set_final(s, m->id, false) : rc;
}

int store_message_retry(struct store *s, const struct message *m, int64_t now_ms, bool *planned)
{
    /* To take back what was decided against before its time is not to send it today. */
    *planned = m->attempts == 0 && !message_is_pending(m->state) && m->due_ms > now_ms;
    return *planned ? store_message_to_plan(s, m, now_ms)
                    : store_message_again(s, m->id, now_ms, now_ms + RETRY_USEFUL_MS);
}
