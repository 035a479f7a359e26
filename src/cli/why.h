/*
 * Inside `betimes why`: what its parts share. cmd_why.c explains a message from its rows,
 * why_rule.c what a rule did or did not want of a record; both tell it in steps (why_steps.c): how
 * it came to its time (why_time.c), by which channel (why_channel.c), and what was decided
 * (why_seen.c).
 */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/session.h"
#include "plan/account.h"
#include "send/letter.h"
#include "service/config.h"
#include "store/queries.h"
#include "watch/world.h"

struct asking {
    const struct call *call;
    struct session session;
    struct config config; /* all NULL when it is broken: then there is less to tell */
    size_t mistakes;      /* in the files, for which it is so */
    struct world world;   /* only with a configuration */
    bool has_world, paused;
    int64_t now_ms;
    json_t *list; /* --json: what has been told so far */
};

/* One line of an explanation: what it is about, and the text, folded. */
void why_label(const char *name);
void why_line(const char *name, const char *text);

/* One step of an explanation: for people a line, for programs its values as well. */
struct why_step {
    const char *name; /* constant */
    char *text;
    json_t *values; /* NULL: none */
};
struct why_steps {
    struct why_step *items;
    size_t count, cap;
};
/* Add one; takes the reference to `values`. */
__attribute__((format(printf, 4, 5))) void why_step(struct why_steps *l, const char *name,
                                                    json_t *values, const char *fmt, ...);
void why_steps_print(const struct why_steps *l);
json_t *why_steps_json(const struct why_steps *l); /* a new reference */
void why_steps_close(struct why_steps *l);

/* What the client had answered by the time at which a message ended without leaving. */
struct why_answer {
    struct answer answer;
    int64_t at_ms; /* the service saw it; 0: there is none */
};

/* How the message `of` the subject comes to its time, by the records as they are now. False, with
 * no step added: they do not have what it follows from (any more). An answer (NULL: none) is told
 * where it is what the rule waited for. */
bool why_times(const struct asking *a, const struct plan_world *w, const struct plan_subject *s,
               const struct account_of *of, const struct why_answer *answer, struct why_steps *out,
               struct account_times *times);

/* The step that tells of it: when, by what channel, and its first words. */
void why_tell_answer(const struct asking *a, const struct why_answer *answer,
                     struct why_steps *out);

/* The choice of the channel: what the rule says, what the recipient prefers, which addresses there
 * are, and for a client (`client_id` not 0) what the ledger of consent says, now or as of `then_ms`
 * (INT64_MAX: now). */
void why_channels(const struct asking *a, struct store *s, const struct rule *r,
                  const struct plan_contact *contact, int64_t client_id, int64_t then_ms,
                  struct why_steps *out);

/* What the gate would say of the waiting message when its time comes, by the records as they are
 * now, with the values that it sees. */
void why_gate(const struct asking *a, struct world *w, const struct message *m,
              const struct letter *l, struct why_steps *out);

/* What was decided about the message and what that was taken on: as steps, or as the member
 * `decisions` of `into`. Errors: the store's. */
int why_decisions(const struct asking *a, int64_t message_id, struct why_steps *out);
int why_decisions_json(const struct asking *a, int64_t message_id, json_t *into);

/* Explain these messages, one after the other. Returns an exit status. */
int why_tell_rows(struct asking *a, const struct outbox_row *rows, size_t count);

/* Why the rule of --rule did or did not want a message about this record; also for what was never
 * planned. Returns an exit status. */
int why_rule(struct asking *a, enum entity_kind kind, const char *ref);

/* The same without a configuration: only messages that were planned. */
int why_messages_of(struct asking *a, enum entity_kind kind, const char *ref);

#endif
