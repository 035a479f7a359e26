/*
 * All that planning one subject loads. Besides the planning itself it serves `why`, which plans
 * with a trace and changes nothing, and the letter that a message becomes.
 */
#ifndef WATCH_SUBJECT_H
#define WATCH_SUBJECT_H

#include <stdint.h>

#include "store/entities.h"
#include "watch/world.h"

struct subject {
    struct entity entity;
    struct job job, of_job;
    struct appointment appointment; /* also that which an answer is about */
    struct answer answer;
    struct client client;
    struct contact contact;
    struct plan_event *events;
    size_t event_count;
    struct plan_asked *asked;
    struct plan_subject plan; /* points into the rest: do not copy */
};

/* ERR_NOTFOUND when the record is gone; `entity` is loaded even then. subject_load_records leaves
 * out what only planning needs: the events, the conversation. */
int subject_load_records(struct world *w, int64_t entity_id, struct subject *out);
int subject_load(struct world *w, int64_t entity_id, struct subject *out);
void subject_close(struct subject *s);

#endif
