/*
 * What an exchange's result means for its message: sent, tried again, given to the rule's next
 * channel, failed, or unknown. Inside the caller's transaction.
 */
#ifndef SEND_SETTLE_H
#define SEND_SETTLE_H

#include <stdbool.h>

#include "gateway/gateway.h"
#include "send/ahead.h"
#include "send/marks.h"
#include "store/messages.h"
#include "watch/world.h"

/* Record the result of message `id`, sent through the gateway called `gateway`, also for those that
 * went with it. */
int settle_result(struct world *w, int64_t id, const char *gateway,
                  const struct gateway_result *result, int64_t now_ms);

/* `m`, which is being sent, has arrived. *replanned: what happened to its subject since is for
 * other messages to tell now, so the subject was planned again. */
int settle_sent(struct world *w, const struct message *m, int64_t now_ms, bool *replanned);

/* `m`, which is sent or unknown, did not reach the client after all: the rule's next channel, if it
 * has one, gets a row of its own. */
int settle_bounced(struct world *w, const struct message *m, int64_t now_ms, const char *reason);

/* Somebody who wants to know of each message that was sent after all. */
typedef void (*settle_sent_cb)(void *arg, const struct message *m);

/* At a start: messages that a crash left in `sending`. Those of which the ledger knows (`ahead`;
 * NULL: of none) are sent, and so are those whose mark says that they were accepted: `each` is
 * called for each of these, and for those that went with it. Those whose point of no return was
 * surely not passed go again, as does an e-mail (with the same Message-ID); a text becomes unknown.
 * Up to `max`; *count tells how many.
 */
int settle_left_over(struct world *w, const struct marks *marks, struct ahead *ahead,
                     int64_t now_ms, settle_sent_cb each, void *arg, size_t max, size_t *count);

/* How long to wait before try number `attempts` + 1, with jitter. */
int64_t settle_backoff_ms(int attempts);

#endif
