/*
 * The service. See service/service.h.
 *
 * Start: lock, configuration, clock, engine, signals, file watch; then READY=1. Stop: signals and
 * watches close, the engine ends what is on the wire, the loop runs dry. A reload that fails leaves
 * everything as it is and says what is wrong, in the log and in the status line.
 */
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
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
#include "service/config.h"
#include "service/engine.h"
#include "service/files.h"
#include "service/notify.h"
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
    struct engine *engine;
    struct files *files;
    struct web *web;
    uv_signal_t signals[SIGNAL_SLOTS];
    uv_timer_t status, alive, zones;
    const struct zone *zone; /* the business's */
    int lock_fd;
    bool stopping;
    bool refused; /* the last reload was */
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

/* One service at a time works on a database; the lock goes with the process, however it ends. */
static int take_lock(struct service *s, const char *database, struct err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = mem_printf("%s.lock", database);
    int rc = 0;

    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (s->lock_fd < 0) {
        rc = err_errno(err, errno, "%s", path);
    } else if (fcntl(s->lock_fd, F_OFD_SETLK, &lock) < 0) {
        err_set(err, "%s: another Betimes works on this database already", database);
        rc = ERR_BUSY;
    }
    free(path);
    return rc;
}

static int load(const char *dir, struct config *out)
{
    struct problems problems = {0};
    int rc = config_load(dir, NULL, &problems, out);

    tell_problems(&problems);
    problems_close(&problems);
    return rc;
}

/* --- while it runs --- */

static void tell_status(struct service *s)
{
    struct engine_state e;
    char next[MOMENT_TEXT_MAX] = "none";

    engine_state(s->engine, &e);
    if (e.next_ms != INT64_MAX)
        moment_format_utc(e.next_ms, next);
    if (e.trouble != 0)
        notify_status("The database is in trouble: %s", e.trouble_words);
    else if (s->refused)
        notify_status("The last change of the configuration was refused: betimes check");
    else if (e.paused)
        notify_status("Paused; betimes resume goes on");
    else
        notify_status("%d on the wire, next at %s", e.in_flight, next);
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

/* The page and the engine change together or not at all. */
static int put_in_use(struct service *s, struct config *config, struct err *err)
{
    const struct zone *zone = config->settings->business.calendar.zone;
    struct web_change *change = NULL;
    int rc = web_prepare(s->web, config->settings, &change, err);

    if (rc == 0)
        rc = engine_reconfigure(s->engine, config, err);
    if (rc != 0) {
        web_drop(change);
        return rc;
    }
    web_use(s->web, change);
    s->zone = zone;
    conditions_localtime(zone);
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
    int rc = load(s->options->dir, &config);
    if (rc == 0)
        rc = put_in_use(s, &config, &err);
    if (rc != 0 && err.text[0] != '\0')
        log_error("reload", "%s", err.text);
    config_free(&config);
    s->refused = rc != 0;
    if (rc == 0)
        log_info("reloaded", "");
    else
        log_error("reload refused: the configuration of before stays", "");
    files_refresh(s->files);
    tell_status(s);
    notify_ready();
}

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

/* The page first: from now on it asks nothing of the engine. */
static void stop_rooms(struct service *s)
{
    web_stop(s->web, web_closed, s);
    engine_stop(s->engine, STOP_GRACE_MS, engine_closed, s);
}

void service_stop(struct service *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    log_info("stopping", "");
    notify_stopping();
    if (s->options->stopping != NULL)
        s->options->stopping(s->options->arg);
    for (int i = 0; i < SIGNAL_SLOTS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->status, NULL);
    uv_close((uv_handle_t *)&s->alive, NULL);
    uv_close((uv_handle_t *)&s->zones, NULL);
    files_close(s->files, NULL, NULL);
    stop_rooms(s);
}

static void signal_cb(uv_signal_t *h, int signum)
{
    struct service *s = h->data;

    if (signum == SIGHUP)
        reload(s);
    else
        service_stop(s);
}

static void start_handles(struct service *s)
{
    static const int numbers[SIGNAL_SLOTS] = {SIGTERM, SIGINT, SIGHUP};

    for (int i = 0; i < SIGNAL_SLOTS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], signal_cb, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->status);
    uv_timer_init(&s->loop, &s->alive);
    uv_timer_init(&s->loop, &s->zones);
    s->status.data = s->zones.data = s;
    uv_timer_start(&s->zones, zones_cb, ZONES_EVERY_MS, ZONES_EVERY_MS);
    uint64_t every_ms = (uint64_t)notify_alive_every_ms();
    if (every_ms > 0)
        uv_timer_start(&s->alive, alive_cb, 0, every_ms);
    if (getenv("NOTIFY_SOCKET") != NULL)
        uv_timer_start(&s->status, status_cb, STATUS_EVERY_MS, STATUS_EVERY_MS);
    s->files = files_watch(&s->loop, s->options->dir, reload, s);
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
    };
}

static int start_rooms(struct service *s, struct config *config, struct err *err)
{
    const struct web_hooks hooks = {web_health, s};
    const struct settings *settings = config->settings; /* the engine takes it over and keeps it */
    int rc = engine_create(&s->loop, config, &s->engine, err);

    if (rc != 0)
        return rc;
    s->web = web_create(&s->loop, &hooks);
    rc = web_start(s->web, settings, err);
    if (rc != 0)
        stop_rooms(s);
    return rc;
}

static int run(struct service *s, struct config *config, struct err *err)
{
    int rc = start_rooms(s, config, err);

    if (rc != 0)
        return rc;
    start_handles(s);
    log_info("ready", "version=%s pid=%d", BETIMES_VERSION, (int)getpid());
    notify_ready();
    tell_status(s);
    if (s->options->started != NULL)
        s->options->started(s->options->arg, s, &s->loop);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    log_info("stopped", "");
    return 0;
}

int service_run(const struct service_options *options)
{
    struct service s = {.options = options, .lock_fd = -1};
    struct config config = {0};
    struct err err = {""};
    int status = 0;

    signal(SIGPIPE, SIG_IGN);
    no_core_dumps();
    if (options->quiet)
        log_set_level(LOG_LEVEL_WARNING);
    if (load(options->dir, &config) != 0)
        return 1;
    s.zone = config.settings->business.calendar.zone;
    conditions_localtime(s.zone); /* before there are threads */
    if (options->has_now || options->speed != 1)
        clock_virtual(options->has_now ? options->now_ms : clock_wall_ms(), options->speed);
    uv_loop_init(&s.loop);
    int rc = take_lock(&s, config.settings->database, &err);
    if (rc == 0)
        rc = run(&s, &config, &err);
    if (rc != 0) {
        log_error("cannot run", "%s", err.text);
        status = 2;
    }
    uv_run(&s.loop, UV_RUN_DEFAULT); /* lets what was closed go */
    uv_loop_close(&s.loop);
    config_free(&config);
    if (s.lock_fd >= 0)
        close(s.lock_fd);
    return status;
}
