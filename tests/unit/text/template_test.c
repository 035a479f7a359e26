/*
 * text/template: errors, escaping by place, reports, limits. What Mustache's specification asks is
 * in mustache_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "text/markdown.h"
#include "text/template.h"

/* --- helpers --- */

static void collect(void *arg, const char *file, int line, int column, const char *text)
{
    buf_printf(arg, "%s:%d:%d: %s\n", file, line, column, text);
}

static struct template *compile_len(enum template_place place, const char *text, size_t len,
                                    struct buf *problems)
{
    struct template_source source = {.file = "t", .text = text, .len = len, .place = place};

    return template_compile(&source, collect, problems);
}

static struct template *compile(enum template_place place, const char *text)
{
    struct buf problems;

    buf_init(&problems);
    struct template *t = compile_len(place, text, strlen(text), &problems);
    if (t == NULL)
        fail_msg("%s", problems.data);
    buf_close(&problems);
    return t;
}

/* The template is refused, with these problems. */
static void refused(enum template_place place, const char *text, const char *expected)
{
    struct buf problems;

    buf_init(&problems);
    assert_null(compile_len(place, text, strlen(text), &problems));
    assert_string_equal(problems.data, expected);
    buf_close(&problems);
}

static int render_env(enum template_place place, const char *text, json_t *data,
                      const struct template_env *env, struct buf *out,
                      struct template_report *report)
{
    struct template *t = compile(place, text);
    int rc = template_render(t, data, env, out, report);

    template_free(t);
    return rc;
}

/* Rendered with one value, x, the template gives this. */
static void gives(enum template_place place, const char *text, const char *x, const char *expected)
{
    json_t *data = json_pack("{s:s}", "x", x);
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    assert_non_null(data);
    buf_init(&out);
    assert_int_equal(render_env(place, text, data, &env, &out, &report), 0);
    assert_string_equal(out.data, expected);
    buf_close(&out);
    template_report_close(&report);
    json_decref(data);
}

/* --- errors --- */

static void every_error_is_told_with_its_place(void **state)
{
    refused(TEMPLATE_TEXT, "a\nb\n  c {{#job}}\n{{x | uper}} {{a..b}}\n",
            "t:4:1: there is no filter \"uper\"; did you mean \"upper\"?\n"
            "t:4:14: \"a..b\" is no name: there is nothing between its dots\n"
            "t:3:5: the section {{#job}} is never closed; write {{/job}}\n");
    refused(TEMPLATE_TEXT, "{{/a}}", "t:1:1: {{/a}} closes nothing; no section is open here\n");
    refused(TEMPLATE_TEXT, "{{#a}}{{/b}}{{/a}}",
            "t:1:7: {{/b}} closes nothing; the section open here is {{#a}} of line 1\n");
    refused(TEMPLATE_TEXT, "{{#a}}\n{{^b}}\n{{/a}}",
            "t:2:1: the section {{^b}} is never closed; write {{/b}}\n");
    refused(TEMPLATE_TEXT, "ēē {{x", "t:1:4: this tag never ends; write }}\n");
    refused(TEMPLATE_TEXT, "{{{x}}", "t:1:1: this tag never ends; write }}}\n");
    refused(TEMPLATE_TEXT, "{{}}", "t:1:1: the tag has no name\n");
    refused(TEMPLATE_TEXT, "{{=a}}", "t:1:1: this tag never ends; write }}\n");
    refused(TEMPLATE_TEXT, "{{=a b c=}}",
            "t:1:1: new delimiters are two signs with a space between: {{=<% %>=}}\n");
    refused(TEMPLATE_TEXT, "{{<p}}",
            "t:1:1: {{<...}}: inheritance is not supported; use a partial: {{> name}}\n");
    refused(TEMPLATE_TEXT, "{{>*p}}",
            "t:1:1: a partial is included by its name; dynamic names are not supported\n");
}

static void other_template_languages_are_pointed_to_the_right_way(void **state)
{
    struct buf problems;

    buf_init(&problems);
    assert_null(compile_len(TEMPLATE_TEXT, "{{#if x}}{{/if}}", 16, &problems));
    assert_non_null(strstr(problems.data, "there is no \"if\": {{#name}} ... {{/name}} writes"));
    buf_clear(&problems);
    assert_null(compile_len(TEMPLATE_TEXT, "{{first name}}", 14, &problems));
    assert_string_equal(problems.data,
                        "t:1:1: \"first name\" is no name; names have no spaces, and "
                        "filters are put behind a |\n");
    buf_close(&problems);
}

static void filters_are_checked_when_compiled(void **state)
{
    refused(TEMPLATE_TEXT, "{{x | default}}",
            "t:1:1: the filter default needs an argument: {{x | default \"text\"}}\n");
    refused(TEMPLATE_TEXT, "{{x | upper 3}}", "t:1:1: the filter upper takes no argument\n");
    refused(TEMPLATE_TEXT, "{{x | date \"tiny\"}}",
            "t:1:1: the filter date: there is no date style \"tiny\"; use \"short\", \"long\" or "
            "\"full\"\n");
    refused(TEMPLATE_TEXT, "{{x | truncate 0}}",
            "t:1:1: the filter truncate: the length is a number from 1 to 10000\n");
    refused(TEMPLATE_TEXT, "{{x | default there}}",
            "t:1:1: there is neither a number nor a text in straight quotes: \"...\"\n");
    refused(TEMPLATE_TEXT, "{{x | default \"a}}",
            "t:1:1: a quoted text never ends; write \" behind it\n");
    refused(TEMPLATE_TEXT, "{{x |}}",
            "t:1:1: behind a | stands a filter's name, as in {{x | upper}}\n");
    refused(TEMPLATE_TEXT, "{{#x | upper}}{{/x | upper}}",
            "t:1:1: filters go with values, not with sections: write the name alone\n");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    struct buf problems;

    buf_init(&problems);
    assert_null(compile_len(TEMPLATE_TEXT, "ab\nc\xff", 5, &problems));
    assert_string_equal(problems.data, "t:2:2: this is not UTF-8; save the file as UTF-8\n");
    buf_clear(&problems);
    assert_null(compile_len(TEMPLATE_TEXT, "a\0b", 3, &problems));
    assert_string_equal(problems.data, "t:1:2: there is a NUL byte; a template is text\n");
    buf_close(&problems);
    gives(TEMPLATE_TEXT, "\xEF\xBB\xBF{{x}}", "a", "a");
}

static void size_and_depth_are_bounded(void **state)
{
    struct buf text, problems;

    buf_init(&text);
    buf_init(&problems);
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "{{#a}}");
    assert_null(compile_len(TEMPLATE_TEXT, text.data, text.len, &problems));
    assert_string_equal(problems.data, "t:1:385: more than 64 sections within one another\n");

    buf_clear(&text);
    buf_clear(&problems);
    buf_puts(&text, "{{");
    for (int i = 0; i < 100000; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "}}");
    assert_null(compile_len(TEMPLATE_TEXT, text.data, text.len, &problems));
    assert_string_equal(problems.data, "t:1:1: a tag of more than 2048 bytes\n");

    buf_clear(&text);
    buf_clear(&problems);
    for (int i = 0; i < 5000; i++)
        buf_puts(&text, "{{/}}");
    assert_null(compile_len(TEMPLATE_TEXT, text.data, text.len, &problems));
    int lines = 0;
    for (const char *p = problems.data; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, TEMPLATE_PROBLEMS_MAX);

    buf_clear(&text);
    buf_clear(&problems);
    buf_reserve(&text, TEMPLATE_BYTES_MAX + 1);
    memset(text.data, 'x', TEMPLATE_BYTES_MAX + 1);
    assert_null(compile_len(TEMPLATE_TEXT, text.data, TEMPLATE_BYTES_MAX + 1, &problems));
    buf_close(&text);
    buf_close(&problems);
}

/* Every way to break a template off, and every byte made strange, ends well. */
static void no_bytes_crash_the_parser(void **state)
{
    static const char whole[] =
        "{{=<% %>=}}<%={{ }}=%>{{#a.b}}\r\n {{>p}}\n{{x | default \"}}\\\"\" | truncate 3}}{{^c}}"
        "{{{d}}}{{/c}}{{& e | plural 'a' 'b'}}{{! f }}<a href=\"{{g}}\" title='{{h}}'>[i]({{j}})"
        "{{/a.b}}";
    static const char strange[] = "{}#^/>!=&|\"' \n\\\xff\x80.";

    for (size_t place = TEMPLATE_TEXT; place <= TEMPLATE_JSON; place++) {
        for (size_t n = 0; n < sizeof(whole); n++) {
            struct template_source source = {.text = whole, .len = n, .place = place};
            template_free(template_compile(&source, NULL, NULL));
        }
        for (size_t i = 0; i < sizeof(whole) - 1; i++)
            for (size_t k = 0; k < sizeof(strange); k++) {
                char copy[sizeof(whole)];
                memcpy(copy, whole, sizeof(whole));
                copy[i] = strange[k];
                struct template_source source = {
                    .text = copy, .len = sizeof(whole) - 1, .place = place};
                template_free(template_compile(&source, NULL, NULL));
            }
    }
}

/* --- places --- */

static void a_value_is_never_expanded_again(void **state)
{
    gives(TEMPLATE_TEXT, "{{x}}", "{{y}} {{{y}}} {{> p}}", "{{y}} {{{y}}} {{> p}}");
    gives(TEMPLATE_TEXT, "{{x | default \"a\" | truncate 100}}", "{{x}}", "{{x}}");
    gives(TEMPLATE_TEXT, "{{x | default \"{{x\\\"}}\"}}", "", "{{x\"}}");
}

static void a_header_has_one_line_whatever_the_value(void **state)
{
    gives(TEMPLATE_HEADER, "Hi {{x}}!", "Eve\r\nBcc: all@x.y", "Hi Eve Bcc: all@x.y!");
    gives(TEMPLATE_HEADER, "Hi {{{x}}}!", "Eve\r\nBcc: all@x.y", "Hi Eve Bcc: all@x.y!");
    gives(TEMPLATE_HEADER, "Hi {{&x}}!", "a\n\n\tb\x7f", "Hi a b !");
    gives(TEMPLATE_HEADER, "{{x}}",
          "a\u2028b\xc2\x85"
          "c",
          "a b c");
    gives(TEMPLATE_HEADER, "a\r\nb{{x}}", "c", "a bc");
}

static void a_text_message_has_no_controls_and_no_special_spaces(void **state)
{
    gives(TEMPLATE_SMS, "{{x}}", "a\r\nb\tc\x01\x1b\x7f", "a\nb c");
    gives(TEMPLATE_SMS, "{{x}}", "1\u00a0234\u202f€", "1 234 €");
    gives(TEMPLATE_SMS, "{{{x}}}", "<b>\u00a0&", "<b> &");
    gives(TEMPLATE_TEXT, "{{x}}", "<a>\t\n\x02", "<a>\t\n");
}

static void url_form_and_json_are_encoded(void **state)
{
    gives(TEMPLATE_URL, "https://x.y/{{x}}", "a b/č?&", "https://x.y/a%20b%2F%C4%8D%3F%26");
    gives(TEMPLATE_URL, "{{{x}}}/m", "https://x.y\r\n", "https://x.y/m");
    gives(TEMPLATE_FORM, "To={{x}}&", "+371 2&Body=x", "To=%2B371+2%26Body%3Dx&");
    gives(TEMPLATE_JSON, "{\"to\":\"{{x}}\"}", "a\"b\\c\n\x01",
          "{\"to\":\"a\\\"b\\\\c\\n\\u0001\"}");
    gives(TEMPLATE_HTML, "{{x}}", "'", "&#39;");
    gives(TEMPLATE_TEXT, "https://x.y/{{x | url}}", "a b", "https://x.y/a%20b");
}

static void html_values_stay_out_of_places_that_cannot_be_made_safe(void **state)
{
    refused(TEMPLATE_HTML, "<a href={{x}}>",
            "t:1:9: put quotes around the attribute that has this value in it\n");
    refused(TEMPLATE_HTML, "<script>\nvar x = \"{{x}}\";</script>",
            "t:2:10: a value cannot stand in a script or a style\n");
    refused(TEMPLATE_HTML, "<style>{{x}}</style>",
            "t:1:8: a value cannot stand in a script or a style\n");
    refused(TEMPLATE_HTML, "<a onclick=\"f('{{x}}')\">",
            "t:1:16: a value cannot stand in this attribute, which a browser runs or obeys\n");
    refused(TEMPLATE_HTML, "<{{x}}>", "t:1:2: a value cannot be a tag's or an attribute's name\n");
    refused(TEMPLATE_HTML, "<a {{x}}>",
            "t:1:4: a value cannot be a tag's or an attribute's name\n");
    refused(TEMPLATE_HTML, "<a title=\"{{{x}}}\">",
            "t:1:11: an unescaped value cannot stand in a tag; use two braces\n");
    refused(TEMPLATE_HTML, "<a href=\"{{#a}}http://b{{/a}}{{x}}\">",
            "t:1:10: an address is one piece: put the section or partial around the whole tag\n");
    refused(TEMPLATE_HTML, "<a href=\"{{a}}{{x}}\">",
            "t:1:15: an address begins with one value; write them as one, or text between\n");
    refused(TEMPLATE_HTML, "<a href=\"{{a}} {{x}}\">",
            "t:1:16: an address begins with one value; write them as one, or text between\n");
    gives(TEMPLATE_HTML, "<!-- <script> --><script>a<b</script>{{x}}", "<i>",
          "<!-- <script> --><script>a<b</script>&lt;i&gt;");
}

static void no_address_in_html_runs_a_script(void **state)
{
    gives(TEMPLATE_HTML, "<a href=\"{{x}}\">", "https://x.y/?a=1&b=2",
          "<a href=\"https://x.y/?a=1&amp;b=2\">");
    gives(TEMPLATE_HTML, "<a href='{{x}}'>", "MAILTO:a@b.c", "<a href='MAILTO:a@b.c'>");
    gives(TEMPLATE_HTML, "<a href=\" {{x}}\">", "javascript:alert(1)", "<a href=\" #\">");
    gives(TEMPLATE_HTML, "<a HREF = \"{{x}}\">", "\tjavascript:alert(1)", "<a HREF = \"#\">");
    gives(TEMPLATE_HTML, "<img src=\"{{x}}\">", "data:text/html,x", "<img src=\"#\">");
    gives(TEMPLATE_HTML, "<a href=\"{{x}}\">", "", "<a href=\"#\">");
    gives(TEMPLATE_HTML, "<a href=\"https://x.y/{{x}}\">",
          "javascript:", "<a href=\"https://x.y/javascript:\">");
    gives(TEMPLATE_HTML, "<a title=\"{{x}}\">", "javascript:\"", "<a title=\"javascript:&quot;\">");
}

/* What cmark makes of a Markdown template with this value. */
static void markdown_gives(const char *text, const char *x, const char *html)
{
    json_t *data = json_pack("{s:s}", "x", x);
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf markdown, out;

    buf_init(&markdown);
    buf_init(&out);
    assert_int_equal(render_env(TEMPLATE_MARKDOWN, text, data, &env, &markdown, &report), 0);
    assert_int_equal(markdown_render(markdown.data, markdown.len, &out, NULL, NULL), 0);
    assert_string_equal(out.data, html);
    buf_close(&markdown);
    buf_close(&out);
    template_report_close(&report);
    json_decref(data);
}

static void a_name_can_be_no_link(void **state)
{
    markdown_gives("Dear {{x}}", "[a](https://evil.example)",
                   "<p>Dear [a](https://evil.example)</p>\n");
    markdown_gives("Dear {{x}}", "<https://evil.example>",
                   "<p>Dear &lt;https://evil.example&gt;</p>\n");
    markdown_gives("Dear {{x}}", "http://evil.example www.evil.example a@evil.example",
                   "<p>Dear http://evil.example www.evil.example a@evil.example</p>\n");
    markdown_gives("[{{x}}](https://x.y)", "](javascript:x) [",
                   "<p><a href=\"https://x.y\">](javascript:x) [</a></p>\n");
    markdown_gives("[a][b]\n\n{{x}}", "[b]: https://evil.example",
                   "<p>[a][b]</p>\n<p>[b]: https://evil.example</p>\n");
}

static void a_name_can_be_no_heading_list_quote_code_or_html(void **state)
{
    static const char *const names[] = {"# a",    "- a",       "1. a", "1) a",  "+ a", "* a",
                                        "---",    "    a",     "===",  "> a",   "```", "~~~",
                                        "*a*",    "__a__",     "`a`",  "&amp;", "\\",  "![a](b)",
                                        "a\\",    "***",       "\ta",  "| a |", "a  ", "\n\na",
                                        "a\n# b", "a\n\n    b"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct buf plain, expected;
        buf_init(&plain);
        buf_init(&expected);
        json_t *data = json_pack("{s:s}", "x", names[i]);
        struct template_env env = {0};
        struct template_report report = {0};
        struct buf markdown;
        buf_init(&markdown);
        assert_int_equal(render_env(TEMPLATE_MARKDOWN, "{{x}} b\n", data, &env, &markdown, &report),
                         0);
        assert_int_equal(markdown_render(markdown.data, markdown.len, &expected, &plain, NULL), 0);
        if (strncmp(expected.data, "<p>", 3) != 0 || strstr(expected.data + 3, "<p>") != NULL ||
            strstr(expected.data, "<em>") != NULL || strstr(expected.data, "<code>") != NULL)
            fail_msg("\"%s\" became %s", names[i], expected.data);
        buf_close(&markdown);
        buf_close(&plain);
        buf_close(&expected);
        template_report_close(&report);
        json_decref(data);
    }
    markdown_gives("{{x}}", "<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n");
    markdown_gives("{{x}}", "a\nb", "<p>a<br />\nb</p>\n");
    markdown_gives("# {{x}}\n", "a\n# b", "<h1>a<br />\n# b</h1>\n");
    markdown_gives("{{{x}}}", "*a*", "<p><em>a</em></p>\n");
}

static void an_address_in_markdown_is_live_only_with_a_good_scheme(void **state)
{
    markdown_gives("[Confirm]({{x}})", "https://x.y/c?t=a_b*c&d=(1)",
                   "<p><a href=\"https://x.y/c?t=a_b*c&amp;d=(1)\">Confirm</a></p>\n");
    markdown_gives("[Confirm]({{x}})", "https://x.y/a b\nc",
                   "<p><a href=\"https://x.y/a%20b%0Ac\">Confirm</a></p>\n");
    markdown_gives("[Confirm](<{{x}}>)", "https://x.y/>",
                   "<p><a href=\"https://x.y/%3E\">Confirm</a></p>\n");
    markdown_gives("[Confirm]({{x}})", "javascript:alert(1)", "<p>Confirm</p>\n");
    markdown_gives("[Confirm]({{{x}}})", "javascript:alert(1)", "<p>Confirm</p>\n");
    markdown_gives("[Confirm]({{x}})", "", "<p>Confirm</p>\n");
}

/* --- reports --- */

static void what_is_missing_or_unknown_is_told_once(void **state)
{
    static const char *const names[] = {"client.name", "client.fields.*", "job.title",
                                        "jobs.title"};
    struct template_names known = {names, 4};
    json_t *data = json_loads("{\"client\":{\"name\":null,\"fields\":{}},\"job\":null,"
                              "\"jobs\":[{\"a\":1}]}",
                              0, NULL);
    struct template_env env = {.known = &known};
    struct template_report report = {0};
    struct buf out;

    buf_init(&out);
    /* Known variables without a value are empty and fine. */
    assert_int_equal(render_env(TEMPLATE_TEXT,
                                "[{{client.name}}{{client.fields.plate}}{{job.title}}"
                                "{{#client}}{{#fields}}{{plate}}{{/fields}}{{/client}}"
                                "{{#client.fields}}{{plate}}{{/client.fields}}"
                                "{{#jobs}}{{title}}{{/jobs}}{{#client.fields.vip}}x"
                                "{{/client.fields.vip}}]",
                                data, &env, &out, &report),
                     0);
    assert_string_equal(out.data, "[]");
    assert_true(template_report_empty(&report));

    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT,
                                "[{{client.nmae}}{{#jbo}}{{/jbo}}{{client.nmae}}{{> footer}}"
                                "{{client.name | required}}{{client.name | required}}{{client}}]",
                                data, &env, &out, &report),
                     ERR_INVALID);
    assert_string_equal(out.data, "[]");
    assert_int_equal(report.unknown.count, 3);
    assert_string_equal(report.unknown.items[0], "client.nmae");
    assert_string_equal(report.unknown.items[1], "jbo");
    assert_string_equal(report.unknown.items[2], "> footer");
    assert_int_equal(report.missing.count, 1);
    assert_string_equal(report.missing.items[0], "client.name");
    assert_int_equal(report.problems.count, 1);
    assert_string_equal(report.problems.items[0],
                        "t:1:112: {{client}}: is a record, not one value; write the name of one of "
                        "its members");
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
}

static void a_list_as_a_value_has_commas(void **state)
{
    json_t *data = json_loads("{\"x\":[\"a\",2,true]}", 0, NULL);
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    buf_init(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{x}}", data, &env, &out, &report), 0);
    assert_string_equal(out.data, "a, 2, true");
    buf_close(&out);
    template_report_close(&report);
    json_decref(data);
}

static void names_are_checked_where_they_stand(void **state)
{
    static const char *const names[] = {"client.name",  "client.phone", "client.fields.*",
                                        "job.title",    "jobs.title",   "now",
                                        "business.name"};
    struct template_names known = {names, 7};
    struct buf told;
    struct template *t;

    buf_init(&told);
    t = compile(TEMPLATE_TEXT,
                "{{client.name}} {{client.fields.any.thing}} {{now}}{{#client}}{{name}} {{now}}"
                "{{job.title}}{{/client}}{{#jobs}}{{title}}{{.}}{{client.phone}}{{/jobs}}"
                "{{^job}}{{#client.fields}}{{plate}}{{/client.fields}}{{/job}}");
    assert_int_equal(template_check_names(t, NULL, &known, collect, &told), 0);
    template_free(t);

    t = compile(TEMPLATE_TEXT, "{{client.nmae}}\n {{clinet.name}}{{#client}}{{nmae}}{{/client}}\n"
                               "{{title}} {{zzzzzz}}{{#jop}}{{title}}{{/jop}}");
    assert_int_equal(template_check_names(t, NULL, &known, collect, &told), 7);
    assert_string_equal(told.data,
                        "t:1:1: no record has \"client.nmae\"; did you mean \"client.name\"?\n"
                        "t:2:2: no record has \"clinet.name\"; did you mean \"client.name\"?\n"
                        "t:2:28: no record has \"nmae\"; did you mean \"name\"?\n"
                        "t:3:1: no record has \"title\"; did you mean \"job.title\"?\n"
                        "t:3:11: no record has \"zzzzzz\"\n"
                        "t:3:21: no record has \"jop\"; did you mean \"job\"?\n"
                        "t:3:29: no record has \"title\"; did you mean \"job.title\"?\n");
    template_free(t);
    buf_close(&told);
}

static const struct template *find_itself(void *arg, const char *name)
{
    return strcmp(name, "p") == 0 ? *(struct template **)arg : NULL;
}

static void names_in_partials_are_checked_in_their_sections(void **state)
{
    static const char *const names[] = {"client.name"};
    struct template_names known = {names, 1};
    struct template *p = compile(TEMPLATE_TEXT, "{{name | required}}");
    struct template *t = compile(TEMPLATE_TEXT, "{{#client}}{{>p}}{{/client}}{{>p}}{{>q}}");
    struct template_partials partials = {find_itself, &p};
    struct str_list required = {0};
    struct buf told;

    buf_init(&told);
    assert_int_equal(template_check_names(t, &partials, &known, collect, &told), 2);
    assert_string_equal(told.data, "t:1:1: no record has \"name\"; did you mean \"client.name\"?\n"
                                   "t:1:35: there is no partial \"q\"\n");
    template_required(t, &partials, &required);
    assert_int_equal(required.count, 1);
    assert_string_equal(required.items[0], "name");
    str_list_close(&required);
    buf_close(&told);
    template_free(t);
    template_free(p);
}

/* --- limits --- */

static void a_partial_that_includes_itself_comes_to_an_end(void **state)
{
    struct template *p = compile(TEMPLATE_TEXT, "x{{>p}}{{>p}}");
    struct template_env env = {.partials = {find_itself, &p}};
    struct template_report report = {0};
    static const char *const names[] = {"a"};
    struct template_names known = {names, 1};
    json_t *data = json_object();
    struct buf out;

    buf_init(&out);
    assert_int_equal(template_render(p, data, &env, &out, &report), ERR_LIMIT);
    assert_int_equal(report.problems.count, 1);
    assert_non_null(strstr(report.problems.items[0], "does a partial include itself?"));
    assert_int_equal(template_check_names(p, &env.partials, &known, NULL, NULL), 0);
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
    template_free(p);
}

static void turns_and_output_are_bounded(void **state)
{
    json_t *data = json_object(), *list = json_array();
    struct template_env env = {.output_max = 7};
    struct template_report report = {0};
    struct buf out;

    for (int i = 0; i < 1000; i++)
        json_array_append_new(list, json_integer(i));
    json_object_set_new(data, "l", list);
    json_object_set_new(data, "x", json_string("ēēēēēē"));
    buf_init(&out);
    buf_puts(&out, "before ");
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{x}}{{x}}", data, &env, &out, &report), ERR_LIMIT);
    assert_string_equal(out.data, "before ēēē");
    assert_string_equal(report.problems.items[0], "longer than 7 bytes; the rest was left out");
    template_report_close(&report);
    report = (struct template_report){0};

    env.output_max = 0;
    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}", data, &env,
                                &out, &report),
                     ERR_LIMIT);
    assert_non_null(strstr(report.problems.items[0], "more than 100000 turns"));
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
}

static void a_huge_value_is_cut_and_told(void **state)
{
    size_t n = 10 * 1024 * 1024;
    char *note = mem_alloc(n);
    json_t *data = json_object();
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    memset(note, '<', n);
    json_object_set_new(data, "x", json_stringn(note, n));
    buf_init(&out);
    assert_int_equal(render_env(TEMPLATE_HTML, "{{x}}", data, &env, &out, &report), ERR_LIMIT);
    assert_int_equal(out.len, TEMPLATE_OUTPUT_MAX);
    template_report_close(&report);
    report = (struct template_report){0};
    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_SMS, "{{x | truncate 3}}", data, &env, &out, &report), 0);
    assert_string_equal(out.data, "<<…");
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
    free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_is_told_with_its_place),
        cmocka_unit_test(other_template_languages_are_pointed_to_the_right_way),
        cmocka_unit_test(filters_are_checked_when_compiled),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(no_bytes_crash_the_parser),
        cmocka_unit_test(a_value_is_never_expanded_again),
        cmocka_unit_test(a_header_has_one_line_whatever_the_value),
        cmocka_unit_test(a_text_message_has_no_controls_and_no_special_spaces),
        cmocka_unit_test(url_form_and_json_are_encoded),
        cmocka_unit_test(html_values_stay_out_of_places_that_cannot_be_made_safe),
        cmocka_unit_test(no_address_in_html_runs_a_script),
        cmocka_unit_test(a_name_can_be_no_link),
        cmocka_unit_test(a_name_can_be_no_heading_list_quote_code_or_html),
        cmocka_unit_test(an_address_in_markdown_is_live_only_with_a_good_scheme),
        cmocka_unit_test(what_is_missing_or_unknown_is_told_once),
        cmocka_unit_test(a_list_as_a_value_has_commas),
        cmocka_unit_test(names_are_checked_where_they_stand),
        cmocka_unit_test(names_in_partials_are_checked_in_their_sections),
        cmocka_unit_test(a_partial_that_includes_itself_comes_to_an_end),
        cmocka_unit_test(turns_and_output_are_bounded),
        cmocka_unit_test(a_huge_value_is_cut_and_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
