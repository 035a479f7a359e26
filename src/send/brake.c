/* The storm brake. See send/brake.h. */
#include "send/brake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/volume.h"

#define HOUR_MS (3600 * INT64_C(1000))
#define SMALL 50 /* messages that are no storm, when there is no blast radius */

void brake_close(struct brake *b)
{
    free(b->rules);
    *b = (struct brake){0};
}

/* A virtual clock has no steps, and may be faster than the monotonic one. */
static int64_t steady_ms(int64_t now_ms)
{
    return clock_is_virtual() ? now_ms : clock_mono_ms();
}

static int begin_count(struct brake *b, const struct world *w, int64_t now_ms)
{
    int64_t last;
    int rc = store_volume_last(w->store, &last);

    b->began_at_ms = now_ms > last * HOUR_MS ? now_ms : last * HOUR_MS;
    b->began_ms = steady_ms(now_ms);
    return rc;
}

/* Somebody said yes: from this hour on, for a day. */
static int note_yes(struct brake *b, struct world *w)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < w->playbook->rule_count; i++)
        if (w->rules[i].lifted == RULE_LIFTED_NOW) {
            w->rules[i].lifted = b->hour + DAY_HOURS;
            rc = store_rule_lifted(w->store, w->rules[i].id, w->rules[i].lifted);
        }
    return rc;
}

static int read_rule(struct brake *b, const struct world *w, size_t rule)
{
    int64_t small = w->settings->blast_clients > 0 ? w->settings->blast_clients : SMALL;
    int64_t before = b->hour - DAY_HOURS, since = before;
    struct volume v;

    /* What went while a yes had lifted the brake was meant to go. */
    if (w->rules[rule].lifted > since && w->rules[rule].lifted <= b->hour)
        since = w->rules[rule].lifted;
    int rc = store_volume(w->store, w->rules[rule].id, since, before, &v);
    int64_t limit = v.most * w->settings->brake_times;
    b->rules[rule] = (struct brake_rule){
        .recent = v.recent,
        .most = v.most,
        .limit = v.days < BRAKE_DAYS ? INT64_MAX
                 : limit > small     ? limit
                                     : small,
    };
    return rc;
}

static int read_all(struct brake *b, const struct world *w)
{
    int rc = store_volume_forget(w->store, b->hour - 2 * DAY_HOURS);

    free(b->rules);
    b->rule_count = w->playbook->rule_count;
    b->rules = mem_array(b->rule_count, sizeof(*b->rules));
    for (size_t i = 0; rc == 0 && i < b->rule_count; i++)
        rc = read_rule(b, w, i);
    b->world = rc == 0 ? w : NULL;
    return rc;
}

int brake_begin(struct brake *b, struct world *w, int64_t now_ms)
{
    int64_t before = b->hour;
    int rc = 0;

    if (w->settings->brake_times == 0) {
        brake_close(b);
        return 0;
    }
    if (b->began_at_ms == 0)
        rc = begin_count(b, w, now_ms);
    b->hour = (b->began_at_ms + steady_ms(now_ms) - b->began_ms) / HOUR_MS;
    if (rc == 0)
        rc = note_yes(b, w);
    return rc == 0 && (b->world != w || b->hour != before) ? read_all(b, w) : rc;
}

bool brake_allows(const struct brake *b, int rule)
{
    return b->rules == NULL || b->rules[rule].recent < b->rules[rule].limit ||
           b->world->rules[rule].lifted > b->hour;
}

void brake_reason(const struct brake *b, int rule, char out[BRAKE_REASON_MAX])
{
    char messages[STR_COUNTED_MAX];

    str_counted(b->rules[rule].recent, "message", messages);
    snprintf(out, BRAKE_REASON_MAX,
             "it has sent %s in 24 hours, and never more than %lld on a day before", messages,
             (long long)b->rules[rule].most);
}

void brake_count(struct brake *b, int rule)
{
    if (b->rules == NULL)
        return;
    b->rules[rule].recent++;
    b->rules[rule].taken++;
}

int brake_end(struct brake *b)
{
    int rc = 0;

    for (size_t i = 0; b->rules != NULL && rc == 0 && i < b->rule_count; i++) {
        if (b->rules[i].taken > 0)
            rc = store_volume_add(b->world->store, b->world->rules[i].id, b->hour,
                                  b->rules[i].taken);
        b->rules[i].taken = 0;
    }
    return rc;
}

void brake_forget(struct brake *b)
{
    b->world = NULL;
}
