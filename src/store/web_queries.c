/*
 * What the pages show. See store/web_queries.h.
 *
 * Lists begin at an index: what went, at the attempts, whose ids are in the order of time; what did
 * not, at message_apart; what comes, at message_next and message_far; a client's, at the entities
 * of the client.
 */
#include "store/web_queries.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/outbox.h"
#include "store/records.h"

static int read_rows(struct store *s, sqlite3_stmt *st, struct outbox_row **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        outbox_read(st, &(*out)[(*count)++]);
    }
    return rc;
}

/* --- what went, what did not, what comes --- */

/* The first attempt that is not before `since_ms`, by halving: times rise with the ids, but for a
 * clock that was set back, and then a few are too many or too few. */
static int first_attempt(struct store *s, int64_t since_ms, int64_t *id)
{
    int64_t low = 1, high = 0;
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(max(id), 0) + 1 FROM attempt");
    int rc = store_step(s, st);

    if (rc == 1) {
        high = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    while (rc == 0 && low < high) {
        int64_t middle = low + (high - low) / 2;
        st = store_prepare(s, "SELECT at_ms FROM attempt WHERE id >= ?1 ORDER BY id LIMIT 1");
        if (st != NULL)
            bind_int(st, 1, middle);
        if ((rc = store_step(s, st)) != 1)
            break;
        if (column_int(st, 0) < since_ms)
            low = middle + 1;
        else
            high = middle;
        store_reset(st);
        rc = 0;
    }
    *id = low;
    return rc;
}

/* Tests that people send to themselves are not what went out. */
#define TESTS "coalesce((SELECT id FROM rule WHERE name = '" SEND_TEST_RULE "'), 0)"

static int count_sent(struct store *s, int64_t from_id, int64_t by_channel[CHANNEL_COUNT])
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT m.channel, count(*) FROM attempt a JOIN message m "
                         "ON m.id = a.message_id WHERE a.id >= ?1 AND a.outcome = 'sent' AND "
                         "m.rule_id <> " TESTS " GROUP BY m.channel");
    int rc;

    if (st != NULL)
        bind_int(st, 1, from_id);
    while ((rc = store_step(s, st)) == 1) {
        int64_t channel = column_int(st, 0);
        if (channel >= 0 && channel < CHANNEL_COUNT)
            by_channel[channel] = column_int(st, 1);
    }
    return rc;
}

/* From the end backwards, so that few rows are read however many went. */
#define LATEST_SENT                                                                                \
    "SELECT a.id, a.message_id FROM attempt a WHERE a.id >= ?1 AND " SENT_LAST                     \
    "AND (SELECT rule_id FROM message WHERE id = a.message_id) <> " TESTS                          \
    " ORDER BY a.id DESC LIMIT ?2"

int store_sent_since(struct store *s, int64_t since_ms, size_t max, struct outbox_row **out,
                     size_t *count, int64_t by_channel[CHANNEL_COUNT])
{
    int64_t from_id;
    int rc = first_attempt(s, since_ms, &from_id);

    *out = NULL;
    *count = 0;
    memset(by_channel, 0, sizeof(int64_t) * CHANNEL_COUNT);
    if (rc == 0)
        rc = count_sent(s, from_id, by_channel);
    if (rc != 0)
        return rc;
    sqlite3_stmt *st = store_prepare(s, OUTBOX_SELECT "JOIN (" LATEST_SENT ") AS x "
                                                      "ON x.message_id = m.id ORDER BY x.id DESC");
    if (st != NULL) {
        bind_int(st, 1, from_id);
        bind_int(st, 2, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

#define APART                                                                                      \
    "(m.state = 1 OR m.state = 4 OR m.state >= 7) AND (?1 >> m.state) & 1 AND m.state_ms >= ?2 "

int store_apart_since(struct store *s, unsigned states, int64_t since_ms, size_t max,
                      struct outbox_row **out, size_t *count, int64_t *total)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT count(*) FROM message m WHERE " APART);

    *out = NULL;
    *count = 0;
    *total = 0;
    if (st != NULL) {
        bind_int(st, 1, states);
        bind_int(st, 2, since_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *total = column_int(st, 0);
    store_reset(st);
    st = store_prepare(s, OUTBOX_SELECT "WHERE " APART "ORDER BY m.state_ms DESC LIMIT ?3");
    if (st != NULL) {
        bind_int(st, 1, states);
        bind_int(st, 2, since_ms);
        bind_int(st, 3, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

int store_upcoming(struct store *s, size_t max, struct outbox_row **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, OUTBOX_SELECT "JOIN (" OUTBOX_UPCOMING
                                       ") AS x ON x.id = m.id ORDER BY x.next_ms, m.id LIMIT ?1");

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    return read_rows(s, st, out, count);
}

/* --- gateways --- */

int store_gateway_records(struct store *s, int64_t since_ms, struct gateway_record **out,
                          size_t *count)
{
    int64_t from_id;
    size_t cap = 0;
    int rc = first_attempt(s, since_ms, &from_id);

    *out = NULL;
    *count = 0;
    if (rc != 0)
        return rc;
    sqlite3_stmt *st =
        store_prepare(s, "SELECT gateway, sum(outcome = 'sent'), sum(outcome <> 'sent'), "
                         "coalesce(max(CASE WHEN outcome = 'sent' THEN at_ms END), 0), "
                         "coalesce(max(CASE WHEN outcome <> 'sent' THEN at_ms END), 0) "
                         "FROM attempt WHERE id >= ?1 GROUP BY gateway "
                         "ORDER BY gateway");
    if (st != NULL)
        bind_int(st, 1, from_id);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct gateway_record){
            .name = column_text(st, 0),
            .sent = column_int(st, 1),
            .not_sent = column_int(st, 2),
            .last_sent_ms = column_int(st, 3),
            .last_not_sent_ms = column_int(st, 4),
        };
    }
    return rc;
}

void gateway_records_free(struct gateway_record *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].name);
    free(list);
}

int store_attempt_counts(struct store *s, struct attempt_count **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT gateway, outcome, count FROM attempt_tally "
                                        "ORDER BY gateway, outcome");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct attempt_count){
            .gateway = column_text(st, 0),
            .outcome = column_text(st, 1),
            .count = column_int(st, 2),
        };
    }
    return rc;
}

void attempt_counts_free(struct attempt_count *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].gateway);
        free(list[i].outcome);
    }
    free(list);
}

/* --- one client --- */

static int client_ids(struct store *s, sqlite3_stmt *st, int64_t client_id, size_t max,
                      int64_t **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = column_int(st, 0);
    }
    return rc;
}

int store_client_jobs(struct store *s, int64_t client_id, size_t max, struct job **out,
                      size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id FROM job WHERE client_id = ?1 ORDER BY id DESC LIMIT ?2");
    int64_t *ids;
    size_t found;
    int rc = client_ids(s, st, client_id, max, &ids, &found);

    *out = mem_array(found + 1, sizeof(**out));
    *count = 0;
    for (size_t i = 0; rc == 0 && i < found; i++) {
        rc = store_job(s, ids[i], &(*out)[*count]);
        *count += rc == 0;
        if (rc == ERR_NOTFOUND)
            rc = 0; /* gone since then */
    }
    free(ids);
    return rc;
}

int store_client_appointments(struct store *s, int64_t client_id, size_t max,
                              struct appointment **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id FROM (SELECT id, starts FROM appointment WHERE client_id = ?1 "
                         "ORDER BY starts DESC LIMIT ?2) ORDER BY starts, id");
    int64_t *ids;
    size_t found;
    int rc = client_ids(s, st, client_id, max, &ids, &found);

    *out = mem_array(found + 1, sizeof(**out));
    *count = 0;
    for (size_t i = 0; rc == 0 && i < found; i++) {
        rc = store_appointment(s, ids[i], &(*out)[*count]);
        *count += rc == 0;
        if (rc == ERR_NOTFOUND)
            rc = 0;
    }
    free(ids);
    return rc;
}

void jobs_free(struct job *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        job_close(&list[i]);
    free(list);
}

void appointments_free(struct appointment *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        appointment_close(&list[i]);
    free(list);
}

int store_client_notes(struct store *s, int64_t client_id, char **out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT notes FROM client WHERE id = ?1");

    *out = NULL;
    if (st != NULL)
        bind_int(st, 1, client_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *out = column_text(st, 0);
    return store_finish(s, st);
}

/* The client's own entity, and those of the client's jobs, appointments and answers. */
#define ABOUT                                                                                      \
    "WHERE m.subject_id IN (SELECT id FROM entity WHERE client_row = ?1 AND " IS_SUBJECT           \
    " UNION ALL SELECT id FROM entity WHERE kind = 1 AND row_id = ?1) "

/* Which they are is settled first: of a long history only these rows are read in full. */
#define CHOSEN(which)                                                                              \
    "JOIN (SELECT m.id FROM message m " ABOUT "AND " which "LIMIT ?2) AS x ON x.id = m.id "
#define BY_DUE "ORDER BY m.due_ms, m.id "
#define LATEST_FIRST "ORDER BY m.state_ms DESC, m.id DESC "

int store_client_messages(struct store *s, int64_t client_id, bool pending, size_t max,
                          struct outbox_row **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, pending ? OUTBOX_SELECT CHOSEN("m.state <= 2 " BY_DUE) BY_DUE
                                 : OUTBOX_SELECT CHOSEN("m.state > 2 " LATEST_FIRST) LATEST_FIRST);

    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

/* --- one job, one appointment --- */

/* Its own entity; of a job, those of its appointments; those of what the client answered about it.
 */
#define ABOUT_ONE                                                                                  \
    "WHERE m.subject_id IN (SELECT id FROM entity WHERE kind = ?1 AND row_id = ?2 UNION ALL "      \
    "SELECT e.id FROM appointment x CROSS JOIN entity e ON e.kind = 4 AND e.row_id = x.id "        \
    "WHERE ?1 = 3 AND x.job_id = ?2 UNION ALL SELECT e.id FROM answer x CROSS JOIN entity e "      \
    "ON e.kind = 7 AND e.row_id = x.id WHERE x.client_id = ?3 "                                    \
    "AND CASE ?1 WHEN 3 THEN x.job_id ELSE x.appointment_id END = ?2) "

int store_messages_about(struct store *s, enum entity_kind kind, int64_t row_id, int64_t client_id,
                         bool pending, size_t max, struct outbox_row **out, size_t *count)
{
    sqlite3_stmt *st =
        pending ? store_prepare(s, OUTBOX_SELECT ABOUT_ONE
                                "AND m.state <= 2 ORDER BY m.due_ms, m.id LIMIT ?4")
                : store_prepare(s, OUTBOX_SELECT ABOUT_ONE
                                "AND m.state > 2 ORDER BY m.state_ms DESC, m.id DESC LIMIT ?4");

    if (st != NULL) {
        bind_int(st, 1, kind);
        bind_int(st, 2, row_id);
        bind_int(st, 3, client_id);
        bind_int(st, 4, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}
