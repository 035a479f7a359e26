/*
 * Reading a VTIMEZONE: each STANDARD or DAYLIGHT gives the clock changes of its DTSTART, RDATEs and
 * RRULEs, which are followed by recur.h like any other rule; sorted by instant they are the table.
 * Parts that cannot be read are told and left out; a table without a change is none.
 */
#include "ical/definition.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ical/recur.h"
#include "ical/rule.h"
#include "ical/value.h"
#include "time/civil.h"

struct change {
    int64_t at_s;   /* the instant */
    int64_t wall_s; /* until here, on the clocks, the offset before it is used */
    int before_s, after_s;
};

struct definition {
    struct change *changes; /* ascending; at least one */
    size_t count, cap;
};

/* One STANDARD or DAYLIGHT. */
struct observance {
    struct definition *d;
    const struct content *c;
    uint32_t component;
    int from_s, to_s; /* TZOFFSETFROM, TZOFFSETTO */
    int64_t start_s;
    int64_t *budget;
    struct trouble *trouble;
};

static int64_t year_s(int year)
{
    struct civil c = {.year = year, .month = 1, .day = 1};

    return civil_to_seconds(&c);
}

/* Clocks that show `wall_s` are changed. */
static void add(struct observance *o, int64_t wall_s)
{
    struct definition *d = o->d;

    if (d->count >= DEFINITION_CHANGES_MAX) {
        trouble_add(o->trouble, o->c->components[o->component].line,
                    "a zone of more than %d clock changes", DEFINITION_CHANGES_MAX);
        return;
    }
    mem_grow(&d->changes, &d->cap, d->count + 1, sizeof(*d->changes));
    d->changes[d->count++] = (struct change){
        .at_s = wall_s - o->from_s,
        .wall_s = wall_s - o->from_s + (o->to_s > o->from_s ? o->to_s : o->from_s),
        .before_s = o->from_s,
        .after_s = o->to_s,
    };
}

static void add_rule(struct observance *o, const struct content_property *p)
{
    struct rule rule;
    struct recur_times times = {0};
    struct err err = {""};

    if (rule_parse(p->value, &rule, &err) != 0 || rule.freq < RULE_DAILY) {
        trouble_add(o->trouble, p->line, "a zone's rule is not usable%s%s",
                    err.text[0] != '\0' ? ": " : "", err.text);
        return;
    }
    struct recur job = {
        .rule = &rule,
        .start_s = o->start_s,
        .until_s = INT64_MAX,
        .from_s = year_s(DEFINITION_FROM_YEAR),
        .to_s = year_s(DEFINITION_TO_YEAR),
        .times_max = DEFINITION_CHANGES_MAX,
        .budget = o->budget,
    };
    if (rule.until.form != VALUE_NONE)
        job.until_s = rule.until.wall_s + (rule.until.form == VALUE_UTC ? o->from_s : 0) +
                      (rule.until.form == VALUE_DATE ? CIVIL_DAY_S - 1 : 0);
    if (recur_expand(&job, &times) != RECUR_ALL)
        trouble_add(o->trouble, p->line, "a zone's rule was not followed to its end");
    for (size_t i = 0; i < times.count; i++)
        add(o, times.items[i]);
    free(times.items);
}

static void add_dates(struct observance *o, const struct content_property *p)
{
    const char *at = p->value, *part;
    size_t len;
    struct value_time t;

    while (value_part(&at, &part, &len)) {
        if (value_time(part, len, &t))
            add(o, t.wall_s + (t.form == VALUE_UTC ? o->from_s : 0));
        else
            trouble_add(o->trouble, p->line, "a zone's RDATE is no date");
    }
}

static void read_observance(struct observance *o)
{
    const struct content_property *start = content_first(o->c, o->component, "DTSTART");
    const struct content_property *from = content_first(o->c, o->component, "TZOFFSETFROM");
    const struct content_property *to = content_first(o->c, o->component, "TZOFFSETTO");
    const struct content_property *p;
    struct value_time t;

    if (start == NULL || to == NULL || !value_time(start->value, strlen(start->value), &t) ||
        !value_offset(to->value, &o->to_s) ||
        !value_offset(from != NULL ? from->value : to->value, &o->from_s)) {
        trouble_add(o->trouble, o->c->components[o->component].line,
                    "a part of a zone lacks its DTSTART, TZOFFSETFROM or TZOFFSETTO");
        return;
    }
    o->start_s = t.wall_s;
    add(o, o->start_s);
    for (p = content_first(o->c, o->component, "RRULE"); p != NULL;
         p = content_next(o->c, p, "RRULE"))
        add_rule(o, p);
    for (p = content_first(o->c, o->component, "RDATE"); p != NULL;
         p = content_next(o->c, p, "RDATE"))
        add_dates(o, p);
}

static int compare(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

struct definition *definition_create(const struct content *c, uint32_t component, int64_t *budget,
                                     struct trouble *trouble)
{
    struct definition *d = mem_zalloc(sizeof(*d));

    for (uint32_t k = c->components[component].child; k != CONTENT_NONE;
         k = c->components[k].sibling) {
        const char *name = c->components[k].name;
        struct observance o = {
            .d = d, .c = c, .component = k, .budget = budget, .trouble = trouble};
        if (strcmp(name, "STANDARD") == 0 || strcmp(name, "DAYLIGHT") == 0)
            read_observance(&o);
    }
    if (d->count == 0) {
        trouble_add(trouble, c->components[component].line, "a VTIMEZONE says nothing of use");
        definition_free(d);
        return NULL;
    }
    qsort(d->changes, d->count, sizeof(*d->changes), compare);
    return d;
}

void definition_free(struct definition *d)
{
    if (d == NULL)
        return;
    free(d->changes);
    free(d);
}

/* The offset after the last change that is not after x, by instants or by what clocks show. */
static int offset_after(const struct definition *d, int64_t x, bool wall)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct change *c = &d->changes[middle];
        if ((wall ? c->wall_s : c->at_s) <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? d->changes[0].before_s : d->changes[low - 1].after_s;
}

int definition_offset_at_wall(const struct definition *d, int64_t wall_s)
{
    return offset_after(d, wall_s, true);
}

int definition_offset_at(const struct definition *d, int64_t instant_s)
{
    return offset_after(d, instant_s, false);
}
