/*
 * A gateway hands one message to the outside world and says what became of it. Everything that
 * differs between SMTP, the SMS providers and the file gateway is behind one table of functions.
 *
 * The happy path: the dispatcher calls gateway_send; the exchange waits for a free connection and
 * begins; just before its point of no return (SMTP: before the last bytes of the message; HTTP and
 * files: before anything of the message is on its way) the gateway sets the message's mark, in
 * whatever thread it is; hooks->done is called exactly once, on the loop's thread, never from
 * within gateway_send. A gateway never retries a message by itself. It takes a few more messages
 * than it has connections, so that none of these waits for the loop; the dispatcher keeps count.
 *
 * When things fail: an exchange that cannot reach its point (no connection, no login, refused, too
 * late) is done without its mark. Every exchange ends by itself within settings->timeout_ms,
 * counted from gateway_send. When one ends with trouble of the gateway's own, those that still wait
 * for a connection end with it, untried. A result of RETRY or REJECTED is certain whether or not
 * the mark is set; UNKNOWN comes only with the mark.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "plan/record.h"
#include "playbook/settings.h"

enum outcome {
    OUTCOME_SENT,     /* accepted, and the answer was whole and said so */
    OUTCOME_RETRY,    /* not accepted, surely; another time may be better */
    OUTCOME_REJECTED, /* not accepted, and never will be */
    OUTCOME_UNKNOWN   /* passed the point of no return, and no clear answer came */
};
const char *outcome_name(enum outcome o); /* "sent", "retry", "rejected", "unknown" */

#define GATEWAY_ID_MAX 192
#define GATEWAY_DETAIL_MAX 256

struct gateway_result {
    enum outcome outcome;
    int code;               /* SMTP or HTTP status; 0: none came */
    int64_t retry_after_ms; /* what the other side asked for; 0: nothing */
    bool address_refused;   /* REJECTED because of the recipient itself */
    bool gateway_trouble;   /* not about this message: connection, login, 5xx of the service */
    char provider_id[GATEWAY_ID_MAX]; /* the other side's id of the message; "" if none */
    char detail[GATEWAY_DETAIL_MAX];  /* for people; never an address, number, text or secret */
};

/* Borrowed by the gateway from gateway_send until hooks->done has returned. */
struct gateway_message {
    int64_t id; /* ours; handed back to the hooks; one exchange at a time for each */
    enum channel channel;
    const char *from; /* e-mail: the envelope's sender; SMS: the sender's number or name */
    const char *to;   /* e-mail: one address; SMS: an E.164 number with its + */
    const char *data; /* e-mail: the exact bytes of the MIME message; SMS: UTF-8 text */
    size_t len;
    bool unicode;      /* SMS: needs UCS-2 */
    const char *token; /* the idempotency token: 32 hex digits */
    /* Where to note, before the fact, that the point of no return is passed. NULL: nowhere. */
    atomic_uint *mark;
};

/* The bits of a mark. Whoever sets the second before the first keeps the message from passing: a
 * service that takes the work over from one that may wake up again. */
#define GATEWAY_MARK_PASSED 1u
#define GATEWAY_MARK_REVOKED 2u
#define GATEWAY_MARK_SENT 4u /* the other side has accepted it */

struct gateway_hooks {
    void (*done)(void *arg, int64_t message_id, const struct gateway_result *result);
    void *arg;
};

struct gateway;

/* Create the gateway that `settings` describes (which, like `hooks`, must stay alive until it is
 * freed). `providers` is the folder of provider files. NULL with `err` set when it cannot be. The
 * first call initialises libcurl and makes the process ignore SIGPIPE; call it on the loop's
 * thread, as everything here. */
struct gateway *gateway_create(uv_loop_t *loop, const struct gateway_settings *settings,
                               const char *providers, const struct gateway_hooks *hooks,
                               struct err *err);

/* How many messages it takes beyond its connections. */
#define GATEWAY_AHEAD_MAX 240

/* Start one exchange. 0; ERR_BUSY when all places are taken or the gateway is closing;
 * ERR_INVALID when the message is none for this gateway: another channel, nothing in it, or an
 * address that could smuggle something into the protocol (security.md 1). After an error no hook
 * is called. May be called from within hooks->done. */
int gateway_send(struct gateway *g, const struct gateway_message *m);

/* No new exchanges. Those under way get `grace_ms` to end; what is not done by then is broken off
 * (done is called for each, UNKNOWN if past the point). `closed` is called on the loop's thread
 * when the last one is done and every handle is closed; the gateway is freed then. */
void gateway_close(struct gateway *g, int64_t grace_ms, void (*closed)(void *arg), void *arg);

/* Break off, now, every exchange that has not passed its point of no return; done is called for
 * each. Those past it go on. The gateway is good for nothing but to be closed afterwards. */
void gateway_break_off(struct gateway *g);

/* How many exchanges are under way, and the settings it was created with (borrowed). */
int gateway_in_flight(const struct gateway *g);
const struct gateway_settings *gateway_settings(const struct gateway *g);

#endif
