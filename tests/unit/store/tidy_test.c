/* store/tidy: the journal is folded in beside what goes on, and nothing of it is lost or waits for
 * good. */
#include "../support/shop.h"

#include <sys/stat.h>

#define NAMES 400
#define NAMES_EACH 60 /* of one commit: a page each */
#define WORDS 3500
#define COMMITS 250
#define PAGE 4120 /* in the journal */
#define TIDY_PATIENCE_S 60

/* A shop whose store folds in as the service's does. */
static struct shop *open_shop(bool alone)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    clock_replace(NULL);
    store_tidy_apart(s->store);
    assert_non_null(s->store->tidier);
    s->store->alone = alone;
    return s;
}

static off_t journal_size(struct shop *s)
{
    char *path = mem_printf("%s-wal", s->settings->database);
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_size;
}

/* The text number `n` of the value `name`. */
static void words_of(int name, int n, char out[WORDS + 1])
{
    snprintf(out, WORDS + 1, "%d %d ", name, n);
    size_t len = strlen(out);
    memset(out + len, 'a' + n % 26, WORDS - len);
    out[WORDS] = '\0';
}

static void write_some(struct shop *s, int n, int latest[NAMES])
{
    char name[16], words[WORDS + 1];

    shop_ok(s, store_begin(s->store), "begin");
    for (int i = 0; i < NAMES_EACH; i++) {
        int which = (n * 37 + i) % NAMES;
        snprintf(name, sizeof(name), "v%d", which);
        words_of(which, n, words);
        shop_ok(s, store_meta_set_text(s->store, name, words), "set");
        latest[which] = n;
    }
    shop_ok(s, store_commit_unsynced(s->store), "commit");
}

/* As the engine does before each turn. Returns how often it had to wait. */
static int wait_until_writable(struct shop *s)
{
    int64_t end_ms = clock_mono_ms() + TIDY_PATIENCE_S * 1000;
    int waits = 0;

    for (; store_tidy_full(s->store); waits++) {
        assert_true(clock_mono_ms() < end_ms);
        usleep(STORE_TIDY_PAUSE_MS * 1000);
    }
    return waits;
}

static void assert_all_there(struct shop *s, const int latest[NAMES])
{
    char words[WORDS + 1];

    for (int i = 0; i < NAMES; i++) {
        words_of(i, latest[i], words);
        char *there = shop_ask(s, "SELECT value FROM meta WHERE name = 'v%d'", i);
        assert_string_equal(there, words);
        free(there);
    }
    assert_answer(s, "PRAGMA integrity_check", "ok");
}

static void write_much(struct shop *s, int longest_pages)
{
    int latest[NAMES] = {0};

    for (int n = 1; n <= COMMITS; n++) {
        wait_until_writable(s);
        write_some(s, n, latest);
        assert_true(journal_size(s) <= (off_t)longest_pages * PAGE);
    }
    assert_all_there(s, latest);
    /* What the database's own file holds, and nobody's journal, once all is folded in. */
    store_close(s->store);
    shop_ok(s, store_open(s->settings->database, STORE_WRITE, &s->store, NULL), "open");
    assert_all_there(s, latest);
}

static void whoever_writes_alone_goes_on_meanwhile_and_the_journal_stays_short(void **state)
{
    struct shop *s = open_shop(true);

    write_much(s, 5000);
    shop_close(s);
}

static void
where_others_write_the_journal_stays_so_short_that_they_need_not_fold_it_in(void **state)
{
    struct shop *s = open_shop(false);

    write_much(s, 1000);
    shop_close(s);
}

static void a_reader_that_stays_holds_up_nobody_and_loses_nothing(void **state)
{
    struct shop *s = open_shop(true);
    struct store *reader;
    int64_t value;
    int latest[NAMES] = {0};

    shop_ok(s, store_open(s->settings->database, STORE_READ, &reader, NULL), "open");
    shop_ok(s, store_begin_reading(reader), "begin");
    shop_ok(s, store_meta_int(reader, "v1", -1, &value), "read");
    for (int n = 1; n <= COMMITS; n++) {
        wait_until_writable(s);
        write_some(s, n, latest);
    }
    shop_ok(s, store_meta_int(reader, "v1", -1, &value), "read");
    assert_int_equal(value, -1); /* as it stood when it began */
    store_close(reader);
    assert_all_there(s, latest);
    for (int n = COMMITS + 1; n <= 2 * COMMITS; n++) {
        wait_until_writable(s);
        write_some(s, n, latest);
    }
    assert_true(journal_size(s) < 20 << 20); /* what the reader had made of it is cut again */
    assert_all_there(s, latest);
    shop_close(s);
}

static void at_rest_the_rest_is_folded_in_without_waiting(void **state)
{
    struct shop *s = open_shop(true);
    int latest[NAMES] = {0};
    int64_t end_ms = clock_mono_ms() + TIDY_PATIENCE_S * 1000;

    for (int n = 1; n <= 12; n++)
        write_some(s, n, latest);
    assert_true(s->store->wal_pages > 500);
    while (s->store->wal_pages > 0 && clock_mono_ms() < end_ms) {
        store_tidy(s->store);
        usleep(1000);
    }
    assert_int_equal(s->store->wal_pages, 0);
    assert_int_equal(wait_until_writable(s), 0);
    write_some(s, 13, latest);
    assert_true(s->store->wal_pages < 2 * NAMES_EACH); /* it begins anew */
    shop_close(s);
}

static void a_store_can_close_while_it_is_folded_in(void **state)
{
    struct shop *s = open_shop(true);
    int latest[NAMES] = {0};

    for (int n = 1; n <= 60; n++)
        write_some(s, n, latest);
    store_tidy_full(s->store);
    store_close(s->store);
    shop_ok(s, store_open(s->settings->database, STORE_WRITE, &s->store, NULL), "open");
    for (int i = 0; i < NAMES; i++)
        assert_true(latest[i] > 0);
    assert_all_there(s, latest);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_writes_alone_goes_on_meanwhile_and_the_journal_stays_short),
        cmocka_unit_test(
            where_others_write_the_journal_stays_so_short_that_they_need_not_fold_it_in),
        cmocka_unit_test(a_reader_that_stays_holds_up_nobody_and_loses_nothing),
        cmocka_unit_test(at_rest_the_rest_is_folded_in_without_waiting),
        cmocka_unit_test(a_store_can_close_while_it_is_folded_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
