/*
 * The blast radius: how many clients a rule that is new or was changed would write to at once.
 *
 * From the moment a playbook is loaded its new and changed rules are on trial (store/rules.h) and
 * none of their messages goes. Once every subject is planned by the new playbook, what waits is
 * counted, a page at a time: the different recipients of messages whose time has come, or comes
 * within the next ten minutes, also those that only wait for the morning. A rule within the limit
 * goes on; one above it pauses itself and asks a person, who says yes with `betimes resume`.
 */
#ifndef WATCH_TRIAL_H
#define WATCH_TRIAL_H

#include "watch/absorb.h"
#include "watch/world.h"

#define TRIAL_PAGE 2000 /* messages looked at in one call of trial_count */
#define TRIAL_TEXT_MAX 500

/* A count under way; all zero to begin with. */
struct trial {
    const struct world *world;
    struct subjects *recipients; /* per rule of the playbook */
    size_t rule_count;
    struct pending_cursor cursor;
    int64_t at_once_ms;
};

/* Is a rule on trial that nobody has paused? */
bool trial_needed(const struct world *w);

/* Count the next page of what waits. *done: that was all. Everything must be planned. */
int trial_count(struct trial *t, const struct world *w, int64_t now_ms, bool *done);

/* When all is counted: how many recipients the rule would write to at once. */
size_t trial_recipients(struct trial *t, size_t rule);

/* What to say of a rule that would write to so many: "new: would write to 312 clients at once". */
void trial_reason(const struct world *w, size_t rule, size_t recipients, char out[TRIAL_TEXT_MAX]);

/* When all is counted: end the trials of the rules within the limit, let the others ask. */
int trial_decide(struct trial *t, const struct world *w, int64_t now_ms);

/* Forget the count (it begins anew), also at the end. */
void trial_close(struct trial *t);

#endif
