/* text/template: what is wrong in a template is told when it is compiled. */
#include "template_common.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_is_told_with_its_place),
        cmocka_unit_test(other_template_languages_are_pointed_to_the_right_way),
        cmocka_unit_test(filters_are_checked_when_compiled),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(no_bytes_crash_the_parser),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
