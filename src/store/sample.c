/* What a booking program writes. See store/sample.h. */
#include "store/sample.h"

#include "base/clock.h"
#include "store/internal.h"

/* Run a statement that has to touch exactly one row. */
static int write_one(struct store *s, sqlite3_stmt *st)
{
    int rc = store_finish(s, st);

    return rc == 0 && sqlite3_changes(s->db) != 1 ? ERR_NOTFOUND : rc;
}

static void bind_texts(sqlite3_stmt *st, const char *const *texts, int count)
{
    for (int i = 0; st != NULL && i < count; i++)
        bind_text(st, i + 1, texts[i]);
}

#define BIND(st, ...)                                                                              \
    bind_texts(st, (const char *const[]){__VA_ARGS__},                                             \
               (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))

int sample_staff_add(struct store *s, const struct sample_staff *m)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO staff (ref, name, email, language) VALUES (?1, ?2, ?3, ?4)");

    BIND(st, m->ref, m->name, m->email, m->language);
    return write_one(s, st);
}

int sample_client_add(struct store *s, const struct sample_client *c)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO client (ref, name, email, phone, language, timezone, channel) "
           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    BIND(st, c->ref, c->name, c->email, c->phone, c->language, c->timezone, c->channel);
    return write_one(s, st);
}

int sample_client_phone(struct store *s, const char *ref, const char *phone)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE client SET phone = ?2 WHERE ref = ?1");

    BIND(st, ref, phone);
    return write_one(s, st);
}

/* Said by the clock that the sample lives by, which need not be the machine's. */
int sample_consent_add(struct store *s, const char *client, const char *channel,
                       const char *purpose, const char *state)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO consent (client_id, channel, purpose, state, source, at) "
           "SELECT id, ?2, ?3, ?4, 'at the counter', "
           "strftime('%Y-%m-%dT%H:%M:%SZ', ?5 / 1000.0, 'unixepoch') FROM client WHERE ref = ?1");

    BIND(st, client, channel, purpose, state);
    if (st != NULL)
        bind_int(st, 5, clock_wall_ms());
    return write_one(s, st);
}

int sample_job_add(struct store *s, const struct sample_job *j)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO job (ref, client_id, staff_id, title, stage, currency, fields) "
           "SELECT ?1, c.id, m.id, ?4, ?5, 'EUR', json_object('plate', ?6) "
           "FROM client AS c, staff AS m WHERE c.ref = ?2 AND m.ref = ?3");

    BIND(st, j->ref, j->client, j->staff, j->title, j->stage, j->plate);
    return write_one(s, st);
}

int sample_job_stage(struct store *s, const char *ref, const char *stage, int amount_eur)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE job SET stage = ?2, amount = coalesce(nullif(?3, 0), amount) WHERE ref = ?1");

    BIND(st, ref, stage);
    if (st != NULL)
        bind_int(st, 3, amount_eur);
    return write_one(s, st);
}

int sample_appointment_add(struct store *s, const struct sample_appointment *a)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO appointment (ref, client_id, staff_id, title, starts) "
                         "SELECT ?1, c.id, m.id, ?4, ?5 "
                         "FROM client AS c, staff AS m WHERE c.ref = ?2 AND m.ref = ?3");

    BIND(st, a->ref, a->client, a->staff, a->title, a->starts);
    return write_one(s, st);
}

int sample_appointment_move(struct store *s, const char *ref, const char *starts)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE appointment SET starts = ?2 WHERE ref = ?1");

    BIND(st, ref, starts);
    return write_one(s, st);
}

int sample_appointment_status(struct store *s, const char *ref, const char *status)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE appointment SET status = ?2 WHERE ref = ?1");

    BIND(st, ref, status);
    return write_one(s, st);
}
