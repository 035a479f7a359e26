/*
 * What the files of text/locale share. Private to src/text/locale*.c.
 *
 * A locale is made once per language and kept. Its ICU objects are opened when first needed and are
 * not safe to share, so every use holds `lock`; a format takes a microsecond or two, an opening up
 * to some milliseconds, once.
 */
#ifndef TEXT_LOCALE_ICU_H
#define TEXT_LOCALE_ICU_H

#include <pthread.h>
#include <stdbool.h>

#include <unicode/udat.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/unumberformatter.h>
#include <unicode/upluralrules.h>
#include <unicode/ureldatefmt.h>
#include <unicode/ustring.h>

#include "text/locale.h"

#define LOCALE_WORDS_MAX 512     /* UTF-16 units of one formatted date, number, phrase */
#define LOCALE_CURRENCIES_MAX 16 /* formatters kept for each locale; others are made each time */
#define LOCALE_PATTERN_MAX 128

enum date_format {
    DATE_HOUSE, /* weekday, day, month */
    DATE_FULL,  /* the same with the year */
    DATE_LONG,  /* day, month, year */
    DATE_SHORT, /* digits */
    DATE_DAY,   /* day, month */
    DATE_TIME,
    DATE_WEEKDAY,
    DATE_MONTH,
    DATE_YEAR,
    DATE_MONTH_NUMBER, /* 1 .. 12 in ASCII digits; for our own words */
    DATE_FORMATS
};

struct locale_currency {
    char code[4];
    UNumberFormatter *format;
};

/* Our own wording for a language, where CLDR's data does not read as a person would write. NULL:
 * as CLDR says. */
struct locale_words {
    const char *language;
    const char *patterns[DATE_FORMATS]; /* ICU patterns; only with the language's usual calendar */
    const char *glue;                   /* date {1} and time {0} */
    const char *on;                     /* put in front of the date within a sentence */
    const char *on_after;               /* or behind it */
    const char *const *on_weekdays; /* seven, from Sunday: the adverbial form, then ", " and ... */
    const char *on_day;             /* ... the day in this pattern, */
    const char *on_day_year;        /* ... or this one; MMMM stands for on_months if there are */
    const char *const *on_months;
};

/* The words for an ISO 639 language code, or NULL. */
const struct locale_words *locale_words_find(const char *language);

struct locale {
    char id[ULOC_FULLNAME_CAPACITY]; /* ICU's name of it */
    char language[ULOC_LANG_CAPACITY];
    const struct locale_words *words;
    bool gregorian;
    pthread_mutex_t lock;
    UDateFormat *dates[DATE_FORMATS];
    UDateFormat *on_day, *on_day_year;
    UChar glue[LOCALE_PATTERN_MAX]; /* "" until known */
    URelativeDateTimeFormatter *relative;
    UNumberFormat *number;
    UPluralRules *plural;
    UNumberFormatter *plain; /* the number that the plural rules look at */
    struct locale_currency currencies[LOCALE_CURRENCIES_MAX];
    size_t currency_count;
};

/* Append UTF-16 as UTF-8. */
void locale_put(struct buf *out, const UChar *text, int32_t len);

/* UTF-8 to a heap string of UTF-16 (free() it). Invalid bytes become U+FFFD. */
UChar *locale_utf16(const char *text, size_t len, int32_t *units);

#endif
