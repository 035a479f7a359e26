/*
 * Staff: who works here, how each is reached and what each is in charge of; and the page of one of
 * them, with all of that.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/tasks.h"
#include "text/locale.h"
#include "web/changes.h"
#include "web/deed.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/jobs.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/row_form.h"
#include "web/staff.h"
#include "web/tasks.h"

#define STAFF_MAX 200
#define JOBS_MAX 25 /* of a stage */
#define VISITS_MAX 50
#define TASKS_MAX 50

void staff_path(int64_t id, const char *what, char out[STAFF_PATH_MAX])
{
    snprintf(out, STAFF_PATH_MAX, "/staff/%lld%s%s", (long long)id, what != NULL ? "/" : "",
             what != NULL ? what : "");
}

void staff_about(int64_t id, char out[STAFF_PATH_MAX])
{
    snprintf(out, STAFF_PATH_MAX, "staff %lld", (long long)id);
}

void staff_today(const struct visit *v, char out[STAFF_DAY_MAX])
{
    struct civil c;

    zone_to_civil(v->site->zone, v->now_ms, &c);
    snprintf(out, STAFF_DAY_MAX, "%04d-%02d-%02d", c.year, c.month, c.day);
}

int staff_lines(struct visit *v, int64_t id, size_t max, struct staff_line **out, size_t *count,
                int64_t *total)
{
    struct open_stages place = {0};
    struct board_stage at;
    char from[STAFF_DAY_MAX];

    staff_today(v, from);
    int rc = store_staff_lines(v->store, id, from, max, out, count, total);
    while (rc == 0 && *count > 0 && jobs_next_open(v->site, &place, &at))
        rc = store_count_jobs(v->store, &at, *out, *count);
    return rc;
}

char *staff_held(const struct staff_line *line)
{
    const struct {
        int64_t count;
        enum word one, many;
    } kinds[] = {
        {line->jobs, W_STAFF_JOB, W_STAFF_JOBS},
        {line->visits, W_STAFF_VISIT, W_STAFF_VISITS},
        {line->tasks, W_STAFF_TASK, W_STAFF_TASKS},
    };
    struct buf all;
    char number[24];

    buf_init(&all);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].count == 0)
            continue;
        snprintf(number, sizeof(number), "%lld", (long long)kinds[i].count);
        char *words = row_form_words(kinds[i].count == 1 ? kinds[i].one : kinds[i].many, number);
        buf_printf(&all, "%s%s", all.len > 0 ? " · " : "", words);
        free(words);
    }
    if (all.len > 0)
        return buf_steal(&all);
    buf_close(&all);
    return NULL;
}

/* --- the list --- */

static void states(struct buf *b, const struct staff_line *line)
{
    if (!line->staff.active) {
        buf_puts(b, " <span class=\"state none\">");
        html_word(b, W_STAFF_INACTIVE);
        buf_puts(b, "</span>");
    } else if (str_blank(line->staff.email) && str_blank(line->staff.phone)) {
        buf_puts(b, " <span class=\"state look\">");
        html_word(b, W_STAFF_UNREACHED);
        buf_puts(b, "</span>");
    }
}

static void item(struct buf *b, const struct staff_line *line)
{
    const struct staff *s = &line->staff;
    const char *details[] = {s->department, s->email, s->phone};
    char path[STAFF_PATH_MAX], *held = staff_held(line);
    bool first = true;

    staff_path(s->id, NULL, path);
    buf_printf(b, "<li><div class=\"line\"><a class=\"whom\" href=\"%s\">", path);
    html_name(b, s->name);
    buf_puts(b, "</a>");
    states(b, line);
    buf_puts(b, "</div><p class=\"quiet\">");
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
        if (!str_blank(details[i])) {
            buf_puts(b, first ? "" : " · ");
            html_name(b, details[i]);
            first = false;
        }
    if (line->manager_name != NULL) {
        buf_puts(b, first ? "" : " · ");
        html_words(b, W_STAFF_MANAGED, line->manager_name, NULL);
    }
    buf_puts(b, "</p><p>");
    html_text(b, held != NULL ? held : word(W_STAFF_HOLDS_NOTHING));
    buf_puts(b, "</p></li>");
    free(held);
}

int page_staff(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct staff_line *list;
    size_t count;
    int64_t total;
    int rc = staff_lines(v, 0, STAFF_MAX, &list, &count, &total);

    frame_begin(v, word(W_STAFF_PAGE), PLACE_STAFF);
    buf_puts(b, "<div class=\"title\"><h1>");
    html_word(b, W_STAFF_PAGE);
    buf_puts(b, "</h1>");
    if (visit_may(v, ROLE_MANAGER)) {
        buf_puts(b, "<a class=\"button\" href=\"/staff/new\">");
        html_word(b, W_STAFF_NEW);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    deed_said(v);
    part_quiet(b, count > 0 ? W_STAFF_HELP : W_STAFF_EMPTY);
    if (count > 0) {
        buf_puts(b, "<section><ul class=\"list\">");
        for (size_t i = 0; i < count; i++)
            item(b, &list[i]);
        buf_puts(b, "</ul>");
        part_some_of(b, W_FORESIGHT_MORE, count, total);
        buf_puts(b, "</section>");
    }
    frame_end(v);
    staff_lines_free(list, count);
    return rc;
}

/* --- one of them --- */

static void facts(struct visit *v, const struct staff_line *line)
{
    const struct staff *s = &line->staff;
    struct buf *b = &v->response->body;
    struct buf language;

    buf_init(&language);
    if (s->language == NULL || !locale_language_name(s->language, WORDS_LANGUAGE, &language))
        buf_puts(&language, s->language != NULL ? s->language : "");
    part_section(b, "about", W_ABOUT);
    buf_puts(b, "<dl class=\"facts\">");
    part_fact(b, W_EMAIL_ADDRESS, s->email, "–");
    part_fact(b, W_PHONE, s->phone, "–");
    part_fact(b, W_DEPARTMENT, s->department, "–");
    part_fact(b, W_MANAGER, line->manager_name, word(W_NO_MANAGER));
    part_fact(b, W_LANGUAGE, language.data, word(W_AS_BUSINESS));
    part_fact(b, W_ZONE, s->timezone, word(W_AS_BUSINESS));
    part_fact(b, W_REF, s->ref, NULL);
    buf_puts(b, "</dl></section>");
    buf_close(&language);
}

static void stage_of(struct buf *b, const char *stage, const struct job_card *list, size_t count,
                     struct visit *v)
{
    buf_puts(b, "<h3>");
    html_name(b, stage);
    buf_puts(b, "</h3><ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        job_card_item(v, &list[i], false);
    buf_puts(b, "</ul>");
}

static int jobs(struct visit *v, const struct staff_line *line)
{
    struct buf *b = &v->response->body;
    struct open_stages place = {0};
    struct board_stage at;
    size_t shown = 0;
    int rc = 0;

    part_section(b, "jobs", W_STAFF_OPEN_JOBS);
    if (line->jobs == 0)
        part_quiet(b, W_JOBS_NONE);
    while (rc == 0 && jobs_next_open(v->site, &place, &at)) {
        struct job_card *list;
        size_t count;
        rc = store_jobs_in_charge(v->store, &at, line->staff.id, JOBS_MAX, &list, &count);
        if (count > 0)
            stage_of(b, at.stage, list, count, v);
        shown += count;
        job_cards_free(list, count);
    }
    part_some_of(b, W_STAFF_SOME, shown, line->jobs);
    buf_puts(b, "</section>");
    return rc;
}

static int visits(struct visit *v, const struct staff_line *line)
{
    struct buf *b = &v->response->body;
    struct visit_card *list;
    size_t count;
    char from[STAFF_DAY_MAX];

    staff_today(v, from);
    int rc = store_visits_in_charge(v->store, line->staff.id, from, VISITS_MAX, &list, &count);
    part_section(b, "appointments", W_STAFF_COMING);
    if (count == 0)
        part_quiet(b, W_APPOINTMENTS_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        part_visit(v, &list[i].appointment, list[i].client_name, true);
    buf_puts(b, "</ul>");
    part_some_of(b, W_FORESIGHT_MORE, count, line->visits);
    buf_puts(b, "</section>");
    visit_cards_free(list, count);
    return rc;
}

static int tasks(struct visit *v, const struct staff_line *line)
{
    const struct task_filter open = {.staff_row = line->staff.id, .limit = TASKS_MAX};
    struct buf *b = &v->response->body;
    struct task_row *rows;
    size_t count;
    int64_t total;
    int rc = store_tasks(v->store, &open, &rows, &count, &total);

    part_section(b, "tasks", W_STAFF_OPEN_TASKS);
    if (count == 0)
        part_quiet(b, W_TASKS_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        task_item(v, &rows[i], true);
    buf_puts(b, "</ul>");
    part_some_of(b, W_TASKS_MORE, count, total);
    buf_puts(b, "</section>");
    task_rows_free(rows, count);
    return rc;
}

static int show(struct visit *v, const struct staff_line *line)
{
    struct buf *b = &v->response->body;
    char about[STAFF_PATH_MAX];

    staff_about(line->staff.id, about);
    buf_puts(b, "<div class=\"two\" id=\"live\" data-live=\"10\"><div>");
    int rc = jobs(v, line);
    if (rc == 0)
        rc = visits(v, line);
    buf_puts(b, "</div><div>");
    facts(v, line);
    if (rc == 0)
        rc = tasks(v, line);
    if (rc == 0)
        rc = changes_section(v, about);
    buf_puts(b, "</div></div>");
    return rc;
}

static void head(struct visit *v, const struct staff_line *line)
{
    struct buf *b = &v->response->body;
    char path[STAFF_PATH_MAX];

    buf_puts(b, "<p class=\"back\"><a href=\"/staff\">");
    html_word(b, W_STAFF_PAGE);
    buf_puts(b, "</a></p><h1>");
    html_name(b, line->staff.name);
    buf_puts(b, "</h1>");
    deed_said(v);
    if (!line->staff.active || (str_blank(line->staff.email) && str_blank(line->staff.phone))) {
        buf_puts(b, "<p class=\"notice look\">");
        html_word(b, line->staff.active ? W_STAFF_REACH_HINT : W_STAFF_WORKS_HINT);
        buf_puts(b, "</p>");
    }
    if (visit_may(v, ROLE_MANAGER)) {
        staff_path(line->staff.id, "edit", path);
        buf_printf(b, "<div class=\"deeds\"><a class=\"button\" href=\"%s\">", path);
        html_word(b, W_CLIENT_EDIT);
        buf_puts(b, "</a></div>");
    }
}

int page_staff_member(struct visit *v)
{
    struct staff_line *line;
    size_t count;
    int64_t total;
    int rc = staff_lines(v, v->hole.id, 1, &line, &count, &total);

    if (rc == 0 && count == 0)
        rc = ERR_NOTFOUND;
    if (rc == 0) {
        frame_begin(v, line->staff.name, PLACE_STAFF);
        head(v, line);
        rc = show(v, line);
        frame_end(v);
    }
    staff_lines_free(line, count);
    return rc;
}
