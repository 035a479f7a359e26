/*
 * What a condition may name, and SQLite's errors in words for the person who wrote it. SQLite tells
 * what is wrong ("no such column: appointment.state"); we add what would be right. A message that
 * we do not know is passed on as it is, so a newer SQLite costs wording, nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "condition_inner.h"

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define COLUMNS_MAX 512 /* names that are looked through for a suggestion */

static const char *const table_names[] = {"client", "job", "appointment", "staff", "answer"};

/*
 * Every one of these is quick on the longest value there may be and gives the same answer for the
 * same input. Left out on purpose: printf, format, zeroblob, hex, quote, char, group_concat (make
 * much of little, within one step that no deadline can stop); trim with a set of characters (time
 * grows with the product of two lengths, and its one-argument form has the same name); random,
 * changes, last_insert_rowid and the like (not about the record); whatever reads or loads files.
 */
static const char *const function_names[] = {
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "coalesce",
    "count",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "floor",
    "glob",
    "ifnull",
    "iif",
    "instr",
    "json_array_length",
    "json_extract",
    "json_type",
    "json_valid",
    "julianday",
    "length",
    "like",
    "lower",
    "max",
    "min",
    "nullif",
    "replace",
    "round",
    "sign",
    "strftime",
    "substr",
    "substring",
    "sum",
    "time",
    "total",
    "typeof",
    "unixepoch",
    "upper",
    "->",
    "->>",
};

static bool listed(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_ieq(name, list[i]))
            return true;
    return false;
}

bool condition_table_allowed(const char *name)
{
    return listed(name, table_names, COUNT(table_names));
}

bool condition_function_allowed(const char *name)
{
    return listed(name, function_names, COUNT(function_names));
}

void condition_say_table(const char *name, struct err *err)
{
    err_set(err,
            "a condition cannot look at %.80s; it sees client, job, appointment, staff "
            "and answer",
            name);
}

void condition_say_function(const char *name, struct err *err)
{
    const char *near = str_nearest(name, function_names, COUNT(function_names));

    if (near != NULL && !str_ieq(near, name))
        err_set(err, "a condition has no function %.80s(); did you mean %s()?", name, near);
    else
        err_set(err, "a condition has no function %.80s()", name);
}

/* ---- columns -------------------------------------------------------------------------------- */

/* Append "table.column" for every column of the five tables that are there. */
static void list_columns(sqlite3 *db, struct str_list *out)
{
    for (size_t t = 0; t < COUNT(table_names); t++) {
        sqlite3_stmt *stmt = NULL;
        char *sql = mem_printf("SELECT * FROM main.%s", table_names[t]);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
            for (int i = 0; i < sqlite3_column_count(stmt) && out->count < COLUMNS_MAX; i++) {
                char *full = mem_printf("%s.%s", table_names[t], sqlite3_column_name(stmt, i));
                str_list_add(out, full, strlen(full));
                free(full);
            }
        }
        sqlite3_finalize(stmt);
        free(sql);
    }
}

static const char *bare(const char *full)
{
    return strchr(full, '.') + 1;
}

static size_t shared_prefix(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

/*
 * The nearest column ("table.column") to `word`, which may be without its table. Among equally near
 * ones the longest common beginning wins ("state" is status rather than starts), because
 * str_nearest takes the first.
 */
static const char *nearest_column(const char *word, const struct str_list *columns)
{
    bool with_table = strchr(word, '.') != NULL;
    const char *names[COLUMNS_MAX] = {NULL};
    size_t count = columns->count;

    for (size_t i = 0; i < count; i++) {
        const char *name = with_table ? columns->items[i] : bare(columns->items[i]);
        size_t at = i;
        for (; at > 0 && shared_prefix(names[at - 1], word) < shared_prefix(name, word); at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    const char *near = str_nearest(word, names, count);
    if (near == NULL || with_table)
        return near;
    for (size_t i = 0; i < count; i++)
        if (bare(columns->items[i]) == near)
            return columns->items[i];
    return NULL;
}

/* Was `name` written in double quotes, as text is in other languages? */
static bool is_double_quoted(const char *expression, const char *name)
{
    char *quoted = mem_printf("\"%s\"", name);
    bool found = strstr(expression, quoted) != NULL;

    free(quoted);
    return found;
}

static void say_column(const char *name, const char *expression, const struct str_list *columns,
                       struct err *err)
{
    const char *near = nearest_column(name, columns);
    const char *dot = strchr(name, '.');
    struct buf known;

    if (is_double_quoted(expression, name)) {
        err_set(err, "no column %.80s; text is written in single quotes: '%.80s'", name, name);
        return;
    }
    if (near != NULL) {
        err_set(err, "no column %.80s; did you mean %s?", name, near);
        return;
    }
    buf_init(&known);
    for (size_t i = 0; dot != NULL && i < columns->count; i++)
        if (strncmp(columns->items[i], name, (size_t)(dot - name) + 1) == 0)
            buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", bare(columns->items[i]));
    if (known.len > 0)
        err_set(err, "no column %.80s; %.*s has %s", name, (int)(dot - name), name, known.data);
    else
        err_set(err, "no column %.80s; columns are written as in appointment.status", name);
    buf_close(&known);
}

static void say_ambiguous(const char *name, const struct str_list *columns, struct err *err)
{
    struct buf both;

    buf_init(&both);
    for (size_t i = 0; i < columns->count; i++)
        if (str_ieq(bare(columns->items[i]), name))
            buf_printf(&both, "%s%s", both.len > 0 ? " or " : "", columns->items[i]);
    err_set(err, "%.80s could be %s; write the one you mean", name,
            both.len > 0 ? both.data : "more than one column");
    buf_close(&both);
}

/* ---- SQLite's messages ---------------------------------------------------------------------- */

/* What follows `prefix` in `message`, or NULL. */
static const char *after(const char *message, const char *prefix)
{
    return str_starts(message, prefix) ? message + strlen(prefix) : NULL;
}

/* The text between the first pair of double quotes; free it. NULL when there is none. */
static char *quoted_part(const char *message)
{
    const char *open = strchr(message, '"');
    const char *close = open != NULL ? strrchr(open + 1, '"') : NULL;

    return close != NULL ? mem_strndup(open + 1, (size_t)(close - open - 1)) : NULL;
}

static void say_syntax(const char *message, struct err *err)
{
    char *near = quoted_part(message);

    if (near != NULL)
        err_set(err, "it cannot be read as one condition, from %.80s on", near);
    else
        err_set(err, "it cannot be read as one condition: %s", message);
    free(near);
}

static void say_about_columns(sqlite3 *db, const char *expression, const char *column,
                              const char *ambiguous, struct err *err)
{
    struct str_list columns = {0};

    list_columns(db, &columns);
    if (column != NULL)
        say_column(column, expression, &columns, err);
    else
        say_ambiguous(ambiguous, &columns, err);
    str_list_close(&columns);
}

void condition_say(sqlite3 *db, const char *expression, const char *message, struct err *err)
{
    char *text = mem_strdup(message); /* looking up columns changes the connection's message */
    const char *column = after(text, "no such column: ");
    const char *ambiguous = after(text, "ambiguous column name: ");
    const char *table = after(text, "no such table: ");
    const char *function = after(text, "no such function: ");
    const char *denied = after(text, "not authorized to use function: ");
    char *quoted = quoted_part(text);

    if (column != NULL || ambiguous != NULL)
        say_about_columns(db, expression, column, ambiguous, err);
    else if (table != NULL)
        condition_say_table(table, err);
    else if (function != NULL)
        condition_say_function(function, err);
    else if (denied != NULL)
        condition_say_function(denied, err);
    else if (str_starts(text, "access to view ") && quoted != NULL)
        condition_say_table(quoted, err);
    else if (str_eq(text, "incomplete input"))
        err_set(err, "something is missing at the end of the condition");
    else if (str_ends(text, "syntax error") || str_starts(text, "unrecognized token"))
        say_syntax(text, err);
    else if (str_eq(text, "parser stack overflow") || str_starts(text, "Expression tree is too"))
        err_set(err, "the condition is nested too deeply");
    else if (str_starts(text, "misuse of aggregate"))
        err_set(err, "count, sum, min, max and the like go inside a (SELECT ... FROM ...)");
    else
        err_set(err, "%s", text);
    free(quoted);
    free(text);
}
