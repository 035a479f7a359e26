/*
 * Bring the planned rows of one subject in line with what the planner wants. See watch/replan.h.
 *
 * Rows and intents meet by (rule, occurrence, repeat, recipient). The channel is part of a row's
 * key, but only `sms and email` wants one row of each: for all other rules one row of any channel
 * answers the intent, so that a client who changes her preferred channel hears once.
 */
#include "watch/replan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/merge.h"
#include "store/answers.h"
#include "store/messages.h"
#include "store/tasks.h"
#include "watch/absorb.h"
#include "watch/reach.h"
#include "watch/replan_inner.h"
#include "watch/stray.h"
#include "watch/subject.h"

struct replan {
    struct world *w;
    int64_t now_ms;
    int64_t subject_id;
    const struct plan_subject *subject; /* NULL: the record is gone */
    const struct intents *intents;
    struct message *rows;
    size_t row_count;
    bool *wanted;                 /* per row: an intent answers for it */
    char (*why)[PLAN_REASON_MAX]; /* per rule: the planner's last word about it */
    struct message *added;        /* not written yet; their words are the intents' */
    size_t added_count, added_cap;
    const struct rule *only; /* the one that is planned, whose rows these are; NULL: all */
    struct replan_counts *counts;
    /* The recipient of the intent before, who is mostly that of the next one: client or staff by
     * row, with the entity. 0: not known. */
    enum recipient last;
    int64_t last_row, last_id;
};

static void keep_word(void *arg, const struct rule *r, const char *text)
{
    struct replan *p = arg;

    snprintf(p->why[r - p->w->playbook->rules], PLAN_REASON_MAX, "%s", text);
}

static int recipient_entity(struct replan *p, const struct intent *in, int64_t *id)
{
    struct store *s = p->w->store;
    char *key, *facts;
    int rc;

    if (in->recipient == p->last && in->recipient_row == p->last_row && p->last_id != 0 &&
        in->recipient_row != 0) {
        *id = p->last_id;
        return 0;
    }
    if (in->recipient == RECIPIENT_ADDRESS)
        return store_entity_intern(s, ENTITY_ADDRESS, in->address, 0, id);
    if (in->recipient == RECIPIENT_OFFICE)
        return store_entity_intern(s, ENTITY_OFFICE, "office", 0, id);
    enum entity_kind kind = in->recipient == RECIPIENT_CLIENT ? ENTITY_CLIENT : ENTITY_STAFF;
    p->last = in->recipient;
    p->last_row = in->recipient_row;
    p->last_id = 0;
    rc = store_entity_id_of_row(s, kind, in->recipient_row, id);
    if (rc == 0)
        p->last_id = *id;
    if (rc != ERR_NOTFOUND)
        return rc;
    /* Its own change was not looked at yet: know it by its key; the rest follows then. */
    rc = store_facts(s, kind, in->recipient_row, &key, &facts);
    if (rc == 0)
        rc = store_entity_intern(s, kind, key, in->recipient_row, id);
    free(key);
    free(facts);
    return rc;
}

/* --- one intent --- */

static bool is_planned(const struct replan *p, const struct intent *in)
{
    return p->only == NULL || &p->w->playbook->rules[in->rule] == p->only;
}

static bool answers(const struct replan *p, const struct message *m, const struct intent *in,
                    int64_t recipient_id)
{
    return m->rule_id == p->w->rules[in->rule].id && m->occurrence == in->occurrence &&
           m->repeat == in->repeat && m->recipient_id == recipient_id &&
           (p->w->playbook->rules[in->rule].by != BY_SMS_AND_EMAIL || m->channel == in->channel);
}

/* The end that an intent which is not to be sent gets; or planned. */
static enum message_state state_for(const struct replan *p, const struct intent *in,
                                    const char **reason)
{
    *reason = in->reason[0] != '\0' ? in->reason : NULL;
    if (in->verdict == VERDICT_SKIP)
        return MESSAGE_SKIPPED;
    if (in->verdict == VERDICT_FAIL)
        return MESSAGE_FAILED;
    if (in->expires_ms <= p->now_ms) {
        *reason = "it was no longer useful when the service could have sent it";
        return MESSAGE_EXPIRED;
    }
    return MESSAGE_PLANNED;
}

/* It was decided against: a client whom nothing reaches is somebody's task. */
static int note_unreached(struct replan *p, const struct intent *in, int64_t recipient_id)
{
    const struct plan_subject *s = p->subject;
    const struct rule *r = &p->w->playbook->rules[in->rule];
    char why[PLAN_REASON_MAX];

    if (in->recipient != RECIPIENT_CLIENT || in->expires_ms <= p->now_ms ||
        !reach_is_lost(p->w, r, s->client, why))
        return 0;
    struct unreached u = {
        .client_id = recipient_id,
        .client_row = in->recipient_row,
        .rule = r,
        .job_id = s->job != NULL ? s->job->id : 0,
        .appointment_id = s->appointment != NULL ? s->appointment->id : 0,
        .why = why,
    };
    return reach_lost(p->w, &u, p->now_ms);
}

static bool is_decided_against(enum message_state s)
{
    return s == MESSAGE_SKIPPED || s == MESSAGE_FAILED;
}

static int add_row(struct replan *p, const struct intent *in, int64_t recipient_id)
{
    const char *reason;
    struct message m = {
        .rule_id = p->w->rules[in->rule].id,
        .subject_id = p->subject_id,
        .recipient_id = recipient_id,
        .occurrence = in->occurrence,
        .repeat = in->repeat,
        .channel = in->channel,
        .nominal_ms = in->nominal_ms,
        .due_ms = in->due_ms,
        .expires_ms = in->expires_ms,
        .next_ms = in->due_ms,
        .state_ms = p->now_ms,
        .merges = plan_may_merge(&p->w->playbook->rules[in->rule], in->channel),
        .inside = in->recipient == RECIPIENT_STAFF || in->recipient == RECIPIENT_OFFICE,
    };

    m.state = state_for(p, in, &reason);
    m.reason = (char *)reason;
    p->counts->planned += m.state == MESSAGE_PLANNED;
    mem_grow(&p->added, &p->added_cap, p->added_count + 1, sizeof(*p->added));
    p->added[p->added_count++] = m;
    return is_decided_against(m.state) ? note_unreached(p, in, recipient_id) : 0;
}

static bool row_has_channel(const struct replan *p, const struct message *like,
                            enum channel channel)
{
    for (size_t i = 0; i < p->row_count; i++) {
        const struct message *m = &p->rows[i];
        if (m->rule_id == like->rule_id && m->occurrence == like->occurrence &&
            m->repeat == like->repeat && m->recipient_id == like->recipient_id &&
            m->channel == channel)
            return true;
    }
    return false;
}

/* What ended when its time came, and why, is history: only what brings it back to life is news, not
 * another end. Before its time the plan's last word counts. */
static bool keeps_end(const struct replan *p, const struct message *m, const struct intent *in,
                      enum message_state to)
{
    if (to == MESSAGE_PLANNED)
        return false;
    return to == m->state || to == MESSAGE_EXPIRED || in->due_ms <= p->now_ms;
}

/* The channel that the intent names, unless the row was tried by its own. */
static enum channel channel_for(const struct replan *p, const struct message *m,
                                const struct intent *in)
{
    return m->attempts == 0 && !row_has_channel(p, m, in->channel) ? in->channel : m->channel;
}

/* The times and the channel of the intent; *same: the row has them already. */
static int update_times(struct replan *p, struct message *m, const struct intent *in, bool *same)
{
    enum channel channel = channel_for(p, m, in);
    bool merges = plan_may_merge(&p->w->playbook->rules[in->rule], channel);

    *same = m->occurrence == in->occurrence && m->nominal_ms == in->nominal_ms &&
            m->due_ms == in->due_ms && m->expires_ms == in->expires_ms && m->channel == channel &&
            (m->merges == merges || m->attempts > 0);
    if (*same)
        return 0;
    const struct message before = *m;
    struct message n = before;
    m->occurrence = n.occurrence = in->occurrence;
    n.nominal_ms = in->nominal_ms;
    n.due_ms = in->due_ms;
    n.expires_ms = in->expires_ms;
    n.next_ms = in->due_ms;
    n.channel = channel;
    n.merges = merges;
    p->counts->moved += message_is_pending(m->state);
    return store_message_replan(p->w->store, &before, &n);
}

/* A pending row, or one that was decided against before it ever left: bring it in line. */
static int update_row(struct replan *p, struct message *m, const struct intent *in)
{
    const char *reason;
    enum message_state to = state_for(p, in, &reason);
    bool pending = message_is_pending(m->state), same;
    int rc = update_times(p, m, in, &same);

    if (rc != 0)
        return rc;
    if (pending && to == MESSAGE_PLANNED) {
        if (m->state != MESSAGE_HELD)
            return 0;
        /* What it was held for may have been mended; until it goes, its task stays open. */
        to = same ? MESSAGE_HELD : MESSAGE_PLANNED;
        return store_message_move(p->w->store, m, to, p->now_ms, in->due_ms,
                                  same ? m->reason : NULL);
    }
    if (!pending && keeps_end(p, m, in, to))
        return 0;
    p->counts->planned += !pending && to == MESSAGE_PLANNED;
    p->counts->voided += pending;
    rc = store_message_move(p->w->store, m, to, p->now_ms, in->due_ms, reason);
    return rc == 0 && is_decided_against(to) ? note_unreached(p, in, m->recipient_id) : rc;
}

/* A row that a person decided about. What she took up again keeps its times and only goes by the
 * channel that is right by now; what she cancelled stays so, but its times are kept in step with
 * the record, so that it can be planned again for the right one. */
static int follow(struct replan *p, struct message *m, const struct intent *in)
{
    bool same;

    if (m->attempts > 0)
        return 0;
    if (m->state == MESSAGE_CANCELLED)
        return update_times(p, m, in, &same);
    enum channel channel = channel_for(p, m, in);
    if (!message_is_retried(m) || channel == m->channel || in->verdict != VERDICT_SEND)
        return 0;
    struct message n = *m;
    n.channel = channel;
    n.merges = plan_may_merge(&p->w->playbook->rules[in->rule], channel);
    return store_message_replan(p->w->store, m, &n);
}

/* The gate decided it, and a new plan would only bring it back to the same decision. */
static bool decided(const struct message *m)
{
    return m->attempts > 0 || m->final || m->state == MESSAGE_SENDING;
}

/* Of several rows that answer one intent (the rule named other channels once, or its first channel
 * failed) the one that stands highest counts: what has left the house, what may have, what waits by
 * the right channel, what can be taken up by the right channel, what waits otherwise. */
static int standing(const struct message *m, enum channel wanted)
{
    enum { ENDED, ENDED_FOR_GOOD, WAITS, ENDED_HERE, WAITS_HERE, TRIED, LEFT };
    bool here = m->channel == wanted;

    if (m->state == MESSAGE_SENDING || (m->state >= MESSAGE_UNKNOWN && m->state <= MESSAGE_BOUNCED))
        return LEFT;
    if (message_is_pending(m->state))
        return m->attempts > 0 ? TRIED : here ? WAITS_HERE : WAITS;
    if (decided(m))
        return ENDED_FOR_GOOD;
    return here ? ENDED_HERE : ENDED;
}

/* A silence that began anew: the row that waited for the end of the last one waits for this one's,
 * instead of leaving a cancelled row behind at each contact. A row that was tried, or whose time
 * came, belongs to its own silence. */
static bool takes_over(const struct replan *p, const struct message *m, const struct intent *in,
                       int64_t recipient_id)
{
    struct intent then = *in;

    then.occurrence = m->occurrence;
    return p->w->playbook->rules[in->rule].event == EVENT_CLIENT_SILENCE &&
           answers(p, m, &then, recipient_id) && m->attempts == 0 && !m->final &&
           (message_is_pending(m->state) || m->due_ms > p->now_ms);
}

/* The row that stands highest of those that `fits`; NULL: none. */
static struct message *highest(const struct replan *p, const struct intent *in,
                               int64_t recipient_id,
                               bool (*fits)(const struct replan *p, const struct message *m,
                                            const struct intent *in, int64_t recipient_id))
{
    struct message *found = NULL;

    for (size_t i = 0; i < p->row_count; i++)
        if (fits(p, &p->rows[i], in, recipient_id) &&
            (found == NULL || standing(&p->rows[i], in->channel) > standing(found, in->channel)))
            found = &p->rows[i];
    return found;
}

/* Has this row told somebody? A task that is open moves along with the work; one that was done is
 * done. */
static int has_told(const struct replan *p, const struct message *m, bool *told)
{
    *told = m->state == MESSAGE_SENDING || m->state == MESSAGE_UNKNOWN ||
            m->state == MESSAGE_SENT || m->state == MESSAGE_DELIVERED;
    return *told && m->channel == CHANNEL_TASK ? store_task_was_done(p->w->store, m->id, told) : 0;
}

/* Was somebody of the house told already? Whoever has taken over the work since, or joined the
 * department, is not told the same thing again. */
static int told_already(const struct replan *p, const struct intent *in, bool *told)
{
    int rc = 0;

    *told = false;
    if (in->recipient != RECIPIENT_STAFF && in->recipient != RECIPIENT_OFFICE)
        return 0;
    for (size_t i = 0; rc == 0 && !*told && i < p->row_count; i++) {
        const struct message *m = &p->rows[i];
        if (m->rule_id == p->w->rules[in->rule].id && m->occurrence == in->occurrence &&
            m->repeat == in->repeat)
            rc = has_told(p, m, told);
    }
    return rc;
}

/* What a person took up again goes, also beside another row for the same thing. */
static void keep_retried(struct replan *p, const struct intent *in, int64_t recipient_id)
{
    for (size_t i = 0; i < p->row_count; i++)
        if (message_is_retried(&p->rows[i]) && answers(p, &p->rows[i], in, recipient_id))
            p->wanted[i] = true;
}

static int meet(struct replan *p, const struct intent *in)
{
    int64_t recipient_id;
    bool told = false;
    int rc = recipient_entity(p, in, &recipient_id);

    if (rc != 0)
        return rc;
    struct message *m = highest(p, in, recipient_id, answers);
    if (m == NULL)
        m = highest(p, in, recipient_id, takes_over);
    if (m != NULL) {
        p->wanted[m - p->rows] = true;
        keep_retried(p, in, recipient_id);
    }
    if (m != NULL && m->final)
        return follow(p, m, in);
    if (m != NULL && decided(m) && !message_is_pending(m->state))
        return 0;
    if (m == NULL || !message_is_pending(m->state)) {
        rc = told_already(p, in, &told);
        if (rc != 0 || told)
            return rc;
    }
    return m != NULL ? update_row(p, m, in) : add_row(p, in, recipient_id);
}

/* --- rows that nothing wants any more --- */

static const char *void_reason(const struct replan *p, const struct message *m)
{
    int rule = world_rule_by_id(p->w, m->rule_id);

    if (rule < 0)
        return "the rule was taken out of the playbook";
    if (p->why[rule][0] != '\0')
        return p->why[rule];
    if (p->w->playbook->rules[rule].event == EVENT_CLIENT_SILENCE)
        return "the client has heard from us since";
    return rule_on_appointment(&p->w->playbook->rules[rule])
               ? "the appointment was moved: a newer message takes its place"
               : "the job was changed: a newer message takes its place";
}

/* Why a task that was raised has nothing left to do: what it was raised for does not stand any
 * more, or it is another person's now; NULL: there is no such reason. That its rule was edited or
 * taken out is none: the work is still there. */
static const char *moot(const struct replan *p, const struct message *m, const char *reason)
{
    int rule = world_rule_by_id(p->w, m->rule_id);

    if (p->subject == NULL)
        return reason;
    if (rule < 0)
        return NULL;
    if (!plan_stands(&p->w->plan, p->subject, &p->w->playbook->rules[rule], m->occurrence))
        return void_reason(p, m);
    for (size_t i = 0; i < p->intents->count; i++) {
        const struct intent *in = &p->intents->items[i];
        if (in->rule == (size_t)rule && in->occurrence == m->occurrence && in->repeat == m->repeat)
            return "it is another person's task now";
    }
    return NULL;
}

/* A row that nothing wants: one that waits goes no more; a task that was raised, by its rule or
 * because its client goes without it, may end. */
static int void_one(struct replan *p, const struct message *m, const char *reason)
{
    if (message_is_pending(m->state)) {
        p->counts->voided++;
        return store_message_move(p->w->store, m, MESSAGE_CANCELLED, p->now_ms, m->next_ms,
                                  reason != NULL ? reason : void_reason(p, m));
    }
    if (m->state != MESSAGE_SKIPPED && (m->channel != CHANNEL_TASK || m->state != MESSAGE_SENT))
        return 0;
    const char *why = moot(p, m, reason);
    return why != NULL ? store_tasks_settle(p->w->store, m->id, why, p->now_ms) : 0;
}

static int void_unwanted(struct replan *p, const char *reason)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < p->row_count; i++)
        if (!p->wanted[i])
            rc = void_one(p, &p->rows[i], reason);
    return rc;
}

/* Its client is not there: a slip of the writer's that nobody would notice otherwise. Once a person
 * has seen to it, it takes another client who is not there to be told again. */
static int tell_orphan(struct replan *p, const struct subject *s)
{
    const char *kind = s->plan.job != NULL           ? "job"
                       : s->plan.appointment != NULL ? "appointment"
                                                     : "answer";
    char *key =
        mem_printf("orphan:%lld:%lld", (long long)p->subject_id, (long long)s->plan.client_row);
    char *text = mem_printf("The %s %s belongs to client %lld, who is not in the database.", kind,
                            s->entity.key, (long long)s->plan.client_row);
    struct task t = {.key = key,
                     .job_id = s->job.id,
                     .appointment_id = s->appointment.id,
                     .text = text,
                     .once = true};

    int rc = store_task_raise(p->w->store, &t, p->now_ms);
    free(key);
    free(text);
    return rc;
}

/* Does anything come too late to be said in its time? Then what a rule gets depends on others. */
static bool any_missed(const struct intents *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].missed)
            return true;
    return false;
}

static int meet_all(struct replan *p, const struct subject *s)
{
    struct world *w = p->w;
    int rc = 0;

    if (s->plan.client == NULL)
        rc = tell_orphan(p, s);
    if (rc == 0 && s->plan.job != NULL && stray_stage(w->playbook, s->entity.state))
        rc = stray_found(w, p->subject_id, s->entity.state, p->now_ms);
    for (size_t i = 0; rc == 0 && i < p->intents->count; i++)
        if (is_planned(p, &p->intents->items[i]))
            rc = meet(p, &p->intents->items[i]);
    if (rc == 0)
        rc = store_messages_add(w->store, p->added, p->added_count);
    return rc == 0 ? void_unwanted(p, NULL) : rc;
}

int replan_loaded(struct world *w, int64_t entity_id, const struct subject *s,
                  const struct replan_rows *rows, int64_t now_ms, struct replan_counts *counts)
{
    struct replan p = {.w = w,
                       .now_ms = now_ms,
                       .subject_id = entity_id,
                       .rows = rows->items,
                       .row_count = rows->count,
                       .only = rows->lone ? &w->playbook->rules[w->lone_rule] : NULL,
                       .counts = counts};
    struct intents intents = {0};
    int rc;

    p.wanted = mem_array(p.row_count, sizeof(*p.wanted));
    p.why = mem_array(w->playbook->rule_count, sizeof(*p.why));
    if (s != NULL && s->client_entity != 0) {
        p.last = RECIPIENT_CLIENT;
        p.last_row = s->plan.client_row;
        p.last_id = s->client_entity;
    }
    if (s == NULL) {
        rc = void_unwanted(&p, "the record was deleted");
    } else {
        p.subject = &s->plan;
        p.intents = &intents;
        w->plan.now_ms = now_ms;
        w->plan.only = p.only;
        plan_subject(&w->plan, &s->plan, &intents, keep_word, &p);
        w->plan.only = NULL;
        rc = p.only != NULL && any_missed(&intents) ? REPLAN_WHOLE : meet_all(&p, s);
    }
    intents_close(&intents);
    free(p.wanted);
    free(p.added);
    free(p.why);
    return rc;
}

int replan_subject(struct world *w, int64_t entity_id, int64_t now_ms, struct replan_counts *counts)
{
    struct replan_rows rows = {0};
    struct subject subject;
    int rc = subject_load(w, entity_id, &subject);
    bool gone = rc == ERR_NOTFOUND;

    if (gone || (rc == 0 && subject.entity.generation != ENTITY_NEVER_PLANNED))
        rc = store_messages_of(w->store, entity_id, &rows.items, &rows.count);
    if (rc == 0)
        rc = replan_loaded(w, entity_id, gone ? NULL : &subject, &rows, now_ms, counts);
    if (rc == 0)
        rc = store_entity_planned(w->store, entity_id, w->generation);
    messages_free(rows.items, rows.count);
    subject_close(&subject);
    return rc;
}
