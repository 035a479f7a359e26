/*
 * What the fuzz targets share. An input of several texts has a byte 1 between them.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define PARTS_MAX 8
#define PARTS_BETWEEN 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
    char *text[PARTS_MAX]; /* each with a NUL behind it, which its own bytes may hold as well */
    size_t len[PARTS_MAX];
};

/* The first `count` texts of the input; "" for those it does not have. */
static inline struct parts parts_of(const uint8_t *data, size_t size, size_t count)
{
    struct parts p = {0};

    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = size > 0 ? memchr(data, PARTS_BETWEEN, size) : NULL;
        size_t len = end != NULL && i + 1 < count ? (size_t)(end - data) : size;
        p.text[i] = mem_alloc(len + 1);
        if (len > 0)
            memcpy(p.text[i], data, len);
        p.text[i][len] = '\0';
        p.len[i] = len;
        size_t used = len < size ? len + 1 : size;
        data += used;
        size -= used;
    }
    return p;
}

static inline void parts_close(struct parts *p)
{
    for (size_t i = 0; i < PARTS_MAX; i++)
        free(p->text[i]);
}

#endif
