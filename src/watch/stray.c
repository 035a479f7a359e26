/* Jobs in stages that no workflow has. See watch/stray.h. */
#include "watch/stray.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/strays.h"
#include "store/tasks.h"

#define NAMES_TOLD 5 /* jobs that a task names */

bool stray_stage(const struct playbook *p, const char *stage)
{
    for (size_t i = 0; i < p->workflow_count; i++)
        if (workflow_has(&p->workflows[i], stage))
            return false;
    return true;
}

static const char *nearest_stage(const struct playbook *p, const char *stage)
{
    const char *near = NULL;

    for (size_t i = 0; near == NULL && i < p->workflow_count; i++) {
        const struct str_list *stages = &p->workflows[i].stages;
        near = str_nearest(stage, (const char *const *)stages->items, stages->count);
    }
    return near;
}

/* What the person reads, or NULL when no job is in the stage. */
static char *words(const struct playbook *p, const char *stage, const struct str_list *jobs)
{
    const char *near = nearest_stage(p, stage);
    size_t told = jobs->count > NAMES_TOLD ? NAMES_TOLD : jobs->count;
    bool others = jobs->count > told;
    struct buf b;

    if (jobs->count == 0)
        return NULL;
    buf_init(&b);
    buf_puts(&b, jobs->count == 1 ? "The job " : "The jobs ");
    for (size_t i = 0; i < told; i++)
        buf_printf(&b, "%s%s",
                   i == 0                   ? ""
                   : i + 1 < told || others ? ", "
                                            : " and ",
                   jobs->items[i]);
    buf_printf(
        &b,
        "%s %s in the stage \"%s\", which no workflow has, so that no rule about a stage sends "
        "anything",
        others ? " and others" : "", jobs->count == 1 ? "is" : "are", stage);
    if (near != NULL)
        buf_printf(&b, "; did you mean \"%s\"? ", near);
    else
        buf_puts(&b, ". ");
    buf_printf(&b, "Correct the job%s, or add the stage to the playbook.",
               jobs->count == 1 ? "" : "s");
    return buf_steal(&b);
}

/* Bring the task about a stage in line with the jobs that are in it. `raise`: one has come to it,
 * so that a task which a person had done is open again; else `ended` says why it may end. */
static int tell(struct world *w, const char *stage, bool raise, const char *ended, int64_t now_ms)
{
    struct str_list jobs = {0};
    int64_t job_id;
    int rc = store_strays_in(w->store, stage, NAMES_TOLD + 1, &jobs, &job_id);
    char *key = mem_printf("stage:%s", stage), *text = words(w->playbook, stage, &jobs);
    struct task t = {.key = key, .job_id = job_id, .text = text};

    if (rc == 0 && text == NULL)
        rc = store_task_end(w->store, key, ended, now_ms);
    else if (rc == 0 && raise)
        rc = store_task_raise(w->store, &t, now_ms);
    if (rc == 0 && text != NULL)
        rc = store_task_retell(w->store, &t);
    str_list_close(&jobs);
    free(key);
    free(text);
    return rc;
}

int stray_found(struct world *w, int64_t entity_id, const char *stage, int64_t now_ms)
{
    bool news;
    int rc = store_stray_add(w->store, entity_id, stage, &news);

    return rc == 0 && news ? tell(w, stage, true, NULL, now_ms) : rc;
}

int stray_left(struct world *w, int64_t entity_id, const char *to, int64_t now_ms)
{
    char *stage;
    int rc = store_stray_drop(w->store, entity_id, &stage);
    char *ended = to != NULL ? mem_printf("the job is in the stage \"%s\" now", to)
                             : mem_strdup("the job was deleted");

    if (rc == 0 && stage != NULL)
        rc = tell(w, stage, false, ended, now_ms);
    free(ended);
    free(stage);
    return rc;
}

int stray_recheck(struct world *w, int64_t now_ms)
{
    struct str_list stages = {0};
    int rc = store_stray_stages(w->store, &stages);

    for (size_t i = 0; rc == 0 && i < stages.count; i++) {
        if (stray_stage(w->playbook, stages.items[i]))
            continue;
        rc = store_strays_drop(w->store, stages.items[i]);
        if (rc == 0)
            rc = tell(w, stages.items[i], false, "the playbook has the stage now", now_ms);
    }
    str_list_close(&stages);
    return rc;
}
