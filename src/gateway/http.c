/*
 * libcurl's multi interface on libuv.
 *
 * The happy path: http_client_start adds an easy handle; libcurl asks for timers (timer_cb) and
 * sockets (socket_cb), libuv calls back (timeout_cb, poll_cb), each of them feeds libcurl and then
 * takes the finished calls out (reap). prereq_cb runs when the connection stands and nothing of the
 * request has left: it sets maybe_sent, the line between "surely not sent" and "who knows".
 *
 * When things fail: libcurl tries again by itself when a kept connection ends before the reply. It
 * then comes to prereq_cb a second time, which refuses; and as the body comes from a read callback
 * without a seek callback, it could not rewind it either. So such a call ends with an error.
 */
#include "gateway/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"

#define IDLE_MAX_S                                                                                 \
    4L /* how long a kept connection is used again: below the 5 s after which common               \
          servers close it, so that a request rarely meets that very moment */
#define CONNECT_MAX_MS 15000
#define WAIT_MAX_MS (INT64_C(1) << 30)

struct call {
    struct http_client *client;
    CURL *curl;
    struct curl_slist *headers;
    const char *body;
    size_t len, handed;
    struct buf reply;
    size_t header_bytes;
    bool active, maybe_sent;
    bool (*leaves)(void *arg);
    char error[CURL_ERROR_SIZE];
    http_done_cb done;
    void *arg;
};

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    char *ca_file;
    struct call *calls;
    int count;
    int handles; /* libuv's, not closed yet */
    void (*closed)(void *arg);
    void *closed_arg;
};

/* One socket of libcurl's. */
struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
};

static void handle_gone(struct http_client *c)
{
    if (--c->handles > 0)
        return;
    void (*closed)(void *arg) = c->closed;
    void *arg = c->closed_arg;
    free(c->calls);
    free(c->ca_file);
    free(c);
    closed(arg);
}

static void finish(struct call *k, CURLcode rc)
{
    struct http_reply reply = {.maybe_sent = k->maybe_sent, .error = k->error};
    curl_off_t after_s = 0;
    long status = 0;

    if (rc == CURLE_OK) {
        curl_easy_getinfo(k->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(k->curl, CURLINFO_RETRY_AFTER, &after_s);
        reply.status = (int)status;
        reply.body = k->reply.data;
        reply.len = k->reply.len;
        if (after_s > HTTP_RETRY_AFTER_MAX_MS / 1000)
            after_s = HTTP_RETRY_AFTER_MAX_MS / 1000;
        reply.retry_after_ms = after_s > 0 ? after_s * 1000 : 0;
    } else if (k->error[0] == '\0') {
        reply.error = curl_easy_strerror(rc);
    }
    curl_multi_remove_handle(k->client->multi, k->curl);
    curl_slist_free_all(k->headers);
    k->headers = NULL;
    k->active = false;
    k->done(k->arg, &reply);
}

static void reap(struct http_client *c)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        struct call *k;
        CURLcode rc = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&k);
        finish(k, rc);
    }
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct http_client *c = w->client;
    int flags = 0, running;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(c->multi, w->fd, flags, &running);
    reap(c);
}

static void timeout_cb(uv_timer_t *timer)
{
    struct http_client *c = timer->data;
    int running;

    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(c);
}

/* libcurl wants to be called in `timeout_ms`; never from within here, as libuv sees to. */
static int timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_client *c = arg;

    if (timeout_ms < 0)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, timeout_cb, (uint64_t)timeout_ms, 0);
    return 0;
}

static void watch_closed_cb(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct http_client *c = w->client;

    free(w);
    handle_gone(c);
}

static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http_client *c = arg;
    struct watch *w = socket_arg;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            uv_poll_stop(&w->poll); /* before libcurl closes the socket */
            uv_close((uv_handle_t *)&w->poll, watch_closed_cb);
            curl_multi_assign(c->multi, fd, NULL);
        }
        return 0;
    }
    if (w == NULL) {
        w = mem_zalloc(sizeof(*w));
        if (uv_poll_init_socket(c->loop, &w->poll, fd) != 0) {
            free(w);
            return -1; /* libcurl gives the transfer up */
        }
        w->poll.data = w;
        w->client = c;
        w->fd = fd;
        c->handles++;
        curl_multi_assign(c->multi, fd, w);
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&w->poll, events, poll_cb);
    return 0;
}

static int prereq_cb(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct call *k = arg;

    if (k->maybe_sent || !k->leaves(k->arg))
        return CURL_PREREQFUNC_ABORT;
    k->maybe_sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t read_cb(char *out, size_t size, size_t count, void *arg)
{
    struct call *k = arg;
    size_t n = k->len - k->handed;

    if (n > size * count)
        n = size * count;
    memcpy(out, k->body + k->handed, n);
    k->handed += n;
    fault_point("http-body");
    return n;
}

static size_t write_cb(char *data, size_t size, size_t count, void *arg)
{
    struct call *k = arg;
    size_t n = size * count;

    if (k->reply.len + n > HTTP_REPLY_MAX)
        return 0;
    buf_append(&k->reply, data, n);
    return n;
}

static size_t header_cb(char *data, size_t size, size_t count, void *arg)
{
    struct call *k = arg;

    k->header_bytes += size * count;
    fault_point("http-reply");
    return k->header_bytes <= HTTP_REPLY_MAX ? size * count : 0;
}

struct http_client *http_client_create(uv_loop_t *loop, int connections, const char *ca_file)
{
    struct http_client *c = mem_zalloc(sizeof(*c));

    c->loop = loop;
    c->ca_file = mem_strdup(ca_file);
    c->count = connections;
    c->calls = mem_array((size_t)connections, sizeof(*c->calls));
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->handles = 1;
    c->multi = curl_multi_init();
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    for (int i = 0; i < connections; i++) {
        c->calls[i].client = c;
        c->calls[i].curl = curl_easy_init();
        buf_init(&c->calls[i].reply);
    }
    return c;
}

static void set_common(struct call *k)
{
    CURL *curl = k->curl;

    curl_easy_setopt(curl, CURLOPT_PRIVATE, k);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "betimes/" BETIMES_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, k->error);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, prereq_cb);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, k);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_cb);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, k);
    if (k->client->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, k->client->ca_file);
}

static void set_request(struct call *k, const struct http_request *r)
{
    CURL *curl = k->curl;
    int64_t left_ms = (r->deadline_us - clock_mono_us()) / 1000;

    left_ms = left_ms < 1 ? 1 : left_ms > WAIT_MAX_MS ? WAIT_MAX_MS : left_ms;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MAX_MS ? left_ms : CONNECT_MAX_MS));
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    for (size_t i = 0; i < r->headers->count; i++)
        k->headers = curl_slist_append(k->headers, r->headers->items[i]);
    if (!r->get) {
        k->headers = curl_slist_append(k->headers, "Expect:"); /* no 100-continue */
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_cb);
        curl_easy_setopt(curl, CURLOPT_READDATA, k);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, k->headers);
    if (r->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, r->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, r->password);
    }
}

void http_client_start(struct http_client *c, int slot, const struct http_request *request,
                       http_done_cb done, void *arg)
{
    struct call *k = &c->calls[slot];

    assert(!k->active);
    k->active = true;
    k->maybe_sent = false;
    k->leaves = request->leaves;
    k->body = request->body;
    k->len = request->len;
    k->handed = 0;
    k->header_bytes = 0;
    k->error[0] = '\0';
    k->done = done;
    k->arg = arg;
    buf_clear(&k->reply);
    curl_easy_reset(k->curl); /* connections belong to the multi handle and stay */
    set_common(k);
    set_request(k, request);
    curl_multi_add_handle(c->multi, k->curl); /* starts with the timer, not here */
}

bool http_client_cancel(struct http_client *c, int slot)
{
    struct call *k = &c->calls[slot];

    if (!k->active)
        return false;
    curl_multi_remove_handle(c->multi, k->curl); /* its connection, in mid-air, is closed */
    curl_slist_free_all(k->headers);
    k->headers = NULL;
    k->active = false;
    return k->maybe_sent;
}

static void timer_closed_cb(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg)
{
    c->closed = closed;
    c->closed_arg = arg;
    for (int i = 0; i < c->count; i++) {
        assert(!c->calls[i].active);
        curl_easy_cleanup(c->calls[i].curl);
        buf_close(&c->calls[i].reply);
    }
    curl_multi_cleanup(c->multi);
    uv_close((uv_handle_t *)&c->timer, timer_closed_cb);
}
