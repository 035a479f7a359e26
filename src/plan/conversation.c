/*
 * Occurrences of the events of a conversation: the client answers, does not answer, hears nothing.
 *
 * - An answer is a subject of its own, and happens once.
 * - `no answer to RULE` has the occurrences of RULE that still stand and whose message reached the
 *   client; it counts from the latest of them, and an answer since then ends it.
 * - A silence begins when the job opens (or is taken up again after its end), and anew each time
 * the client hears from us; its beginning is the occurrence. What the rules on silence say
 * themselves is no end of it: else such a rule would set itself off for ever.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "plan/occurrence.h"

static struct occurrence from(const struct plan_world *w, int64_t revision, int64_t at_ms)
{
    return (struct occurrence){
        .revision = revision,
        .anchor_ms = at_ms,
        .known_ms = at_ms,
        .end_ms = INT64_MAX,
        .zone = w->settings->business.calendar.zone,
    };
}

/* --- answers --- */

static bool scores_below(const struct answer *a, int below, char *why)
{
    int64_t score;

    if (a->score == NULL || !str_to_int(a->score, INT64_MIN, INT64_MAX, &score)) {
        snprintf(why, PLAN_REASON_MAX, "the answer has no score");
        return false;
    }
    if (score >= below)
        snprintf(why, PLAN_REASON_MAX, "the score is %lld, which is not below %d", (long long)score,
                 below);
    return score < below;
}

static size_t find_answer(const struct plan_world *w, const struct plan_subject *s,
                          const struct rule *r, struct occurrence *out, char *why)
{
    if (r->event == EVENT_SURVEY_BELOW && !scores_below(s->answer, r->below, why))
        return 0;
    for (size_t i = 0; i < s->event_count; i++)
        if (s->events[i].event == EVENT_CLIENT_ANSWERS) {
            *out = from(w, s->events[i].revision, s->events[i].at_ms);
            return 1;
        }
    return 0;
}

/* --- no answer --- */

/* When the client was last asked; 0: not yet. */
static int64_t asked_at(const struct plan_world *w, const struct plan_subject *s,
                        const struct rule *asks, int64_t occurrence)
{
    for (size_t i = 0; i < s->asked_count; i++)
        if (&w->playbook->rules[s->asked[i].rule] == asks && s->asked[i].occurrence == occurrence)
            return s->asked[i].at_ms;
    return 0;
}

static void count_from(struct occurrence *o, int64_t asked_ms)
{
    o->anchor_ms = o->known_ms = asked_ms;
    o->lies_ahead = false;
    if (o->end_ms <= asked_ms)
        o->end_ms = INT64_MAX; /* asked after the visit: it has no end */
}

static size_t find_no_answer(const struct plan_world *w, const struct plan_subject *s,
                             const struct rule *r, struct occurrence *out, char *why)
{
    size_t n = r->asks != NULL ? occurrences_of(w, s, r->asks, out, why) : 0, kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct occurrence o = out[i];
        int64_t at_ms = asked_at(w, s, r->asks, o.revision);
        if (at_ms == 0) {
            snprintf(why, PLAN_REASON_MAX, "no message of %.80s has reached the client",
                     r->asks->name);
        } else if (s->answered_ms >= at_ms) {
            snprintf(why, PLAN_REASON_MAX, "the client answered");
        } else {
            count_from(&o, at_ms);
            out[kept++] = o;
        }
    }
    return kept;
}

bool conversation_was(const struct plan_world *w, const struct plan_subject *s,
                      const struct rule *r, int64_t revision, struct occurrence *out)
{
    struct occurrence found[OCCURRENCES_MAX];
    char why[PLAN_REASON_MAX];
    int64_t at_ms = r->asks != NULL ? asked_at(w, s, r->asks, revision) : 0;
    size_t n = at_ms != 0 ? occurrences_of(w, s, r->asks, found, why) : 0;
    bool stands = false;

    for (size_t i = 0; i < n && !stands; i++) {
        stands = found[i].revision == revision;
        *out = found[i];
    }
    if (at_ms == 0 || (!stands && !occurrence_was(w, s, r->asks, revision, out)))
        return false;
    count_from(out, at_ms);
    return true;
}

/* --- silence --- */

static bool has_ended(const struct workflow *flow, const char *stage)
{
    return flow != NULL && (workflow_is_done(flow, stage) || workflow_is_lost(flow, stage));
}

/* Since when the job is open, this time; 0: it has not been seen yet. */
static int64_t open_since(const struct plan_subject *s, const struct workflow *flow)
{
    int64_t since_ms = 0;
    bool was_open = false;

    for (size_t i = 0; i < s->event_count; i++) {
        const struct plan_event *e = &s->events[i];
        if (e->event != EVENT_JOB_ENTERS)
            continue;
        bool opens = !has_ended(flow, e->stage);
        if (opens && !was_open)
            since_ms = e->at_ms;
        was_open = opens;
    }
    return since_ms;
}

static size_t find_silence(const struct plan_world *w, const struct plan_subject *s,
                           const struct rule *r, struct occurrence *out, char *why)
{
    const struct workflow *flow = plan_workflow_of(w->playbook, s->job);
    int64_t since_ms = open_since(s, flow);

    if (r->workflow != NULL && (flow == NULL || strcmp(flow->name, r->workflow) != 0)) {
        snprintf(why, PLAN_REASON_MAX, "the job does not belong to the workflow %.80s",
                 r->workflow);
        return 0;
    }
    if (has_ended(flow, s->job->stage)) {
        snprintf(why, PLAN_REASON_MAX, "the job has ended");
        return 0;
    }
    if (since_ms == 0)
        return 0;
    if (s->contact_ms > since_ms)
        since_ms = s->contact_ms;
    *out = from(w, since_ms, since_ms);
    return 1;
}

size_t conversation_of(const struct plan_world *w, const struct plan_subject *s,
                       const struct rule *r, struct occurrence out[OCCURRENCES_MAX], char *why)
{
    if (r->event == EVENT_NO_ANSWER)
        return find_no_answer(w, s, r, out, why);
    if (r->event == EVENT_CLIENT_SILENCE)
        return s->job != NULL ? find_silence(w, s, r, out, why) : 0;
    return s->answer != NULL ? find_answer(w, s, r, out, why) : 0;
}
