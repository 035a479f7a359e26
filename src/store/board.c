/* Jobs by their stage, appointments by their day. See store/board.h. */
#include "store/board.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/records.h"

/* --- jobs --- */

void job_cards_free(struct job_card *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        job_close(&list[i].job);
        free(list[i].client_name);
        free(list[i].staff_name);
    }
    free(list);
}

/* j is the job: when it came to the stage in which it is. Its own few events are read, whatever
 * SQLite thinks of the index of all entries of the stage. */
#define ENTERED                                                                                    \
    "coalesce((SELECT v.at_ms FROM entity e CROSS JOIN event v ON v.entity_id = e.id "             \
    "WHERE e.kind = 3 AND e.row_id = j.id AND e.present AND +v.event = 0 "                         \
    "AND v.stage = trim(j.stage) ORDER BY v.revision DESC LIMIT 1), 0)"

/* Statements that give id, the names of client and staff, when it was entered. */
#define NAMES_OF(rows)                                                                             \
    "SELECT x.id, c.name, s.name, x.entered FROM (" rows ") x JOIN job j ON j.id = x.id "          \
    "LEFT JOIN client c ON c.id = j.client_id LEFT JOIN staff s ON s.id = j.staff_id "

static int read_cards(struct store *s, sqlite3_stmt *st, struct job_card **out, size_t *count)
{
    size_t cap = 0, kept = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct job_card){
            .job = {.id = column_int(st, 0)},
            .client_name = column_text(st, 1),
            .staff_name = column_text(st, 2),
            .entered_ms = column_int(st, 3),
        };
    }
    for (size_t i = 0; i < *count; i++) {
        struct job_card *card = &(*out)[i];
        int found = rc == 0 ? store_job(s, card->job.id, &card->job) : rc;
        if (found == 0) {
            (*out)[kept++] = *card;
        } else {
            free(card->client_name);
            free(card->staff_name);
            rc = found == ERR_NOTFOUND ? 0 : found; /* gone since then */
        }
    }
    *count = kept;
    return rc;
}

void bind_stage(sqlite3_stmt *st, const struct board_stage *at)
{
    if (st == NULL)
        return;
    bind_text(st, 1, at->stage);
    bind_text(st, 2, at->workflow);
    bind_int(st, 3, at->first);
}

static int one_number(struct store *s, sqlite3_stmt *st, int64_t *out)
{
    int rc = store_step(s, st);

    *out = 0;
    if (rc != 1)
        return rc;
    *out = column_int(st, 0);
    return store_finish(s, st);
}

int store_jobs_in_stage(struct store *s, const struct board_stage *at, size_t max,
                        struct job_card **out, size_t *count, int64_t *total)
{
    sqlite3_stmt *st =
        store_prepare(s, NAMES_OF("SELECT j.id, " ENTERED
                                  " AS entered FROM (SELECT id, stage FROM job j WHERE " IN_STAGE
                                  "ORDER BY id LIMIT 500) j ORDER BY entered = 0, entered, j.id "
                                  "LIMIT ?4") "ORDER BY x.entered = 0, x.entered, x.id");

    _Static_assert(BOARD_SORTED_MAX == 500, "as the statement has it");
    bind_stage(st, at);
    if (st != NULL)
        bind_int(st, 4, (int64_t)max);
    int rc = read_cards(s, st, out, count);
    *total = (int64_t)*count;
    if (rc != 0 || *count < max)
        return rc;
    st = store_prepare(s, "SELECT count(*) FROM job j WHERE " IN_STAGE);
    bind_stage(st, at);
    return one_number(s, st, total);
}

int store_jobs_in_charge(struct store *s, const struct board_stage *at, int64_t staff_id,
                         size_t max, struct job_card **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, NAMES_OF("SELECT j.id, " ENTERED " AS entered FROM job j WHERE " IN_STAGE
                                  "AND j.staff_id = ?4 ORDER BY j.id LIMIT ?5") "ORDER BY x.id");

    bind_stage(st, at);
    if (st != NULL) {
        bind_int(st, 4, staff_id);
        bind_int(st, 5, (int64_t)max);
    }
    return read_cards(s, st, out, count);
}

/* Entries of the stage since a time, each job once, with its last one. */
#define ENTERED_SINCE                                                                              \
    "SELECT j.id, max(v.at_ms) AS entered FROM (SELECT entity_id, at_ms FROM event WHERE event = " \
    "0 AND stage = ?1 AND at_ms >= ?4 ORDER BY at_ms DESC LIMIT 500) v CROSS JOIN entity e ON "    \
    "e.id = v.entity_id CROSS JOIN job j ON j.id = e.row_id WHERE e.kind = 3 AND e.present "       \
    "AND " IN_STAGE "GROUP BY j.id"

int store_jobs_entered(struct store *s, const struct board_stage *at, int64_t since_ms, size_t max,
                       struct job_card **out, size_t *count, int64_t *total)
{
    sqlite3_stmt *st = store_prepare(
        s, NAMES_OF(ENTERED_SINCE
                    " ORDER BY entered DESC LIMIT ?5") "ORDER BY x.entered DESC, x.id DESC");

    bind_stage(st, at);
    if (st != NULL) {
        bind_int(st, 4, since_ms);
        bind_int(st, 5, (int64_t)max);
    }
    int rc = read_cards(s, st, out, count);
    *total = (int64_t)*count;
    if (rc != 0 || *count < max)
        return rc;
    st = store_prepare(s, "SELECT count(*) FROM (" ENTERED_SINCE ")");
    bind_stage(st, at);
    if (st != NULL)
        bind_int(st, 4, since_ms);
    return one_number(s, st, total);
}

int store_jobs_astray(struct store *s, size_t max, struct job_card **out, size_t *count,
                      int64_t *total)
{
    sqlite3_stmt *st = store_prepare(
        s, NAMES_OF("SELECT j.id, " ENTERED " AS entered FROM stray t JOIN entity y ON y.id = "
                    "t.entity_id JOIN job j ON j.id = y.row_id WHERE y.kind = 3 AND y.present "
                    "ORDER BY t.entity_id LIMIT ?1") "ORDER BY x.id");

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    int rc = read_cards(s, st, out, count);
    *total = (int64_t)*count;
    if (rc != 0 || *count < max)
        return rc;
    return one_number(s, store_prepare(s, "SELECT count(*) FROM stray"), total);
}

int store_job_card(struct store *s, int64_t id, struct job_card **out)
{
    sqlite3_stmt *st =
        store_prepare(s, NAMES_OF("SELECT j.id, " ENTERED " AS entered FROM job j WHERE id = ?1"));
    size_t count;

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = read_cards(s, st, out, &count);
    return rc == 0 && count == 0 ? ERR_NOTFOUND : rc;
}

int store_stages_of(struct store *s, int64_t job_id, size_t max, struct stage_entry **out,
                    size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT stage, at_ms FROM (SELECT v.stage, v.at_ms, v.revision FROM "
                         "entity e CROSS JOIN event "
                         "v ON v.entity_id = e.id WHERE e.kind = 3 AND e.row_id = ?1 AND e.present "
                         "AND +v.event = 0 ORDER BY v.revision DESC LIMIT ?2) ORDER BY revision");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, job_id);
        bind_int(st, 2, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct stage_entry){column_text(st, 0), column_int(st, 1)};
    }
    return rc;
}

void stage_entries_free(struct stage_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].stage);
    free(list);
}

/* --- appointments --- */

void visit_cards_free(struct visit_card *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        appointment_close(&list[i].appointment);
        free(list[i].client_name);
        free(list[i].staff_name);
    }
    free(list);
}

#define VISITS                                                                                     \
    "SELECT a.id, c.name, s.name FROM appointment a LEFT JOIN client c ON c.id = a.client_id "     \
    "LEFT JOIN staff s ON s.id = a.staff_id "

static int read_visits(struct store *s, sqlite3_stmt *st, struct visit_card **out, size_t *count)
{
    size_t cap = 0, kept = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct visit_card){
            .appointment = {.id = column_int(st, 0)},
            .client_name = column_text(st, 1),
            .staff_name = column_text(st, 2),
        };
    }
    for (size_t i = 0; i < *count; i++) {
        struct visit_card *card = &(*out)[i];
        int found = rc == 0 ? store_appointment(s, card->appointment.id, &card->appointment) : rc;
        if (found == 0) {
            (*out)[kept++] = *card;
        } else {
            free(card->client_name);
            free(card->staff_name);
            rc = found == ERR_NOTFOUND ? 0 : found;
        }
    }
    *count = kept;
    return rc;
}

void visit_starts_free(struct visit_start *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].starts);
        free(list[i].timezone);
    }
    free(list);
}

int store_starts_between(struct store *s, const char *from, const char *until, size_t max,
                         struct visit_start **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, starts, nullif(timezone, '') FROM appointment "
                         "WHERE starts >= ?1 AND starts < ?2 ORDER BY starts LIMIT ?3");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_text(st, 1, from);
        bind_text(st, 2, until);
        bind_int(st, 3, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] =
            (struct visit_start){column_int(st, 0), column_text(st, 1), column_text(st, 2)};
    }
    return rc;
}

int store_appointments_of_job(struct store *s, int64_t job_id, size_t max, struct visit_card **out,
                              size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, VISITS "WHERE a.job_id = ?1 ORDER BY +a.starts, a.id LIMIT ?2");

    if (st != NULL) {
        bind_int(st, 1, job_id);
        bind_int(st, 2, (int64_t)max);
    }
    return read_visits(s, st, out, count);
}

int store_visits_in_charge(struct store *s, int64_t staff_id, const char *from, size_t max,
                           struct visit_card **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, VISITS "WHERE a.starts >= ?2 AND a.staff_id = ?1 AND "
                                               "a.status IN ('booked', 'confirmed') "
                                               "ORDER BY a.starts, a.id LIMIT ?3");

    if (st != NULL) {
        bind_int(st, 1, staff_id);
        bind_text(st, 2, from);
        bind_int(st, 3, (int64_t)max);
    }
    return read_visits(s, st, out, count);
}

int store_visit_card(struct store *s, int64_t id, struct visit_card **out)
{
    sqlite3_stmt *st = store_prepare(s, VISITS "WHERE a.id = ?1");
    size_t count;

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = read_visits(s, st, out, &count);
    return rc == 0 && count == 0 ? ERR_NOTFOUND : rc;
}
