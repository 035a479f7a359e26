/*
 * Jobs and appointments are made and changed: a form, what it would send, and then it is saved.
 *
 *   form -> (preview) what it will send -> (save) the row is written, and its page shown
 *     ^---------- (back), and when something is wrong
 *
 * One address takes the form in each step; its button says which. Nothing is kept in between: the
 * values travel with the page. What somebody else changed meanwhile shows in the row's fingerprint,
 * and then both are shown, in whatever step.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/web_queries.h"
#include "web/auth.h"
#include "web/deed.h"
#include "web/foresight.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/row_form.h"

#define FOUND_MAX 30

/* What differs between the two kinds. */
struct ways {
    const char *path;
    enum place place;
    enum word make, edit;
    const char *kind, *audit_new, *audit_change; /* in the audit */
};

static const struct ways job_ways = {.path = "/jobs",
                                     .place = PLACE_JOBS,
                                     .make = W_JOB_NEW,
                                     .edit = W_JOB_EDIT,
                                     .kind = "job",
                                     .audit_new = "add job",
                                     .audit_change = "change job"};
static const struct ways visit_ways = {.path = "/appointments",
                                       .place = PLACE_APPOINTMENTS,
                                       .make = W_APPOINTMENT_NEW,
                                       .edit = W_APPOINTMENT_EDIT,
                                       .kind = "appointment",
                                       .audit_new = "add appointment",
                                       .audit_change = "change appointment"};

static const struct ways *ways_of(enum entity_kind kind)
{
    return kind == ENTITY_JOB ? &job_ways : &visit_ways;
}

static void begin(struct visit *v, enum entity_kind kind, enum word title)
{
    struct buf *b = &v->response->body;

    frame_begin(v, word(title), ways_of(kind)->place);
    buf_puts(b, "<h1>");
    html_word(b, title);
    buf_puts(b, "</h1>");
}

static void for_whom(struct visit *v, const struct row_form *f)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<p>");
    html_word(b, W_CLIENT);
    buf_printf(b, ": <a href=\"/clients/%lld\">", (long long)f->client_id);
    html_name(b, f->client_name);
    buf_puts(b, "</a></p>");
}

/* Where all steps lead. */
static char *action_of(const struct row_form *f)
{
    return mem_printf("%s/change", ways_of(f->kind)->path);
}

static void button(struct buf *b, const char *step, enum word w, bool strong)
{
    buf_printf(b, "<button name=\"do\" value=\"%s\"%s>", step, strong ? " class=\"strong\"" : "");
    html_word(b, w);
    buf_puts(b, "</button> ");
}

static void notice(struct buf *b, const char *class, enum word w, const char *value)
{
    buf_printf(b, "<div class=\"notice %s\" role=\"alert\"><p>", class);
    html_words(b, w, value, NULL);
    buf_puts(b, "</p></div>");
}

/* --- the form --- */

/* Beside a choice of nobody: where that is mended. */
static void no_staff(struct visit *v)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, W_NO_STAFF_YET);
    if (visit_may(v, ROLE_MANAGER)) {
        buf_puts(b, " <a href=\"/staff/new\">");
        html_word(b, W_NO_STAFF_ADD);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</p>");
}

/* `said`: what stands above it; W_TODAY: nothing. */
static int form_page(struct visit *v, const struct row_form *f, enum word said, const char *value)
{
    struct buf *b = &v->response->body;
    const struct ways *w = ways_of(f->kind);
    char *action = action_of(f);

    begin(v, f->kind, f->id != 0 ? w->edit : w->make);
    for_whom(v, f);
    if (said != W_TODAY)
        notice(b, "bad", said, value);
    if (said == W_CHANGED_MEANWHILE) {
        buf_puts(b, "<div class=\"card\">");
        row_form_changes(v, f, W_AS_IT_IS_NOW);
        buf_puts(b, "</div>");
    }
    form_begin(v, &f->form, action);
    if (f->kind == ENTITY_APPOINTMENT) {
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_ZONE_ABOUT, zone_name(v->site->zone), NULL);
        buf_puts(b, "</p>");
    }
    row_form_inputs(v, f);
    if (!f->has_staff)
        no_staff(v);
    button(b, "preview", W_ROW_PREVIEW, true);
    buf_puts(b, "</form>");
    frame_end(v);
    free(action);
    return 0;
}

/* --- what it will send --- */

static int preview_page(struct visit *v, const struct row_form *f)
{
    struct buf *b = &v->response->body;
    struct foresight seen = {0};
    struct err err = {""};
    char *action = action_of(f);
    int rc = foresight_ask(v, &f->wanted, f->client_id, &seen, &err);

    begin(v, f->kind, W_BEFORE_SAVING);
    for_whom(v, f);
    buf_puts(b, "<section>");
    row_form_changes(v, f, W_AS_IT_IS);
    buf_puts(b, "</section>");
    if (f->kind == ENTITY_APPOINTMENT)
        visit_form_warn(v, f);
    if (rc == 0)
        foresight_show(v, &seen, W_FORESIGHT, W_FORESIGHT_NONE);
    else
        notice(b, "look", W_FORESIGHT_TROUBLE, err.text);
    buf_printf(b, "<form class=\"buttons\" method=\"post\" action=\"%s\">", action);
    auth_form_token(v);
    row_form_hidden(v, f);
    button(b, "save", W_SAVE, true);
    button(b, "back", W_ROW_BACK, false);
    buf_puts(b, "</form>");
    frame_end(v);
    foresight_close(&seen);
    free(action);
    return 0;
}

/* --- saving --- */

static int write_row(struct visit *v, struct row_form *f)
{
    const struct ways *w = ways_of(f->kind);
    char digest[ROW_DIGEST_TEXT] = "", *told, *about;
    bool is_new = f->id == 0;
    int rc = store_begin(v->store);

    if (rc == 0 && !is_new)
        rc = store_row_digest(v->store, f->kind, f->id, digest);
    if (rc == 0 && !str_eq(digest, f->digest))
        rc = ERR_EXISTS; /* changed between the look and the transaction */
    if (rc == 0)
        rc = store_row_change(v->store, &f->wanted, v->now_ms);
    if (rc == 0) {
        about = mem_printf("%s %lld", w->kind, (long long)f->wanted.id);
        told = row_form_told(f);
        rc = store_audit(v->store, v->now_ms, v->login.user.name,
                         is_new ? w->audit_new : w->audit_change, about, told);
        free(told);
        free(about);
    }
    if (rc == 0)
        rc = deed_commit(v);
    if (rc != 0)
        store_rollback(v->store);
    return rc;
}

static void go_to_row(struct visit *v, const struct row_form *f, int64_t id, const char *done)
{
    char *to = mem_printf("%s/%lld?done=%s", ways_of(f->kind)->path, (long long)id, done);

    response_go(v->response, to);
    free(to);
}

/* The row is another one than the form began with: what the person wants, beside what is there. */
static int conflict(struct visit *v, const struct row_form *f)
{
    v->response->status = 409;
    return form_page(v, f, W_CHANGED_MEANWHILE, NULL);
}

static int save(struct visit *v, struct row_form *f)
{
    char words[ERR_TEXT_MAX];
    int rc = write_row(v, f);

    if (rc == 0) {
        go_to_row(v, f, f->wanted.id, "saved");
        return 0;
    }
    if (rc == ERR_EXISTS)
        return conflict(v, f);
    if (rc != ERR_INVALID)
        return rc;
    snprintf(words, sizeof(words), "%s", store_error(v->store));
    v->response->status = 422;
    return form_page(v, f, W_NOT_ACCEPTED, words);
}

/* --- one step --- */

static int64_t number_of(const struct fields *given, const char *name)
{
    const char *text = fields_get(given, name);
    int64_t n;

    return text != NULL && str_to_int(text, 1, INT64_MAX, &n) ? n : 0;
}

static int step(struct visit *v, struct row_form *f)
{
    const struct fields *given = &v->request->form;
    const char *digest = fields_get(given, "digest"), *wanted = fields_get(given, "do");

    row_form_take(f, given);
    if (f->id != 0 && digest != NULL && !str_eq(digest, f->digest) && row_form_differs(f))
        return conflict(v, f);
    if (str_eq(wanted, "back"))
        return form_page(v, f, W_TODAY, NULL);
    if (!row_form_check(v, f)) {
        v->response->status = 422;
        return form_page(v, f, W_TODAY, NULL); /* the form says what is wrong */
    }
    if (f->id != 0 && !row_form_differs(f)) {
        go_to_row(v, f, f->id, "same");
        return 0;
    }
    return str_eq(wanted, "save") && digest != NULL ? save(v, f) : preview_page(v, f);
}

static int change(struct visit *v, enum entity_kind kind)
{
    const struct fields *given = &v->request->form;
    struct row_form f;
    int rc = row_form_load(v, kind, number_of(given, "id"), number_of(given, "client"), &f);

    if (rc == 0)
        rc = step(v, &f);
    row_form_close(&f);
    return rc;
}

/* --- beginning --- */

static int edit(struct visit *v, enum entity_kind kind)
{
    struct row_form f;
    int rc = row_form_load(v, kind, v->hole.id, 0, &f);

    if (rc == 0)
        rc = form_page(v, &f, W_TODAY, NULL);
    row_form_close(&f);
    return rc;
}

static int choose_client(struct visit *v, enum entity_kind kind)
{
    struct buf *b = &v->response->body;
    const struct ways *w = ways_of(kind);
    const char *words = fields_get(&v->request->query, "q");
    struct client_line *list;
    size_t count;
    bool more;
    int rc = store_search_clients(v->store, words, FOUND_MAX, &list, &count, &more);

    begin(v, kind, w->make);
    buf_printf(b, "<form class=\"search\" role=\"search\" action=\"%s/new\"><label for=\"q\">",
               w->path);
    html_word(b, W_FOR_WHOM);
    buf_puts(b, "</label><div><input type=\"search\" id=\"q\" name=\"q\" maxlength=\"200\" "
                "autocomplete=\"off\" dir=\"auto\" value=\"");
    html_attr(b, words);
    buf_puts(b, "\"><button class=\"strong\">");
    html_word(b, W_SEARCH);
    buf_puts(b, "</button></div></form>");
    part_section(b, "found", str_blank(words) ? W_CLIENTS_LATEST : W_CLIENTS_FOUND);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++) {
        buf_printf(b, "<li><a class=\"whom\" href=\"%s/new?client=%lld\">", w->path,
                   (long long)list[i].id);
        html_name(b, list[i].name);
        buf_puts(b, "</a> <span class=\"quiet\">");
        html_name(b, list[i].email != NULL ? list[i].email : list[i].phone);
        buf_puts(b, "</span></li>");
    }
    buf_puts(b, "</ul>");
    if (count == 0 || more)
        part_quiet(b, more ? W_CLIENTS_MORE : str_blank(words) ? W_CLIENTS_EMPTY : W_CLIENTS_NONE);
    buf_puts(b, "</section>");
    frame_end(v);
    client_lines_free(list, count);
    return rc;
}

static int make(struct visit *v, enum entity_kind kind)
{
    struct row_form f;
    int64_t client_id = number_of(&v->request->query, "client");

    if (client_id == 0)
        return choose_client(v, kind);
    int rc = row_form_load(v, kind, 0, client_id, &f);
    if (rc == 0) {
        row_form_take(&f, &v->request->query);
        rc = form_page(v, &f, W_TODAY, NULL);
    }
    row_form_close(&f);
    return rc;
}

int page_job_new(struct visit *v)
{
    return make(v, ENTITY_JOB);
}

int page_job_edit(struct visit *v)
{
    return edit(v, ENTITY_JOB);
}

int page_job_change(struct visit *v)
{
    return change(v, ENTITY_JOB);
}

int page_appointment_new(struct visit *v)
{
    return make(v, ENTITY_APPOINTMENT);
}

int page_appointment_edit(struct visit *v)
{
    return edit(v, ENTITY_APPOINTMENT);
}

int page_appointment_change(struct visit *v)
{
    return change(v, ENTITY_APPOINTMENT);
}
