/*
 * Virtual time. The few functions of libuv that the engine calls are here instead, with the alarm
 * and the watcher: nothing waits, the clock jumps to the next thing that happens.
 *
 * The wall clock is the monotonic one and an offset; stepping the clock changes the offset, and the
 * alarm rings, as the kernel's does. Each look at the clock takes tick_us, so that turns run out of
 * time now and then. A loop that goes round without time passing is a failure.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "service/alarm.h"
#include "service/work.h"
#include "sim.h"
#include "watch/watcher.h"

#define HANDLES_MAX 16
#define DEFERRED_MAX 16
#define ROUNDS_MAX 20000 /* without time passing */
#define COMPARE_EVERY_US (12 * HOUR_MS * 1000)

enum handle_kind { HANDLE_IDLE, HANDLE_TIMER };

struct handle {
    void *h; /* NULL: free */
    enum handle_kind kind;
    bool active, closing;
    uv_idle_cb idle;
    uv_timer_cb timer;
    int64_t at_us;
    uv_close_cb closed;
};

struct alarm {
    int64_t wall_ms;
    int64_t look_us;
    bool stepped;
    void (*ring)(void *arg);
    void *arg;
};

struct watcher {
    int64_t at_us; /* the next look */
    int64_t regular_us;
    void (*look)(void *arg);
    void *arg;
};

struct deferred {
    void (*call)(void *arg);
    void *arg;
};

static struct handle handles[HANDLES_MAX];
static struct alarm *the_alarm;
static struct watcher *the_watcher;
static struct deferred deferred[DEFERRED_MAX];
static int deferred_count;
static int64_t rounds, rounds_at_us;
static int64_t compared_us; /* when every row was last compared */

/* --- the clock --- */

int64_t sim_wall_ms(void)
{
    return (S->mono_us + S->wall_offset_us) / 1000;
}

static int64_t wall(void *arg)
{
    return sim_wall_ms();
}

static int64_t mono(void *arg)
{
    S->mono_us += S->tick_us;
    return S->mono_us;
}

static int64_t thread_time(void *arg)
{
    return S->mono_us;
}

static const struct clock_ops ops = {wall, mono, thread_time, NULL};

/* The other programs of the simulation share its clock, so the time in the change log counts, as it
 * does in real life (linked with --wrap=clock_is_virtual). */
bool __wrap_clock_is_virtual(void);
bool __wrap_clock_is_virtual(void)
{
    return false;
}

/* There are no threads: what one would do beside the loop is done at once, in its place, so that a
 * seed always tells the same story (linked with --wrap=thread_start). */
int __wrap_thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg, const char *what,
                        struct err *err);
int __wrap_thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg, const char *what,
                        struct err *err)
{
    return ERR_IO;
}

static void bring_back(int64_t *at_ms)
{
    if (*at_ms > sim_wall_ms())
        *at_ms = sim_wall_ms() - MINUTE_MS;
}

/* After a step back no copy and no switch-on lies in the future: they count as of the minute before
 * the step, as the service takes them. */
void sim_step_clock(int64_t by_ms)
{
    S->wall_offset_us += by_ms * 1000;
    for (int i = 0; i < S->copy_count; i++)
        bring_back(&S->copies[i].wall_ms);
    for (int i = 0; i < S->rule_count; i++)
        bring_back(&S->rules[i].since_ms);
    if (the_alarm != NULL)
        the_alarm->stepped = true;
}

void sim_loop_reset(void)
{
    clock_replace(&ops);
    memset(handles, 0, sizeof(handles));
    the_alarm = NULL;
    the_watcher = NULL;
    deferred_count = 0;
    compared_us = S->mono_us;
}

/* --- libuv --- */

static struct handle *find(const void *h)
{
    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles[i].h == h)
            return &handles[i];
    sim_fail("a handle was used that was never opened, or is closed");
}

static struct handle *add(void *h, enum handle_kind kind)
{
    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles[i].h == NULL) {
            handles[i] = (struct handle){.h = h, .kind = kind};
            return &handles[i];
        }
    sim_fail("too many handles");
}

int uv_idle_init(uv_loop_t *loop, uv_idle_t *h)
{
    add(h, HANDLE_IDLE);
    return 0;
}

int uv_idle_start(uv_idle_t *h, uv_idle_cb cb)
{
    struct handle *x = find(h);

    x->idle = cb;
    x->active = true;
    return 0;
}

int uv_idle_stop(uv_idle_t *h)
{
    find(h)->active = false;
    return 0;
}

void uv_update_time(uv_loop_t *loop)
{
    (void)loop; /* timers count from S->mono_us, which is never old */
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *h)
{
    add(h, HANDLE_TIMER);
    return 0;
}

int uv_timer_start(uv_timer_t *h, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
    struct handle *x = find(h);

    x->timer = cb;
    x->active = true;
    x->at_us = S->mono_us + (int64_t)timeout * 1000;
    return 0;
}

int uv_is_closing(const uv_handle_t *h)
{
    return find(h)->closing;
}

void uv_close(uv_handle_t *h, uv_close_cb cb)
{
    struct handle *x = find(h);

    x->active = false;
    x->closing = true;
    x->closed = cb;
}

static bool run_handles(void)
{
    bool any = false;

    for (int i = 0; i < HANDLES_MAX; i++) {
        struct handle *x = &handles[i];
        if (x->h != NULL && x->closing) {
            struct handle gone = *x;
            *x = (struct handle){0};
            gone.closed(gone.h);
            any = true;
        } else if (x->h != NULL && x->active && x->kind == HANDLE_IDLE) {
            x->idle(x->h);
            any = true;
        } else if (x->h != NULL && x->active && x->at_us <= S->mono_us) {
            x->active = false;
            x->timer(x->h);
            any = true;
        }
    }
    return any;
}

static void defer(void (*call)(void *arg), void *arg)
{
    if (call == NULL)
        return;
    if (deferred_count == DEFERRED_MAX)
        sim_fail("too much to close");
    deferred[deferred_count++] = (struct deferred){call, arg};
}

static bool run_deferred(void)
{
    if (deferred_count == 0)
        return false;
    struct deferred d = deferred[0];
    memmove(deferred, deferred + 1, (size_t)--deferred_count * sizeof(*deferred));
    d.call(d.arg);
    return true;
}

/* Called when an engine could not be created, to close what it had opened. */
int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    while (run_handles() | run_deferred())
        ;
    return 0;
}

/* --- the alarm --- */

struct alarm *alarm_create(uv_loop_t *loop, void (*ring)(void *arg), void *arg, struct err *err)
{
    the_alarm = mem_zalloc(sizeof(*the_alarm));
    the_alarm->ring = ring;
    the_alarm->arg = arg;
    the_alarm->wall_ms = INT64_MAX;
    the_alarm->look_us = S->mono_us + S->look_every_ms * 1000;
    return the_alarm;
}

void alarm_set(struct alarm *a, int64_t wall_ms)
{
    a->wall_ms = wall_ms;
}

void alarm_close(struct alarm *a, void (*closed)(void *arg), void *arg)
{
    the_alarm = NULL;
    free(a);
    defer(closed, arg);
}

static bool run_alarm(void)
{
    struct alarm *a = the_alarm;

    if (a == NULL || (!a->stepped && sim_wall_ms() < a->wall_ms && S->mono_us < a->look_us))
        return false;
    a->stepped = false;
    a->wall_ms = INT64_MAX;
    a->look_us = S->mono_us + S->look_every_ms * 1000;
    a->ring(a->arg);
    return true;
}

/* --- the watcher --- */

struct watcher *watcher_create(uv_loop_t *loop, const char *path, void (*look)(void *arg),
                               void *arg, struct err *err)
{
    the_watcher = mem_zalloc(sizeof(*the_watcher));
    the_watcher->look = look;
    the_watcher->arg = arg;
    the_watcher->at_us = INT64_MAX;
    the_watcher->regular_us = S->mono_us + S->look_every_ms * 1000;
    return the_watcher;
}

void watcher_close(struct watcher *w, void (*closed)(void *arg), void *arg)
{
    the_watcher = NULL;
    free(w);
    defer(closed, arg);
}

void sim_committed(void)
{
    static const int delays_ms[] = {0, 1, 2, 20, 700, 3000};
    int64_t at_us = S->mono_us + delays_ms[world_below(6)] * 1000;

    if (the_watcher != NULL && at_us < the_watcher->at_us)
        the_watcher->at_us = at_us;
}

static bool run_watcher(void)
{
    struct watcher *w = the_watcher;

    if (w == NULL || (S->mono_us < w->at_us && S->mono_us < w->regular_us))
        return false;
    w->at_us = INT64_MAX;
    w->regular_us = S->mono_us + S->look_every_ms * 1000;
    w->look(w->arg);
    return true;
}

/* --- the regular look at every row --- */

/* A year of it is most of a run's time, and finds what no trigger told: when the story has hidden
 * nothing there is nothing to find, and one in many is enough (linked with --wrap=work_reconcile;
 * the looks at a start and after a backlog are not asked here). */
void __real_work_reconcile(struct work *w);
void __wrap_work_reconcile(struct work *w);
void __wrap_work_reconcile(struct work *w)
{
    if (S->hidden_us >= compared_us || S->mono_us > compared_us + COMPARE_EVERY_US) {
        compared_us = S->mono_us;
        __real_work_reconcile(w);
    } else {
        w->reconciled_mono_ms = clock_mono_ms();
    }
}

/* --- time goes on --- */

static void earliest(int64_t *at_us, int64_t candidate_us)
{
    if (candidate_us < *at_us)
        *at_us = candidate_us;
}

static int64_t next_us(void)
{
    int64_t at_us = S->mono_us < S->end_us ? S->end_us : INT64_MAX;

    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles[i].h != NULL && handles[i].active && handles[i].kind == HANDLE_TIMER)
            earliest(&at_us, handles[i].at_us);
    if (the_alarm != NULL) {
        earliest(&at_us, the_alarm->look_us);
        if (the_alarm->wall_ms != INT64_MAX)
            earliest(&at_us, the_alarm->wall_ms * 1000 - S->wall_offset_us);
    }
    if (the_watcher != NULL) {
        earliest(&at_us, the_watcher->at_us);
        earliest(&at_us, the_watcher->regular_us);
    }
    if (!S->up)
        earliest(&at_us, S->start_us);
    earliest(&at_us, S->next_story_us);
    earliest(&at_us, gateways_next_us());
    return at_us;
}

__attribute__((noreturn)) static void tell_spin(void)
{
    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles[i].h != NULL)
            sim_note("handle %d: kind %d active %d closing %d in %lld us", i, handles[i].kind,
                     handles[i].active, handles[i].closing,
                     (long long)(handles[i].at_us - S->mono_us));
    if (the_alarm != NULL)
        sim_note("the alarm: in %lld ms", (long long)(the_alarm->wall_ms - sim_wall_ms()));
    sim_note("gateways: in %lld us; story: in %lld us",
             (long long)(gateways_next_us() - S->mono_us),
             (long long)(S->next_story_us - S->mono_us));
    sim_fail("the service goes round and round without time passing");
}

void sim_round(void)
{
    if (S->mono_us > rounds_at_us + 1000) {
        rounds_at_us = S->mono_us;
        rounds = 0;
    }
    if (++rounds > ROUNDS_MAX)
        tell_spin();
    gateways_run();
    if (run_handles() | run_deferred() | run_alarm() | run_watcher())
        return;
    int64_t at_us = next_us();
    if (at_us > S->mono_us)
        S->mono_us = at_us;
}
