/*
 * The SMTP gateway: one sender thread for each connection, because libcurl's SMTP
 * blocks while it connects, and our own transactions wait for their answers.
 *
 * The happy path: smtp_start gives the delivery to the sender that has rested the shortest (with
 * little to do the same connection is used again), or lets it wait in the queue when all are at
 * work. The thread carries the transaction out in smtp_session_send, posts it with its result and
 * takes the next one from the queue, so that no connection waits for the loop. However many are
 * posted, one uv_async_send wakes the loop for all of them.
 *
 *   FREE -> WAITING -> RUNNING -> ENDED -> FREE
 *
 * When things fail: the session's verdict is the result. If it is trouble of the gateway's own, all
 * that wait end with it, untried: a server that cannot be reached would only fail them one by one.
 * So does a delivery that has waited too long: what it was decided on has grown old. A thread that
 * has nothing to do for IDLE_MS says QUIT. Closing: each thread leaves its loop, and the loop joins
 * it.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "gateway/backend.h"
#include "gateway/post.h"
#include "gateway/smtp_session.h"

#define IDLE_MS 20000 /* servers drop idle clients after half a minute to five */
#define WAITED_MAX_US (2 * INT64_C(1000000))

enum delivery_state { DELIVERY_FREE, DELIVERY_WAITING, DELIVERY_RUNNING, DELIVERY_ENDED };

struct sender;

/* An exchange, as the threads see it. Fields up to `result` under the lock. */
struct delivery {
    enum delivery_state state;
    struct exchange *exchange;
    struct sender *sender; /* with RUNNING */
    int64_t since_us;      /* with WAITING */
    struct delivery *next; /* in the queue */
    struct gateway_result result;
    struct post_item item;
};

struct smtp;

struct sender {
    struct smtp *smtp;
    pthread_t thread;
    uv_cond_t wake;
    struct smtp_session *session;
    struct delivery *delivery; /* given, or being carried out */
    bool resting;              /* on the stack of those with nothing to do */
    struct sender *next_rest;  /* below it there */
};

struct smtp {
    struct gateway *gateway;
    uv_async_t async;
    struct post posted; /* ended ones that the loop has to look at */
    uv_mutex_t lock;
    struct delivery *deliveries; /* by the exchange's index */
    struct delivery *first, **last;
    struct sender *senders, *rest;
    int count;
    int alive; /* threads not yet joined; the loop's alone */
    atomic_int gone;
    bool ready; /* the loop listens */
    atomic_bool stopping;
};

static void post(struct smtp *smtp, struct delivery *d)
{
    if (post_put(&smtp->posted, &d->item, d))
        uv_async_send(&smtp->async);
}

/* --- with the lock held --- */

static void queue(struct smtp *smtp, struct delivery *d)
{
    d->state = DELIVERY_WAITING;
    d->since_us = clock_mono_us();
    d->next = NULL;
    *smtp->last = d;
    smtp->last = &d->next;
}

static struct delivery *unqueue(struct smtp *smtp, struct delivery **link)
{
    struct delivery *d = *link;

    *link = d->next;
    if (d->next == NULL)
        smtp->last = link;
    return d;
}

static void end_untried(struct smtp *smtp, struct delivery *d, const char *why, bool trouble)
{
    d->state = DELIVERY_ENDED;
    result_set(&d->result, OUTCOME_RETRY, 0, "%s", why);
    d->result.gateway_trouble = trouble;
    post(smtp, d);
}

/* Hand the next delivery that waits to this sender, if there is one. */
static void take_next(struct sender *s)
{
    struct smtp *smtp = s->smtp;
    int64_t oldest_us = clock_mono_us() - WAITED_MAX_US;

    while (smtp->first != NULL && s->delivery == NULL) {
        struct delivery *d = unqueue(smtp, &smtp->first);
        if (d->since_us < oldest_us)
            end_untried(smtp, d, "no connection became free in time", false);
        else
            s->delivery = d;
    }
}

static void rest(struct sender *s)
{
    if (s->resting)
        return;
    s->resting = true;
    s->next_rest = s->smtp->rest;
    s->smtp->rest = s;
}

/* Wait for a delivery. false: stop. */
static bool wait_for_delivery(struct sender *s)
{
    struct smtp *smtp = s->smtp;

    for (;;) {
        take_next(s);
        if (s->delivery != NULL || atomic_load(&smtp->stopping))
            break;
        rest(s);
        if (!smtp_session_open(s->session)) {
            uv_cond_wait(&s->wake, &smtp->lock);
        } else if (uv_cond_timedwait(&s->wake, &smtp->lock, IDLE_MS * UINT64_C(1000000)) ==
                       UV_ETIMEDOUT &&
                   s->delivery == NULL) {
            uv_mutex_unlock(&smtp->lock);
            smtp_session_rest(s->session);
            uv_mutex_lock(&smtp->lock);
        }
    }
    if (s->delivery == NULL)
        return false;
    s->delivery->state = DELIVERY_RUNNING;
    s->delivery->sender = s;
    return true;
}

static void end_delivery(struct sender *s)
{
    struct smtp *smtp = s->smtp;
    struct delivery *d = s->delivery;

    s->delivery = NULL;
    d->state = DELIVERY_ENDED;
    bool trouble = d->result.gateway_trouble;
    post(smtp, d);
    while (trouble && smtp->first != NULL)
        end_untried(smtp, unqueue(smtp, &smtp->first), "not tried: the gateway is in trouble",
                    true);
}

/* --- the threads --- */

static bool pass_cb(void *arg)
{
    return exchange_pass(arg);
}

static void *sender_main(void *arg)
{
    struct sender *s = arg;
    struct smtp *smtp = s->smtp;

    uv_mutex_lock(&smtp->lock);
    while (wait_for_delivery(s)) {
        struct exchange *x = s->delivery->exchange;
        uv_mutex_unlock(&smtp->lock);
        smtp_session_send(s->session, x->message, x->deadline_us, pass_cb, x, &s->delivery->result);
        if (s->delivery->result.outcome == OUTCOME_SENT)
            exchange_accepted(x);
        uv_mutex_lock(&smtp->lock);
        end_delivery(s);
    }
    uv_mutex_unlock(&smtp->lock);
    smtp_session_free(s->session);
    atomic_fetch_add(&smtp->gone, 1);
    if (smtp->ready)
        uv_async_send(&smtp->async);
    return NULL;
}

static void smtp_stop(struct smtp *smtp)
{
    uv_mutex_lock(&smtp->lock); /* so that each is waiting, or will look at `stopping` first */
    atomic_store(&smtp->stopping, true);
    for (int i = 0; i < smtp->alive; i++)
        uv_cond_signal(&smtp->senders[i].wake);
    uv_mutex_unlock(&smtp->lock);
}

static int start_threads(struct smtp *smtp, const struct gateway_settings *settings,
                         struct err *err)
{
    for (int i = 0; i < smtp->count; i++) {
        struct sender *s = &smtp->senders[i];
        s->smtp = smtp;
        s->session = smtp_session_create(settings);
        uv_cond_init(&s->wake);
        int rc = thread_start(&s->thread, sender_main, s, "a sender", err);
        if (rc != 0) {
            uv_cond_destroy(&s->wake);
            smtp_session_free(s->session);
            return rc;
        }
        smtp->alive++;
    }
    return 0;
}

/* --- the loop --- */

static void smtp_free(struct smtp *smtp, int senders)
{
    for (int i = 0; i < senders; i++)
        uv_cond_destroy(&smtp->senders[i].wake);
    uv_mutex_destroy(&smtp->lock);
    free(smtp->senders);
    free(smtp->deliveries);
    free(smtp);
}

static void async_closed_cb(uv_handle_t *handle)
{
    struct smtp *smtp = handle->data;
    struct gateway *g = smtp->gateway;

    smtp_free(smtp, smtp->count);
    backend_closed(g);
}

static void join_all(struct smtp *smtp)
{
    for (int i = 0; i < smtp->alive; i++)
        pthread_join(smtp->senders[i].thread, NULL);
    smtp->alive = 0;
}

/* The senders stop only when told to, and are told only when nothing is under way. */
static void look_for_the_end(struct smtp *smtp)
{
    if (!atomic_load(&smtp->stopping) || atomic_load(&smtp->gone) < smtp->alive ||
        uv_is_closing((uv_handle_t *)&smtp->async))
        return;
    join_all(smtp);
    uv_close((uv_handle_t *)&smtp->async, async_closed_cb);
}

static void async_cb(uv_async_t *async)
{
    struct smtp *smtp = async->data;
    struct post_item *next;

    for (struct post_item *i = post_take(&smtp->posted); i != NULL; i = next) {
        struct delivery *d = i->thing;
        struct exchange *x = d->exchange;
        struct gateway_result result = d->result;
        next = i->next;
        d->state = DELIVERY_FREE; /* nobody else looks at an ended one */
        exchange_done(x, &result);
    }
    look_for_the_end(smtp);
}

static void *smtp_create(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err)
{
    const struct gateway_settings *settings = gateway_settings(g);
    struct smtp *smtp;

    if (smtp_session_check(settings, err) != 0)
        return NULL;
    smtp = mem_zalloc(sizeof(*smtp));
    smtp->gateway = g;
    smtp->count = gateway_connections(settings);
    smtp->senders = mem_array((size_t)smtp->count, sizeof(*smtp->senders));
    smtp->deliveries = mem_array((size_t)gateway_places(settings), sizeof(*smtp->deliveries));
    smtp->last = &smtp->first;
    uv_mutex_init(&smtp->lock);
    if (start_threads(smtp, settings, err) != 0) {
        int started = smtp->alive;
        smtp_stop(smtp);
        join_all(smtp);
        smtp_free(smtp, started);
        return NULL;
    }
    uv_async_init(loop, &smtp->async, async_cb);
    smtp->async.data = smtp;
    smtp->ready = true;
    return smtp;
}

/* An address that ends the angle brackets or the line would speak SMTP in our name. */
static bool address_is_plain(const char *s)
{
    return strlen(s) <= SMTP_ADDRESS_MAX && str_one_line(s, strlen(s)) && strpbrk(s, "<> ") == NULL;
}

static int smtp_check(const struct gateway_message *m)
{
    bool fine = m->channel == CHANNEL_EMAIL && m->to != NULL && m->from != NULL &&
                m->to[0] != '\0' && address_is_plain(m->to) && address_is_plain(m->from);

    return fine ? 0 : ERR_INVALID;
}

static void smtp_start(void *backend, struct exchange *x)
{
    struct smtp *smtp = backend;
    struct delivery *d = &smtp->deliveries[x->index];

    uv_mutex_lock(&smtp->lock);
    assert(d->state == DELIVERY_FREE);
    *d = (struct delivery){.exchange = x};
    struct sender *s = smtp->rest;
    if (s != NULL) {
        smtp->rest = s->next_rest;
        s->resting = false;
        s->delivery = d;
        d->state = DELIVERY_RUNNING;
        d->sender = s;
    } else {
        queue(smtp, d);
    }
    uv_mutex_unlock(&smtp->lock);
    if (s != NULL)
        uv_cond_signal(&s->wake);
}

static void smtp_abort(void *backend, struct exchange *x)
{
    struct smtp *smtp = backend;
    struct delivery *d = &smtp->deliveries[x->index];
    struct delivery **link = &smtp->first;

    uv_mutex_lock(&smtp->lock);
    if (d->state == DELIVERY_WAITING) {
        while (*link != d)
            link = &(*link)->next;
        end_untried(smtp, unqueue(smtp, link), "broken off before it began", false);
    } else if (d->state == DELIVERY_RUNNING) {
        smtp_session_break(d->sender->session);
    }
    uv_mutex_unlock(&smtp->lock);
}

static void smtp_close(void *backend)
{
    smtp_stop(backend);
}

const struct backend_ops smtp_backend = {
    .create = smtp_create,
    .check = smtp_check,
    .start = smtp_start,
    .abort = smtp_abort,
    .close = smtp_close,
};
