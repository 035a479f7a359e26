/* ical_holidays: the days off of a calendar file, and what must not pass for one. */
#include "harness.h"

#include <unistd.h>

#include "base/fs.h"

static char path[64];

static int holidays_of(const char *lines, int64_t **days, size_t *count, struct err *err)
{
    struct buf text;

    buf_init(&text);
    make_calendar(&text, lines);
    assert_int_equal(fs_write_atomic(path, text.data, text.len, 0600, NULL), 0);
    buf_close(&text);
    int rc = ical_holidays(path, days, count, err);
    unlink(path);
    return rc;
}

static void assert_holidays(const char *lines, const char *const expected[], size_t n)
{
    struct err err = {""};
    int64_t *days;
    size_t count;

    if (holidays_of(lines, &days, &count, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(days[i], day_of(expected[i]));
    free(days);
}

static void assert_no_holidays(const char *lines, const char *words)
{
    struct err err = {""};
    int64_t *days;
    size_t count;

    assert_int_equal(holidays_of(lines, &days, &count, &err), ERR_INVALID);
    if (strstr(err.text, words) == NULL || strstr(err.text, path) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void each_day_of_an_event_is_a_holiday_once(void **state)
{
    static const char *const days[] = {"2026-04-03", "2026-12-24", "2026-12-25", "2026-12-26"};

    assert_holidays("BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:20261224\n"
                    "DTEND;VALUE=DATE:20261227\nEND:VEVENT\n"
                    "BEGIN:VEVENT\nUID:3\nDTSTART;VALUE=DATE:20261225\nEND:VEVENT\n"
                    "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260403\nEND:VEVENT\n",
                    days, 4);
}

static void yearly_holidays_come_every_year(void **state)
{
    struct err err = {""};
    int64_t *days;
    size_t count;

    assert_int_equal(
        holidays_of("DTSTART;VALUE=DATE:19901118\nRRULE:FREQ=YEARLY\n", &days, &count, &err), 0);
    assert_int_equal(count, 26);
    assert_int_equal(days[0], day_of("2020-11-18"));
    assert_int_equal(days[25], day_of("2045-11-18"));
    free(days);
}

static void a_rule_by_the_weekday_is_followed(void **state)
{
    static const char *const days[] = {"2026-05-10", "2027-05-09", "2028-05-14"};

    assert_holidays("DTSTART;VALUE=DATE:20260510\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU;COUNT=3\n",
                    days, 3);
}

static void what_is_cancelled_or_has_a_time_is_no_holiday(void **state)
{
    static const char *const days[] = {"2026-06-23"};

    assert_holidays("BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260623\nEND:VEVENT\n"
                    "BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:20260624\nSTATUS:CANCELLED\n"
                    "END:VEVENT\n"
                    "BEGIN:VEVENT\nUID:3\nDTSTART:20260625T100000Z\nEND:VEVENT\n",
                    days, 1);
    assert_no_holidays("DTSTART:20260625T100000Z\n", "there is no all-day event");
    assert_no_holidays("DTSTART;VALUE=DATE:19990101\n", "there is no all-day event");
}

static void a_holiday_that_cannot_be_read_is_an_error_and_not_missed(void **state)
{
    assert_no_holidays("BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260623\nEND:VEVENT\n"
                       "BEGIN:VEVENT\nUID:2\nSUMMARY:Leap\nDTSTART;VALUE=DATE:20260230\n"
                       "END:VEVENT\n",
                       "Leap: line 11: DTSTART is \"20260230\"");
    assert_no_holidays("DTSTART;VALUE=DATE:20260623\nRRULE:FREQ=SOMETIMES\n", "not followed");
}

static void far_too_many_holidays_are_refused(void **state)
{
    struct err err = {""};
    struct buf lines;
    int64_t *days;
    size_t count;

    buf_init(&lines);
    for (int i = 0; i < 12; i++) /* each of them is every day there is */
        buf_printf(&lines,
                   "BEGIN:VEVENT\nUID:%d\nDTSTART;VALUE=DATE:20100101\n"
                   "DTEND;VALUE=DATE:20990101\nEND:VEVENT\n",
                   i);
    assert_int_equal(holidays_of(lines.data, &days, &count, &err), ERR_LIMIT);
    buf_close(&lines);
}

static void a_file_that_is_none_or_no_calendar_is_told_with_its_name(void **state)
{
    struct err err = {""};
    int64_t *days;
    size_t count;

    assert_int_equal(ical_holidays("/nowhere/holidays.ics", &days, &count, &err), ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "/nowhere/holidays.ics"));
    assert_int_equal(fs_write_atomic(path, "hello", 5, 0600, NULL), 0);
    assert_int_equal(ical_holidays(path, &days, &count, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "BEGIN:VCALENDAR"));
    unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_day_of_an_event_is_a_holiday_once),
        cmocka_unit_test(yearly_holidays_come_every_year),
        cmocka_unit_test(a_rule_by_the_weekday_is_followed),
        cmocka_unit_test(what_is_cancelled_or_has_a_time_is_no_holiday),
        cmocka_unit_test(a_holiday_that_cannot_be_read_is_an_error_and_not_missed),
        cmocka_unit_test(far_too_many_holidays_are_refused),
        cmocka_unit_test(a_file_that_is_none_or_no_calendar_is_told_with_its_name),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    snprintf(path, sizeof(path), "/tmp/betimes-holidays-%d.ics", (int)getpid());
    return cmocka_run_group_tests_name("ical/holidays", tests, NULL, NULL);
}
