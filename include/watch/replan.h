/*
 * Bring the planned rows of one subject in line with what the planner wants now. Inside the
 * caller's transaction.
 */
#ifndef WATCH_REPLAN_H
#define WATCH_REPLAN_H

#include <stdint.h>

#include "store/entities.h"
#include "watch/world.h"

struct replan_counts {
    int64_t planned; /* new rows, and rows brought back */
    int64_t moved;   /* rows whose time or channel changed */
    int64_t voided;  /* pending rows that are wanted no more */
};

/* Plan the subject again. Rows that have left the house, and those a person decided about, stay as
 * they are. `counts` is added to. */
int replan_subject(struct world *w, int64_t entity_id, int64_t now_ms,
                   struct replan_counts *counts);

/* All that planning one subject loads; for `why`, which plans with a trace and changes nothing. */
struct subject {
    struct entity entity;
    struct job job, of_job;
    struct appointment appointment;
    struct client client;
    struct contact contact;
    struct plan_event *events;
    size_t event_count;
    struct plan_subject plan; /* points into the rest: do not copy */
};

/* ERR_NOTFOUND when the record is gone; `entity` is loaded even then. */
int subject_load(struct world *w, int64_t entity_id, struct subject *out);
void subject_close(struct subject *s);

#endif
