/* base/err: sentences that are too long stay text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

static void assert_whole(const struct err *e, size_t len)
{
    assert_int_equal(strlen(e->text), len);
    assert_int_equal(str_utf8_valid(e->text, len), len);
}

/* Letters of two, three and four bytes, one of which lies across the end of the text. */
static void what_is_too_long_is_cut_at_a_characters_end(void **state)
{
    static const char *const letters[] = {"ä", "€", "💇"};

    for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
        size_t bytes = strlen(letters[i]);
        for (size_t before = 0; before <= bytes; before++) {
            char long_text[2 * ERR_TEXT_MAX];
            struct err e;
            memset(long_text, 'x', before);
            for (size_t at = before; at + bytes < sizeof(long_text); at += bytes)
                memcpy(long_text + at, letters[i], bytes + 1);
            err_set(&e, "%s", long_text);
            assert_whole(&e, before + (ERR_TEXT_MAX - 1 - before) / bytes * bytes);
            err_context(&e, "file");
            assert_true(str_starts(e.text, "file: "));
            assert_int_equal(str_utf8_valid(e.text, strlen(e.text)), strlen(e.text));
        }
    }
}

static void what_fits_is_left_as_it_is(void **state)
{
    char exact[ERR_TEXT_MAX];
    struct err e;

    memset(exact, 'x', sizeof(exact) - 1);
    memcpy(exact + sizeof(exact) - 3, "ä", 3);
    err_set(&e, "%s", exact);
    assert_string_equal(e.text, exact);
    err_set(NULL, "%s", exact);
    err_set(&e, "\xff is no letter");
    assert_string_equal(e.text, "\xff is no letter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_long_is_cut_at_a_characters_end),
        cmocka_unit_test(what_fits_is_left_as_it_is),
    };

    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
