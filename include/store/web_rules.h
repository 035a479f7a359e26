/*
 * What the page shows of the playbook's rules: their states, how much they sent, what comes next.
 * Reading only, and quick however many messages there are: what has no index by rule is looked for
 * among a limited number of the nearest ones.
 */
#ifndef STORE_WEB_RULES_H
#define STORE_WEB_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/queries.h"
#include "store/rules.h"

/* A rule as the service knows it. */
struct rule_shown {
    char *name, *pause_reason; /* the reason may be NULL */
    bool present;              /* in the playbook that the service last read */
    enum rule_trial trial;
    int64_t since_ms, paused_ms; /* paused_ms 0: not paused */
    enum rule_pauser paused_by;
    int64_t waiting; /* messages that are pending */
    int64_t today, week, month;
};

/* All rules that were ever read, by name. `today` is what each sent since the hour in which
 * `midnight_ms` lies, week and month what it sent on the last 7 and 30 days (of UTC). Free with
 * rules_shown_free in any case. */
int store_rules_shown(struct store *s, int64_t now_ms, int64_t midnight_ms, struct rule_shown **out,
                      size_t *count);
void rules_shown_free(struct rule_shown *list, size_t count);

/* What a rule sent on a day of UTC. */
struct rule_day {
    int64_t day_ms; /* its beginning */
    int64_t sent;
};

/* The days since `since_ms` on which the rule sent anything, the first one first, at most `max`
 * (the latest are left out then). free() the array. */
int store_rule_days(struct store *s, const char *rule, int64_t since_ms, size_t max,
                    struct rule_day **out, size_t *count);

/* Of each rule (of `rule` alone, if it is not NULL) the next `each` messages, in the order of their
 * times; held ones are left out. Found among the next WEB_RULES_NEAR messages of all rules. Free
 * with outbox_rows_free. */
#define WEB_RULES_NEAR 3000
int store_rules_next(struct store *s, const char *rule, size_t each, struct outbox_row **out,
                     size_t *count);

/* The last `max` messages of the rule that went, the latest first, found among the last
 * WEB_RULES_PAST exchanges. Free with outbox_rows_free. */
#define WEB_RULES_PAST 20000
int store_rule_last(struct store *s, const char *rule, size_t max, struct outbox_row **out,
                    size_t *count);

#endif
