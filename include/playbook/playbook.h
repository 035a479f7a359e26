/*
 * The playbook: what is said when. Workflows with their stages, and rules. A playbook is read
 * whole, checked whole, and then never changes; a reload makes a new one.
 */
#ifndef PLAYBOOK_PLAYBOOK_H
#define PLAYBOOK_PLAYBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "plan/record.h"
#include "playbook/problems.h"
#include "time/hours.h"
#include "time/offset.h"

struct workflow {
    char *name;
    struct str_list stages;  /* in their order */
    struct str_list done;    /* stages that complete a job */
    struct str_list lost;    /* stages in which a job is lost */
    struct str_list waiting; /* stages in which the client is the one to act */
    int line;
};

enum event {
    EVENT_JOB_ENTERS,
    EVENT_JOB_LEAVES,
    EVENT_JOB_OPENS,
    EVENT_JOB_COMPLETES,
    EVENT_JOB_LOST,
    EVENT_JOB_DUE,
    EVENT_APPOINTMENT_BOOKED,
    EVENT_APPOINTMENT_MOVED,
    EVENT_APPOINTMENT_CANCELLED,
    EVENT_APPOINTMENT_CONFIRMED,
    EVENT_APPOINTMENT_MISSED,
    EVENT_APPOINTMENT_STARTS,
    EVENT_APPOINTMENT_ENDS,
    EVENT_CLIENT_SILENCE,
    EVENT_CLIENT_ANSWERS,
    EVENT_NO_ANSWER,
    EVENT_SURVEY_BELOW,
    EVENT_COUNT
};

enum rule_to { TO_CLIENT, TO_STAFF, TO_MANAGER, TO_DEPARTMENT, TO_ADDRESS };

/* `by`: the channels of one message, in order. */
enum rule_by {
    BY_PREFERRED,
    BY_SMS,
    BY_EMAIL,
    BY_SMS_THEN_EMAIL,
    BY_EMAIL_THEN_SMS,
    BY_SMS_AND_EMAIL,
    BY_TASK
};

enum rule_window { WINDOW_NOT_QUIET, WINDOW_DAILY, WINDOW_BUSINESS, WINDOW_ANY };
enum rule_outside { OUTSIDE_DEFAULT, OUTSIDE_EARLIER, OUTSIDE_LATER, OUTSIDE_SKIP };
enum rule_missed { MISSED_DEFAULT, MISSED_SKIP, MISSED_SEND };
enum rule_unknown { UNKNOWN_DEFAULT, UNKNOWN_HOLD, UNKNOWN_RESEND };

#define LATE_DEFAULT (-1) /* until the appointment starts; else one day */

struct rule {
    char *name;
    enum event event;
    char *stage;             /* EVENT_JOB_ENTERS and _LEAVES */
    char *of_rule;           /* EVENT_NO_ANSWER */
    const struct rule *asks; /* likewise: that rule; NULL only in a playbook with errors */
    bool asked;              /* some rule waits for an answer to this one */
    int below;               /* EVENT_SURVEY_BELOW */
    struct offset when;
    struct repeat every;
    char *only_if, *unless;        /* SQL expressions as written; NULL: none */
    int only_if_line, unless_line; /* where `if` and `unless` stand */
    enum rule_to to;
    char *department; /* TO_DEPARTMENT */
    char *address;    /* TO_ADDRESS: an e-mail address or a number */
    enum rule_by by;
    char *template;
    enum purpose purpose;
    enum rule_window window;
    struct hours_daily daily; /* WINDOW_DAILY */
    enum rule_outside outside;
    int64_t late_ms; /* LATE_DEFAULT or >= 0 */
    enum rule_missed missed;
    int64_t settle_ms;
    bool capped;
    struct str_list require;
    int require_line; /* where it stands */
    /* Where these keys stand; the line of the section for one that is left out. */
    int to_line, by_line, when_line, every_line, window_line, template_line;
    char *workflow; /* NULL: every workflow that has the stage */
    int64_t merge_ms;
    bool invite;
    enum rule_unknown unknown;
    char *on_text, *when_text, *to_text; /* as written, white space folded; for people and for the
                                            switch-on rule of design.md */
    uint64_t plan_digest;                /* of its section, as far as planning depends on it */
    int line;
};

struct playbook {
    char *file;
    char *text; /* all of the file, as it was read: for people; NULL: it was not read from a file */
    struct workflow *workflows;
    size_t workflow_count;
    struct rule *rules; /* in the file's order */
    size_t rule_count;
    /* Some rule on visits, or on anything else, ends or goes by what a client answers later. */
    bool visits_mind_answers, others_mind_answers;
    bool minds_silence;    /* some rule is on `client hears nothing` */
    uint64_t digest;       /* of what planning depends on: not of words, nor of comments */
    uint64_t frame_digest; /* the same but for what the rules say, beside their names and order */
};

/* Read and check the file. Everything that is wrong goes into `problems`; returns NULL when there
 * is at least one error among them. Free with playbook_free. */
struct playbook *playbook_read(const char *path, struct problems *problems);

/* The same, but what could be read of a file with errors is returned, without what was wrong: only
 * to find what else is. NULL when nothing could be read. */
struct playbook *playbook_read_rest(const char *path, struct problems *problems);

/* As playbook_read for text in memory; `file` is the name used in messages. */
struct playbook *playbook_read_text(const char *file, const char *text, size_t len,
                                    struct problems *problems);

/* What only both files together can tell: business hours are used and none are given, a rule's
 * channel has no gateway, a fixed number makes no sense in this country. */
struct settings; /* playbook/settings.h */
void playbook_check(const struct playbook *p, const struct settings *settings,
                    struct problems *problems);
void playbook_free(struct playbook *p);

/* Do they differ in one rule alone, as far as planning depends on them, and does neither that rule
 * go by what others do (`no answer to`, `client hears nothing`) nor any other by what it does (`no
 * answer to`; for moves and ends of visits, what tells of bookings)? Then what others want of a
 * subject is what they wanted, but for what came too late to be said in its time (`missed`), where
 * rules look at each other. */
bool playbook_lone_change(const struct playbook *before, const struct playbook *now, size_t *rule);

const struct rule *playbook_rule(const struct playbook *p, const char *name); /* NULL: none */
const struct workflow *playbook_workflow(const struct playbook *p, const char *name);

/* The rule that says what it speaks of: itself, but for `no answer to RULE` that one. */
const struct rule *rule_of_subject(const struct rule *r);

/* Does the rule speak of jobs, of appointments, of answers? `no answer to RULE` speaks of what RULE
 * does. */
bool rule_on_job(const struct rule *r);
bool rule_on_appointment(const struct rule *r);
bool rule_on_answer(const struct rule *r);

/* Repeats to a client end once the client has answered. */
bool rule_ends_at_answer(const struct rule *r);

/* May a message of the rule need words for e-mail or for SMS? What `by` says, as far as there are
 * gateways for what the client prefers, and its fixed address fits. A task may have either. */
bool rule_may_go_by(const struct rule *r, const struct settings *s, enum channel c);

/* Does it write to the client (not to staff, and not a task for somebody to call her)? */
bool rule_writes_to_client(const struct rule *r);
const char *event_phrase(enum event e); /* "job enters", ... */

/* The rule in plain English: "When a job enters Ready and that holds for 5 minutes, text the
 * client, else e-mail". No full stop; free() it. Conditions that nothing surely right can be said
 * of (playbook/said.h) stand at its end as they are written. */
char *rule_sentence(const struct rule *r);

/* The same in its parts, in their order, so that what is SQL can be shown as that. All but the
 * first may be NULL; a condition is in one of its two. */
struct rule_told {
    char *sentence;
    char *only_if, *only_where; /* `if`: "only if ..."; as it is written */
    char *unless, *not_where;   /* the same of `unless` */
};
void rule_tell(const struct rule *r, struct rule_told *out);
void rule_told_close(struct rule_told *t);

/* A fingerprint of all that decides to whom, when and whether the rule speaks: its keys but
 * `template`, `invite` and `unknown`, and the workflows it means. The same for the same definition,
 * however it is written and wherever it stands. */
uint64_t rule_digest(const struct playbook *p, const struct rule *r);

/* Is it one of the workflow's stages (by its exact name), and of which sort? */
bool workflow_has(const struct workflow *w, const char *stage);
bool workflow_is_done(const struct workflow *w, const char *stage);
bool workflow_is_lost(const struct workflow *w, const char *stage);
bool workflow_is_waiting(const struct workflow *w, const char *stage);

#endif
