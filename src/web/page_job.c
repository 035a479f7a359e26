/*
 * One job: what it is, how it went through its stages, and everything that was said and done about
 * it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/board.h"
#include "web/about.h"
#include "web/auth.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/jobs.h"
#include "web/pages.h"
#include "web/parts.h"

#define STAGES_MAX 50
#define VISITS_MAX 30

static void link_fact(struct buf *b, enum word name, const char *path, int64_t id, const char *text)
{
    buf_puts(b, "<div><dt>");
    html_word(b, name);
    buf_printf(b, "</dt><dd><a href=\"%s%lld\">", path, (long long)id);
    html_name(b, text);
    buf_puts(b, "</a></dd></div>");
}

static void due_fact(struct visit *v, const struct job *j)
{
    struct buf *b = &v->response->body;

    if (j->due == NULL)
        return;
    buf_puts(b, "<div><dt>");
    html_word(b, W_DUE_ON);
    buf_puts(b, "</dt><dd>");
    part_row_time(v, j->due, NULL);
    if (job_is_overdue(v, j)) {
        buf_puts(b, " <span class=\"state bad\">");
        html_word(b, W_OVERDUE);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</dd></div>");
}

static void facts(struct visit *v, const struct job_card *c)
{
    struct buf *b = &v->response->body;
    const struct job *j = &c->job;
    char amount[80];

    part_section(b, "about", W_ABOUT);
    buf_puts(b, "<dl class=\"facts\">");
    part_fact(b, W_STAGE, j->stage, NULL);
    part_fact(b, W_WORKFLOW, j->workflow, NULL);
    if (c->client_name != NULL)
        link_fact(b, W_CLIENT, "/clients/", j->client_id, c->client_name);
    part_fact(b, W_IN_CHARGE, c->staff_name, word(W_NO_STAFF));
    due_fact(v, j);
    if (j->amount != NULL) {
        const char *currency = j->currency != NULL ? j->currency : v->site->currency;
        snprintf(amount, sizeof(amount), "%s %s", j->amount, currency != NULL ? currency : "");
        part_fact(b, W_AMOUNT, amount, NULL);
    }
    part_fact(b, W_REF, j->ref, NULL);
    buf_puts(b, "</dl></section>");
}

static void stage_item(struct visit *v, const struct stage_entry *list, size_t count, size_t i)
{
    struct buf *b = &v->response->body;
    bool now = i + 1 == count;

    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, list[i].at_ms);
    buf_puts(b, "<span class=\"whom\">");
    html_name(b, list[i].stage);
    buf_puts(b, "</span>");
    if (now) {
        buf_puts(b, "<span class=\"state good\">");
        html_word(b, W_STAGE_NOW);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "<span class=\"quiet\">");
    html_word(b, W_STAGE_FOR);
    buf_putc(b, ' ');
    part_span(b, (now ? v->now_ms : list[i + 1].at_ms) - list[i].at_ms);
    buf_puts(b, "</span></div></li>");
}

static int stages(struct visit *v, int64_t job_id)
{
    struct buf *b = &v->response->body;
    struct stage_entry *list;
    size_t count;
    char shown[24];
    int rc = store_stages_of(v->store, job_id, STAGES_MAX, &list, &count);

    part_section(b, "stages", W_STAGES);
    if (count == 0)
        part_quiet(b, W_STAGES_NONE);
    buf_puts(b, "<ol class=\"list\">");
    for (size_t i = count; i > 0; i--)
        stage_item(v, list, count, i - 1);
    buf_puts(b, "</ol>");
    if (count == STAGES_MAX) {
        snprintf(shown, sizeof(shown), "%zu", count);
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_STAGES_MORE, shown, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    stage_entries_free(list, count);
    return rc;
}

static int visits(struct visit *v, int64_t job_id)
{
    struct buf *b = &v->response->body;
    struct visit_card *list;
    size_t count;
    int rc = store_appointments_of_job(v->store, job_id, VISITS_MAX, &list, &count);

    part_section(b, "appointments", W_APPOINTMENTS);
    if (count == 0)
        part_quiet(b, W_APPOINTMENTS_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        part_visit(v, &list[i].appointment, NULL, true);
    buf_puts(b, "</ul></section>");
    visit_cards_free(list, count);
    return rc;
}

static void stage_choices(struct visit *v, const struct job *j)
{
    struct buf *b = &v->response->body;
    const struct workflow *w = job_workflow(v->site, j);
    bool known = w != NULL ? workflow_has(w, j->stage) : jobs_home_of(v->site, j->stage) != NULL;

    if (!known) { /* so that it is not moved by a slip */
        buf_puts(b, "<option selected value=\"");
        html_attr(b, j->stage);
        buf_puts(b, "\">");
        html_words(b, W_STAGE_UNKNOWN, j->stage, NULL);
        buf_puts(b, "</option>");
    }
    for (size_t i = 0; i < v->site->workflow_count; i++) {
        const struct workflow *one = &v->site->workflows[i];
        for (size_t k = 0; (w == NULL || w == one) && k < one->stages.count; k++) {
            buf_puts(b, "<option");
            buf_puts(b, strcmp(one->stages.items[k], j->stage) == 0 ? " selected>" : ">");
            html_text(b, one->stages.items[k]);
            buf_puts(b, "</option>");
        }
    }
}

static void actions(struct visit *v, const struct job *j)
{
    struct buf *b = &v->response->body;

    if (!visit_may(v, ROLE_STAFF))
        return;
    buf_printf(b,
               "<div class=\"actions\"><form method=\"post\" action=\"/jobs/change\"><input "
               "type=\"hidden\" name=\"id\" value=\"%lld\">",
               (long long)j->id);
    auth_form_token(v);
    buf_puts(b, "<div><label for=\"stage\">");
    html_word(b, W_MOVE_TO);
    buf_puts(b, "</label><select id=\"stage\" name=\"stage\">");
    stage_choices(v, j);
    buf_puts(b, "</select></div><button class=\"strong\">");
    html_word(b, W_ROW_MOVE);
    buf_printf(b, "</button></form><a class=\"button\" href=\"/jobs/%lld/edit\">",
               (long long)j->id);
    html_word(b, W_ROW_EDIT);
    buf_printf(b, "</a><a class=\"button\" href=\"/appointments/new?client=%lld&amp;job=%lld\">",
               (long long)j->client_id, (long long)j->id);
    html_word(b, W_APPOINTMENT_NEW);
    buf_puts(b, "</a></div>");
}

static int show(struct visit *v, const struct job_card *c)
{
    struct buf *b = &v->response->body;
    const struct about about = {
        .kind = ENTITY_JOB, .row_id = c->job.id, .client_id = c->job.client_id};

    buf_puts(b, "<div class=\"two\" id=\"live\" data-live=\"3\"><div>");
    int rc = about_coming(v, &about);
    if (rc == 0)
        rc = about_history(v, &about);
    buf_puts(b, "</div><div>");
    facts(v, c);
    if (rc == 0)
        rc = stages(v, c->job.id);
    if (rc == 0)
        rc = visits(v, c->job.id);
    if (rc == 0)
        rc = about_tasks(v, &about);
    if (rc == 0)
        rc = about_changes(v, &about);
    buf_puts(b, "</div></div>");
    return rc;
}

int page_job(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct job_card *c;
    int rc = store_job_card(v->store, v->hole.id, &c);

    if (rc != 0) {
        job_cards_free(c, 0);
        return rc;
    }
    frame_begin(v, c->job.title != NULL ? c->job.title : word(W_JOB), PLACE_JOBS);
    buf_puts(b, "<h1>");
    part_job_name(b, &c->job);
    buf_puts(b, "</h1>");
    part_done(v);
    actions(v, &c->job);
    rc = show(v, c);
    frame_end(v);
    job_cards_free(c, 1);
    return rc;
}
