/*
 * A look at a calendar, from its bytes to appointments: read in a child (ical/read.h), compared
 * with what was known (compare.h), written (apply.h). For whoever may wait: it blocks, and rests
 * between its transactions. The service does it in a thread of its own, `betimes import` at once.
 *
 *     bytes ── child ── look ── compare ──┬── apply ── what is known
 *                                         └── somebody has to say yes: nothing is written
 *
 * The bytes are one calendar, which is read as a whole or not at all; or the objects of a
 * collection, of which one that cannot be read stops none of the others.
 */
#ifndef CALENDAR_SYNC_H
#define CALENDAR_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "calendar/apply.h"
#include "playbook/settings.h"
#include "store/store.h"
#include "time/zone.h"

#define SYNC_IMPORT "import" /* the source of single files; no calendar may have this name */

/* What a look has to know of the business. Owned. */
struct sync_business {
    char *country; /* NULL: none */
    const struct zone *zone;
    struct str_list own; /* its addresses, which are nobody's client */
};
void sync_business_init(struct sync_business *b, const struct settings *settings);
void sync_business_close(struct sync_business *b);

/* An object of a collection: a calendar of its own. */
struct sync_object {
    size_t at, len; /* its bytes, among those of the look; len 0: there are none */
    char *trouble;  /* why it cannot be read; NULL: it can, as far as is known. free() it */
};

struct sync_job {
    struct store *store;
    int64_t epoch;           /* of the service (store/tenure.h); 0: another program */
    const atomic_bool *stop; /* when it is set, by any thread: break off; may be NULL */
    const struct sync_business *business;
    const char *name;                /* of the calendar */
    uint64_t rules;                  /* a fingerprint of how it is read; kept with the look */
    const struct str_list *patterns; /* NULL: none */
    const struct zone *floating;     /* of times that name no zone; NULL: the business's */
    bool pass_over;                  /* events that name nobody are none of ours */
    bool whole;                      /* the bytes are all of the calendar */
    const struct str_list *gone; /* uids, sorted, that are gone in any case; NULL: none. With this
                                    there may be no bytes at all */
    struct sync_object *objects; /* what the bytes are, with ICAL_NEXT in between; those that turn
                                    out to be unreadable get their `trouble`. NULL: one calendar */
    size_t object_count;
    bool part; /* what did not change was not read: its recurrences are followed
                  as far as before */
    bool dry;  /* only find out what would be done */
    int64_t now_ms;
    const char *etag, *modified, *token; /* kept when the look was applied; NULL: none */
    /* Called when it is known which objects can be read, before anything is compared, for `gone` to
     * be filled in; outside of a transaction. Returns 0 or an error of the store's. NULL: nothing
     * is to be done. */
    int (*was_read)(void *keeper, struct store *store, int64_t calendar_id);
    /* Called when the look was applied, in small transactions of their own until *more is false;
     * what the look was answered with is kept after the last. Likewise. */
    int (*save)(void *keeper, struct store *store, int64_t calendar_id, bool *more);
    void *keeper;
    void (*tell)(void *arg, const struct apply_told *told); /* NULL: nobody wants to know */
    void (*progress)(void *arg, size_t done, size_t total); /* likewise */
    void *arg;
};

struct sync_report {
    size_t counts[APPLY_OUTCOMES];
    size_t unchanged;
    size_t events; /* in the calendar, each time of a series counted */
    char *asks;    /* nothing was written, for this reason: somebody has to say yes; else NULL */
    struct str_list notes; /* what is wrong with the calendar */
    size_t notes_more;
};
void sync_report_close(struct sync_report *r);

/* Look. Close the report in any case. ERR_INVALID and ERR_LIMIT: the bytes are no calendar that can
 * be read, and nothing is written; else the store's errors or the child's, and what was committed
 * until then stands: the next look goes on. `err` has a sentence for all of them. */
int sync_look(const struct sync_job *job, const void *bytes, size_t len, struct sync_report *out,
              struct err *err);

/* Without its bytes: those of its events that had no client are tried again. With `whole` that is a
 * look which found the calendar as it was. Likewise. */
int sync_again(const struct sync_job *job, struct sync_report *out, struct err *err);

/* A look came to nothing, for this reason: the last good state stays. */
int sync_failed(struct store *store, int64_t epoch, const char *name, const char *why,
                int64_t now_ms);

/* A calendar whose recurrences were followed up to `until_ms` has to be read anew though it has not
 * changed: the horizon has moved on. */
bool sync_is_outdated(int64_t until_ms, int64_t now_ms);

#endif
