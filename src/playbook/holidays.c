/* `holidays`: the days on which the business is closed, from an iCalendar file. */
#include <stdlib.h>

#include "base/fs.h"
#include "ical/read.h"
#include "internal.h"
#include "playbook/settings.h"

bool parse_holidays(const struct directive_place *at, const char *value, void *field)
{
    struct hours_calendar *calendar = field;
    const struct settings *s = at->context;
    char *path = fs_join(s->dir, value);
    struct err err = {""};
    int64_t *days = NULL;
    size_t count = 0;

    int rc = ical_holidays(path, &days, &count, &err);
    if (rc == 0) {
        free(calendar->holidays);
        calendar->holidays = days;
        calendar->holiday_count = count;
    } else {
        place_error(at, "%s", err.text);
    }
    free(path);
    return rc == 0;
}
