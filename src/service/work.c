/* What one turn does. See service/work.h. */
#include "service/work.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "send/known.h"
#include "send/reported.h"
#include "send/settle.h"
#include "store/horizon.h"
#include "store/preread.h"
#include "store/tenure.h"
#include "watch/replan.h"

#define TURN_MORE_US 15000 /* what claims may take beyond the turn's own time */
#define CHANGES_MAX 500    /* log entries absorbed at a time */
#define WAITING_MAX 131072 /* subjects to plan, beyond which a backlog waits in its log: 1 MB */
#define WAITING_KEPT 8192  /* ... for which room is kept */
#define RECONCILE_MAX 500  /* rows compared at a time */
#define SWEEP_MAX 5000     /* entities whose plans' age is looked at at a time */
#define LEFT_OVER_MAX 500  /* messages of an earlier run settled at a time */
#define NEAR_MAX 1000      /* messages brought near at a time */
#define BACK_MAX 5000      /* rows looked at at a time after the clock was set back */

void work_init(struct work *w, struct store *store, struct dispatch *dispatch, struct marks *marks)
{
    *w = (struct work){.store = store,
                       .dispatch = dispatch,
                       .marks = marks,
                       .next_ms = INT64_MAX,
                       .far_ms = INT64_MAX};
    w->look = w->left_over = w->reconciling = true;
    w->alert = alert_create(store, dispatch);
    store_preread_allow(store);
}

/* Set back once more while it goes on, it is finished first, and then looked at again: two ways of
 * counting at a time would mix up what came before what. */
static void bring_back(struct work *w, int64_t now_ms, int64_t latest_ms)
{
    if (w->bringing_back || latest_ms < now_ms + AHEAD_LEAST_MS)
        return;
    log_warning("the clock was set back: what was written meanwhile counts as of now",
                "seconds=%lld", (long long)(latest_ms - now_ms) / 1000);
    w->bringing_back = true;
    w->ahead = (struct ahead_cursor){.now_ms = now_ms, .latest_ms = latest_ms};
}

void work_look_at_clock(struct work *w, int64_t now_ms)
{
    if (now_ms < w->wall_ms)
        bring_back(w, now_ms, w->wall_ms);
    w->wall_ms = now_ms;
}

/* The clock may have been set back while nothing ran, or while an earlier run was at it. */
static int look_at_clock_before(struct work *w, int64_t now_ms)
{
    int64_t latest_ms;
    int rc = store_latest(w->store, &latest_ms);

    if (rc == 0 && !w->bringing_back)
        rc = store_bring_back_left(w->store, &w->ahead, &w->bringing_back);
    if (rc == 0)
        bring_back(w, now_ms, latest_ms);
    return rc;
}

/* A stretch of it. In the end all is planned again: what was decided against since its time had
 * passed may be to come. */
static int go_on_bringing_back(struct work *w)
{
    bool done = false;
    int rc = store_bring_back(w->store, &w->ahead, BACK_MAX, &done);

    if (rc == 0 && done)
        rc = world_clock_back(w->world);
    if (rc == 0 && done) {
        w->bringing_back = w->started = false; /* what is left for another one is looked for */
        w->sweeping = true;
        w->swept_to = 0;
    }
    return rc;
}

void work_close(struct work *w)
{
    alert_free(w->alert);
    subjects_close(&w->waiting);
    trial_close(&w->trial);
}

void work_configure(struct work *w, struct world *world)
{
    trial_close(&w->trial);
    w->world = world;
    alert_configure(w->alert, world->settings);
    w->trying = trial_needed(world);
    w->takes_reports = world->settings->web_listen != NULL;
    for (size_t i = 0; i < world->settings->gateway_count; i++)
        w->takes_reports = w->takes_reports || world->settings->gateways[i].reports;
    w->sweeping = true;
    w->swept_to = 0;
    w->look = true;
}

void work_use_ahead(struct work *w, struct ahead *ahead)
{
    w->known = ahead;
    w->comparing = true;
    dispatch_use_ahead(w->dispatch, ahead);
}

void work_reconcile(struct work *w)
{
    w->reconciling = true;
    w->cursor = (struct reconcile_cursor){0};
}

static bool time_left(int64_t until_us)
{
    return clock_mono_us() < until_us;
}

/* Take the next entries of the change log; *drained: there are no more. A backlog is taken in
 * first, as far as there is room for what is to be planned, and planned then: to do some of both in
 * each turn would write the pages of both in each. After it every row is compared: the entries tell
 * what happened and when, but not how the rows stand in the end. */
static int absorb(struct work *w, int64_t now_ms, int64_t until_us, bool *drained)
{
    bool backlog = false;
    int rc = 0;

    *drained = false;
    if (w->behind && (w->planned_to > 0 || w->waiting.count >= WAITING_MAX))
        return 0;
    do {
        size_t taken;
        rc = absorb_changes(w->world, now_ms, CHANGES_MAX, &w->waiting, &taken);
        *drained = rc == 0 && taken < CHANGES_MAX;
        backlog |= rc == 0 && !*drained;
    } while (rc == 0 && !*drained && w->waiting.count < WAITING_MAX && time_left(until_us));
    if (rc == 0)
        w->look = !*drained;
    if (rc == 0 && backlog) {
        work_reconcile(w);
        w->behind = true;
    }
    return rc;
}

static void differs(void *arg, enum entity_kind kind, int64_t row_id)
{
    struct subjects *pairs = arg;

    subjects_add(pairs, kind);
    subjects_add(pairs, row_id);
}

/* Compare every row with what we know of it, a stretch at a time. */
static int reconcile(struct work *w, int64_t now_ms)
{
    struct subjects pairs = {0}; /* kind, row; kind, row; ... */
    struct reconcile_cursor cursor = w->cursor;
    bool done = false, repaired = false;
    int rc = cursor.kind == 0 ? store_repair(w->store, &repaired) : 0;

    if (repaired)
        log_warning("triggers were missing and are back", "");
    if (rc == 0)
        rc = store_reconcile(w->store, &cursor, RECONCILE_MAX, differs, &pairs, &done);
    for (size_t i = 0; rc == 0 && i < pairs.count; i += 2)
        rc = absorb_row(w->world, (enum entity_kind)pairs.ids[i], pairs.ids[i + 1], now_ms,
                        &w->waiting);
    if (rc == 0) {
        w->cursor = cursor;
        w->reconciling = !done;
        if (done) {
            w->reconciled_mono_ms = clock_mono_ms();
            w->behind = false;
            mem_trim(); /* what busier times had needed */
        }
    }
    subjects_close(&pairs);
    return rc;
}

/* Mark what waits and has gone out already. */
static int compare(struct work *w, int64_t now_ms)
{
    bool done = false;
    int rc = known_sweep(w->world, w->known, now_ms, &w->compared_to, &done);

    if (rc == 0 && done)
        w->comparing = false;
    if (rc == 0 && done && ahead_left(w->known) == 0)
        rc = store_ahead_range(w->store, -1, -1); /* every one has met its message */
    return rc;
}

static int sweep(struct work *w)
{
    bool done = false;
    int rc = store_entities_unplanned(w->store, w->world->generation, &w->swept_to, SWEEP_MAX,
                                      subjects_add, &w->waiting, &done);

    if (rc == 0)
        w->sweeping = !done;
    return rc;
}

static int plan_waiting(struct work *w, int64_t now_ms, int64_t until_us)
{
    struct replan_counts counts = {0};
    int rc = 0;

    if (w->planned_to == 0 && time_left(until_us))
        subjects_sort(&w->waiting);
    while (rc == 0 && w->planned_to < w->waiting.count && time_left(until_us)) {
        size_t done;
        rc = replan_subjects(w->world, &w->waiting.ids[w->planned_to],
                             w->waiting.count - w->planned_to, now_ms, &counts, &done);
        w->planned_to += done;
    }
    if (counts.planned + counts.moved + counts.voided > 0)
        log_debug("planned", "new=%lld moved=%lld voided=%lld", (long long)counts.planned,
                  (long long)counts.moved, (long long)counts.voided);
    return rc;
}

/* What has come so close that claims are to look at it. */
static int bring_near(struct work *w, int64_t now_ms, int64_t until_us)
{
    bool done = false;
    int rc;

    do
        rc = store_bring_near(w->store, now_ms, NEAR_MAX, &done, &w->far_ms);
    while (rc == 0 && !done && time_left(until_us));
    w->distant = !done;
    return rc;
}

/* Zones that a record has named for the first time are noted with the plan that used them. Where
 * clocks show something else than when it was planned with, everything is planned again: the
 * promise is the time on the wall, so its instant moves. */
static int look_at_zones(struct work *w)
{
    uint64_t news = zone_news();
    bool moved = false;

    if (news == w->zones_noted)
        return 0;
    int rc = world_note_zones(w->world, &moved);
    if (rc == 0)
        w->zones_noted = news;
    if (rc == 0 && moved) {
        log_info("zone data changed: all is planned again", "");
        w->sweeping = true;
        w->swept_to = 0;
    }
    return rc;
}

static bool planning_left(const struct work *w)
{
    return w->planned_to < w->waiting.count;
}

/* Count what the rules on trial would send at once, when everything is planned; a turn, a page. */
static int try_rules(struct work *w, int64_t now_ms)
{
    bool off = w->world->settings->blast_clients == 0, done = off;
    bool planned = !w->look && !w->left_over && !w->bringing_back && !w->reconciling &&
                   !w->sweeping && !planning_left(w);
    int rc = 0;

    if (!off && !planned)
        return 0;
    if (!off)
        rc = trial_count(&w->trial, w->world, now_ms, &done);
    if (rc == 0 && done)
        rc = trial_decide(&w->trial, w->world, now_ms);
    if (rc == 0 && done)
        trial_close(&w->trial);
    return rc;
}

/* What a person has paused or resumed, by whatever way, counts from this turn on. */
static int look_at_pauses(struct work *w)
{
    const struct world *world = w->world;
    char *reason = NULL;
    int rc = store_paused(w->store, &w->paused, &reason);

    free(reason);
    if (rc == 0)
        rc = store_rules_paused(w->store, world->rules, world->playbook->rule_count);
    w->trying = trial_needed(world);
    return rc;
}

/* Is there more that a turn would do whatever the time? */
static bool work_left(const struct work *w)
{
    return w->look || w->left_over || w->reports_left || w->comparing || w->bringing_back ||
           w->reconciling || w->sweeping || w->trying || w->distant || planning_left(w);
}

int work_turn(struct work *w, int64_t now_ms, int64_t until_us, bool *more)
{
    bool drained = false;
    size_t count = 0;
    int rc = look_at_zones(w);

    if (rc == 0)
        rc = dispatch_settle(w->dispatch, now_ms);
    if (rc == 0 && w->takes_reports) /* after the answers: a report may have been quicker */
        rc = reported_settle(w->world, now_ms, &w->reports_left);
    if (rc == 0 && !w->started)
        rc = look_at_clock_before(w, now_ms);
    w->started = w->started || rc == 0;
    if (rc == 0 && w->bringing_back)
        rc = go_on_bringing_back(w);
    if (rc == 0 && w->left_over) {
        rc = settle_left_over(w->world, w->marks, w->known, now_ms, dispatch_note_sent, w->dispatch,
                              LEFT_OVER_MAX, &count);
        if (rc == 0)
            rc = dispatch_settle(w->dispatch, now_ms); /* writes those notes */
        w->left_over = count == LEFT_OVER_MAX;
    }
    if (rc == 0 && w->comparing && !w->left_over)
        rc = compare(w, now_ms);
    if (rc == 0)
        rc = absorb(w, now_ms, until_us, &drained);
    if (rc == 0 && w->reconciling && drained && !planning_left(w))
        rc = reconcile(w, now_ms);
    if (rc == 0 && w->sweeping && !w->bringing_back && !planning_left(w))
        rc = sweep(w);
    if (rc == 0)
        rc = plan_waiting(w, now_ms, until_us);
    if (rc == 0)
        rc = bring_near(w, now_ms, until_us);
    if (rc == 0 && w->trying)
        rc = try_rules(w, now_ms);
    if (rc == 0)
        rc = look_at_pauses(w);
    if (rc == 0)
        rc = alert_turn(w->alert, now_ms);
    *more = false;
    w->world->behind = w->behind;
    /* A claim looks at the record itself, so it need not wait for planning that lags behind; but
     * what is left of an earlier run must be settled first, and what the log tells must be known
     * in its order: to look at a record before its past would make its stages happen twice. What
     * is due goes in the order of its time, so none of it may be far. */
    if (rc == 0 && !w->paused && !w->left_over && !w->comparing && !w->bringing_back && drained &&
        store_far_week_ms(w->far_ms) > now_ms)
        rc = dispatch_claim(w->dispatch, now_ms, until_us + TURN_MORE_US, more);
    if (rc == 0)
        rc = look_at_zones(w);
    if (rc == 0)
        rc = bring_near(w, now_ms, until_us); /* what the claims have put off may be far */
    if (rc == 0)
        rc = store_messages_next(w->store, &w->next_ms);
    *more = *more || work_left(w);
    return rc;
}

int64_t work_next_ms(const struct work *w)
{
    return w->next_ms < w->far_ms ? w->next_ms : w->far_ms;
}

bool work_pending(const struct work *w, int64_t now_ms)
{
    return work_left(w) || alert_pending(w->alert) || dispatch_has_results(w->dispatch) ||
           work_next_ms(w) <= now_ms || w->zones_noted != zone_news();
}

void work_committed(struct work *w)
{
    alert_committed(w->alert);
    if (!w->left_over && !w->own_marks) {
        fault_point("forget");
        marks_forget(w->marks);
        fault_point("forgotten");
        w->own_marks = true;
    }
    if (planning_left(w))
        return;
    w->waiting.count = 0;
    w->planned_to = 0;
    if (w->waiting.cap > WAITING_KEPT)
        subjects_close(&w->waiting);
    if (!w->behind && !w->sweeping)
        store_preread_end(w->store);
}

struct work_mark work_mark(const struct work *w)
{
    return (struct work_mark){.left_over = w->left_over,
                              .reconciling = w->reconciling,
                              .comparing = w->comparing,
                              .compared_to = w->compared_to,
                              .cursor = w->cursor,
                              .bringing_back = w->bringing_back,
                              .ahead = w->ahead};
}

/* No more is to be done again than what the turn did: once the messages of an earlier run are
 * settled, what stands as being sent is our own. Of the subjects that waited some may never have
 * been, and their ids be another's by now; the sweep finds all that are still there. */
void work_rolled_back(struct work *w, const struct work_mark *before)
{
    dispatch_rolled_back(w->dispatch);
    w->look = true;
    w->left_over = before->left_over;
    w->comparing = before->comparing;
    w->compared_to = before->compared_to;
    w->behind = w->behind || before->reconciling;
    w->reconciling = before->reconciling;
    w->cursor = before->cursor;
    w->bringing_back = before->bringing_back;
    w->ahead = before->ahead;
    subjects_close(&w->waiting);
    w->planned_to = 0;
    w->sweeping = true;
    w->swept_to = 0;
    w->zones_noted = 0;
    trial_close(&w->trial);
    w->trying = true; /* its next look tells whether any is */
    w->started = false;
}
