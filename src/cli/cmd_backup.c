/* betimes backup: a copy of the database, made and checked while the service works. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/backup.h"
#include "time/moment.h"

#define KEEP_MAX 10000
#define PREFIX "betimes-"
#define SUFFIX ".db"
#define STAMP "YYYY-MM-DDTHH-MM-SSZ"

static const struct option_spec backup_options[] = {
    {"keep", 0, "N", "in a folder: keep the newest N backups, remove older ones"},
};

/* In a folder its name is its time, in UTC: betimes-2026-12-08T13-00-00Z.db. */
static char *name_in(const char *folder, int64_t now_ms)
{
    char when[MOMENT_TEXT_MAX];

    moment_format_utc(now_ms / 1000 * 1000, when);
    for (char *p = when; *p != '\0'; p++)
        if (*p == ':')
            *p = '-';
    return mem_printf("%s/" PREFIX "%s" SUFFIX, folder, when);
}

static bool is_backup_name(const char *name)
{
    return strlen(name) == strlen(PREFIX STAMP SUFFIX) && str_starts(name, PREFIX) &&
           str_ends(name, SUFFIX) && name[strlen(PREFIX)] >= '1' && name[strlen(PREFIX)] <= '9';
}

/* The names sort as their times do. */
static int remove_older(const char *folder, int64_t keep, int64_t *removed, struct err *err)
{
    struct str_list names = {0};
    int64_t found = 0;
    int rc = fs_list(folder, &names, err);

    for (size_t i = names.count; rc == 0 && i-- > 0;) {
        if (!is_backup_name(names.items[i]) || ++found <= keep)
            continue;
        char *path = fs_join(folder, names.items[i]);
        *removed += unlink(path) == 0;
        free(path);
    }
    str_list_close(&names);
    return rc;
}

static void show_progress(void *arg, int64_t done, int64_t pages)
{
    progress_show(arg, (size_t)done, (size_t)pages);
}

static void tell(const char *path, const struct backup_result *r, int64_t removed)
{
    char count[SHOW_TIME_MAX];

    printf("Wrote ");
    put_text(BOLD, path);
    printf(" (%.1f MB), and checked it.\n", (double)r->bytes / 1e6);
    if (r->orphans > 0) {
        str_counted(r->orphans, "row", count);
        printf("It has all that the database has. There as here %s name%s a record that is not "
               "there (%s%s): the program that writes them has its foreign keys off.\n",
               count, r->orphans == 1 ? "s" : "", r->orphans > 1 ? "the first: " : "", r->orphan);
    }
    if (removed > 0) {
        str_counted(removed, "older backup", count);
        printf("Removed %s.\n", count);
    }
}

static int tell_json(const char *path, const struct backup_result *r, int64_t removed,
                     int64_t now_ms)
{
    json_t *o = json_object();

    json_object_set_new(o, "path", show_json_text(path));
    json_object_set_new(o, "taken", show_json_time(now_ms));
    json_object_set_new(o, "bytes", json_integer(r->bytes));
    json_object_set_new(o, "orphans", json_integer(r->orphans));
    json_object_set_new(o, "removed", json_integer(removed));
    return show_print_json(o);
}

static int back_up(const struct call *call, struct session *s, const char *target, int64_t keep)
{
    bool folder = fs_is_dir(target);
    int64_t now_ms = clock_wall_ms(), removed = 0;
    char *path = folder ? name_in(target, now_ms) : mem_strdup(target);
    struct backup_result result;
    struct progress progress;
    struct err err = {""};

    progress_begin(&progress, "page");
    int rc = store_backup(s->store, path, now_ms, show_progress, &progress, &result, &err);
    progress_end(&progress);
    if (rc == 0 && keep > 0)
        rc = remove_older(target, keep, &removed, &err);
    int status = EXIT_DONE;
    if (rc != 0)
        status = command_error(rc, "%s", err.text);
    else if (call->json)
        status = tell_json(path, &result, removed, now_ms);
    else
        tell(path, &result, removed);
    free(path);
    return status;
}

static int run_backup(const struct call *call)
{
    const char *target = call_word(call, 0);
    struct session s = {0};
    struct err err = {""};
    int64_t keep;

    if (option_number(&call->options, "keep", 1, KEEP_MAX, 0, &keep, &err) != 0)
        return command_misused(call, "%s", err.text);
    if (keep > 0 && !fs_is_dir(target))
        return command_misused(call, "--keep goes with a folder, and %s is none", target);
    int status = session_open(call, STORE_READ, &s);
    if (status == EXIT_DONE)
        status = back_up(call, &s, target, keep);
    session_close(&s);
    return status;
}

const struct command command_backup = {
    .name = "backup",
    .words = "FILE|FOLDER",
    .words_min = 1,
    .words_max = 1,
    .help = "Copy the database into a file, while the service works",
    .more =
        "The copy is of one moment, complete and checked, or it is not there. In a folder it is\n"
        "named after the time. Other backups of that name are replaced, other files are not.\n"
        "To restore one: stop the service, put the backup in the database's place, start the\n"
        "service. It begins paused, and knows from the send ledger what went out since.\n",
    .options = backup_options,
    .option_count = COUNT_OF(backup_options),
    .reads = true,
    .run = run_backup,
};
