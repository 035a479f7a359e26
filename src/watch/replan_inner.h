/*
 * Inside planning: what replan.c and replan_stretch.c share.
 */
#ifndef WATCH_REPLAN_INNER_H
#define WATCH_REPLAN_INNER_H

#include <stdbool.h>
#include <stddef.h>

#include "watch/replan.h"
#include "watch/subject.h"

/* The messages about a subject, which stay the caller's. */
struct replan_rows {
    struct message *items;
    size_t count;
    bool lone; /* only those of the world's lone rule, which alone is to be planned */
};

#define REPLAN_WHOLE 1 /* the lone rule cannot be planned without the others */

/* Bring the rows in line with what the planner wants of the subject `s` (NULL: its record is gone);
 * its generation is left to the caller. REPLAN_WHOLE: nothing was written. */
int replan_loaded(struct world *w, int64_t entity_id, const struct subject *s,
                  const struct replan_rows *rows, int64_t now_ms, struct replan_counts *counts);

#endif
