/* Staff, for the page about them. See store/staff.h. */
#include "store/staff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/records.h"
#include "time/moment.h"

/* --- the row --- */

void staff_row_close(struct staff_row *r)
{
    char *texts[] = {r->name,    r->email,    r->phone,    r->department,
                     r->manager, r->language, r->timezone, r->active};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    *r = (struct staff_row){0};
}

int store_staff_row(struct store *s, int64_t id, struct staff_row *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name, email, phone, department, manager_id, "
                                        "language, timezone, iif(active, 'yes', 'no') FROM staff "
                                        "WHERE id = ?1");

    *out = (struct staff_row){0};
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    char **columns[] = {&out->name,    &out->email,    &out->phone,    &out->department,
                        &out->manager, &out->language, &out->timezone, &out->active};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        *columns[i] = column_text(st, (int)i);
        out->version = texts_version(out->version, *columns[i]);
    }
    store_reset(st);
    return 0;
}

int store_staff_write(struct store *s, int64_t *id, const struct staff_row *r)
{
    const char *const texts[] = {r->name,       r->email,    r->phone,
                                 r->department, r->language, r->timezone};
    int64_t manager = 0;
    sqlite3_stmt *st =
        *id != 0 ? store_prepare(s, "UPDATE staff SET name = ?2, email = ?3, phone = ?4, "
                                    "department = ?5, language = ?6, timezone = ?7, manager_id = "
                                    "nullif(?8, 0), active = ?9 WHERE id = ?1 RETURNING id")
                 : store_prepare(s, "INSERT INTO staff (name, email, phone, department, language, "
                                    "timezone, manager_id, active) SELECT ?2, ?3, ?4, ?5, ?6, ?7, "
                                    "nullif(?8, 0), ?9 WHERE ?1 = 0 RETURNING id");

    if (!str_blank(r->manager) && !str_to_int(r->manager, 1, INT64_MAX, &manager))
        return ERR_INVALID;
    if (st != NULL) {
        bind_int(st, 1, *id);
        for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
            bind_text(st, 2 + i, str_blank(texts[i]) ? NULL : texts[i]);
        bind_int(st, 8, manager);
        bind_int(st, 9, !str_eq(r->active, STAFF_LEFT));
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *id = column_int(st, 0);
    return store_finish(s, st);
}

int store_departments(struct store *s, size_t max, struct str_list *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT DISTINCT trim(department) FROM staff WHERE "
                                        "trim(department) <> '' ORDER BY 1 COLLATE NOCASE "
                                        "LIMIT ?1");
    int rc;

    *out = (struct str_list){0};
    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        str_list_add(out, name, strlen(name));
    }
    return rc;
}

/* --- what they are in charge of --- */

void staff_lines_free(struct staff_line *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        staff_close(&list[i].staff);
        free(list[i].manager_name);
    }
    free(list);
}

int store_staff_lines(struct store *s, int64_t id, const char *from, size_t max,
                      struct staff_line **out, size_t *count, int64_t *total)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT " STAFF_COLUMNS ", m.name, coalesce(v.n, 0), coalesce(t.n, 0), count(*) OVER () "
           "FROM staff s LEFT JOIN staff m ON m.id = s.manager_id "
           "LEFT JOIN (SELECT staff_id, count(*) AS n FROM appointment WHERE starts >= ?2 AND "
           "status IN ('booked', 'confirmed') AND staff_id IS NOT NULL GROUP BY staff_id) v "
           "ON v.staff_id = s.id "
           "LEFT JOIN (SELECT staff_id, count(*) AS n FROM task WHERE done_ms IS NULL AND "
           "staff_id IS NOT NULL GROUP BY staff_id) t ON t.staff_id = s.id "
           "WHERE ?1 IN (0, s.id) ORDER BY s.active DESC, s.name COLLATE NOCASE, s.id LIMIT ?3");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    *total = 0;
    if (st != NULL) {
        bind_int(st, 1, id);
        bind_text(st, 2, from);
        bind_int(st, 3, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        struct staff_line *line = &(*out)[(*count)++];
        *line = (struct staff_line){.manager_name = column_text(st, STAFF_COLUMN_COUNT),
                                    .visits = column_int(st, STAFF_COLUMN_COUNT + 1),
                                    .tasks = column_int(st, STAFF_COLUMN_COUNT + 2)};
        read_staff(st, &line->staff);
        *total = column_int(st, STAFF_COLUMN_COUNT + 3);
    }
    return rc;
}

int store_count_jobs(struct store *s, const struct board_stage *at, struct staff_line *list,
                     size_t count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT j.staff_id, count(*) FROM job j WHERE " IN_STAGE
                                        "AND j.staff_id IS NOT NULL GROUP BY j.staff_id");
    int rc;

    bind_stage(st, at);
    while ((rc = store_step(s, st)) == 1) {
        int64_t id = column_int(st, 0);
        for (size_t i = 0; i < count; i++)
            if (list[i].staff.id == id)
                list[i].jobs += column_int(st, 1);
    }
    return rc;
}

/* --- handing over --- */

int store_hand_over(struct store *s, enum entity_kind kind, int64_t row_id, int64_t staff_id,
                    int64_t now_ms)
{
    char now[MOMENT_TEXT_MAX];
    sqlite3_stmt *st =
        kind == ENTITY_JOB
            ? store_prepare(s, "UPDATE job SET staff_id = nullif(?2, 0), updated_at = ?3 "
                               "WHERE id = ?1")
            : store_prepare(s, "UPDATE appointment SET staff_id = nullif(?2, 0), updated_at = ?3 "
                               "WHERE id = ?1");

    moment_format_utc(now_ms, now);
    if (st != NULL) {
        bind_int(st, 1, row_id);
        bind_int(st, 2, staff_id);
        bind_text(st, 3, now);
    }
    return store_finish(s, st);
}

int store_hand_over_tasks(struct store *s, int64_t from_id, int64_t to_id)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE task SET staff_id = ?2 WHERE done_ms IS NULL AND "
                                        "staff_id = ?1");

    if (st != NULL) {
        bind_int(st, 1, from_id);
        bind_int(st, 2, to_id);
    }
    return store_finish(s, st);
}
