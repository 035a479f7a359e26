/*
 * What a look at a CalDAV collection brings (caldav.h), kept until it is applied: the bytes of the
 * objects that are new or changed, and which events are gone. Filled on the loop, by caldav's
 * hooks; asked and saved in the lane, with the store.
 *
 *     lane: news_load ── loop: listed, object, gone ── lane: news_gone_uids, sync, news_save
 */
#ifndef CALENDAR_NEWS_H
#define CALENDAR_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/calendar_objects.h"

struct news {
    struct calendar_object *known; /* by href; what was kept, if it was loaded */
    bool *listed;                  /* which of them are still there */
    size_t known_count;
    bool loaded;
    struct calendar_object *objects; /* new or changed */
    size_t count, cap;
    struct str_list gone;     /* hrefs */
    struct buf bytes;         /* the objects, one after the other: calendars that stand in a row */
    struct str_list left_out; /* hrefs of objects that were too large, or that were not given */
    bool full;                /* they are more than ICAL_BYTES_MAX: the look has come to nothing */
};

/* Begin with none; close frees what there is, and begins anew. */
void news_init(struct news *n);
void news_close(struct news *n);

/* Load what is known, so that only what is another is fetched: for a look that goes by ETags, or at
 * everything. Without it all that is listed is fetched. */
int news_load(struct news *n, struct store *s, int64_t calendar_id);

/* For caldav's hooks of these names. */
bool news_listed(struct news *n, const char *href, const char *etag);
bool news_object(struct news *n, const char *href, const char *etag, const char *bytes, size_t len);
void news_gone(struct news *n, const char *href);

/* The UIDs of events that were in an object and are in none any more, sorted, each once; `complete`
 * as in caldav_result. Errors of the store. */
int news_gone_uids(struct news *n, struct store *s, int64_t calendar_id, bool complete,
                   struct str_list *uids);

/* Keep what is known from now on. Within the caller's transaction, after news_gone_uids. */
int news_save(const struct news *n, struct store *s, int64_t calendar_id);

/* The UID of the first event in a calendar object, as a look has it (calendar/look.h); free() it.
 * "" when it has none. */
char *news_uid(const char *bytes, size_t len);

#endif
