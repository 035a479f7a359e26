/*
 * All that planning one subject loads. See watch/subject.h.
 *
 * What was asked and answered, and when the client last heard from us, is loaded only for a
 * playbook with rules that go by it: most have none, and every message would pay for it.
 */
#include "watch/subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/answers.h"

/* The job that an appointment or an answer is about; what is not there is about none. */
static int load_of_job(struct store *s, int64_t id, struct subject *out)
{
    int rc = id != 0 ? store_job(s, id, &out->of_job) : ERR_NOTFOUND;

    if (rc == 0)
        out->plan.of_job = &out->of_job;
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int load_answer(struct store *s, struct subject *out)
{
    int rc = store_answer(s, out->entity.row_id, &out->answer);

    out->plan.answer = &out->answer;
    if (rc != 0)
        return rc;
    rc = out->answer.appointment_id != 0
             ? store_appointment(s, out->answer.appointment_id, &out->appointment)
             : ERR_NOTFOUND;
    if (rc == 0)
        out->plan.of_appointment = &out->appointment;
    else if (rc != ERR_NOTFOUND)
        return rc;
    return load_of_job(s, out->answer.job_id != 0 ? out->answer.job_id : out->appointment.job_id,
                       out);
}

static int load_record(struct store *s, struct subject *out, int64_t *client_id)
{
    int rc = 0;

    switch (out->entity.kind) {
    case ENTITY_JOB:
        rc = store_job(s, out->entity.row_id, &out->job);
        out->plan.job = &out->job;
        *client_id = out->job.client_id;
        break;
    case ENTITY_APPOINTMENT:
        rc = store_appointment(s, out->entity.row_id, &out->appointment);
        out->plan.appointment = &out->appointment;
        *client_id = out->appointment.client_id;
        if (rc == 0)
            rc = load_of_job(s, out->appointment.job_id, out);
        break;
    case ENTITY_CLIENT: /* what a person writes to them is about nothing else */
        *client_id = out->entity.row_id;
        break;
    case ENTITY_ANSWER:
        rc = load_answer(s, out);
        *client_id = out->answer.client_id;
        break;
    default:
        rc = ERR_INVALID;
        break;
    }
    return rc;
}

/* --- the conversation --- */

struct asking {
    struct world *w;
    struct subject *out;
    size_t cap;
};

static void add_asked(void *arg, int64_t rule_id, int64_t occurrence, int64_t at_ms)
{
    struct asking *a = arg;
    struct plan_subject *p = &a->out->plan;
    int rule = world_rule_by_id(a->w, rule_id);

    if (rule < 0 || !a->w->playbook->rules[rule].asked)
        return;
    mem_grow(&a->out->asked, &a->cap, p->asked_count + 1, sizeof(*a->out->asked));
    a->out->asked[p->asked_count++] =
        (struct plan_asked){.rule = (size_t)rule, .occurrence = occurrence, .at_ms = at_ms};
    p->asked = a->out->asked;
}

/* When the client last heard from us by any rule but those on silence itself. */
static int load_contact(struct world *w, struct subject *out)
{
    const struct playbook *p = w->playbook;
    int64_t *but = mem_array(p->rule_count, sizeof(*but));
    size_t count = 0;
    int64_t client_id;
    int rc = store_entity_id_of_row(w->store, ENTITY_CLIENT, out->plan.client_row, &client_id);

    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].event == EVENT_CLIENT_SILENCE)
            but[count++] = w->rules[i].id;
    if (rc == 0)
        rc = store_contact(w->store, client_id, but, count, &out->plan.contact_ms);
    free(but);
    return rc == ERR_NOTFOUND ? 0 : rc; /* a client that nobody has looked at heard nothing */
}

static int load_conversation(struct world *w, struct subject *out)
{
    struct asking asking = {.w = w, .out = out};
    const struct playbook *p = w->playbook;
    int64_t job_id = out->job.id != 0 ? out->job.id : out->of_job.id;
    bool minds = out->plan.appointment != NULL ? p->visits_mind_answers : p->others_mind_answers;
    int rc = 0;

    if (minds)
        rc = store_asked(w->store, out->entity.id, add_asked, &asking);
    if (rc == 0 && minds)
        rc = store_answered(w->store, out->plan.client_row, job_id, out->appointment.id,
                            &out->plan.answered_ms);
    if (rc == 0 && p->minds_silence && out->plan.job != NULL)
        rc = load_contact(w, out);
    return rc;
}

/* --- */

int subject_load_records(struct world *w, int64_t entity_id, struct subject *out)
{
    struct store *s = w->store;
    int64_t client_id = 0;

    *out = (struct subject){0};
    int rc = store_entity(s, entity_id, &out->entity);
    if (rc == 0 && !out->entity.present)
        return ERR_NOTFOUND;
    if (rc == 0)
        rc = load_record(s, out, &client_id);
    if (rc == 0 && client_id != 0) {
        rc = store_client(s, client_id, &out->client);
        if (rc == 0) {
            rc = contact_of_client(w, &out->client, true, &out->contact);
            out->plan.client = &out->contact.plan;
        } else if (rc == ERR_NOTFOUND) {
            rc = 0; /* the planner says that there is no client */
        }
    }
    out->plan.client_row = client_id;
    out->plan.told_ms = out->entity.told_ms;
    return rc;
}

int subject_load(struct world *w, int64_t entity_id, struct subject *out)
{
    int rc = subject_load_records(w, entity_id, out);

    if (rc == 0)
        rc = store_events(w->store, entity_id, &out->events, &out->event_count);
    out->plan.events = out->events;
    out->plan.event_count = out->event_count;
    return rc == 0 ? load_conversation(w, out) : rc;
}

/* --- many at once --- */

static int load_visit(struct world *w, const struct stretch_visit *v, struct subject *out)
{
    out->entity = v->entity;
    out->appointment.id = v->appointment.id;
    out->client_entity = v->client_entity;
    out->plan.appointment = &v->appointment;
    out->plan.client = &out->contact.plan;
    out->plan.client_row = v->client.id;
    out->plan.told_ms = v->entity.told_ms;
    out->plan.events = v->events;
    out->plan.event_count = v->event_count;
    int rc = contact_of_client(w, &v->client, v->consents, &out->contact);
    return rc == 0 ? load_conversation(w, out) : rc;
}

int subject_load_stretch(struct world *w, const struct stretch_rows *rows, struct subject *out)
{
    int rc = 0;

    memset(out, 0, (size_t)(rows->at.last - rows->at.first + 1) * sizeof(*out));
    for (size_t i = 0; rc == 0 && i < rows->count; i++)
        rc = load_visit(w, &rows->visits[i], &out[rows->visits[i].entity.id - rows->at.first]);
    return rc;
}

void subject_close(struct subject *s)
{
    entity_close(&s->entity);
    job_close(&s->job);
    job_close(&s->of_job);
    appointment_close(&s->appointment);
    answer_close(&s->answer);
    client_close(&s->client);
    plan_events_free(s->events, s->event_count);
    free(s->asked);
    *s = (struct subject){0};
}
