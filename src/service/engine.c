/*
 * The engine. See service/engine.h.
 *
 * A turn runs from an idle handle, so that everything that poked in one round of the loop shares
 * one transaction:
 *
 *     begin immediate
 *     settle the gateways' results, write the points of no return
 *     absorb the change log, plan the subjects concerned
 *     go on with the sweeps (after a new playbook; the full reconcile)
 *     claim what is due
 *     commit
 *     let the gateways go on
 *
 * Each step ends when the turn's time is used up; then there is another turn, after the loop has
 * looked at everything else. When the database is busy the turn is tried again after a growing
 * pause; when it fails otherwise, too, and the state says so. A damaged database ends all work: it
 * is not for a program to guess what was in it. Neither does it work on once another service has
 * taken over, or the file is not the one of its name any more: every transaction looks first.
 */
#include "service/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "send/dispatch.h"
#include "service/alarm.h"
#include "service/entry.h"
#include "service/work.h"
#include "store/horizon.h"
#include "watch/calm.h"
#include "watch/watcher.h"

#define TURN_US 15000       /* of work in one turn; the loop answers in between */
#define TURN_ALONE_US 30000 /* ... when nobody else has written for a while */
#define RECONCILE_EVERY_MS (10 * 60 * 1000)
#define BUSY_FIRST_MS 2
#define BUSY_LONGEST_MS 500
#define FAILED_PAUSE_MS 2000
#define TROUBLE_TOLD_MS 60000 /* trouble that lasts so long is told afterwards */
#define GRACE_MS 30000        /* for the gateways of a replaced configuration */
#define RELAX_TURNS 100       /* so many leave something behind that is worth giving back */
#define RELAX_EVERY_MS 10000

/* A configuration with all that was made from it. */
struct setup {
    struct config config;
    struct world world;
    struct conditions *conditions;
};

struct engine {
    uv_loop_t *loop;
    struct store *store;
    struct setup *setup;
    struct dispatch *dispatch;
    struct marks *marks;
    struct watcher *watcher;
    struct calm *calm;
    struct alarm *alarm;
    uv_idle_t idle;
    uv_timer_t retry;  /* a turn that has to wait */
    struct work work;  /* and how far it has come */
    bool others_wrote; /* since the last regular reconcile began */
    bool owes_others;  /* they wrote, and what follows from it is not committed yet */
    int64_t busy_ms;
    int64_t trouble_mono_ms; /* since when turns have failed */
    int64_t turned_mono_ms;  /* when the last turn ended */
    uint64_t relaxed_turns;  /* how many there had been when memory was given back last, and when */
    int64_t relaxed_mono_ms;
    bool broken;        /* the database is damaged, or not ours any more */
    struct entry entry; /* what makes the database ours, and the send ledger */
    void (*lost)(void *arg, enum engine_loss why);
    void *lost_arg;
    void (*others)(void *arg);
    void *others_arg;
    bool stopping; /* no new claims: what is due waits for the next start */
    struct engine_state state;
    int open; /* handles and rooms still closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void idle_cb(uv_idle_t *h);
static void retry_cb(uv_timer_t *t);

void engine_poke(struct engine *e)
{
    if (!e->broken && !uv_is_closing((uv_handle_t *)&e->idle))
        uv_idle_start(&e->idle, idle_cb);
}

static void poke_cb(void *arg)
{
    engine_poke(arg);
}

/* --- whose the database is --- */

/* Not ours any more. What waits at its point of no return can be written down no longer, so it must
 * not go on. */
static void lose(struct engine *e, enum engine_loss why)
{
    if (why == ENGINE_OVERTAKEN)
        log_error("another service works on the database now, or its content was replaced",
                  "epoch=%lld", (long long)e->entry.tenure.epoch);
    else
        log_error("the database was moved, removed or replaced by another", "");
    e->broken = true;
    dispatch_break_off(e->dispatch);
    if (e->lost != NULL)
        e->lost(e->lost_arg, why);
}

void engine_on_loss(struct engine *e, void (*lost)(void *arg, enum engine_loss why), void *arg)
{
    e->lost = lost;
    e->lost_arg = arg;
}

void engine_on_others(struct engine *e, void (*others)(void *arg), void *arg)
{
    e->others = others;
    e->others_arg = arg;
}

struct alert *engine_alert(struct engine *e)
{
    return e->work.alert;
}

/* Begin a transaction on a database that is still ours. ERR_CANCELLED: it is not. */
static int begin(struct engine *e)
{
    int rc = store_begin(e->store);

    if (rc != 0)
        return rc;
    rc = store_tenure_check(e->store, &e->entry.tenure);
    if (rc != 0)
        store_rollback(e->store);
    return rc;
}

/* --- what others did --- */

static void look_cb(void *arg)
{
    struct engine *e = arg;
    bool changed = false, moved = false;

    if (e->broken)
        return;
    if (store_displaced(e->store)) {
        lose(e, ENGINE_DISPLACED);
        return;
    }
    if (store_changed(e->store, &changed) != 0 || changed) {
        e->work.look = e->others_wrote = true;
        e->owes_others = true;
        calm_note(e->calm);
        if (e->others != NULL)
            e->others(e->others_arg);
    }
    /* A migration may have taken our triggers with it, also while a reconcile is under way. */
    if (changed && store_schema_moved(e->store, &moved) == 0 && moved) {
        work_reconcile(&e->work);
        engine_poke(e);
    }
    /* While nobody else has committed anything every row is what it was. */
    if (e->others_wrote && !e->work.reconciling &&
        clock_mono_ms() - e->work.reconciled_mono_ms > RECONCILE_EVERY_MS) {
        e->others_wrote = false;
        work_reconcile(&e->work);
        engine_poke(e);
    }
}

/* --- turns --- */

/* Commit, with how far the ledger has come. */
static int commit(struct engine *e)
{
    ledger_wait(e->entry.ledger);
    int64_t last = ledger_last(e->entry.ledger);
    int rc = last != e->entry.tenure.ledger ? store_tenure_ledger(e->store, last) : 0;

    if (rc == 0)
        rc = dispatch_must_last(e->dispatch) ? store_commit(e->store)
                                             : store_commit_unsynced(e->store);
    if (rc == 0)
        e->entry.tenure.ledger = last;
    return rc;
}

static void failed(struct engine *e, int rc)
{
    int64_t pause_ms = FAILED_PAUSE_MS;

    if (rc == ERR_BUSY) {
        pause_ms = e->busy_ms = e->busy_ms > 0 ? e->busy_ms * 2 : BUSY_FIRST_MS;
        if (pause_ms > BUSY_LONGEST_MS)
            pause_ms = e->busy_ms = BUSY_LONGEST_MS;
    }
    if (rc != ERR_BUSY || e->busy_ms == BUSY_LONGEST_MS) {
        if (e->state.trouble != rc)
            log_error("database trouble", "kind=\"%s\" words=\"%s\"", err_name(rc),
                      store_error(e->store));
        if (e->state.trouble == 0)
            e->trouble_mono_ms = clock_mono_ms();
        e->state.trouble = rc;
        e->state.trouble_words = err_name(rc);
    }
    if (rc == ERR_CORRUPT) {
        log_error("the database is damaged: nothing is planned or sent any more", "");
        e->broken = true;
        return;
    }
    uv_timer_start(&e->retry, retry_cb, (uint64_t)pause_ms, 0);
}

/* There is nothing to do for now. What busier times had needed is given back: the pages that the
 * database's cache holds are in the system's, too, and a moment's many messages leave more behind
 * than they need themselves. Returns when to come back for that; -1: no need to. */
static int64_t relax(struct engine *e)
{
    int64_t now_ms = clock_mono_ms(), since_ms = now_ms - e->relaxed_mono_ms;

    store_tidy(e->store);
    if (e->state.turns - e->relaxed_turns < RELAX_TURNS)
        return -1;
    if (since_ms < RELAX_EVERY_MS)
        return RELAX_EVERY_MS - since_ms;
    store_drop_cache(e->store);
    mem_trim();
    e->relaxed_turns = e->state.turns;
    e->relaxed_mono_ms = now_ms;
    return -1;
}

static void set_alarms(struct engine *e, bool more)
{
    int64_t wait_ms = dispatch_wait_ms(e->dispatch), relax_ms = -1;

    if (more) {
        engine_poke(e);
        return;
    }
    if (dispatch_in_flight(e->dispatch) == 0) /* it is not for a moment only */
        relax_ms = relax(e);
    if (wait_ms >= 0)
        uv_timer_start(&e->retry, retry_cb, (uint64_t)wait_ms, 0);
    else if (relax_ms >= 0)
        uv_timer_start(&e->retry, retry_cb, (uint64_t)relax_ms, 0);
    /* What is due and not taken waits for a gateway, and its result pokes us. */
    bool blocked =
        e->work.next_ms <= clock_wall_ms() &&
        (wait_ms >= 0 || dispatch_in_flight(e->dispatch) > 0 || e->work.paused || e->stopping);
    int64_t next_ms = blocked ? e->work.far_ms : work_next_ms(&e->work);
    int64_t alert_ms = alert_next_ms(e->work.alert, clock_wall_ms());
    alarm_set(e->alarm, alert_ms < next_ms ? alert_ms : next_ms);
}

/* Nobody could be told while it lasted: an alert is a row of the database, too. */
static void well_again(struct engine *e)
{
    int64_t lasted_ms = clock_mono_ms() - e->trouble_mono_ms;

    log_info("database well again", "");
    if (lasted_ms < TROUBLE_TOLD_MS)
        return;
    char minutes[STR_COUNTED_MAX];
    str_counted(lasted_ms / 60000, "minute", minutes);
    char *text = mem_printf("For %s nothing could be written into the database (%s).", minutes,
                            e->state.trouble_words);
    alert_note(e->work.alert, "database", text);
    free(text);
}

/* Whoever was told that others wrote may have looked before we had drawn our conclusions. */
static void tell_again(struct engine *e)
{
    if (e->owes_others && !e->work.look && e->others != NULL)
        e->others(e->others_arg);
    e->owes_others &= e->work.look;
}

static void turn(struct engine *e)
{
    int64_t began_us = clock_mono_us();
    bool more = false;

    if (!e->broken && store_tidy_full(e->store)) {
        uv_timer_start(&e->retry, retry_cb, STORE_TIDY_PAUSE_MS, 0);
        return;
    }
    work_look_at_clock(&e->work, clock_wall_ms());
    if (e->broken || !work_pending(&e->work, clock_wall_ms())) {
        if (!e->broken)
            set_alarms(e, false);
        return;
    }
    if (store_displaced(e->store)) {
        lose(e, ENGINE_DISPLACED);
        return;
    }
    int rc = begin(e);
    if (rc == ERR_CANCELLED) {
        lose(e, ENGINE_OVERTAKEN);
        return;
    }
    if (rc != 0) {
        failed(e, rc);
        return;
    }
    const struct work_mark before = work_mark(&e->work);
    rc = work_turn(&e->work, clock_wall_ms(),
                   began_us + (store_alone(e->store) ? TURN_ALONE_US : TURN_US), &more);
    if (rc == 0)
        rc = commit(e);
    if (rc != 0) {
        store_rollback(e->store);
        work_rolled_back(&e->work, &before);
        failed(e, rc);
        return;
    }
    if (e->state.trouble != 0)
        well_again(e);
    e->state.trouble = 0;
    e->busy_ms = 0;
    work_committed(&e->work);
    e->state.turns++;
    e->turned_mono_ms = clock_mono_ms();
    int64_t took_us = clock_mono_us() - began_us;
    if (took_us > e->state.longest_turn_us)
        e->state.longest_turn_us = took_us;
    dispatch_committed(e->dispatch);
    tell_again(e);
    set_alarms(e, more);
}

static void idle_cb(uv_idle_t *h)
{
    struct engine *e = h->data;

    uv_idle_stop(h);
    int64_t wait_ms = calm_distance_ms(e->calm, e->turned_mono_ms);
    if (wait_ms > 0)
        uv_timer_start(&e->retry, retry_cb, (uint64_t)wait_ms, 0);
    else
        turn(e);
}

static void retry_cb(uv_timer_t *t)
{
    struct engine *e = t->data;

    e->work.look = true;
    engine_poke(e); /* somebody else may have, too: one turn for both */
}

static void ring_cb(void *arg)
{
    struct engine *e = arg;

    look_cb(e);
    engine_poke(e);
}

/* --- configuration --- */

static void setup_free(void *arg)
{
    struct setup *s = arg;

    if (s == NULL)
        return;
    world_close(&s->world);
    conditions_close(s->conditions);
    config_free(&s->config);
    free(s);
}

/* Load the world of a configuration, writing its rules. Waits a little for other writers: it
 * happens at the start and on a reload only. */
static int load_world(struct engine *e, struct setup *s, struct err *err)
{
    store_set_patience(e->store, 5000);
    int rc = begin(e);
    if (rc == 0)
        rc = world_load(&s->world, e->store, s->config.settings, s->config.playbook,
                        clock_wall_ms(), true);
    if (rc == 0)
        rc = store_commit(e->store);
    if (rc != 0) {
        err_set(err, "%s: %s", store_path(e->store), store_error(e->store));
        store_rollback(e->store);
    }
    store_set_patience(e->store, 0);
    return rc;
}

/* From now on the database is ours. */
static int enter(struct engine *e, const struct settings *settings, struct err *err)
{
    int rc = entry_make(e->store, settings, &e->entry, err);

    if (rc != 0)
        return rc;
    e->state.epoch = e->entry.tenure.epoch;
    dispatch_use_ledger(e->dispatch, e->entry.ledger, e->entry.tenure.epoch);
    if (e->entry.ahead != NULL)
        work_use_ahead(&e->work, e->entry.ahead);
    return 0;
}

static int apply(struct engine *e, struct config *config, struct err *err)
{
    struct setup *s = mem_zalloc(sizeof(*s));
    struct outlets outlets = {0};
    int rc;

    s->config = *config;
    s->conditions = conditions_open(store_path(e->store), err);
    rc = s->conditions != NULL ? 0 : ERR_INVALID;
    if (rc == 0)
        rc =
            outlets_create(&outlets, e->loop, s->config.settings, dispatch_hooks(e->dispatch), err);
    if (rc == 0)
        rc = load_world(e, s, err);
    if (rc == 0 && e->setup != NULL)
        world_inherit(&s->world, &e->setup->world);
    if (rc != 0) {
        for (size_t i = 0; i < outlets.count; i++)
            gateway_close(outlets.items[i].gateway, 0, NULL, NULL);
        free(outlets.items);
        s->config = (struct config){0}; /* stays the caller's */
        setup_free(s);
        return rc;
    }
    *config = (struct config){0};
    dispatch_configure(e->dispatch, &s->world, s->config.templates, s->conditions, &outlets,
                       GRACE_MS, setup_free, s);
    e->setup = s;
    work_configure(&e->work, &s->world);
    return 0;
}

int engine_reconfigure(struct engine *e, struct config *config, struct err *err)
{
    int rc = apply(e, config, err);

    if (rc == 0)
        engine_poke(e);
    return rc;
}

/* --- start and end --- */

static void part_closed(void *arg)
{
    struct engine *e = arg;

    if (--e->open > 0)
        return;
    dispatch_free(e->dispatch);
    marks_close(e->marks);
    work_close(&e->work);
    entry_close(&e->entry);
    store_close(e->store);
    void (*closed)(void *) = e->closed;
    void *closed_arg = e->closed_arg;
    free(e);
    if (closed != NULL)
        closed(closed_arg);
}

static void handle_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

static void close_handles(struct engine *e)
{
    e->open = 3;
    calm_close(e->calm, part_closed, e);
    if (e->watcher != NULL) {
        e->open++;
        watcher_close(e->watcher, part_closed, e);
    }
    if (e->alarm != NULL) {
        e->open++;
        alarm_close(e->alarm, part_closed, e);
    }
    uv_close((uv_handle_t *)&e->idle, handle_closed);
    uv_close((uv_handle_t *)&e->retry, handle_closed);
}

/* All gateways are closed: record what came last, then close the rest. */
static void dispatch_stopped(void *arg)
{
    struct engine *e = arg;

    if (e->state.trouble != ERR_CORRUPT && dispatch_has_results(e->dispatch)) {
        store_set_patience(e->store, 5000);
        int rc = begin(e);
        if (rc == 0)
            rc = dispatch_settle(e->dispatch, clock_wall_ms());
        if (rc == 0)
            rc = commit(e);
        if (rc != 0) {
            store_rollback(e->store);
            log_error("last results not recorded; the next start settles them", "kind=\"%s\"",
                      err_name(rc));
        }
    }
    setup_free(e->setup);
    close_handles(e);
}

void engine_stop(struct engine *e, int64_t grace_ms, void (*closed)(void *arg), void *arg)
{
    e->closed = closed;
    e->closed_arg = arg;
    e->stopping = true;
    dispatch_stop(e->dispatch, grace_ms, dispatch_stopped, e);
}

void engine_state(const struct engine *e, struct engine_state *out)
{
    *out = e->state;
    out->paused = e->work.paused;
    out->next_ms = e->work.next_ms;
    out->far = e->work.next_ms == INT64_MAX && e->work.far_ms != INT64_MAX;
    if (out->far)
        out->next_ms = store_far_week_ms(e->work.far_ms);
    out->in_flight = dispatch_in_flight(e->dispatch);
}

static void closed_flag(void *arg)
{
    *(bool *)arg = true;
}

static struct marks *open_marks(const char *database)
{
    struct err err = {""};
    char *path = mem_printf("%s.marks", database);
    struct marks *m = marks_open(path, &err);

    if (err.text[0] != '\0')
        log_warning("no marks: after a crash all that was on the wire counts as unknown",
                    "why=\"%s\"", err.text);
    free(path);
    return m;
}

int engine_create(uv_loop_t *loop, struct config *config, struct engine **out, struct err *err)
{
    struct engine *e = mem_zalloc(sizeof(*e));
    const char *path = config->settings->database;

    *out = NULL;
    int rc = store_open(path, STORE_WRITE, &e->store, err);
    if (rc != 0) {
        free(e);
        return rc;
    }
    e->loop = loop;
    uv_idle_init(loop, &e->idle);
    uv_timer_init(loop, &e->retry);
    e->idle.data = e->retry.data = e;
    store_tidy_apart(e->store);
    e->marks = open_marks(path);
    e->dispatch = dispatch_create(loop, e->marks, poke_cb, e);
    work_init(&e->work, e->store, e->dispatch, e->marks);
    e->calm = calm_create(loop, poke_cb, e);
    e->watcher = watcher_create(loop, path, look_cb, e, err);
    e->alarm = alarm_create(loop, ring_cb, e, err);
    rc = e->watcher != NULL && e->alarm != NULL ? 0 : ERR_IO;
    if (rc == 0)
        rc = enter(e, config->settings, err);
    if (rc == 0)
        rc = apply(e, config, err);
    if (rc != 0) {
        bool gone = false;
        e->closed = closed_flag;
        e->closed_arg = &gone;
        close_handles(e);
        while (!gone)
            uv_run(loop, UV_RUN_ONCE);
        return rc;
    }
    engine_poke(e);
    *out = e;
    return 0;
}
