/* Whose the database is. See store/tenure.h. */
#include "store/tenure.h"

#include <stdlib.h>

#include "base/rng.h"
#include "store/internal.h"

/* In meta. */
#define IDENTITY "identity"
#define HOME "home"
#define COPIED "copied_ms"
#define EPOCH "epoch"
#define LEDGER "ledger"
#define AHEAD_FROM "ahead_from"
#define AHEAD_TO "ahead_to"

#define IDENTITY_BITS 128

int store_origin(struct store *s, struct store_origin *out)
{
    *out = (struct store_origin){0};
    int rc = store_meta_text(s, IDENTITY, &out->identity);

    if (rc == 0)
        rc = store_meta_text(s, HOME, &out->home);
    if (rc == 0)
        rc = store_meta_int(s, COPIED, 0, &out->copied_ms);
    if (rc == 0)
        rc = store_meta_int(s, EPOCH, 0, &out->epoch);
    if (rc == 0)
        rc = store_meta_int(s, LEDGER, -1, &out->ledger);
    if (rc == 0)
        rc = store_meta_int(s, AHEAD_FROM, -1, &out->ahead_from);
    if (rc == 0)
        rc = store_meta_int(s, AHEAD_TO, -1, &out->ahead_to);
    return rc;
}

void store_origin_close(struct store_origin *o)
{
    free(o->identity);
    free(o->home);
    *o = (struct store_origin){0};
}

int store_origin_make(struct store *s)
{
    char identity[IDENTITY_BITS / 4 + 1];

    rng_hex(identity, IDENTITY_BITS);
    return store_meta_set_text(s, IDENTITY, identity);
}

int store_origin_settle(struct store *s, const char *home)
{
    int rc = store_meta_set_text(s, HOME, home);

    return rc == 0 ? store_meta_set_int(s, COPIED, 0) : rc;
}

int store_origin_mark_copy(struct store *s, int64_t now_ms)
{
    return store_meta_set_int(s, COPIED, now_ms);
}

int store_ahead_range(struct store *s, int64_t from, int64_t to)
{
    int rc = store_meta_set_int(s, AHEAD_FROM, from);

    return rc == 0 ? store_meta_set_int(s, AHEAD_TO, to) : rc;
}

int store_tenure_begin(struct store *s, int64_t floor, struct tenure *out)
{
    int64_t last = 0;
    int rc = store_meta_int(s, EPOCH, 0, &last);

    out->epoch = (last > floor ? last : floor) + 1;
    if (rc == 0)
        rc = store_meta_set_int(s, EPOCH, out->epoch);
    return rc == 0 ? store_tenure_ledger(s, out->ledger) : rc;
}

int store_tenure_ledger(struct store *s, int64_t number)
{
    return store_meta_set_int(s, LEDGER, number);
}

/* One statement, since every turn begins with it. */
int store_tenure_check(struct store *s, const struct tenure *t)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'epoch' AND value = ?1) AND "
           "EXISTS (SELECT 1 FROM meta WHERE name = 'ledger' AND value = ?2) AND "
           "NOT EXISTS (SELECT 1 FROM meta WHERE name = 'copied_ms' AND value <> 0)");
    bool ours = false;

    if (st != NULL) {
        bind_int(st, 1, t->epoch);
        bind_int(st, 2, t->ledger);
    }
    int rc = store_step(s, st);
    if (rc == 1) {
        ours = column_int(st, 0) != 0;
        store_reset(st);
        rc = 0;
    }
    return rc == 0 && !ours ? ERR_CANCELLED : rc;
}

int store_tenure_is(struct store *s, int64_t epoch)
{
    int64_t now = 0;
    int rc = store_meta_int(s, "epoch", 0, &now);

    return rc == 0 && now != epoch ? ERR_CANCELLED : rc;
}

bool store_displaced(struct store *s)
{
    int moved = 0;

    return !s->draft &&
           sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved != 0;
}
