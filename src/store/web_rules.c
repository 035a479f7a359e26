/* What the page shows of rules. See store/web_rules.h. */
#include "store/web_rules.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/outbox.h"
#include "store/volume.h"

#define HOUR_MS (3600 * INT64_C(1000))
#define DAY_MS (DAY_HOURS * HOUR_MS)

#define SENT_SINCE(span, since)                                                                    \
    "(SELECT coalesce(sum(v.sent), 0) FROM volume v WHERE v.rule_id = r.id AND v.span = " span     \
    " AND v.at >= " since ")"

int store_rules_shown(struct store *s, int64_t now_ms, int64_t midnight_ms, struct rule_shown **out,
                      size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT r.name, r.pause_reason, r.present, r.trial, r.since_ms, "
           "coalesce(r.paused_ms, 0), r.paused_by, (SELECT coalesce(sum(t.count), 0) FROM "
           "message_tally t WHERE t.rule_id = r.id AND t.state <= 2), " SENT_SINCE(
               "1", "?1") ", " SENT_SINCE("24",
                                          "?2 - 6") ", " SENT_SINCE("24",
                                                                    "?2 - 29") " "
                                                                               "FROM rule r ORDER "
                                                                               "BY r.name");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, midnight_ms / HOUR_MS);
        bind_int(st, 2, now_ms / DAY_MS);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct rule_shown){
            .name = column_text(st, 0),
            .pause_reason = column_text(st, 1),
            .present = column_int(st, 2) != 0,
            .trial = (enum rule_trial)column_int(st, 3),
            .since_ms = column_int(st, 4),
            .paused_ms = column_int(st, 5),
            .paused_by = (enum rule_pauser)column_int(st, 6),
            .waiting = column_int(st, 7),
            .today = column_int(st, 8),
            .week = column_int(st, 9),
            .month = column_int(st, 10),
        };
    }
    return rc;
}

void rules_shown_free(struct rule_shown *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].pause_reason);
    }
    free(list);
}

int store_rule_days(struct store *s, const char *rule, int64_t since_ms, size_t max,
                    struct rule_day **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT at, sent FROM volume WHERE rule_id = (SELECT id FROM rule WHERE "
                         "name = ?1) AND span = 24 AND at >= ?2 ORDER BY at LIMIT ?3");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_text(st, 1, rule);
        bind_int(st, 2, since_ms / DAY_MS);
        bind_int(st, 3, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] =
            (struct rule_day){.day_ms = column_int(st, 0) * DAY_MS, .sent = column_int(st, 1)};
    }
    return rc;
}

static int read_rows(struct store *s, sqlite3_stmt *st, struct outbox_row **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        outbox_read(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_rules_next(struct store *s, const char *rule, size_t each, struct outbox_row **out,
                     size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, OUTBOX_SELECT
        "JOIN (SELECT x.id, x.next_ms, row_number() OVER (PARTITION BY y.rule_id ORDER BY "
        "x.next_ms, x.id) AS place FROM (" OUTBOX_UPCOMING ") AS x JOIN message y ON y.id = x.id) "
        "AS z ON z.id = m.id WHERE z.place <= ?2 AND (?3 IS NULL OR r.name = ?3) "
        "ORDER BY z.next_ms, m.id");

    if (st != NULL) {
        bind_int(st, 1, WEB_RULES_NEAR);
        bind_int(st, 2, (int64_t)each);
        bind_text(st, 3, rule);
    }
    return read_rows(s, st, out, count);
}

int store_rule_last(struct store *s, const char *rule, size_t max, struct outbox_row **out,
                    size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, OUTBOX_SELECT
        "JOIN (SELECT a.id, a.message_id FROM attempt a CROSS JOIN message y ON "
        "y.id = a.message_id WHERE a.id > (SELECT coalesce(max(id), 0) - ?2 FROM attempt) AND "
        "y.rule_id = (SELECT id FROM rule WHERE name = ?3) AND " SENT_LAST
        "ORDER BY a.id DESC LIMIT ?1) AS z ON z.message_id = m.id ORDER BY z.id DESC");

    if (st != NULL) {
        bind_int(st, 1, (int64_t)max);
        bind_int(st, 2, WEB_RULES_PAST);
        bind_text(st, 3, rule);
    }
    return read_rows(s, st, out, count);
}
