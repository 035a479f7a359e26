/*
 * What the pages about jobs share: workflows by their names, and what a job's row means by them.
 */
#ifndef WEB_JOBS_H
#define WEB_JOBS_H

#include <stdbool.h>

#include "plan/record.h"
#include "store/board.h"
#include "web/visit.h"

/* The workflow of this name; NULL: there is none. Lives as long as the site. */
const struct workflow *jobs_workflow(const struct site *s, const char *name);

/* Where a job in this stage that names no workflow belongs: the first workflow that has the stage;
 * NULL: none has. */
const struct workflow *jobs_home_of(const struct site *s, const char *stage);

/* The job's workflow, by its name or else by its stage; NULL: none fits. */
const struct workflow *job_workflow(const struct site *s, const struct job *j);

/* Is a job at its end in this stage: done, or lost? */
bool job_stage_ends(const struct workflow *w, const char *stage);

/* Is it still open, and was it to be ready by now? A date alone means until the end of that day. */
bool job_is_overdue(const struct visit *v, const struct job *j);

/* The stages that do not end a job, of all workflows, one after the other; false: that was the last
 * one. Begin with an all-zero place. */
struct open_stages {
    size_t workflow, stage;
};
bool jobs_next_open(const struct site *s, struct open_stages *place, struct board_stage *out);

/* A job in a list: what it is called, whose it is, who is in charge, how long it has been in its
 * stage; or (`ended`) when it came there. */
void job_card_item(struct visit *v, const struct job_card *c, bool ended);

#endif
