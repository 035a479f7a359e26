/*
 * One guarded exchange after the other, over libcurl (curl_loop.h).
 *
 * The happy path: fetch_start checks and copies the request, sets an easy handle up (leave) and
 * adds it to the loop. Each address that libcurl would connect to is asked about in open_socket_cb,
 * and the one of a connection that is used again in prereq_cb. write_cb counts what comes,
 * unpacked. At the end ended_cb either follows a redirect, with the next address checked like the
 * first, or tells `done`.
 *
 * When things fail: whoever refuses notes why in `refusal` and makes libcurl give up; ended_cb
 * finds the note. What is not libcurl's own to say is told in words of ours, because libcurl's may
 * repeat the URL. libcurl sends a request again when a kept connection dies before the answer: what
 * changes something on the other side therefore begins on a connection of its own.
 */
#include "gateway/fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/curl_loop.h"
#include "gateway/origin.h"
#include "gateway/reach.h"

#define KEPT_MAX 4L
#define CONNECT_MAX_MS 20000
#define TIMEOUT_MAX_MS 3600000

enum value { VALUE_ETAG, VALUE_LAST_MODIFIED, VALUE_CONTENT_TYPE, VALUE_DAV, VALUE_COUNT };

static const char *const value_headers[VALUE_COUNT] = {
    [VALUE_ETAG] = "ETag",
    [VALUE_LAST_MODIFIED] = "Last-Modified",
    [VALUE_CONTENT_TYPE] = "Content-Type",
    [VALUE_DAV] = "DAV",
};

struct fetch {
    struct fetcher *owner;
    struct fetch *next, **link; /* of those under way */
    struct fetch_hooks hooks;
    CURL *easy;
    struct curl_slist *headers;

    char *method, *url, *body, *user, *password, *ca_file;
    size_t len;
    bool allow_private, allow_plain;
    int stall_s;
    int64_t timeout_ms, end_us;
    size_t body_max;

    struct origin home, here; /* of the request's URL, and of where we are now */
    int redirects;
    bool with_password; /* here */
    size_t header_bytes, body_bytes;
    struct buf reply;
    char *values[VALUE_COUNT];
    int refused; /* ERR_INVALID or ERR_LIMIT, with `refusal` */
    struct err refusal;
    bool cancelled, ending;
    char words[CURL_ERROR_SIZE];
};

struct fetcher {
    uv_loop_t *loop;
    struct curl_loop *curl; /* NULL: nothing was ever fetched */
    struct fetch *first;
    int count;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* ---- what we refuse */

__attribute__((format(printf, 3, 4))) static void refuse(struct fetch *x, int rc, const char *fmt,
                                                         ...)
{
    va_list ap;

    if (x->refused != 0)
        return;
    x->refused = rc;
    va_start(ap, fmt);
    vsnprintf(x->refusal.text, sizeof(x->refusal.text), fmt, ap);
    va_end(ap);
}

/* May this address be spoken to, now? */
static bool reach_allowed(struct fetch *x, enum reach reach)
{
    bool home = origin_same_host(&x->home, &x->here);

    if (reach == REACH_NEVER || (reach != REACH_PUBLIC && !home))
        refuse(x, ERR_INVALID, "%s leads to %s at %s, which no calendar may do", x->home.host,
               reach_name(reach), x->here.host);
    else if (reach != REACH_PUBLIC && !x->allow_private)
        refuse(x, ERR_INVALID, "%s is on %s: that needs `private-addresses = yes`", x->here.host,
               reach_name(reach));
    else if (x->with_password && !x->here.tls && reach != REACH_LOOPBACK && !x->allow_plain)
        refuse(x, ERR_INVALID, "the password would go to %s unencrypted; https:// is right",
               x->here.host);
    else
        return true;
    return false;
}

static curl_socket_t open_socket_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    if (!reach_allowed(arg, reach_of(&address->addr)))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A connection stands, maybe one of before: nothing of the request has left yet. */
static int prereq_cb(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    return reach_allowed(arg, reach_of_text(remote)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t header_cb(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *x = arg;

    x->header_bytes += size * count;
    if (x->header_bytes <= FETCH_HEADERS_MAX)
        return size * count;
    refuse(x, ERR_LIMIT, "the headers of %s are larger than we take", x->here.host);
    return 0;
}

static long status_of(struct fetch *x)
{
    long status = 0;

    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t write_cb(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *x = arg;
    size_t n = size * count;
    long status = status_of(x);
    bool fine = true;

    x->body_bytes += n;
    if (x->cancelled)
        return 0;
    if (x->body_bytes > x->body_max) {
        refuse(x, ERR_LIMIT, "what %s sends is larger than we take", x->here.host);
        return 0;
    }
    if (status / 100 == 2 && x->hooks.data != NULL) {
        fine = x->hooks.data(x->hooks.arg, data, n);
        if (!fine)
            refuse(x, ERR_INVALID, "the answer of %s makes no sense", x->here.host);
    } else if (status / 100 == 2 ||
               (status / 100 != 3 && x->reply.len + n <= FETCH_ERROR_BODY_MAX)) {
        buf_append(&x->reply, data, n);
    }
    return fine && !x->cancelled ? n : 0;
}

/* ---- one hop */

static bool changes_something(const char *method)
{
    static const char *const harmless[] = {"GET", "PROPFIND", "REPORT", "OPTIONS"};

    for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
        if (strcmp(method, harmless[i]) == 0)
            return false;
    return true;
}

static void set_guards(struct fetch *x)
{
    CURL *easy = x->easy;
    int64_t left_ms = (x->end_us - clock_mono_us()) / 1000;

    if (left_ms < 1)
        left_ms = 1;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MAX_MS ? left_ms : CONNECT_MAX_MS));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_STALL_BYTES);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)x->stall_s);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->words);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket_cb);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, prereq_cb);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_cb);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    if (x->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, x->ca_file);
}

/* Send the request to x->url. */
static void leave(struct fetch *x)
{
    CURL *easy = curl_easy_init(); /* a used one remembers where it was */

    x->easy = easy;
    x->with_password = x->user != NULL && origin_trusts(&x->home, &x->here);
    x->words[0] = '\0';
    buf_clear(&x->reply);
    curl_loop_prepare(easy, x);
    set_guards(x);
    curl_easy_setopt(easy, CURLOPT_URL, x->url);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (x->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, x->body);
    }
    if (strcmp(x->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, x->method);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, changes_something(x->method) ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
    if (x->with_password) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, x->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, x->password != NULL ? x->password : "");
    }
    curl_loop_add(x->owner->curl, easy);
}

/* ---- the end */

static void fetch_free(struct fetch *x)
{
    *x->link = x->next;
    if (x->next != NULL)
        x->next->link = x->link;
    x->owner->count--;
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    buf_close(&x->reply);
    for (int i = 0; i < VALUE_COUNT; i++)
        free(x->values[i]);
    free(x->method);
    free(x->url);
    free(x->body);
    free(x->user);
    if (x->password != NULL)
        explicit_bzero(x->password, strlen(x->password));
    free(x->password);
    free(x->ca_file);
    free(x);
}

/* What went wrong, in words that repeat no URL. */
static void tell_trouble(struct fetch *x, CURLcode rc, struct err *err)
{
    const char *host = x->here.host;

    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(err, "nobody knows where %s is (DNS)", host);
        break;
    case CURLE_COULDNT_CONNECT:
        err_set(err, "%s cannot be reached", host);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        err_set(err, "%s did not answer in time", host);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        err_set(err, "the certificate of %s is not to be trusted: %.200s", host, x->words);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        err_set(err, "no encrypted connection to %s: %.200s", host, x->words);
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        err_set(err, "%s closed the connection before its answer was whole", host);
        break;
    default:
        err_set(err, "%s: %s", host, curl_easy_strerror(rc));
    }
}

static void take_values(struct fetch *x)
{
    for (int i = 0; i < VALUE_COUNT; i++) {
        struct curl_header *h;
        if (curl_easy_header(x->easy, value_headers[i], 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
            continue;
        size_t n = strlen(h->value);
        if (n > 0 && n <= FETCH_VALUE_MAX && str_one_line(h->value, n))
            x->values[i] = mem_strdup(h->value);
    }
}

static void finish(struct fetch *x, CURLcode rc)
{
    struct fetch_reply reply = {.url = x->url, .host = x->here.host};
    curl_off_t after_s = 0;

    if (x->refused != 0) {
        reply.rc = x->refused;
        reply.error = x->refusal.text;
    } else if (rc != CURLE_OK) {
        tell_trouble(x, rc, &x->refusal);
        reply.rc = ERR_IO;
        reply.error = x->refusal.text;
    } else {
        reply.status = (int)status_of(x);
        curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after_s);
        if (after_s > FETCH_RETRY_AFTER_MAX_MS / 1000)
            after_s = FETCH_RETRY_AFTER_MAX_MS / 1000;
        reply.retry_after_ms = after_s > 0 ? after_s * 1000 : 0;
        take_values(x);
    }
    reply.etag = x->values[VALUE_ETAG];
    reply.last_modified = x->values[VALUE_LAST_MODIFIED];
    reply.content_type = x->values[VALUE_CONTENT_TYPE];
    reply.dav = x->values[VALUE_DAV];
    reply.body = x->reply.data;
    reply.len = x->reply.len;
    x->ending = true;
    curl_loop_remove(x->owner->curl, x->easy);
    x->hooks.done(x->hooks.arg, &reply);
    fetch_free(x);
}

/* Where the answer leads, or NULL when it leads nowhere; free() it. libcurl's own answer to that
 * would have the password in it. */
static char *lead_of(struct fetch *x)
{
    struct curl_header *h;
    long status = status_of(x);

    if ((status != 301 && status != 302 && status != 303 && status != 307 && status != 308) ||
        curl_easy_header(x->easy, "Location", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
        return NULL;
    return origin_resolve(x->url, h->value);
}

/* May we go there with this request? Else it is refused. */
static bool lead_allowed(struct fetch *x, const char *url, struct origin *there)
{
    struct err why = {0};
    const char *host = x->here.host;

    if (x->redirects >= FETCH_REDIRECTS_MAX)
        refuse(x, ERR_INVALID, "%s leads on and on, from one address to the next", host);
    else if (origin_of(url, there, &why) != 0)
        refuse(x, ERR_INVALID, "%s leads to an address that is none for us: %s", host, why.text);
    else if (x->here.tls && !there->tls)
        refuse(x, ERR_INVALID, "%s leads from an encrypted connection to %s, without one", host,
               there->host);
    else if (changes_something(x->method) && !origin_trusts(&x->home, there))
        refuse(x, ERR_INVALID, "%s leads to %s, but what is written is for its own server alone",
               host, there->host);
    else if (status_of(x) == 303 && strcmp(x->method, "GET") != 0)
        refuse(x, ERR_INVALID, "%s answers something else than what was asked", host);
    return x->refused == 0;
}

/* Is the answer a redirect that we follow? Then the request is on its way there. */
static bool redirected(struct fetch *x)
{
    struct origin there;
    char *url = lead_of(x);

    if (url == NULL || !lead_allowed(x, url, &there)) {
        free(url);
        return false;
    }
    x->redirects++;
    x->here = there;
    free(x->url);
    x->url = url;
    curl_loop_remove(x->owner->curl, x->easy); /* its connection stays */
    curl_easy_cleanup(x->easy);
    leave(x);
    return true;
}

static void ended_cb(void *call, CURLcode rc)
{
    struct fetch *x = call;

    if (!x->cancelled && (rc != CURLE_OK || !redirected(x)))
        finish(x, rc);
}

/* ---- the beginning */

struct fetcher *fetcher_create(uv_loop_t *loop)
{
    struct fetcher *f = mem_zalloc(sizeof(*f));

    f->loop = loop;
    return f;
}

int fetch_check_url(const char *url, struct err *err)
{
    struct origin origin;

    return origin_of(url, &origin, err);
}

static bool is_line(const char *s)
{
    return s == NULL || str_one_line(s, strlen(s));
}

static int check(const struct fetch_request *r, struct origin *home, struct err *err)
{
    bool lines = is_line(r->method) && is_line(r->user) && is_line(r->password) &&
                 is_line(r->if_match) && is_line(r->if_none_match) && is_line(r->if_modified_since);

    for (size_t i = 0; lines && r->headers != NULL && i < r->headers->count; i++)
        lines = is_line(r->headers->items[i]);
    if (!lines) {
        err_set(err, "a line break in the request");
        return ERR_INVALID;
    }
    return origin_of(r->url, home, err);
}

static void add_header(struct fetch *x, const char *name, const char *value)
{
    if (value == NULL)
        return;
    char *line = mem_printf("%s: %s", name, value);
    x->headers = curl_slist_append(x->headers, line);
    free(line);
}

static void copy_request(struct fetch *x, const struct fetch_request *r)
{
    int64_t timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : FETCH_TIMEOUT_MS;

    x->method = mem_strdup(r->method != NULL ? r->method : "GET");
    x->url = mem_strdup(r->url);
    x->user = mem_strdup(r->user);
    x->password = mem_strdup(r->password);
    x->ca_file = mem_strdup(r->ca_file);
    if (r->body != NULL) {
        x->body = mem_alloc(r->len + 1);
        memcpy(x->body, r->body, r->len);
        x->len = r->len;
        add_header(x, "Expect", ""); /* no 100-continue */
    }
    for (size_t i = 0; r->headers != NULL && i < r->headers->count; i++)
        x->headers = curl_slist_append(x->headers, r->headers->items[i]);
    add_header(x, "If-Match", r->if_match);
    add_header(x, "If-None-Match", r->if_none_match);
    add_header(x, "If-Modified-Since", r->if_modified_since);
    x->allow_private = r->allow_private;
    x->allow_plain = r->allow_plain;
    x->stall_s = r->stall_s > 0 ? r->stall_s : FETCH_STALL_S;
    x->end_us = clock_mono_us() +
                (timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS) * INT64_C(1000);
    x->body_max = r->body_max;
}

static void sweep_cb(void *arg);

struct fetch *fetch_start(struct fetcher *f, const struct fetch_request *request,
                          const struct fetch_hooks *hooks, struct err *err)
{
    struct origin home;

    if (f->count >= FETCH_UNDER_WAY_MAX) {
        err_set(err, "%d fetches are under way already", f->count);
        return NULL;
    }
    if (check(request, &home, err) != 0)
        return NULL;
    if (f->curl == NULL)
        f->curl = curl_loop_create(f->loop, KEPT_MAX, ended_cb, sweep_cb, f);
    struct fetch *x = mem_zalloc(sizeof(*x));
    x->owner = f;
    x->next = f->first;
    x->link = &f->first;
    if (f->first != NULL)
        f->first->link = &x->next;
    f->first = x;
    f->count++;
    x->hooks = *hooks;
    x->home = x->here = home;
    buf_init(&x->reply);
    copy_request(x, request);
    leave(x);
    return x;
}

void fetch_cancel(struct fetch *x)
{
    if (x->ending)
        return;
    if (curl_loop_is_within(x->owner->curl)) {
        x->cancelled = true;
        return;
    }
    curl_loop_remove(x->owner->curl, x->easy);
    fetch_free(x);
}

/* libcurl lets go of what was cancelled from within. */
static void sweep_cb(void *arg)
{
    struct fetcher *f = arg;
    struct fetch *next;

    for (struct fetch *x = f->first; x != NULL; x = next) {
        next = x->next;
        if (x->cancelled)
            fetch_cancel(x);
    }
}

static void fetcher_free(struct fetcher *f)
{
    void (*closed)(void *arg) = f->closed;
    void *arg = f->closed_arg;

    free(f);
    closed(arg);
}

static void curl_closed_cb(void *arg)
{
    fetcher_free(arg);
}

void fetcher_close(struct fetcher *f, void (*closed)(void *arg), void *arg)
{
    struct fetch *next;

    f->closed = closed;
    f->closed_arg = arg;
    for (struct fetch *x = f->first; x != NULL; x = next) {
        next = x->next;
        fetch_cancel(x);
    }
    if (f->curl != NULL)
        curl_loop_close(f->curl, curl_closed_cb, f);
    else
        fetcher_free(f);
}
