/* Looking ahead with one playbook. See cli/outlook.h. */
#include "cli/outlook.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "watch/trial.h"

#define AT_ONCE_MS (60 * INT64_C(1000)) /* what is due within it counts as "at once" */

const char *fate_name(enum fate f)
{
    static const char *const names[] = {
        [FATE_GOES] = "goes", [FATE_JOINED] = "joined", [FATE_SKIPPED] = "skipped",
        [FATE_HELD] = "held", [FATE_PAUSED] = "paused",
    };

    return names[f];
}

/* Rules that are new or were changed are counted, as the service would; those within the limit go
 * on, the others ask. */
static int count_trials(struct outlook *o)
{
    struct world *w = &o->draft.world;
    size_t limit = (size_t)o->config.settings->blast_clients;
    struct trial trial = {0};
    bool done = !trial_needed(w);
    int rc = done ? 0 : store_begin(w->store);

    o->asks = mem_array(w->playbook->rule_count + 1, sizeof(*o->asks));
    if (done)
        return 0;
    while (rc == 0 && !done)
        rc = trial_count(&trial, w, o->span->now_ms, &done);
    for (size_t i = 0; rc == 0 && i < trial.rule_count; i++) {
        size_t clients = trial_recipients(&trial, i);
        o->asks[i] = limit > 0 && clients > limit ? clients : 0;
        if (o->span->yes)
            w->rules[i].trial = TRIAL_NONE;
    }
    if (rc == 0 && !o->span->yes) {
        rc = trial_decide(&trial, w, o->span->now_ms);
        if (rc == 0)
            rc = store_rules_paused(w->store, w->rules, w->playbook->rule_count);
    }
    trial_close(&trial);
    return rc == 0 ? store_commit(w->store) : rc;
}

int outlook_open(const struct call *call, const struct session *session, const char *playbook,
                 const struct outlook_span *span, struct outlook *out)
{
    const struct rule *r;
    int status = session_config(call, playbook, &out->config);

    out->span = span;
    if (status == EXIT_DONE && span->rule != NULL)
        status = session_rule(&out->config, span->rule, &r);
    if (status == EXIT_DONE)
        status = draft_make(session, &out->config, span->now_ms, &out->draft);
    int rc = status == EXIT_DONE ? count_trials(out) : 0;
    return rc == 0 ? status : session_failed(&out->draft.session, rc, "count the clients");
}

void outlook_close(struct outlook *o)
{
    draft_close(&o->draft);
    config_free(&o->config);
    free(o->asks);
    *o = (struct outlook){0};
}

void outlook_line_close(struct outlook_line *l)
{
    outbox_row_close(&l->row);
    free(l->with);
    *l = (struct outlook_line){0};
}

/* --- from the rehearsal to a line --- */

struct running {
    struct outlook *o;
    outlook_each each;
    void *arg;
    size_t seen;
};

static bool is_asked(const struct outlook_span *span, const struct rehearsal_item *item)
{
    const struct letter *l = item->letter;

    if (span->rule != NULL && (l == NULL || !str_eq(l->rule->name, span->rule)))
        return false;
    return span->client_row == 0 || (l != NULL && l->subject.plan.client_row == span->client_row);
}

static void describe_subject(const struct letter *l, struct outbox_row *r)
{
    const struct subject *s = &l->subject;

    r->rule = mem_strdup(l->rule->name);
    r->purpose = mem_strdup(purpose_name(l->rule->purpose));
    r->client_id = s->plan.client_row;
    r->job_id = l->ids.job_id;
    r->appointment_id = l->ids.appointment_id;
    r->client_name = mem_strdup(s->client.name);
    r->subject_kind = s->entity.kind;
    r->subject_ref = mem_strdup(s->entity.key);
    r->subject_title = mem_strdup(s->plan.job != NULL ? s->job.title : s->appointment.title);
    r->recipient_kind = l->recipient.kind;
    r->recipient_name = mem_strdup(l->recipient.kind == ENTITY_CLIENT  ? s->client.name
                                   : l->recipient.kind == ENTITY_STAFF ? l->recipient_staff.name
                                                                       : NULL);
}

static char *subject_of(const struct letter *l)
{
    const struct subject *s = &l->subject;
    struct outbox_row r = {
        .subject_kind = s->entity.kind,
        .subject_ref = s->entity.key,
        .subject_title = s->plan.job != NULL ? s->job.title : s->appointment.title,
    };

    return show_subject(&r);
}

static void describe(const struct running *g, const struct rehearsal_item *item,
                     struct outlook_line *out)
{
    const struct message *m = item->message;
    struct outbox_row *r = &out->row;
    bool hand = m->subject_id == m->recipient_id; /* what a person wrote has no rule to tell of */

    *out = (struct outlook_line){
        .rule = item->letter != NULL && !hand ? item->letter->rule : NULL,
        .fate = item->fate,
        .planned_ms = m->due_ms,
        .nominal_ms = m->nominal_ms,
        .at_once = item->at_ms <= g->o->span->now_ms + AT_ONCE_MS,
        .segments = item->size.segments,
        .subject_id = m->subject_id,
        .recipient_id = m->recipient_id,
        .occurrence = m->occurrence,
        .repeat = m->repeat,
    };
    /* Nobody could find it by an id that only the draft has. */
    r->id = m->id <= g->o->draft.known_id ? m->id : 0;
    if (item->letter != NULL) {
        describe_subject(item->letter, r);
    } else {
        r->rule = mem_strdup(SEND_TEST_RULE);
        r->purpose = mem_strdup(purpose_name(PURPOSE_INTERNAL));
        r->recipient_kind = ENTITY_ADDRESS;
        r->subject_ref = mem_strdup("");
    }
    out->with = item->with != NULL ? subject_of(item->with) : NULL;
    r->to = mem_strdup(item->to);
    r->channel = m->channel;
    r->state = m->state;
    r->due_ms = item->at_ms;
    r->attempts = m->attempts;
    r->reason = mem_strdup(item->reason);
    if (item->words != NULL && g->o->span->words) {
        r->subject = mem_strdup(item->words->subject);
        r->text = mem_strdup(item->words->text);
        r->language = mem_strdup(item->words->language);
    }
}

static void item_cb(void *arg, const struct rehearsal_item *item)
{
    struct running *g = arg;
    struct outlook_line line;

    g->seen++;
    if (!is_asked(g->o->span, item))
        return;
    describe(g, item, &line);
    g->each(g->arg, &line);
    outlook_line_close(&line);
}

int outlook_run(struct outlook *o, outlook_each each, outlook_rest rest, void *arg)
{
    struct running g = {.o = o, .each = each, .arg = arg};
    struct rehearsal t = {.world = &o->draft.world,
                          .templates = o->config.templates,
                          .conditions = o->draft.conditions,
                          .mails = true};
    struct progress progress;
    bool done = false;
    int rc = rehearsal_begin(&t, o->span->now_ms, o->span->until_ms);

    progress_begin(&progress, "Messages");
    while (rc == 0 && !done) {
        rc = rehearsal_step(&t, item_cb, &g, &done);
        progress_show(&progress, g.seen, 0);
        if (rest != NULL)
            rest(arg);
    }
    progress_end(&progress);
    rehearsal_close(&t);
    return rc == 0 ? EXIT_DONE : session_failed(&o->draft.session, rc, "look ahead");
}

/* --- telling --- */

json_t *outlook_json(const struct outlook_line *l, const struct settings *s)
{
    json_t *o = show_json(&l->row);
    char *why = l->rule != NULL ? rule_sentence(l->rule) : NULL;
    bool text = l->row.channel == CHANNEL_SMS;
    bool priced = !text || s->channels[CHANNEL_SMS].price > 0;

    json_object_set_new(o, "why", show_json_text(why));
    json_object_set_new(o, "together_with", show_json_text(l->with));
    json_object_set_new(o, "fate", json_string(fate_name(l->fate)));
    json_object_set_new(o, "planned", show_json_time(l->planned_ms));
    json_object_set_new(o, "name", show_json_text(l->row.recipient_name));
    json_object_set_new(o, "segments", json_integer((json_int_t)l->segments));
    json_object_set_new(o, "cost",
                        priced ? json_real(outlook_cost(s, (int64_t)l->segments)) : json_null());
    free(why);
    return o;
}

double outlook_cost(const struct settings *s, int64_t segments)
{
    return s->channels[CHANNEL_SMS].price * (double)segments;
}

void outlook_sum_add(struct outlook_sum *sum, const struct outlook_line *l)
{
    switch (l->fate) {
    case FATE_GOES:
        sum->goes++;
        sum->at_once += l->at_once;
        sum->by_channel[l->row.channel]++;
        sum->segments += l->segments;
        break;
    case FATE_JOINED:
        sum->joined++;
        break;
    case FATE_SKIPPED:
        sum->skipped++;
        break;
    case FATE_HELD:
        sum->held++;
        break;
    case FATE_PAUSED:
        sum->paused++;
        break;
    }
}
