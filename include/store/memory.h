/*
 * The memory that SQLite takes, counted by thread.
 *
 * SQLite can count it itself, but does so for all threads at once, under a lock that each of its
 * many small allocations takes twice: a tenth of everything that planning does. Here each thread
 * counts its own.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <stdint.h>

/* To be called before the process does anything else with SQLite; again does nothing. Where SQLite
 * is in use already it stays as it is, and nothing is counted. */
void store_memory_init(void);

/* What SQLite has taken on this thread less what it has given back on it, in bytes. Of use as the
 * difference of two moments. */
int64_t store_memory_used(void);

#endif
