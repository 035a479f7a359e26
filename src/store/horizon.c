/* Near and far. See store/horizon.h. */
#include "store/horizon.h"

#include "store/internal.h"

#define DAY_MS INT64_C(86400000)

/* A week comes near at the beginning of the day before it begins. */
int64_t store_horizon_ms(int64_t now_ms)
{
    int64_t tomorrow_ms, end_ms;

    if (__builtin_mul_overflow(now_ms / DAY_MS + 1, DAY_MS, &tomorrow_ms) ||
        __builtin_mul_overflow(tomorrow_ms / STORE_WEEK_MS + 1, STORE_WEEK_MS, &end_ms))
        return INT64_MAX;
    return end_ms - 1;
}

int store_far_week_after(struct store *s, int64_t after, int64_t *week)
{
    sqlite3_stmt *st = store_prepare(
        s,
        "SELECT next_ms / 604800000 FROM message INDEXED BY message_far WHERE state <= 2 "
        "AND next_ms > near_ms AND next_ms / 604800000 > ?1 ORDER BY next_ms / 604800000 LIMIT 1");

    if (st != NULL)
        bind_int(st, 1, after);
    int rc = store_step(s, st);
    *week = INT64_MAX;
    if (rc == 1) {
        *week = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

static int bring(struct store *s, int64_t horizon_ms, size_t max)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE message SET near_ms = ?1 WHERE id IN (SELECT id FROM message INDEXED BY "
           "message_far WHERE state <= 2 AND next_ms > near_ms AND next_ms / 604800000 <= ?2 "
           "ORDER BY next_ms / 604800000 LIMIT ?3)");

    if (st != NULL) {
        bind_int(st, 1, horizon_ms);
        bind_int(st, 2, horizon_ms / STORE_WEEK_MS);
        bind_int(st, 3, (int64_t)max);
    }
    return store_finish(s, st);
}

int store_bring_near(struct store *s, int64_t now_ms, size_t max, bool *done, int64_t *again_ms)
{
    int64_t horizon_ms = store_horizon_ms(now_ms), week;
    int rc = store_far_week_after(s, -1, &week);

    if (rc == 0 && week <= horizon_ms / STORE_WEEK_MS) {
        rc = bring(s, horizon_ms, max);
        if (rc == 0)
            rc = store_far_week_after(s, -1, &week);
    }
    *done = rc == 0 && week > horizon_ms / STORE_WEEK_MS;
    *again_ms = week == INT64_MAX ? INT64_MAX : week * STORE_WEEK_MS - DAY_MS;
    return rc;
}

int64_t store_far_week_ms(int64_t again_ms)
{
    return again_ms == INT64_MAX ? INT64_MAX : again_ms + DAY_MS;
}
