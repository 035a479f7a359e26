/*
 * When the messages that wait for some clients will really go, or why they will not: the time of a
 * row is the one that its rule gave it, and only the gate knows about caps, hours and conditions.
 *
 * While that is under way the wall clock stands (send/lookahead.h): for a process of its own.
 */
#ifndef SEND_FORETELL_H
#define SEND_FORETELL_H

#include "send/lookahead.h"

#define FORETELL_CLIENTS_MAX 64 /* in one question */
#define FORETOLD_MAX 5000       /* messages that are told of; of the rest nothing is known */

struct foretold {
    int64_t message_id;
    enum fate fate;
    enum channel channel; /* by which it will go */
    int64_t at_ms;        /* when it goes, or when that is decided */
    char *reason;         /* why not, or why later than planned; NULL: nothing to say */
};

struct foretelling {
    struct foretold *items; /* in the order of their times */
    size_t count;
};
void foretelling_close(struct foretelling *f);

/* What becomes of this message; NULL: nothing is known. */
const struct foretold *foretelling_of(const struct foretelling *f, int64_t message_id);

/* Think it through, for at most FORETELL_CLIENTS_MAX clients. Errors: those of the store, with a
 * sentence. foretelling_close in any case. */
int foretell(const struct lookahead_request *r, struct foretelling *out, struct err *err);

#endif
