/*
 * How a message came to its time, step by step, for people who ask why. It goes the planner's own
 * way again (the same functions, in the same order) and tells of each step what went in and what
 * came out. Pure; nothing of it runs while planning.
 */
#ifndef PLAN_ACCOUNT_H
#define PLAN_ACCOUNT_H

#include "plan/plan.h"

#define ACCOUNT_DAYS_MAX 31 /* days whose opening hours are told one by one */

/* In the order in which they come. Those in brackets only where they had a say. */
enum account_kind {
    ACCOUNT_EVENT,     /* at_ms: it happened, or (`holds`) the record says that it is then; the
                          record has said so since from_ms */
    ACCOUNT_OFFSET,    /* the rule's `when`: from from_ms to at_ms */
    ACCOUNT_OPEN,      /* (business time) from_ms to at_ms, `minutes` long, was counted */
    ACCOUNT_CLOSED,    /* (business time) the day of from_ms has no opening hours ... */
    ACCOUNT_HOLIDAY,   /* (business time) ... or is a holiday */
    ACCOUNT_MORE,      /* (business time) and so on: there are more days than are told */
    ACCOUNT_WAITED,    /* (business time) the clock stood still from from_ms to at_ms, `minutes` of
                          opening time, in the stage `text`; at_ms INT64_MAX: it still does */
    ACCOUNT_NO_TIME,   /* (the last step) there is no time: `text` says why */
    ACCOUNT_REPEAT,    /* (`every`) number `minutes` + 1: from from_ms to at_ms */
    ACCOUNT_SWITCH_ON, /* the rule counts since at_ms; `holds`: this one counts */
    ACCOUNT_PAST,      /* (it was past) from_ms was before the record was there, at at_ms */
    ACCOUNT_SETTLE,    /* (`settle`) from from_ms until at_ms; `holds`: it moves nothing */
    ACCOUNT_WINDOW, /* (hours) from_ms was inside (`holds`), or moved to at_ms; or `text` says why
                       there is no time */
    ACCOUNT_USEFUL, /* until at_ms; `holds`: what it leads up to, or the visit, is then */
};

struct account_step {
    enum account_kind kind;
    int64_t from_ms, at_ms;
    const struct zone *zone; /* whose clock counts in this step */
    bool holds;
    int64_t minutes;
    const char *text; /* NULL: none; good during the call */
};
typedef void (*account_each)(void *arg, const struct account_step *step);

/* Which message. */
struct account_of {
    size_t rule;             /* index in the playbook */
    int64_t occurrence;      /* 0: the newest that stands */
    int repeat;              /* 0 .. */
    const struct zone *zone; /* the recipient's */
};

struct account_times {
    int64_t nominal_ms, due_ms, expires_ms; /* as in struct intent; 0: there is no time */
};

/* Tell how it comes to its time by the records as they are now. False, with nothing told: the
 * records do not have the occurrence (any more). */
bool plan_account(const struct plan_world *w, const struct plan_subject *s,
                  const struct account_of *of, account_each each, void *arg,
                  struct account_times *out);

#endif
