/*
 * Several records written at a time. See store/newcomers.h.
 *
 * A list is written sixteen rows by a statement, and what is left of it row by row: two statements
 * to keep for each table. As in planned.c they undo nothing by themselves when they fail (OR FAIL),
 * so that SQLite need not keep a copy of each page that they change; but facts of the same moment
 * take the place of earlier ones.
 *
 * The rows of one INSERT get ids that follow each other: SQLite gives each one more than the
 * largest there is, as long as that is not the largest of all integers, and nobody else inserts
 * meanwhile.
 */
#include "store/newcomers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

#define MANY 16 /* rows of one statement */
#define FOUR(row) row ", " row ", " row ", " row
#define SIXTEEN(row) FOUR(row) ", " FOUR(row) ", " FOUR(row) ", " FOUR(row)

/* How a list is written into its table. */
struct addition {
    const char *one, *many;
    size_t size;                                                   /* of an item */
    int (*bind_row)(sqlite3_stmt *st, int last, const void *item); /* returns the last bound */
};

#define ADDITION(into, row) .one = into row, .many = into SIXTEEN(row)

static int add(struct store *s, const struct addition *a, const void *list, size_t count)
{
    const char *item = list;
    int rc = 0;

    for (size_t done = 0, n; rc == 0 && done < count; done += n) {
        n = count - done >= MANY ? MANY : 1;
        sqlite3_stmt *st = store_prepare(s, n == MANY ? a->many : a->one);
        int last = 0;
        for (size_t i = 0; i < n; i++, item += a->size)
            if (st != NULL)
                last = a->bind_row(st, last, item);
        rc = store_finish(s, st);
    }
    return rc;
}

static int bind_entity(sqlite3_stmt *st, int last, const void *item)
{
    const struct entity *e = item;

    assert(e->id == 0 && e->present && e->told_ms == 0);
    bind_int(st, ++last, e->kind);
    bind_text(st, ++last, e->key);
    bind_int(st, ++last, e->row_id);
    bind_int(st, ++last, e->client_row);
    bind_int(st, ++last, e->revision);
    bind_text(st, ++last, e->state);
    bind_text(st, ++last, e->facts);
    bind_int(st, ++last, e->generation);
    return last;
}

int store_entities_add(struct store *s, struct entity *list, size_t count)
{
    static const struct addition entities = {
        ADDITION("INSERT OR FAIL INTO entity (kind, key, row_id, client_row, revision, state, "
                 "facts, generation) VALUES ",
                 "(?, ?, ?, ?, ?, ?, ?, ?)"),
        .size = sizeof(struct entity),
        .bind_row = bind_entity,
    };
    int rc = add(s, &entities, list, count);
    int64_t last_id = sqlite3_last_insert_rowid(s->db);

    for (size_t i = 0; rc == 0 && i < count; i++)
        list[i].id = last_id - (int64_t)(count - 1 - i);
    return rc;
}

static int bind_event(sqlite3_stmt *st, int last, const void *item)
{
    const struct entity_event *e = item;

    bind_int(st, ++last, e->entity_id);
    bind_int(st, ++last, e->event.revision);
    bind_int(st, ++last, e->event.event);
    bind_text(st, ++last, e->event.stage);
    bind_int(st, ++last, e->event.at_ms);
    return last;
}

int store_events_add(struct store *s, const struct entity_event *list, size_t count)
{
    static const struct addition events = {
        ADDITION("INSERT OR FAIL INTO event (entity_id, revision, event, stage, at_ms) VALUES ",
                 "(?, ?, ?, ?, ?)"),
        .size = sizeof(struct entity_event),
        .bind_row = bind_event,
    };

    return add(s, &events, list, count);
}

static int bind_facts(sqlite3_stmt *st, int last, const void *item)
{
    const struct entity_facts *f = item;

    bind_int(st, ++last, f->entity_id);
    bind_int(st, ++last, f->at_ms);
    bind_text(st, ++last, f->facts);
    return last;
}

int store_pasts_add(struct store *s, const struct entity_facts *list, size_t count)
{
    static const struct addition pasts = {
        ADDITION("INSERT OR REPLACE INTO past (entity_id, at_ms, facts) VALUES ", "(?, ?, ?)"),
        .size = sizeof(struct entity_facts),
        .bind_row = bind_facts,
    };

    return add(s, &pasts, list, count);
}
