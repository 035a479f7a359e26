/*
 * Reading calendars that stand one behind the other, the objects of a CalDAV collection, in
 * children (ical/read.h), some megabytes in each. One that cannot be read stops none of the others.
 */
#ifndef CALENDAR_PORTIONS_H
#define CALENDAR_PORTIONS_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/err.h"
#include "calendar/look.h"
#include "calendar/sync.h"

/* Borrowed. The objects have their bytes in a row, with ICAL_NEXT in between. */
struct portions {
    const struct look_rules *rules;
    const atomic_bool *stop; /* it is set, by any thread: break off; may be NULL */
    const char *bytes;
    struct sync_object *objects;
    size_t count;
    struct look *look; /* what they say is added to it */
};

/* Read all of them; those that cannot be read get their `trouble`. ERR_INVALID with a sentence:
 * they are too many, or take too long. ERR_CANCELLED; ERR_IO: no child could be started. */
int portions_read(struct portions *p, struct err *err);

/* Read them as one: all or nothing. Errors of ical_read. */
int portions_read_whole(struct portions *p, struct err *err);

#endif
