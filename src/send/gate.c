/*
 * The gate. See send/gate.h.
 *
 * The checks stand in the order in which their answers last: what ends a message for good comes
 * before what only delays it.
 */
#include "send/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "playbook/said.h"
#include "watch/reach.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define PAUSE_LOOK_MS (60 * INT64_C(1000))
#define HOLD_LOOK_MS (10 * 60 * INT64_C(1000)) /* and held ones */
#define SAID_MAX 175                           /* bytes of a condition in a reason */

struct gate {
    struct world *w;
    struct conditions *conditions;
    const struct message *m;
    const struct letter *l;
    int64_t now_ms;
    struct gate_decision *out;
};

/* Add a member to what the decision saw; what there is no room for is left out. */
__attribute__((format(printf, 2, 3))) static void see(struct gate *g, const char *fmt, ...)
{
    char *saw = g->out->saw;
    struct buf member;
    va_list ap;

    buf_init(&member);
    buf_puts(&member, saw[0] != '\0' ? ", " : "{");
    va_start(ap, fmt);
    buf_vprintf(&member, fmt, ap);
    va_end(ap);
    buf_puts(&member, "}");
    size_t len = saw[0] != '\0' ? strlen(saw) - 1 : 0; /* the brace moves on */
    if (len + member.len < GATE_SAW_MAX)
        memcpy(saw + len, member.data, member.len + 1);
    buf_close(&member);
}

static bool end(struct gate *g, enum message_state state, const char *reason)
{
    g->out->answer = GATE_END;
    g->out->state = state;
    snprintf(g->out->reason, sizeof(g->out->reason), "%s", reason);
    return false;
}

static bool later(struct gate *g, enum gate_answer answer, int64_t next_ms, const char *reason)
{
    g->out->answer = answer;
    g->out->next_ms = next_ms;
    snprintf(g->out->reason, sizeof(g->out->reason), "%s", reason);
    return false;
}

static bool rule_stands(struct gate *g)
{
    if (g->l->rule == NULL)
        return end(g, MESSAGE_CANCELLED, "the rule was taken out of the playbook");
    return true;
}

static bool in_time(struct gate *g)
{
    if (g->now_ms >= g->m->expires_ms && gate_rule_waits(g->w, g->m) != NULL)
        return end(g, MESSAGE_EXPIRED, "its time passed while its rule was waiting");
    if (g->now_ms >= g->m->expires_ms)
        return end(g, MESSAGE_EXPIRED, "its time passed before it could be sent");
    /* It was tried by a clock that was ahead, and its pause is over. One that goes with another may
     * have been tried earlier, which is as it should be. */
    if (g->m->attempts > 0 && g->m->due_ms > g->now_ms && !g->m->final && g->m->leader_id == 0)
        return later(g, GATE_WAIT, g->m->due_ms, "its time is to come: the clock was set back");
    return true;
}

static bool rule_runs(struct gate *g)
{
    const struct rule_state *waits = gate_rule_waits(g->w, g->m);

    return waits == NULL ||
           later(g, GATE_WAIT, g->now_ms + PAUSE_LOOK_MS, rule_waits_reason(waits));
}

static bool recipient_there(struct gate *g)
{
    if (g->l->contact == NULL)
        return end(g, MESSAGE_CANCELLED, "the person it was for is not in the database any more");
    return true;
}

/* A message that failed by its first channel goes by the one it was given; all others go by
 * whatever is right now. */
static bool choose_channel(struct gate *g)
{
    enum channel channels[2];
    char reason[PLAN_REASON_MAX];
    size_t n =
        plan_channels(g->l->rule, &g->w->settings->business, g->l->contact, channels, reason);

    g->out->channel = g->m->channel;
    if (g->m->channel == CHANNEL_TASK) /* nobody is in charge: whatever the rule says */
        return true;
    if (g->l->rule->by == BY_PREFERRED && g->m->attempts == 0 && n > 1)
        n = 1;
    for (size_t i = 0; i < n; i++)
        if (channels[i] == g->m->channel) {
            g->out->address = letter_address(g->l, g->m->channel);
            return true;
        }
    if (n > 0) /* she changed her mind since it was planned; her change is being looked at */
        return later(g, GATE_REPLAN, g->now_ms, "another channel is right now");
    const struct plan_contact *p = g->l->contact;
    char why[PLAN_REASON_MAX];
    g->out->unreached =
        g->l->recipient.kind == ENTITY_CLIENT && reach_is_lost(g->w, g->l->rule, p, why);
    bool broken = p->phone_problem != NULL || p->email_problem != NULL;
    return end(g, broken && message_is_retried(g->m) ? MESSAGE_FAILED : MESSAGE_SKIPPED, reason);
}

static bool within_hours(struct gate *g)
{
    const struct rule *r = g->l->rule;
    const struct business *b = &g->w->settings->business;
    char reason[PLAN_REASON_MAX];
    int64_t next_ms, until_ms = message_is_retried(g->m) ? INT64_MAX : g->m->expires_ms;

    if (plan_window_has(r, b, g->l->contact->zone, g->now_ms))
        return true;
    if (r->outside == OUTSIDE_SKIP && !message_is_retried(g->m)) /* at any other hour: never */
        return end(g, MESSAGE_SKIPPED,
                   "the hours in which it may go passed while it waited, and the rule says skip");
    struct rule after = *r;
    after.outside = OUTSIDE_LATER; /* its time has come already: earlier is no more */
    if (plan_window(&after, b, g->l->contact->zone, g->now_ms, g->now_ms, until_ms, &next_ms,
                    reason)) {
        /* However long the house is closed: she who took it up again did not mean "never". */
        g->out->useful_ms = message_is_retried(g->m) ? next_ms + DAY_MS : 0;
        return later(g, GATE_WAIT, next_ms, "waits for the hours in which it may go");
    }
    return end(g, MESSAGE_EXPIRED, reason);
}

/* No client hears from us more often than the business allows, over all rules and channels, but
 * for what a person sends on purpose. */
static bool within_caps(struct gate *g)
{
    const struct business *b = &g->w->settings->business;
    char reason[PLAN_REASON_MAX], messages[STR_COUNTED_MAX];
    int64_t earliest_ms, next_ms = 0, longest_ms = 0;
    bool any = true; /* most have heard nothing for long, which is quickly asked */
    int heard, rc = 0;

    if (!g->l->rule->capped || g->l->recipient.kind != ENTITY_CLIENT || message_is_retried(g->m))
        return true;
    for (size_t i = 0; i < b->cap_count; i++)
        longest_ms = b->caps[i].period_ms > longest_ms ? b->caps[i].period_ms : longest_ms;
    if (b->cap_count > 0)
        rc = store_heard_any(g->w->store, g->m->recipient_id, g->now_ms - longest_ms, &any);
    for (size_t i = 0; i < b->cap_count; i++) {
        const struct cap *c = &b->caps[i];
        heard = 0;
        earliest_ms = INT64_MAX;
        if (rc == 0 && any)
            rc = store_heard(g->w->store, g->m, g->now_ms - c->period_ms, c->count, &heard,
                             &earliest_ms);
        if (rc != 0)
            return later(g, GATE_HOLD, g->now_ms + HOLD_LOOK_MS, store_error(g->w->store));
        see(g, "\"cap %d\": {\"had\": %d, \"of\": %d, \"hours\": %d}", (int)i + 1, heard, c->count,
            (int)(c->period_ms / (3600 * 1000)));
        if (heard >= c->count && earliest_ms + c->period_ms > next_ms) {
            next_ms = earliest_ms + c->period_ms;
            str_counted(c->count, "message", messages);
            snprintf(reason, sizeof(reason), "the client has had %s within %s", messages,
                     c->period_ms > DAY_MS ? "a week" : "a day");
        }
    }
    if (next_ms == 0)
        return true;
    if (next_ms < g->m->expires_ms)
        return later(g, GATE_WAIT, next_ms, reason);
    g->out->missed = g->l->rule->purpose == PURPOSE_SERVICE;
    return end(g, MESSAGE_SKIPPED, reason);
}

/* In words if there are such. */
static void say_condition(const char *expression, bool wanted, char reason[PLAN_REASON_MAX])
{
    char *said = condition_said(expression, !wanted);

    if (said == NULL)
        said = mem_printf("%s %s", wanted ? "only if" : "unless", expression);
    size_t len = str_utf8_valid(said, strlen(said) < SAID_MAX ? strlen(said) : SAID_MAX);
    snprintf(reason, PLAN_REASON_MAX, "the rule says: %.*s", (int)len, said);
    free(said);
}

static bool one_condition(struct gate *g, const char *expression, bool wanted)
{
    struct err err = {""};
    bool truth = false;
    char reason[PLAN_REASON_MAX];

    if (expression == NULL)
        return true;
    int rc = condition_eval(g->conditions, expression, &g->l->ids, &truth, &err);
    if (rc != 0) {
        snprintf(reason, sizeof(reason), "its condition cannot be evaluated: %.140s", err.text);
        return later(g, GATE_HOLD, g->now_ms + HOLD_LOOK_MS, reason);
    }
    struct buf values;
    buf_init(&values);
    if (condition_values(g->conditions, expression, &g->l->ids, &values) == 0 && values.len > 0)
        see(g, "\"%s\": %s", wanted ? "if" : "unless", values.data);
    buf_close(&values);
    if (truth == wanted)
        return true;
    say_condition(expression, wanted, reason);
    g->out->for_good = true; /* the condition was asked, and this was its answer */
    return end(g, MESSAGE_SKIPPED, reason);
}

static bool condition_holds(struct gate *g)
{
    return one_condition(g, g->l->rule->only_if, true) &&
           one_condition(g, g->l->rule->unless, false);
}

const struct rule_state *gate_rule_waits(const struct world *w, const struct message *m)
{
    int rule = world_rule_by_id(w, m->rule_id);

    return rule >= 0 && rule_waits(&w->rules[rule], m->attempts) ? &w->rules[rule] : NULL;
}

void gate_decide(struct world *w, struct conditions *conditions, const struct message *m,
                 const struct letter *l, int64_t now_ms, struct gate_decision *out)
{
    static bool (*const checks[])(struct gate *) = {
        rule_stands,    in_time,         rule_runs,   recipient_there,
        choose_channel, condition_holds, within_caps, within_hours,
    };
    struct gate g = {
        .w = w, .conditions = conditions, .m = m, .l = l, .now_ms = now_ms, .out = out};

    *out = (struct gate_decision){.answer = GATE_GO, .channel = m->channel};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!checks[i](&g))
            return;
}
