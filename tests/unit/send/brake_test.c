/* send/brake: a rule that would send far more than it ever did pauses itself, and asks. */
#include "../support/shop.h"

#include "store/rules.h"
#include "store/volume.h"

#define LIMITS "[limits]\nblast = 4 clients\nbrake = 2 times\n"
#define READY SHOP_WORKFLOW "[rule ready]\non = job enters Ready\nlate = 20 days\n"

static struct brake brake;

static struct shop *open_shop(const char *limits)
{
    char *business = mem_printf(SHOP_PLAIN "%s", limits);
    struct shop *s = shop_open_with(business, READY, "2026-11-20T09:00");

    free(business);
    brake = (struct brake){0};
    s->brake = &brake;
    shop_ilze(s);
    return s;
}

static void close_shop(struct shop *s)
{
    brake_close(&brake);
    shop_close(s);
}

/* So many jobs become ready now; how many messages went. */
static int day(struct shop *s, const char *time, int jobs)
{
    shop_at(time);
    for (int i = 0; i < jobs; i++)
        shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready')");
    shop_look(s);
    shop_ok(s, store_rules_paused(s->store, s->world.rules, 1), "look at the pauses");
    return shop_send(s);
}

/* Five days with messages, three on the busiest. */
static void usual_days(struct shop *s)
{
    static const char *const times[] = {"2026-11-21T10:00", "2026-11-22T10:00", "2026-11-24T10:00",
                                        "2026-11-25T10:00", "2026-11-26T10:00"};

    for (int i = 0; i < 5; i++)
        assert_int_equal(day(s, times[i], i % 3 + 1), i % 3 + 1);
}

static void a_storm_stops_exactly_at_its_limit_and_asks(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    assert_int_equal(day(s, "2026-12-01T10:00", 5), 5);
    assert_int_equal(day(s, "2026-12-01T18:00", 5), 1); /* twice three is six */
    assert_true(s->world.rules[0].paused);
    assert_answer(s, "SELECT pause_reason FROM rule",
                  "it has sent 6 messages in 24 hours, and never more than 3 on a day before");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state = 0"), 4);
    assert_int_equal(day(s, "2026-12-03T10:00", 1), 0); /* nothing goes without a yes */
    close_shop(s);
}

static void a_yes_lifts_it_for_a_day_and_the_day_is_no_storm_afterwards(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    assert_int_equal(day(s, "2026-12-01T10:00", 9), 6);
    shop_ok(s, store_rule_pause(s->store, "ready", false, shop_now_ms, NULL), "yes");
    assert_int_equal(day(s, "2026-12-01T11:00", 20), 23);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 0);
    /* The next day it counts anew, with the same limit: yesterday is not usual yet. */
    assert_int_equal(day(s, "2026-12-02T11:30", 10), 6);
    assert_true(s->world.rules[0].paused);
    close_shop(s);
}

static void no_brake_before_there_is_a_usual_volume(void **state)
{
    struct shop *s = open_shop(LIMITS);

    assert_int_equal(day(s, "2026-11-21T10:00", 1), 1);
    assert_int_equal(day(s, "2026-11-22T10:00", 1), 1);
    assert_int_equal(day(s, "2026-11-23T10:00", 30), 30);
    close_shop(s);
}

static void a_small_number_is_no_storm(void **state)
{
    struct shop *s = open_shop("[limits]\nblast = 20 clients\nbrake = 2 times\n");

    usual_days(s);
    assert_int_equal(day(s, "2026-12-01T10:00", 25), 20);
    close_shop(s);
}

static void brake_none_stops_nothing_and_counts_nothing(void **state)
{
    struct shop *s = open_shop("[limits]\nbrake = none\n");

    usual_days(s);
    assert_int_equal(day(s, "2026-12-01T10:00", 200), 200);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM volume"), 0);
    close_shop(s);
}

static void a_catch_up_within_the_factor_is_no_storm(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready'), (1, 'Ready')");
    shop_look(s);
    assert_int_equal(day(s, "2026-12-04T10:00", 3), 5); /* with those of three days down */
    assert_false(s->world.rules[0].paused);
    close_shop(s);
}

static void a_transaction_that_did_not_happen_is_not_counted(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    shop_at("2026-12-01T10:00");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, brake_begin(&brake, &s->world, shop_now_ms), "begin to count");
    for (int i = 0; i < 6; i++)
        brake_count(&brake, 0);
    assert_false(brake_allows(&brake, 0));
    shop_ok(s, brake_end(&brake), "end");
    store_rollback(s->store);
    brake_forget(&brake);
    assert_int_equal(day(s, "2026-12-01T10:00", 9), 6);
    close_shop(s);
}

static void a_clock_set_back_over_a_restart_forgets_nothing(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    assert_int_equal(day(s, "2026-12-08T10:00", 6), 6);
    brake_close(&brake); /* the service ends, and starts with its clock days behind */
    assert_int_equal(day(s, "2026-12-04T10:00", 3), 0);
    assert_true(s->world.rules[0].paused);
    close_shop(s);
}

static void the_count_outlives_a_restart_and_single_hours_go_in_the_end(void **state)
{
    struct shop *s = open_shop(LIMITS);

    usual_days(s);
    assert_int_equal(day(s, "2026-12-01T10:00", 4), 4);
    brake_close(&brake);
    assert_int_equal(day(s, "2026-12-01T11:00", 4), 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM volume WHERE span = 24"), 6);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM volume WHERE span = 1"), 2);
    close_shop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_storm_stops_exactly_at_its_limit_and_asks),
        cmocka_unit_test(a_yes_lifts_it_for_a_day_and_the_day_is_no_storm_afterwards),
        cmocka_unit_test(no_brake_before_there_is_a_usual_volume),
        cmocka_unit_test(a_small_number_is_no_storm),
        cmocka_unit_test(brake_none_stops_nothing_and_counts_nothing),
        cmocka_unit_test(a_catch_up_within_the_factor_is_no_storm),
        cmocka_unit_test(a_transaction_that_did_not_happen_is_not_counted),
        cmocka_unit_test(a_clock_set_back_over_a_restart_forgets_nothing),
        cmocka_unit_test(the_count_outlives_a_restart_and_single_hours_go_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
