/*
 * Errors: a function that can fail returns 0 or one of the negative codes below; where a person
 * will read about it, it also takes a struct err and leaves a sentence in it. Callers add context
 * in front as the error travels outwards: "open the database: /srv/betimes.db: no such file".
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum {
    ERR_INVALID = -1,  /* what was asked for is wrong: bad input, bad configuration */
    ERR_NOTFOUND = -2, /* there is no such thing */
    ERR_IO = -3,       /* the system said no: disk, file, network */
    ERR_BUSY = -4,     /* somebody else holds it; trying again later is right */
    ERR_FULL = -5,     /* no room left on the disk */
    ERR_READONLY = -6, /* may be read, not written */
    ERR_CORRUPT = -7,  /* it is damaged; trying again will not help */
    ERR_LIMIT = -8,    /* larger, deeper or longer than a named limit */
    ERR_EXISTS = -9,   /* there is one already */
    ERR_CANCELLED = -10,
};

#define ERR_TEXT_MAX 1024

struct err {
    char text[ERR_TEXT_MAX]; /* UTF-8, no final full stop or newline; "" when nothing went wrong */
};

/* Set the text of `e` (which may be NULL: then nothing happens). Over-long text is cut, at a
 * character's end. */
__attribute__((format(printf, 2, 3))) void err_set(struct err *e, const char *fmt, ...);

/* Put "context: " in front of the text of `e` (which may be NULL). */
__attribute__((format(printf, 2, 3))) void err_context(struct err *e, const char *fmt, ...);

/* Set "context: the system's words for `errnum`", and return the code that fits (ERR_IO, ERR_FULL,
 * ERR_READONLY, ERR_NOTFOUND, ERR_EXISTS). `errnum` is a positive errno value. */
__attribute__((format(printf, 3, 4))) int err_errno(struct err *e, int errnum, const char *fmt,
                                                    ...);

/* A short name of a code for logs: "invalid", "io", ...; "ok" for 0. */
const char *err_name(int code);

#endif
