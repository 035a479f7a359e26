/* send/invite: which mails carry an invitation, and by which UID and SEQUENCE a calendar knows it.
 */
#include "../support/shop.h"

#include "send/invite.h"

#define INVITING                                                                                   \
    "[rule booked]\non = appointment booked\nby = email\ninvite = yes\n"                           \
    "[rule moved]\non = appointment moved\nby = email\ninvite = yes\n"                             \
    "[rule cancelled]\non = appointment cancelled\nby = email\ninvite = yes\n"

static char last[20000]; /* the mail that went last, without its soft line ends and folds */

static void keep(struct shop *s, const struct claim *c, struct gateway_result *r)
{
    static const char *const joints[] = {"=\r\n", "\r\n "};
    size_t n = 0;

    for (const char *p = c->payload.data.data; *p != '\0' && n + 1 < sizeof(last);) {
        if (str_starts(p, joints[0]) || str_starts(p, joints[1]))
            p += 3;
        else
            last[n++] = *p++;
    }
    last[n] = '\0';
}

static struct shop *inviting_shop(const char *playbook)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    s->answer = keep;
    last[0] = '\0';
    shop_ilze(s);
    return s;
}

static void book(struct shop *s)
{
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-08T15:00', 'Service')");
    shop_look(s);
}

static void change(struct shop *s, const char *what)
{
    shop_now_ms += 60000;
    shop_sql(s, "UPDATE appointment SET %s", what);
    shop_look(s);
}

#define TOLD "SELECT sequence FROM invitation"

static void assert_mail_at(const char *method, const char *line, int at)
{
    char type[80];

    snprintf(type, sizeof(type), "Content-Type: text/calendar; method=%s;", method);
    if (strstr(last, type) == NULL || strstr(last, line) == NULL) {
        print_error("expected %s and %s in:\n%s\n", type, line, last);
        _fail(__FILE__, at);
    }
}
#define assert_mail(method, line) assert_mail_at(method, line, __LINE__)

static void the_number_rises_with_each_change_that_is_told(void **state)
{
    struct shop *s = inviting_shop(INVITING);

    book(s);
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "SEQUENCE:0\r\n");
    char *uid = shop_ask(s, "SELECT uid FROM invitation");
    change(s, "starts = '2026-12-09T15:00'");
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "SEQUENCE:1\r\n");
    change(s, "status = 'cancelled'");
    assert_int_equal(shop_send(s), 1);
    assert_mail("CANCEL", "SEQUENCE:2\r\n");
    assert_mail("CANCEL", "STATUS:CANCELLED\r\n");
    change(s, "status = 'booked'");
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "SEQUENCE:3\r\n");
    assert_answer(s, "SELECT uid FROM invitation", uid);
    free(uid);
    shop_close(s);
}

static void moved_before_the_first_was_sent_is_one_request(void **state)
{
    struct shop *s = inviting_shop("[rule booked]\non = appointment booked\nby = email\n"
                                   "settle = 1 hour\ninvite = yes\n"
                                   "[rule moved]\non = appointment moved\nby = email\n"
                                   "invite = yes\n");

    book(s);
    change(s, "starts = '2026-12-09T15:00'");
    assert_int_equal(shop_until(s, "2026-12-01T18:00"), 1);
    assert_mail("REQUEST", "SEQUENCE:0\r\n");
    assert_mail("REQUEST", "20261209T150000");
    shop_close(s);
}

static void cancelled_before_the_first_was_sent_tells_no_calendar(void **state)
{
    struct shop *s = inviting_shop(INVITING);

    book(s);
    change(s, "status = 'cancelled'");
    assert_int_equal(shop_send(s), 1);
    assert_string_equal(s->last_subject, "cancelled");
    assert_null(strstr(last, "text/calendar"));
    assert_answer(s, "SELECT count(*) FROM invitation", "0");
    shop_close(s);
}

/* Said again, written differently, confirmed: the same event as before. */
static void nothing_new_keeps_the_number(void **state)
{
    struct shop *s = inviting_shop(
        INVITING "[rule soon]\non = appointment starts\nwhen = 1 day before\nby = email\n"
                 "invite = yes\n");

    book(s);
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "NEEDS-ACTION");
    change(s, "starts = '2026-12-08T13:00Z', status = 'confirmed', sequence = 0");
    assert_int_equal(shop_until(s, "2026-12-07T14:00"), 1);
    assert_mail("REQUEST", "SEQUENCE:0\r\n");
    assert_mail("REQUEST", "ACCEPTED");
    shop_close(s);
}

static void a_row_may_lift_the_number_and_not_lower_it(void **state)
{
    struct shop *s = inviting_shop(INVITING);

    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, sequence) VALUES "
                "('a1', 1, '2026-12-08T15:00', 7)");
    shop_look(s);
    shop_send(s);
    assert_answer(s, TOLD, "7");
    change(s, "starts = '2026-12-09T15:00', sequence = 2");
    shop_send(s);
    assert_answer(s, TOLD, "8");
    change(s, "starts = '2026-12-10T15:00', sequence = 9223372036854775807");
    shop_send(s);
    assert_mail("REQUEST", "SEQUENCE:2147483647\r\n");
    change(s, "starts = '2026-12-11T15:00', sequence = -5");
    shop_send(s);
    assert_mail("REQUEST", "SEQUENCE:2147483647\r\n");
    shop_close(s);
}

/* A booking program that writes the row anew has the same visit in mind. */
static void a_replaced_row_is_the_same_event(void **state)
{
    struct shop *s = inviting_shop(INVITING);

    book(s);
    shop_send(s);
    char *uid = shop_ask(s, "SELECT uid FROM invitation");
    shop_now_ms += 60000;
    shop_sql(s, "REPLACE INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-09T15:00', 'Service')");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "SEQUENCE:1\r\n");
    assert_answer(s, "SELECT uid FROM invitation", uid);
    free(uid);
    shop_close(s);
}

static void a_retry_is_not_a_change(void **state)
{
    struct shop *s = inviting_shop(INVITING);
    struct gateway_result busy = {.outcome = OUTCOME_RETRY};
    struct claim c;

    book(s);
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    shop_settle(s, 1, &busy);
    assert_answer(s, TOLD, "0");
    shop_at("2026-12-01T10:00");
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "SEQUENCE:0\r\n");
    shop_close(s);
}

static void a_held_mail_tells_no_calendar(void **state)
{
    struct shop *s = inviting_shop("[rule booked]\non = appointment booked\nby = email\n"
                                   "require = appointment.location\ninvite = yes\n");

    book(s);
    assert_int_equal(shop_send(s), 0);
    assert_answer(s, "SELECT count(*) FROM invitation", "0");
    change(s, "location = 'Hall 2'");
    assert_int_equal(shop_send(s), 1);
    assert_mail("REQUEST", "LOCATION:Hall 2\r\n");
    assert_answer(s, TOLD, "0");
    shop_close(s);
}

static void another_client_is_not_told_what_the_first_one_had(void **state)
{
    struct shop *s = inviting_shop(INVITING);

    book(s);
    shop_send(s);
    shop_sql(s, "INSERT INTO client (id, ref, name, email) VALUES (2, 'c2', 'Anna', "
                "'anna@example.com')");
    change(s, "client_id = 2, status = 'cancelled'");
    shop_send(s);
    assert_string_equal(s->last_subject, "cancelled");
    assert_string_equal(s->last_to, "anna@example.com");
    assert_null(strstr(last, "text/calendar"));
    assert_null(strstr(last, "ilze"));
    shop_close(s);
}

static void staff_and_texts_carry_none(void **state)
{
    struct shop *s = inviting_shop("[rule booked]\non = appointment booked\nby = preferred\n"
                                   "invite = yes\n");

    shop_sql(s, "UPDATE client SET channel = 'sms'");
    book(s);
    assert_int_equal(shop_send(s), 1);
    assert_int_equal(s->last_channel, CHANNEL_SMS);
    assert_answer(s, "SELECT count(*) FROM invitation", "0");
    shop_close(s);
}

static void a_rule_without_it_writes_nothing_down(void **state)
{
    struct shop *s = inviting_shop("[rule booked]\non = appointment booked\nby = email\n");

    book(s);
    assert_int_equal(shop_send(s), 1);
    assert_null(strstr(last, "text/calendar"));
    assert_answer(s, "SELECT count(*) FROM invitation", "0");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_rises_with_each_change_that_is_told),
        cmocka_unit_test(moved_before_the_first_was_sent_is_one_request),
        cmocka_unit_test(cancelled_before_the_first_was_sent_tells_no_calendar),
        cmocka_unit_test(nothing_new_keeps_the_number),
        cmocka_unit_test(a_row_may_lift_the_number_and_not_lower_it),
        cmocka_unit_test(a_replaced_row_is_the_same_event),
        cmocka_unit_test(a_retry_is_not_a_change),
        cmocka_unit_test(a_held_mail_tells_no_calendar),
        cmocka_unit_test(another_client_is_not_told_what_the_first_one_had),
        cmocka_unit_test(staff_and_texts_carry_none),
        cmocka_unit_test(a_rule_without_it_writes_nothing_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
