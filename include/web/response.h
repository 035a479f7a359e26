/*
 * The answer to a request: a status, a body, and the few headers that answers differ in. The
 * headers that all of them have are the server's.
 */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define TAG_MAX 40

struct response {
    int status;
    const char *type;  /* Content-Type; borrowed */
    struct buf body;   /* or, when `fixed` is not NULL: */
    const void *fixed; /* bytes that outlive the answer */
    size_t fixed_len;
    int fd;            /* or, when it is not -1: an open file, which is closed with the answer, */
    size_t file_len;   /* of so many bytes */
    char *filename;    /* under which it may be saved; NULL: none */
    char *location;    /* for a redirect; NULL: none */
    char *cookies[2];  /* Set-Cookie; NULL: none */
    int retry_after_s; /* 0: none */
    bool keep;         /* may be kept for ever: its address changes with its content */
    bool fresh;        /* may be kept, if it is asked about before each use */
    char tag[TAG_MAX]; /* ETag without its quotes; "": none */
    const char *allow; /* the methods, for 405; borrowed, NULL: none */
    bool framed;       /* a mail of ours, to be shown in a frame of our pages: it may style itself,
                          and nothing else */
    bool close;        /* end the connection */
};

/* An empty page, 200; and its end. */
void response_init(struct response *r);
void response_close(struct response *r);

/* Plain text, and nothing else that was written before. */
void response_text(struct response *r, int status, const char *text);

/* Does an If-None-Match header (NULL: none) name this answer's tag? Then it becomes a 304. */
bool response_unchanged(struct response *r, const char *match);

/* Go there with a GET (303). */
void response_go(struct response *r, const char *location);

/* Set a cookie for the whole site, HttpOnly and SameSite=Lax, `secure` or not, for as long as the
 * browser is open; an empty value takes it away. At most two in an answer. */
void response_cookie(struct response *r, const char *name, const char *value, bool secure);

#endif
