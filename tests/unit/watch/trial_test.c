/* watch/trial and the waiting of rules: nothing of a new or changed rule goes before it is counted
 * whom it would write to at once. */
#include "../support/shop.h"

#include "store/rules.h"
#include "watch/trial.h"

#define LIMIT_2 "[limits]\nblast = 2 clients\n"
#define READY SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"

static struct shop *open_on_trial(const char *business, const char *playbook, int clients)
{
    struct shop *s = shop_open_with(business, playbook, "2026-12-01T09:00");
    char *sql = mem_printf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
                           "i < %d) INSERT INTO client (id, name, email) SELECT i, 'C' || i, 'c' "
                           "|| i || '@example.com' FROM n; INSERT INTO job (client_id, stage) "
                           "SELECT id, 'Ready' FROM client",
                           clients);

    shop_sql(s, "DELETE FROM meta WHERE name = 'playbook_read'");
    shop_ok(s, store_exec(s->store, "DELETE FROM rule"), "forget the rules");
    shop_load_world_on_trial(s);
    if (clients > 0)
        shop_sql(s, sql);
    shop_look(s);
    shop_sweep(s);
    free(sql);
    return s;
}

/* Count to the end and decide, as the engine does. */
static void try_rules(struct shop *s)
{
    struct trial t = {0};
    bool done = false;

    while (!done) {
        shop_ok(s, store_begin(s->store), "begin");
        shop_ok(s, trial_count(&t, &s->world, shop_now_ms, &done), "count");
        if (done)
            shop_ok(s, trial_decide(&t, &s->world, shop_now_ms), "decide");
        shop_ok(s, store_commit(s->store), "commit");
    }
    trial_close(&t);
    shop_ok(s, store_rules_paused(s->store, s->world.rules, s->playbook->rule_count), "read");
}

static void assert_asks(struct shop *s, size_t rule, const char *reason)
{
    char *sql = mem_printf("SELECT pause_reason FROM rule WHERE id = %lld AND paused_by = 1",
                           (long long)s->world.rules[rule].id);

    assert_true(s->world.rules[rule].paused);
    assert_answer(s, sql, reason);
    free(sql);
}

static void nothing_goes_before_it_is_counted_nor_above_the_limit(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY, 3);

    assert_true(trial_needed(&s->world));
    assert_int_equal(shop_send(s), 0);
    try_rules(s);
    assert_asks(s, 0, "new: would write to 3 clients at once");
    assert_false(trial_needed(&s->world));
    assert_int_equal(shop_until(s, "2026-12-01T12:00"), 0);
    shop_ok(s, store_rule_pause(s->store, "ready", false, shop_now_ms, NULL), "yes");
    shop_load_world_on_trial(s);
    assert_false(trial_needed(&s->world));
    assert_int_equal(shop_send(s), 3);
    shop_close(s);
}

static void within_the_limit_it_goes_on_by_itself(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY, 2);

    assert_int_equal(shop_send(s), 0); /* they are put off */
    try_rules(s);
    assert_int_equal(s->world.rules[0].trial, TRIAL_NONE);
    assert_int_equal(shop_send(s), 2); /* and looked at again at once */
    shop_close(s);
}

static void what_only_waits_for_the_morning_counts(void **state)
{
    struct shop *s = open_on_trial("cap = none\nquiet = 10:00-09:00\n" LIMIT_2, READY, 3);

    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE due_ms > 1796117400000"), 3);
    try_rules(s);
    assert_asks(s, 0, "new: would write to 3 clients at once");
    shop_close(s);
}

static void what_comes_later_does_not_count(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY "when = 11 minutes after\n", 3);

    try_rules(s);
    assert_false(s->world.rules[0].paused);
    assert_int_equal(shop_until(s, "2026-12-01T09:12"), 3);
    shop_close(s);
}

static void what_goes_now_to_stay_out_of_the_night_counts(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2,
                                   "[rule soon]\non = appointment starts\nwhen = 4 hours before\n"
                                   "window = 09:00-11:08\n",
                                   3);

    shop_sql(s, "INSERT INTO appointment (client_id, starts) SELECT id, '2026-12-02T05:00' "
                "FROM client");
    shop_look(s);
    try_rules(s);
    assert_asks(s, 0, "new: would write to 3 clients at once");
    shop_close(s);
}

static void more_than_one_page_is_counted_to_its_end(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN "[limits]\nblast = 5000 clients\n",
                                   READY "by = sms and email\n", TRIAL_PAGE * 2 + 1001);

    try_rules(s);
    assert_asks(s, 0, "new: would write to 5001 clients at once");
    shop_close(s);
}

static void a_rule_with_a_condition_says_that_it_may_be_fewer(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY "if = job.amount > 1\n", 3);

    try_rules(s);
    assert_asks(s, 0, "new: would write to up to 3 clients at once");
    shop_close(s);
}

static void a_message_that_was_on_the_wire_is_not_disturbed(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY, 4);

    shop_ok(s, store_rule_pause(s->store, "ready", false, shop_now_ms, NULL), "yes");
    shop_sql(s, "UPDATE message SET attempts = 1, state = 2, next_ms = next_ms + 60000 "
                "WHERE id = 1");
    shop_file(s, "playbook.conf", READY "late = 3 days\n");
    struct playbook *before = s->playbook;
    s->playbook = shop_read_playbook(s);
    shop_load_world_on_trial(s);
    playbook_free(before);
    shop_forget_templates(s);
    shop_sweep(s);
    try_rules(s);
    assert_asks(s, 0, "changed: would write to 3 clients at once");
    assert_int_equal(shop_until(s, "2026-12-01T09:05"), 1);
    assert_answer(s, "SELECT group_concat(id) FROM message WHERE state = 5", "1");
    /* A person's pause stops it, too. */
    shop_ok(s, store_exec(s->store, "UPDATE message SET state = 2 WHERE id = 1"), "as before");
    shop_ok(s, store_rule_pause(s->store, "ready", true, shop_now_ms, "x"), "pause");
    shop_load_world_on_trial(s);
    assert_int_equal(shop_until(s, "2026-12-01T09:10"), 0);
    shop_close(s);
}

static void thousands_that_wait_are_put_off_together_and_come_back_together(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY, 1500);
    struct message m;
    struct claim c;
    struct outlet *o;

    try_rules(s);
    shop_at("2026-12-01T10:00");
    shop_ok(s, store_message(s->store, 1, &m), "message");
    struct claim_context with = {.world = &s->world, .outlets = &s->outlets};
    shop_ok(s, claim_message(&with, &m, shop_now_ms, &c, &o), "claim");
    claim_close(&c);
    message_close(&m);
    assert_null(o);
    /* An hour has been waited: an eighth of it more. */
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE next_ms > due_ms + 4000000"),
                     1500);
    assert_answer(s, "SELECT DISTINCT reason FROM message", "its rule waits for a yes");
    shop_ok(s, store_rule_pause(s->store, "ready", false, shop_now_ms, NULL), "yes");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE next_ms = due_ms"), 1500);
    shop_close(s);
}

static void its_time_passes_while_it_waits(void **state)
{
    struct shop *s = open_on_trial(SHOP_PLAIN LIMIT_2, READY "late = 30 minutes\n", 3);

    try_rules(s);
    assert_int_equal(shop_until(s, "2026-12-01T09:40"), 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state = 11"), 3);
    assert_reason(s, "ready", "its time passed while its rule was waiting");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_before_it_is_counted_nor_above_the_limit),
        cmocka_unit_test(within_the_limit_it_goes_on_by_itself),
        cmocka_unit_test(what_only_waits_for_the_morning_counts),
        cmocka_unit_test(what_comes_later_does_not_count),
        cmocka_unit_test(what_goes_now_to_stay_out_of_the_night_counts),
        cmocka_unit_test(more_than_one_page_is_counted_to_its_end),
        cmocka_unit_test(a_rule_with_a_condition_says_that_it_may_be_fewer),
        cmocka_unit_test(a_message_that_was_on_the_wire_is_not_disturbed),
        cmocka_unit_test(thousands_that_wait_are_put_off_together_and_come_back_together),
        cmocka_unit_test(its_time_passes_while_it_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
