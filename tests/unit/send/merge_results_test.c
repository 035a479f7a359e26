/* send/merge: what becomes of all that went as one. */
#include "merge.h"

#include "base/rng.h"

static const struct gateway_result later = {.outcome = OUTCOME_RETRY, .detail = "greylisted"};
static const struct gateway_result refused = {.outcome = OUTCOME_REJECTED,
                                              .detail = "no such user"};
static const struct gateway_result unclear = {.outcome = OUTCOME_UNKNOWN, .detail = "timeout"};
static const struct gateway_result accepted = {.outcome = OUTCOME_SENT};

/* Both claimed, at 11:00; message 1 leads. */
static struct shop *both_out(const char *playbook, struct claim *c)
{
    struct shop *s = two_children(playbook);

    shop_at("2026-12-08T11:00");
    assert_true(shop_claim(s, 1, c));
    assert_answer(s, WITH, "1 3 - 1; 2 3 1 1");
    return s;
}

static void next_time(struct shop *s)
{
    int64_t next_ms = shop_next(s);

    assert_true(next_ms < INT64_MAX);
    shop_now_ms = next_ms;
}

static void a_refused_one_fails_for_all(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON, &c);

    claim_close(&c);
    shop_settle(s, 1, &refused);
    assert_answer(s, WITH, "1 8 - 1; 2 8 1 1");
    assert_answer(s, "SELECT DISTINCT reason FROM message", "no such user");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 0);
    shop_close(s);
}

static void the_next_channel_takes_both_over_in_one(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON "by = sms then email\n", &c);

    claim_close(&c);
    shop_settle(s, 1, &refused);
    assert_int_equal(shop_send(s), 1);
    assert_int_equal(s->last_channel, CHANNEL_EMAIL);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    assert_answer(s, WITH, "1 8 - 1; 2 8 1 1; 3 5 - 1; 4 5 3 1");
    shop_close(s);
}

static void by_the_next_channel_nothing_goes_before_its_time(void **state)
{
    struct claim c;
    struct shop *s = shop_open(SOON "by = sms then email\n", "2026-12-01T06:00");

    shop_ilze(s);
    say(s, "soon");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-08T15:00', 'Anna'), ('a2', 1, '2026-12-08T15:06', 'Bruno')");
    shop_look(s);
    shop_at("2026-12-08T11:00");
    assert_true(shop_claim(s, 1, &c));
    assert_answer(s, WITH, "1 3 - 1; 2 3 1 1");
    claim_close(&c);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE id = 1");
    shop_settle(s, 1, &refused);
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-08T11:05"), 0);
    assert_int_equal(shop_until(s, "2026-12-08T11:06"), 1);
    assert_string_equal(s->last_text, "Ilze: Bruno\n");
    shop_close(s);
}

static void a_try_before_the_point_is_made_again_in_new_words(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON, &c);

    claim_close(&c);
    shop_settle(s, 1, &later);
    assert_answer(s, "SELECT state FROM message", "2; 2");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE id = 2");
    shop_look(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:05', 'Carl')");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Carl\n");
    assert_answer(s, WITH, "1 5 - 2; 2 9 - 1; 3 5 1 1");
    shop_close(s);
}

static void a_leader_cancelled_before_its_next_try_lets_the_other_go(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON, &c);

    claim_close(&c);
    shop_settle(s, 1, &later);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE id = 1");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Bruno\n");
    assert_answer(s, WITH, "1 9 - 1; 2 5 - 2");
    shop_close(s);
}

static void a_leader_paused_before_its_next_try_lets_the_other_go(void **state)
{
    struct shop *s =
        two_children(SOON "unless = appointment.id = 2\n[rule late]\non = appointment starts\n"
                          "when = 2 hours before\nmerge = 10 minutes\nif = appointment.id = 2\n");
    struct claim c;

    shop_at("2026-12-08T11:00");
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    assert_answer(s,
                  "SELECT r.name, m.leader_id FROM message m JOIN rule r ON r.id = m.rule_id "
                  "WHERE m.state = 3 ORDER BY m.id",
                  "soon -; late 1");
    shop_settle(s, 1, &later);
    s->world.rules[0].paused = true;
    next_time(s);
    assert_int_equal(shop_until(s, "2026-12-08T12:00"), 1);
    assert_rows(s, "late", "skipped email 2026-12-08T11:00 c1; sent email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void an_unclear_mail_goes_again_word_for_word(void **state)
{
    struct claim c, again;
    struct shop *s = both_out(SOON, &c);

    shop_settle(s, 1, &unclear);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:00', 'Carl')"); /* too late for this one */
    shop_look(s);
    next_time(s);
    shop_now_ms += 3600000;
    assert_true(shop_claim(s, 2, &again)); /* whoever is looked at first */
    assert_int_equal(again.message.id, 1);
    assert_string_equal(again.payload.token, c.payload.token);
    assert_int_equal(again.payload.data.len, c.payload.data.len);
    assert_memory_equal(again.payload.data.data, c.payload.data.data, c.payload.data.len);
    assert_answer(s, "SELECT id, state, leader_id, attempts FROM message WHERE id <= 2",
                  "1 3 - 2; 2 3 1 2");
    shop_settle(s, 1, &accepted);
    assert_answer(s, "SELECT state FROM message WHERE id <= 2", "5; 5");
    claim_close(&c);
    claim_close(&again);
    shop_close(s);
}

static void an_unclear_mail_that_names_a_cancelled_visit_goes_in_new_words(void **state)
{
    struct claim c, again;
    struct shop *s = both_out(SOON, &c);

    shop_settle(s, 1, &unclear);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE id = 2");
    shop_look(s);
    next_time(s);
    assert_true(shop_claim(s, 1, &again));
    assert_string_equal(again.payload.token, c.payload.token);
    assert_string_equal(again.payload.text, "Ilze: Anna\n");
    shop_settle(s, 1, &accepted);
    assert_answer(s, WITH, "1 5 - 2; 2 9 - 1");
    claim_close(&c);
    claim_close(&again);
    shop_close(s);
}

static void what_waits_with_an_unclear_mail_joins_no_other(void **state)
{
    struct claim c, other, again;
    struct shop *s = both_out(SOON, &c);

    shop_settle(s, 1, &unclear);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:00', 'Carl')");
    shop_look(s);
    assert_true(shop_claim(s, 3, &other));
    assert_string_equal(other.payload.text, "Ilze: Carl\n");
    next_time(s);
    assert_true(shop_claim(s, 1, &again));
    assert_memory_equal(again.payload.data.data, c.payload.data.data, c.payload.data.len);
    assert_answer(s, WITH, "1 3 - 2; 2 3 1 2; 3 3 - 1");
    claim_close(&c);
    claim_close(&other);
    claim_close(&again);
    shop_close(s);
}

static void words_of_one_that_has_gone_by_itself_never_go_again(void **state)
{
    struct claim c, alone, again;
    struct shop *s = both_out(SOON, &c);

    shop_settle(s, 1, &unclear);
    next_time(s);
    shop_sql(s, "UPDATE message SET next_ms = next_ms + 1200000 WHERE id = 1"); /* it has to wait */
    assert_true(shop_claim(s, 2, &alone));
    assert_string_equal(alone.payload.text, "Ilze: Bruno\n");
    shop_now_ms += 1200000;
    assert_true(shop_claim(s, 1, &again));
    assert_string_equal(again.payload.text, "Ilze: Anna\n");
    assert_string_equal(again.payload.token, c.payload.token);
    claim_close(&c);
    claim_close(&alone);
    claim_close(&again);
    shop_close(s);
}

static void a_leader_that_has_joined_another_leads_no_more(void **state)
{
    struct claim c, other, third;
    struct shop *s = both_out(SOON, &c);

    shop_settle(s, 1, &later);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:00', 'Carl')");
    shop_look(s);
    shop_sql(s, "UPDATE message SET next_ms = next_ms + 1200000 WHERE id = 2");
    assert_true(shop_claim(s, 3, &other)); /* takes the first along, and not yet the second */
    shop_settle(s, 3, &unclear);
    shop_now_ms += 1300000;
    assert_true(shop_claim(s, 2, &third));
    assert_int_equal(third.message.id, 2);
    assert_string_equal(third.payload.text, "Ilze: Bruno\n");
    assert_answer(s, WITH, "1 2 3 2; 2 3 - 2; 3 2 - 1");
    claim_close(&c);
    claim_close(&other);
    claim_close(&third);
    shop_close(s);
}

static void an_unclear_text_is_unknown_for_all_until_a_person_says(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON "by = sms\n", &c);

    claim_close(&c);
    shop_settle(s, 1, &unclear);
    assert_answer(s, WITH, "1 4 - 1; 2 4 1 1");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 0);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_message_again(s->store, 1, shop_now_ms, shop_now_ms + 3600000), "again");
    shop_ok(s, store_commit(s->store), "commit");
    assert_int_equal(shop_send(s), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno");
    assert_answer(s, "SELECT state, leader_id FROM message WHERE id <= 2", "5 -; 5 1");
    shop_close(s);
}

static void note_sent(void *arg, const struct message *m)
{
    (*(int *)arg)++;
}

/* Those that went with an accepted one were accepted, too. */
static void a_stop_after_the_acceptance_is_told_of_all_that_went(void **state)
{
    struct claim c;
    size_t count;
    int sent = 0;
    struct shop *s = both_out(SOON, &c);
    struct marks *marks = marks_open("/nonexistent/marks", NULL);

    marks_forget(marks);
    atomic_store(mark_flag(marks_take(marks, c.message.id, 1)), GATEWAY_MARK_SENT);
    claim_close(&c);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, settle_left_over(&s->world, marks, NULL, shop_now_ms, note_sent, &sent, 500, &count),
            "settle");
    shop_ok(s, store_commit(s->store), "commit");
    assert_int_equal(sent, 2);
    assert_answer(s, "SELECT state FROM message", "5; 5");
    marks_close(marks);
    shop_close(s);
}

static void a_stop_in_between_loses_and_repeats_nothing(void **state)
{
    struct claim c;
    size_t count;
    int sent = 0;
    struct shop *s = both_out(SOON, &c);
    struct marks *marks = marks_open("/nonexistent/marks", NULL); /* in memory: this run's alone */

    claim_close(&c);
    marks_forget(marks);
    for (int i = 0; i < 2; i++) {
        shop_ok(s, store_begin(s->store), "begin");
        shop_ok(
            s, settle_left_over(&s->world, marks, NULL, shop_now_ms, note_sent, &sent, 500, &count),
            "settle");
        shop_ok(s, store_commit(s->store), "commit");
        assert_int_equal(count, i == 0 ? 1 : 0);
    }
    assert_answer(s, "SELECT state FROM message", "2; 2");
    assert_answer(s, "SELECT message_id, outcome FROM attempt", "1 retry");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    marks_close(marks);
    shop_close(s);
}

/* The ledger was written, and the process died before the database was: both may be out there, and
 * both have been tried here. They go again as they went, not each by itself. */
static void what_the_ledger_says_of_an_unclear_one_parts_nobody(void **state)
{
    struct claim c, again;
    struct shop *s = both_out(SOON, &c);
    struct ahead *ahead = ahead_create();
    struct message one;
    struct outlet *o = NULL;

    claim_close(&c);
    for (int64_t id = 1; id <= 2; id++) {
        struct ledger_record r = {.number = id, .kind = LEDGER_UNKNOWN, .message_id = id};
        shop_ok(s, store_message(s->store, id, &one), "read");
        shop_ok(s, ahead_key_of(s->store, &one, &r.key), "key");
        ahead_add(ahead, &r);
        message_close(&one);
    }
    shop_settle(s, 1, &unclear);
    next_time(s);
    struct claim_context with = {.world = &s->world,
                                 .conditions = s->conditions,
                                 .templates = s->templates,
                                 .outlets = &s->outlets,
                                 .ahead = ahead};
    shop_ok(s, store_message(s->store, 1, &one), "read");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, claim_message(&with, &one, shop_now_ms, &again, &o), "claim");
    shop_ok(s, store_commit(s->store), "commit");
    assert_string_equal(again.payload.text, "Ilze: Anna and Bruno\n");
    assert_answer(s, "SELECT state, leader_id FROM message", "3 -; 3 1");
    claim_close(&again);
    message_close(&one);
    ahead_free(ahead);
    shop_close(s);
}

static void a_claim_that_was_not_committed_leaves_both_as_they_were(void **state)
{
    struct shop *s = two_children(SOON);
    struct claim_context with = {
        .world = &s->world, .conditions = s->conditions, .outlets = &s->outlets};
    struct message m = {.id = 1};
    struct outlet *o = NULL;
    struct claim c;

    shop_at("2026-12-08T11:00");
    shop_templates(s);
    shop_outlets(s);
    with.templates = s->templates;
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, claim_message(&with, &m, shop_now_ms, &c, &o), "claim");
    assert_non_null(o);
    store_rollback(s->store);
    claim_close(&c);
    assert_answer(s, WITH, "1 0 - 0; 2 0 - 0");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void an_edit_that_ends_merging_parts_nobody_who_is_on_the_way(void **state)
{
    struct claim c;
    struct shop *s = both_out(SOON, &c);

    claim_close(&c);
    shop_settle(s, 1, &unclear);
    shop_edit(s, "[rule soon]\non = appointment starts\nwhen = 2 hours before\n");
    say(s, "soon");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    assert_answer(s, WITH, "1 5 - 2; 2 5 1 2");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_one_fails_for_all),
        cmocka_unit_test(the_next_channel_takes_both_over_in_one),
        cmocka_unit_test(by_the_next_channel_nothing_goes_before_its_time),
        cmocka_unit_test(a_try_before_the_point_is_made_again_in_new_words),
        cmocka_unit_test(a_leader_cancelled_before_its_next_try_lets_the_other_go),
        cmocka_unit_test(a_leader_paused_before_its_next_try_lets_the_other_go),
        cmocka_unit_test(an_unclear_mail_goes_again_word_for_word),
        cmocka_unit_test(an_unclear_mail_that_names_a_cancelled_visit_goes_in_new_words),
        cmocka_unit_test(what_waits_with_an_unclear_mail_joins_no_other),
        cmocka_unit_test(words_of_one_that_has_gone_by_itself_never_go_again),
        cmocka_unit_test(a_leader_that_has_joined_another_leads_no_more),
        cmocka_unit_test(an_unclear_text_is_unknown_for_all_until_a_person_says),
        cmocka_unit_test(a_stop_after_the_acceptance_is_told_of_all_that_went),
        cmocka_unit_test(a_stop_in_between_loses_and_repeats_nothing),
        cmocka_unit_test(what_the_ledger_says_of_an_unclear_one_parts_nobody),
        cmocka_unit_test(a_claim_that_was_not_committed_leaves_both_as_they_were),
        cmocka_unit_test(an_edit_that_ends_merging_parts_nobody_who_is_on_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
