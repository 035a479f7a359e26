/*
 * Offsets from an event: "2 hours before", "1 day before at 18:00", "3 business days after at
 * 10:00". What a rule's `when` says, as numbers, and the one place that turns it into an instant.
 * Pure: no clock is read.
 */
#ifndef TIME_OFFSET_H
#define TIME_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#include "time/hours.h"
#include "time/zone.h"

enum offset_unit {
    UNIT_MINUTES,
    UNIT_HOURS,
    UNIT_DAYS,
    UNIT_WEEKS,
    UNIT_MONTHS,
    UNIT_BUSINESS_HOURS,
    UNIT_BUSINESS_DAYS
};

/* "2 hours before", "1 day before at 18:00", "at once" (count 0). */
struct offset {
    int64_t count; /* >= 0 */
    enum offset_unit unit;
    bool before;
    int at_minute; /* of the day, 0 .. 1439; -1: the event's own time of day */
};

/* "4 days, 3 times": how many in all, and the distance. times = 1: once. */
struct repeat {
    int64_t count;
    enum offset_unit unit;
    int times;
};

/*
 * The instant that lies `o` away from `event_ms`, in *due_ms.
 *
 * minutes, hours           Elapsed time: added to the instant, so "24 hours before" a visit on the
 *                          day after a clock change is not at the visit's time of day.
 * days, weeks, months      Wall-clock time: added to what the clocks of `zone` show at the event,
 *                          and read again in `zone` (zone_to_instant: a time in a gap moves on by
 *                          the gap, one that comes twice is the first). A month from 31 January is
 *                          the last day of February.
 * business hours           Opening time of `business` (hours_add_minutes).
 * business days            The event's date in the business's zone moves by business days
 *                          (hours_add_days), its time of day there stays.
 *
 * With `at_minute`, that time of day in `zone` counts on the date reached: the date in `zone`, for
 * business days the date in the business's zone. This holds for "before" as well, so "2 hours
 * before at 18:00" may lie after the event: what is useful is the planner's to judge. Business
 * hours are a promise of at least so much opening time, so for them it is the first such time of
 * day at or after the instant reached; for "before" the last one at or before it.
 *
 * A count of 0 without `at_minute` is the event itself, whatever the unit. Milliseconds within the
 * second stay, unless `at_minute` is given. `business` may be NULL for the other units.
 *
 * Returns false, and leaves *due_ms alone, when the business never opens, or when the result lies
 * outside the years 1 to 9999.
 */
bool offset_apply(const struct offset *o, const struct hours_calendar *business,
                  const struct zone *zone, int64_t event_ms, int64_t *due_ms);

#endif
