/*
 * betimes demo: a week of a sample garage in a minute, with nothing from outside.
 *
 * A folder is made as `init` makes one; its gateway writes messages into files. The service runs on
 * it as `run` runs it, under a virtual clock. Two timers on its loop do the rest: one lets the
 * story's next step happen (the booking program, with a connection of its own), the other looks
 * for messages that were sent or decided about (a reader, with another) and tells them. When the
 * week is over the service is asked to stop; what is on the wire then still ends, and the summary
 * follows.
 *
 * Ctrl-C ends the week early, in the same way. When the story cannot go on, the demo ends with what
 * was in its way and exit status 2. The folder always stays: it is there to be looked at, and the
 * other commands work on it.
 *
 * On a terminal a week that came to its end is followed by the page (demo_page.c), until Ctrl-C.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/all.h"
#include "cli/demo.h"
#include "cli/samples.h"
#include "cli/session.h"
#include "service/service.h"
#include "time/moment.h"

#define SPEED_DEFAULT 10000 /* a week in a minute */
#define SPEED_MAX 100000
#define NOW_DEFAULT "2026-12-07T07:30" /* a Monday, before the garage opens */
#define WEEK_MS (7 * 24 * 3600 * INT64_C(1000))
#define LOOK_EVERY_MS 20 /* real time */

#define STATES_TOLD (STATES_ALL & ~(1u << MESSAGE_SENDING))

struct demo {
    char *dir;
    struct session session;
    int64_t start_ms, end_ms;
    int64_t speed;
    struct demo_story *story;
    struct demo_teller *teller;
    struct store *reader;
    int64_t looked_ms; /* the last change that the reader has seen */
    struct service *service;
    int64_t stopped_ms;
    uv_timer_t step, look;
    struct err err; /* why the story could not go on */
};

/* ---- the folder */

static int make_folder(struct demo *d, const char *wanted, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct str_list names = {0};
    int rc = 0;

    if (wanted == NULL) {
        d->dir = mem_printf("%s/betimes-demo-XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
        return mkdtemp(d->dir) != NULL ? 0 : err_errno(err, errno, "%s", d->dir);
    }
    d->dir = mem_strdup(wanted);
    rc = fs_mkdirs(wanted, 0750, err);
    if (rc == 0)
        rc = fs_list(wanted, &names, err);
    if (rc == 0 && names.count > 0) {
        err_set(err, "%s: there is something in this folder; the demo wants one for itself",
                wanted);
        rc = ERR_EXISTS;
    }
    str_list_close(&names);
    return rc;
}

/* The samples and an empty database, as `init` leaves them. */
static int make_business(struct demo *d, const struct call *call, const struct moment *start)
{
    struct call inside = *call;
    struct store *s = NULL;
    struct err err = {""};
    size_t written;

    if (samples_copy(d->dir, &written, NULL, &err) != 0)
        return command_error(ERR_IO, "%s", err.text);
    inside.dir = d->dir;
    int status = session_find(&inside, &d->session);
    if (status != EXIT_DONE)
        return status;
    d->start_ms = moment_instant(start, d->session.zone);
    d->end_ms = d->start_ms + WEEK_MS;
    int rc = store_open(d->session.database, STORE_CREATE, &s, &err);
    if (rc == 0 && (rc = store_meta_set_int(s, "created_ms", d->start_ms)) != 0)
        err_set(&err, "%s: %s", d->session.database, store_error(s));
    store_close(s);
    return rc == 0 ? EXIT_DONE : command_error(ERR_IO, "%s", err.text);
}

/* ---- while the service runs */

/* What was decided since the last look, in the order in which it was. */
static void tell_outcomes(struct demo *d)
{
    struct outbox_filter f = {.states = STATES_TOLD, .since_ms = d->looked_ms, .by_change = true};
    struct outbox_row *rows;
    size_t count;

    if (store_outbox(d->reader, &f, &rows, &count) == 0 && count > 0) {
        demo_teller_outcomes(d->teller, rows, count);
        d->looked_ms = rows[count - 1].state_ms;
    }
    outbox_rows_free(rows, count);
}

static void look_cb(uv_timer_t *t)
{
    struct demo *d = t->data;
    bool changed = false;

    if (store_changed(d->reader, &changed) == 0 && changed)
        tell_outcomes(d);
}

static void step_cb(uv_timer_t *t);

static void wait_for_step(struct demo *d)
{
    int64_t at_ms = demo_story_next_ms(d->story);

    if (at_ms > d->end_ms)
        at_ms = d->end_ms;
    uv_timer_start(&d->step, step_cb, (uint64_t)clock_wait_ms(at_ms), 0);
}

/* Every step whose time has come, then wait for the next one, or for the end of the week. */
static void step_cb(uv_timer_t *t)
{
    struct demo *d = t->data;
    int64_t now_ms = clock_wall_ms();
    int rc = 0;

    tell_outcomes(d);
    while (rc == 0 && demo_story_next_ms(d->story) <= now_ms &&
           demo_story_next_ms(d->story) < d->end_ms) {
        int64_t at_ms = demo_story_next_ms(d->story);
        char *said;
        rc = demo_story_step(d->story, &said, &d->err);
        demo_teller_step(d->teller, at_ms > d->start_ms ? at_ms : d->start_ms, said);
        free(said);
    }
    if (rc != 0 || now_ms >= d->end_ms)
        service_stop(d->service);
    else
        wait_for_step(d);
}

static void started(void *arg, struct service *service, uv_loop_t *loop)
{
    struct demo *d = arg;

    d->service = service;
    d->step.data = d->look.data = d;
    uv_timer_init(loop, &d->step);
    uv_timer_init(loop, &d->look);
    uv_timer_start(&d->look, look_cb, LOOK_EVERY_MS, LOOK_EVERY_MS);
    demo_teller_begin(d->teller);
    wait_for_step(d);
}

static void stopping(void *arg)
{
    struct demo *d = arg;

    d->stopped_ms = clock_wall_ms();
    uv_close((uv_handle_t *)&d->step, NULL);
    uv_close((uv_handle_t *)&d->look, NULL);
}

/* ---- from beginning to end */

static bool in_search_path(const char *folder)
{
    const char *path = getenv("PATH");
    struct str_list folders = {0};

    str_split(&folders, path != NULL ? path : "", ':');
    bool found = str_list_has(&folders, folder);
    str_list_close(&folders);
    return found;
}

/* How to call this program from where we are: "betimes", "build/betimes", or its whole path. */
static char *program_name(void)
{
    char self[PATH_MAX], here[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n <= 0)
        return mem_strdup("betimes");
    self[n] = '\0';
    char *name = strrchr(self, '/') + 1, *folder = mem_strndup(self, (size_t)(name - self - 1));
    bool known = in_search_path(folder);
    free(folder);
    if (known)
        return mem_strdup(name);
    if (getcwd(here, sizeof(here)) != NULL && str_starts(self, here) && self[strlen(here)] == '/')
        return mem_printf("%s%s", strchr(self + strlen(here) + 1, '/') != NULL ? "" : "./",
                          self + strlen(here) + 1);
    return mem_strdup(self);
}

static void tell_end(struct demo *d)
{
    struct outbox_filter all = {.by_change = true};
    struct outbox_row *rows;
    size_t count;
    char when[SHOW_TIME_MAX], *program = program_name();

    tell_outcomes(d);
    if (d->stopped_ms < d->end_ms) {
        demo_time(d->stopped_ms, d->session.zone, when);
        printf("\nStopped on %s of the demo's time, before its week was over.\n", when);
    }
    if (store_outbox(d->reader, &all, &rows, &count) == 0)
        demo_teller_summary(d->teller, rows, count);
    demo_teller_next(program, d->dir, demo_teller_example(rows, count));
    outbox_rows_free(rows, count);
    free(program);
}

static int run_business(struct demo *d)
{
    struct service_options options = {
        .dir = d->dir,
        .has_now = true,
        .now_ms = d->start_ms,
        .speed = (double)d->speed,
        .quiet = true,
        .started = started,
        .stopping = stopping,
        .arg = d,
    };
    struct err err = {""};

    int rc = store_open(d->session.database, STORE_READ, &d->reader, &err);
    if (rc == 0) {
        d->story = demo_story_open(d->session.database, d->session.zone, d->start_ms, &err);
        rc = d->story != NULL ? 0 : ERR_IO;
    }
    if (rc != 0)
        return command_error(ERR_IO, "%s", err.text);
    d->looked_ms = d->start_ms;
    d->teller = demo_teller_create(d->session.zone);
    int status = service_run(&options);
    if (status == EXIT_DONE)
        tell_end(d);
    if (d->err.text[0] != '\0')
        status = command_error(ERR_IO, "the story cannot go on: %s", d->err.text);
    return status;
}

/* Is there a person, who saw the whole week and would like to see more? */
static bool is_wanted(const struct demo *d)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && d->stopped_ms >= d->end_ms;
}

static int run_demo(const struct call *call)
{
    const char *now = option_value(&call->options, "now");
    const char *word = call_word(call, 0), *option = option_value(&call->options, "dir");
    struct demo d = {0};
    struct err err = {""};
    struct moment start;

    if (word != NULL && option != NULL)
        return command_misused(call, "the folder is given twice; once is enough");
    if (moment_parse(now != NULL ? now : NOW_DEFAULT, &start, &err) != 0)
        return command_misused(call, "--now: %s", err.text);
    if (option_number(&call->options, "speed", 1, SPEED_MAX, SPEED_DEFAULT, &d.speed, &err) != 0)
        return command_misused(call, "%s", err.text);
    int rc = make_folder(&d, word != NULL ? word : option, &err);
    int status = rc == 0 ? make_business(&d, call, &start) : command_error(rc, "%s", err.text);
    if (status == EXIT_DONE)
        status = run_business(&d);
    else if (rc == 0)
        rmdir(d.dir); /* unless something is in it that may tell what was wrong */
    demo_teller_free(d.teller);
    demo_story_close(d.story);
    store_close(d.reader);
    if (status == EXIT_DONE && is_wanted(&d))
        status = demo_page_serve(d.dir, d.session.database, d.stopped_ms);
    session_close(&d.session);
    free(d.dir);
    return status;
}

static const struct option_spec demo_options[] = {
    {"now", 0, "TIME", "when the week begins (" NOW_DEFAULT ")"},
    {"speed", 0, "N", "how many times as fast the demo's clock runs (10000: a\nweek in a minute)"},
};

const struct command command_demo = {
    .name = "demo",
    .words = "[DIR]",
    .words_max = 1,
    .help = "Show a sample garage at work for a minute, with nothing from outside",
    .more =
        "A booking program writes its rows for a week, the service does its work on them, and\n"
        "each message is told as it goes. Nothing leaves this machine: messages are written\n"
        "into files in DIR, or the folder of -c, which must be empty or not there yet; without\n"
        "either it is a new folder in $TMPDIR or /tmp. It stays, and the other commands work\n"
        "on it. On a terminal the page is served afterwards, at an address and with a password\n"
        "that are told then, until Ctrl-C. Ctrl-C before that ends the week early.\n",
    .options = demo_options,
    .option_count = COUNT_OF(demo_options),
    .run = run_demo,
};
