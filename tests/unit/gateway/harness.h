/*
 * What the gateway tests share: peers in Python as child processes, and one gateway on a loop of
 * its own, driven until its messages are done. Every wait is bounded by PATIENCE_S.
 */
#ifndef TESTS_GATEWAY_HARNESS_H
#define TESTS_GATEWAY_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "gateway/gateway.h"

#define PATIENCE_S 60
#define PEER_ARGS_MAX 24
#define TRIAL_MESSAGES_MAX 64

static char folder[64]; /* of this test program, removed at the end */

static inline int make_folder(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/betimes-gateway-XXXXXX");
    alarm(600);
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    char *command = mem_printf("rm -rf '%s'", folder);
    int rc = system(command);

    free(command);
    return rc;
}

/* ---- peers */

struct peer {
    pid_t pid;
    int in; /* its standard input: closing it ends the peer */
    int port;
    char certificate[256];
    char log[128];
};

/* Start tests/peers/SCRIPT with the arguments (the last one NULL) and --log; wait for "ready". */
static inline void peer_start(struct peer *p, const char *script, const char *const *args)
{
    static int number;
    int in[2], out[2];
    char line[512];
    const char *argv[PEER_ARGS_MAX] = {"/usr/bin/python3", script, "--log", p->log};
    size_t n = 4;

    snprintf(p->log, sizeof(p->log), "%s/log-%d", folder, ++number);
    for (; args != NULL && *args != NULL; args++) {
        assert_true(n < PEER_ARGS_MAX - 1);
        argv[n++] = *args;
    }
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    p->in = in[1];
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof(line), f));
    assert_int_equal(sscanf(line, "ready %d %255s", &p->port, p->certificate), 2);
    fclose(f);
}

static inline void peer_stop(struct peer *p)
{
    int status;

    close(p->in);
    kill(p->pid, SIGTERM);
    waitpid(p->pid, &status, 0);
}

/* How many lines of the peer's log contain `what`. */
static inline int peer_count(const struct peer *p, const char *what)
{
    struct buf b;
    int count = 0;

    buf_init(&b);
    fs_read(p->log, 1 << 24, &b, NULL);
    for (const char *at = strstr(b.data, what); at != NULL; at = strstr(at + 1, what))
        count++;
    buf_close(&b);
    return count;
}

/* The same, once it is at least `least`: the peer may be a moment behind. */
static inline int peer_wait_count(const struct peer *p, const char *what, int least)
{
    int64_t end_us = clock_mono_us() + PATIENCE_S * INT64_C(1000000);

    while (peer_count(p, what) < least && clock_mono_us() < end_us)
        usleep(2000);
    return peer_count(p, what);
}

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
    t->points += (int)atomic_load(&t->marks[id]);
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
