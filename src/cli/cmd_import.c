/*
 * betimes import: the events of a calendar file become appointments, by the same way as those of a
 * calendar that the service looks at. A file speaks of what is in it: what it does not mention is
 * left alone, unless the file is said to be all of a calendar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "calendar/sync.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "ical/read.h"

#define LINES_MAX 100 /* of what was done, for people; programs get all */

static const struct option_spec import_options[] = {
    {"calendar", 0, "NAME",
     "the file is all of this calendar, as a look at it: what it\ndoes not mention is cancelled"},
    {"dry-run", 0, NULL, "only say what would be done"},
    OPTION_NOW,
};

/* What each outcome is called, to people and to programs. */
static const struct {
    const char *word, *key;
    enum colour colour;
} outcomes[APPLY_OUTCOMES] = {
    [APPLY_BOOKED] = {"new", "booked", GREEN},
    [APPLY_MOVED] = {"moved", "moved", GREEN},
    [APPLY_CHANGED] = {"changed", "changed", GREEN},
    [APPLY_CANCELLED] = {"cancelled", "cancelled", YELLOW},
    [APPLY_NOBODY] = {"no client", "no_client", YELLOW},
    [APPLY_SEVERAL] = {"several clients", "several_clients", YELLOW},
    [APPLY_PASSED] = {"passed over", "passed_over", DIM},
    [APPLY_UNREADABLE] = {"unknown time", "unknown_time", YELLOW},
    [APPLY_NOTHING] = {"nothing to do", "nothing", DIM},
};

struct import {
    const struct call *call;
    const char *file;
    struct session session;
    struct config config;
    const struct calendar_settings *calendar; /* that it is a look at; NULL: none */
    struct sync_business business;
    struct progress progress;
    json_t *events; /* for programs */
    struct table table;
    struct str_list whys; /* of the table's rows; "" for none */
    size_t left_out;      /* of the table */
};

/* ---- while it works */

/* "2026-12-08 15:00" of a row's time; NULL gives "?". free() it. */
static char *row_time(const char *written)
{
    char *when = mem_strdup(written != NULL ? written : "?"), *t = strchr(when, 'T');

    if (t != NULL)
        *t = ' ';
    return when;
}

static void tell(void *arg, const struct apply_told *t)
{
    struct import *im = arg;

    if (t->outcome == APPLY_NOTHING)
        return;
    if (im->call->json) {
        json_t *o = json_object();
        json_object_set_new(o, "outcome", json_string(outcomes[t->outcome].key));
        json_object_set_new(o, "uid", show_json_text(t->uid));
        json_object_set_new(o, "title", show_json_text(t->title));
        json_object_set_new(o, "starts", show_json_text(t->starts));
        json_object_set_new(o, "was", show_json_text(t->was));
        json_object_set_new(o, "ref", show_json_text(t->ref));
        json_object_set_new(o, "why", show_json_text(t->why));
        json_array_append_new(im->events, o);
        return;
    }
    if (im->whys.count >= LINES_MAX) {
        im->left_out++;
        return;
    }
    table_add(&im->table, outcomes[t->outcome].colour, outcomes[t->outcome].word);
    char *when = row_time(t->starts);
    table_add(&im->table, PLAIN, when);
    table_add(&im->table, PLAIN, t->title != NULL ? t->title : "(no title)");
    table_add(&im->table, DIM, t->ref);
    free(when);
    when = row_time(t->was);
    char *why = t->was != NULL ? mem_printf("was at %s", when) : NULL;
    const char *note = why != NULL ? why : t->why != NULL ? t->why : "";
    str_list_add(&im->whys, note, strlen(note));
    free(why);
    free(when);
}

static void progress(void *arg, size_t done, size_t total)
{
    struct import *im = arg;

    progress_show(&im->progress, done, total);
}

/* ---- afterwards */

static void put_why(void *arg, size_t row)
{
    const struct import *im = arg;

    if (im->whys.items[row][0] == '\0')
        return;
    printf("    ");
    put_folded(im->whys.items[row], 4, 4);
}

static void print_report(struct import *im, const struct sync_report *r, bool dry)
{
    static const char *const heads[] = {"what", "when", "title", "ref"};
    const char *comma = "";

    im->table.heads = heads;
    if (im->table.count > 0)
        table_print(&im->table, put_why, im);
    if (im->left_out > 0)
        printf("and %zu more\n", im->left_out);
    for (size_t i = 0; i < r->notes.count; i++) {
        printf("! ");
        put_folded(r->notes.items[i], 2, 2);
    }
    if (r->notes_more > 0)
        printf("! and %zu more of the kind\n", r->notes_more);
    if (r->asks != NULL) {
        printf("Nothing was written: %s. If that is right, say `betimes calendar accept %s`, and "
               "import it again.\n",
               r->asks, im->calendar->name);
        return;
    }
    printf("%s", dry ? "It would be: " : "");
    for (size_t i = 0; i < APPLY_NOTHING; i++)
        if (r->counts[i] > 0) {
            printf("%s%zu %s", comma, r->counts[i], outcomes[i].word);
            comma = ", ";
        }
    printf("%s%zu as before.\n", comma, r->unchanged + r->counts[APPLY_NOTHING]);
    if (!dry &&
        r->counts[APPLY_NOBODY] + r->counts[APPLY_SEVERAL] + r->counts[APPLY_UNREADABLE] > 0)
        printf("`betimes tasks` says what to do about those that were not taken over.\n");
}

static int print_json(struct import *im, const struct sync_report *r, bool dry)
{
    json_t *o = json_object(), *counts = json_object(), *notes = json_array();

    for (size_t i = 0; i < APPLY_NOTHING; i++)
        json_object_set_new(counts, outcomes[i].key, json_integer((json_int_t)r->counts[i]));
    json_object_set_new(counts, "as_before",
                        json_integer((json_int_t)(r->unchanged + r->counts[APPLY_NOTHING])));
    for (size_t i = 0; i < r->notes.count; i++)
        json_array_append_new(notes, show_json_text(r->notes.items[i]));
    json_object_set_new(o, "file", show_json_text(im->file));
    json_object_set_new(o, "dry_run", json_boolean(dry));
    json_object_set_new(o, "waits", show_json_text(r->asks));
    json_object_set_new(o, "counts", counts);
    json_object_set(o, "events", im->events);
    json_object_set_new(o, "notes", notes);
    return show_print_json(o);
}

/* ---- the work */

static int read_file(struct import *im, struct buf *out)
{
    struct err err = {""};
    int rc = str_eq(im->file, "-") ? fs_read_input(ICAL_BYTES_MAX, out, &err)
                                   : fs_read(im->file, ICAL_BYTES_MAX, out, &err);

    return rc == 0 ? EXIT_DONE : command_error(rc, "%s", err.text);
}

static int import(struct import *im, const struct buf *bytes)
{
    const struct calendar_settings *c = im->calendar;
    struct sync_job job = {
        .store = im->session.store,
        .business = &im->business,
        .name = c != NULL ? c->name : SYNC_IMPORT,
        .rules = c != NULL ? calendar_settings_digest(c) : 0,
        .patterns = c != NULL ? &c->patterns : NULL,
        .floating = c != NULL ? c->zone : NULL,
        .pass_over = c != NULL && c->ignore_unnamed,
        .whole = c != NULL,
        .dry = option_given(&im->call->options, "dry-run"),
        .tell = tell,
        .progress = progress,
        .arg = im,
    };
    struct sync_report report;
    struct err err = {""};
    int status = session_time(im->call, "now", im->session.zone, clock_wall_ms(), &job.now_ms);

    if (status != EXIT_DONE)
        return status;
    sync_business_init(&im->business, im->config.settings);
    progress_begin(&im->progress, "events");
    int rc = sync_look(&job, bytes->data, bytes->len, &report, &err);
    progress_end(&im->progress);
    if (rc != 0)
        status = command_error(rc, "%s: %s", im->file, err.text);
    else if (im->call->json)
        status = print_json(im, &report, job.dry);
    else
        print_report(im, &report, job.dry);
    if (status == EXIT_DONE && report.asks != NULL)
        status = EXIT_ASKED;
    sync_report_close(&report);
    return status;
}

/* The one that --calendar names. */
static int which_calendar(struct import *im)
{
    const struct settings *s = im->config.settings;
    const char *name = option_value(&im->call->options, "calendar");

    if (name == NULL)
        return EXIT_DONE;
    im->calendar = settings_calendar(s, name);
    return im->calendar != NULL ? EXIT_DONE : session_no_calendar(s, name);
}

static int run_import(const struct call *call)
{
    struct import im = {
        .call = call,
        .file = call_word(call, 0),
        .events = json_array(),
        .table = {.columns = 4, .give = 2},
    };
    bool dry = option_given(&call->options, "dry-run");
    struct buf bytes;

    buf_init(&bytes);
    int status = read_file(&im, &bytes);
    if (status == EXIT_DONE)
        status = session_config(call, NULL, &im.config);
    if (status == EXIT_DONE)
        status = which_calendar(&im);
    if (status == EXIT_DONE)
        status = session_open(call, dry ? STORE_READ : STORE_WRITE, &im.session);
    if (status == EXIT_DONE)
        status = import(&im, &bytes);
    json_decref(im.events);
    str_list_close(&im.whys);
    sync_business_close(&im.business);
    session_close(&im.session);
    config_free(&im.config);
    buf_close(&bytes);
    return status;
}

const struct command command_import = {
    .name = "import",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .help = "Make appointments of the events in a calendar file",
    .more =
        "Reads an iCalendar file (- is standard input). Each event, and each time of a series\n"
        "from 90 days ago to 400 days ahead, becomes an appointment of the client whose\n"
        "e-mail address or telephone number is among its guests. What fits no client, or\n"
        "several, becomes a task, never a guess. The same file again changes nothing; a newer\n"
        "one moves and cancels what it says so of, and leaves alone what it does not mention.\n",
    .options = import_options,
    .option_count = COUNT_OF(import_options),
    .reads = true,
    .run = run_import,
};
