/*
 * Messages of one client that go as one. See send/merge.h.
 *
 * Whoever would join is looked at as the leader was: its record, then the gate. What the gate says
 * of it counts only if it says "go": everything else it will be told again, when it comes by
 * itself.
 */
#include "send/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/merge.h"
#include "send/gate.h"
#include "send/refresh.h"
#include "store/entities.h"
#include "watch/absorb.h"
#include "watch/replan.h"

#define UNPLANNED_MAX 64 /* of a client's newest jobs and visits that are looked at */

struct merge_part {
    struct message message;
    struct letter letter;
};

struct finding {
    struct world *w;
    struct conditions *conditions;
    const struct message *leader;
    const struct letter *l;
    const struct ahead *ahead;
    bool bound; /* words that are out there speak of those that are looked at */
    int64_t now_ms;
    struct merge *out;
};

static void part_free(struct merge_part *p)
{
    letter_close(&p->letter);
    message_close(&p->message);
    free(p);
}

void merge_close(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++)
        part_free(m->parts[i]);
    *m = (struct merge){0};
}

/* Words that speak of it, its own or another leader's, may be out there: they have to go again as
 * they are, and it with them. */
static int has_left(const struct finding *f, const struct message *m, bool *left)
{
    struct payload p;

    *left = false;
    if (m->attempts == 0 || m->leader_id == f->leader->id)
        return 0;
    int rc = store_payload(f->w->store, m->leader_id != 0 ? m->leader_id : m->id, &p);
    *left = rc == 0 && p.committing;
    payload_close(&p);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* Do the rules let it go with the leader? */
static bool merges(const struct finding *f, const struct merge_part *p)
{
    const struct rule *r = p->letter.rule;

    return plan_may_merge(f->l->rule, f->leader->channel) &&
           plan_may_merge(r, f->leader->channel) &&
           plan_merges(f->l->rule, r, f->now_ms, p->message.next_ms);
}

/* May it go, now and with the leader? */
static bool fits(const struct finding *f, const struct merge_part *p)
{
    const struct message *m = &p->message;
    struct gate_decision d;

    if (p->letter.rule == NULL || m->channel != f->leader->channel ||
        m->recipient_id != f->leader->recipient_id || !(f->bound || merges(f, p)))
        return false;
    gate_decide(f->w, f->conditions, m, &p->letter, f->now_ms, &d);
    return d.answer == GATE_GO && d.channel == m->channel &&
           str_eq(d.address, letter_address(f->l, m->channel));
}

static void key_of(const struct merge_part *p, struct ledger_key *out)
{
    ahead_key(p->letter.rule->name, &p->letter.subject.entity, &p->letter.recipient, &p->message,
              out);
}

/* Did it go out already? Then it is marked when its own turn comes. */
static bool is_ahead(const struct finding *f, const struct merge_part *p)
{
    struct ledger_key key;

    if (f->ahead == NULL)
        return false;
    key_of(p, &key);
    return ahead_knows(ahead_find(f->ahead, &key), &p->message);
}

/* Look at one; *joins: it is among those that go now. */
static int look_at(struct finding *f, int64_t id, bool *joins)
{
    struct merge_part *p = mem_zalloc(sizeof(*p));
    bool again, left = false;
    int rc = store_message(f->w->store, id, &p->message);

    *joins = false;
    if (rc == 0)
        rc = refresh_message(f->w, &p->message, p->message.attempts > 0, f->now_ms, &again);
    if (rc == 0 && message_is_pending(p->message.state)) {
        rc = has_left(f, &p->message, &left);
        if (rc == 0 && !left) {
            rc = letter_load(f->w, &p->message, f->now_ms, &p->letter);
            *joins = rc == 0 && fits(f, p) && !is_ahead(f, p);
        }
    }
    if (!*joins) {
        part_free(p);
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    f->out->inputs[f->out->count] = &p->letter.input;
    f->out->parts[f->out->count++] = p;
    return 0;
}

/* Those that the leader's words speak of. */
static int find_again(struct finding *f)
{
    struct message *with;
    size_t count;
    int rc = store_messages_with(f->w->store, f->leader->id, &with, &count);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool joins = false;
        if (f->out->count < MERGE_MAX)
            rc = look_at(f, with[i].id, &joins);
        if (rc == 0 && !joins) {
            f->out->changed = true;
            rc = store_message_part(f->w->store, with[i].id);
        }
    }
    messages_free(with, count);
    return rc;
}

static bool is_among(const struct merge *m, int64_t id)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->parts[i]->message.id == id)
            return true;
    return false;
}

/* Plan what came with the leader's record and waits to be planned: under load a claim is not held
 * up by planning, but a family that was booked in one go is one family. */
static int plan_others(struct finding *f)
{
    struct subjects list = {0};
    struct replan_counts counts = {0};
    int rc = store_entities_unplanned_of(f->w->store, f->l->ids.client_id, f->w->generation,
                                         UNPLANNED_MAX, subjects_add, &list);

    for (size_t i = 0; rc == 0 && i < list.count; i++)
        rc = replan_subject(f->w, list.ids[i], f->now_ms, &counts);
    subjects_close(&list);
    return rc;
}

static int find_new(struct finding *f)
{
    struct message *list = NULL;
    size_t count = 0;
    int rc = plan_others(f);

    if (rc == 0)
        rc =
            store_messages_to_merge(f->w->store, f->leader, plan_merge_until(f->l->rule, f->now_ms),
                                    MERGE_MAX, &list, &count);

    for (size_t i = 0; rc == 0 && i < count && f->out->count < MERGE_MAX; i++) {
        bool joins;
        if (!is_among(f->out, list[i].id))
            rc = look_at(f, list[i].id, &joins);
    }
    messages_free(list, count);
    return rc;
}

int merge_find(struct world *w, struct conditions *conditions, const struct message *leader,
               const struct letter *l, const struct ahead *ahead, bool written, int64_t now_ms,
               struct merge *out)
{
    struct finding f = {.w = w,
                        .conditions = conditions,
                        .leader = leader,
                        .l = l,
                        .ahead = ahead,
                        .bound = written,
                        .now_ms = now_ms,
                        .out = out};
    int rc = leader->attempts > 0 ? find_again(&f) : 0;

    f.bound = false;
    if (rc == 0 && plan_may_merge(l->rule, leader->channel) && (!written || out->changed))
        rc = find_new(&f);
    return rc;
}

void merge_inputs(const struct merge *m, struct compose_input *leader)
{
    leader->also = m->inputs;
    leader->also_count = m->count;
}

void merge_note(const struct merge *m, size_t i, int64_t *message_id, struct ledger_key *key)
{
    const struct merge_part *p = m->parts[i];

    *message_id = p->message.id;
    key_of(p, key);
}

int merge_claim(struct store *s, const struct merge *m, int64_t leader_id, const char *gateway,
                const char *address, int64_t now_ms)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < m->count; i++) {
        const struct message *one = &m->parts[i]->message;
        if (one->attempts > 0)
            rc = store_payload_drop(s, one->id);
        if (rc == 0)
            rc = store_message_claim(s, one, gateway, address, leader_id, now_ms);
        fault_point("merge-claim");
    }
    return rc;
}
