/* A list of sentences that cannot grow for ever. */
#include "ical/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

void trouble_add(struct trouble *t, size_t line, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    if (t->list.count >= TROUBLE_MAX) {
        t->more++;
        return;
    }
    buf_init(&b);
    if (line > 0)
        buf_printf(&b, "line %zu: ", line);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    if (!str_list_has(&t->list, b.data))
        str_list_add(&t->list, b.data, b.len);
    buf_close(&b);
}

int trouble_quote(const char *s)
{
    return (int)str_utf8_valid(s, strnlen(s, TROUBLE_QUOTE_MAX));
}

int trouble_quote_part(const char *s, size_t len)
{
    return (int)str_utf8_valid(s, len < TROUBLE_QUOTE_MAX ? len : TROUBLE_QUOTE_MAX);
}

void trouble_close(struct trouble *t)
{
    str_list_close(&t->list);
    t->more = 0;
}

json_t *trouble_json(const struct trouble *t)
{
    char words[64];

    if (t->list.count == 0)
        return NULL;
    json_t *array = json_array();
    for (size_t i = 0; i < t->list.count; i++)
        json_array_append_new(array, json_string(t->list.items[i]));
    if (t->more > 0) {
        snprintf(words, sizeof(words), "and %zu more", t->more);
        json_array_append_new(array, json_string(words));
    }
    return array;
}
