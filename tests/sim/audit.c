/*
 * The promises, checked against the database: at a start, when the time of a visit or of an entry
 * into a stage has passed, now and then the whole plan, and everything at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "send/written.h"
#include "service/config.h"
#include "sim.h"
#include "store/entities.h"
#include "store/internal.h"
#include "watch/replan.h"

#define UNSURE 2              /* messages whose answers never came count toward a cap as well */
#define FILES_EACH 8          /* so often the file is read after each trouble, then after two ... */
#define CALM_MS (3 * HOUR_MS) /* beyond the slowest look at what no trigger told */

/* --- asking --- */

void audit_each(const char *sql, void (*row)(sqlite3_stmt *st, void *arg), void *arg)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(writer_database(), sql, -1, &st, NULL);

    if (rc != SQLITE_OK)
        sim_fail("the audit's own SQL is wrong: %s", sqlite3_errmsg(writer_database()));
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        row(st, arg);
    if (rc != SQLITE_DONE)
        sim_fail("the audit cannot read: %s", sqlite3_errmsg(writer_database()));
    sqlite3_finalize(st);
}

static void take_number(sqlite3_stmt *st, void *arg)
{
    *(int64_t *)arg = sqlite3_column_int64(st, 0);
}

int64_t audit_number(const char *sql)
{
    int64_t n = -1;

    audit_each(sql, take_number, &n);
    return n;
}

/* --- at a start --- */

/* What stands as being sent was on the wire when the service died: a copy of it may be out there,
 * and its answer was lost. */
static void lost_answer(sqlite3_stmt *st, void *arg)
{
    int64_t id = sqlite3_column_int64(st, 0);
    int *count = arg;

    (*count)++;
    if (S->messages[id].unclear < UINT8_MAX)
        S->messages[id].unclear++;
    talk_unclear(id);
    for (int i = S->copy_count - 1; i >= 0; i--)
        if (S->copies[i].id == id)
            S->copies[i].clear = false;
}

/* Only a power cut or a failing disk can have damaged the file. In a long run it grows, and damage
 * stays: it is read whole at the first starts, then at one after several troubles, and at the end.
 */
static void audit_file(bool end)
{
    int64_t troubles = S->power_cuts + S->faults - S->troubles_checked;

    if (troubles == 0 || (!end && troubles < S->files_checked / FILES_EACH))
        return;
    S->troubles_checked += troubles;
    S->files_checked++;
    if (audit_number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") !=
        0)
        sim_fail("the database is damaged");
}

void audit_start(void)
{
    int count = 0;

    audit_each("SELECT id FROM message INDEXED BY message_open WHERE state BETWEEN 3 AND 4 AND "
               "state = 3",
               lost_answer, &count);
    if (count > S->in_flight && S->stopped_cleanly)
        sim_fail("%d messages stand as being sent after a clean stop", count);
    S->in_flight = 0;
    audit_file(false);
}

/* --- what should have gone --- */

struct fate {
    int rows;
    int state;
    char reason[200];
};

static void take_fate(sqlite3_stmt *st, void *arg)
{
    struct fate *f = arg;
    const char *reason = (const char *)sqlite3_column_text(st, 1);

    f->rows++;
    f->state = sqlite3_column_int(st, 0);
    snprintf(f->reason, sizeof(f->reason), "%s", reason != NULL ? reason : "");
}

static void find_fate(const struct sim_rule *r, const char *ref, struct fate *f)
{
    char sql[400];

    *f = (struct fate){0};
    snprintf(sql, sizeof(sql),
             "SELECT m.state, m.reason FROM message m JOIN rule r ON r.id = m.rule_id "
             "JOIN entity e ON e.id = m.subject_id WHERE r.name = '%s' AND e.kind = %d AND "
             "e.key = '%s' ORDER BY m.occurrence, m.state <> 9, m.state = 5, m.id",
             r->name, ref[0] == 'a' ? ENTITY_APPOINTMENT : ENTITY_JOB, ref);
    audit_each(sql, take_fate, f);
}

static bool reachable(const struct sim_client *c, const struct sim_rule *r, int channel)
{
    bool good = channel == CHANNEL_EMAIL ? c->email_good : c->phone_good;
    bool wanted = r->by == SIM_BY_SMS     ? channel == CHANNEL_SMS
                  : r->by == SIM_BY_EMAIL ? channel == CHANNEL_EMAIL
                                          : true;

    return good && wanted && c->consent[channel][r->purpose] != 'o';
}

/* Did the client hear as much as the business allows, or so nearly that answers which never came
 * make up the rest, at any time since then? */
static bool was_capped(int client, int64_t since_ms)
{
    for (int i = S->copy_count - 1; i >= 0; i--) {
        int64_t end_ms = S->copies[i].wall_ms;
        int day = 0, week = 0;
        if (S->copies[i].client != client || end_ms < since_ms - 7 * DAY_MS)
            continue;
        for (int k = i; k >= 0; k--)
            if (S->copies[k].client == client && !S->copies[k].with &&
                (S->copies[k].capped || S->rules[S->copies[k].rule].capped)) {
                day += S->copies[k].wall_ms > end_ms - DAY_MS;
                week += S->copies[k].wall_ms > end_ms - 7 * DAY_MS;
            }
        if (day + UNSURE >= S->caps_day || week + UNSURE >= S->caps_week)
            return true;
    }
    return false;
}

/* Its rule waited for a yes, and until it came the message could not go. */
static bool asked(const struct fate *f)
{
    return S->blast + S->brake > 0 &&
           (strcmp(f->reason, "its rule waits for a yes") == 0 ||
            strcmp(f->reason, "its time passed while its rule was waiting") == 0);
}

static void judge_fate(const struct sim_rule *r, const char *ref, const struct fate *f, int client,
                       int64_t since_us)
{
    const struct sim_client *c = &S->clients[client];
    bool calm = r->by != SIM_BY_BOTH && S->disturbed_us < since_us && S->hidden_us < since_us &&
                S->stepped_us < since_us && c->changed_us < since_us && r->changed_us < since_us &&
                people_paused((int)(r - S->rules)) == NULL;

    if (f->rows == 0)
        sim_fail("%s about %s has vanished: there is no row", r->name, ref);
    if (f->state == 5 || f->state == 6) {
        S->probes_sent++;
        return;
    }
    S->probes_excused++;
    if (f->reason[0] == '\0' && f->state >= 7)
        sim_fail("%s about %s ended (state %d) without a reason", r->name, ref, f->state);
    if (calm && c->present && (reachable(c, r, CHANNEL_EMAIL) || reachable(c, r, CHANNEL_SMS)) &&
        strstr(f->reason, "unless the appointment") == NULL && !asked(f) &&
        !(r->capped && was_capped(client, sim_wall_ms() - (S->mono_us - since_us) / 1000)))
        sim_fail("%s about %s should have gone and has not: state %d, %s", r->name, ref, f->state,
                 f->reason);
}

/* The reference: a reminder whose time came after the booking was known, well before the start. */
static void probe_visit(int i)
{
    struct sim_visit *v = &S->visits[i];
    struct fate f;
    char ref[16];
    int64_t now_ms = sim_wall_ms();

    v->probed = true;
    if (!v->present || (v->status != VISIT_BOOKED && v->status != VISIT_CONFIRMED) ||
        !S->clients[v->client].present)
        return;
    snprintf(ref, sizeof(ref), "a%d", i);
    for (int k = 0; k < S->rule_count; k++) {
        const struct sim_rule *r = &S->rules[k];
        int64_t lead_ms = r->kind == SIM_SOON ? r->minutes * MINUTE_MS : 2 * DAY_MS;
        int64_t gone_ms = now_ms - v->starts_ms;
        if (!r->present || v->hidden || (r->kind != SIM_SOON && r->kind != SIM_EVENING) ||
            r->window == SIM_DAILY)
            continue;
        if (v->starts_ms - lead_ms < v->known_ms + DAY_MS ||
            v->starts_ms - lead_ms < r->since_ms + DAY_MS)
            continue;
        find_fate(r, ref, &f);
        judge_fate(r, ref, &f, v->client, S->mono_us - (gone_ms + lead_ms + DAY_MS) * 1000);
    }
}

static void probe_job(int i)
{
    struct sim_job *j = &S->jobs[i];
    struct fate f;
    char ref[16];

    j->probed = true;
    if (!j->present || !S->clients[j->client].present)
        return;
    snprintf(ref, sizeof(ref), "j%d", i);
    for (int k = 0; k < S->rule_count; k++) {
        const struct sim_rule *r = &S->rules[k];
        if (!r->present || j->hidden || r->kind != SIM_ENTERS || r->stage != j->stage ||
            j->entered_ms < r->since_ms + MINUTE_MS ||
            S->stepped_us > j->entered_us - DAY_MS * 1000)
            continue;
        find_fate(r, ref, &f);
        judge_fate(r, ref, &f, j->client, j->entered_us - CALM_MS * 1000);
    }
}

/* A person's words had three days to go. */
static void probe_written(int i)
{
    struct sim_written *w = &S->written[i];
    const struct sim_client *c = &S->clients[w->client];
    const struct sim_rule *r = &S->rules[written_by_rule(w)];
    struct fate f = {0};
    char ref[16], sql[80];

    w->probed = true;
    if (!c->present ||
        (w->purpose == PURPOSE_MARKETING && c->consent[w->channel][w->purpose] != 'i'))
        return;
    snprintf(ref, sizeof(ref), "w%d", i);
    snprintf(sql, sizeof(sql), "SELECT state, reason FROM message WHERE id = %lld",
             (long long)w->message_id);
    audit_each(sql, take_fate, &f);
    judge_fate(r, ref, &f, w->client, w->at_us - CALM_MS * 1000);
}

void audit_probes(void)
{
    int64_t now_ms = sim_wall_ms();

    /* Only when the service has had the time to see what it missed. */
    if (!S->up || S->paused_us != 0 || S->disturbed_us > S->mono_us - CALM_MS * 1000 ||
        S->stepped_us > S->mono_us - 2 * DAY_MS * 1000 ||
        S->hidden_us > S->mono_us - 12 * HOUR_MS * 1000)
        return;
    for (int i = 0; i < S->visit_count; i++)
        if (!S->visits[i].probed && S->visits[i].starts_ms < now_ms - HOUR_MS)
            probe_visit(i);
    for (int i = 0; i < S->job_count; i++)
        if (!S->jobs[i].probed && S->jobs[i].entered_us < S->mono_us - 3 * DAY_MS * 1000)
            probe_job(i);
    for (int i = 0; i < S->written_count; i++)
        if (!S->written[i].probed &&
            S->written[i].at_us < S->mono_us - (WRITTEN_USEFUL_DAYS * DAY_MS + HOUR_MS) * 1000)
            probe_written(i);
}

/* --- the plan --- */

/* What is pending and was never tried. Left out: what the gate has ended, what another channel took
 * over, who of the staff is told when somebody else was told already, and what a person wrote. */
#define DUMP                                                                                       \
    "SELECT coalesce(group_concat(line, char(10)), '') FROM (SELECT r.name || ' ' || e.key || "    \
    "' occurrence ' || m.occurrence || ' repeat ' || m.repeat || ' to ' || t.key || ' by ' || "    \
    "m.channel || ' due ' || m.due_ms || ' until ' || m.expires_ms AS line "                       \
    "FROM message m JOIN rule r ON r.id = m.rule_id JOIN entity e ON e.id = m.subject_id "         \
    "JOIN entity t ON t.id = m.recipient_id "                                                      \
    "WHERE m.state <= 2 AND m.attempts = 0 AND m.subject_id <> m.recipient_id AND "                \
    "(m.id, m.occurrence) NOT IN (SELECT id, occurrence FROM ended) AND NOT EXISTS "               \
    "(SELECT 1 FROM message o WHERE "                                                              \
    "o.subject_id = m.subject_id AND o.rule_id = m.rule_id AND o.occurrence = m.occurrence "       \
    "AND o.repeat = m.repeat AND (o.recipient_id = m.recipient_id OR t.kind IN (2, 6)) "           \
    "AND o.id <> m.id) ORDER BY 1)"

static char *dump(struct store *s)
{
    sqlite3_stmt *st = NULL;
    char *text;

    if (sqlite3_prepare_v2(s->db, DUMP, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        sim_fail("the audit cannot list the plan: %s", sqlite3_errmsg(s->db));
    text = mem_strdup((const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return text;
}

/* What the fresh plan has to say about the subject of a line. */
static void explain(struct store *copy, const char *line)
{
    static const char *const sql =
        "SELECT r.name || ' ' || e.key || ' occurrence ' || m.occurrence || ' by ' || m.channel || "
        "' state ' || m.state || ' due ' || m.due_ms || ' ' || coalesce(m.reason, '') "
        "FROM message m JOIN rule r ON r.id = m.rule_id JOIN entity e ON e.id = m.subject_id "
        "WHERE r.name || ' ' || e.key = ?1";
    sqlite3_stmt *st = NULL;
    const char *end = strstr(line, " occurrence");

    if (end == NULL || sqlite3_prepare_v2(copy->db, sql, -1, &st, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_text(st, 1, line, (int)(end - line), SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW)
        sim_note("in the fresh plan: %s", sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

/* The first line that only one of them has. */
static void differ(struct store *copy, const char *before, const char *after)
{
    const char *a = before, *b = after;

    while (*a != '\0' || *b != '\0') {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0) {
            explain(copy, a);
            explain(copy, b);
            sim_fail("what is pending is not what a fresh plan gives:\n#   pending: %.*s\n#   "
                     "fresh:   %.*s",
                     (int)n, a, (int)m, b);
        }
        a += a[n] == '\n' ? n + 1 : n;
        b += b[m] == '\n' ? m + 1 : m;
    }
}

struct ids {
    int64_t *items;
    size_t count, cap;
};

static void add_id(void *arg, int64_t id)
{
    struct ids *l = arg;

    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = id;
}

static void plan_afresh(struct store *copy, const struct config *c)
{
    struct world world;
    struct ids ids = {0};
    struct replan_counts counts = {0};
    int64_t after = 0;
    bool done;

    if (store_exec(copy, "DELETE FROM message WHERE state <= 2 AND attempts = 0") != 0 ||
        world_load(&world, copy, c->settings, c->playbook, sim_wall_ms(), false) != 0 ||
        store_entities_unplanned(copy, -1, &after, 1000000, add_id, &ids, &done) != 0)
        sim_fail("the audit cannot plan: %s", store_error(copy));
    for (size_t i = 0; i < ids.count; i++)
        if (replan_subject(&world, ids.items[i], sim_wall_ms(), &counts) != 0)
            sim_fail("the audit cannot plan: %s", store_error(copy));
    free(ids.items);
    world_close(&world);
}

/* A playbook that was just edited: the service has read it, and has not planned all of it yet. */
static bool just_edited(void)
{
    for (int i = 0; i < S->rule_count; i++)
        if (S->rules[i].changed_us > S->mono_us - MINUTE_MS * 1000)
            return true;
    return false;
}

void audit_plan(void)
{
    struct store *copy;
    struct err err = {""};
    struct problems problems = {0};
    struct config c;

    if (S->paused_us != 0 || S->disturbed_us > S->mono_us - CALM_MS * 1000 ||
        S->hidden_us > S->mono_us - 12 * HOUR_MS * 1000 || S->locked_until_us != 0 ||
        just_edited() || audit_number("SELECT count(*) FROM change_log") != 0 ||
        audit_number("SELECT count(DISTINCT generation) FROM entity WHERE kind IN (3, 4, 7)") > 1)
        return;
    if (audit_number(
            "SELECT count(*) FROM (SELECT rule_id, state, count(*) FROM message GROUP BY 1, 2 "
            "EXCEPT SELECT rule_id, state, count FROM message_tally)") != 0)
        sim_fail("the tally of messages is wrong");
    if (store_draft(S->database, &copy, &err) != 0 || config_load(S->dir, NULL, &problems, &c) != 0)
        sim_fail("the audit cannot copy the database: %s", err.text);
    /* What the gate has ended comes back with a new plan, to be ended again; but for the next
     * silence it may have come back for good. */
    store_exec(copy, "CREATE TEMP TABLE ended AS "
                     "SELECT id, occurrence FROM message WHERE state > 2");
    char *before = dump(copy);
    plan_afresh(copy, &c);
    char *after = dump(copy);
    differ(copy, before, after);
    S->audits++;
    free(before);
    free(after);
    store_close(copy);
    config_free(&c);
    problems_close(&problems);
}

/* --- the end --- */

static void judge_row(sqlite3_stmt *st, void *arg)
{
    int64_t id = sqlite3_column_int64(st, 0);
    int state = sqlite3_column_int(st, 1);
    const char *reason = (const char *)sqlite3_column_text(st, 2);
    int64_t next_ms = sqlite3_column_int64(st, 3), expires_ms = sqlite3_column_int64(st, 4);
    int unknowns = sqlite3_column_int(st, 5), channel = sqlite3_column_int(st, 6);
    int64_t now_ms = sim_wall_ms();
    const struct sim_message *m = &S->messages[id];

    if (state == 3)
        sim_fail("message %lld is still being sent", (long long)id);
    if (state <= 2 && (next_ms < now_ms - HOUR_MS || expires_ms < now_ms - HOUR_MS) && state != 1)
        sim_fail("message %lld is pending (state %d), and its time has passed", (long long)id,
                 state);
    if (state == 4 && m->unclear == 0)
        sim_fail("message %lld is unknown, and every answer was clear", (long long)id);
    if (state == 5 && m->accepted == 0 && channel != 2)
        sim_fail("message %lld stands as sent, and nobody accepted it", (long long)id);
    if (state > 5 && m->accepted > 0 && m->unclear == 0)
        sim_fail("message %lld was accepted, and its state is %d", (long long)id, state);
    if (state >= 8 && (reason == NULL || reason[0] == '\0'))
        sim_fail("message %lld ended (state %d) without a reason", (long long)id, state);
    if (m->accepted > 1 + unknowns)
        sim_fail("message %lld has %d copies, and only %d unclear attempts are listed",
                 (long long)id, m->accepted, unknowns);
}

/* Work that was given to the house: it is on the list, and off it once there is nothing to do. */
static void judge_task(sqlite3_stmt *st, void *arg)
{
    int64_t id = sqlite3_column_int64(st, 0);
    const char *rule = (const char *)sqlite3_column_text(st, 1);
    const char *ref = (const char *)sqlite3_column_text(st, 2);
    bool raised = sqlite3_column_int(st, 3) != 0, open = sqlite3_column_int(st, 4) != 0;

    if (!raised)
        sim_fail("message %lld stands as sent to the house, and there is no task", (long long)id);
    people_judge_task(id, open);
    if (!open || ref[0] != 'j' || S->messages[id].task == TASK_UNDONE)
        return;
    const struct sim_job *j = &S->jobs[atoi(ref + 1)];
    for (int i = 0; i < S->rule_count; i++)
        if (strcmp(S->rules[i].name, rule) == 0 && S->rules[i].present &&
            (S->rules[i].kind == SIM_LATE_STAFF || S->rules[i].kind == SIM_LATE_MANAGER) &&
            (!j->present || j->stage != S->rules[i].stage))
            sim_fail("a task of message %lld (%s) is open, and %s has left the stage",
                     (long long)id, rule, ref);
}

void audit_end(void)
{
    audit_file(true);
    audit_each("SELECT m.id, r.name, e.key, t.id IS NOT NULL, t.id IS NOT NULL AND t.done_ms IS "
               "NULL FROM message m JOIN rule r ON r.id = m.rule_id JOIN entity e ON e.id = "
               "m.subject_id LEFT JOIN task t ON t.message_id = m.id WHERE m.channel = 2 AND "
               "m.state = 5",
               judge_task, NULL);
    audit_each("SELECT m.id, m.state, m.reason, m.next_ms, m.expires_ms, (SELECT count(*) FROM "
               "attempt a WHERE a.message_id = m.id AND a.outcome = 'unknown'), m.channel "
               "FROM message m",
               judge_row, NULL);
    for (int i = 0; i < S->copy_count; i++)
        S->digest = (S->digest ^ (uint64_t)S->copies[i].subject) * 1099511628211u;
}
