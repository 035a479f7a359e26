/*
 * libcurl's multi interface on an event loop, shared by http.c and fetch.c: libcurl asks for
 * timers and sockets, libuv calls back, and whatever has finished is handed out.
 */
#ifndef GATEWAY_CURL_LOOP_H
#define GATEWAY_CURL_LOOP_H

#include <stdbool.h>

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/* `call` is what the easy handle has as its CURLOPT_PRIVATE. It is still added; the callee may
 * remove it, change it, add it again, or free it. On the loop's thread, never from within another
 * function of this module. */
typedef void (*curl_loop_ended_cb)(void *call, CURLcode rc);

/* Initialise libcurl, and have the process ignore SIGPIPE; all but the first call do nothing. */
void curl_loop_begin(void);

/* `kept`: how many connections stay open for the next exchange. `after`, NULL for none, is called
 * with `arg` each time libcurl has been at work, when handles may be removed again. */
struct curl_loop *curl_loop_create(uv_loop_t *loop, long kept, curl_loop_ended_cb ended,
                                   void (*after)(void *arg), void *arg);

/* Are we within a callback of libcurl's? It lets no handle be removed from there: do it in `after`.
 */
bool curl_loop_is_within(const struct curl_loop *l);

/* What every exchange over HTTP has in common: plain HTTP/1.1 or TLS 1.2 and up, no proxies, no
 * redirects of libcurl's own, no signals, and no waiting for a resolver that is stuck. `call` is
 * borrowed until the handle is freed. */
void curl_loop_prepare(CURL *easy, void *call);

/* Begin the exchange that `easy` describes; it starts with the loop's next turn, not here. */
void curl_loop_add(struct curl_loop *l, CURL *easy);

/* Take it off; when it was under way its connection is closed. */
void curl_loop_remove(struct curl_loop *l, CURL *easy);

/* With no exchange added: close every connection and handle, free `l`, then call `closed`. */
void curl_loop_close(struct curl_loop *l, void (*closed)(void *arg), void *arg);

#endif
