/*
 * One SMTP connection, used by one sender thread: mails one after the other. Private to the gateway
 * room.
 *
 * TLS: smtps:// from the start; smtp:// insists on STARTTLS unless settings->tls is TLS_NONE (which
 * the reader of the configuration sets for loopback addresses by itself). It is never tried and
 * then done without.
 */
#ifndef GATEWAY_SMTP_SESSION_H
#define GATEWAY_SMTP_SESSION_H

#include "gateway/gateway.h"
#include "gateway/smtp_talk.h"

struct smtp_session;

/* Is this a gateway that a session can use? 0, or ERR_INVALID with `err` set. */
int smtp_session_check(const struct gateway_settings *settings, struct err *err);

/* `settings` must pass smtp_session_check and outlive the session. Nothing is connected yet. */
struct smtp_session *smtp_session_create(const struct gateway_settings *settings);
void smtp_session_free(struct smtp_session *s); /* ends the connection, within moments */

/* Carry out one transaction, connecting first where need be; blocks until it is over, at most until
 * `deadline_us` on the monotonic clock or, once broken off, about a second; `point` as in
 * smtp_talk.h. The connection is kept for the next one after success, and thrown away after
 * anything else. */
void smtp_session_send(struct smtp_session *s, const struct gateway_message *m, int64_t deadline_us,
                       smtp_point_cb point, void *arg, struct gateway_result *result);

/* From any thread: break off the transaction under way, and every later one before it begins. */
void smtp_session_break(struct smtp_session *s);

/* Is a connection open? / Say QUIT and close it. Both in the session's thread. */
bool smtp_session_open(const struct smtp_session *s);
void smtp_session_rest(struct smtp_session *s);

#endif
