/* Calendars, events and occurrences as the JSON that ical/read.h promises. All return a new
 * reference. */
#ifndef ICAL_JSON_H
#define ICAL_JSON_H

#include <stddef.h>

#include <jansson.h>

#include "ical/content.h"
#include "ical/event.h"
#include "ical/place.h"
#include "ical/series.h"

#define JSON_ATTENDEES_MAX 200 /* of one event */

json_t *json_calendar(const struct content *c, uint32_t component, struct places *places,
                      size_t ignored, const struct trouble *trouble);
json_t *json_event(const struct content *c, const struct places *places, struct event *e,
                   size_t index);
json_t *json_occurrence(const struct content *c, const struct places *places,
                        const struct occurrence *o, size_t event_index);

#endif
