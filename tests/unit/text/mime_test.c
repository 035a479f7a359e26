/*
 * text/mime: what must not get into a mail, the exact bytes of one, and, read by Python's own
 * e-mail parser (mime_check.py), that what went in comes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "text/mime.h"

#define BIG (MIME_BODY_MAX + 1)

static const struct mime_mail plain = {
    .from = {"Riverside Garage", "hello@example.com"},
    .to = {"Anna", "anna@example.org"},
    .subject = "Your car is ready",
    .text = "Hello Anna,\nit is ready.\n",
    .date_ms = 1796724000000, /* 2026-12-08T10:00:00Z */
    .message_id = "<t1@example.com>",
    .boundary = "b",
};

/* ---- exact bytes ----------------------------------------------------------------------------- */

static char *build(const struct mime_mail *m)
{
    struct buf out;
    struct err err = {""};

    buf_init(&out);
    int rc = mime_build(m, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    assert_int_equal(strlen(out.data), out.len);
    return buf_steal(&out);
}

static void assert_has(const char *mail, const char *part)
{
    if (strstr(mail, part) == NULL)
        fail_msg("missing: %s\nin: %s", part, mail);
}

static void assert_lacks(const char *mail, const char *part)
{
    if (strstr(mail, part) != NULL)
        fail_msg("found: %s\nin: %s", part, mail);
}

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
    struct mime_part invitation = {"text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\n"};
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

/* ---- what is refused ------------------------------------------------------------------------- */

/* Building `m` must fail with `code`, name the culprit, and leave the output alone. */
static void assert_refused(const struct mime_mail *m, int code, const char *says)
{
    struct buf out;
    struct err err = {""};

    buf_init(&out);
    buf_puts(&out, "before");
    assert_int_equal(mime_build(m, &out, &err), code);
    assert_string_equal(out.data, "before");
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    buf_close(&out);
}

static void no_header_value_may_hold_a_line_break(void **state)
{
    static const char *const hostile[] = {"Bob\r\nBcc: x@example.net",
                                          "Bob\nBcc: x@example.net",
                                          "Bob\rBcc: x@example.net",
                                          "Bob\x7f",
                                          "Bob\x01",
                                          "Bob\tCo"};

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct mime_mail m = plain;
        m.to.name = hostile[i];
        assert_refused(&m, ERR_INVALID, "To: the name holds a line break");
        m = plain;
        m.from.name = hostile[i];
        assert_refused(&m, ERR_INVALID, "From: the name holds a line break");
        m = plain;
        m.subject = hostile[i];
        assert_refused(&m, ERR_INVALID, "the subject holds a line break");
        m = plain;
        m.message_id = hostile[i];
        assert_refused(&m, ERR_INVALID, "the Message-ID holds a line break");
        m = plain;
        m.language = hostile[i];
        assert_refused(&m, ERR_INVALID, "the language holds a line break");
        m = plain;
        m.auto_submitted = hostile[i];
        assert_refused(&m, ERR_INVALID, "Auto-Submitted holds a line break");
        m = plain;
        m.unsubscribe_url = hostile[i];
        assert_refused(&m, ERR_INVALID, "the unsubscribe link holds a line break");
        m = plain;
        m.boundary = hostile[i];
        assert_refused(&m, ERR_INVALID, "the boundary holds a line break");
    }
}

static void no_mailbox_may_be_none_or_hostile(void **state)
{
    static const char *const hostile[] = {"",
                                          "anna",
                                          "a@example.org\r\nBcc: x@example.net",
                                          "a@example.org, b@example.org",
                                          "a@example.org> <b@c.de",
                                          " a@example.org"};

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct mime_mail m = plain;
        m.to.mailbox = hostile[i];
        assert_refused(&m, ERR_INVALID, "To: ");
        m = plain;
        m.from.mailbox = hostile[i];
        assert_refused(&m, ERR_INVALID, "From: ");
        m = plain;
        m.reply_to = hostile[i];
        assert_refused(&m, ERR_INVALID, "Reply-To: ");
        m = plain;
        m.unsubscribe_mailbox = hostile[i];
        assert_refused(&m, ERR_INVALID, "the unsubscribe address: ");
    }
    struct mime_mail m = plain;
    m.to.mailbox = NULL;
    assert_refused(&m, ERR_INVALID, "To: there is no e-mail address");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    struct mime_mail m = plain;
    struct mime_part part = {"text/calendar", "\xff"};

    m.text = "caf\xe9";
    assert_refused(&m, ERR_INVALID, "the text is not UTF-8");
    m = plain;
    m.html = "\xed\xa0\x80";
    assert_refused(&m, ERR_INVALID, "the HTML is not UTF-8");
    m = plain;
    m.subject = "\xc0\xaf";
    assert_refused(&m, ERR_INVALID, "the subject is not UTF-8");
    m = plain;
    m.to.name = "\xe2\x82";
    assert_refused(&m, ERR_INVALID, "To: the name is not UTF-8");
    m = plain;
    m.extra = &part;
    assert_refused(&m, ERR_INVALID, "the extra part is not UTF-8");
}

static void what_is_missing_or_misshapen_is_refused(void **state)
{
    struct mime_mail m = plain;
    struct mime_part part = {"application/ics", "x"};

    m.text = NULL;
    assert_refused(&m, ERR_INVALID, "the text is missing");
    m = plain;
    m.message_id = NULL;
    assert_refused(&m, ERR_INVALID, "the Message-ID is missing");
    static const char *const ids[] = {"",     "a@b",     "<a@b",    "<@b>",
                                      "<a@>", "<a b@c>", "<a@b@c>", "<ab>"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        m.message_id = ids[i];
        assert_refused(&m, ERR_INVALID, "Message-ID");
    }
    m = plain;
    m.unsubscribe_url = "javascript:alert(1)";
    assert_refused(&m, ERR_INVALID, "https://");
    m.unsubscribe_url = "https://example.com/>, <https://evil.example";
    assert_refused(&m, ERR_INVALID, "a URL may not hold");
    m = plain;
    m.extra = &part;
    assert_refused(&m, ERR_INVALID, "text/");
    part.type = "text/calendar\r\nX: y";
    assert_refused(&m, ERR_INVALID, "line break");
    m = plain;
    m.date_ms = INT64_MAX;
    assert_refused(&m, ERR_INVALID, "date");
    m = plain;
    m.language = "";
    assert_refused(&m, ERR_INVALID, "empty");
}

static void limits_are_kept(void **state)
{
    char *big = mem_alloc(BIG + 1);
    struct mime_mail m = plain;

    memset(big, 'x', BIG);
    big[BIG] = '\0';
    m.text = big;
    assert_refused(&m, ERR_LIMIT, "the text is longer than");
    m = plain;
    m.html = big;
    assert_refused(&m, ERR_LIMIT, "the HTML is longer than");
    m = plain;
    m.subject = big;
    assert_refused(&m, ERR_LIMIT, "the subject is longer than");
    m = plain;
    m.from.name = big;
    assert_refused(&m, ERR_LIMIT, "From: the name is longer than");
    m = plain;
    m.text = big + 1; /* exactly the limit */
    char *mail = build(&m);
    assert_true(strlen(mail) > MIME_BODY_MAX);
    free(mail);
    free(big);
}

static void message_ids_are_built_or_refused(void **state)
{
    char id[MIME_ID_MAX], token[MIME_TOKEN_MAX + 2];
    struct err err;

    assert_int_equal(mime_message_id(id, "42.0af3", "Example.com", &err), 0);
    assert_string_equal(id, "<42.0af3@example.com>");
    assert_int_equal(mime_message_id(id, "", "example.com", &err), ERR_INVALID);
    assert_string_equal(id, "");
    assert_int_equal(mime_message_id(id, "a b", "example.com", &err), ERR_INVALID);
    assert_int_equal(mime_message_id(id, "a.", "example.com", &err), ERR_INVALID);
    assert_int_equal(mime_message_id(id, "a..b", "example.com", &err), ERR_INVALID);
    assert_int_equal(mime_message_id(id, "a>", "example.com", &err), ERR_INVALID);
    assert_int_equal(mime_message_id(id, "a", "example.com>\r\nX: y", &err), ERR_INVALID);
    memset(token, 'a', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    assert_int_equal(mime_message_id(id, token, "example.com", &err), ERR_LIMIT);
    struct mime_mail m = plain;
    assert_int_equal(mime_message_id(id, token + 1, "example.com", &err), 0);
    m.message_id = id;
    free(build(&m));
}

/* ---- read by another's parser ---------------------------------------------------------------- */

static FILE *checker_open(const char *redirect)
{
    char command[1024];
    int folder = (int)(strrchr(__FILE__, '/') - __FILE__);

    snprintf(command, sizeof(command), "/usr/bin/python3 -B %.*s/mime_check.py >/dev/null %s",
             folder, __FILE__, redirect);
    fflush(NULL);
    FILE *f = popen(command, "w");
    assert_non_null(f);
    return f;
}

static void tell(FILE *f, const char *key, const char *value)
{
    if (value == NULL)
        return;
    fprintf(f, "%s ", key);
    for (; *value != '\0'; value++)
        fprintf(f, "%02x", (unsigned char)*value);
    fputc('\n', f);
}

/* Hand a built mail to the checker with everything that it is to find there. */
static void tell_mail(FILE *f, const struct mime_mail *m)
{
    char *mail = build(m);

    tell(f, "mail", mail);
    tell(f, "subject", m->subject);
    tell(f, "from_name", m->from.name);
    tell(f, "from", m->from.mailbox);
    tell(f, "to_name", m->to.name);
    tell(f, "to", m->to.mailbox);
    tell(f, "text", m->text);
    tell(f, "html", m->html);
    tell(f, "calendar", m->extra != NULL ? m->extra->body : NULL);
    tell(f, "language", m->language);
    tell(f, "message_id", m->message_id);
    fputs("end\n", f);
    free(mail);
}

static const char *const samples[] = {
    "Your car is ready",
    "Jūsu automašīna ir gatava, Bērziņ! Šodien līdz 18:00",
    "خودروی شما آماده است؛ امروز تا ساعت ۱۸ منتظر شما هستیم",
    "Көлігіңіз дайын. Бүгін сағат 18:00-ге дейін алып кетуіңізге болады",
    "🎉🚗 ready 👩‍🔧",
    "Smith, \"Bob\" \\ Sons; <boss@example.net> (the elder): [x]",
    "=?UTF-8?Q?not_an_encoded_word?=",
    "a  b   c",
    "'=' ?= =? _ under_score",
    "one-word-that-is-far-too-long-for-a-line-and-has-no-place-where-it-could-be-folded-at-all-"
    "0123",
    "A subject of plain words that goes on and on past the end of its line, and then on some more, "
    "so that it has to be folded at one of its spaces, twice at the least, and come out unchanged.",
    ".",
    "From here to there",
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void tell_samples(FILE *f)
{
    struct mime_part invitation = {"text/calendar; method=REQUEST",
                                   "BEGIN:VCALENDAR\r\nSUMMARY:Жөндеу\r\nEND:VCALENDAR\r\n"};

    for (size_t i = 0; i < SAMPLES; i++) {
        struct mime_mail m = plain;
        m.boundary = NULL;
        m.subject = m.text = samples[i];
        m.from.name = samples[(i + 1) % SAMPLES];
        m.to.name = samples[(i + 2) % SAMPLES];
        tell_mail(f, &m);
        m.html = samples[(i + 3) % SAMPLES];
        m.language = "fa";
        tell_mail(f, &m);
        m.extra = &invitation;
        m.unsubscribe_url = "https://example.com/u/0123456789abcdef";
        m.unsubscribe_mailbox = "stop@example.com";
        m.auto_submitted = "auto-generated";
        tell_mail(f, &m);
    }
}

/* `count` times `s`. */
static char *repeat(const char *s, size_t count)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < count; i++)
        buf_puts(&b, s);
    return buf_steal(&b);
}

/* Subjects, names and bodies around each length at which a line is full. */
static void tell_lengths(FILE *f)
{
    static const char *const units[] = {"x", "\"", "ж", "漢", "😀", "ab ", "é b", "=.", "\t", "Fr."};

    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        for (size_t n = 1; n <= 500; n += n < 90 ? 1 : n < 230 ? 7 : 270) {
            char *s = repeat(units[u], n);
            char *name = repeat(units[u], n < 100 ? n : 100);
            struct mime_mail m = plain;
            m.text = s;
            /* Python cuts white space off the end of a plain header, and a tab is refused in one;
             * names are compared with their own last word */
            char *line = mem_printf("%s.", strchr(s, '\t') != NULL ? "no tab" : s);
            char *called = mem_printf("%s.", strchr(s, '\t') != NULL ? "no tab" : name);
            m.subject = line;
            m.to.name = called;
            tell_mail(f, &m);
            free(line);
            free(called);
            free(name);
            free(s);
        }
    }
}

/* Random text, every byte of ASCII and some characters of every length, seeded. */
static void tell_random(FILE *f)
{
    rng_seed(20261208);
    for (int i = 0; i < 300; i++) {
        struct buf text;
        struct mime_mail m = plain;
        uint64_t ascii = rng_below(100);
        buf_init(&text);
        for (uint64_t n = rng_below(700); n > 0; n--) {
            static const uint32_t others[] = {0xe9, 0x436, 0x6a9, 0x20ac, 0x6f22, 0x1f600};
            uint32_t cp =
                rng_below(100) < ascii ? 1 + (uint32_t)rng_below(127) : others[rng_below(6)];
            char utf8[4];
            buf_append(&text, utf8, str_utf8_put(utf8, cp));
        }
        m.text = text.data;
        tell_mail(f, &m);
        buf_close(&text);
    }
}

static void pythons_parser_reads_what_was_written(void **state)
{
    FILE *f = checker_open("");

    tell_samples(f);
    tell_lengths(f);
    tell_random(f);
    assert_int_equal(pclose(f), 0);
}

/* The checker itself must see what is wrong, or the test above shows nothing. */
static void checker_refuses(const char *mail, const char *key, const char *value)
{
    FILE *f = checker_open("2>/dev/null");

    tell(f, "mail", mail);
    tell(f, key, value);
    fputs("end\n", f);
    if (pclose(f) == 0)
        fail_msg("the checker took: %s", mail);
}

static void the_checker_sees_what_is_wrong(void **state)
{
    struct mime_mail m = plain;
    char *good = build(&m);
    char *bare = mem_printf("%sa\nb\r\n", good);
    char *dot = mem_printf("%s.\r\n", good);
    char *half = mem_printf("Subject: =?UTF-8?Q?=C5?=\r\n%s", good);
    char *bcc = mem_printf("Bcc: x@example.net\r\n%s", good);

    m.html = "<p>x</p>";
    char *open = build(&m);
    open[strlen(open) - 4] = '\0'; /* without "--" of the last boundary */
    char *unclosed = mem_printf("%s\r\n", open);

    checker_refuses(good, "subject", "Your car is gone");
    checker_refuses(good, "text", "Hello");
    checker_refuses(good, "to_name", "Bob");
    checker_refuses(bare, "only_bytes", "");
    checker_refuses(dot, "only_bytes", "");
    checker_refuses(half, "only_bytes", "");
    checker_refuses(bcc, "to_name", "Anna");
    checker_refuses(unclosed, "to_name", "Anna");
    free(good);
    free(bare);
    free(dot);
    free(half);
    free(bcc);
    free(open);
    free(unclosed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_mail_is_exactly_these_bytes),
        cmocka_unit_test(text_html_and_invitation_stand_in_this_order),
        cmocka_unit_test(date_is_told_at_the_offset),
        cmocka_unit_test(one_click_needs_an_https_link),
        cmocka_unit_test(the_other_headers_stand_when_asked_for),
        cmocka_unit_test(smtp_and_mbox_find_nothing_to_trip_over),
        cmocka_unit_test(shorter_body_encoding_wins),
        cmocka_unit_test(names_are_quoted_only_where_they_must_be),
        cmocka_unit_test(boundaries_differ_unless_given),
        cmocka_unit_test(no_header_value_may_hold_a_line_break),
        cmocka_unit_test(no_mailbox_may_be_none_or_hostile),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(what_is_missing_or_misshapen_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(message_ids_are_built_or_refused),
        cmocka_unit_test(pythons_parser_reads_what_was_written),
        cmocka_unit_test(the_checker_sees_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
