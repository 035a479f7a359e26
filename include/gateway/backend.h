/*
 * Between gateway.c and the backends (smtp.c, sms.c, file.c); nobody else includes this. gateway.c
 * keeps the table of exchanges, checks every move and speaks with the dispatcher; a backend only
 * carries the exchanges out, at most settings->connections of them at once; the others wait with it
 * in their order. Everything here runs on the loop's thread, but for what says otherwise.
 */
#ifndef GATEWAY_BACKEND_H
#define GATEWAY_BACKEND_H

#include "gateway/gateway.h"

enum exchange_state {
    EXCHANGE_FREE,    /* an empty place in the table */
    EXCHANGE_STARTED, /* the backend has it */
    EXCHANGE_STOPPED, /* the grace of gateway_close is over */
    EXCHANGE_STATE_COUNT
};

struct exchange {
    struct gateway *gateway;
    const struct gateway_message *message;
    int64_t deadline_us; /* on the monotonic clock */
    int index;           /* its place in the table: 0 .. gateway_places - 1 */
    enum exchange_state state;
    atomic_bool passed; /* its point of no return */
};

struct backend_ops {
    /* Returns the backend, or NULL with `err` set. */
    void *(*create)(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err);
    /* May this message be sent here at all? 0 or ERR_INVALID. */
    int (*check)(const struct gateway_message *m);
    /* Begin, or have it wait for a connection; must not call exchange_done before it has returned.
     */
    void (*start)(void *backend, struct exchange *x);
    /* Break off; exchange_done must come soon (a second or so), as for start not from within. */
    void (*abort)(void *backend, struct exchange *x);
    /* Called once, with no exchange under way: close every handle, free the backend, and then call
     * backend_closed. */
    void (*close)(void *backend);
};

extern const struct backend_ops smtp_backend, sms_backend, file_backend;

/* From any thread: the exchange passes its point of no return with what its backend does next.
 * false: it must not, and has to end as if broken off. */
bool exchange_pass(struct exchange *x);

/* From any thread: the other side has accepted it. That is marked at once, however long it takes
 * the loop to hear of it, so that it is known even if the process dies before. */
void exchange_accepted(struct exchange *x);

/* How many exchanges a backend has to be ready for: its connections, and those that wait. */
int gateway_places(const struct gateway_settings *settings);
int gateway_connections(const struct gateway_settings *settings);

/* The exchange is over. `x` belongs to the table again and may be started from within. */
void exchange_done(struct exchange *x, const struct gateway_result *result);

/* The answer to backend_ops.close, when the last handle is closed: frees the gateway. */
void backend_closed(struct gateway *g);

/* Put a result together: outcome, code and a detail for people; all else is zero. */
__attribute__((format(printf, 4, 5))) void result_set(struct gateway_result *r, enum outcome o,
                                                      int code, const char *fmt, ...);

/* Is `host` (of a URL, IPv6 with or without brackets) this machine: 127.0.0.0/8, ::1, localhost? */
bool gateway_host_is_loopback(const char *host);

#endif
