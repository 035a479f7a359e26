/* How a message came to its time. See plan/account.h. */
#include "plan/account.h"

#include "plan/occurrence.h"

#define MINUTE_MS INT64_C(60000)

struct account {
    const struct plan_world *w;
    const struct plan_subject *s;
    const struct rule *r;
    struct occurrence o;
    account_each each;
    void *arg;
    bool blocks; /* opening times are told, else closed days only */
};

static void step(const struct account *a, const struct account_step s)
{
    struct account_step out = s;

    if (out.zone == NULL)
        out.zone = a->w->settings->business.calendar.zone;
    a->each(a->arg, &out);
}

/* --- business time --- */

static void tell_stretch(void *arg, const struct hours_stretch *h)
{
    static const enum account_kind kinds[] = {
        [HOURS_OPEN] = ACCOUNT_OPEN,
        [HOURS_CLOSED] = ACCOUNT_CLOSED,
        [HOURS_HOLIDAY] = ACCOUNT_HOLIDAY,
    };
    const struct account *a = arg;

    if (h->kind == HOURS_OPEN && !a->blocks)
        return;
    step(a, (struct account_step){.kind = kinds[h->kind],
                                  .from_ms = h->from_ms,
                                  .at_ms = h->to_ms,
                                  .minutes = (h->to_ms - h->from_ms) / MINUTE_MS});
}

static void tell_stretches(struct account *a, int64_t from_ms, int64_t to_ms)
{
    if (from_ms < to_ms && !hours_walk(&a->w->settings->business.calendar, from_ms, to_ms,
                                       ACCOUNT_DAYS_MAX, tell_stretch, a))
        step(a, (struct account_step){.kind = ACCOUNT_MORE, .from_ms = from_ms, .at_ms = to_ms});
}

/* Opening time from the event to `to_ms`, and between it the waiting, in which none was counted. */
static void tell_with_waiting(struct account *a, int64_t to_ms)
{
    const struct hours_calendar *calendar = &a->w->settings->business.calendar;
    const struct workflow *flow = plan_workflow_of(a->w->playbook, a->s->job);
    int64_t at_ms = a->o.anchor_ms, from_ms, until_ms;

    for (size_t i = 0; flow != NULL && i < a->s->event_count; i++) {
        if (!due_waited(a->s, flow, i, &from_ms, &until_ms) || until_ms <= at_ms ||
            from_ms >= to_ms)
            continue;
        if (from_ms < at_ms)
            from_ms = at_ms;
        tell_stretches(a, at_ms, from_ms);
        bool over = until_ms != INT64_MAX;
        step(a, (struct account_step){
                    .kind = ACCOUNT_WAITED,
                    .from_ms = from_ms,
                    .at_ms = until_ms,
                    .minutes = over ? hours_minutes_between(calendar, from_ms, until_ms) : 0,
                    .text = a->s->events[i].stage,
                });
        if (!over)
            return;
        at_ms = until_ms;
    }
    tell_stretches(a, at_ms, to_ms);
}

/* Opening time counts up to what it reached, before it moved on to a time of day. */
static void tell_business(struct account *a, int64_t first_ms)
{
    struct rule plain = *a->r;
    char why[PLAN_REASON_MAX];
    int64_t to_ms = first_ms;

    plain.when.at_minute = -1;
    if (a->blocks)
        due_of(a->w, a->s, &plain, &a->o, 0, &to_ms, why);
    if (a->r->when.before)
        tell_stretches(a, to_ms, a->o.anchor_ms);
    else if (due_can_wait(a->s, a->r, &a->o))
        tell_with_waiting(a, to_ms);
    else
        tell_stretches(a, a->o.anchor_ms, to_ms);
}

static bool tell_due(struct account *a, int repeat, int64_t *nominal_ms)
{
    const struct offset *when = &a->r->when;
    bool business = when->unit == UNIT_BUSINESS_HOURS || when->unit == UNIT_BUSINESS_DAYS;
    char why[PLAN_REASON_MAX];
    int64_t first_ms;

    a->blocks = when->unit == UNIT_BUSINESS_HOURS;
    if (!due_of(a->w, a->s, a->r, &a->o, 0, &first_ms, why)) {
        if (due_can_wait(a->s, a->r, &a->o))
            tell_with_waiting(a, INT64_MAX);
        step(a, (struct account_step){.kind = ACCOUNT_NO_TIME, .text = why});
        return false;
    }
    step(a, (struct account_step){.kind = ACCOUNT_OFFSET,
                                  .from_ms = a->o.anchor_ms,
                                  .at_ms = first_ms,
                                  .zone = business ? NULL : a->o.zone});
    if (business && when->count > 0)
        tell_business(a, first_ms);
    *nominal_ms = first_ms;
    if (repeat == 0)
        return true;
    if (!due_of(a->w, a->s, a->r, &a->o, repeat, nominal_ms, why)) {
        step(a, (struct account_step){.kind = ACCOUNT_NO_TIME, .text = why});
        return false;
    }
    step(a, (struct account_step){.kind = ACCOUNT_REPEAT,
                                  .from_ms = first_ms,
                                  .at_ms = *nominal_ms,
                                  .minutes = repeat,
                                  .zone = a->o.zone});
    return true;
}

/* --- from there into the window --- */

static void tell_moves(const struct account *a, const struct zone *zone, int64_t nominal_ms,
                       struct account_times *out)
{
    const struct business *b = &a->w->settings->business;
    char why[PLAN_REASON_MAX];
    struct hours_daily span;
    struct times t;
    bool can = times_of(a->w, a->r, &a->o, nominal_ms, zone, &t, why);
    int64_t from_ms = nominal_ms > t.earliest_ms ? nominal_ms : t.earliest_ms;

    if (nominal_ms < a->o.known_ms)
        step(a, (struct account_step){
                    .kind = ACCOUNT_PAST, .from_ms = nominal_ms, .at_ms = a->o.known_ms});
    if (a->r->settle_ms > 0)
        step(a, (struct account_step){.kind = ACCOUNT_SETTLE,
                                      .from_ms = a->o.known_ms,
                                      .at_ms = t.earliest_ms,
                                      .holds = nominal_ms >= t.earliest_ms});
    bool by_opening = a->r->window == WINDOW_BUSINESS;
    if (!can || by_opening || plan_window_span(a->r, b, &span))
        step(a, (struct account_step){.kind = ACCOUNT_WINDOW,
                                      .from_ms = from_ms,
                                      .at_ms = t.due_ms,
                                      .zone = by_opening ? NULL : zone,
                                      .holds = can && t.due_ms == from_ms,
                                      .text = can ? NULL : why});
    if (can)
        step(a, (struct account_step){.kind = ACCOUNT_USEFUL,
                                      .from_ms = t.due_ms,
                                      .at_ms = t.expires_ms,
                                      .holds = t.by_end});
    *out = (struct account_times){nominal_ms, t.due_ms, t.expires_ms};
}

static bool find(struct account *a, int64_t occurrence)
{
    struct occurrence found[OCCURRENCES_MAX];
    char why[PLAN_REASON_MAX];
    size_t n = occurrences_of(a->w, a->s, a->r, found, why);

    for (size_t i = n; i > 0; i--)
        if (occurrence == 0 || found[i - 1].revision == occurrence) {
            a->o = found[i - 1];
            return true;
        }
    return occurrence != 0 && occurrence_was(a->w, a->s, a->r, occurrence, &a->o);
}

bool plan_account(const struct plan_world *w, const struct plan_subject *s,
                  const struct account_of *of, account_each each, void *arg,
                  struct account_times *out)
{
    const struct rule *r = &w->playbook->rules[of->rule];
    struct account a = {.w = w, .s = s, .r = r, .each = each, .arg = arg};
    int64_t since_ms = w->rules[of->rule].since_ms, nominal_ms;

    *out = (struct account_times){0};
    if (!find(&a, of->occurrence))
        return false;
    step(&a, (struct account_step){.kind = ACCOUNT_EVENT,
                                   .from_ms = a.o.known_ms,
                                   .at_ms = a.o.anchor_ms,
                                   .zone = a.o.zone,
                                   .holds = a.o.lies_ahead});
    if (!tell_due(&a, of->repeat, &nominal_ms))
        return true;
    step(&a,
         (struct account_step){.kind = ACCOUNT_SWITCH_ON,
                               .at_ms = since_ms,
                               .holds = (a.o.lies_ahead ? nominal_ms : a.o.anchor_ms) >= since_ms});
    tell_moves(&a, of->zone, nominal_ms, out);
    return true;
}
