/* The sums of a forecast. See cli/forecast.h. Lines come by time, so the days come in order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/forecast.h"
#include "time/civil.h"

struct rule_total {
    char *name;
    struct outlook_sum sum;
};

struct day_total {
    struct civil date;
    struct outlook_sum sum;
};

struct totals {
    const struct forecast *f;
    const struct settings *settings;
    struct outlook_sum all;
    struct rule_total *rules; /* in the order in which they come up */
    size_t rule_count, rule_cap;
    struct day_total *days;
    size_t day_count, day_cap;
};

struct totals *totals_create(const struct forecast *f, const struct settings *settings)
{
    struct totals *t = mem_zalloc(sizeof(*t));

    t->f = f;
    t->settings = settings;
    return t;
}

void totals_free(struct totals *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->rule_count; i++)
        free(t->rules[i].name);
    free(t->rules);
    free(t->days);
    free(t);
}

const struct outlook_sum *totals_all(const struct totals *t)
{
    return &t->all;
}

static struct outlook_sum *of_rule(struct totals *t, const char *name)
{
    for (size_t i = 0; i < t->rule_count; i++)
        if (strcmp(t->rules[i].name, name) == 0)
            return &t->rules[i].sum;
    mem_grow(&t->rules, &t->rule_cap, t->rule_count + 1, sizeof(*t->rules));
    struct rule_total *r = &t->rules[t->rule_count++];
    *r = (struct rule_total){.name = mem_strdup(name)};
    return &r->sum;
}

static struct outlook_sum *of_day(struct totals *t, int64_t at_ms)
{
    struct civil c;

    zone_to_civil(t->f->session.zone, at_ms, &c);
    struct day_total *last = t->day_count > 0 ? &t->days[t->day_count - 1] : NULL;
    if (last == NULL || civil_day_number(&last->date) != civil_day_number(&c)) {
        mem_grow(&t->days, &t->day_cap, t->day_count + 1, sizeof(*t->days));
        last = &t->days[t->day_count++];
        *last = (struct day_total){.date = c};
    }
    return &last->sum;
}

void totals_add(struct totals *t, const struct outlook_line *l)
{
    outlook_sum_add(&t->all, l);
    outlook_sum_add(of_rule(t, l->row.rule), l);
    outlook_sum_add(of_day(t, l->row.due_ms), l);
}

/* --- telling --- */

static void add_number(struct table *out, size_t n)
{
    table_addf(out, n > 0 ? PLAIN : DIM, "%zu", n);
}

static void add_sum(const struct totals *t, struct table *out, const struct outlook_sum *sum)
{
    char cost[SHOW_TIME_MAX] = "";

    for (int c = 0; c < CHANNEL_COUNT; c++)
        add_number(out, sum->by_channel[c]);
    add_number(out, sum->segments);
    if (t->settings->channels[CHANNEL_SMS].price > 0)
        show_money(outlook_cost(t->settings, (int64_t)sum->segments), t->settings, cost);
    table_add(out, PLAIN, cost);
    add_number(out, sum->skipped + sum->held + sum->paused);
}

#define NUMBERS_RIGHT (0x7eu) /* all columns but the first */

void totals_print(const struct totals *t)
{
    static const char *const by_rule[] = {"rule",     "e-mails", "texts",       "tasks",
                                          "segments", "cost",    "would not go"};
    static const char *const by_day[] = {"day",      "e-mails", "texts",       "tasks",
                                         "segments", "cost",    "would not go"};
    struct table rules = {.heads = by_rule, .columns = 7, .right = NUMBERS_RIGHT};
    struct table days = {.heads = by_day, .columns = 7, .right = NUMBERS_RIGHT};

    for (size_t i = 0; i < t->rule_count; i++) {
        table_add(&rules, BOLD, t->rules[i].name);
        add_sum(t, &rules, &t->rules[i].sum);
    }
    table_print(&rules, NULL, NULL);
    putchar('\n');
    for (size_t i = 0; i < t->day_count; i++) {
        const struct civil *d = &t->days[i].date;
        table_addf(&days, PLAIN, "%04d-%02d-%02d", d->year, d->month, d->day);
        add_sum(t, &days, &t->days[i].sum);
    }
    table_print(&days, NULL, NULL);
}

static json_t *sum_json(const struct totals *t, const struct outlook_sum *sum)
{
    json_t *o = json_object();

    json_object_set_new(o, "messages", json_integer((json_int_t)sum->goes));
    for (int c = 0; c < CHANNEL_COUNT; c++)
        json_object_set_new(o, channel_name((enum channel)c),
                            json_integer((json_int_t)sum->by_channel[c]));
    json_object_set_new(o, "segments", json_integer((json_int_t)sum->segments));
    json_object_set_new(o, "cost",
                        t->settings->channels[CHANNEL_SMS].price > 0 || sum->segments == 0
                            ? json_real(outlook_cost(t->settings, (int64_t)sum->segments))
                            : json_null());
    json_object_set_new(o, "at_once", json_integer((json_int_t)sum->at_once));
    json_object_set_new(o, "joined", json_integer((json_int_t)sum->joined));
    json_object_set_new(o, "skipped", json_integer((json_int_t)sum->skipped));
    json_object_set_new(o, "held", json_integer((json_int_t)sum->held));
    json_object_set_new(o, "paused", json_integer((json_int_t)sum->paused));
    return o;
}

json_t *totals_json(const struct totals *t)
{
    json_t *o = sum_json(t, &t->all), *rules = json_array(), *days = json_array();

    for (size_t i = 0; i < t->rule_count; i++) {
        json_t *r = sum_json(t, &t->rules[i].sum);
        json_object_set_new(r, "rule", show_json_text(t->rules[i].name));
        json_array_append_new(rules, r);
    }
    for (size_t i = 0; i < t->day_count; i++) {
        const struct civil *c = &t->days[i].date;
        json_t *d = sum_json(t, &t->days[i].sum);
        json_object_set_new(d, "day", json_sprintf("%04d-%02d-%02d", c->year, c->month, c->day));
        json_array_append_new(days, d);
    }
    json_object_set_new(o, "currency", show_json_text(t->settings->business.currency));
    json_object_set_new(o, "from", show_json_time(t->f->span.now_ms));
    json_object_set_new(o, "until", show_json_time(t->f->span.until_ms));
    json_object_set_new(o, "rules", rules);
    json_object_set_new(o, "days", days);
    return o;
}
