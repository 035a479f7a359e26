/*
 * A look at a CalDAV collection (RFC 4791), on the event loop: what is new since the last one.
 *
 * The happy path: with what the last look left (`state`) one REPORT sync-collection (RFC 6578) asks
 * what changed; when nothing did, that is all. What changed comes by calendar-multiget, in batches
 * of CALDAV_BATCH, and is handed on object by object. The first look finds the collection: the URL
 * is one; or a server, a principal or a calendar home, from which it is found (RFC 6764, RFC 5397),
 * by its name where there are several.
 *
 * When things fail: a token that the server no longer takes means that everything is listed anew; a
 * server without sync-collection is asked for getctag, and then for ETags; an answer that is cut
 * off (507) is continued. One object that spoils an answer (it is no XML with it, or the server
 * fails on it) is found by asking for fewer at a time, and handed on as one that is not to be had.
 * All else ends the look with a code and a sentence for a person, in which there is neither a
 * password nor a path. Addresses in answers count only if they are at the server that was asked,
 * for the password goes there.
 *
 * What to do with it: keep, for each object, its href, its ETag and the UID in it
 * (store/calendar_objects.h). On `listed` say whether this very ETag is known. After `done` with rc
 * 0 write what came of it, then this, and `state` last: whatever was not written yet, the next look
 * finds again.
 */
#ifndef CALENDAR_CALDAV_H
#define CALENDAR_CALDAV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "gateway/fetch.h"

#define CALDAV_BATCH 100             /* objects asked for at once */
#define CALDAV_BODY_MAX (128u << 20) /* bytes of one answer, which is never kept as a whole */
#define CALDAV_PAGES_MAX 10000       /* answers that were cut off, in one look */
#define CALDAV_SPOILT_MAX 200        /* answers that an object spoilt, in one look */
#define CALDAV_CHOICES_MAX 500       /* collections in a calendar home */

/* Borrowed until `done`. */
struct caldav_source {
    const char *url;
    const char *collection;      /* which of several, by display name or last part of its path */
    const char *user, *password; /* NULL: none */
    const char *ca_file;         /* NULL: the system's */
    bool allow_private, allow_plain; /* gateway/fetch.h */
};

struct caldav_result {
    int rc;                 /* 0, or one of base/err.h */
    const char *error;      /* a sentence; NULL when rc is 0 */
    bool unchanged;         /* nothing is new: no other hook was called */
    bool complete;          /* all objects were `listed`: what is known and was not, is gone */
    const char *state;      /* for the next look; NULL when rc is not 0 */
    int64_t retry_after_ms; /* the server asks for so much patience; 0: not said */
};

/* An object as it is now. Borrowed for the call. */
struct caldav_object {
    const char *href, *etag; /* etag "": the server does not say */
    const char *bytes;       /* NULL: it is not to be had */
    size_t len;
    const char *why; /* then; a clause about the object */
};

struct caldav_hooks {
    /* There is such an object, new or changed or, in a look at everything, as it was. true: it is
     * to be fetched; false: this very ETag is known. */
    bool (*listed)(void *arg, const char *href, const char *etag);
    /* false ends the look. */
    bool (*object)(void *arg, const struct caldav_object *object);
    /* It is there no more. */
    void (*gone)(void *arg, const char *href);
    /* A batch is through, and more will come. true: go on; false: wait for caldav_go_on. */
    bool (*batch)(void *arg);
    /* The end, called once; the look is freed when it returns. */
    void (*done)(void *arg, const struct caldav_result *result);
    void *arg;
};

struct caldav;

/* Begin. `state`: what the last look left, NULL for none (then everything is listed). NULL with
 * `err` set when it cannot be: errors of fetch_start. No hook is called from within. `hooks` and
 * `state` are copied. */
struct caldav *caldav_start(struct fetcher *fetcher, const struct caldav_source *source,
                            const char *state, const struct caldav_hooks *hooks, struct err *err);

/* After `batch` said false, from outside of any hook. */
void caldav_go_on(struct caldav *c);

/* Break off: no hook is called any more. From outside of any hook, before `done`. */
void caldav_cancel(struct caldav *c);

/* The collection's URL in a `state`; free() it. NULL for one that is none. */
char *caldav_state_url(const char *state);

/* An object's URL: its href at the collection. free() it; NULL when the href leads elsewhere. */
char *caldav_object_url(const char *collection_url, const char *href);

#endif
