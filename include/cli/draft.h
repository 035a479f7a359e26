/*
 * A draft of the database (store_draft) in which everything has been looked at and planned, as the
 * service would do now: for `forecast`, and for `why` something was not planned. Nobody sees it,
 * nothing of it is kept.
 */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include <stdint.h>

#include "cli/session.h"
#include "store/condition.h"
#include "watch/world.h"

struct draft {
    const struct config *config;
    struct session session; /* with the draft as its store */
    struct world world;
    struct conditions *conditions;
    int64_t now_ms;
    int64_t known_id; /* messages above it are the draft's own */
};

/* Make it from the open `session`, as of `now_ms`. `config` and `session` must outlive it. Returns
 * EXIT_DONE, or another exit status after saying why. draft_close in any case. */
int draft_make(const struct session *session, const struct config *config, int64_t now_ms,
               struct draft *out);
void draft_close(struct draft *d);

/* Would some rule of this configuration be new or changed for the database, and so on trial? */
bool draft_on_trial(const struct session *session, const struct config *config, int64_t now_ms);

#endif
