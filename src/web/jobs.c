/* What the pages about jobs share. See web/jobs.h. */
#include "web/jobs.h"

#include <string.h>

#include "base/str.h"
#include "time/moment.h"

const struct workflow *jobs_workflow(const struct site *s, const char *name)
{
    for (size_t i = 0; i < s->workflow_count; i++)
        if (strcmp(s->workflows[i].name, name) == 0)
            return &s->workflows[i];
    return NULL;
}

const struct workflow *jobs_home_of(const struct site *s, const char *stage)
{
    for (size_t i = 0; i < s->workflow_count; i++)
        if (workflow_has(&s->workflows[i], stage))
            return &s->workflows[i];
    return NULL;
}

const struct workflow *job_workflow(const struct site *s, const struct job *j)
{
    return str_blank(j->workflow) ? jobs_home_of(s, j->stage) : jobs_workflow(s, j->workflow);
}

bool job_stage_ends(const struct workflow *w, const char *stage)
{
    return workflow_is_done(w, stage) || workflow_is_lost(w, stage);
}

bool job_is_overdue(const struct visit *v, const struct job *j)
{
    const struct workflow *w = job_workflow(v->site, j);
    struct moment m;

    if (j->due == NULL || moment_parse(j->due, &m, NULL) != 0 ||
        (w != NULL && job_stage_ends(w, j->stage)))
        return false;
    if (m.kind == MOMENT_DATE)
        civil_add_days(&m.civil, 1);
    return moment_instant(&m, v->site->zone) <= v->now_ms;
}
