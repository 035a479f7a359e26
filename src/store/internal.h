/*
 * Inside the store: the connection, and short words for binding and reading.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/messages.h"
#include "store/store.h"

/* Statements are found by the address of their text, so each must be one string literal, used in
 * one place. */
#define STATEMENTS_MAX 512

struct statement {
    const char *sql;
    sqlite3_stmt *handle;
    bool writes_records;
};

/* A number that the open transaction changes: messages of a rule in a state, or (with a gateway)
 * exchanges. */
struct tally {
    int64_t rule_id;
    enum message_state state;
    char *gateway, *outcome;
    int64_t change, last_ms;
};

struct store {
    sqlite3 *db;
    char *path;
    bool draft; /* what we write is our own; see draft.c */
    char error[ERR_TEXT_MAX];
    int64_t data_version, schema_version;
    bool reads; /* it was opened for looking only */
    bool in_transaction;
    bool alone;              /* nobody else writes: theirs are single commits, if any */
    int64_t other_mono_ms;   /* when somebody else last committed */
    int64_t shared_until_ms; /* monotonic: until then somebody may */
    bool tidies_apart;       /* the journal is folded in by store_tidy_full, not with a commit */
    int wal_pages;           /* in the journal after our last commit; 0: it was folded in since */
    struct tidier *tidier;   /* folds it in beside our work; NULL: we do it ourselves */
    /* How often we have written what stretches are read from (preread.c), also if it was rolled
     * back; and what it was when the last transaction ended. */
    uint64_t records_written, records_settled;
    bool writes_records; /* the statement that is being prepared does */
    bool prereads;       /* stretches may be read ahead */
    struct preread *preread;
    struct statement statements[STATEMENTS_MAX];
    size_t statement_count;
    struct tally *tallies; /* not written yet */
    size_t tally_count, tally_cap;
};

/* A backup keeps no journal, so one that lies beside it belonged to the database whose place it
 * took. SQLite would believe it, and write it into the backup. Put it aside, before `path` is
 * opened. */
void store_put_aside_journal(const char *path);

/* SQLite leaves the journal of a file that was moved as it is, and whatever database is put in its
 * place would be taken to be the one that it belongs to. Write it back and empty it. */
void store_empty_journal(struct store *s);

/* tidy.c: take note of how long the journal is after each commit; what its file is cut to when it
 * begins anew; end what goes on beside us. */
void tidy_attend(struct store *s);
void tidy_limit(struct store *s, bool alone);
void tidy_close(struct store *s);

/* preread.c: take note of what statements write. */
void preread_attend(struct store *s);

/* PRAGMA data_version: it changes when another connection has committed. */
int store_data_version(struct store *s, int64_t *version);

/* The statement for this text, reset and with no values bound; NULL on failure (store_step then
 * returns the code, so callers need not check). */
sqlite3_stmt *store_prepare(struct store *s, const char *sql);

/* 1: a row; 0: done, and the statement is reset; or a negative code, and it is reset. */
int store_step(struct store *s, sqlite3_stmt *st);

/* Step to the end, ignoring rows: 0 or a negative code. */
int store_finish(struct store *s, sqlite3_stmt *st);

/* Stop reading before the end. */
void store_reset(sqlite3_stmt *st);

/* The code for the connection's last failure; keeps its words for store_error. */
int store_failed(struct store *s);

/* Statements in a row without values (schema, pragmas). */
int store_exec(struct store *s, const char *sql);

/* draft.c: empty temporary twins of main's table, or (`type` "index") its indexes on the twin.
 * Returns a code of SQLite's. */
int draft_twins(sqlite3 *db, const char *table, const char *type);

/* row_change.c: the row in the table of its name, which is there already or is added; its time of
 * change is left out. Returns a code of SQLite's. */
struct row_change; /* store/row_change.h */
int row_change_put(sqlite3 *db, const struct row_change *c);

/* tally.c: take note of a change in how many messages a rule has in a state, of an exchange; write
 * what was noted, which the commit does; forget it, which a rollback does. */
int tally_messages(struct store *s, int64_t rule_id, enum message_state state, int change);
int tally_attempt(struct store *s, const char *gateway, const char *outcome, int64_t at_ms);
int tally_write(struct store *s);
void tally_forget(struct store *s);

static inline void bind_int(sqlite3_stmt *st, int i, int64_t v)
{
    sqlite3_bind_int64(st, i, v);
}

/* The text must live until the statement is reset. NULL binds NULL. */
static inline void bind_text(sqlite3_stmt *st, int i, const char *v)
{
    sqlite3_bind_text(st, i, v, -1, SQLITE_STATIC);
}

static inline int64_t column_int(sqlite3_stmt *st, int i)
{
    return sqlite3_column_int64(st, i);
}

/* The kinds of entity that are planned: jobs, appointments, answers; as the index entity_client has
 * it, word for word, or the index would not be used. */
#define IS_SUBJECT "(kind = 3 OR kind = 4 OR kind = 7)"

/* When a message (m) left, by itself or with the one it went with, by a table of attempts: its
 * state's time also moves with what is learned later. */
#define LEFT_MS(attempts)                                                                          \
    "coalesce((SELECT max(l.at_ms) FROM " attempts " l WHERE l.message_id = "                      \
    "coalesce(m.leader_id, m.id) AND l.outcome IN ('sent', 'unknown')), m.state_ms)"

/* records.c: a member of staff (s) from the first columns of a row. */
struct staff; /* plan/record.h */
#define STAFF_COLUMNS                                                                              \
    "s.id, s.ref, s.name, s.email, s.phone, s.department, s.language, s.timezone, s.manager_id, "  \
    "s.active"
#define STAFF_COLUMN_COUNT 10
void read_staff(sqlite3_stmt *st, struct staff *out);

/* board.c: the jobs (j) in a stage, whose values the statement takes first. */
struct board_stage; /* store/board.h */
#define IN_STAGE                                                                                   \
    "trim(j.stage) = ?1 AND (j.workflow = ?2 OR (?3 AND coalesce(j.workflow, '') = '')) "
void bind_stage(sqlite3_stmt *st, const struct board_stage *at);

/* desk.c: the version of a row of texts, from that of those before (0: none) and one more. NULL
 * counts as an empty one. */
uint64_t texts_version(uint64_t before, const char *text);

/* A copy for the caller to free; NULL for NULL. */
char *column_text(sqlite3_stmt *st, int i);

#endif
