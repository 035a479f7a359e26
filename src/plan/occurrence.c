/*
 * What a rule's event means for one subject: which happenings of its past, which times in its
 * record, and whether they still stand. See design.md: a rule on `job enters X` is void once the
 * job has left X; rules on leaves, opens, completes are not, unless `settle` asks that it still be
 * true.
 */
#include "plan/occurrence.h"

#include <stdio.h>
#include <string.h>

#include "time/moment.h"

#define DAY_END_MINUTE (18 * 60) /* the end of a business day where no hours are given */

const struct workflow *plan_workflow_of(const struct playbook *p, const struct job *j)
{
    if (j->workflow != NULL)
        return playbook_workflow(p, j->workflow);
    for (size_t i = 0; i < p->workflow_count; i++)
        if (workflow_has(&p->workflows[i], j->stage))
            return &p->workflows[i];
    return NULL;
}

static const struct zone *zone_of(const char *name, const struct business *b)
{
    return name != NULL ? zone_get(name) : b->calendar.zone;
}

bool plan_appointment_time(const struct appointment *a, const struct business *b, bool ends,
                           int64_t *out_ms, char *reason)
{
    const char *text = ends ? a->ends : a->starts;
    const struct zone *zone = zone_of(a->timezone, b);
    struct moment m;
    struct err err;

    if (text == NULL) {
        snprintf(reason, PLAN_REASON_MAX, "the appointment has no %s", ends ? "end" : "start");
        return false;
    }
    if (zone == NULL) {
        snprintf(reason, PLAN_REASON_MAX, "the time zone %.60s is not known", a->timezone);
        return false;
    }
    if (moment_parse(text, &m, &err) != 0) {
        snprintf(reason, PLAN_REASON_MAX, "the %s cannot be read: %.120s", ends ? "end" : "start",
                 err.text);
        return false;
    }
    *out_ms = moment_instant(&m, zone);
    return true;
}

/* A date alone means the end of that business day. */
static bool due_time(const struct job *j, const struct business *b, int64_t *out_ms)
{
    const struct zone *zone = b->calendar.zone;
    struct moment m;

    if (j->due == NULL || moment_parse(j->due, &m, NULL) != 0)
        return false;
    if (m.kind == MOMENT_DATE) {
        const struct hours_day *d = &b->calendar.week.week[civil_weekday(&m.civil)];
        int end = b->has_hours && d->count > 0 ? d->spans[d->count - 1].to_minute : DAY_END_MINUTE;
        m.kind = MOMENT_LOCAL;
        if (end == 1440)
            end = 1439;
        m.civil.hour = end / 60;
        m.civil.minute = end % 60;
    }
    *out_ms = moment_instant(&m, zone);
    return true;
}

struct finder {
    const struct plan_world *w;
    const struct plan_subject *s;
    const struct rule *r;
    struct occurrence *out;
    size_t count;
    char *why;
};

/* Only the newest OCCURRENCES_MAX are kept. */
static void found(struct finder *f, const struct plan_event *e)
{
    if (f->count == OCCURRENCES_MAX) {
        memmove(f->out, f->out + 1, (OCCURRENCES_MAX - 1) * sizeof(*f->out));
        f->count--;
    }
    f->out[f->count++] = (struct occurrence){
        .revision = e->revision,
        .anchor_ms = e->at_ms,
        .known_ms = e->at_ms,
        .end_ms = INT64_MAX,
        .zone = f->w->settings->business.calendar.zone,
    };
}

static bool last_of(const struct finder *f, size_t i, enum event event)
{
    for (size_t k = i + 1; k < f->s->event_count; k++)
        if (f->s->events[k].event == event)
            return false;
    return true;
}

/* --- jobs --- */

static bool stage_completes(const struct workflow *w, enum event event, const char *stage)
{
    if (w == NULL || stage == NULL)
        return false;
    return event == EVENT_JOB_COMPLETES ? workflow_is_done(w, stage) : workflow_is_lost(w, stage);
}

static void job_event(struct finder *f, size_t i, const struct workflow *flow)
{
    const struct plan_event *e = &f->s->events[i];
    const struct rule *r = f->r;
    const char *stage = f->s->job->stage;

    switch (r->event) {
    case EVENT_JOB_OPENS:
        if (e->event == EVENT_JOB_OPENS)
            found(f, e);
        break;
    case EVENT_JOB_ENTERS:
        if (e->event != EVENT_JOB_ENTERS || strcmp(e->stage, r->stage) != 0)
            break;
        if (last_of(f, i, EVENT_JOB_ENTERS) && strcmp(stage, r->stage) == 0)
            found(f, e);
        else
            snprintf(f->why, PLAN_REASON_MAX, "the job has left the stage %.80s", r->stage);
        break;
    case EVENT_JOB_LEAVES:
        if (e->event != EVENT_JOB_LEAVES || strcmp(e->stage, r->stage) != 0)
            break;
        if (r->settle_ms > 0 && strcmp(stage, r->stage) == 0)
            snprintf(f->why, PLAN_REASON_MAX, "the job came back to the stage %.80s", r->stage);
        else
            found(f, e);
        break;
    case EVENT_JOB_COMPLETES:
    case EVENT_JOB_LOST:
        if (e->event != EVENT_JOB_ENTERS || !stage_completes(flow, r->event, e->stage))
            break;
        if (r->settle_ms > 0 && !stage_completes(flow, r->event, stage))
            snprintf(f->why, PLAN_REASON_MAX, "the job went on to the stage %.80s", stage);
        else
            found(f, e);
        break;
    default:
        break;
    }
}

static void job_due(struct finder *f, const struct workflow *flow)
{
    const struct job *j = f->s->job;
    int64_t due_ms;

    if (!due_time(j, &f->w->settings->business, &due_ms)) {
        snprintf(f->why, PLAN_REASON_MAX, "the job has no due date");
        return;
    }
    if (flow != NULL && (workflow_is_done(flow, j->stage) || workflow_is_lost(flow, j->stage))) {
        snprintf(f->why, PLAN_REASON_MAX, "the job has ended");
        return;
    }
    for (size_t i = 0; i < f->s->event_count; i++)
        if (f->s->events[i].event == EVENT_JOB_DUE && last_of(f, i, EVENT_JOB_DUE)) {
            found(f, &f->s->events[i]);
            f->out[f->count - 1].anchor_ms = due_ms;
            f->out[f->count - 1].lies_ahead = true;
        }
}

static void find_in_job(struct finder *f)
{
    const struct workflow *flow = plan_workflow_of(f->w->playbook, f->s->job);
    const char *of = f->r->workflow;

    if (of != NULL && (flow == NULL || strcmp(flow->name, of) != 0)) {
        snprintf(f->why, PLAN_REASON_MAX, "the job does not belong to the workflow %.80s", of);
        return;
    }
    if (f->r->event == EVENT_JOB_DUE) {
        job_due(f, flow);
        return;
    }
    for (size_t i = 0; i < f->s->event_count; i++)
        job_event(f, i, flow);
}

/* --- appointments --- */

static bool has_status(const struct appointment *a, const char *status)
{
    return a->status != NULL && strcmp(a->status, status) == 0;
}

/* Does the status let the rule speak? */
static bool status_allows(const struct finder *f)
{
    const struct appointment *a = f->s->appointment;
    const struct rule *r = f->r;
    const char *needs = NULL;

    switch (r->event) {
    case EVENT_APPOINTMENT_CANCELLED:
        needs = "cancelled";
        break;
    case EVENT_APPOINTMENT_CONFIRMED:
        needs = "confirmed";
        break;
    case EVENT_APPOINTMENT_MISSED:
        needs = "missed";
        break;
    default:
        break;
    }
    if (needs != NULL) {
        if (!has_status(a, needs))
            snprintf(f->why, PLAN_REASON_MAX, "the appointment is not %s", needs);
        return has_status(a, needs);
    }
    bool over =
        has_status(a, "cancelled") || has_status(a, "missed") ||
        (has_status(a, "completed") && (r->when.before || r->event == EVENT_APPOINTMENT_BOOKED ||
                                        r->event == EVENT_APPOINTMENT_MOVED));
    if (over)
        snprintf(f->why, PLAN_REASON_MAX, "the appointment is %s", a->status);
    return !over;
}

/* The revision of a time in the record: that of its last booking or move. */
static const struct plan_event *last_move(const struct plan_subject *s)
{
    for (size_t i = s->event_count; i > 0; i--) {
        enum event e = s->events[i - 1].event;
        if (e == EVENT_APPOINTMENT_BOOKED || e == EVENT_APPOINTMENT_MOVED)
            return &s->events[i - 1];
    }
    return NULL;
}

/* The visit's last booking, if it came before `later`. */
static const struct plan_event *booking_before(const struct finder *f,
                                               const struct plan_event *later)
{
    const struct plan_event *booked = NULL;

    for (size_t i = 0; i < f->s->event_count; i++)
        if (f->s->events[i].event == EVENT_APPOINTMENT_BOOKED)
            booked = &f->s->events[i];
    return booked != NULL && booked->revision < later->revision ? booked : NULL;
}

/* Does a rule tell clients of each booking, thus of this one? */
static bool tells_of(const struct finder *f, size_t rule, const struct plan_event *booked)
{
    const struct rule *r = &f->w->playbook->rules[rule];

    return r->event == EVENT_APPOINTMENT_BOOKED && rule_writes_to_client(r) &&
           booked->at_ms >= f->w->rules[rule].since_ms && r->only_if == NULL && r->unless == NULL;
}

/* A move whose booking the client has not heard of yet is not told: the booking's own message goes
 * out later and tells the new time. */
static bool move_is_news(const struct finder *f, const struct plan_event *move)
{
    const struct plan_event *booked = booking_before(f, move);

    if (booked == NULL)
        return false;
    if (f->s->told_ms > 0 && f->s->told_ms <= move->at_ms)
        return true;
    for (size_t i = 0; i < f->w->playbook->rule_count; i++)
        if (tells_of(f, i, booked))
            return false;
    return true;
}

/* A booking put right while it settles was a slip of the mouse: nobody hears of it, nor of its end.
 * One that had settled, whose message waits only for the morning or for a gateway, the client may
 * know of by another way: she is told that it is off. */
static bool end_is_news(const struct finder *f, const struct plan_event *end)
{
    const struct plan_event *booked = booking_before(f, end);

    if (booked == NULL || f->s->told_ms > 0)
        return true;
    for (size_t i = 0; i < f->w->playbook->rule_count; i++)
        if (tells_of(f, i, booked) &&
            end->at_ms < booked->at_ms + f->w->playbook->rules[i].settle_ms)
            return false;
    return true;
}

/* Is it to be told to a client? If not, f->why. */
static bool is_news(struct finder *f, const struct plan_event *e)
{
    if (!rule_writes_to_client(f->r))
        return true;
    if (e->event == EVENT_APPOINTMENT_MOVED && !move_is_news(f, e)) {
        snprintf(f->why, PLAN_REASON_MAX,
                 "the client has not heard of the booking yet; its message tells the new time");
        return false;
    }
    if (e->event == EVENT_APPOINTMENT_CANCELLED && !end_is_news(f, e)) {
        snprintf(f->why, PLAN_REASON_MAX,
                 "it was booked and cancelled at once: the client has not heard of it");
        return false;
    }
    return true;
}

static void find_happening(struct finder *f)
{
    for (size_t i = 0; i < f->s->event_count; i++) {
        const struct plan_event *e = &f->s->events[i];
        if (e->event == f->r->event && last_of(f, i, f->r->event) && is_news(f, e))
            found(f, e);
    }
}

static void find_in_appointment(struct finder *f)
{
    const struct business *b = &f->w->settings->business;
    const struct appointment *a = f->s->appointment;
    bool ends = f->r->event == EVENT_APPOINTMENT_ENDS;
    int64_t starts_ms, time_ms;

    if (!plan_appointment_time(a, b, false, &starts_ms, f->why) || !status_allows(f))
        return;
    if (f->r->event != EVENT_APPOINTMENT_STARTS && !ends) {
        find_happening(f);
    } else {
        const struct plan_event *e = last_move(f->s);
        if (e == NULL || !plan_appointment_time(a, b, ends, &time_ms, f->why))
            return;
        found(f, e);
        f->out[0].anchor_ms = time_ms;
        f->out[0].lies_ahead = true;
    }
    for (size_t i = 0; i < f->count; i++) {
        f->out[i].end_ms = starts_ms;
        f->out[i].zone = zone_of(a->timezone, b);
    }
}

size_t occurrences_of(const struct plan_world *w, const struct plan_subject *s,
                      const struct rule *r, struct occurrence out[OCCURRENCES_MAX], char *why)
{
    struct finder f = {.w = w, .s = s, .r = r, .out = out, .why = why};

    why[0] = '\0';
    if (r->event >= EVENT_CLIENT_SILENCE)
        f.count = conversation_of(w, s, r, out, why);
    else if (s->job != NULL && rule_on_job(r))
        find_in_job(&f);
    else if (s->appointment != NULL && rule_on_appointment(r))
        find_in_appointment(&f);
    if (f.count == 0 && why[0] == '\0')
        snprintf(why, PLAN_REASON_MAX, "it has not happened");
    return f.count;
}

bool plan_stands(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
                 int64_t occurrence)
{
    struct occurrence found[OCCURRENCES_MAX];
    char why[PLAN_REASON_MAX];
    size_t n = occurrences_of(w, s, r, found, why);

    for (size_t i = 0; i < n; i++)
        if (found[i].revision == occurrence)
            return true;
    return false;
}

/* Is the time in the record still the one of this event? */
static bool time_was(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
                     const struct plan_event *e, int64_t *out_ms)
{
    const struct business *b = &w->settings->business;
    char why[PLAN_REASON_MAX];

    if (s->appointment != NULL)
        return e == last_move(s) &&
               plan_appointment_time(s->appointment, b, r->event == EVENT_APPOINTMENT_ENDS, out_ms,
                                     why);
    for (const struct plan_event *k = e + 1; k < s->events + s->event_count; k++)
        if (k->event == EVENT_JOB_DUE)
            return false;
    return due_time(s->job, b, out_ms);
}

bool occurrence_was(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
                    int64_t revision, struct occurrence *out)
{
    struct finder f = {.w = w, .s = s, .r = r, .out = out};
    const struct business *b = &w->settings->business;
    const struct plan_event *e = NULL;
    char why[PLAN_REASON_MAX];

    if (r->event == EVENT_CLIENT_SILENCE && s->job != NULL) { /* it is called by its beginning */
        found(&f, &(struct plan_event){.revision = revision, .at_ms = revision});
        return true;
    }
    if (r->event == EVENT_NO_ANSWER)
        return conversation_was(w, s, r, revision, out);
    if (r->event >= EVENT_CLIENT_SILENCE || (s->job == NULL && s->appointment == NULL))
        return false;
    for (size_t i = 0; i < s->event_count; i++)
        if (s->events[i].revision == revision)
            e = &s->events[i];
    if (e == NULL)
        return false;
    found(&f, e);
    if (s->appointment != NULL) {
        out->zone = zone_of(s->appointment->timezone, b);
        if (!plan_appointment_time(s->appointment, b, false, &out->end_ms, why))
            return false;
    }
    out->lies_ahead = r->event == EVENT_APPOINTMENT_STARTS || r->event == EVENT_APPOINTMENT_ENDS ||
                      r->event == EVENT_JOB_DUE;
    return !out->lies_ahead || time_was(w, s, r, e, &out->anchor_ms);
}
