/* Reading the records that other programs write. See store/records.h. */
#include "store/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

/* A column that a program left empty means the same as NULL. */
static char *text_or_null(sqlite3_stmt *st, int i)
{
    const char *v = (const char *)sqlite3_column_text(st, i);

    return v != NULL && v[0] != '\0' ? mem_strdup(v) : NULL;
}

/* One row by id: 0 with the statement on the row, or a negative code. */
static int one(struct store *s, sqlite3_stmt *st, int64_t id)
{
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    return rc == 1 ? 0 : rc == 0 ? ERR_NOTFOUND : rc;
}

int store_client(struct store *s, int64_t id, struct client *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, ref, name, email, phone, language, timezone, "
                                        "channel, tags, fields FROM client WHERE id = ?1");
    int rc = one(s, st, id);

    *out = (struct client){0};
    if (rc != 0)
        return rc;
    out->id = column_int(st, 0);
    char **columns[] = {&out->ref,      &out->name,    &out->email, &out->phone, &out->language,
                        &out->timezone, &out->channel, &out->tags,  &out->fields};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        *columns[i] = text_or_null(st, (int)i + 1);
    store_reset(st);
    return 0;
}

void read_staff(sqlite3_stmt *st, struct staff *out)
{
    *out = (struct staff){.id = column_int(st, 0)};
    char **columns[] = {&out->ref,        &out->name,     &out->email,   &out->phone,
                        &out->department, &out->language, &out->timezone};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        *columns[i] = text_or_null(st, (int)i + 1);
    out->manager_id = column_int(st, 8);
    out->active = column_int(st, 9) != 0;
}

int store_staff(struct store *s, int64_t id, struct staff *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " STAFF_COLUMNS " FROM staff s WHERE s.id = ?1");
    int rc = one(s, st, id);

    *out = (struct staff){0};
    if (rc != 0)
        return rc;
    read_staff(st, out);
    store_reset(st);
    return 0;
}

static int read_all(struct store *s, sqlite3_stmt *st, struct staff **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_staff(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_staff_all(struct store *s, struct staff **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT " STAFF_COLUMNS " FROM staff s WHERE s.active = 1 ORDER BY s.id");

    return read_all(s, st, out, count);
}

/* Where rows of other programs go round in a circle, UNION ends it. */
int store_staff_managers(struct store *s, int64_t id, struct staff **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "WITH RECURSIVE below (id) AS (SELECT ?1 UNION SELECT u.id FROM below b JOIN staff u "
           "ON u.manager_id = b.id) SELECT " STAFF_COLUMNS " FROM staff s WHERE s.active = 1 AND "
           "s.id NOT IN (SELECT id FROM below) ORDER BY s.id");

    if (st != NULL)
        bind_int(st, 1, id);
    return read_all(s, st, out, count);
}

void store_staff_free(struct staff *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        staff_close(&list[i]);
    free(list);
}

int store_job(struct store *s, int64_t id, struct job *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, ref, workflow, trim(stage), title, due, "
                                        "amount, currency, fields, client_id, staff_id "
                                        "FROM job WHERE id = ?1");
    int rc = one(s, st, id);

    *out = (struct job){0};
    if (rc != 0)
        return rc;
    out->id = column_int(st, 0);
    char **columns[] = {&out->ref, &out->workflow, &out->stage,    &out->title,
                        &out->due, &out->amount,   &out->currency, &out->fields};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        *columns[i] = text_or_null(st, (int)i + 1);
    out->client_id = column_int(st, 9);
    out->staff_id = column_int(st, 10);
    store_reset(st);
    return 0;
}

int store_appointment(struct store *s, int64_t id, struct appointment *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, ref, title, location, starts, ends, timezone, "
                                        "status, uid, fields, client_id, job_id, staff_id, "
                                        "sequence FROM appointment WHERE id = ?1");
    int rc = one(s, st, id);

    *out = (struct appointment){0};
    if (rc != 0)
        return rc;
    out->id = column_int(st, 0);
    char **columns[] = {&out->ref,      &out->title,  &out->location, &out->starts, &out->ends,
                        &out->timezone, &out->status, &out->uid,      &out->fields};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        *columns[i] = text_or_null(st, (int)i + 1);
    out->client_id = column_int(st, 10);
    out->job_id = column_int(st, 11);
    out->staff_id = column_int(st, 12);
    out->sequence = column_int(st, 13);
    store_reset(st);
    return 0;
}

int store_answer(struct store *s, int64_t id, struct answer *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, ref, channel, text, score, at, client_id, "
                                        "job_id, appointment_id FROM answer WHERE id = ?1");
    int rc = one(s, st, id);

    *out = (struct answer){0};
    if (rc != 0)
        return rc;
    out->id = column_int(st, 0);
    char **columns[] = {&out->ref, &out->channel, &out->text, &out->score, &out->at};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        *columns[i] = text_or_null(st, (int)i + 1);
    out->client_id = column_int(st, 6);
    out->job_id = column_int(st, 7);
    out->appointment_id = column_int(st, 8);
    store_reset(st);
    return 0;
}

/* In the order of the index, within which the latest row of a channel and purpose comes last. */
int store_consents(struct store *s, int64_t client_id, struct consents *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT channel, purpose, state FROM consent "
                                        "WHERE client_id = ?1 ORDER BY channel, purpose, id");
    int rc;

    *out = (struct consents){0};
    if (st != NULL)
        bind_int(st, 1, client_id);
    while ((rc = store_step(s, st)) == 1) {
        enum channel channel;
        enum purpose purpose;
        const char *state = (const char *)sqlite3_column_text(st, 2);
        if (channel_from((const char *)sqlite3_column_text(st, 0), &channel) &&
            purpose_from((const char *)sqlite3_column_text(st, 1), &purpose))
            out->opted[channel][purpose] = state[0]; /* "in" or "out"; the latest row stays */
    }
    return rc;
}

void consent_close(struct consent *c)
{
    free(c->at);
    free(c->source);
    *c = (struct consent){0};
}

int store_consent(struct store *s, int64_t client_id, enum channel channel, enum purpose purpose,
                  int64_t until_ms, struct consent *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT state = 'in', at, source FROM consent WHERE client_id = ?1 AND channel = ?2 "
           "AND purpose = ?3 AND (?4 = 9223372036854775807 OR unixepoch(at) * 1000 <= ?4) "
           "ORDER BY id DESC LIMIT 1");

    *out = (struct consent){0};
    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_text(st, 2, channel_name(channel));
        bind_text(st, 3, purpose_name(purpose));
        bind_int(st, 4, until_ms);
    }
    int rc = store_step(s, st);
    if (rc == 1) {
        out->in = column_int(st, 0) != 0;
        out->at = text_or_null(st, 1);
        out->source = text_or_null(st, 2);
        store_reset(st);
    }
    return rc == 1 ? 0 : rc == 0 ? ERR_NOTFOUND : rc;
}
