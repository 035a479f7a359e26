/*
 * TZif files and POSIX rules.
 *
 * A file is a header and a data block with 32-bit times, then, from version 2 on, a second header
 * and block with 64-bit times and a footer: a line with the POSIX rule for the time after the last
 * change. Where there is a second block, the first one is skipped.
 *
 * The bytes may be anything: a damaged disk, an update under way, somebody else's file. Every
 * length is checked before a byte behind it is touched, and whatever does not fit makes the whole
 * file unreadable; half a zone would be wrong times.
 */
#include "time/tzif.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "time/civil.h"

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define TYPES_MAX 256 /* a type's index is one byte */

/* RFC 8536, 3.2: an offset lies within these. */
#define OFFSET_MIN_S (-89999)
#define OFFSET_MAX_S 93599

/* Changes further from 1970 than this (over 8,200 years) lie outside the years we know. Some files
 * begin with the Big Bang, and sums with such numbers would overflow. */
#define INSTANT_MAX_S INT64_C(260000000000)

#define RULE_HOUR_MAX 167  /* RFC 8536, 3.3.1: a rule's time may be a week off */
#define OFFSET_HOUR_MAX 24 /* POSIX */

/* ---- the POSIX rule ---- */

struct cursor {
    const char *p, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take(struct cursor *c, char want)
{
    if (c->p == c->end || *c->p != want)
        return false;
    c->p++;
    return true;
}

static bool take_number(struct cursor *c, int min, int max, int *out)
{
    int n = 0;

    if (c->p == c->end || !is_digit(*c->p))
        return false;
    while (c->p < c->end && is_digit(*c->p)) {
        n = n * 10 + (*c->p++ - '0');
        if (n > max)
            return false;
    }
    *out = n;
    return n >= min;
}

/* "EET", or "<+05>" for what is not letters alone. */
static bool take_abbreviation(struct cursor *c)
{
    bool quoted = take(c, '<');
    const char *from = c->p;

    while (c->p < c->end &&
           (is_letter(*c->p) || (quoted && (is_digit(*c->p) || *c->p == '+' || *c->p == '-'))))
        c->p++;
    return c->p - from >= 3 && (!quoted || take(c, '>'));
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool take_time(struct cursor *c, int hour_max, int *out_s)
{
    int hour, minute = 0, second = 0;
    bool minus = take(c, '-');

    if (!minus)
        take(c, '+');
    if (!take_number(c, 0, hour_max, &hour))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 0, 59, &minute))
            return false;
        if (take(c, ':') && !take_number(c, 0, 59, &second))
            return false;
    }
    *out_s = hour * 3600 + minute * 60 + second;
    if (minus)
        *out_s = -*out_s;
    return true;
}

/* ",M3.5.0/3", ",J60", ",59/-1:30" */
static bool take_date(struct cursor *c, struct tzif_date *d)
{
    *d = (struct tzif_date){.time_s = 2 * 3600};
    if (!take(c, ','))
        return false;
    if (take(c, 'J')) {
        d->form = TZIF_JULIAN;
        if (!take_number(c, 1, 365, &d->day))
            return false;
    } else if (take(c, 'M')) {
        d->form = TZIF_WEEKDAY;
        if (!take_number(c, 1, 12, &d->month) || !take(c, '.') || !take_number(c, 1, 5, &d->week) ||
            !take(c, '.') || !take_number(c, 0, 6, &d->day))
            return false;
    } else {
        d->form = TZIF_ZERO_BASED;
        if (!take_number(c, 0, 365, &d->day))
            return false;
    }
    return !take(c, '/') || take_time(c, RULE_HOUR_MAX, &d->time_s);
}

bool tzif_parse_rule(const char *s, size_t len, struct tzif_rule *out)
{
    struct cursor c = {s, s + len};
    int west_s;

    *out = (struct tzif_rule){0};
    if (!take_abbreviation(&c) || !take_time(&c, OFFSET_HOUR_MAX, &west_s))
        return false;
    out->standard_s = -west_s; /* POSIX counts west of Greenwich */
    if (c.p == c.end)
        return true;
    if (!take_abbreviation(&c))
        return false;
    out->has_saving = true;
    out->saving_s = out->standard_s + 3600;
    if (c.p < c.end && *c.p != ',') {
        if (!take_time(&c, OFFSET_HOUR_MAX, &west_s))
            return false;
        out->saving_s = -west_s;
    }
    return take_date(&c, &out->start) && take_date(&c, &out->end) && c.p == c.end;
}

/* Local seconds since the epoch at which the date and its time come in `year`. */
static int64_t date_in_year(const struct tzif_date *d, int year)
{
    struct civil c = {.year = year, .month = 1, .day = 1};
    int64_t day;

    switch (d->form) {
    case TZIF_JULIAN:
        day = civil_day_number(&c) + d->day - 1;
        if (d->day >= 60 && civil_is_leap(year)) /* J60 is 1 March, always */
            day++;
        break;
    case TZIF_ZERO_BASED:
        day = civil_day_number(&c) + d->day;
        break;
    default: /* TZIF_WEEKDAY */
        c.month = d->month;
        day = (d->day - civil_weekday(&c) + 7) % 7 + (d->week - 1) * 7;
        if (day >= civil_days_in_month(year, d->month)) /* a fifth that is the fourth */
            day -= 7;
        day += civil_day_number(&c);
        break;
    }
    return day * CIVIL_DAY_S + d->time_s;
}

void tzif_rule_year(const struct tzif_rule *rule, int year, struct tzif_change out[2])
{
    /* Each time is read on the clock that shows until then. */
    struct tzif_change start = {date_in_year(&rule->start, year) - rule->standard_s,
                                rule->saving_s};
    struct tzif_change end = {date_in_year(&rule->end, year) - rule->saving_s, rule->standard_s};
    bool start_first = start.at_s < end.at_s;

    out[0] = start_first ? start : end;
    out[1] = start_first ? end : start;
}

/* ---- the file ---- */

struct header {
    uint32_t utc_flags, standard_flags, leaps, changes, types, abbreviation_bytes;
    char version;
};

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t get_time(const unsigned char *p, size_t bytes)
{
    if (bytes == 4)
        return (int32_t)get32(p);
    return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

static bool read_header(const unsigned char *p, size_t len, struct header *h)
{
    if (len < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
        return false;
    h->version = (char)p[4];
    h->utc_flags = get32(p + 20);
    h->standard_flags = get32(p + 24);
    h->leaps = get32(p + 28);
    h->changes = get32(p + 32);
    h->types = get32(p + 36);
    h->abbreviation_bytes = get32(p + 40);
    return true;
}

/* Bytes of the data block behind a header; counts are 32 bits wide, so this cannot overflow. */
static uint64_t block_bytes(const struct header *h, size_t time_bytes)
{
    return (uint64_t)h->changes * (time_bytes + 1) + (uint64_t)h->types * TYPE_BYTES +
           h->abbreviation_bytes + (uint64_t)h->leaps * (time_bytes + 4) + h->standard_flags +
           h->utc_flags;
}

/* `p` has block_bytes(h) bytes. */
static bool read_block(const unsigned char *p, const struct header *h, size_t time_bytes,
                       struct tzif *out)
{
    const unsigned char *indexes = p + (size_t)h->changes * time_bytes;
    const unsigned char *types = indexes + h->changes;
    int offsets[TYPES_MAX];
    int64_t previous = INT64_MIN;

    if (h->types < 1 || h->types > TYPES_MAX || h->leaps != 0)
        return false;
    for (uint32_t i = 0; i < h->types; i++) {
        int32_t offset = (int32_t)get32(types + (size_t)i * TYPE_BYTES);
        if (offset < OFFSET_MIN_S || offset > OFFSET_MAX_S)
            return false;
        offsets[i] = offset;
    }
    out->first_offset_s = offsets[0];
    out->changes = mem_array((size_t)h->changes + 1, sizeof(*out->changes));
    for (uint32_t i = 0; i < h->changes; i++) {
        int64_t at = get_time(p + (size_t)i * time_bytes, time_bytes);
        if (indexes[i] >= h->types || (i > 0 && at <= previous))
            return false;
        previous = at;
        if (at < -INSTANT_MAX_S)
            out->first_offset_s = offsets[indexes[i]];
        else if (at <= INSTANT_MAX_S)
            out->changes[out->change_count++] = (struct tzif_change){at, offsets[indexes[i]]};
    }
    return true;
}

/* "\nRULE\n"; the rule may be empty. */
static bool read_footer(const unsigned char *p, size_t len, struct tzif *out)
{
    if (len < 2 || p[0] != '\n')
        return false;
    const unsigned char *end = memchr(p + 1, '\n', len - 1);
    if (end == NULL)
        return false;
    size_t rule_len = (size_t)(end - (p + 1));
    if (rule_len == 0)
        return true;
    out->has_rule = true;
    return tzif_parse_rule((const char *)p + 1, rule_len, &out->rule);
}

static bool parse(const unsigned char *p, size_t len, struct tzif *out)
{
    struct header h;
    size_t time_bytes = 4;

    if (!read_header(p, len, &h))
        return false;
    p += HEADER_BYTES;
    len -= HEADER_BYTES;
    if (block_bytes(&h, time_bytes) > len)
        return false;
    if (h.version >= '2') {
        p += block_bytes(&h, time_bytes);
        len -= (size_t)block_bytes(&h, time_bytes);
        time_bytes = 8;
        if (!read_header(p, len, &h))
            return false;
        p += HEADER_BYTES;
        len -= HEADER_BYTES;
        if (block_bytes(&h, time_bytes) > len)
            return false;
    }
    if (!read_block(p, &h, time_bytes, out))
        return false;
    size_t block = (size_t)block_bytes(&h, time_bytes);
    return time_bytes == 4 || read_footer(p + block, len - block, out);
}

bool tzif_parse(const void *data, size_t len, struct tzif *out)
{
    *out = (struct tzif){0};
    if (parse(data, len, out))
        return true;
    tzif_close(out);
    return false;
}

void tzif_close(struct tzif *t)
{
    free(t->changes);
    *t = (struct tzif){0};
}
