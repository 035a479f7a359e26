/*
 * Alerts: whoever `[alert]` names hears of what needs a person, in one message for all of it, at
 * most every ten minutes, and hears when it is over. The same news comes at most once a day.
 *
 *     alert_raise(a, "copy", "The database is a copy: nothing is sent until `betimes resume`.");
 *     alert_clear(a, "copy");
 *
 * A key names one reason. Texts speak of rules, gateways, numbers and ids; never of a client, an
 * address or a message's words, for an alert travels by ways that nobody chose for them.
 *
 * Raising may happen anywhere on the loop; it is written with the next turn. By itself an alert
 * looks at what the database and the gateways know: rules that ask, messages that are held, failed
 * or of unknown fate, open tasks, a gateway that has been down for ten minutes. A digest is a
 * message like others (rule `alert`): it waits while everything is paused.
 */
#ifndef SERVICE_ALERT_H
#define SERVICE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "playbook/settings.h"
#include "send/dispatch.h"
#include "store/store.h"

struct alert;

/* `store` and `dispatch` must outlive it. */
struct alert *alert_create(struct store *store, struct dispatch *dispatch);
void alert_free(struct alert *a);

/* Who is told, from now on; borrowed until the next call. */
void alert_configure(struct alert *a, const struct settings *settings);

/* It is so, with these words, until alert_clear; the words may change. */
void alert_raise(struct alert *a, const char *key, const char *text);
void alert_clear(struct alert *a, const char *key);

/* It was so for a while, and is over: told once. */
void alert_note(struct alert *a, const char *key, const char *text);

/* Is there anything for a turn to do? */
bool alert_pending(const struct alert *a);

/* In a turn's transaction: write what was raised, look around, queue a digest if there is news.
 * Errors: the store's. */
int alert_turn(struct alert *a, int64_t now_ms);
void alert_committed(struct alert *a);

/* When it wants a turn at the latest; INT64_MAX: whenever there is one. */
int64_t alert_next_ms(const struct alert *a, int64_t now_ms);

#endif
