/*
 * Appointments as calendars to subscribe to tell them, with what staff need to know of each: whom
 * it is with, how to call them, what job it is about.
 */
#ifndef STORE_VISITS_H
#define STORE_VISITS_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define VISITS_MAX 200000 /* in one calendar; those with the lowest ids */

/* Its texts; a column that the row left empty is NULL like one that it has not. */
enum visit_text {
    VISIT_TITLE,
    VISIT_LOCATION,
    VISIT_STARTS,
    VISIT_ENDS,
    VISIT_TIMEZONE,
    VISIT_STATUS,
    VISIT_CLIENT,
    VISIT_PHONE,
    VISIT_JOB, /* its ref */
    VISIT_JOB_TITLE,
    VISIT_STAFF,
    VISIT_UPDATED, /* when its writer says it was changed */
    VISIT_TEXTS
};

/* All of it is borrowed until the call returns. */
struct visit_row {
    int64_t subject_id; /* the appointment's entity, which outlives a REPLACE of the row */
    int64_t sequence;   /* rises with every change of time or status */
    int64_t changed_ms; /* when the last of those was seen */
    const char *texts[VISIT_TEXTS];
};

/* Call `each` for the appointments of a member of staff (0: of everybody) that start on `from`
 * ("2026-12-08", as their rows write it) or later, in a fixed order, at most VISITS_MAX. What the
 * service has not looked at yet is left out. Reads every appointment there is. */
typedef void (*visit_each)(void *arg, const struct visit_row *row);
int store_visits(struct store *s, int64_t staff_row, const char *from, visit_each each, void *arg);

#endif
