/* cli/terminal, cli/show: widths, cutting, and that no value can command the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/show.h"
#include "cli/terminal.h"

static void cut_is(const char *text, size_t columns, const char *expected)
{
    struct buf b;

    buf_init(&b);
    text_cut(&b, text, columns);
    assert_string_equal(b.data, expected);
    assert_true(text_columns(b.data) <= columns);
    buf_close(&b);
}

static void test_widths_are_those_of_the_terminal(void **state)
{
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("Anna"), 4);
    assert_int_equal(text_columns("Jānis"), 5);
    assert_int_equal(text_columns("Ja\u0304nis"), 5); /* a and a combining macron */
    assert_int_equal(text_columns("日本"), 4);
}

static void test_what_is_too_wide_ends_with_an_ellipsis(void **state)
{
    cut_is("Riverside", 9, "Riverside");
    cut_is("Riverside", 8, "Riversi…");
    cut_is("Riverside", 1, "…");
    cut_is("Riverside", 0, "");
    cut_is("Бērziņš", 4, "Бēr…");
    cut_is("日本語", 4, "日…"); /* half a character does not fit */
}

static void test_control_characters_become_spaces(void **state)
{
    cut_is("a\x1b[31mb\nc\x7f"
           "d",
           SIZE_MAX, "a [31mb c d");
    cut_is("a\xc2\x9b"
           "b",
           SIZE_MAX, "a b"); /* the one-byte CSI of C1 */
}

static void test_bytes_that_are_no_text_do_no_harm(void **state)
{
    cut_is("a\xff"
           "b",
           SIZE_MAX, "a\uFFFDb");
    json_t *v = show_json_text("a\xff"
                               "b");
    assert_string_equal(json_string_value(v), "a\uFFFDb");
    json_decref(v);
    v = show_json_text(NULL);
    assert_true(json_is_null(v));
    json_decref(v);
}

static void test_times_show_the_year_only_when_it_is_another(void **state)
{
    const struct zone *riga = zone_get("Europe/Riga");
    char out[SHOW_TIME_MAX];

    assert_non_null(riga);
    show_time(INT64_C(1796734800000), riga, INT64_C(1796734800000), out);
    assert_string_equal(out, "Tue  8 Dec 15:00");
    show_time(INT64_C(1796734800000), riga, INT64_C(1700000000000), out);
    assert_string_equal(out, "Tue  8 Dec 2026 15:00");
}

static void test_spans_have_one_unit(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0 seconds"},           {1000, "1 second"},    {119999, "119 seconds"},
                 {120000, "2 minutes"},      {-7200000, "2 hours"}, {90 * 60000, "90 minutes"},
                 {47 * 3600000, "47 hours"}, {172800000, "2 days"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[SHOW_TIME_MAX];
        show_span(cases[i].ms, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void test_a_message_has_the_promised_keys_in_their_order(void **state)
{
    static const char *const keys[] = {
        "id",  "rule",  "purpose", "client_id", "job_id",  "appointment_id", "to",   "channel",
        "due", "state", "reason",  "attempts",  "gateway", "subject",        "text", "with_id"};
    struct outbox_row r = {.id = 3, .rule = "ready", .due_ms = INT64_C(1796734800000)};
    json_t *o = show_json(&r), *v;
    const char *key;
    size_t i = 0;

    json_object_foreach(o, key, v)
    {
        assert_true(i < sizeof(keys) / sizeof(keys[0]));
        assert_string_equal(key, keys[i++]);
    }
    assert_int_equal(i, sizeof(keys) / sizeof(keys[0]));
    assert_string_equal(json_string_value(json_object_get(o, "due")), "2026-12-08T13:00:00Z");
    assert_true(json_is_null(json_object_get(o, "job_id")));
    assert_true(json_is_null(json_object_get(o, "text")));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths_are_those_of_the_terminal),
        cmocka_unit_test(test_what_is_too_wide_ends_with_an_ellipsis),
        cmocka_unit_test(test_control_characters_become_spaces),
        cmocka_unit_test(test_bytes_that_are_no_text_do_no_harm),
        cmocka_unit_test(test_times_show_the_year_only_when_it_is_another),
        cmocka_unit_test(test_spans_have_one_unit),
        cmocka_unit_test(test_a_message_has_the_promised_keys_in_their_order),
    };

    terminal_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
