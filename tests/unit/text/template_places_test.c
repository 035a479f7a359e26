/* text/template: values are escaped for the place where they stand, and reach nothing beyond it. */
#include "template_common.h"

#include "text/markdown.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_never_expanded_again),
        cmocka_unit_test(a_header_has_one_line_whatever_the_value),
        cmocka_unit_test(a_text_message_has_no_controls_and_no_special_spaces),
        cmocka_unit_test(url_form_and_json_are_encoded),
        cmocka_unit_test(html_values_stay_out_of_places_that_cannot_be_made_safe),
        cmocka_unit_test(no_address_in_html_runs_a_script),
        cmocka_unit_test(a_name_can_be_no_link),
        cmocka_unit_test(a_name_can_be_no_heading_list_quote_code_or_html),
        cmocka_unit_test(an_address_in_markdown_is_live_only_with_a_good_scheme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
