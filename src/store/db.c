/*
 * Opening, migrating, transactions and errors. See store/store.h.
 *
 * Durability: a commit that returned survives a power cut; what must not be sent twice depends on
 * it. SQLite would do that by itself (synchronous=FULL), but holds the write lock while the disk
 * takes its time, and other programs' writes would find it taken. So it commits without (NORMAL),
 * and the WAL is synced right afterwards, with the lock free. Checkpoints are ours (tidy.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/memory.h"
#include "store/preread.h"
#include "store/schema.h"
#include "store/tenure.h"

#define APPLICATION_ID 0x4265746d /* "Betm", tells our files from other SQLite databases */
#define CACHE_KB 4096
#define CACHE_ASIDE_KB 1024
#define ALONE_MS 2000      /* commits of other programs no further apart: somebody writes */
#define ALONE_FIRST_MS 300 /* ... since we look at all: nobody is known to write */
#define UNSEEN (-1)        /* data_version, before the first look */
#define COPY_STEP_PAGES 4096
#define COPY_PAUSE_MS 10      /* when somebody else is committing */
#define OPEN_PATIENCE_MS 2000 /* for another program's transaction while we open */

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ERR_READONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_CANTOPEN:
        return ERR_NOTFOUND;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return ERR_INVALID;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    default:
        return ERR_IO;
    }
}

int store_failed(struct store *s)
{
    int rc = sqlite3_extended_errcode(s->db);

    if ((rc & 0xff) == SQLITE_NOMEM)
        mem_exhausted();
    snprintf(s->error, sizeof(s->error), "%s", sqlite3_errmsg(s->db));
    return code_of(rc);
}

const char *store_error(const struct store *s)
{
    return s->error;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

int store_exec(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_failed(s);
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql)
{
    for (size_t i = 0; i < s->statement_count; i++)
        if (s->statements[i].sql == sql) {
            sqlite3_stmt *st = s->statements[i].handle;
            s->records_written += s->statements[i].writes_records;
            sqlite3_reset(st);
            sqlite3_clear_bindings(st);
            return st;
        }
    sqlite3_stmt *st = NULL;
    if (s->statement_count == STATEMENTS_MAX)
        abort(); /* more statements than the code has: a text that is no literal */
    s->writes_records = false;
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
        return NULL;
    s->statements[s->statement_count++] = (struct statement){sql, st, s->writes_records};
    return st;
}

int store_step(struct store *s, sqlite3_stmt *st)
{
    if (st == NULL)
        return store_failed(s);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(st);
        return 0;
    }
    int code = store_failed(s);
    sqlite3_reset(st);
    return code;
}

int store_finish(struct store *s, sqlite3_stmt *st)
{
    int rc;

    do {
        rc = store_step(s, st);
    } while (rc > 0);
    return rc;
}

void store_reset(sqlite3_stmt *st)
{
    if (st != NULL)
        sqlite3_reset(st);
}

char *column_text(sqlite3_stmt *st, int i)
{
    return mem_strdup((const char *)sqlite3_column_text(st, i));
}

void store_set_patience(struct store *s, int wait_ms)
{
    sqlite3_busy_timeout(s->db, wait_ms);
}

int store_begin(struct store *s)
{
    sqlite3_stmt *st = s->draft ? store_prepare(s, "BEGIN") : store_prepare(s, "BEGIN IMMEDIATE");
    int rc = store_finish(s, st);

    s->in_transaction = rc == 0;
    return rc;
}

int store_begin_reading(struct store *s)
{
    int rc = store_exec(s, "BEGIN");

    s->in_transaction = rc == 0;
    return rc;
}

/* What is committed is visible and cannot be taken back, but is it on the disk? If the disk says
 * no, nobody knows what it holds, and asking again would be told a lie (the error is reported
 * once). So we end here, and the next start reads what there is. */
static void sync_wal(struct store *s)
{
    sqlite3_file *wal = NULL;

    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal == NULL || wal->pMethods == NULL)
        return; /* no WAL: a database in memory */
    if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) != SQLITE_OK) {
        log_error("the disk did not confirm a write; ending, the next start settles it", "");
        _exit(2);
    }
}

int store_commit_unsynced(struct store *s)
{
    int rc = tally_write(s);

    fault_point("commit");
    if (rc == 0)
        rc = store_finish(s, store_prepare(s, "COMMIT"));
    fault_point("committed");
    if (rc != 0)
        store_rollback(s);
    s->records_settled = s->records_written;
    s->in_transaction = false;
    return rc;
}

int store_commit(struct store *s)
{
    int rc = store_commit_unsynced(s);

    if (rc == 0 && !s->draft)
        sync_wal(s);
    fault_point("synced");
    return rc;
}

void store_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    tally_forget(s);
    s->records_settled = s->records_written;
    s->in_transaction = false;
}

bool store_in_transaction(const struct store *s)
{
    return s->in_transaction;
}

static int pragma_int(struct store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = store_prepare(s, sql);
    int rc = store_step(s, st);

    if (rc == 1) {
        *out = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

int store_data_version(struct store *s, int64_t *version)
{
    return pragma_int(s, "PRAGMA data_version", version);
}

int store_changed(struct store *s, bool *changed)
{
    int64_t version = 0;
    int rc = store_data_version(s, &version);

    int64_t now_ms = clock_mono_ms();
    bool first = s->data_version == UNSEEN;

    *changed = version != s->data_version;
    s->data_version = version;
    if (first)
        s->shared_until_ms = now_ms + ALONE_FIRST_MS;
    else if (*changed && now_ms - s->other_mono_ms <= ALONE_MS)
        s->shared_until_ms = now_ms + ALONE_MS;
    if (*changed)
        s->other_mono_ms = first ? now_ms - ALONE_MS - 1 : now_ms;
    bool alone = now_ms > s->shared_until_ms;
    if (alone != s->alone)
        tidy_limit(s, alone);
    s->alone = alone;
    return rc;
}

bool store_alone(const struct store *s)
{
    return s->alone;
}

int store_aside(struct store *s)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -%d;",
             CACHE_ASIDE_KB);
    return store_exec(s, sql);
}

void store_drop_cache(struct store *s)
{
    sqlite3_db_release_memory(s->db);
}

int store_schema_moved(struct store *s, bool *moved)
{
    int64_t version = s->schema_version;
    int rc = pragma_int(s, "PRAGMA schema_version", &version);

    *moved = version != s->schema_version;
    s->schema_version = version;
    return rc;
}

/* --- opening --- */

/* What touches no file. How a statement reads its tables may not depend on the values bound to it:
 * SQLite would prepare it anew for each value that it might compare with the condition of a partial
 * index, which costs more than most statements do. */
static void restrain(struct store *s)
{
    preread_attend(s);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_busy_timeout(s->db, OPEN_PATIENCE_MS);
}

static int configure(struct store *s, enum store_mode mode)
{
    int rc = store_exec(s, "PRAGMA secure_delete = FAST; PRAGMA temp_store = MEMORY;"
                           "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF;");
    char sql[128];
    snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%d;", CACHE_KB);
    if (rc == 0)
        rc = store_exec(s, sql);
    tidy_attend(s);
    if (rc == 0 && mode != STORE_READ)
        rc = store_exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (rc == 0 && mode != STORE_READ)
        tidy_limit(s, false);
    if (rc == 0 && mode == STORE_READ)
        rc = store_exec(s, "PRAGMA query_only = ON;");
    return rc;
}

static int apply(struct store *s, int from)
{
    char sql[64];
    int rc = store_begin(s);

    for (int v = from + 1; rc == 0 && v <= schema_version(); v++)
        rc = store_exec(s, schema_migration(v));
    if (rc == 0)
        rc = store_exec(s, schema_triggers());
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; PRAGMA application_id = %d;",
             schema_version(), APPLICATION_ID);
    if (rc == 0)
        rc = store_exec(s, sql);
    if (rc == 0)
        return store_commit(s);
    store_rollback(s);
    return rc;
}

static int copy_into(struct store *s, sqlite3 *target)
{
    sqlite3_backup *b = sqlite3_backup_init(target, "main", s->db, "main");
    int rc;

    if (b == NULL)
        return store_failed(s);
    do {
        rc = sqlite3_backup_step(b, COPY_STEP_PAGES);
        if (rc == SQLITE_BUSY)
            sqlite3_sleep(COPY_PAUSE_MS);
    } while (rc == SQLITE_OK || rc == SQLITE_BUSY);
    sqlite3_backup_finish(b);
    return rc == SQLITE_DONE ? 0 : code_of(rc);
}

/* Before a migration: a copy beside the database, named after the version it holds. */
static int keep_backup(struct store *s, int version, struct err *err)
{
    char *path = mem_printf("%s.before-version-%d", s->path, version + 1);
    sqlite3 *target = NULL;
    int rc = ERR_IO;

    if (sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
        SQLITE_OK)
        rc = copy_into(s, target);
    sqlite3_close(target);
    if (rc != 0)
        err_set(err, "%s: could not write the copy that a migration needs first", path);
    free(path);
    return rc;
}

/* Before anything is set up: a database that is not ours stays as it is, with its journal. */
static int check_ours(struct store *s, struct err *err)
{
    int64_t id = 0;
    int rc = pragma_int(s, "PRAGMA application_id", &id);

    if (rc != 0) {
        err_set(err, "%s: %s", s->path, s->error);
    } else if (id != APPLICATION_ID) {
        err_set(err, "%s: is not a Betimes database; `betimes init` makes one", s->path);
        rc = ERR_INVALID;
    }
    return rc;
}

static int check_version(struct store *s, enum store_mode mode, struct err *err)
{
    int64_t version = 0;
    int rc = pragma_int(s, "PRAGMA user_version", &version);

    if (rc != 0) {
        err_set(err, "%s: %s", s->path, s->error);
        return rc;
    }
    if (version > schema_version()) {
        err_set(err, "%s: was written by a newer version of Betimes (%d; this one knows %d)",
                s->path, (int)version, schema_version());
        return ERR_INVALID;
    }
    if (version < schema_version() && mode == STORE_READ) {
        err_set(err, "%s: is of an older version; start the service once to bring it up to date",
                s->path);
        return ERR_INVALID;
    }
    if (version < schema_version()) {
        rc = keep_backup(s, (int)version, err);
        if (rc == 0 && (rc = apply(s, (int)version)) != 0)
            err_set(err, "%s: migrate: %s", s->path, s->error);
    }
    return rc;
}

static int check_file(const char *path, enum store_mode mode, struct err *err)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        if (errno == ENOENT && mode == STORE_CREATE)
            return 0;
        if (errno == ENOENT) {
            err_set(err, "%s: there is no database; `betimes init` makes one", path);
            return ERR_NOTFOUND;
        }
        return err_errno(err, errno, "%s", path);
    }
    if (mode == STORE_CREATE) {
        err_set(err, "%s: is there already; it stays as it is", path);
        return ERR_EXISTS;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(err, "%s: is not a file", path);
        return ERR_INVALID;
    }
    if (mode == STORE_WRITE && access(path, W_OK) < 0) {
        err_errno(err, errno, "%s: cannot be written", path);
        return ERR_READONLY;
    }
    return 0;
}

int store_open(const char *path, enum store_mode mode, struct store **out, struct err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
    struct store *s;
    int rc = check_file(path, mode, err);

    store_memory_init();
    *out = NULL;
    if (rc != 0)
        return rc;
    if (mode == STORE_CREATE)
        flags |= SQLITE_OPEN_CREATE;
    else
        store_put_aside_journal(path);
    s = mem_zalloc(sizeof(*s));
    s->path = mem_strdup(path);
    s->reads = mode == STORE_READ;
    rc = sqlite3_open_v2(path, &s->db, flags, NULL) == SQLITE_OK ? 0 : store_failed(s);
    if (rc == 0)
        restrain(s);
    if (rc != 0)
        err_set(err, "%s: %s", path, s->error);
    else if (mode != STORE_CREATE)
        rc = check_ours(s, err);
    if (rc == 0) {
        rc = configure(s, mode);
        if (rc == 0 && mode == STORE_CREATE)
            rc = apply(s, 0);
        if (rc == 0 && mode == STORE_CREATE)
            rc = store_origin_make(s);
        if (rc != 0)
            err_set(err, "%s: %s", path, s->error);
    }
    if (rc == 0 && mode != STORE_CREATE)
        rc = check_version(s, mode, err);
    if (rc != 0) {
        store_close(s);
        if (mode == STORE_CREATE)
            unlink(path); /* a half-made database would only be in the way */
        return rc;
    }
    sqlite3_busy_timeout(s->db, 0);
    s->data_version = UNSEEN;
    bool moved;
    store_schema_moved(s, &moved); /* what it is now; a failure only means one look too many */
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_preread_end(s);
    tidy_close(s);
    store_rollback(s);
    if (!s->reads && store_displaced(s))
        store_empty_journal(s);
    for (size_t i = 0; i < s->statement_count; i++)
        sqlite3_finalize(s->statements[i].handle);
    sqlite3_close(s->db);
    free(s->tallies);
    free(s->path);
    free(s);
}

/* --- repair --- */

static int count_triggers(struct store *s, int64_t *out)
{
    return pragma_int(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'", out);
}

/* By name, not by number: other programs may have triggers of their own on these tables. */
int store_repair(struct store *s, bool *repaired)
{
    int64_t before = 0, after = 0;
    int rc = count_triggers(s, &before);

    *repaired = false;
    if (rc == 0)
        rc = store_exec(s, schema_triggers()); /* each IF NOT EXISTS */
    if (rc == 0)
        rc = count_triggers(s, &after);
    *repaired = rc == 0 && after != before;
    if (*repaired)
        rc = pragma_int(s, "PRAGMA schema_version", &s->schema_version);
    return rc;
}
