/*
 * Where the page listens: `[web] listen`.
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

struct listen_address {
    struct sockaddr_storage address;
    socklen_t length;
};

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; a port alone ("8080", ":8080") means this
 * machine only. ERR_INVALID with a sentence that says what would be right. */
int listen_parse(const char *text, struct listen_address *out, struct err *err);

/* A listening socket, non-blocking; the descriptor, or a negative code with a sentence. */
int listen_open(const struct listen_address *a, struct err *err);

/* The address without its port; "?" for one of another family. */
#define ADDRESS_TEXT_MAX 64
void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_MAX]);

/* Does it lead to this machine and no other (127.0.0.0/8, ::1, and the former mapped)? */
bool address_is_loopback(const struct sockaddr *a);

#endif
