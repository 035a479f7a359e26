/*
 * Tests that live through random histories, each told by its seed. BETIMES_SEED=N repeats one,
 * BETIMES_STEPS=N makes them longer.
 */
#ifndef TESTS_SUPPORT_SEEDS_H
#define TESTS_SUPPORT_SEEDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"

static inline void live_seeds(void (*live)(uint64_t seed, int steps), int seeds, int steps)
{
    const char *seed = getenv("BETIMES_SEED"), *longer = getenv("BETIMES_STEPS");
    int64_t n = steps, first = 1;

    if (longer != NULL)
        assert_true(str_to_int(longer, 1, 1000000, &n));
    if (seed != NULL) {
        assert_true(str_to_int(seed, 0, INT64_MAX, &first));
        seeds = 1;
    }
    for (int i = 0; i < seeds; i++)
        live((uint64_t)(first + i), (int)n);
}

#endif
