/* send/settle: what the results of exchanges mean for their messages. */
#include "../support/shop.h"

#include "base/rng.h"

#define READY SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"

static const struct gateway_result sent = {.outcome = OUTCOME_SENT, .provider_id = "SM1"};
static const struct gateway_result later = {
    .outcome = OUTCOME_RETRY, .code = 451, .detail = "greylisted"};
static const struct gateway_result refused = {
    .outcome = OUTCOME_REJECTED, .code = 550, .detail = "no such user"};
static const struct gateway_result unclear = {.outcome = OUTCOME_UNKNOWN, .detail = "timeout"};

/* One message of the rule "ready", claimed. */
static struct shop *claimed(const char *playbook)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");
    struct claim c;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    return s;
}

static void an_accepted_message_is_sent_with_the_providers_id(void **state)
{
    struct shop *s = claimed(READY);

    shop_settle(s, 1, &sent);
    assert_answer(s, "SELECT state, provider_id, attempts, gateway, address FROM message",
                  "5 SM1 1 drawer ilze@example.com");
    assert_answer(s, "SELECT outcome, gateway FROM attempt", "sent drawer");
    shop_settle(s, 1, &refused); /* a second result cannot take it back */
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void a_failure_before_the_point_is_tried_again_as_long_as_it_is_of_use(void **state)
{
    struct shop *s = claimed(READY); /* of use until 2026-12-02T09:00 */
    int tries = 1;

    shop_settle(s, 1, &later);
    assert_rows(s, "ready", "retry email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "greylisted");
    for (; tries < 1000; tries++) {
        struct claim c;
        int64_t next_ms;
        shop_ok(s, store_messages_next(s->store, &next_ms), "next");
        if (next_ms == INT64_MAX)
            break;
        assert_in_range(next_ms - shop_now_ms, 1, 3600000);
        shop_now_ms = next_ms;
        bool out = shop_claim(s, 1, &c);
        claim_close(&c);
        assert_true(out);
        shop_settle(s, 1, &later);
    }
    assert_in_range(tries, 20, 60); /* bounded, over a day */
    assert_rows(s, "ready", "failed email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "could not be sent while it was useful: greylisted");
    assert_true(shop_now_ms < utc("2026-12-02T09:00"));
    shop_close(s);
}

static void what_the_other_side_asks_for_is_waited(void **state)
{
    struct shop *s = claimed(READY);
    struct gateway_result r = later;

    r.retry_after_ms = 2 * 3600 * 1000;
    shop_settle(s, 1, &r);
    assert_int_equal(shop_count(s, "SELECT next_ms FROM message"), utc("2026-12-01T11:00"));
    shop_close(s);
}

static void the_pauses_grow_with_jitter_and_stay_within_bounds(void **state)
{
    rng_seed(1);
    int64_t base_ms = 15000;
    for (int attempts = 1; attempts < 100; attempts++) {
        int64_t low = INT64_MAX, high = 0;
        for (int i = 0; i < 200; i++) {
            int64_t ms = settle_backoff_ms(attempts);
            assert_in_range(ms, base_ms * 3 / 4, base_ms);
            low = ms < low ? ms : low;
            high = ms > high ? ms : high;
        }
        assert_true(high > low);
        base_ms = base_ms * 2 < 3600000 ? base_ms * 2 : 3600000;
    }
}

/* A message that a server cannot bear (it hangs up on it) looks like trouble of the gateway. */
static void a_message_that_meets_trouble_again_and_again_is_tried_ever_less(void **state)
{
    struct shop *s = claimed(READY);
    struct gateway_result r = later;

    r.gateway_trouble = true;
    for (int64_t pause_ms = 1000, tries = 0; tries < 20; tries++) {
        struct claim c;
        int64_t next_ms;
        shop_settle(s, 1, &r);
        shop_ok(s, store_messages_next(s->store, &next_ms), "next");
        assert_int_equal(next_ms - shop_now_ms, pause_ms);
        pause_ms = pause_ms * 2 < 60000 ? pause_ms * 2 : 60000;
        shop_now_ms = next_ms;
        bool out = shop_claim(s, 1, &c);
        claim_close(&c);
        assert_true(out);
    }
    shop_close(s);
}

static void a_refused_recipient_touches_nobody_else(void **state)
{
    struct shop *s = claimed(READY);

    shop_sql(s, "INSERT INTO client (id, ref, name, email) VALUES (2, 'c2', 'Anna', "
                "'anna@example.com'); "
                "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 2, 'Ready')");
    shop_look(s);
    shop_settle(s, 1, &refused);
    assert_rows(s, "ready", "failed email 2026-12-01T09:00 c1; planned email 2026-12-01T09:00 c2");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void an_unclear_mail_goes_again_with_the_same_bytes(void **state)
{
    struct shop *s = claimed(READY);
    struct claim c;

    char *before = shop_ask(s, "SELECT hex(data) FROM payload");
    shop_settle(s, 1, &unclear);
    assert_rows(s, "ready", "retry email 2026-12-01T09:00 c1");
    shop_sql(s, "UPDATE client SET name = 'Somebody else'");
    shop_at("2026-12-01T10:00");
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    char *after = shop_ask(s, "SELECT hex(data) FROM payload");
    assert_string_equal(before, after);
    free(after);
    shop_settle(s, 1, &later); /* this time it surely was not taken, but the first may have been */
    shop_at("2026-12-01T12:00");
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    after = shop_ask(s, "SELECT hex(data) FROM payload");
    assert_string_equal(before, after);
    free(before);
    free(after);
    shop_close(s);
}

static void a_failure_before_the_point_writes_new_words_with_the_same_token(void **state)
{
    struct shop *s = claimed(READY);
    struct claim c;

    char *token = shop_ask(s, "SELECT token FROM payload");
    shop_settle(s, 1, &later); /* surely not accepted */
    shop_sql(s, "UPDATE client SET name = 'Somebody else'");
    shop_at("2026-12-01T10:00");
    assert_true(shop_claim(s, 1, &c));
    assert_non_null(strstr(c.payload.text, "Somebody else"));
    assert_string_equal(c.payload.token, token);
    free(token);
    claim_close(&c);
    shop_close(s);
}

static void an_unclear_text_waits_for_what_is_learned_unless_the_rule_resends(void **state)
{
    struct shop *s = claimed(READY "by = sms then email\n");

    shop_settle(s, 1, &unclear);
    assert_rows(s, "ready", "unknown sms 2026-12-01T09:00 c1"); /* and no e-mail either */
    assert_int_equal(shop_until(s, "2026-12-05T00:00"), 0);
    shop_close(s);
    s = claimed(READY "by = sms\nunknown = resend\n");
    shop_settle(s, 1, &unclear);
    assert_rows(s, "ready", "retry sms 2026-12-01T09:00 c1");
    shop_close(s);
    s = claimed(READY "by = email\nunknown = hold\n");
    shop_settle(s, 1, &unclear);
    assert_rows(s, "ready", "unknown email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void then_goes_on_at_a_refusal_only_once_and_only_in_time(void **state)
{
    struct shop *s = claimed(READY "by = sms then email\n");

    shop_settle(s, 1, &refused);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1; planned email 2026-12-01T09:00 c1");
    struct claim c;
    assert_true(shop_claim(s, 2, &c));
    claim_close(&c);
    shop_settle(s, 2, &refused); /* that was the last channel */
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1; failed email 2026-12-01T09:00 c1");
    shop_close(s);
    s = claimed(READY "by = sms then email\nlate = 1 hour\n");
    shop_at("2026-12-01T10:00");
    shop_settle(s, 1, &refused);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1");
    shop_close(s);
}

static void note_sent(void *arg, const struct message *m)
{
    int64_t *sum = arg;

    *sum = *sum * 10 + m->id;
}

static void what_a_crash_left_on_the_way_is_settled_by_where_it_was(void **state)
{
    struct shop *s = claimed(READY "by = sms and email\n"); /* 1: sms, 2: email */
    struct claim c;
    size_t count;
    int64_t told = 0;

    assert_true(shop_claim(s, 2, &c));
    claim_close(&c);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s); /* 3: sms, 4: email */
    for (int64_t id = 3; id <= 4; id++) {
        assert_true(shop_claim(s, id, &c));
        claim_close(&c);
    }
    struct marks *marks = marks_open("/nonexistent/marks", NULL); /* in memory: this run's alone */
    marks_forget(marks);
    for (int64_t id = 1; id <= 3; id++)
        atomic_store(mark_flag(marks_take(marks, id, 1)), id < 3 ? GATEWAY_MARK_PASSED : 0);
    atomic_store(mark_flag(marks_take(marks, 4, 1)), GATEWAY_MARK_PASSED | GATEWAY_MARK_SENT);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, settle_left_over(&s->world, marks, NULL, shop_now_ms, note_sent, &told, 100, &count),
            "left over");
    shop_ok(s, store_commit(s->store), "commit");
    assert_int_equal(count, 4);
    assert_rows(s, "ready",
                "unknown sms 2026-12-01T09:00 c1; retry email 2026-12-01T09:00 c1; "
                "retry sms 2026-12-01T09:00 c1; sent email 2026-12-01T09:00 c1");
    assert_answer(s, "SELECT message_id, outcome FROM attempt ORDER BY message_id",
                  "1 unknown; 2 unknown; 3 retry; 4 sent");
    assert_int_equal(told, 4); /* for the ledger */
    shop_ok(s, settle_left_over(&s->world, marks, NULL, shop_now_ms, note_sent, &told, 100, &count),
            "left over");
    assert_int_equal(count, 0);
    marks_close(marks);
    shop_close(s);
}

/* The job went on while its message was on the wire: nothing is sent again, nothing is lost. */
static void a_result_after_the_record_changed_is_still_recorded(void **state)
{
    struct shop *s = claimed(READY);

    shop_sql(s, "UPDATE job SET stage = 'Collected'");
    shop_look(s);
    assert_rows(s, "ready", "sending email 2026-12-01T09:00 c1");
    shop_sql(s, "DELETE FROM job");
    shop_look(s);
    shop_settle(s, 1, &later);
    assert_rows(s, "ready", "retry email 2026-12-01T09:00 c1");
    assert_int_equal(shop_until(s, "2026-12-03T00:00"), 0);
    assert_rows(s, "ready", "cancelled email 2026-12-01T09:00 c1");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_message_is_sent_with_the_providers_id),
        cmocka_unit_test(a_failure_before_the_point_is_tried_again_as_long_as_it_is_of_use),
        cmocka_unit_test(what_the_other_side_asks_for_is_waited),
        cmocka_unit_test(the_pauses_grow_with_jitter_and_stay_within_bounds),
        cmocka_unit_test(a_message_that_meets_trouble_again_and_again_is_tried_ever_less),
        cmocka_unit_test(a_refused_recipient_touches_nobody_else),
        cmocka_unit_test(an_unclear_mail_goes_again_with_the_same_bytes),
        cmocka_unit_test(a_failure_before_the_point_writes_new_words_with_the_same_token),
        cmocka_unit_test(an_unclear_text_waits_for_what_is_learned_unless_the_rule_resends),
        cmocka_unit_test(then_goes_on_at_a_refusal_only_once_and_only_in_time),
        cmocka_unit_test(what_a_crash_left_on_the_way_is_settled_by_where_it_was),
        cmocka_unit_test(a_result_after_the_record_changed_is_still_recorded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
