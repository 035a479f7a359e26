/* watch: an edit of one rule plans that rule alone, and gives what planning everything would. */
#include "../support/shop.h"

#define VISITS 7

#define REST                                                                                       \
    "[rule booked]\non = appointment booked\nsettle = 2 minutes\n"                                 \
    "[rule week-before]\non = appointment starts\nwhen = 7 days before at 10:00\n"                 \
    "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"                      \
    "[rule ready]\non = job enters Ready\n"
#define DAY_BEFORE "[rule day-before]\non = appointment starts\n"
#define PLAYBOOK SHOP_WORKFLOW REST DAY_BEFORE "when = 1 day before at 18:00\n"

/* What the edited rule says afterwards. */
static const char *const edits[] = {
    "when = 1 day before at 17:00\n",
    "when = 2 days before at 18:00\n",
    "when = 10 days before at 18:00\n", /* of some visits it comes too late */
    "when = 1 day after at 18:00\n",
    "when = 1 day before at 18:00\nwindow = 09:00-12:00\noutside = skip\n",
    "when = 1 day before at 18:00\nby = sms and email\n",
    "when = 1 day before at 18:00\nby = sms\nmerge = 10 minutes\n",
    "when = 1 day before at 18:00\nto = staff\nby = email\n",
    "when = 1 day before at 18:00\nto = staff\nby = task\n",
    "when = 1 day before at 18:00\npurpose = marketing\n",
    "when = 1 hour before\nevery = 10 minutes, 3 times\n",
    "when = 10 days before\nmissed = send\n",
    "when = 10 days before\nmissed = skip\n",
};

/* Visits near and far, of clients with and without an address, cancelled, of a job; a job. */
static struct shop *busy_shop(const char *playbook)
{
    struct shop *s = shop_open(playbook, "2026-11-01T09:00");

    shop_at("2026-12-01T09:00"); /* the rules have counted for long */
    shop_ilze(s);
    shop_sql(s,
             "INSERT INTO client (id, ref, name, phone) VALUES (2, 'c2', 'Juris', '+37120000002');"
             "INSERT INTO client (id, ref, name, email, channel) VALUES "
             "(3, 'c3', 'Anna', 'anna@example.com', 'email');"
             "INSERT INTO client (id, ref, name) VALUES (4, 'c4', 'Nobody');"
             "INSERT INTO staff (id, ref, name, email) VALUES (1, 's1', 'Zane', 'z@example.com');"
             "INSERT INTO consent (client_id, channel, purpose, state) VALUES "
             "(1, 'email', 'marketing', 'in'), (3, 'email', 'service', 'out');"
             "INSERT INTO job (id, ref, client_id, stage) VALUES (1, 'j1', 1, 'Ready')");
    for (int i = 0; i < VISITS; i++)
        shop_sql(
            s,
            "INSERT INTO appointment (ref, client_id, starts, staff_id, job_id, status) VALUES "
            "('a%d', %d, '2026-12-%02dT15:00', %s, %s, '%s')",
            i, 1 + i % 4, 3 + 4 * i, i % 2 == 0 ? "1" : "NULL", i == 5 ? "1" : "NULL",
            i == 6 ? "cancelled" : "booked");
    shop_look(s);
    return s;
}

static char *all_rows(struct shop *s)
{
    return shop_ask(s,
                    "SELECT r.name, m.subject_id, m.occurrence, m.repeat, m.recipient_id, "
                    "m.channel, m.state, m.nominal_ms, m.due_ms, m.expires_ms, m.next_ms, "
                    "m.merges, m.inside, m.reason FROM message m JOIN rule r ON r.id = m.rule_id "
                    "ORDER BY r.name, m.subject_id, m.occurrence, m.repeat, m.recipient_id, "
                    "m.channel");
}

static void plan_everything(struct shop *s)
{
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, world_outdated(&s->world), "outdate");
    shop_ok(s, store_commit(s->store), "commit");
    assert_true(s->world.former == 0);
    assert_int_equal(shop_sweep(s), VISITS + 1);
}

static void assert_nothing_is_left_to_plan(struct shop *s)
{
    char *lone = all_rows(s);

    plan_everything(s);
    char *whole = all_rows(s);
    assert_string_equal(lone, whole);
    free(lone);
    free(whole);
}

static void an_edit_gives_what_planning_everything_gives(void **state)
{
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct shop *s = busy_shop(PLAYBOOK);
        char *playbook = mem_printf("%s%s%s%s", SHOP_WORKFLOW, REST, DAY_BEFORE, edits[i]);
        char *before = all_rows(s);
        shop_save(s, playbook);
        assert_true(s->world.former != 0);
        assert_string_equal(s->playbook->rules[s->world.lone_rule].name, "day-before");
        assert_int_equal(shop_sweep(s), VISITS + 1);
        assert_nothing_is_left_to_plan(s);
        shop_save(s, PLAYBOOK); /* and back */
        shop_sweep(s);
        assert_nothing_is_left_to_plan(s);
        free(before);
        free(playbook);
        shop_close(s);
    }
}

static void an_edit_leaves_what_other_rules_planned_as_it_stands(void **state)
{
    struct shop *s = busy_shop(PLAYBOOK);

    /* Nothing but another plan would bring it back. */
    shop_sql(s, "UPDATE message SET due_ms = due_ms + 1 WHERE subject_id = (SELECT id FROM entity "
                "WHERE key = 'a4') AND rule_id <> (SELECT id FROM rule WHERE name = 'day-before')");
    shop_edit(s, SHOP_WORKFLOW REST DAY_BEFORE "when = 1 day before at 17:00\n");
    assert_answer(s,
                  "SELECT count(*) > 0 AND sum(due_ms % 1000 <> 1) = 1 FROM message WHERE "
                  "subject_id = (SELECT id FROM entity WHERE key = 'a4') AND state = 0",
                  "1");
    plan_everything(s);
    assert_answer(s, "SELECT sum(due_ms % 1000) FROM message WHERE state = 0", "0");
    shop_close(s);
}

static void what_came_too_late_goes_once_the_edited_rule_is_too_late_as_well(void **state)
{
    struct shop *s = shop_open(PLAYBOOK, "2026-11-01T09:00");

    shop_at("2026-12-01T09:00");
    shop_ilze(s);
    for (int i = 0; i < 3; i++)
        shop_sql(s,
                 "INSERT INTO appointment (ref, client_id, starts) VALUES "
                 "('a%d', 1, '2026-12-04T%d:00')",
                 i, 12 + i);
    shop_look(s);
    assert_answer(s,
                  "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule_id "
                  "WHERE r.name = 'week-before' AND state = 10",
                  "3");
    /* Of two that are too late the one nearest to the visit goes: not the edited one any more. */
    shop_edit(s, SHOP_WORKFLOW "[rule week-before]\non = appointment starts\n"
                               "when = 7 days before at 10:00\n" DAY_BEFORE
                               "when = 1 day before at 18:00\n");
    shop_edit(s, SHOP_WORKFLOW "[rule week-before]\non = appointment starts\n"
                               "when = 7 days before at 10:00\n" DAY_BEFORE
                               "when = 10 days before at 18:00\n");
    assert_true(s->world.former != 0);
    assert_answer(s,
                  "SELECT r.name, count(*) FROM message m JOIN rule r ON r.id = m.rule_id "
                  "WHERE state = 0 GROUP BY 1",
                  "week-before 3");
    shop_close(s);
}

static void other_edits_plan_everything(void **state)
{
    static const char *const others[] = {
        /* Another one, one more, one less, another order, another workflow, two at once. */
        SHOP_WORKFLOW REST "[rule eve]\non = appointment starts\nwhen = 1 day before at 18:00\n",
        PLAYBOOK "[rule thanks]\non = appointment ends\nwhen = 1 day after\n",
        SHOP_WORKFLOW REST,
        SHOP_WORKFLOW DAY_BEFORE "when = 1 day before at 18:00\n" REST,
        "[workflow repair]\nstages = Received, Ready\ndone = Ready\n" REST DAY_BEFORE
        "when = 1 day before at 18:00\n",
        SHOP_WORKFLOW "[rule booked]\non = appointment booked\nsettle = 3 minutes\n"
                      "[rule week-before]\non = appointment starts\nwhen = 7 days before at 10:00\n"
                      "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"
                      "[rule ready]\non = job enters Ready\n" DAY_BEFORE
                      "when = 1 day before at 17:00\n",
        /* A rule that tells of bookings: moves and ends are told to who knows of them. */
        SHOP_WORKFLOW "[rule booked]\non = appointment booked\nsettle = 3 minutes\n"
                      "[rule week-before]\non = appointment starts\nwhen = 7 days before at 10:00\n"
                      "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"
                      "[rule ready]\non = job enters Ready\n" DAY_BEFORE
                      "when = 1 day before at 18:00\n",
        /* A rule that goes by what clients do or hear. */
        SHOP_WORKFLOW REST "[rule day-before]\non = client hears nothing\nwhen = 3 days after\n",
        SHOP_WORKFLOW REST "[rule day-before]\non = no answer to booked\nwhen = 3 days after\n",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct shop *s = busy_shop(PLAYBOOK);
        shop_save(s, others[i]);
        assert_true(s->world.former == 0);
        shop_sweep(s);
        shop_save(s, PLAYBOOK);
        assert_true(s->world.former == 0);
        shop_close(s);
    }
}

static void an_edit_of_a_rule_that_others_ask_about_plans_everything(void **state)
{
    static const char asks[] = "[rule again]\non = no answer to day-before\nwhen = 3 days after\n";
    char *before = mem_printf("%s%s", PLAYBOOK, asks);
    char *after = mem_printf("%s%s%s%s%s", SHOP_WORKFLOW, REST, DAY_BEFORE,
                             "when = 1 day before at 17:00\n", asks);
    struct shop *s = busy_shop(before);

    shop_save(s, after);
    assert_true(s->world.former == 0);
    shop_close(s);
    free(before);
    free(after);
}

/* Changed, but not planned again before the next edit: it needs all of its rules. */
static void what_an_earlier_edit_or_a_change_left_behind_is_planned_whole(void **state)
{
    struct shop *s = busy_shop(PLAYBOOK);
    struct subjects list = {0};
    size_t taken;

    shop_save(s, SHOP_WORKFLOW REST DAY_BEFORE "when = 1 day before at 17:00\n"); /* no sweep */
    shop_save(s, SHOP_WORKFLOW
              "[rule booked]\non = appointment booked\nsettle = 2 minutes\n"
              "[rule week-before]\non = appointment starts\nwhen = 6 days before at 10:00\n"
              "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"
              "[rule ready]\non = job enters Ready\n" DAY_BEFORE "when = 1 day before at 17:00\n");
    assert_true(s->world.former != 0);
    shop_sweep(s);
    assert_nothing_is_left_to_plan(s);
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-21T11:00' WHERE ref = 'a3'");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, 1000, &list, &taken), "absorb");
    shop_ok(s, store_commit(s->store), "commit");
    subjects_close(&list);
    shop_edit(s, SHOP_WORKFLOW
              "[rule booked]\non = appointment booked\nsettle = 2 minutes\n"
              "[rule week-before]\non = appointment starts\nwhen = 6 days before at 10:00\n"
              "[rule soon]\non = appointment starts\nwhen = 3 hours before\nby = sms\n"
              "[rule ready]\non = job enters Ready\n" DAY_BEFORE "when = 1 day before at 17:00\n");
    assert_nothing_is_left_to_plan(s);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_gives_what_planning_everything_gives),
        cmocka_unit_test(an_edit_leaves_what_other_rules_planned_as_it_stands),
        cmocka_unit_test(what_came_too_late_goes_once_the_edited_rule_is_too_late_as_well),
        cmocka_unit_test(other_edits_plan_everything),
        cmocka_unit_test(an_edit_of_a_rule_that_others_ask_about_plans_everything),
        cmocka_unit_test(what_an_earlier_edit_or_a_change_left_behind_is_planned_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
