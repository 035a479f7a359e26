/* What people are told about events. Each returns a heap string. */
#ifndef CALENDAR_WORDS_H
#define CALENDAR_WORDS_H

#include <stdbool.h>

/* Why an event has no client, and what would be right. `names` as in calendar/names.h. */
char *words_unmatched(const char *names, bool several);

/* Why nobody can tell when it is: its zone has this name, or none (NULL). */
char *words_unreadable(const char *tzid);

/* The text of the task: which event, when, and `why`. `title` may be NULL. */
char *words_task(const char *calendar, const char *title, const char *starts, const char *why);

/* The same about an object of a collection that cannot be read: where it is, and `why`. `title` as
 * the calendar writes it; "" for none. */
char *words_object(const char *calendar, const char *href, const char *title, const char *why);

#endif
