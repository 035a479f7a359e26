/*
 * What people ask for: lists of messages, one message with its attempts, the state of it all; and
 * the few writes that only people ask for. Reading takes no lock and changes nothing.
 */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/entities.h"
#include "store/messages.h"
#include "store/store.h"

/* A message as people see it: names instead of row ids, the words that went out. Strings are NULL
 * and ids 0 where there is none. */
struct outbox_row {
    int64_t id;
    char *rule, *purpose;
    int64_t client_id, job_id, appointment_id;
    char *client_name;
    enum entity_kind subject_kind;
    char *subject_ref;   /* the job's, appointment's or answer's key: its ref, or "#id" */
    char *subject_title; /* and its title; an answer has none */
    char *to;            /* as sent, or a fixed address of the rule; NULL while it is still open */
    enum entity_kind recipient_kind;
    char *recipient_name; /* client or staff */
    enum channel channel;
    enum message_state state;
    int64_t nominal_ms, due_ms, expires_ms, next_ms, state_ms;
    char *reason, *gateway, *provider_id;
    int attempts;
    char *language, *subject, *text; /* NULL before it is composed */
    int64_t leader_id; /* the message that it went with, which has the words; 0: none */
};
void outbox_row_close(struct outbox_row *r);                  /* free what it holds */
void outbox_rows_free(struct outbox_row *rows, size_t count); /* NULL with 0 is fine */

#define STATES_ALL ((1u << MESSAGE_STATES) - 1)
#define STATES_PENDING ((1u << MESSAGE_PLANNED) | (1u << MESSAGE_HELD) | (1u << MESSAGE_RETRY))
/* Not at an end yet: pending, on the wire, or of unknown fate. */
#define STATES_OPEN (STATES_PENDING | (1u << MESSAGE_SENDING) | (1u << MESSAGE_UNKNOWN))

/* What to list; zero means "any" everywhere. */
struct outbox_filter {
    unsigned states; /* a bit for each enum message_state */
    int64_t id;
    const char *rule;
    int64_t client_row;
    enum entity_kind subject_kind; /* with subject_row: one job or one appointment */
    int64_t subject_row;
    bool with_visits;           /* with a job: its appointments as well, and what was answered about
                                   it; with an appointment: what was answered about it */
    int64_t since_ms, until_ms; /* due (by_change: changed) at or after, and before; 0: open */
    bool unclear; /* only what an answer was once unclear of: it may be out, or out twice */
    size_t limit;
    bool by_change; /* in the order of their last change, instead of when they are due */
    bool latest;    /* with a limit: the last ones of that order instead of the first */
};

/* The messages, oldest first. Free with outbox_rows_free in any case. */
int store_outbox(struct store *s, const struct outbox_filter *f, struct outbox_row **out,
                 size_t *count);

/* The greatest id of a message; 0: there is none. */
int store_last_message(struct store *s, int64_t *id);

struct attempt_row {
    int64_t at_ms;
    char *gateway, *outcome, *detail; /* detail may be NULL */
    int code;                         /* 0: none */
};

/* The attempts of one message, in their order; free with attempts_free. */
int store_attempts(struct store *s, int64_t message_id, struct attempt_row **out, size_t *count);
void attempts_free(struct attempt_row *rows, size_t count);

/* What was decided about a message, and what that was taken on. */
struct decision_row {
    int64_t at_ms;   /* of the one that let it go: when its state last changed, or later */
    int64_t next_ms; /* put off until then; 0: not put off */
    bool went;       /* it was let go; reason is NULL */
    enum message_state state;
    char *reason, *saw; /* saw: a JSON object (send/gate.h); NULL: nothing */
};

/* The decisions about one message, in their order; free with decisions_free. */
int store_decisions(struct store *s, int64_t message_id, struct decision_row **out, size_t *count);
void decisions_free(struct decision_row *rows, size_t count);

struct rule_status {
    char *name, *purpose, *pause_reason; /* the last may be NULL */
    bool present;                        /* in the playbook that the service last read */
    int64_t since_ms, paused_ms;         /* paused_ms 0: not paused */
    bool asks;                           /* paused by itself: it waits for a yes */
    bool on_trial;                       /* new or changed, and not let go yet */
    int64_t waiting, sent;               /* messages: pending; sent, delivered or bounced */
};

struct store_status {
    int64_t counts[MESSAGE_STATES];
    int64_t next_due_ms;   /* of what is pending and not overdue; INT64_MAX: nothing */
    int64_t overdue;       /* pending, and its time has come */
    int64_t oldest_due_ms; /* of those; INT64_MAX: none */
    int64_t last_sent_ms;  /* 0: never */
    int64_t changes;       /* rows of other programs that the service has not looked at yet */
    int64_t tasks;         /* open ones */
    int64_t clients, jobs, appointments;
    bool paused;
    char *pause_reason;
    struct rule_status *rules;
    size_t rule_count;
};
int store_status(struct store *s, int64_t now_ms, struct store_status *out);
void store_status_close(struct store_status *st);

/* The languages that clients have, those without one left out, with how many have it; by language.
 * Looks at every client. Free with language_counts_free in any case. */
struct language_count {
    char *language;
    int64_t clients;
    int64_t first; /* the id of one of them */
};
int store_languages(struct store *s, struct language_count **out, size_t *count);
void language_counts_free(struct language_count *list, size_t count);

/* The same of the names of time zones, for clients, staff or appointments. Looks at every row. */
struct zone_count {
    char *zone;
    int64_t rows;
    int64_t first; /* the id of one of them */
};
int store_zones_named(struct store *s, enum entity_kind kind, struct zone_count **out,
                      size_t *count);
void zone_counts_free(struct zone_count *list, size_t count);

/* "Alice Brown (C1)": such a row, to be found again by its ref, or else by its id ("#7"); an
 * appointment has no other name. ERR_NOTFOUND; free() it. */
int store_row_label(struct store *s, enum entity_kind kind, int64_t row_id, char **out);

/* The id of the client, job, appointment or member of staff that a person means by `text`: a ref,
 * or else an id ("7", "#7"). ERR_NOTFOUND. */
int store_find(struct store *s, enum entity_kind kind, const char *text, int64_t *row_id);

/* The first of the refs that begin like `text`, for a suggestion; NULL: none. free() it. */
char *store_find_near(struct store *s, enum entity_kind kind, const char *text);

/* The rules of test messages and of alerts: in no playbook, so that nothing is ever planned for
 * them. */
#define SEND_TEST_RULE "send-test"
#define ALERT_RULE "alert"

/* A message that belongs to no rule of the playbook. */
struct hand_row {
    const char *rule;     /* under this name it stands in all lists */
    enum purpose purpose; /* of that */
    enum channel channel;
    int64_t now_ms, expires_ms; /* due at once, useless after that */
};

/* Put a message for `address` into the queue that speaks of no record, to leave by this gateway and
 * no other (NULL: by the channel's). Its payload has to be saved in the same transaction. */
int store_hand_add(struct store *s, const struct hand_row *row, const char *gateway,
                   const char *address, int64_t *message_id);

/* The same for a client, who is what it is about, too. ERR_NOTFOUND: there is no such row. */
int store_hand_add_client(struct store *s, const struct hand_row *row, int64_t client_id,
                          int64_t *message_id);

#endif
