/*
 * The recorded past, replayed with one playbook (send/replay.h), beside what really went. What
 * `simulate` shows. Nothing is sent, nobody notices, nothing is kept.
 */
#ifndef CLI_SIMULATION_H
#define CLI_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cli/session.h"
#include "send/replay.h"

/* A message that would have gone, or did, or both. Times of the side that is missing are 0. */
struct simulated {
    size_t rule; /* index in the simulation's names */
    int64_t subject_id, recipient_id, occurrence;
    int repeat;
    enum channel channel;
    bool would, did;
    int64_t would_ms, did_ms; /* when it would have gone; when it went */
    int64_t would_due_ms, did_due_ms;
    size_t would_segments, did_segments; /* of a text; 0: it goes with another message */
    int64_t id;                          /* of the one that went; 0: none */
    enum message_state state;            /* of that one */
    char *to;
    char *reason; /* of one that only did: why it would not */
};

struct simulation {
    struct config config;
    struct session session; /* a draft of the past */
    struct world world;
    struct conditions *conditions;
    struct past *past;
    int64_t from_ms, until_ms;
    struct str_list names; /* of rules: the playbook's in its order, then those it does not have */
    struct simulated *items; /* by time */
    size_t count, cap;
};

/* Replay it with the playbook in that file (NULL: the present one). Returns EXIT_DONE, or another
 * exit status after saying why. simulation_close in any case; `session` must outlive it. */
int simulation_run(const struct call *call, const struct session *session, const char *playbook,
                   int64_t from_ms, int64_t until_ms, struct simulation *out);
void simulation_close(struct simulation *s);

/* The messages that go in both, but are due at another time; by at least a minute. */
bool simulated_moved(const struct simulated *m);

/* When it would have gone, or else when it did. */
int64_t simulated_time(const struct simulated *m);

#endif
