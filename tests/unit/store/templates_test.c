/* store/templates: what was said before can be looked up, and there is an end to it. */
#include "../support/shop.h"

#include "store/templates.h"

static void add(struct shop *s, const char *file, const char *text, const char *by, bool same,
                int64_t at_ms)
{
    shop_ok(s, store_template_add(s->store, file, text, by, same, at_ms), "add a version");
}

static void the_latest_of_a_file_is_known_and_the_others_are_kept(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct template_version *list, one;
    size_t count;
    bool is;

    add(s, "ready/en.sms", "first", NULL, false, 1000);
    add(s, "ready/lv.sms", "cita", NULL, false, 1500);
    add(s, "ready/en.sms", "second", "anna", false, 2000);
    shop_ok(s, store_template_is(s->store, "ready/en.sms", "second", &is), "compare");
    assert_true(is);
    shop_ok(s, store_template_is(s->store, "ready/en.sms", "first", &is), "compare");
    assert_false(is);
    shop_ok(s, store_template_is(s->store, "ready/kk.sms", "first", &is), "compare");
    assert_false(is);
    shop_ok(s, store_template_versions(s->store, "ready/en.sms", &list, &count), "list");
    assert_int_equal(count, 2);
    assert_string_equal(list[0].by, "anna");
    assert_null(list[1].by);
    shop_ok(s, store_template_version(s->store, list[1].id, &one), "find");
    assert_string_equal(one.text, "first");
    assert_string_equal(one.file, "ready/en.sms");
    template_version_close(&one);
    assert_int_equal(store_template_version(s->store, 999, &one), ERR_NOTFOUND);
    template_versions_free(list, count);
    shop_close(s);
}

static void there_is_an_end_to_the_versions_of_a_file(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct template_version *list, one;
    size_t count;

    add(s, "other/en.sms", "stays", NULL, false, 1);
    for (int i = 0; i < TEMPLATE_VERSIONS_MAX + 5; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        add(s, "ready/en.sms", text, "anna", false, i);
    }
    shop_ok(s, store_template_versions(s->store, "ready/en.sms", &list, &count), "list");
    assert_int_equal(count, TEMPLATE_VERSIONS_MAX);
    shop_ok(s, store_template_version(s->store, list[count - 1].id, &one), "find");
    assert_string_equal(one.text, "5");
    template_version_close(&one);
    template_versions_free(list, count);
    shop_ok(s, store_template_versions(s->store, "other/en.sms", &list, &count), "list");
    assert_int_equal(count, 1);
    template_versions_free(list, count);
    shop_close(s);
}

static void a_change_that_says_the_same_makes_no_translation_old(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct template_age *list;
    size_t count;

    add(s, "ready/en.sms", "first", NULL, false, 1000);
    add(s, "ready/en.sms", "second", "anna", false, 2000);
    add(s, "ready/en.sms", "secnod", "anna", true, 3000);
    add(s, "ready/lv.sms", "same from the beginning", "anna", true, 500);
    shop_ok(s, store_template_ages(s->store, &list, &count), "ages");
    assert_int_equal(count, 2);
    assert_string_equal(list[0].file, "ready/en.sms");
    assert_int_equal(list[0].meant_ms, 2000);
    assert_int_equal(list[0].at_ms, 3000);
    assert_int_equal(list[1].meant_ms, 500);
    template_ages_free(list, count);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_of_a_file_is_known_and_the_others_are_kept),
        cmocka_unit_test(there_is_an_end_to_the_versions_of_a_file),
        cmocka_unit_test(a_change_that_says_the_same_makes_no_translation_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
