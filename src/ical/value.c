/* Reading values strictly: a value that has anything before, within or behind it which does not
 * belong there is refused. No state. */
#include "ical/value.h"

#include <string.h>

#include "time/civil.h"

static bool digits(const char *s, size_t n, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

bool value_time(const char *s, size_t len, struct value_time *out)
{
    struct civil c = {0};
    enum value_form form = VALUE_DATE;

    if ((len != 8 && len != 15 && len != 16) || !digits(s, 4, &c.year) ||
        !digits(s + 4, 2, &c.month) || !digits(s + 6, 2, &c.day))
        return false;
    if (len > 8) {
        if (s[8] != 'T' || !digits(s + 9, 2, &c.hour) || !digits(s + 11, 2, &c.minute) ||
            !digits(s + 13, 2, &c.second) || (len == 16 && s[15] != 'Z'))
            return false;
        if (c.second == 60)
            c.second = 59;
        form = len == 16 ? VALUE_UTC : VALUE_WALL;
    }
    if (!civil_valid(&c))
        return false;
    *out = (struct value_time){form, civil_to_seconds(&c)};
    return true;
}

/* "12H": a number and its unit, one of `units`, which come in this order and at most once. */
static bool take_amount(const char **p, const char *end, const char **units, int64_t *out,
                        char *unit)
{
    int64_t n = 0;
    const char *from = *p;

    while (*p < end && **p >= '0' && **p <= '9' && n <= INT32_MAX)
        n = n * 10 + (*(*p)++ - '0');
    if (*p == from || *p == end || n > INT32_MAX)
        return false;
    const char *found = strchr(*units, **p);
    if (found == NULL || **p == '\0')
        return false;
    *unit = **p;
    *units = found + 1;
    *out = n;
    (*p)++;
    return true;
}

bool value_span(const char *s, size_t len, struct value_span *out)
{
    const char *p = s, *end = s + len, *units = "WD";
    struct value_span d = {0};
    int64_t n;
    char unit;
    bool minus = len > 0 && *p == '-';

    if (len > 0 && (*p == '-' || *p == '+'))
        p++;
    if (p == end || *p++ != 'P' || p == end)
        return false;
    while (p < end && *p != 'T') {
        if (!take_amount(&p, end, &units, &n, &unit))
            return false;
        d.days += unit == 'W' ? n * 7 : n;
    }
    if (p < end) {
        p++;
        units = "HMS";
        if (p == end)
            return false;
        while (p < end) {
            if (!take_amount(&p, end, &units, &n, &unit))
                return false;
            d.seconds += unit == 'H' ? n * 3600 : unit == 'M' ? n * 60 : n;
        }
    }
    if (d.days > VALUE_DURATION_DAYS_MAX || d.seconds > VALUE_DURATION_DAYS_MAX * CIVIL_DAY_S)
        return false;
    if (minus)
        d = (struct value_span){-d.days, -d.seconds};
    *out = d;
    return true;
}

bool value_offset(const char *s, int *out_s)
{
    size_t len = strlen(s);
    int hour, minute, second = 0;

    if ((len != 5 && len != 7) || (*s != '+' && *s != '-') || !digits(s + 1, 2, &hour) ||
        !digits(s + 3, 2, &minute) || (len == 7 && !digits(s + 5, 2, &second)) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *out_s = hour * 3600 + minute * 60 + second;
    if (*s == '-')
        *out_s = -*out_s;
    return true;
}

bool value_part(const char **at, const char **part, size_t *len)
{
    if (*at == NULL)
        return false;
    *part = *at;
    *len = strcspn(*at, ",");
    *at = (*at)[*len] == ',' ? *at + *len + 1 : NULL;
    return true;
}

void value_text(const char *s, struct buf *out)
{
    for (; *s != '\0'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
            buf_putc(out, *s == 'n' || *s == 'N' ? '\n' : *s);
        } else {
            buf_putc(out, *s);
        }
    }
}
