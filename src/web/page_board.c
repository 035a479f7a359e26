/*
 * The board: jobs by the stage they are in, one workflow at a time. Stages that end a job show only
 * who came there lately, folded away.
 */
#include <stdio.h>

#include "base/str.h"
#include "store/board.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/jobs.h"
#include "web/pages.h"
#include "web/parts.h"

#define CARDS_MAX 25 /* of a stage */
#define ENDED_MAX 25
#define ENDED_MS (7 * 24 * 3600 * INT64_C(1000))
#define ASTRAY_MAX 20

/* --- jobs in a list --- */

static void cards(struct visit *v, const struct job_card *list, size_t count, int64_t total,
                  bool ended)
{
    struct buf *b = &v->response->body;
    char more[24];

    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        job_card_item(v, &list[i], ended);
    buf_puts(b, "</ul>");
    if (total > (int64_t)count) {
        snprintf(more, sizeof(more), "%lld", (long long)(total - (int64_t)count));
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_STAGE_MORE, more, NULL);
        buf_puts(b, "</p>");
    }
}

/* --- one stage --- */

static void stage_head(struct buf *b, const struct workflow *flow, const char *stage, size_t at)
{
    buf_printf(b, "<section class=\"stage\" aria-labelledby=\"stage-%zu\"><h2 id=\"stage-%zu\">",
               at, at);
    html_name(b, stage);
    buf_puts(b, "</h2>");
    if (workflow_is_waiting(flow, stage)) {
        buf_puts(b, "<p><span class=\"state look\">");
        html_word(b, W_STAGE_WAITING);
        buf_puts(b, "</span></p>");
    }
}

static int open_stage(struct visit *v, const struct workflow *flow, size_t at)
{
    struct buf *b = &v->response->body;
    const char *stage = flow->stages.items[at];
    const struct board_stage place = {flow->name, stage, jobs_home_of(v->site, stage) == flow};
    struct job_card *list;
    size_t count;
    int64_t total;
    char number[24];
    int rc = store_jobs_in_stage(v->store, &place, CARDS_MAX, &list, &count, &total);

    stage_head(b, flow, stage, at);
    part_tell(b, stage, total);
    snprintf(number, sizeof(number), "%lld", (long long)total);
    buf_puts(b, "<p class=\"quiet\">");
    if (total == 0)
        html_word(b, W_STAGE_NONE);
    else if (total == 1)
        html_word(b, W_STAGE_JOB);
    else
        html_words(b, W_STAGE_JOBS, number, NULL);
    buf_puts(b, "</p>");
    if (count > 0)
        cards(v, list, count, total, false);
    buf_puts(b, "</section>");
    job_cards_free(list, count);
    return rc;
}

static int ended_stage(struct visit *v, const struct workflow *flow, size_t at)
{
    struct buf *b = &v->response->body;
    const char *stage = flow->stages.items[at];
    const struct board_stage place = {flow->name, stage, jobs_home_of(v->site, stage) == flow};
    struct job_card *list;
    size_t count;
    int64_t total;
    char number[24];
    int rc = store_jobs_entered(v->store, &place, v->now_ms - ENDED_MS, ENDED_MAX, &list, &count,
                                &total);

    stage_head(b, flow, stage, at);
    part_tell(b, stage, total);
    snprintf(number, sizeof(number), "%lld", (long long)total);
    buf_printf(b, "<details id=\"ended-%zu\"><summary>", at);
    html_words(b, workflow_is_lost(flow, stage) ? W_STAGE_LOST : W_STAGE_DONE, number, NULL);
    buf_puts(b, "</summary>");
    if (count > 0)
        cards(v, list, count, total, true);
    else
        part_quiet(b, W_STAGE_NONE);
    buf_puts(b, "</details></section>");
    job_cards_free(list, count);
    return rc;
}

static int stages(struct visit *v, const struct workflow *flow)
{
    struct buf *b = &v->response->body;
    int rc = 0;

    buf_puts(b, "<div class=\"board\" id=\"live\" data-live=\"10\">");
    for (size_t i = 0; rc == 0 && i < flow->stages.count; i++)
        rc = job_stage_ends(flow, flow->stages.items[i]) ? ended_stage(v, flow, i)
                                                         : open_stage(v, flow, i);
    buf_puts(b, "</div>");
    return rc;
}

/* --- the page --- */

static void workflow_links(struct visit *v, const struct workflow *here)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<nav class=\"tabs\" aria-label=\"");
    html_attr(b, word(W_WORKFLOWS));
    buf_puts(b, "\"><ul>");
    for (size_t i = 0; i < v->site->workflow_count; i++) {
        const struct workflow *w = &v->site->workflows[i];
        buf_puts(b, "<li><a href=\"/jobs?workflow=");
        html_query(b, w->name);
        buf_puts(b, w == here ? "\" aria-current=\"page\">" : "\">");
        html_name(b, w->name);
        buf_puts(b, "</a></li>");
    }
    buf_puts(b, "</ul></nav>");
}

static int astray(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct job_card *list;
    size_t count;
    int64_t total;
    int rc = store_jobs_astray(v->store, ASTRAY_MAX, &list, &count, &total);

    if (count > 0) {
        part_section(b, "astray", W_ASTRAY);
        part_quiet(b, W_ASTRAY_ABOUT);
        cards(v, list, count, total, false);
        buf_puts(b, "</section>");
    }
    job_cards_free(list, count);
    return rc;
}

int page_board(struct visit *v)
{
    struct buf *b = &v->response->body;
    const struct site *site = v->site;
    const char *name = fields_get(&v->request->query, "workflow");
    const struct workflow *flow = name != NULL ? jobs_workflow(site, name) : NULL;
    int rc = 0;

    if (name != NULL && flow == NULL)
        return ERR_NOTFOUND;
    if (flow == NULL && site->workflow_count > 0)
        flow = &site->workflows[0];
    frame_begin(v, word(W_JOBS), PLACE_JOBS);
    buf_puts(b, "<div class=\"title\"><h1>");
    html_word(b, W_JOBS);
    buf_puts(b, "</h1>");
    if (visit_may(v, ROLE_STAFF)) {
        buf_puts(b, "<a class=\"button\" href=\"/jobs/new\">");
        html_word(b, W_JOB_NEW);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    if (site->workflow_count > 1)
        workflow_links(v, flow);
    if (flow != NULL)
        rc = stages(v, flow);
    else
        part_quiet(b, W_WORKFLOWS_NONE);
    if (rc == 0)
        rc = astray(v);
    frame_end(v);
    return rc;
}
