/*
 * The table of exchanges, and the one place where a backend and the dispatcher meet.
 *
 * The happy path: gateway_send takes a free place and lets the backend start; the backend calls
 * exchange_pass and, in the end, exchange_done; the place is free again before the dispatcher hears
 * of it.
 *
 * When things fail: the backend calls exchange_done from any state. Closing: no new exchange; when
 * the grace is over each one under way is told to abort; when none is left the backend closes its
 * handles. That last step waits for a fresh turn of the loop, so that a backend is never closed
 * from within one of its own calls.
 */
#include "gateway/gateway.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "gateway/backend.h"
#include "gateway/curl_loop.h"

struct gateway {
    const struct gateway_settings *settings;
    const struct gateway_hooks *hooks;
    const struct backend_ops *ops;
    void *backend;
    struct exchange *exchanges;
    int places;
    int in_flight;
    bool closing;
    uv_timer_t timer; /* the grace of gateway_close, then the step to close the backend */
    void (*closed)(void *arg);
    void *closed_arg;
};

/* allowed[from][to] */
static const bool allowed[EXCHANGE_STATE_COUNT][EXCHANGE_STATE_COUNT] = {
    [EXCHANGE_FREE] = {[EXCHANGE_STARTED] = true},
    [EXCHANGE_STARTED] = {[EXCHANGE_STOPPED] = true, [EXCHANGE_FREE] = true},
    [EXCHANGE_STOPPED] = {[EXCHANGE_FREE] = true},
};

static void move(struct exchange *x, enum exchange_state to)
{
    assert(allowed[x->state][to]);
    x->state = to;
}

const char *outcome_name(enum outcome o)
{
    static const char *const names[] = {
        [OUTCOME_SENT] = "sent",
        [OUTCOME_RETRY] = "retry",
        [OUTCOME_REJECTED] = "rejected",
        [OUTCOME_UNKNOWN] = "unknown",
    };

    return (size_t)o < sizeof(names) / sizeof(names[0]) ? names[o] : NULL;
}

void result_set(struct gateway_result *r, enum outcome o, int code, const char *fmt, ...)
{
    va_list ap;

    *r = (struct gateway_result){.outcome = o, .code = code};
    va_start(ap, fmt);
    vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
    va_end(ap);
}

bool gateway_host_is_loopback(const char *host)
{
    char bare[INET6_ADDRSTRLEN + 2];
    size_t n = strlen(host);
    struct in6_addr six;
    struct in_addr four;

    if (n > 2 && host[0] == '[' && host[n - 1] == ']' && n < sizeof(bare)) {
        memcpy(bare, host + 1, n - 2);
        bare[n - 2] = '\0';
        host = bare;
    }
    if (str_ieq(host, "localhost")) /* libcurl itself answers 127.0.0.1 and ::1 for this name */
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

int gateway_connections(const struct gateway_settings *settings)
{
    return settings->connections > 0 ? settings->connections : 1;
}

int gateway_places(const struct gateway_settings *settings)
{
    return gateway_connections(settings) + GATEWAY_AHEAD_MAX;
}

struct gateway *gateway_create(uv_loop_t *loop, const struct gateway_settings *settings,
                               const char *providers, const struct gateway_hooks *hooks,
                               struct err *err)
{
    static const struct backend_ops *const backends[] = {
        [GATEWAY_SMTP] = &smtp_backend,
        [GATEWAY_SMS] = &sms_backend,
        [GATEWAY_FILE] = &file_backend,
    };
    struct gateway *g = mem_zalloc(sizeof(*g));

    curl_loop_begin();
    g->settings = settings;
    g->hooks = hooks;
    g->places = gateway_places(settings);
    g->ops = backends[settings->type];
    g->backend = g->ops->create(g, loop, providers, err);
    if (g->backend == NULL) {
        err_context(err, "gateway %s", settings->name);
        free(g);
        return NULL;
    }
    g->exchanges = mem_array((size_t)g->places, sizeof(*g->exchanges));
    for (int i = 0; i < g->places; i++) {
        g->exchanges[i].gateway = g;
        g->exchanges[i].index = i;
    }
    uv_timer_init(loop, &g->timer);
    g->timer.data = g;
    return g;
}

int gateway_send(struct gateway *g, const struct gateway_message *m)
{
    struct exchange *x = NULL;

    if (g->closing)
        return ERR_BUSY;
    if (m->len == 0 || g->ops->check(m) != 0)
        return ERR_INVALID;
    for (int i = 0; i < g->places && x == NULL; i++)
        if (g->exchanges[i].state == EXCHANGE_FREE)
            x = &g->exchanges[i];
    if (x == NULL)
        return ERR_BUSY;
    move(x, EXCHANGE_STARTED);
    x->message = m;
    x->deadline_us = clock_mono_us() + g->settings->timeout_ms * 1000;
    atomic_store(&x->passed, false);
    g->in_flight++;
    g->ops->start(g->backend, x);
    return 0;
}

bool exchange_pass(struct exchange *x)
{
    atomic_uint *mark = x->message->mark;

    fault_point("pass");
    bool may =
        mark == NULL || (atomic_fetch_or(mark, GATEWAY_MARK_PASSED) & GATEWAY_MARK_REVOKED) == 0;
    atomic_store(&x->passed, may);
    fault_point("passed");
    return may;
}

void exchange_accepted(struct exchange *x)
{
    if (x->message->mark != NULL)
        atomic_fetch_or(x->message->mark, GATEWAY_MARK_SENT);
}

static void close_backend_cb(uv_timer_t *timer)
{
    struct gateway *g = timer->data;

    g->ops->close(g->backend);
}

void exchange_done(struct exchange *x, const struct gateway_result *result)
{
    struct gateway *g = x->gateway;
    int64_t id = x->message->id;

    if (result->outcome == OUTCOME_SENT)
        exchange_accepted(x);
    fault_point("answered");
    assert(result->outcome != OUTCOME_UNKNOWN || atomic_load(&x->passed));
    move(x, EXCHANGE_FREE);
    x->message = NULL;
    g->in_flight--;
    g->hooks->done(g->hooks->arg, id, result);
    if (g->closing && g->in_flight == 0)
        uv_timer_start(&g->timer, close_backend_cb, 0, 0);
}

static void stop(struct gateway *g, bool passed_too)
{
    for (int i = 0; i < g->places; i++) {
        struct exchange *x = &g->exchanges[i];
        if (x->state != EXCHANGE_STARTED || (!passed_too && atomic_load(&x->passed)))
            continue;
        move(x, EXCHANGE_STOPPED);
        g->ops->abort(g->backend, x);
    }
}

void gateway_break_off(struct gateway *g)
{
    stop(g, false);
}

static void grace_cb(uv_timer_t *timer)
{
    stop(timer->data, true);
}

void gateway_close(struct gateway *g, int64_t grace_ms, void (*closed)(void *arg), void *arg)
{
    assert(!g->closing);
    g->closing = true;
    g->closed = closed;
    g->closed_arg = arg;
    if (g->in_flight == 0)
        uv_timer_start(&g->timer, close_backend_cb, 0, 0);
    else
        uv_timer_start(&g->timer, grace_cb, grace_ms > 0 ? (uint64_t)grace_ms : 0, 0);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    struct gateway *g = handle->data;
    void (*closed)(void *arg) = g->closed;
    void *arg = g->closed_arg;

    free(g->exchanges);
    free(g);
    if (closed != NULL)
        closed(arg);
}

void backend_closed(struct gateway *g)
{
    uv_close((uv_handle_t *)&g->timer, timer_closed_cb);
}

int gateway_in_flight(const struct gateway *g)
{
    return g->in_flight;
}

const struct gateway_settings *gateway_settings(const struct gateway *g)
{
    return g->settings;
}
