/* What calendars are still to be told. See store/calendar_writes.h. */
#include "store/calendar_writes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

void calendar_write_close(struct calendar_write *w)
{
    char *texts[] = {w->ref,        w->calendar, w->token,  w->uid,
                     w->recurrence, w->status,   w->starts, w->email};

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        free(texts[i]);
    *w = (struct calendar_write){0};
}

int store_calendar_write_note(struct store *s, const char *ref, int64_t now_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO calendar_write (ref, next_ms) SELECT ?1, ?2 "
                         "WHERE EXISTS (SELECT 1 FROM calendar_event WHERE ref = ?1) "
                         "ON CONFLICT (ref) DO UPDATE SET next_ms = excluded.next_ms, tries = 0");

    if (st != NULL) {
        bind_text(st, 1, ref);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

#define WRITE_COLUMNS                                                                              \
    "SELECT w.ref, w.tries, c.id, c.name, c.token, e.uid, e.recurrence, e.cancelled, a.id, "       \
    "a.client_id, a.status, a.starts, p.email FROM calendar_write AS w "                           \
    "LEFT JOIN calendar_event AS e ON e.ref = w.ref LEFT JOIN calendar AS c "                      \
    "ON c.id = e.calendar_id LEFT JOIN appointment AS a ON a.ref = w.ref "                         \
    "LEFT JOIN client AS p ON p.id = a.client_id "

static int read_write(struct store *s, sqlite3_stmt *st, struct calendar_write *out)
{
    int rc = store_step(s, st);

    *out = (struct calendar_write){0};
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    bool whole = column_int(st, 2) != 0 && column_int(st, 8) != 0;
    *out = (struct calendar_write){
        .ref = column_text(st, 0),
        .tries = column_int(st, 1),
        .calendar_id = whole ? column_int(st, 2) : 0,
        .calendar = column_text(st, 3),
        .token = column_text(st, 4),
        .uid = column_text(st, 5),
        .recurrence = column_text(st, 6),
        .event_cancelled = column_int(st, 7) != 0,
        .appointment_id = column_int(st, 8),
        .client_row = column_int(st, 9),
        .status = column_text(st, 10),
        .starts = column_text(st, 11),
        .email = column_text(st, 12),
    };
    store_reset(st);
    return 0;
}

int store_calendar_write_next(struct store *s, int64_t now_ms, struct calendar_write *out)
{
    sqlite3_stmt *st = store_prepare(s, WRITE_COLUMNS "WHERE w.next_ms <= ?1 ORDER BY w.next_ms, "
                                                      "w.ref LIMIT 1");

    if (st != NULL)
        bind_int(st, 1, now_ms);
    return read_write(s, st, out);
}

int store_calendar_write(struct store *s, const char *ref, struct calendar_write *out)
{
    sqlite3_stmt *st = store_prepare(s, WRITE_COLUMNS "WHERE w.ref = ?1");

    if (st != NULL)
        bind_text(st, 1, ref);
    return read_write(s, st, out);
}

int store_calendar_write_due(struct store *s, int64_t *due_ms)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT next_ms FROM calendar_write "
                                        "ORDER BY next_ms LIMIT 1");
    int rc = store_step(s, st);

    *due_ms = rc == 1 ? column_int(st, 0) : INT64_MAX;
    if (rc == 1)
        store_reset(st);
    return rc < 0 ? rc : 0;
}

int store_calendar_write_done(struct store *s, const char *ref, const char *status)
{
    sqlite3_stmt *gone = store_prepare(
        s, "DELETE FROM calendar_write WHERE ref = ?1 AND NOT EXISTS (SELECT 1 FROM appointment "
           "WHERE ref = ?1 AND status <> ?2 AND (status = 'confirmed' OR status = 'cancelled'))");

    if (gone != NULL) {
        bind_text(gone, 1, ref);
        bind_text(gone, 2, status);
    }
    int rc = store_finish(s, gone);
    if (rc != 0)
        return rc;
    sqlite3_stmt *again =
        store_prepare(s, "UPDATE calendar_write SET next_ms = 0, tries = 0 WHERE ref = ?1");
    if (again != NULL)
        bind_text(again, 1, ref);
    return store_finish(s, again);
}

int store_calendar_write_later(struct store *s, const char *ref, int64_t next_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE calendar_write SET next_ms = ?2, "
                                        "tries = tries + 1 WHERE ref = ?1");

    if (st != NULL) {
        bind_text(st, 1, ref);
        bind_int(st, 2, next_ms);
    }
    return store_finish(s, st);
}

int store_calendar_write_told(struct store *s, const char *ref, bool cancelled)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE calendar_event SET cancelled = ?2 WHERE ref = ?1");

    if (st != NULL) {
        bind_text(st, 1, ref);
        bind_int(st, 2, cancelled);
    }
    return store_finish(s, st);
}
