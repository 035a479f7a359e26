/* Outlets. See send/outlet.h. */
#include "send/outlet.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define CLOSED_FIRST_MS 1000
#define CLOSED_LONGEST_MS (5 * 60 * 1000)
#define AHEAD_US 100000
#define PACE_AT_FIRST_US 200000 /* nothing ahead of a gateway that is not known yet */
#define PACE_WEIGHT 16          /* of what was before, against the newest */
#define ORDER_MAX (sizeof(((struct outlets *)0)->order[0]) / sizeof(size_t))

static void arrange(struct outlets *o, const struct settings *s, enum channel c)
{
    const struct str_list *named = &s->channels[c].gateways;

    for (size_t n = 0; n < named->count; n++)
        for (size_t i = 0; i < o->count && o->order_count[c] < ORDER_MAX; i++)
            if (strcmp(o->items[i].settings->name, named->items[n]) == 0)
                o->order[c][o->order_count[c]++] = i;
    if (named->count > 0)
        return;
    /* A folder in a drawer is no second choice for a mail server that is down: it takes messages
     * only where nothing else does, or where it is named. */
    for (int folders = 0; folders < 2 && o->order_count[c] == 0; folders++)
        for (size_t i = 0; i < o->count && o->order_count[c] < ORDER_MAX; i++) {
            const struct gateway_settings *g = o->items[i].settings;
            if (g->channels[c] && (g->type == GATEWAY_FILE) == (folders == 1))
                o->order[c][o->order_count[c]++] = i;
        }
}

int outlets_create(struct outlets *o, uv_loop_t *loop, const struct settings *settings,
                   const struct gateway_hooks *hooks, struct err *err)
{
    *o = (struct outlets){0};
    o->items = mem_array(settings->gateway_count, sizeof(*o->items));
    for (size_t i = 0; i < settings->gateway_count; i++) {
        const struct gateway_settings *g = &settings->gateways[i];
        struct outlet *out = &o->items[i];
        out->settings = g;
        out->tokens = g->rate > 1 ? g->rate : 1;
        out->filled_us = clock_mono_us();
        out->pace_us = PACE_AT_FIRST_US;
        out->gateway = gateway_create(loop, g, settings->providers, hooks, err);
        if (out->gateway == NULL) {
            err_context(err, "gateway %s", g->name);
            return ERR_INVALID;
        }
        o->count++;
    }
    for (int c = 0; c < CHANNEL_COUNT; c++)
        arrange(o, settings, (enum channel)c);
    return 0;
}

static void refill(struct outlet *o)
{
    int64_t now_us = clock_mono_us();
    double burst = o->settings->rate > 1 ? o->settings->rate : 1;

    o->tokens += (double)(now_us - o->filled_us) / 1e6 * o->settings->rate;
    if (o->tokens > burst)
        o->tokens = burst;
    o->filled_us = now_us;
}

static int connections(const struct outlet *o)
{
    return o->settings->connections > 0 ? o->settings->connections : 1;
}

/* How many messages it may have beyond its connections. */
static int ahead(const struct outlet *o)
{
    int64_t n = AHEAD_US / (o->pace_us > 0 ? o->pace_us : 1);

    if (o->settings->rate > 0)
        return 0;
    return n < GATEWAY_AHEAD_MAX ? (int)n : GATEWAY_AHEAD_MAX;
}

/* How many it can take now; 0: *wait_ms tells how long not, -1 until one in flight ends. */
static size_t room(struct outlet *o, int64_t *wait_ms)
{
    int64_t closed_ms = o->closed_until_ms - clock_mono_ms();
    int free_slots = connections(o) + ahead(o) - o->in_flight;

    *wait_ms = -1;
    if (closed_ms > 0) {
        *wait_ms = closed_ms;
        return 0;
    }
    if (o->trouble > 0)
        free_slots = o->in_flight > 0 ? 0 : 1; /* one message tries whether it is well again */
    if (free_slots <= 0)
        return 0;
    if (o->settings->rate <= 0)
        return (size_t)free_slots;
    refill(o);
    if (o->tokens < 1) {
        *wait_ms = 1 + (int64_t)((1 - o->tokens) / o->settings->rate * 1000);
        return 0;
    }
    return o->tokens < free_slots ? (size_t)o->tokens : (size_t)free_slots;
}

struct outlet *outlets_pick(struct outlets *o, enum channel c, int64_t *wait_ms)
{
    int64_t w;

    *wait_ms = -1;
    for (size_t i = 0; i < o->order_count[c]; i++) {
        struct outlet *out = &o->items[o->order[c][i]];
        if (room(out, &w) > 0)
            return out;
        if (w >= 0 && (*wait_ms < 0 || w < *wait_ms))
            *wait_ms = w;
        if (out->trouble == 0)
            break; /* it is only busy: no reason for the next one to step in */
    }
    return NULL;
}

size_t outlets_room(struct outlets *o, enum channel c)
{
    int64_t w;

    for (size_t i = 0; i < o->order_count[c]; i++) {
        struct outlet *out = &o->items[o->order[c][i]];
        size_t n = room(out, &w);
        if (n > 0)
            return n;
        if (out->trouble == 0)
            break;
    }
    return 0;
}

void outlet_take(struct outlet *o)
{
    if (o->in_flight++ == 0)
        o->ended_us = clock_mono_us();
    if (o->settings->rate > 0)
        o->tokens -= 1;
}

void outlet_done(struct outlet *o, const struct gateway_result *result)
{
    int64_t now_us = clock_mono_us();

    o->in_flight--;
    o->pace_us += (now_us - o->ended_us - o->pace_us) / PACE_WEIGHT;
    o->ended_us = now_us;
    if (!result->gateway_trouble) {
        if (o->trouble > 0)
            log_info("gateway well again", "gateway=%s", o->settings->name);
        o->trouble = 0;
        o->proven = true;
        o->closed_until_ms = 0;
        return;
    }
    int64_t now_ms = clock_mono_ms(), closed_ms = CLOSED_FIRST_MS;
    if (o->closed_until_ms > now_ms) { /* one more of those that were out when it closed */
        if (now_ms + result->retry_after_ms > o->closed_until_ms)
            o->closed_until_ms = now_ms + result->retry_after_ms;
        return;
    }
    for (int i = 0; i < o->trouble && closed_ms < CLOSED_LONGEST_MS; i++)
        closed_ms *= 2;
    if (closed_ms > CLOSED_LONGEST_MS)
        closed_ms = CLOSED_LONGEST_MS;
    if (result->retry_after_ms > closed_ms)
        closed_ms = result->retry_after_ms;
    if (o->trouble++ == 0)
        o->trouble_ms = now_ms;
    o->proven = false;
    o->closed_until_ms = now_ms + closed_ms;
    log_warning("gateway in trouble", "gateway=%s code=%d closed_ms=%lld", o->settings->name,
                result->code, (long long)closed_ms);
}

bool outlet_runs_low(const struct outlet *o)
{
    return o->in_flight <= connections(o) + ahead(o) / 2;
}

struct outlet *outlets_find(struct outlets *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->items[i].settings->name, name) == 0)
            return &o->items[i];
    return NULL;
}

bool outlet_ready(struct outlet *o)
{
    int64_t wait_ms;

    return room(o, &wait_ms) > 0;
}
