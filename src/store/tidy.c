/*
 * Folding the journal into the database, often enough that other writers' automatic checkpoints
 * find nothing to do, and seldom while we write alone: a page that is written often is copied once.
 *
 * The service has it done beside its loop, on a thread with connections of its own, since it waits
 * for the disk twice. While it goes on our own turns go on, too, and what they write meanwhile is
 * folded in by the next round; each has less to do than the one before. Before the last one, when
 * little is left, or when the journal has become long, we write nothing until it is done, and so
 * the journal begins anew. Where others write as well the first round is the last: their commits
 * are to find a short journal.
 *
 *     at rest -> a round -> ... -> the last round -> at rest
 *
 * SQLite before 3.51.3 has a rare fault: a checkpoint that begins when all is folded in already, in
 * the very moment in which somebody begins the journal anew, may take the new frames for ones that
 * are in the database. So each round begins with a second connection that reads (`pin`). Either the
 * journal has frames that the database lacks: then what it reads holds the journal, which nobody
 * can begin anew until it ends. Or there are none: then it reads the database alone, which nobody
 * can write into, so that the checkpoint does nothing.
 *
 * A round that fails is made up for by the next one. Connections that are not the service's, and
 * one whose file cannot be opened again, fold in what they wrote themselves.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/beside.h"
#include "store/internal.h"
#include "store/tenure.h"

#define FULL_PAGES 500        /* below what makes other programs' commits do it (1000) */
#define FULL_ALONE_PAGES 2000 /* when there are none */
#define LONG_TIMES 2          /* as long as what is full: nothing more is written into it */
#define LITTLE_PAGES 250      /* left by a round: the next one can be the last */
#define JOURNAL_KB 3072       /* what the file is cut to when the journal begins anew */
#define JOURNAL_ALONE_KB 10240
#define CACHE_PAGES 10 /* a checkpoint needs none */

struct tidier {
    sqlite3 *db, *pin;
    struct beside *thread;
    bool going; /* a round was begun, and its end not looked at yet */
    bool last;  /* it is the last one */
    int from;   /* wal_pages when it began */
};

/* --- beside us --- */

static bool run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool fold_in(void *arg)
{
    struct tidier *t = arg;
    bool fine =
        run(t->pin, "BEGIN; PRAGMA schema_version") &&
        sqlite3_wal_checkpoint_v2(t->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK;

    run(t->pin, "ROLLBACK");
    return fine;
}

/* Opened for good, journal and all, while the file is known to be ours. */
static sqlite3 *open_one(const char *path)
{
    sqlite3 *db = NULL;
    char sql[96];

    snprintf(sql, sizeof(sql),
             "PRAGMA cache_size = %d; PRAGMA wal_autocheckpoint = 0; PRAGMA schema_version",
             CACHE_PAGES);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0) == SQLITE_OK && run(db, sql))
        return db;
    sqlite3_close(db);
    return NULL;
}

static void tidier_free(struct tidier *t)
{
    if (t == NULL)
        return;
    beside_free(t->thread);
    sqlite3_close(t->pin);
    sqlite3_close(t->db);
    free(t);
}

void store_tidy_apart(struct store *s)
{
    s->tidies_apart = true;
    struct tidier *t = mem_zalloc(sizeof(*t));
    t->thread = beside_create(fold_in, t, "the one that folds the journal in");
    t->db = open_one(s->path);
    t->pin = open_one(s->path);
    if (t->db == NULL || t->pin == NULL || store_displaced(s)) {
        tidier_free(t);
        t = NULL;
    }
    s->tidier = t;
}

static void begin_round(struct store *s, bool last)
{
    struct tidier *t = s->tidier;

    t->going = true;
    t->last = last;
    t->from = s->wal_pages;
    beside_start(t->thread);
}

/* Go on with it, or begin when the journal has so many pages. True: nothing is to be written for
 * now. */
static bool tidy_beside(struct store *s, int full)
{
    struct tidier *t = s->tidier;
    bool is_long = s->wal_pages >= full * LONG_TIMES;

    if (!t->going && s->wal_pages < full)
        return false;
    if (!t->going) {
        begin_round(s, !s->alone);
    } else if (!beside_busy(t->thread)) {
        int left = s->wal_pages - t->from;
        t->going = !t->last && left > 0;
        if (left == 0)
            s->wal_pages = 0;
        if (!t->going)
            return false;
        begin_round(s, left <= LITTLE_PAGES || is_long || !s->alone);
    }
    return t->last || is_long;
}

void tidy_close(struct store *s)
{
    tidier_free(s->tidier);
    s->tidier = NULL;
}

/* --- in place --- */

static bool tidy_here(struct store *s, int full)
{
    if (s->wal_pages < full)
        return false;
    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    s->wal_pages = 0;
    return true;
}

static bool tidy(struct store *s, int full)
{
    return s->tidier != NULL ? tidy_beside(s, full) : tidy_here(s, full);
}

bool store_tidy_full(struct store *s)
{
    return tidy(s, s->alone ? FULL_ALONE_PAGES : FULL_PAGES);
}

void store_tidy(struct store *s)
{
    tidy(s, FULL_PAGES);
}

/* After each commit of ours. */
static int committed_cb(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct store *s = arg;

    s->wal_pages = pages;
    if (!s->tidies_apart)
        store_tidy_full(s);
    return SQLITE_OK;
}

void tidy_attend(struct store *s)
{
    sqlite3_wal_hook(s->db, committed_cb, s);
}

/* A reader that took its time (a backup, somebody's forgotten shell) has let the file grow, and it
 * would stay so for good. What we need ourselves stays: to write into it anew is quicker. */
void tidy_limit(struct store *s, bool alone)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit = %d",
             (alone ? JOURNAL_ALONE_KB : JOURNAL_KB) * 1024);
    store_exec(s, sql);
}
