/*
 * What an SMTP transaction came to, judged from what was seen of it. Pure; private to the gateway
 * room. The rules are RFC 5321, 4.2.1 and 4.3.2, RFC 3463 for enhanced codes, and traps.md:
 * libcurl's result and response code alone mislead, so the replies and the point are our own
 * record.
 */
#ifndef GATEWAY_SMTP_VERDICT_H
#define GATEWAY_SMTP_VERDICT_H

#include <stddef.h>

#include "gateway/gateway.h"

#define SMTP_REPLY_LINES_MAX 200 /* in one transaction, EHLO's included */
#define SMTP_ENHANCED_MAX 12     /* "5.123.123" and its NUL */

/* The replies of one transaction, fed line by line. */
struct smtp_replies {
    int lines;
    int code;                         /* of the last whole reply; 0: none yet */
    int final_code;                   /* of the last whole reply after the point; 0: none */
    char enhanced[SMTP_ENHANCED_MAX]; /* RFC 3463 code of that reply, "" when it has none */
    char queue_id[GATEWAY_ID_MAX];    /* what the server calls the mail, "" when it does not say */
    bool garbage;                     /* a line that is none, or more lines than the limit */
};

/* Take in one line (with or without its CRLF). false: nothing good can come any more. */
bool smtp_replies_line(struct smtp_replies *r, const char *line, size_t len, bool past_point);

/* How far it came: before a word about this mail, or to the answer to one of its steps. */
enum smtp_stage { SMTP_BEFORE, SMTP_AT_MAIL, SMTP_AT_RCPT, SMTP_AT_DATA, SMTP_AT_DOT };

struct smtp_seen {
    int rc;            /* CURLcode */
    const char *error; /* words for people, "" for none */
    enum smtp_stage stage;
    bool asked;      /* the point was reached */
    bool past_point; /* and passed */
    struct smtp_replies replies;
};

/* Set all of `result`. Its detail has codes and `error`, never what the server wrote. */
void smtp_verdict(const struct smtp_seen *seen, struct gateway_result *result);

#endif
