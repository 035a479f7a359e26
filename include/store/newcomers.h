/*
 * What is written of several records at a time that nothing was known of: many rows by a statement,
 * since to begin one takes longer than to write a row.
 */
#ifndef STORE_NEWCOMERS_H
#define STORE_NEWCOMERS_H

#include <stddef.h>
#include <stdint.h>

#include "store/entities.h"
#include "store/store.h"

/* Insert entities of which none is known: their ids are set, in the order of the list, as
 * store_entity_save would have given them one after another. They are present, and nobody was told
 * of them. Each has a key of its own that no entity of its kind has yet; after an error the caller
 * rolls back. */
int store_entities_add(struct store *s, struct entity *list, size_t count);

struct entity_event {
    int64_t entity_id;
    struct plan_event event;
};
/* The same as store_event_add for each; after an error the caller rolls back. */
int store_events_add(struct store *s, const struct entity_event *list, size_t count);

struct entity_facts {
    int64_t entity_id, at_ms;
    const char *facts;
};
/* The same as store_past_add for each; after an error the caller rolls back. */
int store_pasts_add(struct store *s, const struct entity_facts *list, size_t count);

#endif
