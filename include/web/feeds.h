/*
 * Calendars to subscribe to, behind the links of `betimes calendar publish`: what was written of
 * them is kept in files without a name, so that a calendar that has not changed is neither written
 * nor even looked through again, whoever asks for it.
 */
#ifndef WEB_FEEDS_H
#define WEB_FEEDS_H

#include <stdint.h>

#define FEEDS_KEPT 32     /* calendars; the one that was not asked for for longest gives way */
#define FEED_BACK_DAYS 60 /* appointments that began before are left out */
#define FEED_REFRESH_MINUTES 15

/* How long a visit takes whose row has no `ends`: without a length, calendar programs would show a
 * line that nobody can grasp, and the time as free. */
#define FEED_VISIT_MS (3600 * INT64_C(1000))

/* Belongs to the lane of calendars while that is at work. */
struct feeds;
struct feeds *feeds_create(void);
void feeds_free(struct feeds *f);

/* What a handler returns whose link leads nowhere, whatever the reason: ERR_NOTFOUND, or 0 after
 * telling one who tries again and again to wait. */
struct visit;
int feeds_nothing_there(struct visit *v);

#endif
