/* text/diff: what was taken out and put in can be read, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/rng.h"
#include "text/diff.h"

static char *shown(const char *before, const char *after)
{
    static const char marks[] = {' ', '-', '+'};
    struct buf b;
    size_t count;
    struct diff_line *lines = diff_lines(before, after, &count);

    buf_init(&b);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%c%.*s\n", marks[lines[i].kind], (int)lines[i].len, lines[i].text);
    free(lines);
    return buf_steal(&b);
}

static void assert_diff(const char *before, const char *after, const char *expected)
{
    char *text = shown(before, after);

    assert_string_equal(text, expected);
    free(text);
}

static void what_changed_is_told_where_it_stands(void **state)
{
    assert_diff("a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n");
    assert_diff("a\nb\nc\nd\n", "b\nc\nd\ne\n", "-a\n b\n c\n d\n+e\n");
    assert_diff("Hello,\n\nready.\n\nBye\n", "Hello,\n\nyour car\nis ready.\n\nBye\n",
                " Hello,\n \n-ready.\n+your car\n+is ready.\n \n Bye\n");
}

static void nothing_and_the_end_of_the_last_line_are_no_difference(void **state)
{
    assert_diff("", "", "");
    assert_diff("a\nb", "a\nb\n", " a\n b\n");
    assert_diff("", "a\n\n", "+a\n+\n");
    assert_diff("a\n", "", "-a\n");
}

static void what_is_too_large_is_told_whole_and_nothing_is_lost(void **state)
{
    struct buf a, b;
    size_t count, removed = 0, added = 0;

    buf_init(&a);
    buf_init(&b);
    for (int i = 0; i < 3000; i++) {
        buf_printf(&a, "a%d\n", i);
        buf_printf(&b, "b%d\n", i);
    }
    struct diff_line *lines = diff_lines(a.data, b.data, &count);
    for (size_t i = 0; i < count; i++) {
        removed += lines[i].kind == DIFF_REMOVED;
        added += lines[i].kind == DIFF_ADDED;
    }
    assert_int_equal(removed, 3000);
    assert_int_equal(added, 3000);
    free(lines);
    buf_close(&a);
    buf_close(&b);
}

/* Whatever the texts: both can be put together again from what is told. */
static void both_texts_can_be_told_from_it(void **state)
{
    for (int turn = 0; turn < 500; turn++) {
        struct buf text[2], again[2];
        size_t count;
        for (int k = 0; k < 2; k++) {
            buf_init(&text[k]);
            buf_init(&again[k]);
            for (uint64_t n = rng_below(12); n > 0; n--)
                buf_printf(&text[k], "%c\n", (char)('a' + rng_below(4)));
        }
        struct diff_line *lines = diff_lines(text[0].data, text[1].data, &count);
        for (size_t i = 0; i < count; i++)
            for (int k = 0; k < 2; k++)
                if (lines[i].kind == DIFF_SAME ||
                    lines[i].kind == (k == 0 ? DIFF_REMOVED : DIFF_ADDED))
                    buf_printf(&again[k], "%.*s\n", (int)lines[i].len, lines[i].text);
        for (int k = 0; k < 2; k++) {
            assert_string_equal(again[k].data, text[k].data);
            buf_close(&text[k]);
            buf_close(&again[k]);
        }
        free(lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_is_told_where_it_stands),
        cmocka_unit_test(nothing_and_the_end_of_the_last_line_are_no_difference),
        cmocka_unit_test(what_is_too_large_is_told_whole_and_nothing_is_lost),
        cmocka_unit_test(both_texts_can_be_told_from_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
