/*
 * HTTP exchanges on an event loop: libcurl's multi interface driven by libuv. Connections are kept
 * alive and used again; redirects, proxies from the environment, HTTP/2 and content encodings are
 * off; certificates are checked. Private to the gateway room.
 *
 * A request is sent at most once: libcurl would quietly send it again when a kept connection dies
 * before the answer, and an SMS would go twice.
 */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/str.h"

#define HTTP_REPLY_MAX 65536             /* bytes of a reply's body, and of its headers */
#define HTTP_RETRY_AFTER_MAX_MS 86400000 /* a longer Retry-After counts as this */

struct http_client;

/* `connections`: how many calls at once, numbered 0 .. connections - 1. */
struct http_client *http_client_create(uv_loop_t *loop, int connections, const char *ca_file);

struct http_request {
    bool get;
    const char *url;
    const struct str_list *headers; /* "Name: value" */
    const char *body;
    size_t len;
    const char *user, *password; /* basic authentication; NULL: none */
    int64_t deadline_us;         /* on the monotonic clock */
    bool (*leaves)(void *arg); /* called just before its first byte may leave; false: it must not */
};

struct http_reply {
    int status;       /* 0: no whole reply came */
    bool maybe_sent;  /* the request, or a part of it, may have reached the other side */
    const char *body; /* of a whole reply */
    size_t len;
    int64_t retry_after_ms;
    const char *error; /* libcurl's words when no whole reply came; may name the host */
};

typedef void (*http_done_cb)(void *arg, const struct http_reply *reply);

/* Begin call `slot`, which must be free. `body` must live until `done`; the rest is copied. `done`
 * is called on the loop's thread, never from within, and the slot is free by then. */
void http_client_start(struct http_client *c, int slot, const struct http_request *request,
                       http_done_cb done, void *arg);

/* Give up a call: its `done` is never called. Returns whether the request may have been sent. */
bool http_client_cancel(struct http_client *c, int slot);

/* With no call under way: close every connection and handle, free the client, call `closed`. */
void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg);

#endif
