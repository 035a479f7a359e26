/* service/home: what is another place, and what is not. */
#include "../support/shop.h"

#include "service/home.h"

static void same(const char *before, const char *now)
{
    char *why = home_difference(before, now);

    if (why != NULL)
        fail_msg("%s and %s: %s", before, now, why);
}

static void other(const char *before, const char *now, const char *word)
{
    char *why = home_difference(before, now);

    assert_non_null(why);
    assert_non_null(strstr(why, word));
    free(why);
}

static void another_machine_or_file_is_another_place(void **state)
{
    other("machine=a file=1-2.3 host=x", "machine=b file=1-2.3 host=y", "another machine (x)");
    other("machine=a board=1 file=1 host=x", "machine=a board=2 file=1 host=x", "another machine");
    other("machine=a file=1-2.3 host=x", "machine=a file=1-2.4 host=x", "another file");
    other("file=1 host=x", "file=2 host=x", "another file");
}

static void what_is_not_known_of_both_is_not_compared(void **state)
{
    same("machine=a file=1 host=x", "machine=a file=1 host=x");
    same("machine=a board=1 file=1 host=x", "machine=a file=1 host=x"); /* no longer root */
    same("file=1 host=x", "machine=a file=1 host=y");
    same("machine=a host=x", "machine=a file=1 host=renamed");
    same("", "machine=a file=1 host=x");
}

static void a_rename_and_a_vacuum_are_no_copy_and_a_copy_is_one(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *before = home_of(s->settings->database), *away = fs_join(s->dir, "away.db");
    struct buf b;

    shop_sql(s, "VACUUM");
    assert_int_equal(rename(s->settings->database, away), 0);
    char *renamed = home_of(away);
    same(before, renamed);
    buf_init(&b);
    assert_int_equal(fs_read(away, 100 << 20, &b, NULL), 0);
    assert_int_equal(fs_create(s->settings->database, b.data, b.len, 0600, NULL), 0);
    char *copied = home_of(s->settings->database);
    other(before, copied, "another file");
    buf_close(&b);
    free(before);
    free(renamed);
    free(copied);
    free(away);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_machine_or_file_is_another_place),
        cmocka_unit_test(what_is_not_known_of_both_is_not_compared),
        cmocka_unit_test(a_rename_and_a_vacuum_are_no_copy_and_a_copy_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
