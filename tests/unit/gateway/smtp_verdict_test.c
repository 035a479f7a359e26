/* gateway/smtp_verdict: what the replies of a transaction and libcurl's result come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "gateway/smtp_verdict.h"

static struct gateway_result refused_at(enum smtp_stage stage, const char *line)
{
    struct smtp_seen seen = {.rc = CURLE_WEIRD_SERVER_REPLY, .error = "", .stage = stage};
    struct gateway_result out;

    smtp_replies_line(&seen.replies, line, strlen(line), false);
    smtp_verdict(&seen, &out);
    return out;
}

static struct gateway_result after(int rc, const char *const *lines)
{
    struct smtp_seen seen = {
        .rc = rc, .error = "", .stage = SMTP_AT_DOT, .asked = true, .past_point = true};
    struct gateway_result out;

    smtp_replies_line(&seen.replies, "354 go on\r\n", 11, false);
    for (; *lines != NULL; lines++)
        smtp_replies_line(&seen.replies, *lines, strlen(*lines), true);
    smtp_verdict(&seen, &out);
    return out;
}

static void only_what_is_about_the_recipient_counts_against_it(void **state)
{
    static const struct {
        const char *line;
        bool address;
    } cases[] = {
        {"550 5.1.1 No such user\r\n", true},
        {"550 5.1.10 Null MX\r\n", true},
        {"550 5.2.1 Closed for good\r\n", true},
        {"550 No such user\r\n", true},
        {"551 gone\r\n", true},
        {"553 not allowed\r\n", true},
        {"550 5.1.7 Bad sender\r\n", false},
        {"550 5.1.8 Bad sender's domain\r\n", false},
        {"550 5.7.1 Blocked\r\n", false},
        {"554 5.7.1 Relay access denied\r\n", false},
        {"554 no\r\n", false},
        {"552 5.2.2 Mailbox full\r\n", false},
        {"550-5.1.1\r\n", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) - 1; i++) {
        struct gateway_result r = refused_at(SMTP_AT_RCPT, cases[i].line);
        assert_int_equal(r.outcome, OUTCOME_REJECTED);
        assert_int_equal(r.address_refused, cases[i].address);
        assert_false(r.gateway_trouble);
        assert_null(strstr(r.detail, "user"));
    }
    /* not the last line of a reply: no reply yet, and so nothing is final */
    assert_int_equal(refused_at(SMTP_AT_RCPT, cases[12].line).outcome, OUTCOME_RETRY);
}

static void the_step_decides_about_the_gateway(void **state)
{
    assert_true(refused_at(SMTP_AT_MAIL, "550 5.7.1 no").gateway_trouble);
    assert_false(refused_at(SMTP_AT_MAIL, "552 5.3.4 too big").gateway_trouble);
    assert_false(refused_at(SMTP_AT_MAIL, "550 5.1.1 no").address_refused);
    assert_false(refused_at(SMTP_AT_DATA, "554 5.1.1 no").address_refused);
    assert_true(refused_at(SMTP_AT_RCPT, "421 closing").gateway_trouble);
    assert_int_equal(refused_at(SMTP_AT_RCPT, "530 log in first").outcome, OUTCOME_RETRY);
    assert_int_equal(refused_at(SMTP_BEFORE, "535 5.7.8 no").outcome, OUTCOME_RETRY);
    assert_true(refused_at(SMTP_BEFORE, "535 5.7.8 no").gateway_trouble);
}

static void after_the_point_only_a_whole_reply_is_clear(void **state)
{
    static const char *const none[] = {NULL}, *const half[] = {"250-one\r\n", NULL},
                             *const fine[] = {"250 2.0.0 Ok: queued as 4Xk2\r\n", NULL},
                             *const later[] = {"451 4.3.0 later\r\n", NULL},
                             *const never[] = {"554 5.6.0 no\r\n", NULL},
                             *const bye[] = {"221 bye\r\n", NULL},
                             *const odd[] = {"hello\r\n", NULL};

    assert_int_equal(after(CURLE_OK, fine).outcome, OUTCOME_SENT);
    assert_string_equal(after(CURLE_OK, fine).provider_id, "4Xk2");
    assert_int_equal(after(CURLE_WEIRD_SERVER_REPLY, later).outcome, OUTCOME_RETRY);
    assert_int_equal(after(CURLE_WEIRD_SERVER_REPLY, never).outcome, OUTCOME_REJECTED);
    /* a 2xx, but something is amiss, the 354 from before, half a reply, none, nonsense */
    assert_int_equal(after(CURLE_RECV_ERROR, fine).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(after(CURLE_OK, none).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(after(CURLE_OK, half).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(after(CURLE_OK, bye).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(after(CURLE_OPERATION_TIMEDOUT, none).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(after(CURLE_WRITE_ERROR, odd).outcome, OUTCOME_UNKNOWN);
}

static void a_server_cannot_talk_for_ever(void **state)
{
    struct smtp_replies replies = {0};

    for (int i = 0; i < SMTP_REPLY_LINES_MAX; i++)
        assert_true(smtp_replies_line(&replies, "250-more\r\n", 10, false));
    assert_false(smtp_replies_line(&replies, "250-more\r\n", 10, false));
    assert_true(replies.garbage);
    replies = (struct smtp_replies){0};
    assert_false(smtp_replies_line(&replies, "\r\n", 2, false));
    assert_false(smtp_replies_line(&replies, "25", 2, false));
    assert_true(smtp_replies_line(&replies, "250", 3, false));
    assert_false(smtp_replies_line(&replies, "250x", 4, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_about_the_recipient_counts_against_it),
        cmocka_unit_test(the_step_decides_about_the_gateway),
        cmocka_unit_test(after_the_point_only_a_whole_reply_is_clear),
        cmocka_unit_test(a_server_cannot_talk_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
