/*
 * Looking at calendars. See service/calendars.h.
 *
 * A timer rings when the first calendar is due; its look (source.h) ends some time later, and it
 * is due again after its interval, give or take a tenth: after a failure twice as long as before,
 * up to BACK_OFF_MAX times its interval, or as long as its server asks for. What a person wishes
 * for while a look is under way is done after it (wishes.h). A calendar that is no longer
 * configured goes when it is idle.
 */
#include "service/calendars.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "service/alert.h"
#include "service/source.h"
#include "service/wishes.h"
#include "service/writeback.h"

#define FIRST_MS 2000     /* the first looks are spread over so long */
#define HOST_WAIT_MS 1000 /* while another look at its host is under way */
#define BACK_OFF_MAX 8    /* times the interval */
#define TOLD_TRIES 3      /* so many failures in a row are worth an alert */
#define LANE_JOBS_MAX 1000

struct calendars {
    uv_loop_t *loop;
    struct engine *engine;
    struct source_means means;
    struct source *sources;
    struct wishes *wishes;
    struct writeback *writeback;
    uv_timer_t timer;
    int open; /* that is closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void set_timer(struct calendars *c);

/* ---- when */

static int64_t jittered(int64_t ms)
{
    return ms - ms / 10 + (int64_t)rng_below((uint64_t)(ms / 5 + 1));
}

static int64_t next_look_ms(const struct source *s)
{
    const struct attempt *a = &s->at;
    int64_t times = 1;

    for (int64_t i = 1; i < a->tries && times < BACK_OFF_MAX; i++)
        times *= 2;
    int64_t wait_ms = jittered(s->settings.interval_ms * times);
    return clock_mono_ms() + (a->retry_ms > wait_ms ? a->retry_ms : wait_ms);
}

/* ---- the end of a look */

static void tell(struct calendars *c, const struct source *s)
{
    const struct attempt *a = &s->at;
    struct alert *alert = engine_alert(c->engine);
    const char *name = s->settings.name, *why = a->failed != NULL ? a->failed : a->err.text;
    char *key = mem_printf("calendar:%s", name), *text = NULL;

    if (a->rc != 0)
        log_warning("calendar", "name=%s outcome=failed tries=%lld why=\"%s\"", name,
                    (long long)a->tries, why);
    else
        log_info("calendar",
                 "name=%s outcome=%s booked=%zu moved=%zu changed=%zu cancelled=%zu apart=%zu",
                 name,
                 a->report.asks != NULL ? "asks"
                 : a->unchanged         ? "unchanged"
                                        : "done",
                 a->report.counts[APPLY_BOOKED], a->report.counts[APPLY_MOVED],
                 a->report.counts[APPLY_CHANGED], a->report.counts[APPLY_CANCELLED],
                 a->report.counts[APPLY_NOBODY] + a->report.counts[APPLY_SEVERAL] +
                     a->report.counts[APPLY_UNREADABLE]);
    if (a->report.asks != NULL)
        text = mem_printf("The calendar %s waits for a yes: %s.", name, a->report.asks);
    else if (a->tries >= TOLD_TRIES)
        text = mem_printf("The calendar %s cannot be read: %s.", name, why);
    if (text != NULL)
        alert_raise(alert, key, text);
    else if (a->rc == 0)
        alert_clear(alert, key);
    engine_poke(c->engine);
    free(text);
    free(key);
}

static void forget(struct calendars *c, struct source *s)
{
    struct source **at = &c->sources;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    source_free(s);
}

static void ended_cb(void *arg, struct source *s, bool looked)
{
    struct calendars *c = arg;

    if (c->means.closing)
        return;
    if (looked)
        tell(c, s);
    s->due_ms = s->wished ? clock_mono_ms() : next_look_ms(s);
    s->wished = false;
    if (s->gone)
        forget(c, s);
    set_timer(c);
}

/* ---- which one is due */

static bool host_is_busy(const struct calendars *c, const struct source *wants)
{
    for (const struct source *s = c->sources; s != NULL; s = s->next)
        if (s != wants && s->state != SOURCE_IDLE && *s->host != '\0' &&
            strcmp(s->host, wants->host) == 0)
            return true;
    return false;
}

static void begin_look(struct calendars *c, struct source *s)
{
    struct engine_state state;

    if (host_is_busy(c, s)) {
        s->due_ms = clock_mono_ms() + HOST_WAIT_MS;
        return;
    }
    engine_state(c->engine, &state);
    source_look(s, clock_wall_ms(), state.epoch);
}

static void timer_cb(uv_timer_t *t)
{
    struct calendars *c = t->data;
    int64_t now_ms = clock_mono_ms();

    for (struct source *s = c->sources, *next; s != NULL; s = next) {
        next = s->next;
        if (s->state == SOURCE_IDLE && s->due_ms <= now_ms)
            begin_look(c, s);
    }
    set_timer(c);
}

static void set_timer(struct calendars *c)
{
    int64_t due_ms = INT64_MAX, now_ms = clock_mono_ms();

    for (const struct source *s = c->sources; s != NULL; s = s->next)
        if (s->state == SOURCE_IDLE && s->due_ms < due_ms)
            due_ms = s->due_ms;
    if (due_ms == INT64_MAX)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, timer_cb, due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0, 0);
}

/* ---- what others wrote */

static void heard_cb(void *arg, const char *name, int64_t wanted_ms)
{
    struct calendars *c = arg;

    for (struct source *s = c->sources; s != NULL; s = s->next) {
        if (s->gone || strcmp(s->settings.name, name) != 0 || wanted_ms <= s->wanted_ms)
            continue;
        s->wanted_ms = wanted_ms;
        s->wished = s->state != SOURCE_IDLE;
        if (!s->wished)
            s->due_ms = clock_mono_ms();
    }
    set_timer(c);
}

void calendars_notice(struct calendars *c)
{
    if (c->sources != NULL && !c->means.closing)
        wishes_notice(c->wishes);
    writeback_notice(c->writeback);
}

/* ---- configuration */

static struct source *find_idle(struct calendars *c, const char *name)
{
    for (struct source *s = c->sources; s != NULL; s = s->next)
        if (s->state == SOURCE_IDLE && strcmp(s->settings.name, name) == 0)
            return s;
    return NULL;
}

static void configure_source(struct calendars *c, const struct settings *settings,
                             const struct calendar_settings *own)
{
    struct source *s = find_idle(c, own->name);

    if (s == NULL) {
        s = source_create(&c->means);
        s->next = c->sources;
        c->sources = s;
    }
    if (s->rules != calendar_settings_digest(own) || s->settings.name == NULL) {
        s->due_ms = clock_mono_ms() + (int64_t)rng_below(FIRST_MS);
        s->stamped = false;
    }
    source_configure(s, settings, own);
    s->gone = false;
}

static void not_told_any_more(struct calendars *c, const char *name)
{
    char *key = mem_printf("calendar:%s", name);

    alert_clear(engine_alert(c->engine), key);
    free(key);
}

int calendars_configure(struct calendars *c, const struct settings *settings, struct err *err)
{
    int rc = 0;

    for (struct source *s = c->sources; s != NULL; s = s->next)
        s->gone = true;
    if (settings->calendar_count > 0 && c->means.lane == NULL) {
        c->means.lane = lane_create(c->loop, settings->database, LANE_JOBS_MAX, err);
        rc = c->means.lane == NULL ? ERR_IO : 0;
    }
    for (size_t i = 0; rc == 0 && i < settings->calendar_count; i++)
        configure_source(c, settings, &settings->calendars[i]);
    for (struct source *s = c->sources, *next; s != NULL; s = next) {
        next = s->next;
        if (s->gone)
            not_told_any_more(c, s->settings.name);
        if (s->gone && s->state == SOURCE_IDLE)
            forget(c, s);
    }
    if (c->means.lane != NULL) {
        wishes_configure(c->wishes, c->means.lane, settings);
        writeback_configure(c->writeback, c->means.lane, c->means.fetcher, settings);
    }
    set_timer(c);
    return rc;
}

/* ---- begin and end */

struct calendars *calendars_create(uv_loop_t *loop, struct engine *engine)
{
    struct calendars *c = mem_zalloc(sizeof(*c));

    c->loop = loop;
    c->engine = engine;
    c->means = (struct source_means){.fetcher = fetcher_create(loop), .ended = ended_cb, .arg = c};
    c->wishes = wishes_create(loop, engine, heard_cb, c);
    c->writeback = writeback_create(loop, engine);
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    return c;
}

static void part_closed(void *arg)
{
    struct calendars *c = arg;

    if (--c->open > 0)
        return;
    while (c->sources != NULL)
        forget(c, c->sources);
    void (*closed)(void *) = c->closed;
    void *closed_arg = c->closed_arg;
    free(c);
    closed(closed_arg);
}

static void timer_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

void calendars_close(struct calendars *c, void (*closed)(void *arg), void *arg)
{
    c->means.closing = true;
    atomic_store(&c->means.stop, true);
    c->closed = closed;
    c->closed_arg = arg;
    c->open = 4 + (c->means.lane != NULL);
    for (struct source *s = c->sources; s != NULL; s = s->next)
        source_cancel(s);
    uv_close((uv_handle_t *)&c->timer, timer_closed);
    wishes_close(c->wishes, part_closed, c);
    writeback_close(c->writeback, part_closed, c);
    if (c->means.lane != NULL)
        lane_close(c->means.lane, part_closed, c);
    fetcher_close(c->means.fetcher, part_closed, c);
}
