/*
 * Outlets: the gateways of each channel, in their order, with what decides whether one can take a
 * message now: free connections, its rate, and its breaker.
 *
 * An outlet takes a few messages more than it has connections, so that none of these waits for the
 * next turn: as many as it ends in AHEAD_US, no more, since what is claimed is decided.
 *
 * The breaker: trouble that is the gateway's own (no connection, a refused login, its 5xx) closes
 * an outlet for a while that doubles each time, from one second to five minutes; meanwhile the next
 * gateway of the channel takes the messages, or they wait. One message that goes through opens it.
 */
#ifndef SEND_OUTLET_H
#define SEND_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/gateway.h"

struct outlet {
    struct gateway *gateway;
    const struct gateway_settings *settings;
    int in_flight;
    int64_t pace_us;         /* between two ends while it is busy, smoothed */
    int64_t ended_us;        /* the last end, or the first beginning since it was idle; monotonic */
    double tokens;           /* of the rate, at `filled_us` */
    int64_t filled_us;       /* monotonic */
    int trouble;             /* in a row */
    int64_t closed_until_ms; /* monotonic; 0: open */
    int64_t trouble_ms;      /* monotonic: since when it has been in trouble */
    bool proven;             /* a message has gone through */
};

struct outlets {
    struct outlet *items;
    size_t count;
    size_t order[CHANNEL_COUNT][32]; /* indexes into items, first choice first */
    size_t order_count[CHANNEL_COUNT];
};

/* Create every gateway of `settings`, which has to outlive the outlets. */
int outlets_create(struct outlets *o, uv_loop_t *loop, const struct settings *settings,
                   const struct gateway_hooks *hooks, struct err *err);

/* The outlet that takes the next message of this channel; NULL: none can now, and then *wait_ms is
 * how long until one may (-1: until one of its messages ends). */
struct outlet *outlets_pick(struct outlets *o, enum channel c, int64_t *wait_ms);

/* Messages that the channel's outlets can take right now. */
size_t outlets_room(struct outlets *o, enum channel c);

/* It took one; it is done with one. */
void outlet_take(struct outlet *o);
void outlet_done(struct outlet *o, const struct gateway_result *result);

/* Has it ended enough of what it had ahead that it is worth a turn to give it more? Long before a
 * connection would have nothing to do. */
bool outlet_runs_low(const struct outlet *o);

/* The outlet of this name, NULL: none. Can it take a message now? */
struct outlet *outlets_find(struct outlets *o, const char *name);
bool outlet_ready(struct outlet *o);

#endif
