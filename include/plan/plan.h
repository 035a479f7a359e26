/*
 * The planner: records + playbook + now -> intents. Pure: it reads no clock and no database, so
 * the service, the forecast and the simulation share it.
 *
 * An intent says that a rule wants a message about one subject (a job, an appointment, or what a
 * client answered), in one
 * of its occurrences, to one recipient, at a time. It is either to be sent, or was decided against
 * with a reason that a person can read ("skip"); what a rule does not speak of at all gives no
 * intent, only a line to `trace`.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"

#define PLAN_REASON_MAX 200
#define PLAN_RECIPIENTS_MAX 64 /* members of a department that one rule writes to */

/* Something that happened to a subject. Only facts of the record itself: which stage completes a
 * job is the playbook's to say. */
struct plan_event {
    enum event event; /* JOB_OPENS, _ENTERS, ...; APPOINTMENT_BOOKED, ...; CLIENT_ANSWERS */
    int64_t revision; /* rises with each event of the subject */
    char *stage;      /* JOB_ENTERS, JOB_LEAVES; NULL otherwise */
    int64_t at_ms;
};
void plan_events_free(struct plan_event *list, size_t count);

/* A rule's message about a subject that reached the client, or may have: the latest one of an
 * occurrence. */
struct plan_asked {
    size_t rule; /* index in the playbook */
    int64_t occurrence;
    int64_t at_ms;
};

/* How a person can be reached. */
struct plan_contact {
    const char *email;         /* NULL: none */
    const char *phone;         /* E.164; NULL: none */
    const char *phone_problem; /* why the number in the record is none; NULL: no such problem */
    const char *email_problem;
    bool preferred_set;
    enum channel preferred;
    bool opted_out[CHANNEL_COUNT][PURPOSE_COUNT]; /* may not be written to */
    const struct zone *zone;                      /* whose quiet hours count; never NULL */
};

/* What the service knows of each rule, in the playbook's order. */
struct plan_rule_state {
    int64_t since_ms; /* switched on */
};

struct plan_subject {
    const struct job *job; /* the subject is one of three, the others are NULL */
    const struct appointment *appointment;
    const struct answer *answer;
    const struct job *of_job; /* the job that an appointment or an answer is about; NULL: none */
    const struct appointment *of_appointment; /* the appointment that an answer is about */
    const struct plan_event *events;
    size_t event_count;
    int64_t client_row;
    const struct plan_contact *client; /* NULL: the client is not there */
    int64_t told_ms; /* the client first heard of it, since its last booking; 0: not yet */
    /* Only as far as the playbook minds it: */
    const struct plan_asked *asked;
    size_t asked_count;
    int64_t answered_ms; /* the client's last answer that can be about it; 0: none */
    int64_t contact_ms;  /* the client last heard from us, about whatever it was; 0: never */
};

struct plan_world {
    const struct settings *settings;
    const struct playbook *playbook;
    const struct plan_rule_state *rules;
    const struct staff *staff; /* every active member */
    size_t staff_count;
    /* How a member of staff can be reached; called with one of `staff`. */
    void (*staff_contact)(void *arg, const struct staff *s, struct plan_contact *out);
    void *arg;
    int64_t now_ms;
    /* NULL: plan all rules. Otherwise this one, and of the others what leads up to something: when
     * any intent is `missed`, rules look at each other, and all of them have to be planned. */
    const struct rule *only;
};

enum recipient { RECIPIENT_CLIENT, RECIPIENT_STAFF, RECIPIENT_ADDRESS, RECIPIENT_OFFICE };

enum verdict {
    VERDICT_SEND,
    VERDICT_SKIP, /* decided against; `reason` says why */
    VERDICT_FAIL  /* cannot be: no usable address; `reason` says why */
};

struct intent {
    size_t rule; /* index in the playbook */
    int64_t occurrence;
    int repeat; /* 0 .. */
    enum recipient recipient;
    int64_t recipient_row; /* client or staff id */
    const char *address;   /* RECIPIENT_ADDRESS: borrowed from the rule */
    enum channel channel;
    int64_t nominal_ms; /* what the rule's `when` says */
    int64_t due_ms;     /* moved into the window */
    int64_t expires_ms; /* not useful from then on */
    enum verdict verdict;
    bool missed;                  /* its time was past already when the record appeared */
    char reason[PLAN_REASON_MAX]; /* "" for VERDICT_SEND */
};

struct intents {
    struct intent *items;
    size_t count, cap;
};
/* Frees the list and leaves it empty; what its intents borrow stays. */
void intents_close(struct intents *list);

/* A line for people about why a rule did or did not want something. */
typedef void (*plan_trace)(void *arg, const struct rule *r, const char *text);

/* Plan one subject. Appends to `out`. `trace` may be NULL. */
void plan_subject(const struct plan_world *w, const struct plan_subject *s, struct intents *out,
                  plan_trace trace, void *trace_arg);

/* Does this occurrence of the rule's event still stand: is the job still in that stage, the visit
 * neither cancelled nor moved? It says nothing of the rule's switch-on or of recipients. */
bool plan_stands(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
                 int64_t occurrence);

/* The channels a rule would use for this person, best first; 0 when there is none, and then
 * `reason` (PLAN_REASON_MAX bytes) says why. */
size_t plan_channels(const struct rule *r, const struct business *b, const struct plan_contact *c,
                     enum channel out[2], char *reason);

/* Move `due_ms` into the rule's window for a recipient in `zone`. `latest_ms` is the time from
 * which it is useless (INT64_MAX: none), `earliest_ms` the time before which it cannot go. False:
 * no allowed time lies between (or the rule says skip); `reason` says why. */
bool plan_window(const struct rule *r, const struct business *b, const struct zone *zone,
                 int64_t due_ms, int64_t earliest_ms, int64_t latest_ms, int64_t *out_ms,
                 char *reason);

/* Is this very instant inside the rule's window? */
bool plan_window_has(const struct rule *r, const struct business *b, const struct zone *zone,
                     int64_t instant_ms);

/* The hours of the day in which the rule may send, by the recipient's clock; false: it has none,
 * since it goes by the opening hours, or at any hour. */
bool plan_window_span(const struct rule *r, const struct business *b, struct hours_daily *out);

/* The instant at which an appointment starts or ends; false when the row has no such time (or one
 * that cannot be read, or a zone that nobody knows: `reason` says so). */
bool plan_appointment_time(const struct appointment *a, const struct business *b, bool ends,
                           int64_t *out_ms, char *reason);

#endif
