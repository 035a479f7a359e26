/*
 * What the pages about staff share: who is in charge of how much, and handing it over to somebody
 * else.
 */
#ifndef WEB_STAFF_H
#define WEB_STAFF_H

#include "store/staff.h"
#include "web/form.h"
#include "web/visit.h"

#define STAFF_PATH_MAX 64
#define STAFF_DAY_MAX 32

/* "/staff/7", or "/staff/7/edit". */
void staff_path(int64_t id, const char *what, char out[STAFF_PATH_MAX]);

/* How the audit calls them: "staff 7". */
void staff_about(int64_t id, char out[STAFF_PATH_MAX]);

/* The present day of the business, from which on visits are to come: "2026-12-08". */
void staff_today(const struct visit *v, char out[STAFF_DAY_MAX]);

/* All of them (`id` 0), or this one, at most `max`, with what each is in charge of; *total: how
 * many there are in all. Free with staff_lines_free in any case. */
int staff_lines(struct visit *v, int64_t id, size_t max, struct staff_line **out, size_t *count,
                int64_t *total);

/* "3 open jobs · 1 coming appointment"; NULL: they are in charge of nothing. free() it. */
char *staff_held(const struct staff_line *line);

/* ---- handing over (handover.c): the field "handover" of the form of somebody who leaves */

/* They leave while they are in charge of something: say how much, unless it was said who takes it
 * over, or that nobody does as yet. */
int handover_check(struct visit *v, struct form *f, const struct staff_line *line);

/* The field, with a way to what it is about. */
int handover_list(struct visit *v, const struct form *f, const struct staff_line *line);

/* Put whoever was chosen in charge of all of it, in the open transaction, with lines in the audit:
 * one about who leaves, one about each job and appointment. *done: somebody was chosen. */
int handover_do(struct visit *v, const struct form *f, const struct staff_line *line, bool *done);

#endif
