/* time/moment: times as rows write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "time/moment.h"

static void assert_instant(const char *s, const char *zone, const char *utc)
{
    struct moment m;
    struct err err;
    char text[MOMENT_TEXT_MAX];

    if (moment_parse(s, &m, &err) != 0)
        fail_msg("%s", err.text);
    moment_format_utc(moment_instant(&m, zone_get(zone)), text);
    assert_string_equal(text, utc);
}

static void a_local_time_is_read_in_the_zone(void **state)
{
    assert_instant("2026-12-08T15:00", "Asia/Almaty", "2026-12-08T10:00:00Z");
    assert_instant("2026-12-08T15:00:30", "Asia/Almaty", "2026-12-08T10:00:30Z");
    assert_instant("2026-12-08T15:00:30.999999", "Asia/Almaty", "2026-12-08T10:00:30Z");
    assert_instant("2026-03-29T03:30", "Europe/Riga", "2026-03-29T01:30:00Z");
}

static void an_instant_does_not_care_for_the_zone(void **state)
{
    assert_instant("2026-12-08T10:00:00Z", "Asia/Almaty", "2026-12-08T10:00:00Z");
    assert_instant("2026-12-08T10:00Z", "Asia/Almaty", "2026-12-08T10:00:00Z");
    assert_instant("2026-12-08T10:00:00.123Z", "UTC", "2026-12-08T10:00:00Z");
    assert_instant("2026-12-08T15:30:00+05:30", "UTC", "2026-12-08T10:00:00Z");
    assert_instant("2026-12-07T23:30:00-10:30", "UTC", "2026-12-08T10:00:00Z");
    assert_instant("2027-01-01T00:30:00+01:00", "UTC", "2026-12-31T23:30:00Z");
}

static void a_date_is_the_beginning_of_its_day(void **state)
{
    struct moment m;

    assert_int_equal(moment_parse("2028-02-29", &m, NULL), 0);
    assert_int_equal(m.kind, MOMENT_DATE);
    assert_instant("2026-12-08", "Asia/Almaty", "2026-12-07T19:00:00Z");
    /* Where clocks go from 00:00 to 01:00, the day begins with the change. */
    assert_instant("2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00Z");
}

static void assert_refused(const char *s, const char *reason)
{
    struct moment m = {.kind = MOMENT_LOCAL, .offset_s = 77};
    struct err err = {""};

    assert_int_equal(moment_parse(s, &m, &err), ERR_INVALID);
    if (strstr(err.text, reason) == NULL)
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", s, err.text, reason);
    assert_int_equal(m.offset_s, 77);
}

static void what_sqlite_writes_for_utc_is_refused(void **state)
{
    assert_refused("2026-12-08 15:00:00", "needs a \"T\"");
    assert_refused("2026-12-08t15:00:00", "needs a \"T\"");
}

static void what_is_no_time_is_refused_with_what_would_be_right(void **state)
{
    assert_refused("", "is not a time; write it as 2026-12-08T15:00");
    assert_refused("tomorrow", "is not a time");
    assert_refused("08.12.2026", "is not a time");
    assert_refused(" 2026-12-08T15:00", "is not a time");
    assert_refused("20261208T150000", "is not a time");
    assert_refused("2026-12-8T15:00", "is not a time");
    assert_refused("-026-12-08", "is not a time");
    assert_refused("0000-01-01", "does not exist");
    assert_refused("2026-02-29T10:00", "does not exist");
    assert_refused("2026-13-01T10:00", "does not exist");
    assert_refused("2026-12-08T", "no time of day");
    assert_refused("2026-12-08T9:00", "no time of day");
    assert_refused("2026-12-08T15", "no time of day");
    assert_refused("2026-12-08T15:00:0", "no time of day");
    assert_refused("2026-12-08T15:00:00.", "no time of day");
    assert_refused("2026-12-08T15:00:00.1234567890", "no time of day");
    assert_refused("2026-12-08T24:00", "00:00 of the next day");
    assert_refused("2026-12-08T25:00", "no clock shows");
    assert_refused("2026-12-08T10:60", "no clock shows");
    assert_refused("2026-12-31T23:59:60Z", "no clock shows");
    assert_refused("2026-12-08T15:00 ", "goes on");
    assert_refused("2026-12-08T15:00:00z", "goes on");
    assert_refused("2026-12-08T15:00:00+0500", "goes on");
    assert_refused("2026-12-08T15:00:00+05", "goes on");
    assert_refused("2026-12-08T15:00:00+24:00", "goes on");
    assert_refused("2026-12-08T15:00:00Z+05:00", "goes on");
    assert_refused("2026-12-08Z", "no time of day");
}

static void a_long_value_is_not_repeated_whole(void **state)
{
    struct moment m;
    struct err err;
    char s[5000];

    memset(s, 'x', sizeof(s));
    memcpy(s, "2026-12-08T15:00", 16);
    memcpy(s + 39, "ž", 2); /* stands across the cut */
    s[sizeof(s) - 1] = '\0';
    assert_int_equal(moment_parse(s, &m, &err), ERR_INVALID);
    assert_true(strlen(err.text) < 200);
    assert_null(strstr(err.text, "\xc5"));
}

static void formatting_and_reading_are_mirrors(void **state)
{
    char text[MOMENT_TEXT_MAX];
    struct moment m;

    for (int64_t ms = -INT64_C(62135596800000); ms < INT64_C(253402300800000);
         ms += INT64_C(98765432109000)) {
        moment_format_utc(ms, text);
        assert_int_equal(moment_parse(text, &m, NULL), 0);
        assert_true(moment_instant(&m, zone_utc()) == ms);
    }
    moment_format_local(INT64_C(1796724000000), zone_get("Asia/Almaty"), text);
    assert_string_equal(text, "2026-12-08T15:00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_time_is_read_in_the_zone),
        cmocka_unit_test(an_instant_does_not_care_for_the_zone),
        cmocka_unit_test(a_date_is_the_beginning_of_its_day),
        cmocka_unit_test(what_sqlite_writes_for_utc_is_refused),
        cmocka_unit_test(what_is_no_time_is_refused_with_what_would_be_right),
        cmocka_unit_test(a_long_value_is_not_repeated_whole),
        cmocka_unit_test(formatting_and_reading_are_mirrors),
    };
    return cmocka_run_group_tests_name("time/moment", tests, NULL, NULL);
}
