/*
 * Looking at calendars. See service/calendars.h.
 *
 * The happy path of a look at a feed:
 *
 *     IDLE ── due ──> ASKING    in the lane: what was it answered with the last time?
 *          ────────> FETCHING   on the loop: a conditional request
 *          ────────> LOOKING    in the lane: read, compare, write
 *          ────────> IDLE       due again after its interval, give or take a tenth
 *
 * A file goes from ASKING to LOOKING. When anything fails it is noted in the database (what was
 * good stays), and the calendar is due again after twice as long as before, up to BACK_OFF_MAX
 * times its interval. From any state a calendar that is no longer configured goes when its look
 * ends.
 *
 * What a person wishes for while a look is under way is done after it (wishes.h).
 */
#include "service/calendars.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "calendar/sync.h"
#include "gateway/fetch.h"
#include "gateway/origin.h"
#include "ical/read.h"
#include "service/alert.h"
#include "service/wishes.h"
#include "store/calendars.h"
#include "store/rules.h"
#include "web/lane.h"

#define FIRST_MS 2000     /* the first looks are spread over so long */
#define HOST_WAIT_MS 1000 /* while another look at its host is under way */
#define BACK_OFF_MAX 8    /* times the interval */
#define TOLD_TRIES 3      /* so many failures in a row are worth an alert */
#define LANE_JOBS_MAX 1000

enum source_state { SOURCE_IDLE, SOURCE_ASKING, SOURCE_FETCHING, SOURCE_LOOKING, SOURCE_STATES };

static const bool moves[SOURCE_STATES][SOURCE_STATES] = {
    [SOURCE_IDLE] = {[SOURCE_ASKING] = true},
    [SOURCE_ASKING] = {[SOURCE_IDLE] = true, [SOURCE_FETCHING] = true, [SOURCE_LOOKING] = true},
    [SOURCE_FETCHING] = {[SOURCE_LOOKING] = true},
    [SOURCE_LOOKING] = {[SOURCE_IDLE] = true},
};

/* What the present look knows; in the lane it is the lane's alone. */
struct attempt {
    struct lane_job job;
    int64_t now_ms;
    int64_t epoch;
    bool rest; /* the database is a copy that waits for a yes */
    bool unconditional;
    int64_t wanted_ms;
    char *etag, *modified; /* to ask with, then what was answered */
    struct buf bytes;
    bool unchanged;
    struct fs_stamp stamp;
    char *failed; /* why there are no bytes; NULL: there are, or nothing has changed */
    int64_t retry_ms;
    int rc;
    struct err err;
    struct sync_report report;
    int64_t tries;
};

struct source {
    struct calendars *all;
    struct calendar_settings settings;
    struct sync_business business;
    uint64_t rules;
    char host[ORIGIN_HOST_MAX]; /* "": a file */
    enum source_state state;
    bool gone;             /* not configured any more; freed when it is idle */
    int64_t due_ms;        /* on the monotonic clock */
    int64_t wanted_ms;     /* the latest wish for a look that was heard of */
    bool wished;           /* look once more when this look is done */
    struct fs_stamp stamp; /* of the file at the last look that went well */
    bool stamped;
    struct fetch *fetch;
    struct attempt at;
    struct source *next;
};

struct calendars {
    uv_loop_t *loop;
    struct engine *engine;
    struct lane *lane;
    struct fetcher *fetcher;
    struct source *sources;
    struct wishes *wishes;
    uv_timer_t timer;
    volatile sig_atomic_t stop;
    bool closing;
    int open; /* that is closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void set_timer(struct calendars *c);

static void go_to(struct source *s, enum source_state state)
{
    assert(moves[s->state][state]);
    s->state = state;
}

static void attempt_close(struct attempt *a)
{
    free(a->etag);
    free(a->modified);
    free(a->failed);
    buf_close(&a->bytes);
    sync_report_close(&a->report);
    *a = (struct attempt){0};
    buf_init(&a->bytes);
}

static void source_free(struct source *s)
{
    attempt_close(&s->at);
    calendar_settings_close(&s->settings);
    sync_business_close(&s->business);
    free(s);
}

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

static void tell(struct source *s)
{
    const struct attempt *a = &s->at;
    struct alert *alert = engine_alert(s->all->engine);
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
    engine_poke(s->all->engine);
    free(text);
    free(key);
}

static void forget(struct source *s)
{
    struct source **at = &s->all->sources;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    source_free(s);
}

/* `looked`: it came as far as a look. */
static void end_look(struct source *s, bool looked)
{
    struct calendars *c = s->all;

    go_to(s, SOURCE_IDLE);
    if (looked && !c->closing)
        tell(s);
    s->due_ms = s->wished ? clock_mono_ms() : next_look_ms(s);
    s->wished = false;
    if (looked && s->at.rc == 0 && s->at.report.asks == NULL && *s->host == '\0') {
        s->stamp = s->at.stamp;
        s->stamped = true;
    }
    attempt_close(&s->at);
    if (s->gone)
        forget(s);
    if (!c->closing)
        set_timer(c);
}

/* ---- looking, in the lane */

static struct source *source_of(struct lane_job *job)
{
    return (struct source *)((char *)job - offsetof(struct source, at.job));
}

static void count_failure(struct source *s, struct store *store)
{
    struct attempt *a = &s->at;
    struct calendar_row row = {0};
    const char *why = a->failed != NULL ? a->failed : a->err.text;

    a->rc = a->rc != 0 ? a->rc : ERR_IO;
    int rc = sync_failed(store, a->epoch, s->settings.name, why, a->now_ms);
    a->tries = 1;
    if (rc == 0 && store_calendar(store, s->settings.name, &row) == 0)
        a->tries = row.tries;
    calendar_row_close(&row);
}

static struct sync_job sync_job(struct source *s, struct store *store)
{
    return (struct sync_job){
        .store = store,
        .epoch = s->at.epoch,
        .stop = &s->all->stop,
        .business = &s->business,
        .name = s->settings.name,
        .rules = s->rules,
        .patterns = &s->settings.patterns,
        .floating = s->settings.zone,
        .pass_over = s->settings.ignore_unnamed,
        .whole = true,
        .now_ms = s->at.now_ms,
        .etag = s->at.etag,
        .modified = s->at.modified,
    };
}

static void look_work(struct lane_job *lane_job, struct store *store)
{
    struct source *s = source_of(lane_job);
    struct attempt *a = &s->at;
    struct sync_job job = sync_job(s, store);

    if (a->failed == NULL && *s->host == '\0' && !a->unchanged &&
        fs_read(s->settings.path, ICAL_BYTES_MAX, &a->bytes, &a->err) != 0)
        a->failed = mem_strdup(a->err.text);
    if (a->failed == NULL)
        a->rc = a->unchanged ? sync_again(&job, &a->report, &a->err)
                             : sync_look(&job, a->bytes.data, a->bytes.len, &a->report, &a->err);
    if (a->failed != NULL || (a->rc != 0 && a->rc != ERR_CANCELLED))
        count_failure(s, store);
}

static void look_done(struct lane_job *job)
{
    end_look(source_of(job), true);
}

static void look(struct source *s)
{
    go_to(s, SOURCE_LOOKING);
    s->at.job = (struct lane_job){.work = look_work, .done = look_done};
    if (!lane_add(s->all->lane, &s->at.job))
        end_look(s, false);
}

/* ---- fetching */

static bool fetch_data(void *arg, const char *bytes, size_t len)
{
    struct source *s = arg;

    buf_append(&s->at.bytes, bytes, len);
    return true;
}

static void replace(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

static void fetch_done(void *arg, const struct fetch_reply *reply)
{
    struct source *s = arg;
    struct attempt *a = &s->at;
    struct err err = {""};

    s->fetch = NULL;
    if (fetch_judge(reply, &err) != 0) {
        a->failed = mem_strdup(err.text);
        a->retry_ms = reply->retry_after_ms;
    } else if (reply->status == 304 && !a->unconditional) {
        a->unchanged = true;
    } else if (reply->status == 304) {
        a->failed =
            mem_printf("%s says that nothing has changed, and nobody had asked that", reply->host);
    } else {
        replace(&a->etag, reply->etag);
        replace(&a->modified, reply->last_modified);
    }
    look(s);
}

static void fetch(struct source *s)
{
    struct attempt *a = &s->at;
    const struct fetch_request request = {
        .url = s->settings.url,
        .user = s->settings.user,
        .password = s->settings.password,
        .if_none_match = a->unconditional ? NULL : a->etag,
        .if_modified_since = a->unconditional ? NULL : a->modified,
        .ca_file = s->settings.ca_file,
        .allow_private = s->settings.private_addresses,
        .body_max = ICAL_BYTES_MAX,
    };
    const struct fetch_hooks hooks = {fetch_data, fetch_done, s};

    go_to(s, SOURCE_FETCHING);
    s->fetch = fetch_start(s->all->fetcher, &request, &hooks, &a->err);
    if (s->fetch == NULL) {
        a->failed = mem_strdup(a->err.text);
        look(s);
    }
}

/* ---- asking, in the lane */

static void ask_work(struct lane_job *job, struct store *store)
{
    struct source *s = source_of(job);
    struct attempt *a = &s->at;
    struct calendar_row row;

    a->rc = store_paused_copy(store, &a->rest);
    if (a->rc != 0)
        return;
    a->rc = store_calendar(store, s->settings.name, &row);
    if (a->rc == 0) {
        a->unconditional = row.good_ms == 0 || (uint64_t)row.rules != s->rules ||
                           row.asks != NULL || sync_is_outdated(row.until_ms, a->now_ms);
        a->etag = mem_strdup(row.etag);
        a->modified = mem_strdup(row.modified);
        a->wanted_ms = row.wanted_ms;
    } else if (a->rc == ERR_NOTFOUND) {
        a->unconditional = true;
        a->rc = 0;
    }
    calendar_row_close(&row);
    if (*s->host == '\0') {
        bool stamped = fs_stamp(s->settings.path, &a->stamp);
        a->unchanged =
            !a->unconditional && stamped && s->stamped && fs_stamp_same(&s->stamp, &a->stamp);
    }
}

static void ask_done(struct lane_job *job)
{
    struct source *s = source_of(job);
    struct attempt *a = &s->at;

    if (a->wanted_ms > s->wanted_ms)
        s->wanted_ms = a->wanted_ms; /* this look is what was wished for */
    if (a->rc != 0 || a->rest || s->gone || s->all->closing)
        end_look(s, false);
    else if (*s->host == '\0')
        look(s);
    else
        fetch(s);
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

static void begin_look(struct source *s)
{
    struct engine_state state;

    if (host_is_busy(s->all, s)) {
        s->due_ms = clock_mono_ms() + HOST_WAIT_MS;
        return;
    }
    engine_state(s->all->engine, &state);
    go_to(s, SOURCE_ASKING);
    s->at.now_ms = clock_wall_ms();
    s->at.epoch = state.epoch;
    s->at.job = (struct lane_job){.work = ask_work, .done = ask_done};
    if (!lane_add(s->all->lane, &s->at.job))
        end_look(s, false);
}

static void timer_cb(uv_timer_t *t)
{
    struct calendars *c = t->data;
    int64_t now_ms = clock_mono_ms();

    for (struct source *s = c->sources, *next; s != NULL; s = next) {
        next = s->next;
        if (s->state == SOURCE_IDLE && s->due_ms <= now_ms)
            begin_look(s);
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
    if (c->sources != NULL && !c->closing)
        wishes_notice(c->wishes);
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
    uint64_t rules = calendar_settings_digest(own);
    struct source *s = find_idle(c, own->name);
    struct origin origin;

    if (s == NULL) {
        s = mem_zalloc(sizeof(*s));
        s->all = c;
        buf_init(&s->at.bytes);
        s->next = c->sources;
        c->sources = s;
    }
    if (s->rules != rules || s->settings.name == NULL) {
        s->due_ms = clock_mono_ms() + (int64_t)rng_below(FIRST_MS);
        s->stamped = false;
    }
    calendar_settings_close(&s->settings);
    calendar_settings_copy(&s->settings, own);
    sync_business_close(&s->business);
    sync_business_init(&s->business, settings);
    s->rules = rules;
    s->gone = false;
    s->host[0] = '\0';
    if (own->url != NULL && origin_of(own->url, &origin, NULL) == 0)
        memcpy(s->host, origin.host, sizeof(s->host));
    else if (own->url != NULL)
        memcpy(s->host, "?", 2); /* fetch_start says what is wrong with it */
}

int calendars_configure(struct calendars *c, const struct settings *settings, struct err *err)
{
    int rc = 0;

    for (struct source *s = c->sources; s != NULL; s = s->next)
        s->gone = true;
    if (settings->calendar_count > 0 && c->lane == NULL) {
        c->lane = lane_create(c->loop, settings->database, LANE_JOBS_MAX, err);
        rc = c->lane == NULL ? ERR_IO : 0;
    }
    for (size_t i = 0; rc == 0 && i < settings->calendar_count; i++)
        configure_source(c, settings, &settings->calendars[i]);
    for (struct source *s = c->sources, *next; s != NULL; s = next) {
        next = s->next;
        if (s->gone && s->state == SOURCE_IDLE)
            forget(s);
    }
    if (c->lane != NULL)
        wishes_configure(c->wishes, c->lane, settings);
    set_timer(c);
    return rc;
}

/* ---- begin and end */

struct calendars *calendars_create(uv_loop_t *loop, struct engine *engine)
{
    struct calendars *c = mem_zalloc(sizeof(*c));

    c->loop = loop;
    c->engine = engine;
    c->fetcher = fetcher_create(loop);
    c->wishes = wishes_create(loop, engine, heard_cb, c);
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
        forget(c->sources);
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
    c->closing = true;
    c->stop = 1;
    c->closed = closed;
    c->closed_arg = arg;
    c->open = 3 + (c->lane != NULL);
    uv_close((uv_handle_t *)&c->timer, timer_closed);
    wishes_close(c->wishes, part_closed, c);
    if (c->lane != NULL)
        lane_close(c->lane, part_closed, c);
    fetcher_close(c->fetcher, part_closed, c);
}
