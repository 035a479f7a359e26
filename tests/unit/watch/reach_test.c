/* watch: clients whom nothing reaches are somebody's task, once, until they can be reached. */
#include "../support/shop.h"

#define JOBS                                                                                       \
    SHOP_WORKFLOW                                                                                  \
    "[rule ready]\non = job enters Ready\n"                                                        \
    "[rule left]\non = job leaves In repair\n"

#define OPEN "SELECT count(*) FROM task WHERE done_ms IS NULL"

/* A client with these columns, and a job that is ready. */
static struct shop *shop_with(const char *playbook, const char *email, const char *phone)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (ref, name, email, phone) VALUES ('c1', 'Ilze', %s, %s)", email,
             phone);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    return s;
}

static void a_client_without_an_address_is_one_task(void **state)
{
    struct shop *s = shop_with(JOBS, "NULL", "NULL");

    assert_answer(
        s, "SELECT text FROM task",
        "Ilze cannot be reached: no phone number is known; no e-mail address is known. The "
        "message of the rule ready does not go. Tell them yourself, and correct the "
        "client's record if you can: then this task ends by itself.");
    assert_answer(s, "SELECT client_id, job_id FROM task", "1 1");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 1);
    shop_close(s);
}

static void it_ends_by_itself_once_they_can_be_reached(void **state)
{
    struct shop *s = shop_with(JOBS, "NULL", "'12345'");

    assert_int_equal(shop_count(s, OPEN), 1);
    shop_sql(s, "UPDATE client SET phone = '123456'");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 1);
    shop_sql(s, "UPDATE client SET phone = '+37129111222'");
    shop_look(s);
    assert_answer(s, "SELECT done_note, done_by IS NULL FROM task",
                  "the client's record was changed, and they can be reached 1");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void it_ends_also_when_all_of_it_is_too_late(void **state)
{
    struct shop *s = shop_with(JOBS, "NULL", "NULL");

    shop_until(s, "2026-12-05T09:00");
    assert_int_equal(shop_count(s, OPEN), 1);
    shop_sql(s, "UPDATE client SET email = 'ilze@example.com'");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 0);
    shop_close(s);
}

static void it_ends_with_its_client(void **state)
{
    struct shop *s = shop_with(JOBS, "NULL", "NULL");

    shop_sql(s, "DELETE FROM job; DELETE FROM client");
    shop_look(s);
    assert_answer(s, "SELECT done_note FROM task", "the client is not in the database any more");
    shop_close(s);
}

static void who_opted_out_of_everything_is_told_by_a_person(void **state)
{
    struct shop *s = shop_with(JOBS, "'ilze@example.com'", "NULL");

    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'service', 'out')");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 1);
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'service', 'in')");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 0);
    shop_close(s);
}

static void who_wants_no_messages_has_nothing_to_be_corrected(void **state)
{
    struct shop *s = shop_with(JOBS, "'ilze@example.com'", "'+37129111222'");

    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'service', 'out'), (1, 'sms', 'service', 'out')");
    shop_look(s);
    assert_answer(s, "SELECT text FROM task",
                  "Ilze wants no messages, so that of the rule ready does not go. If they have to "
                  "know, tell them yourself.");
    shop_close(s);
}

static void what_is_not_owed_is_nobodys_task(void **state)
{
    struct shop *s = shop_with(SHOP_WORKFLOW "[rule offer]\non = job enters Ready\n"
                                             "purpose = marketing\n"
                                             "[rule ask]\non = job enters Ready\n"
                                             "purpose = survey\n",
                               "NULL", "NULL");

    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

static void who_is_reached_by_another_channel_is_nobodys_task(void **state)
{
    struct shop *s = shop_with(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\nby = sms\n",
                               "'ilze@example.com'", "NULL");

    assert_rows(s, "ready", "skipped sms 2026-12-01T09:00 c1");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

static void who_has_seen_to_it_is_asked_again_of_what_is_new_alone(void **state)
{
    struct shop *s = shop_with(JOBS, "NULL", "NULL");

    shop_sql(s, "UPDATE task SET done_ms = 5, done_by = 'Zane'");
    shop_sql(s, "UPDATE client SET timezone = 'Europe/Vilnius'");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 0);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 1);
    shop_close(s);
}

static void refuse_address(struct shop *s, const struct claim *c, struct gateway_result *out)
{
    *out = (struct gateway_result){.outcome = OUTCOME_REJECTED, .address_refused = true};
    strcpy(out->detail, "no such mailbox");
}

static void refuse_number(struct shop *s, const struct claim *c, struct gateway_result *out)
{
    if (c->message.channel == CHANNEL_SMS)
        refuse_address(s, c, out);
    else
        *out = (struct gateway_result){.outcome = OUTCOME_SENT};
}

static void refuse_message(struct shop *s, const struct claim *c, struct gateway_result *out)
{
    *out = (struct gateway_result){.outcome = OUTCOME_REJECTED};
    strcpy(out->detail, "too large");
}

static void an_address_that_was_refused_is_a_task_until_it_is_corrected(void **state)
{
    struct shop *s = shop_with(JOBS, "'ilze@example.com'", "NULL");

    s->answer = refuse_address;
    shop_send(s);
    assert_int_equal(shop_count(s, OPEN " AND text LIKE 'Ilze %no such mailbox%'"), 1);
    shop_sql(s, "UPDATE client SET email = 'ilze@example.org'");
    shop_look(s);
    assert_int_equal(shop_count(s, OPEN), 0);
    shop_close(s);
}

static void a_message_that_was_refused_says_nothing_of_its_address(void **state)
{
    struct shop *s = shop_with(JOBS, "'ilze@example.com'", "NULL");

    s->answer = refuse_message;
    shop_send(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

static void a_refused_number_is_no_task_while_a_letter_goes(void **state)
{
    struct shop *s =
        shop_with(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\nby = sms then email\n",
                  "'ilze@example.com'", "'+37129111222'");

    s->answer = refuse_number;
    shop_send(s);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1; sent email 2026-12-01T09:00 c1");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_without_an_address_is_one_task),
        cmocka_unit_test(it_ends_by_itself_once_they_can_be_reached),
        cmocka_unit_test(it_ends_also_when_all_of_it_is_too_late),
        cmocka_unit_test(it_ends_with_its_client),
        cmocka_unit_test(who_opted_out_of_everything_is_told_by_a_person),
        cmocka_unit_test(who_wants_no_messages_has_nothing_to_be_corrected),
        cmocka_unit_test(what_is_not_owed_is_nobodys_task),
        cmocka_unit_test(who_is_reached_by_another_channel_is_nobodys_task),
        cmocka_unit_test(who_has_seen_to_it_is_asked_again_of_what_is_new_alone),
        cmocka_unit_test(an_address_that_was_refused_is_a_task_until_it_is_corrected),
        cmocka_unit_test(a_message_that_was_refused_says_nothing_of_its_address),
        cmocka_unit_test(a_refused_number_is_no_task_while_a_letter_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
