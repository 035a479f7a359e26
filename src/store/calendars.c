/* Calendars that are read, and their events. See store/calendars.h. */
#include "store/calendars.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

/* ---- sources */

void calendar_row_close(struct calendar_row *c)
{
    char *texts[] = {c->name, c->etag, c->modified, c->token, c->trouble, c->asks, c->notes};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    *c = (struct calendar_row){0};
}

int store_calendar(struct store *s, const char *name, struct calendar_row *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT id, name, etag, modified, token, looked_ms, good_ms, until_ms, tries, trouble, "
           "asks, asks_missing, accepted, wanted_ms, notes, rules FROM calendar WHERE name = ?1");

    *out = (struct calendar_row){0};
    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *out = (struct calendar_row){
        .id = column_int(st, 0),
        .name = column_text(st, 1),
        .etag = column_text(st, 2),
        .modified = column_text(st, 3),
        .token = column_text(st, 4),
        .looked_ms = column_int(st, 5),
        .good_ms = column_int(st, 6),
        .until_ms = column_int(st, 7),
        .tries = column_int(st, 8),
        .trouble = column_text(st, 9),
        .asks = column_text(st, 10),
        .asks_missing = column_int(st, 11),
        .accepted = column_int(st, 12),
        .wanted_ms = column_int(st, 13),
        .notes = column_text(st, 14),
        .rules = column_int(st, 15),
    };
    store_reset(st);
    return 0;
}

int store_calendar_make(struct store *s, const char *name, struct calendar_row *out)
{
    int rc = store_calendar(s, name, out);

    if (rc != ERR_NOTFOUND)
        return rc;
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO calendar (name) VALUES (?1)");
    if (st != NULL)
        bind_text(st, 1, name);
    rc = store_finish(s, st);
    return rc == 0 ? store_calendar(s, name, out) : rc;
}

int store_calendar_names(struct store *s, struct str_list *names)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name FROM calendar ORDER BY name");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        char *name = column_text(st, 0);
        if (!str_list_has(names, name))
            str_list_add(names, name, strlen(name));
        free(name);
    }
    return rc;
}

int store_calendar_health(struct store *s, int64_t since_ms, struct calendar_health *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT count(*), count(*) FILTER (WHERE tries > 0), "
                                        "count(asks) FROM calendar WHERE looked_ms >= ?1 "
                                        "AND name <> 'import'");

    *out = (struct calendar_health){0};
    if (st != NULL)
        bind_int(st, 1, since_ms);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *out = (struct calendar_health){column_int(st, 0), column_int(st, 1), column_int(st, 2)};
    return store_finish(s, st);
}

int store_calendar_save(struct store *s, const struct calendar_row *c)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE calendar SET etag = ?2, modified = ?3, token = ?4, looked_ms = ?5, "
           "good_ms = ?6, until_ms = ?7, tries = ?8, trouble = ?9, asks = ?10, "
           "asks_missing = ?11, notes = ?12, rules = ?13 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, c->id);
        bind_text(st, 2, c->etag);
        bind_text(st, 3, c->modified);
        bind_text(st, 4, c->token);
        bind_int(st, 5, c->looked_ms);
        bind_int(st, 6, c->good_ms);
        bind_int(st, 7, c->until_ms);
        bind_int(st, 8, c->tries);
        bind_text(st, 9, c->trouble);
        bind_text(st, 10, c->asks);
        bind_int(st, 11, c->asks_missing);
        bind_text(st, 12, c->notes);
        bind_int(st, 13, c->rules);
    }
    return store_finish(s, st);
}

int store_calendar_accept(struct store *s, const char *name, int64_t missing)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE calendar SET accepted = ?2 WHERE name = ?1");

    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, missing);
    }
    return store_finish(s, st);
}

int store_calendar_want(struct store *s, const char *name, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO calendar (name, wanted_ms) VALUES (?1, ?2) "
                                        "ON CONFLICT (name) DO UPDATE SET wanted_ms = ?2");

    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

/* ---- their events */

void calendar_event_close(struct calendar_event *e)
{
    char *texts[] = {e->uid,   e->recurrence, e->starts, e->ends, e->timezone,
                     e->title, e->location,   e->names,  e->ref};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    *e = (struct calendar_event){0};
}

#define EVENT_COLUMNS                                                                              \
    "SELECT id, uid, recurrence, digest, state, cancelled, starts_ms, starts, ends, timezone, "    \
    "title, location, staff_row, sequence, names, ref FROM calendar_event "

static void read_event(sqlite3_stmt *st, struct calendar_event *out)
{
    *out = (struct calendar_event){
        .id = column_int(st, 0),
        .uid = column_text(st, 1),
        .recurrence = column_text(st, 2),
        .digest = (uint64_t)column_int(st, 3),
        .state = (enum event_state)column_int(st, 4),
        .cancelled = column_int(st, 5) != 0,
        .starts_ms = column_int(st, 6),
        .starts = column_text(st, 7),
        .ends = column_text(st, 8),
        .timezone = column_text(st, 9),
        .title = column_text(st, 10),
        .location = column_text(st, 11),
        .staff_row = column_int(st, 12),
        .sequence = column_int(st, 13),
        .names = column_text(st, 14),
        .ref = column_text(st, 15),
    };
}

int store_calendar_event(struct store *s, int64_t calendar_id, const char *uid,
                         const char *recurrence, struct calendar_event *out)
{
    sqlite3_stmt *st =
        store_prepare(s, EVENT_COLUMNS "WHERE calendar_id = ?1 AND uid = ?2 AND recurrence = ?3");

    *out = (struct calendar_event){0};
    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_text(st, 2, uid);
        bind_text(st, 3, recurrence);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_event(st, out);
    store_reset(st);
    return 0;
}

void calendar_events_free(struct calendar_event *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        calendar_event_close(&list[i]);
    free(list);
}

int store_calendar_unmatched(struct store *s, int64_t calendar_id, int64_t now_ms, int64_t after_id,
                             size_t max, struct calendar_event **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, EVENT_COLUMNS "WHERE calendar_id = ?1 AND starts_ms >= ?2 AND state = 1 "
                                       "AND NOT cancelled AND id > ?3 ORDER BY id LIMIT ?4");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_int(st, 2, now_ms);
        bind_int(st, 3, after_id);
        bind_int(st, 4, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_event(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_calendar_event_save(struct store *s, int64_t calendar_id, struct calendar_event *e)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO calendar_event (id, calendar_id, uid, recurrence, digest, state, "
           "cancelled, starts_ms, starts, ends, timezone, title, location, staff_row, sequence, "
           "names, ref) VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
           "?13, ?14, ?15, ?16, ?17) ON CONFLICT (id) DO UPDATE SET recurrence = ?4, digest = ?5, "
           "state = ?6, cancelled = ?7, starts_ms = ?8, starts = ?9, ends = ?10, timezone = ?11, "
           "title = ?12, location = ?13, staff_row = ?14, sequence = ?15, names = ?16, ref = ?17");

    if (st != NULL) {
        const char *texts[] = {e->starts, e->ends, e->timezone, e->title, e->location};
        bind_int(st, 1, e->id);
        bind_int(st, 2, calendar_id);
        bind_text(st, 3, e->uid);
        bind_text(st, 4, e->recurrence);
        bind_int(st, 5, (int64_t)e->digest);
        bind_int(st, 6, e->state);
        bind_int(st, 7, e->cancelled);
        bind_int(st, 8, e->starts_ms);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
            bind_text(st, (int)i + 9, texts[i]);
        bind_int(st, 14, e->staff_row);
        bind_int(st, 15, e->sequence);
        bind_text(st, 16, e->names);
        bind_text(st, 17, e->ref);
    }
    int rc = store_finish(s, st);
    if (rc == 0 && e->id == 0)
        e->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int store_calendar_event_delete(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM calendar_event WHERE id = ?1");

    if (st != NULL)
        bind_int(st, 1, id);
    return store_finish(s, st);
}

/* The first column of the only row, as a number. */
static int number(struct store *s, sqlite3_stmt *st, int64_t *out)
{
    int rc = store_step(s, st);

    *out = rc == 1 ? column_int(st, 0) : 0;
    return rc == 1 ? store_finish(s, st) : rc;
}

int store_calendar_ref_taken(struct store *s, const char *ref, bool *taken)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT EXISTS (SELECT 1 FROM calendar_event "
                                        "WHERE ref = ?1)");
    int64_t n;

    if (st != NULL)
        bind_text(st, 1, ref);
    int rc = number(s, st, &n);
    *taken = n != 0;
    return rc;
}

void calendar_known_free(struct calendar_known *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].uid);
        free(list[i].recurrence);
    }
    free(list);
}

int store_calendar_known(struct store *s, int64_t calendar_id, int64_t from_ms,
                         struct calendar_known **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT uid, recurrence, digest, starts_ms, state, cancelled "
                         "FROM calendar_event WHERE calendar_id = ?1 AND starts_ms >= ?2 "
                         "ORDER BY uid, recurrence");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_int(st, 2, from_ms);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct calendar_known){
            .uid = column_text(st, 0),
            .recurrence = column_text(st, 1),
            .digest = (uint64_t)column_int(st, 2),
            .starts_ms = column_int(st, 3),
            .state = (enum event_state)column_int(st, 4),
            .cancelled = column_int(st, 5) != 0,
        };
    }
    return rc;
}

int store_calendar_forget(struct store *s, int64_t calendar_id, int64_t before_ms, int64_t max,
                          bool *more)
{
    sqlite3_stmt *st =
        store_prepare(s, "DELETE FROM calendar_event WHERE id IN (SELECT id FROM calendar_event "
                         "WHERE calendar_id = ?1 AND starts_ms < ?2 LIMIT ?3)");

    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_int(st, 2, before_ms);
        bind_int(st, 3, max);
    }
    int rc = store_finish(s, st);
    *more = rc == 0 && sqlite3_changes64(s->db) >= max;
    return rc;
}

int store_calendar_counts(struct store *s, int64_t calendar_id, int64_t now_ms,
                          struct calendar_counts *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT count(*) FILTER (WHERE state = 0 AND NOT cancelled), "
           "count(*) FILTER (WHERE cancelled), count(*) FILTER (WHERE state = 1 AND NOT cancelled),"
           "count(*) FILTER (WHERE state = 2 AND NOT cancelled), count(*) FILTER (WHERE state = 3) "
           "FROM calendar_event WHERE calendar_id = ?1 AND starts_ms >= ?2");

    *out = (struct calendar_counts){0};
    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_int(st, 2, now_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *out = (struct calendar_counts){column_int(st, 0), column_int(st, 1), column_int(st, 2),
                                    column_int(st, 3), column_int(st, 4)};
    return store_finish(s, st);
}

int store_calendar_apart(struct store *s, int64_t calendar_id, const char *uid, int64_t now_ms,
                         int64_t *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT count(*) FROM calendar_event WHERE calendar_id = ?1 AND uid = ?2 "
                         "AND starts_ms >= ?3 AND (state = 1 OR state = 3) AND NOT cancelled");

    if (st != NULL) {
        bind_int(st, 1, calendar_id);
        bind_text(st, 2, uid);
        bind_int(st, 3, now_ms);
    }
    return number(s, st, out);
}

char *store_calendar_task(const char *name, const char *uid)
{
    return mem_printf("calendar:%s:%s", name, uid);
}

/* The open tasks of a calendar; `;` comes behind `:`. */
#define ITS_TASKS                                                                                  \
    "done_ms IS NULL AND key >= 'calendar:' || ?1 || ':' AND key < 'calendar:' || ?1 || ';'"

int store_calendar_tasks(struct store *s, const char *name, int64_t *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT count(*) FROM task WHERE " ITS_TASKS);

    if (st != NULL)
        bind_text(st, 1, name);
    return number(s, st, out);
}

int store_calendar_tasks_end(struct store *s, const char *name, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE task SET done_ms = ?2, done_note = 'the event is over, or has changed' "
           "WHERE " ITS_TASKS " AND NOT EXISTS (SELECT 1 FROM calendar_event e "
           "JOIN calendar c ON c.id = e.calendar_id WHERE c.name = ?1 "
           "AND e.uid = substr(key, length('calendar:' || ?1 || ':') + 1) AND e.starts_ms >= ?2 "
           "AND (e.state = 1 OR e.state = 3) AND NOT e.cancelled)");

    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

/* ---- their appointments */

int store_visit_find(struct store *s, const char *ref, int64_t *id, int64_t *client_row,
                     char **status)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, client_id, status FROM appointment WHERE ref = ?1");

    *status = NULL;
    if (st != NULL)
        bind_text(st, 1, ref);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *id = column_int(st, 0);
    *client_row = column_int(st, 1);
    *status = column_text(st, 2);
    store_reset(st);
    return 0;
}

#define NOW(parameter) "strftime('%Y-%m-%dT%H:%M:%SZ', " parameter " / 1000, 'unixepoch')"

static void bind_visit(sqlite3_stmt *st, const struct visit_row *v, int64_t now_ms)
{
    const char *texts[] = {v->ref,      v->uid,   v->starts,   v->ends,
                           v->timezone, v->title, v->location, v->status};

    if (st == NULL)
        return;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        bind_text(st, (int)i + 1, texts[i]);
    bind_int(st, 9, v->client_row);
    bind_int(st, 10, v->staff_row);
    bind_int(st, 11, v->sequence);
    bind_int(st, 12, now_ms);
}

int store_visit_book(struct store *s, const struct visit_row *v, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO appointment (ref, uid, starts, ends, timezone, title, location, status, "
           "client_id, staff_id, sequence, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
           "?7, ?8, ?9, nullif(?10, 0), ?11, " NOW("?12") ", " NOW(
               "?12") ") "
                      "ON CONFLICT (ref) DO UPDATE SET uid = ?2, starts = ?3, ends = ?4, timezone "
                      "= ?5, "
                      "title = ?6, location = ?7, status = ?8, client_id = ?9, staff_id = "
                      "nullif(?10, 0), "
                      "sequence = ?11, updated_at = " NOW("?12"));

    bind_visit(st, v, now_ms);
    return store_finish(s, st);
}

int store_visit_change(struct store *s, const struct visit_row *v, unsigned parts, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE appointment SET uid = ?2, "
           "starts = iif(?13 & 1, ?3, starts), ends = iif(?13 & 1, ?4, ends), "
           "timezone = iif(?13 & 1, ?5, timezone), title = iif(?13 & 2, ?6, title), "
           "location = iif(?13 & 4, ?7, location), staff_id = iif(?13 & 8, nullif(?10, 0), "
           "staff_id), client_id = iif(?13 & 16, ?9, client_id), status = iif(?13 & 32, ?8, "
           "status), sequence = ?11, updated_at = " NOW("?12") " WHERE ref = ?1");

    bind_visit(st, v, now_ms);
    if (st != NULL)
        bind_int(st, 13, parts);
    return store_finish(s, st);
}

int store_each_client(struct store *s,
                      void (*each)(void *arg, int64_t id, const char *ref, const char *email,
                                   const char *phone),
                      void *arg)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, ref, email, phone FROM client ORDER BY id");
    int rc;

    while ((rc = store_step(s, st)) == 1)
        each(arg, column_int(st, 0), (const char *)sqlite3_column_text(st, 1),
             (const char *)sqlite3_column_text(st, 2), (const char *)sqlite3_column_text(st, 3));
    return rc;
}
