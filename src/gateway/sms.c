/*
 * The SMS gateway: messages to a provider over HTTP, as its provider file says.
 *
 * The happy path: sms_start notes the exchange and starts the idle handle; its callback gives a
 * free line of the HTTP client to each that waits, the oldest first; the request is built and
 * handed over; the reply is judged by the provider file's rules, and the line goes to the next.
 *
 * When things fail: no whole reply means RETRY, and trouble of the gateway, while nothing of the
 * request can have left (DNS, connect, TLS); after that UNKNOWN: the provider may have taken it.
 * Trouble of the gateway ends all that wait, untried, and so does waiting too long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "gateway/backend.h"
#include "gateway/http.h"
#include "gateway/provider.h"

#define LINE_MAX_BYTES 64   /* of a number or a sender's name */
#define TEXT_MAX_BYTES 8192 /* of one message; ten segments are far less */

#define NO_LINE (-1)
#define WAITED_MAX_US (2 * INT64_C(1000000))

struct sending {
    struct exchange *exchange; /* NULL: none under way */
    struct sms *sms;
    struct provider_request request;
    int line;         /* of the HTTP client; NO_LINE: it waits for one, or is over */
    int64_t since_us; /* it waits */
    struct sending *next;
    bool ended; /* the idle callback has to report `result` */
    struct gateway_result result;
};

struct sms {
    struct gateway *gateway;
    struct provider *provider;
    struct http_client *http;
    struct sending *sendings; /* by the exchange's index */
    int places;
    struct sending *first, **last; /* those that wait */
    int *lines;                    /* free ones */
    int line_count;
    int ended;      /* to be reported */
    uv_idle_t idle; /* runs while a sending waits for its next step on the loop */
};

static void idle_cb(uv_idle_t *idle);

static void wake(struct sms *sms)
{
    uv_idle_start(&sms->idle, idle_cb);
}

static void report(struct sending *s)
{
    struct exchange *x = s->exchange;
    struct gateway_result result = s->result;

    provider_request_close(&s->request);
    s->exchange = NULL;
    exchange_done(x, &result);
}

static struct sending *unqueue(struct sms *sms, struct sending **link)
{
    struct sending *s = *link;

    *link = s->next;
    if (s->next == NULL)
        sms->last = link;
    return s;
}

static void end_later(struct sending *s)
{
    s->ended = true;
    s->sms->ended++;
    wake(s->sms);
}

static void end_untried(struct sms *sms, const char *why, bool trouble)
{
    struct sending *s = unqueue(sms, &sms->first);

    result_set(&s->result, OUTCOME_RETRY, 0, "%s", why);
    s->result.gateway_trouble = trouble;
    end_later(s);
}

static void free_line(struct sending *s)
{
    struct sms *sms = s->sms;

    sms->lines[sms->line_count++] = s->line;
    s->line = NO_LINE;
    if (sms->first != NULL)
        wake(sms);
}

static bool passes_cb(void *arg)
{
    struct sending *s = arg;

    return exchange_pass(s->exchange);
}

static void replied_cb(void *arg, const struct http_reply *reply)
{
    struct sending *s = arg;
    struct sms *sms = s->sms;

    free_line(s);
    if (reply->status != 0) {
        reply_judge(sms->provider->reply, reply->status, reply->body, reply->len, &s->result);
        if (s->result.outcome == OUTCOME_RETRY)
            s->result.retry_after_ms = reply->retry_after_ms;
    } else if (reply->maybe_sent) {
        result_set(&s->result, OUTCOME_UNKNOWN, 0, "no whole answer to the request: %.180s",
                   reply->error);
    } else {
        result_set(&s->result, OUTCOME_RETRY, 0, "no connection to the provider: %.180s",
                   reply->error);
        s->result.gateway_trouble = true;
    }
    while (s->result.gateway_trouble && sms->first != NULL)
        end_untried(sms, "not tried: the gateway is in trouble", true);
    report(s);
}

static void call(struct sending *s)
{
    struct sms *sms = s->sms;
    struct err err = {0};

    if (provider_build(sms->provider, gateway_settings(sms->gateway), s->exchange->message,
                       &s->request, &err) != 0) {
        result_set(&s->result, OUTCOME_RETRY, 0, "%.200s", err.text);
        s->result.gateway_trouble = true;
        end_later(s);
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
    s->line = sms->lines[--sms->line_count];
    http_client_start(sms->http, s->line, &request, replied_cb, s);
}

static void idle_cb(uv_idle_t *idle)
{
    struct sms *sms = idle->data;
    int64_t oldest_us = clock_mono_us() - WAITED_MAX_US;

    uv_idle_stop(idle); /* what the hooks begin from here starts it again */
    while (sms->first != NULL && (sms->line_count > 0 || sms->first->since_us < oldest_us)) {
        if (sms->first->since_us < oldest_us)
            end_untried(sms, "no connection became free in time", false);
        else
            call(unqueue(sms, &sms->first));
    }
    for (int i = 0; i < sms->places && sms->ended > 0; i++) {
        struct sending *s = &sms->sendings[i];
        if (s->exchange == NULL || !s->ended)
            continue;
        sms->ended--;
        report(s);
    }
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
    sms->last = &sms->first;
    sms->line_count = gateway_connections(settings);
    sms->lines = mem_array((size_t)sms->line_count, sizeof(*sms->lines));
    for (int i = 0; i < sms->line_count; i++)
        sms->lines[i] = sms->line_count - 1 - i; /* the lowest are taken first */
    sms->http = http_client_create(loop, sms->line_count, settings->ca_file);
    uv_idle_init(loop, &sms->idle);
    sms->idle.data = sms;
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

    *s = (struct sending){.exchange = x, .sms = sms, .line = NO_LINE, .since_us = clock_mono_us()};
    *sms->last = s;
    sms->last = &s->next;
    wake(sms);
}

static void sms_abort(void *backend, struct exchange *x)
{
    struct sms *sms = backend;
    struct sending *s = &sms->sendings[x->index];
    struct sending **link = &sms->first;

    if (s->ended)
        return;
    if (s->line == NO_LINE) {
        while (*link != s)
            link = &(*link)->next;
        unqueue(sms, link);
        result_set(&s->result, OUTCOME_RETRY, 0, "broken off before it began");
    } else {
        if (http_client_cancel(sms->http, s->line))
            result_set(&s->result, OUTCOME_UNKNOWN, 0, "broken off while waiting for the answer");
        else
            result_set(&s->result, OUTCOME_RETRY, 0, "broken off before the request");
        free_line(s);
    }
    end_later(s);
}

static void idle_closed_cb(uv_handle_t *handle)
{
    struct sms *sms = handle->data;
    struct gateway *g = sms->gateway;

    provider_free(sms->provider);
    free(sms->sendings);
    free(sms->lines);
    free(sms);
    backend_closed(g);
}

static void http_closed_cb(void *arg)
{
    struct sms *sms = arg;

    uv_close((uv_handle_t *)&sms->idle, idle_closed_cb);
}

static void sms_close(void *backend)
{
    struct sms *sms = backend;

    http_client_close(sms->http, http_closed_cb, sms);
}

const struct backend_ops sms_backend = {
    .create = sms_create,
    .check = sms_check,
    .start = sms_start,
    .abort = sms_abort,
    .close = sms_close,
};
