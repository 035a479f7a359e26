/*
 * A backup while the database is in use. See store/backup.h.
 *
 * The copy is made in steps within one read transaction: so it is of one moment, and nobody's
 * commit makes it begin anew. The result keeps no journal of its own (journal_mode=DELETE): it is
 * one file, and a journal that lies beside the place to which it is restored cannot be its own.
 *
 * Until it is checked it has a name of its own, PATH.unfinished-XXXXXX, and a lock by flock(2),
 * which ends with the process: what has such a name and no lock is what a backup left that was
 * killed, and the next one into the same folder removes it.
 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/tenure.h"

#define STEP_PAGES 1024
#define BUSY_PAUSE_MS 10
#define BUSY_TRIES 500 /* somebody restores or checkpoints: five seconds of it */
#define CHECK_WORDS_MAX 200
#define UNFINISHED ".unfinished-"
#define UNFINISHED_RANDOM "XXXXXX"

struct backup {
    struct store *source;
    const char *path;
    char *temporary;
    int lock; /* the temporary file, open as long as we are at it; -1: not yet */
    sqlite3 *copy;
    backup_progress tell;
    void *arg;
    struct err *err;
};

/* What has this name already must be a backup of ours, and not the database itself. */
static int check_target(const struct backup *b)
{
    struct stat there, own;
    struct store *other = NULL;
    struct err why = {""};

    if (stat(b->path, &there) < 0)
        return errno == ENOENT ? 0 : err_errno(b->err, errno, "%s", b->path);
    if (stat(b->source->path, &own) == 0 && own.st_ino == there.st_ino &&
        own.st_dev == there.st_dev) {
        err_set(b->err, "%s: is the database itself; give the backup another name", b->path);
        return ERR_INVALID;
    }
    if (store_open(b->path, STORE_READ, &other, &why) != 0) {
        err_set(b->err, "%s: is there already and no backup of Betimes; it stays as it is",
                b->path);
        return ERR_EXISTS;
    }
    store_close(other);
    return 0;
}

/* --- the unfinished file --- */

static bool is_unfinished(const char *name)
{
    size_t len = strlen(name), end = strlen(UNFINISHED UNFINISHED_RANDOM);

    return len > end && str_starts(name + len - end, UNFINISHED);
}

/* With what SQLite may have had beside it; the file itself last, by which they are found. */
static void remove_unfinished(const char *path)
{
    static const char *const ends[] = {"-journal", "-wal", "-shm", ""};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char *name = mem_printf("%s%s", path, ends[i]);
        unlink(name);
        free(name);
    }
}

/* What killed backups have left in the folder. Whatever goes wrong here, this backup is no worse
 * for it. */
static void remove_left(const struct backup *b)
{
    const char *slash = strrchr(b->path, '/');
    char *folder = slash == NULL
                       ? mem_strdup(".")
                       : mem_strndup(b->path, (size_t)(slash - b->path) + (slash == b->path));
    struct str_list names = {0};
    struct err ignored = {""};

    fs_list(folder, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        if (!is_unfinished(names.items[i]))
            continue;
        char *path = fs_join(folder, names.items[i]);
        int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            remove_unfinished(path);
        if (fd >= 0)
            close(fd);
        free(path);
    }
    str_list_close(&names);
    free(folder);
}

/* Another backup may take the file for one that was left, in the moment before it has its lock:
 * then it has no name any more, and we make another. */
static int make_temporary(struct backup *b)
{
    struct stat st = {0};

    while (st.st_nlink == 0) {
        free(b->temporary);
        if (b->lock >= 0)
            close(b->lock);
        b->temporary = mem_printf("%s" UNFINISHED UNFINISHED_RANDOM, b->path);
        b->lock = mkostemp(b->temporary, O_CLOEXEC); /* mode 0600 */
        if (b->lock < 0) {
            int rc = err_errno(b->err, errno, "%s", b->path);
            free(b->temporary);
            b->temporary = NULL;
            return rc;
        }
        flock(b->lock, LOCK_EX | LOCK_NB); /* where there is none, nothing is removed either */
        if (fstat(b->lock, &st) < 0)
            return err_errno(b->err, errno, "%s", b->temporary);
    }
    return 0;
}

/* --- the copy --- */

static int of_copy(struct backup *b, int rc, const char *doing)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return 0;
    err_set(b->err, "%s: %s: %s", b->path, doing, sqlite3_errstr(rc));
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    default:
        return ERR_IO;
    }
}

static int copy_pages(struct backup *b)
{
    sqlite3_backup *steps = sqlite3_backup_init(b->copy, "main", b->source->db, "main");
    int rc = SQLITE_OK, tries = 0;

    if (steps == NULL)
        return of_copy(b, sqlite3_errcode(b->copy), "copy");
    while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        rc = sqlite3_backup_step(steps, STEP_PAGES);
        fault_point("backup-step");
        if (rc == SQLITE_OK && b->tell != NULL)
            b->tell(b->arg, sqlite3_backup_pagecount(steps) - sqlite3_backup_remaining(steps),
                    sqlite3_backup_pagecount(steps));
        if (rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
            continue;
        if (++tries > BUSY_TRIES)
            break;
        sqlite3_sleep(BUSY_PAUSE_MS);
    }
    sqlite3_backup_finish(steps);
    return of_copy(b, rc, "copy");
}

/* All of it is of the moment at which the first row was read. */
static int copy_moment(struct backup *b)
{
    int rc = store_exec(b->source, "BEGIN; SELECT 1 FROM meta LIMIT 1");

    if (rc != 0) {
        err_set(b->err, "%s: %s", b->source->path, b->source->error);
        return rc;
    }
    rc = copy_pages(b);
    store_exec(b->source, "COMMIT");
    return rc;
}

/* One row of foreign_key_check: table, rowid, the table of what is not there, which key. */
static int count_orphan(void *arg, int columns, char **values, char **names)
{
    struct backup_result *out = arg;

    if (out->orphans++ == 0)
        snprintf(out->orphan, sizeof(out->orphan), "row %s of %s names a%s %s", values[1],
                 values[0], strchr("aeiou", values[2][0]) != NULL ? "n" : "", values[2]);
    return 0;
}

static int keep_first(void *arg, int columns, char **values, char **names)
{
    char *words = arg;

    if (words[0] == '\0' && values[0] != NULL)
        snprintf(words, CHECK_WORDS_MAX, "%s", values[0]);
    return 0;
}

static int mark(struct backup *b, int64_t now_ms)
{
    char *sql = mem_printf("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;"
                           "INSERT OR REPLACE INTO meta (name, value) VALUES ('copied_ms', %lld);",
                           (long long)now_ms);
    int rc = of_copy(b, sqlite3_exec(b->copy, sql, NULL, NULL, NULL), "mark it");

    free(sql);
    return rc;
}

/* Every page is read back. */
static int check(struct backup *b, struct backup_result *out)
{
    char words[CHECK_WORDS_MAX] = "";
    int rc = of_copy(b, sqlite3_exec(b->copy, "PRAGMA integrity_check(1)", keep_first, words, NULL),
                     "check it");

    if (rc == 0 && strcmp(words, "ok") != 0) {
        err_set(b->err, "%s: the copy does not stand its check, and was not kept: %s",
                b->source->path, words);
        rc = ERR_CORRUPT;
    }
    return rc == 0
               ? of_copy(b,
                         sqlite3_exec(b->copy, "PRAGMA foreign_key_check", count_orphan, out, NULL),
                         "check it")
               : rc;
}

/* On the disk, and then under its name. */
static int publish(struct backup *b, struct backup_result *out)
{
    struct stat st;
    int fd = open(b->temporary, O_RDONLY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 && fstat(fd, &st) == 0
                 ? 0
                 : err_errno(b->err, errno, "%s", b->temporary);

    if (fd >= 0)
        close(fd);
    fault_point("backup-synced");
    if (rc == 0 && rename(b->temporary, b->path) < 0)
        rc = err_errno(b->err, errno, "%s", b->path);
    fault_point("backup-named");
    if (rc != 0)
        return rc;
    free(b->temporary);
    b->temporary = NULL;
    out->bytes = st.st_size;
    return fs_sync_folder(b->path) == 0 ? 0 : err_errno(b->err, errno, "%s: its folder", b->path);
}

int store_backup(struct store *s, const char *path, int64_t now_ms, backup_progress tell, void *arg,
                 struct backup_result *out, struct err *err)
{
    struct backup b = {.source = s, .path = path, .lock = -1, .tell = tell, .arg = arg, .err = err};
    int rc = check_target(&b);

    *out = (struct backup_result){0};
    if (rc == 0)
        remove_left(&b);
    if (rc == 0)
        rc = make_temporary(&b);
    if (rc == 0)
        rc = of_copy(&b,
                     sqlite3_open_v2(b.temporary, &b.copy,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL),
                     "open");
    if (rc == 0)
        rc = copy_moment(&b);
    if (rc == 0)
        rc = mark(&b, now_ms);
    if (rc == 0)
        rc = check(&b, out);
    sqlite3_close(b.copy);
    fault_point("backup-checked");
    if (rc == 0)
        rc = publish(&b, out);
    if (b.temporary != NULL)
        remove_unfinished(b.temporary);
    free(b.temporary);
    if (b.lock >= 0)
        close(b.lock);
    return rc;
}
