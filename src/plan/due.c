/*
 * When a message is due, and until when it is useful: the rule's offset from its occurrence, the
 * distance of a repeat, then the window.
 *
 * Business hours count the time in which the business could have done something. While a job is in
 * a waiting stage the client is the one to act, so the clock stands still: waiting time is added to
 * the offset. While the job still waits nobody knows for how long, so there is no time yet; the
 * job's next move plans it again.
 */
#include <stdio.h>

#include "plan/occurrence.h"

#define LATE_ELSE_MS (24 * 3600 * INT64_C(1000))

bool due_waited(const struct plan_subject *s, const struct workflow *flow, size_t i,
                int64_t *from_ms, int64_t *to_ms)
{
    const struct plan_event *e = &s->events[i];

    if (e->event != EVENT_JOB_ENTERS || !workflow_is_waiting(flow, e->stage))
        return false;
    *from_ms = e->at_ms;
    *to_ms = INT64_MAX;
    for (size_t k = i + 1; k < s->event_count; k++)
        if (s->events[k].event == EVENT_JOB_LEAVES) {
            *to_ms = s->events[k].at_ms;
            break;
        }
    return true;
}

/* Move *due_ms on by all waiting between the occurrence and it. */
static bool add_waiting(const struct plan_world *w, const struct plan_subject *s,
                        const struct offset *o, int64_t anchor_ms, int64_t *due_ms, char *why)
{
    const struct hours_calendar *calendar = &w->settings->business.calendar;
    const struct workflow *flow = plan_workflow_of(w->playbook, s->job);
    int64_t minutes = o->count * 60, from_ms, to_ms;

    for (size_t i = 0; flow != NULL && i < s->event_count; i++) {
        if (!due_waited(s, flow, i, &from_ms, &to_ms) || to_ms <= anchor_ms || from_ms >= *due_ms)
            continue;
        if (to_ms == INT64_MAX) {
            snprintf(why, PLAN_REASON_MAX, "the clock stands still while the job is in %.80s",
                     s->events[i].stage);
            return false;
        }
        minutes +=
            hours_minutes_between(calendar, from_ms > anchor_ms ? from_ms : anchor_ms, to_ms);
        hours_add_minutes(calendar, anchor_ms, minutes, due_ms);
    }
    struct offset at = {.unit = UNIT_BUSINESS_HOURS, .at_minute = o->at_minute};
    return o->at_minute < 0 || offset_apply(&at, calendar, calendar->zone, *due_ms, due_ms);
}

/* (Waiting for an answer is what the clock of `no answer to` counts.) */
bool due_can_wait(const struct plan_subject *s, const struct rule *r, const struct occurrence *o)
{
    return s->job != NULL && r->when.unit == UNIT_BUSINESS_HOURS && !r->when.before &&
           r->when.count > 0 && !o->lies_ahead && r->event != EVENT_NO_ANSWER;
}

bool due_of(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
            const struct occurrence *o, int repeat, int64_t *out_ms, char *why)
{
    const struct hours_calendar *calendar = &w->settings->business.calendar;
    struct offset step = {.count = r->every.count * repeat, .unit = r->every.unit, .at_minute = -1};
    int64_t due_ms;

    if (!offset_apply(&r->when, calendar, o->zone, o->anchor_ms, &due_ms)) {
        snprintf(why, PLAN_REASON_MAX, "its time cannot be told: the business never opens");
        return false;
    }
    if (due_can_wait(s, r, o) && !add_waiting(w, s, &r->when, o->anchor_ms, &due_ms, why))
        return false;
    if (repeat > 0 && !offset_apply(&step, calendar, o->zone, due_ms, &due_ms)) {
        snprintf(why, PLAN_REASON_MAX, "its time cannot be told: the business never opens");
        return false;
    }
    *out_ms = due_ms;
    return true;
}

/* --- until when --- */

/* That a visit was booked, moved or confirmed is news of a visit to come, however long after. */
static bool is_of_a_coming_visit(const struct rule *r)
{
    return r->event == EVENT_APPOINTMENT_BOOKED || r->event == EVENT_APPOINTMENT_MOVED ||
           r->event == EVENT_APPOINTMENT_CONFIRMED;
}

/* From when on it is useless: what leads up to an event after that event, what is said of a coming
 * visit after its start; INT64_MAX for what is meant to come after it. */
static int64_t latest(const struct rule *r, const struct occurrence *o, int64_t nominal_ms)
{
    if (r->when.before && o->lies_ahead)
        return o->anchor_ms;
    return is_of_a_coming_visit(r) || nominal_ms < o->end_ms ? o->end_ms : INT64_MAX;
}

/* design.md, `late`: until the appointment starts; else one day. It counts from the time moved
 * into the window, and what comes before an event is useless after it. */
static int64_t expires(const struct rule *r, int64_t end_ms, int64_t due_ms)
{
    bool before_end = end_ms != INT64_MAX && due_ms < end_ms;
    bool leads_up = r->when.before || is_of_a_coming_visit(r);

    if (r->late_ms == LATE_DEFAULT)
        return before_end ? end_ms : due_ms + LATE_ELSE_MS;
    int64_t at_ms = due_ms + r->late_ms;
    return before_end && leads_up && at_ms > end_ms ? end_ms : at_ms;
}

bool times_of(const struct plan_world *w, const struct rule *r, const struct occurrence *o,
              int64_t nominal_ms, const struct zone *zone, struct times *out, char *why)
{
    int64_t end_ms = latest(r, o, nominal_ms);

    out->earliest_ms = o->known_ms + r->settle_ms;
    bool can = plan_window(r, &w->settings->business, zone, nominal_ms, out->earliest_ms, end_ms,
                           &out->due_ms, why);
    out->expires_ms = expires(r, end_ms, out->due_ms);
    out->by_end = out->expires_ms == end_ms;
    return can;
}
