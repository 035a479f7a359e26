/* Memory for many small texts. See base/pool.h. */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK 8160 /* bytes of text; a longer text has a block of its own */

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    char bytes[];
};

static struct pool_block *add_block(struct pool *p, size_t size)
{
    struct pool_block *b = mem_alloc(sizeof(*b) + size);

    *b = (struct pool_block){.next = p->blocks, .size = size};
    p->blocks = b;
    return b;
}

char *pool_text(struct pool *p, const char *text, size_t len)
{
    struct pool_block *b = p->blocks;

    if (b == NULL || b->size - b->used <= len)
        b = add_block(p, len < BLOCK ? BLOCK : len + 1);
    char *copy = b->bytes + b->used;
    memcpy(copy, text, len);
    copy[len] = '\0';
    b->used += len + 1;
    return copy;
}

/* All but `kept`, which is alone then. */
static void free_blocks(struct pool *p, struct pool_block *kept)
{
    while (p->blocks != NULL) {
        struct pool_block *b = p->blocks;
        p->blocks = b->next;
        if (b != kept)
            free(b);
    }
    p->blocks = kept;
}

void pool_clear(struct pool *p)
{
    struct pool_block *kept = p->blocks;

    while (kept != NULL && kept->size != BLOCK)
        kept = kept->next;
    free_blocks(p, kept);
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
}

void pool_close(struct pool *p)
{
    free_blocks(p, NULL);
}
