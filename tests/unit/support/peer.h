/*
 * Peers for unit tests: the servers of tests/peers, in Python, as child processes. Every wait is
 * bounded by PATIENCE_S.
 */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <setjmp.h>
#include <stdarg.h>
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

#define PATIENCE_S 60
#define PEER_ARGS_MAX 24

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

/* Write a line to its standard input, and wait until its log says "ok" to it. */
static inline void peer_tell(struct peer *p, const char *fmt, ...)
{
    char line[512];
    int before = peer_count(p, "ok\n");
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
    va_end(ap);
    line[n++] = '\n';
    assert_int_equal(write(p->in, line, (size_t)n), n);
    assert_int_equal(peer_wait_count(p, "ok\n", before + 1), before + 1);
}

#endif
