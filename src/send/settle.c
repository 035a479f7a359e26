/*
 * What a result means. See send/settle.h.
 *
 *     SENT      sent; the client has heard of the subject
 *     RETRY     retry after a growing pause, as long as it is still useful; else failed
 *     REJECTED  failed; the rule's next channel, if it has one, gets a row of its own
 *     UNKNOWN   e-mail: again, the very same bytes, so that a second copy has the same Message-ID;
 *               a text: unknown, until its delivery report or a person tells
 *
 * Messages that went with it (send/merge.h) come to the same: each is settled as it was, for its
 * own subject and by its own usefulness, only how long to wait and whether to send again is one
 * decision for all.
 */
#include "send/settle.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/rng.h"
#include "send/known.h"
#include "store/entities.h"
#include "watch/reach.h"
#include "watch/replan.h"

#define BACKOFF_FIRST_MS 15000
#define BACKOFF_LONGEST_MS (60 * 60 * 1000)
/* The gateway's trouble: its breaker decides when. But it may be this message that the other side
 * cannot bear, so that the others would pay for each of its tries. */
#define TROUBLE_FIRST_MS 1000
#define TROUBLE_LONGEST_MS (60 * 1000)

static int64_t growing_ms(int64_t first_ms, int64_t longest_ms, int attempts)
{
    int64_t ms = first_ms;

    for (int i = 1; i < attempts && ms < longest_ms; i++)
        ms *= 2;
    return ms < longest_ms ? ms : longest_ms;
}

int64_t settle_backoff_ms(int attempts)
{
    int64_t ms = growing_ms(BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS, attempts);

    return ms - (int64_t)rng_below((uint64_t)ms / 4 + 1);
}

/* The channel that a `then` rule goes on to; false: none. */
static bool next_channel(const struct rule *r, enum channel failed, enum channel *out)
{
    if (r->by == BY_SMS_THEN_EMAIL && failed == CHANNEL_SMS) {
        *out = CHANNEL_EMAIL;
        return true;
    }
    if (r->by == BY_EMAIL_THEN_SMS && failed == CHANNEL_EMAIL) {
        *out = CHANNEL_SMS;
        return true;
    }
    return false;
}

/* *there: the next channel has a row, now or since before. */
static int go_on(struct world *w, const struct message *m, int64_t now_ms, bool *there)
{
    int index = world_rule_by_id(w, m->rule_id);
    enum channel channel;

    *there = false;
    if (index < 0 || !next_channel(&w->playbook->rules[index], m->channel, &channel) ||
        m->expires_ms <= now_ms)
        return 0;
    struct message *rows;
    size_t count;
    int rc = store_messages_of(w->store, m->subject_id, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        *there = *there || (rows[i].rule_id == m->rule_id && rows[i].occurrence == m->occurrence &&
                            rows[i].repeat == m->repeat &&
                            rows[i].recipient_id == m->recipient_id && rows[i].channel == channel);
    messages_free(rows, count);
    if (rc != 0 || *there)
        return rc;
    *there = true;
    struct message next = *m;
    next.channel = channel;
    next.state = MESSAGE_PLANNED;
    next.state_ms = now_ms;
    /* One that had gone earlier than it was due, with another, has time until then. */
    next.next_ms = m->due_ms > now_ms && !m->final ? m->due_ms : now_ms;
    next.reason = "takes over, since the first channel failed";
    rc = store_messages_add(w->store, &next, 1);
    /* What a person sent once more goes on as hers. */
    return rc == 0 && m->final ? store_message_final(w->store, next.id) : rc;
}

/* A result, and what it means for all that went: decided once. */
struct settling {
    struct world *w;
    const struct gateway_result *r;
    int64_t now_ms;
    int64_t pause_ms; /* before the next try */
    bool resend;      /* an unknown one goes again */
    bool replanned;   /* a subject was planned again upon it */
};

/* The client knows what stood in the record when this message was written, or nothing more will
 * come of it: what happened to the record since is for messages of its own to tell, which were not
 * planned as long as this one was thought to tell it. */
static int note_told(struct settling *s, const struct message *m)
{
    struct store *store = s->w->store;
    struct replan_counts counts = {0};
    int64_t revision = 0;
    /* As of when it was claimed. */
    int rc = store_entity_told(store, m->subject_id, m->recipient_id, m->state_ms, &revision);

    if (rc != 0 || revision <= m->occurrence)
        return rc;
    s->replanned = true;
    return replan_subject(s->w, m->subject_id, s->now_ms, &counts);
}

static int fail(struct settling *s, const struct message *m, const char *reason)
{
    bool goes_on = false;
    int rc = store_message_move(s->w->store, m, MESSAGE_FAILED, s->now_ms, m->next_ms, reason);

    if (rc == 0)
        rc = go_on(s->w, m, s->now_ms, &goes_on);
    if (rc == 0 && !goes_on && s->r->address_refused)
        rc = reach_failed(s->w, m, reason, s->now_ms);
    return rc == 0 && !goes_on ? note_told(s, m) : rc;
}

static int again(struct settling *s, const struct message *m)
{
    int64_t next_ms = s->now_ms + s->pause_ms;
    char reason[GATEWAY_DETAIL_MAX + 64];

    if (next_ms >= m->expires_ms) {
        snprintf(reason, sizeof(reason), "could not be sent while it was useful: %s", s->r->detail);
        return fail(s, m, reason);
    }
    return store_message_move(s->w->store, m, MESSAGE_RETRY, s->now_ms, next_ms, s->r->detail);
}

static bool resends(const struct world *w, const struct message *m)
{
    int index = world_rule_by_id(w, m->rule_id);
    enum rule_unknown choice = index >= 0 ? w->playbook->rules[index].unknown : UNKNOWN_DEFAULT;

    if (choice == UNKNOWN_DEFAULT)
        return m->channel == CHANNEL_EMAIL;
    return choice == UNKNOWN_RESEND;
}

static int unknown(struct settling *s, const struct message *m)
{
    char reason[GATEWAY_DETAIL_MAX + 64];
    int64_t next_ms = s->now_ms + s->pause_ms;

    snprintf(reason, sizeof(reason), "no clear answer came: %s", s->r->detail);
    bool resend = s->resend && next_ms < m->expires_ms;
    int rc = 0;
    if (m->leader_id == 0) /* a copy of the words may be out there */
        rc = store_message_committing(s->w->store, m->id, true);
    if (rc == 0)
        rc = store_message_move(s->w->store, m, resend ? MESSAGE_RETRY : MESSAGE_UNKNOWN, s->now_ms,
                                resend ? next_ms : m->next_ms, reason);
    rc = rc == 0 ? note_told(s, m) : rc;
    return rc == 0 && !resend ? replan_reached(s->w, m, s->now_ms, &s->replanned) : rc;
}

static int sent(struct settling *s, const struct message *m)
{
    char with[64];

    snprintf(with, sizeof(with), "went with message %lld", (long long)m->leader_id);
    int rc = store_message_move(s->w->store, m, MESSAGE_SENT, s->now_ms, m->next_ms,
                                m->leader_id != 0 ? with : NULL);
    rc = rc == 0 ? note_told(s, m) : rc;
    return rc == 0 ? replan_reached(s->w, m, s->now_ms, &s->replanned) : rc;
}

static int settle_one(struct settling *s, const struct message *m)
{
    switch (s->r->outcome) {
    case OUTCOME_SENT:
        return sent(s, m);
    case OUTCOME_RETRY:
        return again(s, m);
    case OUTCOME_REJECTED:
        return fail(s, m, s->r->detail);
    case OUTCOME_UNKNOWN:
        return unknown(s, m);
    }
    return 0;
}

/* Those that went with it. An unclear answer is in the list of each: a copy that speaks of it may
 * be out there, also if it goes with others the next time. */
static int settle_others(struct settling *s, const struct message *leader, const char *gateway)
{
    struct message *with;
    size_t count;
    int rc = store_messages_with(s->w->store, leader->id, &with, &count);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (with[i].state != MESSAGE_SENDING)
            continue;
        if (s->r->outcome == OUTCOME_UNKNOWN)
            rc = store_attempt_add(s->w->store, with[i].id, s->now_ms, gateway,
                                   outcome_name(s->r->outcome), s->r->code, s->r->detail, NULL);
        if (rc == 0)
            rc = settle_one(s, &with[i]);
    }
    messages_free(with, count);
    return rc;
}

/* How long to wait before the next try of this message, and of those that went with it. */
static int64_t pause_of(const struct message *m, const struct gateway_result *r)
{
    if (r->outcome == OUTCOME_UNKNOWN)
        return settle_backoff_ms(m->attempts);
    int64_t pause_ms = r->gateway_trouble
                           ? growing_ms(TROUBLE_FIRST_MS, TROUBLE_LONGEST_MS, m->attempts)
                           : settle_backoff_ms(m->attempts);
    return r->retry_after_ms > pause_ms ? r->retry_after_ms : pause_ms;
}

int settle_result(struct world *w, int64_t id, const char *gateway, const struct gateway_result *r,
                  int64_t now_ms)
{
    struct settling s = {.w = w, .r = r, .now_ms = now_ms};
    struct message m;
    int rc = store_message(w->store, id, &m);

    fault_point("settle");
    if (rc == 0)
        rc = store_attempt_add(w->store, id, now_ms, gateway, outcome_name(r->outcome), r->code,
                               r->detail, r->provider_id);
    if (rc == 0 && m.state == MESSAGE_SENDING) {
        if (r->outcome == OUTCOME_RETRY || r->outcome == OUTCOME_UNKNOWN) {
            s.pause_ms = pause_of(&m, r);
            s.resend = resends(w, &m);
        }
        if (rc == 0)
            rc = settle_one(&s, &m);
        if (rc == 0 && m.merges)
            rc = settle_others(&s, &m, gateway);
    }
    fault_point("settled");
    message_close(&m);
    return rc;
}

int settle_sent(struct world *w, const struct message *m, int64_t now_ms, bool *replanned)
{
    static const struct gateway_result arrived = {.outcome = OUTCOME_SENT};
    struct settling s = {.w = w, .r = &arrived, .now_ms = now_ms};
    int rc = settle_one(&s, m);

    if (rc == 0 && m->merges)
        rc = settle_others(&s, m, "");
    *replanned = s.replanned;
    return rc;
}

int settle_bounced(struct world *w, const struct message *m, int64_t now_ms, const char *reason)
{
    bool goes_on;
    int rc = store_message_move(w->store, m, MESSAGE_BOUNCED, now_ms, m->next_ms, reason);

    return rc == 0 ? go_on(w, m, now_ms, &goes_on) : rc;
}

static int tell_sent(struct store *s, const struct message *m, settle_sent_cb each, void *arg)
{
    struct message *with;
    size_t count;
    int rc = store_messages_with(s, m->id, &with, &count);

    each(arg, m);
    for (size_t i = 0; i < count; i++)
        if (with[i].state == MESSAGE_SENDING)
            each(arg, &with[i]);
    messages_free(with, count);
    return rc;
}

static int left_over(struct world *w, struct ahead *ahead, const struct message *m,
                     const struct marks *marks, int64_t now_ms, settle_sent_cb each, void *arg)
{
    struct gateway_result r = {.outcome = OUTCOME_RETRY, .gateway_trouble = true};
    bool known = false;
    int rc = ahead != NULL ? known_mark(w, ahead, m, NULL, now_ms, &known) : 0;

    if (rc != 0 || known)
        return rc;

    /* trouble of the gateway: not the message's doing, so no long pause */
    snprintf(r.detail, sizeof(r.detail), "the service stopped while it was being sent");
    if (marks_sent(marks, m->id, m->attempts)) {
        r = (struct gateway_result){.outcome = OUTCOME_SENT};
        snprintf(r.detail, sizeof(r.detail), "accepted just before the service stopped");
        rc = tell_sent(w->store, m, each, arg);
        if (rc != 0)
            return rc;
    } else if (marks_passed(marks, m->id, m->attempts)) {
        r.outcome = OUTCOME_UNKNOWN;
    }
    log_warning("message left over by a stop", "message=%lld outcome=%s", (long long)m->id,
                outcome_name(r.outcome));
    return settle_result(w, m->id, m->gateway != NULL ? m->gateway : "-", &r, now_ms);
}

int settle_left_over(struct world *w, const struct marks *marks, struct ahead *ahead,
                     int64_t now_ms, settle_sent_cb each, void *arg, size_t max, size_t *count)
{
    struct message *list;
    int rc = store_messages_in(w->store, MESSAGE_SENDING, 0, max, &list, count);

    for (size_t i = 0; rc == 0 && i < *count; i++)
        rc = left_over(w, ahead, &list[i], marks, now_ms, each, arg);
    messages_free(list, *count);
    return rc;
}
