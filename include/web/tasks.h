/*
 * Tasks in a list, each with what can be done about it.
 */
#ifndef WEB_TASKS_H
#define WEB_TASKS_H

#include <stdbool.h>

#include "store/tasks.h"
#include "web/visit.h"

/* A task in a list, with its buttons for those who may. `people`: with whom it is about, and a link
 * to them. */
void task_item(struct visit *v, const struct task_row *t, bool people);

#endif
