/*
 * All that planning one subject loads. Besides the planning itself it serves `why`, which plans
 * with a trace and changes nothing, and the letter that a message becomes.
 */
#ifndef WATCH_SUBJECT_H
#define WATCH_SUBJECT_H

#include <stdint.h>

#include "store/entities.h"
#include "store/stretch.h"
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
    int64_t client_entity;    /* the client's, if it is known already; else 0 */
    struct plan_subject plan; /* points into the rest: do not copy */
};

/* ERR_NOTFOUND when the record is gone; `entity` is loaded even then. subject_load_records leaves
 * out what only planning needs: the events, the conversation. */
int subject_load_records(struct world *w, int64_t entity_id, struct subject *out);
int subject_load(struct world *w, int64_t entity_id, struct subject *out);
void subject_close(struct subject *s);

/* What planning needs of those of a stretch of entities that can be loaded together: visits that
 * are there, with their client, and belong to no job, which is what there are many of. out[i] is
 * that of id first + i; those that were left out have the entity id 0. They point into `rows`;
 * close each in any case. */
int subject_load_stretch(struct world *w, const struct stretch_rows *rows, struct subject *out);

#endif
