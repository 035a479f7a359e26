/* The state of it all, in a few counts. See store/queries.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/horizon.h"
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
    sqlite3_stmt *st =
        store_prepare(s, "SELECT state, sum(count) FROM message_tally GROUP BY state");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        int64_t state = column_int(st, 0);
        if (state >= 0 && state < MESSAGE_STATES)
            out->counts[state] = column_int(st, 1);
    }
    return rc;
}

static void earliest(int64_t *out, sqlite3_stmt *st, int i)
{
    if (sqlite3_column_type(st, i) != SQLITE_NULL && column_int(st, i) < *out)
        *out = column_int(st, i);
}

/* A row of: the first that is due later, how many are due, the first of those. */
static int read_waiting(struct store *s, sqlite3_stmt *st, struct store_status *out)
{
    int rc = store_step(s, st);

    if (rc != 1)
        return rc;
    earliest(&out->next_due_ms, st, 0);
    out->overdue += column_int(st, 1);
    earliest(&out->oldest_due_ms, st, 2);
    return store_finish(s, st);
}

/* Of the first week that has any. */
static int look_at_far(struct store *s, struct store_status *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT max(due_ms, next_ms), 0, NULL FROM message INDEXED BY message_far "
                         "WHERE state <= 2 AND next_ms > near_ms AND state = 0 "
                         "ORDER BY next_ms / 604800000, next_ms LIMIT 1");

    return read_waiting(s, st, out);
}

/* What waits, without looking at all that waits for a later time: of those only the first of each
 * channel. A held message's time has come, too; whoever reads "overdue" should look at it. */
static int look_at_pending(struct store *s, int64_t now_ms, struct store_status *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT min(iif(due_ms > ?1, due_ms, NULL)), total(due_ms <= ?1), "
                         "min(iif(due_ms <= ?1, due_ms, NULL)) FROM message INDEXED BY "
                         "message_stuck WHERE (state = 1 OR state = 2)");
    if (st != NULL)
        bind_int(st, 1, now_ms);
    int rc = read_waiting(s, st, out);

    for (int c = 0; rc == 0 && c < CHANNEL_COUNT; c++) {
        st = store_prepare(
            s, "SELECT min(iif(due_ms > ?1, due_ms, NULL)), total(due_ms <= ?1), "
               "min(iif(due_ms <= ?1, max(due_ms, next_ms), NULL)) FROM message INDEXED BY "
               "message_next WHERE state <= 2 AND next_ms <= near_ms AND channel = ?2 "
               "AND next_ms <= ?1 AND state = 0");
        if (st != NULL) {
            bind_int(st, 1, now_ms);
            bind_int(st, 2, c);
        }
        rc = read_waiting(s, st, out);
        if (rc != 0)
            break;
        st = store_prepare(s,
                           "SELECT max(due_ms, next_ms), 0, NULL FROM message INDEXED BY "
                           "message_next WHERE state <= 2 AND next_ms <= near_ms AND channel = ?2 "
                           "AND next_ms > ?1 AND state = 0 ORDER BY next_ms LIMIT 1");
        if (st != NULL) {
            bind_int(st, 1, now_ms);
            bind_int(st, 2, c);
        }
        rc = read_waiting(s, st, out);
    }
    return rc == 0 && out->next_due_ms > store_horizon_ms(now_ms) ? look_at_far(s, out) : rc;
}

static int count_rows(struct store *s, struct store_status *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT (SELECT count(*) FROM change_log), "
           "(SELECT count(*) FROM task WHERE done_ms IS NULL), (SELECT count(*) FROM client), "
           "(SELECT count(*) FROM job), (SELECT count(*) FROM appointment), "
           "(SELECT coalesce(max(last_ms), 0) FROM attempt_tally WHERE outcome = 'sent')");
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
           "coalesce(r.paused_ms, 0), coalesce(sum(CASE WHEN t.state <= 2 THEN t.count END), 0), "
           "coalesce(sum(CASE WHEN t.state BETWEEN 5 AND 7 THEN t.count END), 0), "
           "r.paused_ms IS NOT NULL AND r.paused_by > 0, r.trial > 0 "
           "FROM rule r LEFT JOIN message_tally t ON t.rule_id = r.id GROUP BY r.id ORDER BY r.id");
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
    sqlite3_stmt *st = store_prepare(s, "SELECT language, count(*), min(id) FROM client "
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
            .first = column_int(st, 2),
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

int store_zones_named(struct store *s, enum entity_kind kind, struct zone_count **out,
                      size_t *count)
{
#define ZONES_OF(table)                                                                            \
    "SELECT timezone, count(*), min(id) FROM " table                                               \
    " WHERE timezone <> '' GROUP BY timezone ORDER BY timezone"
    sqlite3_stmt *st = store_prepare(s, kind == ENTITY_CLIENT  ? ZONES_OF("client")
                                        : kind == ENTITY_STAFF ? ZONES_OF("staff")
                                                               : ZONES_OF("appointment"));
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct zone_count){
            .zone = column_text(st, 0),
            .rows = column_int(st, 1),
            .first = column_int(st, 2),
        };
    }
    return rc;
}

void zone_counts_free(struct zone_count *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].zone);
    free(list);
}

int store_row_label(struct store *s, enum entity_kind kind, int64_t row_id, char **out)
{
#define KEY "coalesce(nullif(ref, ''), '#' || id)"
    sqlite3_stmt *st = store_prepare(
        s, kind == ENTITY_CLIENT ? "SELECT name || ' (' || " KEY " || ')' FROM client WHERE id = ?1"
           : kind == ENTITY_STAFF ? "SELECT name || ' (' || " KEY " || ')' FROM staff WHERE id = ?1"
                                  : "SELECT " KEY " FROM appointment WHERE id = ?1");

    *out = NULL;
    if (st != NULL)
        bind_int(st, 1, row_id);
    int rc = store_step(s, st);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return ERR_NOTFOUND;
    *out = column_text(st, 0);
    return store_finish(s, st);
}
