/*
 * Claiming one message: the gate's decision carried out, the words written, the exact bytes and the
 * state `sending` recorded. Inside the caller's transaction; nothing leaves before it is committed.
 */
#ifndef SEND_CLAIM_H
#define SEND_CLAIM_H

#include "gateway/gateway.h"
#include "send/ahead.h"
#include "send/brake.h"
#include "send/outlet.h"
#include "store/condition.h"
#include "store/messages.h"
#include "text/template_set.h"
#include "watch/world.h"

#define CLAIM_BATCH_MAX 256 /* messages in one transaction */

struct claim_context {
    struct world *world;
    const struct template_set *templates;
    struct conditions *conditions;
    struct outlets *outlets;
    struct brake *brake; /* NULL: none */
    struct ahead *ahead; /* what the ledger knows and the database does not; NULL: nothing */
};

struct claim_note {
    int64_t message_id;
    struct ledger_key key;
};

/* A claimed message with all that its gateway borrows. */
struct claim {
    struct message message;
    struct claim_note *notes; /* for the send ledger: of this one, and of those that go with it */
    size_t note_count;
    struct payload payload;
    char *from, *to;
    struct gateway_message wire; /* points into the rest */
};
void claim_close(struct claim *c);

/* Take the message from planned to sending, or to wherever the gate sends it. *outlet: the outlet
 * that shall take it, or NULL when there is nothing to be sent (now). `out` has to be closed in any
 * case. */
int claim_message(struct claim_context *with, const struct message *m, int64_t now_ms,
                  struct claim *out, struct outlet **outlet);

#endif
