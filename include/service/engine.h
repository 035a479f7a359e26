/*
 * The engine: one turn after another, each one transaction in which results are recorded, changes
 * absorbed, subjects planned and due messages claimed. Whatever happens elsewhere (another
 * program's commit, a gateway's answer, an alarm) only pokes it.
 */
#ifndef SERVICE_ENGINE_H
#define SERVICE_ENGINE_H

#include <uv.h>

#include "service/alert.h"
#include "service/config.h"

struct engine;

/* How the engine is, for status and health. */
struct engine_state {
    bool paused;
    int in_flight;
    int64_t next_ms; /* the next message's time; INT64_MAX: none */
    bool far;        /* ... no more than the beginning of its week is known */
    int trouble;     /* the code of the last failed turn; 0: all is well */
    const char *trouble_words;
    int64_t epoch; /* of this start */
    uint64_t turns, sent;
    int64_t longest_turn_us;
};

/* Open the database and start with this configuration, which is taken over on success (`config` is
 * all NULL then). Not from within a callback of the loop: what failed is closed on it. Errors:
 * those of store_open, and of a gateway that cannot be created. */
int engine_create(uv_loop_t *loop, struct config *config, struct engine **out, struct err *err);

/* Go on with another configuration, taken over on success. On failure the present one stays. */
int engine_reconfigure(struct engine *e, struct config *config, struct err *err);

/* Why an engine cannot go on with the database that it has open. */
enum engine_loss {
    ENGINE_OVERTAKEN, /* another service has taken over, or the content was replaced */
    ENGINE_DISPLACED  /* the file was removed, or another one stands in its place */
};

/* `lost` is called, once, when that happens; no turn is taken any more, and what waits at its point
 * of no return is broken off. The engine has to be stopped by whoever hears of it. */
void engine_on_loss(struct engine *e, void (*lost)(void *arg, enum engine_loss why), void *arg);

/* `others` is called whenever another connection, of whoever, has committed. */
void engine_on_others(struct engine *e, void (*others)(void *arg), void *arg);

/* What somebody is to be told of; after raising or clearing, engine_poke. */
struct alert *engine_alert(struct engine *e);

/* Ask for a turn, soon, on the loop; many pokes are one turn. */
void engine_poke(struct engine *e);

/* How it is now, copied; nothing in it is to be freed. */
void engine_state(const struct engine *e, struct engine_state *out);

/* End: no new claims; what is on the wire gets `grace_ms`; then everything is closed and freed and
 * `closed` is called. */
void engine_stop(struct engine *e, int64_t grace_ms, void (*closed)(void *arg), void *arg);

#endif
