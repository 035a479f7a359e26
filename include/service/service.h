/*
 * The service: start and stop order, signals, reload, the service manager.
 *
 * SIGTERM, SIGINT: stop; what is on the wire is finished or marked. SIGHUP, or a saved file:
 * reload, whole or not at all.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct service;

struct service_options {
    const char *dir;
    bool has_now; /* a virtual clock: starts at now_ms and runs `speed` times as fast */
    int64_t now_ms;
    double speed; /* 1: as fast as the real one */
    bool quiet;   /* no log but warnings (the demo) */
    /* Called once everything runs, on the loop; NULL: nothing. */
    void (*started)(void *arg, struct service *s, uv_loop_t *loop);
    /* Called when the service is about to end, so that what `started` opened can be closed. */
    void (*stopping)(void *arg);
    void *arg;
};

/* Run until a signal or service_stop. Returns the exit status: 0 stopped as asked, 1 the
 * configuration is wrong (every problem is on standard error), 2 it could not run. */
int service_run(const struct service_options *options);

/* Stop as on SIGTERM; service_run returns when everything is closed. Twice is as good as once. */
void service_stop(struct service *s);

#endif
