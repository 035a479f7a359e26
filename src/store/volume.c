/* How much each rule sends. See store/volume.h. */
#include "store/volume.h"

#include "store/internal.h"

static int add(struct store *s, int64_t rule_id, int64_t span, int64_t at, int64_t count)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO volume (rule_id, span, at, sent) VALUES (?1, "
                                        "?2, ?3, ?4) ON CONFLICT DO UPDATE SET sent = sent + ?4");

    if (st != NULL) {
        bind_int(st, 1, rule_id);
        bind_int(st, 2, span);
        bind_int(st, 3, at);
        bind_int(st, 4, count);
    }
    return store_finish(s, st);
}

int store_volume_add(struct store *s, int64_t rule_id, int64_t hour, int64_t count)
{
    int rc = add(s, rule_id, 1, hour, count);

    return rc == 0 ? add(s, rule_id, DAY_HOURS, hour / DAY_HOURS, count) : rc;
}

int store_volume(struct store *s, int64_t rule_id, int64_t since, int64_t before,
                 struct volume *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT (SELECT coalesce(sum(sent), 0) FROM volume WHERE rule_id = ?1 AND span = 1 AND "
           "at >= ?2), coalesce(max(sent), 0), count(*) FROM volume WHERE rule_id = ?1 AND "
           "span = 24 AND at < ?3");

    *out = (struct volume){0};
    if (st != NULL) {
        bind_int(st, 1, rule_id);
        bind_int(st, 2, since);
        bind_int(st, 3, before / DAY_HOURS);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *out = (struct volume){column_int(st, 0), column_int(st, 1), column_int(st, 2)};
    return store_finish(s, st);
}

int store_volume_last(struct store *s, int64_t *hour)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(max(at), 0) FROM volume WHERE span = 1");
    int rc = store_step(s, st);

    *hour = 0;
    if (rc != 1)
        return rc;
    *hour = column_int(st, 0);
    return store_finish(s, st);
}

int store_volume_forget(struct store *s, int64_t before)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM volume WHERE span = 1 AND at < ?1");

    if (st != NULL)
        bind_int(st, 1, before);
    return store_finish(s, st);
}
