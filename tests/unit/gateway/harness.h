/*
 * What the gateway tests share: one gateway on a loop of its own, driven until its messages are
 * done. Every wait is bounded by PATIENCE_S.
 */
#ifndef TESTS_GATEWAY_HARNESS_H
#define TESTS_GATEWAY_HARNESS_H

#include <stdatomic.h>

#include "../support/peer.h"
#include "gateway/gateway.h"

#define TRIAL_MESSAGES_MAX 64

/* ---- a gateway on trial */

struct trial {
    uv_loop_t loop;
    struct gateway_settings settings;
    struct gateway_hooks hooks;
    struct gateway *gateway;
    int points; /* how many of those done had passed their point of no return */
    int done;
    atomic_uint marks[TRIAL_MESSAGES_MAX]; /* by message id, as the rest */
    bool in_send;
    bool closed;
    struct gateway_result results[TRIAL_MESSAGES_MAX]; /* by message id */
    int done_for[TRIAL_MESSAGES_MAX];
    uv_timer_t patience, tick;
    int64_t tick_us, lag_us; /* the longest time the loop was away */
};

static inline void trial_done(void *arg, int64_t id, const struct gateway_result *result)
{
    struct trial *t = arg;

    assert_false(t->in_send);
    assert_true(id > 0 && id < TRIAL_MESSAGES_MAX);
    t->results[id] = *result;
    t->done_for[id]++;
    t->points += (atomic_load(&t->marks[id]) & GATEWAY_MARK_PASSED) != 0;
    assert_true(result->outcome != OUTCOME_UNKNOWN || atomic_load(&t->marks[id]) == 1);
    t->done++;
}

static inline void trial_patience_cb(uv_timer_t *timer)
{
    fail_msg("nothing happened for %d s", PATIENCE_S);
}

static inline void trial_tick_cb(uv_timer_t *timer)
{
    struct trial *t = timer->data;
    int64_t now_us = clock_mono_us();

    if (t->tick_us != 0 && now_us - t->tick_us > t->lag_us)
        t->lag_us = now_us - t->tick_us;
    t->tick_us = now_us;
}

/* Fill t->settings in before trial_open; timeout_ms and connections have defaults here. */
static inline void trial_init(struct trial *t)
{
    memset(t, 0, sizeof(*t));
    uv_loop_init(&t->loop);
    t->settings.name = "trial";
    t->settings.connections = 2;
    t->settings.timeout_ms = 20000;
    t->hooks = (struct gateway_hooks){trial_done, t};
    uv_timer_init(&t->loop, &t->patience);
    uv_timer_init(&t->loop, &t->tick);
    t->tick.data = t->patience.data = t;
    uv_timer_start(&t->tick, trial_tick_cb, 1, 1);
}

static inline void trial_open(struct trial *t, const char *providers)
{
    struct err err = {0};

    t->gateway = gateway_create(&t->loop, &t->settings, providers, &t->hooks, &err);
    if (t->gateway == NULL)
        fail_msg("%s", err.text);
}

static inline void trial_send(struct trial *t, struct gateway_message *m)
{
    m->mark = &t->marks[m->id];
    t->in_send = true;
    assert_int_equal(gateway_send(t->gateway, m), 0);
    t->in_send = false;
}

static inline void trial_wait(struct trial *t, int done)
{
    uv_timer_start(&t->patience, trial_patience_cb, PATIENCE_S * 1000, 0);
    while (t->done < done)
        uv_run(&t->loop, UV_RUN_ONCE);
    uv_timer_stop(&t->patience);
}

/* End the loop, on which no handle of a gateway may be left. */
static inline void trial_drop(struct trial *t)
{
    uv_close((uv_handle_t *)&t->patience, NULL);
    uv_close((uv_handle_t *)&t->tick, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->loop), 0);
}

static inline void trial_closed_cb(void *arg)
{
    struct trial *t = arg;

    t->closed = true;
}

static inline void trial_close(struct trial *t, int64_t grace_ms)
{
    gateway_close(t->gateway, grace_ms, trial_closed_cb, t);
    uv_timer_start(&t->patience, trial_patience_cb, PATIENCE_S * 1000, 0);
    while (!t->closed)
        uv_run(&t->loop, UV_RUN_ONCE);
    trial_drop(t);
    print_message("           longest time away from the loop: %.1f ms\n",
                  (double)t->lag_us / 1000.0);
}

/* Send one message and wait for what becomes of it. */
static inline const struct gateway_result *trial_one(struct trial *t, struct gateway_message *m)
{
    int before = t->done;

    trial_send(t, m);
    trial_wait(t, before + 1);
    return &t->results[m->id];
}

#endif
