/*
 * What a booking program writes: the sample business of the demo, by plain SQL into the tables that
 * are the interface and no others. It plays another program, so it uses a connection of its own and
 * knows nothing of messages; every call is a transaction of its own.
 *
 * All of them return 0 or a code with store_error's words: ERR_INVALID when a constraint of the
 * schema refuses the row, ERR_NOTFOUND when a ref names nothing. Records are told by their ref;
 * texts may be NULL where the table allows it.
 */
#ifndef STORE_SAMPLE_H
#define STORE_SAMPLE_H

#include "store/store.h"

struct sample_staff {
    const char *ref, *name, *email, *language;
};

struct sample_client {
    const char *ref, *name, *email, *phone, *language, *timezone, *channel;
};

struct sample_job {
    const char *ref, *client, *staff; /* the last two are refs */
    const char *title, *plate;        /* the plate goes into `fields` */
    const char *stage;
};

struct sample_appointment {
    const char *ref, *client, *staff; /* the last two are refs */
    const char *title;
    const char *starts; /* "2026-12-08T15:00", by the business's clock */
};

/* People. The phone may be written in any way, also wrongly: a booking program does not look. */
int sample_staff_add(struct store *s, const struct sample_staff *m);
int sample_client_add(struct store *s, const struct sample_client *c);
int sample_client_phone(struct store *s, const char *ref, const char *phone);

/* A line in the ledger: state "in" or "out". */
int sample_consent_add(struct store *s, const char *client, const char *channel,
                       const char *purpose, const char *state);

/* A new job, in the stage that it names. */
int sample_job_add(struct store *s, const struct sample_job *j);

/* Into another stage; `amount_eur` 0 leaves the price as it is. */
int sample_job_stage(struct store *s, const char *ref, const char *stage, int amount_eur);

/* A visit, and what becomes of it: "confirmed", "cancelled", "completed" or "missed". */
int sample_appointment_add(struct store *s, const struct sample_appointment *a);
int sample_appointment_move(struct store *s, const char *ref, const char *starts);
int sample_appointment_status(struct store *s, const char *ref, const char *status);

#endif
