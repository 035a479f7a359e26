/*
 * The exact bytes of an e-mail, from its parts: what is stored before the wire, and what goes over
 * it unchanged. RFC 5322 for the headers, RFC 2045-2047 for the rest.
 *
 * What the bytes keep to, whatever the input: US-ASCII only; CRLF line ends only; header lines up
 * to 78 bytes where there is a place to fold and never over 998, body lines up to 76; no body line
 * that begins with a dot or with "From " (a relay that treats those specially cannot harm it). The
 * same input gives the same bytes, if it names its boundary.
 *
 * A line break or another control character in anything that becomes a header is refused, not cut
 * out: it is how strangers add recipients. Safe from any thread.
 */
#ifndef TEXT_MIME_H
#define TEXT_MIME_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define MIME_NAME_MAX 1000            /* bytes of a display name */
#define MIME_SUBJECT_MAX 4000         /* bytes of a subject: 1,000 characters of any script */
#define MIME_URL_MAX 900              /* bytes of a URL: it cannot be folded */
#define MIME_TYPE_MAX 60              /* bytes of an extra part's media type: one line */
#define MIME_FILE_MAX 40              /* bytes of its file name: one line as well */
#define MIME_BODY_MAX (1024L * 1024L) /* bytes of one body: mail programs cut far earlier */
#define MIME_BOUNDARY_MAX 64          /* bytes of a given boundary */
#define MIME_ID_MAX 330               /* "<token@domain>" and its NUL */
#define MIME_TOKEN_MAX 64             /* bytes of the part of a Message-ID before the @ */

struct mime_address {
    const char *name;    /* UTF-8 as a person writes it, without quotes; NULL or "": none */
    const char *mailbox; /* user@host */
};

/* One more way to say the same, behind text and HTML: a calendar invitation. */
struct mime_part {
    const char *type;     /* "text/calendar; method=REQUEST": a text type with its parameters; the
                           * charset is added */
    const char *body;     /* UTF-8 */
    const char *filename; /* letters, digits and .-_: the same once more, as a calendar file of this
                           * name, for programs that look at files only; NULL: not */
};

/* Everything is borrowed for the call. NULL leaves the header or part out, where it says so. */
struct mime_mail {
    struct mime_address from, to;
    const char *reply_to;            /* user@host, or NULL */
    const char *subject;             /* UTF-8; "" leaves the header out */
    const char *text;                /* UTF-8, any line ends */
    const char *html;                /* UTF-8, or NULL: then the mail is plain text */
    const struct mime_part *extra;   /* or NULL */
    int64_t date_ms;                 /* the Date header's instant */
    int offset_s;                    /* ... told at this offset east of UTC, cut to minutes */
    const char *message_id;          /* "<token@domain>", from mime_message_id */
    const char *unsubscribe_url;     /* https:// or http://, or NULL. Only https gets the one-click
                                      * header of RFC 8058, which forbids anything else. */
    const char *unsubscribe_mailbox; /* user@host for RFC 2369's mailto:, or NULL */
    const char *auto_submitted;      /* "auto-generated" (RFC 3834), or NULL */
    const char *language;            /* BCP 47, for Content-Language (RFC 3282), or NULL */
    const char *boundary;            /* letters and digits; NULL: random */
};

/* Append the mail to `out`. On an error `out` is as before and `err` names the header: ERR_INVALID
 * when something is missing, not UTF-8, or holds what may not stand there; ERR_LIMIT when something
 * is longer than its limit above. */
int mime_build(const struct mime_mail *mail, struct buf *out, struct err *err);

/* "<token@domain>" (RFC 5322, 3.6.4). The token is letters, digits and -_. and has to be unique for
 * the domain, forever; whoever repeats a mail repeats its token. */
int mime_message_id(char out[MIME_ID_MAX], const char *token, const char *domain, struct err *err);

#endif
