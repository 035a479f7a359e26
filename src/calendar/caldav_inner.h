/* What caldav.c, caldav_find.c and caldav_objects.c share: one look, its state and its question
 * under way. */
#ifndef CALENDAR_CALDAV_INNER_H
#define CALENDAR_CALDAV_INNER_H

#include "base/buf.h"
#include "base/str.h"
#include "calendar/caldav.h"
#include "calendar/dav.h"
#include "gateway/origin.h"

enum caldav_state {
    CALDAV_BEGUN,
    CALDAV_WHAT,       /* what is at the URL? */
    CALDAV_WELL_KNOWN, /* what is at the server's well-known place? */
    CALDAV_USER,       /* where does the principal keep calendars? */
    CALDAV_HOME,       /* which calendars are there? */
    CALDAV_CHANGES,    /* what changed since the token? */
    CALDAV_SIGN,       /* did anything change? */
    CALDAV_MEMBERS,    /* what is there, by ETag? */
    CALDAV_OBJECTS,    /* a batch of them */
    CALDAV_PAUSED,     /* between two batches */
    CALDAV_ENDED,
    CALDAV_STATES
};

/* How changes are found. */
enum caldav_way { WAY_SYNC = 's', WAY_SIGN = 'c' };

/* The parts of a response that are of use after its end. */
struct caldav_seen {
    unsigned flags;
    char *principal, *home, *ctag, *sync_token;
};

struct caldav {
    struct fetcher *fetcher;
    struct fetch *fetch; /* NULL: none under way */
    struct caldav_source source;
    struct caldav_hooks hooks;
    enum caldav_state state;
    bool starting;        /* caldav_start has not returned yet */
    struct origin origin; /* of the source's URL: who hears the password */

    /* The question under way. */
    char *url;
    struct dav_reader *reader;
    struct caldav_seen seen; /* of the first response */
    struct err why;          /* of what was read */
    int rc;
    bool truncated; /* 507: there is more */
    size_t listed;  /* in this answer */

    /* Finding the collection. */
    bool tried_well_known;
    struct str_list choices, choice_names; /* URLs, and what they are called */

    /* The collection. */
    char *collection; /* its URL */
    bool remembered;  /* from the last look: it may have gone since */
    enum caldav_way way;
    char *token; /* sync-token or getctag: of the last look, then of this one */
    bool complete, anything;
    int pages;

    /* Its objects. */
    char **wanted; /* hrefs to fetch; NULL: it came while others have to be asked for again */
    size_t wanted_count, wanted_cap, wanted_at;
    size_t batch;                    /* so many are asked for at once */
    size_t asked;                    /* of them in the question under way: those before wanted_at */
    bool came[CALDAV_BATCH];         /* which of those were answered for, */
    size_t came_count, came_next;    /* how many, and behind the last one */
    bool any_came;                   /* in this look */
    int spoilt;                      /* answers */
    bool server_failed;              /* the server did, on some of them */
    enum caldav_state after_objects; /* CALDAV_CHANGES, or CALDAV_ENDED */
};

/* Go from one state to another, which has to be allowed. */
void caldav_move(struct caldav *c, enum caldav_state to);

/* Ask: a question is sent to `url`, and the look is in `state` until it is answered. Ends the look
 * when it cannot be sent. */
void caldav_ask(struct caldav *c, enum caldav_state state, const char *url, const char *method,
                const char *depth, void (*write)(struct caldav *c, struct buf *out));

/* End the look: rc 0, or an error with a sentence. `c` is gone. */
void caldav_end(struct caldav *c, int rc, const char *error, int64_t retry_after_ms);

/* Find the collection, from the source's URL on; when it is found, caldav_look begins. */
void caldav_find(struct caldav *c);

/* An answer to one of the questions of finding. */
void caldav_found_what(struct caldav *c, const struct fetch_reply *reply);
void caldav_found_home(struct caldav *c, const struct fetch_reply *reply);
void caldav_see_choice(struct caldav *c, const struct dav_response *r);

/* Look at c->collection. */
void caldav_look(struct caldav *c);

/* What changed? */
void caldav_ask_changes(struct caldav *c);

/* Ends the look, and is true, when there was no answer or one that cannot be read; unless the
 * answer was a success. */
bool caldav_unreadable(struct caldav *c, const struct fetch_reply *reply,
                       const struct dav_summary *sum);
bool caldav_refused(struct caldav *c, const struct fetch_reply *reply);

/* Ends the look, and is true, when a list is not whole that has to be. */
bool caldav_cut_off(struct caldav *c);

/* An object is to be fetched; none is any more. */
void caldav_want(struct caldav *c, const char *href);
void caldav_want_none(struct caldav *c);

/* A response with an object. false ends the look. */
bool caldav_see_object(struct caldav *c, const struct dav_response *r, const char *href);

/* The answer with a batch is over: what is missing again, the next batch, listing, or the end. */
void caldav_objects_came(struct caldav *c, const struct fetch_reply *reply,
                         const struct dav_summary *sum);

/* After a listing or a pause: the objects that it named; else the next listing, or the end. */
void caldav_ask_objects(struct caldav *c);

#endif
