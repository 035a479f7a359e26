/*
 * What clocks showed in each zone that records name, as the service last planned with it: so that
 * an update of the zone data is noticed also when it came while the service was down.
 */
#ifndef STORE_ZONES_H
#define STORE_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "store/store.h"

/* Append the names to `names`. */
int store_zones(struct store *s, struct str_list *names);

/* Note what the zone shows now (zone_fingerprint; 0: nobody knows the name). *moved: it was noted
 * before, and shows something else now. A zone that has become unknown keeps what was noted: what
 * was planned with it stands, and the name may come back as it was. Within a transaction. */
int store_zone_note(struct store *s, const char *name, uint64_t fingerprint, bool *moved);

/* The zone of the business, as the service last knew it: for those who read no configuration, or
 * one with mistakes. NULL when it was never noted; free(). Noting: within a transaction. */
int store_zone_business(struct store *s, char **name);
int store_zone_note_business(struct store *s, const char *name);

/* How often all plans became outdated (a noted zone moved, the clock was set back): part of what a
 * plan was made with. */
int store_plans_epoch(struct store *s, int64_t *epoch);
int store_plans_outdated(struct store *s); /* once more */

#endif
