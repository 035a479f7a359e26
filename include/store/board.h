/*
 * Jobs by their stage, appointments by their day, and what happened to each: for the pages. Reading
 * only, and by indexes: quick however many rows there are.
 */
#ifndef STORE_BOARD_H
#define STORE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/entities.h"
#include "store/store.h"

/* A job, with the names that stand on its card; a name is NULL when there is nobody. */
struct job_card {
    struct job job;
    char *client_name, *staff_name;
    int64_t entered_ms; /* when it came to its stage; 0: the service has not looked yet */
};
void job_cards_free(struct job_card *list, size_t count); /* NULL with 0 is fine */

/* A stage of a workflow. A job that names no workflow belongs to the first one that has its stage:
 * `first` says that this is the one. */
struct board_stage {
    const char *workflow, *stage;
    bool first;
};

/* The jobs in it: those that have been there longest first, at most `max`; *total: how many there
 * are in all. Of more than BOARD_SORTED_MAX, those with the lowest ids are put in order. */
#define BOARD_SORTED_MAX 500
int store_jobs_in_stage(struct store *s, const struct board_stage *at, size_t max,
                        struct job_card **out, size_t *count, int64_t *total);

/* Those that came there since `since_ms` and are there still, the latest first; of more than
 * BOARD_SORTED_MAX, the latest ones. */
int store_jobs_entered(struct store *s, const struct board_stage *at, int64_t since_ms, size_t max,
                       struct job_card **out, size_t *count, int64_t *total);

/* Jobs in a stage that no workflow has, as the service noted them. */
int store_jobs_astray(struct store *s, size_t max, struct job_card **out, size_t *count,
                      int64_t *total);

/* Those of them that one member of staff is in charge of, by their ids, at most `max`. */
int store_jobs_in_charge(struct store *s, const struct board_stage *at, int64_t staff_id,
                         size_t max, struct job_card **out, size_t *count);

/* One job with its names; ERR_NOTFOUND. Free with job_cards_free(card, 1), which the caller has on
 * the heap, in any case. */
int store_job_card(struct store *s, int64_t id, struct job_card **out);

/* A stage that a job came to, and when. */
struct stage_entry {
    char *stage;
    int64_t at_ms;
};
/* The latest `max`, the oldest of them first; free with stage_entries_free in any case. */
int store_stages_of(struct store *s, int64_t job_id, size_t max, struct stage_entry **out,
                    size_t *count);
void stage_entries_free(struct stage_entry *list, size_t count);

/* An appointment with its names. */
struct visit_card {
    struct appointment appointment;
    char *client_name, *staff_name;
};
void visit_cards_free(struct visit_card *list, size_t count);

/* When an appointment starts, as its row says it. */
struct visit_start {
    int64_t id;
    char *starts, *timezone; /* timezone: NULL: it names none */
};
void visit_starts_free(struct visit_start *list, size_t count);

/* Appointments whose rows say that they start at `from` or later and before `until` ("2026-12-08":
 * text against text, whatever the zone), in the order of those texts, at most `max`. Only an index
 * is read, so that thousands may be looked through for the few that are shown. */
int store_starts_between(struct store *s, const char *from, const char *until, size_t max,
                         struct visit_start **out, size_t *count);

/* The appointments of a job, in the order of the texts of their starts. */
int store_appointments_of_job(struct store *s, int64_t job_id, size_t max, struct visit_card **out,
                              size_t *count);

/* Visits to come, booked or confirmed, that one member of staff is in charge of: whose rows say
 * that they start at `from` or later, in the order of those texts, at most `max`. */
int store_visits_in_charge(struct store *s, int64_t staff_id, const char *from, size_t max,
                           struct visit_card **out, size_t *count);

/* One; as store_job_card. */
int store_visit_card(struct store *s, int64_t id, struct visit_card **out);

#endif
