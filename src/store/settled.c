/* Waiting for what was changed to be planned. See store/settled.h. */
#include "store/settled.h"

#include "base/clock.h"
#include "store/internal.h"

#define LOOK_AGAIN_MS 5

int store_unsettled(struct store *s, struct unsettled *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, kind, row_id FROM change_log ORDER BY id DESC LIMIT ?1");
    int rc;

    *out = (struct unsettled){.count = 0};
    if (st != NULL)
        bind_int(st, 1, UNSETTLED_MAX);
    while ((rc = store_step(s, st)) == 1) {
        if (out->count == 0)
            out->last_id = column_int(st, 0);
        out->rows[out->count].kind = (enum entity_kind)column_int(st, 1);
        out->rows[out->count++].row_id = column_int(st, 2);
    }
    return rc;
}

static int log_is_read(struct store *s, int64_t last_id, bool *read)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(min(id), ?1 + 1) > ?1 FROM change_log");

    if (st != NULL)
        bind_int(st, 1, last_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *read = column_int(st, 0) != 0;
    return store_finish(s, st);
}

/* Of a client all records count. One that was never seen, or is gone, has no plan to wait for. */
static int is_planned(struct store *s, enum entity_kind kind, int64_t row_id, bool *planned)
{
    sqlite3_stmt *st = store_prepare(
        s,
        kind == ENTITY_CLIENT
            ? "SELECT EXISTS (SELECT 1 FROM entity WHERE client_row = ?1 AND " IS_SUBJECT
              " AND generation <= 0)"
            : "SELECT EXISTS (SELECT 1 FROM entity WHERE kind = ?2 AND row_id = ?1 AND " IS_SUBJECT
              " AND generation <= 0)");

    if (st != NULL)
        bind_int(st, 1, row_id);
    if (st != NULL && kind != ENTITY_CLIENT)
        bind_int(st, 2, kind);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *planned = column_int(st, 0) == 0;
    return store_finish(s, st);
}

static int look(struct store *s, const struct unsettled *u, bool *settled)
{
    int rc = log_is_read(s, u->last_id, settled);

    for (size_t i = 0; rc == 0 && *settled && i < u->count; i++)
        rc = is_planned(s, u->rows[i].kind, u->rows[i].row_id, settled);
    return rc;
}

int store_wait_settled(struct store *s, const struct unsettled *u, int64_t patience_ms)
{
    int64_t until_ms = clock_mono_ms() + patience_ms;
    bool settled = u->count == 0;
    int rc = 0;

    while (rc == 0 && !settled) {
        rc = look(s, u, &settled);
        if (settled || clock_mono_ms() >= until_ms)
            break;
        sqlite3_sleep(LOOK_AGAIN_MS);
    }
    return rc;
}
