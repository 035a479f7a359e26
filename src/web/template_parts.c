/* Parts of the pages of templates. See web/template_parts.h. */
#include "web/template_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/editing.h"
#include "web/html.h"
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
    html_words(b, f->language[0] != '\0' ? W_TEMPLATE_TITLE : W_TEMPLATE_TITLE_ALL, f->name,
               word(form_word(f->form)), f->language, NULL);
}

/* One of the text in the editor: its line is a link there. */
static void own_line(struct buf *b, const struct problem *p)
{
    char line[16], column[16];

    snprintf(line, sizeof(line), "%d", p->line);
    snprintf(column, sizeof(column), "%d", p->column);
    if (p->line > 0) {
        buf_printf(b, "<a href=\"#text\" data-line=\"%s\" data-column=\"%s\">", line, column);
        html_words(b, p->column > 0 ? W_AT_COLUMN : W_AT_LINE, line, column, NULL);
        buf_puts(b, "</a> ");
    }
    html_text(b, p->text);
}

static void other_line(struct buf *b, const struct problem *p)
{
    char *text = problem_format(p);

    html_text(b, text);
    free(text);
}

/* The rest of a notice: the errors or the warnings; those in the file `own` (NULL: none) by their
 * lines alone. */
static void list(struct buf *b, const struct problems *problems, bool warnings,
                 const struct texts *t, const char *own)
{
    size_t count = 0;

    buf_puts(b, "<ul>");
    for (size_t i = 0; i < problems->count && count < PROBLEMS_SHOWN_MAX; i++) {
        const struct problem *p = &problems->items[i];
        if (p->warning != warnings)
            continue;
        count++;
        buf_puts(b, "<li>");
        if (own != NULL && texts_is_in(t, p, own))
            own_line(b, p);
        else
            other_line(b, p);
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
        buf_puts(b, "<div class=\"notice bad\" id=\"wrong\"><div><p>");
        html_word(b, W_TEXT_WRONG);
        buf_puts(b, "</p>");
        list(b, p, false, &e->texts, e->path);
    }
    if (p->count > p->errors) {
        buf_puts(b, "<div class=\"notice look\" id=\"noted\"><div><p>");
        html_word(b, W_TEXT_NOTED);
        buf_puts(b, "</p>");
        list(b, p, true, &e->texts, e->path);
    }
}
