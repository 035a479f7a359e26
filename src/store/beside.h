/*
 * A thread beside its owner's that does one thing, whenever it is asked to: wait for the disk, fold
 * in the journal. Private to the store room.
 */
#ifndef STORE_BESIDE_H
#define STORE_BESIDE_H

#include <stdbool.h>

struct beside;

/* `work` is what it does, with `arg`, on the thread, which begins with the first beside_start. Its
 * owner leaves alone whatever `work` uses until beside_wait has returned, or beside_busy has said
 * no. `what` the thread is, for people: "the syncer". Both are borrowed. */
struct beside *beside_create(bool (*work)(void *arg), void *arg, const char *what);

/* Waits for what is under way. NULL does nothing. */
void beside_free(struct beside *b);

/* Begin to do it; nothing may be under way. Where no thread can be had it is done here and now. */
void beside_start(struct beside *b);

/* Is it under way? */
bool beside_busy(struct beside *b);

/* Wait until nothing is under way; what `work` returned the last time. */
bool beside_wait(struct beside *b);

#endif
