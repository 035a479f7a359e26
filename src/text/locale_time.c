/*
 * text/locale: dates and times in words. A civil time is handed to ICU as if it were UTC and
 * formatted in UTC (see text/locale.h on why), so ICU's zone data is never asked.
 *
 * A date and a time are formatted apart and joined with the language's own glue ("{1} at {0}"):
 * that keeps the formatters that have to be kept to a handful. Every function takes the locale's
 * lock once; the helpers without `locale_` expect it to be held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucal.h>
#include <unicode/udatpg.h>

#include "locale_icu.h"
#include "text/locale.h"

/* What each format asks of the language. A skeleton says which fields, not in which order; what
 * begins with '=' is a pattern, taken as it is. */
static const char *const skeletons[DATE_FORMATS] = {
    [DATE_HOUSE] = "EEEEdMMMM", [DATE_FULL] = "yEEEEdMMMM", [DATE_LONG] = "yMMMMd",
    [DATE_SHORT] = "yMd",       [DATE_DAY] = "dMMMM",       [DATE_TIME] = "jm",
    [DATE_WEEKDAY] = "=cccc",   [DATE_MONTH] = "=LLLL",     [DATE_YEAR] = "=y",
};

static UDateFormat *open_pattern(const struct locale *l, const UChar *pattern, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    UDateFormat *f =
        udat_open(UDAT_PATTERN, UDAT_PATTERN, l->id, u"Etc/UTC", -1, pattern, len, &status);

    return U_SUCCESS(status) ? f : NULL;
}

static UDateFormat *open_utf8_pattern(const struct locale *l, const char *utf8)
{
    int32_t len;
    UChar *pattern = locale_utf16(utf8, strlen(utf8), &len);
    UDateFormat *f = open_pattern(l, pattern, len);

    free(pattern);
    return f;
}

static UDateFormat *open_skeleton(const struct locale *l, const char *ascii)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar skeleton[32], pattern[LOCALE_PATTERN_MAX];
    UDateFormat *f = NULL;
    UDateTimePatternGenerator *g = udatpg_open(l->id, &status);

    u_uastrncpy(skeleton, ascii, 32);
    int32_t n = udatpg_getBestPattern(g, skeleton, -1, pattern, LOCALE_PATTERN_MAX, &status);
    if (U_SUCCESS(status))
        f = open_pattern(l, pattern, n);
    udatpg_close(g);
    return f;
}

static UDateFormat *format_get(struct locale *l, enum date_format kind)
{
    const char *own = l->words != NULL ? l->words->patterns[kind] : NULL;

    if (l->dates[kind] != NULL)
        return l->dates[kind];
    if (own != NULL)
        l->dates[kind] = open_utf8_pattern(l, own);
    else if (skeletons[kind][0] == '=')
        l->dates[kind] = open_utf8_pattern(l, skeletons[kind] + 1);
    else
        l->dates[kind] = open_skeleton(l, skeletons[kind]);
    return l->dates[kind];
}

/* What stands in a text when ICU cannot help. */
static void put_iso(const struct civil *t, enum date_format kind, struct buf *out)
{
    if (kind == DATE_TIME)
        buf_printf(out, "%02d:%02d", t->hour, t->minute);
    else
        buf_printf(out, "%04d-%02d-%02d", t->year, t->month, t->day);
}

static int32_t format_utf16(UDateFormat *f, const struct civil *t, UChar text[LOCALE_WORDS_MAX])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    if (f != NULL)
        n = udat_format(f, (UDate)civil_to_seconds(t) * 1000.0, text, LOCALE_WORDS_MAX, NULL,
                        &status);
    return U_SUCCESS(status) && n < LOCALE_WORDS_MAX ? n : 0;
}

static void put(struct locale *l, enum date_format kind, const struct civil *t, struct buf *out)
{
    UChar text[LOCALE_WORDS_MAX];
    int32_t n = format_utf16(format_get(l, kind), t, text);

    if (n > 0)
        locale_put(out, text, n);
    else
        put_iso(t, kind, out);
}

/* Is it the same year on the reader's calendar? */
static bool same_year(struct locale *l, const struct civil *a, const struct civil *b)
{
    UChar x[LOCALE_WORDS_MAX], y[LOCALE_WORDS_MAX];

    if (l->gregorian)
        return a->year == b->year;
    int32_t n = format_utf16(format_get(l, DATE_YEAR), a, x);
    int32_t m = format_utf16(format_get(l, DATE_YEAR), b, y);
    return n == m && u_memcmp(x, y, n) == 0;
}

static void put_date(struct locale *l, const struct civil *day, enum locale_style style,
                     const struct civil *today, struct buf *out)
{
    static const enum date_format kinds[] = {
        [LOCALE_SHORT] = DATE_SHORT, [LOCALE_LONG] = DATE_LONG, [LOCALE_FULL] = DATE_FULL};

    if (style == LOCALE_HOUSE)
        put(l, same_year(l, day, today) ? DATE_HOUSE : DATE_FULL, day, out);
    else
        put(l, kinds[style], day, out);
}

/* "8. decembrī": the day by our own pattern, the month's name replaced by our own when the language
 * has one for the place. */
static void put_on_day(struct locale *l, const struct civil *day, bool year, struct buf *out)
{
    const struct locale_words *w = l->words;
    UDateFormat **f = year ? &l->on_day_year : &l->on_day;
    UChar text[LOCALE_WORDS_MAX];

    if (*f == NULL) {
        char pattern[LOCALE_PATTERN_MAX];
        const char *given = year ? w->on_day_year : w->on_day;
        const char *month = strstr(given, "MMMM");
        /* A private-use character keeps the month's place. */
        if (w->on_months != NULL && month != NULL)
            snprintf(pattern, sizeof(pattern), "%.*s\xee\x80\x80%s", (int)(month - given), given,
                     month + 4);
        else
            snprintf(pattern, sizeof(pattern), "%s", given);
        *f = open_utf8_pattern(l, pattern);
    }
    int32_t n = format_utf16(*f, day, text);
    UChar *place = n > 0 ? u_memchr(text, 0xE000, n) : NULL;
    if (n == 0) {
        put_iso(day, DATE_DAY, out);
    } else if (place == NULL) {
        locale_put(out, text, n);
    } else {
        locale_put(out, text, (int32_t)(place - text));
        buf_puts(out, w->on_months[day->month - 1]);
        locale_put(out, place + 1, n - (int32_t)(place + 1 - text));
    }
}

static void put_on(struct locale *l, const struct civil *day, const struct civil *today,
                   struct buf *out)
{
    const struct locale_words *w = l->words;

    if (w != NULL && w->on_weekdays != NULL) {
        buf_puts(out, w->on_weekdays[civil_weekday(day)]);
        buf_puts(out, ", ");
        put_on_day(l, day, !same_year(l, day, today), out);
        return;
    }
    if (w != NULL && w->on != NULL)
        buf_puts(out, w->on);
    put_date(l, day, LOCALE_HOUSE, today, out);
    if (w != NULL && w->on_after != NULL)
        buf_puts(out, w->on_after);
}

static const UChar *glue_get(struct locale *l)
{
    UErrorCode status = U_ZERO_ERROR;

    if (l->glue[0] != 0)
        return l->glue;
    if (l->words != NULL && l->words->glue != NULL) {
        u_strFromUTF8(l->glue, LOCALE_PATTERN_MAX, NULL, l->words->glue, -1, &status);
    } else {
        UDateTimePatternGenerator *g = udatpg_open(l->id, &status);
        int32_t n = 0;
        const UChar *glue = udatpg_getDateTimeFormatForStyle(g, UDAT_FULL, &n, &status);
        if (U_SUCCESS(status) && n > 0 && n < LOCALE_PATTERN_MAX)
            u_memcpy(l->glue, glue, n);
        udatpg_close(g);
    }
    if (U_FAILURE(status) || l->glue[0] == 0)
        u_strcpy(l->glue, u"{1} {0}");
    return l->glue;
}

/* Join a date (already in words) and the time of `t` with the language's glue, a pattern in which
 * quoted text is literal. */
static void put_joined(struct locale *l, const struct buf *date, const struct civil *t,
                       struct buf *out)
{
    for (const UChar *p = glue_get(l); *p != 0; p++) {
        if (p[0] == '{' && (p[1] == '0' || p[1] == '1') && p[2] == '}') {
            if (p[1] == '1')
                buf_append(out, date->data, date->len);
            else
                put(l, DATE_TIME, t, out);
            p += 2;
        } else if (*p != '\'') {
            locale_put(out, p, 1);
        } else if (p[1] == '\'') {
            buf_putc(out, '\'');
            p++;
        }
    }
}

void locale_date(struct locale *l, const struct civil *day, enum locale_style style,
                 const struct civil *today, struct buf *out)
{
    pthread_mutex_lock(&l->lock);
    put_date(l, day, style, today, out);
    pthread_mutex_unlock(&l->lock);
}

void locale_on(struct locale *l, const struct civil *day, const struct civil *today,
               struct buf *out)
{
    pthread_mutex_lock(&l->lock);
    put_on(l, day, today, out);
    pthread_mutex_unlock(&l->lock);
}

void locale_datetime(struct locale *l, const struct civil *t, enum locale_style style,
                     const struct civil *today, struct buf *out)
{
    struct buf date;

    buf_init(&date);
    pthread_mutex_lock(&l->lock);
    put_date(l, t, style, today, &date);
    if (style == LOCALE_SHORT) {
        buf_append(out, date.data, date.len);
        buf_putc(out, ' ');
        put(l, DATE_TIME, t, out);
    } else {
        put_joined(l, &date, t, out);
    }
    pthread_mutex_unlock(&l->lock);
    buf_close(&date);
}

static void put_locked(struct locale *l, enum date_format kind, const struct civil *t,
                       struct buf *out)
{
    pthread_mutex_lock(&l->lock);
    put(l, kind, t, out);
    pthread_mutex_unlock(&l->lock);
}

void locale_time(struct locale *l, const struct civil *t, struct buf *out)
{
    put_locked(l, DATE_TIME, t, out);
}

void locale_weekday(struct locale *l, const struct civil *day, struct buf *out)
{
    put_locked(l, DATE_WEEKDAY, day, out);
}

void locale_month(struct locale *l, const struct civil *day, struct buf *out)
{
    put_locked(l, DATE_MONTH, day, out);
}

void locale_year(struct locale *l, const struct civil *day, struct buf *out)
{
    put_locked(l, DATE_YEAR, day, out);
}

static URelativeDateTimeFormatter *relative_get(struct locale *l)
{
    UErrorCode status = U_ZERO_ERROR;

    if (l->relative == NULL)
        l->relative = ureldatefmt_open(l->id, NULL, UDAT_STYLE_LONG,
                                       UDISPCTX_CAPITALIZATION_FOR_MIDDLE_OF_SENTENCE, &status);
    return U_SUCCESS(status) ? l->relative : NULL;
}

/* "parīt" for 2 when the language has a word of its own for that many days; else nothing. */
static bool put_day_word(struct locale *l, int64_t days, struct buf *out)
{
    UChar word[LOCALE_WORDS_MAX], counted[LOCALE_WORDS_MAX];
    UErrorCode status = U_ZERO_ERROR;
    URelativeDateTimeFormatter *f = relative_get(l);

    if (days < -2 || days > 2 || f == NULL)
        return false;
    int32_t n =
        ureldatefmt_format(f, (double)days, UDAT_REL_UNIT_DAY, word, LOCALE_WORDS_MAX, &status);
    int32_t m = ureldatefmt_formatNumeric(f, (double)days, UDAT_REL_UNIT_DAY, counted,
                                          LOCALE_WORDS_MAX, &status);
    if (U_FAILURE(status) || n == 0 || (n == m && u_memcmp(word, counted, n) == 0))
        return false;
    locale_put(out, word, n);
    return true;
}

void locale_relative(struct locale *l, const struct civil *t, bool with_time,
                     const struct civil *today, struct buf *out)
{
    struct buf date;

    buf_init(&date);
    pthread_mutex_lock(&l->lock);
    if (!put_day_word(l, civil_day_number(t) - civil_day_number(today), &date))
        put_on(l, t, today, &date);
    if (with_time)
        put_joined(l, &date, t, out);
    else
        buf_append(out, date.data, date.len);
    pthread_mutex_unlock(&l->lock);
    buf_close(&date);
}

void locale_distance(struct locale *l, int64_t amount, enum locale_unit unit, struct buf *out)
{
    static const URelativeDateTimeUnit units[] = {
        [LOCALE_SECONDS] = UDAT_REL_UNIT_SECOND,
        [LOCALE_MINUTES] = UDAT_REL_UNIT_MINUTE,
        [LOCALE_HOURS] = UDAT_REL_UNIT_HOUR,
        [LOCALE_DAYS] = UDAT_REL_UNIT_DAY,
    };
    static const char *const names[] = {"s", "min", "h", "d"};
    UChar text[LOCALE_WORDS_MAX];
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    pthread_mutex_lock(&l->lock);
    URelativeDateTimeFormatter *f = relative_get(l);
    if (f != NULL)
        n = ureldatefmt_format(f, (double)amount, units[unit], text, LOCALE_WORDS_MAX, &status);
    if (U_SUCCESS(status) && n > 0)
        locale_put(out, text, n);
    else
        buf_printf(out, "%+lld %s", (long long)amount, names[unit]);
    pthread_mutex_unlock(&l->lock);
}

int locale_week_first(struct locale *l, const char *country)
{
    char id[ULOC_FULLNAME_CAPACITY];
    UErrorCode status = U_ZERO_ERROR;
    int first = 1;

    if (country != NULL)
        snprintf(id, sizeof(id), "%s_%s", l->language, country);
    UCalendar *c = ucal_open(NULL, 0, country != NULL ? id : l->id, UCAL_DEFAULT, &status);
    if (U_SUCCESS(status))
        first = ucal_getAttribute(c, UCAL_FIRST_DAY_OF_WEEK) - UCAL_SUNDAY;
    ucal_close(c);
    return first;
}
