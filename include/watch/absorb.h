/*
 * From changed rows to events: what happened to which subject. Everything here runs inside the
 * caller's transaction.
 */
#ifndef WATCH_ABSORB_H
#define WATCH_ABSORB_H

#include <stddef.h>
#include <stdint.h>

#include "store/entities.h"
#include "watch/world.h"

/* Subjects that have to be planned again; ids of entities, each once after subjects_sort. */
struct subjects {
    int64_t *ids;
    size_t count, cap;
};
void subjects_add(void *subjects, int64_t entity_id); /* fits entity_each */
void subjects_sort(struct subjects *l);
void subjects_close(struct subjects *l);

/* Take up to `max` entries off the change log, bring entities up to date, record what happened to
 * them, and add the subjects concerned to `out`. *taken: how many entries. With `max` of them there
 * may be more, so no row was compared with what it is now: reconcile when the log is empty. */
int absorb_changes(struct world *w, int64_t now_ms, size_t max, struct subjects *out,
                   size_t *taken);

/* The same for one row, found by the reconcile or wanted by the gate. */
int absorb_row(struct world *w, enum entity_kind kind, int64_t row_id, int64_t now_ms,
               struct subjects *out);

#endif
