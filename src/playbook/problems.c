/*
 * A list of what is wrong. It only grows; what is beyond PROBLEMS_MAX is counted but not kept, so
 * that a hostile file cannot fill the memory with complaints about itself.
 */
#include "playbook/problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

__attribute__((format(printf, 6, 0))) static void add(struct problems *p, const char *file,
                                                      int line, int column, bool warning,
                                                      const char *fmt, va_list ap)
{
    struct buf text;

    if (!warning)
        p->errors++;
    if (p->count >= PROBLEMS_MAX)
        return;
    buf_init(&text);
    buf_vprintf(&text, fmt, ap);
    mem_grow(&p->items, &p->cap, p->count + 1, sizeof(*p->items));
    p->items[p->count++] = (struct problem){.file = mem_strdup(file),
                                            .line = line,
                                            .column = column,
                                            .warning = warning,
                                            .text = buf_steal(&text)};
}

void problems_error(struct problems *p, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(p, file, line, 0, false, fmt, ap);
    va_end(ap);
}

void problems_error_at(struct problems *p, const char *file, int line, int column, const char *fmt,
                       ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(p, file, line, column, false, fmt, ap);
    va_end(ap);
}

void problems_warning(struct problems *p, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(p, file, line, 0, true, fmt, ap);
    va_end(ap);
}

void problems_add(struct problems *p, const struct problem *one)
{
    if (one->warning)
        problems_warning(p, one->file, one->line, "%s", one->text);
    else
        problems_error_at(p, one->file, one->line, one->column, "%s", one->text);
}

static bool comes_after(const struct problem *a, const struct problem *b)
{
    int order = strcmp(a->file, b->file);

    return order != 0 ? order > 0 : a->line > b->line;
}

/* By insertion: a reader goes over its file a few times, so most of it is in order already. */
void problems_sort(struct problems *p, size_t from)
{
    for (size_t i = from + 1; i < p->count; i++) {
        struct problem moving = p->items[i];
        size_t at = i;

        while (at > from && comes_after(&p->items[at - 1], &moving)) {
            p->items[at] = p->items[at - 1];
            at--;
        }
        p->items[at] = moving;
    }
}

void problems_close(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].file);
        free(p->items[i].text);
    }
    free(p->items);
    *p = (struct problems){0};
}

char *problem_format(const struct problem *p)
{
    const char *kind = p->warning ? "warning: " : "";

    if (p->line == 0)
        return mem_printf("%s: %s%s", p->file, kind, p->text);
    if (p->column == 0)
        return mem_printf("%s:%d: %s%s", p->file, p->line, kind, p->text);
    return mem_printf("%s:%d:%d: %s%s", p->file, p->line, p->column, kind, p->text);
}
