/* One appointment: when, where, with whom, and everything that was said and done about it. */
#include <stdio.h>

#include "base/str.h"
#include "store/board.h"
#include "store/records.h"
#include "web/about.h"
#include "web/auth.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"

static void begin_fact(struct buf *b, enum word name)
{
    buf_puts(b, "<div><dt>");
    html_word(b, name);
    buf_puts(b, "</dt><dd>");
}

static void time_fact(struct visit *v, enum word name, const char *time, const char *zone)
{
    struct buf *b = &v->response->body;

    if (time == NULL)
        return;
    begin_fact(b, name);
    part_row_time(v, time, zone);
    buf_puts(b, "</dd></div>");
}

static void client_fact(struct buf *b, const struct visit_card *c)
{
    if (c->client_name == NULL)
        return;
    begin_fact(b, W_CLIENT);
    buf_printf(b, "<a href=\"/clients/%lld\">", (long long)c->appointment.client_id);
    html_name(b, c->client_name);
    buf_puts(b, "</a></dd></div>");
}

static int job_fact(struct visit *v, int64_t job_id)
{
    struct buf *b = &v->response->body;
    struct job j;
    int rc = job_id != 0 ? store_job(v->store, job_id, &j) : ERR_NOTFOUND;

    if (rc != 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    begin_fact(b, W_JOB);
    buf_printf(b, "<a href=\"/jobs/%lld\">", (long long)j.id);
    part_job_name(b, &j);
    buf_puts(b, "</a></dd></div>");
    job_close(&j);
    return 0;
}

static int facts(struct visit *v, const struct visit_card *c)
{
    struct buf *b = &v->response->body;
    const struct appointment *a = &c->appointment;

    part_section(b, "about", W_ABOUT);
    buf_puts(b, "<dl class=\"facts\">");
    part_fact(b, W_STATUS, word(visit_status_word(a->status)), NULL);
    time_fact(v, W_STARTS, a->starts, a->timezone);
    time_fact(v, W_ENDS, a->ends, a->timezone);
    part_fact(b, W_ZONE, a->timezone, NULL);
    part_fact(b, W_PLACE, a->location, NULL);
    client_fact(b, c);
    part_fact(b, W_IN_CHARGE, c->staff_name, word(W_NO_STAFF));
    int rc = job_fact(v, a->job_id);
    part_fact(b, W_REF, a->ref, NULL);
    buf_puts(b, "</dl></section>");
    return rc;
}

/* What may become of it from where it is. */
static const struct {
    const char *status;
    enum word w;
} turns[] = {
    {"confirmed", W_ROW_CONFIRM},
    {"completed", W_ROW_COMPLETE},
    {"missed", W_ROW_MISS},
    {"cancelled", W_CANCEL_VISIT},
};

static void actions(struct visit *v, const struct appointment *a)
{
    struct buf *b = &v->response->body;

    if (!visit_may(v, ROLE_STAFF))
        return;
    buf_puts(b, "<div class=\"actions\">");
    buf_printf(b, "<a class=\"button\" href=\"/appointments/%lld/edit\">", (long long)a->id);
    html_word(b, W_ROW_EDIT);
    buf_puts(b, "</a><form method=\"post\" action=\"/appointments/change\">");
    auth_form_token(v);
    buf_printf(b, "<input type=\"hidden\" name=\"id\" value=\"%lld\">", (long long)a->id);
    for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
        if (str_eq(a->status, turns[i].status))
            continue;
        buf_printf(b, "<button name=\"status\" value=\"%s\">", turns[i].status);
        html_word(b, turns[i].w);
        buf_puts(b, "</button>");
    }
    buf_puts(b, "</form></div>");
}

static int show(struct visit *v, const struct visit_card *c)
{
    struct buf *b = &v->response->body;
    const struct about about = {.kind = ENTITY_APPOINTMENT,
                                .row_id = c->appointment.id,
                                .client_id = c->appointment.client_id};

    buf_puts(b, "<div class=\"two\" id=\"live\" data-live=\"3\"><div>");
    int rc = about_coming(v, &about);
    if (rc == 0)
        rc = about_history(v, &about);
    buf_puts(b, "</div><div>");
    if (rc == 0)
        rc = facts(v, c);
    if (rc == 0)
        rc = about_tasks(v, &about);
    if (rc == 0)
        rc = about_changes(v, &about);
    buf_puts(b, "</div></div>");
    return rc;
}

int page_appointment(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct visit_card *c;
    int rc = store_visit_card(v->store, v->hole.id, &c);

    if (rc != 0) {
        visit_cards_free(c, 0);
        return rc;
    }
    frame_begin(v, c->appointment.title != NULL ? c->appointment.title : word(W_APPOINTMENT),
                PLACE_APPOINTMENTS);
    buf_puts(b, "<h1>");
    part_visit_name(b, &c->appointment);
    buf_puts(b, "</h1>");
    part_done(v);
    actions(v, &c->appointment);
    rc = show(v, c);
    frame_end(v);
    visit_cards_free(c, 1);
    return rc;
}
