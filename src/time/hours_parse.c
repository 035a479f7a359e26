/*
 * Opening hours as people write them. The text is read from left to right: days are gathered until
 * times come, the times are given to all days gathered, and the next day begins anew. Commas only
 * part, so it does not matter where somebody sets them; an en dash is as good as a hyphen.
 *
 * Whatever is wrong stops the reading with a sentence, and the caller's hours stay as they were.
 */
#include "time/hours.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define EN_DASH "\xe2\x80\x93"
#define WORD_MIN 3   /* letters that a day needs at least */
#define SUFFIX_MAX 4 /* "pm" and a few more, with the end */
#define DAYS_TEXT "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun"

static const char *const day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday"};

struct reader {
    const char *p;
    struct hours hours;
    bool named[7];    /* days that had their turn */
    bool gathered[7]; /* days that the next times are for */
    bool timed;       /* the gathered days have times, or are closed: the next day begins anew */
    int last_day;     /* the last one gathered, for sentences */
    struct err *err;
};

static void skip(const char **p, const char *set)
{
    *p += strspn(*p, set);
}

static bool take_dash(const char **p)
{
    const char *at = *p;

    skip(&at, " \t");
    if (*at == '-')
        at++;
    else if (strncmp(at, EN_DASH, strlen(EN_DASH)) == 0)
        at += strlen(EN_DASH);
    else
        return false;
    skip(&at, " \t");
    *p = at;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of what stands at `p`, for repeating it to the reader. */
static int shown(const char *p)
{
    size_t len = strcspn(p, " \t\r\n,");

    return len > 40 ? 40 : (int)len;
}

/* "08:00", "8:00", "24:00" */
static int take_clock(const char **p, int *minute, struct err *err)
{
    const char *at = *p;
    int hour = 0, min = 0, digits = 0;

    for (; digits < 2 && is_digit(*at); digits++)
        hour = hour * 10 + (*at++ - '0');
    if (digits == 0 || at[0] != ':' || !is_digit(at[1]) || !is_digit(at[2]) || is_digit(at[3])) {
        bool hour_alone = digits > 0 && hour < 24;
        if (hour_alone && hour < 12 && (*at == 'p' || *at == 'P')) /* 6pm */
            hour += 12;
        err_set(err, "\"%.*s\" is no time of day; write it with its minutes, as %02d:00", shown(*p),
                *p, hour_alone ? hour : 8);
        return ERR_INVALID;
    }
    min = (at[1] - '0') * 10 + (at[2] - '0');
    if (min > 59 || hour * 60 + min > CIVIL_DAY_MINUTES) {
        err_set(err, "no clock shows %.*s; times go from 00:00 to 24:00", (int)(at + 3 - *p), *p);
        return ERR_INVALID;
    }
    *minute = hour * 60 + min;
    *p = at + 3;
    return 0;
}

/* "08:00-12:00", in any order; 24:00 as the end only. */
static int take_span(const char **p, struct hours_span *span, struct err *err)
{
    const char *begin = *p;
    int rc = take_clock(p, &span->from_minute, err);

    if (rc != 0)
        return rc;
    if (span->from_minute == CIVIL_DAY_MINUTES) {
        err_set(err, "24:00 can only be an end; write 00:00 of the next day");
        return ERR_INVALID;
    }
    if (!take_dash(p)) {
        err_set(err, "%.*s has no end; write it as 08:00-12:00", (int)(*p - begin), begin);
        return ERR_INVALID;
    }
    rc = take_clock(p, &span->to_minute, err);
    if (rc == 0 && span->from_minute == span->to_minute) {
        err_set(err, "%.*s begins and ends at the same time; the whole day is 00:00-24:00",
                (int)(*p - begin), begin);
        return ERR_INVALID;
    }
    return rc;
}

/* ---- weekly hours ---- */

static int find_day(const char *word, size_t len)
{
    for (int day = 0; day < 7; day++)
        if (len >= WORD_MIN && len <= strlen(day_names[day]) &&
            strncasecmp(word, day_names[day], len) == 0)
            return day;
    return -1;
}

static size_t word_length(const char *p)
{
    size_t len = 0;

    while (is_letter(p[len]))
        len++;
    return len;
}

static int take_day(struct reader *r, int *day)
{
    size_t len = word_length(r->p);

    *day = find_day(r->p, len);
    if (*day < 0 && len == strlen("to") && strncasecmp(r->p, "to", len) == 0) {
        err_set(r->err, "\"%.*s\" is no day; write days in a row with a hyphen, as Mon-Fri",
                (int)len, r->p);
        return ERR_INVALID;
    }
    if (*day < 0) {
        err_set(r->err, "\"%.*s\" is no day; " DAYS_TEXT, shown(r->p), r->p);
        return ERR_INVALID;
    }
    r->p += len;
    return 0;
}

/* "Mon", "Mon-Fri", "Sat-Mon" */
static int read_days(struct reader *r)
{
    int day, to;
    int rc = take_day(r, &day);

    if (rc != 0)
        return rc;
    to = day;
    if (take_dash(&r->p) && (rc = take_day(r, &to)) != 0)
        return rc;
    if (r->timed)
        memset(r->gathered, 0, sizeof(r->gathered));
    r->timed = false;
    for (;; day = (day + 1) % 7) {
        if (r->named[day]) {
            err_set(r->err, "%s is named twice; give all its times in one place", day_names[day]);
            return ERR_INVALID;
        }
        r->named[day] = r->gathered[day] = true;
        if (day == to)
            break;
    }
    r->last_day = to;
    return 0;
}

static int add_span(struct reader *r, int day, struct hours_span new)
{
    struct hours_day *d = &r->hours.week[day];
    size_t at = 0;

    while (at < d->count && d->spans[at].from_minute < new.from_minute)
        at++;
    for (size_t i = 0; i < d->count; i++) {
        struct hours_span old = d->spans[i];
        if (new.from_minute < old.to_minute && old.from_minute < new.to_minute) {
            err_set(r->err, "on %s %02d:%02d-%02d:%02d and %02d:%02d-%02d:%02d overlap",
                    day_names[day], old.from_minute / 60, old.from_minute % 60, old.to_minute / 60,
                    old.to_minute % 60, new.from_minute / 60, new.from_minute % 60,
                    new.to_minute / 60, new.to_minute % 60);
            return ERR_INVALID;
        }
    }
    if (d->count == HOURS_SPANS_MAX) {
        err_set(r->err, "%s has more than %d opening times", day_names[day], HOURS_SPANS_MAX);
        return ERR_LIMIT;
    }
    memmove(&d->spans[at + 1], &d->spans[at], (d->count - at) * sizeof(d->spans[0]));
    d->spans[at] = new;
    d->count++;
    return 0;
}

static int read_span(struct reader *r)
{
    const char *begin = r->p;
    struct hours_span span;
    int rc = take_span(&r->p, &span, r->err);

    if (rc != 0)
        return rc;
    if (span.to_minute < span.from_minute) {
        err_set(r->err,
                "%.*s ends before it begins; for hours over midnight write the evening and the "
                "morning apart, as Fri 18:00-24:00, Sat 00:00-02:00",
                (int)(r->p - begin), begin);
        return ERR_INVALID;
    }
    if (r->last_day < 0) {
        err_set(r->err, "%.*s has no day in front of it; write it as Mon-Fri 08:00-18:00",
                (int)(r->p - begin), begin);
        return ERR_INVALID;
    }
    for (int day = 0; day < 7; day++)
        if (r->gathered[day] && (rc = add_span(r, day, span)) != 0)
            return rc;
    r->timed = true;
    return 0;
}

static bool take_closed(struct reader *r)
{
    size_t len = word_length(r->p);

    if (r->last_day < 0 || r->timed || len != strlen("closed") ||
        strncasecmp(r->p, "closed", len) != 0)
        return false;
    r->p += len;
    r->timed = true;
    return true;
}

static int read_week(struct reader *r)
{
    int rc = 0;

    for (;;) {
        skip(&r->p, " \t\r\n,");
        if (*r->p == '\0')
            break;
        if (is_digit(*r->p))
            rc = read_span(r);
        else if (!take_closed(r))
            rc = read_days(r);
        if (rc != 0)
            return rc;
    }
    if (r->last_day < 0) {
        err_set(r->err, "no hours are given; write them as Mon-Fri 08:00-12:00 13:00-18:00");
        return ERR_INVALID;
    }
    if (!r->timed) {
        err_set(r->err, "%s has no times after it; write them as %.3s 08:00-18:00",
                day_names[r->last_day], day_names[r->last_day]);
        return ERR_INVALID;
    }
    return 0;
}

/* Times that touch are one: "08:00-12:00 12:00-18:00". */
static void join_touching(struct hours_day *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        if (kept > 0 && d->spans[kept - 1].to_minute == d->spans[i].from_minute)
            d->spans[kept - 1].to_minute = d->spans[i].to_minute;
        else
            d->spans[kept++] = d->spans[i];
    }
    memset(&d->spans[kept], 0, (HOURS_SPANS_MAX - kept) * sizeof(d->spans[0]));
    d->count = kept;
}

int hours_parse(const char *s, struct hours *out, struct err *err)
{
    struct reader r = {.p = s, .last_day = -1, .err = err};
    bool opens = false;
    int rc = read_week(&r);

    if (rc != 0)
        return rc;
    for (int day = 0; day < 7; day++) {
        join_touching(&r.hours.week[day]);
        opens = opens || r.hours.week[day].count > 0;
    }
    if (!opens) {
        err_set(err, "no day has an opening time");
        return ERR_INVALID;
    }
    *out = r.hours;
    return 0;
}

/* ---- times of day ---- */

static int expect_end(const char *p, struct err *err)
{
    skip(&p, " \t");
    if (*p == '\0')
        return 0;
    err_set(err, "\"%.*s\" is one thing too many here", shown(p), p);
    return ERR_INVALID;
}

int hours_parse_daily(const char *s, struct hours_daily *out, struct err *err)
{
    struct hours_span span;
    int rc;

    skip(&s, " \t");
    if ((rc = take_span(&s, &span, err)) != 0 || (rc = expect_end(s, err)) != 0)
        return rc;
    *out = (struct hours_daily){span.from_minute, span.to_minute};
    return 0;
}

/* What stands behind the figures, without spaces and full stops: of "6 p.m." that is "pm". False
 * for what is too long to be anything. */
static bool take_suffix(const char *s, char out[SUFFIX_MAX])
{
    size_t len = 0;

    for (; *s != '\0'; s++) {
        if (*s == ' ' || *s == '.')
            continue;
        if (!is_letter(*s) || len + 1 >= SUFFIX_MAX)
            return false;
        out[len++] = *s;
    }
    out[len] = '\0';
    return true;
}

bool hours_guess_minute(const char *s, int *minute)
{
    size_t digits = strspn(s, "0123456789");
    int hour = 0, min = 0;
    char suffix[SUFFIX_MAX];

    if (str_ieq(s, "noon")) {
        *minute = CIVIL_DAY_MINUTES / 2;
        return true;
    }
    if (digits == 0 || digits > 4)
        return false;
    for (size_t i = 0; i < digits; i++)
        hour = hour * 10 + (*s++ - '0');
    if (digits > 2) { /* 1800 */
        min = hour % 100;
        hour /= 100;
    } else if (*s != '\0' && strchr(":.hH", *s) != NULL && is_digit(s[1]) && is_digit(s[2])) {
        min = (s[1] - '0') * 10 + (s[2] - '0');
        s += 3;
    }
    if (!take_suffix(s, suffix))
        return false;
    bool am = str_ieq(suffix, "am"), pm = str_ieq(suffix, "pm");
    if (!am && !pm && *suffix != '\0' && !str_ieq(suffix, "h"))
        return false;
    if ((am || pm) && (hour < 1 || hour > 12))
        return false;
    if (am || pm) /* 12am is midnight */
        hour = hour % 12 + (pm ? 12 : 0);
    *minute = hour * 60 + min;
    return hour < 24 && min < 60;
}

int hours_parse_minute(const char *s, int *minute, struct err *err)
{
    const char *written;
    int read, rc, guess;

    skip(&s, " \t");
    written = s;
    if ((rc = take_clock(&s, &read, err)) != 0 || (rc = expect_end(s, err)) != 0) {
        if (hours_guess_minute(written, &guess))
            err_set(err, "\"%s\" is no time of day here; write it as %02d:%02d", written,
                    guess / 60, guess % 60);
        return rc;
    }
    if (read == CIVIL_DAY_MINUTES) {
        err_set(err, "24:00 is no time of day; write 00:00 of the next day");
        return ERR_INVALID;
    }
    *minute = read;
    return 0;
}
