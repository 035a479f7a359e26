/* store/rules: since when a rule counts, and whether it is paused. */
#include "../support/shop.h"

#include "store/rules.h"

static const char ready[] = SHOP_WORKFLOW "[rule r]\non = job enters Ready\n%s";

static void edit(struct shop *s, const char *more)
{
    char *text = mem_printf(ready, more);

    shop_edit(s, text);
    free(text);
}

static void only_on_to_and_purpose_switch_a_rule_on_anew(void **state)
{
    static const struct {
        const char *more;
        bool anew;
    } edits[] = {
        {"when = 1 hour after\n", false},   {"when = 1 hour after\nby = sms\n", false},
        {"settle = 5 minutes\n", false},    {"window = business hours\n", false},
        {"if = job.amount > 1\n", false},   {"template = other\n", false},
        {"purpose = marketing\n", true},    {"purpose = marketing\nlate = 3 days\n", false},
        {"purpose = service\n", true},      {"to = staff\n", true},
        {"to = staff\nby = task\n", false}, {"", true},
    };
    struct shop *s =
        shop_open_with(SHOP_PLAIN "hours = Mon-Fri 08:00-18:00\n",
                       SHOP_WORKFLOW "[rule r]\non = job enters Ready\n", "2026-12-01T09:00");
    int64_t since_ms = shop_now_ms;

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        shop_now_ms += 60000;
        edit(s, edits[i].more);
        if (edits[i].anew)
            since_ms = shop_now_ms;
        if (s->world.rules[0].since_ms != since_ms)
            fail_msg("after \"%s\" it counts from %lld", edits[i].more,
                     (long long)s->world.rules[0].since_ms - since_ms);
    }
    shop_close(s);
}

static void the_first_playbook_counts_from_the_databases_creation(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct rule_state states[1];

    shop_sql(s, "DELETE FROM meta WHERE name = 'playbook_read'");
    shop_at("2026-12-03T09:00");
    struct playbook *p = s->playbook;
    shop_file(s, "playbook.conf", SHOP_WORKFLOW "[rule r]\non = job enters Ready\n");
    s->playbook = shop_read_playbook(s);
    shop_ok(s, store_rules_read(s->store, s->playbook, shop_now_ms, states), "read");
    assert_int_equal(states[0].since_ms, utc("2026-12-01T09:00"));
    assert_answer(s, "SELECT count(*) FROM rule", "0"); /* reading writes nothing */
    shop_ok(s, store_rules_sync(s->store, s->playbook, shop_now_ms, states), "sync");
    assert_int_equal(states[0].since_ms, utc("2026-12-01T09:00"));
    /* The second one counts from now. */
    shop_at("2026-12-04T09:00");
    shop_edit(s, SHOP_WORKFLOW "[rule r]\non = job enters Ready\n[rule n]\non = job opens\n");
    playbook_free(p); /* until then it is the world's, which the new one is compared with */
    assert_int_equal(s->world.rules[0].since_ms, utc("2026-12-01T09:00"));
    assert_int_equal(s->world.rules[1].since_ms, utc("2026-12-04T09:00"));
    shop_close(s);
}

static void a_creation_in_the_future_of_the_clock_is_not_waited_for(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_sql(s, "DELETE FROM meta WHERE name = 'playbook_read'; UPDATE meta SET value = value + "
                "86400000 WHERE name = 'created_ms'");
    shop_edit(s, SHOP_WORKFLOW "[rule r]\non = job enters Ready\n");
    assert_int_equal(s->world.rules[0].since_ms, shop_now_ms);
    shop_close(s);
}

static void a_pause_outlives_edits_and_unknown_rules_are_told(void **state)
{
    struct shop *s =
        shop_open(SHOP_WORKFLOW "[rule r]\non = job enters Ready\n", "2026-12-01T09:00");
    bool paused;
    char *reason;

    assert_int_equal(store_rule_pause(s->store, "none", true, shop_now_ms, "x"), ERR_NOTFOUND);
    shop_ok(s, store_rule_pause(s->store, "r", true, shop_now_ms, "x"), "pause");
    edit(s, "when = 1 hour after\n");
    assert_true(s->world.rules[0].paused);
    edit(s, "to = staff\n");
    assert_true(s->world.rules[0].paused);
    shop_ok(s, store_rule_pause(s->store, "r", false, shop_now_ms, NULL), "resume");
    edit(s, "");
    assert_false(s->world.rules[0].paused);
    shop_edit(s, SHOP_WORKFLOW);
    assert_int_equal(store_rule_pause(s->store, "r", true, shop_now_ms, "x"), ERR_NOTFOUND);

    shop_ok(s, store_paused(s->store, &paused, &reason), "paused");
    assert_false(paused);
    shop_ok(s, store_pause(s->store, true, 1, "holidays"), "pause");
    shop_ok(s, store_paused(s->store, &paused, &reason), "paused");
    assert_true(paused);
    assert_string_equal(reason, "holidays");
    free(reason);
    shop_ok(s, store_pause(s->store, false, 2, NULL), "resume");
    shop_ok(s, store_paused(s->store, &paused, &reason), "paused");
    assert_false(paused);
    assert_null(reason);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_on_to_and_purpose_switch_a_rule_on_anew),
        cmocka_unit_test(the_first_playbook_counts_from_the_databases_creation),
        cmocka_unit_test(a_creation_in_the_future_of_the_clock_is_not_waited_for),
        cmocka_unit_test(a_pause_outlives_edits_and_unknown_rules_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
