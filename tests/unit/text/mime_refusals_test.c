/* text/mime: what must not get into a mail. */
#include "mime_common.h"

#define BIG (MIME_BODY_MAX + 1)

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
    struct mime_part part = {"text/calendar", "\xff", NULL};

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
    struct mime_part part = {"application/ics", "x", NULL};

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
    part.type = "text/calendar";
    part.filename = "a\"; x=\"b.ics";
    assert_refused(&m, ERR_INVALID, "file name");
    part.filename = "";
    assert_refused(&m, ERR_INVALID, "file name");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_header_value_may_hold_a_line_break),
        cmocka_unit_test(no_mailbox_may_be_none_or_hostile),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(what_is_missing_or_misshapen_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(message_ids_are_built_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
