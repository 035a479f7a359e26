/*
 * In whose time an appointment is told. A visit is told in the time of its place, wherever the
 * client reads it: what counts is the clock on that wall. For a call nobody goes anywhere: it is
 * told in the client's own time.
 */
#ifndef SEND_TOLD_H
#define SEND_TOLD_H

#include <stdbool.h>

#include "ical/write.h"
#include "plan/record.h"
#include "playbook/settings.h"
#include "time/zone.h"

/* Is its `location` a link ("https://...") or a number to call ("tel:...", "+371 67 000 000")? */
bool told_is_call(const struct appointment *a);

/* The zone in which the appointment's times were written: its own, else the business's. */
const struct zone *told_written_in(const struct business *b, const struct appointment *a);

/* The zone in which it is told to this client; NULL: to somebody of the house, who is told of a
 * call in the time in which it was written, too. */
const struct zone *told_zone(const struct business *b, const struct appointment *a,
                             const struct client *reader);

/* A time of the appointment, written in the zone `from`, as wall time in `to`; a date alone stays,
 * and so does what is no time or NULL. free() it. */
char *told_time(const char *text, const struct zone *from, const struct zone *to);

/* When it is, as a calendar tells it: fills in the zone and the times of `e` from what the row says
 * (`timezone`, `ends` may be NULL; without a zone of its own it is `home`'s). An end that is not
 * behind the start is none; that of a day or several is the first day that is not in it. false: the
 * row has no time that can be told. */
bool told_event(const struct zone *home, const char *starts, const char *ends, const char *timezone,
                struct ical_out_event *e);

#endif
