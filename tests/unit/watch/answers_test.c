/* watch: rules that go by what clients say: answers, scores, no answer, repeats that an answer
 * ends. Named after what must (not) happen. */
#include "../support/shop.h"

#define ASK                                                                                        \
    SHOP_WORKFLOW "[rule ask]\non = job enters Quote sent\n"                                       \
                  "[rule ask-again]\non = no answer to ask\nwhen = 2 days after\nby = sms\n"

static struct shop *job_shop(const char *playbook, const char *stage)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO staff (id, ref, name, email, department) VALUES "
                "(1, 's1', 'Janis', 'janis@example.com', 'Desk')");
    shop_sql(s,
             "INSERT INTO job (ref, client_id, stage, staff_id, title) "
             "VALUES ('j1', 1, '%s', 1, 'Brakes')",
             stage);
    shop_look(s);
    return s;
}

static void answer(struct shop *s, const char *columns, const char *values)
{
    shop_sql(s, "INSERT INTO answer (client_id%s) VALUES (1%s)", columns, values);
    shop_look(s);
}

/* --- answers as such --- */

#define TELL                                                                                       \
    SHOP_WORKFLOW "[rule tell]\non = client answers\nto = staff\n"                                 \
                  "[rule low]\non = survey below 4\nto = staff\nby = task\n"                       \
                  "[rule thanks]\non = client answers\n"

static void an_answer_is_told_once_to_the_one_in_charge_of_what_it_names(void **state)
{
    struct shop *s = job_shop(TELL, "Ready");

    shop_file(s, "templates/tell/en.email",
              "Subject: {{client.name}} on {{job.title}}\n\n{{answer.text}} ({{answer.score}}, "
              "{{answer.channel}})\n");
    answer(s, ", job_id, text, score, channel", ", 1, 'Too slow', 2, 'phone'");
    assert_rows(s, "tell", "planned email 2026-12-01T09:00 s1");
    shop_send(s);
    assert_rows(s, "tell", "sent email 2026-12-01T09:00 s1");
    assert_rows(s, "low", "sent task 2026-12-01T09:00 s1");
    assert_rows(s, "thanks", "sent email 2026-12-01T09:00 c1");
    assert_answer(s, "SELECT subject, text FROM outbox WHERE rule = 'tell'",
                  "Ilze on Brakes Too slow (2, phone)\n");
    assert_answer(s, "SELECT client_id, job_id FROM outbox WHERE rule = 'tell'", "1 1");
    shop_sql(s, "UPDATE answer SET text = 'Far too slow', score = 1");
    shop_look(s);
    shop_sweep(s);
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

static void a_good_score_or_none_bothers_nobody(void **state)
{
    struct shop *s = job_shop(TELL, "Ready");

    answer(s, ", score", ", 4");
    answer(s, ", text", ", 'Hello'");
    assert_rows(s, "low", "");
    shop_sql(s, "UPDATE answer SET score = 3 WHERE id = 2"); /* it was added later */
    shop_look(s);
    assert_rows(s, "low", "planned task 2026-12-01T09:00 office"); /* it names no job */
    shop_sql(s, "UPDATE answer SET score = 5 WHERE id = 2");
    shop_look(s);
    assert_rows(s, "low", "cancelled task 2026-12-01T09:00 office");
    assert_reason(s, "low", "5, which is not below 4");
    shop_close(s);
}

static void a_deleted_answer_voids_what_is_pending(void **state)
{
    struct shop *s = job_shop(TELL, "Ready");

    answer(s, ", score", ", 1");
    shop_sql(s, "DELETE FROM answer");
    shop_look(s);
    assert_rows(s, "tell", "cancelled task 2026-12-01T09:00 office");
    assert_reason(s, "tell", "the record was deleted");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

static void answers_from_before_the_switch_on_do_not_count(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule x]\non = job opens\n", "Ready");

    answer(s, ", score", ", 1");
    shop_at("2026-12-02T09:00");
    shop_edit(s, TELL);
    assert_rows(s, "low", "");
    answer(s, ", score", ", 2");
    assert_rows(s, "low", "planned task 2026-12-02T09:00 office");
    shop_close(s);
}

static void an_answer_that_no_trigger_told_is_found(void **state)
{
    struct shop *s = job_shop(TELL, "Ready");
    bool repaired;

    shop_sql(s, "DROP TRIGGER answer_added");
    answer(s, ", score", ", 1");
    assert_rows(s, "low", "");
    assert_int_equal(shop_reconcile(s, &repaired), 1);
    assert_true(repaired);
    assert_rows(s, "low", "planned task 2026-12-01T09:00 office");
    assert_int_equal(shop_reconcile(s, &repaired), 0);
    shop_sql(s, "DROP TRIGGER answer_gone");
    shop_sql(s, "DELETE FROM answer");
    assert_int_equal(shop_reconcile(s, &repaired), 1);
    assert_rows(s, "low", "cancelled task 2026-12-01T09:00 office");
    shop_close(s);
}

static void a_replaced_answer_is_the_same_answer(void **state)
{
    struct shop *s = job_shop(TELL, "Ready");

    shop_sql(s, "REPLACE INTO answer (ref, client_id, text) VALUES ('w1', 1, 'Hello')");
    shop_look(s);
    shop_send(s);
    shop_sql(s, "REPLACE INTO answer (ref, client_id, text) VALUES ('w1', 1, 'Hello there')");
    shop_look(s);
    assert_rows(s, "thanks", "sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void conditions_see_the_answer(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule x]\non = client answers\n"
                                            "if = answer.text LIKE '%yes%' AND job.ref = 'j1'\n",
                              "Ready");

    answer(s, ", job_id, text", ", 1, 'no'");
    answer(s, ", job_id, text", ", 1, 'oh yes'");
    assert_int_equal(shop_until(s, "2026-12-02T09:00"), 1);
    assert_rows(s, "x", "skipped email 2026-12-01T09:00 c1; sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

/* --- no answer to a rule --- */

static void no_answer_counts_from_when_the_question_went_out(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    assert_rows(s, "ask-again", "");
    shop_at("2026-12-01T11:00"); /* it was late */
    shop_send(s);
    assert_rows(s, "ask-again", "planned sms 2026-12-03T11:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 1);
    assert_rows(s, "ask-again", "sent sms 2026-12-03T11:00 c1");
    shop_close(s);
}

static void nothing_follows_an_answer(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    shop_send(s);
    shop_at("2026-12-02T11:00");
    answer(s, ", job_id", ", 1");
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    assert_reason(s, "ask-again", "the client answered");
    shop_sql(s, "DELETE FROM answer"); /* taken down for the wrong client */
    shop_look(s);
    assert_rows(s, "ask-again", "planned sms 2026-12-03T09:00 c1");
    shop_sql(s, "UPDATE job SET stage = 'In repair'");
    shop_look(s);
    assert_reason(s, "ask-again", "left the stage Quote sent");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

static void an_answer_about_another_job_is_none_and_one_about_nothing_is_one(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Received')");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, job_id, starts) VALUES "
                "('a2', 1, 2, '2027-01-08T15:00'), ('a1', 1, 1, '2027-01-08T15:00')");
    shop_look(s);
    shop_send(s);
    shop_at("2026-12-02T11:00");
    answer(s, ", job_id", ", 2");
    answer(s, ", appointment_id", ", 1");
    assert_rows(s, "ask-again", "planned sms 2026-12-03T09:00 c1");
    answer(s, ", appointment_id", ", 2"); /* a visit of the very job */
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    shop_sql(s, "DELETE FROM answer WHERE id = 3");
    answer(s, "", "");
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    shop_close(s);
}

static void an_answer_stays_with_a_job_that_is_replaced(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    shop_send(s);
    shop_at("2026-12-02T11:00");
    answer(s, ", job_id", ", 1");
    shop_sql(s, "REPLACE INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Quote sent')");
    shop_look(s);
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    shop_sql(s, "DELETE FROM answer");
    shop_look(s);
    assert_rows(s, "ask-again", "planned sms 2026-12-03T09:00 c1");
    shop_sql(s, "INSERT INTO answer (client_id, job_id) SELECT 1, id FROM job; "
                "REPLACE INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Quote sent')");
    shop_look(s); /* both at once */
    shop_sql(s, "UPDATE answer SET score = 3");
    shop_look(s);
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    assert_int_equal(shop_until(s, "2026-12-31T00:00"), 0);
    shop_close(s);
}

static void an_answer_of_another_client_is_none_until_it_is_put_right(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    shop_sql(s, "INSERT INTO client (id, ref, name) VALUES (2, 'c2', 'Anna')");
    shop_look(s);
    shop_send(s);
    shop_at("2026-12-02T11:00");
    shop_sql(s, "INSERT INTO answer (client_id, text) VALUES (2, 'yes')");
    shop_look(s);
    assert_rows(s, "ask-again", "planned sms 2026-12-03T09:00 c1");
    shop_sql(s, "UPDATE answer SET client_id = 1");
    shop_look(s);
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    shop_sql(s, "UPDATE answer SET client_id = 2");
    shop_look(s);
    assert_rows(s, "ask-again", "planned sms 2026-12-03T09:00 c1");
    shop_close(s);
}

static void a_repeated_question_moves_what_waits_for_its_answer(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule ask]\non = job enters Quote sent\n"
                                            "every = 3 days, 3 times\n"
                                            "[rule call]\non = no answer to ask\n"
                                            "when = 5 days after\nto = staff\nby = task\n",
                              "Quote sent");

    shop_send(s);
    assert_rows(s, "call", "planned task 2026-12-06T09:00 s1");
    shop_until(s, "2026-12-04T10:00");
    assert_rows(s, "call", "planned task 2026-12-09T09:00 s1");
    assert_int_equal(shop_until(s, "2026-12-31T00:00"), 1);  /* the third question */
    assert_rows(s, "call", "sent task 2026-12-12T09:00 s1"); /* and one call */
    shop_close(s);
}

static void a_level_already_sent_is_not_sent_again_for_a_later_repeat(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule ask]\non = job enters Quote sent\n"
                                            "every = 3 days, 3 times\n"
                                            "[rule call]\non = no answer to ask\n"
                                            "when = 1 day after\nto = staff\nby = task\n",
                              "Quote sent");

    shop_until(s, "2026-12-31T00:00");
    assert_rows(s, "call", "sent task 2026-12-02T09:00 s1");
    shop_close(s);
}

static void levels_of_no_answer_follow_each_other(void **state)
{
    struct shop *s = job_shop(ASK "[rule call]\non = no answer to ask-again\nwhen = 1 day after\n"
                                  "to = staff\nby = task\n",
                              "Quote sent");

    shop_send(s);
    assert_rows(s, "call", "");
    shop_until(s, "2026-12-03T12:00");
    assert_rows(s, "call", "planned task 2026-12-04T09:00 s1");
    answer(s, ", text", ", 'yes'");
    assert_rows(s, "call", "cancelled task 2026-12-04T09:00 s1");
    shop_close(s);
}

static void what_asked_before_a_visit_is_not_pressed_after_it(void **state)
{
    struct shop *s = shop_open("[rule confirm]\non = appointment starts\nwhen = 2 days before\n"
                               "[rule press]\non = no answer to confirm\nwhen = 1 day after\n"
                               "[rule late]\non = no answer to confirm\nwhen = 3 days after\n"
                               "[rule survey]\non = appointment ends\nwhen = 1 day after\n"
                               "[rule please]\non = no answer to survey\nwhen = 3 days after\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, ends) "
                "VALUES ('a1', 1, '2026-12-08T15:00', '2026-12-08T16:00')");
    shop_look(s);
    shop_until(s, "2026-12-31T00:00");
    assert_rows(s, "confirm", "sent email 2026-12-06T13:00 c1");
    assert_rows(s, "press", "sent email 2026-12-07T13:00 c1");
    assert_rows(s, "late", "");
    assert_rows(s, "please", "sent email 2026-12-12T14:00 c1");
    shop_close(s);
}

static void a_question_that_bounced_waits_for_no_answer(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");

    shop_send(s);
    shop_sql(s, "UPDATE message SET state = 7 WHERE state = 5");
    shop_sql(s, "UPDATE job SET staff_id = NULL");
    shop_look(s);
    assert_reason(s, "ask-again", "no message of ask has reached the client");
    shop_close(s);
}

static void the_clock_of_no_answer_runs_in_a_waiting_stage(void **state)
{
    struct shop *s = shop_open_with(SHOP_PLAIN "hours = Mon-Fri 09:00-17:00\n",
                                    SHOP_WORKFLOW "[rule ask]\non = job enters Quote sent\n"
                                                  "[rule call]\non = no answer to ask\n"
                                                  "when = 4 business hours after\nto = staff\n",
                                    "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Quote sent')");
    shop_look(s);
    shop_send(s);
    assert_rows(s, "call", "planned task 2026-12-01T13:00 office");
    shop_close(s);
}

/* The answer comes, or the question goes out again, while a message is on the wire. */
static void what_was_on_the_wire_is_thought_over_before_its_next_try(void **state)
{
    struct shop *s = job_shop(ASK, "Quote sent");
    struct gateway_result later = {.outcome = OUTCOME_RETRY, .detail = "come again"};
    struct gateway_result sent = {.outcome = OUTCOME_SENT};
    struct claim asking, c;
    int64_t id = shop_count(s, "SELECT id FROM outbox WHERE rule = 'ask'");

    assert_true(shop_claim(s, id, &asking));
    shop_settle(s, id, &sent);
    shop_send(s);
    shop_at("2026-12-03T09:00");
    int64_t again = shop_count(s, "SELECT id FROM outbox WHERE rule = 'ask-again'");
    assert_true(shop_claim(s, again, &c));
    answer(s, ", job_id", ", 1");
    shop_settle(s, again, &later);
    assert_int_equal(shop_until(s, "2026-12-31T00:00"), 0);
    assert_rows(s, "ask-again", "cancelled sms 2026-12-03T09:00 c1");
    assert_reason(s, "ask-again", "the client answered");
    claim_close(&asking);
    claim_close(&c);
    shop_close(s);
}

/* --- repeats --- */

#define CHASE                                                                                      \
    SHOP_WORKFLOW "[rule chase]\non = job enters Quote sent\nwhen = 1 day after\n"                 \
                  "every = 2 days, 3 times\n"                                                      \
                  "[rule nag]\non = job enters Quote sent\nwhen = 1 day after\nto = staff\n"       \
                  "every = 2 days, 3 times\n"

static void repeats_to_the_client_end_with_an_answer(void **state)
{
    struct shop *s = job_shop(CHASE, "Quote sent");

    shop_until(s, "2026-12-03T09:00");
    answer(s, ", text", ", 'I shall think about it'");
    assert_rows(s, "chase",
                "sent email 2026-12-02T09:00 c1; cancelled email 2026-12-04T09:00 c1; "
                "cancelled email 2026-12-06T09:00 c1");
    assert_reason(s, "chase", "the client answered");
    assert_rows(s, "nag",
                "sent email 2026-12-02T09:00 s1; planned email 2026-12-04T09:00 s1; "
                "planned email 2026-12-06T09:00 s1");
    shop_close(s);
}

static void an_answer_from_before_ends_nothing(void **state)
{
    struct shop *s = job_shop(CHASE, "Received");

    answer(s, ", text", ", 'When will it be ready?'");
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE job SET stage = 'Quote sent'");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-31T00:00"), 6);
    shop_close(s);
}

static void reminders_of_a_visit_end_with_an_answer_to_the_first(void **state)
{
    struct shop *s = shop_open("[rule confirm]\non = appointment starts\nwhen = 3 days before\n"
                               "every = 1 day, 3 times\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    answer(s, ", text", ", 'Thank you for the booking'"); /* it asked nothing yet */
    assert_rows(s, "confirm",
                "planned email 2026-12-05T13:00 c1; planned email 2026-12-06T13:00 c1; "
                "planned email 2026-12-07T13:00 c1");
    shop_until(s, "2026-12-05T20:00");
    answer(s, ", appointment_id, text", ", 1, 'I shall come'");
    assert_rows(s, "confirm",
                "sent email 2026-12-05T13:00 c1; cancelled email 2026-12-06T13:00 c1; "
                "cancelled email 2026-12-07T13:00 c1");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_told_once_to_the_one_in_charge_of_what_it_names),
        cmocka_unit_test(a_good_score_or_none_bothers_nobody),
        cmocka_unit_test(a_deleted_answer_voids_what_is_pending),
        cmocka_unit_test(answers_from_before_the_switch_on_do_not_count),
        cmocka_unit_test(an_answer_that_no_trigger_told_is_found),
        cmocka_unit_test(a_replaced_answer_is_the_same_answer),
        cmocka_unit_test(conditions_see_the_answer),
        cmocka_unit_test(no_answer_counts_from_when_the_question_went_out),
        cmocka_unit_test(nothing_follows_an_answer),
        cmocka_unit_test(an_answer_about_another_job_is_none_and_one_about_nothing_is_one),
        cmocka_unit_test(an_answer_stays_with_a_job_that_is_replaced),
        cmocka_unit_test(an_answer_of_another_client_is_none_until_it_is_put_right),
        cmocka_unit_test(a_repeated_question_moves_what_waits_for_its_answer),
        cmocka_unit_test(a_level_already_sent_is_not_sent_again_for_a_later_repeat),
        cmocka_unit_test(levels_of_no_answer_follow_each_other),
        cmocka_unit_test(what_asked_before_a_visit_is_not_pressed_after_it),
        cmocka_unit_test(a_question_that_bounced_waits_for_no_answer),
        cmocka_unit_test(the_clock_of_no_answer_runs_in_a_waiting_stage),
        cmocka_unit_test(what_was_on_the_wire_is_thought_over_before_its_next_try),
        cmocka_unit_test(repeats_to_the_client_end_with_an_answer),
        cmocka_unit_test(an_answer_from_before_ends_nothing),
        cmocka_unit_test(reminders_of_a_visit_end_with_an_answer_to_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
