/*
 * Memory for many small texts that are all given back together: taken in blocks, so that neither a
 * text nor its end costs a call of the allocator.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool_block;

/* Begins as {0}. */
struct pool {
    struct pool_block *blocks; /* the one being filled comes first */
};

/* A copy of `len` bytes of `text`, with a NUL behind them, which stands until the pool is cleared
 * or closed. */
char *pool_text(struct pool *p, const char *text, size_t len);

/* All its texts are gone; room for as many is kept as one block holds. */
void pool_clear(struct pool *p);
void pool_close(struct pool *p);

#endif
