/*
 * What planning needs of many subjects at once: of a stretch of entities whose ids follow each
 * other, each kind of rows by one statement. A subject by itself takes seven, and to begin each of
 * them takes longer than to read the few rows that it finds.
 */
#ifndef STORE_STRETCH_H
#define STORE_STRETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "plan/record.h"
#include "store/entities.h"
#include "store/messages.h"
#include "store/store.h"

struct stretch {
    int64_t first, last; /* ids of entities, both of them in it */
};

/* A visit with what its plan depends on: of the entity neither key, state nor facts; of the
 * appointment its times, zone and status, and whom it is with; of the client the addresses, the
 * channel and the zone. Its texts and events are those of its stretch. */
struct stretch_visit {
    struct entity entity;
    struct appointment appointment;
    struct client client;
    int64_t client_entity;           /* 0: the client was not looked at yet */
    bool consents;                   /* the ledger says something of the client */
    const struct plan_event *events; /* oldest first */
    size_t event_count;
};

/* The visits of a stretch that are there, whose client is there, and that belong to no job, by the
 * entity's id. Begins as {0}. */
struct stretch_rows {
    struct stretch at;
    struct stretch_visit *visits;
    size_t count, cap;
    struct plan_event *events; /* of all entities of the stretch, by their ids */
    int64_t *events_of;        /* ... the id of each one's entity */
    size_t event_count, event_cap, events_of_cap;
    struct pool texts;
};

/* Reads those of the stretch, in the place of what `rows` held, whose room it takes. */
int store_stretch_read(struct store *s, struct stretch at, struct stretch_rows *rows);
void stretch_rows_close(struct stretch_rows *rows);

/* The messages about its subjects, of one rule or (`rule_id` 0) of all, by subject and id; free
 * with messages_free. */
int store_stretch_messages(struct store *s, struct stretch at, int64_t rule_id,
                           struct message **out, size_t *count);

/* All of the stretch are planned with this generation. */
int store_stretch_planned(struct store *s, struct stretch at, int64_t generation);

#endif
