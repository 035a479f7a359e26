/*
 * A thread that waits for the disk: fdatasync of one file, while its caller does something else.
 * Private to the store room.
 */
#ifndef STORE_SYNCER_H
#define STORE_SYNCER_H

#include <stdbool.h>

struct syncer;

/* The thread begins with the first syncer_start. */
struct syncer *syncer_create(void);

/* Waits for what is under way. NULL does nothing. */
void syncer_free(struct syncer *s);

/* Begin to bring what was written to `fd` to the disk; nothing may be under way. `fd` stays open
 * until syncer_wait has returned. */
void syncer_start(struct syncer *s, int fd);

/* Wait for it. false: the disk did not confirm it. */
bool syncer_wait(struct syncer *s);

#endif
