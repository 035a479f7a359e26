/*
 * The records that other programs write into the database, as the planner, the gate and the
 * templates see them. Strings are owned by the record; NULL where the row has none.
 */
#ifndef PLAN_RECORD_H
#define PLAN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_TASK, CHANNEL_COUNT };
enum purpose {
    PURPOSE_SERVICE,
    PURPOSE_MARKETING,
    PURPOSE_SURVEY,
    PURPOSE_INTERNAL,
    PURPOSE_COUNT
};

/* "email", "sms", "task"; "service", ...; NULL when out of range. The _from functions return false
 * for a word that is none. */
const char *channel_name(enum channel c);
bool channel_from(const char *name, enum channel *out);
const char *purpose_name(enum purpose p);
bool purpose_from(const char *name, enum purpose *out);

/* Notes are for people; they are not loaded, however long, and no template can show them. */
struct client {
    int64_t id;
    char *ref, *name, *email, *phone, *language, *timezone, *channel, *tags, *fields;
};

struct staff {
    int64_t id;
    char *ref, *name, *email, *phone, *department, *language, *timezone;
    int64_t manager_id; /* 0: none */
    bool active;
};

struct job {
    int64_t id;
    char *ref, *workflow, *stage, *title, *due, *amount, *currency, *fields;
    int64_t client_id, staff_id; /* 0: none */
};

struct appointment {
    int64_t id;
    char *ref, *title, *location, *starts, *ends, *timezone, *status, *uid, *fields;
    int64_t client_id, job_id, staff_id; /* 0: none */
    int64_t sequence;
};

/* What a client said to us. */
struct answer {
    int64_t id;
    char *ref, *channel, *text, *score, *at;   /* score: a whole number, as text; NULL: none */
    int64_t client_id, job_id, appointment_id; /* 0: none */
};

void client_close(struct client *c); /* free the strings; the struct is zero afterwards */
void staff_close(struct staff *s);
void job_close(struct job *j);
void appointment_close(struct appointment *a);
void answer_close(struct answer *a);

#endif
