/* gateway/reach: which addresses a stranger's URL may lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "gateway/reach.h"

static void expect(enum reach reach, const char *const *addresses)
{
    for (; *addresses != NULL; addresses++)
        if (reach_of_text(*addresses) != reach)
            fail_msg("%s is not %s", *addresses, reach_name(reach));
}

static void the_internet_may_be_spoken_to(void **state)
{
    static const char *const addresses[] = {"1.1.1.1",
                                            "9.255.255.255",
                                            "11.0.0.0",
                                            "100.63.255.255",
                                            "100.128.0.0",
                                            "126.255.255.255",
                                            "128.0.0.0",
                                            "169.253.1.1",
                                            "169.255.0.0",
                                            "172.15.255.255",
                                            "172.32.0.0",
                                            "192.167.1.1",
                                            "192.169.0.0",
                                            "198.17.1.1",
                                            "198.20.0.0",
                                            "223.255.255.255",
                                            "2606:4700::1111",
                                            "2a00:1450::1",
                                            "2400::",
                                            "3fff:1000::1",
                                            "2001:200::1",
                                            "::ffff:1.1.1.1",
                                            "64:ff9b::101:101",
                                            "2002:101:101::1",
                                            NULL};

    expect(REACH_PUBLIC, addresses);
}

static void this_machine_is_known_in_every_disguise(void **state)
{
    static const char *const addresses[] = {
        "127.0.0.1",     "127.255.255.254", "::1",           "::ffff:127.0.0.1",
        "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", NULL};

    expect(REACH_LOOPBACK, addresses);
}

static void no_private_network_is_reached(void **state)
{
    static const char *const addresses[] = {
        "10.0.0.1",        "10.255.255.255", "100.64.0.1",       "100.127.255.255",
        "169.254.169.254", "172.16.0.1",     "172.31.255.255",   "192.168.0.1",
        "192.168.255.255", "198.18.0.1",     "198.19.255.255",   "fc00::1",
        "fd12:3456::1",    "fe80::1",        "fe80::1%eth0",     "febf::1",
        "fec0::1",         "64:ff9b:1::1",   "::ffff:10.0.0.1",  "::ffff:a9fe:a9fe",
        "64:ff9b::a00:1",  "2002:c0a8:1::1", "2002:a9fe:a9fe::", NULL};

    expect(REACH_PRIVATE, addresses);
}

static void what_is_nobodys_is_never_reached(void **state)
{
    static const char *const addresses[] = {"0.0.0.0",
                                            "0.1.2.3",
                                            "192.0.0.1",
                                            "192.0.2.1",
                                            "192.88.99.1",
                                            "198.51.100.1",
                                            "203.0.113.1",
                                            "224.0.0.1",
                                            "239.1.1.1",
                                            "240.0.0.1",
                                            "255.255.255.255",
                                            "::",
                                            "::2",
                                            "::127.0.0.1",
                                            "::ffff:0.0.0.0",
                                            "::ffff:0:7f00:1",
                                            "100::1",
                                            "2001::1",
                                            "2001:20::1",
                                            "2001:db8::1",
                                            "2002:e000:1::1",
                                            "2002:0:1::",
                                            "3fff::1",
                                            "4000::1",
                                            "ff02::1",
                                            "5f00::1",
                                            "64:ff9b::e000:1",
                                            "no address",
                                            "",
                                            "1.2.3",
                                            "01.1.1.1",
                                            "1.1.1.1 ",
                                            "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
                                            NULL};
    struct sockaddr_un other = {.sun_family = AF_UNIX, .sun_path = "/run/socket"};

    expect(REACH_NEVER, addresses);
    assert_int_equal(reach_of((const struct sockaddr *)&other), REACH_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_internet_may_be_spoken_to),
        cmocka_unit_test(this_machine_is_known_in_every_disguise),
        cmocka_unit_test(no_private_network_is_reached),
        cmocka_unit_test(what_is_nobodys_is_never_reached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
