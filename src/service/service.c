/*
 * The service. See service/service.h.
 *
 * It works in rounds. A round takes the lock, or stands by until whoever holds it is gone; starts
 * the engine and the page, or waits while another program keeps the database locked; works; and
 * closes them. A stop ends the last round. A database that was moved, replaced, or taken over by
 * another service ends a round as well: the next one begins like any start.
 *
 * Signals are answered all the while. A reload that fails leaves everything as it is and says what
 * is wrong, in the log and in the status line.
 */
#include "service/service.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/calendars.h"
#include "service/config.h"
#include "service/engine.h"
#include "service/files.h"
#include "service/lag.h"
#include "service/lock.h"
#include "service/notify.h"
#include "service/waiting.h"
#include "store/condition.h"
#include "time/moment.h"
#include "time/zone.h"
#include "web/web.h"

#define STOP_GRACE_MS 20000 /* for what is on the wire; the unit's TimeoutStopSec is longer */
#define STATUS_EVERY_MS 5000
#define ZONES_EVERY_MS 10000 /* an update of tzdata comes weeks before the clocks it is about */
#define LOG_PROBLEMS_MAX 50

enum signal_slot { SIGNAL_TERM, SIGNAL_INT, SIGNAL_HUP, SIGNAL_SLOTS };

struct service {
    const struct service_options *options;
    uv_loop_t loop;
    struct config config; /* to start with; all NULL once an engine has it */
    struct lock *lock;
    char *database; /* that the lock is for */
    struct engine *engine;
    struct calendars *calendars;
    struct files *files;
    struct web *web;
    uv_signal_t signals[SIGNAL_SLOTS];
    uv_timer_t status, alive, zones;
    struct lag lag;
    const struct zone *zone; /* the business's */
    int rounds;
    bool ready;               /* the service manager has been told */
    bool working;             /* engine, page and watches are open, and not closing */
    bool stopping;            /* for good */
    bool refused;             /* the last reload was */
    struct problems problems; /* of what was read last */
    struct err err;
};

/* --- before the loop --- */

/* Nobody who can make us crash gets to read passwords out of the core. */
static void no_core_dumps(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

static void tell_problems(const struct problems *p)
{
    for (size_t i = 0; i < p->count && i < LOG_PROBLEMS_MAX; i++) {
        char *line = problem_format(&p->items[i]);
        log_write(p->items[i].warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "configuration", "%s",
                  line);
        free(line);
    }
    if (p->count > LOG_PROBLEMS_MAX)
        log_error("configuration", "%zu more problems; `betimes check` tells all",
                  p->count - LOG_PROBLEMS_MAX);
}

/* The folders are watched before anything is read: what is saved from here on brings a reload. */
static int load(struct service *s, struct config *out)
{
    files_refresh(s->files);
    problems_close(&s->problems);
    int rc = config_load(s->options->dir, NULL, &s->problems, out);

    if (rc == 0 && s->database != NULL && strcmp(out->settings->database, s->database) != 0) {
        problems_error(&s->problems, out->settings->file, 0,
                       "another database takes a restart of the service; %s stays in use",
                       s->database);
        config_free(out);
        rc = ERR_INVALID;
    }
    tell_problems(&s->problems);
    return rc;
}

/* What was refused is for the page to show, and that nothing is any more. */
static void tell_page(struct service *s)
{
    if (s->web != NULL)
        web_tell_mistakes(s->web, &s->problems, s->options->dir);
}

/* --- while it runs --- */

static void tell_status(struct service *s)
{
    struct engine_state e;
    char next[MOMENT_TEXT_MAX] = "none";

    engine_state(s->engine, &e);
    if (e.next_ms != INT64_MAX)
        moment_format_utc(e.next_ms, next);
    lock_tell(s->lock, e.epoch, e.trouble != 0 ? e.trouble_words : "");
    if (e.trouble != 0)
        notify_status("The database is in trouble: %s", e.trouble_words);
    else if (s->refused)
        notify_status("The last change of the configuration was refused: betimes check");
    else if (e.paused)
        notify_status("Paused; betimes resume goes on");
    else
        notify_status("%d on the wire, next %s %s", e.in_flight, e.far ? "after" : "at", next);
}

static void status_cb(uv_timer_t *t)
{
    tell_status(t->data);
}

static void alive_cb(uv_timer_t *t)
{
    notify_alive();
}

/* Has another tzdata been installed? One stat for each zone in use. */
static void zones_cb(uv_timer_t *t)
{
    struct service *s = t->data;

    if (zone_refresh() == 0)
        return;
    conditions_localtime(s->zone);
    engine_poke(s->engine);
}

/* No calendar is worth a service that does not run. */
static void look_at_calendars(struct service *s, const struct settings *settings)
{
    struct err err = {""};

    if (calendars_configure(s->calendars, settings, &err) != 0)
        log_error("no calendar is looked at", "why=\"%s\"", err.text);
}

static void others_wrote(void *arg)
{
    struct service *s = arg;

    calendars_notice(s->calendars);
}

/* The page and the engine change together or not at all. */
static int put_in_use(struct service *s, struct config *config, struct err *err)
{
    const struct settings *settings = config->settings; /* the engine takes it over */
    const struct zone *zone = config->settings->business.calendar.zone;
    struct web_change *change = NULL;
    int rc = web_prepare(s->web, config->settings, config->playbook, &change, err);

    if (rc == 0)
        rc = engine_reconfigure(s->engine, config, err);
    if (rc != 0) {
        web_drop(change);
        return rc;
    }
    web_use(s->web, change);
    look_at_calendars(s, settings);
    s->zone = zone;
    conditions_localtime(zone);
    return 0;
}

/* While there is no engine, what it is to start with is replaced. */
static int take_into_use(struct service *s, struct config *config, struct err *err)
{
    if (s->working)
        return put_in_use(s, config, err);
    config_free(&s->config);
    s->config = *config;
    *config = (struct config){0};
    return 0;
}

static void reload(void *arg)
{
    struct service *s = arg;
    struct config config = {0};
    struct err err = {""};

    if (s->stopping)
        return;
    notify_reloading();
    int rc = load(s, &config);
    if (rc == 0)
        rc = take_into_use(s, &config, &err);
    if (rc != 0 && err.text[0] != '\0') {
        log_error("reload", "%s", err.text);
        problems_error(&s->problems, "betimes.conf", 0, "%s", err.text);
    }
    config_free(&config);
    mem_trim(); /* for a moment there were two of them */
    s->refused = rc != 0;
    tell_page(s);
    if (rc == 0)
        log_info("reloaded", "");
    else
        log_error("reload refused: the configuration of before stays", "");
    if (s->working)
        tell_status(s);
    notify_ready();
}

/* --- the end of a round --- */

static void engine_closed(void *arg)
{
    struct service *s = arg;

    s->engine = NULL;
}

static void web_closed(void *arg)
{
    struct service *s = arg;

    s->web = NULL;
}

static void calendars_closed(void *arg)
{
    struct service *s = arg;

    s->calendars = NULL;
}

/* The page and the calendars first: from then on they ask nothing of the engine. */
static void stop_rooms(struct service *s)
{
    web_stop(s->web, web_closed, s);
    engine_on_others(s->engine, NULL, NULL);
    calendars_close(s->calendars, calendars_closed, s);
    engine_stop(s->engine, STOP_GRACE_MS, engine_closed, s);
}

static void stop_working(struct service *s)
{
    if (!s->working)
        return;
    s->working = false;
    if (s->options->stopping != NULL)
        s->options->stopping(s->options->arg);
    uv_close((uv_handle_t *)&s->status, NULL);
    uv_close((uv_handle_t *)&s->zones, NULL);
    stop_rooms(s);
}

void service_stop(struct service *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    log_info("stopping", "");
    notify_stopping();
    stop_working(s);
    uv_stop(&s->loop);
}

/* The engine cannot go on with what it has open. The next round finds out what there is now. */
static void lost(void *arg, enum engine_loss why)
{
    struct service *s = arg;

    notify_status(why == ENGINE_OVERTAKEN ? "Another service has taken the work over"
                                          : "The database was moved or replaced: opening it anew");
    stop_working(s);
    uv_stop(&s->loop);
}

/* --- signals --- */

static void signal_cb(uv_signal_t *h, int signum)
{
    struct service *s = h->data;

    if (signum == SIGHUP)
        reload(s);
    else
        service_stop(s);
}

static void open_signals(struct service *s)
{
    static const int numbers[SIGNAL_SLOTS] = {SIGTERM, SIGINT, SIGHUP};

    for (int i = 0; i < SIGNAL_SLOTS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], signal_cb, numbers[i]);
    }
    lag_start(&s->lag, &s->loop);
    uv_timer_init(&s->loop, &s->alive);
    uint64_t every_ms = (uint64_t)notify_alive_every_ms();
    if (every_ms > 0)
        uv_timer_start(&s->alive, alive_cb, 0, every_ms);
}

static void close_signals(struct service *s)
{
    for (int i = 0; i < SIGNAL_SLOTS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->alive, NULL);
    lag_stop(&s->lag);
}

/* --- a round --- */

static void say_ready(struct service *s)
{
    if (!s->ready)
        notify_ready();
    s->ready = true;
}

/* Try, and if it cannot be yet, wait until it can. */
static int when_possible(struct service *s, waiting_attempt attempt, const char *path)
{
    int rc = attempt(s);

    if (rc != ERR_BUSY)
        return rc;
    say_ready(s); /* the service manager must not wait for somebody else */
    return waiting_run(&s->loop, path, attempt, s);
}

static int take_lock(void *arg)
{
    struct service *s = arg;

    return lock_take(s->lock, &s->err);
}

/* The lock, sooner or later. What was saved meanwhile counts from the start on. */
static int become_the_one(struct service *s)
{
    int rc = lock_open(s->database, &s->lock, &s->err);

    if (rc != 0)
        return rc;
    rc = take_lock(s);
    if (rc == ERR_BUSY) {
        char *path = lock_path(s->database);
        log_info("standing by: another service works on this database", "");
        notify_status("Standing by: another service works on this database");
        rc = when_possible(s, take_lock, path);
        free(path);
        if (rc == 0)
            log_info("taking over", "");
        if (rc == 0)
            reload(s);
    }
    return rc;
}

static void web_health(void *arg, struct web_health *out)
{
    struct service *s = arg;
    struct engine_state e;

    engine_state(s->engine, &e);
    *out = (struct web_health){
        .paused = e.paused,
        .in_flight = e.in_flight,
        .trouble = e.trouble,
        .trouble_words = e.trouble_words,
        .turns = e.turns,
        .longest_turn_us = e.longest_turn_us,
        .longest_round_us = s->lag.longest_us,
    };
}

static bool web_check(void *arg, const char *playbook, const struct template_draft *text,
                      struct problems *problems)
{
    const struct config_instead instead = {.playbook = playbook, .text = text};
    const struct service *s = arg;
    struct config config;
    char *dir = realpath(s->options->dir, NULL); /* as the settings name their files */
    int rc = config_load(dir != NULL ? dir : s->options->dir, &instead, problems, &config);

    config_free(&config);
    free(dir);
    return rc == 0;
}

static int open_rooms(struct service *s)
{
    const struct web_hooks hooks = {web_health, web_check, s};
    const struct settings *settings = s->config.settings; /* the engine takes both over */
    const struct playbook *playbook = s->config.playbook;
    const struct zone *zone = settings->business.calendar.zone;

    zone_refresh(); /* nobody looked while we waited */
    conditions_localtime(zone);
    int rc = engine_create(&s->loop, &s->config, &s->engine, &s->err);
    if (rc != 0)
        return rc;
    s->zone = zone;
    engine_on_loss(s->engine, lost, s);
    s->calendars = calendars_create(&s->loop, s->engine);
    engine_on_others(s->engine, others_wrote, s);
    s->web = web_create(&s->loop, &hooks);
    rc = web_start(s->web, settings, playbook, &s->err);
    if (rc == 0) {
        tell_page(s);
        look_at_calendars(s, settings);
        return 0;
    }
    stop_rooms(s);
    while (s->engine != NULL || s->web != NULL || s->calendars != NULL)
        uv_run(&s->loop, UV_RUN_ONCE);
    return rc;
}

/* A database that is locked is waited for; so is one that has gone while we worked on it, and a
 * configuration that was broken meanwhile. Why, is told whenever it changes. */
static int start_rooms(void *arg)
{
    struct service *s = arg;
    char before[ERR_TEXT_MAX];
    int rc = 0;

    memcpy(before, s->err.text, sizeof(before));
    if (s->config.settings == NULL && load(s, &s->config) != 0) {
        err_set(&s->err, "the configuration has errors: betimes check");
        rc = ERR_BUSY;
    }
    if (rc == 0)
        rc = open_rooms(s);
    if (rc == ERR_NOTFOUND && s->rounds > 0)
        rc = ERR_BUSY;
    if (rc == ERR_BUSY && strcmp(before, s->err.text) != 0) {
        log_warning("waiting", "reason=\"%s\"", s->err.text);
        notify_status("Waiting: %s", s->err.text);
        lock_tell(s->lock, 0, s->err.text);
    }
    return rc;
}

static void start_working(struct service *s)
{
    s->working = true;
    uv_timer_init(&s->loop, &s->status);
    uv_timer_init(&s->loop, &s->zones);
    s->status.data = s->zones.data = s;
    uv_timer_start(&s->status, status_cb, STATUS_EVERY_MS, STATUS_EVERY_MS);
    uv_timer_start(&s->zones, zones_cb, ZONES_EVERY_MS, ZONES_EVERY_MS);
    log_info("ready", "version=%s pid=%d", BETIMES_VERSION, (int)getpid());
    say_ready(s);
    tell_status(s);
    if (s->options->started != NULL)
        s->options->started(s->options->arg, s, &s->loop);
}

/* 0: it worked until it was stopped or lost the database. ERR_CANCELLED: told to stop before. */
static int one_round(struct service *s)
{
    int rc = become_the_one(s);

    s->err.text[0] = rc == 0 ? '\0' : s->err.text[0];
    if (rc == 0)
        rc = s->stopping ? ERR_CANCELLED : when_possible(s, start_rooms, NULL);
    if (rc == 0) {
        start_working(s);
        while (s->working || s->engine != NULL || s->web != NULL || s->calendars != NULL)
            uv_run(&s->loop, s->working ? UV_RUN_DEFAULT : UV_RUN_ONCE);
        s->rounds++;
    }
    lock_close(s->lock);
    s->lock = NULL;
    return rc;
}

/* Lets what was closed go. */
static void close_loop(struct service *s)
{
    files_close(s->files, NULL, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

int service_run(const struct service_options *options)
{
    struct service s = {.options = options};
    int status = 0, rc = 0;

    signal(SIGPIPE, SIG_IGN);
    no_core_dumps();
    if (options->quiet)
        log_set_level(LOG_LEVEL_WARNING);
    uv_loop_init(&s.loop);
    s.files = files_watch(&s.loop, options->dir, reload, &s);
    if (load(&s, &s.config) != 0) {
        close_loop(&s);
        problems_close(&s.problems);
        return 1;
    }
    s.zone = s.config.settings->business.calendar.zone;
    conditions_localtime(s.zone); /* before there are threads */
    if (options->has_now || options->speed != 1)
        clock_virtual(options->has_now ? options->now_ms : clock_wall_ms(), options->speed);
    s.database = mem_strdup(s.config.settings->database);
    open_signals(&s);
    while (rc == 0 && !s.stopping)
        rc = one_round(&s);
    if (rc != 0 && rc != ERR_CANCELLED) {
        log_error("cannot run", "%s", s.err.text);
        status = 2;
    } else {
        log_info("stopped", "");
    }
    close_signals(&s);
    close_loop(&s);
    config_free(&s.config);
    problems_close(&s.problems);
    free(s.database);
    return status;
}
