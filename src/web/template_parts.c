/* Parts of the pages of templates. See web/template_parts.h. */
#include "web/template_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/html.h"

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

static void problem_line(struct buf *b, const struct problem *p, bool own)
{
    char line[16], column[16];

    snprintf(line, sizeof(line), "%d", p->line);
    snprintf(column, sizeof(column), "%d", p->column);
    buf_puts(b, "<li>");
    if (own && p->line > 0) {
        buf_printf(b, "<a href=\"#text\" data-line=\"%s\" data-column=\"%s\">", line, column);
        html_words(b, p->column > 0 ? W_AT_COLUMN : W_AT_LINE, line, column, NULL);
        buf_puts(b, "</a> ");
    } else if (!own) {
        char *text = problem_format(p);
        html_text(b, text);
        free(text);
    }
    if (own)
        html_text(b, p->text);
    buf_puts(b, "</li>");
}

size_t template_problems(struct visit *v, const struct texts *t, const char *path)
{
    struct buf *b = &v->response->body;
    size_t count = 0;

    for (size_t i = 0; i < t->problems.count; i++) {
        const struct problem *p = &t->problems.items[i];
        if (p->warning || (path != NULL) != (path != NULL && texts_is_in(t, p, path)))
            continue;
        if (count == 0) {
            buf_printf(b, "<div class=\"notice bad\" role=\"status\" id=\"%s\"><div><p>",
                       path != NULL ? "wrong" : "wrong-elsewhere");
            html_word(b, path != NULL ? W_TEXT_WRONG : W_CONFIG_WRONG);
            buf_puts(b, "</p><ul>");
        }
        if (count++ < PROBLEMS_SHOWN_MAX)
            problem_line(b, p, path != NULL);
    }
    if (count > 0)
        buf_puts(b, "</ul></div></div>");
    return count;
}
