/*
 * Whom an event names: the addresses by which its client can be found, taken from its attendees and
 * from what its texts say where a pattern fits. A text of lines, sorted, each once:
 *
 *     email anna@example.com
 *     phone +37129123456
 *     ref K-17
 *
 * The organizer, the business itself, its staff, and rooms are nobody's client.
 */
#ifndef CALENDAR_NAMES_H
#define CALENDAR_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"
#include "plan/record.h"

#define NAMES_MAX 50 /* of one event; further ones are not looked at */

struct names_rules {
    const char *country;             /* of numbers without a country code; NULL: none */
    const struct str_list *patterns; /* checked; NULL: none */
    const struct str_list *own;      /* the business's addresses, in small letters */
    const struct staff *staff;
    size_t staff_count;
};

/* The names in an event of ical/read.h, as described above, in the place of what `out` has; and
 * which of the staff it is for: the first attendee that is one, else the organizer; 0: none. */
void names_of(const struct names_rules *r, const json_t *event, struct buf *out,
              int64_t *staff_row);

#endif
