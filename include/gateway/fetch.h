/*
 * Fetching from strangers: one guarded HTTP exchange on the event loop, for calendars that others
 * serve (feeds, CalDAV). The address comes from a person, the answers from anybody, so each of
 * these is kept to (security.md 8):
 *
 *   - http and https only; certificates are checked; proxies of the environment are left aside
 *   - the address that is spoken to, after its name was resolved, is one of the internet. A private
 *     one, or this machine, only with `allow_private`, and then only for the host of the URL itself
 *   - at most FETCH_REDIRECTS_MAX redirects, each checked like the first; never from https to http
 *   - user and password go to the origin of the URL alone (scheme, host, port; or from http at its
 *     usual port to https there), and over plain http only to this machine, unless `allow_plain`
 *   - limits on the whole time, on standing still, on headers, and on the body as it is unpacked
 *
 * The happy path: fetch_start copies the request; `data`, where there is one, gets the body of a
 * 2xx answer as it comes; `done` is called once, and the fetch is freed when it returns.
 *
 * When things fail: `done` gets status 0, a code and a sentence for a person. It names the host and
 * never the rest of the URL, which for a private feed is its secret. Everything runs on the loop's
 * thread; no hook is called from within fetch_start.
 */
#ifndef GATEWAY_FETCH_H
#define GATEWAY_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "base/str.h"

#define FETCH_REDIRECTS_MAX 3
#define FETCH_UNDER_WAY_MAX 32
#define FETCH_HEADERS_MAX 65536    /* bytes of an answer's headers, over all redirects */
#define FETCH_VALUE_MAX 1024       /* bytes of a header that is handed on; a longer one is not */
#define FETCH_ERROR_BODY_MAX 65536 /* bytes kept of the body of an answer that is no success */
#define FETCH_TIMEOUT_MS 120000    /* when a request says 0 */
#define FETCH_STALL_S 30           /* so long below FETCH_STALL_BYTES a second ends it */
#define FETCH_STALL_BYTES 100
#define FETCH_RETRY_AFTER_MAX_MS 86400000 /* a longer Retry-After counts as this */

struct fetcher;
struct fetch;

/* Costs a few bytes until the first fetch_start. */
struct fetcher *fetcher_create(uv_loop_t *loop);

/* Break off what is under way (no hook is called for it) and free the fetcher; then `closed` is
 * called: from within if nothing was ever fetched, else from the loop. May be called from within a
 * hook. */
void fetcher_close(struct fetcher *f, void (*closed)(void *arg), void *arg);

/* All of it is copied by fetch_start. NULL, 0 and false where nothing is said. */
struct fetch_request {
    const char *method; /* GET (when NULL), PROPFIND, REPORT, OPTIONS, PUT, DELETE, ... */
    const char *url;
    const struct str_list *headers; /* "Name: value"; Content-Type where there is a body */
    const char *body;
    size_t len;
    const char *user, *password;   /* basic authentication */
    const char *if_match;          /* an ETag, as the server wrote it */
    const char *if_none_match;     /* an ETag, or "*": only if there is nothing yet */
    const char *if_modified_since; /* a Last-Modified, as the server wrote it */
    const char *ca_file;           /* trust these authorities instead of the system's */
    bool allow_private;            /* the URL's host may be on this machine or this network */
    bool allow_plain;              /* the password may go over plain http */
    int64_t timeout_ms;            /* for all of it; 0: FETCH_TIMEOUT_MS */
    int stall_s;                   /* 0: FETCH_STALL_S */
    size_t body_max;               /* bytes after unpacking; needed */
};

struct fetch_reply {
    int status; /* of HTTP; 0: no whole answer came, and the next two say why */
    int rc;     /* 0 with a status, else ERR_INVALID: we refuse to (address, redirect, password);
                   ERR_LIMIT: larger than we take; ERR_IO: network, certificate, time */
    const char *error;
    const char *url;                                       /* which answered, after redirects */
    const char *host;                                      /* its host, for a sentence */
    const char *etag, *last_modified, *content_type, *dav; /* headers; NULL: not there */
    int64_t retry_after_ms;                                /* 0: not said */
    const char *body; /* what `data` did not get; NUL behind it; "" for a redirect's */
    size_t len;
};

struct fetch_hooks {
    /* Bytes of the body of a 2xx answer; NULL: they are collected for `done`. false ends the fetch
     * with ERR_INVALID and the sentence "the answer makes no sense", unless the caller knows a
     * better one. */
    bool (*data)(void *arg, const char *bytes, size_t len);
    void (*done)(void *arg, const struct fetch_reply *reply);
    void *arg;
};

/* Begin. NULL with `err` set when it cannot be: a URL that is none, or has a user name in it, a
 * line break in a header, FETCH_UNDER_WAY_MAX under way. `hooks` is copied. */
struct fetch *fetch_start(struct fetcher *f, const struct fetch_request *request,
                          const struct fetch_hooks *hooks, struct err *err);

/* Break off: no hook is called any more. From within `data` too; from within `done`, when it is
 * over anyway, it does nothing. */
void fetch_cancel(struct fetch *x);

/* What an answer means that was no success, as a sentence in `err`: its `error`, or for a status
 * what a person can do about it. 0 for 2xx and 304; else rc, or ERR_NOTFOUND for 404 and 410,
 * ERR_READONLY for 401, 403 and 405, ERR_EXISTS for 412, ERR_BUSY for 429 and 503, ERR_IO. */
int fetch_judge(const struct fetch_reply *reply, struct err *err);

/* "Is this a URL that fetch_start takes?": 0, or ERR_INVALID with a sentence. For settings. */
int fetch_check_url(const char *url, struct err *err);

#endif
