/*
 * Writing into somebody else's calendar object: an event, or one time of a series, becomes
 * confirmed or cancelled, and everything that is not touched by that stays as it is, to the byte.
 * The object is a stranger's, so this happens in a child process as reading does (ical/read.h).
 *
 * What is written: STATUS; the PARTSTAT of the attendee, if he is there; DTSTAMP and LAST-MODIFIED;
 * SEQUENCE one higher when the status is another (RFC 5546, 2.1.4). One time of a series that has
 * no VEVENT of its own gets one: a copy of the series' without what repeats it, with a
 * RECURRENCE-ID (RFC 5545, 3.8.4.4).
 */
#ifndef ICAL_EDIT_H
#define ICAL_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define ICAL_EDIT_BYTES_MAX ((size_t)4 * 1024 * 1024) /* of an object that is edited */

struct ical_edit {
    const char *uid;
    const char *recurrence; /* which of a series, as calendar/look.h has it: an instant in UTC, a
                               local time or a date, in ISO 8601; "": it is none */
    bool cancelled;         /* else confirmed */
    bool known_cancelled;   /* we know that it was cancelled in the calendar */
    const char *attendee; /* an e-mail address whose PARTSTAT becomes ACCEPTED or DECLINED; NULL */
    int64_t now_ms;
};

/* ---- in the child: see ical_child ---- */

/* Append the object as it is to be to `out`; nothing, and *changed false, when it says all of it
 * already. ERR_NOTFOUND with a sentence: it has no such event, or no such time. ERR_EXISTS: it
 * was cancelled there, which we did not know. ERR_INVALID: it is no calendar object, or not one
 * that can be written into. */
int ical_edit_text(const char *bytes, size_t len, const struct ical_edit *e, struct buf *out,
                   bool *changed, struct err *err);

/* ---- in the parent ---- */

/* The same, in a child. Blocks for half a minute at most; safe from any thread. ERR_LIMIT: larger
 * than ICAL_EDIT_BYTES_MAX; ERR_IO: no child could be started. */
int ical_edit(const char *bytes, size_t len, const struct ical_edit *e, struct buf *out,
              bool *changed, struct err *err);

#endif
