/*
 * Bring the planned rows of one subject in line with what the planner wants now. Inside the
 * caller's transaction.
 */
#ifndef WATCH_REPLAN_H
#define WATCH_REPLAN_H

#include <stddef.h>
#include <stdint.h>

#include "store/messages.h"
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

/* Plan the first of these subjects again, and those after it whose ids follow it, together; *done:
 * how many. `ids` rise, and `count` is at least 1. */
int replan_subjects(struct world *w, const int64_t *ids, size_t count, int64_t now_ms,
                    struct replan_counts *counts, size_t *done);

/* Tests only: rows are read ahead (store/preread.h) where at least so many subjects are left; 0: as
 * many as it pays for. */
void replan_read_ahead_from(size_t subjects);

/* This message has reached its recipient, or may have: plan again what counts from there (rules on
 * `no answer to` its rule, rules on `client hears nothing`); *replanned is set if there was any.
 * Nothing where the playbook has none. */
int replan_reached(struct world *w, const struct message *m, int64_t now_ms, bool *replanned);

#endif
