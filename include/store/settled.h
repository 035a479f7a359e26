/*
 * After a commit of our own: has the service planned what it changed? So that whoever did it can be
 * shown what comes of it.
 */
#ifndef STORE_SETTLED_H
#define STORE_SETTLED_H

#include "store/entities.h"
#include "store/store.h"

#define UNSETTLED_MAX 16 /* changes; what is beyond is not waited for */

struct unsettled {
    struct {
        enum entity_kind kind;
        int64_t row_id;
    } rows[UNSETTLED_MAX];
    size_t count;
    int64_t last_id; /* of the change log */
};

/* What the change log tells now: before the commit, and it has what the transaction changed. */
int store_unsettled(struct store *s, struct unsettled *out);

/* After the commit: wait until all of it is planned, at most `patience_ms`; 0 in either case. */
int store_wait_settled(struct store *s, const struct unsettled *u, int64_t patience_ms);

#endif
