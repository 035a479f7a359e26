/*
 * Messages: the planned rows of one subject, the queue, the outcomes.
 *
 * States and who moves between them:
 *
 *     planned --> sending --> sent --> delivered | bounced
 *        ^  \        |  \---> retry --> sending ...
 *        |   held    |  \---> failed
 *        |           \------> unknown --> sending | sent | failed
 *        \-- (planner, gate) --> cancelled | skipped | expired
 *
 * Every move goes through message_may_move; a move that the table does not allow is our own bug.
 */
#ifndef STORE_MESSAGES_H
#define STORE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plan/plan.h"
#include "store/store.h"

enum message_state {
    MESSAGE_PLANNED,
    MESSAGE_HELD,
    MESSAGE_RETRY, /* the first three are pending: the queue looks at them */
    MESSAGE_SENDING,
    MESSAGE_UNKNOWN,
    MESSAGE_SENT,
    MESSAGE_DELIVERED,
    MESSAGE_BOUNCED,
    MESSAGE_FAILED,
    MESSAGE_CANCELLED,
    MESSAGE_SKIPPED,
    MESSAGE_EXPIRED,
    MESSAGE_STATES
};
const char *message_state_name(enum message_state s);
bool message_state_from(const char *name, enum message_state *out);
bool message_is_pending(enum message_state s);
bool message_may_move(enum message_state from, enum message_state to);

struct message {
    int64_t id;
    int64_t rule_id, subject_id, recipient_id; /* rule row; entities */
    int64_t occurrence;
    int repeat;
    enum channel channel;
    enum message_state state;
    int64_t nominal_ms, due_ms, expires_ms, next_ms, state_ms;
    int attempts;
    bool final;  /* decided by a person, or for good: no new plan brings it back or moves it */
    bool merges; /* its rule may join it with others for the same client */
    int64_t leader_id; /* the message that it goes with; 0: it goes by itself */
    bool inside;       /* its recipient is staff, or the office in their stead */
    char *reason, *gateway, *address, *provider_id;
    char *saw; /* not read: what the claim is taken on, for store_message_claim; NULL: nothing */
};
/* It waits because a person took it up again: the plan leaves it alone, and the cap does not hold
 * it. */
bool message_is_retried(const struct message *m);
void message_close(struct message *m);
void messages_free(struct message *list, size_t count);

int store_message(struct store *s, int64_t id, struct message *out);
/* Every message of a subject, in the order of their ids. */
int store_messages_of(struct store *s, int64_t subject_id, struct message **out, size_t *count);

/* Insert new messages (their ids are set). When it fails some may have been inserted: roll back. */
int store_messages_add(struct store *s, struct message *list, size_t count);

/* Give a message that never left, and stands as `before`, the times, the channel and the occurrence
 * of `now`; next_ms and `merges` follow unless it was tried already: then it only waits until its
 * new time, if that is later. */
int store_message_replan(struct store *s, const struct message *before, const struct message *now);

/* Move a message to `to` with its reason (NULL: none); `next_ms` matters for pending states. The
 * task of one that is held no longer ends. ERR_INVALID when the table of moves forbids it. */
int store_message_move(struct store *s, const struct message *m, enum message_state to,
                       int64_t now_ms, int64_t next_ms, const char *reason);

/* Pending messages whose time has come, at most `max` of each channel, its earliest first; channels
 * that are `closed` are left out. */
int store_messages_due(struct store *s, int64_t now_ms, const bool closed[CHANNEL_COUNT],
                       size_t max, struct message **out, size_t *count);

/* Messages decided against before they ever left, by whatever decided it but a person, that would
 * have been due from `from_ms` on and before `until_ms`, by time. free() the array. */
struct message_time {
    int64_t id, due_ms;
};
int store_messages_refused(struct store *s, int64_t from_ms, int64_t until_ms,
                           struct message_time **out, size_t *count);

/* Was anything at all sent to this recipient since `since_ms`? A quick look, before store_heard. */
int store_heard_any(struct store *s, int64_t recipient_id, int64_t since_ms, bool *any);

/* What the recipient of `m` was sent since `since_ms` by rules that count toward the cap: how many,
 * and when the earliest of the last `most` of them was. A message that goes by two channels counts
 * once, so `m` itself, by its other channel, does not count. */
int store_heard(struct store *s, const struct message *m, int64_t since_ms, int most, int *count,
                int64_t *earliest_ms);

/* Look at the held messages of a subject now: what they were held for may have been mended. */
int store_messages_look_again(struct store *s, int64_t subject_id, int64_t now_ms);

/* When the next pending message that is near (store/horizon.h) is to be looked at; INT64_MAX: none.
 */
int store_messages_next(struct store *s, int64_t *next_ms);

/* What is stored before the wire. */
struct payload {
    char *token;     /* 32 hex digits */
    bool committing; /* a copy of it may be out there: no other words any more */
    char *language, *subject, *text;
    struct buf data; /* the exact bytes, e-mail only */
};
void payload_init(struct payload *p);
void payload_close(struct payload *p);
int store_payload_save(struct store *s, int64_t message_id, const struct payload *p);
int store_payload(struct store *s, int64_t message_id, struct payload *out);

/* Claim: state sending, gateway and address as used, one more attempt; it goes with the message
 * `leader_id` (0: by itself). */
int store_message_claim(struct store *s, const struct message *m, const char *gateway,
                        const char *address, int64_t leader_id, int64_t now_ms);
/* Note that a copy may have reached the other side: from now on the very same bytes go; or take
 * that back. */
int store_message_committing(struct store *s, int64_t id, bool committing);

/* An attempt's end: the attempt's row and the provider's id (NULL: none). The move is separate. */
int store_attempt_add(struct store *s, int64_t message_id, int64_t at_ms, const char *gateway,
                      const char *outcome, int code, const char *detail, const char *provider_id);

/* Messages that may join `leader`, by their rules: pending ones for the same recipient by the same
 * channel whose time comes until `until_ms`, the next one first, at most `max`. */
int store_messages_to_merge(struct store *s, const struct message *leader, int64_t until_ms,
                            size_t max, struct message **out, size_t *count);
/* All that go, or went, with the message `leader_id`. */
int store_messages_with(struct store *s, int64_t leader_id, struct message **out, size_t *count);
/* From now on it goes by itself. */
int store_message_part(struct store *s, int64_t id);
/* Forget the words that it has of its own: those of another message speak for it. */
int store_payload_drop(struct store *s, int64_t message_id);

/* A decision that ends `m`, holds it or puts it off (until `next_ms`) for a reason that it does not
 * have yet, with what it saw (JSON; "": nothing): kept for `why`. Looking again with the same
 * answer writes nothing. */
int store_decision_add(struct store *s, const struct message *m, enum message_state to,
                       int64_t now_ms, int64_t next_ms, const char *reason, const char *saw);

/* Messages in one state (MESSAGE_SENDING at a start: those that a crash left), at most `max` with
 * an id above `after`. Those that go with another are left out: they share its fate. */
int store_messages_in(struct store *s, enum message_state state, int64_t after, size_t max,
                      struct message **out, size_t *count);

/* Pending messages with an id above `after` and up to `after` + `stretch`. *done: no message at all
 * has a higher one. */
int store_messages_pending(struct store *s, int64_t after, int64_t stretch, struct message **out,
                           size_t *count, bool *done);

/* No new plan brings it back. */
int store_message_final(struct store *s, int64_t id);
/* It is of use until `until_ms` at least. */
int store_message_useful(struct store *s, int64_t id, int64_t until_ms);

/* By a person: cancel a pending one for good; take an ended one up again, to go now, useful until
 * `expires_ms` at least, with those that went with it and ended as it did; or give one that never
 * left back to its plan, to go when that says. ERR_INVALID: the table of moves forbids it. */
int store_message_cancel(struct store *s, int64_t id, int64_t now_ms, const char *reason);
int store_message_again(struct store *s, int64_t id, int64_t now_ms, int64_t expires_ms);
int store_message_to_plan(struct store *s, const struct message *m, int64_t now_ms);

/* One of the two: what was decided against long before its time is planned again for that time
 * (*planned), everything else goes again now, and is useful for a day. ERR_INVALID as above. */
int store_message_retry(struct store *s, const struct message *m, int64_t now_ms, bool *planned);

#endif
