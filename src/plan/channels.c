/* Which channels a rule uses for a person. See plan_channels in plan/plan.h. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

struct choice {
    enum channel channels[CHANNEL_COUNT];
    size_t count;
    bool fixed; /* the rule names them: no other channel comes in */
};

static void add(struct choice *c, enum channel channel)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->channels[i] == channel)
            return;
    c->channels[c->count++] = channel;
}

static struct choice wanted(const struct rule *r, const struct business *b,
                            const struct plan_contact *p)
{
    struct choice c = {.fixed = true};

    switch (r->by) {
    case BY_SMS:
        add(&c, CHANNEL_SMS);
        break;
    case BY_EMAIL:
        add(&c, CHANNEL_EMAIL);
        break;
    case BY_SMS_THEN_EMAIL:
    case BY_SMS_AND_EMAIL:
        add(&c, CHANNEL_SMS);
        add(&c, CHANNEL_EMAIL);
        break;
    case BY_EMAIL_THEN_SMS:
        add(&c, CHANNEL_EMAIL);
        add(&c, CHANNEL_SMS);
        break;
    case BY_TASK:
        add(&c, CHANNEL_TASK);
        break;
    case BY_PREFERRED:
        c.fixed = false;
        if (p->preferred_set)
            add(&c, p->preferred);
        for (size_t i = 0; i < b->prefer_count; i++)
            add(&c, b->prefer[i]);
        break;
    }
    return c;
}

/* Why this channel cannot be used for this person; false: it can. */
static bool unusable(const struct rule *r, const struct plan_contact *p, enum channel c,
                     char *reason)
{
    if (c == CHANNEL_TASK)
        return false;
    const char *address = c == CHANNEL_EMAIL ? p->email : p->phone;
    const char *problem = c == CHANNEL_EMAIL ? p->email_problem : p->phone_problem;
    const char *what = c == CHANNEL_EMAIL ? "e-mail address" : "phone number";
    if (address == NULL && problem != NULL) {
        size_t n = strlen(what); /* "the phone number is too short": not the same words twice */
        if (strncmp(problem, "the ", 4) == 0 && strncmp(problem + 4, what, n) == 0)
            problem += 5 + n;
        snprintf(reason, PLAN_REASON_MAX, "the %s cannot be used: %s", what, problem);
    } else if (address == NULL)
        snprintf(reason, PLAN_REASON_MAX, "no %s is known", what);
    else if (p->opted_out[c][r->purpose] && r->purpose == PURPOSE_MARKETING)
        snprintf(reason, PLAN_REASON_MAX, "has not agreed to %s messages",
                 purpose_name(r->purpose));
    else if (p->opted_out[c][r->purpose])
        snprintf(reason, PLAN_REASON_MAX, "has opted out of %s messages by %s",
                 purpose_name(r->purpose), channel_name(c));
    else
        return false;
    return true;
}

size_t plan_channels(const struct rule *r, const struct business *b, const struct plan_contact *p,
                     enum channel out[2], char *reason)
{
    struct choice c = wanted(r, b, p);
    char why[PLAN_REASON_MAX];
    size_t n = 0;

    reason[0] = '\0';
    for (size_t i = 0; i < c.count && n < 2; i++) {
        if (!unusable(r, p, c.channels[i], why)) {
            out[n++] = c.channels[i];
            continue;
        }
        if (reason[0] == '\0') {
            memcpy(reason, why, sizeof(why));
        } else if (strstr(reason, why) == NULL) {
            size_t len = strlen(reason);
            snprintf(reason + len, PLAN_REASON_MAX - len, "; %s", why);
        }
    }
    if (n > 0)
        reason[0] = '\0';
    return n;
}
