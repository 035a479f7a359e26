/*
 * libcurl's multi interface on libuv.
 *
 * The happy path: curl_loop_add hands an easy handle to libcurl, which asks for a timer (timer_cb)
 * and for its sockets to be watched (socket_cb); libuv calls back (timeout_cb, poll_cb), and step
 * feeds libcurl and takes out what has ended. Closed from within a step, it ends with that step.
 *
 * When things fail: a socket that libuv cannot watch ends its exchange with an error; everything
 * else is libcurl's result code, which `ended` gets.
 */
#include "gateway/curl_loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"

#define IDLE_MAX_S                                                                                 \
    4L /* how long a kept connection is used again: below the 5 s after which common               \
          servers close it, so that a request rarely meets that very moment */

struct curl_loop {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    curl_loop_ended_cb ended;
    void (*after)(void *arg);
    void *after_arg;
    int handles; /* libuv's, not closed yet */
    bool within; /* libcurl */
    bool stepping, closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* One socket of libcurl's. */
struct watch {
    uv_poll_t poll;
    struct curl_loop *owner;
    curl_socket_t fd;
};

/* A write to a closed TLS connection raises SIGPIPE: OpenSSL knows no MSG_NOSIGNAL. */
static void begin_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    signal(SIGPIPE, SIG_IGN);
}

void curl_loop_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, begin_once);
}

static void handle_gone(struct curl_loop *l)
{
    if (--l->handles > 0)
        return;
    void (*closed)(void *arg) = l->closed;
    void *arg = l->closed_arg;
    free(l);
    closed(arg);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

static void tear_down(struct curl_loop *l)
{
    curl_multi_cleanup(l->multi);
    uv_close((uv_handle_t *)&l->timer, timer_closed_cb);
}

/* Feed libcurl with what happened, and take out what has ended. */
static void step(struct curl_loop *l, curl_socket_t fd, int flags)
{
    CURLMsg *m;
    int running, left;

    l->stepping = l->within = true;
    curl_multi_socket_action(l->multi, fd, flags, &running);
    l->within = false;
    while ((m = curl_multi_info_read(l->multi, &left)) != NULL) {
        char *call;
        CURLcode rc = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
        l->ended(call, rc);
    }
    if (l->after != NULL)
        l->after(l->after_arg);
    l->stepping = false;
    if (l->closing)
        tear_down(l);
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    int flags = 0;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    step(w->owner, w->fd, flags);
}

static void timeout_cb(uv_timer_t *timer)
{
    step(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants to be called in `timeout_ms`; never from within here, as libuv sees to. */
static int timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
    struct curl_loop *l = arg;

    if (timeout_ms < 0)
        uv_timer_stop(&l->timer);
    else
        uv_timer_start(&l->timer, timeout_cb, (uint64_t)timeout_ms, 0);
    return 0;
}

static void watch_closed_cb(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct curl_loop *l = w->owner;

    free(w);
    handle_gone(l);
}

static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct curl_loop *l = arg;
    struct watch *w = socket_arg;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            uv_poll_stop(&w->poll); /* before libcurl closes the socket */
            uv_close((uv_handle_t *)&w->poll, watch_closed_cb);
            curl_multi_assign(l->multi, fd, NULL);
        }
        return 0;
    }
    if (w == NULL) {
        w = mem_zalloc(sizeof(*w));
        if (uv_poll_init_socket(l->loop, &w->poll, fd) != 0) {
            free(w);
            return -1; /* libcurl gives the transfer up */
        }
        w->poll.data = w;
        w->owner = l;
        w->fd = fd;
        l->handles++;
        curl_multi_assign(l->multi, fd, w);
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&w->poll, events, poll_cb);
    return 0;
}

bool curl_loop_is_within(const struct curl_loop *l)
{
    return l->within;
}

struct curl_loop *curl_loop_create(uv_loop_t *loop, long kept, curl_loop_ended_cb ended,
                                   void (*after)(void *arg), void *arg)
{
    struct curl_loop *l = mem_zalloc(sizeof(*l));

    curl_loop_begin();
    l->loop = loop;
    l->ended = ended;
    l->after = after;
    l->after_arg = arg;
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    l->handles = 1;
    l->multi = curl_multi_init();
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, kept);
    return l;
}

void curl_loop_prepare(CURL *easy, void *call)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "betimes/" BETIMES_VERSION);
}

void curl_loop_add(struct curl_loop *l, CURL *easy)
{
    curl_multi_add_handle(l->multi, easy);
}

void curl_loop_remove(struct curl_loop *l, CURL *easy)
{
    curl_multi_remove_handle(l->multi, easy);
}

void curl_loop_close(struct curl_loop *l, void (*closed)(void *arg), void *arg)
{
    l->closed = closed;
    l->closed_arg = arg;
    l->closing = true;
    if (!l->stepping)
        tear_down(l);
}
