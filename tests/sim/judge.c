/*
 * The promises, checked at each launch: it comes right after the commit that claimed the message,
 * so what is true in the business now was true at the claim. Its words tell what it is about.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "send/written.h"
#include "sim.h"

#define TURN_MS 1000 /* what is claimed in the last moment of its hours leaves within it */
#define ROUGH_MS 10  /* the change log's time is a rounded fraction of a day */
#define AT_ONCE_US (10 * MINUTE_MS * 1000)
#define EDGE_MS (30 * MINUTE_MS) /* what goes earlier keeps away from the edge of the night */

/* --- the judgement --- */

struct launch {
    struct sim_exchange *x;
    struct sim_about *about;
    const struct sim_rule *r;
    const struct told *t;
    const char *to;
    bool again; /* a copy may be out there: the same bytes go, whatever is true by now */
    int64_t now_ms;
};

__attribute__((format(printf, 2, 3), noreturn)) static void wrong(const struct launch *l,
                                                                  const char *fmt, ...)
{
    char what[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    sim_fail("message %lld (%s, visit a%d, job j%d, client c%d, by %s): %s",
             (long long)l->about->id, l->r->name, l->t->visit, l->t->job, l->t->client,
             channel_name(l->x->channel), what);
}

/* Times of happenings mean something only while the clock was not set back since. */
static bool clock_is_honest(int64_t since_us)
{
    return S->stepped_us < since_us;
}

/* By how many minutes it may go before its time: it goes with another. */
static int merged_min(const struct launch *l)
{
    return l->about != &l->x->about[0] ? l->r->merge_min : 0;
}

/* A visit that was cancelled while its booking settled is told to nobody who has not heard of it.
 */
static void judge_slip(const struct launch *l, const struct sim_visit *v)
{
    int settle_min = 0;

    if (!clock_is_honest(v->booked_us) || v->hidden || l->again || S->disturbed_us >= v->booked_us)
        return;
    for (int i = 0; i < S->rule_count; i++) {
        const struct sim_rule *r = &S->rules[i];
        if (r->present && r->kind == SIM_BOOKED && !r->unless_confirmed &&
            r->changed_us < v->booked_us && r->settle_min > settle_min)
            settle_min = r->settle_min;
    }
    if (v->status_ms >= v->booked_ms + settle_min * MINUTE_MS - ROUGH_MS)
        return;
    for (int i = S->copy_count - 1; i >= 0 && S->copies[i].mono_us >= v->booked_us; i--)
        if (S->copies[i].subject == l->t->visit && S->copies[i].client >= 0)
            return;
    wrong(l, "it was booked and cancelled before the client heard of it");
}

static void judge_visit(const struct launch *l)
{
    const struct sim_visit *v = &S->visits[l->t->visit];
    const struct sim_rule *r = l->r;
    bool is_live = v->status == VISIT_BOOKED || v->status == VISIT_CONFIRMED;

    l->about->subject = l->t->visit;
    if (!v->present)
        wrong(l, "the visit was deleted");
    if (l->t->client != v->client)
        wrong(l, "the visit is c%d's", v->client);
    if (strcmp(l->t->starts, v->starts) != 0 && !l->again)
        wrong(l, "tells %s, but the visit starts at %s", l->t->starts, v->starts);
    switch (r->kind) {
    case SIM_CANCELLED:
    case SIM_MISSED:
    case SIM_CONFIRMED: {
        enum visit_status status = r->kind == SIM_CANCELLED ? VISIT_CANCELLED
                                   : r->kind == SIM_MISSED  ? VISIT_MISSED
                                                            : VISIT_CONFIRMED;
        if (v->status != status)
            wrong(l, "the visit's status is another");
        l->about->generation = v->statuses[status];
        if (clock_is_honest(v->status_us) && !v->hidden && v->status_ms < r->since_ms - SECOND_MS)
            wrong(l, "it happened before the rule was switched on");
        if (r->kind == SIM_CONFIRMED && l->now_ms >= v->starts_ms)
            wrong(l, "the visit has begun");
        if (r->kind == SIM_CANCELLED)
            judge_slip(l, v);
        break;
    }
    case SIM_AFTER:
        if (v->status == VISIT_CANCELLED || v->status == VISIT_MISSED)
            wrong(l, "the visit did not take place");
        l->about->generation = v->moves;
        break;
    default:
        if (!is_live)
            wrong(l, "the visit is off (status %d)", v->status);
        if (l->now_ms >= v->starts_ms)
            wrong(l, "the visit has begun");
        l->about->generation = r->kind == SIM_BOOKED ? v->bookings : v->moves;
        if (clock_is_honest(v->booked_us) && !v->hidden &&
            l->now_ms < v->booked_ms + r->settle_min * MINUTE_MS - ROUGH_MS)
            wrong(l, "before it has settled");
        if (r->kind <= SIM_MOVED && clock_is_honest(v->booked_us) && !v->hidden &&
            l->now_ms < v->booked_ms + (r->minutes - merged_min(l)) * MINUTE_MS - ROUGH_MS)
            wrong(l, "too soon");
        break;
    }
    if (r->unless_confirmed && v->status == VISIT_CONFIRMED)
        wrong(l, "the visit is confirmed");
}

/* Not before its time: but it may go earlier to stay out of the night. */
static void judge_early(const struct launch *l, int zone)
{
    const struct sim_visit *v = &S->visits[l->t->visit];
    int64_t due_ms, earliest_ms;

    if (S->hidden_us > S->mono_us - DAY_MS * 1000)
        return; /* the client's clock may be another than the service knows */
    if (l->r->kind == SIM_SOON) {
        due_ms = v->starts_ms - l->r->minutes * MINUTE_MS;
    } else if (l->r->kind == SIM_EVENING) {
        int of = v->zone >= 0 ? v->zone : SIM_ZONE_BUSINESS;
        int64_t day = civil_local(of, v->starts_ms) / DAY_MS - 1;
        due_ms = civil_instant(of, day * DAY_MS + 18 * HOUR_MS);
    } else {
        return;
    }
    for (earliest_ms = due_ms; !civil_allowed(l->r, zone, earliest_ms); earliest_ms -= MINUTE_MS)
        if (earliest_ms < due_ms - 2 * DAY_MS)
            wrong(l, "there is no hour in which it may go");
    earliest_ms -= EDGE_MS + merged_min(l) * MINUTE_MS;
    if (l->now_ms < earliest_ms)
        wrong(l, "%.1f minutes before its time", (double)(earliest_ms - l->now_ms) / MINUTE_MS);
    if (due_ms < l->r->since_ms - MINUTE_MS && clock_is_honest(l->r->changed_us))
        wrong(l, "its time was before the rule was switched on");
}

/* --- the conversation --- */

static void judge_talk(const struct launch *l, const char *trouble)
{
    if (trouble != NULL && !l->again)
        wrong(l, "%s", trouble);
}

static void judge_job(const struct launch *l)
{
    const struct sim_job *j = &S->jobs[l->t->job];
    const struct sim_rule *r = l->r;

    l->about->subject = SIM_VISITS + l->t->job;
    if (!j->present)
        wrong(l, "the job was deleted");
    if (l->t->client != j->client && S->clients[j->client].present)
        wrong(l, "the job is c%d's", j->client);
    l->about->generation = 0;
    switch (r->kind) {
    case SIM_ENTERS:
    case SIM_CHASE:
    case SIM_LATE_STAFF:
    case SIM_LATE_MANAGER:
        if (j->stage != r->stage)
            wrong(l, "the job has left the stage: it is %s", sim_stages[j->stage]);
        l->about->generation = j->entries[r->stage];
        if (!clock_is_honest(j->entered_us) || j->hidden)
            break;
        if (j->entered_ms < r->since_ms - SECOND_MS)
            wrong(l, "it happened before the rule was switched on");
        if (l->now_ms < j->entered_ms + r->settle_min * MINUTE_MS - ROUGH_MS)
            wrong(l, "before it has settled");
        if (r->times > 1 && talk_answered(l->t->job, j->entered_us))
            judge_talk(l, "the client has answered");
        if (r->kind == SIM_ENTERS && l->now_ms > j->entered_ms + 3 * DAY_MS)
            wrong(l, "long after it was useful");
        if (r->kind != SIM_ENTERS &&
            l->now_ms < j->entered_ms + (r->kind == SIM_CHASE ? 10 : r->minutes) * HOUR_MS -
                            merged_min(l) * MINUTE_MS - ROUGH_MS)
            wrong(l, "too soon");
        break;
    case SIM_AGAIN:
        if (j->stage != r->stage)
            wrong(l, "the job has left the stage: it is %s", sim_stages[j->stage]);
        l->about->generation = j->entries[r->stage];
        judge_talk(l, talk_again(l->r, l->t->job));
        break;
    case SIM_QUIET:
        l->about->generation = INT16_MAX; /* a silence is no happening to the job */
        judge_talk(l, talk_quiet(l->about->rule, l->t->job));
        break;
    case SIM_LEAVES:
        for (int i = 0; i < SIM_STAGES; i++) /* how often it can have left it at most */
            l->about->generation += i == r->stage ? j->entries[i] : 0;
        break;
    default:
        l->about->generation = j->entries[SIM_STAGE_DONE];
        break;
    }
}

static void judge_answer(const struct launch *l)
{
    l->about->subject = SIM_VISITS + SIM_JOBS + l->t->answer;
    l->about->generation = 1;
    judge_talk(l, talk_low(l->r, l->t->answer, l->t->client));
}

/* What a person wrote: to whom and how they wanted it, and before it grew old. */
static void judge_written(const struct launch *l)
{
    const struct sim_written *w = &S->written[l->t->written];

    l->about->subject = SIM_VISITS + SIM_JOBS + SIM_ANSWERS + l->t->written;
    l->about->generation = 1;
    if (w->message_id != l->about->id)
        wrong(l, "its words were written for message %lld", (long long)w->message_id);
    if (l->t->client != w->client)
        wrong(l, "it was written to c%d", w->client);
    if (clock_is_honest(w->at_us) && l->now_ms > w->at_ms + WRITTEN_USEFUL_DAYS * DAY_MS + TURN_MS)
        wrong(l, "long after it was written");
}

static void judge_words(const struct launch *l)
{
    if (l->t->written >= 0)
        judge_written(l);
    else if (l->t->visit >= 0)
        judge_visit(l);
    else if (l->t->job >= 0)
        judge_job(l);
    else if (l->t->answer >= 0)
        judge_answer(l);
    else
        wrong(l, "it is about nothing");
}

static bool same_number(const char *e164, const char *written)
{
    for (; *written != '\0'; written++)
        if (*written != ' ' && *written != *e164++)
            return false;
    return *e164 == '\0';
}

/* By two channels it is still one message, also when something happened between the two. */
static bool counted_already(int i)
{
    const struct sim_copy *c = &S->copies[i];

    for (int k = i + 1; k < S->copy_count; k++) {
        const struct sim_copy *o = &S->copies[k];
        if (o->clear && o->rule == c->rule && o->subject == c->subject &&
            (o->generation == c->generation || o->channel != c->channel))
            return true;
    }
    return false;
}

static void judge_caps(const struct launch *l)
{
    int day = 0, week = 0;

    if (!l->r->capped)
        return;
    for (int i = S->copy_count - 1; i >= 0; i--) {
        const struct sim_copy *c = &S->copies[i];
        if (c->wall_ms < l->now_ms - 30 * DAY_MS)
            break;
        if (c->client != l->t->client || c->with || !c->clear || !S->rules[c->rule].capped ||
            !S->rules[c->rule].present || c->wall_ms <= l->now_ms - 7 * DAY_MS ||
            (c->rule == l->about->rule && c->subject == l->about->subject) || counted_already(i))
            continue;
        day += c->wall_ms > l->now_ms - DAY_MS;
        week++;
    }
    if (day >= S->caps_day || week >= S->caps_week)
        wrong(l, "the client had %d messages in a day and %d in a week", day, week);
}

static void judge_client(const struct launch *l)
{
    const struct sim_client *c = &S->clients[l->t->client];
    enum channel ch = l->x->channel;
    char consent = c->consent[ch][l->r->purpose];
    int zone = c->zone >= 0 ? c->zone : SIM_ZONE_BUSINESS;

    l->about->recipient = l->t->client;
    if (!c->present)
        wrong(l, "the client was deleted");
    if (ch == CHANNEL_EMAIL ? strcmp(l->to, c->email) != 0 || !c->email_good
                            : !same_number(l->to, c->phone) || !c->phone_good)
        wrong(l, "it goes to an address that is not the client's (%s)", l->to);
    if (consent == 'o' || (l->r->purpose == PURPOSE_MARKETING && consent != 'i'))
        wrong(l, "the client has not agreed to it");
    if (l->r->by == SIM_BY_SMS ? ch != CHANNEL_SMS
                               : l->r->by == SIM_BY_EMAIL && ch != CHANNEL_EMAIL)
        wrong(l, "the rule wants another channel");
    if (!civil_allowed(l->r, zone, l->now_ms) && !civil_allowed(l->r, zone, l->now_ms - TURN_MS))
        wrong(l, "at %02d:%02d by the client's clock (%s)", civil_minute(zone, l->now_ms) / 60,
              civil_minute(zone, l->now_ms) % 60, sim_zones[zone]);
    if (l->t->visit >= 0)
        judge_early(l, zone);
    judge_caps(l);
}

static void judge_staff(const struct launch *l)
{
    int staff = S->jobs[l->t->job].staff;

    l->about->recipient = -1;
    if (staff >= 0 && l->r->kind == SIM_LATE_MANAGER)
        staff = S->staff[staff].manager;
    if (staff < 0 || !S->staff[staff].active)
        wrong(l, "nobody is in charge, and yet it goes to %s", l->to);
    if (strcmp(l->to, S->staff[staff].email) != 0)
        wrong(l, "s%d is in charge, and it goes to %s", staff, l->to);
}

/* The same happening by another channel, when the rule still asked for both. */
static bool other_half(int i)
{
    const struct sim_copy *c = &S->copies[i];

    for (int k = i + 1; k < S->copy_count; k++) {
        const struct sim_copy *o = &S->copies[k];
        if (o->clear && o->rule == c->rule && o->subject == c->subject &&
            o->generation == c->generation && o->channel != c->channel)
            return true;
    }
    return false;
}

/* One (rule, subject, happening) is not told twice; what may have been lost is another matter. */
static void judge_copies(const struct launch *l)
{
    int all = 0;

    for (int i = S->copy_count - 1; i >= 0; i--) {
        const struct sim_copy *c = &S->copies[i];
        if (!c->clear || c->rule != l->about->rule || c->subject != l->about->subject)
            continue;
        if (c->id == l->about->id)
            wrong(l, "it was sent already");
        if (l->r->by == SIM_BY_BOTH ? c->channel == (int8_t)l->x->channel : !other_half(i))
            all++;
    }
    if (all >= l->about->generation && l->r->times == 1)
        wrong(l, "%d were sent already, but it happened %d times", all, l->about->generation);
}

/* Nothing has happened to what it is about since the rule was changed, so that the change itself is
 * why it goes. */
static bool by_the_change(const struct launch *l)
{
    int64_t changed_us = l->r->changed_us;

    if (S->clients[l->t->client].changed_us >= changed_us || S->hidden_us >= changed_us ||
        S->stepped_us >= changed_us)
        return false;
    if (l->r->kind == SIM_AGAIN || l->r->kind == SIM_LOW)
        return false; /* the question, the answer may be newer than the change */
    if (l->t->visit >= 0) {
        const struct sim_visit *v = &S->visits[l->t->visit];
        return v->known_us < changed_us && v->booked_us < changed_us && v->status_us < changed_us;
    }
    return S->jobs[l->t->job].entered_us < changed_us;
}

/* A rule that was changed writes to so many clients at once, and no more without a yes. */
static void judge_blast(const struct launch *l)
{
    int rule = l->about->rule, clients = 0;

    if (l->about->recipient < 0 || S->blast == 0 || S->allowed[rule] ||
        S->messages[l->about->id].launches > 0 || S->mono_us > l->r->changed_us + AT_ONCE_US ||
        !by_the_change(l))
        return;
    S->blasted[rule][l->t->client / 64] |= UINT64_C(1) << l->t->client % 64;
    for (int i = 0; i < SIM_CLIENTS / 64; i++)
        clients += __builtin_popcountll(S->blasted[rule][i]);
    if (clients > S->blast)
        wrong(l, "it was changed, and writes to more than %d clients at once", S->blast);
}

static int rule_of(const struct told *t)
{
    if (t->written >= 0)
        return written_by_rule(&S->written[t->written]);
    for (int i = 0; i < S->rule_count; i++)
        if (strcmp(S->rules[i].name, t->rule) == 0)
            return i;
    return -1;
}

/* One of the messages that go: may it? */
static void judge_one(struct sim_exchange *x, struct sim_about *about, const struct told *t,
                      const char *to)
{
    struct launch l = {.x = x, .about = about, .t = t, .to = to, .now_ms = sim_wall_ms()};

    if (about->id >= SIM_MESSAGES)
        sim_fail("more messages than the simulation can count");
    about->rule = rule_of(t);
    if (about->rule < 0)
        sim_fail("message %lld is of an unknown rule: %s", (long long)about->id, t->rule);
    l.r = &S->rules[about->rule];
    l.again = S->messages[about->id].unclear > 0;
    if (!l.r->present)
        wrong(&l, "the rule was taken out of the playbook");
    if (people_paused(about->rule) != NULL)
        wrong(&l, "%s", people_paused(about->rule));
    judge_words(&l);
    if (l.r->kind == SIM_LATE_STAFF || l.r->kind == SIM_LATE_MANAGER || l.r->kind == SIM_QUIET)
        judge_staff(&l);
    else
        judge_client(&l);
    judge_blast(&l);
    judge_copies(&l);
    S->messages[about->id].launches++;
    S->messages[about->id].client = (int16_t)about->recipient;
}

/* --- messages that go as one --- */

struct together {
    struct sim_exchange *x;
    const char *to, *text;
    const struct told *leader;
    int named; /* records that the words name */
};

static int count(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

/* Has the message spoken of this record before the last of its rows? */
static bool named_already(const struct sim_exchange *x)
{
    for (int i = 0; i < x->about_count - 1; i++)
        if (x->about[i].subject == x->about[x->about_count - 1].subject)
            return true;
    return false;
}

/* Only texts hold every word; a mail's subject those of its first text, which speaks of visits or
 * of jobs, and of times in one zone. */
static bool is_shown(const struct together *g, const struct told *t)
{
    if (g->x->channel == CHANNEL_SMS || t->visit < 0)
        return g->x->channel == CHANNEL_SMS || g->leader->visit < 0;
    return g->leader->visit >= 0 && S->visits[t->visit].zone == S->visits[g->leader->visit].zone;
}

/* A row that goes with the message: the words name its record, and by all that holds for a message
 * of its own it may go. */
static void judge_other(sqlite3_stmt *st, void *arg)
{
    struct together *g = arg;
    const char *rule = (const char *)sqlite3_column_text(st, 1);
    const char *ref = (const char *)sqlite3_column_text(st, 2);
    struct told t = {
        .visit = -1, .job = -1, .answer = -1, .written = -1, .client = g->leader->client};
    char key[40];
    bool visit = ref[0] == 'a';

    if (g->x->about_count == SIM_TOGETHER)
        sim_fail("more messages go as one than may");
    struct sim_about *about = &g->x->about[g->x->about_count++];
    about->id = sqlite3_column_int64(st, 0);
    snprintf(t.rule, sizeof(t.rule), "%s", rule);
    *(visit ? &t.visit : &t.job) = atoi(ref + 1);
    snprintf(key, sizeof(key), visit ? "A=%s T=" : "J=%s ", ref);
    const char *at = strstr(g->text, key);
    if (at != NULL) {
        words_part(at, "T=", t.starts, sizeof(t.starts));
    } else if (is_shown(g, &t)) {
        sim_fail("message %lld goes with %lld, whose words do not name %s: %s",
                 (long long)about->id, (long long)g->x->id, ref, g->text);
    } else if (visit) {
        snprintf(t.starts, sizeof(t.starts), "%s", S->visits[t.visit].starts);
    }
    judge_one(g->x, about, &t, g->to);
    g->named += at != NULL && !named_already(g->x);
    const struct sim_rule *r = &S->rules[about->rule], *l = &S->rules[g->x->about[0].rule];
    if (!S->messages[about->id].unclear &&
        (r->merge_min == 0 || l->merge_min == 0 || r->purpose != l->purpose))
        sim_fail("message %lld (%s) may not go with %s", (long long)about->id, r->name, l->name);
    sim_note("   with it goes %lld: %s %s", (long long)about->id, rule, ref);
    S->merged++;
}

static void judge_others(struct together *g)
{
    char sql[300];

    snprintf(sql, sizeof(sql),
             "SELECT m.id, r.name, e.key FROM message m JOIN rule r ON r.id = m.rule_id "
             "JOIN entity e ON e.id = m.subject_id WHERE m.leader_id = %lld AND m.state = 3",
             (long long)g->x->id);
    audit_each(sql, judge_other, g);
    if (count(g->text, "A=a") + count(g->text, "J=j") + count(g->text, "N=n") != 1 + g->named)
        sim_fail("message %lld speaks of others than those that go with it: %s",
                 (long long)g->x->id, g->text);
}

void judge_launch(struct sim_exchange *x, const char *to, const char *data, size_t len)
{
    char text[WORDS_MAX];
    struct told t;
    struct together g = {.x = x, .to = to, .text = text, .leader = &t};

    words_find(x, data, len, text);
    words_read(text, &t);
    sim_note("launch %lld to gateway %d: %s", (long long)x->id, x->gateway, text);
    x->about[0].id = x->id;
    x->about_count = 1;
    judge_one(x, &x->about[0], &t, to);
    people_brake(x);
    if (S->merging && t.written < 0)
        judge_others(&g);
}

void judge_accept(struct sim_exchange *x)
{
    if (S->copy_count + x->about_count > SIM_COPIES)
        sim_fail("more copies than the simulation can keep");
    S->accepted++;
    S->by_hand += x->about[0].rule >= SIM_RULES;
    x->copy = S->copy_count;
    for (int i = 0; i < x->about_count; i++) {
        const struct sim_about *a = &x->about[i];
        struct sim_message *m = &S->messages[a->id];
        if (m->accepted > m->unclear)
            sim_fail("message %lld was accepted %d times, with %d answers unclear",
                     (long long)a->id, m->accepted + 1, m->unclear);
        m->accepted++;
        S->copies[S->copy_count++] = (struct sim_copy){
            .id = a->id,
            .with = i > 0,
            .wall_ms = sim_wall_ms(),
            .mono_us = S->mono_us,
            .rule = (int16_t)a->rule,
            .channel = (int8_t)x->channel,
            .capped = S->rules[a->rule].capped,
            .subject = a->subject,
            .generation = a->generation,
            .client = a->recipient,
        };
    }
    S->digest = (S->digest ^ (uint64_t)x->id) * 1099511628211u ^ (uint64_t)sim_wall_ms();
}
