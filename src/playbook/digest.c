/*
 * The fingerprint of a rule's definition. See rule_digest in playbook/playbook.h.
 *
 * Field by field and in a fixed order: what lies between the fields of a struct is nobody's. Each
 * text ends with its 0 byte, so that no two lists of texts are the same bytes.
 */
#include <string.h>

#include "base/str.h"
#include "playbook/playbook.h"

static uint64_t add_number(uint64_t h, int64_t n)
{
    return str_hash(&n, sizeof(n), h);
}

static uint64_t add_text(uint64_t h, const char *text)
{
    if (text == NULL)
        return add_number(h, 0);
    return str_hash(text, strlen(text) + 1, add_number(h, 1));
}

static uint64_t add_list(uint64_t h, const struct str_list *list)
{
    h = add_number(h, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        h = add_text(h, list->items[i]);
    return h;
}

/* The stages of the workflows that the rule means: which of them complete a job, or let the clock
 * stand still, is part of what the rule says. */
static uint64_t add_workflows(uint64_t h, const struct playbook *p, const struct rule *r)
{
    for (size_t i = 0; i < p->workflow_count; i++) {
        const struct workflow *w = &p->workflows[i];
        bool meant = r->workflow == NULL || strcmp(r->workflow, w->name) == 0;
        if (!meant || (r->stage != NULL && !workflow_has(w, r->stage)))
            continue;
        h = add_text(h, w->name);
        h = add_list(h, &w->stages);
        h = add_list(h, &w->done);
        h = add_list(h, &w->lost);
        h = add_list(h, &w->waiting);
    }
    return h;
}

uint64_t rule_digest(const struct playbook *p, const struct rule *r)
{
    const int64_t numbers[] = {
        r->event,
        r->below,
        r->when.count,
        r->when.unit,
        r->when.before,
        r->when.at_minute,
        r->every.count,
        r->every.unit,
        r->every.times,
        r->to,
        r->by,
        r->purpose,
        r->window,
        r->window == WINDOW_DAILY ? r->daily.from_minute : 0,
        r->window == WINDOW_DAILY ? r->daily.to_minute : 0,
        r->outside,
        r->late_ms,
        r->missed,
        r->settle_ms,
        r->capped,
        r->merge_ms,
    };
    const char *const texts[] = {r->stage,  r->of_rule,    r->only_if,
                                 r->unless, r->department, r->address};
    uint64_t h = 0;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        h = add_number(h, numbers[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        h = add_text(h, texts[i]);
    h = add_list(h, &r->require);
    return rule_on_job(r) ? add_workflows(h, p, r) : h;
}
