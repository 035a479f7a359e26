/*
 * Tasks: what a person has to do, as the rules ask for it or because the service cannot go on
 * alone. A task is open until a person says that it is done, or until its cause is gone: then it
 * ends by itself, and says why.
 */
#ifndef STORE_TASKS_H
#define STORE_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* The beginnings of some keys, by which what can be done is known: a rule, a calendar that waits
 * for a yes (their names follow); a message that is held (its id follows). */
#define TASK_RULE_ASKS "rule:"
#define TASK_CALENDAR_ASKS "calendar-asks:"
#define TASK_HELD "message:"

struct task {
    const char *key; /* one task of this key exists at most; NULL: none */
    int64_t message_id, staff_id, client_id, job_id, appointment_id; /* 0: none */
    const char *text;
    bool once; /* what a person has done stays done */
};

/* Raise it, unless one with its key is open already; one that was done is opened again, unless by
 * a person and `once`. */
int store_task_raise(struct store *s, const struct task *t, int64_t now_ms);

/* The open task of its key, if there is one, speaks of these records in these words from now on. */
int store_task_retell(struct store *s, const struct task *t);

/* Is a task of this key open? */
int store_task_is_open(struct store *s, const char *key, bool *open);

/* Every open task of this message ends by itself, for the reason `why`. */
int store_tasks_settle(struct store *s, int64_t message_id, const char *why, int64_t now_ms);

/* Has a person done a task of this message? (One that ended by itself was not done.) */
int store_task_was_done(struct store *s, int64_t message_id, bool *done);

/* The open task of this key, if there is one, ends by itself. */
int store_task_end(struct store *s, const char *key, const char *why, int64_t now_ms);

/* A task as people see it. Strings are NULL, ids and times 0, where there is none. */
struct task_row {
    int64_t id, message_id, staff_id, client_id, job_id, appointment_id;
    char *key;  /* NULL: none */
    char *rule; /* that asked for it, or whose message is in trouble */
    char *staff_name, *client_name;
    char *subject; /* the appointment's ref, else the job's, or "#id" */
    char *text;
    int64_t created_ms, done_ms;
    char *done_by; /* "": nobody said who; NULL: it ended by itself */
    char *done_note;
};
void task_rows_free(struct task_row *rows, size_t count); /* NULL with 0 is fine */

struct task_filter {
    bool done;         /* also what is done */
    int64_t staff_row; /* only this member's; 0: everybody's */
    size_t limit;      /* 0: all */
};

/* The tasks, oldest first; *total (may be NULL): how many there are without the limit. Free with
 * task_rows_free in any case. */
int store_tasks(struct store *s, const struct task_filter *f, struct task_row **out, size_t *count,
                int64_t *total);

/* The latest `max` tasks about a job or an appointment (the other one is 0), open or done, the
 * oldest first. Free with task_rows_free in any case. */
int store_tasks_about(struct store *s, int64_t job_id, int64_t appointment_id, size_t max,
                      struct task_row **out, size_t *count);

/* The latest `max` tasks about a client since `since_ms`, open or done, by when that was, the
 * latest first. Free with task_rows_free in any case. */
int store_tasks_of_client(struct store *s, int64_t client_id, int64_t since_ms, size_t max,
                          struct task_row **out, size_t *count);

/* What people have done since `since_ms`, the latest `max`, the latest first. Free with
 * task_rows_free in any case. */
int store_tasks_done(struct store *s, int64_t since_ms, size_t max, struct task_row **out,
                     size_t *count);

/* One task; ERR_NOTFOUND. Free with task_rows_free(row, 1), which the caller has on the heap. */
int store_task(struct store *s, int64_t id, struct task_row **out);

/* A person has done it (`by` and `note` may be NULL), or wants it open again. Nothing happens to
 * one that is done, or open, already. */
int store_task_done(struct store *s, int64_t id, const char *by, const char *note, int64_t now_ms);
int store_task_undo(struct store *s, int64_t id);

#endif
