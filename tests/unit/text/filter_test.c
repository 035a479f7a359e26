/* text/filter: what a template may do to a value; through templates, as people use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/filter.h"
#include "text/template.h"
#include "time/moment.h"

static int64_t instant(const char *s)
{
    struct moment m;

    assert_int_equal(moment_parse(s, &m, NULL), 0);
    return moment_instant(&m, zone_utc());
}

static struct template_report report;

/* Render in a language, at 2026-12-07 09:00 UTC, for a business in Riga that counts in euro. */
static int render(const char *language, const char *text, const char *data_text, struct buf *out)
{
    struct template_source source = {
        .file = "t", .text = text, .len = strlen(text), .place = TEMPLATE_TEXT};
    struct template *t = template_compile(&source, NULL, NULL);
    json_t *data = json_loads(data_text, 0, NULL);
    struct template_env env = {.language = language,
                               .region = "LV",
                               .zone = zone_get("Europe/Riga"),
                               .now_ms = instant("2026-12-07T09:00:00Z"),
                               .currency = "EUR"};

    assert_non_null(t);
    assert_non_null(data);
    template_report_close(&report);
    int rc = template_render(t, data, &env, out, &report);
    json_decref(data);
    template_free(t);
    return rc;
}

static void gives(const char *language, const char *text, const char *data, const char *expected)
{
    struct buf out;

    buf_init(&out);
    if (render(language, text, data, &out) != 0)
        fail_msg("%s: %s", text,
                 report.problems.count > 0 ? report.problems.items[0] : "missing or unknown");
    assert_string_equal(out.data, expected);
    buf_close(&out);
}

static void fails(const char *text, const char *data, const char *expected)
{
    struct buf out;

    buf_init(&out);
    assert_int_equal(render("en", text, data, &out), ERR_INVALID);
    assert_int_equal(report.problems.count, 1);
    assert_string_equal(report.problems.items[0], expected);
    assert_string_equal(out.data, "");
    buf_close(&out);
}

static void an_instant_is_told_in_the_records_own_zone(void **state)
{
    gives("en", "{{a.starts | time}}",
          "{\"a\":{\"starts\":\"2026-12-08T10:00Z\",\"timezone\":\"Asia/Almaty\"}}", "15:00");
    gives("kk", "{{a.starts | datetime}}",
          "{\"a\":{\"starts\":\"2026-12-08T10:00Z\",\"timezone\":\"Asia/Almaty\"}}",
          "8 желтоқсан, сейсенбі, сағат 15:00");
    /* none, or one that the system does not know: the business's */
    gives("en", "{{a.starts | time}}",
          "{\"a\":{\"starts\":\"2026-12-08T10:00Z\",\"timezone\":null}}", "12:00");
    gives("en", "{{a.starts | time}}",
          "{\"a\":{\"starts\":\"2026-12-08T10:00+05:00\",\"timezone\":\"Mars/Base\"}}", "07:00");
}

static void a_wall_time_is_told_as_it_is_written(void **state)
{
    gives("en", "{{a.starts | time}}",
          "{\"a\":{\"starts\":\"2026-12-08T15:00\",\"timezone\":\"Asia/Almaty\"}}", "15:00");
}

static void times_are_told_in_words(void **state)
{
    static const char data[] = "{\"t\":\"2026-12-08T15:00\",\"d\":\"2026-12-08\"}";

    gives("en", "{{t | date}}", data, "Tuesday, 8 December");
    gives("en", "{{t | date \"short\"}}", data, "08/12/2026");
    gives("en", "{{t | date \"long\"}}", data, "8 December 2026");
    gives("en", "{{t | date \"full\"}}", data, "Tuesday, 8 December 2026");
    gives("en", "{{t | datetime}}", data, "Tuesday, 8 December at 15:00");
    gives("en", "{{t | datetime \"short\"}}", data, "08/12/2026 15:00");
    gives("en", "{{d | datetime}}", data, "Tuesday, 8 December");
    gives("en", "{{t | relative}}", data, "tomorrow at 15:00");
    gives("en", "{{d | relative}}", data, "tomorrow");
    gives("lv", "{{t | on}}", data, "otrdien, 8. decembrī");
    gives("en", "{{t | weekday}} {{t | month}} {{t | year}}", data, "Tuesday December 2026");
    gives("fa", "{{t | date}}", data, "سه‌شنبه ۱۷ آذر");
}

static void today_is_the_date_where_the_value_is(void **state)
{
    /* At 09:00 UTC on the 7th it is the 7th in Riga and already 23:00 in Kiritimati. */
    gives("en", "{{t | relative}}", "{\"t\":\"2026-12-07T23:30\",\"timezone\":null}",
          "today at 23:30");
    gives("en", "{{a.t | relative}}",
          "{\"a\":{\"t\":\"2026-12-07T10:30Z\",\"timezone\":\"Pacific/Kiritimati\"}}",
          "tomorrow at 00:30");
}

static void distances_are_told_in_the_largest_unit_that_fits(void **state)
{
    gives("en", "{{t | from_now}}", "{\"t\":\"2026-12-07T09:00:30Z\"}", "now");
    gives("en", "{{t | from_now}}", "{\"t\":\"2026-12-07T09:20Z\"}", "in 20 minutes");
    gives("en", "{{t | from_now}}", "{\"t\":\"2026-12-07T07:00Z\"}", "2 hours ago");
    gives("en", "{{t | from_now}}", "{\"t\":\"2026-12-10T07:00Z\"}", "in 3 days");
    gives("en", "{{t | from_now}}", "{\"t\":\"2026-12-06\"}", "yesterday");
    gives("ru", "{{t | from_now}}", "{\"t\":\"2026-12-10\"}", "через 3 дня");
}

static void what_is_no_time_is_told(void **state)
{
    fails("{{t | date}}", "{\"t\":\"soon\"}",
          "t:1:1: {{t}}: date: \"soon\" is no date or time; one looks like 2026-12-08T15:00");
    fails("{{t | date}}", "{\"t\":\"2026-12-08 15:00:00\"}",
          "t:1:1: {{t}}: date: \"2026-12-08 15:00:00\" is no date or time; one looks like "
          "2026-12-08T15:00");
    fails("{{t | date}}", "{\"t\":20261208}",
          "t:1:1: {{t}}: date: \"20261208\" is no date or time; one looks like 2026-12-08T15:00");
    fails("{{t | time}}", "{\"t\":\"2026-12-08\"}",
          "t:1:1: {{t}}: time: is a date alone and has no time of day; \"datetime\" tells what "
          "there is");
}

static void money_has_the_records_currency(void **state)
{
    gives("en", "{{job.amount | money}}", "{\"job\":{\"amount\":\"99.5\",\"currency\":\"KZT\"}}",
          "KZT\u00a099.50");
    gives("en", "{{job.amount | money}}", "{\"job\":{\"amount\":1250,\"currency\":null}}",
          "€1,250");
    gives("en", "{{job.amount | money \"usd\"}}", "{\"job\":{\"amount\":12.25}}", "US$12.25");
    gives("fa", "{{n | number}}", "{\"n\":1234}", "۱٬۲۳۴");
    gives("en", "{{n | number 2}} {{n | number 0}}", "{\"n\":\"2.5\"}", "2.50 3");
    fails("{{n | money}}", "{\"n\":\"a lot\"}",
          "t:1:1: {{n}}: money: \"a lot\" is no number; one looks like 1234.50");
    fails("{{a.n | money}}", "{\"a\":{\"n\":1,\"currency\":\"euro\"}}",
          "t:1:1: {{a.n}}: money: \"euro\" is no currency; write its three letters, like EUR");
}

static void texts_are_shaped(void **state)
{
    static const char data[] = "{\"name\":\" Ilze  Bērziņa\",\"no\":null,\"blank\":\"  "
                               "\",\"w\":\"šodien ir labi\",\"n\":3}";

    gives("lv", "{{name | first_name}}", data, "Ilze");
    gives("lv", "{{w | upper}} {{w | capitalize}} {{w | upper | lower}}", data,
          "ŠODIEN IR LABI Šodien ir labi šodien ir labi");
    gives("en", "{{w | truncate 8}}", data, "šodien…");
    gives("en", "{{n}} {{n | plural \"day\" \"days\"}}", data, "3 days");
    gives("ru", "{{n}} {{n | plural 'день' 'дня' 'дней'}}", data, "3 дня");
    gives("en", "{{no | default \"there\"}} {{blank | default 'x'}} {{n | default 4}}", data,
          "there x 3");
    gives("en", "{{name | first_name | upper | default \"you\"}}", data, "ILZE");
    gives("en", "{{n | default \"a\" | upper}}{{no | upper | default \"b\"}}", data, "3b");
    gives("en", "{{no | date | upper | money | first_name}}", data, "");
    gives("en", "{{w | url}}", data, "%C5%A1odien%20ir%20labi");
}

static void required_without_a_value_is_missing(void **state)
{
    struct buf out;

    buf_init(&out);
    assert_int_equal(render("en", "[{{a | required}}{{b.c | required | upper}}]",
                            "{\"a\":\" \",\"b\":{\"c\":null}}", &out),
                     ERR_INVALID);
    assert_string_equal(out.data, "[]");
    assert_int_equal(report.missing.count, 2);
    assert_string_equal(report.missing.items[1], "b.c");
    buf_clear(&out);
    assert_int_equal(render("en", "{{a | required | upper}}", "{\"a\":\"x\"}", &out), 0);
    assert_string_equal(out.data, "X");
    buf_close(&out);
}

static void the_table_is_sorted_and_told_in_full(void **state)
{
    size_t count;
    const struct filter *f = filter_table(&count);

    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(f[i - 1].name, f[i].name) < 0);
        assert_true(strlen(f[i].help) > 10);
        assert_int_equal(f[i].args_max > 0, f[i].arguments[0] != '\0');
        assert_ptr_equal(filter_find(f[i].name), &f[i]);
    }
    assert_null(filter_find("eval"));
    assert_string_equal(filter_nearest("dat"), "date");
}

static int close_report(void **state)
{
    template_report_close(&report);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_told_in_the_records_own_zone),
        cmocka_unit_test(a_wall_time_is_told_as_it_is_written),
        cmocka_unit_test(times_are_told_in_words),
        cmocka_unit_test(today_is_the_date_where_the_value_is),
        cmocka_unit_test(distances_are_told_in_the_largest_unit_that_fits),
        cmocka_unit_test(what_is_no_time_is_told),
        cmocka_unit_test(money_has_the_records_currency),
        cmocka_unit_test(texts_are_shaped),
        cmocka_unit_test(required_without_a_value_is_missing),
        cmocka_unit_test(the_table_is_sorted_and_told_in_full),
    };

    return cmocka_run_group_tests(tests, NULL, close_report);
}
