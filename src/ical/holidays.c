/* Days off from a calendar file. See ical/read.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/read.h"
#include "time/civil.h"
#include "time/moment.h"

#define FIRST_YEAR 2020
#define LAST_YEAR 2045
#define HOLIDAYS_MAX 100000 /* ten times every day of those years */

struct days {
    int64_t *items;
    size_t count, cap;
};

static int64_t year_day(int year)
{
    struct civil c = {.year = year, .month = 1, .day = 1};

    return civil_day_number(&c);
}

static bool day_of(const json_t *when, int64_t *out)
{
    const char *date = json_string_value(json_object_get(when, "date"));
    struct moment m;

    if (date == NULL || moment_parse(date, &m, NULL) != 0 || m.kind != MOMENT_DATE)
        return false;
    *out = civil_day_number(&m.civil);
    return true;
}

static int add_occurrence(struct days *d, const json_t *o, struct err *err)
{
    int64_t from, to, first = year_day(FIRST_YEAR), behind = year_day(LAST_YEAR + 1);
    const char *status = json_string_value(json_object_get(o, "status"));

    if ((status != NULL && str_ieq(status, "CANCELLED")) ||
        !day_of(json_object_get(o, "start"), &from) || !day_of(json_object_get(o, "end"), &to))
        return 0;
    from = from < first ? first : from;
    to = to > behind ? behind : to;
    for (; from < to; from++) {
        if (d->count >= HOLIDAYS_MAX) {
            err_set(err, "more than %d holidays", HOLIDAYS_MAX);
            return ERR_LIMIT;
        }
        mem_grow(&d->items, &d->cap, d->count + 1, sizeof(*d->items));
        d->items[d->count++] = from;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void sort_once(struct days *d)
{
    size_t kept = 0;

    if (d->count > 0)
        qsort(d->items, d->count, sizeof(*d->items), compare);
    for (size_t i = 0; i < d->count; i++)
        if (i == 0 || d->items[i] != d->items[i - 1])
            d->items[kept++] = d->items[i];
    d->count = kept;
}

/* The first problem is as much as a person wants to read at once. */
static int check(const json_t *o, struct err *err)
{
    const char *problem = json_string_value(json_array_get(json_object_get(o, "problems"), 0));
    const char *summary = json_string_value(json_object_get(o, "summary"));

    if (problem == NULL)
        return 0;
    err_set(err, "%s%s%s", summary != NULL ? summary : "", summary != NULL ? ": " : "", problem);
    return ERR_INVALID;
}

int ical_holidays(const char *path, int64_t **days, size_t *count, struct err *err)
{
    struct ical_request request = {year_day(FIRST_YEAR), year_day(LAST_YEAR + 1), NULL};
    struct ical_reading reading;
    struct days d = {0};
    const char *kind;
    json_t *o;
    int rc = ical_read_file(path, &request, &reading, err);
    bool read = rc == 0;

    while (rc == 0 && (o = ical_reading_next(&reading, &kind)) != NULL) {
        if (str_eq(kind, "event"))
            rc = check(o, err);
        else if (str_eq(kind, "occurrence"))
            rc = add_occurrence(&d, o, err);
        json_decref(o);
    }
    ical_reading_close(&reading);
    if (rc == 0 && d.count == 0) {
        err_set(err, "there is no all-day event in it between %d and %d", FIRST_YEAR, LAST_YEAR);
        rc = ERR_INVALID;
    }
    if (rc != 0) {
        if (read)
            err_context(err, "%s", path);
        free(d.items);
        return rc;
    }
    sort_once(&d);
    *days = d.items;
    *count = d.count;
    return 0;
}
