/* Every language there is to choose from. See web/languages.h. */
#include "web/languages.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/locale.h"
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
