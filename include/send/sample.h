/*
 * The records that a message is written from, and a made-up set of them, for whoever wants to see a
 * message before there is anyone to send it to.
 */
#ifndef SEND_SAMPLE_H
#define SEND_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/compose.h"
#include "store/entities.h"

struct record_set { /* an id of 0: there is none */
    struct client client;
    struct job job;
    struct appointment appointment;
    struct answer answer;
    struct staff staff;
    struct staff recipient; /* of a rule that writes to people of the house: record_set_address */
    size_t besides;         /* others of the department get the same */
    bool recipient_made_up;
    unsigned made_up; /* MADE_UP of those that no row stands behind */
};
#define MADE_UP(kind) (1u << (kind)) /* of enum entity_kind */
void record_set_close(struct record_set *r);

/* A client, a job, an appointment or an answer (by its id) with the records that belong to it; what
 * is not there has no values. ERR_NOTFOUND when it is not there itself. `out` is all zero before;
 * close it in any case. */
int record_set_load(struct store *s, enum entity_kind kind, int64_t id, struct record_set *out);

/* The record of a client that a rule would speak of: the next of the visits (else the last one)
 * that stand as the rule has it (a cancelled one for what tells of that), else of the others; the
 * latest job, one in the rule's stage before all others; the latest answer. `of` says whose, by ids
 * alone: the client's, and if there is a job or an appointment only what belongs to that.
 * ERR_NOTFOUND when there is none. Looks at the latest SUBJECTS_LOOKED_AT of the client's. */
#define SUBJECTS_LOOKED_AT 1000
int record_set_subject(struct store *s, const struct rule *rule, const struct business *business,
                       int64_t now_ms, const struct record_set *of, enum entity_kind *kind,
                       int64_t *id);

/* Set the member of staff to whom the rule writes of these records, chosen as the planner does: who
 * is in charge, the manager of who is in charge, or the first of the department. With an id of 0
 * there is none: it goes to the client, to an address, or, where nobody was found, to the office.
 * Where the one in charge is made up, so is the manager; with no store (NULL) anybody is. Errors:
 * the store's. */
int record_set_address(struct store *s, const struct rule *rule, struct record_set *r);

/* What the message of a rule is composed from, with no address to send it to: a preview, for whom
 * record_set_address has set. Borrows all of it. */
void record_set_input(const struct record_set *r, const struct rule *rule, enum channel channel,
                      int64_t now_ms, struct compose_input *out);

/* A client with a repair in the rule's stage and a visit tomorrow at 15:00, and, for rules on
 * answers, what she said of it; with the member of staff whom the rule writes to. */
void sample_make(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *out);

/* Let that stand in for what the rule is about, where `r`, a real client's, has none of it. */
void sample_fill(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *r);

#endif
