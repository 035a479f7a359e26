/*
 * text/template: compiling and freeing. What can be wrong with the bytes themselves is found here;
 * what can be wrong with tags in template_parse.c and template_value.c, with places in HTML in
 * template_html.c.
 */
#include "text/template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "template_tree.h"

void template_problem(struct problem_sink *s, int line, int column, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    struct buf b;
    va_list ap;

    if (s->count++ >= TEMPLATE_PROBLEMS_MAX || s->report == NULL)
        return;
    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    /* A tag's own bytes may be in it: cut at a character's end. */
    size_t n = str_utf8_valid(b.data, b.len < sizeof(text) - 1 ? b.len : sizeof(text) - 1);
    memcpy(text, b.data, n);
    text[n] = '\0';
    buf_close(&b);
    s->report(s->arg, s->file, line, column, text);
}

/* Line and column (in characters) of the byte at `offset`; what comes before it is valid UTF-8. */
static void position_of(const char *text, size_t offset, int *line, int *column)
{
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            (*column)++;
        }
    }
}

static bool bytes_fine(const struct template_source *source, int first_line,
                       struct problem_sink *sink)
{
    int line = first_line, column;

    if (source->len > TEMPLATE_BYTES_MAX) {
        template_problem(sink, line, 1, "larger than %d bytes", TEMPLATE_BYTES_MAX);
        return false;
    }
    size_t valid = str_utf8_valid(source->text, source->len);
    const char *nul = memchr(source->text, '\0', valid);
    if (nul != NULL)
        valid = (size_t)(nul - source->text);
    if (valid == source->len)
        return true;
    position_of(source->text, valid, &line, &column);
    if (nul != NULL)
        template_problem(sink, line, column, "there is a NUL byte; a template is text");
    else
        template_problem(sink, line, column, "this is not UTF-8; save the file as UTF-8");
    return false;
}

struct template *template_compile(const struct template_source *source, template_report_fn report,
                                  void *arg)
{
    const char *file = source->file != NULL ? source->file : "";
    struct problem_sink sink = {.file = file, .report = report, .arg = arg};
    int first_line = source->first_line > 0 ? source->first_line : 1;
    const char *text = source->text;
    size_t len = source->len;

    if (!bytes_fine(source, first_line, &sink))
        return NULL;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    struct template *t = mem_zalloc(sizeof(*t));
    t->file = mem_strdup(file);
    t->place = source->place;
    t->text = mem_strndup(text, len);
    t->len = len;
    template_parse(t, first_line, source->first_column > 0 ? source->first_column : 1, &sink);
    if (t->place == TEMPLATE_HTML)
        template_check_html(t, &sink);
    if (sink.count > 0) {
        template_free(t);
        return NULL;
    }
    return t;
}

static void node_close(struct node *n)
{
    for (size_t i = 0; i < n->call_count; i++)
        for (size_t k = 0; k < n->calls[i].arg_count; k++)
            free(n->calls[i].args[k].text);
    free(n->calls);
    free(n->parts);
    free(n->name);
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++)
        node_close(&t->nodes[i]);
    free(t->nodes);
    free(t->text);
    free(t->file);
    free(t);
}

const char *template_file(const struct template *t)
{
    return t->file;
}

enum template_place template_place(const struct template *t)
{
    return t->place;
}

bool template_report_empty(const struct template_report *r)
{
    return r->missing.count == 0 && r->unknown.count == 0 && r->problems.count == 0;
}

void template_report_close(struct template_report *r)
{
    str_list_close(&r->missing);
    str_list_close(&r->unknown);
    str_list_close(&r->problems);
}
