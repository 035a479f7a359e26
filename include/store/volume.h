/*
 * How many messages each rule put on the wire, hour by hour and day by day. Hours are counted from
 * 1970 by whoever writes them (send/brake.h).
 */
#ifndef STORE_VOLUME_H
#define STORE_VOLUME_H

#include <stdint.h>

#include "store/store.h"

#define DAY_HOURS 24

struct volume {
    int64_t recent; /* since the hour asked for */
    int64_t most;   /* on the busiest day that ended before the other hour */
    int64_t days;   /* how many such days it sent anything on */
};

/* `count` more in this hour. */
int store_volume_add(struct store *s, int64_t rule_id, int64_t hour, int64_t count);

/* What the rule sent from the hour `since` on, and on days that ended by the hour `before`. */
int store_volume(struct store *s, int64_t rule_id, int64_t since, int64_t before,
                 struct volume *out);

/* The latest hour that anything was written for; 0: none. */
int store_volume_last(struct store *s, int64_t *hour);

/* Single hours before this one are needed no more; days are kept. */
int store_volume_forget(struct store *s, int64_t before);

#endif
