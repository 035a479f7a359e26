/*
 * The planner. See plan/plan.h.
 *
 * For each rule: which occurrences of its event stand (occurrence.c), when it is due (due.c),
 * whether that counts (the switch-on, an offset already past), in whose hours it falls (window.c),
 * who gets it and by which channel (channels.c). One pass over all intents at the end settles what
 * depends on other rules: a reminder whose time was past when the record appeared.
 *
 * The result depends on the records and their events only, not on the present moment, so that
 * planning again gives the same intents with the same times.
 */
#include "plan/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/occurrence.h"
#include "time/moment.h"

struct planner {
    const struct plan_world *w;
    const struct plan_subject *s;
    struct intents *out;
    size_t first; /* index of this subject's first intent in out */
    plan_trace trace;
    void *trace_arg;
};

/* One message that a rule asks for, before it is known who gets it. */
struct request {
    size_t rule;
    const struct rule *r;
    const struct occurrence *o;
    int repeat;
    int64_t nominal_ms;
    bool missed; /* its time was past when the record appeared */
};

void plan_events_free(struct plan_event *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].stage);
    free(list);
}

void intents_close(struct intents *list)
{
    free(list->items);
    *list = (struct intents){0};
}

static void tell(const struct planner *p, const struct rule *r, const char *text)
{
    if (p->trace != NULL)
        p->trace(p->trace_arg, r, text);
}

static struct intent *new_intent(struct planner *p, const struct request *q)
{
    struct intents *l = p->out;

    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    struct intent *in = &l->items[l->count++];
    *in = (struct intent){
        .rule = q->rule,
        .occurrence = q->o->revision,
        .repeat = q->repeat,
        .nominal_ms = q->nominal_ms,
        .due_ms = q->nominal_ms,
    };
    return in;
}

static void set_times(const struct planner *p, const struct request *q,
                      const struct plan_contact *c, struct intent *in)
{
    struct times t;

    if (!times_of(p->w, q->r, q->o, q->nominal_ms, c->zone, &t, in->reason))
        in->verdict = VERDICT_SKIP;
    in->due_ms = t.due_ms;
    in->expires_ms = t.expires_ms;
}

/* --- people --- */

static void add_for(struct planner *p, const struct request *q, enum recipient kind, int64_t row,
                    const char *address, const struct plan_contact *c)
{
    enum channel channels[2];
    char reason[PLAN_REASON_MAX];
    size_t n = plan_channels(q->r, &p->w->settings->business, c, channels, reason);
    size_t messages = q->r->by == BY_SMS_AND_EMAIL && n > 0 ? n : 1;

    for (size_t i = 0; i < messages; i++) {
        struct intent *in = new_intent(p, q);
        in->recipient = kind;
        in->recipient_row = row;
        in->address = address;
        in->channel = n > 0 ? channels[i] : q->r->by == BY_SMS ? CHANNEL_SMS : CHANNEL_EMAIL;
        if (n == 0 && kind == RECIPIENT_STAFF)
            in->channel = CHANNEL_TASK; /* work is never lost for want of an address */
        set_times(p, q, c, in);
        if (in->channel != CHANNEL_TASK && n == 0 && in->verdict == VERDICT_SEND) {
            bool broken = c->phone_problem != NULL || c->email_problem != NULL;
            in->verdict = broken ? VERDICT_FAIL : VERDICT_SKIP;
            memcpy(in->reason, reason, sizeof(reason));
        }
    }
}

static const struct staff *staff_by_id(const struct plan_world *w, int64_t id)
{
    for (size_t i = 0; i < w->staff_count; i++)
        if (w->staff[i].id == id)
            return &w->staff[i];
    return NULL;
}

static const struct staff *in_charge(const struct planner *p)
{
    const struct plan_subject *s = p->s;
    const struct appointment *visit = s->appointment != NULL ? s->appointment : s->of_appointment;
    int64_t id = visit != NULL ? visit->staff_id : s->job != NULL ? s->job->staff_id : 0;

    if (id == 0 && s->of_job != NULL)
        id = s->of_job->staff_id;
    return id != 0 ? staff_by_id(p->w, id) : NULL;
}

/* Nobody is in charge: a task for the office, so that it is not lost. */
static void add_office_task(struct planner *p, const struct request *q)
{
    struct intent *in = new_intent(p, q);
    struct plan_contact nobody = {.zone = p->w->settings->business.calendar.zone};

    in->recipient = RECIPIENT_OFFICE;
    in->channel = CHANNEL_TASK;
    set_times(p, q, &nobody, in);
}

static void add_staff(struct planner *p, const struct request *q, const struct staff *member)
{
    struct plan_contact c;

    if (member == NULL) {
        add_office_task(p, q);
        return;
    }
    p->w->staff_contact(p->w->arg, member, &c);
    add_for(p, q, RECIPIENT_STAFF, member->id, NULL, &c);
}

static void add_department(struct planner *p, const struct request *q)
{
    size_t found = 0;

    for (size_t i = 0; i < p->w->staff_count && found < PLAN_RECIPIENTS_MAX; i++) {
        const struct staff *m = &p->w->staff[i];
        if (m->department != NULL && strcmp(m->department, q->r->department) == 0) {
            add_staff(p, q, m);
            found++;
        }
    }
    if (found == 0)
        add_office_task(p, q);
}

static void add_address(struct planner *p, const struct request *q)
{
    struct plan_contact c = {.zone = p->w->settings->business.calendar.zone};

    if (strchr(q->r->address, '@') != NULL) {
        c.email = q->r->address;
        c.preferred = CHANNEL_EMAIL;
    } else {
        c.phone = q->r->address;
        c.preferred = CHANNEL_SMS;
    }
    c.preferred_set = true;
    add_for(p, q, RECIPIENT_ADDRESS, 0, q->r->address, &c);
}

/* Somebody is to call the client: the one in charge, else the office. A call that wants to sell or
 * to ask needs what a letter would need, by one channel at least; about her own visit or job she is
 * called also when she wants nothing in writing. */
static void add_call(struct planner *p, const struct request *q)
{
    size_t before = p->out->count;
    enum purpose purpose = q->r->purpose;
    const bool(*out)[PURPOSE_COUNT] = p->s->client->opted_out;

    add_staff(p, q, in_charge(p));
    if ((purpose != PURPOSE_MARKETING && purpose != PURPOSE_SURVEY) ||
        !out[CHANNEL_EMAIL][purpose] || !out[CHANNEL_SMS][purpose])
        return;
    for (size_t i = before; i < p->out->count; i++) {
        p->out->items[i].verdict = VERDICT_SKIP;
        snprintf(p->out->items[i].reason, PLAN_REASON_MAX, "the client has %s %s messages",
                 purpose == PURPOSE_MARKETING ? "not agreed to" : "opted out of",
                 purpose_name(purpose));
    }
}

static void add_recipients(struct planner *p, const struct request *q)
{
    const struct staff *member;

    switch (q->r->to) {
    case TO_CLIENT:
        if (p->s->client == NULL)
            tell(p, q->r, "its client is not in the database");
        else if (q->r->by == BY_TASK)
            add_call(p, q);
        else
            add_for(p, q, RECIPIENT_CLIENT, p->s->client_row, NULL, p->s->client);
        break;
    case TO_STAFF:
        add_staff(p, q, in_charge(p));
        break;
    case TO_MANAGER:
        member = in_charge(p);
        add_staff(p, q, member != NULL ? staff_by_id(p->w, member->manager_id) : NULL);
        break;
    case TO_DEPARTMENT:
        add_department(p, q);
        break;
    case TO_ADDRESS:
        add_address(p, q);
        break;
    }
}

/* --- rules --- */

/* Does this time count: not from before the switch-on, not for a visit that had begun already? */
static bool counts(const struct planner *p, const struct request *q)
{
    int64_t since_ms = p->w->rules[q->rule].since_ms;
    int64_t happened_ms = q->o->lies_ahead ? q->nominal_ms : q->o->anchor_ms;
    char text[PLAN_REASON_MAX], when[MOMENT_TEXT_MAX];

    if (happened_ms < since_ms) {
        moment_format_local(since_ms, p->w->settings->business.calendar.zone, when);
        snprintf(text, sizeof(text), "its time was before the rule was switched on (%s)", when);
        tell(p, q->r, text);
        return false;
    }
    if (q->o->lies_ahead && q->r->when.before && q->o->anchor_ms <= q->o->known_ms) {
        tell(p, q->r, "the time it leads up to was past when the record appeared");
        return false;
    }
    if (!q->o->lies_ahead && q->r->event != EVENT_APPOINTMENT_MISSED &&
        q->o->end_ms <= q->o->anchor_ms) {
        tell(p, q->r, "the appointment had begun already");
        return false;
    }
    if (q->r->event == EVENT_NO_ANSWER && q->nominal_ms >= q->o->end_ms) {
        tell(p, q->r, "the appointment will have begun by then");
        return false;
    }
    return true;
}

/* Has the client answered since the rule had something to say? What leads up to an event asks from
 * its first message on. */
static bool is_answered(const struct planner *p, const struct request *q, int64_t first_ms)
{
    int64_t since_ms = q->o->lies_ahead ? first_ms : q->o->anchor_ms;

    if (!rule_ends_at_answer(q->r) || p->s->answered_ms <= since_ms)
        return false;
    tell(p, q->r, "the client answered");
    return true;
}

static void plan_repeat(struct planner *p, struct request *q)
{
    q->missed = q->o->lies_ahead && q->r->when.before && q->nominal_ms < q->o->known_ms;
    size_t before = p->out->count;
    add_recipients(p, q);
    if (q->missed) /* settled by settle_missed, which sees all rules */
        for (size_t m = before; m < p->out->count; m++)
            p->out->items[m].missed = p->out->items[m].verdict == VERDICT_SEND;
}

static void plan_rule(struct planner *p, size_t index)
{
    const struct rule *r = &p->w->playbook->rules[index];
    struct occurrence found[OCCURRENCES_MAX];
    char why[PLAN_REASON_MAX];
    size_t n = occurrences_of(p->w, p->s, r, found, why);

    if (n == 0)
        tell(p, r, why);
    for (size_t i = 0; i < n; i++) {
        int times = r->every.times > 0 ? r->every.times : 1;
        int64_t first_ms = 0;
        for (int k = 0; k < times; k++) {
            struct request q = {.rule = index, .r = r, .o = &found[i], .repeat = k};
            if (!due_of(p->w, p->s, r, &found[i], k, &q.nominal_ms, why)) {
                tell(p, r, why);
                break;
            }
            if (k == 0)
                first_ms = q.nominal_ms;
            if (counts(p, &q) && !is_answered(p, &q, first_ms))
                plan_repeat(p, &q);
        }
    }
}

/* --- offsets already past --- */

static bool is_missed(const struct intent *in)
{
    return in->verdict == VERDICT_SEND && in->missed;
}

static bool same_person(const struct intent *a, const struct intent *b)
{
    return a->recipient == b->recipient && a->recipient_row == b->recipient_row;
}

/* Will another message of this subject still reach the same person before the event? */
static bool reached_otherwise(const struct planner *p, const struct intent *missed, int64_t end_ms)
{
    for (size_t i = p->first; i < p->out->count; i++) {
        const struct intent *in = &p->out->items[i];
        if (in != missed && in->verdict == VERDICT_SEND && !is_missed(in) &&
            same_person(in, missed) && in->rule != missed->rule && in->due_ms < end_ms)
            return true;
    }
    return false;
}

/* Of several missed ones only the nearest to the event goes. */
static bool nearer_missed(const struct planner *p, const struct intent *missed)
{
    for (size_t i = p->first; i < p->out->count; i++) {
        const struct intent *in = &p->out->items[i];
        const struct rule *r = &p->w->playbook->rules[in->rule];
        if (in != missed && is_missed(in) && same_person(in, missed) && r->missed != MISSED_SKIP &&
            (in->nominal_ms > missed->nominal_ms ||
             (in->nominal_ms == missed->nominal_ms && in->rule < missed->rule)))
            return true;
    }
    return false;
}

static void settle_missed(struct planner *p)
{
    size_t n = p->out->count;
    bool *skip = mem_array(n - p->first + 1, sizeof(*skip));

    for (size_t i = p->first; i < n; i++) {
        struct intent *in = &p->out->items[i];
        const struct rule *r = &p->w->playbook->rules[in->rule];
        if (!is_missed(in) || r->missed == MISSED_SEND)
            continue;
        skip[i - p->first] = r->missed == MISSED_SKIP || reached_otherwise(p, in, in->expires_ms) ||
                             nearer_missed(p, in);
    }
    for (size_t i = p->first; i < n; i++) {
        struct intent *in = &p->out->items[i];
        if (skip[i - p->first]) {
            in->verdict = VERDICT_SKIP;
            snprintf(in->reason, sizeof(in->reason),
                     "its time was already past when the record appeared");
        }
    }
    free(skip);
}

void plan_subject(const struct plan_world *w, const struct plan_subject *s, struct intents *out,
                  plan_trace trace, void *trace_arg)
{
    struct planner p = {
        .w = w, .s = s, .out = out, .first = out->count, .trace = trace, .trace_arg = trace_arg};

    assert((s->job != NULL) + (s->appointment != NULL) + (s->answer != NULL) == 1);
    for (size_t i = 0; i < w->playbook->rule_count; i++) {
        const struct rule *r = &w->playbook->rules[i];
        if (w->only != NULL && r != w->only && !r->when.before)
            continue;
        if (s->job != NULL           ? rule_on_job(r)
            : s->appointment != NULL ? rule_on_appointment(r)
                                     : rule_on_answer(r))
            plan_rule(&p, i);
    }
    settle_missed(&p);
}
