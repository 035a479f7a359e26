/* store/published: calendars that were published, and their end. */
#include "../support/shop.h"

#include "store/published.h"

static int64_t publish(struct shop *s, const char *hash, const char *staff_key)
{
    int64_t id;

    shop_ok(s, store_published_add(s->store, hash, staff_key, 1000, &id), "publish");
    return id;
}

static void one_is_found_by_its_hash_alone(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct published p;
    int64_t business = publish(s, "aa", NULL), anna = publish(s, "bb", "anna");

    shop_ok(s, store_published(s->store, "bb", &p), "find");
    assert_int_equal(p.id, anna);
    assert_string_equal(p.staff_key, "anna");
    published_close(&p);
    shop_ok(s, store_published(s->store, "aa", &p), "find");
    assert_int_equal(p.id, business);
    assert_null(p.staff_key);
    published_close(&p);
    assert_int_equal(store_published(s->store, "a", &p), ERR_NOTFOUND);
    assert_int_equal(store_published(s->store, "", &p), ERR_NOTFOUND);
    shop_close(s);
}

static void one_that_was_revoked_is_not_found_and_its_id_never_comes_again(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct published p, *list;
    size_t count;
    int64_t id = publish(s, "aa", NULL);

    shop_ok(s, store_published_remove(s->store, id), "revoke");
    assert_int_equal(store_published(s->store, "aa", &p), ERR_NOTFOUND);
    assert_int_equal(store_published_remove(s->store, id), ERR_NOTFOUND);
    assert_true(publish(s, "bb", NULL) > id);
    shop_ok(s, store_published_all(s->store, &list, &count), "list");
    assert_int_equal(count, 1);
    published_free(list, count);
    shop_close(s);
}

static void assert_whose(struct shop *s, int64_t id, const char *expected)
{
    char *name;

    shop_ok(s, store_published_whose(s->store, id, &name), "whose");
    if (expected == NULL)
        assert_null(name);
    else
        assert_string_equal(name, expected);
    free(name);
}

static void whose_it_is_is_told_by_name_while_there_is_one(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *name;

    shop_sql(s, "INSERT INTO staff (ref, name) VALUES ('an', 'Anna')");
    assert_whose(s, publish(s, "aa", NULL), NULL);
    assert_whose(s, publish(s, "bb", "an"), "Anna");
    assert_whose(s, publish(s, "cc", "berta"), "berta");
    assert_int_equal(store_published_whose(s->store, 77, &name), ERR_NOTFOUND);
    assert_null(name);
    shop_close(s);
}

static void there_is_an_end_to_how_many_there_are(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    int64_t id;

    for (int i = 0; i < PUBLISHED_MAX; i++) {
        char hash[16];
        snprintf(hash, sizeof(hash), "%d", i);
        publish(s, hash, NULL);
    }
    assert_int_equal(store_published_add(s->store, "more", NULL, 1000, &id), ERR_LIMIT);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_found_by_its_hash_alone),
        cmocka_unit_test(one_that_was_revoked_is_not_found_and_its_id_never_comes_again),
        cmocka_unit_test(whose_it_is_is_told_by_name_while_there_is_one),
        cmocka_unit_test(there_is_an_end_to_how_many_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
