/*
 * Whose clocks a time is told by. Each TZID of a calendar becomes a place: a zone of the system's,
 * found by name in all the ways in which programs write names; or, where the system knows none, the
 * calendar's own definition; or nothing, which is told and never guessed.
 *
 * Names are looked up among the system's zones by time/zone, which takes plain names only and opens
 * nothing outside of the zone folder: a TZID of "../../../x" is an unknown zone like any other.
 */
#ifndef ICAL_PLACE_H
#define ICAL_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "ical/content.h"
#include "ical/definition.h"
#include "ical/value.h"
#include "time/zone.h"

#define PLACES_MAX 2000 /* TZIDs in one calendar; the times of more are unknown */

struct place {
    char *tzid;                    /* as the calendar has it; NULL: UTC or floating */
    const struct zone *zone;       /* NULL: not the system's */
    struct definition *definition; /* NULL: none, or not of use */
    bool floating;
    bool compared; /* a difference between the two was told already */
    struct place *next;
};

struct places;

/* The places of the calendar `component`: its VTIMEZONEs, and X-WR-TIMEZONE for times that name
 * none. `fallback` (may be NULL) is for times that no place is known of, to tell whether they lie
 * in a window; they are never given out as instants. */
struct places *places_create(const struct content *c, uint32_t component,
                             const struct zone *fallback, int64_t *budget, struct trouble *trouble);
void places_free(struct places *p);

struct place *places_utc(struct places *p);
struct place *places_floating(struct places *p);
/* By the TZID of a property; told in `trouble`, once, when it is unknown. */
struct place *places_get(struct places *p, const char *tzid, size_t line, struct trouble *trouble);

/* Is it known what its clocks show? */
bool place_known(const struct place *p);

/* The instant (ms) at which clocks show `wall_s`, as zone_to_instant; and the other way round.
 * Where nothing is known, by the fallback. */
int64_t place_instant(const struct places *all, const struct place *p, int64_t wall_s);
int64_t place_wall(const struct places *all, const struct place *p, int64_t instant_ms);

/* Tell, once for each place, that the calendar's definition and the system's zone disagree about
 * `wall_s`. */
void place_compare(struct place *p, int64_t wall_s, size_t line, struct trouble *trouble);

#endif
