/* text/pattern: what is found in texts, and which patterns make no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/pattern.h"

/* All values that the pattern finds in the line, joined by "|". */
static void assert_finds(const char *pattern, const char *line, const char *expected)
{
    enum pattern_what what;
    struct buf value, all;

    buf_init(&value);
    buf_init(&all);
    assert_int_equal(pattern_check(pattern, NULL), 0);
    while (pattern_next(pattern, &line, &what, &value))
        buf_printf(&all, "%s%s", all.len > 0 ? "|" : "", value.data);
    assert_string_equal(all.data, expected);
    buf_close(&value);
    buf_close(&all);
}

static void a_number_is_found_behind_its_label(void **state)
{
    assert_finds("Phone: {phone}", "Phone: +371 29 123 456, after five", "+371 29 123 456");
    assert_finds("Phone: {phone}", "his phone:29123456.", "29123456");
    assert_finds("Phone: {phone}", "Phone:\xc2\xa0(371) 29-123-456", "(371) 29-123-456");
    assert_finds("Phone: {phone}", "Phone: unknown", "");
    assert_finds("Phone: {phone}", "Fax: 29123456", "");
    assert_finds("Phone: {phone}", "Phone: 12", "");
}

static void an_address_is_found_without_the_sentence_around_it(void **state)
{
    assert_finds("{email}", "write to anna@example.com, or Bo <bo.b@x.lv>.",
                 "anna@example.com|bo.b@x.lv");
    assert_finds("E-mail: {email}", "e-MAIL:  anna@example.com!", "anna@example.com");
    assert_finds("{email}", "no @ here, nor there@", "");
}

static void a_ref_ends_at_white_space_or_where_the_pattern_goes_on(void **state)
{
    assert_finds("client {ref}", "Client K-17, brakes", "K-17");
    assert_finds("[{ref}]", "Brakes [K-17] and [K-18]", "K-17|K-18");
    assert_finds("({ref})", "Brakes (K 17)", "");
    assert_finds("#{ref}", "see # 7", "");
    assert_finds("# {ref}", "see # 7", "7");
}

static void letters_of_other_alphabets_are_found_as_they_are_written(void **state)
{
    assert_finds("Tālr. {phone}", "Tālr. 29123456", "29123456");
    assert_finds("тел. {phone}", "тел. 8 701 000 00 01", "8 701 000 00 01");
}

static void a_long_line_takes_no_long_time(void **state)
{
    struct buf line;

    buf_init(&line);
    for (int i = 0; i < 20000; i++)
        buf_puts(&line, "Phone: Phone: ");
    assert_finds("Phone: Phone: Phone: x {phone}", line.data, "");
    assert_finds("a{ref}b", line.data, "");
    buf_close(&line);
}

static void assert_wrong(const char *pattern, const char *words)
{
    struct err err = {""};

    assert_int_equal(pattern_check(pattern, &err), ERR_INVALID);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s", err.text);
}

static void a_pattern_that_finds_nothing_or_everything_is_refused(void **state)
{
    char over_long[300];

    memset(over_long, 'x', sizeof(over_long));
    over_long[sizeof(over_long) - 1] = '\0';
    assert_wrong(over_long, "at most");
    assert_wrong("Phone:", "no placeholder");
    assert_wrong("{phone} {email}", "two placeholders");
    assert_wrong("{ref}", "any word");
    assert_wrong("{name}", "no placeholder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_found_behind_its_label),
        cmocka_unit_test(an_address_is_found_without_the_sentence_around_it),
        cmocka_unit_test(a_ref_ends_at_white_space_or_where_the_pattern_goes_on),
        cmocka_unit_test(letters_of_other_alphabets_are_found_as_they_are_written),
        cmocka_unit_test(a_long_line_takes_no_long_time),
        cmocka_unit_test(a_pattern_that_finds_nothing_or_everything_is_refused),
    };

    return cmocka_run_group_tests_name("text/pattern", tests, NULL, NULL);
}
