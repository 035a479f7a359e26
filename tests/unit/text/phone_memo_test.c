/* A memory of numbers gives the same answers as reading them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/phone_memo.h"

#define NUMBERS 20000 /* the memory grows several times meanwhile */

static void many_numbers_twice_give_what_reading_them_gives(void **state)
{
    struct phone_memo *memo = NULL;

    for (int i = 0; i < 2 * NUMBERS; i++) {
        char written[32], read[PHONE_MAX], remembered[PHONE_MAX];
        int n = i % NUMBERS;
        snprintf(written, sizeof(written), n % 2 ? "+371 29 %06d" : "28%06d", n);
        int rc = phone_e164(written, "LV", read, NULL);
        assert_int_equal(phone_memo_e164(&memo, written, "LV", remembered, NULL), rc);
        assert_string_equal(remembered, read);
    }
    free(memo);
}

static void as_many_as_there_is_room_for_are_all_remembered(void **state)
{
    struct phone_memo *memo = NULL;
    char written[32];

    for (int i = 0; i < 2 * NUMBERS; i++) {
        snprintf(written, sizeof(written), "+3712%07d", i);
        assert_true(phone_memo_wants(memo, written, "LV"));
        phone_memo_put(&memo, written, "LV", written);
    }
    for (int i = 0; i < 2 * NUMBERS; i++) {
        char out[PHONE_MAX];
        snprintf(written, sizeof(written), "+3712%07d", i);
        assert_false(phone_memo_wants(memo, written, "LV"));
        assert_true(phone_memo_wants(memo, written, "EE"));
        assert_int_equal(phone_memo_e164(&memo, written, "LV", out, NULL), 0);
        assert_string_equal(out, written);
    }
    free(memo);
}

static void more_than_there_is_room_for_are_read_as_they_are(void **state)
{
    struct phone_memo *memo = NULL;
    char written[32], out[PHONE_MAX];

    for (int i = 0; i < 5 * NUMBERS; i++) {
        snprintf(written, sizeof(written), "+3712%07d", i);
        phone_memo_put(&memo, written, "LV", written);
    }
    for (int i = 0; i < 5 * NUMBERS; i += 7) {
        snprintf(written, sizeof(written), "+3712%07d", i);
        assert_false(phone_memo_wants(memo, written, "LV")); /* it may well not be remembered */
        assert_int_equal(phone_memo_e164(&memo, written, "LV", out, NULL), 0);
        assert_string_equal(out, written);
    }
    free(memo);
}

static void a_bad_number_is_refused_each_time_with_its_sentence(void **state)
{
    static const char *const bad[] = {"", "no number", "+371 1",
                                      "29123456 extension 12 and then some more words"};
    struct phone_memo *memo = NULL;

    for (int i = 0; i < 8; i++) {
        struct err err = {""};
        char out[PHONE_MAX];
        assert_int_equal(phone_memo_e164(&memo, bad[i % 4], "LV", out, &err), ERR_INVALID);
        assert_string_equal(out, "");
        assert_string_not_equal(err.text, "");
    }
    free(memo);
}

static void a_number_is_read_anew_for_another_country(void **state)
{
    static const char *const countries[] = {"LV", "EE", NULL, "LV", "LT"};
    struct phone_memo *memo = NULL;

    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
        char read[PHONE_MAX], remembered[PHONE_MAX];
        int rc = phone_e164("5123 4567", countries[i], read, NULL);
        assert_int_equal(phone_memo_e164(&memo, "5123 4567", countries[i], remembered, NULL), rc);
        assert_string_equal(remembered, read);
    }
    free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_numbers_twice_give_what_reading_them_gives),
        cmocka_unit_test(as_many_as_there_is_room_for_are_all_remembered),
        cmocka_unit_test(more_than_there_is_room_for_are_read_as_they_are),
        cmocka_unit_test(a_number_is_read_anew_for_another_country),
        cmocka_unit_test(a_bad_number_is_refused_each_time_with_its_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
