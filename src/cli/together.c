/*
 * Which of the messages to come will go as one. See cli/together.h.
 *
 * As the service does it (send/merge.c): whoever is due first takes along whom it may. The rows are
 * looked at client by client, so it takes no time to speak of, however many are due at six.
 */
#include "cli/together.h"

#include <stdlib.h>

#include "base/mem.h"
#include "plan/merge.h"
#include "plan/plan.h"
#include "send/merge.h"

struct one {
    size_t at; /* its row */
    const struct outbox_row *row;
    const struct rule *rule;
    const struct zone *zone;
};

/* By client and channel, then by their times. */
static int order(const void *a, const void *b)
{
    const struct one *x = a, *y = b;

    if (x->row->client_id != y->row->client_id)
        return x->row->client_id < y->row->client_id ? -1 : 1;
    if (x->row->channel != y->row->channel)
        return x->row->channel < y->row->channel ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static bool takes(const struct business *b, const struct one *leader, const struct one *other,
                  int64_t now_ms)
{
    return plan_merges(leader->rule, other->rule, now_ms, other->row->due_ms) &&
           plan_window_has(other->rule, b, other->zone, now_ms);
}

/* Those behind list[first] that go with it. */
static void lead(const struct business *b, const struct one *list, size_t first, size_t count,
                 int64_t now_ms, struct together *out)
{
    const struct one *leader = &list[first];
    int64_t at_ms = leader->row->due_ms > now_ms ? leader->row->due_ms : now_ms;
    int64_t until_ms = plan_merge_until(leader->rule, at_ms);
    size_t *last = &out[leader->at].next, taken = 0;

    for (size_t i = first + 1; i < count && taken < MERGE_MAX; i++) {
        const struct one *other = &list[i];
        if (other->row->client_id != leader->row->client_id ||
            other->row->channel != leader->row->channel || other->row->due_ms > until_ms)
            return;
        if (out[other->at].leader != TOGETHER_NONE || !takes(b, leader, other, at_ms))
            continue;
        out[other->at].leader = leader->at;
        *last = other->at;
        last = &out[other->at].next;
        taken++;
    }
}

void together_find(const struct playbook *p, const struct business *b,
                   const struct outbox_row *rows, const struct together_row *more, size_t count,
                   int64_t now_ms, struct together *out)
{
    struct one *list = mem_array(count + 1, sizeof(*list));
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const struct rule *r = playbook_rule(p, rows[i].rule);
        out[i] = (struct together){TOGETHER_NONE, TOGETHER_NONE};
        if (more[i].goes && more[i].zone != NULL && r != NULL && plan_may_merge(r, rows[i].channel))
            list[n++] = (struct one){i, &rows[i], r, more[i].zone};
    }
    qsort(list, n, sizeof(*list), order);
    for (size_t i = 0; i < n; i++)
        if (out[list[i].at].leader == TOGETHER_NONE)
            lead(b, list, i, n, now_ms, out);
    free(list);
}
