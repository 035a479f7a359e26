/* calendar/dav: what CalDAV servers answer, and what somebody answers who is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "calendar/dav.h"

#define SEEN_MAX 4

struct seen {
    size_t count;
    struct dav_response r[SEEN_MAX]; /* texts of our own */
    struct dav_summary summary;
    char token[DAV_TEXT_MAX + 1];
    struct err err;
    bool stop;
};

static bool response_cb(void *arg, const struct dav_response *r)
{
    struct seen *s = arg;

    if (s->count < SEEN_MAX) {
        struct dav_response *out = &s->r[s->count];
        *out = *r;
        out->href = mem_strdup(r->href);
        out->etag = mem_strdup(r->etag);
        out->ctag = mem_strdup(r->ctag);
        out->sync_token = mem_strdup(r->sync_token);
        out->name = mem_strdup(r->name);
        out->principal = mem_strdup(r->principal);
        out->home = mem_strdup(r->home);
        out->data = mem_strdup(r->data);
    }
    s->count++;
    return !s->stop;
}

static void seen_close(struct seen *s)
{
    for (size_t i = 0; i < s->count && i < SEEN_MAX; i++) {
        const struct dav_response *r = &s->r[i];
        const char *texts[] = {r->href, r->etag,      r->ctag, r->sync_token,
                               r->name, r->principal, r->home, r->data};
        for (size_t j = 0; j < sizeof(texts) / sizeof(*texts); j++)
            free((char *)texts[j]);
    }
    memset(s, 0, sizeof(*s));
}

static int read_text(struct seen *s, const char *text, size_t len, size_t piece)
{
    struct dav_reader *d = dav_reader_create(response_cb, s);
    int rc = 0;

    for (size_t at = 0; at < len && rc == 0; at += piece)
        rc = dav_read(d, text + at, len - at < piece ? len - at : piece, &s->err);
    if (rc == 0)
        rc = dav_read_end(d, &s->summary, &s->err);
    if (rc == 0)
        snprintf(s->token, sizeof(s->token), "%s", s->summary.sync_token);
    else
        assert_int_equal(dav_read_end(d, &s->summary, NULL), rc); /* it stays so */
    s->summary.sync_token = NULL;
    dav_reader_free(d);
    return rc;
}

/* A seed of the fuzzer's, in one piece and byte by byte. */
static void read_seed(struct seen *s, const char *name, size_t piece)
{
    char *path = mem_printf("tests/fuzz/seeds/dav/%s", name);
    struct buf b;

    buf_init(&b);
    assert_int_equal(fs_read(path, 1 << 20, &b, NULL), 0);
    assert_int_equal(read_text(s, b.data, b.len, piece), 0);
    buf_close(&b);
    free(path);
}

static void changes_and_removals_are_told_apart(void **state)
{
    for (size_t piece = 1; piece < 10000; piece += 9998) {
        struct seen s = {0};
        read_seed(&s, "changes", piece);
        assert_int_equal(s.count, 3);
        assert_string_equal(s.r[0].href, "/anna/work/1.ics");
        assert_string_equal(s.r[0].etag, "\"e1\"");
        assert_int_equal(s.r[0].status, 0);
        assert_string_equal(s.r[1].href, "/anna/work/2.ics");
        assert_string_equal(s.r[1].etag, "");
        assert_int_equal(s.r[1].status, 404);
        assert_int_equal(s.r[2].status, 507);
        assert_string_equal(s.token, "http://radicale.org/ns/sync/1a2b");
        assert_true(s.summary.multistatus);
        seen_close(&s);
    }
}

static void a_collection_says_what_it_is(void **state)
{
    struct seen s = {0};

    read_seed(&s, "what", 3);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.r[0].flags,
                     DAV_COLLECTION | DAV_CALENDAR | DAV_OTHER_PARTS | DAV_EVENTS | DAV_CAN_SYNC);
    assert_string_equal(s.r[0].name, "Anna & Börje");
    assert_string_equal(s.r[0].principal, "/remote.php/dav/principals/users/anna/");
    assert_string_equal(s.r[0].home, "");
    assert_string_equal(s.r[0].ctag, "http://sabre.io/ns/sync/41");
    assert_string_equal(s.r[0].sync_token, "http://sabre.io/ns/sync/41");
    seen_close(&s);
}

static void objects_come_as_they_are(void **state)
{
    struct seen s = {0};

    read_seed(&s, "objects", 5);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.r[0].data, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n");
    assert_string_equal(s.r[0].etag, "W/\"7\"");
    assert_string_equal(s.r[1].data, "BEGIN:VCALENDAR\nSUMMARY:1 < 2 & 3 ]]> 2\nEND:VCALENDAR\n");
    seen_close(&s);
}

/* A property counts only if its own propstat was a success, wherever its status stands. */
static void what_was_refused_does_not_count(void **state)
{
    static const char text[] =
        "<m:multistatus xmlns:m='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'>"
        "<m:response><m:href> /a/ </m:href>"
        "<m:propstat><m:prop><m:getetag>bad</m:getetag><m:resourcetype><c:calendar/>"
        "</m:resourcetype></m:prop><m:status>HTTP/1.1 403 Forbidden</m:status></m:propstat>"
        "<m:propstat><m:prop><m:displayname>Good</m:displayname></m:prop>"
        "<m:status>HTTP/1.1 200 OK</m:status></m:propstat>"
        "</m:response><m:response><m:href>/b/</m:href></m:response></m:multistatus>";
    struct seen s = {0};

    assert_int_equal(read_text(&s, text, strlen(text), 64), 0);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.r[0].href, "/a/");
    assert_string_equal(s.r[0].etag, "");
    assert_string_equal(s.r[0].name, "Good");
    assert_int_equal(s.r[0].flags, 0);
    assert_string_equal(s.r[1].name, ""); /* not the one before */
    seen_close(&s);
}

static void a_refused_token_is_told_from_an_answer(void **state)
{
    static const char other[] = "<html><body>It works!</body></html>";
    struct seen s = {0};

    read_seed(&s, "refused", 1000);
    assert_true(s.summary.token_refused);
    assert_false(s.summary.multistatus);
    seen_close(&s);
    assert_int_equal(read_text(&s, other, strlen(other), 1000), 0);
    assert_false(s.summary.multistatus);
    assert_false(s.summary.token_refused);
    seen_close(&s);
}

static void refused(const char *text, size_t len, int rc, const char *words)
{
    struct seen s = {0};
    int got = read_text(&s, text, len, 1000);

    if (got != rc || strstr(s.err.text, words) == NULL)
        fail_msg("%d %s for %.60s", got, s.err.text, text);
    seen_close(&s);
}

static void entities_are_refused(void **state)
{
    struct buf b;

    buf_init(&b);
    assert_int_equal(fs_read("tests/fuzz/seeds/dav/entities", 1 << 20, &b, NULL), 0);
    refused(b.data, b.len, ERR_INVALID, "document type");
    buf_close(&b);
    static const char unknown[] = "<m xmlns='DAV:'>&what;</m>";
    refused(unknown, strlen(unknown), ERR_INVALID, "no XML");
}

static void what_is_no_xml_is_told(void **state)
{
    static const char *const bad[] = {"",   "hello",     "<a>",         "<a></b>", "<a/><b/>",
                                      "<a", "\xff\xfe<", "<a>\x01</a>", "<x:a/>"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        refused(bad[i], strlen(bad[i]), ERR_INVALID, "no XML");
}

static void repeat(struct buf *b, const char *s, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_puts(b, s);
}

static void nothing_is_larger_or_deeper_than_it_may_be(void **state)
{
    struct buf b;

    buf_init(&b);
    repeat(&b, "<a>", DAV_DEPTH_MAX + 1);
    refused(b.data, b.len, ERR_LIMIT, "without end");
    buf_clear(&b);
    buf_puts(&b, "<multistatus xmlns='DAV:'><response><href>");
    repeat(&b, "x", DAV_TEXT_MAX + 1);
    refused(b.data, b.len, ERR_LIMIT, "too long");
    buf_clear(&b);
    buf_puts(&b, "<m:multistatus xmlns:m='DAV:' xmlns='urn:ietf:params:xml:ns:caldav'><m:response>"
                 "<m:propstat><m:prop><calendar-data>");
    repeat(&b, "0123456789abcdef", DAV_DATA_MAX / 16);
    size_t full = b.len;
    buf_puts(&b, "</calendar-data></m:prop></m:propstat></m:response></m:multistatus>");
    struct seen s = {0};
    assert_int_equal(read_text(&s, b.data, b.len, 16384), 0); /* just as much is fine */
    assert_int_equal(s.r[0].data_len, DAV_DATA_MAX);
    assert_false(s.r[0].data_over);
    seen_close(&s);
    buf_truncate(&b, full);
    buf_puts(&b,
             "x</calendar-data></m:prop></m:propstat></m:response><m:response/></m:multistatus>");
    assert_int_equal(read_text(&s, b.data, b.len, 16384), 0); /* the others are not lost with it */
    assert_int_equal(s.count, 2);
    assert_true(s.r[0].data_over);
    assert_int_equal(s.r[0].data_len, 0);
    assert_false(s.r[1].data_over);
    seen_close(&s);
    buf_clear(&b);
    buf_puts(&b, "<multistatus xmlns='DAV:' a='");
    repeat(&b, "xxxxxxxx", DAV_TOKEN_MAX / 2);
    refused(b.data, b.len, ERR_LIMIT, "no end");
    buf_clear(&b);
    buf_puts(&b, "<multistatus xmlns='DAV:'>");
    repeat(&b, "<response/>", DAV_RESPONSES_MAX + 1);
    refused(b.data, b.len, ERR_LIMIT, "more responses");
    buf_close(&b);
}

static void a_reader_can_be_stopped(void **state)
{
    static const char text[] = "<multistatus xmlns='DAV:'><response/><response/></multistatus>";
    struct seen s = {.stop = true};

    assert_int_equal(read_text(&s, text, strlen(text), 1000), ERR_CANCELLED);
    assert_int_equal(s.count, 1);
    seen_close(&s);
}

static bool nothing_cb(void *arg, const struct dav_response *r)
{
    return true;
}

/* What we ask is XML ourselves, whatever a token or an href has in it. */
static void questions_are_xml_whatever_is_in_them(void **state)
{
    static const char *const hrefs[] = {"/a/1.ics", "/a/<&>]]>\"'.ics"};
    struct buf b;

    buf_init(&b);
    for (int i = 0; i < 5; i++) {
        struct dav_summary summary;
        buf_clear(&b);
        i == 0   ? dav_ask_what(&b)
        : i == 1 ? dav_ask_sign(&b)
        : i == 2 ? dav_ask_members(&b)
        : i == 3 ? dav_ask_changes(&b, "a<b>&amp;]]>")
                 : dav_ask_objects(&b, hrefs, 2);
        struct dav_reader *d = dav_reader_create(nothing_cb, NULL);
        assert_int_equal(dav_read(d, b.data, b.len, NULL), 0);
        assert_int_equal(dav_read_end(d, &summary, NULL), 0);
        dav_reader_free(d);
    }
    assert_non_null(strstr(b.data, "<d:href>/a/&lt;&amp;&gt;]]&gt;\"'.ics</d:href>"));
    buf_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_and_removals_are_told_apart),
        cmocka_unit_test(a_collection_says_what_it_is),
        cmocka_unit_test(objects_come_as_they_are),
        cmocka_unit_test(what_was_refused_does_not_count),
        cmocka_unit_test(a_refused_token_is_told_from_an_answer),
        cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(what_is_no_xml_is_told),
        cmocka_unit_test(nothing_is_larger_or_deeper_than_it_may_be),
        cmocka_unit_test(a_reader_can_be_stopped),
        cmocka_unit_test(questions_are_xml_whatever_is_in_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
