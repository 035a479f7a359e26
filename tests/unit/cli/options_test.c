/* cli/options: what a command line may say, and what it is told when it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/options.h"

static const struct option_spec specs[] = {
    {"client", 0, "REF", "a client"}, {"limit", 0, "N", "how many"},
    {"all", 0, NULL, "all of them"},  {"dir", 'c', "DIR", "where"},
    {"help", 'h', NULL, "help"},
};

struct parsed {
    struct options options;
    struct err err;
    int rc;
};

/* The arguments, up to a NULL. */
static struct parsed parse(char *first, ...)
{
    struct parsed p = {.err = {""}};
    static char *argv[16];
    int argc = 0;
    va_list ap;

    va_start(ap, first);
    for (char *arg = first; arg != NULL; arg = va_arg(ap, char *))
        argv[argc++] = arg;
    va_end(ap);
    options_know(&p.options, specs, sizeof(specs) / sizeof(specs[0]));
    p.rc = options_parse(&p.options, argc, argv, &p.err);
    return p;
}

static void refused(struct parsed p, const char *words)
{
    assert_int_equal(p.rc, ERR_INVALID);
    if (strstr(p.err.text, words) == NULL)
        fail_msg("`%s` was expected in: %s", words, p.err.text);
    options_close(&p.options);
}

static void test_options_and_words_stand_in_any_order(void **state)
{
    struct parsed p = parse("one", "--client", "c7", "two", "--all", "-c", "shop", NULL);

    assert_int_equal(p.rc, 0);
    assert_string_equal(option_value(&p.options, "client"), "c7");
    assert_string_equal(option_value(&p.options, "dir"), "shop");
    assert_true(option_given(&p.options, "all"));
    assert_false(option_given(&p.options, "help"));
    assert_int_equal(p.options.word_count, 2);
    assert_string_equal(p.options.words[0], "one");
    assert_string_equal(p.options.words[1], "two");
    options_close(&p.options);
}

static void test_a_value_may_be_joined(void **state)
{
    struct parsed p = parse("--client=a=b", "-cshop", NULL);

    assert_int_equal(p.rc, 0);
    assert_string_equal(option_value(&p.options, "client"), "a=b");
    assert_string_equal(option_value(&p.options, "dir"), "shop");
    options_close(&p.options);
    p = parse("--client=", NULL);
    assert_int_equal(p.rc, 0);
    assert_string_equal(option_value(&p.options, "client"), "");
    options_close(&p.options);
}

static void test_two_dashes_end_the_options(void **state)
{
    struct parsed p = parse("--", "--all", "-", NULL);

    assert_int_equal(p.rc, 0);
    assert_false(option_given(&p.options, "all"));
    assert_int_equal(p.options.word_count, 2);
    assert_string_equal(p.options.words[0], "--all");
    options_close(&p.options);
}

static void test_a_single_dash_is_a_word(void **state)
{
    struct parsed p = parse("-", NULL);

    assert_int_equal(p.rc, 0);
    assert_int_equal(p.options.word_count, 1);
    options_close(&p.options);
}

static void test_an_unknown_option_is_told_with_the_nearest(void **state)
{
    refused(parse("--cleint", "c7", NULL), "did you mean --client?");
    refused(parse("--limt=3", NULL), "--limt; did you mean --limit?");
    refused(parse("--zzzzzzzz", NULL), "there is no option --zzzzzzzz");
    refused(parse("-x", NULL), "there is no option -x");
}

static void test_an_option_without_its_value_is_refused(void **state)
{
    refused(parse("--client", NULL), "--client needs a value: --client REF");
    refused(parse("-c", NULL), "--dir needs a value");
    refused(parse("--client", "--all", NULL), "--client needs a value");
}

static void test_a_value_where_there_is_none_is_refused(void **state)
{
    refused(parse("--all=yes", NULL), "--all takes no value");
    refused(parse("-hx", NULL), "--help takes no value");
}

static void test_the_same_twice_is_refused(void **state)
{
    refused(parse("--all", "--all", NULL), "twice");
    refused(parse("--client", "a", "--client", "b", NULL), "twice");
}

static void test_too_many_words_are_refused(void **state)
{
    static char word[] = "7", *argv[WORDS_MAX + 1];
    struct options o = {0};
    struct err err = {""};

    for (size_t i = 0; i < WORDS_MAX + 1; i++)
        argv[i] = word;
    assert_int_equal(options_parse(&o, WORDS_MAX + 1, argv, &err), ERR_LIMIT);
    options_close(&o);
    assert_int_equal(options_parse(&o, WORDS_MAX, argv, &err), 0);
    assert_int_equal(o.word_count, WORDS_MAX);
    options_close(&o);
}

static void test_a_number_has_its_limits(void **state)
{
    static const struct {
        char *text;
        int rc;
        int64_t value;
    } cases[] = {{"--limit=1", 0, 1},
                 {"--limit=10", 0, 10},
                 {"--limit=0", ERR_INVALID, 0},
                 {"--limit=11", ERR_INVALID, 0},
                 {"--limit=3x", ERR_INVALID, 0},
                 {"--limit=", ERR_INVALID, 0},
                 {"--all", 0, 5}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p = parse(cases[i].text, NULL);
        int64_t value;
        assert_int_equal(option_number(&p.options, "limit", 1, 10, 5, &value, &p.err), cases[i].rc);
        if (cases[i].rc == 0)
            assert_int_equal(value, cases[i].value);
        else
            assert_non_null(strstr(p.err.text, "from 1 to 10"));
        options_close(&p.options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_and_words_stand_in_any_order),
        cmocka_unit_test(test_a_value_may_be_joined),
        cmocka_unit_test(test_two_dashes_end_the_options),
        cmocka_unit_test(test_a_single_dash_is_a_word),
        cmocka_unit_test(test_an_unknown_option_is_told_with_the_nearest),
        cmocka_unit_test(test_an_option_without_its_value_is_refused),
        cmocka_unit_test(test_a_value_where_there_is_none_is_refused),
        cmocka_unit_test(test_the_same_twice_is_refused),
        cmocka_unit_test(test_too_many_words_are_refused),
        cmocka_unit_test(test_a_number_has_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
