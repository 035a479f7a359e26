/* text/sms: the price of a text must not be a surprise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/sms.h"

/* `count` times `s`, then `tail`. */
static char *repeat(const char *s, size_t count, const char *tail)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < count; i++)
        buf_puts(&b, s);
    buf_puts(&b, tail);
    return buf_steal(&b);
}

static struct sms_size measure(const char *text, int expected_rc)
{
    struct sms_size size;

    assert_int_equal(sms_measure(text, strlen(text), &size, NULL), expected_rc);
    return size;
}

static void assert_size(const char *unit, size_t count, const char *tail, struct sms_size expected)
{
    char *text = repeat(unit, count, tail);
    struct sms_size size = measure(text, 0);

    if (size.unicode != expected.unicode || size.units != expected.units ||
        size.segments != expected.segments || size.units_left != expected.units_left)
        fail_msg("%s x %zu + %s: unicode %d, %zu units, %zu segments, %zu left", unit, count, tail,
                 size.unicode, size.units, size.segments, size.units_left);
    free(text);
}

static void whole_gsm_alphabet_stays_in_gsm(void **state)
{
    static const char basic[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
                                "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    static const char extension[] = "^{}\\[~]|€";

    assert_size(basic, 1, "", (struct sms_size){false, 127, 1, 33});
    assert_size(extension, 1, "", (struct sms_size){false, 18, 1, 142});
}

static void what_is_not_in_the_alphabet_makes_it_unicode(void **state)
{
    static const char *const outsiders[] = {"ç", "`", "\t", "á", "ā",  "“", "’",       "–",
                                            "…", "Α", "ж",  "س", "漢", "😀", "\xc2\xa0"};

    for (size_t i = 0; i < sizeof(outsiders) / sizeof(outsiders[0]); i++)
        if (!measure(outsiders[i], 0).unicode)
            fail_msg("%s is taken for GSM-7", outsiders[i]);
}

static void gsm_segments_are_of_160_or_153(void **state)
{
    assert_size("", 0, "", (struct sms_size){false, 0, 0, 160});
    assert_size("a", 1, "", (struct sms_size){false, 1, 1, 159});
    assert_size("a", 160, "", (struct sms_size){false, 160, 1, 0});
    assert_size("a", 161, "", (struct sms_size){false, 161, 2, 145});
    assert_size("a", 306, "", (struct sms_size){false, 306, 2, 0});
    assert_size("a", 307, "", (struct sms_size){false, 307, 3, 152});
    assert_size("€", 80, "", (struct sms_size){false, 160, 1, 0});
}

static void extension_character_is_never_split(void **state)
{
    /* 152 + 2: the escape would be the 153rd septet, so both go into the next segment */
    assert_size("a", 152, "€aaaaaaaaaa", (struct sms_size){false, 164, 2, 141});
    /* 153 septets are 76 pairs and one septet that stays unused */
    assert_size("€", 81, "", (struct sms_size){false, 162, 2, 143});
    /* by units alone it would be two segments of 153 */
    assert_size("€", 153, "", (struct sms_size){false, 306, 3, 151});
}

static void unicode_segments_are_of_70_or_67(void **state)
{
    assert_size("ж", 70, "", (struct sms_size){true, 70, 1, 0});
    assert_size("ж", 71, "", (struct sms_size){true, 71, 2, 63});
    assert_size("ж", 134, "", (struct sms_size){true, 134, 2, 0});
    assert_size("ж", 135, "", (struct sms_size){true, 135, 3, 66});
    assert_size("€", 70, "ж", (struct sms_size){true, 71, 2, 63}); /* one unit there */
}

static void surrogate_pair_is_never_split(void **state)
{
    assert_size("😀", 35, "", (struct sms_size){true, 70, 1, 0});
    assert_size("😀", 36, "", (struct sms_size){true, 72, 2, 61});
    assert_size("ж", 66, "😀жжж", (struct sms_size){true, 71, 2, 62});
    assert_size("😀", 67, "", (struct sms_size){true, 134, 3, 65});
}

static void first_character_to_blame_is_told(void **state)
{
    static const char text[] = "Ready at 5, say “hello” ж";
    struct sms_outsider o = {"x", 0, 0};

    assert_true(sms_first_outsider(text, strlen(text), &o));
    assert_string_equal(o.utf8, "“");
    assert_int_equal(o.position, 17);
    assert_int_equal(o.offset, 16);
    assert_true(sms_first_outsider("ñé😀", strlen("ñé😀"), &o));
    assert_string_equal(o.utf8, "😀");
    assert_int_equal(o.position, 3);
    assert_int_equal(o.offset, 4);
    assert_false(sms_first_outsider("plain", 5, &o));
    assert_int_equal(o.position, 3); /* untouched */
}

static void longer_than_the_limit_is_an_error_that_still_counts(void **state)
{
    char *text = repeat("a", 153 * SMS_SEGMENTS_MAX, "");
    struct sms_size size = measure(text, 0);
    assert_int_equal(size.segments, SMS_SEGMENTS_MAX);
    free(text);

    text = repeat("a", 153 * SMS_SEGMENTS_MAX, "a");
    struct err err;
    assert_int_equal(sms_measure(text, strlen(text), &size, &err), ERR_LIMIT);
    assert_int_equal(size.segments, SMS_SEGMENTS_MAX + 1);
    assert_non_null(strstr(err.text, "11 SMS segments"));
    free(text);
}

static void what_is_no_text_is_refused(void **state)
{
    struct sms_size size;
    struct err err;

    assert_int_equal(sms_measure("a\0b", 3, &size, &err), ERR_INVALID);
    assert_int_equal(sms_measure("caf\xe9", 4, &size, &err), ERR_INVALID);
    assert_int_equal(sms_measure("\xed\xa0\xbd", 3, &size, &err), ERR_INVALID);
    assert_int_equal(sms_measure("a\x1b", 2, &size, &err), ERR_INVALID);
    assert_int_equal(sms_measure("a\x7f", 2, &size, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_gsm_alphabet_stays_in_gsm),
        cmocka_unit_test(what_is_not_in_the_alphabet_makes_it_unicode),
        cmocka_unit_test(gsm_segments_are_of_160_or_153),
        cmocka_unit_test(extension_character_is_never_split),
        cmocka_unit_test(unicode_segments_are_of_70_or_67),
        cmocka_unit_test(surrogate_pair_is_never_split),
        cmocka_unit_test(first_character_to_blame_is_told),
        cmocka_unit_test(longer_than_the_limit_is_an_error_that_still_counts),
        cmocka_unit_test(what_is_no_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
