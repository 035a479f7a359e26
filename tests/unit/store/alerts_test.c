/* store/alerts: what is news, what goes on, what is over. */
#include "../support/shop.h"

#include "store/alerts.h"

#define MINUTE INT64_C(60000)
#define DAY (24 * 60 * MINUTE)
#define T0 (1000 * DAY)

/* "+key" is news, "key" goes on, "-key" is over. */
static void assert_told(struct shop *s, int64_t now_ms, const char *expected)
{
    struct alert_row *rows;
    size_t count;
    struct buf b;

    buf_init(&b);
    shop_ok(s, store_alerts(s->store, now_ms, &rows, &count), "alerts");
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s%s", i > 0 ? " " : "",
                   rows[i].over   ? "-"
                   : rows[i].news ? "+"
                                  : "",
                   rows[i].key);
    assert_string_equal(b.len > 0 ? b.data : "", expected);
    alert_rows_free(rows, count);
    buf_close(&b);
}

static void begin(struct shop *s, const char *key, int64_t now_ms)
{
    shop_ok(s, store_alert_raise(s->store, key, "words", false, now_ms), "raise");
}

static void end(struct shop *s, const char *key, int64_t now_ms)
{
    shop_ok(s, store_alert_clear(s->store, key, now_ms), "clear");
}

static void told(struct shop *s, int64_t now_ms)
{
    shop_ok(s, store_alerts_told(s->store, now_ms), "told");
}

static void a_reason_is_news_once_a_day_and_told_to_be_over_once(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    begin(s, "a", T0);
    begin(s, "a", T0 + 1);
    assert_told(s, T0 + 2, "+a");
    told(s, T0 + 2);
    begin(s, "b", T0 + 3);
    assert_told(s, T0 + 4, "a +b");
    told(s, T0 + 4);
    assert_told(s, T0 + DAY + 3, "a b"); /* each was in the last digest */
    assert_told(s, T0 + DAY + 4, "+a +b");
    end(s, "a", T0 + DAY + 5);
    assert_told(s, T0 + DAY + 6, "-a +b");
    told(s, T0 + DAY + 7);
    assert_told(s, T0 + DAY + 8, "b");
    shop_close(s);
}

static void what_comes_and_goes_is_no_news_each_time(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    begin(s, "a", T0);
    told(s, T0 + 1);
    end(s, "a", T0 + MINUTE);
    told(s, T0 + MINUTE);
    begin(s, "a", T0 + 2 * MINUTE);
    assert_told(s, T0 + 3 * MINUTE, "a");
    end(s, "a", T0 + 4 * MINUTE);
    assert_told(s, T0 + 5 * MINUTE, "");
    begin(s, "a", T0 + 6 * MINUTE);
    assert_told(s, T0 + DAY + 7 * MINUTE, "+a"); /* it still lasts a day later */
    shop_close(s);
}

static void what_nobody_was_told_of_is_not_told_to_be_over(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    begin(s, "a", T0);
    end(s, "a", T0 + 1);
    assert_told(s, T0 + 2, "");
    told(s, T0 + 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM alert"), 0);
    shop_close(s);
}

static void news_of_a_moment_are_told_once(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_ok(s, store_alert_raise(s->store, "database", "words", true, T0), "note");
    end(s, "database", T0);
    assert_told(s, T0 + 1, "+database");
    told(s, T0 + 1);
    assert_told(s, T0 + 2, "");
    told(s, T0 + 2 * DAY);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM alert"), 0);
    shop_close(s);
}

static void a_clock_set_back_does_not_silence_anything(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    begin(s, "a", T0);
    told(s, T0 + 1);
    assert_told(s, T0 - 30 * DAY, "+a");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_is_news_once_a_day_and_told_to_be_over_once),
        cmocka_unit_test(what_comes_and_goes_is_no_news_each_time),
        cmocka_unit_test(what_nobody_was_told_of_is_not_told_to_be_over),
        cmocka_unit_test(news_of_a_moment_are_told_once),
        cmocka_unit_test(a_clock_set_back_does_not_silence_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
