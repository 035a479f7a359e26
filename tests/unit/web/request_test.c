/* web/request: what is refused, what is read; web/site: hosts and origins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/request.h"
#include "web/site.h"

static int parse(const char *target, char path[100])
{
    struct request r = {0};
    int rc = request_parse_target(&r, target);

    path[0] = '\0';
    if (rc == 0)
        strncat(path, r.path, 99);
    request_close(&r);
    return rc;
}

static void a_plain_path_is_decoded(void **state)
{
    char path[100];

    assert_int_equal(parse("/", path), 0);
    assert_string_equal(path, "/");
    assert_int_equal(parse("/clients/7", path), 0);
    assert_string_equal(path, "/clients/7");
    assert_int_equal(parse("/B%C4%93rzi%C5%86a?x=%2e%2e%2f", path), 0);
    assert_string_equal(path, "/Bērziņa");
    assert_int_equal(parse("/clients/", path), 0);
}

static void a_path_with_a_second_meaning_is_refused(void **state)
{
    static const char *const bad[] = {
        "",      "clients", "//",          "//evil.example", "/a//b",  "/./a",
        "/a/..", "/../etc", "/%2e%2e/x",   "/%2E%2E%2fx",    "/a%2fb", "/a%5cb",
        "/a\\b", "/a%00b",  "/a%0d%0aX:y", "/a%7f",          "/%",     "/%4",
        "/%zz",  "/%c0%af", "/%ff",        "/%ed%a0%80",     "/%252e", "http://x/",
        "*",     "/a%09",   "/a%25",       "/x/%2e",         "/\x01",  "/a/.",
    };
    char path[100];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (parse(bad[i], path) != ERR_INVALID)
            fail_msg("`%s` was taken as `%s`", bad[i], path);
}

static void a_target_may_be_so_long_and_no_longer(void **state)
{
    char *target = mem_alloc(TARGET_BYTES_MAX + 2), path[100];

    memset(target, 'a', TARGET_BYTES_MAX + 1);
    target[0] = '/';
    target[TARGET_BYTES_MAX] = '\0';
    assert_int_equal(parse(target, path), 0);
    target[TARGET_BYTES_MAX] = 'a';
    target[TARGET_BYTES_MAX + 1] = '\0';
    assert_int_equal(parse(target, path), ERR_LIMIT);
    free(target);
}

static int fields(const char *text, struct fields *f)
{
    *f = (struct fields){0};
    return fields_parse(f, text, strlen(text));
}

static void forms_are_decoded_as_browsers_write_them(void **state)
{
    struct fields f;

    assert_int_equal(fields("name=Ilze+B%C4%93rzi%C5%86a&empty=&alone&&a=1&a=2&t=x%0D%0Ay", &f), 0);
    assert_string_equal(fields_get(&f, "name"), "Ilze Bērziņa");
    assert_string_equal(fields_get(&f, "empty"), "");
    assert_string_equal(fields_get(&f, "alone"), "");
    assert_string_equal(fields_get(&f, "a"), "1");
    assert_string_equal(fields_get(&f, "t"), "x\r\ny");
    assert_null(fields_get(&f, "other"));
    assert_int_equal(f.count, 6);
    fields_close(&f);
}

static void bad_forms_are_refused(void **state)
{
    static const char *const bad[] = {"a=%", "a=%1", "a=%gg", "%00=1", "a=%00", "a=%ff", "a=\xc3"};
    struct fields f;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fields(bad[i], &f), ERR_INVALID);
        fields_close(&f);
    }
}

static void a_form_has_so_many_fields_and_no_more(void **state)
{
    char text[(FIELDS_MAX + 1) * 2 + 1] = "";
    struct fields f;

    for (int i = 0; i < FIELDS_MAX; i++)
        strcat(text, "a&");
    assert_int_equal(fields(text, &f), 0);
    fields_close(&f);
    strcat(text, "b&");
    assert_int_equal(fields(text, &f), ERR_LIMIT);
    fields_close(&f);
}

static void a_cookie_is_found_among_others_by_its_whole_name(void **state)
{
    char cookies[] = "xbetimes=1; betimes-form=2;betimes=3; betimes=4", out[4];
    struct request r = {.cookies = cookies};

    assert_true(request_cookie(&r, "betimes", out, sizeof(out)));
    assert_string_equal(out, "3");
    assert_true(request_cookie(&r, "betimes-form", out, sizeof(out)));
    assert_string_equal(out, "2");
    assert_false(request_cookie(&r, "form", out, sizeof(out)));
    assert_false(request_cookie(&r, "times", out, sizeof(out)));
    r.cookies = NULL;
    assert_false(request_cookie(&r, "betimes", out, sizeof(out)));
}

static void a_cookie_that_does_not_fit_is_none(void **state)
{
    char cookies[] = "betimes=12345", out[5];
    struct request r = {.cookies = cookies};

    assert_false(request_cookie(&r, "betimes", out, sizeof(out)));
}

static struct site *site(const char *listen, const char *url)
{
    char name[] = "Garage";
    struct settings s = {.business.name = name,
                         .web_listen = (char *)(uintptr_t)listen,
                         .web_url = (char *)(uintptr_t)url};

    return site_create(&s, NULL);
}

static void only_our_own_hosts_are_known(void **state)
{
    static const char *const known[] = {"page.example",   "PAGE.example:443", "localhost",
                                        "localhost:8080", "127.0.0.1:8080",   "[::1]:8080",
                                        "192.0.2.7:8080"};
    static const char *const unknown[] = {"evil.example",   "page.example.evil",
                                          "localhost.evil", "page.example:80x",
                                          "127.0.0.2",      "",
                                          "user@localhost", "[::1",
                                          "[::1]x"};
    struct site *s = site("192.0.2.7:8080", "https://page.example/");

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_true(site_knows_host(s, known[i]));
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_false(site_knows_host(s, unknown[i]));
    assert_false(site_knows_host(s, NULL));
    assert_true(s->secure);
    site_release(s);
}

static void an_origin_is_ours_by_its_whole_authority(void **state)
{
    struct site *s = site("127.0.0.1:8080", "https://page.example:8443/");

    assert_true(site_is_origin(s, "https://page.example:8443", "127.0.0.1:8080"));
    assert_true(site_is_origin(s, "http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_false(site_is_origin(s, "http://127.0.0.1:9999", "127.0.0.1:8080"));
    assert_false(site_is_origin(s, "https://page.example", "127.0.0.1:8080"));
    assert_false(site_is_origin(s, "https://page.example:8443.evil", "127.0.0.1:8080"));
    assert_false(site_is_origin(s, "http://page.example:8443", "page.example:8443"));
    assert_false(site_is_origin(s, "null", "127.0.0.1:8080"));
    site_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_path_is_decoded),
        cmocka_unit_test(a_path_with_a_second_meaning_is_refused),
        cmocka_unit_test(a_target_may_be_so_long_and_no_longer),
        cmocka_unit_test(forms_are_decoded_as_browsers_write_them),
        cmocka_unit_test(bad_forms_are_refused),
        cmocka_unit_test(a_form_has_so_many_fields_and_no_more),
        cmocka_unit_test(a_cookie_is_found_among_others_by_its_whole_name),
        cmocka_unit_test(a_cookie_that_does_not_fit_is_none),
        cmocka_unit_test(only_our_own_hosts_are_known),
        cmocka_unit_test(an_origin_is_ours_by_its_whole_authority),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
