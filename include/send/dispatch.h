/*
 * The dispatcher: takes due messages to the gateways and their results back to the database. It
 * decides nothing about time and owns no transaction: the engine calls it in the order
 *
 *     begin; dispatch_settle; (changes, plans); dispatch_claim; commit; dispatch_committed
 *
 * so that results and new claims share one durable commit. What a rolled-back transaction would
 * have recorded stays in memory and comes again with the next. That a message passes its point of
 * no return is noted in a mark (send/marks.h) and needs no commit.
 */
#ifndef SEND_DISPATCH_H
#define SEND_DISPATCH_H

#include <uv.h>

#include "send/ahead.h"
#include "send/marks.h"
#include "send/outlet.h"
#include "store/condition.h"
#include "text/template_set.h"
#include "watch/world.h"

struct dispatch;

/* `poke` is called (on the loop) whenever there is something to settle. `marks` is borrowed, and
 * not used before the first message is claimed. */
struct dispatch *dispatch_create(uv_loop_t *loop, struct marks *marks, void (*poke)(void *arg),
                                 void *arg);

/* What the gateways are to call: for outlets_create. */
const struct gateway_hooks *dispatch_hooks(struct dispatch *d);

/* Take note of everything that goes out in this ledger, before the database hears of it, and look
 * into `ahead` before a message goes (NULL: nothing is ahead). Both are borrowed. Without a ledger
 * no note is taken. */
void dispatch_use_ledger(struct dispatch *d, struct ledger *ledger, int64_t epoch);
void dispatch_use_ahead(struct dispatch *d, struct ahead *ahead);

/* What to send with from now on; all borrowed until the next call, but for `outlets`, whose content
 * is taken over. The gateways used so far get `grace_ms` to end what they are at; `retired` is
 * called with `retired_arg` when the last of them is closed and nothing borrowed is needed any
 * more. */
void dispatch_configure(struct dispatch *d, struct world *world,
                        const struct template_set *templates, struct conditions *conditions,
                        struct outlets *outlets, int64_t grace_ms, void (*retired)(void *arg),
                        void *retired_arg);

/* Is there anything that dispatch_settle would record? */
bool dispatch_has_results(const struct dispatch *d);

/* Does the open transaction hold something that the outside world knows, or will act on: a result,
 * or a claim? Then it has to be on the disk before anything goes on. */
bool dispatch_must_last(const struct dispatch *d);

/* Record results in the open transaction, and before that in the ledger: it knows what went out
 * even if the database cannot be written. Before the commit the disk has to have it (ledger_wait).
 * An error is the store's: the caller rolls back, and all of it comes again. */
int dispatch_settle(struct dispatch *d, int64_t now_ms);

/* A message that an earlier run left on its way was accepted (`arg`: the dispatcher): the next
 * dispatch_settle notes it in the ledger. A settle_sent_cb. */
void dispatch_note_sent(void *arg, const struct message *m);

/* Claim what is due and has room (with a gateway, and in the ledger), until `until_us` (monotonic)
 * at the latest. *more: there was not enough time for everything. */
int dispatch_claim(struct dispatch *d, int64_t now_ms, int64_t until_us, bool *more);

/* The transaction has ended. Committed: what was claimed goes to its gateway, what was
 * settled is forgotten. Rolled back: nothing of that; the
 * claims are dropped, and their messages are due as before. */
void dispatch_committed(struct dispatch *d);
void dispatch_rolled_back(struct dispatch *d);

/* Real milliseconds until a gateway that cannot take its due messages now may take some by itself
 * (its rate, its breaker); -1: only a result changes that, or nothing waits. */
int64_t dispatch_wait_ms(const struct dispatch *d);

/* Each gateway: for how long it has been in trouble (0: it is not), and whether it is known to work
 * since it was last configured. */
typedef void (*dispatch_gateway)(void *arg, const char *name, int64_t trouble_ms, bool works);
void dispatch_gateways(const struct dispatch *d, dispatch_gateway each, void *arg);

/* The settings of the gateway that would take this channel's messages now; in trouble or not if
 * `anyway`; NULL: there is none. */
const struct gateway_settings *dispatch_gateway_of(struct dispatch *d, enum channel c, bool anyway);

/* How many messages are claimed and not settled for good. */
int dispatch_in_flight(const struct dispatch *d);

/* Nothing can be written down any more, so as little as possible may pass its point of no return
 * from now on: what has not come there is broken off. Takes no more claims either. */
void dispatch_break_off(struct dispatch *d);

/* Take no more claims and close all gateways: what is on the wire gets `grace_ms`. Results still
 * come and have to be settled; `closed` is called when no more can come. */
void dispatch_stop(struct dispatch *d, int64_t grace_ms, void (*closed)(void *arg), void *arg);
void dispatch_free(struct dispatch *d);

#endif
