/*
 * text/filter: the table of filters and what each does. A filter never fails on an absent value,
 * never reads anything but its value, its arguments and its context, and appends to `out` only when
 * it returns FILTER_DONE.
 */
#include "text/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "time/moment.h"

#define FILTER_DECIMALS_MAX 6
#define FILTER_CUT_MAX 10000 /* characters for truncate */
#define VALUE_TIME_MAX 64    /* bytes; longer texts are no time */

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static struct locale *words(struct filter_context *c)
{
    if (c->locale == NULL)
        c->locale = locale_get(c->language, c->region);
    return c->locale;
}

/* The zone in which the value's instants are told. */
static const struct zone *zone_of(const struct filter_context *c)
{
    const struct zone *z = c->record_zone != NULL ? zone_get(c->record_zone) : NULL;

    if (z == NULL)
        z = c->zone;
    return z != NULL ? z : zone_utc();
}

/* A time as it is told: the civil time, whether it has a time of day, and today's date there. */
struct told {
    struct moment moment;
    struct civil civil;
    struct civil today;
    bool has_time;
};

static bool read_time(const struct filter_context *c, const struct filter_value *in,
                      struct told *out, struct err *err)
{
    char text[VALUE_TIME_MAX];
    const struct zone *z = zone_of(c);

    if (in->len >= sizeof(text)) {
        err_set(err, "is no date or time; one looks like 2026-12-08T15:00");
        return false;
    }
    memcpy(text, in->text, in->len);
    text[in->len] = '\0';
    if (moment_parse(text, &out->moment, NULL) != 0) {
        err_set(err, "\"%s\" is no date or time; one looks like 2026-12-08T15:00", text);
        return false;
    }
    out->civil = out->moment.civil;
    out->has_time = out->moment.kind != MOMENT_DATE;
    if (out->moment.kind == MOMENT_INSTANT)
        zone_to_civil(z, moment_instant(&out->moment, z), &out->civil);
    zone_to_civil(z, c->now_ms, &out->today);
    return true;
}

static const char *const style_names[] = {
    [LOCALE_SHORT] = "short", [LOCALE_LONG] = "long", [LOCALE_FULL] = "full"};

static enum locale_style style_of(const struct filter_arg *args, size_t count)
{
    for (int s = LOCALE_SHORT; count > 0 && s <= LOCALE_FULL; s++)
        if (strcmp(args[0].text, style_names[s]) == 0)
            return (enum locale_style)s;
    return LOCALE_HOUSE;
}

static int check_style(const struct filter_arg *args, size_t count, struct err *err)
{
    if (count == 0 || style_of(args, count) != LOCALE_HOUSE)
        return 0;
    err_set(err, "there is no date style \"%s\"; use \"short\", \"long\" or \"full\"",
            args[0].text);
    return ERR_INVALID;
}

static int check_decimals(const struct filter_arg *args, size_t count, struct err *err)
{
    int64_t n;

    if (count == 0 || str_to_int(args[0].text, 0, FILTER_DECIMALS_MAX, &n))
        return 0;
    err_set(err, "the number of decimals is a number from 0 to %d", FILTER_DECIMALS_MAX);
    return ERR_INVALID;
}

static int check_cut(const struct filter_arg *args, size_t count, struct err *err)
{
    int64_t n;

    if (str_to_int(args[0].text, 1, FILTER_CUT_MAX, &n))
        return 0;
    err_set(err, "the length is a number from 1 to %d", FILTER_CUT_MAX);
    return ERR_INVALID;
}

static int check_currency(const struct filter_arg *args, size_t count, struct err *err)
{
    if (count == 0 || (strlen(args[0].text) == 3 && !args[0].is_number))
        return 0;
    err_set(err, "\"%s\" is no currency; write its three letters, like \"EUR\"", args[0].text);
    return ERR_INVALID;
}

/* The parameters of struct filter's apply. */
#define FILTER_ARGS                                                                                \
    struct filter_context *c, const struct filter_arg *args, size_t count,                         \
        const struct filter_value *in, struct buf *out, struct err *err

static enum filter_outcome apply_date(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_date(words(c), &t.civil, style_of(args, count), &t.today, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_on(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_on(words(c), &t.civil, &t.today, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_time(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    if (!t.has_time) {
        err_set(err, "is a date alone and has no time of day; \"datetime\" tells what there is");
        return FILTER_FAILED;
    }
    locale_time(words(c), &t.civil, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_datetime(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    if (t.has_time)
        locale_datetime(words(c), &t.civil, style_of(args, count), &t.today, out);
    else
        locale_date(words(c), &t.civil, style_of(args, count), &t.today, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_weekday(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_weekday(words(c), &t.civil, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_month(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_month(words(c), &t.civil, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_year(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_year(words(c), &t.civil, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_relative(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    locale_relative(words(c), &t.civil, t.has_time, &t.today, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_from_now(FILTER_ARGS)
{
    struct told t;

    if (!read_time(c, in, &t, err))
        return FILTER_FAILED;
    int64_t days = civil_day_number(&t.civil) - civil_day_number(&t.today);
    int64_t away = moment_instant(&t.moment, zone_of(c)) - c->now_ms;
    int64_t distance = away < 0 ? -away : away;
    if (!t.has_time || distance >= DAY_MS)
        locale_distance(words(c), days, LOCALE_DAYS, out);
    else if (distance >= HOUR_MS)
        locale_distance(words(c), away / HOUR_MS, LOCALE_HOURS, out);
    else if (distance >= MINUTE_MS)
        locale_distance(words(c), away / MINUTE_MS, LOCALE_MINUTES, out);
    else
        locale_distance(words(c), 0, LOCALE_SECONDS, out);
    return FILTER_DONE;
}

/* Decimal text of the value, NUL-terminated; false when it is no number. */
static bool read_decimal(const struct filter_value *in, char text[LOCALE_DECIMAL_MAX + 1],
                         struct err *err)
{
    if (!locale_is_decimal(in->text, in->len)) {
        err_set(err, "\"%.*s\" is no number; one looks like 1234.50",
                (int)str_utf8_valid(in->text, in->len < VALUE_TIME_MAX ? in->len : VALUE_TIME_MAX),
                in->text);
        return false;
    }
    memcpy(text, in->text, in->len);
    text[in->len] = '\0';
    return true;
}

static enum filter_outcome apply_number(FILTER_ARGS)
{
    char decimal[LOCALE_DECIMAL_MAX + 1];

    if (!read_decimal(in, decimal, err))
        return FILTER_FAILED;
    locale_number(words(c), decimal, count > 0 ? atoi(args[0].text) : -1, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_money(FILTER_ARGS)
{
    char decimal[LOCALE_DECIMAL_MAX + 1];
    const char *currency = count > 0 ? args[0].text : c->record_currency;

    if (currency == NULL)
        currency = c->currency;
    if (!read_decimal(in, decimal, err))
        return FILTER_FAILED;
    if (currency == NULL) {
        err_set(err, "has no currency: neither its record nor the business names one");
        return FILTER_FAILED;
    }
    if (locale_money(words(c), decimal, currency, out) != 0) {
        err_set(err, "\"%s\" is no currency; write its three letters, like EUR", currency);
        return FILTER_FAILED;
    }
    return FILTER_DONE;
}

static enum filter_outcome apply_plural(FILTER_ARGS)
{
    char decimal[LOCALE_DECIMAL_MAX + 1];

    if (!read_decimal(in, decimal, err))
        return FILTER_FAILED;
    buf_puts(out, args[locale_plural(words(c), decimal, count)].text);
    return FILTER_DONE;
}

static bool is_nothing(const struct filter_value *in)
{
    return !in->present || str_blank(in->text);
}

static enum filter_outcome apply_default(FILTER_ARGS)
{
    if (!is_nothing(in))
        return FILTER_KEPT;
    buf_puts(out, args[0].text);
    return FILTER_DONE;
}

static enum filter_outcome apply_required(FILTER_ARGS)
{
    return is_nothing(in) ? FILTER_MISSING : FILTER_KEPT;
}

static enum filter_outcome apply_upper(FILTER_ARGS)
{
    locale_upper(words(c), in->text, in->len, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_lower(FILTER_ARGS)
{
    locale_lower(words(c), in->text, in->len, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_capitalize(FILTER_ARGS)
{
    locale_capitalize(words(c), in->text, in->len, out);
    return FILTER_DONE;
}

static enum filter_outcome apply_first_name(FILTER_ARGS)
{
    size_t start = strspn(in->text, " \t\r\n");

    buf_append(out, in->text + start, strcspn(in->text + start, " \t\r\n"));
    return FILTER_DONE;
}

static enum filter_outcome apply_truncate(FILTER_ARGS)
{
    locale_cut(in->text, in->len, (size_t)atoi(args[0].text), out);
    return FILTER_DONE;
}

static enum filter_outcome apply_url(FILTER_ARGS)
{
    filter_percent_encode(in->text, in->len, out);
    return FILTER_DONE;
}

void filter_percent_encode(const char *text, size_t len, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)text[i];
        if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
            ch == '-' || ch == '.' || ch == '_' || ch == '~') {
            buf_putc(out, (char)ch);
        } else {
            buf_putc(out, '%');
            buf_putc(out, hex[ch >> 4]);
            buf_putc(out, hex[ch & 15]);
        }
    }
}

/* In the order of their names. */
static const struct filter table[] = {
    {"capitalize", "", "The first letter becomes a capital one.", 0, 0, false, NULL,
     apply_capitalize},
    {"date", "[\"short\" | \"long\" | \"full\"]",
     "A date in the reader's language and calendar: \"Tuesday, 8 December\", with the year when it "
     "is not this one.",
     0, 1, false, check_style, apply_date},
    {"datetime", "[\"short\" | \"long\" | \"full\"]",
     "Date and time: \"Tuesday, 8 December at 15:00\"; a date alone is told as a date.", 0, 1,
     false, check_style, apply_datetime},
    {"default", "\"text\"", "What to write when the value is empty or not there.", 1, 1, true, NULL,
     apply_default},
    {"first_name", "", "The first word of a name.", 0, 0, false, NULL, apply_first_name},
    {"from_now", "", "How far away a time is: \"in 3 days\", \"in 2 hours\", \"yesterday\".", 0, 0,
     false, NULL, apply_from_now},
    {"lower", "", "Small letters, by the rules of the language.", 0, 0, false, NULL, apply_lower},
    {"money", "[\"EUR\"]",
     "An amount with its currency, which is the record's own unless given: \"€1,234.50\".", 0, 1,
     false, check_currency, apply_money},
    {"month", "", "The month's name: \"December\".", 0, 0, false, NULL, apply_month},
    {"number", "[DECIMALS]", "A number with the reader's digits and separators.", 0, 1, false,
     check_decimals, apply_number},
    {"on", "",
     "The date as it stands within a sentence: \"on Tuesday, 8 December\", \"otrdien, 8. "
     "decembrī\".",
     0, 0, false, NULL, apply_on},
    {"plural", "\"day\" \"days\" ...",
     "The form that goes with a number, without the number: one, two, few, many, other, zero, as "
     "many as the language has.",
     1, FILTER_ARGS_MAX, false, NULL, apply_plural},
    {"relative", "",
     "\"today at 15:00\", \"tomorrow at 15:00\", and any other day as \"on Friday, 11 December at "
     "15:00\".",
     0, 0, false, NULL, apply_relative},
    {"required", "", "Without a value the message is held, and a person is asked.", 0, 0, true,
     NULL, apply_required},
    {"time", "", "The time of day as the language writes it: \"15:00\".", 0, 0, false, NULL,
     apply_time},
    {"truncate", "LENGTH", "At most so many characters, \"…\" in place of the rest.", 1, 1, false,
     check_cut, apply_truncate},
    {"upper", "", "Capital letters, by the rules of the language.", 0, 0, false, NULL, apply_upper},
    {"url", "", "Fit to be a part of a web address: %20 in place of a space.", 0, 0, false, NULL,
     apply_url},
    {"weekday", "", "The day of the week: \"Tuesday\".", 0, 0, false, NULL, apply_weekday},
    {"year", "", "The year of the reader's calendar.", 0, 0, false, NULL, apply_year},
};

const struct filter *filter_table(size_t *count)
{
    *count = sizeof(table) / sizeof(*table);
    return table;
}

const struct filter *filter_find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *filter_nearest(const char *name)
{
    const char *names[sizeof(table) / sizeof(*table)];

    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        names[i] = table[i].name;
    return str_nearest(name, names, sizeof(table) / sizeof(*table));
}
