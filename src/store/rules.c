/* What the database keeps of each rule. See store/rules.h. */
#include "store/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/alerts.h"
#include "store/internal.h"
#include "store/tasks.h"

/* What must stay the same for a rule to keep its switch-on time (design.md, "Switch-on"). */
static char *identity_of(const struct rule *r)
{
    return mem_printf("%s|%s|%s", r->on_text, r->to_text, purpose_name(r->purpose));
}

/* What is known of a rule from before. */
struct known {
    char *identity;
    int64_t digest;
    bool present;
};

/* 1: known, with its state; 0: not known. */
static int find(struct store *s, const char *name, struct rule_state *out, struct known *known)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, since_ms, trial, paused_ms IS NOT NULL, paused_by, identity, "
                         "digest, present FROM rule WHERE name = ?1");

    *known = (struct known){0};
    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    out->id = column_int(st, 0);
    out->since_ms = column_int(st, 1);
    out->trial = (enum rule_trial)column_int(st, 2);
    out->paused = column_int(st, 3) != 0;
    out->paused_by = (enum rule_pauser)column_int(st, 4);
    known->identity = column_text(st, 5);
    known->digest = column_int(st, 6);
    known->present = column_int(st, 7) != 0;
    store_reset(st);
    return 1;
}

/* The state of a rule as the playbook has it now; *changed: it is on a trial that begins here. A
 * rule that waited for a yes to what it was before is asked about anew. */
static int find_as_read(struct store *s, const struct playbook *p, const struct rule *r,
                        int64_t since_ms, struct rule_state *out, bool *changed)
{
    char *identity = identity_of(r);
    struct known known;

    *out = (struct rule_state){.since_ms = since_ms};
    int rc = find(s, r->name, out, &known);
    if (rc == 1 && (!known.present || strcmp(identity, known.identity) != 0))
        out->since_ms = since_ms;
    *changed =
        rc == 0 || (rc == 1 && (!known.present || known.digest != (int64_t)rule_digest(p, r)));
    if (*changed)
        out->trial =
            rc == 1 && known.present && out->trial != TRIAL_NEW ? TRIAL_CHANGED : TRIAL_NEW;
    if (*changed && out->paused && out->paused_by == PAUSED_BY_BLAST) {
        out->paused = false;
        out->paused_by = PAUSED_BY_PERSON;
    }
    free(identity);
    free(known.identity);
    return rc < 0 ? rc : 0;
}

static int save(struct store *s, const struct playbook *p, const struct rule *r,
                struct rule_state *state)
{
    sqlite3_stmt *st = store_prepare(
        s,
        "INSERT INTO rule (name, purpose, since_ms, identity, capped, digest, trial) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET "
        "purpose = excluded.purpose, since_ms = excluded.since_ms, identity = excluded.identity, "
        "capped = excluded.capped, digest = excluded.digest, trial = excluded.trial, "
        "paused_ms = iif(?8, paused_ms, NULL), pause_reason = iif(?8, pause_reason, NULL), "
        "paused_by = ?9, present = 1 RETURNING id");
    char *identity = identity_of(r);

    if (st != NULL) {
        bind_text(st, 1, r->name);
        bind_text(st, 2, purpose_name(r->purpose));
        bind_int(st, 3, state->since_ms);
        bind_text(st, 4, identity);
        bind_int(st, 5, r->capped);
        bind_int(st, 6, (int64_t)rule_digest(p, r));
        bind_int(st, 7, state->trial);
        bind_int(st, 8, state->paused);
        bind_int(st, 9, state->paused_by);
    }
    int rc = store_step(s, st);
    if (rc == 1) {
        state->id = column_int(st, 0);
        rc = store_finish(s, st);
    }
    free(identity);
    return rc;
}

/* The first playbook counts from the database's creation; later ones from when they are read. */
static int switch_on_time(struct store *s, int64_t now_ms, int64_t *out)
{
    int64_t had = 0, created_ms = now_ms;
    int rc = store_meta_int(s, "playbook_read", 0, &had);

    if (rc == 0)
        rc = store_meta_int(s, "created_ms", now_ms, &created_ms);
    *out = had || created_ms > now_ms ? now_ms : created_ms;
    return rc;
}

int store_rules_sync(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out)
{
    int64_t since_ms;
    int rc = switch_on_time(s, now_ms, &since_ms);

    for (size_t i = 0; rc == 0 && i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        bool changed;
        rc = find_as_read(s, p, r, since_ms, &out[i], &changed);
        if (rc == 0)
            rc = save(s, p, r, &out[i]);
        if (rc == 0 && changed)
            rc = store_question_answered(s, r->name, now_ms);
    }
    if (rc == 0)
        rc = store_exec(s, "CREATE TEMP TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY);"
                           "DELETE FROM kept;");
    for (size_t i = 0; rc == 0 && i < p->rule_count; i++) {
        sqlite3_stmt *st = store_prepare(s, "INSERT INTO kept (name) VALUES (?1)");
        if (st != NULL)
            bind_text(st, 1, p->rules[i].name);
        rc = store_finish(s, st);
    }
    if (rc == 0)
        rc = store_exec(s, "UPDATE rule SET present = 0 WHERE name NOT IN (SELECT name FROM kept)");
    if (rc == 0)
        rc = store_meta_set_int(s, "playbook_read", 1);
    return rc;
}

int store_rules_read(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out)
{
    int64_t since_ms;
    int rc = switch_on_time(s, now_ms, &since_ms);

    for (size_t i = 0; rc == 0 && i < p->rule_count; i++) {
        bool changed;
        rc = find_as_read(s, p, &p->rules[i], since_ms, &out[i], &changed);
    }
    return rc;
}

/* Rows come in the order in which the rules were first seen, mostly that of the playbook. */
static struct rule_state *rule_by_id(struct rule_state *rules, size_t count, int64_t id,
                                     size_t *from)
{
    for (size_t i = 0; i < count; i++) {
        struct rule_state *r = &rules[(*from + i) % count];
        if (r->id == id) {
            *from = (size_t)(r - rules) + 1;
            return r;
        }
    }
    return NULL;
}

int store_rules_paused(struct store *s, struct rule_state *rules, size_t count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT id, paused_ms IS NOT NULL, paused_by, trial, lifted FROM rule ORDER BY id");
    size_t from = 0;
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        struct rule_state *r = rule_by_id(rules, count, column_int(st, 0), &from);
        if (r == NULL)
            continue;
        r->paused = column_int(st, 1) != 0;
        r->paused_by = (enum rule_pauser)column_int(st, 2);
        r->trial = (enum rule_trial)column_int(st, 3);
        r->lifted = column_int(st, 4);
    }
    return rc;
}

int store_rules_since(struct store *s, struct rule_state *rules, size_t count)
{
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < count; i++) {
        sqlite3_stmt *st = store_prepare(s, "SELECT since_ms FROM rule WHERE id = ?1");
        if (st != NULL)
            bind_int(st, 1, rules[i].id);
        rc = store_step(s, st);
        if (rc == 1) {
            rules[i].since_ms = column_int(st, 0);
            store_reset(st);
        }
    }
    return rc < 0 ? rc : 0;
}

int store_paused(struct store *s, bool *paused, char **reason)
{
    int64_t v = 0;
    int rc = store_meta_int(s, "paused", 0, &v);

    *paused = v != 0;
    *reason = NULL;
    if (rc == 0 && *paused)
        rc = store_meta_text(s, "pause_reason", reason);
    return rc;
}

int store_pause(struct store *s, bool pause, int64_t now_ms, const char *reason)
{
    int rc = store_meta_set_int(s, "paused", pause);

    if (rc == 0)
        rc = store_meta_set_text(s, "pause_reason", pause ? reason : NULL);
    if (rc == 0)
        rc = store_meta_set_int(s, "paused_copy", 0);
    if (rc == 0 && !pause)
        rc = store_task_end(s, COPIED_KEY, "sending goes on", now_ms);
    if (rc == 0 && !pause)
        rc = store_alert_clear(s, COPIED_KEY, now_ms);
    return rc;
}

int store_pause_copy(struct store *s, int64_t now_ms, const char *reason)
{
    int rc = store_pause(s, true, now_ms, reason);

    return rc == 0 ? store_meta_set_int(s, "paused_copy", 1) : rc;
}

int store_paused_copy(struct store *s, bool *paused)
{
    int64_t v = 0;
    int rc = store_meta_int(s, "paused_copy", 0, &v);

    *paused = v != 0;
    return rc;
}

int store_rule_name(struct store *s, int64_t id, char **name)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name FROM rule WHERE id = ?1");

    *name = NULL;
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *name = column_text(st, 0);
    store_reset(st);
    return 0;
}
