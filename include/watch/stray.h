/*
 * Jobs in a stage that no workflow has: a slip of the writer's, or a stage that the playbook has
 * yet to learn. Nothing is ever sent of them, so a person is asked: one task for each such stage,
 * which names its jobs, and ends by itself when none is left in it or the playbook knows the stage.
 */
#ifndef WATCH_STRAY_H
#define WATCH_STRAY_H

#include "watch/world.h"

/* Has no workflow of the playbook this stage? */
bool stray_stage(const struct playbook *p, const char *stage);

/* This job (an entity) is in such a stage. A person is asked once for each job that comes to it. */
int stray_found(struct world *w, int64_t entity_id, const char *stage, int64_t now_ms);

/* It has left such a stage, or was deleted. `to`: where it is now; NULL: nowhere. */
int stray_left(struct world *w, int64_t entity_id, const char *to, int64_t now_ms);

/* There may be a new playbook: end the tasks about stages that it knows. Within the caller's
 * transaction. */
int stray_recheck(struct world *w, int64_t now_ms);

#endif
