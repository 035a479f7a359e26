/*
 * Runs a fuzz target without a fuzzer, for `make test`: every file of the folders given, which are
 * what once broke it (regress/) and what a fuzzer begins with, and then a fixed number of inputs
 * made of them by a few plain changes, always the same ones. Speaks TAP.
 *
 *     NAME_fuzz [--changed N] PATH...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/rng.h"
#include "fuzz.h"

#define INPUT_MAX (256 * 1024)
#define CHANGED 400
#define SEED 20261208

struct inputs {
    struct buf *items;
    size_t count, cap;
};

static void take_file(struct inputs *l, const char *path)
{
    struct buf b;

    buf_init(&b);
    if (fs_read(path, INPUT_MAX, &b, NULL) != 0) {
        printf("Bail out! %s cannot be read\n", path);
        exit(1);
    }
    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = b;
}

/* A file, or every file of a folder and its folders. */
static void take(struct inputs *l, const char *path)
{
    struct str_list names = {0};

    if (fs_list(path, &names, NULL) != 0) {
        take_file(l, path);
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        char *inner = fs_join(path, names.items[i]);
        if (names.items[i][0] != '.')
            take(l, inner);
        free(inner);
    }
    str_list_close(&names);
}

/* Exactly as long as it is, so that a sanitizer sees a step too far. */
static void run(const char *bytes, size_t len)
{
    uint8_t *copy = mem_alloc(len);

    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static size_t upto(size_t n)
{
    return (size_t)rng_below(n);
}

/* A piece cut out, repeated, or taken from another input; or bytes overwritten. */
static void change(struct buf *out, const struct inputs *l)
{
    const struct buf *from = &l->items[upto(l->count)], *other = &l->items[upto(l->count)];
    size_t at = upto(from->len + 1), len = upto(from->len - at + 1);
    size_t other_at = upto(other->len + 1), other_len = upto(other->len - other_at + 1);

    buf_append(out, from->data, at);
    switch (upto(4)) {
    case 0:
        break;
    case 1:
        buf_append(out, from->data + at, len);
        buf_append(out, from->data + at, len);
        break;
    case 2:
        buf_append(out, other->data + other_at, other_len);
        break;
    default:
        for (size_t i = 0; i < len; i++)
            buf_putc(out, upto(4) == 0 ? (char)upto(256) : from->data[at + i]);
        break;
    }
    buf_append(out, from->data + at + len, from->len - at - len);
}

int main(int argc, char **argv)
{
    struct inputs l = {0};
    int changed = CHANGED;
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "--changed") == 0) {
        changed = atoi(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc; i++)
        take(&l, argv[i]);
    printf("1..2\n");
    fflush(stdout);
    for (size_t i = 0; i < l.count; i++)
        run(l.items[i].data, l.items[i].len);
    printf("ok 1 - %zu files break nothing\n", l.count);
    fflush(stdout);
    rng_seed(SEED);
    for (int i = 0; l.count > 0 && i < changed; i++) {
        struct buf b;
        buf_init(&b);
        change(&b, &l);
        run(b.data, b.len);
        buf_close(&b);
    }
    printf("%s 2 - %d changed ones break nothing\n", l.count > 0 ? "ok" : "not ok", changed);
    for (size_t i = 0; i < l.count; i++)
        buf_close(&l.items[i]);
    free(l.items);
    return l.count > 0 ? 0 : 1;
}
