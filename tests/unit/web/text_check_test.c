/* web/text_check: marks that would go to a client as they stand are found, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/text_check.h"

static void assert_markdown(const char *text, const char *expected, int line)
{
    struct text_mark m;

    assert_true(text_markdown(text, &m));
    assert_string_equal(m.text, expected);
    assert_int_equal(m.line, line);
}

static void assert_plain(const char *text)
{
    struct text_mark m;

    assert_false(text_markdown(text, &m));
}

static void markdown_is_found(void **state)
{
    assert_markdown("Come **now**, please", "**now**", 1);
    assert_markdown("Come\n__now__", "__now__", 2);
    assert_markdown("Hello\n\n## The bill\n12", "## The bill", 3);
    assert_markdown("See [here](https://example.com/) first", "[here](https://example.com/)", 1);
}

static void a_long_mark_is_cut_between_letters(void **state)
{
    struct text_mark m;

    assert_true(
        text_markdown("**\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81"
                      "\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81"
                      "\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81"
                      "\xc4\x81\xc4\x81\xc4\x81\xc4\x81\xc4\x81**",
                      &m));
    assert_int_equal(strlen(m.text), 62); /* of 63 bytes the last would be half a letter */
}

static void what_people_write_is_left_alone(void **state)
{
    assert_plain("2 * 3 ** 4, from 5 * to 6 *");
    assert_plain("** not bold ** and **** neither");
    assert_plain("#1 in town, call us: 12 # 4");
    assert_plain("snake__case__name");
    assert_plain("[sic] (we said so)");
    assert_plain("a **\nb **");
    assert_plain("{one} {two}");
    assert_plain("");
}

static void what_is_within_a_tag_is_no_text(void **state)
{
    struct text_mark m;

    assert_false(text_markdown("{{client.fields.__a__}} {{# job}}x{{/ job}}", &m));
    assert_markdown("{{client.name}}: **{{job.title}}**", "**{{job.title}}**", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_is_found),
        cmocka_unit_test(a_long_mark_is_cut_between_letters),
        cmocka_unit_test(what_people_write_is_left_alone),
        cmocka_unit_test(what_is_within_a_tag_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
