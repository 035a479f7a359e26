/*
 * A member of staff in a form: a new one, or one that is there. As with a client's record, what
 * somebody else has changed since the form was shown stays where this form has not touched it;
 * where both have, the form comes again and says so.
 *
 * Whoever leaves is not deleted, for what they did stays theirs: they are active no more. If they
 * are in charge of something, the form asks who takes it over (handover.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/records.h"
#include "text/address.h"
#include "web/auth.h"
#include "web/deed.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/person_form.h"
#include "web/staff.h"

#define DEPARTMENT_MAX_CHARS 200
#define DEPARTMENTS_MAX 100 /* that are suggested */

static const struct person_field parts[] = {
    {{"name", W_NAME, WORD_COUNT, FORM_TEXT, NULL, PERSON_NAME_MAX, true, NULL},
     offsetof(struct staff_row, name)},
    {{"email", W_EMAIL_ADDRESS, W_STAFF_REACH_HINT, FORM_EMAIL, NULL, ADDRESS_MAX, false, NULL},
     offsetof(struct staff_row, email)},
    {{"phone", W_PHONE, W_PHONE_HINT, FORM_PHONE, NULL, PERSON_SHORT_MAX, false, NULL},
     offsetof(struct staff_row, phone)},
    {{"department", W_DEPARTMENT, W_DEPARTMENT_HINT, FORM_SUGGESTED, NULL, DEPARTMENT_MAX_CHARS,
      false, NULL},
     offsetof(struct staff_row, department)},
    {{"manager", W_MANAGER, W_MANAGER_HINT, FORM_TEXT, NULL, 0, false, NULL},
     offsetof(struct staff_row, manager)},
    {{"language", W_LANGUAGE, WORD_COUNT, FORM_TEXT, NULL, 0, false, NULL},
     offsetof(struct staff_row, language)},
    {{"timezone", W_ZONE, W_ZONE_HINT, FORM_TEXT, NULL, ZONE_NAME_MAX, false, NULL},
     offsetof(struct staff_row, timezone)},
    {{"active", W_STAFF_WORKS, W_STAFF_WORKS_HINT, FORM_TEXT, NULL, 0, false, NULL},
     offsetof(struct staff_row, active)},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* The name of the manager whose id a row has; NULL: there is none. free() it. */
static char *manager_name(struct visit *v, const char *id_text)
{
    struct staff s;
    char *name = NULL;
    int64_t id;

    if (!str_blank(id_text) && str_to_int(id_text, 1, INT64_MAX, &id) &&
        store_staff(v->store, id, &s) == 0) {
        name = mem_strdup(s.name);
        staff_close(&s);
    }
    return name;
}

static char *told(struct visit *v, const char *field, const char *value)
{
    char *name = str_eq(field, "manager") ? manager_name(v, value) : NULL;

    return name != NULL ? name : mem_strdup(value);
}

const struct person_form staff_form = {parts, PARTS, told};

/* --- the form --- */

/* Whoever is the manager now stays a choice, also when they have left. */
static int manager_list(struct visit *v, const struct form *f, const struct form_list *list)
{
    struct staff *staff;
    size_t count;
    bool known = str_blank(list->value);
    char id[24];
    int rc = store_staff_managers(v->store, v->hole.id, &staff, &count);

    form_list_begin(v, f, list);
    form_option(v, f, list, "", word(W_NO_MANAGER));
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "%lld", (long long)staff[i].id);
        form_option(v, f, list, id, staff[i].name);
        known |= str_eq(id, list->value);
    }
    char *name = known ? NULL : manager_name(v, list->value);
    if (name != NULL)
        form_option(v, f, list, list->value, name);
    form_list_end(v);
    store_staff_free(staff, count);
    free(name);
    return rc;
}

static void active_list(struct visit *v, const struct form *f, const struct form_list *list)
{
    form_list_begin(v, f, list);
    form_option(v, f, list, STAFF_ACTIVE, word(W_STAFF_WORKS_YES));
    form_option(v, f, list, STAFF_LEFT, word(W_STAFF_WORKS_NO));
    form_list_end(v);
}

static int input(struct visit *v, const struct form *f, struct form_field *field)
{
    const struct form_list list = {field->name, field->label, field->hint, field->value, false};
    struct str_list departments;
    int rc = 0;

    if (str_eq(field->name, "language")) {
        person_language(v, f, field->value);
    } else if (str_eq(field->name, "manager")) {
        rc = manager_list(v, f, &list);
    } else if (str_eq(field->name, "active")) {
        active_list(v, f, &list);
    } else {
        form_field(v, f, field);
    }
    if (field->kind == FORM_SUGGESTED) {
        rc = store_departments(v->store, DEPARTMENTS_MAX, &departments);
        form_suggestions(v, f, field->name, &departments);
        str_list_close(&departments);
    }
    return rc;
}

static void begin(struct visit *v, const struct staff_line *line, char action[STAFF_PATH_MAX])
{
    struct buf *b = &v->response->body;
    enum word title = line != NULL ? W_CLIENT_EDIT : W_STAFF_NEW;

    frame_begin(v, word(title), PLACE_STAFF);
    snprintf(action, STAFF_PATH_MAX, "/staff");
    if (line != NULL)
        staff_path(line->staff.id, NULL, action);
    buf_printf(b, "<p class=\"back\"><a href=\"%s\">", action);
    if (line != NULL)
        html_name(b, line->staff.name);
    else
        html_word(b, W_STAFF_PAGE);
    buf_puts(b, "</a></p><h1>");
    html_word(b, title);
    buf_puts(b, "</h1>");
    snprintf(action, STAFF_PATH_MAX, "/staff/new");
    if (line != NULL)
        staff_path(line->staff.id, "edit", action);
}

/* Is it to be said who takes over? */
static bool leaves(const struct staff_row *row, const struct staff_line *line)
{
    return line != NULL && str_eq(row->active, STAFF_LEFT) &&
           line->jobs + line->visits + line->tasks > 0;
}

/* `row`: as it stands in the database, empty for a new one; `values`: what the fields show unless
 * something was typed; `line`: NULL for a new one. */
static int show(struct visit *v, const struct form *f, struct staff_row *row,
                struct staff_row *values, const struct staff_line *line)
{
    struct buf *b = &v->response->body;
    char action[STAFF_PATH_MAX];
    int rc = 0;

    if (f->problem_count > 0)
        v->response->status = 400;
    begin(v, line, action);
    form_begin(v, f, action);
    person_version(v, row->version);
    person_marks(v, &staff_form, f, row);
    for (size_t i = 0; rc == 0 && i < PARTS; i++) {
        struct form_field field = parts[i].field;
        field.value = *person_value(&staff_form, values, i);
        rc = input(v, f, &field);
    }
    if (rc == 0 && leaves(values, line))
        rc = handover_list(v, f, line);
    buf_puts(b, "<button class=\"strong\">");
    html_word(b, W_SAVE);
    buf_puts(b, "</button></form>");
    frame_end(v);
    return rc;
}

/* --- what was typed --- */

/* Nobody manages themselves, by whatever way round; who is the manager already may stay. */
static int check_manager(struct visit *v, struct form *f, const struct staff_row *typed,
                         const struct staff_row *stands)
{
    struct staff *staff;
    size_t count;
    int64_t id = 0;
    bool fine;

    if (str_blank(typed->manager) || str_eq(typed->manager, stands->manager))
        return 0;
    int rc = store_staff_managers(v->store, v->hole.id, &staff, &count);
    fine = false;
    if (str_to_int(typed->manager, 1, INT64_MAX, &id))
        for (size_t i = 0; i < count; i++)
            fine |= staff[i].id == id;
    if (rc == 0 && !fine)
        form_wrong(f, "manager", W_MANAGER_WRONG, NULL);
    store_staff_free(staff, count);
    return rc;
}

static int check(struct visit *v, struct form *f, struct staff_row *typed,
                 const struct staff_row *stands, const struct staff_line *line)
{
    person_check(v, &staff_form, f, typed);
    if (!str_eq(typed->active, STAFF_ACTIVE) && !str_eq(typed->active, STAFF_LEFT))
        form_wrong(f, "active", W_WRONG_CHOICE, NULL);
    int rc = check_manager(v, f, typed, stands);
    if (rc == 0 && leaves(typed, line))
        rc = handover_check(v, f, line);
    return rc;
}

/* In the open transaction. */
static int write_row(struct visit *v, const struct form *f, struct staff_row *typed,
                     struct staff_row *stands, const struct staff_line *line)
{
    char about[STAFF_PATH_MAX], path[STAFF_PATH_MAX];
    bool handed = false;
    int64_t id = v->hole.id;
    int rc = store_staff_write(v->store, &id, typed);

    if (rc == 0 && leaves(typed, line))
        rc = handover_do(v, f, line, &handed);
    staff_about(id, about);
    staff_path(id, NULL, path);
    char *what = person_changed(&staff_form, stands, typed);
    rc = deed_end(v, rc, line != NULL ? "change staff" : "add staff", about, what, path,
                  line == NULL ? "staff-added"
                  : handed     ? "handed-over"
                               : "saved");
    free(what);
    return rc;
}

static int save(struct visit *v, struct form *f, struct staff_row *typed,
                const struct staff_line *line)
{
    struct staff_row stands = {0};
    int rc = deed_begin(v);

    if (rc == 0 && line != NULL)
        rc = store_staff_row(v->store, v->hole.id, &stands);
    bool stale = rc == 0 && line != NULL && person_version_sent(f) != stands.version;
    if (stale)
        person_meet(v, &staff_form, f, typed, &stands);
    if (rc != 0 || (stale && f->problem_count > 0)) {
        deed_drop(v);
        f->typed = NULL; /* the fields show what came of both */
        if (rc == 0)
            rc = show(v, f, &stands, typed, line);
    } else {
        rc = write_row(v, f, typed, &stands, line);
    }
    staff_row_close(&stands);
    return rc;
}

/* --- handlers --- */

/* The row of the visit and what they are in charge of; of a new one nothing. */
static int load(struct visit *v, struct staff_row *row, struct staff_line **line)
{
    size_t count;
    int64_t total;

    *line = NULL;
    if (v->hole.id == 0)
        return 0;
    int rc = store_staff_row(v->store, v->hole.id, row);
    if (rc == 0)
        rc = staff_lines(v, v->hole.id, 1, line, &count, &total);
    return rc == 0 && *line == NULL ? ERR_NOTFOUND : rc;
}

int page_staff_edit(struct visit *v)
{
    struct form f = {0};
    struct staff_row row = {0};
    struct staff_line *line;
    int rc = load(v, &row, &line);

    if (rc == 0)
        rc = show(v, &f, &row, &row, line);
    staff_row_close(&row);
    staff_lines_free(line, line != NULL);
    return rc;
}

int page_staff_save(struct visit *v)
{
    struct form f = {.typed = &v->request->form};
    struct staff_row typed = {0}, stands = {0};
    struct staff_line *line;
    int rc = load(v, &stands, &line);

    person_take(&staff_form, &f, &typed);
    if (rc == 0)
        rc = check(v, &f, &typed, &stands, line);
    if (rc == 0 && f.problem_count == 0) {
        rc = save(v, &f, &typed, line);
    } else if (rc == 0) {
        /* The version that was shown stays: nobody has seen a newer one yet. */
        stands.version = person_version_sent(&f);
        rc = show(v, &f, &stands, &typed, line);
    }
    staff_row_close(&typed);
    staff_row_close(&stands);
    staff_lines_free(line, line != NULL);
    return rc;
}
