/* The state of it all, in a few counts. See store/queries.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/queries.h"
#include "store/rules.h"

void store_status_close(struct store_status *st)
{
    for (size_t i = 0; i < st->rule_count; i++) {
        free(st->rules[i].name);
        free(st->rules[i].purpose);
        free(st->rules[i].pause_reason);
    }
    free(st->rules);
    free(st->pause_reason);
    *st = (struct store_status){0};
}

static int count_states(struct store *s, struct store_status *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT state, count(*) FROM message GROUP BY state");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        int64_t state = column_int(st, 0);
        if (state >= 0 && state < MESSAGE_STATES)
            out->counts[state] = column_int(st, 1);
    }
    return rc;
}

/* What waits. A held message's time has come, too; whoever reads "overdue" should look at it. */
static int look_at_pending(struct store *s, int64_t now_ms, struct store_status *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT min(CASE WHEN due_ms > ?1 THEN due_ms END), count(CASE WHEN due_ms <= ?1 THEN 1 "
           "END), min(CASE WHEN due_ms <= ?1 THEN due_ms END) FROM (SELECT CASE state WHEN 0 THEN "
           "max(due_ms, next_ms) ELSE due_ms END AS due_ms FROM message WHERE state <= 2)");

    if (st != NULL)
        bind_int(st, 1, now_ms);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    bool next = sqlite3_column_type(st, 0) != SQLITE_NULL;
    bool oldest = sqlite3_column_type(st, 2) != SQLITE_NULL;
    out->next_due_ms = next ? column_int(st, 0) : INT64_MAX;
    out->overdue = column_int(st, 1);
    out->oldest_due_ms = oldest ? column_int(st, 2) : INT64_MAX;
    return store_finish(s, st);
}

static int count_rows(struct store *s, struct store_status *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT (SELECT count(*) FROM change_log), "
           "(SELECT count(*) FROM task WHERE done_ms IS NULL), (SELECT count(*) FROM client), "
           "(SELECT count(*) FROM job), (SELECT count(*) FROM appointment), "
           "(SELECT coalesce(max(at_ms), 0) FROM attempt WHERE outcome = 'sent')");
    int rc = store_step(s, st);

    if (rc != 1)
        return rc;
    out->changes = column_int(st, 0);
    out->tasks = column_int(st, 1);
    out->clients = column_int(st, 2);
    out->jobs = column_int(st, 3);
    out->appointments = column_int(st, 4);
    out->last_sent_ms = column_int(st, 5);
    return store_finish(s, st);
}

static int list_rules(struct store *s, struct store_status *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT r.name, r.purpose, r.pause_reason, r.present, r.since_ms, "
           "coalesce(r.paused_ms, 0), count(CASE WHEN m.state <= 2 THEN 1 END), "
           "count(CASE WHEN m.state BETWEEN 5 AND 7 THEN 1 END), "
           "r.paused_ms IS NOT NULL AND r.paused_by > 0, r.trial > 0 "
           "FROM rule r LEFT JOIN message m ON m.rule_id = r.id GROUP BY r.id ORDER BY r.id");
    size_t cap = 0;
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        mem_grow(&out->rules, &cap, out->rule_count + 1, sizeof(*out->rules));
        out->rules[out->rule_count++] = (struct rule_status){
            .name = column_text(st, 0),
            .purpose = column_text(st, 1),
            .pause_reason = column_text(st, 2),
            .present = column_int(st, 3) != 0,
            .since_ms = column_int(st, 4),
            .paused_ms = column_int(st, 5),
            .waiting = column_int(st, 6),
            .sent = column_int(st, 7),
            .asks = column_int(st, 8) != 0,
            .on_trial = column_int(st, 9) != 0,
        };
    }
    return rc;
}

int store_status(struct store *s, int64_t now_ms, struct store_status *out)
{
    int rc;

    *out = (struct store_status){.next_due_ms = INT64_MAX, .oldest_due_ms = INT64_MAX};
    rc = count_states(s, out);
    if (rc == 0)
        rc = look_at_pending(s, now_ms, out);
    if (rc == 0)
        rc = count_rows(s, out);
    if (rc == 0)
        rc = list_rules(s, out);
    if (rc == 0)
        rc = store_paused(s, &out->paused, &out->pause_reason);
    return rc;
}

int store_languages(struct store *s, struct language_count **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT language, count(*) FROM client "
                                        "WHERE language <> '' GROUP BY language ORDER BY language");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct language_count){
            .language = column_text(st, 0),
            .clients = column_int(st, 1),
        };
    }
    return rc;
}

void language_counts_free(struct language_count *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].language);
    free(list);
}
