/* URLs taken apart and put together: where one leads, and who may hear what was meant for another.
 * By libcurl's own parser, so that what is judged is what will be spoken to. */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include <stdbool.h>

#include "base/err.h"

#define ORIGIN_URL_MAX 4096
#define ORIGIN_HOST_MAX 256

struct origin {
    bool tls;
    int port;
    char host[ORIGIN_HOST_MAX]; /* lower case, as in the URL */
};

/* 0, or ERR_INVALID with a sentence that does not repeat the URL: not http or https, no host, a
 * user name in it, too long, or no URL at all. */
int origin_of(const char *url, struct origin *out, struct err *err);

/* What the reference `to` (a Location, an href) means in a document at `url`, RFC 3986, 5; a
 * fragment is left out. free() it; NULL when it means nothing, which is no judgement of where it
 * leads. */
char *origin_resolve(const char *url, const char *to);

/* The same host, whatever its port. */
bool origin_same_host(const struct origin *a, const struct origin *b);

/* May what was meant for `home` be told to `there`? The very same, or https where home was http,
 * both at their usual ports. */
bool origin_trusts(const struct origin *home, const struct origin *there);

#endif
