/* A zone of the system's as a VTIMEZONE. */
#ifndef ICAL_WRITE_ZONE_H
#define ICAL_WRITE_ZONE_H

#include <stdint.h>

#include "base/buf.h"
#include "time/zone.h"

/* Append the VTIMEZONE of `zone`, right for the instants from `from_ms` to `to_ms` at least: each
 * clock change in that time. Changes that come on one kind of day each year ("the last Sunday in
 * March") are written as a rule that goes on, others one by one. */
void write_zone(struct buf *out, const struct zone *zone, int64_t from_ms, int64_t to_ms);

#endif
