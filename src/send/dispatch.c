/*
 * The dispatcher. See send/dispatch.h.
 *
 * The happy path of a message: dispatch_claim finds it due, the gate says go, it is composed, its
 * bytes and the state `sending` are written (claim.c), the engine commits; dispatch_committed hands
 * it to its gateway, with the mark that the gateway sets at the point of no return. At the end
 * comes done_cb; the result waits for the next commit, and with it the flight is over and its mark
 * free.
 *
 * While more is due than the gateways can take, a result does not ask for a turn at once: a turn
 * costs a commit, and is worth it when an outlet has room for a good part of what it may have. Till
 * then, for LINGER_MS at most, results wait for each other.
 *
 * When the transaction fails, claims that were never launched are forgotten (their rows are
 * unchanged), while results are kept: the world has moved on, whether we could write it down or
 * not.
 */
#include "send/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "send/claim.h"
#include "send/merge.h"
#include "send/settle.h"

#define NOTES_MAX (1 + MERGE_MAX) /* for the ledger, of one claim */
#define TASKS_AT_A_TIME 32        /* they need no gateway, so nothing else bounds them */
#define LINGER_MS 50
#define CLAIM_US 8000 /* of claims in one turn: the loop has others to serve */

enum flight_state { FLIGHT_CLAIMED, FLIGHT_OUT, FLIGHT_DONE };

/* A message between its claim and the commit of its result. */
struct flight {
    struct flight *next;
    int64_t id;
    enum flight_state state;
    bool noted;   /* its result is in the ledger */
    bool settled; /* its result is in the open transaction */
    struct gateway *gateway;
    struct outlet *outlet; /* NULL once its outlets were retired */
    char gateway_name[64];
    struct mark *mark; /* while it is out */
    struct claim claim;
    struct gateway_result result;
};

/* Gateways of an older configuration, closing. */
struct retired {
    struct dispatch *d;
    struct outlet *items;
    size_t open;
    void (*done)(void *arg);
    void *arg;
};

struct dispatch {
    uv_loop_t *loop;
    struct marks *marks;
    void (*poke)(void *arg);
    void *arg;
    struct gateway_hooks hooks;
    struct claim_context with;
    struct outlets outlets;
    struct brake brake;
    struct ledger *ledger; /* NULL: none */
    int64_t epoch;
    int64_t to_note; /* of what is in flight */
    struct ahead *ahead;
    void (*retired)(void *arg); /* of the present configuration */
    void *retired_arg;
    struct flight *flights;
    int count;
    int64_t wait_ms;
    bool backlog; /* when it was last looked at, more was due than there was room for */
    int retiring; /* struct retired that are not closed yet */
    bool stopping;
    bool breaking;             /* nothing passes its point of no return */
    void (*closed)(void *arg); /* when stopped, and all of them are */
    void *closed_arg;
};

static struct flight *find(struct dispatch *d, int64_t id)
{
    for (struct flight *f = d->flights; f != NULL; f = f->next)
        if (f->id == id)
            return f;
    return NULL;
}

static void land(struct dispatch *d, struct flight *f)
{
    struct flight **p = &d->flights;

    while (*p != f)
        p = &(*p)->next;
    *p = f->next;
    d->count--;
    marks_drop(d->marks, f->mark);
    if (!f->noted)
        d->to_note -= (int64_t)f->claim.note_count;
    claim_close(&f->claim);
    free(f);
}

/* --- the gateways' side --- */

static void done_cb(void *arg, int64_t id, const struct gateway_result *result)
{
    struct dispatch *d = arg;
    struct flight *f = find(d, id);

    if (f == NULL)
        return;
    f->state = FLIGHT_DONE;
    f->result = *result;
    if (f->outlet != NULL)
        outlet_done(f->outlet, result);
    bool worth_a_turn = !d->backlog || d->stopping || f->outlet == NULL ||
                        result->outcome != OUTCOME_SENT || outlet_runs_low(f->outlet);
    log_info("attempt", "message=%lld gateway=%s outcome=%s code=%d", (long long)id,
             f->gateway_name, outcome_name(result->outcome), result->code);
    if (worth_a_turn)
        d->poke(d->arg);
}

/* --- configuration --- */

struct dispatch *dispatch_create(uv_loop_t *loop, struct marks *marks, void (*poke)(void *arg),
                                 void *arg)
{
    struct dispatch *d = mem_zalloc(sizeof(*d));

    d->loop = loop;
    d->marks = marks;
    d->poke = poke;
    d->arg = arg;
    d->hooks = (struct gateway_hooks){.done = done_cb, .arg = d};
    d->wait_ms = -1;
    return d;
}

const struct gateway_hooks *dispatch_hooks(struct dispatch *d)
{
    return &d->hooks;
}

static void gateway_closed_cb(void *arg)
{
    struct retired *r = arg;

    if (--r->open > 0)
        return;
    struct dispatch *d = r->d;
    if (r->done != NULL)
        r->done(r->arg);
    free(r->items);
    free(r);
    if (--d->retiring == 0 && d->stopping)
        d->closed(d->closed_arg);
}

/* Close the present gateways; `done` comes when the last one is closed, at once if there is none.
 */
static void retire(struct dispatch *d, int64_t grace_ms, void (*done)(void *arg), void *arg)
{
    struct retired *r = mem_zalloc(sizeof(*r));

    for (struct flight *f = d->flights; f != NULL; f = f->next)
        f->outlet = NULL;
    d->retiring++;
    *r = (struct retired){
        .d = d, .items = d->outlets.items, .open = d->outlets.count + 1, .done = done, .arg = arg};
    size_t n = d->outlets.count;
    d->outlets = (struct outlets){0};
    for (size_t i = 0; i < n; i++)
        gateway_close(r->items[i].gateway, grace_ms, gateway_closed_cb, r);
    gateway_closed_cb(r); /* our own share of `open` */
}

void dispatch_configure(struct dispatch *d, struct world *world,
                        const struct template_set *templates, struct conditions *conditions,
                        struct outlets *outlets, int64_t grace_ms, void (*retired)(void *arg),
                        void *retired_arg)
{
    if (d->with.world != NULL)
        retire(d, grace_ms, d->retired, d->retired_arg);
    d->with = (struct claim_context){
        .world = world,
        .templates = templates,
        .conditions = conditions,
        .outlets = &d->outlets,
        .brake = &d->brake,
        .ahead = d->ahead,
    };
    brake_forget(&d->brake);
    d->outlets = *outlets;
    *outlets = (struct outlets){0};
    d->retired = retired;
    d->retired_arg = retired_arg;
}

void dispatch_use_ledger(struct dispatch *d, struct ledger *ledger, int64_t epoch)
{
    d->ledger = ledger;
    d->epoch = epoch;
}

void dispatch_use_ahead(struct dispatch *d, struct ahead *ahead)
{
    d->ahead = d->with.ahead = ahead;
}

/* --- the engine's side --- */

bool dispatch_has_results(const struct dispatch *d)
{
    for (const struct flight *f = d->flights; f != NULL; f = f->next)
        if (f->state == FLIGHT_DONE)
            return true;
    return false;
}

bool dispatch_must_last(const struct dispatch *d)
{
    for (const struct flight *f = d->flights; f != NULL; f = f->next)
        if (f->settled || f->state == FLIGHT_CLAIMED)
            return true;
    return false;
}

/* A result that the ledger cannot take is kept by it and written later; the database gets it now.
 */
static void note_results(struct dispatch *d, int64_t now_ms)
{
    for (struct flight *f = d->flights; f != NULL; f = f->next) {
        enum outcome o = f->result.outcome;
        if (f->state != FLIGHT_DONE || f->noted || (o != OUTCOME_SENT && o != OUTCOME_UNKNOWN))
            continue;
        for (size_t i = 0; i < f->claim.note_count; i++) {
            struct ledger_record r = {.kind = o == OUTCOME_SENT ? LEDGER_SENT : LEDGER_UNKNOWN,
                                      .key = f->claim.notes[i].key,
                                      .message_id = f->claim.notes[i].message_id,
                                      .at_ms = now_ms,
                                      .epoch = d->epoch};
            ledger_note(d->ledger, &r);
        }
        fault_point("note");
        f->noted = true;
        d->to_note -= (int64_t)f->claim.note_count;
    }
    ledger_write(d->ledger, now_ms); /* the disk takes it while the turn goes on */
}

void dispatch_note_sent(void *arg, const struct message *m)
{
    struct dispatch *d = arg;
    struct ledger_record r = {
        .kind = LEDGER_SENT, .message_id = m->id, .at_ms = clock_wall_ms(), .epoch = d->epoch};

    /* What it was about may be gone: then nothing can ever send it again. */
    if (d->ledger != NULL && ahead_key_of(d->with.world->store, m, &r.key) == 0)
        ledger_note(d->ledger, &r);
}

int dispatch_settle(struct dispatch *d, int64_t now_ms)
{
    int rc = 0;

    if (d->ledger != NULL)
        note_results(d, now_ms);
    for (struct flight *f = d->flights; rc == 0 && f != NULL; f = f->next) {
        if (f->state != FLIGHT_DONE)
            continue;
        rc = settle_result(d->with.world, f->id, f->gateway_name, &f->result, now_ms);
        f->settled = true;
    }
    return rc;
}

static void take_off(struct dispatch *d, struct claim *c, struct outlet *o)
{
    struct flight *f = mem_zalloc(sizeof(*f));

    f->id = c->message.id;
    f->state = FLIGHT_CLAIMED;
    f->gateway = o->gateway;
    f->outlet = o;
    memccpy(f->gateway_name, o->settings->name, 0, sizeof(f->gateway_name) - 1);
    f->claim = *c;
    f->next = d->flights;
    d->flights = f;
    d->count++;
    d->to_note += (int64_t)c->note_count;
    outlet_take(o);
}

static void note_wait(struct dispatch *d, int64_t wait_ms)
{
    if (wait_ms >= 0 && (d->wait_ms < 0 || wait_ms < d->wait_ms))
        d->wait_ms = wait_ms;
}

static size_t room_of_all(struct dispatch *d, bool closed[CHANNEL_COUNT])
{
    size_t room = 0;

    for (int c = 0; c < CHANNEL_COUNT; c++) {
        int64_t wait_ms;
        size_t n = c == CHANNEL_TASK ? TASKS_AT_A_TIME : outlets_room(&d->outlets, c);
        closed[c] = n == 0;
        room += n;
        if (n == 0 && outlets_pick(&d->outlets, c, &wait_ms) == NULL)
            note_wait(d, wait_ms);
    }
    return room < CLAIM_BATCH_MAX ? room : CLAIM_BATCH_MAX;
}

/* Could a message that was not in this batch be taken now? */
static bool room_is_left(struct dispatch *d, const bool closed[CHANNEL_COUNT],
                         const struct message *due, size_t count)
{
    size_t tasks = 0;

    for (size_t i = 0; i < count; i++)
        tasks += due[i].channel == CHANNEL_TASK;
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (c != CHANNEL_TASK && !closed[c] && outlets_room(&d->outlets, c) > 0)
            return true;
    return tasks >= TASKS_AT_A_TIME;
}

int dispatch_claim(struct dispatch *d, int64_t now_ms, int64_t until_us, bool *more)
{
    bool closed[CHANNEL_COUNT];
    struct message *due;
    size_t count;

    *more = d->backlog = false;
    d->wait_ms = -1;
    if (d->stopping || d->breaking)
        return 0;
    if (clock_mono_us() + CLAIM_US < until_us)
        until_us = clock_mono_us() + CLAIM_US;
    size_t room = room_of_all(d, closed);
    int rc = store_messages_due(d->with.world->store, now_ms, closed, room, &due, &count);
    if (rc == 0 && count > 0)
        rc = brake_begin(&d->brake, d->with.world, now_ms);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct claim c;
        struct outlet *o = NULL;
        if (clock_mono_us() >= until_us) {
            *more = true;
            break;
        }
        if (d->ledger != NULL && ledger_room(d->ledger) < d->to_note + NOTES_MAX)
            break; /* what could not be noted must not go */
        if (due[i].channel != CHANNEL_TASK && outlets_room(&d->outlets, due[i].channel) == 0)
            continue; /* the last room was taken a moment ago */
        rc = claim_message(&d->with, &due[i], now_ms, &c, &o);
        if (rc == 0 && o != NULL)
            take_off(d, &c, o);
        else
            claim_close(&c);
    }
    if (rc == 0 && count > 0)
        rc = brake_end(&d->brake);
    d->backlog = count > 0 && count >= room;
    *more = *more || (rc == 0 && d->backlog && room_is_left(d, closed, due, count));
    if (d->backlog && d->count > 0)
        note_wait(d, LINGER_MS);
    messages_free(due, count);
    return rc;
}

static void launch(struct dispatch *d, struct flight *f)
{
    f->state = FLIGHT_OUT;
    fault_point("hand-over");
    f->mark = marks_take(d->marks, f->id, f->claim.message.attempts + 1);
    if (f->mark != NULL) {
        f->claim.wire.mark = mark_flag(f->mark);
        int rc = gateway_send(f->gateway, &f->claim.wire);
        fault_point("handed-over");
        if (rc == 0)
            return;
    }
    /* It had room a moment ago; whatever happened, nothing has left. */
    f->state = FLIGHT_DONE;
    f->result = (struct gateway_result){.outcome = OUTCOME_RETRY, .gateway_trouble = true};
    strcpy(f->result.detail, "the gateway did not take it");
    if (f->outlet != NULL)
        outlet_done(f->outlet, &f->result);
}

void dispatch_committed(struct dispatch *d)
{
    struct flight *next;
    bool again = false;

    for (struct flight *f = d->flights; f != NULL; f = next) {
        next = f->next;
        if (f->settled) {
            fault_point("land");
            land(d, f);
        } else if (f->state == FLIGHT_CLAIMED) {
            launch(d, f);
            again = again || f->state == FLIGHT_DONE;
        }
    }
    if (again)
        d->poke(d->arg);
}

void dispatch_rolled_back(struct dispatch *d)
{
    struct flight *next;

    brake_forget(&d->brake);
    for (struct flight *f = d->flights; f != NULL; f = next) {
        next = f->next;
        f->settled = false;
        if (f->state != FLIGHT_CLAIMED)
            continue;
        if (f->outlet != NULL)
            f->outlet->in_flight--;
        land(d, f);
    }
}

int64_t dispatch_wait_ms(const struct dispatch *d)
{
    return d->wait_ms;
}

void dispatch_gateways(const struct dispatch *d, dispatch_gateway each, void *arg)
{
    for (size_t i = 0; i < d->outlets.count; i++) {
        const struct outlet *o = &d->outlets.items[i];
        each(arg, o->settings->name, o->trouble > 0 ? clock_mono_ms() - o->trouble_ms : 0,
             o->proven);
    }
}

const struct gateway_settings *dispatch_gateway_of(struct dispatch *d, enum channel c, bool anyway)
{
    for (size_t i = 0; i < d->outlets.order_count[c]; i++) {
        const struct outlet *o = &d->outlets.items[d->outlets.order[c][i]];
        if (anyway || o->trouble == 0)
            return o->settings;
    }
    return NULL;
}

int dispatch_in_flight(const struct dispatch *d)
{
    return d->count;
}

void dispatch_break_off(struct dispatch *d)
{
    d->breaking = true;
    for (size_t i = 0; i < d->outlets.count; i++)
        gateway_break_off(d->outlets.items[i].gateway);
}

void dispatch_stop(struct dispatch *d, int64_t grace_ms, void (*closed)(void *arg), void *arg)
{
    d->stopping = true;
    d->closed = closed;
    d->closed_arg = arg;
    retire(d, grace_ms, NULL, NULL);
}

void dispatch_free(struct dispatch *d)
{
    if (d == NULL)
        return;
    while (d->flights != NULL) {
        /* No commit has told how it ended. Whoever settles it, the next start or a service that
         * has taken over and reads the marks right now, must find whether it may be out. */
        d->flights->mark = NULL;
        land(d, d->flights);
    }
    brake_close(&d->brake);
    free(d);
}
