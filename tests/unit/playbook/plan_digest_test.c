/* Which edits make the service plan everything again, and which do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/playbook/internal.h"

#define RULE "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"
#define BUSINESS "[business]\nname = Garage\ntimezone = Europe/Riga\nhours = Mon-Fri 09:00-18:00\n"

static uint64_t digest(const char *text)
{
    struct problems problems = {0};
    struct ini *ini = ini_parse("test", text, strlen(text), &problems);
    uint64_t d = plan_digest(ini);

    assert_int_equal(problems.errors, 0);
    ini_free(ini);
    problems_close(&problems);
    return d;
}

static void words_comments_and_layout_change_nothing(void **state)
{
    uint64_t before = digest(RULE);

    assert_true(before == digest(RULE "template = other\n"));
    assert_true(before == digest(RULE "require = client.phone\ncap = no\nunknown = hold\n"));
    assert_true(before == digest("; what we say\n\n" RULE "; and why\n"));
    assert_true(before == digest("[rule soon]\non=appointment starts\nwhen =  2 hours before\n"
                                 "by = sms\n"));
}

static void whatever_may_change_a_plan_counts(void **state)
{
    static const char *const others[] = {
        RULE "window = 09:00-20:00\n",
        RULE "if = client.name = 'A'\n",
        RULE "a-key-of-tomorrow = 1\n",
        RULE "[rule more]\non = appointment booked\n",
        RULE "[workflow repair]\nstages = A, B\n",
        "[rule soon]\non = appointment starts\nwhen = 3 hours before\nby = sms\n",
        "[rule late]\non = appointment starts\nwhen = 2 hours before\nby = sms\n",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(digest(RULE) != digest(others[i]));
}

static void the_order_of_rules_counts(void **state)
{
    assert_true(digest("[rule a]\non = job opens\n[rule b]\non = job opens\n") !=
                digest("[rule b]\non = job opens\n[rule a]\non = job opens\n"));
}

static void a_key_and_a_value_do_not_run_into_each_other(void **state)
{
    assert_true(digest("[rule a]\nab = c\n") != digest("[rule a]\na = bc\n"));
}

static void of_the_business_its_time_counts_and_its_name_does_not(void **state)
{
    uint64_t before = digest(BUSINESS);

    assert_true(before == digest("[business]\nname = Other\ntimezone = Europe/Riga\n"
                                 "hours = Mon-Fri 09:00-18:00\n"));
    assert_true(before == digest(BUSINESS "[gateway mail]\ntype = file\npath = out\n"
                                          "[web]\nlisten = 127.0.0.1:80\n"));
    assert_true(before != digest("[business]\nname = Garage\ntimezone = Europe/Oslo\n"
                                 "hours = Mon-Fri 09:00-18:00\n"));
    assert_true(before != digest(BUSINESS "quiet = none\n"));
    assert_true(before != digest(BUSINESS "country = LV\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_comments_and_layout_change_nothing),
        cmocka_unit_test(whatever_may_change_a_plan_counts),
        cmocka_unit_test(the_order_of_rules_counts),
        cmocka_unit_test(a_key_and_a_value_do_not_run_into_each_other),
        cmocka_unit_test(of_the_business_its_time_counts_and_its_name_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
