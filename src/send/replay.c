/*
 * The recorded past lived through once more. See send/replay.h.
 *
 * The happy path: the queue runs until before the next recorded moment; then everything happens
 * that happened at that moment, and the subjects concerned are planned again as of then; and so on
 * until the end. When something fails the draft is of no more use, and the caller gives up.
 */
#include "send/replay.h"

#include "base/clock.h"
#include "watch/replan.h"

#define BATCH 500 /* subjects planned in one transaction at the beginning */

void replay_rules(struct world *w, int64_t from_ms)
{
    for (size_t i = 0; i < w->playbook->rule_count; i++) {
        struct rule_state *r = &w->rules[i];
        if (r->since_ms > from_ms)
            r->since_ms = from_ms;
        w->plan_rules[i].since_ms = r->since_ms;
        r->trial = TRIAL_NONE;
        r->paused = false;
    }
}

static int plan(struct replay *r, int64_t now_ms)
{
    struct replan_counts counts = {0};
    int rc = 0;

    subjects_sort(&r->concerned);
    for (size_t i = 0; rc == 0 && i < r->concerned.count; i++)
        rc = replan_subject(r->rehearsal.world, r->concerned.ids[i], now_ms, &counts);
    r->concerned.count = 0;
    return rc;
}

static int plan_all(struct replay *r)
{
    struct world *w = r->rehearsal.world;
    int64_t after = 0;
    bool done = false;
    int rc = 0;

    while (rc == 0 && !done) {
        rc = store_begin(w->store);
        if (rc == 0)
            rc = store_entities_unplanned(w->store, w->generation, &after, BATCH, subjects_add,
                                          &r->concerned, &done);
        if (rc == 0)
            rc = plan(r, r->from_ms);
        if (rc == 0)
            rc = store_commit(w->store);
    }
    return rc;
}

/* The queue goes on until the next moment, or the end. */
static int look_ahead(struct replay *r, int64_t now_ms)
{
    int rc = past_next(r->past, &r->next_ms);

    if (r->next_ms > r->until_ms)
        r->next_ms = r->until_ms;
    rehearsal_go_on(&r->rehearsal, now_ms, r->next_ms);
    return rc;
}

int replay_begin(struct replay *r, int64_t from_ms, int64_t until_ms)
{
    r->from_ms = from_ms;
    r->until_ms = until_ms;
    int rc = rehearsal_begin(&r->rehearsal, from_ms, from_ms);
    clock_stand(from_ms);
    if (rc == 0)
        rc = plan_all(r);
    return rc == 0 ? look_ahead(r, from_ms) : rc;
}

void replay_close(struct replay *r)
{
    rehearsal_close(&r->rehearsal);
    subjects_close(&r->concerned);
    *r = (struct replay){0};
}

static int happen(struct replay *r)
{
    struct store *s = r->rehearsal.world->store;
    int64_t now_ms = r->next_ms;
    int rc = store_begin(s);

    clock_stand(now_ms);
    if (rc == 0)
        rc = past_go_on(r->past, now_ms, subjects_add, &r->concerned);
    if (rc == 0)
        rc = plan(r, now_ms);
    if (rc == 0)
        rc = look_ahead(r, now_ms);
    return rc == 0 ? store_commit(s) : rc;
}

int replay_step(struct replay *r, rehearsal_each each, void *arg, bool *done)
{
    bool quiet = false;
    int rc = rehearsal_step(&r->rehearsal, each, arg, &quiet);

    *done = false;
    if (rc != 0 || !quiet)
        return rc;
    *done = r->next_ms == r->until_ms;
    return *done ? 0 : happen(r);
}
