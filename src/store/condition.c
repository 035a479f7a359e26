/*
 * The sandbox of conditions: the connection, its walls, and the compiled statements.
 *
 * An expression goes through condition_scan, is compiled bare behind a WHERE, and then again inside
 * parentheses in the query that is run:
 *
 *     SELECT 1 FROM one row LEFT JOIN client ON id = ?1 ... WHERE ( expression )
 *
 * What is no single expression fails one of the two: "1) OR (1" the first, "1 GROUP BY 1" the
 * second. A row comes back when it is true; NULL gives none.
 *
 * The walls, outermost first: the file is opened read-only, query_only, defensive, with views,
 * triggers, extensions and ATTACH switched off; the authorizer lets SELECT, the columns of five
 * tables and the listed functions through while compiling, also when SQLite compiles again by
 * itself after a schema change; while running, a progress handler looks at the time and at SQLite's
 * memory each time a loop comes round. What it counts is the thread's own time: on a machine that
 * is busy or was suspended, a harmless expression takes long, too. Nothing can stop what runs
 * straight through, so the lengths of the expression, of a value and of a pattern are limited such
 * that the slowest listed function (instr and replace: the product of two lengths) takes about 3
 * ms, and the slowest expression that can be written about 0.4 s. Compiling cannot be stopped
 * either: see condition_scan.c.
 *
 * When something fails: the statement is reset at once, so no read transaction stays open and holds
 * up checkpoints; the next evaluation starts afresh.
 */
#include "store/condition.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "condition_inner.h"
#include "store/internal.h"
#include "store/memory.h"
#include "store/schema.h"

#define PROGRESS_STEPS 32 /* of SQLite's machine, between two looks */
#define WORK_FREE_US 1000 /* real time before the first look at the thread's, which costs more */
#define WORK_UNKNOWN INT64_MAX
#define PATTERN_MAX 256 /* bytes of a LIKE or GLOB pattern */
#define PARAMETERS 5
#define OWN_VALUE_MAX (1 << 20) /* bytes of a row that we put there ourselves */
#define VALUES_MAX 12           /* columns of one expression whose values are told */
#define VALUE_SHOWN 60          /* characters of each */

/* The one row has a column that no expression means, so its name is one that nobody writes. A name
 * without its schema means the twin, where there is one (condition_twins.c). */
#define FROM_ROW                                                                                   \
    "FROM (SELECT 1 AS \"one row\")"                                                               \
    " LEFT JOIN main.client AS client ON client.id = ?1"                                           \
    " LEFT JOIN job ON job.id = ?2"                                                                \
    " LEFT JOIN appointment ON appointment.id = ?3"                                                \
    " LEFT JOIN main.staff AS staff ON staff.id = ?4"                                              \
    " LEFT JOIN main.answer AS answer ON answer.id = ?5"
#define FROM_SUBJECT "SELECT 1 " FROM_ROW
#define FROM_ALL "SELECT 1 FROM main.client, job, appointment, main.staff, main.answer"

struct compiled {
    uint64_t hash;
    uint64_t used; /* the evaluation that used it last */
    char *expression;
    sqlite3_stmt *stmt;
    sqlite3_stmt *values; /* of its columns; NULL: not asked for yet, or it names none */
    bool asked;
};

struct conditions {
    sqlite3 *db;
    bool own;                  /* what is compiled or run is our own, not a person's */
    bool twins;                /* jobs and appointments are temporary ones: condition_twins.c */
    struct err denied;         /* why the authorizer said no, last */
    int64_t start_us, look_us; /* when it began, and when to look next at what it has taken */
    int64_t work_end_us;       /* the thread's time that is its last; WORK_UNKNOWN */
    bool waited;               /* it was stopped though it had not worked for long */
    sqlite3_int64 memory_start;
    bool memory_exceeded;
    uint64_t evaluations;
    size_t count;
    struct compiled compiled[CONDITION_STATEMENTS_MAX];
};

/* ---- the walls ------------------------------------------------------------------------------ */

static int authorize(void *arg, int action, const char *first, const char *second,
                     const char *database, const char *view)
{
    struct conditions *c = arg;

    if (c->own)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
        return SQLITE_OK;
    case SQLITE_READ:
        if (c->twins &&
            (view != NULL ? condition_table_allowed(view) : str_eq(first, CONDITION_CHANGED_ROW)))
            return SQLITE_OK; /* a view of ours, and what it is made of: conditions_instead */
        if (view == NULL && condition_table_allowed(first) &&
            (database == NULL || str_eq(database, "main") ||
             (c->twins && str_eq(database, "temp"))))
            return SQLITE_OK;
        condition_say_table(view != NULL ? view : first, &c->denied);
        return SQLITE_DENY;
    case SQLITE_FUNCTION:
        if (condition_function_allowed(second))
            return SQLITE_OK;
        condition_say_function(second, &c->denied);
        return SQLITE_DENY;
    default:
        err_set(&c->denied, "a condition only reads client, job, appointment, staff and answer");
        return SQLITE_DENY;
    }
}

static int look_at_limits(void *arg)
{
    struct conditions *c = arg;

    if (store_memory_used() - c->memory_start > CONDITION_MEMORY_MAX) {
        c->memory_exceeded = true;
        return 1;
    }
    int64_t now_us = clock_mono_us();
    if (now_us < c->look_us)
        return 0;
    int64_t work_us = clock_thread_us();
    if (c->work_end_us == WORK_UNKNOWN)
        c->work_end_us = work_us + CONDITION_WORK_MS * 1000;
    if (work_us >= c->work_end_us)
        return 1;
    c->waited = now_us - c->start_us >= CONDITION_REAL_MS * 1000;
    c->look_us = now_us + (c->work_end_us - work_us); /* no sooner can it have had that much */
    return c->waited;
}

/* From now on, this much time and memory. */
static void start_limits(struct conditions *c)
{
    c->start_us = clock_mono_us();
    c->look_us = c->start_us + WORK_FREE_US;
    c->work_end_us = WORK_UNKNOWN;
    c->waited = false;
    c->memory_start = store_memory_used();
    c->memory_exceeded = false;
}

static int build_walls(struct conditions *c)
{
    static const struct {
        int option, value;
    } switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
    };
    int rc;

    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        rc = sqlite3_db_config(c->db, switches[i].option, switches[i].value, NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    /* Sorting and DISTINCT stay in memory, where look_at_limits sees them. */
    rc = sqlite3_exec(c->db, "PRAGMA query_only = 1; PRAGMA temp_store = 2; PRAGMA mmap_size = 0",
                      NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    /* No limit on SQL, terms or depth beyond SQLite's own: they would also meet the views and
     * triggers that other programs have put into the schema, and make it unreadable. */
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, CONDITION_VALUE_MAX);
    sqlite3_limit(c->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_MAX);
    sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(c->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    rc = sqlite3_set_authorizer(c->db, authorize, c);
    sqlite3_progress_handler(c->db, PROGRESS_STEPS, look_at_limits, c);
    return rc;
}

/* ---- errors --------------------------------------------------------------------------------- */

/* Say what the result code `rc` of the connection means for `expression`; returns our code. */
static int fail(struct conditions *c, const char *expression, int rc, struct err *err)
{
    switch (rc & 0xff) {
    case SQLITE_AUTH:
        err_set(err, "%s", c->denied.text);
        return ERR_INVALID;
    case SQLITE_INTERRUPT:
        if (c->memory_exceeded)
            err_set(err, "it takes more than %d MB of memory", CONDITION_MEMORY_MAX >> 20);
        else if (c->waited)
            err_set(err, "it took longer than %d s; are the disk or the machine too busy?",
                    CONDITION_REAL_MS / 1000);
        else
            err_set(err, "it takes longer than %d ms; does a subquery read too much?",
                    CONDITION_WORK_MS);
        return ERR_LIMIT;
    case SQLITE_TOOBIG:
        err_set(err, "a value in it is longer than %d KB", CONDITION_VALUE_MAX / 1024);
        return ERR_LIMIT;
    case SQLITE_NOMEM:
        err_set(err, "out of memory");
        return ERR_LIMIT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
        err_set(err, "the database is locked");
        return ERR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, "the database is damaged: %s", sqlite3_errmsg(c->db));
        return ERR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
        err_set(err, "the database cannot be read: %s", sqlite3_errmsg(c->db));
        return ERR_IO;
    default:
        condition_say(c->db, expression, sqlite3_errmsg(c->db), err);
        return ERR_INVALID;
    }
}

/* ---- compiling ------------------------------------------------------------------------------ */

/* Compile "before expression after", within the limits that have been started. On success *out is a
 * statement of the caller's. */
static int prepare(struct conditions *c, const char *before, const char *expression,
                   const char *after, int parameters, sqlite3_stmt **out, struct err *err)
{
    /* On lines of its own, or a comment at the expression's end would swallow what follows. */
    char *sql = mem_printf("%s\n%s\n%s", before, expression, after);
    const char *tail = "";
    int result = 0, rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, &tail);

    if (rc != SQLITE_OK) {
        result = fail(c, expression, rc, err);
    } else if (!str_blank(tail) || sqlite3_bind_parameter_count(*out) != parameters) {
        err_set(err, "it cannot be read as one condition");
        result = ERR_INVALID;
    }
    if (result < 0) {
        sqlite3_finalize(*out);
        *out = NULL;
    }
    free(sql);
    return result;
}

static int compile(struct conditions *c, const char *expression, sqlite3_stmt **out,
                   struct err *err)
{
    sqlite3_stmt *bare = NULL;
    int rc = condition_scan(expression, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    start_limits(c); /* reading a changed schema counts as running */
    rc = prepare(c, FROM_ALL " WHERE", expression, "", 0, &bare, err);
    if (rc < 0)
        return rc;
    sqlite3_finalize(bare);
    start_limits(c);
    return prepare(c, FROM_SUBJECT " WHERE (", expression, ")", PARAMETERS, out, err);
}

/* Touch the five tables: SQLite compiles with the schema it knows, and only running something makes
 * it notice that the schema has changed. */
static int look_at_schema(struct conditions *c, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    start_limits(c);
    c->look_us = INT64_MAX; /* nobody wrote it: it only takes long where the machine is busy */
    int result = prepare(c, FROM_ALL " LIMIT 0", "", "", 0, &stmt, err);

    if (result < 0)
        return result;
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE)
        result = fail(c, "", rc, err);
    sqlite3_finalize(stmt);
    return result;
}

static void compiled_close(struct compiled *entry)
{
    sqlite3_finalize(entry->stmt);
    sqlite3_finalize(entry->values);
    free(entry->expression);
    *entry = (struct compiled){0};
}

/* The slot for one more: a free one, or that of the expression unused for longest. */
static struct compiled *free_slot(struct conditions *c)
{
    struct compiled *oldest = &c->compiled[0];

    if (c->count < CONDITION_STATEMENTS_MAX)
        return &c->compiled[c->count++];
    for (size_t i = 1; i < c->count; i++)
        if (c->compiled[i].used < oldest->used)
            oldest = &c->compiled[i];
    compiled_close(oldest);
    return oldest;
}

static int find_or_compile(struct conditions *c, const char *expression, struct compiled **out,
                           struct err *err)
{
    uint64_t hash = str_hash(expression, strlen(expression), 0);
    struct compiled *entry;

    c->evaluations++;
    for (size_t i = 0; i < c->count; i++) {
        entry = &c->compiled[i];
        if (entry->hash == hash && strcmp(entry->expression, expression) == 0) {
            entry->used = c->evaluations;
            *out = entry;
            return 0;
        }
    }
    sqlite3_stmt *stmt;
    int rc = compile(c, expression, &stmt, err);
    if (rc < 0)
        return rc;
    *out = free_slot(c);
    **out = (struct compiled){
        .hash = hash, .used = c->evaluations, .expression = mem_strdup(expression), .stmt = stmt};
    return 0;
}

/* ---- the module ----------------------------------------------------------------------------- */

static int create_schema(sqlite3 *db)
{
    int rc = SQLITE_OK;

    for (int version = 1; rc == SQLITE_OK && version <= schema_version(); version++)
        rc = sqlite3_exec(db, schema_migration(version), NULL, NULL, NULL);
    return rc;
}

struct conditions *conditions_open(const char *database_path, struct err *err)
{
    struct conditions *c = mem_zalloc(sizeof(*c));
    bool in_memory = database_path == NULL;
    int flags = in_memory ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

    store_memory_init();
    if (!in_memory)
        store_put_aside_journal(database_path);
    int rc = sqlite3_open_v2(in_memory ? ":memory:" : database_path, &c->db,
                             flags | SQLITE_OPEN_NOMUTEX, condition_clock());
    if (rc == SQLITE_OK && in_memory)
        rc = create_schema(c->db);
    if (rc == SQLITE_OK)
        rc = build_walls(c);
    if (rc != SQLITE_OK) {
        err_set(err, "open the database for conditions: %s",
                c->db != NULL ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
        goto fail;
    }
    rc = look_at_schema(c, err);
    if (rc == ERR_INVALID)
        err_set(err, "the tables client, job, appointment, staff and answer are not all there");
    if (rc < 0) {
        err_context(err, "open the database for conditions");
        goto fail;
    }
    return c;

fail:
    conditions_close(c);
    return NULL;
}

void conditions_close(struct conditions *c)
{
    if (c == NULL)
        return;
    conditions_forget(c);
    sqlite3_close(c->db);
    free(c);
}

int condition_check(struct conditions *c, const char *expression, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = look_at_schema(c, err);

    if (rc == 0)
        rc = compile(c, expression, &stmt, err);
    sqlite3_finalize(stmt);
    return rc;
}

/* Without that table it does not compile. */
bool condition_reads(struct conditions *c, const char *expression, const char *table)
{
    static const char *const others[] = {"client", "job", "appointment", "staff", "answer"};
    sqlite3_stmt *stmt = NULL;
    struct err err = {""};
    struct buf from;

    buf_init(&from);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(others[i], table) != 0)
            buf_printf(&from, "%s%s", from.len == 0 ? "SELECT 1 FROM " : ", ", others[i]);
    buf_puts(&from, " WHERE");
    start_limits(c);
    bool reads = prepare(c, from.data, expression, "", 0, &stmt, &err) == ERR_INVALID;
    sqlite3_finalize(stmt);
    buf_close(&from);
    return reads;
}

static void bind_ids(sqlite3_stmt *stmt, const struct condition_ids *ids)
{
    const int64_t values[PARAMETERS] = {ids->client_id, ids->job_id, ids->appointment_id,
                                        ids->staff_id, ids->answer_id};

    for (int i = 0; i < PARAMETERS; i++) {
        if (values[i] != 0)
            sqlite3_bind_int64(stmt, i + 1, values[i]);
        else
            sqlite3_bind_null(stmt, i + 1);
    }
}

/* The columns of the five tables that the text names, each once. */
static void find_columns(struct conditions *c, const char *expression, struct buf *sql)
{
    static const char *const tables[] = {"client", "job", "appointment", "staff", "answer"};
    size_t found = 0;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char *pragma = mem_printf("PRAGMA main.table_info(%s)", tables[i]);
        sqlite3_stmt *st = NULL;
        if (sqlite3_prepare_v2(c->db, pragma, -1, &st, NULL) == SQLITE_OK)
            while (sqlite3_step(st) == SQLITE_ROW && found < VALUES_MAX) {
                const char *column = (const char *)sqlite3_column_text(st, 1);
                char *name = mem_printf("%s.%s", tables[i], column);
                if (condition_names(expression, tables[i], column))
                    buf_printf(sql, "%s'%s', substr(%s, 1, %d)", found++ > 0 ? ", " : "", name,
                               name, VALUE_SHOWN);
                free(name);
            }
        sqlite3_finalize(st);
        free(pragma);
    }
}

/* Compile what tells the values: our own text, in which only names from the schema stand. */
static void compile_values(struct conditions *c, struct compiled *entry)
{
    struct buf columns;

    entry->asked = true;
    buf_init(&columns);
    find_columns(c, entry->expression, &columns);
    if (columns.len > 0) {
        char *sql = mem_printf("SELECT json_object(%s) " FROM_ROW, columns.data);
        sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &entry->values, NULL);
        free(sql);
    }
    buf_close(&columns);
}

int condition_values(struct conditions *c, const char *expression, const struct condition_ids *ids,
                     struct buf *out)
{
    struct err err = {""};
    struct compiled *entry;
    int result = find_or_compile(c, expression, &entry, &err);

    if (result < 0)
        return result;
    c->own = true;
    start_limits(c);
    if (!entry->asked)
        compile_values(c, entry);
    if (entry->values != NULL) {
        bind_ids(entry->values, ids);
        int rc = sqlite3_step(entry->values);
        if (rc == SQLITE_ROW)
            buf_puts(out, (const char *)sqlite3_column_text(entry->values, 0));
        else
            result = fail(c, expression, rc, &err);
        sqlite3_reset(entry->values);
    }
    c->own = false;
    return result;
}

int condition_eval(struct conditions *c, const char *expression, const struct condition_ids *ids,
                   bool *truth, struct err *err)
{
    struct compiled *entry;

    *truth = false;
    int result = find_or_compile(c, expression, &entry, err);
    if (result < 0)
        return result;
    sqlite3_stmt *stmt = entry->stmt;
    bind_ids(stmt, ids);
    start_limits(c);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *truth = true;
    else if (rc != SQLITE_DONE)
        result = fail(c, expression, rc, err);
    sqlite3_reset(stmt); /* ends the read transaction */
    return result;
}

void conditions_forget(struct conditions *c)
{
    for (size_t i = 0; i < c->count; i++)
        compiled_close(&c->compiled[i]);
    c->count = 0;
}

/* ---- jobs and appointments of our own ------------------------------------------------------- */

sqlite3 *conditions_own(struct conditions *c)
{
    c->own = true;
    c->look_us = INT64_MAX;
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, OWN_VALUE_MAX);
    return c->db;
}

void conditions_own_end(struct conditions *c)
{
    c->own = false;
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, CONDITION_VALUE_MAX);
}

void conditions_twins_made(struct conditions *c)
{
    c->twins = true;
    conditions_forget(c);
}
