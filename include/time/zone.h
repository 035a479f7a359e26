/*
 * Time zones, from the system's tzdata only (TZif files, RFC 8536, with the POSIX rule in their
 * footer for the years after the table), in the folder $TZDIR, else /usr/share/zoneinfo. Zones are
 * loaded once, shared and never freed while the process runs; everything here is safe from any
 * thread. An update of tzdata is seen when zone_refresh is called, by every holder of a zone.
 *
 * Instants are milliseconds since 1970-01-01T00:00Z. All functions take any instant; what lies
 * outside the years 1 to 9999 is shown as their edge (civil.h).
 */
#ifndef TIME_ZONE_H
#define TIME_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "time/civil.h"

#define ZONE_NAME_MAX 64 /* bytes; longer names are unknown */

struct zone;

/* The zone of this IANA name ("Europe/Riga", "UTC"), or NULL when the system knows none of that
 * name, its file is damaged, or it counts leap seconds. Names that lead out of the zone folder, or
 * are not plain (letters, digits, "_", "+", "-", parts divided by one "/"), are unknown. */
const struct zone *zone_get(const char *name);

/* The name of the same region ("Europe/...") that is nearest to an unknown one; NULL: none is near.
 * free() it. */
char *zone_nearest(const char *name);

const char *zone_name(const struct zone *z);
const struct zone *zone_utc(void); /* needs no file */

/* The instant at which the clocks of `z` show `c`. RFC 5545, 3.3.5: a time in a gap is read with
 * the offset before the gap (02:30 in a one-hour spring gap is the instant the clocks show 03:30);
 * a time that comes twice means the first. */
int64_t zone_to_instant(const struct zone *z, const struct civil *c);

/* The first instant at which the clocks of `z` show `c` or later: the same, but a time in a gap is
 * the instant of the gap itself. It never goes back while `c` goes on, so it is right for the edges
 * of a day or of opening hours. */
int64_t zone_reach(const struct zone *z, const struct civil *c);

/* What the clocks of `z` show at `instant_ms`; fractions of a second are cut. */
void zone_to_civil(const struct zone *z, int64_t instant_ms, struct civil *c);

/* Seconds east of UTC at that instant. */
int zone_offset_s(const struct zone *z, int64_t instant_ms);

/* The time around `instant_ms` in which clocks are not changed: from *from_ms (a change, or
 * INT64_MIN) until before *until_ms (the next one, or INT64_MAX). */
void zone_steady(const struct zone *z, int64_t instant_ms, int64_t *from_ms, int64_t *until_ms);

/* A fingerprint of what clocks show in this zone until the year 2200: it changes when a tzdata
 * update moves an hour, and not when the same hours are written in another way. */
uint64_t zone_fingerprint(const struct zone *z);

/*
 * Have the files of the zones asked for so far been replaced? One stat for each; those that were
 * are read again, and the zones handed out show the new clocks from then on. A file that is gone or
 * damaged changes nothing, and is looked at again the next time. Returns how many zones show other
 * clocks than before, a name that was unknown until now among them.
 *
 * What is computed while this runs may see old clocks in one step and new ones in the next: the
 * service calls it between two turns.
 */
size_t zone_refresh(void);

/* Rises whenever there is something new to see with zone_each: a zone or an unknown name was asked
 * for the first time, or zone_refresh found another one. Never 0 once a zone was loaded. */
uint64_t zone_news(void);

/* Every name asked for so far but "UTC", with its zone's fingerprint; 0 for a name that is unknown,
 * of which only some are remembered. `each` must ask for no zone. */
void zone_each(void (*each)(void *arg, const char *name, uint64_t fingerprint), void *arg);

#endif
