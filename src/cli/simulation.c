/*
 * The recorded past replayed, beside what really went. See cli/simulation.h.
 *
 * Each side is collected, then they meet: the same message (rule, subject, occurrence, repeat,
 * recipient, channel) is one line; of what is left, the messages of one rule about one subject that
 * are nearest in time, since another playbook may have chosen another channel or recipient.
 */
#include "cli/simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/terminal.h"
#include "store/rules.h"
#include "text/sms.h"

#define MOVED_MS (60 * INT64_C(1000))

bool simulated_moved(const struct simulated *m)
{
    int64_t by_ms = m->would_due_ms - m->did_due_ms;

    return m->would && m->did && (by_ms >= MOVED_MS || by_ms <= -MOVED_MS);
}

int64_t simulated_time(const struct simulated *m)
{
    return m->would ? m->would_ms : m->did_ms;
}

static void simulated_close(struct simulated *m)
{
    free(m->to);
    free(m->reason);
}

static size_t name_index(struct simulation *s, const char *name)
{
    for (size_t i = 0; i < s->names.count; i++)
        if (strcmp(s->names.items[i], name) == 0)
            return i;
    str_list_add(&s->names, name, strlen(name));
    return s->names.count - 1;
}

static struct simulated *new_item(struct simulation *s)
{
    mem_grow(&s->items, &s->cap, s->count + 1, sizeof(*s->items));
    struct simulated *m = &s->items[s->count++];
    *m = (struct simulated){0};
    return m;
}

/* --- what would have gone --- */

struct replaying {
    struct simulation *s;
    size_t seen;
};

static void would_cb(void *arg, const struct rehearsal_item *item)
{
    struct replaying *g = arg;
    const struct message *m = item->message;

    g->seen++;
    if ((item->fate != FATE_GOES && item->fate != FATE_JOINED) || item->letter == NULL)
        return;
    struct simulated *to = new_item(g->s);
    *to = (struct simulated){
        .rule = name_index(g->s, item->letter->rule->name),
        .subject_id = m->subject_id,
        .recipient_id = m->recipient_id,
        .occurrence = m->occurrence,
        .repeat = m->repeat,
        .channel = m->channel,
        .would = true,
        .would_ms = item->at_ms,
        .would_due_ms = m->due_ms,
        .would_segments = item->size.segments,
        .to = mem_strdup(item->to),
    };
}

static int replay(struct simulation *s)
{
    struct replaying g = {.s = s};
    struct replay r = {.rehearsal = {.world = &s->world,
                                     .templates = s->config.templates,
                                     .conditions = s->conditions,
                                     .mails = true},
                       .past = s->past};
    struct progress progress;
    bool done = false;

    progress_begin(&progress, "Messages");
    int rc = replay_begin(&r, s->from_ms, s->until_ms);
    while (rc == 0 && !done) {
        rc = replay_step(&r, would_cb, &g, &done);
        progress_show(&progress, g.seen, 0);
    }
    progress_end(&progress);
    replay_close(&r);
    return rc;
}

/* --- what did --- */

static void did_cb(void *arg, const struct past_sent *m)
{
    struct simulation *s = arg;
    struct simulated *to = new_item(s);
    struct sms_size size = {0};

    if (m->channel == CHANNEL_SMS && m->text != NULL)
        sms_measure(m->text, strlen(m->text), &size, NULL);
    *to = (struct simulated){
        .rule = name_index(s, m->rule),
        .subject_id = m->subject_id,
        .recipient_id = m->recipient_id,
        .occurrence = m->occurrence,
        .repeat = m->repeat,
        .channel = m->channel,
        .did = true,
        .did_ms = m->sent_ms,
        .did_due_ms = m->due_ms,
        .did_segments = size.segments,
        .id = m->id,
        .state = m->state,
        .to = mem_strdup(m->to),
    };
}

/* --- both sides meet --- */

static int order(int64_t x, int64_t y)
{
    return (x > y) - (x < y);
}

static int by_subject(const struct simulated *x, const struct simulated *y)
{
    int c = order((int64_t)x->rule, (int64_t)y->rule);

    return c != 0 ? c : order(x->subject_id, y->subject_id);
}

static int by_key(const void *a, const void *b)
{
    const struct simulated *x = a, *y = b;
    const int64_t keys[][2] = {
        {x->occurrence, y->occurrence},
        {x->repeat, y->repeat},
        {x->recipient_id, y->recipient_id},
        {(int64_t)x->channel, (int64_t)y->channel},
    };
    int c = by_subject(x, y);

    for (size_t i = 0; c == 0 && i < sizeof(keys) / sizeof(keys[0]); i++)
        c = order(keys[i][0], keys[i][1]);
    return c;
}

static int by_key_and_side(const void *a, const void *b)
{
    const struct simulated *x = a, *y = b;
    int c = by_key(a, b);

    return c != 0 ? c : order(x->did, y->did);
}

static int by_time(const void *a, const void *b)
{
    const struct simulated *x = a, *y = b;
    int c = order(simulated_time(x), simulated_time(y));

    return c != 0 ? c : by_key_and_side(a, b);
}

/* `did` becomes a part of `would`, and is empty. */
static void join(struct simulated *would, struct simulated *did)
{
    would->did = true;
    would->did_ms = did->did_ms;
    would->did_due_ms = did->did_due_ms;
    would->did_segments = did->did_segments;
    would->id = did->id;
    would->state = did->state;
    simulated_close(did);
    *did = (struct simulated){.rule = did->rule, .subject_id = did->subject_id};
}

static void meet_nearest(struct simulated *group, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct simulated *best = NULL;
        if (!group[i].did || group[i].would)
            continue;
        for (size_t k = 0; k < count; k++)
            if (group[k].would && !group[k].did &&
                (best == NULL || llabs(group[k].would_ms - group[i].did_ms) <
                                     llabs(best->would_ms - group[i].did_ms)))
                best = &group[k];
        if (best != NULL)
            join(best, &group[i]);
    }
}

static void meet(struct simulation *s)
{
    size_t kept = 0;

    if (s->count == 0)
        return;
    qsort(s->items, s->count, sizeof(*s->items), by_key_and_side);
    for (size_t i = 0; i + 1 < s->count; i++)
        if (s->items[i].would && s->items[i + 1].did && !s->items[i + 1].would &&
            by_key(&s->items[i], &s->items[i + 1]) == 0)
            join(&s->items[i], &s->items[i + 1]);
    for (size_t i = 0, n; i < s->count; i += n) {
        for (n = 1; i + n < s->count && by_subject(&s->items[i], &s->items[i + n]) == 0; n++)
            ;
        meet_nearest(&s->items[i], n);
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].would || s->items[i].did)
            s->items[kept++] = s->items[i];
    s->count = kept;
    qsort(s->items, s->count, sizeof(*s->items), by_time);
}

/* --- why something that went would not --- */

static char *reason_of(const struct message *m)
{
    if (message_is_pending(m->state))
        return mem_strdup(m->reason != NULL ? m->reason : "it would have gone later");
    if (m->state < MESSAGE_FAILED) /* it went before, or with what another line tells */
        return mem_strdup("it would have gone at another time");
    return mem_printf("%s: %s", message_state_name(m->state), m->reason != NULL ? m->reason : "-");
}

static int explain(struct simulation *s, struct simulated *m)
{
    const struct rule *rule = playbook_rule(s->config.playbook, s->names.items[m->rule]);
    struct message *rows = NULL;
    struct entity e;
    size_t count = 0;

    if (rule == NULL) {
        m->reason = mem_strdup("the playbook does not have the rule");
        return 0;
    }
    int64_t id = s->world.rules[rule - s->config.playbook->rules].id;
    int rc = store_entity(s->session.store, m->subject_id, &e);
    bool there = rc == 0 && e.present;
    entity_close(&e);
    if (rc == 0)
        rc = store_messages_of(s->session.store, m->subject_id, &rows, &count);
    for (size_t i = 0; i < count && m->reason == NULL; i++)
        if (rows[i].rule_id == id && rows[i].occurrence == m->occurrence &&
            rows[i].repeat == m->repeat && rows[i].recipient_id == m->recipient_id)
            m->reason = reason_of(&rows[i]);
    if (m->reason == NULL)
        m->reason = mem_strdup(there ? "the playbook does not ask for it"
                                     : "the record is not there any more");
    messages_free(rows, count);
    return rc;
}

/* --- the whole --- */

static bool has_conditions(const struct playbook *p)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].only_if != NULL || p->rules[i].unless != NULL)
            return true;
    return false;
}

static int open_past(struct simulation *s, const struct session *session)
{
    struct err err = {""};
    int rc = store_draft_past(session->database, &s->session.store, &err);

    if (rc == 0 && has_conditions(s->config.playbook)) {
        s->conditions = conditions_open(session->database, &err);
        rc = s->conditions != NULL ? conditions_twin(s->conditions, &err) : ERR_IO;
    }
    return rc == 0 ? EXIT_DONE : command_error(ERR_IO, "%s", err.text);
}

static int bring_back(struct simulation *s)
{
    const struct config *c = &s->config;
    struct progress progress;

    progress_begin(&progress, "Bringing the records back");
    progress_show(&progress, 0, 0);
    int rc = store_begin(s->session.store);
    if (rc == 0)
        rc = world_load(&s->world, s->session.store, c->settings, c->playbook, s->from_ms, true);
    if (rc == 0)
        replay_rules(&s->world, s->from_ms);
    if (rc == 0)
        rc = past_begin(s->session.store, s->conditions, s->from_ms, s->until_ms, &s->past);
    if (rc == 0)
        rc = store_commit(s->session.store);
    progress_end(&progress);
    return rc;
}

int simulation_run(const struct call *call, const struct session *session, const char *playbook,
                   int64_t from_ms, int64_t until_ms, struct simulation *out)
{
    *out = (struct simulation){.from_ms = from_ms, .until_ms = until_ms};
    int status = session_config(call, playbook, &out->config);

    if (status != EXIT_DONE)
        return status;
    out->session.zone = session->zone;
    out->session.database = mem_strdup(session->database);
    for (size_t i = 0; i < out->config.playbook->rule_count; i++)
        name_index(out, out->config.playbook->rules[i].name);
    conditions_localtime(out->config.settings->business.calendar.zone);
    status = open_past(out, session);
    if (status != EXIT_DONE)
        return status;
    int rc = bring_back(out);
    if (rc == 0)
        rc = replay(out);
    if (rc == 0)
        rc = store_past_sent(out->session.store, from_ms, until_ms, did_cb, out);
    if (rc == 0)
        meet(out);
    for (size_t i = 0; rc == 0 && i < out->count; i++)
        if (!out->items[i].would)
            rc = explain(out, &out->items[i]);
    return rc == 0 ? EXIT_DONE : session_failed(&out->session, rc, "replay what happened");
}

void simulation_close(struct simulation *s)
{
    past_free(s->past);
    conditions_close(s->conditions);
    world_close(&s->world);
    session_close(&s->session);
    config_free(&s->config);
    str_list_close(&s->names);
    for (size_t i = 0; i < s->count; i++)
        simulated_close(&s->items[i]);
    free(s->items);
    *s = (struct simulation){0};
}
