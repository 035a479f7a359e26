/*
 * The SMS gateway: messages to a provider over HTTP, as its provider file says. The exchanges have
 * a thread with a loop of its own, because building requests, libcurl and the sockets take as much
 * time as everything else that a message needs.
 *
 * The happy path: sms_start posts the exchange to the thread. There, before the loop waits for its
 * sockets, `pump` takes in what was posted and gives a free line of the HTTP client to each that
 * waits, the oldest first; the request is built and handed over; the reply is judged by the
 * provider file's rules, and the line goes to the next. What has ended is posted back; the
 * service's loop is woken once for all that ended in one round.
 *
 *   (the loop's) -> WAITING -> CALLING -> (the loop's)
 *
 * When things fail: no whole reply means RETRY, and trouble of the gateway, while nothing of the
 * request can have left (DNS, connect, TLS); after that UNKNOWN: the provider may have taken it.
 * Trouble of the gateway ends all that wait, untried, and so does waiting too long. Breaking off:
 * `broken` keeps what has not passed its point of no return from passing it at once; the thread
 * ends it in its next round. Closing: the thread closes its handles and leaves its loop, and the
 * service's loop joins it.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/thread.h"
#include "gateway/backend.h"
#include "gateway/http.h"
#include "gateway/post.h"
#include "gateway/provider.h"

#define LINE_MAX_BYTES 64   /* of a number or a sender's name */
#define TEXT_MAX_BYTES 8192 /* of one message; ten segments are far less */

#define WAITED_MAX_US (2 * INT64_C(1000000))

enum sending_state {
    SENDING_NONE, /* the thread has nothing to do with it */
    SENDING_WAITING,
    SENDING_CALLING
};

/* An exchange. What is posted belongs to the thread until it is posted back. */
struct sending {
    struct post_item item;
    struct exchange *exchange;
    struct sms *sms;
    atomic_bool broken;       /* from any thread: it is to be broken off */
    enum sending_state state; /* from here to `next` the thread's alone, always */
    struct provider_request request;
    int line;         /* of the HTTP client, with CALLING */
    int64_t since_us; /* it waits */
    struct sending *next;
    struct gateway_result result;
};

struct sms {
    struct gateway *gateway;
    struct provider *provider;
    pthread_t thread;
    uv_async_t home;          /* wakes the service's loop */
    uv_async_t away;          /* wakes the thread's */
    struct post begun, ended; /* to the thread, and back */
    atomic_bool breaking;     /* some are `broken` */
    atomic_bool closing, gone;
    struct sending *sendings; /* by the exchange's index */
    int places;

    /* the thread's alone */
    uv_loop_t loop;
    uv_prepare_t prepare;
    struct http_client *http;
    struct sending *first, **last; /* those that wait */
    int *lines;                    /* free ones */
    int line_count;
    bool to_wake;  /* the service's loop */
    bool shutting; /* the HTTP client is being closed */
};

/* --- the thread --- */

static struct sending *unqueue(struct sms *sms, struct sending **link)
{
    struct sending *s = *link;

    *link = s->next;
    if (s->next == NULL)
        sms->last = link;
    return s;
}

/* With its result set: it is the loop's again. */
static void end(struct sending *s)
{
    struct sms *sms = s->sms;

    provider_request_close(&s->request);
    s->request = (struct provider_request){0};
    s->state = SENDING_NONE;
    if (s->result.outcome == OUTCOME_SENT)
        exchange_accepted(s->exchange);
    if (post_put(&sms->ended, &s->item, s))
        sms->to_wake = true;
}

static void end_untried(struct sending *s, const char *why, bool trouble)
{
    result_set(&s->result, OUTCOME_RETRY, 0, "%s", why);
    s->result.gateway_trouble = trouble;
    end(s);
}

static bool passes_cb(void *arg)
{
    struct sending *s = arg;

    return !atomic_load(&s->broken) && exchange_pass(s->exchange);
}

static void judge(struct sending *s, const struct http_reply *reply)
{
    if (reply->status != 0) {
        reply_judge(s->sms->provider->reply, reply->status, reply->body, reply->len, &s->result);
        if (s->result.outcome == OUTCOME_RETRY)
            s->result.retry_after_ms = reply->retry_after_ms;
    } else if (reply->maybe_sent) {
        result_set(&s->result, OUTCOME_UNKNOWN, 0, "no whole answer to the request: %.180s",
                   reply->error);
    } else if (atomic_load(&s->broken)) {
        result_set(&s->result, OUTCOME_RETRY, 0, "broken off before the request");
    } else {
        result_set(&s->result, OUTCOME_RETRY, 0, "no connection to the provider: %.180s",
                   reply->error);
        s->result.gateway_trouble = true;
    }
}

static void replied_cb(void *arg, const struct http_reply *reply)
{
    struct sending *s = arg;
    struct sms *sms = s->sms;

    sms->lines[sms->line_count++] = s->line;
    judge(s, reply);
    while (s->result.gateway_trouble && sms->first != NULL)
        end_untried(unqueue(sms, &sms->first), "not tried: the gateway is in trouble", true);
    end(s);
}

static void call(struct sending *s)
{
    struct sms *sms = s->sms;
    struct err err = {0};

    if (provider_build(sms->provider, gateway_settings(sms->gateway), s->exchange->message,
                       &s->request, &err) != 0) {
        end_untried(s, err.text, true);
        return;
    }
    struct http_request request = {
        .get = s->request.get,
        .url = s->request.url,
        .headers = &s->request.headers,
        .body = s->request.body.data,
        .len = s->request.body.len,
        .user = s->request.user,
        .password = s->request.password,
        .deadline_us = s->exchange->deadline_us,
        .leaves = passes_cb,
    };
    s->state = SENDING_CALLING;
    s->line = sms->lines[--sms->line_count];
    http_client_start(sms->http, s->line, &request, replied_cb, s);
}

static void take_in(struct sms *sms)
{
    struct post_item *next;

    for (struct post_item *i = post_take(&sms->begun); i != NULL; i = next) {
        struct sending *s = i->thing;
        next = i->next;
        s->state = SENDING_WAITING;
        s->since_us = clock_mono_us();
        s->next = NULL;
        *sms->last = s;
        sms->last = &s->next;
    }
}

static void break_off(struct sending *s)
{
    struct sms *sms = s->sms;
    struct sending **link = &sms->first;

    if (s->state == SENDING_WAITING) {
        while (*link != s)
            link = &(*link)->next;
        end_untried(unqueue(sms, link), "broken off before it began", false);
        return;
    }
    if (http_client_cancel(sms->http, s->line))
        result_set(&s->result, OUTCOME_UNKNOWN, 0, "broken off while waiting for the answer");
    else
        result_set(&s->result, OUTCOME_RETRY, 0, "broken off before the request");
    sms->lines[sms->line_count++] = s->line;
    end(s);
}

static void break_off_all(struct sms *sms)
{
    for (int i = 0; i < sms->places; i++) {
        struct sending *s = &sms->sendings[i];
        if (s->state != SENDING_NONE && atomic_load(&s->broken))
            break_off(s);
    }
}

static void call_those_that_wait(struct sms *sms)
{
    int64_t oldest_us = clock_mono_us() - WAITED_MAX_US;

    while (sms->first != NULL && (sms->line_count > 0 || sms->first->since_us < oldest_us)) {
        struct sending *s = unqueue(sms, &sms->first);
        if (s->since_us < oldest_us)
            end_untried(s, "no connection became free in time", false);
        else
            call(s);
    }
}

static void http_closed_cb(void *arg)
{
    struct sms *sms = arg;

    uv_close((uv_handle_t *)&sms->away, NULL);
    uv_close((uv_handle_t *)&sms->prepare, NULL);
}

static void pump(uv_prepare_t *prepare)
{
    struct sms *sms = prepare->data;
    bool breaking = atomic_exchange(&sms->breaking, false); /* before: then it was posted before */

    take_in(sms);
    if (breaking)
        break_off_all(sms);
    call_those_that_wait(sms);
    if (sms->to_wake)
        uv_async_send(&sms->home);
    sms->to_wake = false;
    if (atomic_load(&sms->closing) && !sms->shutting) {
        sms->shutting = true;
        http_client_close(sms->http, http_closed_cb, sms);
    }
}

/* The loop's round is all that is asked for: pump comes with it. */
static void away_cb(uv_async_t *async)
{
}

static void *sms_main(void *arg)
{
    struct sms *sms = arg;

    uv_run(&sms->loop, UV_RUN_DEFAULT);
    atomic_store(&sms->gone, true);
    uv_async_send(&sms->home);
    return NULL;
}

/* --- the service's loop --- */

static void sms_free(struct sms *sms)
{
    uv_loop_close(&sms->loop);
    provider_free(sms->provider);
    free(sms->sendings);
    free(sms->lines);
    free(sms);
}

static void home_closed_cb(uv_handle_t *handle)
{
    struct sms *sms = handle->data;
    struct gateway *g = sms->gateway;

    sms_free(sms);
    backend_closed(g);
}

static void home_cb(uv_async_t *async)
{
    struct sms *sms = async->data;
    struct post_item *next;

    for (struct post_item *i = post_take(&sms->ended); i != NULL; i = next) {
        struct sending *s = i->thing;
        struct gateway_result result = s->result;
        next = i->next;
        exchange_done(s->exchange, &result);
    }
    if (!atomic_load(&sms->gone) || uv_is_closing((uv_handle_t *)&sms->home))
        return;
    pthread_join(sms->thread, NULL);
    uv_close((uv_handle_t *)&sms->home, home_closed_cb);
}

static void prepare_thread(struct sms *sms, const struct gateway_settings *settings)
{
    uv_loop_init(&sms->loop);
    uv_async_init(&sms->loop, &sms->away, away_cb);
    uv_prepare_init(&sms->loop, &sms->prepare);
    uv_prepare_start(&sms->prepare, pump);
    sms->prepare.data = sms;
    sms->last = &sms->first;
    sms->line_count = gateway_connections(settings);
    sms->lines = mem_array((size_t)sms->line_count, sizeof(*sms->lines));
    for (int i = 0; i < sms->line_count; i++)
        sms->lines[i] = sms->line_count - 1 - i; /* the lowest are taken first */
    sms->http = http_client_create(&sms->loop, sms->line_count, settings->ca_file);
}

static void *sms_create(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err)
{
    const struct gateway_settings *settings = gateway_settings(g);
    struct provider *p = provider_load(settings, providers, err);

    if (p == NULL)
        return NULL;
    struct sms *sms = mem_zalloc(sizeof(*sms));
    sms->gateway = g;
    sms->provider = p;
    sms->places = gateway_places(settings);
    sms->sendings = mem_array((size_t)sms->places, sizeof(*sms->sendings));
    for (int i = 0; i < sms->places; i++)
        sms->sendings[i].sms = sms;
    prepare_thread(sms, settings);
    if (thread_start(&sms->thread, sms_main, sms, "a provider", err) != 0) {
        atomic_store(&sms->closing, true);
        uv_run(&sms->loop, UV_RUN_DEFAULT);
        sms_free(sms);
        return NULL;
    }
    uv_async_init(loop, &sms->home, home_cb); /* nothing is sent to it before the first sms_start */
    sms->home.data = sms;
    return sms;
}

/* What may go into a JSON string, a form or a header without a surprise. */
static bool is_line(const char *s)
{
    size_t n = strlen(s);

    return n <= LINE_MAX_BYTES && str_one_line(s, n) && str_utf8_valid(s, n) == n;
}

static int sms_check(const struct gateway_message *m)
{
    bool fine = m->channel == CHANNEL_SMS && m->to != NULL && m->to[0] == '+' && is_line(m->to) &&
                (m->from == NULL || is_line(m->from)) && m->len <= TEXT_MAX_BYTES &&
                str_utf8_valid(m->data, m->len) == m->len && memchr(m->data, '\0', m->len) == NULL;

    return fine ? 0 : ERR_INVALID;
}

static void sms_start(void *backend, struct exchange *x)
{
    struct sms *sms = backend;
    struct sending *s = &sms->sendings[x->index];

    s->exchange = x;
    atomic_store(&s->broken, false);
    if (post_put(&sms->begun, &s->item, s))
        uv_async_send(&sms->away);
}

static void sms_abort(void *backend, struct exchange *x)
{
    struct sms *sms = backend;

    atomic_store(&sms->sendings[x->index].broken, true);
    atomic_store(&sms->breaking, true);
    uv_async_send(&sms->away);
}

static void sms_close(void *backend)
{
    struct sms *sms = backend;

    atomic_store(&sms->closing, true);
    uv_async_send(&sms->away);
}

const struct backend_ops sms_backend = {
    .create = sms_create,
    .check = sms_check,
    .start = sms_start,
    .abort = sms_abort,
    .close = sms_close,
};
