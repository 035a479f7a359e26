/*
 * The only source of randomness: the kernel's by default; a seeded generator in tests and in the
 * simulation, where every run must be repeatable. Safe from any thread unless seeded.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

void rng_bytes(void *out, size_t len);
uint64_t rng_u64(void);
uint64_t rng_below(uint64_t limit); /* 0 .. limit-1, without bias; limit > 0 */

/* `bits` (a multiple of 4) of randomness as lower-case hex with a NUL: bits / 4 + 1 bytes. */
void rng_hex(char *out, unsigned bits);

/* Tests only: everything from now on comes from `seed`. */
void rng_seed(uint64_t seed);

#endif
