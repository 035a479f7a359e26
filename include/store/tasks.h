/*
 * Tasks: what a person has to do, as the rules ask for it or because the service cannot go on
 * alone.
 */
#ifndef STORE_TASKS_H
#define STORE_TASKS_H

#include <stdint.h>

#include "store/store.h"

struct task {
    const char *key; /* one open task of this key exists at most; NULL: none */
    int64_t message_id, staff_id, client_id, job_id, appointment_id; /* 0: none */
    const char *text;
};

/* Raise it, unless one with its key is open already; one that was done is opened again. */
int store_task_raise(struct store *s, const struct task *t, int64_t now_ms);

/* The open task of this key, if there is one, is done. */
int store_task_done(struct store *s, const char *key, int64_t now_ms);

#endif
