/*
 * What is wrong with a text before it is saved. See web/text_check.h.
 *
 * What the draft would make wrong elsewhere is what is wrong with it and not without it. That
 * cannot be told while another template is broken: then much is not looked at, and would seem new.
 */
#include "web/text_check.h"

#include <string.h>

#include "base/str.h"

static bool has(const struct problems *list, const struct problem *p)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].line == p->line && strcmp(list->items[i].file, p->file) == 0 &&
            strcmp(list->items[i].text, p->text) == 0)
            return true;
    return false;
}

/* Is a template wrong as they are? */
static bool has_broken(const struct problems *list, const struct texts *t)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].warning && str_starts(list->items[i].file, t->settings->templates))
            return true;
    return false;
}

void text_check(const struct visit *v, const struct texts *t, const struct template_draft *draft,
                struct problems *out)
{
    const struct web_hooks *hooks = v->hooks;
    struct problems found = {0}, before = {0};
    bool elsewhere = false;

    hooks->check(hooks->arg, NULL, draft, &found);
    for (size_t i = 0; i < found.count; i++) {
        const struct problem *p = &found.items[i];
        if (texts_is_in(t, p, draft->file))
            problems_add(out, p);
        else
            elsewhere |= !p->warning;
    }
    if (elsewhere)
        hooks->check(hooks->arg, NULL, NULL, &before);
    for (size_t i = 0; elsewhere && !has_broken(&before, t) && i < found.count; i++) {
        const struct problem *p = &found.items[i];
        if (!p->warning && !texts_is_in(t, p, draft->file) && !has(&before, p))
            problems_add(out, p);
    }
    problems_close(&before);
    problems_close(&found);
}
