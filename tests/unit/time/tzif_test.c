/* time/tzif: zone files and rules, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "time/civil.h"
#include "time/tzif.h"

static void put32(struct buf *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_putc(b, (char)(v >> shift & 0xff));
}

static void put64(struct buf *b, int64_t v)
{
    put32(b, (uint32_t)((uint64_t)v >> 32));
    put32(b, (uint32_t)v);
}

static void put_header(struct buf *b, char version, uint32_t leaps, uint32_t changes,
                       uint32_t types)
{
    buf_puts(b, "TZif");
    buf_putc(b, version);
    buf_append(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    put32(b, 0);
    put32(b, 0);
    put32(b, leaps);
    put32(b, changes);
    put32(b, types);
    put32(b, 4);
}

static void put_type(struct buf *b, int32_t offset_s)
{
    put32(b, (uint32_t)offset_s);
    buf_append(b, "\0\0", 2);
}

/* A version 2 file: offsets +1 h and +2 h, the second from `change` on, then `footer`. */
static void make_file(struct buf *b, int64_t change, const char *footer)
{
    buf_init(b);
    put_header(b, '2', 0, 0, 1);
    put_type(b, 0);
    buf_append(b, "ABC\0", 4);
    put_header(b, '2', 0, 1, 2);
    put64(b, change);
    buf_putc(b, 1);
    put_type(b, 3600);
    put_type(b, 7200);
    buf_append(b, "ABC\0", 4);
    buf_puts(b, footer);
}

static bool parses(const struct buf *b)
{
    struct tzif t;
    bool good = tzif_parse(b->data, b->len, &t);

    if (good)
        tzif_close(&t);
    return good;
}

static bool rule_ok(const char *s)
{
    struct tzif_rule rule;

    return tzif_parse_rule(s, strlen(s), &rule);
}

static void assert_instant(int64_t s, int year, int month, int day, int hour, int minute)
{
    struct civil c = {year, month, day, hour, minute, 0};

    assert_int_equal(s, civil_to_seconds(&c));
}

static void rules_say_both_offsets_and_both_dates(void **state)
{
    struct tzif_rule r;
    struct tzif_change pair[2];
    const char *riga = "EET-2EEST,M3.5.0/3,M10.5.0/4";

    assert_true(tzif_parse_rule(riga, strlen(riga), &r));
    assert_int_equal(r.standard_s, 7200);
    assert_int_equal(r.saving_s, 10800);
    tzif_rule_year(&r, 2026, pair);
    assert_instant(pair[0].at_s, 2026, 3, 29, 1, 0);
    assert_int_equal(pair[0].offset_s, 10800);
    assert_instant(pair[1].at_s, 2026, 10, 25, 1, 0);
    assert_int_equal(pair[1].offset_s, 7200);

    assert_true(tzif_parse_rule("<+0530>-5:30", 12, &r));
    assert_int_equal(r.standard_s, 19800);
    assert_false(r.has_saving);
}

static void the_south_begins_its_year_with_saving(void **state)
{
    struct tzif_rule r;
    struct tzif_change pair[2];
    const char *lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";

    assert_true(tzif_parse_rule(lord_howe, strlen(lord_howe), &r));
    tzif_rule_year(&r, 2027, pair);
    assert_int_equal(pair[0].offset_s, 37800);
    assert_instant(pair[0].at_s, 2027, 4, 3, 15, 0);
    assert_int_equal(pair[1].offset_s, 39600);
    assert_instant(pair[1].at_s, 2027, 10, 2, 15, 30);
}

static void winter_may_be_the_saving_of_dublin(void **state)
{
    struct tzif_rule r;
    struct tzif_change pair[2];
    const char *dublin = "IST-1GMT0,M10.5.0,M3.5.0/1";

    assert_true(tzif_parse_rule(dublin, strlen(dublin), &r));
    tzif_rule_year(&r, 2026, pair);
    assert_instant(pair[0].at_s, 2026, 3, 29, 1, 0);
    assert_int_equal(pair[0].offset_s, 3600);
    assert_instant(pair[1].at_s, 2026, 10, 25, 1, 0);
    assert_int_equal(pair[1].offset_s, 0);
}

static void negative_times_and_days_of_the_year_are_understood(void **state)
{
    struct tzif_rule r;
    struct tzif_change pair[2];
    const char *nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
    const char *days = "AAA0BBB,J60/0,59/26:30:15";

    assert_true(tzif_parse_rule(nuuk, strlen(nuuk), &r));
    tzif_rule_year(&r, 2026, pair);
    assert_instant(pair[0].at_s, 2026, 3, 29, 1, 0); /* 23:00 of the day before, at -02 */

    assert_true(tzif_parse_rule(days, strlen(days), &r));
    tzif_rule_year(&r, 2028, pair); /* J60 is 1 March; 59 is 29 February in a leap year */
    assert_int_equal(r.end.time_s, 26 * 3600 + 30 * 60 + 15);
    assert_instant(pair[0].at_s, 2028, 3, 1, 0, 0);
    assert_instant(pair[1].at_s - 15, 2028, 3, 1, 1, 30);
    tzif_rule_year(&r, 2027, pair); /* both are 1 March otherwise */
    assert_instant(pair[0].at_s, 2027, 3, 1, 0, 0);
    assert_instant(pair[1].at_s - 15, 2027, 3, 2, 1, 30);
}

static void a_fifth_weekday_is_the_last_one(void **state)
{
    struct tzif_rule r;
    struct tzif_change pair[2];
    const char *rule = "AAA0BBB,M2.5.6/0,M2.4.6/0";

    assert_true(tzif_parse_rule(rule, strlen(rule), &r));
    tzif_rule_year(&r, 2026, pair); /* four Saturdays: the fourth is the last */
    assert_instant(pair[0].at_s, 2026, 2, 27, 23, 0);
    assert_instant(pair[1].at_s, 2026, 2, 28, 0, 0);
    tzif_rule_year(&r, 2020, pair); /* five */
    assert_instant(pair[1].at_s, 2020, 2, 29, 0, 0);
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "EE-2",
        "<+05-5",
        "EET",
        "EET-25",
        "EET-2:60",
        "EET-2EEST",
        "EET-2EEST,M3.5.0/3",
        "EET-2EEST,M13.5.0,M10.5.0",
        "EET-2EEST,M3.6.0,M10.5.0",
        "EET-2EEST,M3.5.7,M10.5.0",
        "EET-2EEST,M3.5.0/168,M10.5.0",
        "EET-2EEST,J0,J365",
        "EET-2EEST,366,1",
        "EET-2EEST,M3.5.0/3,M10.5.0/4x",
        "EET-99999999999999999999",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (rule_ok(bad[i]))
            fail_msg("\"%s\" was taken for a rule", bad[i]);
    assert_true(rule_ok("EET-2EEST,M3.5.0/167,M10.5.0/-167"));
}

static void a_whole_file_is_read(void **state)
{
    struct buf b;
    struct tzif t;

    make_file(&b, 1000, "\nEET-2\n");
    assert_true(tzif_parse(b.data, b.len, &t));
    assert_int_equal(t.first_offset_s, 3600);
    assert_int_equal(t.change_count, 1);
    assert_int_equal(t.changes[0].at_s, 1000);
    assert_int_equal(t.changes[0].offset_s, 7200);
    assert_true(t.has_rule);
    assert_int_equal(t.rule.standard_s, 7200);
    tzif_close(&t);
    buf_close(&b);
}

static void an_old_file_without_a_footer_is_read(void **state)
{
    struct buf b;
    struct tzif t;

    buf_init(&b);
    put_header(&b, '\0', 0, 2, 2);
    put32(&b, (uint32_t)-5000);
    put32(&b, 5000);
    buf_append(&b, "\1\0", 2);
    put_type(&b, -3600);
    put_type(&b, 0);
    buf_append(&b, "ABC\0", 4);
    assert_true(tzif_parse(b.data, b.len, &t));
    assert_int_equal(t.change_count, 2);
    assert_int_equal(t.changes[0].at_s, -5000);
    assert_int_equal(t.changes[1].offset_s, -3600);
    assert_false(t.has_rule);
    tzif_close(&t);
    buf_close(&b);
}

static void changes_at_the_ends_of_time_do_not_overflow(void **state)
{
    struct buf b;
    struct tzif t;

    make_file(&b, INT64_MIN, "\n\n");
    assert_true(tzif_parse(b.data, b.len, &t));
    assert_int_equal(t.change_count, 0);
    assert_int_equal(t.first_offset_s, 7200);
    tzif_close(&t);
    buf_close(&b);
    make_file(&b, INT64_MAX, "\n\n");
    assert_true(tzif_parse(b.data, b.len, &t));
    assert_int_equal(t.change_count, 0);
    assert_int_equal(t.first_offset_s, 3600);
    tzif_close(&t);
    buf_close(&b);
}

static void damaged_files_are_refused(void **state)
{
    struct buf b;

    make_file(&b, 1000, "\nEET-2\n");
    assert_true(parses(&b));
    for (size_t len = 0; len < b.len; len++) { /* cut short anywhere */
        struct tzif t;
        assert_false(tzif_parse(b.data, len, &t));
    }
    b.data[0] = 'X';
    assert_false(parses(&b));
    buf_close(&b);

    make_file(&b, 1000, "\nrubbish\n");
    assert_false(parses(&b));
    buf_close(&b);
    make_file(&b, 1000, "EET-2\n");
    assert_false(parses(&b));
    buf_close(&b);

    make_file(&b, 1000, "\nEET-2\n");
    b.data[44 + 10 + 44 + 8] = 2; /* a type that is not there */
    assert_false(parses(&b));
    b.data[44 + 10 + 44 + 8] = 1;
    b.data[44 + 10 + 44 + 9] = 0x7f; /* an offset of years */
    assert_false(parses(&b));
    buf_close(&b);

    buf_init(&b); /* counts that promise more than any file has */
    put_header(&b, '\0', UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_false(parses(&b));
    buf_close(&b);
}

static void files_that_count_leap_seconds_are_refused(void **state)
{
    struct buf b;

    buf_init(&b);
    put_header(&b, '\0', 1, 0, 1);
    put_type(&b, 0);
    buf_append(&b, "ABC\0", 4);
    put32(&b, 78796800);
    put32(&b, 1);
    assert_false(parses(&b));
    b.data[31] = 0; /* the count of leap seconds: without it, the file is good */
    assert_true(parses(&b));
    buf_close(&b);
}

static void changes_out_of_order_are_refused(void **state)
{
    struct buf b;

    buf_init(&b);
    put_header(&b, '\0', 0, 2, 1);
    put32(&b, 5000);
    put32(&b, 5000);
    buf_append(&b, "\0\0", 2);
    put_type(&b, 0);
    buf_append(&b, "ABC\0", 4);
    assert_false(parses(&b));
    b.data[51] = (char)0xff; /* the second one, a little later */
    assert_true(parses(&b));
    buf_close(&b);
}

/* Real files with some bytes turned over: any answer is right, as long as one comes and no byte
 * outside is touched (which the sanitizers see). */
static void no_bytes_crash_the_reader(void **state)
{
    static const char *const names[] = {"Europe/Riga", "America/New_York", "Asia/Gaza", "UTC"};
    uint64_t random = 88172645463325252;
    int good = 0, bad = 0;

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        struct buf b, copy;
        buf_init(&b);
        buf_init(&copy);
        assert_int_equal(fs_read_beneath("/usr/share/zoneinfo", names[n], 1 << 20, &b, NULL), 0);
        for (int i = 0; i < 5000; i++) {
            buf_clear(&copy);
            buf_append(&copy, b.data, b.len);
            for (int k = 0; k < 1 + i % 4; k++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                size_t where = i % 2 == 0 ? random % 100 : random % b.len;
                copy.data[where % copy.len] = (char)(random >> 40);
            }
            if (parses(&copy))
                good++;
            else
                bad++;
        }
        buf_close(&b);
        buf_close(&copy);
    }
    assert_true(good > 0 && bad > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_say_both_offsets_and_both_dates),
        cmocka_unit_test(the_south_begins_its_year_with_saving),
        cmocka_unit_test(winter_may_be_the_saving_of_dublin),
        cmocka_unit_test(negative_times_and_days_of_the_year_are_understood),
        cmocka_unit_test(a_fifth_weekday_is_the_last_one),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(an_old_file_without_a_footer_is_read),
        cmocka_unit_test(changes_at_the_ends_of_time_do_not_overflow),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(files_that_count_leap_seconds_are_refused),
        cmocka_unit_test(changes_out_of_order_are_refused),
        cmocka_unit_test(no_bytes_crash_the_reader),
    };
    return cmocka_run_group_tests_name("time/tzif", tests, NULL, NULL);
}
