/* For the tests of text/template: compiled, refused and rendered in one call. */
#ifndef TESTS_TEXT_TEMPLATE_COMMON_H
#define TESTS_TEXT_TEMPLATE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "text/template.h"

static inline void collect(void *arg, const char *file, int line, int column, const char *text)
{
    buf_printf(arg, "%s:%d:%d: %s\n", file, line, column, text);
}

static inline struct template *compile_len(enum template_place place, const char *text, size_t len,
                                           struct buf *problems)
{
    struct template_source source = {.file = "t", .text = text, .len = len, .place = place};

    return template_compile(&source, collect, problems);
}

static inline struct template *compile(enum template_place place, const char *text)
{
    struct buf problems;

    buf_init(&problems);
    struct template *t = compile_len(place, text, strlen(text), &problems);
    if (t == NULL)
        fail_msg("%s", problems.data);
    buf_close(&problems);
    return t;
}

/* The template is refused, with these problems. */
static inline void refused(enum template_place place, const char *text, const char *expected)
{
    struct buf problems;

    buf_init(&problems);
    assert_null(compile_len(place, text, strlen(text), &problems));
    assert_string_equal(problems.data, expected);
    buf_close(&problems);
}

static inline int render_env(enum template_place place, const char *text, json_t *data,
                             const struct template_env *env, struct buf *out,
                             struct template_report *report)
{
    struct template *t = compile(place, text);
    int rc = template_render(t, data, env, out, report);

    template_free(t);
    return rc;
}

/* Rendered with one value, x, the template gives this. */
static inline void gives(enum template_place place, const char *text, const char *x,
                         const char *expected)
{
    json_t *data = json_pack("{s:s}", "x", x);
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    assert_non_null(data);
    buf_init(&out);
    assert_int_equal(render_env(place, text, data, &env, &out, &report), 0);
    assert_string_equal(out.data, expected);
    buf_close(&out);
    template_report_close(&report);
    json_decref(data);
}

#endif
