/* Decisions not to let a message go, and what decisions saw. See store/messages.h, queries.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/queries.h"

int store_decision_add(struct store *s, const struct message *m, enum message_state to,
                       int64_t now_ms, int64_t next_ms, const char *reason, const char *saw)
{
    if (str_eq(m->reason, reason))
        return 0;
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO decision (message_id, at_ms, next_ms, state, reason, saw) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''))");
    if (st != NULL) {
        bind_int(st, 1, m->id);
        bind_int(st, 2, now_ms);
        if (message_is_pending(to))
            bind_int(st, 3, next_ms);
        bind_int(st, 4, to);
        bind_text(st, 5, reason);
        bind_text(st, 6, saw);
    }
    return store_finish(s, st);
}

int store_decisions(struct store *s, int64_t message_id, struct decision_row **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT at_ms, coalesce(next_ms, 0), state, reason, saw FROM decision "
           "WHERE message_id = ?1 UNION ALL "
           "SELECT state_ms, 0, -1, NULL, saw FROM message WHERE id = ?1 AND saw IS NOT NULL "
           "ORDER BY 1");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, message_id);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct decision_row){
            .at_ms = column_int(st, 0),
            .next_ms = column_int(st, 1),
            .went = column_int(st, 2) < 0,
            .state =
                (enum message_state)(column_int(st, 2) < 0 ? MESSAGE_SENDING : column_int(st, 2)),
            .reason = column_text(st, 3),
            .saw = column_text(st, 4),
        };
    }
    return rc;
}

void decisions_free(struct decision_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].reason);
        free(rows[i].saw);
    }
    free(rows);
}
