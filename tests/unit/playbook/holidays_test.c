/* playbook/holidays: the days on which the business is closed, from an iCalendar file. */
#include <unistd.h>

#include "common.h"
#include "ical/read.h"

#define BUSINESS "[business]\nname = Garage\ntimezone = Europe/Riga\n"

static void holidays_come_from_a_calendar_file(void **state)
{
    struct problems problems = {0};
    char dir[] = "/tmp/betimes-holidays-XXXXXX";
    struct civil christmas = {.year = 2026, .month = 12, .day = 25};

    assert_non_null(mkdtemp(dir));
    write_file(dir, "holidays.ics",
               "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
               "DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20251225\r\n"
               "RRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
               0600);
    write_file(dir, "betimes.conf",
               BUSINESS "hours = Mon-Fri 08:00-18:00\nholidays = holidays.ics\n", 0600);
    struct settings *s = settings_read(dir, &problems);
    assert_said(&problems, "");
    assert_false(hours_is_business_day(&s->business.calendar, civil_day_number(&christmas)));
    christmas.day = 24;
    assert_true(hours_is_business_day(&s->business.calendar, civil_day_number(&christmas)));
    settings_free(s);

    write_file(dir, "betimes.conf", BUSINESS "holidays = nowhere.ics\n", 0600);
    assert_null(settings_read(dir, &problems));
    assert_int_equal(problems.errors, 1);
    assert_said_among(&problems, "nowhere.ics");
    char *command = mem_printf("rm -r %s", dir);
    assert_int_equal(system(command), 0);
    free(command);
}

int main(int argc, char **argv)
{
    if (ical_is_child(argc, argv)) /* calendars are read in a child of this program */
        return ical_child(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holidays_come_from_a_calendar_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
