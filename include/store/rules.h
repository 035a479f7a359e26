/*
 * What the database keeps of each rule: since when it counts, whether it is on trial or paused; and
 * the pause of the whole service.
 *
 * A rule that is new, or whose definition changed, is on trial: none of its messages goes until
 * somebody has counted how many clients it would write to at once (watch/trial.h). The trial ends
 * by itself, or by a person's yes, which is `resume`; another change of the rule begins a new one.
 */
#ifndef STORE_RULES_H
#define STORE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/playbook.h"
#include "store/store.h"

enum rule_pauser {
    PAUSED_BY_PERSON,
    PAUSED_BY_BLAST, /* by itself: it would write to too many at once */
    PAUSED_BY_BRAKE  /* by itself: it would send far more than it ever did */
};

enum rule_trial { TRIAL_NONE, TRIAL_NEW, TRIAL_CHANGED };

struct rule_state {
    int64_t id; /* row */
    int64_t since_ms;
    enum rule_trial trial;
    bool paused;
    enum rule_pauser paused_by;
    int64_t lifted; /* the brake lets it go until this hour */
};
#define RULE_LIFTED_NOW (-1) /* a person has just said yes: until when is for the brake to say */

/* Bring the rule table in line with the playbook: new rules count from `now_ms` (from the
 * database's creation for its first playbook), a rule whose on, to or purpose changed counts from
 * `now_ms`, rules that are gone are marked so. Rules that are new or whose definition changed
 * (rule_digest) go on trial. out[i] tells of playbook->rules[i]. */
int store_rules_sync(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out);

/* The states as store_rules_sync would leave them, without changing anything: a rule that is not
 * known yet would count from `now_ms`. */
int store_rules_read(struct store *s, const struct playbook *p, int64_t now_ms,
                     struct rule_state *out);

/* Which of these rules are paused or on trial now: anybody may have paused or resumed one. */
int store_rules_paused(struct store *s, struct rule_state *rules, size_t count);

/* Since when these rules count, read once more. */
int store_rules_since(struct store *s, struct rule_state *rules, size_t count);

/* ERR_NOTFOUND when no rule of the name is known. `reason` tells people why. When it goes on, its
 * trial is over, the task that asked for a yes is done, and its messages are looked at again at
 * once. */
int store_rule_pause(struct store *s, const char *name, bool pause, int64_t now_ms,
                     const char *reason);

/* The rule pauses itself and asks: paused by `by` with `reason`, and a task with `text`. */
int store_rule_ask(struct store *s, const char *name, enum rule_pauser by, int64_t now_ms,
                   const char *reason, const char *text);

/* The brake lets the rule go until this hour (send/brake.h). */
int store_rule_lifted(struct store *s, int64_t rule_id, int64_t hour);

/* The task that asked about the rule, if there is one, is done. */
int store_question_answered(struct store *s, const char *rule, int64_t now_ms);

/* Its trial is over without a question; what was put off meanwhile is looked at again at once. */
int store_rule_trial_end(struct store *s, const char *name, int64_t now_ms);

/* Does a message of the rule have to wait that has been on the wire so often? A person's pause
 * stops everything; a rule that waits by itself does not disturb what had begun. */
bool rule_waits(const struct rule_state *r, int attempts);

/* Why it has to, for people: static text. */
const char *rule_waits_reason(const struct rule_state *r);

/* Put off what is due by this channel and has to wait: by a minute or, while the rule is paused, by
 * an eighth of what it waited already if that is more; not beyond its end, nor beyond what is near
 * (store/horizon.h). What is planned gets the reason. Takes a limited number at a time. */
int store_rule_put_off(struct store *s, const struct rule_state *r, enum channel channel,
                       int64_t now_ms, const char *reason);

/* A page of what is pending and to be looked at before `until_ms`: `each` gets what was never on
 * the wire, with the time that its rule names, or at which it goes to stay out of the night before
 * that, whichever is earlier. Starts with a cursor of zeros; *done: that was the last page. */
struct pending_cursor {
    int step;   /* 0: what is far; then channel by channel what is near */
    int64_t at; /* its week, or its time */
    int64_t id;
};
typedef void (*pending_each)(void *arg, int64_t rule_id, int64_t recipient_id, int64_t at_ms);
int store_pending_page(struct store *s, struct pending_cursor *cursor, int64_t until_ms, size_t max,
                       pending_each each, void *arg, bool *done);

/* The rule's name by its row; free() it. ERR_NOTFOUND. */
int store_rule_name(struct store *s, int64_t id, char **name);

int store_paused(struct store *s, bool *paused, char **reason); /* reason: free(), may be NULL */

/* With its going on end the task and the alert by which a copy of a database told of its pause. */
#define COPIED_KEY "copied" /* of the two */
int store_pause(struct store *s, bool pause, int64_t now_ms, const char *reason);

/* The same for a copy of a database, which is to do nothing in the world until a person says that
 * it may: is it paused for that? */
int store_pause_copy(struct store *s, int64_t now_ms, const char *reason);
int store_paused_copy(struct store *s, bool *paused);

#endif
