/*
 * The SMS gateway: messages to a provider over HTTP, as its provider file says.
 *
 * The happy path: sms_start notes the exchange and starts the idle handle; its callback asks for
 * leave; on go the request is built and handed to the HTTP client; the reply is judged by the
 * provider file's rules.
 *
 * When things fail: no whole reply means RETRY, and trouble of the gateway, while nothing of the
 * request can have left (DNS, connect, TLS); after that UNKNOWN: the provider may have taken it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "gateway/backend.h"
#include "gateway/http.h"
#include "gateway/provider.h"

#define LINE_MAX_BYTES 64   /* of a number or a sender's name */
#define TEXT_MAX_BYTES 8192 /* of one message; ten segments are far less */

struct sending {
    struct exchange *exchange; /* NULL: none under way */
    struct sms *sms;
    struct provider_request request;
    bool asked;
    bool calling; /* the HTTP client has it */
    bool ended;   /* the idle callback has to report `result` */
    struct gateway_result result;
};

struct sms {
    struct gateway *gateway;
    struct provider *provider;
    struct http_client *http;
    struct sending *sendings; /* by the exchange's index */
    int count;
    uv_idle_t idle; /* runs while a sending waits for its next step on the loop */
};

static void report(struct sending *s)
{
    struct exchange *x = s->exchange;
    struct gateway_result result = s->result;

    provider_request_close(&s->request);
    s->exchange = NULL;
    exchange_done(x, &result);
}

static void idle_cb(uv_idle_t *idle)
{
    struct sms *sms = idle->data;

    uv_idle_stop(idle); /* what the hooks begin from here starts it again */
    for (int i = 0; i < sms->count; i++) {
        struct sending *s = &sms->sendings[i];
        if (s->exchange == NULL)
            continue;
        if (s->ended) {
            report(s);
        } else if (!s->asked) {
            s->asked = true;
            exchange_ask(s->exchange);
        }
    }
}

static void wake(struct sms *sms)
{
    uv_idle_start(&sms->idle, idle_cb);
}

/* Everything that is wrong, in one text for a person. */
static void tell_problems(const struct problems *problems, struct err *err)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < problems->count; i++) {
        char *one = problem_format(&problems->items[i]);
        buf_printf(&b, "%s%s", i > 0 ? "\n" : "", one);
        free(one);
    }
    err_set(err, "%s", b.data);
    buf_close(&b);
}

static struct provider *load(const struct gateway_settings *settings, const char *folder,
                             struct err *err)
{
    struct problems problems = {0};
    struct provider *p = NULL;

    if (settings->provider == NULL || folder == NULL || strchr(settings->provider, '/') != NULL) {
        err_set(err, "provider is missing, or no name of a provider file");
        return NULL;
    }
    char *file = mem_printf("%s/%s.conf", folder, settings->provider);
    p = provider_read(file, &problems);
    if (p != NULL && !provider_fit(p, settings, "betimes.conf", &problems)) {
        provider_free(p);
        p = NULL;
    }
    if (p == NULL)
        tell_problems(&problems, err);
    problems_close(&problems);
    free(file);
    return p;
}

static void *sms_create(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err)
{
    const struct gateway_settings *settings = gateway_settings(g);
    struct provider *p = load(settings, providers, err);

    if (p == NULL)
        return NULL;
    struct sms *sms = mem_zalloc(sizeof(*sms));
    sms->gateway = g;
    sms->provider = p;
    sms->count = settings->connections > 0 ? settings->connections : 1;
    sms->sendings = mem_array((size_t)sms->count, sizeof(*sms->sendings));
    sms->http = http_client_create(loop, sms->count, settings->ca_file);
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

    sms->sendings[x->index] = (struct sending){.exchange = x, .sms = sms};
    wake(sms);
}

static void end_later(struct sending *s)
{
    s->ended = true;
    wake(s->sms);
}

static void replied_cb(void *arg, const struct http_reply *reply)
{
    struct sending *s = arg;

    s->calling = false;
    if (reply->status != 0) {
        reply_judge(s->sms->provider->reply, reply->status, reply->body, reply->len, &s->result);
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
    report(s);
}

static void sms_proceed(void *backend, struct exchange *x, bool go)
{
    struct sms *sms = backend;
    struct sending *s = &sms->sendings[x->index];
    struct err err = {0};

    if (!go) {
        result_set(&s->result, OUTCOME_RETRY, 0, "broken off before the request");
        end_later(s);
        return;
    }
    if (provider_build(sms->provider, gateway_settings(sms->gateway), x->message, &s->request,
                       &err) != 0) {
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
        .deadline_us = x->deadline_us,
    };
    s->calling = true;
    http_client_start(sms->http, x->index, &request, replied_cb, s);
}

static void sms_abort(void *backend, struct exchange *x)
{
    struct sms *sms = backend;
    struct sending *s = &sms->sendings[x->index];

    if (s->ended)
        return;
    if (s->calling && http_client_cancel(sms->http, x->index))
        result_set(&s->result, OUTCOME_UNKNOWN, 0, "broken off while waiting for the answer");
    else
        result_set(&s->result, OUTCOME_RETRY, 0, "broken off before the request");
    s->calling = false;
    end_later(s);
}

static void idle_closed_cb(uv_handle_t *handle)
{
    struct sms *sms = handle->data;
    struct gateway *g = sms->gateway;

    provider_free(sms->provider);
    free(sms->sendings);
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
    .proceed = sms_proceed,
    .abort = sms_abort,
    .close = sms_close,
};
