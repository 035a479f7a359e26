/*
 * Which messages may become one (the rule key `merge`). Pure: the service and the forecast share
 * it. That they are for the same client, by the same channel, and that each may go at all, is for
 * the caller to see to.
 */
#ifndef PLAN_MERGE_H
#define PLAN_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/record.h"
#include "playbook/playbook.h"

/* May a message of this rule by this channel be joined with others at all? One with an invitation
 * may not: an invitation is for one event. */
bool plan_may_merge(const struct rule *r, enum channel c);

/* The last time, from `now_ms` on, that something may be due which goes at `now_ms` with a message
 * of this rule. */
int64_t plan_merge_until(const struct rule *r, int64_t now_ms);

/* Both rules may merge by this channel: does a message of `other`, due at `due_ms`, go with one of
 * `leader` that goes at `now_ms`? They have one purpose, both count toward the cap or neither does,
 * and the later one goes earlier by no more than either rule's `merge`; never one that has to
 * settle first. */
bool plan_merges(const struct rule *leader, const struct rule *other, int64_t now_ms,
                 int64_t due_ms);

#endif
