/* send/gate and send/claim: what is checked again in the moment of sending, and what is stored
 * before the wire. */
#include "../support/shop.h"

#include "base/rng.h"
#include "store/rules.h"

#define READY SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
#define SOON "[rule soon]\non = appointment starts\nwhen = 2 hours before\n"

static struct shop *ready_shop(const char *business, const char *playbook, const char *now)
{
    struct shop *s = shop_open_with(business, playbook, now);

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage, amount) VALUES ('j1', 1, 'Ready', 50)");
    shop_look(s);
    return s;
}

static struct shop *visit_shop(const char *playbook)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')"); /* the reminder: 11:00 UTC */
    shop_look(s);
    return s;
}

/* --- records that changed and nobody told (their triggers are gone, or are yet to be read) --- */

static void no_triggers(struct shop *s)
{
    shop_sql(s, "DROP TRIGGER appointment_changed; DROP TRIGGER appointment_gone; "
                "DROP TRIGGER job_changed; DROP TRIGGER job_gone; DROP TRIGGER client_changed; "
                "DROP TRIGGER client_gone; DROP TRIGGER consent_added");
}

static void a_visit_cancelled_a_moment_ago_is_not_reminded_of(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "cancelled email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_visit_moved_a_moment_ago_is_reminded_of_at_its_new_time(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T17:00'");
    assert_int_equal(shop_send(s), 0);
    assert_int_equal(shop_until(s, "2026-12-08T14:00"), 1);
    assert_rows(s, "soon", "cancelled email 2026-12-08T11:00 c1; sent email 2026-12-08T13:00 c1");
    shop_close(s);
}

static void a_record_deleted_a_moment_ago_is_not_spoken_of(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "PRAGMA foreign_keys = OFF; DELETE FROM appointment");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "cancelled email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_client_deleted_a_moment_ago_is_not_written_to(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "PRAGMA foreign_keys = OFF; DELETE FROM client");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "cancelled email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void an_opt_out_a_moment_ago_is_heard(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) VALUES "
                "(1, 'email', 'service', 'out'), (1, 'sms', 'service', 'out')");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "skipped email 2026-12-08T11:00 c1");
    assert_reason(s, "soon", "opted out");
    shop_close(s);
}

static void another_channel_or_address_a_moment_ago_is_used(void **state)
{
    struct shop *s = visit_shop(SOON);

    no_triggers(s);
    shop_at("2026-12-08T11:00");
    shop_sql(s, "UPDATE client SET channel = 'sms', phone = '+37120000007'");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "soon", "sent sms 2026-12-08T11:00 c1");
    assert_string_equal(s->last_to, "+37120000007");
    shop_close(s);
}

/* --- the gate's answers --- */

static void after_its_time_nothing_goes(void **state)
{
    struct shop *s = visit_shop(SOON);

    shop_at("2026-12-08T13:00"); /* the visit starts */
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "expired email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_message_still_useful_after_an_outage_goes_once(void **state)
{
    struct shop *s = visit_shop(SOON);

    shop_at("2026-12-08T12:59");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void a_paused_rule_waits_and_goes_on(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");

    shop_ok(s, store_rule_pause(s->store, "ready", true, shop_now_ms, "a test"), "pause");
    shop_load_world(s);
    assert_int_equal(shop_until(s, "2026-12-01T12:00"), 0);
    assert_rows(s, "ready", "planned email 2026-12-01T09:00 c1");
    shop_ok(s, store_rule_pause(s->store, "ready", false, shop_now_ms, NULL), "resume");
    shop_load_world(s);
    assert_int_equal(shop_until(s, "2026-12-01T13:00"), 1);
    shop_close(s);
}

static void what_waited_into_the_night_goes_in_the_morning(void **state)
{
    struct shop *s = ready_shop("quiet = 21:00-08:00\ncap = none\n", READY, "2026-12-01T18:30");

    shop_at("2026-12-01T20:00"); /* 22:00 in Riga: the service was down at half past eight */
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "planned email 2026-12-01T18:30 c1");
    assert_reason(s, "ready", "hours");
    assert_int_equal(shop_until(s, "2026-12-02T05:59"), 0);
    assert_int_equal(shop_until(s, "2026-12-02T06:00"), 1);
    shop_close(s);
}

static void a_condition_is_asked_at_the_last_moment(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN,
                                READY "if = job.amount > 100\n"
                                      "[rule other]\non = job enters Ready\n"
                                      "unless = job.amount > 100\n",
                                "2026-12-01T09:00");

    shop_sql(s, "UPDATE job SET amount = 150");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1");
    assert_rows(s, "other", "skipped email 2026-12-01T09:00 c1");
    assert_reason(s, "other", "unless the job's amount is over 100");
    shop_close(s);
}

static void a_condition_that_cannot_be_evaluated_holds_and_asks_a_person(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY "if = json_extract(job.title, '$.a') = 1\n",
                                "2026-12-01T09:00");

    shop_sql(s, "UPDATE job SET title = 'no JSON'");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "held email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "cannot be evaluated");
    assert_int_equal(shop_until(s, "2026-12-01T12:00"), 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE message_id = 1"), 1);
    shop_sql(s, "UPDATE job SET title = '{\"a\": 1}'");
    assert_int_equal(shop_until(s, "2026-12-01T12:20"), 1);
    shop_close(s);
}

static void no_client_hears_more_than_the_cap_but_for_the_urgent(void **state)
{
    struct shop *s = shop_open_with("quiet = none\ncap = 2 per day\n",
                                    READY "late = 3 days\n"
                                          "[rule urgent]\non = job enters Received\ncap = no\n",
                                    "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready'), (1, 'Ready'), "
                "(1, 'Ready'), (1, 'Received'), (1, 'Received')");
    shop_look(s);
    assert_int_equal(shop_send(s), 4);
    assert_int_equal(shop_until(s, "2026-12-02T08:59"), 0);
    assert_int_equal(shop_until(s, "2026-12-02T09:01"), 1);
    shop_close(s);
}

#define NARROW                                                                                     \
    READY "late = 2 hours\n"                                                                       \
          "[rule offer]\non = job enters Received\nlate = 2 hours\npurpose = marketing\n"
#define TASK_STATES                                                                                \
    "SELECT CASE WHEN done_ms IS NULL THEN 'open' WHEN done_by IS NULL THEN 'ended: ' || "         \
    "done_note ELSE 'done' END FROM task"

/* Two jobs are ready, one message a day is allowed, and tomorrow is too late: the second client
 * message is dropped. */
static struct shop *capped_shop(const char *playbook)
{
    struct shop *s =
        shop_open_with("quiet = none\ncap = 1 per day\n", playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    return s;
}

static void ready_again(struct shop *s)
{
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_send(s), 0);
}

static void what_the_cap_drops_is_somebodys_task(void **state)
{
    struct shop *s = capped_shop(NARROW);

    ready_again(s);
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1; skipped email 2026-12-01T09:00 c1");
    assert_answer(s, "SELECT text FROM task",
                  "Ilze does not get the message of the rule ready: the client has had 1 message "
                  "within a day, and later it would be too late. Tell them yourself if it matters; "
                  "`cap = no` in the rule lets such messages go.");
    assert_answer(s, "SELECT client_id, job_id, message_id FROM task", "1 2 2");
    shop_close(s);
}

static void what_the_cap_drops_of_marketing_is_nobodys_task(void **state)
{
    struct shop *s = capped_shop(NARROW);

    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'marketing', 'in')");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Received')");
    shop_look(s);
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "offer", "skipped email 2026-12-01T09:00 c1");
    assert_reason(s, "offer", "within a day");
    assert_answer(s, "SELECT count(*) FROM task", "0");
    shop_close(s);
}

static void what_waits_for_the_cap_is_nobodys_task(void **state)
{
    struct shop *s = capped_shop(READY "late = 3 days\n");

    ready_again(s);
    assert_answer(s, "SELECT count(*) FROM task", "0");
    assert_int_equal(shop_until(s, "2026-12-02T09:01"), 1);
    shop_close(s);
}

static void who_saw_to_a_dropped_message_is_not_asked_again(void **state)
{
    struct shop *s = capped_shop(NARROW);

    ready_again(s);
    shop_sql(s, "UPDATE task SET done_ms = 5, done_by = 'Zane'");
    shop_sql(s, "UPDATE job SET title = 'Volvo'"); /* planned again, and dropped again */
    shop_look(s);
    assert_int_equal(shop_send(s), 0);
    assert_answer(s, TASK_STATES, "done");
    shop_close(s);
}

static void a_dropped_message_that_goes_after_all_ends_its_task(void **state)
{
    struct shop *s = capped_shop(NARROW);

    ready_again(s);
    shop_edit(s, READY "late = 2 hours\ncap = no\n");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    assert_answer(s, TASK_STATES, "ended: the message is looked at again");
    shop_close(s);
}

static void a_dropped_message_that_nobody_needs_ends_its_task(void **state)
{
    struct shop *s = capped_shop(NARROW);

    ready_again(s);
    shop_sql(s, "UPDATE job SET stage = 'In repair' WHERE ref = 'j2'");
    shop_look(s);
    assert_answer(s, TASK_STATES, "ended: the job has left the stage Ready");
    shop_close(s);
}

static void a_dropped_message_keeps_its_end_and_its_reason(void **state)
{
    struct shop *s = capped_shop(NARROW);

    ready_again(s);
    shop_at("2026-12-01T15:00"); /* far too late for it */
    shop_sql(s, "UPDATE job SET title = 'Volvo'");
    shop_look(s);
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1; skipped email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "within a day");
    assert_answer(s, TASK_STATES, "open");
    shop_close(s);
}

/* --- words --- */

static void a_missing_required_value_holds_and_asks_a_person(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");

    shop_file(s, "templates/ready/en.email", "Subject: {{job.title | required}}\n\nIt is ready.\n");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "held email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "{{job.title}} has no value");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 1);
    shop_sql(s, "UPDATE job SET title = 'Volvo'");
    assert_int_equal(shop_until(s, "2026-12-01T09:30"), 1);
    assert_string_equal(s->last_subject, "Volvo");
    shop_close(s);
}

static void no_template_holds_and_never_stops_the_others(void **state)
{
    struct shop *s =
        ready_shop(SHOP_PLAIN, READY "[rule other]\non = job enters Ready\n", "2026-12-01T09:00");

    shop_file(s, "templates/ready/en.sms", "Only a text");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "held email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "there is no template ready/en.email");
    assert_rows(s, "other", "sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void what_was_held_past_its_hours_is_skipped_where_the_rule_says_so(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN,
                                READY "window = 09:00-20:00\noutside = skip\n"
                                      "require = job.title\n",
                                "2026-12-01T17:50");

    assert_int_equal(shop_until(s, "2026-12-01T17:55"), 0);
    assert_rows(s, "ready", "held email 2026-12-01T17:50 c1");
    shop_until(s, "2026-12-01T18:15"); /* a quarter past eight in Riga */
    assert_rows(s, "ready", "skipped email 2026-12-01T17:50 c1");
    assert_answer(s, "SELECT count(*) FROM task WHERE done_ms IS NULL", "0");
    shop_sql(s, "UPDATE job SET title = 'Volvo'");
    assert_int_equal(shop_until(s, "2026-12-02T12:00"), 0);
    assert_rows(s, "ready", "skipped email 2026-12-01T17:50 c1");
    shop_close(s);
}

static void a_task_needs_no_template(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY "to = staff\nby = task\n", "2026-12-01T09:00");

    shop_file(s, "templates/ready/README", "nothing here");
    assert_int_equal(shop_send(s), 0); /* over no wire */
    assert_rows(s, "ready", "sent task 2026-12-01T09:00 office");
    assert_answer(s, "SELECT text, job_id, client_id FROM task", "ready: Ilze 1 1");
    shop_close(s);
}

static void a_task_without_words_of_its_own_has_those_of_the_email(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY "to = staff\nby = task\n", "2026-12-01T09:00");

    shop_file(s, "templates/ready/en.email",
              "Subject: Call {{client.name}}\n\nThe **{{job.stage}}** one.\n");
    assert_int_equal(shop_send(s), 0);
    assert_answer(s, "SELECT text FROM task", "Call Ilze\n\nThe Ready one.");
    assert_answer(s, "SELECT length(data) IS NULL OR length(data) = 0 FROM payload", "1");
    shop_close(s);
}

static void a_hostile_name_never_breaks_a_header(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");

    shop_sql(s, "PRAGMA ignore_check_constraints = ON; UPDATE client SET name = 'Ilze' || "
                "char(13, 10) || 'Bcc: victim@example.com' || char(13, 10, 13, 10) || 'x'");
    shop_file(s, "templates/ready/en.email", "Subject: For {{client.name}}\n\nHello.\n");
    int went = shop_send(s);
    if (went > 0) {
        char *data = shop_ask(s, "SELECT CAST(data AS TEXT) FROM payload");
        assert_null(strstr(data, "\nBcc:"));
        free(data);
    } else {
        assert_rows(s, "ready", "held email 2026-12-01T09:00 c1");
    }
    shop_close(s);
}

static void a_hostile_address_is_refused_when_planned(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY "by = email\n", "2026-12-01T09:00");

    shop_sql(s, "PRAGMA ignore_check_constraints = ON; UPDATE client SET email = "
                "'a@example.com' || char(13, 10) || 'RCPT TO:<victim@example.com>'");
    shop_look(s);
    assert_rows(s, "ready", "failed email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "e-mail address cannot be used");
    assert_int_equal(shop_until(s, "2026-12-05T00:00"), 0);
    shop_close(s);
}

static void a_note_of_ten_megabytes_changes_nothing(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");

    shop_sql(s, "UPDATE client SET notes = printf('%%.*c', 10000000, 'x')");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

/* --- what is stored before the wire --- */

static void bytes_token_and_state_are_stored_before_anything_leaves(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");
    struct claim c;

    assert_true(shop_claim(s, 1, &c));
    assert_answer(s, "SELECT state, attempts, gateway, address FROM message",
                  "3 1 drawer ilze@example.com");
    assert_answer(s, "SELECT length(token), committing, language FROM payload", "32 0 en");
    char *data = shop_ask(s, "SELECT CAST(data AS TEXT) FROM payload");
    assert_int_equal(strlen(data), c.wire.len);
    assert_memory_equal(data, c.wire.data, c.wire.len);
    assert_string_equal(c.wire.to, "ilze@example.com");
    assert_non_null(strstr(data, c.wire.token)); /* in the Message-ID */
    free(data);
    claim_close(&c);
    assert_false(shop_claim(s, 1, &c)); /* it is claimed already */
    claim_close(&c);
    assert_answer(s, "SELECT attempts FROM message", "1");
    shop_close(s);
}

/* Rolled back: as if nobody had claimed it. */
static void a_claim_that_was_not_committed_leaves_nothing(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");
    struct claim_context with = {
        .world = &s->world, .conditions = s->conditions, .outlets = &s->outlets};
    struct message m = {.id = 1};
    struct outlet *o = NULL;
    struct claim c;

    shop_templates(s);
    shop_outlets(s);
    with.templates = s->templates;
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, claim_message(&with, &m, shop_now_ms, &c, &o), "claim");
    assert_non_null(o);
    store_rollback(s->store);
    claim_close(&c);
    assert_answer(s, "SELECT state, attempts FROM message", "0 0");
    assert_answer(s, "SELECT count(*) FROM payload", "0");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

/* --- a hundred ticks, one message --- */

static void a_hundred_looks_send_one_message(void **state)
{
    struct shop *s = ready_shop(SHOP_PLAIN, READY, "2026-12-01T09:00");
    int sent = 0;
    bool repaired;

    for (int i = 0; i < 100; i++) {
        shop_now_ms += 3600000;
        if (i % 10 == 0)
            shop_reconcile(s, &repaired);
        shop_sql(s,
                 "UPDATE job SET title = 'tick %d'; UPDATE client SET email = "
                 "'ilze%d@example.com'",
                 i, i);
        shop_look(s);
        shop_edit(s, READY);
        sent += shop_send(s);
    }
    assert_int_equal(sent, 1);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_cancelled_a_moment_ago_is_not_reminded_of),
        cmocka_unit_test(a_visit_moved_a_moment_ago_is_reminded_of_at_its_new_time),
        cmocka_unit_test(a_record_deleted_a_moment_ago_is_not_spoken_of),
        cmocka_unit_test(a_client_deleted_a_moment_ago_is_not_written_to),
        cmocka_unit_test(an_opt_out_a_moment_ago_is_heard),
        cmocka_unit_test(another_channel_or_address_a_moment_ago_is_used),
        cmocka_unit_test(after_its_time_nothing_goes),
        cmocka_unit_test(a_message_still_useful_after_an_outage_goes_once),
        cmocka_unit_test(a_paused_rule_waits_and_goes_on),
        cmocka_unit_test(what_waited_into_the_night_goes_in_the_morning),
        cmocka_unit_test(a_condition_is_asked_at_the_last_moment),
        cmocka_unit_test(a_condition_that_cannot_be_evaluated_holds_and_asks_a_person),
        cmocka_unit_test(no_client_hears_more_than_the_cap_but_for_the_urgent),
        cmocka_unit_test(what_the_cap_drops_is_somebodys_task),
        cmocka_unit_test(what_the_cap_drops_of_marketing_is_nobodys_task),
        cmocka_unit_test(what_waits_for_the_cap_is_nobodys_task),
        cmocka_unit_test(who_saw_to_a_dropped_message_is_not_asked_again),
        cmocka_unit_test(a_dropped_message_that_goes_after_all_ends_its_task),
        cmocka_unit_test(a_dropped_message_that_nobody_needs_ends_its_task),
        cmocka_unit_test(a_dropped_message_keeps_its_end_and_its_reason),
        cmocka_unit_test(a_missing_required_value_holds_and_asks_a_person),
        cmocka_unit_test(no_template_holds_and_never_stops_the_others),
        cmocka_unit_test(what_was_held_past_its_hours_is_skipped_where_the_rule_says_so),
        cmocka_unit_test(a_task_needs_no_template),
        cmocka_unit_test(a_task_without_words_of_its_own_has_those_of_the_email),
        cmocka_unit_test(a_hostile_name_never_breaks_a_header),
        cmocka_unit_test(a_hostile_address_is_refused_when_planned),
        cmocka_unit_test(a_note_of_ten_megabytes_changes_nothing),
        cmocka_unit_test(bytes_token_and_state_are_stored_before_anything_leaves),
        cmocka_unit_test(a_claim_that_was_not_committed_leaves_nothing),
        cmocka_unit_test(a_hundred_looks_send_one_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
