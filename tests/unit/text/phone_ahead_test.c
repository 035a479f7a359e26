/* What is read ahead is what reading it in place gives, whenever it is taken, and leaves nothing
 * behind when it is ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "text/phone_ahead.h"

#define NUMBERS 40000 /* more than may wait */
#define PAUSE_US 1000
#define PAUSES_MAX 60000

static void number(int n, char out[32])
{
    snprintf(out, 32, n % 2 ? "+371 29 %06d" : "28%06d", n);
}

static void give_numbers(struct phone_ahead **ahead, const struct phone_memo *memo, int count)
{
    char written[32];

    for (int i = 0; i < count; i++) {
        number(i, written);
        phone_ahead_give(ahead, memo, written, "LV");
    }
}

static void take_all(struct phone_ahead **ahead, struct phone_memo **memo, const char *country)
{
    for (int i = 0; *ahead != NULL && i < PAUSES_MAX; i++) {
        phone_ahead_take(ahead, memo, country);
        usleep(PAUSE_US);
    }
    assert_null(*ahead);
}

static int remembered(const struct phone_memo *memo, int count)
{
    char written[32];
    int known = 0;

    for (int i = 0; i < count; i++) {
        number(i, written);
        known += !phone_memo_wants(memo, written, "LV");
    }
    return known;
}

static void assert_as_in_place(struct phone_memo **memo, int count, const char *country)
{
    char written[32], read[PHONE_MAX], out[PHONE_MAX];

    for (int i = 0; i < count; i++) {
        number(i, written);
        int rc = phone_e164(written, country, read, NULL);
        assert_int_equal(phone_memo_e164(memo, written, country, out, NULL), rc);
        assert_string_equal(out, read);
    }
}

static void numbers_are_remembered_without_having_been_asked_for(void **state)
{
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;

    give_numbers(&ahead, memo, 5000);
    assert_non_null(ahead);
    take_all(&ahead, &memo, "LV");
    assert_int_equal(remembered(memo, 5000), 5000);
    assert_as_in_place(&memo, 5000, "LV");
    give_numbers(&ahead, memo, 5000);
    assert_null(ahead); /* there was nothing to be read */
    free(memo);
}

static void what_is_asked_for_while_it_is_read_is_the_same(void **state)
{
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;

    for (int i = 0; i < NUMBERS; i++) {
        char written[32], read[PHONE_MAX], out[PHONE_MAX];
        number(i, written);
        phone_ahead_give(&ahead, memo, written, "LV");
        if (i % 50 == 0)
            phone_ahead_take(&ahead, &memo, "LV");
        number(i / 2, written);
        if (i % 5 == 0) {
            assert_int_equal(phone_memo_e164(&memo, written, "LV", out, NULL), 0);
            phone_e164(written, "LV", read, NULL);
            assert_string_equal(out, read);
        }
    }
    take_all(&ahead, &memo, "LV");
    assert_as_in_place(&memo, NUMBERS, "LV");
    free(memo);
}

static void no_more_wait_than_may(void **state)
{
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;

    give_numbers(&ahead, memo, NUMBERS); /* nobody takes meanwhile */
    take_all(&ahead, &memo, "LV");
    assert_int_equal(remembered(memo, NUMBERS), PHONE_AHEAD_MAX);
    assert_as_in_place(&memo, NUMBERS, "LV");
    free(memo);
}

static void bad_numbers_among_them_are_not_remembered(void **state)
{
    static const char *const bad[] = {"no number", "+371 1", "29", "0000000", "\x01\xff", " "};
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;

    for (int i = 0; i < 600; i++) {
        char written[32];
        phone_ahead_give(&ahead, memo, bad[i % 6], "LV");
        number(i, written);
        phone_ahead_give(&ahead, memo, written, "LV");
    }
    take_all(&ahead, &memo, "LV");
    assert_int_equal(remembered(memo, 600), 600);
    for (int i = 0; i < 6; i++) {
        struct err err = {""};
        char out[PHONE_MAX];
        assert_true(phone_memo_wants(memo, bad[i], "LV"));
        assert_int_equal(phone_memo_e164(&memo, bad[i], "LV", out, &err), ERR_INVALID);
        assert_string_not_equal(err.text, "");
    }
    free(memo);
}

static void what_can_be_no_number_to_remember_is_not_read_at_all(void **state)
{
    struct phone_ahead *ahead = NULL;

    phone_ahead_give(&ahead, NULL, NULL, "LV");
    phone_ahead_give(&ahead, NULL, "", "LV");
    phone_ahead_give(&ahead, NULL, "+371 29 12 34 56 (mornings only)", "LV");
    assert_null(ahead);
    phone_ahead_take(&ahead, NULL, "LV");
    phone_ahead_free(ahead);
}

static void what_was_read_for_another_country_is_not_remembered(void **state)
{
    static const char *const countries[] = {"EE", NULL};
    struct phone_memo *memo = NULL;

    for (int i = 0; i < 2; i++) {
        struct phone_ahead *ahead = NULL;
        give_numbers(&ahead, memo, 2000);
        phone_ahead_give(&ahead, memo, "5123 4567", "EE"); /* nor is it read for the wrong one */
        take_all(&ahead, &memo, countries[i]);
        assert_null(memo);
        assert_as_in_place(&memo, 2000, countries[i]);
        free(memo);
        memo = NULL;
    }
}

static void nothing_is_read_that_would_push_another_out(void **state)
{
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;
    char written[32];

    number(0, written);
    for (int i = 0; i < 100000; i++) {
        char other[32];
        snprintf(other, sizeof(other), "+3712%07d", i);
        phone_memo_put(&memo, other, "LV", other);
    }
    give_numbers(&ahead, memo, 1000);
    assert_null(ahead);
    free(memo);
}

static void it_can_be_ended_at_any_time(void **state)
{
    phone_ahead_free(NULL);
    for (int i = 1; i < 4000; i = i * 3 + 1) {
        struct phone_ahead *ahead = NULL;
        struct phone_memo *memo = NULL;
        give_numbers(&ahead, memo, i);
        phone_ahead_take(&ahead, &memo, "LV");
        phone_ahead_free(ahead);
        free(memo);
    }
}

static void a_few_alone_are_let_go_the_second_time_that_somebody_looks(void **state)
{
    struct phone_ahead *ahead = NULL;
    struct phone_memo *memo = NULL;

    give_numbers(&ahead, memo, 3);
    phone_ahead_take(&ahead, &memo, "LV");
    assert_non_null(ahead);
    phone_ahead_take(&ahead, &memo, "LV");
    assert_null(ahead);
    assert_null(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_remembered_without_having_been_asked_for),
        cmocka_unit_test(what_is_asked_for_while_it_is_read_is_the_same),
        cmocka_unit_test(no_more_wait_than_may),
        cmocka_unit_test(bad_numbers_among_them_are_not_remembered),
        cmocka_unit_test(what_can_be_no_number_to_remember_is_not_read_at_all),
        cmocka_unit_test(what_was_read_for_another_country_is_not_remembered),
        cmocka_unit_test(nothing_is_read_that_would_push_another_out),
        cmocka_unit_test(it_can_be_ended_at_any_time),
        cmocka_unit_test(a_few_alone_are_let_go_the_second_time_that_somebody_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
