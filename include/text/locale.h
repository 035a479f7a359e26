/*
 * Words, digits and calendars of the reader's language. The files src/text/locale*.c are the only
 * ones that know ICU; nothing of ICU shows here.
 *
 * ICU brings zone data of its own, which is years old. So no zone ever reaches it: the civil time
 * is computed by the time room from the system's tzdata and handed over as if it were UTC, for
 * wording alone.
 *
 * How things read, by language (CLDR's patterns and data unless src/text/locale_words.c says
 * otherwise):
 *   - a date as a person writes it: "Tuesday, 8 December", with the year when it is another than
 * the current one;
 *   - bare `en` is international English: day before month, 24-hour clock; `en-US`, or `en` for a
 *     business in the United States, reads the American way;
 *   - Persian has the Jalali calendar and Persian digits, Thai the Buddhist years, Arabic its own
 *     digits where the country uses them; the extensions of BCP 47 overrule that
 *     (`fa-u-nu-latn`, `fa-u-ca-gregory`).
 *
 * Everything here is safe from any thread. Text goes in and out as UTF-8; output is appended. When
 * ICU refuses (its data files are missing), a date comes out as ISO 8601 and a number as it was.
 */
#ifndef TEXT_LOCALE_H
#define TEXT_LOCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "time/civil.h"

#define LOCALE_TAG_MAX 64     /* bytes of a language tag; longer ones are no language */
#define LOCALE_DECIMAL_MAX 40 /* characters of a number */
#define LOCALE_TEXT_MAX                                                                            \
    262144 /* bytes that upper, lower, cut and gsm work on; the rest is left out */

struct locale;

/* The locale for a language tag (BCP 47; `kk_KZ` is understood as well). `region` is the business's
 * country (ISO 3166-1 alpha-2) or NULL, and matters for bare `en` only. A tag that is none, or
 * whose language ICU does not know, falls back to its longest known beginning and in the end to
 * `en`. Never NULL; shared, and alive as long as the process. At most 256 are kept;
 * whatever comes after that gets the one of its language alone, or `en`. */
struct locale *locale_get(const char *language, const char *region);

/* The day on which a week begins (0: Sunday, 1: Monday) in the country (ISO 3166-1 alpha-2; NULL:
 * in that where the locale is most spoken). */
int locale_week_first(struct locale *l, const char *country);

/* Is `tag` a well-formed BCP 47 tag of a language that exists? For the configuration. */
bool locale_language_valid(const char *tag);

/* "rtl" or "ltr", for HTML's dir attribute. */
const char *locale_direction(const char *tag);

/* What the language `tag` is called in the language `in` ("Latvian"); appended. false: it is none.
 */
bool locale_language_name(const char *tag, const char *in, struct buf *out);

/* Every language that there are words for, and a few as one country writes them, with what they are
 * called in the language `in`; in no order. The texts live during the call. */
typedef void (*locale_each)(void *arg, const char *tag, const char *name);
void locale_each_language(const char *in, locale_each each, void *arg);

enum locale_style {
    LOCALE_HOUSE, /* "Tuesday, 8 December", the year when it is not `today`'s */
    LOCALE_SHORT, /* "08.12.2026" */
    LOCALE_LONG,  /* "8 December 2026" */
    LOCALE_FULL   /* "Tuesday, 8 December 2026" */
};

/* `today` is the reader's current date: it decides on the year of LOCALE_HOUSE. */
void locale_date(struct locale *l, const struct civil *day, enum locale_style style,
                 const struct civil *today, struct buf *out);

/* The date as it stands within a sentence: "on Tuesday, 8 December", "otrdien, 8. decembrī",
 * "во вторник, 8 декабря". Languages we have no words for get locale_date(LOCALE_HOUSE). */
void locale_on(struct locale *l, const struct civil *day, const struct civil *today,
               struct buf *out);

void locale_time(struct locale *l, const struct civil *t, struct buf *out); /* "15:00", "3:00 PM" */

/* "Tuesday, 8 December at 15:00". */
void locale_datetime(struct locale *l, const struct civil *t, enum locale_style style,
                     const struct civil *today, struct buf *out);

void locale_weekday(struct locale *l, const struct civil *day, struct buf *out); /* "Tuesday" */
void locale_month(struct locale *l, const struct civil *day, struct buf *out);   /* "December" */
void locale_year(struct locale *l, const struct civil *day, struct buf *out); /* "2026", "۱۴۰۵" */

/* "today at 15:00", "tomorrow at 15:00", "yesterday"; two days off where the language has a word
 * for it ("parīt", "послезавтра"); any other day as locale_on. The time is told when `with_time`.
 */
void locale_relative(struct locale *l, const struct civil *t, bool with_time,
                     const struct civil *today, struct buf *out);

enum locale_unit { LOCALE_SECONDS, LOCALE_MINUTES, LOCALE_HOURS, LOCALE_DAYS };

/* "in 3 days", "2 hours ago", "tomorrow", "now" (0 seconds). */
void locale_distance(struct locale *l, int64_t amount, enum locale_unit unit, struct buf *out);

/* Is `s` a decimal number: digits, perhaps a minus in front and a point with digits after it? */
bool locale_is_decimal(const char *s, size_t len);

/* A decimal number in the reader's digits and separators. `decimals` places, or as many as it has
 * (at most 6) when negative. ERR_INVALID when it is no number. */
int locale_number(struct locale *l, const char *decimal, int decimals, struct buf *out);

/* An amount in major units with its currency (ISO 4217, either case): "€1,234.50", "1 234,50 €". A
 * whole amount has no decimals: "€120". ERR_INVALID when one of the two is none. */
int locale_money(struct locale *l, const char *decimal, const char *currency, struct buf *out);

/* Which of `forms` grammatical forms goes with the number: they stand in the order one, two, few,
 * many, other, zero, those that the language does not have left out ("день", "дня", "дней"); the
 * last one serves for what is not given. `forms` is at least 1; a text that is no number is
 * "other". */
size_t locale_plural(struct locale *l, const char *decimal, size_t forms);

void locale_upper(struct locale *l, const char *text, size_t len, struct buf *out);
void locale_lower(struct locale *l, const char *text, size_t len, struct buf *out);
void locale_capitalize(struct locale *l, const char *text, size_t len, struct buf *out); /* first */

/* At most `count` characters as a reader sees them (grapheme clusters), the last of them "…" when
 * something was left out. */
void locale_cut(const char *text, size_t len, size_t count, struct buf *out);

/* Write the text with the GSM-7 alphabet of an SMS as far as it can be: what the alphabet has is
 * kept (also ä, é, €), letters of other scripts become Latin the way the language does it ("Жанна"
 * → "Zhanna"), accents and typographic quotes go. What has no Latin form (an emoji) stays, and
 * makes the message UCS-2. */
void locale_gsm(struct locale *l, const char *text, size_t len, struct buf *out);

#endif
