/* store/ledger: what is noted is found again, whatever befalls the file's end; and nothing else is.
 */
#include "../support/shop.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/ledger.h"

#define IDENTITY "0123456789abcdef0123456789abcdef"
#define SLOT 64
#define NOW_MS INT64_C(1795315583000)
#define DAY_MS INT64_C(86400000)

static struct ledger *open_ledger(const char *path, const char *identity, int64_t seen,
                                  int64_t now_ms, struct ledger_found *found)
{
    struct ledger *l;
    struct err err = {""};

    if (ledger_open(path, identity, seen, now_ms, &l, found, &err) != 0)
        fail_msg("%s", err.text);
    return l;
}

static void note(struct ledger *l, int64_t id, int64_t now_ms)
{
    struct ledger_record r = {.kind = LEDGER_SENT, .message_id = id, .at_ms = now_ms, .epoch = 3};

    memset(r.key.bytes, (int)(id % 251), sizeof(r.key.bytes));
    ledger_note(l, &r);
}

static void notes(struct ledger *l, int64_t from, int64_t to, int64_t now_ms)
{
    for (int64_t id = from; id <= to; id++)
        note(l, id, now_ms);
    assert_int_equal(ledger_flush(l, now_ms), 0);
}

struct seen {
    int64_t count, first, last;
};

static bool see(void *arg, const struct ledger_record *r)
{
    struct seen *s = arg;

    assert_int_equal(r->message_id, r->number);
    assert_int_equal(r->key.bytes[7], r->number % 251);
    assert_int_equal(r->kind, LEDGER_SENT);
    assert_int_equal(r->epoch, 3);
    s->first = s->count == 0 ? r->number : s->first;
    assert_int_equal(r->number, s->first + s->count++);
    s->last = r->number;
    return true;
}

static struct seen read_all(struct ledger *l, int64_t after)
{
    struct seen s = {0};

    assert_int_equal(ledger_read(l, after, see, &s), 0);
    return s;
}

static void what_is_noted_is_found_again_and_goes_on(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);

    assert_true(found.made);
    assert_int_equal(ledger_last(l), 0);
    assert_int_equal(ledger_flush(l, NOW_MS), 0);
    notes(l, 1, 1, NOW_MS);
    notes(l, 2, 3000, NOW_MS);
    note(l, 3001, NOW_MS); /* never flushed */
    assert_int_equal(ledger_last(l), 3000);
    ledger_close(l);

    l = open_ledger(path, IDENTITY, 1000, NOW_MS, &found);
    assert_false(found.made);
    assert_int_equal(found.last_epoch, 3);
    assert_int_equal(ledger_last(l), 3000);
    struct seen all = read_all(l, 0), rest = read_all(l, 2990), none = read_all(l, 3000);
    assert_int_equal(all.count, 3000);
    assert_int_equal(rest.first, 2991);
    assert_int_equal(rest.last, 3000);
    assert_int_equal(none.count, 0);
    notes(l, 3001, 3002, NOW_MS);
    assert_int_equal(read_all(l, 0).last, 3002);
    ledger_close(l);
    free(path);
    shop_close(s);
}

/* Whoever writes need not wait for the disk at once, nor before writing more. */
static void what_is_written_is_there_however_late_the_disk_is_waited_for(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);

    ledger_wait(l); /* for nothing */
    for (int64_t id = 1; id <= 200; id++) {
        note(l, id, NOW_MS);
        assert_int_equal(ledger_write(l, NOW_MS), 0);
        if (id % 3 == 0)
            ledger_wait(l);
    }
    assert_int_equal(ledger_last(l), 200);
    note(l, 201, NOW_MS);
    assert_int_equal(ledger_write(l, NOW_MS), 0);
    ledger_close(l); /* while it is under way */

    l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
    assert_int_equal(read_all(l, 0).count, 201);
    ledger_close(l);
    free(path);
    shop_close(s);
}

static void a_torn_end_is_no_record_and_is_overwritten(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;

    for (int kept = 0; kept <= 48; kept += 8) {
        unlink(path);
        struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
        notes(l, 1, 10, NOW_MS);
        ledger_close(l);
        char zeros[SLOT] = {0};
        int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, zeros, (size_t)(SLOT - kept), 10 * SLOT + kept), SLOT - kept);
        close(fd);
        l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
        assert_int_equal(ledger_last(l), 9);
        notes(l, 10, 12, NOW_MS);
        assert_int_equal(read_all(l, 0).count, 12);
        ledger_close(l);
        /* the same, when the file's length was lost with it */
        assert_int_equal(truncate(path, 5 * SLOT + kept), 0);
        l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
        assert_int_equal(ledger_last(l), 4);
        ledger_close(l);
    }
    free(path);
    shop_close(s);
}

static void another_databases_ledger_is_put_aside(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger"), *old = fs_join(s->dir, "ledger.old");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);

    notes(l, 1, 10, NOW_MS);
    ledger_close(l);
    l = open_ledger(path, "ffffffffffffffffffffffffffffffff", 0, NOW_MS, &found);
    assert_true(found.made && found.foreign);
    assert_int_equal(read_all(l, 0).count, 0); /* also not what is in .old */
    assert_true(fs_exists(old));
    ledger_close(l);

    shop_file(s, "ledger", "no ledger at all");
    l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
    assert_true(found.made && found.foreign);
    ledger_close(l);
    free(path);
    free(old);
    shop_close(s);
}

static void one_that_is_gone_or_behind_goes_on_after_what_the_database_knows(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 500, NOW_MS, &found);

    assert_true(found.made && !found.behind);
    assert_int_equal(ledger_last(l), 500);
    notes(l, 501, 502, NOW_MS);
    ledger_close(l);
    l = open_ledger(path, IDENTITY, 600, NOW_MS, &found);
    assert_true(found.made && found.behind);
    assert_int_equal(ledger_last(l), 600);
    ledger_close(l);
    free(path);
    shop_close(s);
}

static void an_old_one_gives_way_and_both_are_read(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);

    notes(l, 1, 100, NOW_MS);
    notes(l, 101, 200, NOW_MS + (LEDGER_DAYS + 1) * DAY_MS);
    notes(l, 201, 300, NOW_MS + (LEDGER_DAYS + 1) * DAY_MS);
    struct seen all = read_all(l, 0), late = read_all(l, 250), middle = read_all(l, 150);
    assert_int_equal(all.count, 300);
    assert_int_equal(late.count, 50);
    assert_int_equal(middle.count, 150);
    ledger_close(l);
    l = open_ledger(path, IDENTITY, 300, NOW_MS, &found);
    assert_false(found.made);
    assert_int_equal(read_all(l, 0).count, 300);
    ledger_close(l);
    free(path);
    shop_close(s);
}

/* A file-size limit stands for the full disk: what is there can be written, nothing can be added.
 */
static void a_full_disk_takes_what_there_is_room_for(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *path = fs_join(s->dir, "ledger");
    struct ledger_found found;
    struct ledger *l = open_ledger(path, IDENTITY, 0, NOW_MS, &found);
    struct rlimit before, limit;
    struct stat st;
    int64_t room = ledger_room(l);

    assert_true(room >= 10000);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_blocks * 512 >= st.st_size); /* real blocks, no promise */
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)st.st_size;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int64_t id = 1; id <= room; id += 500)
        notes(l, id, id + 499 < room ? id + 499 : room, NOW_MS + id);
    assert_int_equal(ledger_room(l), 0);
    note(l, room + 1, NOW_MS);
    assert_true(ledger_flush(l, NOW_MS) < 0);
    assert_int_equal(ledger_last(l), room);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(ledger_flush(l, NOW_MS + DAY_MS), 0); /* what it could not take comes now */
    assert_int_equal(ledger_last(l), room + 1);
    assert_true(ledger_room(l) > 1000);
    assert_int_equal(read_all(l, 0).count, room + 1);
    ledger_close(l);
    free(path);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_noted_is_found_again_and_goes_on),
        cmocka_unit_test(what_is_written_is_there_however_late_the_disk_is_waited_for),
        cmocka_unit_test(a_torn_end_is_no_record_and_is_overwritten),
        cmocka_unit_test(another_databases_ledger_is_put_aside),
        cmocka_unit_test(one_that_is_gone_or_behind_goes_on_after_what_the_database_knows),
        cmocka_unit_test(an_old_one_gives_way_and_both_are_read),
        cmocka_unit_test(a_full_disk_takes_what_there_is_room_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
