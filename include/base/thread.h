/* Threads beside the loop's. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

#include "base/err.h"

/* Start a thread that no signal interrupts: they are the loop's. `main` returns NULL; whoever
 * started the thread joins it. 0, or ERR_IO with `err` (may be NULL) set; `what` it is, for people:
 * "a sender". */
int thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg, const char *what,
                 struct err *err);

#endif
