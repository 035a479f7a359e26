/*
 * ical/read: what strangers' calendars must not do to us, through the real child: this program,
 * started again.
 */
#include "harness.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sanitized.h"

#define SLOWNESS (SANITIZED ? 5 : 1)

/* What the children have had of a core until now: a machine with much to do changes nothing. */
static int64_t worked_ms(void)
{
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_CHILDREN, &u), 0);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

/* ---- what is no calendar ---- */

static void what_is_no_calendar_is_refused(void **state)
{
    assert_refused("", 0, "this is no calendar: it is empty");
    assert_refused("\r\n\r\n", 4, "this is no calendar: it is empty");
    assert_refused("<!DOCTYPE html><html>", 21, "it has to begin with BEGIN:VCALENDAR");
    assert_refused("\xff\xfe"
                   "B\0E\0",
                   6, "UTF-16");
    assert_refused("\0\0\0\0", 4, "this is no calendar");
}

static void a_calendar_that_was_cut_off_is_refused(void **state)
{
    struct buf text;

    buf_init(&text);
    make_calendar(&text, "DTSTART:20260203T100000Z\nSUMMARY:x\n");
    for (size_t len = 1; len < text.len - 2; len++) {
        struct ical_request request = {0, 1, NULL};
        struct ical_reading reading;
        struct err err = {""};
        if (len % 7 != 0)
            continue;
        assert_int_equal(ical_read(text.data, len, &request, &reading, &err), ERR_INVALID);
        ical_reading_close(&reading);
    }
    assert_refused(text.data, text.len - 15, "was cut off: it ends within a VCALENDAR");
    buf_close(&text);
}

static void components_that_do_not_nest_are_refused(void **state)
{
    const char crossed[] = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT\n";
    const char ended_twice[] = "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n";

    assert_refused(crossed, sizeof(crossed) - 1, "line 3: END:VCALENDAR without its BEGIN");
    assert_refused(ended_twice, sizeof(ended_twice) - 1, "line 3");
}

/* ---- too much ---- */

static void a_hundred_thousand_nested_components_crash_nothing(void **state)
{
    struct buf text;

    buf_init(&text);
    buf_puts(&text, "BEGIN:VCALENDAR\r\n");
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "BEGIN:VEVENT\r\n");
    assert_refused(text.data, text.len, "nested more than 8 deep");
    buf_close(&text);
}

static void more_bytes_than_the_limit_are_refused(void **state)
{
    char *bytes = calloc(1, ICAL_BYTES_MAX + 1);
    struct ical_request request = {0, 1, NULL};
    struct ical_reading reading;

    assert_int_equal(ical_read(bytes, ICAL_BYTES_MAX + 1, &request, &reading, NULL), ERR_LIMIT);
    ical_reading_close(&reading);
    free(bytes);
}

static void more_components_than_the_limit_are_refused(void **state)
{
    struct buf text;

    buf_init(&text);
    buf_puts(&text, "BEGIN:VCALENDAR\n");
    for (int i = 0; i < 300001; i++)
        buf_puts(&text, "BEGIN:A\nEND:A\n");
    buf_puts(&text, "END:VCALENDAR\n");
    assert_refused(text.data, text.len, "more than 300000 components");
    buf_close(&text);
}

static void a_line_without_end_is_left_out_and_told(void **state)
{
    struct buf lines;

    buf_init(&lines);
    buf_puts(&lines, "DTSTART:20260203T100000Z\nSUMMARY:kept\nDESCRIPTION:");
    for (int i = 0; i < 300000; i++)
        buf_putc(&lines, 'x');
    buf_puts(&lines, "\n");
    json_t *all = read_lines(lines.data);
    assert_null(text_of(nth(all, "event", 0), "description"));
    assert_string_equal(text_of(nth(all, "event", 0), "summary"), "kept");
    assert_problem(all, "calendar", 0, "longer than 262144 bytes");
    json_decref(all);
    buf_close(&lines);
}

static void text_that_looks_like_a_beginning_or_an_end_is_none(void **state)
{
    json_t *all = read_lines("BEGIN:VEVENT\nUID:1\nDTSTART:20260203T100000Z\n"
                             "DESCRIPTION:Bring the papers.\nBegin: 10:00\nEnd: 11 o'clock\n"
                             "End:12\nBEGIN:\nSUMMARY:kept\nEND:VEVENT\n");

    assert_string_equal(text_of(nth(all, "event", 0), "summary"), "kept");
    assert_int_equal(count_of(all, "occurrence"), 1);
    assert_problem(all, "calendar", 0, "\"BEGIN:10:00\" is no property");
    assert_problem(all, "calendar", 0, "\"END:11 o'clock\" is no property");
    json_decref(all);
}

/* Quoted too far a sentence would end within a letter, be no JSON, and be told to nobody. */
static void what_is_quoted_ends_with_a_whole_letter(void **state)
{
    static const char *const names[] = {"RDATE", "EXDATE", "DTEND", "SEQUENCE"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        for (size_t before = 0; before < 4; before++) {
            struct buf lines;
            buf_init(&lines);
            buf_printf(&lines, "DTSTART:20260203T100000Z\n%s:%.*s", names[i], (int)before, "xxx");
            for (int k = 0; k < 30; k++)
                buf_puts(&lines, "💇");
            buf_puts(&lines, "\n");
            json_t *all = read_lines(lines.data);
            assert_problem(all, "event", 0, names[i]);
            json_decref(all);
            buf_close(&lines);
        }
}

static void a_rule_for_the_30th_of_february_ends(void **state)
{
    int64_t began_ms = worked_ms();
    json_t *all = read_lines("DTSTART:20260101T100000Z\n"
                             "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n");

    assert_int_equal(count_of(all, "occurrence"), 1);
    assert_true(worked_ms() - began_ms < 1000 * SLOWNESS);
    json_decref(all);
}

static void a_rule_for_every_second_is_followed_so_far_and_no_further(void **state)
{
    json_t *all = read_lines("DTSTART:20260101T100000Z\nRRULE:FREQ=SECONDLY\n");

    assert_int_equal(count_of(all, "occurrence"), 10000);
    assert_problem(all, "event", 0, "only its first 10000 occurrences");
    json_decref(all);
}

static void what_repeats_within_the_day_has_a_horizon(void **state)
{
    json_t *all =
        read_in("DTSTART:20200101T100000Z\nRRULE:FREQ=HOURLY\n", "2026-01-01", "2026-02-01");

    assert_int_equal(count_of(all, "occurrence"), 0);
    assert_problem(all, "event", 0, "is followed for 400 days only");
    json_decref(all);
}

static void many_rules_that_are_much_work_do_not_take_for_ever(void **state)
{
    int64_t began_ms = worked_ms();
    struct buf lines;

    buf_init(&lines);
    for (int i = 0; i < 3000; i++)
        buf_printf(&lines,
                   "BEGIN:VEVENT\nUID:%d\nDTSTART:20260101T100000Z\n"
                   "RRULE:FREQ=SECONDLY;BYSECOND=0;BYMINUTE=0;BYHOUR=3;COUNT=100000\nEND:VEVENT\n",
                   i);
    json_t *all = read_lines(lines.data);
    assert_problem(all, "event", 2999, "too much work");
    assert_true(worked_ms() - began_ms < 10000 * SLOWNESS);
    json_decref(all);
    buf_close(&lines);
}

/* ---- times that are none ---- */

static void the_30th_of_february_is_no_day(void **state)
{
    json_t *all = read_lines("DTSTART:20260230T100000Z\n");

    assert_int_equal(count_of(all, "occurrence"), 0);
    assert_true(json_is_null(json_object_get(nth(all, "event", 0), "start")));
    assert_problem(all, "event", 0, "DTSTART is \"20260230T100000Z\", which is no date or time");
    json_decref(all);
}

static void garbage_is_not_1970(void **state)
{
    static const char *const garbage[] = {"garbage",
                                          "2026",
                                          "20261301",
                                          "20260101T250000",
                                          "20260101T1000",
                                          "20260101T100000X",
                                          "2026-01-01",
                                          "20260101T100000ZZ",
                                          "00000101",
                                          "20260101 100000",
                                          ""};
    char lines[128];

    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        snprintf(lines, sizeof(lines), "DTSTART:%s\n", garbage[i]);
        json_t *all = read_in(lines, "1960-01-01", "2050-01-01");
        assert_int_equal(count_of(all, "occurrence"), 0);
        assert_problem(all, "event", 0, "which is no date or time");
        json_decref(all);
    }
}

static void other_values_that_are_none_are_told_and_not_zero(void **state)
{
    json_t *all = read_lines("DTSTART:20260101T100000Z\nDTEND:tomorrow\nSEQUENCE:zz\n"
                             "RDATE:20260230T100000Z\nEXDATE:never\nRRULE:FREQ=OFTEN\n");

    assert_int_equal(count_of(all, "occurrence"), 1);
    assert_problem(all, "event", 0, "DTEND is \"tomorrow\"");
    assert_problem(all, "event", 0, "SEQUENCE is \"zz\"");
    assert_problem(all, "event", 0, "RDATE has \"20260230T100000Z\"");
    assert_problem(all, "event", 0, "EXDATE has \"never\"");
    assert_problem(all, "event", 0, "RRULE is not followed: FREQ is not understood");
    json_decref(all);
}

static void a_rule_that_is_not_understood_whole_is_not_followed(void **state)
{
    static const char *const rules[] = {
        "FREQ=DAILY;BYEASTER=0",
        "RSCALE=CHINESE;FREQ=DAILY",
        "BYDAY=MO",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=3",
        "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=2;X",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=HOURLY;BYSETPOS=1",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "",
    };
    char lines[256];

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        snprintf(lines, sizeof(lines), "DTSTART:20260101T100000Z\nRRULE:%s\n", rules[i]);
        json_t *all = read_lines(lines);
        assert_problem(all, "event", 0, "RRULE is not followed: ");
        assert_int_equal(count_of(all, "occurrence"), 1);
        json_decref(all);
    }
}

static void an_end_before_the_start_is_told(void **state)
{
    json_t *all = read_lines("DTSTART:20260101T100000Z\nDTEND:20260101T090000Z\n");

    assert_problem(all, "event", 0, "ends before it begins");
    assert_starts(all, "instant", "2026-01-01T10");
}

/* ---- what else is written ---- */

static void words_are_unfolded_and_unescaped(void **state)
{
    json_t *all = read_lines("DTSTART:20260101T100000Z\n"
                             "SUMMARY:Brakes\\, oil\\; and\n  lunch\\nat noon\\\\\n"
                             "LOCATION:\xc4\n \x80rst\xc4\x81\n"
                             "ORGANIZER;CN=\"Liepa; J\":MAILTO:j@example.com\n"
                             "ATTENDEE;PARTSTAT=ACCEPTED;CN=A ^'B^' C:mailto:a@example.com\n"
                             "ATTENDEE;EMAIL=p@example.com;CN=P:urn:uuid:1\n");
    const json_t *e = nth(all, "event", 0), *people = json_object_get(e, "attendees");

    assert_no_problems(all);
    assert_string_equal(text_of(e, "summary"), "Brakes, oil; and lunch\nat noon\\");
    assert_string_equal(text_of(e, "location"), "\xc4\x80rst\xc4\x81"); /* folded within a letter */
    assert_string_equal(text_of(json_object_get(e, "organizer"), "name"), "Liepa; J");
    assert_string_equal(text_of(json_object_get(e, "organizer"), "email"), "j@example.com");
    assert_string_equal(text_of(json_array_get(people, 0), "name"), "A \"B\" C");
    assert_string_equal(text_of(json_array_get(people, 0), "partstat"), "ACCEPTED");
    assert_string_equal(text_of(json_array_get(people, 1), "email"), "p@example.com");
    json_decref(all);
}

static void control_characters_and_bytes_that_are_no_text_do_not_get_through(void **state)
{
    json_t *all = read_lines("DTSTART:20260101T100000Z\nSUMMARY:a\x1b[31mb\x7f\xc2\x9b"
                             "c\xff"
                             "d\n");

    assert_string_equal(text_of(nth(all, "event", 0), "summary"), "a[31mbc?d");
    assert_problem(all, "calendar", 0, "not UTF-8");
    json_decref(all);
}

static void what_is_no_event_is_counted_and_alarms_are_nothing(void **state)
{
    json_t *all = read_lines("BEGIN:VTODO\nUID:t\nEND:VTODO\n"
                             "BEGIN:VEVENT\nUID:1\nDTSTART:20260101T100000Z\n"
                             "BEGIN:VALARM\nTRIGGER:-PT5M\nSUMMARY:alarm\nEND:VALARM\n"
                             "SUMMARY:event\nEND:VEVENT\n"
                             "this is no property\n");

    assert_int_equal(json_integer_value(json_object_get(nth(all, "calendar", 0), "ignored")), 1);
    assert_int_equal(count_of(all, "event"), 1);
    assert_string_equal(text_of(nth(all, "event", 0), "summary"), "event");
    assert_problem(all, "calendar", 0, "\"this is no property\" is no property");
    json_decref(all);
}

static void a_zone_name_opens_no_file(void **state)
{
    char path[64], lines[256];

    snprintf(path, sizeof(path), "/tmp/betimes-fifo-%d", (int)getpid());
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(lines, sizeof(lines), "DTSTART;TZID=../../../..%s:20260101T100000\nSUMMARY:x\n", path);
    json_t *all = read_lines(lines);
    unlink(path);
    assert_problem(all, "event", 0, "is unknown here");
    assert_true(
        json_is_null(json_object_get(json_object_get(nth(all, "event", 0), "start"), "instant")));
    json_decref(all);
}

static void fifty_thousand_events_are_read_in_seconds(void **state)
{
    int64_t began_ms = worked_ms();
    struct buf lines;

    buf_init(&lines);
    for (int i = 0; i < 50000; i++)
        buf_printf(&lines,
                   "BEGIN:VEVENT\r\nUID:%d@example.com\r\nDTSTART;TZID=Europe/Riga:2026%02d%02dT"
                   "100000\r\nDURATION:PT1H\r\nSUMMARY:Visit %d\r\nEND:VEVENT\r\n",
                   i, i % 12 + 1, i % 28 + 1, i);
    struct buf text;
    buf_init(&text);
    buf_printf(&text, "BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n", lines.data);
    json_t *all = read_bytes(text.data, text.len, "2026-01-01", "2027-01-01");
    assert_int_equal(count_of(all, "event"), 50000);
    assert_int_equal(count_of(all, "occurrence"), 50000);
    assert_true(worked_ms() - began_ms < 10000 * SLOWNESS);
    json_decref(all);
    buf_close(&text);
    buf_close(&lines);
}

static void a_window_has_an_end(void **state)
{
    struct ical_request request = {0, ICAL_DAYS_MAX + 1, NULL};
    struct ical_reading reading;

    assert_int_equal(ical_read("", 0, &request, &reading, NULL), ERR_INVALID);
    ical_reading_close(&reading);
    request.to_day = -1;
    assert_int_equal(ical_read("", 0, &request, &reading, NULL), ERR_INVALID);
    ical_reading_close(&reading);
}

static void an_answer_that_is_not_whole_is_refused(void **state)
{
    struct ical_reading reading = {.at = 0};
    struct err err = {""};

    buf_init(&reading.text);
    buf_puts(&reading.text, "{\"calendar\":{}}\n");
    assert_int_equal(ical_reading_check(PROCESS_DONE, &reading, &err), ERR_INVALID);
    assert_int_equal(ical_reading_check(PROCESS_TOO_LONG, &reading, &err), ERR_INVALID);
    assert_string_equal(err.text, "the calendar takes longer than is allowed");
    assert_int_equal(ical_reading_check(PROCESS_REFUSED, &reading, &err), ERR_INVALID);
    ical_reading_close(&reading);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_calendar_is_refused),
        cmocka_unit_test(a_calendar_that_was_cut_off_is_refused),
        cmocka_unit_test(components_that_do_not_nest_are_refused),
        cmocka_unit_test(a_hundred_thousand_nested_components_crash_nothing),
        cmocka_unit_test(more_bytes_than_the_limit_are_refused),
        cmocka_unit_test(more_components_than_the_limit_are_refused),
        cmocka_unit_test(a_line_without_end_is_left_out_and_told),
        cmocka_unit_test(text_that_looks_like_a_beginning_or_an_end_is_none),
        cmocka_unit_test(what_is_quoted_ends_with_a_whole_letter),
        cmocka_unit_test(a_rule_for_the_30th_of_february_ends),
        cmocka_unit_test(a_rule_for_every_second_is_followed_so_far_and_no_further),
        cmocka_unit_test(what_repeats_within_the_day_has_a_horizon),
        cmocka_unit_test(many_rules_that_are_much_work_do_not_take_for_ever),
        cmocka_unit_test(the_30th_of_february_is_no_day),
        cmocka_unit_test(garbage_is_not_1970),
        cmocka_unit_test(other_values_that_are_none_are_told_and_not_zero),
        cmocka_unit_test(a_rule_that_is_not_understood_whole_is_not_followed),
        cmocka_unit_test(an_end_before_the_start_is_told),
        cmocka_unit_test(words_are_unfolded_and_unescaped),
        cmocka_unit_test(control_characters_and_bytes_that_are_no_text_do_not_get_through),
        cmocka_unit_test(what_is_no_event_is_counted_and_alarms_are_nothing),
        cmocka_unit_test(a_zone_name_opens_no_file),
        cmocka_unit_test(fifty_thousand_events_are_read_in_seconds),
        cmocka_unit_test(a_window_has_an_end),
        cmocka_unit_test(an_answer_that_is_not_whole_is_refused),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("ical/read", tests, NULL, NULL);
}
