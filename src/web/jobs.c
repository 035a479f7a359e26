/* What the pages about jobs share. See web/jobs.h. */
#include "web/jobs.h"

#include <string.h>

#include "base/str.h"
#include "time/moment.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/parts.h"

#define NEWLY_MS INT64_C(60000)

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

bool jobs_next_open(const struct site *s, struct open_stages *place, struct board_stage *out)
{
    for (; place->workflow < s->workflow_count; place->workflow++, place->stage = 0) {
        const struct workflow *w = &s->workflows[place->workflow];
        while (place->stage < w->stages.count) {
            const char *stage = w->stages.items[place->stage++];
            if (job_stage_ends(w, stage))
                continue;
            *out = (struct board_stage){w->name, stage, jobs_home_of(s, stage) == w};
            return true;
        }
    }
    return false;
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

/* --- in a list --- */

static void card_place(struct visit *v, const struct job_card *c, bool ended)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<p class=\"quiet\">");
    if (c->entered_ms == 0 || (!ended && v->now_ms - c->entered_ms < NEWLY_MS)) {
        html_word(b, W_NEWLY);
    } else if (ended) {
        frame_time(v, c->entered_ms);
    } else {
        html_word(b, W_SINCE_SPAN);
        buf_putc(b, ' ');
        part_span(b, v->now_ms - c->entered_ms);
    }
    if (!ended && c->job.due != NULL) {
        buf_puts(b, " · ");
        html_word(b, W_DUE);
        buf_putc(b, ' ');
        part_row_time(v, c->job.due, NULL);
    }
    buf_puts(b, "</p>");
}

void job_card_item(struct visit *v, const struct job_card *c, bool ended)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<li><p class=\"whom\"><a href=\"/jobs/%lld\">", (long long)c->job.id);
    part_job_name(b, &c->job);
    buf_puts(b, "</a>");
    if (!ended && job_is_overdue(v, &c->job)) {
        buf_puts(b, " <span class=\"state bad\">");
        html_word(b, W_OVERDUE);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</p><p>");
    if (c->client_name != NULL) {
        buf_printf(b, "<a href=\"/clients/%lld\">", (long long)c->job.client_id);
        html_name(b, c->client_name);
        buf_puts(b, "</a> · ");
    }
    if (c->staff_name != NULL)
        html_name(b, c->staff_name);
    else
        html_word(b, W_NO_STAFF);
    buf_puts(b, "</p>");
    card_place(v, c, ended);
    buf_puts(b, "</li>");
}
