/* The form of a job or an appointment. See web/row_form.h. */
#include "web/row_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/records.h"
#include "web/html.h"
#include "web/parts.h"

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
    for (size_t i = 0; i < f->count; i++) {
        const char *value = fields_get(given, f->fields[i].name);
        if (value == NULL)
            continue;
        free(f->values[i]);
        f->values[i] = cleaned(value);
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
    const char *text = word(w), *hole = strstr(text, "{}");

    if (f->wrong[field][0] != '\0')
        return;
    if (hole == NULL)
        snprintf(f->wrong[field], ROW_WRONG_MAX, "%s", text);
    else
        snprintf(f->wrong[field], ROW_WRONG_MAX, "%.*s%.80s%s", (int)(hole - text), text,
                 value != NULL ? value : "", hole + 2);
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
    for (size_t i = 0; i < f->count; i++) {
        f->wrong[i][0] = '\0';
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
    for (size_t i = 0; i < f->count; i++)
        if (f->wrong[i][0] != '\0')
            return false;
    return true;
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
    if (rc == 0 && chosen(f, field, f->before[field]) == NULL &&
        str_to_int(f->before[field], 1, INT64_MAX, &now) &&
        store_staff(v->store, now, &left) == 0) {
        row_form_option(f, field, f->before[field], left.name, NULL);
        staff_close(&left);
    }
    return rc;
}

/* --- writing it --- */

static void options(struct buf *b, const struct row_form *f, size_t field)
{
    const char *group = NULL;

    for (size_t k = 0; k < f->options[field].count; k++) {
        const struct row_option *o = &f->options[field].items[k];
        if (!str_eq(o->group, group)) {
            buf_puts(b, group != NULL ? "</optgroup>" : "");
            if (o->group != NULL) {
                buf_puts(b, "<optgroup label=\"");
                html_attr(b, o->group);
                buf_puts(b, "\">");
            }
            group = o->group;
        }
        buf_puts(b, "<option value=\"");
        html_attr(b, o->value);
        buf_puts(b, strcmp(o->value, f->values[field]) == 0 ? "\" selected>" : "\">");
        html_text(b, o->label);
        buf_puts(b, "</option>");
    }
    buf_puts(b, group != NULL ? "</optgroup>" : "");
}

static void input(struct buf *b, const struct row_form *f, size_t i)
{
    static const char *const types[] = {
        [ROW_TEXT] = "text", [ROW_DATE] = "date", [ROW_TIME] = "time"};
    const struct row_field *field = &f->fields[i];
    bool wrong = f->wrong[i][0] != '\0';

    buf_printf(b, "<div class=\"field\"><label for=\"%s\">", field->name);
    html_word(b, field->label);
    buf_puts(b, "</label>");
    if (wrong) {
        buf_printf(b, "<p class=\"problem\" id=\"%s-wrong\">", field->name);
        html_text(b, f->wrong[i]);
        buf_puts(b, "</p>");
    }
    buf_printf(b,
               field->input == ROW_CHOICE ? "<select id=\"%s\" name=\"%s\""
                                          : "<input id=\"%s\" name=\"%s\"",
               field->name, field->name);
    if (wrong)
        buf_printf(b, " aria-invalid=\"true\" aria-describedby=\"%s-wrong\"", field->name);
    if (field->required)
        buf_puts(b, " required");
    if (field->input == ROW_CHOICE) {
        buf_puts(b, ">");
        options(b, f, i);
        buf_puts(b, "</select></div>");
        return;
    }
    buf_printf(b, " type=\"%s\" maxlength=\"500\" dir=\"auto\" value=\"", types[field->input]);
    html_attr(b, f->values[i]);
    buf_puts(b, "\"></div>");
}

static void hidden(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    html_attr(b, value);
    buf_puts(b, "\">");
}

/* What a form carries whichever way it is shown. */
static void identity(struct buf *b, const struct row_form *f)
{
    char id[24], client[24];

    snprintf(id, sizeof(id), "%lld", (long long)f->id);
    snprintf(client, sizeof(client), "%lld", (long long)f->client_id);
    hidden(b, "id", id);
    hidden(b, "client", client);
    hidden(b, "digest", f->digest);
}

void row_form_inputs(struct visit *v, const struct row_form *f)
{
    struct buf *b = &v->response->body;

    identity(b, f);
    for (size_t i = 0; i < f->count; i++)
        input(b, f, i);
}

void row_form_hidden(struct visit *v, const struct row_form *f)
{
    struct buf *b = &v->response->body;

    identity(b, f);
    for (size_t i = 0; i < f->count; i++)
        hidden(b, f->fields[i].name, f->values[i]);
}

/* A value as people read it. */
static const char *shown(const struct row_form *f, size_t field, const char *value)
{
    const struct row_option *o =
        f->fields[field].input == ROW_CHOICE ? chosen(f, field, value) : NULL;
    const char *text = o != NULL ? o->label : value;

    return str_blank(text) ? "–" : text;
}

static void cell(struct buf *b, const char *text)
{
    buf_puts(b, "<td dir=\"auto\">");
    html_text(b, text);
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
        cell(b, shown(f, i, f->before[i]));
        cell(b, shown(f, i, f->values[i]));
        buf_puts(b, "</tr>");
    }
    buf_puts(b, "</tbody></table>");
}

char *row_form_told(const struct row_form *f)
{
    struct buf b;

    buf_init(&b);
    buf_printf(&b, "#%lld", (long long)f->wanted.id);
    for (size_t i = 0; i < f->count; i++)
        if (!str_eq(f->values[i], f->before[i]))
            buf_printf(&b, "; %s: %s -> %s", f->fields[i].name, shown(f, i, f->before[i]),
                       shown(f, i, f->values[i]));
    return buf_steal(&b);
}
