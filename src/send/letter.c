/* All that one message is about, loaded. See send/letter.h. */
#include "send/letter.h"

#include <stdlib.h>
#include <string.h>

#include "send/written.h"

static void load_in_charge(struct world *w, struct letter *l)
{
    const struct subject *s = &l->subject;
    int64_t id = s->appointment.id != 0 ? s->appointment.staff_id : s->job.staff_id;

    if (id == 0 && s->plan.of_job != NULL)
        id = s->of_job.staff_id;
    if (id != 0 && store_staff(w->store, id, &l->in_charge) == 0)
        l->input.staff = &l->in_charge;
}

static int load_recipient(struct world *w, struct letter *l)
{
    int rc = 0;

    switch (l->recipient.kind) {
    case ENTITY_CLIENT:
        if (l->subject.plan.client != NULL && l->subject.client.id == l->recipient.row_id)
            l->contact = l->subject.plan.client;
        break;
    case ENTITY_STAFF:
        rc = store_staff(w->store, l->recipient.row_id, &l->recipient_staff);
        if (rc != 0)
            return rc == ERR_NOTFOUND ? 0 : rc;
        contact_of_staff(w, &l->recipient_staff, &l->staff_contact);
        l->input.recipient = &l->recipient_staff;
        if (l->recipient_staff.active)
            l->contact = &l->staff_contact.plan;
        break;
    default:
        l->input.to_house = true;
        l->address_contact.zone = w->settings->business.calendar.zone;
        if (l->recipient.kind == ENTITY_ADDRESS && strchr(l->recipient.key, '@') != NULL)
            l->address_contact.email = l->recipient.key;
        else if (l->recipient.kind == ENTITY_ADDRESS)
            l->address_contact.phone = l->recipient.key;
        l->contact = &l->address_contact;
        break;
    }
    return rc;
}

/* The rule of the playbook; of what a person wrote, the one that it obeys all the same. */
static int find_rule(struct world *w, const struct message *m, const struct rule **out)
{
    int rule = world_rule_by_id(w, m->rule_id);
    char *name = NULL;

    *out = rule >= 0 ? &w->playbook->rules[rule] : NULL;
    if (rule >= 0 || m->subject_id != m->recipient_id)
        return 0;
    int rc = store_rule_name(w->store, m->rule_id, &name);
    if (rc == 0)
        *out = written_rule(name, m->channel);
    free(name);
    return rc;
}

int letter_load(struct world *w, const struct message *m, int64_t now_ms, struct letter *out)
{
    *out = (struct letter){0};
    int rc = find_rule(w, m, &out->rule);
    if (rc == 0)
        rc = subject_load_records(w, m->subject_id, &out->subject);
    if (rc == 0)
        rc = store_entity(w->store, m->recipient_id, &out->recipient);
    if (rc != 0)
        return rc;
    const struct subject *s = &out->subject;
    out->input.rule = out->rule;
    out->input.channel = m->channel;
    out->input.now_ms = now_ms;
    out->input.links = w->store;
    out->input.client = s->client.id != 0 ? &s->client : NULL;
    out->input.appointment = s->appointment.id != 0 ? &s->appointment : NULL;
    out->input.answer = s->plan.answer;
    out->input.job = s->plan.job != NULL ? s->plan.job : s->plan.of_job;
    load_in_charge(w, out);
    out->ids = (struct condition_ids){
        .client_id = s->client.id,
        .job_id = out->input.job != NULL ? out->input.job->id : 0,
        .appointment_id = s->appointment.id,
        .staff_id = out->in_charge.id,
        .answer_id = s->answer.id,
    };
    return load_recipient(w, out);
}

void letter_close(struct letter *l)
{
    subject_close(&l->subject);
    entity_close(&l->recipient);
    staff_close(&l->in_charge);
    staff_close(&l->recipient_staff);
    l->rule = NULL;
}

const char *letter_address(const struct letter *l, enum channel c)
{
    if (l->contact == NULL || c == CHANNEL_TASK)
        return NULL;
    return c == CHANNEL_EMAIL ? l->contact->email : l->contact->phone;
}
