/* Parts of the pages of templates. See web/template_parts.h. */
#include "web/template_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/editing.h"
#include "web/html.h"
#include "web/languages.h"
#include "web/mistakes.h"

#define EVERY_LANGUAGE "_"
#define PROBLEMS_SHOWN_MAX 30

enum word form_word(enum template_form form)
{
    static const enum word words[] = {[TEMPLATE_FORM_SMS] = W_SMS,
                                      [TEMPLATE_FORM_EMAIL] = W_EMAIL,
                                      [TEMPLATE_FORM_HTML] = W_HTML};

    return words[form];
}

void template_address(struct buf *b, const struct template_file *f, const char *more)
{
    buf_printf(b, "/%s/%s/%s/%s%s", f->shared ? "partials" : "templates", f->name,
               f->language[0] != '\0' ? f->language : EVERY_LANGUAGE, template_form_name(f->form),
               more);
}

bool template_of_path(const struct visit *v, struct template_file *out)
{
    const struct route_hole *h = &v->hole;

    *out = (struct template_file){.shared = strncmp(v->request->path, "/partials/", 10) == 0};
    snprintf(out->name, sizeof(out->name), "%s", h->token);
    if (strlen(h->more[0]) >= sizeof(out->language) || !template_form_from(h->more[1], &out->form))
        return false;
    if (!out->shared || strcmp(h->more[0], EVERY_LANGUAGE) != 0)
        memcpy(out->language, h->more[0], strlen(h->more[0]) + 1);
    return template_file_valid(out);
}

void template_title(struct buf *b, const struct template_file *f)
{
    struct buf language;

    buf_init(&language);
    languages_name(&language, f->language);
    html_words(b, f->language[0] != '\0' ? W_TEMPLATE_TITLE : W_TEMPLATE_TITLE_ALL, f->name,
               word(form_word(f->form)), language.data, NULL);
    buf_close(&language);
}

/* A shared part that there is not, with the way to where it is written. `language` "": nobody knows
 * in which it is needed. */
static void missing_part(struct buf *b, const char *name, enum template_form form,
                         const char *language)
{
    struct template_file part = {.shared = true, .form = form};
    struct buf called;

    buf_init(&called);
    languages_name(&called, language);
    html_words(b, language[0] != '\0' ? W_PART_MISSING : W_PART_UNKNOWN, name,
               word(form_word(form)), called.data, NULL);
    buf_close(&called);
    snprintf(part.name, sizeof(part.name), "%s", name);
    snprintf(part.language, sizeof(part.language), "%s", language);
    if (language[0] == '\0') {
        buf_puts(b, " <a href=\"/templates#shared\">");
        html_word(b, W_PART_SEE);
        buf_puts(b, "</a>");
    } else if (template_file_valid(&part)) {
        buf_puts(b, " <a href=\"");
        template_address(b, &part, "");
        buf_puts(b, "\">");
        html_word(b, W_TEXT_WRITE);
        buf_puts(b, "</a>");
    }
}

bool template_missing_part(struct visit *v, const struct problem *p, const char *language)
{
    size_t n = strlen(v->site->templates);
    char name[TEMPLATE_NAME_BYTES_MAX + 1];
    struct template_file f;

    if (!template_told_partial(p->text, name, sizeof(name)) ||
        strncmp(p->file, v->site->templates, n) != 0 || p->file[n] != '/' ||
        !template_file_parse(p->file + n + 1, &f))
        return false;
    missing_part(&v->response->body, name, f.form, f.language[0] != '\0' ? f.language : language);
    return true;
}

/* One of the text in the editor: its line is a link there. */
static void own_line(const struct editing *e, const struct problem *p)
{
    struct buf *b = &e->v->response->body;
    char line[16], column[16];

    snprintf(line, sizeof(line), "%d", p->line);
    snprintf(column, sizeof(column), "%d", p->column);
    if (p->line > 0) {
        buf_printf(b, "<a href=\"#text\" data-line=\"%s\" data-column=\"%s\">", line, column);
        html_words(b, p->column > 0 ? W_AT_COLUMN : W_AT_LINE, line, column, NULL);
        buf_puts(b, "</a> ");
    }
}

/* The rest of a notice: the errors or the warnings; those in the text itself by their lines alone.
 */
static void list(const struct editing *e, bool warnings)
{
    const struct problems *problems = &e->problems;
    struct buf *b = &e->v->response->body;
    size_t count = 0;

    buf_puts(b, "<ul>");
    for (size_t i = 0; i < problems->count && count < PROBLEMS_SHOWN_MAX; i++) {
        const struct problem *p = &problems->items[i];
        if (p->warning != warnings)
            continue;
        count++;
        buf_puts(b, "<li>");
        if (texts_is_in(&e->texts, p, e->path))
            own_line(e, p);
        else
            mistakes_place(e->v, NULL, p);
        if (!template_missing_part(e->v, p, e->file.language))
            html_text(b, p->text);
        buf_puts(b, "</li>");
    }
    buf_puts(b, "</ul></div></div>");
}

void template_problems(struct visit *v, const struct texts *t)
{
    mistakes_notice(v, mistakes_or(v, &t->problems));
}

void editing_problems(const struct editing *e)
{
    const struct problems *p = &e->problems;
    struct buf *b = &e->v->response->body;

    if (p->errors > 0) {
        bool fresh = editing_is_fresh(e);
        buf_printf(b, "<div class=\"notice %s\" id=\"wrong\"><div><p>", fresh ? "look" : "bad");
        html_word(b, fresh ? W_TEXT_NEEDS : W_TEXT_WRONG);
        buf_puts(b, "</p>");
        list(e, false);
    }
    if (p->count > p->errors) {
        buf_puts(b, "<div class=\"notice look\" id=\"noted\"><div><p>");
        html_word(b, W_TEXT_NOTED);
        buf_puts(b, "</p>");
        list(e, true);
    }
}
