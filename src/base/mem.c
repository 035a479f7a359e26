#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long fail_at; /* allocations until the one that fails; 0: none is to */

void mem_exhausted(void)
{
    static const char words[] = "betimes: out of memory; stopping, nothing is lost\n";
    ssize_t ignored = write(STDERR_FILENO, words, sizeof(words) - 1);

    (void)ignored;
    _exit(2);
}

static void *checked(void *p)
{
    bool fails = atomic_load_explicit(&fail_at, memory_order_relaxed) > 0 &&
                 atomic_fetch_sub(&fail_at, 1) == 1;

    if (p == NULL || fails)
        mem_exhausted();
    return p;
}

void *mem_alloc(size_t size)
{
    return checked(malloc(size > 0 ? size : 1));
}

void *mem_zalloc(size_t size)
{
    return checked(calloc(1, size > 0 ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_resize(void *p, size_t count, size_t size)
{
    return checked(reallocarray(p, count > 0 ? count : 1, size));
}

char *mem_strdup(const char *s)
{
    return s != NULL ? checked(strdup(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
    return checked(strndup(s, n));
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    char *out = NULL;

    va_start(ap, fmt);
    if (vasprintf(&out, fmt, ap) < 0)
        out = NULL;
    va_end(ap);
    return checked(out);
}

void mem_grow(void *p, size_t *cap, size_t need, size_t size)
{
    void **array = p;
    size_t n = *cap > 0 ? *cap : 8;

    if (need <= *cap)
        return;
    while (n < need)
        n = n > SIZE_MAX / 2 ? need : n * 2;
    *array = mem_resize(*array, n, size);
    *cap = n;
}

void mem_trim(void)
{
    malloc_trim(0);
}

long mem_fail_at(long n)
{
    return atomic_exchange(&fail_at, n);
}
