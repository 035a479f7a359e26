/*
 * Staff, for the page about them: their rows as a form writes them, what each is in charge of, and
 * handing that over to somebody else. The rows are those that any other program could write; the
 * service reacts to them alike.
 */
#ifndef STORE_STAFF_H
#define STORE_STAFF_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "plan/record.h"
#include "store/board.h"
#include "store/store.h"

/* ---- the row */

#define STAFF_ACTIVE "yes" /* in `active`; otherwise: */
#define STAFF_LEFT "no"

/* As a form shows and writes it; strings are owned, NULL or blank: none. */
struct staff_row {
    char *name, *email, *phone, *department;
    char *manager; /* the id of another row */
    char *language, *timezone, *active;
    uint64_t version; /* another one as soon as any of these changed */
};
void staff_row_close(struct staff_row *r);

/* Read it. ERR_NOTFOUND. Close in any case. */
int store_staff_row(struct store *s, int64_t id, struct staff_row *out);

/* Write the row `*id`, or a new one (0, which is then set); its ref stays as it is. Blank texts
 * become NULL. ERR_NOTFOUND: there is no such row. */
int store_staff_write(struct store *s, int64_t *id, const struct staff_row *r);

/* The departments that rows name, each once, by their letters, at most `max`. */
int store_departments(struct store *s, size_t max, struct str_list *out);

/* ---- what they are in charge of */

/* One of them in a list: how many visits are to come and how many tasks are open; `jobs` is counted
 * by store_count_jobs. */
struct staff_line {
    struct staff staff;
    char *manager_name; /* NULL: nobody */
    int64_t jobs, visits, tasks;
};
void staff_lines_free(struct staff_line *list, size_t count); /* NULL with 0 is fine */

/* All of them (`id` 0), or this one: the active ones first, by their names, at most `max`; *total:
 * how many there are in all. A visit is to come if its row says that it starts at `from`
 * ("2026-12-08": text against text) or later. Free with staff_lines_free in any case. */
int store_staff_lines(struct store *s, int64_t id, const char *from, size_t max,
                      struct staff_line **out, size_t *count, int64_t *total);

/* Add the jobs in this stage to `jobs` of whoever is in charge of them. */
int store_count_jobs(struct store *s, const struct board_stage *at, struct staff_line *list,
                     size_t count);

/* ---- handing over */

/* Put `staff_id` (0: nobody) in charge of this job or appointment. */
int store_hand_over(struct store *s, enum entity_kind kind, int64_t row_id, int64_t staff_id,
                    int64_t now_ms);

/* The open tasks of one of them become those of another. */
int store_hand_over_tasks(struct store *s, int64_t from_id, int64_t to_id);

#endif
