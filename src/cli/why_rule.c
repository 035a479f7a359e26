/*
 * betimes why --rule: what a rule did or did not want of a record. What is not among the messages
 * is planned in a private copy, and the planner's own words say why the rule did not want it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/draft.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/why.h"
#include "send/letter.h"
#include "store/rules.h"
#include "watch/absorb.h"
#include "watch/subject.h"

#define SUBJECTS_MAX 200 /* of one client, that are told about */

struct verdict_words {
    const struct rule *rule;
    struct str_list words; /* the planner's, about this rule */
};

static void hear(void *arg, const struct rule *r, const char *text)
{
    struct verdict_words *v = arg;

    if (r == v->rule && !str_list_has(&v->words, text))
        str_list_add(&v->words, text, strlen(text));
}

static const char *kind_name(enum entity_kind kind)
{
    return kind == ENTITY_JOB ? "job" : kind == ENTITY_APPOINTMENT ? "appointment" : "answer";
}

static void tell_word(struct asking *a, const struct entity *e, const struct rule *r,
                      const char *text, const struct why_steps *steps)
{
    const char *kind = kind_name(e->kind);

    if (a->list != NULL) {
        json_t *o = json_object();
        json_object_set_new(o, "rule", show_json_text(r->name));
        json_object_set_new(o, kind, show_json_text(e->key));
        json_object_set_new(o, "state", json_null());
        json_object_set_new(o, "reason", show_json_text(text));
        json_object_set_new(o, "steps", why_steps_json(steps));
        json_array_append_new(a->list, o);
        return;
    }
    char *title = mem_printf("No message of %s for %s %s", r->name, kind, e->key);
    char *sentence = rule_sentence(r);
    put_text(BOLD, title);
    putchar('\n');
    why_line("rule", sentence);
    why_line("reason", text);
    why_steps_print(steps);
    free(sentence);
    free(title);
}

/* What the service would do once it comes to it; free() it. */
static char *words_to_come(const struct asking *a, const struct intent *in)
{
    char when[SHOW_TIME_MAX];

    if (in->verdict != VERDICT_SEND)
        return mem_strdup(in->reason);
    show_time(in->due_ms, a->session.zone, a->now_ms, when);
    return mem_printf("the service has not looked at the record yet (`betimes status` "
                      "tells whether it runs); when it does, the message is planned for %s",
                      when);
}

/* What the gate would say of the message that the draft has planned. */
static void tell_gate(const struct asking *a, struct draft *d, int64_t entity_id,
                      const struct rule *r, struct why_steps *steps)
{
    struct message *rows = NULL;
    struct letter l = {0};
    size_t count = 0, rule = (size_t)(r - a->config.playbook->rules);
    int rc = store_messages_of(d->session.store, entity_id, &rows, &count);

    d->world.rules[rule].trial = TRIAL_NONE; /* for the draft every rule may be new */

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (rows[i].rule_id != d->world.rules[rule].id || !message_is_pending(rows[i].state))
            continue;
        if (letter_load(&d->world, &rows[i], a->now_ms, &l) == 0)
            why_gate(a, &d->world, &rows[i], &l, steps);
        letter_close(&l);
        break;
    }
    messages_free(rows, count);
}

/* How far it would come: its time, its channel, and what the gate would say. `in`: what is wanted;
 * NULL: nothing, and then the newest occurrence that stands is told of. */
static void tell_way(const struct asking *a, struct draft *d, const struct subject *s,
                     const struct rule *r, const struct intent *in, struct why_steps *steps)
{
    const struct plan_contact *client = r->to == TO_CLIENT ? s->plan.client : NULL;
    const struct account_of of = {
        .rule = (size_t)(r - a->config.playbook->rules),
        .occurrence = in != NULL ? in->occurrence : 0,
        .repeat = in != NULL ? in->repeat : 0,
        .zone = client != NULL ? client->zone : a->session.zone,
    };
    struct account_times times;

    if (!why_times(a, &d->world.plan, &s->plan, &of, NULL, steps, &times))
        return;
    if (client != NULL && r->by != BY_TASK)
        why_channels(a, d->session.store, r, client, s->plan.client_row, INT64_MAX, steps);
    if (in != NULL && in->verdict == VERDICT_SEND)
        tell_gate(a, d, s->entity.id, r, steps);
}

static const struct intent *intent_of(const struct asking *a, const struct intents *intents,
                                      const struct rule *r)
{
    for (size_t i = 0; i < intents->count; i++)
        if (&a->config.playbook->rules[intents->items[i].rule] == r)
            return &intents->items[i];
    return NULL;
}

/* Why the rule has nothing to say about such a record; NULL: it may have. */
static const char *kind_words(const struct rule *r, const struct entity *e)
{
    static const struct {
        bool (*speaks_of)(const struct rule *r);
        enum entity_kind kind;
        const char *of, *is;
    } kinds[] = {
        {rule_on_job, ENTITY_JOB, "the rule speaks of jobs, ", "and this is a job"},
        {rule_on_appointment, ENTITY_APPOINTMENT, "the rule speaks of appointments, ",
         "and this is an appointment"},
        {rule_on_answer, ENTITY_ANSWER, "the rule speaks of what clients answer, ",
         "and this is an answer"},
    };
    static char text[PLAN_REASON_MAX];
    const char *of = "", *is = "";

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].speaks_of(r) && kinds[i].kind == e->kind)
            return NULL;
        of = kinds[i].speaks_of(r) ? kinds[i].of : of;
        is = kinds[i].kind == e->kind ? kinds[i].is : is;
    }
    snprintf(text, sizeof(text), "%s%s", of, is);
    return text;
}

/* What the planner says of the rule and this subject, in the draft. */
static int ask_planner(struct asking *a, struct draft *d, int64_t entity_id, const struct rule *r)
{
    struct verdict_words v = {.rule = r};
    struct intents intents = {0};
    struct why_steps steps = {0};
    struct subject s;
    int rc = subject_load(&d->world, entity_id, &s);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        subject_close(&s);
        return session_failed(&d->session, rc, "read the record");
    }
    const char *kind = kind_words(r, &s.entity);
    if (rc == ERR_NOTFOUND) {
        tell_word(a, &s.entity, r, "the record was deleted", &steps);
    } else if (kind != NULL) {
        tell_word(a, &s.entity, r, kind, &steps);
    } else {
        plan_subject(&d->world.plan, &s.plan, &intents, hear, &v);
        const struct intent *in = intent_of(a, &intents, r);
        char *text = in != NULL ? words_to_come(a, in)
                     : v.words.count > 0
                         ? mem_strdup(v.words.items[v.words.count - 1])
                         : mem_strdup("nothing has happened that the rule speaks of");
        tell_way(a, d, &s, r, in, &steps);
        tell_word(a, &s.entity, r, text, &steps);
        free(text);
    }
    why_steps_close(&steps);
    str_list_close(&v.words);
    intents_close(&intents);
    subject_close(&s);
    return EXIT_DONE;
}

/* `asked`: the kind of record that the person named. */
static int explain_entity(struct asking *a, struct draft *d, int64_t entity_id,
                          const struct rule *r, enum entity_kind asked)
{
    struct outbox_filter f = {.rule = r->name};
    struct outbox_row *rows = NULL;
    struct entity e;
    size_t count = 0;
    int status = EXIT_DONE, rc = store_entity(d->session.store, entity_id, &e);

    f.with_visits = asked == ENTITY_JOB;
    f.subject_kind = e.kind;
    f.subject_row = e.row_id;
    if (rc == 0)
        rc = store_outbox(a->session.store, &f, &rows, &count);
    if (rc != 0)
        status = session_failed(&a->session, rc, "read the messages");
    else if (count > 0)
        status = why_tell_rows(a, rows, count);
    else if (asked != ENTITY_CLIENT || kind_words(r, &e) == NULL)
        status = ask_planner(a, d, entity_id, r);
    outbox_rows_free(rows, count);
    entity_close(&e);
    return status;
}

/* The record that is meant by `ref`: its row, or what is known of one that was deleted. */
static int find_record(struct asking *a, enum entity_kind kind, const char *ref, int64_t *row_id,
                       int64_t *entity_id)
{
    struct store *s = a->session.store;
    struct entity e = {0};
    int rc = store_find(s, kind, ref, row_id);

    if (rc == 0) {
        rc = store_entity_by_row(s, kind, *row_id, &e);
    } else if (rc == ERR_NOTFOUND) {
        char *key = mem_printf("#%s", ref);
        rc = store_entity_by_key(s, kind, ref, &e);
        if (rc == ERR_NOTFOUND)
            rc = store_entity_by_key(s, kind, key, &e);
        free(key);
        *row_id = rc == 0 ? e.row_id : 0;
    }
    *entity_id = rc == 0 ? e.id : 0; /* 0: no service has looked at it yet */
    entity_close(&e);
    if (rc == ERR_NOTFOUND && *row_id == 0)
        return session_row(&a->session, kind, ref, row_id); /* which says so */
    return rc == 0 || rc == ERR_NOTFOUND ? EXIT_DONE
                                         : session_failed(&a->session, rc, "look it up");
}

int why_messages_of(struct asking *a, enum entity_kind kind, const char *ref)
{
    const char *rule = option_value(&a->call->options, "rule");
    struct outbox_filter f = {.rule = rule};
    struct outbox_row *rows = NULL;
    int64_t row_id, entity_id;
    size_t count = 0;
    int status = find_record(a, kind, ref, &row_id, &entity_id);

    if (status != EXIT_DONE)
        return status;
    if (kind == ENTITY_CLIENT) {
        f.client_row = row_id;
    } else {
        f.subject_kind = kind;
        f.subject_row = row_id;
        f.with_visits = kind == ENTITY_JOB;
    }
    int rc = store_outbox(a->session.store, &f, &rows, &count);
    if (rc != 0)
        status = session_failed(&a->session, rc, "read the messages");
    else if (count == 0)
        status = command_error(ERR_NOTFOUND,
                               "no message of `%s` was planned for it, and why not only the rules "
                               "can tell: mend the mistakes first",
                               rule);
    else
        status = why_tell_rows(a, rows, count);
    if (status == EXIT_DONE && a->list != NULL)
        status = show_print_json(json_incref(a->list));
    outbox_rows_free(rows, count);
    return status;
}

int why_rule(struct asking *a, enum entity_kind kind, const char *ref)
{
    const struct rule *r;
    struct subjects subjects = {0};
    struct draft d = {0};
    int64_t row_id, entity_id;
    int status = session_rule(&a->config, option_value(&a->call->options, "rule"), &r);

    if (status == EXIT_DONE)
        status = find_record(a, kind, ref, &row_id, &entity_id);
    if (status == EXIT_DONE)
        status = draft_make(&a->session, &a->config, a->now_ms, &d);
    if (status == EXIT_DONE && kind == ENTITY_CLIENT) {
        int rc = store_entities_of_client(d.session.store, row_id, subjects_add, &subjects);
        if (rc != 0)
            status = session_failed(&d.session, rc, "read the client's records");
    } else if (status == EXIT_DONE && entity_id != 0) {
        subjects_add(&subjects, entity_id);
    } else if (status == EXIT_DONE) {
        struct entity e;
        int rc = store_entity_by_row(d.session.store, kind, row_id, &e);
        if (rc == 0)
            subjects_add(&subjects, e.id);
        else
            status = session_failed(&d.session, rc, "read the record");
        entity_close(&e);
    }
    if (status == EXIT_DONE && subjects.count == 0 && a->list == NULL)
        printf("The client has neither a job nor an appointment, and has answered nothing.\n");
    for (size_t i = 0; status == EXIT_DONE && i < subjects.count && i < SUBJECTS_MAX; i++) {
        if (i > 0 && a->list == NULL)
            putchar('\n');
        status = explain_entity(a, &d, subjects.ids[i], r, kind);
    }
    if (status == EXIT_DONE && a->list != NULL)
        status = show_print_json(json_incref(a->list));
    subjects_close(&subjects);
    draft_close(&d);
    return status;
}
