/*
 * What the service knows of each record: the change log that triggers fill, the entities with
 * their revision and last known facts, and the events that happened to them.
 */
#ifndef STORE_ENTITIES_H
#define STORE_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "store/store.h"

enum entity_kind {
    ENTITY_CLIENT = 1,
    ENTITY_STAFF = 2,
    ENTITY_JOB = 3,
    ENTITY_APPOINTMENT = 4,
    ENTITY_ADDRESS = 5, /* an address that a rule names; the key is the address */
    ENTITY_OFFICE = 6,  /* nobody in particular: where a task goes when nobody is in charge */
    ENTITY_ANSWER = 7   /* what a client said */
};

/* Is it about rows that other programs write (not an address or the office)? */
bool entity_is_record(enum entity_kind kind);

/* The generation of a subject that has never been planned: it has no messages. */
#define ENTITY_NEVER_PLANNED (-1)

struct entity {
    int64_t id;
    enum entity_kind kind;
    char *key;
    int64_t row_id;     /* the record's id now */
    int64_t client_row; /* its client; 0: none */
    bool present;       /* the record is there */
    int64_t revision;
    char *state; /* job: stage; appointment: status; answer: what it is about */
    char *facts; /* what planning depends on, as text; see store_facts */
    int64_t generation;
    int64_t told_ms; /* its client first heard of it (since its last booking); 0: not yet */
};
void entity_close(struct entity *e);

struct change {
    int64_t id;
    enum entity_kind kind;
    int64_t row_id;
    int64_t at_ms;
    char *detail;
};

/* The oldest `max` changes, in order; free with changes_free. */
int store_changes(struct store *s, size_t max, struct change **out, size_t *count);
void changes_free(struct change *list, size_t count);
int store_changes_done(struct store *s, int64_t up_to_id);

/* The record's writer's key ("ref", or "#id") and its facts as they stand in the row now, both
 * free()d by the caller; ERR_NOTFOUND when the row is gone. *known: there is an entity of this
 * key, or of this row. */
int store_facts(struct store *s, enum entity_kind kind, int64_t row_id, char **key, char **facts);
int store_facts_known(struct store *s, enum entity_kind kind, int64_t row_id, char **key,
                      char **facts, bool *known);

/* The same of rows that follow each other, by one statement: of clients, jobs or appointments, from
 * `first_row` on as many as `count`; out[i] is the one with the id first_row + i. Close each with
 * row_now_close, also after an error. */
struct row_now {
    char *key, *facts; /* NULL: there is no such row */
    bool known;
};
int store_rows_now(struct store *s, enum entity_kind kind, int64_t first_row, size_t count,
                   struct row_now *out);
void row_now_close(struct row_now *r);

/* The n-th part of facts, as a heap string; NULL when there are none. */
char *entity_fact(const char *facts, int n);

/* Which part is what. */
enum { CLIENT_EMAIL, CLIENT_PHONE };
enum { JOB_STAGE, JOB_WORKFLOW, JOB_DUE, JOB_CLIENT, JOB_STAFF };
enum {
    APPOINTMENT_STARTS,
    APPOINTMENT_ZONE,
    APPOINTMENT_STATUS,
    APPOINTMENT_ENDS,
    APPOINTMENT_CLIENT,
    APPOINTMENT_JOB,
    APPOINTMENT_STAFF
};
enum { ANSWER_AT, ANSWER_CLIENT, ANSWER_JOB, ANSWER_APPOINTMENT };

/* The id of the row with this key, or ERR_NOTFOUND. */
int store_row_of_key(struct store *s, enum entity_kind kind, const char *key, int64_t *row_id);

/* The entity by its id, its writer's key, or its present row; ERR_NOTFOUND. Close with
 * entity_close. */
int store_entity(struct store *s, int64_t id, struct entity *out);
int store_entity_by_key(struct store *s, enum entity_kind kind, const char *key,
                        struct entity *out);
int store_entity_by_row(struct store *s, enum entity_kind kind, int64_t row_id, struct entity *out);
/* Only the id of the latter. */
int store_entity_id_of_row(struct store *s, enum entity_kind kind, int64_t row_id, int64_t *id);

/* Insert (id == 0, which is then set) or update every column of the entity. */
int store_entity_save(struct store *s, struct entity *e);

/* The entity's id for this key, made if need be (recipients: addresses, the office). */
int store_entity_intern(struct store *s, enum entity_kind kind, const char *key, int64_t row_id,
                        int64_t *id);

/* If the recipient is a client, and nobody had heard of this subject: its client has now, set
 * told_ms. *revision: the subject's, if so; else 0. */
int store_entity_told(struct store *s, int64_t id, int64_t recipient_id, int64_t at_ms,
                      int64_t *revision);
/* Set the generation. */
int store_entity_planned(struct store *s, int64_t id, int64_t generation);

/* Call `each` for up to `max` entity ids after `after`; returns the number of calls in *count. */
typedef void (*entity_each)(void *arg, int64_t entity_id);
int store_entities_of_client(struct store *s, int64_t client_row, entity_each each, void *arg);
/* ... that have messages to members of staff, or to the office in their stead, which are pending,
 * or were decided against and would still be of use at `now_ms`. */
int store_entities_waiting_for_staff(struct store *s, int64_t now_ms, entity_each each, void *arg);
/* Mark these subjects' plans as old (generation 0). */
int store_unplan_of_client(struct store *s, int64_t client_row);
int store_unplan_of_staff(struct store *s, int64_t now_ms);

/* Jobs, appointments and answers whose plan is not of this generation: looks at up to `max`
 * entities with ids above *after, which moves on; *done: there are no more to look at. */
int store_entities_unplanned(struct store *s, int64_t generation, int64_t *after, size_t max,
                             entity_each each, void *arg, bool *done);

/* The same of one client alone, the newest first, looking at no more than `max` of its subjects. */
int store_entities_unplanned_of(struct store *s, int64_t client_row, int64_t generation, size_t max,
                                entity_each each, void *arg);

/* Rows whose facts, stage or status differ from what we know, rows we do not know, entities whose
 * row is gone: up to `max` after the cursor, as (kind, row id). *cursor starts at 0; *done says the
 * sweep is complete. */
typedef void (*difference_each)(void *arg, enum entity_kind kind, int64_t row_id);
struct reconcile_cursor {
    enum entity_kind kind; /* 0: at the beginning */
    bool gone;             /* looking for entities without a row */
    int64_t after;
};
int store_reconcile(struct store *s, struct reconcile_cursor *c, size_t max, difference_each each,
                    void *arg, bool *done);

int store_event_add(struct store *s, int64_t entity_id, const struct plan_event *e);
/* The entity's events, oldest first; free with plan_events_free. */
int store_events(struct store *s, int64_t entity_id, struct plan_event **out, size_t *count);

#endif
