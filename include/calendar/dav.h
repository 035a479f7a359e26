/*
 * The XML that CalDAV speaks (RFC 4918, 4791, 6578): questions out, answers in. An answer is read
 * as it comes, and each of its responses is handed on when it is whole, so that one of any length
 * needs little memory. It comes from a stranger: a document type (and with it every entity of its
 * own) is refused, and depth, sizes and counts are limited.
 */
#ifndef CALENDAR_DAV_H
#define CALENDAR_DAV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define DAV_DEPTH_MAX 32
#define DAV_TEXT_MAX 4096          /* bytes of an address, an ETag, a token, a name */
#define DAV_DATA_MAX (1024 * 1024) /* bytes of one calendar object */
#define DAV_TOKEN_MAX (64 * 1024)  /* bytes of one tag, with its attributes */
#define DAV_RESPONSES_MAX 250000   /* in one answer */

/* ---- answers */

enum dav_flag {
    DAV_COLLECTION = 1, /* resourcetype */
    DAV_CALENDAR = 2,
    DAV_PRINCIPAL = 4,
    DAV_OTHER_PARTS = 8, /* it says which components it takes, */
    DAV_EVENTS = 16,     /* ... and events are among them */
    DAV_CAN_SYNC = 32,   /* supported-report-set: sync-collection */
};

/* One response of a multistatus, with the properties that the server gave (its status for them was
 * a success). Texts are "" where there is none, and live during the call. */
struct dav_response {
    const char *href; /* as the server wrote it: a path, or a whole URL */
    int status;       /* of the resource itself, 404 for instance; 0: it has properties */
    unsigned flags;   /* enum dav_flag */
    const char *etag, *ctag, *sync_token, *name;
    const char *principal, *home; /* hrefs: current-user-principal, calendar-home-set (the first) */
    const char *data;             /* calendar-data; its lines may end with a bare line feed */
    size_t data_len;
    bool data_over; /* it was longer than DAV_DATA_MAX, and is not here */
};

/* What stands outside the responses. "" where there is none; lives as long as the reader. */
struct dav_summary {
    size_t responses;
    const char *sync_token;
    bool multistatus;   /* it is one, with or without responses */
    bool token_refused; /* an error document says: valid-sync-token */
};

struct dav_reader;

/* `response` is called for each; false stops the reading with ERR_CANCELLED. */
struct dav_reader *dav_reader_create(bool (*response)(void *arg, const struct dav_response *r),
                                     void *arg);
void dav_reader_free(struct dav_reader *d);

/* The next bytes. ERR_INVALID: no XML, a document type, or no end to it; ERR_LIMIT; ERR_CANCELLED.
 * After an error each call returns it again. `err` has a sentence. */
int dav_read(struct dav_reader *d, const char *bytes, size_t len, struct err *err);

/* The bytes are over. Likewise; ERR_INVALID too when they end in the middle. */
int dav_read_end(struct dav_reader *d, struct dav_summary *out, struct err *err);

/* ---- questions: each is a whole document, appended to `out` */

/* PROPFIND: what is this, and where does it lead? */
void dav_ask_what(struct buf *out);

/* PROPFIND: only the sign that something changed (getctag, sync-token). */
void dav_ask_sign(struct buf *out);

/* PROPFIND, Depth 1: what is in it, by ETag. */
void dav_ask_members(struct buf *out);

/* REPORT sync-collection: what changed since `token`; "" asks for all there is. */
void dav_ask_changes(struct buf *out, const char *token);

/* REPORT calendar-multiget: the objects at these hrefs. */
void dav_ask_objects(struct buf *out, const char *const *hrefs, size_t count);

#endif
