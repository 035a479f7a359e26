/*
 * What a plan writes: new messages, and new times of those that wait. See store/messages.h.
 *
 * Both are written by the hundred thousand, so each statement touches no more than it has to. One
 * for several rows looks up the last id given only once. One that undoes nothing by itself when it
 * fails (OR FAIL) need not keep a copy of each page that it changes; the caller rolls back anyway.
 * One that leaves channel and occurrence alone leaves the indexes by them alone, too.
 */
#include "base/mem.h"
#include "store/horizon.h"
#include "store/internal.h"

#define ROWS_MAX 5 /* of one statement; most subjects have fewer new messages at a time */
#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ONE                                                                                        \
    "INSERT OR FAIL INTO message (rule_id, subject_id, recipient_id, occurrence, repeat, "         \
    "channel, "                                                                                    \
    "state, nominal_ms, due_ms, expires_ms, next_ms, near_ms, state_ms, merges, inside, reason) "  \
    "VALUES " ROW
#define MORE ", " ROW
#define TIMES                                                                                      \
    "nominal_ms = ?2, due_ms = ?3, "                                                               \
    "next_ms = CASE WHEN attempts > 0 THEN max(next_ms, ?4) ELSE ?4 END"

static const char *const additions[ROWS_MAX] = {
    ONE, ONE MORE, ONE MORE MORE, ONE MORE MORE MORE, ONE MORE MORE MORE MORE,
};

/* From the parameter after `last` on; returns the last one. */
static int bind_row(sqlite3_stmt *st, int last, const struct message *m)
{
    const int64_t values[] = {m->rule_id,    m->subject_id, m->recipient_id,
                              m->occurrence, m->repeat,     m->channel,
                              m->state,      m->nominal_ms, m->due_ms,
                              m->expires_ms, m->next_ms,    store_horizon_ms(m->state_ms),
                              m->state_ms,   m->merges,     m->inside};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        bind_int(st, ++last, values[i]);
    bind_text(st, ++last, m->reason);
    return last;
}

static int add_rows(struct store *s, struct message *list, size_t count)
{
    sqlite3_stmt *st = store_prepare(s, additions[count - 1]);
    int last = 0;

    for (size_t i = 0; st != NULL && i < count; i++)
        last = bind_row(st, last, &list[i]);
    int rc = store_finish(s, st);
    int64_t last_id = sqlite3_last_insert_rowid(s->db);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        list[i].id = last_id - (int64_t)(count - 1 - i);
        rc = tally_messages(s, list[i].rule_id, list[i].state, 1);
    }
    return rc;
}

int store_messages_add(struct store *s, struct message *list, size_t count)
{
    int rc = 0;

    for (size_t done = 0, n; rc == 0 && done < count; done += n) {
        n = count - done < ROWS_MAX ? count - done : ROWS_MAX;
        rc = add_rows(s, list + done, n);
    }
    return rc;
}

/* Mostly it is of use as long as it was: then the indexes by that need not follow. */
static int retime(struct store *s, const struct message *m, bool expires_too)
{
    sqlite3_stmt *st =
        store_prepare(s, expires_too ? "UPDATE message SET " TIMES ", expires_ms = ?5 WHERE id = ?1"
                                     : "UPDATE message SET " TIMES " WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, m->id);
        bind_int(st, 2, m->nominal_ms);
        bind_int(st, 3, m->due_ms);
        bind_int(st, 4, m->next_ms);
    }
    if (st != NULL && expires_too)
        bind_int(st, 5, m->expires_ms);
    return store_finish(s, st);
}

static int rekey(struct store *s, const struct message *m)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE message SET channel = ?2, occurrence = ?3, "
                         "merges = CASE WHEN attempts > 0 THEN merges ELSE ?4 END WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, m->id);
        bind_int(st, 2, m->channel);
        bind_int(st, 3, m->occurrence);
        bind_int(st, 4, m->merges);
    }
    return store_finish(s, st);
}

int store_message_replan(struct store *s, const struct message *before, const struct message *now)
{
    bool same = now->channel == before->channel && now->occurrence == before->occurrence &&
                now->merges == before->merges;
    int rc = same ? 0 : rekey(s, now);

    if (rc != 0)
        return rc;
    return retime(s, now, now->expires_ms != before->expires_ms);
}
