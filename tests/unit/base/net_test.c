/* base/net: which address is in which range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"

static void an_address_is_in_its_range_and_in_no_other(void **state)
{
    assert_true(net_range_has("192.0.2.7", "192.0.2.7"));
    assert_false(net_range_has("192.0.2.7", "192.0.2.8"));
    assert_true(net_range_has("192.0.2.0/24", "192.0.2.255"));
    assert_false(net_range_has("192.0.2.0/24", "192.0.3.0"));
    assert_true(net_range_has("10.0.0.0/9", "10.127.255.255"));
    assert_false(net_range_has("10.0.0.0/9", "10.128.0.0"));
    assert_true(net_range_has("0.0.0.0/0", "203.0.113.9"));
    assert_true(net_range_has("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(net_range_has("2001:db8::/32", "2001:db9::1"));
    assert_true(net_range_has("2001:db8::1/127", "2001:db8::"));
}

static void the_kinds_of_address_are_apart_but_for_one_within_the_other(void **state)
{
    assert_false(net_range_has("0.0.0.0/0", "2001:db8::1"));
    assert_false(net_range_has("::/0", "192.0.2.7"));
    assert_true(net_range_has("192.0.2.0/24", "::ffff:192.0.2.7"));
    assert_true(net_range_has("::ffff:192.0.2.7", "192.0.2.7"));
}

static void what_is_no_range_has_nothing(void **state)
{
    static const char *const wrong[] = {"",           "example.com",   "192.0.2",
                                        "192.0.2.7/", "192.0.2.7/33",  "192.0.2.7/-1",
                                        "::/129",     "192.0.2.7/8/8", "192.0.2.7 "};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(net_is_range(wrong[i]));
        assert_false(net_range_has(wrong[i], "192.0.2.7"));
        assert_false(net_range_has("0.0.0.0/0", wrong[i]));
    }
    assert_true(net_is_range("192.0.2.0/24"));
    assert_true(net_is_range("::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_its_range_and_in_no_other),
        cmocka_unit_test(the_kinds_of_address_are_apart_but_for_one_within_the_other),
        cmocka_unit_test(what_is_no_range_has_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
