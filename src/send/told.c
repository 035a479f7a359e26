/* In whose time an appointment is told. See send/told.h. */
#include "send/told.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "time/moment.h"

#define DIGITS_LEAST 5 /* of a number to call; "+2 floor" is none */

static bool starts_with_any(const char *s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncasecmp(s, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

bool told_is_call(const struct appointment *a)
{
    static const char *const schemes[] = {"https://", "http://", "tel:", "sip:", "sips:"};
    const char *s = a->location;
    size_t digits = 0;

    if (s == NULL)
        return false;
    s += strspn(s, " \t");
    if (starts_with_any(s, schemes, sizeof(schemes) / sizeof(schemes[0])))
        return true;
    if (s[0] != '+' || s[strspn(s, "+0123456789 ()-./")] != '\0')
        return false;
    for (; *s != '\0'; s++)
        digits += *s >= '0' && *s <= '9';
    return digits >= DIGITS_LEAST;
}

static const struct zone *zone_or(const char *name, const struct zone *fallback)
{
    const struct zone *z = name != NULL ? zone_get(name) : NULL;

    return z != NULL ? z : fallback;
}

const struct zone *told_written_in(const struct business *b, const struct appointment *a)
{
    return zone_or(a->timezone, b->calendar.zone);
}

const struct zone *told_zone(const struct business *b, const struct appointment *a,
                             const struct client *reader)
{
    const struct zone *written = told_written_in(b, a);

    return reader != NULL && told_is_call(a) ? zone_or(reader->timezone, written) : written;
}

char *told_time(const char *text, const struct zone *from, const struct zone *to)
{
    struct moment m;
    char out[MOMENT_TEXT_MAX];

    if (text == NULL)
        return NULL;
    if (from == to || moment_parse(text, &m, NULL) != 0 || m.kind == MOMENT_DATE)
        return mem_strdup(text);
    moment_format_local(moment_instant(&m, from), to, out);
    return mem_strdup(out);
}

bool told_event(const struct zone *home, const char *starts, const char *ends, const char *timezone,
                struct ical_out_event *e)
{
    struct moment first, last;

    e->zone = timezone != NULL ? zone_get(timezone) : home;
    if (e->zone == NULL || starts == NULL || moment_parse(starts, &first, NULL) != 0)
        return false;
    bool has_end = ends != NULL && moment_parse(ends, &last, NULL) == 0;
    e->all_day = first.kind == MOMENT_DATE;
    if (e->all_day) {
        e->first_day = civil_day_number(&first.civil);
        e->behind_day = has_end ? civil_day_number(&last.civil) : e->first_day;
        return true;
    }
    e->start_ms = moment_instant(&first, e->zone);
    e->end_ms = has_end ? moment_instant(&last, e->zone) : e->start_ms;
    return true;
}
