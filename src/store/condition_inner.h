/*
 * What the files of store/condition and store/past share: condition.c (the connection, its walls
 * and the compiled statements), condition_clock.c (its time), condition_scan.c (the text before
 * SQLite sees it) and condition_words.c (what is allowed, and errors in words that a manager can
 * act upon).
 */
#ifndef STORE_CONDITION_INNER_H
#define STORE_CONDITION_INNER_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/err.h"

struct conditions;

/* The connection, for work of our own on it until conditions_own_end: the walls are a person's. */
sqlite3 *conditions_own(struct conditions *c);
void conditions_own_end(struct conditions *c);

/* The name of a VFS whose time is that of base/clock. */
const char *condition_clock(void);

/* The table of conditions_instead. No expression comes as far as to name it: what a playbook says
 * is checked where there is none. */
#define CONDITION_CHANGED_ROW "changed row"

/* From now on a name without its schema means the temporary table or view, where there is one. */
void conditions_twins_made(struct conditions *c);

/* Refuse what is no single, self-contained expression: empty, over-long, unbalanced, unclosed, with
 * a semicolon, a parameter, WITH, or too many subqueries or tables. ERR_INVALID or ERR_LIMIT. */
int condition_scan(const char *expression, struct err *err);

/* Is this one of the five tables; one of the harmless functions? Case does not count. */
bool condition_table_allowed(const char *name);
bool condition_function_allowed(const char *name);

/* Does the text name this column, in any case of letters: with its table, or without, where only a
 * column of the five can be meant (not in a subquery, which has its own)? Not when the names stand
 * in quotes. */
bool condition_names(const char *expression, const char *table, const char *column);

/* Sentences for a name that is not allowed or not there. */
void condition_say_table(const char *name, struct err *err);
void condition_say_function(const char *name, struct err *err);

/* Say in `err` what SQLite's error `message` about `expression` means; looks up columns in `db`. */
void condition_say(sqlite3 *db, const char *expression, const char *message, struct err *err);

#endif
