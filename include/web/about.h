/*
 * What was said and done about one job or appointment: parts of their pages.
 */
#ifndef WEB_ABOUT_H
#define WEB_ABOUT_H

#include <stdint.h>

#include "store/entities.h"
#include "web/visit.h"

struct about {
    enum entity_kind kind; /* ENTITY_JOB or ENTITY_APPOINTMENT */
    int64_t row_id, client_id;
};

/* A section each: the messages that wait, those that went or did not with what was answered, the
 * tasks, who changed it. Errors: those of the store. */
int about_coming(struct visit *v, const struct about *a);
int about_history(struct visit *v, const struct about *a);
int about_tasks(struct visit *v, const struct about *a);
int about_changes(struct visit *v, const struct about *a);

#endif
