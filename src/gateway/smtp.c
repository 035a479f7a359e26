/*
 * The SMTP gateway: one sender thread for each connection, because libcurl's SMTP blocks.
 *
 * The happy path: smtp_start gives the exchange to its thread (exchange i belongs to sender i, so
 * with little to do the same connection is used again) and wakes it. The thread carries the
 * transaction out in smtp_session_send; at the point it turns to ASKING, posts itself and sleeps;
 * the loop takes all posted senders at once, asks the dispatcher, and smtp_proceed wakes the thread
 * again; at the end the thread turns to ENDED, posts itself and waits for the next. However many
 * are posted, one uv_async_send wakes the loop for all of them.
 *
 *   IDLE -> WORKING -> (ASKING -> ANSWERED ->) ENDED -> IDLE
 *
 * When things fail: the session's verdict is the result. A thread that waits in ASKING gives up at
 * the exchange's deadline or when aborted and turns to ENDED; an answer that comes later finds
 * another state and does nothing. A thread that has nothing to do for IDLE_MS says QUIT. Closing:
 * each thread leaves its loop and posts itself as GONE; the loop then joins it without waiting.
 */
#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/backend.h"
#include "gateway/smtp_session.h"

#define IDLE_MS 20000 /* servers drop idle clients after half a minute to five */

enum sender_state {
    SENDER_IDLE,
    SENDER_WORKING,
    SENDER_ASKING,
    SENDER_ANSWERED,
    SENDER_ENDED,
    SENDER_GONE
};

struct smtp;

struct sender {
    struct smtp *smtp;
    uv_thread_t thread;
    uv_cond_t wake;
    struct smtp_session *session;
    uv_mutex_t lock; /* for the rest */
    enum sender_state state;
    struct exchange *exchange;
    bool go;      /* with ANSWERED */
    bool aborted; /* for good */
    bool posted;
    struct sender *next_posted;
    struct gateway_result result; /* with ENDED */
};

struct smtp {
    struct gateway *gateway;
    uv_async_t async;
    struct sender *_Atomic posted; /* those the loop has to look at, the newest first */
    struct sender *senders;
    int count;
    int alive;  /* threads not yet joined; the loop's alone */
    bool ready; /* the loop listens */
    atomic_bool stopping;
};

/* Change the state and have the loop look at it: a push onto a list without a lock (the loop takes
 * the whole list at once, so no element can come back meanwhile), and a wake-up if it was empty. */
static void turn_to(struct sender *s, enum sender_state state)
{
    struct smtp *smtp = s->smtp;
    bool push;

    uv_mutex_lock(&s->lock);
    s->state = state;
    push = !s->posted;
    s->posted = true;
    uv_mutex_unlock(&s->lock);
    if (!push)
        return;
    struct sender *head = atomic_load(&smtp->posted);
    do {
        s->next_posted = head;
    } while (!atomic_compare_exchange_weak(&smtp->posted, &head, s));
    if (head == NULL && smtp->ready)
        uv_async_send(&smtp->async);
}

/* In the sender's thread: ask the loop for leave to pass the point of no return. */
static bool ask_cb(void *arg, int64_t deadline_us)
{
    struct sender *s = arg;
    bool go;

    turn_to(s, SENDER_ASKING);
    uv_mutex_lock(&s->lock);
    while (s->state == SENDER_ASKING && !s->aborted) {
        int64_t left_us = deadline_us - clock_mono_us();
        if (left_us <= 0)
            break;
        uv_cond_timedwait(&s->wake, &s->lock, (uint64_t)left_us * 1000);
    }
    go = s->state == SENDER_ANSWERED && s->go && !s->aborted;
    s->state = SENDER_WORKING;
    uv_mutex_unlock(&s->lock);
    return go;
}

/* With the lock held: wait for an exchange. false: stop. */
static bool wait_for_work(struct sender *s)
{
    while (s->state != SENDER_WORKING && !atomic_load(&s->smtp->stopping)) {
        if (!smtp_session_open(s->session)) {
            uv_cond_wait(&s->wake, &s->lock);
        } else if (uv_cond_timedwait(&s->wake, &s->lock, IDLE_MS * UINT64_C(1000000)) ==
                       UV_ETIMEDOUT &&
                   s->state != SENDER_WORKING) {
            uv_mutex_unlock(&s->lock);
            smtp_session_rest(s->session);
            uv_mutex_lock(&s->lock);
        }
    }
    return s->state == SENDER_WORKING;
}

static void sender_main(void *arg)
{
    struct sender *s = arg;

    uv_mutex_lock(&s->lock);
    while (wait_for_work(s)) {
        struct exchange *x = s->exchange;
        uv_mutex_unlock(&s->lock);
        smtp_session_send(s->session, x->message, x->deadline_us, ask_cb, s, &s->result);
        turn_to(s, SENDER_ENDED);
        uv_mutex_lock(&s->lock);
    }
    uv_mutex_unlock(&s->lock);
    smtp_session_free(s->session);
    turn_to(s, SENDER_GONE);
}

static void smtp_free(struct smtp *smtp, int senders)
{
    for (int i = 0; i < senders; i++) {
        uv_cond_destroy(&smtp->senders[i].wake);
        uv_mutex_destroy(&smtp->senders[i].lock);
    }
    free(smtp->senders);
    free(smtp);
}

static void async_closed_cb(uv_handle_t *handle)
{
    struct smtp *smtp = handle->data;
    struct gateway *g = smtp->gateway;

    smtp_free(smtp, smtp->count);
    backend_closed(g);
}

static void sender_gone(struct sender *s)
{
    struct smtp *smtp = s->smtp;

    uv_thread_join(&s->thread);
    if (--smtp->alive == 0)
        uv_close((uv_handle_t *)&smtp->async, async_closed_cb);
}

/* Serve one posted sender, whose state may have moved on since it was posted. */
static void serve(struct sender *s)
{
    struct exchange *x = s->exchange;
    struct gateway_result result;

    uv_mutex_lock(&s->lock);
    enum sender_state state = s->state;
    s->posted = false;
    if (state == SENDER_ENDED) {
        result = s->result;
        s->state = SENDER_IDLE;
        s->exchange = NULL;
    }
    uv_mutex_unlock(&s->lock);
    if (state == SENDER_ASKING)
        exchange_ask(x);
    else if (state == SENDER_ENDED)
        exchange_done(x, &result);
    else if (state == SENDER_GONE)
        sender_gone(s);
}

static void async_cb(uv_async_t *async)
{
    struct smtp *smtp = async->data;
    struct sender *list = atomic_exchange(&smtp->posted, NULL);

    while (list != NULL) {
        struct sender *s = list;
        list = s->next_posted; /* nobody writes it before serve says that it is off the list */
        serve(s);
    }
}

static void block_signals(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static void smtp_stop(struct smtp *smtp)
{
    atomic_store(&smtp->stopping, true);
    for (int i = 0; i < smtp->alive; i++) {
        struct sender *s = &smtp->senders[i];
        uv_mutex_lock(&s->lock); /* so that it is waiting, or will look at `stopping` first */
        uv_cond_signal(&s->wake);
        uv_mutex_unlock(&s->lock);
    }
}

static int start_threads(struct smtp *smtp, const struct gateway_settings *settings,
                         struct err *err)
{
    sigset_t before;
    int rc = 0;

    block_signals(&before); /* the threads inherit it: signals are the loop's */
    for (int i = 0; i < smtp->count; i++) {
        struct sender *s = &smtp->senders[i];
        s->smtp = smtp;
        s->session = smtp_session_create(settings);
        uv_cond_init(&s->wake);
        uv_mutex_init(&s->lock);
        rc = uv_thread_create(&s->thread, sender_main, s);
        if (rc != 0) {
            err_set(err, "start a sender thread: %s", uv_strerror(rc));
            uv_cond_destroy(&s->wake);
            uv_mutex_destroy(&s->lock);
            smtp_session_free(s->session);
            break;
        }
        smtp->alive++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? 0 : ERR_IO;
}

static void *smtp_create(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err)
{
    const struct gateway_settings *settings = gateway_settings(g);
    struct smtp *smtp;

    if (smtp_session_check(settings, err) != 0)
        return NULL;
    smtp = mem_zalloc(sizeof(*smtp));
    smtp->gateway = g;
    smtp->count = settings->connections > 0 ? settings->connections : 1;
    smtp->senders = mem_array((size_t)smtp->count, sizeof(*smtp->senders));
    if (start_threads(smtp, settings, err) != 0) {
        smtp_stop(smtp);
        for (int i = 0; i < smtp->alive; i++)
            uv_thread_join(&smtp->senders[i].thread);
        smtp_free(smtp, smtp->alive);
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
    struct sender *s = &smtp->senders[x->index];

    uv_mutex_lock(&s->lock);
    assert(s->state == SENDER_IDLE);
    s->exchange = x;
    s->state = SENDER_WORKING;
    uv_mutex_unlock(&s->lock);
    uv_cond_signal(&s->wake);
}

static void smtp_proceed(void *backend, struct exchange *x, bool go)
{
    struct smtp *smtp = backend;
    struct sender *s = &smtp->senders[x->index];

    uv_mutex_lock(&s->lock);
    if (s->state == SENDER_ASKING) {
        s->go = go;
        s->state = SENDER_ANSWERED;
    }
    uv_mutex_unlock(&s->lock);
    uv_cond_signal(&s->wake);
}

static void smtp_abort(void *backend, struct exchange *x)
{
    struct smtp *smtp = backend;
    struct sender *s = &smtp->senders[x->index];

    uv_mutex_lock(&s->lock);
    s->aborted = true;
    uv_cond_signal(&s->wake);
    uv_mutex_unlock(&s->lock);
    smtp_session_break(s->session);
}

static void smtp_close(void *backend)
{
    smtp_stop(backend);
}

const struct backend_ops smtp_backend = {
    .create = smtp_create,
    .check = smtp_check,
    .start = smtp_start,
    .proceed = smtp_proceed,
    .abort = smtp_abort,
    .close = smtp_close,
};
