/*
 * What the database keeps of each rule: since when it counts, whether it is paused; and the pause
 * of the whole service.
 */
#ifndef STORE_RULES_H
#define STORE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/playbook.h"
#include "store/store.h"

struct rule_state {
    int64_t id; /* row */
    int64_t since_ms;
    bool paused;
};

/* Bring the rule table in line with the playbook: new rules count from `now_ms` (from the
 * database's creation for its first playbook), a rule whose on, to or purpose changed counts from
 * `now_ms`, rules that are gone are marked so. out[i] tells of playbook->rules[i]. */
int store_rules_sync(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out);

/* The states without changing anything: a rule that is not known yet would count from `now_ms`. */
int store_rules_read(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out);

/* Which of these rules are paused now: anybody may have paused or resumed one. */
int store_rules_paused(struct store *s, struct rule_state *rules, size_t count);

/* ERR_NOTFOUND when no rule of the name is known. `reason` tells people why. When it goes on, its
 * messages are looked at again at once. */
int store_rule_pause(struct store *s, const char *name, bool pause, int64_t now_ms,
                     const char *reason);

int store_paused(struct store *s, bool *paused, char **reason); /* reason: free(), may be NULL */
int store_pause(struct store *s, bool pause, const char *reason);

#endif
