/*
 * The outside world: the contract of gateway/gateway.h with no wire behind it. These functions are
 * linked instead of the project's gateways.
 *
 * An exchange connects, sets its mark at its point of no return, and ends; how long each takes and
 * how it ends is the mood of its gateway. What is accepted goes into a ledger that the judge keeps.
 * When the service dies, what was past its point may have been accepted or not, and nobody says so.
 */
#include "gateway/gateway.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/backend.h"
#include "sim.h"

struct gateway {
    int index;
    const struct gateway_settings *settings;
    const struct gateway_hooks *hooks;
    struct gateway *next;
    bool closing;
    int64_t close_us;
    void (*closed)(void *arg);
    void *closed_arg;
};

static struct gateway *gateways;

/* In which gateway object an exchange runs, and its mark; beside the shared table, since they die
 * with the child. */
static struct gateway *owner[SIM_EXCHANGES];
static atomic_uint *mark[SIM_EXCHANGES];

const char *outcome_name(enum outcome o)
{
    static const char *const names[] = {"sent", "retry", "rejected", "unknown"};

    return names[o];
}

void result_set(struct gateway_result *r, enum outcome o, int code, const char *fmt, ...)
{
    va_list ap;

    *r = (struct gateway_result){.outcome = o, .code = code};
    va_start(ap, fmt);
    vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
    va_end(ap);
}

bool gateway_host_is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0;
}

const struct gateway_settings *gateway_settings(const struct gateway *g)
{
    return g->settings;
}

int gateway_in_flight(const struct gateway *g)
{
    int n = 0;

    for (int i = 0; i < SIM_EXCHANGES; i++)
        n += S->exchanges[i].phase != PHASE_FREE && owner[i] == g;
    return n;
}

struct gateway *gateway_create(uv_loop_t *loop, const struct gateway_settings *settings,
                               const char *providers, const struct gateway_hooks *hooks,
                               struct err *err)
{
    static const char *const names[SIM_GATEWAYS] = {"mail", "mail2", "texts", "texts2"};
    struct gateway *g = mem_zalloc(sizeof(*g));

    while (strcmp(names[g->index], settings->name) != 0)
        g->index++;
    g->settings = settings;
    g->hooks = hooks;
    g->next = gateways;
    gateways = g;
    return g;
}

/* --- moods --- */

void gateways_moods(void)
{
    for (int i = 0; i < SIM_GATEWAYS; i++) {
        if (S->mono_us < S->mood_until_us[i] && S->mono_us < S->quiet_us)
            continue;
        if (S->mood[i] != MOOD_GOOD)
            S->disturbed_us = S->mono_us;
        bool calm = !sim_has(TROUBLE_GATEWAY) || S->mono_us >= S->quiet_us || world_percent(60);
        S->mood[i] = calm ? MOOD_GOOD : (enum mood)world_below(MOODS);
        S->mood_until_us[i] =
            S->mono_us + (int64_t)(world_percent(20) ? world_below(2880) : 5 + world_below(240)) *
                             MINUTE_MS * 1000;
        if (S->mood[i] != MOOD_GOOD)
            S->disturbed_us = S->mono_us;
    }
}

static int64_t soon_us(const struct sim_exchange *x)
{
    switch (S->mood[x->gateway]) {
    case MOOD_SLOW:
        return (int64_t)(500 + world_below(40000)) * 1000;
    case MOOD_GOOD:
        return (int64_t)world_below(300) * 1000;
    default:
        return (int64_t)world_below(5000) * 1000;
    }
}

/* --- exchanges --- */

/* Trouble likes to come while something is on the wire. */
static void tempt_fate(void)
{
    if (S->mono_us >= S->quiet_us)
        return;
    if (sim_has(TROUBLE_CRASH) && S->crash_in == 0 && world_percent(1)) {
        S->crash_in = 1 + (int64_t)world_below(12);
        S->power_cut = sim_has(TROUBLE_POWER) && world_percent(50);
    }
    if (sim_has(TROUBLE_DISK) && world_percent(1))
        disk_break((int64_t)(1 + world_below(8)) * SECOND_MS);
}

int gateway_send(struct gateway *g, const struct gateway_message *m)
{
    int free_place = -1;

    tempt_fate();
    crash_point();
    if (g->closing)
        return ERR_BUSY;
    if (gateway_in_flight(g) >= g->settings->connections + GATEWAY_AHEAD_MAX)
        sim_fail("gateway %s got more than its %d connections and what may wait", g->settings->name,
                 g->settings->connections);
    for (int i = 0; i < SIM_EXCHANGES; i++) {
        if (S->exchanges[i].phase == PHASE_FREE)
            free_place = i;
        else if (S->exchanges[i].id == m->id)
            sim_fail("message %lld was handed over twice at once", (long long)m->id);
    }
    struct sim_exchange *x = &S->exchanges[free_place];
    owner[free_place] = g;
    mark[free_place] = m->mark;
    *x = (struct sim_exchange){.phase = PHASE_CONNECTING,
                               .gateway = g->index,
                               .copy = -1,
                               .id = m->id,
                               .plan = (uint32_t)world_below(10000),
                               .channel = m->channel};
    x->at_us = S->mono_us + soon_us(x);
    S->launched++;
    judge_launch(x, m->to, m->data, m->len);
    invite_launch(x, m->data, m->len);
    crash_point();
    return 0;
}

static void finish(int place, const struct gateway_result *r)
{
    struct sim_exchange x = S->exchanges[place];
    struct gateway *g = owner[place];

    sim_note("gateway %d message %lld: %s%s", x.gateway, (long long)x.id, outcome_name(r->outcome),
             x.copy >= 0 ? ", accepted" : "");
    if (r->outcome == OUTCOME_UNKNOWN) {
        S->unclear++;
        S->disturbed_us = S->mono_us;
    }
    for (int i = 0; i < x.about_count; i++) {
        S->messages[x.about[i].id].unclear += r->outcome == OUTCOME_UNKNOWN;
        if (r->outcome == OUTCOME_UNKNOWN)
            talk_unclear(x.about[i].id);
        if (r->outcome == OUTCOME_SENT && x.copy >= 0)
            S->copies[x.copy + i].clear = true;
    }
    S->exchanges[place].phase = PHASE_FREE;
    g->hooks->done(g->hooks->arg, x.id, r);
    crash_point();
}

/* Ends it before its point of no return; false: it goes on to it. */
static bool ends_early(int place)
{
    struct sim_exchange *x = &S->exchanges[place];
    struct gateway_result r;
    unsigned chance = x->plan % 100;

    if (x->break_off) {
        result_set(&r, OUTCOME_RETRY, 0, "broken off");
    } else if (S->mood[x->gateway] == MOOD_DOWN) {
        result_set(&r, OUTCOME_RETRY, 0, "no connection");
        r.gateway_trouble = true;
    } else if (S->mood[x->gateway] == MOOD_THROTTLED && chance < 70) {
        result_set(&r, OUTCOME_RETRY, 429, "too many requests");
        r.retry_after_ms = (int64_t)(1 + x->plan % 900) * SECOND_MS;
        r.gateway_trouble = chance < 30;
    } else if (S->mood[x->gateway] == MOOD_FLAKY && chance < 40) {
        result_set(&r, chance < 30 ? OUTCOME_RETRY : OUTCOME_REJECTED, 450, "refused");
        r.address_refused = chance >= 30;
        if (chance >= 30)
            S->disturbed_us = S->mono_us;
    } else {
        return false;
    }
    finish(place, &r);
    return true;
}

static void ends_late(int place)
{
    struct sim_exchange *x = &S->exchanges[place];
    struct gateway_result r;
    unsigned chance = x->plan / 100;
    bool accepted = true;

    result_set(&r, OUTCOME_SENT, 250, "fine");
    if (x->break_off) {
        result_set(&r, OUTCOME_UNKNOWN, 0, "broken off");
        accepted = chance < 50;
    } else if (S->mood[x->gateway] == MOOD_UNCLEAR && chance < 50) {
        result_set(&r, OUTCOME_UNKNOWN, 0, "no answer");
        accepted = chance < 25;
    } else if (S->mood[x->gateway] == MOOD_FLAKY && chance < 30) {
        result_set(&r, chance < 20 ? OUTCOME_RETRY : OUTCOME_REJECTED, 451, "not today");
        accepted = false;
    }
    if (accepted) {
        judge_accept(x);
        invite_accept(x);
    }
    if (r.outcome == OUTCOME_REJECTED)
        S->disturbed_us = S->mono_us;
    finish(place, &r);
}

static void go_on(int place)
{
    struct sim_exchange *x = &S->exchanges[place];

    switch (x->phase) {
    case PHASE_CONNECTING:
        if (ends_early(place))
            return;
        crash_point();
        atomic_store(mark[place], 1);
        x->phase = PHASE_GOING;
        x->at_us = S->mono_us + soon_us(x);
        crash_point();
        break;
    case PHASE_GOING:
        ends_late(place);
        break;
    case PHASE_FREE:
        break;
    }
}

/* --- closing --- */

void gateway_break_off(struct gateway *g)
{
    for (int i = 0; i < SIM_EXCHANGES; i++)
        if (S->exchanges[i].phase == PHASE_CONNECTING && owner[i] == g) {
            S->exchanges[i].break_off = true;
            S->exchanges[i].at_us = S->mono_us;
        }
}

void gateway_close(struct gateway *g, int64_t grace_ms, void (*closed)(void *arg), void *arg)
{
    g->closing = true;
    g->close_us = S->mono_us + grace_ms * 1000;
    g->closed = closed;
    g->closed_arg = arg;
}

static void close_one(struct gateway **link)
{
    struct gateway *g = *link;

    *link = g->next;
    if (g->closed != NULL)
        g->closed(g->closed_arg);
    free(g);
}

static void run_closing(void)
{
    for (struct gateway **link = &gateways; *link != NULL;) {
        struct gateway *g = *link;
        if (!g->closing || gateway_in_flight(g) > 0) {
            for (int i = 0; g->closing && S->mono_us >= g->close_us && i < SIM_EXCHANGES; i++)
                if (S->exchanges[i].phase != PHASE_FREE && owner[i] == g) {
                    S->exchanges[i].break_off = true;
                    S->exchanges[i].at_us = S->mono_us;
                }
            link = &g->next;
            continue;
        }
        close_one(link);
        return; /* whatever was called may have closed others */
    }
}

int64_t gateways_next_us(void)
{
    int64_t at_us = INT64_MAX;

    for (int i = 0; i < SIM_EXCHANGES; i++)
        if (S->exchanges[i].phase != PHASE_FREE && S->exchanges[i].at_us < at_us)
            at_us = S->exchanges[i].at_us;
    for (const struct gateway *g = gateways; g != NULL; g = g->next)
        if (g->closing) {
            int64_t close_us = gateway_in_flight(g) > 0 ? g->close_us : S->mono_us;
            at_us = close_us < at_us ? close_us : at_us;
        }
    return at_us;
}

void gateways_run(void)
{
    for (int i = 0; i < SIM_EXCHANGES; i++)
        if (S->exchanges[i].phase != PHASE_FREE && S->exchanges[i].at_us <= S->mono_us)
            go_on(i);
    run_closing();
}

void gateways_after_crash(void)
{
    gateways = NULL;
    for (int i = 0; i < SIM_EXCHANGES; i++) {
        struct sim_exchange *x = &S->exchanges[i];
        if (x->phase == PHASE_GOING && x->copy < 0 && world_percent(50)) {
            judge_accept(x);
            invite_accept(x);
        }
        x->phase = PHASE_FREE;
    }
}
