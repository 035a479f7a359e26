/*
 * Times as rows write them. The reader goes from left to right and stops at the first thing that is
 * not right; the sentence names it, and shows what would be. Nothing is guessed: "2026-12-08
 * 15:00:00" is what SQLite writes for UTC and people for local time, so it is refused.
 */
#include "time/moment.h"

#include <stdio.h>
#include <string.h>

#define FRACTION_DIGITS_MAX 9
#define SHOWN_MAX 40 /* bytes of a bad value that are repeated to the reader */

static int refuse(struct err *err, const char *s, const char *why)
{
    size_t len = strlen(s);

    if (len > SHOWN_MAX) {
        len = SHOWN_MAX;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80) /* not within a character */
            len--;
    }
    err_set(err, "\"%.*s%s\" %s", (int)len, s, s[len] != '\0' ? "..." : "", why);
    return ERR_INVALID;
}

/* Exactly `digits` digits. */
static bool take_digits(const char **p, int digits, int *out)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9')
            return false;
        n = n * 10 + ((*p)[i] - '0');
    }
    *p += digits;
    *out = n;
    return true;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

/* ":SS", ".fraction" */
static bool take_seconds(const char **p, struct civil *c)
{
    if (!take(p, ':'))
        return true;
    if (!take_digits(p, 2, &c->second))
        return false;
    if (!take(p, '.') && !take(p, ','))
        return true;
    int digits = 0, digit;
    while (digits <= FRACTION_DIGITS_MAX && take_digits(p, 1, &digit))
        digits++;
    return digits >= 1 && digits <= FRACTION_DIGITS_MAX;
}

/* "Z", "+05:00", "-03:30" */
static bool take_offset(const char **p, int *offset_s)
{
    int hour, minute;
    bool west = **p == '-';

    *offset_s = 0;
    if (take(p, 'Z'))
        return true;
    if (!take(p, '-') && !take(p, '+'))
        return false;
    if (!take_digits(p, 2, &hour) || !take(p, ':') || !take_digits(p, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    *offset_s = (hour * 60 + minute) * 60 * (west ? -1 : 1);
    return true;
}

static const char *time_fault(const struct civil *c)
{
    if (c->hour == 24 && c->minute == 0 && c->second == 0)
        return "has the time 24:00; write 00:00 of the next day";
    if (c->hour > 23 || c->minute > 59)
        return "has a time that no clock shows; hours go from 00 to 23, minutes from 00 to 59";
    if (c->second > 59)
        return "has a second that no clock shows; seconds go from 00 to 59";
    return NULL;
}

int moment_parse(const char *s, struct moment *out, struct err *err)
{
    struct moment m = {.kind = MOMENT_DATE};
    struct civil *c = &m.civil;
    const char *p = s;

    if (!take_digits(&p, 4, &c->year) || !take(&p, '-') || !take_digits(&p, 2, &c->month) ||
        !take(&p, '-') || !take_digits(&p, 2, &c->day))
        return refuse(err, s,
                      "is not a time; write it as 2026-12-08T15:00, or 2026-12-08T10:00:00Z");
    if (!civil_valid(c))
        return refuse(err, s, "names a day that does not exist");
    if (*p == '\0') {
        *out = m;
        return 0;
    }
    if (*p == ' ' || *p == 't')
        return refuse(err, s,
                      "needs a \"T\" between date and time, and a \"Z\" at its end if it is UTC: "
                      "2026-12-08T15:00, or 2026-12-08T10:00:00Z");
    if (!take(&p, 'T') || !take_digits(&p, 2, &c->hour) || !take(&p, ':') ||
        !take_digits(&p, 2, &c->minute) || !take_seconds(&p, c))
        return refuse(err, s,
                      "has no time of day after its date; write it as 2026-12-08T15:00 or "
                      "2026-12-08T15:00:00");
    const char *fault = time_fault(c);
    if (fault != NULL)
        return refuse(err, s, fault);
    m.kind = MOMENT_LOCAL;
    if (*p != '\0') {
        m.kind = MOMENT_INSTANT;
        if (!take_offset(&p, &m.offset_s) || *p != '\0')
            return refuse(err, s,
                          "goes on after the time of day; only \"Z\" or an offset like \"+05:00\" "
                          "may follow");
    }
    *out = m;
    return 0;
}

int64_t moment_instant(const struct moment *m, const struct zone *z)
{
    switch (m->kind) {
    case MOMENT_INSTANT:
        return (civil_to_seconds(&m->civil) - m->offset_s) * 1000;
    case MOMENT_DATE:
        return zone_reach(z, &m->civil);
    default:
        return zone_to_instant(z, &m->civil);
    }
}

static void format(int64_t instant_ms, const struct zone *z, const char *end, char *out)
{
    struct civil c;

    zone_to_civil(z, instant_ms, &c);
    snprintf(out, MOMENT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%s", c.year, c.month, c.day,
             c.hour, c.minute, c.second, end);
}

void moment_format_utc(int64_t instant_ms, char out[MOMENT_TEXT_MAX])
{
    format(instant_ms, zone_utc(), "Z", out);
}

void moment_format_local(int64_t instant_ms, const struct zone *z, char out[MOMENT_TEXT_MAX])
{
    format(instant_ms, z, "", out);
}
