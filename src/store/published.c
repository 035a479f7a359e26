/* Published calendars. See store/published.h. */
#include "store/published.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/token.h"
#include "store/entities.h"
#include "store/internal.h"
#include "store/invitations.h"
#include "store/records.h"

void published_close(struct published *p)
{
    free(p->staff_key);
    *p = (struct published){0};
}

void published_free(struct published *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        published_close(&list[i]);
    free(list);
}

static void read_row(sqlite3_stmt *st, struct published *out)
{
    *out = (struct published){
        .id = column_int(st, 0),
        .staff_key = column_text(st, 1),
        .created_ms = column_int(st, 2),
    };
}

int store_published_add(struct store *s, const char *hash, const char *staff_key, int64_t now_ms,
                        int64_t *id)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO published (hash, staff_key, created_ms) SELECT ?1, ?2, ?3 "
                         "WHERE (SELECT count(*) FROM published) < ?4 RETURNING id");

    if (st != NULL) {
        bind_text(st, 1, hash);
        bind_text(st, 2, staff_key);
        bind_int(st, 3, now_ms);
        bind_int(st, 4, PUBLISHED_MAX);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_LIMIT : rc;
    *id = column_int(st, 0);
    return store_finish(s, st);
}

int store_publish(struct store *s, const char *staff_key, int64_t now_ms,
                  char token[PUBLISHED_TOKEN_MAX], int64_t *id)
{
    char hash[TOKEN_HASH_HEX + 1];
    char *identity = NULL; /* stands in its UIDs; whoever only reads cannot make it */
    int rc = store_identity(s, &identity);

    free(identity);
    rng_hex(token, PUBLISHED_BITS);
    token_hash(token, hash);
    return rc == 0 ? store_published_add(s, hash, staff_key, now_ms, id) : rc;
}

int store_published(struct store *s, const char *hash, struct published *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, staff_key, created_ms FROM published WHERE hash = ?1");

    *out = (struct published){0};
    if (st != NULL)
        bind_text(st, 1, hash);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_row(st, out);
    store_reset(st);
    return 0;
}

int store_published_staff(struct store *s, const char *key, struct staff *out)
{
    int64_t row;
    int rc = store_row_of_key(s, ENTITY_STAFF, key, &row);

    *out = (struct staff){0};
    if (rc == ERR_NOTFOUND && key[0] == '#' && str_to_int(key + 1, 1, INT64_MAX, &row))
        rc = 0;
    if (rc == 0)
        rc = store_staff(s, row, out);
    if (rc == 0 && key[0] == '#' && out->ref != NULL && strcmp(out->ref, key) != 0)
        rc = ERR_NOTFOUND; /* it has a ref by now, and is known by that */
    return rc;
}

int store_published_whose(struct store *s, int64_t id, char **name)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT staff_key FROM published WHERE id = ?1");
    struct staff person = {0};

    *name = NULL;
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    char *key = column_text(st, 0);
    store_reset(st);
    if (key == NULL)
        return 0;
    rc = store_published_staff(s, key, &person);
    if (rc == 0)
        *name = mem_strdup(person.name);
    else if (rc == ERR_NOTFOUND)
        *name = mem_strdup(key);
    staff_close(&person);
    free(key);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int store_published_all(struct store *s, struct published **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, staff_key, created_ms FROM published ORDER BY id");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_row(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_published_remove(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM published WHERE id = ?1 RETURNING id");

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    return store_finish(s, st);
}
