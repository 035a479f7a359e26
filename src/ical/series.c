/*
 * A series and its exceptions.
 *
 * The times of the series are DTSTART, those of RRULE and RDATE, less those of EXDATE (and EXRULE,
 * which old calendars have) and less those that an event with a RECURRENCE-ID takes the place of;
 * such an event is an occurrence of its own, wherever it was moved. Times are the same when they
 * are the same instant, or the same date in a series of dates. A date in EXDATE or RECURRENCE-ID
 * means, in a series of times, whatever is on that date: some programs write that.
 */
#include "ical/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/recur.h"
#include "ical/rule.h"
#include "time/civil.h"

#define DAY_S CIVIL_DAY_S
#define SLACK_S (2 * DAY_S) /* no two clocks are further apart */

struct numbers {
    int64_t *items;
    size_t count, cap;
};

/* A time of the series; `length` overrules the event's own (RDATE;VALUE=PERIOD). */
struct instance {
    struct when start;
    int64_t key; /* when_instant */
    bool has_length;
    int64_t length_ms;
};

struct work {
    const struct series *s;
    struct event *master;
    int64_t length_ms; /* the event's, at its DTSTART; of dates, too */
    struct instance *times;
    size_t count, cap;
    struct numbers without_keys, without_days;
};

/* ---- sets of numbers ---- */

static int compare_numbers(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void numbers_add(struct numbers *n, int64_t x)
{
    mem_grow(&n->items, &n->cap, n->count + 1, sizeof(*n->items));
    n->items[n->count++] = x;
}

static void numbers_sort(struct numbers *n)
{
    if (n->count > 0)
        qsort(n->items, n->count, sizeof(*n->items), compare_numbers);
}

static bool numbers_has(const struct numbers *n, int64_t x)
{
    return n->count > 0 && bsearch(&x, n->items, n->count, sizeof(x), compare_numbers) != NULL;
}

static int64_t day_of(int64_t wall_s)
{
    return wall_s / DAY_S - (wall_s % DAY_S < 0);
}

/* ---- ends ---- */

/* RFC 5545, 3.8.5.3: the exact length of an event with DTEND is that of all its occurrences, the
 * days of a DURATION are days on the calendar. */
static struct when end_of(const struct places *places, const struct event *e,
                          const struct instance *at)
{
    struct when end = at->start;

    if (at->has_length) {
        end.wall_s = place_wall(places, end.place, at->key + at->length_ms);
    } else if (e->start.form == VALUE_DATE) {
        int64_t days = 1;
        if (e->end_kind == EVENT_END_TIME)
            days = (e->end.wall_s - e->start.wall_s) / DAY_S;
        else if (e->end_kind == EVENT_END_DURATION)
            days = e->duration.days + (e->duration.seconds + DAY_S - 1) / DAY_S;
        end.wall_s += (days > 0 ? days : 1) * DAY_S;
    } else if (e->end_kind == EVENT_END_TIME) {
        end.form = e->end.form;
        end.place = e->end.place;
        int64_t length_ms = when_instant(places, &e->end) - when_instant(places, &e->start);
        end.wall_s = place_wall(places, end.place, at->key + length_ms);
    } else if (e->end_kind == EVENT_END_DURATION) {
        end.wall_s += e->duration.days * DAY_S;
        if (e->duration.seconds > 0)
            end.wall_s = place_wall(places, end.place,
                                    when_instant(places, &end) + e->duration.seconds * 1000);
    }
    return end;
}

void series_end(const struct places *places, const struct event *e, struct when *end)
{
    struct instance at = {.start = e->start, .key = when_instant(places, &e->start)};

    *end = end_of(places, e, &at);
}

static bool in_window(const struct series_window *win, const struct occurrence *o)
{
    if (o->start.form == VALUE_DATE)
        return day_of(o->start.wall_s) < win->to_day && day_of(o->end.wall_s) > win->from_day;
    return o->start_ms < win->to_ms &&
           (o->end_ms > win->from_ms || (o->end_ms == o->start_ms && o->start_ms >= win->from_ms));
}

/* Give out an occurrence of `e` at `at`, if it touches the window. */
static void give(struct work *w, struct event *e, const struct instance *at, const struct when *id)
{
    struct occurrences *out = w->s->out;
    struct occurrence o = {.event = e, .start = at->start, .start_ms = at->key};

    if (id != NULL)
        o.recurrence_id = *id;
    o.end = end_of(w->s->places, e, at);
    o.end_ms = when_instant(w->s->places, &o.end);
    if (!in_window(&w->s->window, &o))
        return;
    if (out->count >= SERIES_OCCURRENCES_MAX) {
        out->cut = true;
        return;
    }
    mem_grow(&out->items, &out->cap, out->count + 1, sizeof(*out->items));
    out->items[out->count++] = o;
}

/* ---- the times of a series ---- */

static void add_time(struct work *w, const struct instance *at)
{
    mem_grow(&w->times, &w->cap, w->count + 1, sizeof(*w->times));
    w->times[w->count] = *at;
    w->times[w->count].key = when_instant(w->s->places, &at->start);
    w->count++;
}

/* The window by the clocks of the series, wide enough for whatever touches it. */
static void wall_window(const struct work *w, int64_t *from_s, int64_t *to_s)
{
    const struct series_window *win = &w->s->window;

    *from_s = win->from_day * DAY_S - SLACK_S - w->length_ms / 1000;
    *to_s = win->to_day * DAY_S + SLACK_S;
}

static int64_t until_bound(const struct work *w, const struct rule *r)
{
    const struct when *start = &w->master->start;

    switch (r->until.form) {
    case VALUE_NONE:
        return INT64_MAX;
    case VALUE_DATE: /* the whole of the last day counts */
        return r->until.wall_s + DAY_S - 1;
    case VALUE_WALL:
        return start->form == VALUE_DATE ? day_of(r->until.wall_s) * DAY_S : r->until.wall_s;
    default:
        if (start->form == VALUE_DATE)
            return day_of(r->until.wall_s) * DAY_S;
        return place_wall(w->s->places, start->place, r->until.wall_s * 1000) + DAY_S;
    }
}

static void tell_end(struct work *w, enum recur_end end, const struct content_property *p)
{
    switch (end) {
    case RECUR_ALL:
        break;
    case RECUR_CUT:
        trouble_add(&w->master->trouble, p->line, "only its first %d occurrences are followed",
                    SERIES_TIMES_MAX);
        break;
    case RECUR_HORIZON:
        trouble_add(&w->master->trouble, p->line,
                    "what repeats within the day is followed for %d days only",
                    RECUR_SUBDAILY_DAYS);
        break;
    case RECUR_BUDGET:
        trouble_add(&w->master->trouble, p->line,
                    "the calendar's rules are too much work; this one was not followed to its end");
        break;
    }
}

/* The times that the rule of `p` names, in `out`. */
static void expand_rule(struct work *w, const struct content_property *p, struct recur_times *out)
{
    const struct when *start = &w->master->start;
    struct rule rule;
    struct err err = {""};

    if (rule_parse(p->value, &rule, &err) != 0) {
        trouble_add(&w->master->trouble, p->line, "%s is not followed: %s", p->name, err.text);
        return;
    }
    if (start->form == VALUE_DATE && rule.freq < RULE_DAILY) {
        trouble_add(&w->master->trouble, p->line, "a date cannot repeat within the day");
        return;
    }
    struct recur job = {
        .rule = &rule,
        .start_s = start->wall_s,
        .dates = start->form == VALUE_DATE,
        .until_s = until_bound(w, &rule),
        .times_max = SERIES_TIMES_MAX,
        .budget = w->s->budget,
    };
    wall_window(w, &job.from_s, &job.to_s);
    tell_end(w, recur_expand(&job, out), p);
    if (rule.until.form != VALUE_UTC || start->form == VALUE_DATE)
        return;
    /* until_bound was generous by a day: the instant decides. */
    while (out->count > 0) {
        struct when last = *start;
        last.wall_s = out->items[out->count - 1];
        if (last.wall_s == start->wall_s ||
            when_instant(w->s->places, &last) <= rule.until.wall_s * 1000)
            break;
        out->count--;
    }
}

static void add_rules(struct work *w)
{
    const struct content *c = w->s->content;
    const struct content_property *p = content_first(c, w->master->component, "RRULE");

    for (; p != NULL; p = content_next(c, p, "RRULE")) {
        struct recur_times times = {0};
        expand_rule(w, p, &times);
        for (size_t i = 0; i < times.count; i++) {
            struct instance at = {.start = w->master->start};
            at.start.wall_s = times.items[i];
            add_time(w, &at);
        }
        free(times.items);
    }
}

/* "20260401T100000/PT1H" or ".../20260401T110000": the length of its own. */
static bool read_period(const struct work *w, const struct when_source *source, const char *s,
                        size_t len, struct instance *at)
{
    const char *slash = memchr(s, '/', len);
    struct value_span d;
    struct when end;

    if (slash == NULL)
        return when_read(source, s, len, &at->start);
    if (!when_read(source, s, (size_t)(slash - s), &at->start) || at->start.form == VALUE_DATE)
        return false;
    const char *rest = slash + 1;
    size_t rest_len = len - (size_t)(rest - s);
    int64_t begin_ms = when_instant(w->s->places, &at->start);
    if (value_span(rest, rest_len, &d))
        at->length_ms = (d.days * DAY_S + d.seconds) * 1000;
    else if (when_read(source, rest, rest_len, &end) && end.form != VALUE_DATE)
        at->length_ms = when_instant(w->s->places, &end) - begin_ms;
    else
        return false;
    at->has_length = true;
    return at->length_ms >= 0;
}

static void add_dates(struct work *w)
{
    const struct content *c = w->s->content;
    const struct content_property *p = content_first(c, w->master->component, "RDATE");
    bool dates = w->master->start.form == VALUE_DATE;

    for (; p != NULL; p = content_next(c, p, "RDATE")) {
        const char *at = p->value, *part;
        struct when_source source;
        size_t len, n = 0;
        when_source(w->s->places, p, &w->master->trouble, &source);
        while (value_part(&at, &part, &len) && n++ < SERIES_TIMES_MAX) {
            struct instance extra = {0};
            if (read_period(w, &source, part, len, &extra) &&
                (extra.start.form == VALUE_DATE) == dates)
                add_time(w, &extra);
            else
                trouble_add(&w->master->trouble, p->line, "RDATE has \"%.*s\", which is no %s",
                            trouble_quote_part(part, len), part, dates ? "date" : "time");
        }
    }
}

/* Note that nothing of the series is at `when`. */
static void leave_out(struct work *w, const struct when *when)
{
    if (when->form == VALUE_DATE || w->master->start.form == VALUE_DATE)
        numbers_add(&w->without_days, day_of(when->wall_s));
    else
        numbers_add(&w->without_keys, when_instant(w->s->places, when));
}

static void leave_out_dates(struct work *w)
{
    const struct content *c = w->s->content;
    const struct content_property *p = content_first(c, w->master->component, "EXDATE");

    for (; p != NULL; p = content_next(c, p, "EXDATE")) {
        const char *at = p->value, *part;
        struct when_source source;
        struct when when;
        size_t len, n = 0;
        when_source(w->s->places, p, &w->master->trouble, &source);
        while (value_part(&at, &part, &len) && n++ < SERIES_TIMES_MAX) {
            if (when_read(&source, part, len, &when))
                leave_out(w, &when);
            else
                trouble_add(&w->master->trouble, p->line,
                            "EXDATE has \"%.*s\", which is no date or time",
                            trouble_quote_part(part, len), part);
        }
    }
    for (p = content_first(c, w->master->component, "EXRULE"); p != NULL;
         p = content_next(c, p, "EXRULE")) {
        struct recur_times times = {0};
        struct rule rule;
        /* DTSTART is the rule's first time only if the rule names it: libraries disagree, and an
         * appointment too many is better than one that is forgotten. */
        expand_rule(w, p, &times);
        if (rule_parse(p->value, &rule, NULL) == 0)
            for (size_t i = 0; i < times.count; i++) {
                struct when when = w->master->start;
                if (times.items[i] == when.wall_s)
                    continue;
                when.wall_s = times.items[i];
                leave_out(w, &when);
            }
        free(times.items);
    }
}

static int compare_times(const void *a, const void *b)
{
    const struct instance *x = a, *y = b;

    if (x->key != y->key)
        return (x->key > y->key) - (x->key < y->key);
    return (int)y->has_length - (int)x->has_length; /* a length of its own goes first, and stays */
}

static bool repeats(const struct work *w)
{
    const struct content *c = w->s->content;
    uint32_t component = w->master->component;

    return content_first(c, component, "RRULE") != NULL ||
           content_first(c, component, "RDATE") != NULL;
}

static void expand_master(struct work *w, struct event **overrides, size_t count)
{
    struct event *m = w->master;
    struct instance first = {.start = m->start};
    bool series = repeats(w);

    first.key = when_instant(w->s->places, &m->start);
    struct when end = end_of(w->s->places, m, &first);
    w->length_ms = when_instant(w->s->places, &end) - first.key;
    add_time(w, &first);
    add_rules(w);
    add_dates(w);
    leave_out_dates(w);
    for (size_t i = 0; i < count; i++)
        if (overrides[i]->recurrence_id.form != VALUE_NONE)
            leave_out(w, &overrides[i]->recurrence_id);
    numbers_sort(&w->without_keys);
    numbers_sort(&w->without_days);
    qsort(w->times, w->count, sizeof(*w->times), compare_times);
    for (size_t i = 0; i < w->count; i++) {
        const struct instance *at = &w->times[i];
        if ((i == 0 || at->key != w->times[i - 1].key) && !numbers_has(&w->without_keys, at->key) &&
            !numbers_has(&w->without_days, day_of(at->start.wall_s)))
            give(w, m, at, series || count > 0 ? &at->start : NULL);
    }
}

/* ---- versions ---- */

/* Which of two versions counts? The later of equals. */
static bool newer(const struct event *a, const struct event *b)
{
    if (a->sequence != b->sequence)
        return a->sequence > b->sequence;
    return a->stamp_s >= b->stamp_s;
}

static bool same_event(const struct series *s, const struct event *a, const struct event *b)
{
    if (a->is_override != b->is_override)
        return false;
    return !a->is_override || (a->recurrence_id.form == b->recurrence_id.form &&
                               (a->recurrence_id.form == VALUE_NONE ||
                                when_instant(s->places, &a->recurrence_id) ==
                                    when_instant(s->places, &b->recurrence_id)));
}

static int64_t version_key(const struct series *s, const struct event *e)
{
    return e->recurrence_id.form == VALUE_NONE ? INT64_MIN
                                               : when_instant(s->places, &e->recurrence_id);
}

/* Masters first, then overrides by what they replace; versions of one beside each other. */
static int compare_events(const void *a, const void *b, void *arg)
{
    struct event *const *x = a, *const *y = b;

    if ((*x)->is_override != (*y)->is_override)
        return (int)(*x)->is_override - (int)(*y)->is_override;
    int64_t at = version_key(arg, *x), other = version_key(arg, *y);
    if (at != other)
        return (at > other) - (at < other);
    if ((*x)->recurrence_id.form != (*y)->recurrence_id.form)
        return (int)(*x)->recurrence_id.form - (int)(*y)->recurrence_id.form;
    return ((*x)->component > (*y)->component) - ((*x)->component < (*y)->component);
}

/* Keep one version of each; returns how many are left. */
static size_t settle_versions(const struct series *s, struct event **events, size_t count)
{
    size_t kept = 0;

    qsort_r(events, count, sizeof(*events), compare_events, (void *)s);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !same_event(s, events[kept - 1], events[i])) {
            events[kept++] = events[i];
            continue;
        }
        struct event *old = events[kept - 1];
        if (newer(events[i], old))
            events[kept - 1] = events[i];
        else
            old = events[i];
        trouble_add(&old->trouble, s->content->components[old->component].line,
                    "another version of this event counts, with SEQUENCE %lld",
                    (long long)events[kept - 1]->sequence);
    }
    return kept;
}

void series_expand(const struct series *s, struct event **events, size_t count)
{
    size_t kept = settle_versions(s, events, count), masters = 0;

    while (masters < kept && !events[masters]->is_override)
        masters++;
    for (size_t i = 0; i < kept; i++) {
        struct event *e = events[i];
        struct work w = {.s = s, .master = e};
        if (e->start.form == VALUE_NONE)
            continue;
        if (i < masters) {
            expand_master(&w, events + masters, kept - masters);
        } else {
            struct instance at = {.start = e->start, .key = when_instant(s->places, &e->start)};
            give(&w, e, &at, &e->recurrence_id);
        }
        free(w.times);
        free(w.without_keys.items);
        free(w.without_days.items);
    }
}

static int compare_occurrences(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;

    if (x->start_ms != y->start_ms)
        return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
    return (x->event->component > y->event->component) -
           (x->event->component < y->event->component);
}

void occurrences_sort(struct occurrences *o)
{
    if (o->count > 0)
        qsort(o->items, o->count, sizeof(*o->items), compare_occurrences);
}

void occurrences_close(struct occurrences *o)
{
    free(o->items);
    *o = (struct occurrences){0};
}
