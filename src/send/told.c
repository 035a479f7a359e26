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
