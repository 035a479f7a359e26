/*
 * The program that writes the business's rows: a connection of its own and plain SQL.
 *
 * What is true (S->clients, ...) follows the commit: writer_touch keeps what a record was, to be
 * put back when the transaction fails or is rolled back.
 */
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "sim.h"

#define TOUCHED_MAX 128
#define TOUCHED_SIZE 256

static sqlite3 *db;
static bool refused; /* a statement of the open transaction failed */
static bool writing;
static bool hiding; /* the open transaction fires no triggers */

bool writer_busy(void)
{
    return writing;
}

void writer_set_busy(bool busy)
{
    writing = busy;
}

bool writer_hiding(void)
{
    return hiding;
}

/* --- what is true, and may have to be taken back --- */

static struct {
    void *what;
    size_t size;
    char was[TOUCHED_SIZE];
} touched[TOUCHED_MAX];
static int touched_count;

void writer_touch(void *what, size_t size)
{
    if (touched_count == TOUCHED_MAX || size > TOUCHED_SIZE)
        sim_fail("a transaction of the story is too big");
    touched[touched_count].what = what;
    touched[touched_count].size = size;
    memcpy(touched[touched_count++].was, what, size);
}

static void take_back(void)
{
    while (touched_count > 0) {
        touched_count--;
        memcpy(touched[touched_count].what, touched[touched_count].was,
               touched[touched_count].size);
    }
}

/* --- SQL --- */

sqlite3 *writer_database(void)
{
    return db;
}

void writer_open(void)
{
    if (sqlite3_open_v2(S->database, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        sim_fail("the story cannot open the database");
    sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

void writer_sql(const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    char *message = NULL;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    writing = true;
    if (!refused && sqlite3_exec(db, b.data, NULL, NULL, &message) != SQLITE_OK) {
        int rc = sqlite3_errcode(db) & 0xff;
        if (rc != SQLITE_FULL && rc != SQLITE_IOERR && rc != SQLITE_BUSY)
            sim_fail("the story's own SQL is wrong: %s: %s", b.data, message);
        refused = true;
    }
    writing = false;
    sqlite3_free(message);
    buf_close(&b);
}

void writer_names(const char *sql, void (*each)(void *arg, const char *name), void *arg)
{
    sqlite3_stmt *st = NULL;

    if (refused || sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(st) == SQLITE_ROW)
        each(arg, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

/* --- transactions --- */

void writer_begin(bool hidden)
{
    hiding = hidden;
    touched_count = 0;
    refused = false;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, !hidden, NULL);
    writer_sql("BEGIN IMMEDIATE");
}

bool writer_end(bool commit)
{
    if (commit)
        writer_sql("COMMIT");
    bool done = commit && !refused;
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    hiding = false;
    if (done)
        sim_committed();
    else
        take_back();
    return done;
}

bool writer_lock(void)
{
    return sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
}

void writer_unlock(void)
{
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}
