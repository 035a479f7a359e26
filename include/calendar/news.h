/*
 * What a look at a CalDAV collection brings (caldav.h), kept until it is applied: the bytes of the
 * objects that are new or changed, and which events are gone. Filled on the loop, by caldav's
 * hooks; asked and saved in the lane, with the store.
 *
 *     lane: news_load ── loop: listed, object, gone ── lane: sync ──┬── news_settle
 *                                                                   └── news_save
 *
 * An object that is not to be had or cannot be read is kept with its trouble and the UID of what
 * was known of it, so that this stays as it was, and nothing of the object is fetched or told again
 * before it is another.
 */
#ifndef CALENDAR_NEWS_H
#define CALENDAR_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "calendar/caldav.h"
#include "calendar/sync.h"
#include "store/calendar_objects.h"

#define NEWS_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of all new objects of one look */
#define NEWS_SAVED_MAX 500                        /* objects, in one transaction */
#define NEWS_TASKS_MAX 20 /* tasks about objects that cannot be read, of one look */

struct news {
    struct calendar_object *known; /* by href; what was kept, if it was loaded */
    bool *listed;                  /* which of them are still there */
    size_t known_count;
    bool loaded;
    struct calendar_object *objects; /* new or changed; without `trouble` until news_settle */
    struct sync_object *parts;       /* where the bytes of each are */
    size_t count, cap, part_cap;
    struct str_list gone; /* hrefs */
    struct buf bytes;     /* the objects, one after the other, with ICAL_NEXT between them */
    size_t saved, told;   /* of `gone` and then `objects`; tasks */
    bool full;            /* they are more than NEWS_BYTES_MAX: the look has come to nothing */
};

/* Begin with none; close frees what there is, and begins anew. */
void news_init(struct news *n);
void news_close(struct news *n);

/* Load what is known, so that only what is another is fetched: for a look that goes by ETags, or at
 * everything. Without it all that is listed is fetched. */
int news_load(struct news *n, struct store *s, int64_t calendar_id);

/* For caldav's hooks of these names. */
bool news_listed(struct news *n, const char *href, const char *etag);
bool news_object(struct news *n, const struct caldav_object *o);
void news_gone(struct news *n, const char *href);

/* When it is known which objects can be read (`parts`): the UIDs of events that were in an object
 * and are in none any more, sorted, each once; `complete` as in caldav_result. Errors of the store.
 */
int news_settle(struct news *n, struct store *s, int64_t calendar_id, bool complete,
                struct str_list *uids);

/* Keep what is known from now on, some of it at each call (*more: there is more), and tell of
 * objects that cannot be read: a task for each, which ends when it can be. `name`: the calendar's.
 * Within the caller's transaction; after news_settle, and after the events were applied: one that
 * is broken off leaves nothing out, for what is kept was applied. */
int news_save(struct news *n, struct store *s, int64_t calendar_id, const char *name,
              int64_t now_ms, bool *more);

/* The UID of the first event in a calendar object, as a look has it (calendar/look.h), found even
 * where the object cannot be read; free() it. "" when it has none. */
char *news_uid(const char *bytes, size_t len);

#endif
