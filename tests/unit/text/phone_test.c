/* text/phone: what people write becomes one spelling, and what is no number becomes a sentence. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text/phone.h"

#define THREADS 4
#define ROUNDS 500

static void assert_reads(const char *written, const char *country, const char *expected)
{
    char out[PHONE_MAX];
    struct err err = {""};

    if (phone_e164(written, country, out, &err) != 0)
        fail_msg("%s (%s): %s", written, country, err.text);
    assert_string_equal(out, expected);
    assert_string_equal(err.text, "");
}

static void assert_refused(const char *written, const char *country, const char *says)
{
    char out[PHONE_MAX] = "stale";
    struct err err = {""};

    if (phone_e164(written, country, out, &err) != ERR_INVALID)
        fail_msg("%s (%s) was taken: %s", written, country, out);
    assert_string_equal(out, "");
    if (strstr(err.text, says) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", written, err.text, says);
    assert_int_equal(phone_e164(written, country, out, NULL), ERR_INVALID);
}

static void numbers_as_people_write_them_become_e164(void **state)
{
    assert_reads("29123456", "LV", "+37129123456");
    assert_reads("29123456", "lv", "+37129123456");
    assert_reads(" +371 29 12-34-56 ", "US", "+37129123456");
    assert_reads("(+371) 29.123.456", NULL, "+37129123456");
    assert_reads("0037129123456", "LV", "+37129123456");
    assert_reads("37129123456", "LV", "+37129123456");
    assert_reads("8 (701) 234-56-78", "KZ", "+77012345678");
    assert_reads("(202) 456-1111", "US", "+12024561111");
    assert_reads("07911 123456", "GB", "+447911123456");
    assert_reads("06 698 12345", "IT", "+390669812345"); /* Italy keeps its zero */
    assert_reads("tel:+371-29-123-456", "LV", "+37129123456");
    assert_reads("+371\xc2\xa0"
                 "29123456",
                 "LV", "+37129123456"); /* a space that does not break */
}

static void digits_of_other_scripts_are_digits(void **state)
{
    assert_reads("۰۹۱۲ ۳۴۵ ۶۷۸۹", "IR", "+989123456789");
    assert_reads("٠٩١٢٣٤٥٦٧٨٩", "IR", "+989123456789");
    assert_reads("＋３７１２９１２３４５６", "LV", "+37129123456");
}

static void what_is_no_number_is_refused_with_a_reason(void **state)
{
    assert_refused("", "LV", "there is no phone number");
    assert_refused("  ", "LV", "there is no phone number");
    assert_refused("ask at the desk", "LV", "not a phone number");
    assert_refused("12345", "LV", "too short for country code +371");
    assert_refused("+371", "LV", "too short");
    assert_refused("00000000", "LV", "nothing but zeros");
    assert_refused("291234567890123", "LV", "too long for country code +371");
    assert_refused("29123456 / 26123456", "LV", "two numbers");
    assert_refused("555-0100", "US", "lacks its area code");
    assert_refused("67123456 ext. 12", "LV", "extension");
    assert_refused("+999 123456", "LV", "country code that no country has");
    assert_refused("+49151234567890123", "DE", "more than the 15 digits");
    assert_refused("+4915123456789012345", "DE", "too long for country code +49");
}

static void number_without_country_code_needs_a_country(void **state)
{
    assert_refused("29123456", NULL, "no known country code");
    assert_refused("29123456", "", "no known country code");
    assert_refused("29123456", "ZZ", "no known country code");
    assert_refused("29123456", "Latvia", "no known country code");
}

static void unknown_range_is_taken_only_when_written_in_full(void **state)
{
    assert_refused("11111111", "LV", "no such phone number is given out in LV");
    assert_reads("+371 11111111", "LV", "+37111111111");
    assert_reads("00371 11111111", "LV", "+37111111111");
    assert_refused("+46 00100002", "SE", "a 0 too many"); /* would have a second spelling */
    assert_reads("+46 (0)70 123 45 67", "SE", "+46701234567");
}

static void hostile_input_is_refused(void **state)
{
    static char big[1024 * 1024];

    memset(big, '1', sizeof(big) - 1);
    assert_refused(big, "LV", "far too long");
    assert_refused("29123456\r\nBcc: x", "LV", "control character");
    assert_refused("29123456\n", "LV", "control character");
    assert_refused("\xff\xfe", "LV", "not UTF-8");
    assert_refused("<script>", "LV", "not a phone number");
    assert_refused("29123456", big, "no known country code");
}

static void error_never_repeats_the_number(void **state)
{
    static const char *const wrong[] = {"912345678901", "91234", "+9999123455", "91234567"};
    char out[PHONE_MAX];
    struct err err;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(phone_e164(wrong[i], "LV", out, &err), ERR_INVALID);
        assert_null(strstr(err.text, "91234"));
    }
}

static void country_and_kind_come_from_the_plan(void **state)
{
    char country[PHONE_COUNTRY_MAX];

    assert_true(phone_country("+37129123456", country));
    assert_string_equal(country, "LV");
    assert_true(phone_country("+77012345678", country)); /* +7 is Russia's as well */
    assert_string_equal(country, "KZ");
    assert_true(phone_country("+37111111111", country)); /* in no known range */
    assert_string_equal(country, "LV");
    assert_false(phone_country("+88213300655", country)); /* a satellite's */
    assert_string_equal(country, "");
    assert_false(phone_country("29123456", country));
    assert_false(phone_country("", country));
    assert_false(phone_country("+", country));

    assert_int_equal(phone_kind("+37129123456"), PHONE_MOBILE);
    assert_int_equal(phone_kind("+37167123456"), PHONE_FIXED);
    assert_int_equal(phone_kind("+12024561111"), PHONE_FIXED_OR_MOBILE);
    assert_int_equal(phone_kind("+18005550199"), PHONE_OTHER);
    assert_int_equal(phone_kind("+37111111111"), PHONE_UNKNOWN);
    assert_int_equal(phone_kind("x"), PHONE_UNKNOWN);
}

static void *many(void *arg)
{
    long *wrong = arg;

    for (int i = 0; i < ROUNDS; i++) {
        char written[32], expected[32], out[PHONE_MAX];
        snprintf(written, sizeof(written), "29 %06d", i);
        snprintf(expected, sizeof(expected), "+37129%06d", i);
        if (phone_e164(written, "LV", out, NULL) != 0 || strcmp(out, expected) != 0)
            (*wrong)++;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[THREADS];
    long wrong[THREADS] = {0};

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many, &wrong[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(wrong[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            threads_do_not_disturb_each_other), /* first: it makes the library's data */
        cmocka_unit_test(numbers_as_people_write_them_become_e164),
        cmocka_unit_test(digits_of_other_scripts_are_digits),
        cmocka_unit_test(what_is_no_number_is_refused_with_a_reason),
        cmocka_unit_test(number_without_country_code_needs_a_country),
        cmocka_unit_test(unknown_range_is_taken_only_when_written_in_full),
        cmocka_unit_test(hostile_input_is_refused),
        cmocka_unit_test(error_never_repeats_the_number),
        cmocka_unit_test(country_and_kind_come_from_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
