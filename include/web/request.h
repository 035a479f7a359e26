/*
 * A request as a handler sees it: read, checked and decoded whole. What is malformed never reaches
 * one.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "web/listen.h"

#define TARGET_BYTES_MAX 4096 /* of a path with its query */
#define FIELDS_MAX 100        /* of a query or a form */
#define BODY_BYTES_MAX (64 * 1024)
/* Of a form with a whole text: each of its bytes may take three. */
#define TEXT_BODY_BYTES_MAX (208 * 1024)

#define REQUEST_REPORT_PATH                                                                        \
    "/report/" /* what lies there is asked for by providers, not browsers                          \
                */

enum method { METHOD_GET = 1, METHOD_POST = 2, METHOD_OTHER = 4 };

struct field {
    char *name, *value;
};
struct fields {
    struct field *items;
    size_t count, cap;
};

struct request {
    enum method method; /* HEAD is GET: the server leaves the body out */
    char *path;         /* decoded and checked: begins with "/" */
    struct fields query, form;
    char *host;    /* the Host header, with its port; NULL: none */
    char *cookies; /* the Cookie header; NULL: none */
    char *origin;  /* the Origin header; NULL: none */
    char *referer; /* the Referer header; NULL: none */
    char *site;    /* the Sec-Fetch-Site header; NULL: none */
    char *match;   /* the If-None-Match header; NULL: none */
    /* Beneath REQUEST_REPORT_PATH alone, where signatures are computed from it: */
    struct fields headers;
    const char *target; /* path and query as they came; lives as long as the exchange, like */
    const char *body;   /* the body, form or not */
    size_t body_len;
    bool json; /* the body is JSON, and `form` is empty */
    char
        from[ADDRESS_TEXT_MAX]; /* who asks: the other end, or whom a proxy on this machine names */
    bool direct;                /* from this machine itself, through no proxy */
};

void request_close(struct request *r); /* free what it holds; it is all zero afterwards */

/* Read "/clients/7?from=3" into path and query. ERR_INVALID for what is not well formed or tries to
 * be something else than it looks: bad escapes, encoded slashes, dots and control characters, "//",
 * "." and ".." as a part, what is no UTF-8. ERR_LIMIT: too long, or too many fields. */
int request_parse_target(struct request *r, const char *target);

/* Read "a=b&c=d" (application/x-www-form-urlencoded) into `f`. ERR_INVALID: bad escapes, an encoded
 * NUL, no UTF-8. ERR_LIMIT: more than FIELDS_MAX. */
int fields_parse(struct fields *f, const char *text, size_t len);
void fields_close(struct fields *f);

/* Add one. false: there are FIELDS_MAX. Both texts are copied. */
bool fields_add(struct fields *f, const char *name, const char *value);

/* How long its body may be: texts are changed beneath /templates/ and /partials/. */
size_t request_body_max(const struct request *r);

/* The first value of the name; NULL: none. */
const char *fields_get(const struct fields *f, const char *name);

/* The value of a cookie of this name, copied to `out` (`size` bytes); false: there is none, or it
 * is longer. */
bool request_cookie(const struct request *r, const char *name, char *out, size_t size);

/* The host of a Host header or a web address's authority without its port, in small letters, in
 * `out` (`size` bytes). false: it is none. */
bool host_without_port(const char *authority, char *out, size_t size);

#endif
