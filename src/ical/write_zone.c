/*
 * Writing a zone: its clock changes are listed, gathered by the offsets they lead from and to, and
 * each such list becomes a STANDARD or DAYLIGHT with a rule, if they come on one kind of day every
 * year, or with the single dates.
 */
#include "ical/write_zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ical/line.h"
#include "time/civil.h"

#define CHANGES_MAX 400
#define RULE_CHANGES_MIN 3 /* fewer make no rule */
#define YEAR_S (366 * CIVIL_DAY_S)
#define SAVING_DAYS_MAX 300 /* a time that is put forward for longer is a new standard time */

struct change {
    int64_t at_s;
    int before_s, after_s;
    bool daylight;
    bool written;
};

static size_t list_changes(const struct zone *zone, int64_t from_ms, int64_t to_ms,
                           struct change changes[CHANGES_MAX])
{
    size_t count = 0;
    int64_t begin, end = from_ms;

    while (end <= to_ms && count < CHANGES_MAX) {
        zone_steady(zone, end, &begin, &end);
        if (end > to_ms)
            break;
        changes[count++] = (struct change){
            .at_s = end / 1000,
            .before_s = zone_offset_s(zone, end - 1),
            .after_s = zone_offset_s(zone, end),
        };
    }
    /* What tzdata calls daylight saving is not in time/zone; put forward and soon put back is. */
    for (size_t i = 0; i < count; i++) {
        zone_steady(zone, changes[i].at_s * 1000, &begin, &end);
        changes[i].daylight = changes[i].after_s > changes[i].before_s && end != INT64_MAX &&
                              end / 1000 - changes[i].at_s < SAVING_DAYS_MAX * CIVIL_DAY_S &&
                              zone_offset_s(zone, end) < changes[i].after_s;
    }
    return count;
}

/* What clocks show as they are changed. */
static void wall_of(const struct change *c, struct civil *out)
{
    civil_from_seconds(c->at_s + c->before_s, out);
}

static void put_stamp(const struct civil *c, char out[32])
{
    snprintf(out, 32, "%04d%02d%02dT%02d%02d%02d", c->year, c->month, c->day, c->hour, c->minute,
             c->second);
}

static void put_offset(struct buf *out, const char *name, int offset_s)
{
    int s = abs(offset_s);
    char sign = offset_s < 0 ? '-' : '+';

    if (s % 60 != 0)
        line_raw(out, "%s:%c%02d%02d%02d", name, sign, s / 3600, s / 60 % 60, s % 60);
    else
        line_raw(out, "%s:%c%02d%02d", name, sign, s / 3600, s / 60 % 60);
}

/* ---- rules ---- */

/* Days that one kind of day may be: the n-th weekday of a month, or its last. */
struct day_kind {
    bool nth_fits, last_fits;
    int month, weekday, nth, time_s, year;
};

static struct day_kind kind_of(const struct change *change)
{
    struct civil c;

    wall_of(change, &c);
    return (struct day_kind){
        .nth_fits = true,
        .last_fits = c.day + 7 > civil_days_in_month(c.year, c.month),
        .month = c.month,
        .weekday = civil_weekday(&c),
        .nth = (c.day - 1) / 7 + 1,
        .time_s = c.hour * 3600 + c.minute * 60 + c.second,
        .year = c.year,
    };
}

/* Do these changes come on one kind of day, every year? */
static bool find_kind(const struct change *const *list, size_t count, struct day_kind *kind)
{
    *kind = kind_of(list[0]);
    for (size_t i = 1; i < count; i++) {
        struct day_kind other = kind_of(list[i]);
        if (other.year != kind->year + (int)i || other.month != kind->month ||
            other.weekday != kind->weekday || other.time_s != kind->time_s)
            return false;
        kind->nth_fits = kind->nth_fits && other.nth == kind->nth;
        kind->last_fits = kind->last_fits && other.last_fits;
    }
    return count >= RULE_CHANGES_MIN && (kind->last_fits || (kind->nth_fits && kind->nth < 5));
}

/* `last`, if not NULL, is the change after which there are no more. */
static void put_rule(struct buf *out, const struct day_kind *kind, const struct change *last)
{
    static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    char until[48] = "";
    struct civil c;

    if (last != NULL) {
        civil_from_seconds(last->at_s, &c);
        memcpy(until, ";UNTIL=", 7);
        put_stamp(&c, until + 7);
        strcat(until, "Z");
    }
    line_raw(out, "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s%s", kind->month,
             kind->last_fits ? -1 : kind->nth, days[kind->weekday], until);
}

/* ---- the parts ---- */

static void put_part(struct buf *out, const struct change *const *list, size_t count, int64_t to_ms)
{
    const char *name = list[0]->daylight ? "DAYLIGHT" : "STANDARD";
    struct day_kind kind;
    struct civil c;
    char stamp[32];

    line_raw(out, "BEGIN:%s", name);
    wall_of(list[0], &c);
    put_stamp(&c, stamp);
    line_raw(out, "DTSTART:%s", stamp);
    put_offset(out, "TZOFFSETFROM", list[0]->before_s);
    put_offset(out, "TZOFFSETTO", list[0]->after_s);
    if (find_kind(list, count, &kind)) {
        const struct change *last = list[count - 1];
        put_rule(out, &kind, to_ms / 1000 - last->at_s > YEAR_S ? last : NULL);
    } else {
        for (size_t i = 1; i < count; i++) {
            wall_of(list[i], &c);
            put_stamp(&c, stamp);
            line_raw(out, "RDATE:%s", stamp);
        }
    }
    line_raw(out, "END:%s", name);
}

static bool alike(const struct change *a, const struct change *b)
{
    return a->before_s == b->before_s && a->after_s == b->after_s && a->daylight == b->daylight;
}

void write_zone(struct buf *out, const struct zone *zone, int64_t from_ms, int64_t to_ms)
{
    struct change changes[CHANGES_MAX];
    const struct change *list[CHANGES_MAX];
    size_t count = list_changes(zone, from_ms, to_ms, changes);
    int first_s = zone_offset_s(zone, from_ms);

    line_raw(out, "BEGIN:VTIMEZONE");
    line_raw(out, "TZID:%s", zone_name(zone));
    line_raw(out, "X-LIC-LOCATION:%s", zone_name(zone));
    /* What holds until the first change. */
    line_raw(out, "BEGIN:STANDARD");
    line_raw(out, "DTSTART:19700101T000000");
    put_offset(out, "TZOFFSETFROM", first_s);
    put_offset(out, "TZOFFSETTO", first_s);
    line_raw(out, "END:STANDARD");
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        if (changes[i].written)
            continue;
        for (size_t k = i; k < count; k++) {
            if (!changes[k].written && alike(&changes[i], &changes[k])) {
                changes[k].written = true;
                list[n++] = &changes[k];
            }
        }
        put_part(out, list, n, to_ms);
    }
    line_raw(out, "END:VTIMEZONE");
}
