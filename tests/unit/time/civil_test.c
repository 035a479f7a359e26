/* time/civil: the calendar's arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "time/civil.h"

static void assert_civil(const struct civil *c, int year, int month, int day)
{
    assert_int_equal(c->year, year);
    assert_int_equal(c->month, month);
    assert_int_equal(c->day, day);
}

static void every_day_of_the_calendar_follows_the_one_before(void **state)
{
    struct civil c = {1, 1, 1, 0, 0, 0}, back;
    int weekday = 1; /* 0001-01-01 was a Monday */

    for (int64_t day = CIVIL_DAY_MIN; day <= CIVIL_DAY_MAX; day++) {
        if (civil_day_number(&c) != day || civil_weekday(&c) != weekday || !civil_valid(&c))
            fail_msg("%04d-%02d-%02d is not day %ld", c.year, c.month, c.day, (long)day);
        civil_from_day_number(day, &back);
        if (civil_compare(&c, &back) != 0)
            fail_msg("day %ld is not %04d-%02d-%02d", (long)day, back.year, back.month, back.day);
        weekday = (weekday + 1) % 7;
        if (++c.day > civil_days_in_month(c.year, c.month)) {
            c.day = 1;
            if (++c.month > 12) {
                c.month = 1;
                c.year++;
            }
        }
    }
    assert_civil(&c, 10000, 1, 1);
}

static void days_that_do_not_exist_are_not_valid(void **state)
{
    assert_true(civil_valid(&(struct civil){2028, 2, 29, 23, 59, 59}));
    assert_true(civil_valid(&(struct civil){2000, 2, 29, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 2, 29, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){1900, 2, 29, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 4, 31, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 13, 1, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 0, 1, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){0, 1, 1, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 1, 0, 0, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 1, 1, 24, 0, 0}));
    assert_false(civil_valid(&(struct civil){2026, 1, 1, 0, 60, 0}));
    assert_false(civil_valid(&(struct civil){2026, 12, 31, 23, 59, 60}));
}

static void seconds_go_both_ways_before_and_after_1970(void **state)
{
    static const int64_t known[] = {0, -1, 1, 86399, 86400, -86400, -86401, 1796724000};
    struct civil c;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        civil_from_seconds(known[i], &c);
        assert_int_equal(civil_to_seconds(&c), known[i]);
    }
    assert_civil(&c, 2026, 12, 8);
    assert_int_equal(c.hour, 10);
    civil_from_seconds(-1, &c);
    assert_civil(&c, 1969, 12, 31);
    assert_int_equal(c.second, 59);
}

static void months_end_at_the_last_day_of_a_shorter_one(void **state)
{
    struct civil c = {2027, 1, 31, 15, 0, 0};

    civil_add_months(&c, 1);
    assert_civil(&c, 2027, 2, 28);
    assert_int_equal(c.hour, 15);
    c = (struct civil){2028, 1, 31, 0, 0, 0};
    civil_add_months(&c, 1);
    assert_civil(&c, 2028, 2, 29);
    c = (struct civil){2026, 12, 31, 0, 0, 0};
    civil_add_months(&c, 11);
    assert_civil(&c, 2027, 11, 30);
    c = (struct civil){2028, 2, 29, 0, 0, 0};
    civil_add_months(&c, -12);
    assert_civil(&c, 2027, 2, 28);
    c = (struct civil){2026, 1, 15, 0, 0, 0};
    civil_add_months(&c, -1);
    assert_civil(&c, 2025, 12, 15);
}

static void days_go_over_the_ends_of_months_and_years(void **state)
{
    struct civil c = {2026, 12, 31, 18, 30, 0};

    civil_add_days(&c, 1);
    assert_civil(&c, 2027, 1, 1);
    assert_int_equal(c.minute, 30);
    civil_add_days(&c, -307);
    assert_civil(&c, 2026, 2, 28);
    civil_add_days(&c, 1);
    assert_civil(&c, 2026, 3, 1);
}

static void sums_outside_the_calendar_stop_at_its_edge(void **state)
{
    struct civil c = {2026, 12, 31, 18, 30, 0};

    civil_add_days(&c, INT64_MAX);
    assert_civil(&c, 9999, 12, 31);
    civil_add_months(&c, INT64_MIN);
    assert_civil(&c, 1, 1, 1);
    civil_add_days(&c, INT64_MIN);
    assert_civil(&c, 1, 1, 1);
    civil_from_seconds(INT64_MAX, &c);
    assert_civil(&c, 9999, 12, 31);
    civil_from_seconds(INT64_MIN, &c);
    assert_civil(&c, 1, 1, 1);
    civil_from_day_number(CIVIL_DAY_MAX, &c);
    civil_add_months(&c, 1);
    assert_civil(&c, 9999, 12, 31);
    assert_true(civil_valid(&c));
}

static void comparing_looks_at_the_time_too(void **state)
{
    struct civil a = {2026, 12, 8, 15, 0, 0}, b = a;

    assert_int_equal(civil_compare(&a, &b), 0);
    b.second = 1;
    assert_true(civil_compare(&a, &b) < 0);
    b = (struct civil){2026, 12, 7, 23, 0, 0};
    assert_true(civil_compare(&a, &b) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_the_calendar_follows_the_one_before),
        cmocka_unit_test(days_that_do_not_exist_are_not_valid),
        cmocka_unit_test(seconds_go_both_ways_before_and_after_1970),
        cmocka_unit_test(months_end_at_the_last_day_of_a_shorter_one),
        cmocka_unit_test(days_go_over_the_ends_of_months_and_years),
        cmocka_unit_test(sums_outside_the_calendar_stop_at_its_edge),
        cmocka_unit_test(comparing_looks_at_the_time_too),
    };
    return cmocka_run_group_tests_name("time/civil", tests, NULL, NULL);
}
