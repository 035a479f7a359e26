/*
 * What the tests of this room share: problems as text, and a folder of their own.
 */
#ifndef TESTS_PLAYBOOK_COMMON_H
#define TESTS_PLAYBOOK_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/playbook/internal.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

/* All problems, one per line; free() it. */
static inline char *said(const struct problems *problems)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < problems->count; i++) {
        char *line = problem_format(&problems->items[i]);
        buf_printf(&b, "%s%s", i > 0 ? "\n" : "", line);
        free(line);
    }
    return buf_steal(&b);
}

/* Check that exactly this was said, and forget it. */
static inline void assert_said(struct problems *problems, const char *expected)
{
    char *text = said(problems);

    assert_string_equal(text, expected);
    free(text);
    problems_close(problems);
}

/* Check that this was said among other things, and forget all of it. */
static inline void assert_said_among(struct problems *problems, const char *expected)
{
    char *text = said(problems);

    if (strstr(text, expected) == NULL)
        fail_msg("\"%s\" is not in:\n%s", expected, text);
    free(text);
    problems_close(problems);
}

static inline void write_file(const char *dir, const char *name, const char *text, unsigned mode)
{
    char *path = fs_join(dir, name);

    assert_int_equal(fs_write_atomic(path, text, strlen(text), mode, NULL), 0);
    free(path);
}

#endif
