/*
 * The queue run ahead of its time. See send/rehearsal.h.
 *
 * The pending messages are taken in the order of their times, a batch at once. As soon as something
 * may have changed that order (a message put off, a subject planned again) the rest of the batch is
 * forgotten and read anew. A held or paused message would be looked at again and again, with the
 * same answer, as nobody mends anything in a rehearsal: it is told once and put beyond the end.
 */
#include "send/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "send/gate.h"
#include "send/merge.h"
#include "send/settle.h"
#include "store/horizon.h"
#include "watch/replan.h"

#define BATCH 64 /* of each channel */
#define STEP 500 /* messages in one transaction */
#define NEVER_MS INT64_MAX

struct step {
    struct rehearsal *t;
    struct message *m;
    struct letter letter;
    rehearsal_each each;
    void *arg;
    bool again; /* the order may have changed */
};

int rehearsal_begin(struct rehearsal *t, int64_t now_ms, int64_t until_ms)
{
    t->now_ms = t->began_ms = now_ms;
    t->until_ms = until_ms;
    t->was_virtual = clock_is_virtual();
    t->begun = true;
    return store_messages_refused(t->world->store, now_ms, until_ms, &t->refused,
                                  &t->refused_count);
}

void rehearsal_go_on(struct rehearsal *t, int64_t now_ms, int64_t until_ms)
{
    if (t->now_ms < now_ms)
        t->now_ms = now_ms;
    t->until_ms = until_ms;
}

void rehearsal_close(struct rehearsal *t)
{
    free(t->refused);
    if (t->begun && t->was_virtual)
        clock_stand(t->began_ms);
    else if (t->begun)
        clock_replace(NULL);
    *t = (struct rehearsal){0};
}

/* --- one message --- */

static void tell(struct step *s, struct rehearsal_item *item)
{
    item->message = s->m;
    item->letter = s->letter.rule != NULL ? &s->letter : NULL;
    s->each(s->arg, item);
}

static int put_aside(struct step *s, enum fate fate, const char *reason)
{
    struct rehearsal *t = s->t;
    struct rehearsal_item item = {.fate = fate,
                                  .at_ms = t->now_ms,
                                  .reason = reason,
                                  .to = letter_address(&s->letter, s->m->channel)};

    tell(s, &item);
    return store_message_move(t->world->store, s->m, MESSAGE_PLANNED, t->now_ms, NEVER_MS, reason);
}

static int end(struct step *s, enum message_state state, const char *reason)
{
    struct rehearsal *t = s->t;
    struct rehearsal_item item = {.fate = FATE_SKIPPED, .at_ms = t->now_ms, .reason = reason};

    if (s->letter.rule != NULL)
        item.to = letter_address(&s->letter, s->m->channel);
    tell(s, &item);
    return store_message_move(t->world->store, s->m, state, t->now_ms, s->m->next_ms, reason);
}

/* Those that go with it: they have no words of their own. */
static int tell_joined(struct step *s)
{
    struct rehearsal *t = s->t;
    struct message *with;
    size_t count;
    int rc = store_messages_with(t->world->store, s->m->id, &with, &count);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct step other = {.t = t, .m = &with[i], .each = s->each, .arg = s->arg};
        struct rehearsal_item item = {.fate = FATE_JOINED,
                                      .at_ms = t->now_ms,
                                      .to = with[i].address,
                                      .with = &s->letter,
                                      .reason = "goes as one with another message"};
        rc = letter_load(t->world, &with[i], t->now_ms, &other.letter);
        if (rc == 0)
            tell(&other, &item);
        letter_close(&other.letter);
    }
    messages_free(with, count);
    return rc;
}

/* It arrives: what comes after it is decided upon that. */
static int arrive(struct step *s, struct rehearsal_item *item, const struct merge *merge)
{
    struct rehearsal *t = s->t;
    struct store *store = t->world->store;

    tell(s, item);
    int rc = store_message_claim(store, s->m, "rehearsal", item->to, 0, t->now_ms);
    s->m->state = MESSAGE_SENDING;
    s->m->state_ms = t->now_ms;
    if (rc == 0 && merge->count > 0) {
        s->again = true; /* they are not to be taken again */
        rc = merge_claim(store, merge, s->m->id, "rehearsal", item->to, t->now_ms);
        if (rc == 0)
            rc = tell_joined(s);
    }
    bool replanned = false;
    if (rc == 0)
        rc = settle_sent(t->world, s->m, t->now_ms, &replanned);
    s->again = s->again || replanned;
    return rc;
}

static bool writes_words(const struct rehearsal *t, enum channel c)
{
    return c == CHANNEL_SMS || (c == CHANNEL_EMAIL && t->mails);
}

/* The words, of all that go; of the first one alone when those of another are at fault. */
static int write_words(struct step *s, struct merge *merge, const char *to, struct payload *words,
                       struct sms_size *size, char *reason)
{
    struct rehearsal *t = s->t;
    struct compose_input in = s->letter.input;

    in.to = s->m->channel == CHANNEL_SMS ? to : NULL; /* no bytes of a mail */
    merge_inputs(merge, &in);
    int rc = compose(t->world->settings, t->templates, &in, words, size, reason);
    if (rc == 0 || merge->count == 0)
        return rc;
    merge_close(merge);
    payload_close(words);
    merge_inputs(merge, &in);
    return compose(t->world->settings, t->templates, &in, words, size, reason);
}

static int go(struct step *s, const struct gate_decision *d)
{
    struct rehearsal *t = s->t;
    struct rehearsal_item item = {
        .fate = FATE_GOES, .at_ms = t->now_ms, .to = d->address, .reason = s->m->reason};
    char reason[COMPOSE_REASON_MAX] = "";
    struct merge merge = {0};
    struct payload words;
    int rc = 0;

    payload_init(&words);
    bool given = s->m->subject_id == s->m->recipient_id; /* its words are written */
    if (s->m->merges && s->m->channel != CHANNEL_TASK)
        rc = merge_find(t->world, t->conditions, s->m, &s->letter, NULL, false, t->now_ms, &merge);
    if (rc == 0 && !given && writes_words(t, s->m->channel)) {
        rc = write_words(s, &merge, d->address, &words, &item.size, reason);
        item.words = &words;
    }
    if (rc == 0)
        rc = arrive(s, &item, &merge);
    else if (reason[0] != '\0')
        rc = put_aside(s, FATE_HELD, reason);
    merge_close(&merge);
    payload_close(&words);
    return rc;
}

/* Planned with the record of now, and still not right: as claim.c has it. */
static int plan_again(struct step *s, const struct gate_decision *d)
{
    struct replan_counts counts = {0};
    enum channel before = s->m->channel;
    int64_t id = s->m->id;
    int rc = replan_subject(s->t->world, s->m->subject_id, s->t->now_ms, &counts);

    s->again = true;
    message_close(s->m);
    if (rc == 0)
        rc = store_message(s->t->world->store, id, s->m);
    if (rc == 0 && s->m->channel == before && message_is_pending(s->m->state))
        rc = end(s, MESSAGE_SKIPPED, d->reason);
    return rc;
}

static int carry_out(struct step *s, const struct gate_decision *d)
{
    switch (d->answer) {
    case GATE_GO:
        return go(s, d);
    case GATE_HOLD:
        return put_aside(s, FATE_HELD, d->reason);
    case GATE_END:
        return end(s, d->state, d->reason);
    case GATE_REPLAN:
        return plan_again(s, d);
    case GATE_WAIT:
        break;
    }
    s->again = true;
    int rc = store_message_move(s->t->world->store, s->m, MESSAGE_PLANNED, s->t->now_ms, d->next_ms,
                                d->reason);
    if (rc == 0 && d->useful_ms != 0)
        rc = store_message_useful(s->t->world->store, s->m->id, d->useful_ms);
    return rc;
}

/* A message sent by hand: its words are stored, and no rule has a say. */
static int by_hand(struct step *s)
{
    struct rehearsal_item item = {
        .fate = FATE_GOES, .at_ms = s->t->now_ms, .to = s->m->address, .reason = s->m->reason};

    const struct merge alone = {0};

    return arrive(s, &item, &alone);
}

/* Was it sent by hand, and not to a client? */
static int is_for_address(struct step *s, bool *yes)
{
    struct entity e = {0};
    int rc = 0;

    *yes = s->m->subject_id == s->m->recipient_id;
    if (!*yes)
        return 0;
    rc = store_entity(s->t->world->store, s->m->recipient_id, &e);
    *yes = e.kind != ENTITY_CLIENT;
    entity_close(&e);
    return rc;
}

static int decide(struct step *s)
{
    struct rehearsal *t = s->t;
    const struct rule_state *waits;
    struct gate_decision d;

    bool address;
    int rc = is_for_address(s, &address);
    if (rc != 0 || address)
        return rc != 0 ? rc : by_hand(s);
    rc = letter_load(t->world, s->m, t->now_ms, &s->letter);
    if (rc == ERR_NOTFOUND) {
        rc = end(s, MESSAGE_CANCELLED, "the record was deleted");
    } else if (rc == 0 && (waits = gate_rule_waits(t->world, s->m)) != NULL) {
        rc = put_aside(s, FATE_PAUSED, rule_waits_reason(waits));
    } else if (rc == 0) {
        gate_decide(t->world, t->conditions, s->m, &s->letter, t->now_ms, &d);
        rc = carry_out(s, &d);
    }
    letter_close(&s->letter);
    return rc;
}

/* --- in the order of their times --- */

/* What the planner decided against, up to `until_ms`. */
static int tell_refused(struct rehearsal *t, int64_t until_ms, rehearsal_each each, void *arg)
{
    int rc = 0;

    while (rc == 0 && t->refused_at < t->refused_count &&
           t->refused[t->refused_at].due_ms <= until_ms) {
        struct message m;
        struct step s = {.t = t, .m = &m, .each = each, .arg = arg};
        const struct message_time *at = &t->refused[t->refused_at++];
        rc = store_message(t->world->store, at->id, &m);
        if (rc == 0 && (m.state == MESSAGE_SKIPPED || m.state == MESSAGE_FAILED))
            rc = letter_load(t->world, &m, at->due_ms, &s.letter);
        if (rc == 0 && s.letter.rule != NULL) {
            struct rehearsal_item item = {
                .fate = FATE_SKIPPED, .at_ms = at->due_ms, .reason = m.reason};
            tell(&s, &item);
        }
        letter_close(&s.letter);
        message_close(&m);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    return rc;
}

static int by_time(const void *a, const void *b)
{
    const struct message *x = a, *y = b;

    if (x->next_ms != y->next_ms)
        return x->next_ms < y->next_ms ? -1 : 1;
    if (x->channel != y->channel)
        return x->channel < y->channel ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Of a channel that has more than the batch, what comes after its last one is not known: so the
 * batch ends with the first such last one. */
static size_t known(const struct message *list, size_t count)
{
    size_t seen[CHANNEL_COUNT] = {0};

    for (size_t i = 0; i < count; i++)
        if (++seen[list[i].channel] == BATCH)
            return i + 1;
    return count;
}

static int take(struct rehearsal *t, struct message *m, rehearsal_each each, void *arg, bool *again)
{
    struct step s = {.t = t, .m = m, .each = each, .arg = arg};

    if (m->next_ms > t->now_ms)
        t->now_ms = m->next_ms;
    clock_stand(t->now_ms);
    int rc = tell_refused(t, t->now_ms, each, arg);
    if (rc == 0)
        rc = decide(&s);
    *again = s.again;
    return rc;
}

/* All that is due until the end, in its order: a rehearsal looks further ahead than the service. */
static int next_batch(struct rehearsal *t, struct message **list, size_t *count)
{
    static const bool closed[CHANNEL_COUNT];
    struct store *store = t->world->store;
    bool near = false;
    int64_t again_ms;
    int rc = 0;

    while (rc == 0 && !near)
        rc = store_bring_near(store, t->until_ms, BATCH, &near, &again_ms);
    return rc == 0 ? store_messages_due(store, t->until_ms - 1, closed, BATCH, list, count) : rc;
}

static int take_batch(struct rehearsal *t, rehearsal_each each, void *arg, size_t *taken)
{
    struct message *list = NULL;
    size_t count = 0;
    bool again = false;
    int rc = next_batch(t, &list, &count);

    if (count > 0)
        qsort(list, count, sizeof(*list), by_time);
    size_t end = known(list, count);
    for (*taken = 0; rc == 0 && *taken < end && !again; ++*taken)
        rc = take(t, &list[*taken], each, arg, &again);
    messages_free(list, count);
    return rc;
}

int rehearsal_step(struct rehearsal *t, rehearsal_each each, void *arg, bool *done)
{
    struct store *store = t->world->store;
    size_t taken = 1;
    int rc = store_begin(store);

    for (size_t sum = 0; rc == 0 && taken > 0 && sum < STEP; sum += taken)
        rc = take_batch(t, each, arg, &taken);
    *done = rc == 0 && taken == 0;
    if (*done)
        rc = tell_refused(t, t->until_ms, each, arg);
    if (rc == 0)
        return store_commit(store);
    store_rollback(store);
    return rc;
}
