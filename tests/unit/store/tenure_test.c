/* store/tenure: whose the database is. */
#include "../support/shop.h"

#include "store/tenure.h"

static void begin(struct shop *s, int64_t floor, struct tenure *t)
{
    *t = (struct tenure){.ledger = 5};
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_tenure_begin(s->store, floor, t), "tenure");
    shop_ok(s, store_commit(s->store), "commit");
}

static void each_start_overtakes_the_one_before(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct tenure first, second, third;

    begin(s, 0, &first);
    assert_int_equal(store_tenure_check(s->store, &first), 0);
    begin(s, 0, &second);
    assert_int_equal(store_tenure_check(s->store, &first), ERR_CANCELLED);
    assert_int_equal(store_tenure_check(s->store, &second), 0);
    begin(s, 99, &third); /* somebody knows of a later start than the database */
    assert_true(third.epoch > 99);
    assert_int_equal(store_tenure_check(s->store, &second), ERR_CANCELLED);
    shop_close(s);
}

static void a_file_moved_away_or_replaced_is_noticed(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *away = mem_printf("%s.away", s->settings->database);

    assert_false(store_displaced(s->store));
    shop_sql(s, "VACUUM");
    assert_false(store_displaced(s->store));
    assert_int_equal(rename(s->settings->database, away), 0);
    assert_true(store_displaced(s->store));
    shop_file(s, "betimes.db", "another file");
    assert_true(store_displaced(s->store));
    assert_int_equal(rename(away, s->settings->database), 0);
    assert_false(store_displaced(s->store));
    free(away);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_start_overtakes_the_one_before),
        cmocka_unit_test(a_file_moved_away_or_replaced_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
