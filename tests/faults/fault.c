/*
 * Ends the process with SIGKILL at a point of base/fault.h: BETIMES_FAULT=NAME:N, at the N-th
 * passing of NAME. BETIMES_FAULT=memory:N lets the N-th allocation fail instead (base/mem.h);
 * should the process end before that one, it says how many there were. Linked into the program for
 * the crash tests alone.
 */
#include "base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static char wanted[32];
static atomic_long left; /* passings until the end */

static void read_environment(void)
{
    const char *spec = getenv("BETIMES_FAULT");
    long number = 0;

    if (spec == NULL)
        return;
    if (sscanf(spec, "%31[^:]:%ld", wanted, &number) != 2 || number < 1) {
        fprintf(stderr, "BETIMES_FAULT=%s: must be NAME:N\n", spec);
        exit(1);
    }
    atomic_store(&left, number);
}

static long memory_to; /* the allocation that is to fail; 0: none */

static void tell_allocations(void)
{
    long rest = mem_fail_at(0);

    if (rest > 0)
        fprintf(stderr, "allocations=%ld\n", memory_to - rest);
}

__attribute__((constructor)) static void use_up_memory(void)
{
    const char *spec = getenv("BETIMES_FAULT");

    if (spec == NULL || sscanf(spec, "memory:%ld", &memory_to) != 1)
        return;
    mem_fail_at(memory_to);
    atexit(tell_allocations);
}

void fault_point(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_environment);
    if (strcmp(name, wanted) != 0 || atomic_fetch_sub(&left, 1) != 1)
        return;
    kill(getpid(), SIGKILL);
    for (;;)
        pause(); /* until it arrives: nothing more is done here */
}
