/* The objects of CalDAV collections. See store/calendar_objects.h. */
#include "store/calendar_objects.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

void calendar_object_close(struct calendar_object *o)
{
    free(o->href);
    free(o->etag);
    free(o->uid);
    free(o->trouble);
    *o = (struct calendar_object){0};
}

int store_calendar_object_save(struct store *s, int64_t calendar_id,
                               const struct calendar_object *o)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO calendar_object (calendar_id, href, etag, uid, trouble) "
                         "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (calendar_id, href) DO UPDATE "
                         "SET etag = excluded.etag, uid = excluded.uid, "
                         "trouble = excluded.trouble");

    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_text(st, 2, o->href);
        bind_text(st, 3, o->etag);
        bind_text(st, 4, o->uid);
        bind_text(st, 5, o->trouble);
    }
    return store_finish(s, st);
}

int store_calendar_object_delete(struct store *s, int64_t calendar_id, const char *href)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM calendar_object "
                                        "WHERE calendar_id = ?1 AND href = ?2");

    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_text(st, 2, href);
    }
    return store_finish(s, st);
}

static void read_object(sqlite3_stmt *st, struct calendar_object *out)
{
    *out = (struct calendar_object){column_text(st, 0), column_text(st, 1), column_text(st, 2),
                                    column_text(st, 3)};
}

static int only_one(struct store *s, sqlite3_stmt *st, int64_t calendar_id, const char *key,
                    struct calendar_object *out)
{
    *out = (struct calendar_object){0};
    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_text(st, 2, key);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_object(st, out);
    store_reset(st);
    return 0;
}

int store_calendar_object(struct store *s, int64_t calendar_id, const char *href,
                          struct calendar_object *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT href, etag, uid, trouble FROM calendar_object "
                                        "WHERE calendar_id = ?1 AND href = ?2");

    return only_one(s, st, calendar_id, href, out);
}

int store_calendar_object_of(struct store *s, int64_t calendar_id, const char *uid,
                             struct calendar_object *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT href, etag, uid, trouble FROM calendar_object "
                         "WHERE calendar_id = ?1 AND uid = ?2 ORDER BY href LIMIT 1");

    return only_one(s, st, calendar_id, uid, out);
}

static int list(struct store *s, sqlite3_stmt *st, struct calendar_object **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_object(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_calendar_objects(struct store *s, int64_t calendar_id, struct calendar_object **out,
                           size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT href, etag, uid, trouble FROM calendar_object "
                                        "WHERE calendar_id = ?1 ORDER BY href");

    if (st != NULL)
        bind_int(st, 1, calendar_id);
    return list(s, st, out, count);
}

int store_calendar_objects_troubled(struct store *s, int64_t calendar_id, size_t max,
                                    struct calendar_object **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT href, etag, uid, trouble FROM calendar_object "
                                        "WHERE calendar_id = ?1 AND trouble IS NOT NULL "
                                        "ORDER BY href LIMIT ?2");

    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_int(st, 2, (int64_t)max);
    }
    return list(s, st, out, count);
}

char *store_calendar_object_task(const char *name, const char *href)
{
    return mem_printf("calendar-object:%s:%s", name, href);
}

void calendar_objects_free(struct calendar_object *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        calendar_object_close(&list[i]);
    free(list);
}
