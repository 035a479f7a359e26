/*
 * One look at a CalDAV collection: what is known of it (in the lane), what is new (on the loop, by
 * calendar/caldav), and what becomes of that (in the lane again). A part of service/calendars.
 */
#ifndef SERVICE_COLLECTION_H
#define SERVICE_COLLECTION_H

#include <stdbool.h>

#include "calendar/caldav.h"
#include "calendar/news.h"
#include "calendar/sync.h"
#include "playbook/settings.h"
#include "store/calendars.h"

struct collection {
    struct news news;
    struct caldav *caldav; /* under way; NULL: nothing is */
    char *state;           /* what to begin with, then what the look has left; NULL: nothing */
    bool complete;         /* caldav.h */
    void (*done)(void *arg, const struct caldav_result *result);
    void *arg;
};

void collection_init(struct collection *c);
/* Breaks off what is under way; not after the fetcher was closed, nor from within a hook. */
void collection_cancel(struct collection *c);
void collection_close(struct collection *c); /* when nothing is under way */

/* In the lane: what is known of it. `anew`: everything is to be fetched again. */
int collection_ask(struct collection *c, struct store *store, const struct calendar_row *row,
                   bool anew);

/* On the loop: ask the server. `done` is called when it has answered; ERR_INVALID and others of
 * caldav_start with a sentence, and it is not. */
int collection_fetch(struct collection *c, struct fetcher *fetcher,
                     const struct calendar_settings *settings,
                     void (*done)(void *arg, const struct caldav_result *result), void *arg,
                     struct err *err);

/* In the lane: sync_look with what came. */
int collection_look(struct collection *c, const struct sync_job *job, struct sync_report *report,
                    struct err *err);

#endif
