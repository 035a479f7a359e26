/* What the database keeps of each rule. See store/rules.h. */
#include "store/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

/* What must stay the same for a rule to keep its switch-on time (design.md, "Switch-on"). */
static char *identity_of(const struct rule *r)
{
    return mem_printf("%s|%s|%s", r->on_text, r->to_text, purpose_name(r->purpose));
}

/* 1: known, with its state and identity; 0: not known. */
static int find(struct store *s, const char *name, struct rule_state *out, char **identity)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, since_ms, paused_ms, identity, present "
                                        "FROM rule WHERE name = ?1");

    *identity = NULL;
    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    out->id = column_int(st, 0);
    out->since_ms = column_int(st, 1);
    out->paused = sqlite3_column_type(st, 2) != SQLITE_NULL;
    *identity = column_int(st, 4) ? column_text(st, 3) : mem_strdup("");
    store_reset(st);
    return 1;
}

static int save(struct store *s, const struct rule *r, const char *identity, int64_t since_ms,
                struct rule_state *out)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO rule (name, purpose, since_ms, identity, capped) "
                         "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET "
                         "purpose = excluded.purpose, since_ms = excluded.since_ms, "
                         "identity = excluded.identity, capped = excluded.capped, present = 1 "
                         "RETURNING id, paused_ms");

    if (st != NULL) {
        bind_text(st, 1, r->name);
        bind_text(st, 2, purpose_name(r->purpose));
        bind_int(st, 3, since_ms);
        bind_text(st, 4, identity);
        bind_int(st, 5, r->capped);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    out->id = column_int(st, 0);
    out->paused = sqlite3_column_type(st, 1) != SQLITE_NULL;
    out->since_ms = since_ms;
    return store_finish(s, st);
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
        char *identity = identity_of(r), *known;
        rc = find(s, r->name, &out[i], &known);
        bool same = rc == 1 && strcmp(identity, known) == 0;
        if (rc >= 0)
            rc = save(s, r, identity, same ? out[i].since_ms : since_ms, &out[i]);
        free(identity);
        free(known);
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
        char *identity = identity_of(&p->rules[i]), *known;
        out[i] = (struct rule_state){.since_ms = since_ms};
        rc = find(s, p->rules[i].name, &out[i], &known);
        if (rc == 1 && strcmp(identity, known) != 0)
            out[i].since_ms = since_ms;
        rc = rc > 0 ? 0 : rc;
        free(identity);
        free(known);
    }
    return rc;
}

int store_rules_paused(struct store *s, struct rule_state *rules, size_t count)
{
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < count; i++) {
        sqlite3_stmt *st = store_prepare(s, "SELECT paused_ms IS NOT NULL FROM rule WHERE id = ?1");
        if (st != NULL)
            bind_int(st, 1, rules[i].id);
        rc = store_step(s, st);
        if (rc == 1) {
            rules[i].paused = column_int(st, 0) != 0;
            store_reset(st);
        }
    }
    return rc < 0 ? rc : 0;
}

/* While the rule was paused, they were put off a little again and again. */
static int look_again(struct store *s, const char *rule)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE message SET next_ms = due_ms, reason = NULL "
                                        "WHERE state = 0 AND next_ms > due_ms AND rule_id = "
                                        "(SELECT id FROM rule WHERE name = ?1)");

    if (st != NULL)
        bind_text(st, 1, rule);
    return store_finish(s, st);
}

int store_rule_pause(struct store *s, const char *name, bool pause, int64_t now_ms,
                     const char *reason)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE rule SET paused_ms = ?2, pause_reason = ?3 "
                                        "WHERE name = ?1 AND present = 1");

    if (st != NULL) {
        bind_text(st, 1, name);
        if (pause) {
            bind_int(st, 2, now_ms);
            bind_text(st, 3, reason);
        }
    }
    int rc = store_finish(s, st);
    if (rc == 0 && sqlite3_changes(s->db) == 0)
        return ERR_NOTFOUND;
    return rc == 0 && !pause ? look_again(s, name) : rc;
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

int store_pause(struct store *s, bool pause, const char *reason)
{
    int rc = store_meta_set_int(s, "paused", pause);

    if (rc == 0)
        rc = store_meta_set_text(s, "pause_reason", pause ? reason : NULL);
    return rc;
}
