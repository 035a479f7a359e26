/*
 * One mail over an SMTP connection that stands: MAIL, RCPT, DATA, the bytes, and what the server
 * says to each. Blocks; private to the gateway room.
 *
 * The connection is libcurl's (CURLOPT_CONNECT_ONLY: greeting, EHLO, STARTTLS and login are done),
 * the transaction is ours: libcurl's own takes one round trip for each command and tells what was
 * refused in words alone. Where the server offers PIPELINING (RFC 2920) the commands go out
 * together, so that a mail takes two round trips.
 */
#ifndef GATEWAY_SMTP_TALK_H
#define GATEWAY_SMTP_TALK_H

#include <curl/curl.h>

#include "base/buf.h"
#include "gateway/smtp_verdict.h"

#define SMTP_ADDRESS_MAX 320 /* bytes of an envelope address (RFC 5321, 4.5.3.1: 64 + 1 + 255) */
#define SMTP_READ_BYTES 4096 /* longer lines are none (RFC 5321, 4.5.3.1.5: 512) */

/* A connection in use. `curl` is borrowed. */
struct smtp_talk {
    CURL *curl;
    int fd;
    bool pipelines;
    struct buf out; /* the bytes as they go out, kept for the next mail */
    char in[SMTP_READ_BYTES];
    size_t in_len; /* of it, not looked at yet */
    bool drained;  /* nothing more was there to be read when it was last looked at */
};
void smtp_talk_init(struct smtp_talk *t);
void smtp_talk_close(struct smtp_talk *t);

/* Over this connection from now on, on which nothing is under way. */
void smtp_talk_begin(struct smtp_talk *t, CURL *curl, int fd, bool pipelines);

/* Called in the talk's thread when all but the last bytes of the message were handed over. false:
 * break off. */
typedef bool (*smtp_point_cb)(void *arg);

/* Send one mail, until `deadline_us` (monotonic) at the latest; shutting down the socket ends it at
 * once. All of `seen` is set; its `error` is a constant. After SENT the connection is ready for the
 * next mail, after anything else good for nothing. */
void smtp_talk_mail(struct smtp_talk *t, const struct gateway_message *m, int64_t deadline_us,
                    smtp_point_cb point, void *arg, struct smtp_seen *seen);

/* Has the server nothing to say, and not gone, while nothing is under way? */
bool smtp_talk_quiet(const struct smtp_talk *t);

/* Say QUIT, if that takes no time; nobody waits for the answer. */
void smtp_talk_quit(struct smtp_talk *t);

#endif
