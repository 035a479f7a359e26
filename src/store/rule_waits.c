/*
 * Rules that wait: paused by a person, or on trial, or until somebody says yes. See store/rules.h.
 *
 * While its rule waits a message that is due is put off, again and again and by more and more, so
 * that thousands of them cost little; when the rule goes on they are all looked at again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/horizon.h"
#include "store/internal.h"
#include "store/rules.h"
#include "store/tasks.h"

#define WAIT_MS 60000    /* a message of a rule that waits is looked at again */
#define WAIT_SHARE 8     /* or after this part of the time that it waited already */
#define PUT_OFF_MAX 2000 /* messages at a time */

/* The task by which a rule asks for a yes. */
static char *question_key(const char *rule)
{
    return mem_printf(TASK_RULE_ASKS "%s", rule);
}

int store_question_answered(struct store *s, const char *rule, int64_t now_ms)
{
    char *key = question_key(rule);
    int rc = store_task_end(s, key, "the rule asks no more", now_ms);

    free(key);
    return rc;
}

/* What was put off until `until_ms` at most: none of that is far. */
static int look_again(struct store *s, const char *rule, int64_t now_ms, int64_t until_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE message INDEXED BY message_next SET next_ms = iif(state = 0, due_ms, ?3), "
           "reason = iif(state = 0, NULL, reason) WHERE state <= 2 AND next_ms <= near_ms "
           "AND channel IN (0, 1, 2) AND next_ms <= ?2 AND next_ms > iif(state = 0, due_ms, ?3) "
           "AND rule_id = (SELECT id FROM rule WHERE name = ?1)");

    if (st != NULL) {
        bind_text(st, 1, rule);
        bind_int(st, 2, until_ms);
        bind_int(st, 3, now_ms);
    }
    return store_finish(s, st);
}

int store_rule_pause(struct store *s, const char *name, bool pause, int64_t now_ms,
                     const char *reason)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE rule SET paused_ms = ?2, pause_reason = ?3, paused_by = 0, "
                         "lifted = iif(?2 IS NULL AND paused_by = 2, -1, lifted), "
                         "trial = iif(?2 IS NULL, 0, trial) WHERE name = ?1 AND present = 1");

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
    if (rc == 0)
        rc = store_question_answered(s, name, now_ms);
    return rc == 0 && !pause ? look_again(s, name, now_ms, INT64_MAX) : rc;
}

int store_rule_ask(struct store *s, const char *name, enum rule_pauser by, int64_t now_ms,
                   const char *reason, const char *text)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE rule SET paused_ms = ?2, pause_reason = ?3, "
                                        "paused_by = ?4 WHERE name = ?1");
    char *key = question_key(name);
    struct task t = {.key = key, .text = text};

    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, now_ms);
        bind_text(st, 3, reason);
        bind_int(st, 4, by);
    }
    int rc = store_finish(s, st);
    if (rc == 0)
        rc = store_task_raise(s, &t, now_ms);
    free(key);
    return rc;
}

int store_rule_lifted(struct store *s, int64_t rule_id, int64_t hour)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE rule SET lifted = ?2 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, rule_id);
        bind_int(st, 2, hour);
    }
    return store_finish(s, st);
}

int store_rule_trial_end(struct store *s, const char *name, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE rule SET trial = 0 WHERE name = ?1");

    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_finish(s, st);
    return rc == 0 ? look_again(s, name, now_ms, now_ms + WAIT_MS) : rc;
}

bool rule_waits(const struct rule_state *r, int attempts)
{
    if (r->paused && r->paused_by == PAUSED_BY_PERSON)
        return true;
    return (r->paused || r->trial != TRIAL_NONE) && attempts == 0;
}

const char *rule_waits_reason(const struct rule_state *r)
{
    if (!r->paused)
        return "its rule is being looked at first";
    return r->paused_by == PAUSED_BY_PERSON ? "its rule is paused" : "its rule waits for a yes";
}

int store_rule_put_off(struct store *s, const struct rule_state *r, enum channel channel,
                       int64_t now_ms, const char *reason)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE message SET next_ms = min(expires_ms, ?9, ?3 + max(?4, (?3 - due_ms) / ?5)), "
           "near_ms = ?9, reason = iif(state = 0, ?6, reason) WHERE id IN (SELECT id FROM message "
           "INDEXED BY "
           "message_next WHERE state <= 2 AND next_ms <= near_ms AND channel = ?2 "
           "AND next_ms <= ?3 AND rule_id = ?1 AND expires_ms > ?3 AND (attempts = 0 OR ?7) LIMIT "
           "?8)");

    if (st != NULL) {
        bind_int(st, 1, r->id);
        bind_int(st, 2, channel);
        bind_int(st, 3, now_ms);
        bind_int(st, 4, WAIT_MS);
        bind_int(st, 5, r->paused ? WAIT_SHARE : INT64_MAX);
        bind_text(st, 6, reason);
        bind_int(st, 7, rule_waits(r, 1));
        bind_int(st, 8, PUT_OFF_MAX);
        bind_int(st, 9, store_horizon_ms(now_ms));
    }
    return store_finish(s, st);
}

static const char page_far[] =
    "SELECT ?2, id, rule_id, recipient_id, min(nominal_ms, due_ms), attempts FROM message INDEXED "
    "BY "
    "message_far "
    "WHERE state <= 2 AND next_ms > near_ms AND next_ms / 604800000 = ?2 AND id > ?3 "
    "AND next_ms < ?4 ORDER BY id LIMIT ?5";
static const char page_near[] =
    "SELECT next_ms, id, rule_id, recipient_id, min(nominal_ms, due_ms), attempts FROM message "
    "INDEXED BY message_next WHERE state <= 2 AND next_ms <= near_ms AND channel = ?1 "
    "AND next_ms >= ?2 AND next_ms < ?4 AND (next_ms > ?2 OR id > ?3) ORDER BY next_ms, id LIMIT "
    "?5";

/* The page was the last of a far week, or of a channel. Far ones come first: should one be brought
 * near meanwhile, it is met twice, but never missed. */
static int go_on(struct store *s, struct pending_cursor *cursor, int64_t until_ms)
{
    int64_t week = INT64_MAX;
    int rc = cursor->step == 0 ? store_far_week_after(s, cursor->at, &week) : 0;

    if (rc != 0)
        return rc;
    if (cursor->step == 0 && week <= until_ms / STORE_WEEK_MS)
        *cursor = (struct pending_cursor){.at = week};
    else
        *cursor = (struct pending_cursor){.step = cursor->step + 1};
    return 0;
}

int store_pending_page(struct store *s, struct pending_cursor *cursor, int64_t until_ms, size_t max,
                       pending_each each, void *arg, bool *done)
{
    sqlite3_stmt *st = store_prepare(s, cursor->step == 0 ? page_far : page_near);
    size_t count = 0;
    int rc;

    if (st != NULL) {
        if (cursor->step > 0)
            bind_int(st, 1, cursor->step - 1);
        bind_int(st, 2, cursor->at);
        bind_int(st, 3, cursor->id);
        bind_int(st, 4, until_ms);
        bind_int(st, 5, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        count++;
        cursor->at = column_int(st, 0);
        cursor->id = column_int(st, 1);
        if (column_int(st, 5) == 0)
            each(arg, column_int(st, 2), column_int(st, 3), column_int(st, 4));
    }
    if (rc == 0 && count < max)
        rc = go_on(s, cursor, until_ms);
    *done = rc == 0 && cursor->step > CHANNEL_COUNT;
    return rc;
}
