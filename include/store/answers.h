/*
 * What clients say to us, and when they last heard from us: for the rules that mind either.
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/entities.h"
#include "store/store.h"

/* Write a row of the table `answer`, as any other program would: now, with the columns of `a` but
 * `at`; its id is set. */
int store_answer_add(struct store *s, struct answer *a);

/* What the answer in this row is about, by keys that outlive a REPLACE: for its entity's `state`.
 * free() it. */
int store_answer_about(struct store *s, int64_t row_id, char **about);

/* When the client last answered about this job and appointment (0: none): answers that name another
 * one do not count, those that name none do. 0: never. Only what the service has looked at. */
int store_answered(struct store *s, int64_t client_row, int64_t job_id, int64_t appointment_id,
                   int64_t *at_ms);

/* The latest of those answers that was looked at by `until_ms`: its row's id, and when.
 * ERR_NOTFOUND when there is none. */
int store_answer_until(struct store *s, int64_t client_row, int64_t job_id, int64_t appointment_id,
                       int64_t until_ms, int64_t *id, int64_t *at_ms);

/* The messages about a subject that reached its client, or may have: of each rule and occurrence
 * when the latest one left. */
typedef void (*asked_each)(void *arg, int64_t rule_id, int64_t occurrence, int64_t at_ms);
int store_asked(struct store *s, int64_t subject_id, asked_each each, void *arg);

/* When a message last reached this recipient, or may have, those of the rules `but` left out.
 * 0: never. Reads the latest few, however many there are. */
int store_contact(struct store *s, int64_t recipient_id, const int64_t *but, size_t but_count,
                  int64_t *at_ms);

/* The client's jobs with their stages. */
typedef void (*job_each)(void *arg, int64_t entity_id, const char *stage);
int store_stages_of_client(struct store *s, int64_t client_row, job_each each, void *arg);

/* *lacking: there are clients, and none of them has ever given a score. Looks at every answer. */
int store_scores_lacking(struct store *s, bool *lacking);

/* Answers as they were given, the latest `max` (0: all) of a client (0: everybody) since `since_ms`
 * (0: ever), oldest first. Free with told_free. */
struct told {
    struct answer answer;
    char *client_name;
    char *about; /* "appointment A-7, Brake check", else the job; NULL: it names neither */
    int64_t at_ms;
};
int store_told(struct store *s, int64_t client_row, int64_t since_ms, size_t max, struct told **out,
               size_t *count);
void told_free(struct told *list, size_t count);

#endif
