/*
 * One run: a business over so many days. Each life of its service is a child process, and its crash
 * is the child's end. On a failure it tells the seed, the virtual time and the last things that
 * happened; the same seed, days and kinds of trouble repeat it exactly.
 */
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/rng.h"
#include "playbook/problems.h"
#include "service/config.h"
#include "service/engine.h"
#include "sim.h"
#include "store/store.h"
#include "time/moment.h"
#include "watch/replan.h"

#define CHILDREN_MAX 20000
#define QUIET_DAYS 16 /* after the story's end, until every message has come to its own */
#define GRACE_MS 30000
#define EXIT_UNSYNCED 2 /* of the store, see store_commit */

struct sim *S;

static struct engine *engine;
static uv_loop_t loop;
static bool stopping, stopped;

/* --- chance --- */

static uint64_t next(unsigned char state[8])
{
    uint64_t v, z;

    memcpy(&v, state, sizeof(v));
    v += 0x9e3779b97f4a7c15u;
    memcpy(state, &v, sizeof(v));
    z = v;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t story_below(uint64_t n)
{
    return next(S->story_state) % n;
}

uint64_t world_below(uint64_t n)
{
    return next(S->world_state) % n;
}

uint64_t extra_below(uint64_t n)
{
    return next(S->extra_state) % n;
}

/* --- telling --- */

void sim_note(const char *fmt, ...)
{
    char *line = S->trail[S->trail_count++ % SIM_TRAIL], when[MOMENT_TEXT_MAX];
    int n;
    va_list ap;

    moment_format_utc(sim_wall_ms(), when);
    n = snprintf(line, SIM_LINE, "%s %12.3f  ", when, (double)(S->mono_us - S->begin_us) / 1e6);
    va_start(ap, fmt);
    vsnprintf(line + n, SIM_LINE - (size_t)n, fmt, ap);
    va_end(ap);
    if (S->verbose)
        printf("# %s\n", line);
}

void sim_fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(S->failure, sizeof(S->failure), fmt, ap);
    va_end(ap);
    S->failed = true;
    fflush(stdout);
    _exit(0);
}

/* --- the service --- */

static void load(struct config *c)
{
    struct problems problems = {0};

    if (config_load(S->dir, NULL, &problems, c) == 0) {
        problems_close(&problems);
        return;
    }
    sim_fail("the configuration is wrong: %s: %s", problems.items[0].file, problems.items[0].text);
}

static void create_database(void)
{
    struct store *s;
    struct err err = {""};

    if (store_open(S->database, STORE_CREATE, &s, &err) != 0 ||
        store_meta_set_int(s, "created_ms", sim_wall_ms()) != 0)
        sim_fail("no database: %s", err.text);
    store_close(s);
    S->created = true;
}

static void service_start(void)
{
    struct config config;
    struct err err = {""};
    bool first = S->starts++ == 0;

    audit_start();
    rng_seed(world_below(UINT64_MAX));
    S->up = true; /* from here on it may crash */
    load(&config);
    int rc = engine_create(&loop, &config, &engine, &err);
    if (rc != 0) {
        /* A disk that fails or a lock keeps it from starting; whoever runs it tries again. */
        if ((S->fault == 0 || S->mono_us >= S->fault_until_us) && S->locked_until_us == 0)
            sim_fail("the service does not start: %s", err.text);
        config_free(&config);
        S->up = false;
        S->start_us = S->mono_us + 30 * SECOND_MS * 1000;
        sim_loop_reset();
        return;
    }
    playbook_applied(first);
    S->disturbed_us = S->mono_us;
    sim_note("service up");
}

void service_reload(void)
{
    struct config config;
    struct err err = {""};

    load(&config);
    S->reloads++;
    S->reload_ms = sim_wall_ms();
    if (engine_reconfigure(engine, &config, &err) == 0) {
        playbook_applied(false);
        sim_note("playbook edited");
    } else {
        config_free(&config);
        memcpy(S->next_rules, S->rules, sizeof(S->next_rules));
        playbook_write();
        S->reload_ms = 0;
        sim_note("reload failed: %s", err.text);
    }
}

static void stopped_cb(void *arg)
{
    stopped = true;
}

void service_stop_and_wait(void)
{
    if (stopping)
        return;
    stopping = true;
    stopped = false;
    engine_stop(engine, GRACE_MS, stopped_cb, NULL);
    while (!stopped)
        sim_round();
    stopping = false;
    engine = NULL;
    S->up = false;
    S->stopped_cleanly = true;
    S->disturbed_us = S->mono_us;
    sim_loop_reset();
    sim_note("service stopped");
}

/* --- one life --- */

static void look_at_service(void)
{
    struct engine_state state;

    if (engine == NULL)
        return;
    engine_state(engine, &state);
    S->in_flight = state.in_flight;
    if (state.trouble != 0)
        S->disturbed_us = S->mono_us;
}

static void life(void)
{
    disk_register();
    sim_loop_reset();
    log_set_level(getenv("SIM_LOG") != NULL ? LOG_LEVEL_INFO : 0);
    if (!S->created) {
        playbook_write();
        create_database();
    }
    gateways_after_crash();
    writer_open();
    while (S->mono_us < S->end_us) {
        gateways_moods();
        if (!S->up && S->mono_us >= S->start_us)
            service_start();
        sim_round();
        look_at_service();
        if (S->mono_us >= S->next_story_us)
            story_run();
    }
    S->next_story_us = INT64_MAX;
    if (S->up)
        service_stop_and_wait();
    audit_end();
    S->done = true;
    fflush(stdout);
    _exit(0);
}

/* --- one run --- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

static void clean_up(void)
{
    if (getenv("SIM_KEEP") == NULL)
        nftw(S->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void prepare(uint64_t seed, int days, unsigned troubles)
{
    /* Days around which clocks change somewhere, a leap day, a year's end. */
    static const char *const begins[] = {"2026-03-20T06:00:00Z", "2026-10-15T06:00:00Z",
                                         "2027-12-20T06:00:00Z", "2028-02-20T06:00:00Z",
                                         "2026-06-01T06:00:00Z", "2026-09-20T06:00:00Z"};
    struct moment m;

    S->seed = seed;
    memcpy(S->story_state, &seed, sizeof(seed));
    uint64_t other = seed ^ 0x5851f42d4c957f2du;
    memcpy(S->world_state, &other, sizeof(other));
    other = seed ^ 0x9e3779b97f4a7c15u;
    memcpy(S->extra_state, &other, sizeof(other));
    moment_parse(begins[story_below(6)], &m, NULL);
    S->mono_us = S->begin_us = INT64_C(1000000000);
    S->wall_offset_us = moment_instant(&m, zone_utc()) * 1000 - S->mono_us;
    S->quiet_us = S->begin_us + days * DAY_MS * 1000;
    S->end_us = S->quiet_us + QUIET_DAYS * DAY_MS * 1000;
    S->look_every_ms = (int64_t)(1 + story_below(180)) * MINUTE_MS;
    S->tick_us = story_percent(30) ? (int)story_below(500) : 0;
    S->moods = (unsigned)(story_below(TROUBLE_ALL + 1) & story_below(TROUBLE_ALL + 1));
    if (story_percent(20))
        S->moods = TROUBLE_ALL;
    S->moods |= (unsigned)extra_below(TROUBLE_ANY + 1) & ~(unsigned)TROUBLE_ALL;
    S->moods &= troubles;
    S->merging = seed % 3 == 0;
    replan_read_ahead_from(seed % 4 == 0 ? 2 : 0);
    S->pace_min = (int)(5 + story_below(120));
    S->quiet_from = (int)(19 + story_below(4));
    S->quiet_to = (int)(6 + story_below(4));
    S->caps_day = (int)(2 + story_below(8));
    S->caps_week = S->caps_day + (int)story_below(20);
    S->blast = story_percent(60) ? (int)(1 + story_below(4)) : 0;
    S->brake = story_percent(30) ? (int)(1 + story_below(3)) : 0;
    S->disturbed_us = S->stepped_us = S->hidden_us = S->mono_us;
    snprintf(S->dir, sizeof(S->dir), "/dev/shm/betimes-sim-%d", (int)getpid());
    snprintf(S->database, sizeof(S->database), "%s/betimes.db", S->dir);
    clean_up(); /* of a run that was killed */
    playbook_make();
    written_begin();
    story_begin();
}

static void show_failure(void)
{
    char when[MOMENT_TEXT_MAX];
    int64_t from = S->trail_count > SIM_TRAIL ? S->trail_count - SIM_TRAIL : 0;
    const char *all = getenv("SIM_TRAIL");

    if (all == NULL && S->trail_count - from > 40)
        from = S->trail_count - 40;
    moment_format_utc(sim_wall_ms(), when);
    printf("# seed %llu failed at %s (virtual time), %.1f days on:\n#   %s\n",
           (unsigned long long)S->seed, when,
           (double)(S->mono_us - S->begin_us) / 1000.0 / (double)DAY_MS, S->failure);
    printf("# it was: trouble 0x%x, %d rules, %d visits, %d jobs; the last that happened:\n",
           S->moods, S->rule_count, S->visit_count, S->job_count);
    for (int64_t i = from; i < S->trail_count; i++)
        printf("#   %s\n", S->trail[i % SIM_TRAIL]);
}

/* A disk that does not confirm a commit: the store ends the service, as it should. */
static void ended_by_disk(void)
{
    S->crashes++;
    S->crash_in = 0;
    S->up = false;
    S->stopped_cleanly = false;
    S->disturbed_us = S->mono_us;
    sim_note("the service has ended: the disk did not confirm a commit");
}

bool run_business(uint64_t seed, int days, unsigned troubles)
{
    prepare(seed, days, troubles);
    while (!S->done && !S->failed) {
        int status;
        if (++S->children > CHILDREN_MAX) {
            snprintf(S->failure, sizeof(S->failure), "the service dies again and again");
            S->failed = true;
            break;
        }
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            life();
        if (pid < 0 || waitpid(pid, &status, 0) < 0) {
            perror("sim");
            exit(2);
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNSYNCED && S->up &&
            S->fault == SQLITE_IOERR_FSYNC) {
            ended_by_disk();
        } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            snprintf(S->failure, sizeof(S->failure), "the service died by itself (status 0x%x)",
                     status);
            S->failed = true;
        }
        if (!S->up && !S->done && S->start_us <= S->mono_us)
            S->start_us = S->mono_us + (int64_t)world_below(60) * SECOND_MS * 1000;
    }
    if (S->failed)
        show_failure();
    if (S->failed && getenv("SIM_KEEP") != NULL) {
        ram_save();
        printf("# its files are in %s\n", S->dir);
    }
    clean_up();
    return !S->failed;
}
