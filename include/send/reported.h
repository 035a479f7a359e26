/*
 * What providers told of messages after they had taken them. A message only moves forward: unknown
 * or about to go again becomes sent, sent becomes delivered or bounced, and that is the end of it.
 */
#ifndef SEND_REPORTED_H
#define SEND_REPORTED_H

#include <stdbool.h>

#include "store/reports.h"
#include "watch/world.h"

/* Look at reports that came in, the oldest first; within the caller's transaction. *more: there may
 * be others. */
int reported_settle(struct world *w, int64_t now_ms, bool *more);

#endif
