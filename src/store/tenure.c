/* Whose the database is. See store/tenure.h. */
#include "store/tenure.h"

#include "store/internal.h"

#define EPOCH "epoch" /* in meta */

int store_epoch(struct store *s, int64_t *epoch)
{
    return store_meta_int(s, EPOCH, 0, epoch);
}

int store_tenure_begin(struct store *s, int64_t floor, struct tenure *out)
{
    int64_t last = 0;
    int rc = store_epoch(s, &last);

    out->epoch = (last > floor ? last : floor) + 1;
    return rc == 0 ? store_meta_set_int(s, EPOCH, out->epoch) : rc;
}

int store_tenure_check(struct store *s, const struct tenure *t)
{
    int64_t epoch = 0;
    int rc = store_epoch(s, &epoch);

    return rc == 0 && epoch != t->epoch ? ERR_CANCELLED : rc;
}

bool store_displaced(struct store *s)
{
    int moved = 0;

    return !s->draft &&
           sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved != 0;
}
