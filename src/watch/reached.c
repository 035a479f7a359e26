/* What a message that reached somebody changes in other plans. See replan_reached in
 * watch/replan.h. */
#include "store/answers.h"
#include "store/entities.h"
#include "watch/absorb.h"
#include "watch/replan.h"

struct open_jobs {
    const struct playbook *playbook;
    struct subjects *out;
};

/* Every workflow that has the stage says that the job has ended. */
static bool has_ended(const struct playbook *p, const char *stage)
{
    bool ended = false;

    for (size_t i = 0; i < p->workflow_count; i++) {
        const struct workflow *flow = &p->workflows[i];
        if (!workflow_has(flow, stage))
            continue;
        if (!workflow_is_done(flow, stage) && !workflow_is_lost(flow, stage))
            return false;
        ended = true;
    }
    return ended;
}

static void add_open(void *arg, int64_t entity_id, const char *stage)
{
    struct open_jobs *jobs = arg;

    if (!has_ended(jobs->playbook, stage))
        subjects_add(jobs->out, entity_id);
}

/* A new silence begins with this: for all that is open with the client. */
static int contact_made(struct world *w, const struct message *m, struct subjects *out)
{
    struct open_jobs jobs = {.playbook = w->playbook, .out = out};
    struct entity e;
    int rc = store_entity(w->store, m->recipient_id, &e);

    if (rc == 0 && e.kind == ENTITY_CLIENT)
        rc = store_stages_of_client(w->store, e.row_id, add_open, &jobs);
    entity_close(&e);
    return rc;
}

int replan_reached(struct world *w, const struct message *m, int64_t now_ms, bool *replanned)
{
    int index = world_rule_by_id(w, m->rule_id);
    const struct rule *r = index >= 0 ? &w->playbook->rules[index] : NULL;
    struct subjects subjects = {0};
    struct replan_counts counts = {0};
    int rc = 0;

    if (r != NULL && r->asked)
        subjects_add(&subjects, m->subject_id);
    if (w->playbook->minds_silence && (r == NULL || r->event != EVENT_CLIENT_SILENCE))
        rc = contact_made(w, m, &subjects);
    subjects_sort(&subjects);
    for (size_t i = 0; rc == 0 && i < subjects.count; i++)
        rc = replan_subject(w, subjects.ids[i], now_ms, &counts);
    *replanned = *replanned || subjects.count > 0;
    subjects_close(&subjects);
    return rc;
}
