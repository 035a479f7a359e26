/* text/markdown: the two parts of a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/markdown.h"

static void html_is(const char *markdown, const char *expected)
{
    struct buf b;

    buf_init(&b);
    assert_int_equal(markdown_render(markdown, strlen(markdown), &b, NULL, NULL), 0);
    assert_string_equal(b.data, expected);
    buf_close(&b);
}

static void text_is(const char *markdown, const char *expected)
{
    struct buf b;

    buf_init(&b);
    assert_int_equal(markdown_render(markdown, strlen(markdown), NULL, &b, NULL), 0);
    assert_string_equal(b.data, expected);
    buf_close(&b);
}

static void html_never_becomes_markup(void **state)
{
    html_is("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n");
    html_is("<script>\nalert(1)\n</script>\n",
            "<p>&lt;script&gt;<br />\nalert(1)<br />\n&lt;/script&gt;</p>\n");
    html_is("a <!-- note --> b", "<p>a  b</p>\n");
    html_is("<!-- note -->\n", "");
}

static void only_web_and_mail_addresses_are_live(void **state)
{
    html_is("[a](https://x.y/)", "<p><a href=\"https://x.y/\">a</a></p>\n");
    html_is("[a](mailto:b@c.d)", "<p><a href=\"mailto:b@c.d\">a</a></p>\n");
    html_is("[a](javascript:alert(1))", "<p>a</p>\n");
    html_is("[a](JaVaScRiPt:alert(1))", "<p>a</p>\n");
    html_is("[a](java&#10;script:alert(1))", "<p>a</p>\n");
    html_is("[a](data:text/html,x)", "<p>a</p>\n");
    html_is("[a](//evil.example)", "<p>a</p>\n");
    html_is("[a](/etc)", "<p>a</p>\n");
    html_is("[a]()", "<p>a</p>\n");
    html_is("[a](tel:+37129123456)", "<p>a</p>\n");
    html_is("<vbscript:x>", "<p>vbscript:x</p>\n");
    html_is("![i](javascript:x)", "<p>i</p>\n");
    html_is("[![i](file:///x)](https://x.y)", "<p><a href=\"https://x.y\">i</a></p>\n");
    html_is("[a][r]\n\n[r]: javascript:x\n", "<p>a</p>\n");
    text_is("[a](javascript:x)", "a\n");
}

static void a_referenced_line_break_is_shown(void **state)
{
    html_is("# a&#10;b", "<h1>a<br />\nb</h1>\n");
    text_is("a&#10;b", "a\nb\n");
}

static void text_reads_well_by_itself(void **state)
{
    text_is("# Hello\n\nDear **Ilze**, your *car* is `ready`.\n",
            "Hello\n\nDear Ilze, your car is ready.\n");
    text_is("See [our page](https://x.y/a).", "See our page (https://x.y/a).\n");
    text_is("<https://x.y>", "https://x.y\n");
    text_is("[https://x.y](https://x.y)", "https://x.y\n");
    text_is("[a@b.c](mailto:a@b.c) [us](mailto:a@b.c)", "a@b.c us (a@b.c)\n");
    text_is("- one\n- two\n  - inner\n\nafter\n", "- one\n- two\n  - inner\n\nafter\n");
    text_is("9. a\n10. b\n", "9. a\n10. b\n");
    text_is("- a\n\n- b\n\n  c\n", "- a\n\n- b\n\n  c\n");
    text_is("a\n\n> q\n> r\n>\n> s\n\nb\n", "a\n\n> q\n> r\n>\n> s\n\nb\n");
    text_is("> - a\n> - b\n", "> - a\n> - b\n");
    text_is("- > a\n", "- > a\n");
    text_is("- - a\n", "-\n  - a\n");
    text_is("    x\n\n    y\n", "    x\n\n    y\n");
    text_is("a\n\n---\n\nb\\\nc", "a\n\n---\n\nb\nc\n");
    text_is("-\n- x\n", "-\n- x\n");
    text_is("![a picture](https://x.y/p.png)", "a picture\n");
    text_is("", "");
}

static void depth_and_length_are_bounded(void **state)
{
    size_t n = 20000;
    char *deep = mem_alloc(n * 2 + 3);
    struct buf html, text;
    struct err err;

    buf_init(&html);
    buf_init(&text);
    for (size_t i = 0; i < n; i++)
        memcpy(deep + 2 * i, "> ", 2);
    strcpy(deep + 2 * n, "x");
    assert_int_equal(markdown_render(deep, strlen(deep), &html, &text, NULL), 0);
    assert_true(text.len < 200);
    free(deep);
    buf_clear(&text);

    char *large = mem_zalloc(MARKDOWN_MAX + 1);
    assert_int_equal(markdown_render(large, MARKDOWN_MAX + 1, NULL, &text, &err), ERR_LIMIT);
    assert_int_equal(text.len, 0);
    free(large);

    assert_int_equal(markdown_render("a\xff\0b", 4, &html, &text, NULL), 0); /* no harm */
    buf_close(&html);
    buf_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_never_becomes_markup),
        cmocka_unit_test(only_web_and_mail_addresses_are_live),
        cmocka_unit_test(a_referenced_line_break_is_shown),
        cmocka_unit_test(text_reads_well_by_itself),
        cmocka_unit_test(depth_and_length_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
