/* text/mime: the exact bytes of a mail. What is refused is in mime_refusals_test.c;
 * mime_parser_test.c has another's parser read it. */
#include "mime_common.h"

static void plain_mail_is_exactly_these_bytes(void **state)
{
    char *mail = build(&plain);

    assert_string_equal(mail, "Date: Tue, 08 Dec 2026 10:00:00 +0000\r\n"
                              "From: Riverside Garage <hello@example.com>\r\n"
                              "To: Anna <anna@example.org>\r\n"
                              "Subject: Your car is ready\r\n"
                              "Message-ID: <t1@example.com>\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: text/plain;\r\n"
                              " charset=utf-8\r\n"
                              "Content-Transfer-Encoding: quoted-printable\r\n"
                              "\r\n"
                              "Hello Anna,\r\n"
                              "it is ready.\r\n");
    free(mail);
}

static void text_html_and_invitation_stand_in_this_order(void **state)
{
    struct mime_part invitation = {"text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\n", NULL};
    struct mime_mail m = plain;

    m.html = "<p class=\"x\">Hello</p>";
    m.extra = &invitation;
    char *mail = build(&m);
    assert_has(mail, "MIME-Version: 1.0\r\n"
                     "Content-Type: multipart/alternative;\r\n"
                     " boundary=\"=_b\"\r\n"
                     "\r\n"
                     "--=_b\r\n"
                     "Content-Type: text/plain;\r\n"
                     " charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "Hello Anna,\r\n"
                     "it is ready.\r\n"
                     "\r\n"
                     "--=_b\r\n"
                     "Content-Type: text/html;\r\n"
                     " charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "<p class=3D\"x\">Hello</p>\r\n"
                     "\r\n"
                     "--=_b\r\n"
                     "Content-Type: text/calendar; method=REQUEST;\r\n"
                     " charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "BEGIN:VCALENDAR\r\n"
                     "\r\n"
                     "--=_b--\r\n");
    free(mail);
}

static void a_calendar_file_goes_behind_the_words(void **state)
{
    struct mime_part invitation = {"text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\n",
                                   "invite.ics"};
    struct mime_mail m = plain;

    m.extra = &invitation;
    char *mail = build(&m);
    assert_has(mail, "MIME-Version: 1.0\r\n"
                     "Content-Type: multipart/mixed;\r\n"
                     " boundary=\"=mb\"\r\n"
                     "\r\n"
                     "--=mb\r\n"
                     "Content-Type: multipart/alternative;\r\n"
                     " boundary=\"=_b\"\r\n"
                     "\r\n"
                     "--=_b\r\n"
                     "Content-Type: text/plain;\r\n");
    assert_has(mail, "--=_b\r\n"
                     "Content-Type: text/calendar; method=REQUEST;\r\n"
                     " charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "BEGIN:VCALENDAR\r\n"
                     "\r\n"
                     "--=_b--\r\n"
                     "\r\n"
                     "--=mb\r\n"
                     "Content-Type: application/ics;\r\n"
                     " charset=utf-8; name=\"invite.ics\"\r\n"
                     "Content-Disposition: attachment; filename=\"invite.ics\"\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "BEGIN:VCALENDAR\r\n"
                     "\r\n"
                     "--=mb--\r\n");
    free(mail);
}

static void date_is_told_at_the_offset(void **state)
{
    struct mime_mail m = plain;

    m.offset_s = 5 * 3600;
    char *mail = build(&m);
    assert_has(mail, "Date: Tue, 08 Dec 2026 15:00:00 +0500\r\n");
    free(mail);
    m.offset_s = -(3 * 3600 + 30 * 60);
    mail = build(&m);
    assert_has(mail, "Date: Tue, 08 Dec 2026 06:30:00 -0330\r\n");
    free(mail);
}

static void one_click_needs_an_https_link(void **state)
{
    struct mime_mail m = plain;

    m.unsubscribe_url = "https://example.com/u/abc?x=1,2";
    m.unsubscribe_mailbox = "stop+a=b@example.com";
    char *mail = build(&m);
    assert_has(mail, "List-Unsubscribe: <https://example.com/u/abc?x=1,2>,\r\n"
                     " <mailto:stop+a%3Db@example.com?subject=unsubscribe>\r\n"
                     "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    free(mail);
    m.unsubscribe_url = "http://example.com/u/abc";
    m.unsubscribe_mailbox = NULL;
    mail = build(&m);
    assert_has(mail, "List-Unsubscribe: <http://example.com/u/abc>\r\n");
    assert_lacks(mail, "One-Click");
    free(mail);
    m.unsubscribe_url = NULL;
    m.unsubscribe_mailbox = "stop@example.com";
    mail = build(&m);
    assert_lacks(mail, "One-Click");
    free(mail);
}

static void the_other_headers_stand_when_asked_for(void **state)
{
    struct mime_mail m = plain;

    m.reply_to = "desk@example.com";
    m.auto_submitted = "auto-generated";
    m.language = "kk-KZ";
    char *mail = build(&m);
    assert_has(mail, "\r\nReply-To: desk@example.com\r\n");
    assert_has(mail, "\r\nAuto-Submitted: auto-generated\r\n");
    assert_has(mail, "\r\nContent-Language: kk-KZ\r\n");
    free(mail);
    mail = build(&plain);
    assert_lacks(mail, "Reply-To");
    assert_lacks(mail, "Auto-Submitted");
    assert_lacks(mail, "Content-Language");
    assert_lacks(mail, "List-");
    free(mail);
}

static void smtp_and_mbox_find_nothing_to_trip_over(void **state)
{
    struct mime_mail m = plain;

    m.text = "a\n.\nFrom here\r.dot\r\n\r\nFromage\nend \ntab\t";
    char *mail = build(&m);
    assert_has(mail,
               "\r\n\r\na\r\n=2E\r\n=46rom here\r\n=2Edot\r\n\r\nFromage\r\nend=20\r\ntab=09\r\n");
    free(mail);
    /* a soft line break must not put the dot first, either */
    char text[200];
    memset(text, '.', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    m.text = text;
    mail = build(&m);
    assert_lacks(mail, "\n.");
    free(mail);
}

static void shorter_body_encoding_wins(void **state)
{
    struct mime_mail m = plain;

    m.text = "Labdien, Jūsu automašīna ir gatava.";
    char *mail = build(&m);
    assert_has(mail,
               "quoted-printable\r\n\r\nLabdien, J=C5=ABsu automa=C5=A1=C4=ABna ir gatava.\r\n");
    free(mail);
    m.text = "سلام";
    mail = build(&m);
    assert_has(mail, "base64\r\n\r\n2LPZhNin2YUNCg==\r\n");
    free(mail);
}

static void names_are_quoted_only_where_they_must_be(void **state)
{
    struct mime_mail m = plain;

    m.to.name = "Smith, \"Bob\" \\ Co.";
    char *mail = build(&m);
    assert_has(mail, "To: \"Smith, \\\"Bob\\\" \\\\ Co.\" <anna@example.org>\r\n");
    free(mail);
    m.to.name = "Ilze Bērziņa";
    mail = build(&m);
    assert_has(mail, "To: =?UTF-8?B?SWx6ZSBCxJNyemnFhmE=?= <anna@example.org>\r\n");
    free(mail);
    m.to.name = "Jānis van der Berg";
    mail = build(&m);
    assert_has(mail, "To: =?UTF-8?Q?J=C4=81nis_van_der_Berg?= <anna@example.org>\r\n");
    free(mail);
    m.to.name = "";
    mail = build(&m);
    assert_has(mail, "To: anna@example.org\r\n");
    free(mail);
}

static void boundaries_differ_unless_given(void **state)
{
    struct mime_mail m = plain;

    m.boundary = NULL;
    m.html = "<p>x</p>";
    char *a = build(&m), *b = build(&m);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
    m.boundary = "fixed";
    a = build(&m);
    b = build(&m);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_mail_is_exactly_these_bytes),
        cmocka_unit_test(text_html_and_invitation_stand_in_this_order),
        cmocka_unit_test(a_calendar_file_goes_behind_the_words),
        cmocka_unit_test(date_is_told_at_the_offset),
        cmocka_unit_test(one_click_needs_an_https_link),
        cmocka_unit_test(the_other_headers_stand_when_asked_for),
        cmocka_unit_test(smtp_and_mbox_find_nothing_to_trip_over),
        cmocka_unit_test(shorter_body_encoding_wins),
        cmocka_unit_test(names_are_quoted_only_where_they_must_be),
        cmocka_unit_test(boundaries_differ_unless_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
