#include "common.h"

static struct ini *parse(const char *text, struct problems *problems)
{
    return ini_parse("x.conf", text, strlen(text), problems);
}

/* The value of `v` in "[s]\nv = TEXT", which has to be without problems. */
static void assert_value(const char *text, const char *expected)
{
    struct problems problems = {0};
    char *file = mem_printf("[s]\nv =%s", text);
    struct ini *ini = parse(file, &problems);

    assert_said(&problems, "");
    assert_string_equal(ini_get(ini_section(ini, "s", ""), "v"), expected);
    ini_free(ini);
    free(file);
}

static void assert_wrong(const char *text, const char *expected)
{
    struct problems problems = {0};
    struct ini *ini = parse(text, &problems);

    assert_said(&problems, expected);
    ini_free(ini);
}

static void sections_entries_and_lines(void **state)
{
    struct problems problems = {0};
    struct ini *ini = parse("; hello\n\n[business]\nname = A\n\n[gateway  mail] ; ours\n  # why\n"
                            "two   words = x\n[rule \"a b\"]\n",
                            &problems);

    assert_said(&problems, "");
    assert_int_equal(ini->count, 3);
    assert_int_equal(ini_section(ini, "business", "")->line, 3);
    assert_int_equal(ini_entry(ini_section(ini, "business", ""), "name")->line, 4);
    assert_string_equal(ini_get(ini_section(ini, "gateway", "mail"), "two words"), "x");
    assert_non_null(ini_section(ini, "rule", "a b"));
    assert_null(ini_section(ini, "gateway", "texts"));
    assert_null(ini_get(NULL, "name"));
    ini_free(ini);
}

static void comments_end_a_value_outside_quotes_only(void **state)
{
    assert_value(" a ; b", "a");
    assert_value(" a # b", "a");
    assert_value(" a;b#c", "a;b#c");
    assert_value("", "");
    assert_value(" ; nothing", "");
    assert_value(" https://a/#b", "https://a/#b");
    assert_value(" x = 'a ; b' ; c", "x = 'a ; b'");
    assert_value(" x = 'it''s ; b' ; c", "x = 'it''s ; b'");
    assert_value(" client's ; and the dogs'", "client's");
    assert_value(" Rock 'n Roll ; it's", "Rock 'n Roll");
    assert_value(" {\"a\": \"b ; \\\" # c\"} ; d", "{\"a\": \"b ; \\\" # c\"}");
}

static void one_pair_of_quotes_around_everything_goes(void **state)
{
    assert_value(" \"  a ; b \" ; c", "  a ; b ");
    assert_value(" \"a \\\"b\\\" \\\\ \\n\"", "a \"b\" \\ \\n");
    assert_value(" \"a\" = \"b\"", "\"a\" = \"b\"");
    assert_value(" 'a'", "'a'");
    assert_value(" \"\"", "");
    assert_value(" enters \"Quote sent\"", "enters \"Quote sent\"");
}

static void indented_lines_go_on(void **state)
{
    assert_value(" a\n  b ; c\n\n; d\n\te # f\n", "a\nb\ne");
    assert_value("\n  b", "b");
    assert_value(" a\r\n  b\r\n", "a\nb");
    assert_value(" a\n  [b]\n  c = d", "a\n[b]\nc = d");
}

static void a_byte_order_mark_is_no_problem(void **state)
{
    struct problems problems = {0};
    struct ini *ini = parse("\xef\xbb\xbf[s]\r\nv = ā\r\n", &problems);

    assert_said(&problems, "");
    assert_string_equal(ini_get(ini_section(ini, "s", ""), "v"), "ā");
    ini_free(ini);
}

static void what_is_twice_says_where_the_first_is(void **state)
{
    assert_wrong("[s]\na = 1\nb = 2\na = 3\n  4\n",
                 "x.conf:4: `a` is here twice, first in line 2; keep one");
    assert_wrong("[s a]\n[s]\n[s  a]\n", "x.conf:3: `[s a]` is here twice, first in line 1; put "
                                         "both into one section");
}

static void every_broken_line_is_told_once(void **state)
{
    assert_wrong("a = 1\nb = 2\n[s]\n", "x.conf:1: this line stands before the first section; "
                                        "begin with one, such as `[business]`");
    assert_wrong("[s\na = 1\n[]\n[t] x\n",
                 "x.conf:1: a section is written `[kind name]`, alone on its line\n"
                 "x.conf:3: a section needs a kind: `[kind name]`, such as `[rule ready]`\n"
                 "x.conf:4: a section is written `[kind name]`, alone on its line");
    assert_wrong("[s]\nwhat is this\n  and this\n= 1\nb = 2\n",
                 "x.conf:2: this is neither `key = value` nor `[kind name]`; to go on with the "
                 "value above, indent the line\n"
                 "x.conf:4: a key is missing before the `=`");
    assert_wrong("[s]\n  a = 1\n  b = 2\n",
                 "x.conf:2: this line is indented, so it would go on with the value above, and "
                 "there is none; begin sections and keys at the line's beginning");
    assert_wrong("[s]\na = b \"c ; d\n",
                 "x.conf:2:7: the quote here has no partner on this line; close it, or write the "
                 "whole value in quotes with \\\" for a quote inside");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    struct problems problems = {0};
    struct ini *ini;

    assert_wrong("[s]\na = \xff\n", "x.conf:2:5: this is not UTF-8; save the file as UTF-8");
    assert_wrong("[s]\na = \x01 \n",
                 "x.conf:2:5: a control character (byte 0x01) has no place here; remove it");
    assert_wrong("[s]\na = b\rc = d\n",
                 "x.conf:2:6: a control character (byte 0x0d) has no place here; remove it");
    assert_wrong("\xff\xfe[\n", "x.conf:1: this file is UTF-16; save it as UTF-8");
    ini = ini_parse("x.conf", "[s]\na = \0b\n", 11, &problems);
    assert_said(&problems,
                "x.conf:2:5: a control character (byte 0x00) has no place here; remove it");
    ini_free(ini);
}

static void nothing_is_cut_below_the_limit(void **state)
{
    struct problems problems = {0};
    char *text = mem_alloc(7 + INI_FILE_MAX);

    memcpy(text, "[s]\nv =", 7);
    memset(text + 7, 'x', INI_FILE_MAX);
    struct ini *ini = ini_parse("x.conf", text, 7 + INI_VALUE_MAX - 1, &problems);
    assert_said(&problems, "");
    assert_int_equal(strlen(ini_get(ini_section(ini, "s", ""), "v")), INI_VALUE_MAX - 1);
    ini_free(ini);
    ini = ini_parse("x.conf", text, 7 + INI_VALUE_MAX, &problems);
    assert_said(&problems, "x.conf:2: the value of `v` is longer than 64 KiB");
    ini_free(ini);
    ini = ini_parse("x.conf", text, INI_FILE_MAX + 1, &problems);
    assert_said(&problems, "x.conf: larger than 1024 KiB");
    ini_free(ini);
    free(text);
}

static void a_value_that_grows_line_by_line_ends_at_the_limit(void **state)
{
    struct problems problems = {0};
    struct buf b;

    buf_init(&b);
    buf_puts(&b, "[s]\nv = a\n");
    while (b.len < 2 * INI_VALUE_MAX)
        buf_puts(&b, "  0123456789012345678901234567890\n");
    buf_puts(&b, "w = 1\n");
    struct ini *ini = ini_parse("x.conf", b.data, b.len, &problems);
    assert_int_equal(problems.errors, 1);
    assert_string_equal(ini_get(ini_section(ini, "s", ""), "w"), "1");
    assert_said_among(&problems, "the value of `v` is longer than 64 KiB");
    ini_free(ini);
    buf_close(&b);
}

static void too_many_sections_or_keys_are_refused(void **state)
{
    struct problems problems = {0};
    struct buf b;

    buf_init(&b);
    for (int i = 0; i <= INI_SECTIONS_MAX; i++)
        buf_printf(&b, "[s %d]\n", i);
    struct ini *ini = ini_parse("x.conf", b.data, b.len, &problems);
    assert_said(&problems, "x.conf:2001: more than 2000 sections in one file");
    ini_free(ini);
    buf_clear(&b);
    buf_puts(&b, "[s]\n");
    for (int i = 0; i <= INI_ENTRIES_MAX; i++)
        buf_printf(&b, "k%d = %d\n", i, i);
    ini = ini_parse("x.conf", b.data, b.len, &problems);
    assert_said(&problems, "x.conf:1002: more than 1000 keys in one section");
    ini_free(ini);
    buf_close(&b);
}

static void a_missing_file_is_one_error(void **state)
{
    struct problems problems = {0};

    assert_null(ini_read("/nowhere/x.conf", &problems));
    assert_int_equal(problems.errors, 1);
    assert_said_among(&problems, "/nowhere/x.conf: ");
}

static void problems_beyond_the_limit_are_counted_not_kept(void **state)
{
    struct problems problems = {0};

    for (int i = 0; i < PROBLEMS_MAX + 5; i++)
        problems_error(&problems, "x.conf", i, "wrong");
    problems_warning(&problems, "x.conf", 1, "hm");
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_int_equal(problems.errors, PROBLEMS_MAX + 5);
    problems_close(&problems);
    problems_warning(&problems, "x.conf", 1, "hm");
    assert_int_equal(problems.errors, 0);
    assert_said(&problems, "x.conf:1: warning: hm");
}

static void a_section_that_is_indented_as_a_whole_is_told_once(void **state)
{
    struct problems problems = {0};
    struct ini *ini = parse("[rule a]\n\ton = x\n\twhen = 1\n\t  more\n\tby = y\n[rule b]\n"
                            "on = z\n\tmore\n",
                            &problems);

    assert_said(&problems,
                "x.conf:2: this line is indented, so it would go on with the value above, "
                "and there is none; begin sections and keys at the line's beginning");
    assert_string_equal(ini_get(ini_section(ini, "rule", "a"), "on"), "x");
    assert_string_equal(ini_get(ini_section(ini, "rule", "a"), "when"), "1\nmore");
    assert_string_equal(ini_get(ini_section(ini, "rule", "a"), "by"), "y");
    assert_string_equal(ini_get(ini_section(ini, "rule", "b"), "on"), "z\nmore");
    ini_free(ini);
}

static void a_colon_is_no_equals_sign(void **state)
{
    assert_wrong("[a]\nwhen: now\n", "x.conf:2: there is no `=` in this line; a key and its value "
                                     "are written `key = value`, without a colon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_that_is_indented_as_a_whole_is_told_once),
        cmocka_unit_test(a_colon_is_no_equals_sign),
        cmocka_unit_test(sections_entries_and_lines),
        cmocka_unit_test(comments_end_a_value_outside_quotes_only),
        cmocka_unit_test(one_pair_of_quotes_around_everything_goes),
        cmocka_unit_test(indented_lines_go_on),
        cmocka_unit_test(a_byte_order_mark_is_no_problem),
        cmocka_unit_test(what_is_twice_says_where_the_first_is),
        cmocka_unit_test(every_broken_line_is_told_once),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(nothing_is_cut_below_the_limit),
        cmocka_unit_test(a_value_that_grows_line_by_line_ends_at_the_limit),
        cmocka_unit_test(too_many_sections_or_keys_are_refused),
        cmocka_unit_test(a_missing_file_is_one_error),
        cmocka_unit_test(problems_beyond_the_limit_are_counted_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
