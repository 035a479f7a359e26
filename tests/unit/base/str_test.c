/* base/str: the helpers that parsing and checking lean on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void split_trims_and_leaves_out_empty_parts(void **state)
{
    struct str_list l = {0};

    str_split(&l, " a , ,b c,, d\t", ',');
    assert_int_equal(l.count, 3);
    assert_string_equal(l.items[0], "a");
    assert_string_equal(l.items[1], "b c");
    assert_string_equal(l.items[2], "d");
    str_list_close(&l);
}

static void one_line_refuses_controls(void **state)
{
    assert_true(str_one_line("Ilze Bērziņa", strlen("Ilze Bērziņa")));
    assert_false(str_one_line("a\r\nBcc: b", 10));
    assert_false(str_one_line("a\0b", 3));
    assert_false(str_one_line("a\tb", 3));
}

static void nearest_suggests_only_what_is_near(void **state)
{
    static const char *const names[] = {"timezone", "language", "name", "hours"};

    assert_string_equal(str_nearest("timezon", names, 4), "timezone");
    assert_string_equal(str_nearest("langauge", names, 4), "language");
    assert_null(str_nearest("postcode", names, 4));
    assert_null(str_nearest("", names, 4));
}

static void two_swapped_letters_are_one_slip(void **state)
{
    static const char *const names[] = {"starts", "status"};
    static const char *const two[] = {"at"};

    assert_string_equal(str_nearest("stauts", names, 2), "status");
    assert_string_equal(str_nearest("ta", two, 1), "at"); /* a short word may have only one */
    assert_null(str_nearest("tab", two, 1));              /* swapped, and one letter more */
}

static void utf8_is_checked_as_rfc_3629_says(void **state)
{
    assert_int_equal(str_utf8_valid("āж漢😀", strlen("āж漢😀")), strlen("āж漢😀"));
    assert_int_equal(str_utf8_valid("a\xc0\x80", 3), 1);    /* over-long */
    assert_int_equal(str_utf8_valid("\xed\xa0\x80", 3), 0); /* surrogate */
    assert_int_equal(str_utf8_valid("\xf4\x90\x80\x80", 4), 0);
    assert_int_equal(str_utf8_valid("ab\xe2\x82", 4), 2); /* cut short */
}

static void utf8_decodes_and_encodes(void **state)
{
    const char *s = "ж😀";
    const char *p = s, *end = s + strlen(s);
    char out[4];

    assert_int_equal(str_utf8_next(&p, end), 0x436);
    assert_int_equal(str_utf8_next(&p, end), 0x1f600);
    assert_ptr_equal(p, end);
    assert_int_equal(str_utf8_put(out, 0x1f600), 4);
    assert_memory_equal(out, "😀", 4);
}

static void numbers_are_whole_and_within_limits(void **state)
{
    int64_t v;

    assert_true(str_to_int("42", 0, 100, &v));
    assert_int_equal(v, 42);
    assert_false(str_to_int("42 ", 0, 100, &v));
    assert_false(str_to_int("+42", 0, 100, &v));
    assert_false(str_to_int("101", 0, 100, &v));
    assert_false(str_to_int("", 0, 100, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_trims_and_leaves_out_empty_parts),
        cmocka_unit_test(one_line_refuses_controls),
        cmocka_unit_test(nearest_suggests_only_what_is_near),
        cmocka_unit_test(two_swapped_letters_are_one_slip),
        cmocka_unit_test(utf8_is_checked_as_rfc_3629_says),
        cmocka_unit_test(utf8_decodes_and_encodes),
        cmocka_unit_test(numbers_are_whole_and_within_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
