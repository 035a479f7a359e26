/*
 * Filters: what a template may do to a value before it is written, as in
 * {{appointment.starts | date}} or {{client.name | first_name | default "there"}}. One table; the
 * template module looks names up in it, and the documentation is made from it.
 *
 * Times in values are those of time/moment.h: a local wall time is told as written, an instant is
 * told in the record's own zone (a member `timezone` beside the value), else in the context's. An
 * amount takes its currency from a member `currency` beside it, else the context's.
 *
 * An absent value (null, or no such member) passes through every filter but `default` and
 * `required` and ends up empty.
 */
#ifndef TEXT_FILTER_H
#define TEXT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "text/locale.h"
#include "time/zone.h"

#define FILTER_ARGS_MAX 6

struct filter_arg {
    char *text; /* owned by the template */
    bool is_number;
};

/* What a filter works with. Set up once for a rendering, the last two members for each value. */
struct filter_context {
    const char *language;  /* BCP 47 or NULL */
    const char *region;    /* as locale_get */
    struct locale *locale; /* NULL: not looked up yet */
    const struct zone *zone;
    int64_t now_ms;
    const char *currency;        /* ISO 4217 or NULL */
    const char *record_zone;     /* `timezone` beside the value, or NULL */
    const char *record_currency; /* `currency` beside the value, or NULL */
};

struct filter_value {
    const char *text; /* UTF-8; "" when absent */
    size_t len;
    bool present;
};

enum filter_outcome {
    FILTER_DONE,   /* the value is in `out` */
    FILTER_KEPT,   /* the value stays as it was */
    FILTER_FAILED, /* `err` says why: "is not a date" */
    FILTER_MISSING /* `required`, and there is nothing */
};

struct filter {
    const char *name;
    const char *arguments; /* as a person would write them: "\"text\"", "NUMBER"; "" for none */
    const char *help;      /* one sentence */
    size_t args_min, args_max;
    bool absent_too; /* wants to see absent values */
    /* Check the arguments when the template is compiled; NULL: any will do. */
    int (*check)(const struct filter_arg *args, size_t count, struct err *err);
    enum filter_outcome (*apply)(struct filter_context *c, const struct filter_arg *args,
                                 size_t count, const struct filter_value *in, struct buf *out,
                                 struct err *err);
};

/* All filters, by name. */
const struct filter *filter_table(size_t *count);

/* NULL when there is no filter of that name. */
const struct filter *filter_find(const char *name);

/* The filter's name that is nearest to `name`, or NULL. */
const char *filter_nearest(const char *name);

/* Percent-encode everything but the unreserved characters of RFC 3986, 2.3. */
void filter_percent_encode(const char *text, size_t len, struct buf *out);

#endif
