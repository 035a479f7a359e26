/* Many subjects at once. See store/stretch.h. */
#include "store/stretch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

/* A column that a program left empty means the same as NULL. */
static char *text_or_null(struct pool *texts, sqlite3_stmt *st, int i)
{
    const char *v = (const char *)sqlite3_column_text(st, i);

    return v != NULL && v[0] != '\0' ? pool_text(texts, v, strlen(v)) : NULL;
}

static void bind_stretch(sqlite3_stmt *st, struct stretch at)
{
    if (st == NULL)
        return;
    bind_int(st, 1, at.first);
    bind_int(st, 2, at.last);
}

/* By the entities' ids, and nothing else first: hence the plus, and CROSS. */
#define VISITS                                                                                     \
    "SELECT e.id, e.row_id, e.client_row, e.revision, e.generation, e.told_ms, a.starts, a.ends, " \
    "a.timezone, a.status, a.client_id, a.staff_id, c.email, c.phone, c.timezone, c.channel, "     \
    "(SELECT p.id FROM entity p WHERE p.kind = 1 AND p.row_id = c.id "                             \
    "ORDER BY p.present DESC, p.id DESC LIMIT 1), "                                                \
    "EXISTS (SELECT 1 FROM consent n WHERE n.client_id = c.id) "                                   \
    "FROM entity e CROSS JOIN appointment a ON a.id = e.row_id "                                   \
    "CROSS JOIN client c ON c.id = a.client_id "                                                   \
    "WHERE e.id BETWEEN ?1 AND ?2 AND +e.kind = 4 AND e.present = 1 "                              \
    "AND coalesce(a.job_id, 0) = 0 ORDER BY e.id"

static struct stretch_visit read_visit(sqlite3_stmt *st, struct pool *texts)
{
    struct stretch_visit v = {
        .entity = {.id = column_int(st, 0),
                   .kind = ENTITY_APPOINTMENT,
                   .row_id = column_int(st, 1),
                   .client_row = column_int(st, 2),
                   .present = true,
                   .revision = column_int(st, 3),
                   .generation = column_int(st, 4),
                   .told_ms = column_int(st, 5)},
        .appointment = {.id = column_int(st, 1),
                        .starts = text_or_null(texts, st, 6),
                        .ends = text_or_null(texts, st, 7),
                        .timezone = text_or_null(texts, st, 8),
                        .status = text_or_null(texts, st, 9),
                        .client_id = column_int(st, 10),
                        .staff_id = column_int(st, 11)},
        .client = {.id = column_int(st, 10),
                   .email = text_or_null(texts, st, 12),
                   .phone = text_or_null(texts, st, 13),
                   .timezone = text_or_null(texts, st, 14),
                   .channel = text_or_null(texts, st, 15)},
        .client_entity = column_int(st, 16),
        .consents = column_int(st, 17) != 0,
    };

    return v;
}

static int read_visits(struct store *s, struct stretch_rows *rows)
{
    sqlite3_stmt *st = store_prepare(s, VISITS);
    int rc;

    bind_stretch(st, rows->at);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(&rows->visits, &rows->cap, rows->count + 1, sizeof(*rows->visits));
        rows->visits[rows->count++] = read_visit(st, &rows->texts);
    }
    return rc;
}

static int read_events(struct store *s, struct stretch_rows *rows)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT entity_id, event, revision, stage, at_ms FROM event "
                         "WHERE entity_id BETWEEN ?1 AND ?2 "
                         "ORDER BY entity_id, revision");
    int rc;

    bind_stretch(st, rows->at);
    while ((rc = store_step(s, st)) == 1) {
        size_t n = rows->event_count++;
        mem_grow(&rows->events, &rows->event_cap, n + 1, sizeof(*rows->events));
        mem_grow(&rows->events_of, &rows->events_of_cap, n + 1, sizeof(*rows->events_of));
        rows->events_of[n] = column_int(st, 0);
        rows->events[n] = (struct plan_event){
            .event = (enum event)column_int(st, 1),
            .revision = column_int(st, 2),
            .stage = text_or_null(&rows->texts, st, 3),
            .at_ms = column_int(st, 4),
        };
    }
    return rc;
}

/* Both are in the order of the entities. */
static void give_events(struct stretch_rows *rows)
{
    size_t n = 0;

    for (size_t i = 0; i < rows->count; i++) {
        struct stretch_visit *v = &rows->visits[i];
        while (n < rows->event_count && rows->events_of[n] < v->entity.id)
            n++;
        v->events = rows->events + n;
        while (n < rows->event_count && rows->events_of[n] == v->entity.id)
            n++, v->event_count++;
    }
}

int store_stretch_read(struct store *s, struct stretch at, struct stretch_rows *rows)
{
    rows->at = at;
    rows->count = rows->event_count = 0;
    pool_clear(&rows->texts);
    int rc = read_visits(s, rows);
    if (rc == 0)
        rc = read_events(s, rows);
    if (rc == 0)
        give_events(rows);
    return rc;
}

void stretch_rows_close(struct stretch_rows *rows)
{
    free(rows->visits);
    free(rows->events);
    free(rows->events_of);
    pool_close(&rows->texts);
    *rows = (struct stretch_rows){0};
}

int store_stretch_planned(struct store *s, struct stretch at, int64_t generation)
{
    uint64_t written = s->records_written;
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE entity SET generation = ?3 WHERE id BETWEEN ?1 AND ?2");

    s->records_written = written; /* what is being read ahead comes after these */
    bind_stretch(st, at);
    if (st != NULL)
        bind_int(st, 3, generation);
    return store_finish(s, st);
}
