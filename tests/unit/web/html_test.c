/* web/html: nothing from outside means anything in a page; web/words; web/response. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/html.h"
#include "web/response.h"

static void assert_written(void (*write)(struct buf *, const char *), const char *text,
                           const char *expected)
{
    struct buf b;

    buf_init(&b);
    write(&b, text);
    assert_string_equal(b.data, expected);
    buf_close(&b);
}

static void markup_becomes_text(void **state)
{
    assert_written(html_text, "<script>alert('1' & \"2\")</script>",
                   "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;");
    assert_written(html_attr, "\" onclick=\"x", "&quot; onclick=&quot;x");
    assert_written(html_text, "&lt;", "&amp;lt;");
    assert_written(html_text, NULL, "");
    assert_written(html_text, "Ilze Bērziņa ‎نیلوفر", "Ilze Bērziņa ‎نیلوفر");
}

static void what_is_no_text_is_replaced_or_left_out(void **state)
{
    assert_written(html_text,
                   "a\xff"
                   "b\xc3",
                   "a\xef\xbf\xbd"
                   "b\xef\xbf\xbd");
    assert_written(html_text, "a\x01\x1b[31m\tb\nc\r\x7f", "a[31m\tb\nc");
    assert_written(html_text, "x\xc2\x85y", "xy"); /* U+0085 */
}

static void a_query_is_escaped_whole(void **state)
{
    assert_written(html_query, "/clients/7?a=b&c=\"ē", "%2Fclients%2F7%3Fa%3Db%26c%3D%22%C4%93");
}

static void a_name_is_kept_apart_from_its_surroundings(void **state)
{
    assert_written(html_name, "نیلوفر <b>", "<bdi>نیلوفر &lt;b&gt;</bdi>");
}

static void what_is_wrong_begins_like_a_sentence(void **state)
{
    assert_written(html_sentence, "there is <no> hour", "There is &lt;no&gt; hour");
    assert_written(html_sentence, "`when`: what", "`when`: what");
    assert_written(html_sentence, "ļoti", "ļoti"); /* nobody knows what it would begin with */
    assert_written(html_sentence, "", "");
    assert_written(html_sentence, NULL, "");
}

static void values_are_put_into_sentences_as_text(void **state)
{
    struct buf b;

    buf_init(&b);
    html_words(&b, W_TITLE, "<i>", "{}", NULL);
    assert_string_equal(b.data, "&lt;i&gt; – {}");
    buf_clear(&b);
    html_words(&b, W_TITLE, "one", NULL);
    assert_string_equal(b.data, "one – ");
    buf_close(&b);
}

static void every_word_is_there(void **state)
{
    for (int w = 0; w < WORD_COUNT; w++) {
        assert_non_null(word((enum word)w));
        assert_true(strlen(word((enum word)w)) > 0);
    }
}

static void cookies_are_for_this_site_alone(void **state)
{
    struct response r;

    response_init(&r);
    response_cookie(&r, "betimes", "abc", false);
    response_cookie(&r, "betimes-form", "", true);
    assert_string_equal(r.cookies[0], "betimes=abc; Path=/; HttpOnly; SameSite=Lax");
    assert_string_equal(r.cookies[1],
                        "betimes-form=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
    response_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_text),
        cmocka_unit_test(what_is_no_text_is_replaced_or_left_out),
        cmocka_unit_test(a_query_is_escaped_whole),
        cmocka_unit_test(a_name_is_kept_apart_from_its_surroundings),
        cmocka_unit_test(what_is_wrong_begins_like_a_sentence),
        cmocka_unit_test(values_are_put_into_sentences_as_text),
        cmocka_unit_test(every_word_is_there),
        cmocka_unit_test(cookies_are_for_this_site_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
