/*
 * Messages that speak of no record and belong to no rule of the playbook: tests, alerts. Their
 * words are written when they are queued; the service sends them like all others.
 */
#ifndef SEND_BY_HAND_H
#define SEND_BY_HAND_H

#include "playbook/settings.h"
#include "store/messages.h"

struct by_hand {
    const struct settings *settings;
    const struct gateway_settings *gateway; /* whose sender it has */
    enum channel channel;
    const char *to;             /* checked */
    const char *subject, *text; /* plain; in English */
    int64_t now_ms;
};

/* Write its words into `out`, which is initialised: for a mail, the exact bytes. ERR_INVALID with a
 * sentence in `err`. */
int by_hand_write(const struct by_hand *h, const char *token, struct payload *out, struct err *err);

/* Queue a test message whose words are there, to an address of one's own: it is tried for a minute.
 * Within the caller's transaction. *id: the message. */
int by_hand_test(struct store *s, const struct gateway_settings *gateway, enum channel channel,
                 const char *to, int64_t now_ms, const struct payload *words, int64_t *id);

#endif
