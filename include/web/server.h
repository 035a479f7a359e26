/*
 * The HTTP server: libmicrohttpd on the service's loop, without a thread of its own. It reads and
 * checks requests whole before anybody sees them, and puts the headers on answers that all of them
 * have.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <uv.h>

#include "web/request.h"
#include "web/response.h"

struct server;

/* A request and its answer; lives until the answer is taken or the connection ends. */
struct exchange {
    struct request request;
    struct response response;
    void *data;                            /* the receiver's own */
    void (*free_data)(struct exchange *x); /* called at its end if `data` is not NULL */
    struct server *server;                 /* from here on the server's own */
    struct connection *connection;
    void *transport;
    char *target;
    struct buf body;
    int refused; /* the status for a request that is none */
    bool begun, answered, suspended;
};

/* A request has come. Whoever gets it fills in the response and calls exchange_answer, in this call
 * or later, exactly once. */
typedef void (*server_request)(void *arg, struct exchange *x);

/* Serve on the listening socket `fd`, which is taken over in any case. NULL with a sentence. */
struct server *server_create(uv_loop_t *loop, int fd, server_request request, void *arg,
                             struct err *err);

/* On the loop. */
void exchange_answer(struct exchange *x);

/* End it: no more connections at once; when what is under way is answered, everything is closed and
 * freed, and `closed` is called. */
void server_close(struct server *s, void (*closed)(void *arg), void *arg);

#endif
