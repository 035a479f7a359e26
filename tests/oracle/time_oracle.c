/*
 * The library's side of time_oracle.py. Each line of standard input is a question,
 *
 *   ZONE EVENT COUNT UNIT before|after AT
 *
 * with EVENT as rows write times, UNIT as "days" or "business-hours", AT as "18:00" or "-"; the
 * answer is a line with the due instant in UTC, or "none". A line "hours TEXT" sets the opening
 * hours, "holidays DATE DATE ..." the holidays, of the business units from then on (in the zone of
 * the question); neither is answered. A line that is not understood ends the run with status 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "time/moment.h"
#include "time/offset.h"

#define LINE_MAX_BYTES 4096
#define HOLIDAYS_MAX 200

static struct hours_calendar business;
static int64_t holidays[HOLIDAYS_MAX];

static const char *const units[] = {"minutes", "hours",          "days",         "weeks",
                                    "months",  "business-hours", "business-days"};

static bool read_unit(const char *s, enum offset_unit *unit)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (str_eq(s, units[i])) {
            *unit = (enum offset_unit)i;
            return true;
        }
    return false;
}

static bool set_holidays(char *rest)
{
    business.holidays = holidays;
    business.holiday_count = 0;
    for (char *s = strtok(rest, " "); s != NULL; s = strtok(NULL, " ")) {
        struct moment m;
        if (business.holiday_count == HOLIDAYS_MAX || moment_parse(s, &m, NULL) != 0)
            return false;
        holidays[business.holiday_count++] = civil_day_number(&m.civil);
    }
    return true;
}

static bool answer(char *line)
{
    char *word[6];
    struct offset o = {.at_minute = -1};
    struct moment event;
    int64_t due_ms;
    char text[MOMENT_TEXT_MAX] = "none";

    for (int i = 0; i < 6; i++) {
        word[i] = strtok(i == 0 ? line : NULL, " ");
        if (word[i] == NULL)
            return false;
    }
    const struct zone *zone = zone_get(word[0]);
    if (zone == NULL || moment_parse(word[1], &event, NULL) != 0 ||
        !str_to_int(word[2], 0, INT64_MAX, &o.count) || !read_unit(word[3], &o.unit) ||
        (!str_eq(word[5], "-") && hours_parse_minute(word[5], &o.at_minute, NULL) != 0))
        return false;
    o.before = str_eq(word[4], "before");
    business.zone = zone;
    if (offset_apply(&o, &business, zone, moment_instant(&event, zone), &due_ms))
        moment_format_utc(due_ms, text);
    puts(text);
    return true;
}

int main(void)
{
    char line[LINE_MAX_BYTES];
    bool good = true;

    while (good && fgets(line, sizeof(line), stdin) != NULL) {
        char *s = str_trim(line);
        if (str_starts(s, "hours "))
            good = hours_parse(s + strlen("hours "), &business.week, NULL) == 0;
        else if (str_starts(s, "holidays"))
            good = set_holidays(s + strlen("holidays"));
        else
            good = answer(s);
    }
    if (!good)
        fprintf(stderr, "time_oracle: not understood: %s\n", line);
    return good ? 0 : 2;
}
