/* Claiming one message. See send/claim.h. */
#include "send/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "send/gate.h"
#include "send/invite.h"
#include "send/known.h"
#include "send/merge.h"
#include "send/refresh.h"
#include "send/written.h"
#include "store/queries.h"
#include "store/tasks.h"
#include "watch/reach.h"

#define HOLD_LOOK_MS (10 * 60 * INT64_C(1000)) /* a held message is looked at again */
#define TOKEN_BITS 128

struct claiming {
    struct claim_context *with;
    struct store *store;
    struct message *m;
    struct letter letter; /* loaded by decide */
    struct ledger_key key;
    struct merge merge; /* those that go with it */
    int64_t now_ms;
    struct claim *out;
    struct outlet **outlet;
};

void claim_close(struct claim *c)
{
    message_close(&c->message);
    payload_close(&c->payload);
    free(c->notes);
    free(c->from);
    free(c->to);
    *c = (struct claim){0};
}

/* --- decisions --- */

/* A person is to look at what came of this message: one task for each `what` of it. With `once` a
 * person who has seen to it is not asked again. */
static int ask_person(struct claiming *c, const char *what, const char *text, bool once)
{
    char *key = mem_printf("%s%lld", what, (long long)c->m->id);
    struct task t = {.key = key,
                     .once = once,
                     .message_id = c->m->id,
                     .client_id = c->letter.ids.client_id,
                     .job_id = c->letter.ids.job_id,
                     .appointment_id = c->letter.ids.appointment_id,
                     .text = text};
    int rc = store_task_raise(c->store, &t, c->now_ms);

    free(key);
    return rc;
}

static int hold(struct claiming *c, const char *reason, const char *saw)
{
    char *text = mem_printf("A message of the rule %s is held: %s",
                            c->letter.rule != NULL ? c->letter.rule->name : "?", reason);
    int rc = ask_person(c, TASK_HELD, text, false);

    if (rc == 0)
        rc = store_decision_add(c->store, c->m, MESSAGE_HELD, c->now_ms, c->now_ms + HOLD_LOOK_MS,
                                reason, saw);
    if (rc == 0)
        rc = store_message_move(c->store, c->m, MESSAGE_HELD, c->now_ms, c->now_ms + HOLD_LOOK_MS,
                                reason);
    log_warning("message held", "message=%lld", (long long)c->m->id);
    free(text);
    return rc;
}

/* It ends, and the client does not hear what they count on: somebody may want to tell them. */
static int tell_missed(struct claiming *c, const char *reason)
{
    const char *rule = c->letter.rule->name;
    const struct client *client = c->letter.input.client;
    const char *who = client != NULL ? client->name : "The client";
    bool given = c->m->subject_id == c->m->recipient_id;
    char *text = given ? mem_printf("%s does not get the message that was written to them: %s, and "
                                    "later it would be too late. Tell them yourself if it matters.",
                                    who, reason)
                       : mem_printf("%s does not get the message of the rule %s: %s, and later it "
                                    "would be too late. Tell them yourself if it matters; `cap = "
                                    "no` in the rule lets such messages go.",
                                    who, rule, reason);
    int rc = ask_person(c, "missed:", text, true);

    log_warning("a client goes without a message", "message=%lld rule=%s", (long long)c->m->id,
                rule);
    free(text);
    return rc;
}

static int carry_out(struct claiming *c, const struct gate_decision *d)
{
    enum message_state to = MESSAGE_PLANNED;
    int64_t next_ms = d->next_ms;

    switch (d->answer) {
    case GATE_GO:
        return 0;
    case GATE_HOLD:
        return hold(c, d->reason, d->saw);
    case GATE_WAIT:
        if (c->m->state != MESSAGE_HELD && c->m->attempts > 0)
            to = MESSAGE_RETRY;
        break;
    case GATE_END:
        to = d->state;
        next_ms = c->m->next_ms;
        break;
    case GATE_REPLAN: /* planned again already, and still not right */
        to = MESSAGE_SKIPPED;
        next_ms = c->m->next_ms;
        break;
    }
    int rc = store_decision_add(c->store, c->m, to, c->now_ms, next_ms, d->reason, d->saw);
    if (rc == 0)
        rc = store_message_move(c->store, c->m, to, c->now_ms, next_ms, d->reason);
    if (rc == 0 && d->missed)
        rc = tell_missed(c, d->reason);
    if (rc == 0 && d->unreached)
        rc = reach_failed(c->with->world, c->m, d->reason, c->now_ms);
    if (rc == 0 && d->useful_ms != 0)
        rc = store_message_useful(c->store, c->m->id, d->useful_ms);
    return rc == 0 && d->for_good ? store_message_final(c->store, c->m->id) : rc;
}

/* --- rules that wait --- */

/* With all the others of its rule that are due. */
static int put_off(struct claiming *c, const struct rule_state *r)
{
    return store_rule_put_off(c->store, r, c->m->channel, c->now_ms, rule_waits_reason(r));
}

/* One more would be a storm: the rule pauses itself and asks. */
static int stop_rule(struct claiming *c, int rule)
{
    const char *name = c->letter.rule->name;
    struct rule_state *state = &c->with->world->rules[rule];
    char reason[BRAKE_REASON_MAX];

    brake_reason(c->with->brake, rule, reason);
    char *text = mem_printf("The rule %s has paused itself: %s. `betimes outbox --rule %s` shows "
                            "what waits, `betimes resume %s` lets it go for a day.",
                            name, reason, name, name);
    int rc = store_rule_ask(c->store, name, PAUSED_BY_BRAKE, c->now_ms, reason, text);
    free(text);
    log_warning("rule has paused itself: far above its usual", "rule=%s", name);
    state->paused = true;
    state->paused_by = PAUSED_BY_BRAKE;
    return rc == 0 ? put_off(c, state) : rc;
}

/* --- going --- */

/* A task needs no gateway: it is in the staff's list as soon as this is committed. */
static int give_task(struct claiming *c)
{
    const struct letter *l = &c->letter;
    struct compose_input in = l->input;
    struct payload p;
    char reason[COMPOSE_REASON_MAX];

    in.channel = CHANNEL_TASK;
    int rc = compose(c->with->world->settings, c->with->templates, &in, &p, NULL, reason);
    if (rc == ERR_NOTFOUND) {
        payload_close(&p);
        p.token = mem_strdup("");
        p.text = mem_printf("%s: %s", l->rule->name,
                            l->input.client != NULL ? l->input.client->name : "");
        rc = 0;
    }
    if (rc != 0) {
        payload_close(&p);
        return hold(c, reason, c->m->saw);
    }
    struct task t = {.message_id = c->m->id,
                     .staff_id = l->recipient_staff.id,
                     .client_id = l->ids.client_id,
                     .job_id = l->ids.job_id,
                     .appointment_id = l->ids.appointment_id,
                     .text = p.text};
    rc = store_payload_save(c->store, c->m->id, &p);
    if (rc == 0) /* which ends the task of a message that was held: before this one is raised */
        rc = store_message_claim(c->store, c->m, "task", NULL, 0, c->now_ms);
    if (rc == 0)
        rc = store_task_raise(c->store, &t, c->now_ms);
    if (rc == 0) {
        c->m->state = MESSAGE_SENDING;
        rc = store_message_move(c->store, c->m, MESSAGE_SENT, c->now_ms, c->m->next_ms, NULL);
    }
    payload_close(&p);
    return rc;
}

/* New words, for all that go. */
static int write_anew(struct claiming *c, const struct outlet *o, const char *address,
                      const char *token, char *reason)
{
    struct compose_input in = c->letter.input;

    in.channel = c->m->channel;
    in.to = address;
    in.from = o->settings->from;
    in.reply_to = o->settings->reply_to;
    in.token = token;
    merge_inputs(&c->merge, &in);
    struct invitation invitation;
    int rc = invite_number(c->store, c->with->world->settings, c->m->subject_id, &in, &invitation);
    in.invitation = &invitation;
    payload_close(&c->out->payload);
    if (rc == 0)
        rc = compose(c->with->world->settings, c->with->templates, &in, &c->out->payload, NULL,
                     reason);
    if (rc == 0)
        rc = invite_keep(c->store, c->m->subject_id, &in);
    invitation_close(&invitation);
    return rc;
}

/* What a person wrote: the words are there, the bytes of a mail are made for the address of now.
 * What may be out there already goes as it went. */
static int write_given(struct claiming *c, const struct outlet *o, const char *address,
                       char *reason)
{
    struct compose_input in = c->letter.input;
    struct payload *p = &c->out->payload;
    struct err err = {""};
    int rc = store_payload(c->store, c->m->id, p);

    reason[0] = '\0';
    if (rc != 0 || c->m->channel == CHANNEL_SMS || (p->committing && p->data.len > 0))
        return rc;
    in.to = address;
    in.from = o->settings->from;
    in.reply_to = o->settings->reply_to;
    rc = written_mail(c->with->world->settings, &in, p, &err);
    if (rc == 0)
        return store_payload_save(c->store, c->m->id, p);
    snprintf(reason, COMPOSE_REASON_MAX, "%.*s", COMPOSE_REASON_MAX - 1, err.text);
    return rc;
}

/* The words: those of last time, byte for byte, when a copy of them may be out there and all that
 * it speaks of still stands; new ones otherwise, with the same token. */
static int write_words(struct claiming *c, const struct outlet *o, const char *address,
                       char *reason)
{
    char token[TOKEN_BITS / 4 + 1];
    struct payload before;
    payload_init(&before);
    int rc = c->m->attempts > 0 ? store_payload(c->store, c->m->id, &before) : ERR_NOTFOUND;
    bool written = rc == 0 && before.committing;

    reason[0] = '\0';
    if (rc == 0)
        snprintf(token, sizeof(token), "%s", before.token);
    else
        rng_hex(token, TOKEN_BITS);
    if (rc == ERR_NOTFOUND)
        rc = 0;
    if (rc == 0 && c->m->merges)
        rc = merge_find(c->with->world, c->with->conditions, c->m, &c->letter, c->with->ahead,
                        written, c->now_ms, &c->merge);
    if (rc == 0 && written && !c->merge.changed) {
        c->out->payload = before;
        return 0;
    }
    payload_close(&before);
    if (rc != 0)
        return rc;
    rc = write_anew(c, o, address, token, reason);
    if (rc != 0 && c->merge.count > 0) { /* what is wrong with another is not for it to suffer */
        merge_close(&c->merge);
        rc = write_anew(c, o, address, token, reason);
    }
    return rc == 0 ? store_payload_save(c->store, c->m->id, &c->out->payload) : rc;
}

static void fill_wire(struct claiming *c, const struct outlet *o, const char *address)
{
    struct claim *out = c->out;
    bool mail = c->m->channel == CHANNEL_EMAIL;
    struct address from = {0};
    struct sms_size size = {0};

    out->to = mem_strdup(address);
    if (mail && o->settings->from != NULL && address_parse(o->settings->from, &from, NULL) == 0)
        out->from = mem_strdup(from.mailbox);
    else
        out->from = mem_strdup(o->settings->from != NULL ? o->settings->from : "");
    if (!mail)
        sms_measure(out->payload.text, strlen(out->payload.text), &size, NULL);
    out->wire = (struct gateway_message){
        .id = c->m->id,
        .channel = c->m->channel,
        .from = out->from,
        .to = out->to,
        .data = mail ? out->payload.data.data : out->payload.text,
        .len = mail ? out->payload.data.len : strlen(out->payload.text),
        .unicode = size.unicode,
        .token = out->payload.token,
    };
}

static void take_notes(struct claiming *c)
{
    struct claim *out = c->out;

    out->note_count = 1 + c->merge.count;
    out->notes = mem_array(out->note_count, sizeof(*out->notes));
    out->notes[0] = (struct claim_note){c->m->id, c->key};
    for (size_t i = 0; i < c->merge.count; i++)
        merge_note(&c->merge, i, &out->notes[1 + i].message_id, &out->notes[1 + i].key);
}

static int hand_over(struct claiming *c, struct outlet *o, const char *address)
{
    int rc = store_message_claim(c->store, c->m, o->settings->name, address, 0, c->now_ms);

    fault_point("claim");
    if (rc == 0)
        rc = merge_claim(c->store, &c->merge, c->m->id, o->settings->name, address, c->now_ms);
    if (rc != 0)
        return rc;
    fill_wire(c, o, address);
    take_notes(c);
    c->out->message = *c->m;
    *c->m = (struct message){0};
    *c->outlet = o;
    return 0;
}

static int go(struct claiming *c, const struct gate_decision *d)
{
    char reason[COMPOSE_REASON_MAX];
    int64_t wait_ms;

    free(c->m->saw);
    c->m->saw = d->saw[0] != '\0' ? mem_strdup(d->saw) : NULL;
    if (c->m->channel == CHANNEL_TASK)
        return give_task(c);
    struct outlet *o = outlets_pick(c->with->outlets, c->m->channel, &wait_ms);
    if (o == NULL)
        return 0; /* stays due; comes again when there is room */
    bool given = c->m->subject_id == c->m->recipient_id;
    int rule = world_rule_by_id(c->with->world, c->m->rule_id);
    bool counts = c->with->brake != NULL && c->m->attempts == 0 && !given;
    if (counts && !brake_allows(c->with->brake, rule))
        return stop_rule(c, rule);
    int rc = given ? write_given(c, o, d->address, reason) : write_words(c, o, d->address, reason);
    if (rc != 0)
        return reason[0] != '\0' ? hold(c, reason, c->m->saw) : rc;
    if (counts)
        brake_count(c->with->brake, rule);
    return hand_over(c, o, d->address);
}

/* Has it gone out already, as the ledger knows and the database does not? Also works out the key
 * under which the ledger will know it. A task leaves no house. */
static int look_into_ledger(struct claiming *c, const char *rule, const struct entity *subject,
                            const struct entity *recipient, bool *known)
{
    *known = false;
    if (c->m->channel == CHANNEL_TASK)
        return 0;
    ahead_key(rule, subject, recipient, c->m, &c->key);
    if (c->with->ahead == NULL)
        return 0;
    return known_mark(c->with->world, c->with->ahead, c->m, &c->key, c->now_ms, known);
}

/* A message to an address speaks of no record and no rule; its words are stored already. */
static int to_address(struct claiming *c)
{
    struct entity e;
    int64_t wait_ms;
    bool known = false;
    struct outlet *o = outlets_pick(c->with->outlets, c->m->channel, &wait_ms);
    int rc = store_entity(c->store, c->m->recipient_id, &e);

    if (rc == 0)
        rc = look_into_ledger(c, SEND_TEST_RULE, &e, &e, &known);
    if (rc != 0 || known) {
        entity_close(&e);
        return rc;
    }
    if (c->m->gateway != NULL)
        o = outlets_find(c->with->outlets, c->m->gateway);
    if (o != NULL && !outlet_ready(o))
        o = NULL; /* stays due */
    if (c->m->expires_ms <= c->now_ms)
        rc = store_message_move(c->store, c->m, MESSAGE_EXPIRED, c->now_ms, c->m->next_ms,
                                "its time passed before it could be sent");
    else if (o != NULL) {
        rc = store_payload(c->store, c->m->id, &c->out->payload);
        if (rc == 0)
            rc = hand_over(c, o, e.key);
    }
    entity_close(&e);
    return rc;
}

static int pass_gate(struct claiming *c)
{
    struct gate_decision d;
    bool again = false;
    int rc = 0;

    gate_decide(c->with->world, c->with->conditions, c->m, &c->letter, c->now_ms, &d);
    if (d.answer == GATE_REPLAN) {
        enum channel before = c->m->channel;
        rc = refresh_message(c->with->world, c->m, true, c->now_ms, &again);
        /* It comes again by the right channel, or another took its place. */
        again = rc == 0 && (c->m->channel != before || !message_is_pending(c->m->state));
    }
    if (rc != 0 || again)
        return rc;
    return d.answer == GATE_GO ? go(c, &d) : carry_out(c, &d);
}

static int decide(struct claiming *c)
{
    const struct letter *l = &c->letter;
    bool known = false;
    int rc = letter_load(c->with->world, c->m, c->now_ms, &c->letter);

    if (rc == ERR_NOTFOUND) {
        rc = store_message_move(c->store, c->m, MESSAGE_CANCELLED, c->now_ms, c->m->next_ms,
                                "the record was deleted");
    } else {
        if (rc == 0 && l->rule != NULL)
            rc = look_into_ledger(c, l->rule->name, &l->subject.entity, &l->recipient, &known);
        if (rc == 0 && !known)
            rc = pass_gate(c);
    }
    merge_close(&c->merge);
    letter_close(&c->letter);
    return rc;
}

/* A message sent by hand: to an address, or to a client, which is decided about like all others. */
static int by_hand(struct claiming *c)
{
    struct entity e = {0};
    int rc = store_entity(c->store, c->m->recipient_id, &e);
    bool client = e.kind == ENTITY_CLIENT;

    entity_close(&e);
    if (rc != 0)
        return rc;
    return client ? decide(c) : to_address(c);
}

/* The message is c->m: look at it, and let it go if it may. */
static int claim_own(struct claiming *c)
{
    bool again = false, tried = c->m->attempts > 0; /* a plan leaves alone what is on the wire */
    int rc = refresh_message(c->with->world, c->m, tried, c->now_ms, &again);

    if (rc == 0 && message_is_pending(c->m->state) && c->m->next_ms <= c->now_ms)
        rc = decide(c);
    return rc;
}

/* It was to go again with another message, word for word: that one is claimed in its place, if its
 * time has come as well. *done: that one is due; whatever came of it, it is decided by now. */
static int claim_leader(struct claiming *c, bool *done)
{
    struct message leader;
    int rc = store_message(c->store, c->m->leader_id, &leader);

    *done = rc == 0 && leader.leader_id == 0 && /* it has not joined another meanwhile */
            (leader.state == MESSAGE_RETRY || leader.state == MESSAGE_PLANNED) &&
            leader.next_ms <= c->now_ms;
    if (*done) {
        message_close(c->m);
        *c->m = leader;
        return claim_own(c);
    }
    message_close(&leader);
    if (rc == 0) /* should it go again after all, then not in words that speak of this one */
        rc = store_message_committing(c->store, c->m->leader_id, false);
    if (rc == 0 || rc == ERR_NOTFOUND) {
        c->m->leader_id = 0;
        rc = store_message_part(c->store, c->m->id);
    }
    return rc;
}

int claim_message(struct claim_context *with, const struct message *m, int64_t now_ms,
                  struct claim *out, struct outlet **outlet)
{
    struct message own;
    struct claiming c = {.with = with,
                         .store = with->world->store,
                         .m = &own,
                         .now_ms = now_ms,
                         .out = out,
                         .outlet = outlet};
    bool done = false;

    *out = (struct claim){0};
    payload_init(&out->payload);
    *outlet = NULL;
    int rc = store_message(c.store, m->id, &own);
    bool due = rc == 0 && message_is_pending(own.state) && own.next_ms <= now_ms;
    const struct rule_state *waits = due ? gate_rule_waits(with->world, &own) : NULL;
    if (due && own.subject_id == own.recipient_id) {
        rc = by_hand(&c);
    } else if (waits != NULL && own.expires_ms > now_ms) {
        rc = put_off(&c, waits);
    } else if (due) {
        if (own.leader_id != 0)
            rc = claim_leader(&c, &done);
        if (rc == 0 && !done)
            rc = claim_own(&c);
    }
    message_close(&own);
    return rc;
}
