/*
 * ical/read: when things are. Zones under all their names, clocks that are changed, and series with
 * their exceptions, through the real child.
 */
#include "harness.h"

#include "ical/windows.h"
#include "time/zone.h"

#define ZONE_SUMMER                                                                                \
    "BEGIN:STANDARD\nDTSTART:16010101T040000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0200\n"              \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"                                      \
    "BEGIN:DAYLIGHT\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300\n"              \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"

/* An event at ten o'clock on a day in winter, with this TZID, and what its instant is. */
static void assert_zone(const char *tzid, const char *zone, const char *instant)
{
    char lines[512];

    snprintf(lines, sizeof(lines), "DTSTART;TZID=%s:20261208T100000\n", tzid);
    json_t *all = read_lines(lines);
    const json_t *start = json_object_get(nth(all, "event", 0), "start");
    assert_no_problems(all);
    assert_string_equal(text_of(start, "zone"), zone);
    assert_string_equal(text_of(start, "instant"), instant);
    json_decref(all);
}

/* ---- names of zones ---- */

static void windows_and_outlook_names_are_zones_and_not_floating(void **state)
{
    assert_zone("FLE Standard Time", "Europe/Kyiv", "2026-12-08T08:00:00Z");
    assert_zone("w. europe standard time", "Europe/Berlin", "2026-12-08T09:00:00Z");
    assert_zone("\"(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius\"", "Europe/Kyiv",
                "2026-12-08T08:00:00Z");
    assert_zone("\"(GMT-05.00) Eastern Time (US & Canada)\"", "America/New_York",
                "2026-12-08T15:00:00Z");
    assert_zone("Pacific Standard Time", "America/Los_Angeles", "2026-12-08T18:00:00Z");
}

static void prefixed_names_are_zones_and_not_floating(void **state)
{
    assert_zone("/mozilla.org/20050126_1/Europe/Riga", "Europe/Riga", "2026-12-08T08:00:00Z");
    assert_zone("/freeassociation.sourceforge.net/Tzfile/America/New_York", "America/New_York",
                "2026-12-08T15:00:00Z");
    assert_zone("/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires", "2026-12-08T13:00:00Z");
    assert_zone("\"tzone://Microsoft/Utc\"", "UTC", "2026-12-08T10:00:00Z");
}

static void plain_names_are_those_of_the_system(void **state)
{
    assert_zone("Europe/Riga", "Europe/Riga", "2026-12-08T08:00:00Z");
    assert_zone("Asia/Almaty", "Asia/Almaty", "2026-12-08T05:00:00Z"); /* not six hours */
    assert_zone("GMT", "UTC", "2026-12-08T10:00:00Z");
    assert_zone("utc", "UTC", "2026-12-08T10:00:00Z");
}

static void every_zone_of_windows_is_one_of_the_system(void **state)
{
    static const char *const names[] = {
        "AUS Central Standard Time",
        "Afghanistan Standard Time",
        "Central Standard Time",
        "Central Standard Time (Mexico)",
        "China Standard Time",
        "E. Europe Standard Time",
        "GMT Standard Time",
        "GTB Standard Time",
        "India Standard Time",
        "Israel Standard Time",
        "Nepal Standard Time",
        "Qyzylorda Standard Time",
        "Romance Standard Time",
        "Russia Time Zone 11",
        "Russian Standard Time",
        "Tokyo Standard Time",
        "Turks And Caicos Standard Time",
        "US Eastern Standard Time",
        "UTC",
        "UTC+13",
        "UTC-02",
        "Yukon Standard Time",
        "(UTC) Coordinated Universal Time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "(UTC+12:00) Auckland, Wellington",
        "(UTC+05:45) Kathmandu",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *zone = windows_zone(names[i]);
        if (zone == NULL || zone_get(zone) == NULL)
            fail_msg("%s", names[i]);
    }
    assert_null(windows_zone("Middle Earth Standard Time"));
    assert_null(windows_zone("(UTC+02:00"));
    assert_null(windows_zone(""));
}

static void an_unknown_zone_is_told_and_its_times_are_nobodys(void **state)
{
    static const char *const names[] = {
        "Customized Time Zone", "../../../etc/passwd", "Factory", "/Europe",
        "/example.com/Riga",    "Europe/Riga/",        "Riga"};
    char lines[256];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(lines, sizeof(lines), "DTSTART;TZID=%s:20261208T100000\n", names[i]);
        json_t *all = read_lines(lines);
        const json_t *start = json_object_get(nth(all, "event", 0), "start");
        assert_problem(all, "event", 0, "is unknown here, so it is unknown when this is");
        assert_true(json_is_null(json_object_get(start, "zone")));
        assert_true(json_is_null(json_object_get(start, "instant")));
        assert_string_equal(text_of(start, "local"), "2026-12-08T10:00:00");
        assert_string_equal(text_of(start, "tzid"), names[i]);
        json_decref(all);
    }
}

static void an_unknown_zone_that_the_calendar_defines_is_told_and_used(void **state)
{
    json_t *all =
        read_lines("BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n" ZONE_SUMMER "END:VTIMEZONE\n"
                   "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Customized Time Zone:"
                   "20260325T100000\nRRULE:FREQ=WEEKLY;COUNT=2\nEND:VEVENT\n");

    assert_problem(all, "calendar", 0, "the calendar's own definition counts");
    assert_starts(all, "instant", "2026-03-25T08:00:00Z 2026-04-01T07:00:00Z");
}

static void x_lic_location_says_which_zone_is_meant(void **state)
{
    json_t *all = read_lines("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Home:20261208T100000\nEND:VEVENT\n"
                             "BEGIN:VTIMEZONE\nTZID:Home\nX-LIC-LOCATION:Asia/Almaty\n"
                             "BEGIN:STANDARD\nDTSTART:20240301T000000\nTZOFFSETFROM:+0600\n"
                             "TZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\n");

    assert_no_problems(all);
    assert_string_equal(text_of(json_object_get(nth(all, "event", 0), "start"), "zone"),
                        "Asia/Almaty");
    assert_starts(all, "instant", "2026-12-08T05:00:00Z");
}

static void a_definition_that_is_wrong_is_told_and_the_system_counts(void **state)
{
    json_t *all = read_lines("BEGIN:VTIMEZONE\nTZID:Asia/Almaty\nBEGIN:STANDARD\n"
                             "DTSTART:19700101T000000\nTZOFFSETFROM:+0600\nTZOFFSETTO:+0600\n"
                             "END:STANDARD\nEND:VTIMEZONE\n"
                             "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Asia/Almaty:20261208T150000\n"
                             "END:VEVENT\n");

    assert_problem(all, "event", 0,
                   "definition of \"Asia/Almaty\" has UTC+06:00 on 2026-12-08, the system's zone "
                   "Asia/Almaty has UTC+05:00, which counts");
    assert_starts(all, "instant", "2026-12-08T10:00:00Z");
}

static void a_definition_that_is_right_is_no_problem(void **state)
{
    json_t *all =
        read_lines("BEGIN:VTIMEZONE\nTZID:FLE Standard Time\n" ZONE_SUMMER "END:VTIMEZONE\n"
                   "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=FLE Standard Time:20260708T150000\n"
                   "END:VEVENT\n"
                   "BEGIN:VEVENT\nUID:2\nDTSTART;TZID=FLE Standard Time:20261208T150000\n"
                   "END:VEVENT\n");

    assert_no_problems(all);
    assert_starts(all, "instant", "2026-07-08T12:00:00Z 2026-12-08T13:00:00Z");
}

static void floating_times_are_the_calendars_if_it_says_whose(void **state)
{
    json_t *all = read_lines("X-WR-TIMEZONE:Asia/Almaty\n"
                             "BEGIN:VEVENT\nUID:1\nDTSTART:20261208T150000\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:2\nDTSTART:20261208T150000Z\nEND:VEVENT\n");
    const json_t *start = json_object_get(nth(all, "event", 0), "start");

    assert_no_problems(all);
    assert_string_equal(text_of(start, "zone"), "Asia/Almaty");
    assert_true(json_is_true(json_object_get(start, "floating")));
    assert_starts(all, "instant", "2026-12-08T10:00:00Z 2026-12-08T15:00:00Z");
}

static void floating_times_without_a_zone_stay_floating(void **state)
{
    json_t *all = read_lines("DTSTART:20261208T150000\n");
    const json_t *start = json_object_get(nth(all, "event", 0), "start");

    assert_no_problems(all);
    assert_true(json_is_true(json_object_get(start, "floating")));
    assert_true(json_is_null(json_object_get(start, "zone")));
    assert_true(json_is_null(json_object_get(start, "instant")));
    assert_starts(all, "local", "2026-12-08T15:00:00");
}

/* ---- clocks that are changed ---- */

static void a_time_in_a_gap_is_no_hour_late_on_the_day_after(void **state)
{
    json_t *all =
        read_lines("DTSTART;TZID=Europe/Riga:20260327T033000\nRRULE:FREQ=DAILY;COUNT=4\n");

    assert_starts(all, "instant",
                  "2026-03-27T01:30:00Z 2026-03-28T01:30:00Z 2026-03-29T01:30:00Z "
                  "2026-03-30T00:30:00Z");
}

static void a_time_that_comes_twice_is_the_first(void **state)
{
    json_t *all =
        read_lines("DTSTART;TZID=Europe/Riga:20261024T033000\nRRULE:FREQ=DAILY;COUNT=3\n");

    assert_starts(all, "instant", "2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z");
}

static void an_end_is_as_far_away_as_the_first_one_was(void **state)
{
    json_t *all = read_lines("DTSTART;TZID=Europe/Riga:20260327T220000\n"
                             "DTEND;TZID=Europe/Riga:20260328T060000\nRRULE:FREQ=DAILY;COUNT=2\n");
    const json_t *second = json_object_get(nth(all, "occurrence", 1), "end");

    /* RFC 5545, 3.8.5.3: the exact duration, so an hour later on the clocks that went on by one. */
    assert_string_equal(text_of(second, "local"), "2026-03-29T07:00:00");
    json_decref(all);
    all = read_lines("DTSTART;TZID=Europe/Riga:20260327T220000\nDURATION:P1D\n"
                     "RRULE:FREQ=DAILY;COUNT=2\n");
    second = json_object_get(nth(all, "occurrence", 1), "end");
    assert_string_equal(text_of(second, "local"), "2026-03-29T22:00:00");
    json_decref(all);
}

/* ---- series ---- */

static void an_until_that_is_a_date_keeps_its_day(void **state)
{
    json_t *all = read_lines("DTSTART;TZID=Europe/Riga:20260105T230000\n"
                             "RRULE:FREQ=DAILY;UNTIL=20260107\n");

    assert_starts(all, "local", "2026-01-05 2026-01-06 2026-01-07");
}

static void bysetpos_by_the_week_picks_from_the_week(void **state)
{
    json_t *all = read_lines("DTSTART;TZID=Europe/Riga:20260107T100000\n"
                             "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=3\n");

    assert_starts(all, "local", "2026-01-07 2026-01-14 2026-01-21");
}

static void periods_of_rdate_are_kept_with_their_own_length(void **state)
{
    json_t *all = read_lines("DTSTART;TZID=Europe/Riga:20260401T100000\nDURATION:PT1H\n"
                             "RDATE;VALUE=PERIOD;TZID=Europe/Riga:20260403T100000/PT3H,"
                             "20260404T100000/20260404T123000\n");

    assert_no_problems(all);
    assert_string_equal(text_of(json_object_get(nth(all, "occurrence", 0), "end"), "local"),
                        "2026-04-01T11:00:00");
    assert_string_equal(text_of(json_object_get(nth(all, "occurrence", 1), "end"), "local"),
                        "2026-04-03T13:00:00");
    assert_string_equal(text_of(json_object_get(nth(all, "occurrence", 2), "end"), "local"),
                        "2026-04-04T12:30:00");
    json_decref(all);
}

static void what_was_moved_or_cancelled_in_a_series_is_not_where_it_was(void **state)
{
    json_t *all =
        read_lines("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Riga:20260105T100000\n"
                   "RRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:weekly\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Riga:20260112T100000\n"
                   "DTSTART;TZID=Europe/Riga:20260114T150000\nSUMMARY:moved\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260119T080000Z\n" /* the same instant */
                   "DTSTART;TZID=Europe/Riga:20260119T100000\nSTATUS:CANCELLED\nEND:VEVENT\n");

    assert_no_problems(all);
    assert_int_equal(count_of(all, "occurrence"), 4);
    assert_string_equal(text_of(nth(all, "occurrence", 1), "summary"), "moved");
    assert_string_equal(
        text_of(json_object_get(nth(all, "occurrence", 1), "recurrence_id"), "instant"),
        "2026-01-12T08:00:00Z");
    assert_string_equal(text_of(nth(all, "occurrence", 2), "status"), "CANCELLED");
    assert_starts(all, "local", "2026-01-05T10 2026-01-14T15 2026-01-19T10 2026-01-26T10");
}

static void an_exception_moved_into_the_window_is_seen(void **state)
{
    json_t *all = read_in("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Riga:20250105T100000\n"
                          "RRULE:FREQ=YEARLY;COUNT=1\nEND:VEVENT\n"
                          "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Riga:20250105T100000\n"
                          "DTSTART;TZID=Europe/Riga:20260601T100000\nEND:VEVENT\n",
                          "2026-06-01", "2026-06-02");

    assert_starts(all, "local", "2026-06-01T10");
}

static void a_change_to_this_and_all_later_is_told(void **state)
{
    json_t *all = read_lines(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20260105T100000Z\nRRULE:FREQ=WEEKLY;COUNT=3\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260112T100000Z\n"
        "DTSTART:20260112T120000Z\nEND:VEVENT\n");

    assert_problem(all, "event", 1, "RANGE=THISANDFUTURE is not followed");
    assert_starts(all, "instant", "2026-01-05T10 2026-01-12T12 2026-01-19T10");
}

static void the_highest_sequence_counts_wherever_it_stands(void **state)
{
    json_t *all =
        read_lines("BEGIN:VEVENT\nUID:1\nSEQUENCE:2\nDTSTART:20260107T100000Z\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:1\nSEQUENCE:1\nDTSTART:20260105T100000Z\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260101T000000Z\n"
                   "DTSTART:20260108T100000Z\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260102T000000Z\n"
                   "DTSTART:20260109T100000Z\nEND:VEVENT\n");

    assert_problem(all, "event", 1, "another version of this event counts, with SEQUENCE 2");
    assert_problem(all, "event", 2, "another version of this event counts");
    assert_starts(all, "instant", "2026-01-07 2026-01-09");
}

static void events_without_a_uid_are_not_versions_of_each_other(void **state)
{
    json_t *all = read_lines("BEGIN:VEVENT\nDTSTART:20260107T100000Z\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nDTSTART:20260108T100000Z\nEND:VEVENT\n");

    assert_problem(all, "event", 0, "the event has no UID");
    assert_starts(all, "instant", "2026-01-07 2026-01-08");
}

static void days_are_days_in_every_zone(void **state)
{
    json_t *all = read_in("DTSTART;VALUE=DATE:20260105\nDTEND;VALUE=DATE:20260107\n"
                          "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20260112T000000\n",
                          "2026-01-06", "2026-01-20");

    assert_no_problems(all);
    assert_true(json_is_true(json_object_get(nth(all, "event", 0), "all_day")));
    assert_string_equal(text_of(json_object_get(nth(all, "occurrence", 0), "end"), "date"),
                        "2026-01-07");
    assert_starts(all, "date", "2026-01-05 2026-01-19");
}

static void the_window_has_the_days_of_who_asks(void **state)
{
    /* The days are Riga's (harness.h): 22:00Z on the 5th is the 6th there in winter. */
    json_t *all = read_in("BEGIN:VEVENT\nUID:1\nDTSTART:20260105T215900Z\nEND:VEVENT\n"
                          "BEGIN:VEVENT\nUID:2\nDTSTART:20260105T220000Z\nEND:VEVENT\n"
                          "BEGIN:VEVENT\nUID:3\nDTSTART:20260106T215959Z\nEND:VEVENT\n"
                          "BEGIN:VEVENT\nUID:4\nDTSTART:20260106T220000Z\nEND:VEVENT\n"
                          "BEGIN:VEVENT\nUID:5\nDTSTART:20260105T200000Z\nDURATION:PT3H\n"
                          "END:VEVENT\n",
                          "2026-01-06", "2026-01-07");

    assert_starts(all, "instant", "2026-01-05T20:00 2026-01-05T22:00 2026-01-06T21:59");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_and_outlook_names_are_zones_and_not_floating),
        cmocka_unit_test(prefixed_names_are_zones_and_not_floating),
        cmocka_unit_test(plain_names_are_those_of_the_system),
        cmocka_unit_test(every_zone_of_windows_is_one_of_the_system),
        cmocka_unit_test(an_unknown_zone_is_told_and_its_times_are_nobodys),
        cmocka_unit_test(an_unknown_zone_that_the_calendar_defines_is_told_and_used),
        cmocka_unit_test(x_lic_location_says_which_zone_is_meant),
        cmocka_unit_test(a_definition_that_is_wrong_is_told_and_the_system_counts),
        cmocka_unit_test(a_definition_that_is_right_is_no_problem),
        cmocka_unit_test(floating_times_are_the_calendars_if_it_says_whose),
        cmocka_unit_test(floating_times_without_a_zone_stay_floating),
        cmocka_unit_test(a_time_in_a_gap_is_no_hour_late_on_the_day_after),
        cmocka_unit_test(a_time_that_comes_twice_is_the_first),
        cmocka_unit_test(an_end_is_as_far_away_as_the_first_one_was),
        cmocka_unit_test(an_until_that_is_a_date_keeps_its_day),
        cmocka_unit_test(bysetpos_by_the_week_picks_from_the_week),
        cmocka_unit_test(periods_of_rdate_are_kept_with_their_own_length),
        cmocka_unit_test(what_was_moved_or_cancelled_in_a_series_is_not_where_it_was),
        cmocka_unit_test(an_exception_moved_into_the_window_is_seen),
        cmocka_unit_test(a_change_to_this_and_all_later_is_told),
        cmocka_unit_test(the_highest_sequence_counts_wherever_it_stands),
        cmocka_unit_test(events_without_a_uid_are_not_versions_of_each_other),
        cmocka_unit_test(days_are_days_in_every_zone),
        cmocka_unit_test(the_window_has_the_days_of_who_asks),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("ical/times", tests, NULL, NULL);
}
