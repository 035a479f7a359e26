/*
 * How many messages each rule has in each state, and how many exchanges of each kind there were:
 * kept as they happen, since counting a million rows takes a while. See store/internal.h.
 *
 * What a transaction changes is added up in memory and written at its commit, a row for each number
 * that changed, so that planning a thousand messages costs no more here than planning one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

static int write_messages(struct store *s, const struct tally *t)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO message_tally (rule_id, state, count) VALUES (?1, ?2, ?3) "
                         "ON CONFLICT DO UPDATE SET count = count + excluded.count");

    if (st != NULL) {
        bind_int(st, 1, t->rule_id);
        bind_int(st, 2, t->state);
        bind_int(st, 3, t->change);
    }
    return store_finish(s, st);
}

static int write_attempts(struct store *s, const struct tally *t)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO attempt_tally (gateway, outcome, count, last_ms) "
           "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
           "count = count + excluded.count, last_ms = max(last_ms, excluded.last_ms)");

    if (st != NULL) {
        bind_text(st, 1, t->gateway);
        bind_text(st, 2, t->outcome);
        bind_int(st, 3, t->change);
        bind_int(st, 4, t->last_ms);
    }
    return store_finish(s, st);
}

static int write_one(struct store *s, const struct tally *t)
{
    if (t->change == 0)
        return 0;
    return t->gateway != NULL ? write_attempts(s, t) : write_messages(s, t);
}

static void forget_one(struct tally *t)
{
    free(t->gateway);
    free(t->outcome);
}

/* Outside a transaction there is no commit to wait for. */
static int took_in(struct store *s)
{
    return s->in_transaction ? 0 : tally_write(s);
}

int tally_messages(struct store *s, int64_t rule_id, enum message_state state, int change)
{
    for (size_t i = 0; i < s->tally_count; i++) {
        struct tally *t = &s->tallies[i];
        if (t->gateway == NULL && t->rule_id == rule_id && t->state == state) {
            t->change += change;
            return 0;
        }
    }
    mem_grow(&s->tallies, &s->tally_cap, s->tally_count + 1, sizeof(*s->tallies));
    s->tallies[s->tally_count++] =
        (struct tally){.rule_id = rule_id, .state = state, .change = change};
    return took_in(s);
}

int tally_attempt(struct store *s, const char *gateway, const char *outcome, int64_t at_ms)
{
    for (size_t i = 0; i < s->tally_count; i++) {
        struct tally *t = &s->tallies[i];
        if (t->gateway != NULL && strcmp(t->gateway, gateway) == 0 &&
            strcmp(t->outcome, outcome) == 0) {
            t->change++;
            t->last_ms = at_ms > t->last_ms ? at_ms : t->last_ms;
            return 0;
        }
    }
    mem_grow(&s->tallies, &s->tally_cap, s->tally_count + 1, sizeof(*s->tallies));
    s->tallies[s->tally_count++] = (struct tally){.gateway = mem_strdup(gateway),
                                                  .outcome = mem_strdup(outcome),
                                                  .change = 1,
                                                  .last_ms = at_ms};
    return took_in(s);
}

int tally_write(struct store *s)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->tally_count; i++)
        rc = write_one(s, &s->tallies[i]);
    tally_forget(s);
    return rc;
}

void tally_forget(struct store *s)
{
    for (size_t i = 0; i < s->tally_count; i++)
        forget_one(&s->tallies[i]);
    s->tally_count = 0;
}
