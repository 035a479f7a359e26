/*
 * What is new: the visits of a look beside what was known since the last one. Pure; the result says
 * what to write, and whether somebody has to be asked first.
 *
 * An event is the same by its UID and its place in a series. When a whole series was moved, none of
 * its places is what it was: then its times before and after are paired, so that each is a visit
 * that moved and none is one that was cancelled and another one booked.
 */
#ifndef CALENDAR_COMPARE_H
#define CALENDAR_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/look.h"
#include "store/calendars.h"

/* A calendar that lacks more than one in GUARD_SHARE of its future events waits for a yes; so does
 * one that has none left. A single event may always go. */
#define GUARD_SHARE 5

enum compare_kind {
    COMPARE_NEW,
    COMPARE_CHANGED, /* its digest is another, or its place in the series */
    COMPARE_GONE,    /* it is to come, and the calendar has it no more */
    COMPARE_AGAIN    /* nothing is new, but it had no client the last time */
};

/* One thing to do. Borrowed from the look and the list of what was known. */
struct compare_item {
    enum compare_kind kind;
    const struct visit *visit;          /* NULL: COMPARE_GONE */
    const struct calendar_known *known; /* NULL: COMPARE_NEW */
};

struct comparison {
    struct compare_item *items; /* by uid */
    size_t count, cap;
    size_t unchanged; /* of those that the look speaks of */
    size_t known;     /* events (a series is one) that are to come, as of the last look */
    size_t found;     /* events that are to come, as of this one */
    size_t missing;   /* of those known, the calendar has nothing any more */
};

struct compare_rules {
    int64_t now_ms;
    bool whole;                  /* the look is all of the calendar: what it lacks is gone */
    const struct str_list *gone; /* these uids, sorted, are gone in any case; NULL: none */
};

/* `known` sorted as the store gives it. Close with compare_close. */
void compare_look(const struct compare_rules *rules, const struct look *look,
                  const struct calendar_known *known, size_t known_count, struct comparison *out);

void compare_close(struct comparison *c); /* free what it holds */

/* Is so much missing that somebody has to say yes? */
bool compare_asks(const struct comparison *c);

#endif
