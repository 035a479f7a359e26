/*
 * betimes init: a folder to work in, from the samples that came with the program.
 *
 * Nothing that is there is ever overwritten. A folder that has a betimes.conf is somebody's work
 * already: it gets nothing but the database, if there is none. betimes.conf is written last, so
 * that an init that was interrupted goes on when it is called again.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/samples.h"
#include "cli/session.h"
#include "cli/show.h"

#define GROUP "betimes"

struct making {
    const char *dir;
    size_t written;
    struct str_list stayed;
};

/* ---- the database */

/* A database in a folder of the group betimes is for every member of it; anywhere else the group
 * may read it, if the umask lets it, and others never: clients' addresses are in it. SQLite gives
 * its -wal and -shm the database's mode. */
static void share_database(const char *path)
{
    char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    const struct group *group = getgrnam(GROUP);
    struct stat st;

    if (group != NULL && stat(dir, &st) == 0 && st.st_gid == group->gr_gid) {
        bool ours = st.st_uid == geteuid() || geteuid() == 0;
        /* What cannot be changed is somebody else's decision; `check` tells if it does not work. */
        if (ours && chmod(dir, 02770) != 0)
            fprintf(stderr, "betimes: %s: %s\n", dir, strerror(errno));
        if (chmod(path, 0660) != 0 || (geteuid() == 0 && chown(path, st.st_uid, st.st_gid) != 0))
            fprintf(stderr, "betimes: %s: %s\n", path, strerror(errno));
    } else if (stat(path, &st) == 0 && chmod(path, st.st_mode & 0640) != 0) {
        fprintf(stderr, "betimes: %s: %s\n", path, strerror(errno));
    }
    free(dir);
}

static int make_database(const char *path, bool *made, struct err *err)
{
    char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    struct store *s = NULL;
    int rc = fs_mkdirs(*dir != '\0' ? dir : "/", 0770, err);

    free(dir);
    *made = false;
    if (rc != 0)
        return rc;
    rc = store_open(path, STORE_CREATE, &s, err);
    if (rc == ERR_EXISTS)
        return 0;
    if (rc == 0 && (rc = store_meta_set_int(s, "created_ms", clock_wall_ms())) != 0)
        err_set(err, "%s: %s", path, store_error(s));
    store_close(s);
    if (rc == 0)
        share_database(path);
    *made = rc == 0;
    return rc;
}

/* ---- telling */

/* By the folder in which they lie: there may be hundreds. */
static void tell_stayed(const struct str_list *files)
{
    char count[STR_COUNTED_MAX];

    printf("Stayed as they were:\n");
    for (size_t i = 0, n; i < files->count; i += n) {
        size_t folder = strcspn(files->items[i], "/") + 1; /* with its slash */
        n = 1;
        if (folder > strlen(files->items[i])) {
            printf("  %s\n", files->items[i]);
            continue;
        }
        while (i + n < files->count && strncmp(files->items[i], files->items[i + n], folder) == 0)
            n++;
        str_counted((int64_t)n, "file", count);
        printf("  %.*s (%s)\n", (int)folder, files->items[i], count);
    }
}

static void tell_files(const struct making *m, const char *database, bool made)
{
    char count[SHOW_TIME_MAX];

    if (m->written > 0) {
        str_counted((int64_t)m->written, "file", count);
        printf("Made %s in %s:\n"
               "  betimes.conf    who you are, and how your messages leave\n"
               "  playbook.conf   what is said, and when\n"
               "  templates/      in which words\n"
               "  providers/      how SMS providers are talked to\n",
               count, m->dir);
    }
    if (made)
        printf("Made the database %s\n", database);
    if (m->stayed.count > 0)
        tell_stayed(&m->stayed);
    if (!made && m->written == 0)
        printf("Everything is there already; nothing was changed.\n");
    else if (!made)
        printf("The database %s was there, and stays as it is.\n", database);
}

static void tell_next(const char *dir)
{
    printf("\nNext:\n"
           "  1. Put your name, hours and gateways into %s/betimes.conf\n"
           "  2. betimes check -c %s       is everything in order?\n"
           "  3. betimes run -c %s         do the work\n"
           "Then let your program write its rows; `betimes forecast -c %s` tells what follows.\n",
           dir, dir, dir, dir);
}

static bool is_empty(const char *folder)
{
    struct str_list names = {0};
    bool empty = fs_list(folder, &names, NULL) == 0 && names.count == 0;

    str_list_close(&names);
    return empty;
}

static int run_init(const struct call *call)
{
    const char *word = call_word(call, 0), *option = option_value(&call->options, "dir");
    struct call inner = *call;
    struct making m = {.dir = word != NULL ? word : option != NULL ? option : "."};
    struct err err = {""};
    struct session s = {0};
    bool made = false;
    int status = EXIT_DONE, rc = 0;

    if (word != NULL && option != NULL)
        return command_misused(call, "the folder is given twice; once is enough");
    char *conf = fs_join(m.dir, "betimes.conf");
    bool fresh = !fs_exists(conf);
    if (fresh && word == NULL && option == NULL && !is_empty(".")) {
        free(conf);
        return command_misused(call, "there is something in this folder already: `betimes init "
                                     "shop` makes one of its own, `betimes init .` takes this one");
    }
    if (fresh)
        rc = samples_copy(m.dir, &m.written, &m.stayed, &err);
    else
        str_list_add(&m.stayed, "betimes.conf", strlen("betimes.conf"));
    inner.dir = m.dir;
    if (rc != 0)
        status = command_error(ERR_IO, "%s", err.text);
    if (status == EXIT_DONE)
        status = session_find(&inner, &s);
    if (status == EXIT_DONE) {
        rc = make_database(s.database, &made, &err);
        if (rc != 0)
            status = command_error(ERR_IO, "%s", err.text);
    }
    if (status == EXIT_DONE) {
        tell_files(&m, s.database, made);
        if (fresh)
            tell_next(m.dir);
    }
    session_close(&s);
    str_list_close(&m.stayed);
    free(conf);
    return status;
}

const struct command command_init = {
    .name = "init",
    .words = "[DIR]",
    .words_max = 1,
    .help = "Make a folder to work in, with samples and an empty database",
    .more =
        "In DIR, or the folder of -c, or the present one if it is empty. Nothing that is there is\n"
        "overwritten:\n"
        "a folder with a betimes.conf gets only its database, where betimes.conf says.\n\n"
        "The samples are those that were installed with the program; the variable\n"
        "BETIMES_SHARE names another folder with conf/ and templates/ in it.\n",
    .run = run_init,
};
