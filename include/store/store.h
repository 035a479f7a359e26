/*
 * The database: opening, transactions, errors. One connection, one thread; whoever needs another
 * opens another. Everything above asks for records and messages; only this room knows SQL.
 *
 * Functions of this room return 0 or a negative code; store_error tells the words of the last
 * failure. Inside a transaction a failure leaves the transaction to the caller, who rolls it back:
 * SQLite ends it by itself on a full disk, and carrying on would commit piecemeal.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

enum store_mode {
    STORE_CREATE, /* a new file; ERR_EXISTS when there is one */
    STORE_WRITE,  /* an existing one; older schemas are migrated, after a backup copy beside it */
    STORE_READ    /* for looking only */
};

/* Open `path`. ERR_NOTFOUND, ERR_CORRUPT, ERR_READONLY, ERR_BUSY or ERR_INVALID (not a database of
 * ours, or of a newer version) with a sentence in `err`. Close with store_close(NULL is fine). */
int store_open(const char *path, enum store_mode mode, struct store **out, struct err *err);
void store_close(struct store *s);

/* For a connection beside the service's own, of which there may be several: a smaller cache, and
 * all checkpoints are left to that one. In SQLite before 3.51.3 two at the same moment may, very
 * rarely, damage the database. */
int store_aside(struct store *s);

/* A draft of the database at `path`: the records are read where they stand, and what is written
 * (entities, events, rules, messages, tasks) is seen by this connection alone and gone with it,
 * however the process ends. To plan without anybody noticing. Errors as of store_open. A
 * transaction on it holds up the database's checkpoints: none while a person is waited for. */
int store_draft(const char *path, struct store **out, struct err *err);

/* The same, but of some clients alone: of no other client is there a job, an appointment, a
 * message. So it is quick to make, however large the database is. store_draft_row
 * (store/row_change.h) changes a row in it. */
int store_draft_around(const char *path, const int64_t *client_ids, size_t count,
                       struct store **out, struct err *err);

/* The same as store_draft, but with no job, appointment, consent, event or message in it: for
 * store/past.h to bring back as they stood. */
int store_draft_past(const char *path, struct store **out, struct err *err);

/* The file that was opened, and the words of the last failure, valid until the next one. */
const char *store_path(const struct store *s);
const char *store_error(const struct store *s);

/* How long a step waits for another program's transaction, 0 by default: the loop must not wait;
 * the command line may. */
void store_set_patience(struct store *s, int wait_ms);

/* BEGIN IMMEDIATE; ERR_BUSY when somebody else writes. Transactions do not nest. On a draft: a
 * moment to read in, which takes no lock that another program would notice. */
int store_begin(struct store *s);
int store_commit(struct store *s);
/* A moment to read in: whatever is read until store_rollback is as it stood at the first of it.
 * Takes no lock, and holds up checkpoints; keep it short. */
int store_begin_reading(struct store *s);
/* Commit without waiting for the disk. A power cut may take back the latest of such commits, never
 * one without those that came after it: for what would simply be found out again, such as plans.
 * The next store_commit, or another program's commit that waits for the disk, makes it last. */
int store_commit_unsynced(struct store *s);

/* There is nothing more to do for now: fold the journal into the database if it is worth it, so
 * that other programs' commits need not. */
void store_tidy(struct store *s);

/* The same while there is more to do: with the commit that makes the journal too long or, once
 * store_tidy_apart was called, beside our own work, as store_tidy_full says: it returns true while
 * nothing more is to be written; look again after STORE_TIDY_PAUSE_MS. */
#define STORE_TIDY_PAUSE_MS 1
void store_tidy_apart(struct store *s);
bool store_tidy_full(struct store *s);
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);

/* Give back the memory of the pages that were read: the next reads fetch them again, from the
 * system's memory for the most part. Outside a transaction. */
void store_drop_cache(struct store *s);

/* Has another connection committed since the last call? A hint only (PRAGMA data_version). */
int store_changed(struct store *s, bool *changed);
/* Nobody has for a good while, or only once: nobody writes who would wait for us to be done. */
bool store_alone(const struct store *s);

/* Has anybody changed the schema since the last call (or a repair)? Then triggers may be missing,
 * and what was written meanwhile is in no change log. */
int store_schema_moved(struct store *s, bool *moved);

/* Small named values. */
int store_meta_int(struct store *s, const char *name, int64_t fallback, int64_t *out);
int store_meta_set_int(struct store *s, const char *name, int64_t value);
int store_meta_text(struct store *s, const char *name, char **out); /* NULL when not set; free() */
int store_meta_set_text(struct store *s, const char *name, const char *value);

/* Have somebody's migrations dropped triggers of ours? Puts them back; `*repaired` says so. */
int store_repair(struct store *s, bool *repaired);

#endif
