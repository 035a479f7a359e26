/*
 * Who is connected: limits and deadlines of our own, since libmicrohttpd's know only inactivity.
 *
 * When there is no room for somebody new, whoever has kept a connection without a request for
 * longest gives it up: so idle connections, however many, never keep a manager out. What is being
 * worked on is never given up.
 */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/listen.h"

#define CONNECTIONS_MAX 256
#define CONNECTIONS_OF_ADDRESS_MAX 128

#define HEAD_MS                                                                                    \
    15000               /* from the connection, or the last answer, to the end of a request's head \
                         */
#define BODY_MS 20000   /* from there to the end of its body */
#define ANSWER_MS 60000 /* from the answer to its last byte taken */

enum phase { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER, PHASE_WORK /* without a deadline */ };

struct connection {
    int fd;
    char address[ADDRESS_TEXT_MAX];
    enum phase phase;
    int64_t since_ms; /* monotonic */
    bool ended;       /* by us; its socket is shut down, and counts no more */
    struct connection *previous, *next;
};

struct connections {
    struct connection *first;
};

/* Is there room for one from this address? Makes it if need be. */
bool connections_admit(struct connections *c, const struct sockaddr *from);

/* A new one, embedded or on the heap, and its end. */
void connections_add(struct connections *c, struct connection *one, int fd,
                     const struct sockaddr *from, int64_t now_ms);
void connections_remove(struct connections *c, struct connection *one);
void connection_enter(struct connection *one, enum phase phase, int64_t now_ms);

/* End those that are past their deadlines. */
void connections_expire(struct connections *c, int64_t now_ms);

#endif
