/*
 * One calendar that is looked at, and one look at it. A part of service/calendars, which says when.
 *
 *     IDLE ── source_look ──> ASKING    in the lane: what was it answered with the last time?
 *          ─────────────────> FETCHING  on the loop: a conditional request
 *          ─────────────────> LOOKING   in the lane: read, compare, write
 *          ── ended ────────> IDLE
 *
 * A file goes from ASKING to LOOKING. When anything fails it is noted in the database, and what was
 * good stays.
 */
#ifndef SERVICE_SOURCE_H
#define SERVICE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fs.h"
#include "calendar/sync.h"
#include "gateway/fetch.h"
#include "gateway/origin.h"
#include "service/collection.h"
#include "web/lane.h"

struct source;

enum source_state { SOURCE_IDLE, SOURCE_ASKING, SOURCE_FETCHING, SOURCE_LOOKING, SOURCE_STATES };

/* What the present look knows; in the lane it is the lane's alone. */
struct attempt {
    struct lane_job job;
    int64_t now_ms;
    int64_t epoch;
    bool rest; /* the database is a copy that waits for a yes */
    bool unconditional;
    int64_t wanted_ms;
    char *etag, *modified; /* to ask with, then what was answered */
    struct buf bytes;
    bool unchanged;
    struct fs_stamp stamp;
    char *failed; /* why there are no bytes; NULL: there are, or nothing has changed */
    int64_t retry_ms;
    int rc;
    struct err err;
    struct sync_report report;
    int64_t tries;
    struct collection collection; /* of a CalDAV calendar */
};

/* What all of them share. */
struct source_means {
    struct lane *lane;
    struct fetcher *fetcher;
    atomic_bool stop; /* break off what is under way in the lane */
    bool closing;
    void (*ended)(void *arg, struct source *s, bool looked); /* `looked`: it came as far as that */
    void *arg;
};

struct source {
    struct source_means *means;
    struct calendar_settings settings;
    struct sync_business business;
    uint64_t rules;
    char host[ORIGIN_HOST_MAX]; /* "": a file */
    enum source_state state;
    bool gone;             /* not configured any more; freed when it is idle */
    int64_t due_ms;        /* on the monotonic clock */
    int64_t wanted_ms;     /* the latest wish for a look that was heard of */
    bool wished;           /* look once more when this look is done */
    struct fs_stamp stamp; /* of the file at the last look that went well */
    bool stamped;
    struct attempt at;
    struct source *next;
};

/* A new one, idle, which nobody has configured yet; `means` must outlive it. */
struct source *source_create(struct source_means *means);
void source_free(struct source *s); /* an idle one, or when lane and fetcher are closed */

/* Another configuration, for an idle one. */
void source_configure(struct source *s, const struct settings *settings,
                      const struct calendar_settings *own);

/* Begin a look, at an idle one; `ended` is called when it is over, with s->at telling how. */
void source_look(struct source *s, int64_t now_ms, int64_t epoch);

/* Break off what is under way on the loop: the service ends, and `ended` is not called for it. */
void source_cancel(struct source *s);

#endif
