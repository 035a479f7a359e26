/*
 * What others want of the calendars. See wishes.h.
 *
 * A notice waits a moment for more of them, then one job goes to the lane with a copy of all that
 * it needs, and comes back with what it found. There is never more than one.
 */
#include "service/wishes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "calendar/sync.h"
#include "store/calendars.h"

#define NOTICE_MS 1000
#define AGAIN_MS INT64_C(60000)

struct wishes {
    struct engine *engine;
    struct lane *lane; /* NULL: there are no calendars */
    struct str_list names;
    struct sync_business business;
    void (*heard)(void *arg, const char *name, int64_t wanted_ms);
    void *arg;
    uv_timer_t timer;
    int64_t again_mono_ms; /* when clients were last looked for */
    bool missed;           /* there was a notice while the job was under way */
    bool closing, timer_closed;
    void (*closed)(void *arg);
    void *closed_arg;
    struct inquiry *inquiry; /* under way; NULL: none */
};

/* The job, with all that it needs. */
struct inquiry {
    struct lane_job job;
    struct wishes *wishes;
    struct str_list names;
    int64_t *wanted_ms;
    struct sync_business business;
    int64_t now_ms, epoch;
    bool again;
};

static void inquiry_free(struct inquiry *q)
{
    str_list_close(&q->names);
    sync_business_close(&q->business);
    free(q->wanted_ms);
    free(q);
}

/* ---- in the lane */

static void inquire(struct inquiry *q, struct store *store, size_t i)
{
    struct calendar_row row;
    struct sync_report report = {0};
    struct err err = {""};
    const struct sync_job job = {.store = store,
                                 .epoch = q->epoch,
                                 .business = &q->business,
                                 .name = q->names.items[i],
                                 .now_ms = q->now_ms};

    if (store_calendar(store, q->names.items[i], &row) == 0) {
        q->wanted_ms[i] = row.wanted_ms;
        if (q->again && row.good_ms != 0)
            sync_again(&job, &report, &err); /* what fails is tried again at the next look */
    }
    sync_report_close(&report);
    calendar_row_close(&row);
}

static void inquiry_work(struct lane_job *job, struct store *store)
{
    struct inquiry *q = (struct inquiry *)job;

    for (size_t i = 0; i < q->names.count; i++)
        inquire(q, store, i);
}

/* ---- on the loop */

static void finish(struct wishes *w)
{
    void (*closed)(void *) = w->closed;
    void *arg = w->closed_arg;

    if (!w->timer_closed || w->inquiry != NULL)
        return;
    str_list_close(&w->names);
    sync_business_close(&w->business);
    free(w);
    closed(arg);
}

static void inquiry_done(struct lane_job *job)
{
    struct inquiry *q = (struct inquiry *)job;
    struct wishes *w = q->wishes;

    w->inquiry = NULL;
    for (size_t i = 0; i < q->names.count && !w->closing; i++)
        w->heard(w->arg, q->names.items[i], q->wanted_ms[i]);
    inquiry_free(q);
    if (w->closing)
        finish(w);
    else if (w->missed)
        wishes_notice(w);
}

static void timer_cb(uv_timer_t *t)
{
    struct wishes *w = t->data;
    struct engine_state state;
    struct inquiry *q = mem_zalloc(sizeof(*q));
    int64_t now_ms = clock_mono_ms();

    engine_state(w->engine, &state);
    q->job = (struct lane_job){.work = inquiry_work, .done = inquiry_done};
    q->wishes = w;
    for (size_t i = 0; i < w->names.count; i++)
        str_list_add(&q->names, w->names.items[i], strlen(w->names.items[i]));
    q->wanted_ms = mem_array(w->names.count + 1, sizeof(*q->wanted_ms));
    q->business = (struct sync_business){.country = mem_strdup(w->business.country),
                                         .zone = w->business.zone};
    q->now_ms = clock_wall_ms();
    q->epoch = state.epoch;
    q->again = now_ms - w->again_mono_ms >= AGAIN_MS;
    if (q->again)
        w->again_mono_ms = now_ms;
    w->missed = false;
    w->inquiry = q;
    if (!lane_add(w->lane, &q->job)) {
        w->inquiry = NULL;
        inquiry_free(q);
    }
}

void wishes_notice(struct wishes *w)
{
    if (w->lane == NULL || w->closing)
        return;
    w->missed = w->inquiry != NULL;
    if (w->inquiry == NULL && !uv_is_active((uv_handle_t *)&w->timer))
        uv_timer_start(&w->timer, timer_cb, NOTICE_MS, 0);
}

struct wishes *wishes_create(uv_loop_t *loop, struct engine *engine,
                             void (*heard)(void *arg, const char *name, int64_t wanted_ms),
                             void *arg)
{
    struct wishes *w = mem_zalloc(sizeof(*w));

    w->engine = engine;
    w->heard = heard;
    w->arg = arg;
    w->again_mono_ms = clock_mono_ms();
    uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    return w;
}

void wishes_configure(struct wishes *w, struct lane *lane, const struct settings *settings)
{
    w->lane = lane;
    str_list_close(&w->names);
    for (size_t i = 0; i < settings->calendar_count; i++)
        str_list_add(&w->names, settings->calendars[i].name, strlen(settings->calendars[i].name));
    sync_business_close(&w->business);
    sync_business_init(&w->business, settings);
}

static void timer_closed(uv_handle_t *h)
{
    struct wishes *w = h->data;

    w->timer_closed = true;
    finish(w);
}

void wishes_close(struct wishes *w, void (*closed)(void *arg), void *arg)
{
    w->closing = true;
    w->closed = closed;
    w->closed_arg = arg;
    uv_close((uv_handle_t *)&w->timer, timer_closed);
}
