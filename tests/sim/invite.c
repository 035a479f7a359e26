/*
 * Invitations, as the calendars of clients see them: each visit has one UID for good, each newer
 * happening a higher SEQUENCE than all that a client has got (a calendar drops what is not newer),
 * and what is told is true: its time by the visit's own clock, REQUEST while it stands, CANCEL when
 * it was called off. Numbers count from what the outside world has accepted, so that one that a
 * crash or a power cut made the service forget would be found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

#define LINE_MAX_BYTES 200

/* The line of the calendar that begins with `name`, less that; false: there is none. */
static bool line_of(const char *data, size_t len, const char *name, char out[LINE_MAX_BYTES])
{
    char key[40];
    const char *at;

    snprintf(key, sizeof(key), "\r\n%s", name);
    at = memmem(data, len, key, strlen(key));
    out[0] = '\0';
    if (at == NULL)
        return false;
    at += strlen(key);
    snprintf(out, LINE_MAX_BYTES, "%.*s", (int)strcspn(at, "\r"), at);
    return true;
}

static uint64_t hash(const char *text)
{
    uint64_t h = 14695981039346656037u;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

/* The time of a visit as its own clock shows it: 20261208T150000, with a Z where that is UTC. */
static void clock_of(const struct sim_visit *v, char out[20])
{
    int zone = v->zone >= 0 ? v->zone : SIM_ZONE_BUSINESS;
    time_t t = (time_t)(civil_local(zone, v->starts_ms) / SECOND_MS);
    bool utc = strcmp(sim_zones[zone], "UTC") == 0;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, 20, utc ? "%Y%m%dT%H%M%SZ" : "%Y%m%dT%H%M%S", &tm);
}

static void judge_truth(const struct sim_exchange *x, const struct sim_visit *v, const char *starts,
                        bool cancel)
{
    bool off = v->status == VISIT_CANCELLED;
    char expected[20];
    const char *shown = strrchr(starts, ':');

    clock_of(v, expected);
    if (shown == NULL || strcmp(shown + 1, expected) != 0)
        sim_fail("the invitation of message %lld says %s, and the visit starts at %s",
                 (long long)x->id, starts, expected);
    if (off != cancel)
        sim_fail("the invitation of message %lld %s, and the visit is %s", (long long)x->id,
                 cancel ? "takes the visit out" : "invites", off ? "off" : "on");
}

void invite_launch(struct sim_exchange *x, const char *data, size_t len)
{
    const struct sim_about *about = &x->about[0];
    const struct sim_rule *r = &S->rules[about->rule];
    char uid[LINE_MAX_BYTES], number[LINE_MAX_BYTES], starts[LINE_MAX_BYTES],
        method[LINE_MAX_BYTES];

    x->calendar = (struct sim_calendar){0};
    if (x->channel != CHANNEL_EMAIL || about->subject >= SIM_VISITS)
        return;
    const struct sim_visit *v = &S->visits[about->subject];
    const struct sim_calendar *known = &S->calendars[about->subject];
    bool has = line_of(data, len, "METHOD:", method), again = S->messages[x->id].unclear > 0;
    if (!has && r->invite && !again && (v->status != VISIT_CANCELLED || known->uid != 0))
        sim_fail("message %lld (%s) has no invitation", (long long)x->id, r->name);
    if (!has)
        return;
    const char *event = memmem(data, len, "BEGIN:VEVENT", 12);
    size_t rest = event != NULL ? len - (size_t)(event - data) : 0;
    if (rest == 0 || !line_of(event, rest, "UID:", uid) ||
        !line_of(event, rest, "SEQUENCE:", number) || !line_of(event, rest, "DTSTART", starts))
        sim_fail("the invitation of message %lld cannot be read", (long long)x->id);
    x->calendar = (struct sim_calendar){
        .uid = hash(uid), .told = hash(starts) ^ hash(method), .sequence = atoi(number)};
    if (known->uid != 0 && known->uid != x->calendar.uid)
        sim_fail("the invitation of message %lld has another UID than the ones before",
                 (long long)x->id);
    if (again)
        return; /* the same bytes */
    judge_truth(x, v, starts, strcmp(method, "CANCEL") == 0);
    if (known->uid != 0 &&
        x->calendar.sequence < known->sequence + (known->told != x->calendar.told))
        sim_fail("the invitation of message %lld has SEQUENCE %d, and %d is out", (long long)x->id,
                 x->calendar.sequence, known->sequence);
    S->invited++;
}

void invite_accept(const struct sim_exchange *x)
{
    struct sim_calendar *known;

    if (x->calendar.uid == 0)
        return;
    known = &S->calendars[x->about[0].subject];
    if (known->uid == 0 || x->calendar.sequence >= known->sequence)
        *known = x->calendar;
}
