/* Appointments for calendars. See store/visits.h. */
#include "store/visits.h"

#include "store/internal.h"

enum { SUBJECT, SEQUENCE, CHANGED, FIRST_TEXT };

static const char *text_or_null(sqlite3_stmt *st, int i)
{
    const char *v = (const char *)sqlite3_column_text(st, i);

    return v != NULL && v[0] != '\0' ? v : NULL;
}

int store_visits(struct store *s, int64_t staff_row, const char *from, visit_each each, void *arg)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT e.id, max(a.sequence, e.revision), "
           "coalesce((SELECT max(at_ms) FROM event WHERE entity_id = e.id), 0), "
           "a.title, a.location, a.starts, a.ends, a.timezone, a.status, c.name, c.phone, j.ref, "
           "j.title, s.name, a.updated_at FROM appointment a JOIN entity e ON e.kind = 4 "
           "AND e.row_id = a.id AND e.present = 1 LEFT JOIN client c ON c.id = a.client_id "
           "LEFT JOIN job j ON j.id = a.job_id LEFT JOIN staff s ON s.id = a.staff_id "
           "WHERE a.starts >= ?1 AND (?2 = 0 OR a.staff_id = ?2) ORDER BY a.id LIMIT ?3");
    int rc;

    if (st != NULL) {
        bind_text(st, 1, from);
        bind_int(st, 2, staff_row);
        bind_int(st, 3, VISITS_MAX);
    }
    while ((rc = store_step(s, st)) == 1) {
        struct visit_row row = {
            .subject_id = column_int(st, SUBJECT),
            .sequence = column_int(st, SEQUENCE),
            .changed_ms = column_int(st, CHANGED),
        };
        for (int i = 0; i < VISIT_TEXTS; i++)
            row.texts[i] = text_or_null(st, FIRST_TEXT + i);
        each(arg, &row);
    }
    return rc;
}
