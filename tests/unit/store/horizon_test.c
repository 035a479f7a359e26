/* store/horizon: what lies days ahead is kept apart, and nothing of it is late, lost or disordered.
 */
#include "../support/shop.h"

#include "store/queries.h"
#include "store/web_queries.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define STEP_MS (10 * HOUR_MS)
#define MANY 40
#define RULE 7

/* MANY visits of one rule, one every ten hours from now on, in no order; all channels. Weeks begin
 * on the 3rd, the 10th and the 17th. */
static struct shop *open_shop(void)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_sql(s,
             "INSERT INTO rule (id, name, purpose, since_ms, identity) "
             "VALUES (7, 'soon', 'service', 0, ''); "
             "INSERT INTO entity (id, kind, key, row_id) VALUES (1, 4, 'a1', 1), (2, 1, 'c1', 1)");
    for (int i = 0; i < MANY; i++) {
        int64_t at_ms = shop_now_ms + (i * 27 % MANY) * STEP_MS;
        struct message m = {.rule_id = RULE,
                            .subject_id = 1,
                            .recipient_id = 2,
                            .occurrence = i,
                            .channel = (enum channel)(i % CHANNEL_COUNT),
                            .nominal_ms = at_ms,
                            .due_ms = at_ms,
                            .expires_ms = at_ms + DAY_MS,
                            .next_ms = at_ms,
                            .state_ms = shop_now_ms};
        shop_ok(s, store_messages_add(s->store, &m, 1), "add");
    }
    return s;
}

static int far(struct shop *s)
{
    return (int)shop_count(s, "SELECT count(*) FROM message INDEXED BY message_far WHERE "
                              "state <= 2 AND next_ms > near_ms");
}

static size_t due_now(struct shop *s)
{
    const bool none[CHANNEL_COUNT] = {false};
    struct message *due;
    size_t count;

    shop_ok(s, store_messages_due(s->store, shop_now_ms, none, MANY, &due, &count), "due");
    for (size_t i = 0; i < count; i++)
        shop_ok(s, store_message_move(s->store, &due[i], MESSAGE_CANCELLED, shop_now_ms, 0, NULL),
                "move");
    messages_free(due, count);
    return count;
}

static void what_is_far_is_due_in_its_time_all_the_same(void **state)
{
    struct shop *s = open_shop();
    int64_t began_ms = shop_now_ms;
    size_t seen = 0;

    assert_int_equal(far(s), MANY - 4); /* 39 hours to the 3rd: 0, 10, 20, 30 are near */
    for (int looks = 0; looks < 3 * MANY; looks++) {
        int64_t next_ms = shop_next(s);
        if (next_ms == INT64_MAX)
            break;
        if (next_ms > shop_now_ms)
            shop_now_ms = next_ms;
        shop_next(s);
        seen += due_now(s);
        assert_int_equal(seen, (shop_now_ms - began_ms) / STEP_MS + 1);
    }
    assert_int_equal(seen, MANY);
    assert_int_equal(far(s), 0);
    shop_close(s);
}

static void a_week_is_brought_near_as_soon_as_it_begins_tomorrow_and_not_before(void **state)
{
    struct shop *s = open_shop();
    bool done;
    int64_t again_ms;
    int before = far(s);

    shop_ok(s, store_bring_near(s->store, shop_now_ms, 2, &done, &again_ms), "bring near");
    assert_true(done);
    assert_int_equal(again_ms, utc("2026-12-02T00:00"));
    assert_int_equal(store_far_week_ms(again_ms), utc("2026-12-03T00:00"));
    shop_ok(s, store_bring_near(s->store, again_ms - 1, 2, &done, &again_ms), "bring near");
    assert_int_equal(far(s), before);
    shop_ok(s, store_bring_near(s->store, again_ms, 2, &done, &again_ms), "bring near");
    assert_false(done);
    assert_int_equal(far(s), before - 2);
    for (int i = 0; i < 10 && !done; i++)
        shop_ok(s, store_bring_near(s->store, utc("2026-12-02T00:00"), 2, &done, &again_ms),
                "bring near");
    assert_true(done);
    assert_int_equal(far(s), before - 17); /* 40, 50, .. 200 hours ahead lie in that week */
    assert_int_equal(again_ms, utc("2026-12-09T00:00"));
    shop_close(s);
}

static void whoever_moves_a_time_need_not_know(void **state)
{
    struct shop *s = open_shop();
    int before = far(s);

    shop_sql(s,
             "UPDATE message SET next_ms = %lld WHERE next_ms = (SELECT max(next_ms) FROM message)",
             (long long)shop_now_ms);
    shop_sql(s, "UPDATE message SET next_ms = %lld WHERE next_ms = %lld",
             (long long)(shop_now_ms + 20 * DAY_MS), (long long)(shop_now_ms + STEP_MS));
    assert_int_equal(far(s), before);
    assert_int_equal(due_now(s), 2);
    shop_at("2026-12-21T09:00");
    assert_int_equal(shop_next(s), utc("2026-12-01T09:00") + 2 * STEP_MS);
    assert_int_equal(due_now(s), MANY - 2);
    shop_close(s);
}

static void nothing_is_far_by_a_clock_that_was_ahead_or_behind(void **state)
{
    struct shop *s = open_shop();
    bool done;
    int64_t again_ms;

    shop_ok(s, store_bring_near(s->store, utc("2026-12-05T09:00"), MANY, &done, &again_ms),
            "ahead");
    assert_true(done);
    int near = MANY - far(s);
    shop_ok(s, store_bring_near(s->store, utc("2026-11-05T09:00"), MANY, &done, &again_ms),
            "behind");
    assert_int_equal(MANY - far(s), near);
    assert_int_equal(due_now(s), 1);
    shop_close(s);
}

static void count_one(void *arg, int64_t rule_id, int64_t recipient_id, int64_t nominal_ms)
{
    int *counts = arg;

    counts[(nominal_ms - shop_now_ms) / STEP_MS]++;
}

static void pages_tell_near_and_far_each_once_up_to_their_end(void **state)
{
    struct shop *s = open_shop();

    for (size_t max = 1; max < 12; max += 5) {
        struct pending_cursor cursor = {0};
        int counts[MANY] = {0};
        bool done = false;
        for (int i = 0; !done && i < 10 * MANY; i++)
            shop_ok(s,
                    store_pending_page(s->store, &cursor, shop_now_ms + 30 * STEP_MS, max,
                                       count_one, counts, &done),
                    "page");
        assert_true(done);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(counts[i], i < 30);
    }
    shop_close(s);
}

static void what_comes_next_goes_on_from_near_to_far(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    struct store_status status;
    size_t count;

    shop_ok(s, store_upcoming(s->store, 25, &rows, &count), "upcoming");
    assert_int_equal(count, 25);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].due_ms, shop_now_ms + (int64_t)i * STEP_MS);
    outbox_rows_free(rows, count);
    shop_sql(s, "UPDATE message SET state = 9 WHERE next_ms <= near_ms");
    shop_ok(s, store_status(s->store, shop_now_ms, &status), "status");
    assert_int_equal(status.next_due_ms, shop_now_ms + 4 * STEP_MS);
    assert_int_equal(status.overdue, 0);
    store_status_close(&status);
    shop_close(s);
}

/* However long it has waited already: so that it is found again when its rule goes on. */
static void what_a_rule_puts_off_stays_near(void **state)
{
    struct shop *s = open_shop();
    struct rule_state rule = {.id = RULE, .paused = true, .paused_by = PAUSED_BY_PERSON};

    shop_sql(s, "UPDATE message SET expires_ms = expires_ms + %lld", (long long)(400 * DAY_MS));
    shop_at("2027-03-01T23:59");
    shop_next(s);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        shop_ok(s, store_rule_put_off(s->store, &rule, (enum channel)c, shop_now_ms, "paused"),
                "put off");
    assert_int_equal(due_now(s), 0);
    assert_int_equal(far(s), 0);
    shop_ok(s, store_rule_pause(s->store, "soon", false, shop_now_ms, NULL), "resume");
    assert_int_equal(due_now(s), MANY);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_far_is_due_in_its_time_all_the_same),
        cmocka_unit_test(a_week_is_brought_near_as_soon_as_it_begins_tomorrow_and_not_before),
        cmocka_unit_test(whoever_moves_a_time_need_not_know),
        cmocka_unit_test(nothing_is_far_by_a_clock_that_was_ahead_or_behind),
        cmocka_unit_test(pages_tell_near_and_far_each_once_up_to_their_end),
        cmocka_unit_test(what_comes_next_goes_on_from_near_to_far),
        cmocka_unit_test(what_a_rule_puts_off_stays_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
