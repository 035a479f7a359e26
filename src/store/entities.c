/*
 * The change log, entities and events. See store/entities.h.
 *
 * Facts are computed by one SQL expression per kind, used alike when an entity is looked at and
 * when the full reconcile compares every row with what we know: they can never disagree about what
 * counts as a difference.
 */
#include "store/entities.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

/* char(31), the unit separator, cannot stand in any of these columns but free text, where it would
 * only cause one more look. */
#define J(column) " || char(31) || coalesce(" column ", '')"

#define CLIENT_FACTS                                                                               \
    "coalesce(r.email, '')" J("r.phone") J("r.channel") J("r.timezone")                            \
        J("(SELECT max(id) FROM consent WHERE client_id = r.id)")
#define STAFF_FACTS                                                                                \
    "coalesce(r.email, '')" J("r.phone") J("r.department") J("r.manager_id") J("r.timezone")       \
        J("r.active")
#define JOB_FACTS                                                                                  \
    "trim(r.stage)" J("r.workflow") J("r.due") J("r.client_id") J("r.staff_id") J("NULL")
#define APPOINTMENT_FACTS                                                                          \
    "r.starts" J("r.timezone") J("r.status") J("r.ends") J("r.client_id") J("r.job_id")            \
        J("r.staff_id")
#define ANSWER_FACTS                                                                               \
    "r.at" J("r.client_id") J("r.job_id") J("r.appointment_id") J("r.score") J("NULL")
#define KEY "coalesce(r.ref, '#' || r.id)"

/* Whether there is an entity of its key, or of its row, is asked in the same breath: of a backlog
 * most rows have none, and looking for it takes two statements. */
#define FACTS(kind, table, facts)                                                                  \
    "SELECT " KEY ", " facts ", "                                                                  \
    "EXISTS (SELECT 1 FROM entity e WHERE e.kind = " kind " AND e.key = " KEY ") "                 \
    "OR EXISTS (SELECT 1 FROM entity e WHERE e.kind = " kind " AND e.row_id = r.id), r.id "        \
    "FROM " table " r WHERE r.id "
#define ONE_ROW "= ?1"
#define ROWS "BETWEEN ?1 AND ?2"

static const char *const fact_queries[] = {
    [ENTITY_CLIENT] = FACTS("1", "client", CLIENT_FACTS) ONE_ROW,
    [ENTITY_STAFF] = FACTS("2", "staff", STAFF_FACTS) ONE_ROW,
    [ENTITY_JOB] = FACTS("3", "job", JOB_FACTS) ONE_ROW,
    [ENTITY_APPOINTMENT] = FACTS("4", "appointment", APPOINTMENT_FACTS) ONE_ROW,
    [ENTITY_ANSWER] = FACTS("7", "answer", ANSWER_FACTS) ONE_ROW,
};
static const char *const run_queries[] = {
    [ENTITY_CLIENT] = FACTS("1", "client", CLIENT_FACTS) ROWS,
    [ENTITY_JOB] = FACTS("3", "job", JOB_FACTS) ROWS,
    [ENTITY_APPOINTMENT] = FACTS("4", "appointment", APPOINTMENT_FACTS) ROWS,
};

static const char *const row_queries[] = {
    [ENTITY_CLIENT] = "SELECT id FROM client WHERE ref = ?1",
    [ENTITY_STAFF] = "SELECT id FROM staff WHERE ref = ?1",
    [ENTITY_JOB] = "SELECT id FROM job WHERE ref = ?1",
    [ENTITY_APPOINTMENT] = "SELECT id FROM appointment WHERE ref = ?1",
    [ENTITY_ANSWER] = "SELECT id FROM answer WHERE ref = ?1",
};

/* What the log has told last of a record with a story; of others nothing is kept beside the facts.
 * A batch of a backlog follows the log and leaves the facts, so that the two can disagree. */
#define JOB_STATE " OR e.state IS NOT trim(r.stage)"
#define APPOINTMENT_STATE " OR e.state IS NOT r.status"
/* By the row, whose order is that of the entities too, mostly; keys lie anywhere. */
#define DIFFERENT(kind, table, facts, state)                                                       \
    "SELECT r.id, e.id IS NULL OR NOT e.present OR e.facts IS NOT " facts state " FROM " table     \
    " r LEFT JOIN entity e INDEXED BY entity_row ON e.kind = " kind " AND e.row_id = r.id "        \
    "AND e.key = " KEY " WHERE r.id > ?1 ORDER BY r.id LIMIT ?2"
/* In the order of the index: by id, each page would go through all entities of the kind. Two of one
 * row have the same answer, so the next page may begin behind them. */
#define GONE(kind, table)                                                                          \
    "SELECT e.row_id, NOT EXISTS (SELECT 1 FROM " table " r WHERE r.id = e.row_id) "               \
    "FROM entity e INDEXED BY entity_row WHERE e.kind = " kind                                     \
    " AND e.row_id > ?1 AND e.present = 1 ORDER BY e.row_id LIMIT ?2"

static const char *const different_queries[] = {
    [ENTITY_CLIENT] = DIFFERENT("1", "client", CLIENT_FACTS, ""),
    [ENTITY_STAFF] = DIFFERENT("2", "staff", STAFF_FACTS, ""),
    [ENTITY_JOB] = DIFFERENT("3", "job", JOB_FACTS, JOB_STATE),
    [ENTITY_APPOINTMENT] = DIFFERENT("4", "appointment", APPOINTMENT_FACTS, APPOINTMENT_STATE),
    [ENTITY_ANSWER] = DIFFERENT("7", "answer", ANSWER_FACTS, ""),
};
static const char *const gone_queries[] = {
    [ENTITY_CLIENT] = GONE("1", "client"), [ENTITY_STAFF] = GONE("2", "staff"),
    [ENTITY_JOB] = GONE("3", "job"),       [ENTITY_APPOINTMENT] = GONE("4", "appointment"),
    [ENTITY_ANSWER] = GONE("7", "answer"),
};

bool entity_is_record(enum entity_kind kind)
{
    return (kind >= ENTITY_CLIENT && kind <= ENTITY_APPOINTMENT) || kind == ENTITY_ANSWER;
}

void entity_close(struct entity *e)
{
    free(e->key);
    free(e->state);
    free(e->facts);
    *e = (struct entity){0};
}

/* --- the change log --- */

int store_changes(struct store *s, size_t max, struct change **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, kind, row_id, at_ms, detail FROM change_log "
                                        "ORDER BY id LIMIT ?1");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct change){
            .id = column_int(st, 0),
            .kind = (enum entity_kind)column_int(st, 1),
            .row_id = column_int(st, 2),
            .at_ms = column_int(st, 3),
            .detail = column_text(st, 4),
        };
    }
    return rc;
}

void changes_free(struct change *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].detail);
    free(list);
}

int store_changes_done(struct store *s, int64_t up_to_id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM change_log WHERE id <= ?1");

    if (st != NULL)
        bind_int(st, 1, up_to_id);
    return store_finish(s, st);
}

/* --- rows --- */

char *entity_fact(const char *facts, int n)
{
    if (facts == NULL)
        return NULL;
    for (; n > 0; n--) {
        facts = strchr(facts, 31);
        if (facts == NULL)
            return NULL;
        facts++;
    }
    return mem_strndup(facts, strcspn(facts, "\x1f"));
}

int store_facts(struct store *s, enum entity_kind kind, int64_t row_id, char **key, char **facts)
{
    bool known;

    return store_facts_known(s, kind, row_id, key, facts, &known);
}

int store_facts_known(struct store *s, enum entity_kind kind, int64_t row_id, char **key,
                      char **facts, bool *known)
{
    sqlite3_stmt *st = store_prepare(s, fact_queries[kind]);

    *key = NULL;
    *facts = NULL;
    *known = false;
    if (st != NULL)
        bind_int(st, 1, row_id);
    int rc = store_step(s, st);
    if (rc == 0)
        return ERR_NOTFOUND;
    if (rc < 0)
        return rc;
    *key = column_text(st, 0);
    *facts = column_text(st, 1);
    *known = column_int(st, 2) != 0;
    store_reset(st);
    return 0;
}

int store_rows_now(struct store *s, enum entity_kind kind, int64_t first_row, size_t count,
                   struct row_now *out)
{
    sqlite3_stmt *st = store_prepare(s, run_queries[kind]);
    int rc;

    for (size_t i = 0; i < count; i++)
        out[i] = (struct row_now){0};
    if (st != NULL) {
        bind_int(st, 1, first_row);
        bind_int(st, 2, first_row + (int64_t)count - 1);
    }
    while ((rc = store_step(s, st)) == 1)
        out[column_int(st, 3) - first_row] = (struct row_now){
            .key = column_text(st, 0),
            .facts = column_text(st, 1),
            .known = column_int(st, 2) != 0,
        };
    return rc;
}

void row_now_close(struct row_now *r)
{
    free(r->key);
    free(r->facts);
    *r = (struct row_now){0};
}

int store_row_of_key(struct store *s, enum entity_kind kind, const char *key, int64_t *row_id)
{
    sqlite3_stmt *st = store_prepare(s, row_queries[kind]);

    if (st != NULL)
        bind_text(st, 1, key);
    int rc = store_step(s, st);
    if (rc == 1) {
        *row_id = column_int(st, 0);
        store_reset(st);
        return 0;
    }
    return rc == 0 ? ERR_NOTFOUND : rc;
}

/* --- entities --- */

#define ENTITY_COLUMNS                                                                             \
    "id, kind, key, row_id, client_row, present, revision, state, facts, generation, told_ms"

static int read_entity(struct store *s, sqlite3_stmt *st, struct entity *out)
{
    int rc = store_step(s, st);

    *out = (struct entity){0};
    if (rc == 0)
        return ERR_NOTFOUND;
    if (rc < 0)
        return rc;
    out->id = column_int(st, 0);
    out->kind = (enum entity_kind)column_int(st, 1);
    out->key = column_text(st, 2);
    out->row_id = column_int(st, 3);
    out->client_row = column_int(st, 4);
    out->present = column_int(st, 5) != 0;
    out->revision = column_int(st, 6);
    out->state = column_text(st, 7);
    out->facts = column_text(st, 8);
    out->generation = column_int(st, 9);
    out->told_ms = column_int(st, 10);
    store_reset(st);
    return 0;
}

int store_entity(struct store *s, int64_t id, struct entity *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT " ENTITY_COLUMNS " FROM entity WHERE id = ?1");

    if (st != NULL)
        bind_int(st, 1, id);
    return read_entity(s, st, out);
}

int store_entity_by_key(struct store *s, enum entity_kind kind, const char *key, struct entity *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT " ENTITY_COLUMNS " FROM entity WHERE kind = ?1 AND key = ?2");

    if (st != NULL) {
        bind_int(st, 1, kind);
        bind_text(st, 2, key);
    }
    return read_entity(s, st, out);
}

int store_entity_by_row(struct store *s, enum entity_kind kind, int64_t row_id, struct entity *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT " ENTITY_COLUMNS " FROM entity WHERE kind = ?1 AND row_id = ?2 "
                         "ORDER BY present DESC, id DESC LIMIT 1");

    if (st != NULL) {
        bind_int(st, 1, kind);
        bind_int(st, 2, row_id);
    }
    return read_entity(s, st, out);
}

int store_entity_id_of_row(struct store *s, enum entity_kind kind, int64_t row_id, int64_t *id)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id FROM entity WHERE kind = ?1 AND row_id = ?2 "
                                        "ORDER BY present DESC, id DESC LIMIT 1");

    *id = 0;
    if (st != NULL) {
        bind_int(st, 1, kind);
        bind_int(st, 2, row_id);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *id = column_int(st, 0);
    store_reset(st);
    return 0;
}

int store_entity_save(struct store *s, struct entity *e)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO entity (" ENTITY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
           "?10, ?11) ON CONFLICT (id) DO UPDATE SET key = excluded.key, row_id = excluded.row_id, "
           "client_row = excluded.client_row, present = excluded.present, "
           "revision = excluded.revision, state = excluded.state, facts = excluded.facts, "
           "generation = excluded.generation, told_ms = excluded.told_ms");

    if (st != NULL) {
        if (e->id != 0)
            bind_int(st, 1, e->id);
        bind_int(st, 2, e->kind);
        bind_text(st, 3, e->key);
        bind_int(st, 4, e->row_id);
        bind_int(st, 5, e->client_row);
        bind_int(st, 6, e->present);
        bind_int(st, 7, e->revision);
        bind_text(st, 8, e->state);
        bind_text(st, 9, e->facts);
        bind_int(st, 10, e->generation);
        bind_int(st, 11, e->told_ms);
    }
    int rc = store_finish(s, st);
    if (rc == 0 && e->id == 0)
        e->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int store_entity_intern(struct store *s, enum entity_kind kind, const char *key, int64_t row_id,
                        int64_t *id)
{
    struct entity e;
    int rc = store_entity_by_key(s, kind, key, &e);

    if (rc == ERR_NOTFOUND) {
        e = (struct entity){
            .kind = kind, .key = mem_strdup(key), .row_id = row_id, .present = true};
        rc = store_entity_save(s, &e);
    }
    *id = e.id;
    entity_close(&e);
    return rc;
}

int store_entity_told(struct store *s, int64_t id, int64_t recipient_id, int64_t at_ms,
                      int64_t *revision)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE entity SET told_ms = ?3 WHERE id = ?1 AND told_ms = 0 AND EXISTS "
           "(SELECT 1 FROM entity r WHERE r.id = ?2 AND r.kind = 1) RETURNING revision");

    *revision = 0;
    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, recipient_id);
        bind_int(st, 3, at_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *revision = column_int(st, 0);
    return store_finish(s, st);
}

int store_entity_planned(struct store *s, int64_t id, int64_t generation)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE entity SET generation = ?2 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, generation);
    }
    return store_finish(s, st);
}

static int for_each_id(struct store *s, sqlite3_stmt *st, entity_each each, void *arg)
{
    int rc;

    while ((rc = store_step(s, st)) == 1)
        each(arg, column_int(st, 0));
    return rc;
}

int store_entities_of_client(struct store *s, int64_t client_row, entity_each each, void *arg)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id FROM entity WHERE client_row = ?1 AND " IS_SUBJECT);

    if (st != NULL)
        bind_int(st, 1, client_row);
    return for_each_id(s, st, each, arg);
}

/* A change of one member of staff can move messages to or from any other: who manages her, who is
 * in her department, who stands in for nobody. What was decided against, for want of an address or
 * because she had left, can become somebody's as long as it is of use. */
#define WAITING_FOR_STAFF                                                                          \
    "SELECT subject_id FROM message INDEXED BY message_inside WHERE inside = 1 AND "               \
    "state IN (0, 1, 2) UNION "                                                                    \
    "SELECT subject_id FROM message INDEXED BY message_inside WHERE inside = 1 AND "               \
    "state IN (8, 9, 10) AND expires_ms > ?1 AND attempts = 0"

int store_entities_waiting_for_staff(struct store *s, int64_t now_ms, entity_each each, void *arg)
{
    sqlite3_stmt *st = store_prepare(s, WAITING_FOR_STAFF);

    if (st != NULL)
        bind_int(st, 1, now_ms);
    return for_each_id(s, st, each, arg);
}

int store_unplan_of_client(struct store *s, int64_t client_row)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE entity SET generation = 0 WHERE client_row = ?1 AND " IS_SUBJECT);

    if (st != NULL)
        bind_int(st, 1, client_row);
    return store_finish(s, st);
}

int store_unplan_of_staff(struct store *s, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE entity SET generation = 0 WHERE id IN "
                                        "(" WAITING_FOR_STAFF ")");

    if (st != NULL)
        bind_int(st, 1, now_ms);
    return store_finish(s, st);
}

int store_entities_unplanned(struct store *s, int64_t generation, int64_t *after, size_t max,
                             entity_each each, void *arg, bool *done)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, " IS_SUBJECT " AND generation <> ?2 FROM entity "
                         "WHERE id > ?1 ORDER BY id LIMIT ?3");
    size_t looked = 0;
    int rc;

    if (st != NULL) {
        bind_int(st, 1, *after);
        bind_int(st, 2, generation);
        bind_int(st, 3, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        looked++;
        *after = column_int(st, 0);
        if (column_int(st, 1) != 0)
            each(arg, *after);
    }
    *done = looked < max;
    return rc;
}

int store_entities_unplanned_of(struct store *s, int64_t client_row, int64_t generation, size_t max,
                                entity_each each, void *arg)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id FROM (SELECT id, generation FROM entity WHERE client_row = ?1 "
                         "AND (kind = 3 OR kind = 4) ORDER BY id DESC LIMIT ?3) "
                         "WHERE generation <> ?2");

    if (st != NULL) {
        bind_int(st, 1, client_row);
        bind_int(st, 2, generation);
        bind_int(st, 3, (int64_t)max);
    }
    return for_each_id(s, st, each, arg);
}

int store_reconcile(struct store *s, struct reconcile_cursor *c, size_t max, difference_each each,
                    void *arg, bool *done)
{
    size_t seen = 0;
    int rc;

    if (c->kind == 0)
        *c = (struct reconcile_cursor){.kind = ENTITY_CLIENT};
    sqlite3_stmt *st =
        store_prepare(s, c->gone ? gone_queries[c->kind] : different_queries[c->kind]);
    if (st != NULL) {
        bind_int(st, 1, c->after);
        bind_int(st, 2, (int64_t)max);
    }
    enum entity_kind kind = c->kind;
    while ((rc = store_step(s, st)) == 1) {
        seen++;
        c->after = column_int(st, 0);
        if (column_int(st, 1) != 0)
            each(arg, kind, c->after);
    }
    *done = false;
    if (rc < 0 || seen == max)
        return rc;
    c->after = 0;
    if (!c->gone) {
        c->gone = true;
    } else {
        c->gone = false;
        *done = c->kind == ENTITY_ANSWER;
        do
            c->kind = *done ? 0 : c->kind + 1;
        while (c->kind != 0 && !entity_is_record(c->kind));
    }
    return 0;
}

/* --- events --- */

int store_event_add(struct store *s, int64_t entity_id, const struct plan_event *e)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO event (entity_id, revision, event, stage, "
                                        "at_ms) VALUES (?1, ?2, ?3, ?4, ?5)");

    if (st != NULL) {
        bind_int(st, 1, entity_id);
        bind_int(st, 2, e->revision);
        bind_int(st, 3, e->event);
        bind_text(st, 4, e->stage);
        bind_int(st, 5, e->at_ms);
    }
    return store_finish(s, st);
}

int store_events(struct store *s, int64_t entity_id, struct plan_event **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT event, revision, stage, at_ms FROM event "
                                        "WHERE entity_id = ?1 ORDER BY revision");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, entity_id);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct plan_event){
            .event = (enum event)column_int(st, 0),
            .revision = column_int(st, 1),
            .stage = column_text(st, 2),
            .at_ms = column_int(st, 3),
        };
    }
    return rc;
}
