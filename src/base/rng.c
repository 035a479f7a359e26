#include "base/rng.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool seeded;
static uint64_t state;

/* splitmix64: enough for tests, never used for anything a stranger could guess. */
static uint64_t seeded_next(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void rng_bytes(void *out, size_t len)
{
    char *p = out;

    while (len > 0) {
        if (seeded) {
            uint64_t v = seeded_next();
            size_t n = len < sizeof(v) ? len : sizeof(v);
            memcpy(p, &v, n);
            p += n;
            len -= n;
            continue;
        }
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            abort(); /* no kernel we run on lacks it; without it every token would be guessable */
        p += n;
        len -= (size_t)n;
    }
}

uint64_t rng_u64(void)
{
    uint64_t v;

    rng_bytes(&v, sizeof(v));
    return v;
}

uint64_t rng_below(uint64_t limit)
{
    assert(limit > 0);
    uint64_t unfair = -limit % limit; /* values below this would favour the small results */
    uint64_t v;
    do {
        v = rng_u64();
    } while (v < unfair);
    return v % limit;
}

void rng_hex(char *out, unsigned bits)
{
    static const char digits[] = "0123456789abcdef";
    unsigned n = bits / 4;
    unsigned char bytes[64];

    assert(bits % 4 == 0 && n <= sizeof(bytes));
    rng_bytes(bytes, n);
    for (unsigned i = 0; i < n; i++)
        out[i] = digits[bytes[i] & 15];
    out[n] = '\0';
}

void rng_seed(uint64_t seed)
{
    seeded = true;
    state = seed;
}
