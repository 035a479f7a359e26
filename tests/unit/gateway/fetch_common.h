/*
 * What the tests of gateway/fetch share: a server that means us no good (tests/peers/web_peer.py),
 * one fetcher on a loop of its own, and names. Names are resolved here: getaddrinfo of these
 * programs stands before the C library's, so that any name can stand for any address.
 */
#ifndef TESTS_GATEWAY_FETCH_COMMON_H
#define TESTS_GATEWAY_FETCH_COMMON_H

#include "harness.h"

#include <dlfcn.h>
#include <netdb.h>

#include "gateway/fetch.h"

#define BODY_MAX (1 << 20)

/* ---- names */

static const struct {
    const char *name, *address;
} names[] = {
    {"home.example", "127.0.0.1"},          {"other.example", "127.0.0.1"},
    {"inside.example", "10.11.12.13"},      {"cloud.example", "169.254.169.254"},
    {"mapped.example", "::ffff:127.0.0.1"}, {"nat.example", "64:ff9b::a9fe:a9fe"},
    {"nowhere.example", "0.0.0.0"},         {"multicast.example", "224.0.0.251"},
};
static atomic_bool stuck_over;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
            RTLD_NEXT, "getaddrinfo");

    for (size_t i = 0; node != NULL && i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(node, names[i].name) == 0)
            return real(names[i].address, service, hints, out);
    while (node != NULL && strcmp(node, "stuck.example") == 0 && !atomic_load(&stuck_over))
        usleep(10000);
    return node != NULL && strstr(node, ".example") != NULL ? EAI_NONAME
                                                            : real(node, service, hints, out);
}

/* ---- one fetch */

struct set {
    struct peer peer;
    uv_loop_t loop;
    uv_timer_t patience, tick;
    struct fetcher *fetcher;
    struct fetch *fetch;
    struct fetch_request request;
    struct fetch_hooks hooks;
    char url[512];
    int done;
    bool closed, in_start;
    /* what `done` was told */
    int status, rc;
    char error[ERR_TEXT_MAX], etag[64], modified[64], type[64], dav[64], answered[512];
    int64_t retry_after_ms;
    struct buf body;
};

static inline void patience_cb(uv_timer_t *timer)
{
    fail_msg("nothing happened for %d s", PATIENCE_S);
}

/* uv_run may wait for an event after a timer has done what it is waited for. */
static inline void tick_cb(uv_timer_t *timer)
{
}

static inline void keep(char *out, size_t size, const char *s)
{
    snprintf(out, size, "%s", s != NULL ? s : "");
}

static inline void done_cb(void *arg, const struct fetch_reply *r)
{
    struct set *s = arg;

    assert_false(s->in_start);
    s->done++;
    s->status = r->status;
    s->rc = r->rc;
    keep(s->error, sizeof(s->error), r->error);
    keep(s->etag, sizeof(s->etag), r->etag);
    keep(s->modified, sizeof(s->modified), r->last_modified);
    keep(s->type, sizeof(s->type), r->content_type);
    keep(s->dav, sizeof(s->dav), r->dav);
    keep(s->answered, sizeof(s->answered), r->url);
    s->retry_after_ms = r->retry_after_ms;
    buf_append(&s->body, r->body, r->len);
    /* a code comes with a sentence, and neither with a status */
    assert_true((r->status == 0) == (r->rc != 0) && (r->rc != 0) == (r->error != NULL));
    assert_non_null(r->host);
    assert_null(strstr(s->error, "secret"));
}

static inline void set_up(struct set *s, const char *const *args)
{
    memset(s, 0, sizeof(*s));
    peer_start(&s->peer, "tests/peers/web_peer.py", args);
    uv_loop_init(&s->loop);
    uv_timer_init(&s->loop, &s->patience);
    uv_timer_init(&s->loop, &s->tick);
    uv_timer_start(&s->tick, tick_cb, 1, 1);
    s->fetcher = fetcher_create(&s->loop);
    s->request.allow_private = true;
    s->request.body_max = BODY_MAX;
    s->hooks = (struct fetch_hooks){.done = done_cb, .arg = s};
    buf_init(&s->body);
}

static inline void closed_cb(void *arg)
{
    ((struct set *)arg)->closed = true;
}

static inline void run_until(struct set *s, const bool *flag, int done)
{
    uv_timer_start(&s->patience, patience_cb, PATIENCE_S * 1000, 0);
    while (flag != NULL ? !*flag : s->done < done)
        uv_run(&s->loop, UV_RUN_ONCE);
    uv_timer_stop(&s->patience);
}

static inline void tear_down(struct set *s)
{
    if (s->fetcher != NULL)
        fetcher_close(s->fetcher, closed_cb, s);
    run_until(s, &s->closed, 0);
    uv_close((uv_handle_t *)&s->patience, NULL);
    uv_close((uv_handle_t *)&s->tick, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    peer_stop(&s->peer);
    buf_close(&s->body);
}

static inline void begin(struct set *s, const char *fmt, ...)
{
    struct err err = {0};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s->url, sizeof(s->url), fmt, ap);
    va_end(ap);
    s->request.url = s->url;
    s->in_start = true;
    s->fetch = fetch_start(s->fetcher, &s->request, &s->hooks, &err);
    s->in_start = false;
    if (s->fetch == NULL)
        fail_msg("%s: %s", s->url, err.text);
    memset(s->url, 'x', strlen(s->url)); /* it was copied */
}

/* Fetch PATH of the peer by the name of HOST to the end. */
static inline void get(struct set *s, const char *host, const char *path)
{
    int before = s->done;

    buf_clear(&s->body);
    begin(s, "http://%s:%d%s", host, s->peer.port, path);
    run_until(s, NULL, before + 1);
    assert_int_equal(s->done, before + 1);
}

static inline void expect_refusal(struct set *s, const char *host, const char *path, int rc,
                                  const char *words)
{
    get(s, host, path);
    if (s->status != 0 || s->rc != rc || strstr(s->error, words) == NULL)
        fail_msg("%s%s: %d %d %s", host, path, s->status, s->rc, s->error);
}

#endif
