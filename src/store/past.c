/*
 * The recorded past, noted and brought back. See store/past.h.
 *
 * What happened is a row of `past` (from then on the facts were these) or of `event`, or a consent.
 * Both are folded into the entity in the order of time: facts first, then the events of the same
 * moment, whose stage or status is that of the moment itself, while facts are those that the look
 * found (which may have come a little later). Then the entity is put into the twins of its row.
 *
 * An event that is older than all facts has those that come first: they were found by a look that
 * saw several changes at once, or a backlog.
 */
#include "store/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "condition_inner.h"
#include "store/internal.h"

enum step_kind { STEP_FACTS, STEP_EVENT, STEP_CONSENT };

/* Something that happened. */
struct step {
    int64_t seq, at_ms;
    enum step_kind kind;
    int64_t entity_id;
    int64_t revision; /* of an event; the id of a consent */
    enum event event;
    char *text; /* STEP_FACTS: the facts; STEP_EVENT: the stage */
};

enum { PUT_INSERT, PUT_UPDATE, PUTS };
struct puts { /* the statements that write into the twins of one connection */
    sqlite3_stmt *job[PUTS], *appointment[PUTS];
};

struct past {
    struct store *draft;
    struct conditions *conditions;
    struct puts records, seen; /* the draft's; those that conditions see */
};

int store_past_add(struct store *s, int64_t entity_id, int64_t at_ms, const char *facts)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT OR REPLACE INTO past (entity_id, at_ms, facts) VALUES (?1, ?2, ?3)");

    if (st != NULL) {
        bind_int(st, 1, entity_id);
        bind_int(st, 2, at_ms);
        bind_text(st, 3, facts);
    }
    return store_finish(s, st);
}

/* --- rows --- */

static const char *const put_job[PUTS] = {
    "INSERT OR IGNORE INTO temp.job SELECT * FROM main.job WHERE id = ?1",
    "UPDATE temp.job SET stage = ?2, workflow = nullif(?3, ''), due = nullif(?4, ''), "
    "client_id = ?5, staff_id = nullif(?6, '') WHERE id = ?1",
};
static const char *const put_appointment[PUTS] = {
    "INSERT OR IGNORE INTO temp.appointment SELECT * FROM main.appointment WHERE id = ?1",
    "UPDATE temp.appointment SET status = ?2, starts = ?3, timezone = nullif(?4, ''), "
    "ends = nullif(?5, ''), client_id = ?6, job_id = nullif(?7, ''), staff_id = nullif(?8, '') "
    "WHERE id = ?1",
};

/* The parts of facts, in the order of the columns from ?3 on. */
static const int job_parts[] = {JOB_WORKFLOW, JOB_DUE, JOB_CLIENT, JOB_STAFF};
static const int appointment_parts[] = {APPOINTMENT_STARTS, APPOINTMENT_ZONE, APPOINTMENT_ENDS,
                                        APPOINTMENT_CLIENT, APPOINTMENT_JOB,  APPOINTMENT_STAFF};
#define PARTS_MAX 6

static int put_step(sqlite3_stmt *st)
{
    sqlite3_step(st);
    return sqlite3_reset(st);
}

/* Have the entity's row stand as the entity does. */
static int put_row(sqlite3 *db, struct puts *puts, const struct entity *e)
{
    bool job = e->kind == ENTITY_JOB;
    sqlite3_stmt **st = job ? puts->job : puts->appointment;
    const int *parts = job ? job_parts : appointment_parts;
    size_t count = job ? sizeof(job_parts) / sizeof(int) : sizeof(appointment_parts) / sizeof(int);
    char *values[PARTS_MAX];
    int result = SQLITE_OK;

    for (int i = 0; result == SQLITE_OK && i < PUTS; i++)
        if (st[i] == NULL)
            result = sqlite3_prepare_v3(db, job ? put_job[i] : put_appointment[i], -1,
                                        SQLITE_PREPARE_PERSISTENT, &st[i], NULL);
    if (result != SQLITE_OK)
        return result;
    bind_int(st[PUT_INSERT], 1, e->row_id);
    result = put_step(st[PUT_INSERT]);
    if (result != SQLITE_OK || e->facts == NULL)
        return result;
    bind_int(st[PUT_UPDATE], 1, e->row_id);
    bind_text(st[PUT_UPDATE], 2, e->state);
    for (size_t i = 0; i < count; i++) {
        values[i] = entity_fact(e->facts, parts[i]);
        bind_text(st[PUT_UPDATE], (int)i + 3, values[i]);
    }
    result = put_step(st[PUT_UPDATE]);
    for (size_t i = 0; i < count; i++)
        free(values[i]);
    return result;
}

static int put(struct past *p, struct entity *e)
{
    char *client = entity_fact(e->facts, e->kind == ENTITY_JOB ? JOB_CLIENT : APPOINTMENT_CLIENT);

    if (e->kind == ENTITY_ANSWER) /* it does not change: it is read where it stands */
        return store_entity_save(p->draft, e);
    if (client != NULL)
        e->client_row = strtoll(client, NULL, 10);
    free(client);
    if (put_row(p->draft->db, &p->records, e) != SQLITE_OK)
        return store_failed(p->draft);
    if (p->conditions != NULL) {
        int result = put_row(conditions_own(p->conditions), &p->seen, e);
        conditions_own_end(p->conditions);
        if (result != SQLITE_OK)
            return ERR_IO;
    }
    return store_entity_save(p->draft, e);
}

/* --- folding --- */

static void set_state(struct entity *e, const char *state)
{
    char *own = mem_strdup(state);

    free(e->state);
    e->state = own;
}

static void fold_facts(struct entity *e, const char *facts)
{
    char *own = mem_strdup(facts);

    free(e->facts);
    e->facts = own;
    char *state = entity_fact(own, e->kind == ENTITY_JOB ? JOB_STAGE : APPOINTMENT_STATUS);
    set_state(e, state);
    free(state);
}

static int first_facts(struct past *p, struct entity *e)
{
    sqlite3_stmt *st = store_prepare(p->draft, "SELECT facts FROM main.past WHERE entity_id = ?1 "
                                               "ORDER BY at_ms LIMIT 1");

    if (st != NULL)
        bind_int(st, 1, e->id);
    int rc = store_step(p->draft, st);
    if (rc == 1) {
        fold_facts(e, (const char *)sqlite3_column_text(st, 0));
        store_reset(st);
        rc = 0;
    }
    return rc;
}

static int fold(struct past *p, struct entity *e, const struct step *step)
{
    int rc = 0;

    e->present = true;
    e->generation = 0;
    if (step->kind == STEP_FACTS) {
        fold_facts(e, step->text);
        return 0;
    }
    if (e->facts == NULL && e->kind != ENTITY_ANSWER)
        rc = first_facts(p, e);
    e->revision = step->revision;
    switch (step->event) {
    case EVENT_JOB_ENTERS:
        set_state(e, step->text);
        break;
    case EVENT_APPOINTMENT_BOOKED:
        e->told_ms = 0;
        if (!str_eq(e->state, "confirmed"))
            set_state(e, "booked");
        break;
    case EVENT_APPOINTMENT_CONFIRMED:
        set_state(e, "confirmed");
        break;
    case EVENT_APPOINTMENT_CANCELLED:
        set_state(e, "cancelled");
        break;
    case EVENT_APPOINTMENT_MISSED:
        set_state(e, "missed");
        break;
    default:
        break;
    }
    return rc;
}

/* --- as it stood at the beginning --- */

/* Everything that happened to records which are still there, in one order of columns. */
#define HAPPENED(from, until)                                                                      \
    "SELECT h.entity_id AS entity_id, h.at_ms AS at_ms, 0 AS kind, 0 AS revision, 0 AS event, "    \
    "h.facts AS text FROM main.past h JOIN main.entity n ON n.id = h.entity_id AND n.present "     \
    "WHERE h.at_ms >= " from " AND h.at_ms < " until " UNION ALL "                                 \
    "SELECT h.entity_id, h.at_ms, 1, h.revision, h.event, h.stage "                                \
    "FROM main.event h JOIN main.entity n ON n.id = h.entity_id AND n.present "                    \
    "WHERE h.at_ms >= " from " AND h.at_ms < " until

/* A consent with no date that can be read was always there. */
#define CONSENT_MS "coalesce(unixepoch(at) * 1000, 0)"

#define SENT_MS LEFT_MS("main.attempt")

/* Statements with ?1: the beginning, ?2: the end. */
static const char *const beginning[] = {
    "UPDATE temp.entity SET present = 0, revision = 0, state = NULL, facts = NULL, generation = 0, "
    "told_ms = 0 WHERE " IS_SUBJECT,
    "INSERT INTO temp.event SELECT * FROM main.event WHERE at_ms < ?1",
    "INSERT INTO temp.consent SELECT * FROM main.consent WHERE " CONSENT_MS " < ?1",
    /* What was decided by then stays decided; what was void by then is void as long as nobody wants
     * it. */
    "INSERT INTO temp.message SELECT * FROM main.message m WHERE state >= 4 AND "
    "CASE WHEN state <= 7 THEN " SENT_MS " ELSE state_ms END < ?1",
    "UPDATE temp.message AS m SET final = state <> 9, "
    "state_ms = CASE WHEN state <= 7 THEN " SENT_MS " ELSE state_ms END",
    "CREATE TEMP TABLE step (seq INTEGER PRIMARY KEY, at_ms INTEGER, kind INTEGER, "
    "entity_id INTEGER, revision INTEGER, event INTEGER, text TEXT)",
    "INSERT INTO temp.step (at_ms, kind, entity_id, revision, event, text) "
    "SELECT at_ms, kind, entity_id, revision, event, text FROM (" HAPPENED(
        "?1", "?2") " UNION ALL SELECT 0, " CONSENT_MS
                    ", 2, id, 0, NULL FROM main.consent WHERE " CONSENT_MS " >= ?1 AND " CONSENT_MS
                    " < ?2) ORDER BY at_ms, entity_id, kind, revision",
};
#define BEGINNING_SQL (sizeof(beginning) / sizeof(beginning[0]))

/* When a client had first heard of the visit, since it was last booked: after the messages. */
static const char told[] =
    "UPDATE temp.entity SET told_ms = coalesce((SELECT min(m.state_ms) FROM temp.message m "
    "JOIN temp.entity r ON r.id = m.recipient_id AND r.kind = 1 "
    "WHERE m.subject_id = entity.id AND m.state BETWEEN 4 AND 7 AND m.state_ms >= "
    "coalesce((SELECT max(at_ms) FROM temp.event v WHERE v.entity_id = entity.id AND v.event = 6), "
    "0)), 0) WHERE kind = 3 OR kind = 4";
_Static_assert(EVENT_APPOINTMENT_BOOKED == 6, "the statement above");

static int run(struct store *s, const char *sql, int64_t from_ms, int64_t until_ms)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return store_failed(s);
    bind_int(st, 1, from_ms); /* out of range where there is none: no matter */
    bind_int(st, 2, until_ms);
    sqlite3_step(st);
    return sqlite3_finalize(st) == SQLITE_OK ? 0 : store_failed(s);
}

/* Before the beginning only the last state of each matters: one row after another, each once. */
static int bring_back(struct past *p, int64_t from_ms)
{
    struct store *s = p->draft;
    sqlite3_stmt *st =
        store_prepare(s, "SELECT entity_id, at_ms, kind, revision, event, text "
                         "FROM (" HAPPENED("-1", "?1") ") "
                                                       "ORDER BY entity_id, at_ms, kind, revision");
    struct entity e = {0};
    int rc;

    if (st != NULL)
        bind_int(st, 1, from_ms);
    while ((rc = store_step(s, st)) == 1) {
        struct step step = {
            .kind = (enum step_kind)column_int(st, 2),
            .entity_id = column_int(st, 0),
            .revision = column_int(st, 3),
            .event = (enum event)column_int(st, 4),
            .text = column_text(st, 5),
        };
        rc = 0;
        if (e.id != step.entity_id) {
            if (e.id != 0)
                rc = put(p, &e);
            entity_close(&e);
            if (rc == 0)
                rc = store_entity(s, step.entity_id, &e);
        }
        if (rc == 0)
            rc = fold(p, &e, &step);
        free(step.text);
        if (rc != 0) {
            store_reset(st);
            break;
        }
    }
    if (rc == 0 && e.id != 0)
        rc = put(p, &e);
    entity_close(&e);
    return rc;
}

int past_begin(struct store *draft, struct conditions *conditions, int64_t from_ms,
               int64_t until_ms, struct past **out)
{
    struct past *p = mem_zalloc(sizeof(*p));
    int rc = 0;

    *out = p;
    p->draft = draft;
    p->conditions = conditions;
    for (size_t i = 0; rc == 0 && i < BEGINNING_SQL; i++)
        rc = run(draft, beginning[i], from_ms, until_ms);
    if (rc == 0)
        rc = bring_back(p, from_ms);
    return rc == 0 ? run(draft, told, from_ms, until_ms) : rc;
}

void past_free(struct past *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < PUTS; i++) {
        sqlite3_finalize(p->records.job[i]);
        sqlite3_finalize(p->records.appointment[i]);
        sqlite3_finalize(p->seen.job[i]);
        sqlite3_finalize(p->seen.appointment[i]);
    }
    free(p);
}

/* --- step by step --- */

/* 1: there is one; 0: none. */
static int next_step(struct past *p, struct step *out)
{
    sqlite3_stmt *st = store_prepare(p->draft, "SELECT seq, at_ms, kind, entity_id, revision, "
                                               "event, text FROM step ORDER BY seq LIMIT 1");
    int rc = store_step(p->draft, st);

    if (rc != 1)
        return rc;
    *out = (struct step){
        .seq = column_int(st, 0),
        .at_ms = column_int(st, 1),
        .kind = (enum step_kind)column_int(st, 2),
        .entity_id = column_int(st, 3),
        .revision = column_int(st, 4),
        .event = (enum event)column_int(st, 5),
        .text = column_text(st, 6),
    };
    store_reset(st);
    return 1;
}

static int done(struct past *p, const struct step *step)
{
    sqlite3_stmt *st = store_prepare(p->draft, "DELETE FROM step WHERE seq = ?1");

    if (st != NULL)
        bind_int(st, 1, step->seq);
    return store_finish(p->draft, st);
}

/* All of the client's subjects are concerned. */
static int consent(struct past *p, int64_t id, entity_each each, void *arg)
{
    struct store *s = p->draft;
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO temp.consent SELECT * FROM main.consent "
                                        "WHERE id = ?1 RETURNING client_id");
    int64_t client_row = 0;

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc == 1) {
        client_row = column_int(st, 0);
        rc = store_finish(s, st);
    }
    return rc == 0 ? store_entities_of_client(s, client_row, each, arg) : rc;
}

static int happen(struct past *p, const struct step *step, entity_each each, void *arg)
{
    struct entity e = {0};
    int rc = store_entity(p->draft, step->entity_id, &e);

    if (rc == ERR_NOTFOUND) /* it came after the draft was made */
        return 0;
    if (rc == 0 && step->kind == STEP_EVENT) {
        struct plan_event event = {step->event, step->revision, step->text, step->at_ms};
        rc = store_event_add(p->draft, e.id, &event);
    }
    if (rc == 0)
        rc = fold(p, &e, step);
    if (rc == 0)
        rc = put(p, &e);
    if (rc == 0)
        each(arg, e.id);
    if (rc == 0 && e.kind == ENTITY_ANSWER) /* it may end what others wait for */
        rc = store_entities_of_client(p->draft, e.client_row, each, arg);
    entity_close(&e);
    return rc;
}

int past_next(struct past *p, int64_t *at_ms)
{
    struct step step;
    int rc = next_step(p, &step);

    *at_ms = INT64_MAX;
    if (rc != 1)
        return rc;
    *at_ms = step.at_ms;
    free(step.text);
    return 0;
}

int past_go_on(struct past *p, int64_t at_ms, entity_each each, void *arg)
{
    struct step step;
    int rc;

    while ((rc = next_step(p, &step)) == 1) {
        bool now = step.at_ms <= at_ms;
        rc = 0;
        if (now && step.kind == STEP_CONSENT)
            rc = consent(p, step.revision, each, arg);
        else if (now)
            rc = happen(p, &step, each, arg);
        if (rc == 0 && now)
            rc = done(p, &step);
        free(step.text);
        if (rc != 0 || !now)
            break;
    }
    return rc;
}

/* --- what really went --- */

int store_past_sent(struct store *draft, int64_t from_ms, int64_t until_ms, past_sent_each each,
                    void *arg)
{
    sqlite3_stmt *st = store_prepare(
        draft,
        "SELECT * FROM (SELECT m.id, r.name, m.subject_id, m.occurrence, m.recipient_id, m.repeat, "
        "m.channel, m.state, m.due_ms, " SENT_MS " AS sent_ms, m.address, "
        "iif(m.leader_id IS NULL, w.text, NULL) FROM main.message m "
        "JOIN main.rule r ON r.id = m.rule_id JOIN main.entity n ON n.id = m.subject_id "
        "AND n.kind IN (3, 4, 7) LEFT JOIN main.payload w ON w.message_id = m.id "
        "WHERE m.state BETWEEN 4 AND 7) WHERE sent_ms >= ?1 AND sent_ms < ?2 ORDER BY sent_ms, id");
    int rc;

    if (st != NULL) {
        bind_int(st, 1, from_ms);
        bind_int(st, 2, until_ms);
    }
    while ((rc = store_step(draft, st)) == 1) {
        struct past_sent m = {
            .id = column_int(st, 0),
            .rule = (const char *)sqlite3_column_text(st, 1),
            .subject_id = column_int(st, 2),
            .occurrence = column_int(st, 3),
            .recipient_id = column_int(st, 4),
            .repeat = (int)column_int(st, 5),
            .channel = (enum channel)column_int(st, 6),
            .state = (enum message_state)column_int(st, 7),
            .due_ms = column_int(st, 8),
            .sent_ms = column_int(st, 9),
            .to = (const char *)sqlite3_column_text(st, 10),
            .text = (const char *)sqlite3_column_text(st, 11),
        };
        each(arg, &m);
    }
    return rc;
}
