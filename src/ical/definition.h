/*
 * A zone as a calendar describes it: its VTIMEZONE (RFC 5545, 3.6.5), written out as a table of
 * clock changes. What it says counts only where the system knows no zone of that name; where the
 * system does, the two are compared.
 */
#ifndef ICAL_DEFINITION_H
#define ICAL_DEFINITION_H

#include <stdint.h>

#include "ical/content.h"
#include "ical/trouble.h"

#define DEFINITION_FROM_YEAR 1970
#define DEFINITION_TO_YEAR 2060    /* rules are followed up to this year */
#define DEFINITION_CHANGES_MAX 800 /* more are no zone */

struct definition;

/* Read it; NULL when there is nothing in it to use, which `trouble` then tells. `budget` is
 * recur.h's. */
struct definition *definition_create(const struct content *c, uint32_t component, int64_t *budget,
                                     struct trouble *trouble);
void definition_free(struct definition *d);

/* Seconds east of UTC when clocks show `wall_s`: in a gap and at the first of two times, what held
 * before the change (RFC 5545, 3.3.5). */
int definition_offset_at_wall(const struct definition *d, int64_t wall_s);
int definition_offset_at(const struct definition *d, int64_t instant_s);

#endif
