/* Lists of messages, and one of them in full. See store/queries.h. */
#include "store/queries.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/outbox.h"
#include "store/records.h"

void outbox_row_close(struct outbox_row *r)
{
    char *texts[] = {r->rule,          r->purpose,     r->client_name, r->subject_ref,
                     r->subject_title, r->to,          r->reason,      r->recipient_name,
                     r->gateway,       r->provider_id, r->language,    r->subject,
                     r->text};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
}

void outbox_rows_free(struct outbox_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        outbox_row_close(&rows[i]);
    free(rows);
}

#define OUTBOX                                                                                     \
    OUTBOX_SELECT                                                                                  \
    "WHERE (?1 >> m.state) & 1 AND (?2 IS NULL OR r.name = ?2) "                                   \
    "AND (?3 = 0 OR s.client_row = ?3) "                                                           \
    "AND (?4 = 0 OR (s.kind = ?4 AND s.row_id = ?5) OR (?10 AND ((?4 = 3 AND ?5 IN (a.job_id, "    \
    "n.job_id)) OR (?4 = 4 AND n.appointment_id = ?5)))) "                                         \
    "AND (?6 = 0 OR m.id = ?6) "                                                                   \
    "AND (NOT ?11 OR m.state = 4 OR EXISTS (SELECT 1 FROM attempt AS t "                           \
    "WHERE t.message_id = m.id AND t.outcome = 'unknown')) "
#define BY_DUE "AND m.due_ms >= ?7 AND m.due_ms < ?8 ORDER BY m.due_ms "
#define BY_CHANGE "AND m.state_ms >= ?7 AND m.state_ms < ?8 ORDER BY m.state_ms "

/* by_change, latest */
static const char *const outbox_queries[2][2] = {
    {OUTBOX BY_DUE ", m.id LIMIT ?9", OUTBOX BY_DUE "DESC, m.id DESC LIMIT ?9"},
    {OUTBOX BY_CHANGE ", m.id LIMIT ?9", OUTBOX BY_CHANGE "DESC, m.id DESC LIMIT ?9"},
};

void outbox_read(sqlite3_stmt *st, struct outbox_row *r)
{
    *r = (struct outbox_row){
        .id = column_int(st, 0),
        .rule = column_text(st, 1),
        .purpose = column_text(st, 2),
        .client_id = column_int(st, 3),
        .job_id = column_int(st, 4),
        .appointment_id = column_int(st, 5),
        .client_name = column_text(st, 6),
        .subject_kind = (enum entity_kind)column_int(st, 7),
        .subject_ref = column_text(st, 8),
        .subject_title = column_text(st, 9),
        .to = column_text(st, 10),
        .recipient_kind = (enum entity_kind)column_int(st, 11),
        .recipient_name = column_text(st, 12),
        .channel = (enum channel)column_int(st, 13),
        .state = (enum message_state)column_int(st, 14),
        .nominal_ms = column_int(st, 15),
        .due_ms = column_int(st, 16),
        .expires_ms = column_int(st, 17),
        .next_ms = column_int(st, 18),
        .state_ms = column_int(st, 19),
        .reason = column_text(st, 20),
        .gateway = column_text(st, 21),
        .provider_id = column_text(st, 22),
        .attempts = (int)column_int(st, 23),
        .language = column_text(st, 24),
        .subject = column_text(st, 25),
        .text = column_text(st, 26),
        .leader_id = column_int(st, 27),
    };
    /* Moved on by the gate, for its hours or the cap: that is when it is due now. */
    if (r->state == MESSAGE_PLANNED && r->next_ms > r->due_ms)
        r->due_ms = r->next_ms;
}

static void turn_round(struct outbox_row *rows, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct outbox_row other = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = other;
    }
}

int store_outbox(struct store *s, const struct outbox_filter *f, struct outbox_row **out,
                 size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, outbox_queries[f->by_change][f->latest]);
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, f->states != 0 ? f->states : STATES_ALL);
        bind_text(st, 2, f->rule);
        bind_int(st, 3, f->client_row);
        bind_int(st, 4, f->subject_kind);
        bind_int(st, 5, f->subject_row);
        bind_int(st, 6, f->id);
        bind_int(st, 7, f->since_ms != 0 ? f->since_ms : INT64_MIN);
        bind_int(st, 8, f->until_ms != 0 ? f->until_ms : INT64_MAX);
        bind_int(st, 10, f->with_visits);
        bind_int(st, 11, f->unclear);
        bind_int(st, 9, f->limit != 0 ? (int64_t)f->limit : -1);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        outbox_read(st, &(*out)[(*count)++]);
    }
    if (f->latest)
        turn_round(*out, *count);
    return rc;
}

int store_last_message(struct store *s, int64_t *id)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(max(id), 0) FROM message");
    int rc = store_step(s, st);

    if (rc != 1)
        return rc;
    *id = column_int(st, 0);
    return store_finish(s, st);
}

int store_attempts(struct store *s, int64_t message_id, struct attempt_row **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT at_ms, gateway, outcome, detail, code FROM attempt "
                                        "WHERE message_id = ?1 ORDER BY id");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, message_id);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct attempt_row){
            .at_ms = column_int(st, 0),
            .gateway = column_text(st, 1),
            .outcome = column_text(st, 2),
            .detail = column_text(st, 3),
            .code = (int)column_int(st, 4),
        };
    }
    return rc;
}

void attempts_free(struct attempt_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].gateway);
        free(rows[i].outcome);
        free(rows[i].detail);
    }
    free(rows);
}

/* --- what a person means --- */

static int exists(struct store *s, enum entity_kind kind, int64_t id)
{
    struct client c;
    struct staff m;
    struct job j;
    struct appointment a;
    struct answer n;
    int rc = ERR_NOTFOUND;

    switch (kind) {
    case ENTITY_CLIENT:
        if ((rc = store_client(s, id, &c)) == 0)
            client_close(&c);
        break;
    case ENTITY_STAFF:
        if ((rc = store_staff(s, id, &m)) == 0)
            staff_close(&m);
        break;
    case ENTITY_JOB:
        if ((rc = store_job(s, id, &j)) == 0)
            job_close(&j);
        break;
    case ENTITY_APPOINTMENT:
        if ((rc = store_appointment(s, id, &a)) == 0)
            appointment_close(&a);
        break;
    case ENTITY_ANSWER:
        if ((rc = store_answer(s, id, &n)) == 0)
            answer_close(&n);
        break;
    default:
        break;
    }
    return rc;
}

int store_find(struct store *s, enum entity_kind kind, const char *text, int64_t *row_id)
{
    int rc = store_row_of_key(s, kind, text, row_id);

    if (rc != ERR_NOTFOUND || !str_to_int(text + (text[0] == '#'), 1, INT64_MAX, row_id))
        return rc;
    return exists(s, kind, *row_id);
}

/* A ref that begins like the text, or with which the text begins; else one that ends like it. */
#define NEAR(table)                                                                                \
    "SELECT ref FROM " table " WHERE ref IS NOT NULL AND (instr(lower(ref), lower(?1)) > 0 "       \
    "OR instr(lower(?1), lower(ref)) > 0) "                                                        \
    "ORDER BY instr(lower(ref), lower(?1)) <> 1, length(ref), ref LIMIT 1"

static const char *const near_queries[] = {
    [ENTITY_CLIENT] = NEAR("client"), [ENTITY_STAFF] = NEAR("staff"),
    [ENTITY_JOB] = NEAR("job"),       [ENTITY_APPOINTMENT] = NEAR("appointment"),
    [ENTITY_ANSWER] = NEAR("answer"),
};

char *store_find_near(struct store *s, enum entity_kind kind, const char *text)
{
    sqlite3_stmt *st = store_prepare(s, near_queries[kind]);
    char *found = NULL;

    if (st != NULL)
        bind_text(st, 1, text);
    if (store_step(s, st) == 1) {
        found = column_text(st, 0);
        store_reset(st);
    }
    return found;
}

/* --- messages by hand --- */

static int hand_rule(struct store *s, const struct hand_row *row, int64_t *rule_id)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO rule (name, purpose, since_ms, identity, present) "
           "VALUES (?1, ?2, ?3, '', 0) "
           "ON CONFLICT (name) DO UPDATE SET purpose = excluded.purpose RETURNING id");

    if (st != NULL) {
        bind_text(st, 1, row->rule);
        bind_text(st, 2, purpose_name(row->purpose));
        bind_int(st, 3, row->now_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *rule_id = column_int(st, 0);
    return store_finish(s, st);
}

/* Its subject is its recipient: by that it is known. */
static int add_by_hand(struct store *s, const struct hand_row *row, int64_t recipient_id,
                       int64_t *message_id)
{
    struct message m = {
        .subject_id = recipient_id,
        .recipient_id = recipient_id,
        .occurrence = row->now_ms, /* each is one of its own */
        .channel = row->channel,
        .state = MESSAGE_PLANNED,
        .nominal_ms = row->now_ms,
        .due_ms = row->now_ms,
        .next_ms = row->now_ms,
        .state_ms = row->now_ms,
        .expires_ms = row->expires_ms,
    };
    int rc = hand_rule(s, row, &m.rule_id);

    if (rc == 0)
        rc = store_messages_add(s, &m, 1);
    *message_id = m.id;
    return rc;
}

int store_hand_add(struct store *s, const struct hand_row *row, const char *gateway,
                   const char *address, int64_t *message_id)
{
    int64_t recipient_id = 0;
    int rc = store_entity_intern(s, ENTITY_ADDRESS, address, 0, &recipient_id);

    if (rc == 0)
        rc = add_by_hand(s, row, recipient_id, message_id);
    if (rc != 0)
        return rc;
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE message SET gateway = ?2, address = ?3 WHERE id = ?1");
    if (st != NULL) {
        bind_int(st, 1, *message_id);
        bind_text(st, 2, gateway);
        bind_text(st, 3, address);
    }
    return store_finish(s, st);
}

int store_hand_add_client(struct store *s, const struct hand_row *row, int64_t client_id,
                          int64_t *message_id)
{
    char *key = NULL, *facts = NULL;
    int64_t recipient_id = 0;
    int rc = store_facts(s, ENTITY_CLIENT, client_id, &key, &facts);

    if (rc == 0)
        rc = store_entity_intern(s, ENTITY_CLIENT, key, client_id, &recipient_id);
    if (rc == 0)
        rc = add_by_hand(s, row, recipient_id, message_id);
    free(key);
    free(facts);
    return rc;
}
