/* Every language there is to choose from. See web/languages.h. */
#include "web/languages.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/locale.h"
#include "web/html.h"
#include "web/words.h"

static void add(void *arg, const char *tag, const char *name)
{
    struct languages *l = arg;

    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = (struct language){mem_strdup(tag), mem_strdup(name)};
}

static int by_name(const void *a, const void *b)
{
    const struct language *x = a, *y = b;

    return strcmp(x->name, y->name);
}

void languages_all(struct languages *out)
{
    *out = (struct languages){0};
    locale_each_language(WORDS_LANGUAGE, add, out);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof(*out->items), by_name);
}

void languages_close(struct languages *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].tag);
        free(l->items[i].name);
    }
    free(l->items);
    *l = (struct languages){0};
}

void languages_name(struct buf *b, const char *tag)
{
    if (!locale_language_name(tag, WORDS_LANGUAGE, b))
        buf_puts(b, tag);
}

/* "Latvian (lv)"; what the page knows no name of, by its tag alone. */
static void option(struct buf *b, const char *tag)
{
    struct buf name;

    buf_init(&name);
    buf_puts(b, "<option value=\"");
    html_attr(b, tag);
    buf_puts(b, "\">");
    if (locale_language_name(tag, WORDS_LANGUAGE, &name))
        html_words(b, W_LANGUAGE_TAG, name.data, tag, NULL);
    else
        html_text(b, tag);
    buf_puts(b, "</option>");
    buf_close(&name);
}

static void group(struct buf *b, enum word title)
{
    buf_puts(b, "<optgroup label=\"");
    html_attr(b, word(title));
    buf_puts(b, "\">");
}

void languages_options(struct buf *b, const struct str_list *own)
{
    struct languages all;

    group(b, W_TEXT_NEW_YOURS);
    for (size_t i = 0; i < own->count; i++)
        option(b, own->items[i]);
    buf_puts(b, "</optgroup>");
    group(b, W_TEXT_NEW_OTHERS);
    languages_all(&all);
    for (size_t i = 0; i < all.count; i++)
        if (!str_list_has(own, all.items[i].tag))
            option(b, all.items[i].tag);
    languages_close(&all);
    buf_puts(b, "</optgroup>");
}
