/* service/lock: who works, who stands by, and what people are told of them. */
#include "../support/shop.h"

#include <unistd.h>

#include "service/lock.h"

static struct lock *open_lock(struct shop *s)
{
    struct lock *l;
    struct err err = {""};

    if (lock_open(s->settings->database, &l, &err) != 0)
        fail_msg("%s", err.text);
    return l;
}

static size_t holders(struct shop *s, struct lock_holder out[LOCK_PLACES])
{
    size_t count;

    assert_int_equal(lock_holders(s->settings->database, out, &count), 0);
    return count;
}

static void one_works_and_the_others_stand_by(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct lock_holder h[LOCK_PLACES];
    size_t count;

    assert_int_equal(lock_holders(s->settings->database, h, &count), ERR_NOTFOUND);
    struct lock *first = open_lock(s), *second = open_lock(s), *third = open_lock(s);
    assert_int_equal(holders(s, h), 0);
    assert_int_equal(lock_take(first, NULL), 0);
    assert_int_equal(lock_take(second, NULL), ERR_BUSY);
    assert_int_equal(lock_take(third, NULL), ERR_BUSY);
    assert_int_equal(lock_take(third, NULL), ERR_BUSY);
    assert_int_equal(holders(s, h), 3);
    assert_true(h[0].works);
    assert_false(h[1].works || h[2].works);
    assert_int_equal(h[0].pid, getpid());
    assert_true(h[0].since_ms > 0);

    lock_close(first);
    assert_int_equal(holders(s, h), 2);
    assert_false(h[0].works);
    assert_int_equal(lock_take(third, NULL), 0);
    assert_int_equal(lock_take(second, NULL), ERR_BUSY);
    assert_int_equal(holders(s, h), 2);
    assert_true(h[0].works);
    lock_close(second);
    lock_close(third);
    assert_int_equal(holders(s, h), 0);
    shop_close(s);
}

static void what_troubles_the_one_that_works_is_told_and_taken_back(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct lock *l = open_lock(s);
    struct lock_holder h[LOCK_PLACES];
    char many[1000];

    assert_int_equal(lock_take(l, NULL), 0);
    lock_tell(l, 7, "the disk is full: 100 %");
    assert_int_equal(holders(s, h), 1);
    assert_string_equal(h[0].words, "the disk is full: 100 %");
    assert_int_equal(h[0].epoch, 7);
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    lock_tell(l, 7, many);
    assert_int_equal(holders(s, h), 1);
    assert_int_equal(strlen(h[0].words), LOCK_WORDS_MAX - 1);
    lock_tell(l, 8, "");
    assert_int_equal(holders(s, h), 1);
    assert_string_equal(h[0].words, "");
    assert_int_equal(h[0].epoch, 8);
    lock_close(l);
    shop_close(s);
}

static void more_than_there_are_records_stand_by_unseen(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct lock *all[LOCK_PLACES + 3];
    struct lock_holder h[LOCK_PLACES];
    size_t n = sizeof(all) / sizeof(all[0]);

    for (size_t i = 0; i < n; i++) {
        all[i] = open_lock(s);
        assert_int_equal(lock_take(all[i], NULL), i == 0 ? 0 : ERR_BUSY);
    }
    assert_int_equal(holders(s, h), LOCK_PLACES);
    lock_close(all[0]);
    assert_int_equal(lock_take(all[n - 1], NULL), 0);
    for (size_t i = 1; i < n; i++)
        lock_close(all[i]);
    shop_close(s);
}

static void nonsense_in_the_file_troubles_nobody(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct lock_holder h[LOCK_PLACES];
    char *path = lock_path(s->settings->database);

    assert_int_equal(fs_create(path, "\0\377 pid=x host", 13, 0600, NULL), 0);
    struct lock *l = open_lock(s), *other = open_lock(s);
    assert_int_equal(lock_take(l, NULL), 0);
    assert_int_equal(lock_take(other, NULL), ERR_BUSY);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    for (int i = 0; i < 2000; i++)
        fputc(i % 3 == 0 ? '=' : 0xfe, f);
    fclose(f);
    assert_int_equal(holders(s, h), 2);
    assert_int_equal(h[0].pid, 0);
    lock_close(l);
    lock_close(other);
    free(path);
    shop_close(s);
}

static void a_file_taken_away_is_made_again_by_the_next(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct lock *first = open_lock(s), *second = open_lock(s);
    char *path = lock_path(s->settings->database);

    assert_int_equal(lock_take(first, NULL), 0);
    assert_int_equal(lock_take(second, NULL), ERR_BUSY);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lock_take(second, NULL), 0); /* now the epoch tells them apart */
    assert_true(fs_exists(path));
    lock_close(first);
    lock_close(second);
    free(path);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_works_and_the_others_stand_by),
        cmocka_unit_test(what_troubles_the_one_that_works_is_told_and_taken_back),
        cmocka_unit_test(more_than_there_are_records_stand_by_unseen),
        cmocka_unit_test(nonsense_in_the_file_troubles_nobody),
        cmocka_unit_test(a_file_taken_away_is_made_again_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
