/* Messages: the rows, the queue, the outcomes. See store/messages.h. */
#include "store/messages.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/stretch.h"
#include "store/tasks.h"

static const char *const state_names[MESSAGE_STATES] = {
    "planned",   "held",    "retry",  "sending",   "unknown", "sent",
    "delivered", "bounced", "failed", "cancelled", "skipped", "expired",
};

#define BIT(s) (1u << (s))
#define PENDING (BIT(MESSAGE_PLANNED) | BIT(MESSAGE_HELD) | BIT(MESSAGE_RETRY))
#define VOID (BIT(MESSAGE_CANCELLED) | BIT(MESSAGE_SKIPPED) | BIT(MESSAGE_EXPIRED))
#define ANSWERS (BIT(MESSAGE_SENT) | BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_BOUNCED))

/* The allowed moves, from each state to the set behind it. Back from an end to planned: by a new
 * plan when the message never left, or by a person. */
static const unsigned moves[MESSAGE_STATES] = {
    [MESSAGE_PLANNED] = PENDING | VOID | BIT(MESSAGE_SENDING) | BIT(MESSAGE_FAILED),
    [MESSAGE_HELD] = PENDING | VOID | BIT(MESSAGE_SENDING) | BIT(MESSAGE_FAILED),
    [MESSAGE_RETRY] = PENDING | VOID | BIT(MESSAGE_SENDING) | BIT(MESSAGE_FAILED),
    [MESSAGE_SENDING] = BIT(MESSAGE_RETRY) | BIT(MESSAGE_FAILED) | BIT(MESSAGE_UNKNOWN) | ANSWERS |
                        BIT(MESSAGE_EXPIRED),
    [MESSAGE_UNKNOWN] = BIT(MESSAGE_RETRY) | ANSWERS | BIT(MESSAGE_FAILED) | BIT(MESSAGE_CANCELLED),
    [MESSAGE_SENT] = BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_BOUNCED),
    [MESSAGE_DELIVERED] = BIT(MESSAGE_BOUNCED),
    [MESSAGE_BOUNCED] = 0,
    [MESSAGE_FAILED] = BIT(MESSAGE_PLANNED) | VOID | BIT(MESSAGE_FAILED),
    [MESSAGE_CANCELLED] = BIT(MESSAGE_PLANNED) | VOID | BIT(MESSAGE_FAILED),
    [MESSAGE_SKIPPED] = BIT(MESSAGE_PLANNED) | VOID | BIT(MESSAGE_FAILED),
    [MESSAGE_EXPIRED] = BIT(MESSAGE_PLANNED) | VOID | BIT(MESSAGE_FAILED),
};

const char *message_state_name(enum message_state s)
{
    return (unsigned)s < MESSAGE_STATES ? state_names[s] : "?";
}

bool message_state_from(const char *name, enum message_state *out)
{
    for (int i = 0; i < MESSAGE_STATES; i++)
        if (strcmp(name, state_names[i]) == 0) {
            *out = (enum message_state)i;
            return true;
        }
    return false;
}

bool message_is_pending(enum message_state s)
{
    return (BIT(s) & PENDING) != 0;
}

bool message_may_move(enum message_state from, enum message_state to)
{
    return (unsigned)from < MESSAGE_STATES && (unsigned)to < MESSAGE_STATES &&
           (moves[from] & BIT(to)) != 0;
}

bool message_is_retried(const struct message *m)
{
    return m->final && message_is_pending(m->state);
}

void message_close(struct message *m)
{
    free(m->reason);
    free(m->gateway);
    free(m->address);
    free(m->provider_id);
    free(m->saw);
    *m = (struct message){0};
}

void messages_free(struct message *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        message_close(&list[i]);
    free(list);
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "id, rule_id, subject_id, recipient_id, occurrence, repeat, channel, state, nominal_ms, "      \
    "due_ms, expires_ms, next_ms, state_ms, attempts, final, inside, reason, gateway, address, "   \
    "provider_id, merges, leader_id"

static void read_message(sqlite3_stmt *st, struct message *m)
{
    *m = (struct message){
        .id = column_int(st, 0),
        .rule_id = column_int(st, 1),
        .subject_id = column_int(st, 2),
        .recipient_id = column_int(st, 3),
        .occurrence = column_int(st, 4),
        .repeat = (int)column_int(st, 5),
        .channel = (enum channel)column_int(st, 6),
        .state = (enum message_state)column_int(st, 7),
        .nominal_ms = column_int(st, 8),
        .due_ms = column_int(st, 9),
        .expires_ms = column_int(st, 10),
        .next_ms = column_int(st, 11),
        .state_ms = column_int(st, 12),
        .attempts = (int)column_int(st, 13),
        .final = column_int(st, 14) != 0,
        .inside = column_int(st, 15) != 0,
        .reason = column_text(st, 16),
        .gateway = column_text(st, 17),
        .address = column_text(st, 18),
        .provider_id = column_text(st, 19),
        .merges = column_int(st, 20) != 0,
        .leader_id = column_int(st, 21),
    };
}

static int read_all(struct store *s, sqlite3_stmt *st, struct message **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_message(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_message(struct store *s, int64_t id, struct message *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " COLUMNS " FROM message WHERE id = ?1");

    *out = (struct message){0};
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_message(st, out);
    store_reset(st);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct message *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

/* SQLite would put the few that there are into a sorter, which takes longer than to read them. */
int store_messages_of(struct store *s, int64_t subject_id, struct message **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " COLUMNS " FROM message WHERE subject_id = ?1");

    if (st != NULL)
        bind_int(st, 1, subject_id);
    int rc = read_all(s, st, out, count);
    if (*count > 1)
        qsort(*out, *count, sizeof(**out), by_id);
    return rc;
}

static int by_subject(const void *a, const void *b)
{
    const struct message *x = a, *y = b;

    return x->subject_id != y->subject_id ? (x->subject_id > y->subject_id ? 1 : -1) : by_id(a, b);
}

int store_stretch_messages(struct store *s, struct stretch at, int64_t rule_id,
                           struct message **out, size_t *count)
{
    sqlite3_stmt *st =
        rule_id == 0 ? store_prepare(s, "SELECT " COLUMNS " FROM message INDEXED BY message_key "
                                        "WHERE subject_id BETWEEN ?1 AND ?2")
                     : store_prepare(s, "SELECT " COLUMNS " FROM message INDEXED BY message_key "
                                        "WHERE subject_id BETWEEN ?1 AND ?2 AND rule_id = ?3");

    if (st != NULL) {
        bind_int(st, 1, at.first);
        bind_int(st, 2, at.last);
    }
    if (st != NULL && rule_id != 0)
        bind_int(st, 3, rule_id);
    int rc = read_all(s, st, out, count);
    if (*count > 1)
        qsort(*out, *count, sizeof(**out), by_subject);
    return rc;
}

int store_messages_in(struct store *s, enum message_state state, int64_t after, size_t max,
                      struct message **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " COLUMNS " FROM message WHERE state = ?1 AND "
                                        "state BETWEEN 3 AND 4 AND id > ?2 AND leader_id IS NULL "
                                        "ORDER BY id LIMIT ?3");

    if (st != NULL) {
        bind_int(st, 1, state);
        bind_int(st, 2, after);
        bind_int(st, 3, (int64_t)max);
    }
    return read_all(s, st, out, count);
}

int store_messages_pending(struct store *s, int64_t after, int64_t stretch, struct message **out,
                           size_t *count, bool *done)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " COLUMNS " FROM message WHERE id > ?1 AND "
                                        "id <= ?2 AND state <= 2 ORDER BY id");

    if (st != NULL) {
        bind_int(st, 1, after);
        bind_int(st, 2, after + stretch);
    }
    int rc = read_all(s, st, out, count);
    st = store_prepare(s, "SELECT EXISTS (SELECT 1 FROM message WHERE id > ?1)");
    if (st != NULL)
        bind_int(st, 1, after + stretch);
    if (rc == 0)
        rc = store_step(s, st);
    if (rc == 1) {
        *done = column_int(st, 0) == 0;
        store_reset(st);
        rc = 0;
    }
    return rc;
}

/* Channel by channel, so that the many that wait for a closed one are not even looked at. */
int store_messages_due(struct store *s, int64_t now_ms, const bool closed[CHANNEL_COUNT],
                       size_t max, struct message **out, size_t *count)
{
    size_t cap = 0;
    int rc = 0;

    *out = NULL;
    *count = 0;
    for (int c = 0; rc == 0 && c < CHANNEL_COUNT; c++) {
        if (closed[c])
            continue;
        sqlite3_stmt *st = store_prepare(
            s, "SELECT " COLUMNS " FROM message INDEXED BY message_next WHERE state <= 2 AND "
               "next_ms <= near_ms AND channel = ?1 AND next_ms <= ?2 ORDER BY next_ms LIMIT ?3");
        if (st != NULL) {
            bind_int(st, 1, c);
            bind_int(st, 2, now_ms);
            bind_int(st, 3, (int64_t)max);
        }
        while ((rc = store_step(s, st)) == 1) {
            mem_grow(out, &cap, *count + 1, sizeof(**out));
            read_message(st, &(*out)[(*count)++]);
        }
    }
    return rc;
}

int store_messages_refused(struct store *s, int64_t from_ms, int64_t until_ms,
                           struct message_time **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, due_ms FROM message WHERE state IN (8, 10) AND attempts = 0 "
                         "AND due_ms >= ?1 AND due_ms < ?2 ORDER BY due_ms, id");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, from_ms);
        bind_int(st, 2, until_ms);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct message_time){column_int(st, 0), column_int(st, 1)};
    }
    return rc;
}

int store_heard_any(struct store *s, int64_t recipient_id, int64_t since_ms, bool *any)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT 1 FROM message INDEXED BY message_heard WHERE recipient_id = ?1 "
                         "AND state BETWEEN 3 AND 7 AND state_ms > ?2 LIMIT 1");

    if (st != NULL) {
        bind_int(st, 1, recipient_id);
        bind_int(st, 2, since_ms);
    }
    int rc = store_step(s, st);
    *any = rc == 1;
    if (rc == 1)
        store_reset(st);
    return rc < 0 ? rc : 0;
}

int store_heard(struct store *s, const struct message *m, int64_t since_ms, int most, int *count,
                int64_t *earliest_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT max(m.state_ms) AS at_ms FROM message m INDEXED BY message_heard JOIN rule r "
           "ON r.id = m.rule_id WHERE m.recipient_id = ?1 AND m.state BETWEEN 3 AND 7 "
           "AND m.state_ms > ?2 AND m.leader_id IS NULL AND r.capped "
           "AND (r.present OR r.identity = '') "
           "AND NOT (m.rule_id = ?4 AND "
           "m.subject_id = ?5 AND m.occurrence = ?6 AND m.repeat = ?7) "
           "GROUP BY m.rule_id, m.subject_id, m.occurrence, m.repeat "
           "ORDER BY at_ms DESC LIMIT ?3");
    int rc;

    *count = 0;
    *earliest_ms = INT64_MAX;
    if (st != NULL) {
        bind_int(st, 1, m->recipient_id);
        bind_int(st, 2, since_ms);
        bind_int(st, 3, most);
        bind_int(st, 4, m->rule_id);
        bind_int(st, 5, m->subject_id);
        bind_int(st, 6, m->occurrence);
        bind_int(st, 7, m->repeat);
    }
    while ((rc = store_step(s, st)) == 1) {
        (*count)++;
        *earliest_ms = column_int(st, 0);
    }
    return rc;
}

int store_messages_look_again(struct store *s, int64_t subject_id, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE message SET next_ms = ?2 WHERE subject_id = ?1 "
                                        "AND state = 1 AND next_ms > ?2");

    if (st != NULL) {
        bind_int(st, 1, subject_id);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

int store_messages_next(struct store *s, int64_t *next_ms)
{
    int rc = 0;

    *next_ms = INT64_MAX;
    for (int c = 0; rc == 0 && c < CHANNEL_COUNT; c++) {
        sqlite3_stmt *st =
            store_prepare(s, "SELECT next_ms FROM message INDEXED BY message_next WHERE "
                             "state <= 2 AND next_ms <= near_ms AND channel = ?1 "
                             "ORDER BY next_ms LIMIT 1");
        if (st != NULL)
            bind_int(st, 1, c);
        rc = store_step(s, st);
        if (rc == 1) {
            if (column_int(st, 0) < *next_ms)
                *next_ms = column_int(st, 0);
            store_reset(st);
            rc = 0;
        }
    }
    return rc;
}

/* --- moving --- */

/* The statement that moved it has run. What a person was asked to mend is mended, or does not
 * matter any more, once it is held no longer; nor need they stand in for one that goes after all.
 */
static int moved(struct store *s, const struct message *m, enum message_state to, int64_t now_ms)
{
    int rc = 0;

    if (sqlite3_changes(s->db) > 0 && m->state != to) { /* 0: it stood otherwise */
        rc = tally_messages(s, m->rule_id, m->state, -1);
        rc = rc == 0 ? tally_messages(s, m->rule_id, to, 1) : rc;
    }
    if (rc == 0 && m->state == MESSAGE_HELD && to != MESSAGE_HELD)
        rc = store_tasks_settle(s, m->id, "the message is not held any more", now_ms);
    else if (rc == 0 && m->state == MESSAGE_SKIPPED && to == MESSAGE_PLANNED)
        rc = store_tasks_settle(s, m->id, "the message is looked at again", now_ms);
    return rc;
}

int store_message_move(struct store *s, const struct message *m, enum message_state to,
                       int64_t now_ms, int64_t next_ms, const char *reason)
{
    sqlite3_stmt *st;

    if (!message_may_move(m->state, to))
        return ERR_INVALID;
    st = store_prepare(s, "UPDATE message SET state = ?2, state_ms = ?3, next_ms = ?4, reason = ?5 "
                          "WHERE id = ?1 AND state = ?6");
    if (st != NULL) {
        bind_int(st, 1, m->id);
        bind_int(st, 2, to);
        bind_int(st, 3, now_ms);
        bind_int(st, 4, next_ms);
        bind_text(st, 5, reason);
        bind_int(st, 6, m->state);
    }
    int rc = store_finish(s, st);
    return rc == 0 ? moved(s, m, to, now_ms) : rc;
}

/* --- the wire --- */

void payload_init(struct payload *p)
{
    *p = (struct payload){0};
    buf_init(&p->data);
}

void payload_close(struct payload *p)
{
    free(p->token);
    free(p->language);
    free(p->subject);
    free(p->text);
    buf_close(&p->data);
    payload_init(p);
}

int store_payload_save(struct store *s, int64_t message_id, const struct payload *p)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT OR REPLACE INTO payload (message_id, token, committing, language, subject, "
           "text, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    if (st != NULL) {
        bind_int(st, 1, message_id);
        bind_text(st, 2, p->token);
        bind_int(st, 3, p->committing);
        bind_text(st, 4, p->language);
        bind_text(st, 5, p->subject);
        bind_text(st, 6, p->text);
        if (p->data.len > 0)
            sqlite3_bind_blob64(st, 7, p->data.data, p->data.len, SQLITE_STATIC);
    }
    return store_finish(s, st);
}

int store_payload(struct store *s, int64_t message_id, struct payload *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT token, committing, language, subject, text, data "
                                        "FROM payload WHERE message_id = ?1");

    payload_init(out);
    if (st != NULL)
        bind_int(st, 1, message_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    out->token = column_text(st, 0);
    out->committing = column_int(st, 1) != 0;
    out->language = column_text(st, 2);
    out->subject = column_text(st, 3);
    out->text = column_text(st, 4);
    buf_append(&out->data, sqlite3_column_blob(st, 5), (size_t)sqlite3_column_bytes(st, 5));
    store_reset(st);
    return 0;
}

int store_message_claim(struct store *s, const struct message *m, const char *gateway,
                        const char *address, int64_t leader_id, int64_t now_ms)
{
    sqlite3_stmt *st;

    if (!message_may_move(m->state, MESSAGE_SENDING))
        return ERR_INVALID;
    st = store_prepare(
        s, "UPDATE message SET state = 3, state_ms = ?2, gateway = ?3, "
           "address = ?4, channel = ?5, attempts = attempts + 1, reason = NULL, saw = ?8, "
           "leader_id = nullif(?6, 0) WHERE id = ?1 AND state = ?7");
    if (st != NULL) {
        bind_int(st, 1, m->id);
        bind_text(st, 8, m->saw);
        bind_int(st, 2, now_ms);
        bind_text(st, 3, gateway);
        bind_text(st, 4, address);
        bind_int(st, 5, m->channel);
        bind_int(st, 6, leader_id);
        bind_int(st, 7, m->state);
    }
    int rc = store_finish(s, st);
    return rc == 0 ? moved(s, m, MESSAGE_SENDING, now_ms) : rc;
}

int store_message_committing(struct store *s, int64_t id, bool committing)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE payload SET committing = ?2 WHERE message_id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, committing);
    }
    return store_finish(s, st);
}

int store_attempt_add(struct store *s, int64_t message_id, int64_t at_ms, const char *gateway,
                      const char *outcome, int code, const char *detail, const char *provider_id)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO attempt (message_id, at_ms, gateway, outcome, code, detail) "
                         "VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), nullif(?6, ''))");

    if (st != NULL) {
        bind_int(st, 1, message_id);
        bind_int(st, 2, at_ms);
        bind_text(st, 3, gateway);
        bind_text(st, 4, outcome);
        bind_int(st, 5, code);
        bind_text(st, 6, detail);
    }
    int rc = store_finish(s, st);
    if (rc == 0)
        rc = tally_attempt(s, gateway, outcome, at_ms);
    if (rc != 0 || provider_id == NULL || provider_id[0] == '\0')
        return rc;
    st = store_prepare(s, "UPDATE message SET provider_id = ?2 WHERE id = ?1");
    if (st != NULL) {
        bind_int(st, 1, message_id);
        bind_text(st, 2, provider_id);
    }
    return store_finish(s, st);
}

/* --- several that go as one --- */

int store_messages_to_merge(struct store *s, const struct message *leader, int64_t until_ms,
                            size_t max, struct message **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT " COLUMNS " FROM message INDEXED BY message_merge WHERE merges AND state <= 2 "
           "AND recipient_id = ?1 AND channel = ?2 AND next_ms <= ?3 AND id <> ?4 "
           "ORDER BY next_ms LIMIT ?5");

    if (st != NULL) {
        bind_int(st, 1, leader->recipient_id);
        bind_int(st, 2, leader->channel);
        bind_int(st, 3, until_ms);
        bind_int(st, 4, leader->id);
        bind_int(st, 5, (int64_t)max);
    }
    return read_all(s, st, out, count);
}

int store_messages_with(struct store *s, int64_t leader_id, struct message **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT " COLUMNS " FROM message WHERE leader_id = ?1 ORDER BY id");

    if (st != NULL)
        bind_int(st, 1, leader_id);
    return read_all(s, st, out, count);
}

int store_message_part(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE message SET leader_id = NULL WHERE id = ?1");

    if (st != NULL)
        bind_int(st, 1, id);
    return store_finish(s, st);
}

int store_payload_drop(struct store *s, int64_t message_id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM payload WHERE message_id = ?1");

    if (st != NULL)
        bind_int(st, 1, message_id);
    return store_finish(s, st);
}
