/*
 * A folder of zones that a test makes up and changes, as an update of tzdata does: $TZDIR leads
 * there from zonefile_open to zonefile_close. Zones stay loaded for the whole process, so each test
 * takes names of its own.
 */
#ifndef TESTS_SUPPORT_ZONEFILE_H
#define TESTS_SUPPORT_ZONEFILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

struct zonefile_change {
    int64_t at_s;
    int offset_s; /* from then on */
};

/* Free with zonefile_close. */
static inline char *zonefile_open(void)
{
    char *dir = mem_strdup("/tmp/betimes-zones-XXXXXX");

    assert_non_null(mkdtemp(dir));
    assert_int_equal(setenv("TZDIR", dir, 1), 0);
    return dir;
}

static inline void zonefile_close(char *dir)
{
    char *command = mem_printf("rm -rf '%s'", dir);

    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_int_equal(system(command), 0);
    free(command);
    free(dir);
}

/* Put another file in the place of `name`, in one step, as a package does. */
static inline void zonefile_put(const char *dir, const char *name, const void *data, size_t len)
{
    char *path = fs_join(dir, name), *folder = mem_strdup(path);

    *strrchr(folder, '/') = '\0';
    assert_int_equal(fs_mkdirs(folder, 0755, NULL), 0);
    assert_int_equal(fs_write_atomic(path, data, len, 0644, NULL), 0);
    free(folder);
    free(path);
}

static inline void zonefile_number(struct buf *b, int64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        buf_putc(b, (char)((uint64_t)v >> (8 * i)));
}

/* A block of TZif (RFC 8536): offsets from before the first change on, and the changes. */
static inline void zonefile_block(struct buf *b, int first_s, const struct zonefile_change *changes,
                                  int count, int bytes)
{
    const int counts[] = {0, 0, 0, count, count + 1, 4};

    buf_append(b, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        zonefile_number(b, counts[i], 4);
    for (int i = 0; i < count; i++)
        zonefile_number(b, changes[i].at_s, bytes);
    for (int i = 0; i < count; i++)
        zonefile_number(b, i + 1, 1);
    for (int i = 0; i <= count; i++) {
        zonefile_number(b, i == 0 ? first_s : changes[i - 1].offset_s, 4);
        zonefile_number(b, 0, 2);
    }
    buf_append(b, "ABC\0", 4);
}

/* Write a zone: clocks are `first_s` ahead until the first change, then as each change says, and
 * after the last one as the POSIX rule says. */
static inline void zonefile_write(const char *dir, const char *name, int first_s,
                                  const struct zonefile_change *changes, int count,
                                  const char *rule)
{
    struct buf b;

    buf_init(&b);
    zonefile_block(&b, first_s, NULL, 0, 4);
    zonefile_block(&b, first_s, changes, count, 8);
    buf_printf(&b, "\n%s\n", rule);
    zonefile_put(dir, name, b.data, b.len);
    buf_close(&b);
}

/* A zone that is all rule. */
static inline void zonefile_rule(const char *dir, const char *name, const char *rule)
{
    zonefile_write(dir, name, 0, NULL, 0, rule);
}

#endif
