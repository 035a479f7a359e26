/*
 * Somebody leaves who is in charge of open jobs, visits to come, open tasks: somebody else takes
 * all of it over, with the same transaction that says that they have left. Each job and each visit
 * tells in its own history who was in charge before.
 *
 * Nobody has to take over at once: what is left is seen at the list of the staff, and the form of
 * whoever has left asks again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/audit_fields.h"
#include "store/records.h"
#include "store/users.h"
#include "web/html.h"
#include "web/jobs.h"
#include "web/parts.h"
#include "web/staff.h"

#define FIELD "handover"
#define LEAVE "leave" /* the choice that nobody takes over as yet */
/* Rows of a stage, or visits, at once; the form asks again for what is left. */
#define HAND_OVER_MAX 10000

/* --- the field --- */

/* ERR_NOTFOUND: nobody of that id works here, but for who is leaving. The name is on the heap. */
static int heir(struct visit *v, const struct form *f, const struct staff_line *line, int64_t *id,
                char **name)
{
    struct staff to;
    int64_t chosen;
    const char *value = form_value(f, FIELD);

    if (value == NULL || !str_to_int(value, 1, INT64_MAX, &chosen) || chosen == line->staff.id)
        return ERR_NOTFOUND;
    int rc = store_staff(v->store, chosen, &to);
    if (rc != 0)
        return rc;
    rc = to.active ? 0 : ERR_NOTFOUND;
    if (rc == 0) {
        *id = to.id;
        *name = mem_strdup(to.name);
    }
    staff_close(&to);
    return rc;
}

int handover_check(struct visit *v, struct form *f, const struct staff_line *line)
{
    char *held = staff_held(line), *name = NULL;
    int64_t id;
    int rc = 0;

    if (held != NULL && str_blank(form_value(f, FIELD))) {
        form_wrong(f, FIELD, W_STAFF_HOLDS, held);
    } else if (held != NULL && !str_eq(form_value(f, FIELD), LEAVE)) {
        rc = heir(v, f, line, &id, &name);
        if (rc == ERR_NOTFOUND)
            form_wrong(f, FIELD, W_WRONG_CHOICE, NULL);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    free(name);
    free(held);
    return rc;
}

int handover_list(struct visit *v, const struct form *f, const struct staff_line *line)
{
    const struct form_list list = {FIELD, W_HANDOVER, W_HANDOVER_HINT, "", true};
    struct buf *b = &v->response->body;
    struct staff *staff;
    size_t count;
    char *held = staff_held(line), path[STAFF_PATH_MAX], id[24];
    int rc = store_staff_all(v->store, &staff, &count);

    staff_path(line->staff.id, NULL, path);
    buf_puts(b, "<p>");
    if (f->problem_count == 0) /* else it is said there */
        html_words(b, W_STAFF_HELD, held, NULL);
    buf_printf(b, " <a href=\"%s\">", path);
    html_word(b, W_HANDOVER_SEE);
    buf_puts(b, "</a></p>");
    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_CHOOSE));
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "%lld", (long long)staff[i].id);
        if (staff[i].id != line->staff.id)
            form_option(v, f, &list, id, staff[i].name);
    }
    form_option(v, f, &list, LEAVE, word(W_HANDOVER_LEAVE));
    form_list_end(v);
    store_staff_free(staff, count);
    free(held);
    return rc;
}

/* --- the deed --- */

/* Who hands over to whom. */
struct transfer {
    int64_t from_id, to_id;
    char *told; /* for the audit of each row */
};

static int hand_over(struct visit *v, const struct transfer *t, enum entity_kind kind, int64_t id)
{
    char *about = mem_printf("%s %lld", kind == ENTITY_JOB ? "job" : "appointment", (long long)id);
    int rc = store_hand_over(v->store, kind, id, t->to_id, v->now_ms);

    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name,
                         kind == ENTITY_JOB ? "change job" : "change appointment", about, t->told);
    free(about);
    return rc;
}

static int hand_over_jobs(struct visit *v, const struct transfer *t)
{
    struct open_stages place = {0};
    struct board_stage at;
    int rc = 0;

    while (rc == 0 && jobs_next_open(v->site, &place, &at)) {
        struct job_card *list;
        size_t count;
        rc = store_jobs_in_charge(v->store, &at, t->from_id, HAND_OVER_MAX, &list, &count);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = hand_over(v, t, ENTITY_JOB, list[i].job.id);
        job_cards_free(list, count);
    }
    return rc;
}

static int hand_over_visits(struct visit *v, const struct transfer *t)
{
    struct visit_card *list;
    size_t count;
    char from[STAFF_DAY_MAX];

    staff_today(v, from);
    int rc = store_visits_in_charge(v->store, t->from_id, from, HAND_OVER_MAX, &list, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = hand_over(v, t, ENTITY_APPOINTMENT, list[i].appointment.id);
    visit_cards_free(list, count);
    return rc;
}

/* For the audit of each row, as its form would write it. */
static char *told(const struct staff_line *line, const char *name)
{
    struct buf b;

    buf_init(&b);
    audit_fields_add(&b, "staff", line->staff.name, name);
    return buf_steal(&b);
}

int handover_do(struct visit *v, const struct form *f, const struct staff_line *line, bool *done)
{
    struct transfer t = {.from_id = line->staff.id};
    char *name = NULL, about[STAFF_PATH_MAX];
    int rc = str_eq(form_value(f, FIELD), LEAVE) ? ERR_NOTFOUND : heir(v, f, line, &t.to_id, &name);

    *done = rc == 0;
    if (rc != 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    t.told = told(line, name);
    rc = hand_over_jobs(v, &t);
    if (rc == 0)
        rc = hand_over_visits(v, &t);
    if (rc == 0)
        rc = store_hand_over_tasks(v->store, t.from_id, t.to_id);
    staff_about(t.from_id, about);
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name, "hand over", about, name);
    free(t.told);
    free(name);
    return rc;
}
