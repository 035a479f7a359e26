/* What the calendars of clients were told. See store/invitations.h. */
#include "store/invitations.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "store/internal.h"

#define IDENTITY_BITS 128

void invited_close(struct invited *i)
{
    free(i->uid);
    free(i->told);
    *i = (struct invited){0};
}

int store_invited(struct store *s, int64_t subject_id, struct invited *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT uid, sequence, client_row, told FROM invitation "
                                        "WHERE subject_id = ?1");

    *out = (struct invited){0};
    if (st != NULL)
        bind_int(st, 1, subject_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    out->uid = column_text(st, 0);
    out->sequence = column_int(st, 1);
    out->client_row = column_int(st, 2);
    out->told = column_text(st, 3);
    store_reset(st);
    return 0;
}

int store_uid_taken(struct store *s, int64_t subject_id, const char *uid, bool *taken)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT 1 FROM invitation WHERE uid = ?1 AND subject_id <> ?2");

    *taken = false;
    if (st != NULL) {
        bind_text(st, 1, uid);
        bind_int(st, 2, subject_id);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *taken = true;
    store_reset(st);
    return 0;
}

int store_invited_save(struct store *s, int64_t subject_id, const struct invited *i)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO invitation (subject_id, uid, sequence, client_row, told) "
           "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (subject_id) DO UPDATE SET uid = excluded.uid, "
           "sequence = excluded.sequence, client_row = excluded.client_row, told = excluded.told");

    if (st != NULL) {
        bind_int(st, 1, subject_id);
        bind_text(st, 2, i->uid);
        bind_int(st, 3, i->sequence);
        bind_int(st, 4, i->client_row);
        bind_text(st, 5, i->told);
    }
    return store_finish(s, st);
}

int store_identity(struct store *s, char **out)
{
    char made[IDENTITY_BITS / 4 + 1];
    int rc = store_meta_text(s, "identity", out);

    if (rc != 0 || *out != NULL)
        return rc;
    rng_hex(made, IDENTITY_BITS);
    rc = store_meta_set_text(s, "identity", made);
    if (rc == 0)
        *out = mem_strdup(made);
    return rc;
}
