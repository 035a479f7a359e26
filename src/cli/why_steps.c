/* betimes why: the steps of an explanation, as lines for people and as JSON. See cli/why.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/show.h"
#include "cli/why.h"

#define LABEL_COLUMNS 12

void why_label(const char *name)
{
    put_text(DIM, name);
    printf("%*s", (int)(LABEL_COLUMNS - text_columns(name)), "");
}

void why_line(const char *name, const char *text)
{
    why_label(name);
    put_folded(text, LABEL_COLUMNS, LABEL_COLUMNS);
}

void why_step(struct why_steps *l, const char *name, json_t *values, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] =
        (struct why_step){.name = name, .text = buf_steal(&text), .values = values};
}

void why_steps_print(const struct why_steps *l)
{
    const char *last = "";

    for (size_t i = 0; i < l->count; i++) {
        why_line(str_eq(l->items[i].name, last) ? "" : l->items[i].name, l->items[i].text);
        last = l->items[i].name;
    }
}

json_t *why_steps_json(const struct why_steps *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->count; i++) {
        const struct why_step *s = &l->items[i];
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string(s->name));
        json_object_set_new(o, "text", show_json_text(s->text));
        json_object_set_new(o, "values", s->values != NULL ? json_incref(s->values) : json_null());
        json_array_append_new(list, o);
    }
    return list;
}

void why_steps_close(struct why_steps *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].text);
        json_decref(l->items[i].values);
    }
    free(l->items);
    *l = (struct why_steps){0};
}
