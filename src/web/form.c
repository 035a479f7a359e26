/* Forms. See web/form.h. */
#include "web/form.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "web/auth.h"
#include "web/html.h"

#define LONG_ROWS 5
#define MARK_NAME_MAX 64
#define VALUE_BYTES_MAX 300 /* of a value within words */

const char *form_value(const struct form *f, const char *name)
{
    return f->typed != NULL ? fields_get(f->typed, name) : NULL;
}

static const struct form_problem *problem_of(const struct form *f, const char *field)
{
    for (size_t i = 0; i < f->problem_count; i++)
        if (strcmp(f->problems[i].field, field) == 0)
            return &f->problems[i];
    return NULL;
}

void form_problem(struct form *f, const char *field, const char *fmt, ...)
{
    va_list ap;

    if (f->problem_count == FORM_PROBLEMS_MAX || problem_of(f, field) != NULL)
        return;
    struct form_problem *p = &f->problems[f->problem_count++];
    p->field = field;
    va_start(ap, fmt);
    vsnprintf(p->text, sizeof(p->text), fmt, ap);
    va_end(ap);
}

void form_wrong(struct form *f, const char *field, enum word w, const char *value)
{
    const char *text = word(w), *hole = strstr(text, "{}");

    if (hole == NULL)
        form_problem(f, field, "%s", text);
    else
        form_problem(f, field, "%.*s%.*s%s", (int)(hole - text), text, VALUE_BYTES_MAX,
                     value != NULL ? value : "", hole + 2);
}

/* The id of a field, or of what belongs to it ("-hint", "-problem"). */
static void put_id(struct buf *b, const struct form *f, const char *name, const char *what)
{
    buf_printf(b, "%s%s%s", f->prefix != NULL ? f->prefix : "", name, what);
}

void form_begin(struct visit *v, const struct form *f, const char *action)
{
    struct buf *b = &v->response->body;

    if (f->problem_count > 0) {
        buf_puts(b, "<div class=\"notice bad\" role=\"alert\"><p>");
        html_word(b, W_FORM_PROBLEMS);
        buf_puts(b, "</p><ul>");
        for (size_t i = 0; i < f->problem_count; i++) {
            buf_puts(b, "<li><a href=\"#");
            put_id(b, f, f->problems[i].field, "");
            buf_puts(b, "\">");
            html_text(b, f->problems[i].text);
            buf_puts(b, "</a></li>");
        }
        buf_puts(b, "</ul></div>");
    }
    buf_printf(b, "<form class=\"fields\" method=\"post\" action=\"%s\">", action);
    auth_form_token(v);
}

static void label_of(struct buf *b, const struct form *f, const char *name, enum word label)
{
    buf_puts(b, "<label for=\"");
    put_id(b, f, name, "");
    buf_puts(b, "\">");
    html_word(b, label);
    buf_puts(b, "</label>");
}

/* Attributes that tie a field to its hint and its problem. */
static void described(struct buf *b, const struct form *f, const char *name, enum word hint)
{
    bool wrong = problem_of(f, name) != NULL;

    if (wrong)
        buf_puts(b, " aria-invalid=\"true\"");
    if (!wrong && hint == WORD_COUNT)
        return;
    buf_puts(b, " aria-describedby=\"");
    if (wrong)
        put_id(b, f, name, "-problem");
    buf_puts(b, wrong && hint != WORD_COUNT ? " " : "");
    if (hint != WORD_COUNT)
        put_id(b, f, name, "-hint");
    buf_puts(b, "\"");
}

/* Between the label and the field. */
static void remarks(struct buf *b, const struct form *f, const char *name, enum word hint)
{
    const struct form_problem *p = problem_of(f, name);

    if (hint != WORD_COUNT) {
        buf_puts(b, "<p class=\"quiet\" id=\"");
        put_id(b, f, name, "-hint");
        buf_puts(b, "\">");
        html_word(b, hint);
        buf_puts(b, "</p>");
    }
    if (p != NULL) {
        buf_puts(b, "<p class=\"problem\" id=\"");
        put_id(b, f, name, "-problem");
        buf_puts(b, "\">");
        html_text(b, p->text);
        buf_puts(b, "</p>");
    }
}

static const char *shown(const struct form *f, const char *name, const char *value)
{
    const char *typed = form_value(f, name);

    return typed != NULL ? typed : value;
}

static const char *type_of(enum form_kind k)
{
    static const char *const types[] = {
        [FORM_TEXT] = "text", [FORM_SUGGESTED] = "text", [FORM_EMAIL] = "email",
        [FORM_PHONE] = "tel", [FORM_NUMBER] = "number",  [FORM_PASSWORD] = "password",
        [FORM_LONG] = "",     [FORM_DATE] = "date",      [FORM_TIME] = "time",
    };

    return types[k];
}

void form_field(struct visit *v, const struct form *f, const struct form_field *field)
{
    struct buf *b = &v->response->body;
    const char *value = field->kind == FORM_PASSWORD ? NULL : shown(f, field->name, field->value);
    bool lines = field->kind == FORM_LONG;

    buf_puts(b, "<div class=\"field\">");
    label_of(b, f, field->name, field->label);
    remarks(b, f, field->name, field->hint);
    if (lines)
        buf_printf(b, "<textarea rows=\"%d\"", LONG_ROWS);
    else
        buf_printf(b, "<input type=\"%s\"", type_of(field->kind));
    buf_puts(b, " id=\"");
    put_id(b, f, field->name, "");
    buf_printf(b, "\" name=\"%s\" autocomplete=\"%s\" dir=\"auto\"", field->name,
               field->complete != NULL ? field->complete : "off");
    if (field->length_max > 0 && field->kind != FORM_NUMBER)
        buf_printf(b, " maxlength=\"%zu\"", field->length_max);
    if (field->required)
        buf_puts(b, " required");
    if (field->kind == FORM_SUGGESTED) {
        buf_puts(b, " list=\"");
        put_id(b, f, field->name, "-list\"");
    }
    described(b, f, field->name, field->hint);
    if (lines) {
        buf_puts(b, ">\n"); /* which a browser takes away */
        html_text(b, value);
        buf_puts(b, "</textarea></div>");
    } else {
        buf_puts(b, " value=\"");
        html_attr(b, value);
        buf_puts(b, "\"></div>");
    }
}

void form_suggestions(struct visit *v, const struct form *f, const char *name,
                      const struct str_list *list)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<datalist id=\"");
    put_id(b, f, name, "-list\">");
    for (size_t i = 0; i < list->count; i++) {
        buf_puts(b, "<option value=\"");
        html_attr(b, list->items[i]);
        buf_puts(b, "\"></option>");
    }
    buf_puts(b, "</datalist>");
}

void form_list_begin(struct visit *v, const struct form *f, const struct form_list *list)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"field\">");
    label_of(b, f, list->name, list->label);
    remarks(b, f, list->name, list->hint);
    buf_puts(b, "<select id=\"");
    put_id(b, f, list->name, "");
    buf_printf(b, "\" name=\"%s\"%s", list->name, list->required ? " required" : "");
    described(b, f, list->name, list->hint);
    buf_puts(b, ">");
}

void form_option(struct visit *v, const struct form *f, const struct form_list *list,
                 const char *value, const char *text)
{
    struct buf *b = &v->response->body;
    const char *chosen = shown(f, list->name, list->value);

    buf_puts(b, "<option value=\"");
    html_attr(b, value);
    buf_printf(b, "\"%s>", str_eq(chosen != NULL ? chosen : "", value) ? " selected" : "");
    html_text(b, text);
    buf_puts(b, "</option>");
}

void form_list_end(struct visit *v)
{
    buf_puts(&v->response->body, "</select></div>");
}

void form_group_begin(struct visit *v, const char *heading)
{
    struct buf *b = &v->response->body;

    if (heading == NULL)
        return;
    buf_puts(b, "<optgroup label=\"");
    html_attr(b, heading);
    buf_puts(b, "\">");
}

void form_group_end(struct visit *v, const char *heading)
{
    buf_puts(&v->response->body, heading != NULL ? "</optgroup>" : "");
}

void form_hidden(struct visit *v, const char *name, const char *value)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    html_attr(b, value);
    buf_puts(b, "\">");
}

static void mark_of(const char *name, const char *value, char field[MARK_NAME_MAX], char mark[17])
{
    snprintf(field, MARK_NAME_MAX, "was-%s", name);
    snprintf(mark, 17, "%016" PRIx64, str_hash(value, strlen(value), 0));
}

void form_mark(struct visit *v, const char *name, const char *value)
{
    char field[MARK_NAME_MAX], mark[17];

    mark_of(name, value, field, mark);
    form_hidden(v, field, mark);
}

bool form_untouched(const struct fields *given, const char *name, const char *value)
{
    char field[MARK_NAME_MAX], mark[17];

    mark_of(name, value, field, mark);
    return str_eq(fields_get(given, field), mark);
}

void form_button(struct visit *v, const char *action, enum word label, const char *more,
                 bool strong)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<form class=\"deed\" method=\"post\" action=\"%s\">", action);
    auth_form_token(v);
    form_hidden(v, "back", v->request->path);
    buf_printf(b, "<button%s", strong ? " class=\"strong\"" : "");
    if (more != NULL) {
        buf_puts(b, " aria-label=\"");
        html_words(b, W_FORM_MORE, word(label), more, NULL);
        buf_puts(b, "\"");
    }
    buf_puts(b, ">");
    html_word(b, label);
    buf_puts(b, "</button></form>");
}
