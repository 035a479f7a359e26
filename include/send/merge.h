/*
 * Messages of one client that go as one (the rule key `merge`).
 *
 * One of them leads: it has the words, the gateway's attempts and the token. The others go with it
 * (message.leader_id): claimed in the same transaction, at the same end in the transaction that
 * ends the leader (send/settle.h). When the leader goes again, they are looked at again: before the
 * point of no return new words are written for those that still may go, and for others that have
 * come; behind it the very same bytes go, unless one that they speak of may not go any more.
 *
 * Those that wait for another try are pending with the leader's time. A leader that is not going
 * again (cancelled, held, expired, out of its hours) lets them go: each looks at its leader before
 * it is claimed itself (send/claim.c), so nobody has to tell them, whatever ends a leader.
 */
#ifndef SEND_MERGE_H
#define SEND_MERGE_H

#include "send/ahead.h"
#include "send/letter.h"
#include "store/condition.h"
#include "store/messages.h"
#include "watch/world.h"

#define MERGE_MAX COMPOSE_ALSO_MAX

struct merge_part;

/* Those that go with a leader; zero: none. */
struct merge {
    struct merge_part *parts[MERGE_MAX];
    const struct compose_input *inputs[MERGE_MAX]; /* of their letters */
    size_t count;
    bool changed; /* somebody whom the leader's stored words speak of does not go any more */
};

/* Find who goes with `leader`, whose letter is `l` and which goes now. `written`: its words may be
 * out there already; then they are those of last time, unless one of these may not go any more.
 * `ahead` (NULL: nothing): whoever is in it has gone out and does not go along. Errors: the
 * store's. Close in any case. */
int merge_find(struct world *w, struct conditions *conditions, const struct message *leader,
               const struct letter *l, const struct ahead *ahead, bool written, int64_t now_ms,
               struct merge *out);
void merge_close(struct merge *m);

/* Let the leader's words speak of them all; borrowed while `m` lives. */
void merge_inputs(const struct merge *m, struct compose_input *leader);

/* What the send ledger is to be told of the one at `i`. */
void merge_note(const struct merge *m, size_t i, int64_t *message_id, struct ledger_key *key);

/* Claim them with their leader. */
int merge_claim(struct store *s, const struct merge *m, int64_t leader_id, const char *gateway,
                const char *address, int64_t now_ms);

#endif
