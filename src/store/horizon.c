/* Near and far. See store/horizon.h. */
#include "store/horizon.h"

#include "store/internal.h"

#define DAYS 2 /* that are near: today and tomorrow */

int64_t store_horizon_ms(int64_t now_ms)
{
    int64_t end_ms;

    return __builtin_mul_overflow(now_ms / STORE_DAY_MS + DAYS, STORE_DAY_MS, &end_ms) ? INT64_MAX
                                                                                       : end_ms - 1;
}

int store_far_day_after(struct store *s, int64_t after, int64_t *day)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT next_ms / 86400000 FROM message INDEXED BY message_far WHERE state <= 2 "
           "AND next_ms > near_ms AND next_ms / 86400000 > ?1 ORDER BY next_ms / 86400000 LIMIT 1");

    if (st != NULL)
        bind_int(st, 1, after);
    int rc = store_step(s, st);
    *day = INT64_MAX;
    if (rc == 1) {
        *day = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

static int bring(struct store *s, int64_t horizon_ms, size_t max)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE message SET near_ms = ?1 WHERE id IN (SELECT id FROM message INDEXED BY "
           "message_far WHERE state <= 2 AND next_ms > near_ms AND next_ms / 86400000 <= ?2 "
           "ORDER BY next_ms / 86400000 LIMIT ?3)");

    if (st != NULL) {
        bind_int(st, 1, horizon_ms);
        bind_int(st, 2, horizon_ms / STORE_DAY_MS);
        bind_int(st, 3, (int64_t)max);
    }
    return store_finish(s, st);
}

int store_bring_near(struct store *s, int64_t now_ms, size_t max, bool *done, int64_t *again_ms)
{
    int64_t horizon_ms = store_horizon_ms(now_ms), day;
    int rc = store_far_day_after(s, -1, &day);

    if (rc == 0 && day <= horizon_ms / STORE_DAY_MS) {
        rc = bring(s, horizon_ms, max);
        if (rc == 0)
            rc = store_far_day_after(s, -1, &day);
    }
    *done = rc == 0 && day > horizon_ms / STORE_DAY_MS;
    *again_ms = day == INT64_MAX ? INT64_MAX : (day - DAYS + 1) * STORE_DAY_MS;
    return rc;
}

int64_t store_far_day_ms(int64_t again_ms)
{
    return again_ms == INT64_MAX ? INT64_MAX : again_ms + (DAYS - 1) * STORE_DAY_MS;
}
