/*
 * Times in forms: a date and a time of the clock, as two fields. See web/row_form.h.
 *
 * A row's text may be a date, a local time or an instant; the fields show it as the clocks do. What
 * was not touched goes back as it was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "time/moment.h"
#include "web/row_form.h"

#define CLOCK_TEXT 5 /* "15:00" */

struct civil row_time_civil(const struct moment *m, const struct zone *z)
{
    struct civil c = m->civil;

    if (m->kind == MOMENT_INSTANT)
        zone_to_civil(z, moment_instant(m, z), &c);
    return c;
}

void row_time_split(const char *text, const struct zone *z, char **date, char **clock)
{
    struct moment m;
    struct civil c;

    *date = mem_strdup("");
    *clock = mem_strdup("");
    if (text == NULL || moment_parse(text, &m, NULL) != 0)
        return;
    c = row_time_civil(&m, z);
    free(*date);
    *date = mem_printf("%04d-%02d-%02d", c.year, c.month, c.day);
    if (m.kind == MOMENT_DATE)
        return;
    free(*clock);
    *clock = mem_printf("%02d:%02d", c.hour, c.minute);
}

/* "9:05" is as good as "09:05", and browsers may add seconds. */
static bool read_clock(const char *text, int *hour, int *minute)
{
    int used = 0;

    return sscanf(text, "%2d:%2d%n", hour, minute, &used) == 2 && *hour >= 0 && *hour < 24 &&
           *minute >= 0 && *minute < 60 && (text[used] == '\0' || strcmp(text + used, ":00") == 0);
}

static bool is_shown(const struct zone *z, const struct civil *c)
{
    struct civil shown;

    zone_to_civil(z, zone_to_instant(z, c), &shown);
    return civil_compare(&shown, c) == 0;
}

/* Were the fields left as the row's text fills them? */
static bool untouched(const struct row_form *f, size_t field, const struct zone *z, const char *was)
{
    char *date, *clock;

    row_time_split(was, z, &date, &clock);
    bool same = was != NULL && date[0] != '\0' && str_eq(date, f->values[field]) &&
                str_eq(clock, f->values[field + 1]);
    free(date);
    free(clock);
    return same;
}

char *row_time_join(struct row_form *f, size_t field, const struct zone *z, const char *was)
{
    const char *date = f->values[field], *clock = f->values[field + 1];
    struct moment m;
    int hour, minute;

    if (untouched(f, field, z, was))
        return mem_strdup(was);
    if (str_blank(date)) {
        if (!str_blank(clock))
            row_form_wrong(f, field, W_WRONG_DATE_MISSING, NULL);
        return NULL;
    }
    if (moment_parse(date, &m, NULL) != 0 || m.kind != MOMENT_DATE) {
        row_form_wrong(f, field, W_WRONG_DATE, NULL);
        return NULL;
    }
    if (str_blank(clock))
        return mem_strdup(date);
    if (!read_clock(clock, &hour, &minute)) {
        row_form_wrong(f, field + 1, W_WRONG_TIME, NULL);
        return NULL;
    }
    m.civil.hour = hour;
    m.civil.minute = minute;
    if (!is_shown(z, &m.civil)) {
        row_form_wrong(f, field + 1, W_WRONG_GAP, zone_name(z));
        return NULL;
    }
    return mem_printf("%sT%02d:%02d", date, hour, minute);
}
