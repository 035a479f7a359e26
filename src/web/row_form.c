/* The form of a job or an appointment. See web/row_form.h. */
#include "web/row_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/audit_fields.h"
#include "store/records.h"
#include "web/html.h"
#include "web/parts.h"

#define ROW_INPUT_MAX 500 /* characters that a browser lets one type */

void row_form_close(struct row_form *f)
{
    for (size_t i = 0; i < ROW_FIELDS_MAX; i++) {
        free(f->values[i]);
        free(f->before[i]);
        for (size_t k = 0; k < f->options[i].count; k++) {
            free(f->options[i].items[k].value);
            free(f->options[i].items[k].label);
            free(f->options[i].items[k].group);
        }
        free(f->options[i].items);
    }
    free(f->client_name);
    row_change_close(&f->row);
    row_change_close(&f->wanted);
    *f = (struct row_form){0};
}

static const struct row_kind *kind_of(const struct row_form *f)
{
    return f->kind == ENTITY_JOB ? &job_form : &visit_form;
}

/* --- the row --- */

static int load_row(struct visit *v, struct row_form *f)
{
    int rc;

    if (f->kind == ENTITY_JOB) {
        rc = store_job(v->store, f->id, &f->row.job);
        f->client_id = f->row.job.client_id;
    } else {
        rc = store_appointment(v->store, f->id, &f->row.appointment);
        f->client_id = f->row.appointment.client_id;
    }
    return rc == 0 ? store_row_digest(v->store, f->kind, f->id, f->digest) : rc;
}

static int load_client(struct visit *v, struct row_form *f)
{
    struct client c;
    int rc = store_client(v->store, f->client_id, &c);

    if (rc == 0)
        f->client_name = mem_strdup(c.name);
    if (rc == 0)
        client_close(&c);
    return rc;
}

int row_form_load(struct visit *v, enum entity_kind kind, int64_t id, int64_t client_id,
                  struct row_form *f)
{
    *f = (struct row_form){.kind = kind, .id = id, .client_id = client_id};
    f->fields = kind_of(f)->fields;
    f->count = kind_of(f)->count;
    f->row.kind = f->wanted.kind = kind;
    f->row.id = f->wanted.id = id;
    int rc = id != 0 ? load_row(v, f) : 0;
    if (rc == 0)
        rc = load_client(v, f);
    if (rc == 0)
        kind_of(f)->values(v, f);
    for (size_t i = 0; i < ROW_FIELDS_MAX; i++) {
        if (f->before[i] == NULL)
            f->before[i] = mem_strdup("");
        f->values[i] = mem_strdup(f->before[i]);
    }
    return rc == 0 ? kind_of(f)->options(v, f) : rc;
}

/* Lines of a text become one, and what stands around it goes. */
static char *cleaned(const char *value)
{
    char *copy = mem_strdup(value), *trimmed = str_trim(copy);

    for (char *p = trimmed; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    char *out = mem_strdup(trimmed);
    free(copy);
    return out;
}

void row_form_take(struct row_form *f, const struct fields *given)
{
    f->end_moved = fields_get(given, "end-moved") != NULL;
    for (size_t i = 0; i < f->count; i++) {
        const char *value = fields_get(given, f->fields[i].name);
        if (value == NULL)
            continue;
        char *typed = cleaned(value);
        if (form_untouched(given, f->fields[i].name, typed)) {
            free(typed); /* whatever stands there by now is fine */
            continue;
        }
        free(f->values[i]);
        f->values[i] = typed;
    }
}

bool row_form_differs(const struct row_form *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (!str_eq(f->values[i], f->before[i]))
            return true;
    return false;
}

/* --- checking --- */

void row_form_wrong(struct row_form *f, size_t field, enum word w, const char *value)
{
    form_wrong(&f->form, f->fields[field].name, w, value);
}

static const struct row_option *chosen(const struct row_form *f, size_t field, const char *value)
{
    for (size_t k = 0; k < f->options[field].count; k++)
        if (strcmp(f->options[field].items[k].value, value) == 0)
            return &f->options[field].items[k];
    return NULL;
}

bool row_form_check(struct visit *v, struct row_form *f)
{
    f->form.problem_count = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (strlen(f->values[i]) > ROW_VALUE_BYTES)
            row_form_wrong(f, i, W_WRONG_LONG, NULL);
        else if (f->fields[i].required && str_blank(f->values[i]) &&
                 (f->id == 0 || !str_blank(f->before[i])))
            row_form_wrong(f, i, W_WRONG_MISSING, NULL);
        else if (f->fields[i].input == ROW_CHOICE && chosen(f, i, f->values[i]) == NULL)
            row_form_wrong(f, i, W_WRONG_CHOICE, NULL);
    }
    row_change_close(&f->wanted);
    f->wanted.kind = f->kind;
    f->wanted.id = f->id;
    kind_of(f)->check(v, f);
    return f->form.problem_count == 0;
}

char *row_form_text(const struct row_form *f, size_t field)
{
    return str_blank(f->values[field]) ? NULL : mem_strdup(f->values[field]);
}

int64_t row_form_id(const struct row_form *f, size_t field)
{
    int64_t id;

    return str_to_int(f->values[field], 1, INT64_MAX, &id) ? id : 0;
}

/* --- choices --- */

void row_form_option(struct row_form *f, size_t field, const char *value, const char *label,
                     const char *group)
{
    mem_grow(&f->options[field].items, &f->options[field].cap, f->options[field].count + 1,
             sizeof(struct row_option));
    f->options[field].items[f->options[field].count++] =
        (struct row_option){mem_strdup(value), mem_strdup(label), mem_strdup(group)};
}

char *row_form_words(enum word w, const char *value)
{
    const char *text = word(w), *hole = strstr(text, "{}");

    return hole == NULL ? mem_strdup(text)
                        : mem_printf("%.*s%s%s", (int)(hole - text), text, value, hole + 2);
}

/* Whoever is in charge now stays a choice, also when they have left. */
int row_form_staff(struct visit *v, struct row_form *f, size_t field)
{
    struct staff *list, left;
    size_t count;
    char id[24];
    int64_t now = 0;
    int rc = store_staff_all(v->store, &list, &count);

    row_form_option(f, field, "", word(W_NO_STAFF), NULL);
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "%lld", (long long)list[i].id);
        row_form_option(f, field, id, list[i].name, NULL);
    }
    store_staff_free(list, count);
    f->has_staff = count > 0;
    if (rc == 0 && chosen(f, field, f->before[field]) == NULL &&
        str_to_int(f->before[field], 1, INT64_MAX, &now) &&
        store_staff(v->store, now, &left) == 0) {
        row_form_option(f, field, f->before[field], left.name, NULL);
        staff_close(&left);
    }
    return rc;
}

/* --- writing it --- */

static void choice(struct visit *v, const struct row_form *f, size_t i)
{
    const struct form_list list = {.name = f->fields[i].name,
                                   .label = f->fields[i].label,
                                   .hint = WORD_COUNT,
                                   .value = f->values[i],
                                   .required = f->fields[i].required};
    const char *group = NULL;

    form_list_begin(v, &f->form, &list);
    for (size_t k = 0; k < f->options[i].count; k++) {
        const struct row_option *o = &f->options[i].items[k];
        if (!str_eq(o->group, group)) {
            form_group_end(v, group);
            form_group_begin(v, o->group);
            group = o->group;
        }
        form_option(v, &f->form, &list, o->value, o->label);
    }
    form_group_end(v, group);
    form_list_end(v);
}

static void input(struct visit *v, const struct row_form *f, size_t i)
{
    static const enum form_kind kinds[] = {
        [ROW_TEXT] = FORM_TEXT, [ROW_DATE] = FORM_DATE, [ROW_TIME] = FORM_TIME};
    const struct form_field field = {.name = f->fields[i].name,
                                     .label = f->fields[i].label,
                                     .hint = f->fields[i].hint,
                                     .kind = kinds[f->fields[i].input],
                                     .value = f->values[i],
                                     .length_max = ROW_INPUT_MAX,
                                     .required = f->fields[i].required};

    form_field(v, &f->form, &field);
}

/* What a form carries whichever way it is shown. */
static void identity(struct visit *v, const struct row_form *f)
{
    char id[24], client[24];

    snprintf(id, sizeof(id), "%lld", (long long)f->id);
    snprintf(client, sizeof(client), "%lld", (long long)f->client_id);
    form_hidden(v, "id", id);
    form_hidden(v, "client", client);
    form_hidden(v, "digest", f->digest);
    if (f->end_moved)
        form_hidden(v, "end-moved", "yes");
    for (size_t i = 0; i < f->count; i++) {
        char *value = cleaned(f->before[i]);
        form_mark(v, f->fields[i].name, value);
        free(value);
    }
}

void row_form_inputs(struct visit *v, const struct row_form *f)
{
    struct buf *b = &v->response->body;

    identity(v, f);
    for (size_t i = 0; i < f->count; i++) {
        bool pair = f->fields[i].input == ROW_DATE; /* its time follows */
        if (f->fields[i].input == ROW_CHOICE) {
            choice(v, f, i);
            continue;
        }
        buf_puts(b, pair ? "<div class=\"pair\">" : "");
        input(v, f, i);
        if (pair)
            input(v, f, ++i);
        buf_puts(b, pair ? "</div>" : "");
    }
}

void row_form_hidden(struct visit *v, const struct row_form *f)
{
    identity(v, f);
    for (size_t i = 0; i < f->count; i++)
        form_hidden(v, f->fields[i].name, f->values[i]);
}

/* A value as people read it. */
static const char *shown(const struct row_form *f, size_t field, const char *value)
{
    const struct row_option *o =
        f->fields[field].input == ROW_CHOICE ? chosen(f, field, value) : NULL;

    return o != NULL ? o->label : value;
}

/* Days as people say them. */
static void cell(struct visit *v, const struct row_form *f, size_t field, const char *value)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<td dir=\"auto\">");
    if (f->fields[field].input == ROW_DATE && !str_blank(value))
        part_row_time(v, value, NULL);
    else
        html_text(b, str_blank(shown(f, field, value)) ? "–" : shown(f, field, value));
    buf_puts(b, "</td>");
}

void row_form_changes(struct visit *v, const struct row_form *f, enum word head)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<table><caption>");
    html_word(b, W_ROW_CHANGES);
    buf_puts(b, "</caption><thead><tr><th scope=\"col\">");
    html_word(b, W_ROW_FIELD);
    buf_puts(b, "</th><th scope=\"col\">");
    html_word(b, head);
    buf_puts(b, "</th><th scope=\"col\">");
    html_word(b, W_AS_YOU_WANT);
    buf_puts(b, "</th></tr></thead><tbody>");
    for (size_t i = 0; i < f->count; i++) {
        if (str_eq(f->values[i], f->before[i]))
            continue;
        buf_puts(b, "<tr><th scope=\"row\">");
        html_word(b, f->fields[i].label);
        buf_puts(b, "</th>");
        cell(v, f, i, f->before[i]);
        cell(v, f, i, f->values[i]);
        buf_puts(b, "</tr>");
    }
    buf_puts(b, "</tbody></table>");
}

char *row_form_told(const struct row_form *f)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < f->count; i++)
        if (!str_eq(f->values[i], f->before[i]))
            audit_fields_add(&b, f->fields[i].name, shown(f, i, f->before[i]),
                             shown(f, i, f->values[i]));
    return buf_steal(&b);
}
