/*
 * What is new in a calendar. See calendar/compare.h.
 *
 * Both lists are sorted by uid and place in the series, so one walk through both finds what belongs
 * together. What is left over of one uid on both sides is then paired by its times: in order, when
 * as many went as came and none moved by more than a week; else the nearest, within half of one.
 */
#include "calendar/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DAY_MS INT64_C(86400000)
#define PAIR_MS (7 * DAY_MS)
#define PAIR_NEAR_MS (PAIR_MS / 2)

struct walk {
    const struct compare_rules *rules;
    const struct look *look;
    struct comparison *out;
    const struct calendar_known **left; /* of one uid: known and not found */
    size_t left_count, left_cap;
    const struct visit **fresh; /* of the same: found and not known */
    size_t fresh_count, fresh_cap;
};

static void add(struct comparison *c, enum compare_kind kind, const struct visit *v,
                const struct calendar_known *k)
{
    mem_grow(&c->items, &c->cap, c->count + 1, sizeof(*c->items));
    c->items[c->count++] = (struct compare_item){kind, v, k};
}

/* Is it worth another look for its client? What is past is not. One that was passed over is
 * another matter once such events are not. */
static bool try_again(const struct calendar_known *k, int64_t now_ms)
{
    return (k->state == EVENT_UNMATCHED || k->state == EVENT_PASSED) && !k->cancelled &&
           k->starts_ms >= now_ms;
}

static void both(struct walk *w, const struct visit *v, const struct calendar_known *k)
{
    if (v->digest != k->digest || strcmp(v->recurrence, k->recurrence) != 0)
        add(w->out, COMPARE_CHANGED, v, k);
    else if (try_again(k, w->rules->now_ms))
        add(w->out, COMPARE_AGAIN, v, k);
    else
        w->out->unchanged++;
}

static void gone(struct walk *w, const struct calendar_known *k, bool troubled)
{
    /* What is past stays as it was; of what could not be read nobody knows that it is gone. */
    if (k->starts_ms >= w->rules->now_ms && !troubled)
        add(w->out, COMPARE_GONE, NULL, k);
    else
        w->out->unchanged++;
}

static void fresh(struct walk *w, const struct visit *v)
{
    if (!v->beyond || v->starts_ms >= w->rules->now_ms)
        add(w->out, COMPARE_NEW, v, NULL);
}

/* ---- pairing */

static int by_time_known(const void *a, const void *b)
{
    const struct calendar_known *const *x = a, *const *y = b;

    return ((*x)->starts_ms > (*y)->starts_ms) - ((*x)->starts_ms < (*y)->starts_ms);
}

static int by_time_visit(const void *a, const void *b)
{
    const struct visit *const *x = a, *const *y = b;

    return ((*x)->starts_ms > (*y)->starts_ms) - ((*x)->starts_ms < (*y)->starts_ms);
}

static bool near(const struct calendar_known *k, const struct visit *v, int64_t limit_ms)
{
    return llabs((long long)(k->starts_ms - v->starts_ms)) <= limit_ms;
}

static bool in_order(const struct walk *w)
{
    if (w->left_count != w->fresh_count)
        return false;
    for (size_t i = 0; i < w->left_count; i++)
        if (!near(w->left[i], w->fresh[i], PAIR_MS))
            return false;
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct str_list *sorted, const char *text)
{
    return sorted != NULL && sorted->count > 0 &&
           bsearch(&text, sorted->items, sorted->count, sizeof(char *), compare_texts) != NULL;
}

static void settle_uid(struct walk *w, const char *uid)
{
    size_t i = 0, j = 0;
    bool troubled = has(&w->look->troubled, uid);

    if (w->left_count > 1)
        qsort(w->left, w->left_count, sizeof(*w->left), by_time_known);
    if (w->fresh_count > 1)
        qsort(w->fresh, w->fresh_count, sizeof(*w->fresh), by_time_visit);
    int64_t limit_ms = in_order(w) ? PAIR_MS : PAIR_NEAR_MS;
    while (i < w->left_count || j < w->fresh_count) {
        if (i < w->left_count && j < w->fresh_count && near(w->left[i], w->fresh[j], limit_ms))
            both(w, w->fresh[j++], w->left[i++]);
        else if (j == w->fresh_count ||
                 (i < w->left_count && w->left[i]->starts_ms < w->fresh[j]->starts_ms))
            gone(w, w->left[i++], troubled);
        else
            fresh(w, w->fresh[j++]);
    }
    w->left_count = w->fresh_count = 0;
}

/* ---- the walk */

static void leave(struct walk *w, const struct calendar_known *k)
{
    mem_grow(&w->left, &w->left_cap, w->left_count + 1, sizeof(struct calendar_known *));
    w->left[w->left_count++] = k;
}

static void find(struct walk *w, const struct visit *v)
{
    mem_grow(&w->fresh, &w->fresh_cap, w->fresh_count + 1, sizeof(struct visit *));
    w->fresh[w->fresh_count++] = v;
}

/* One uid: known[0..known_count), visits[0..visit_count), either may be none. */
static void walk_uid(struct walk *w, const struct calendar_known *known, size_t known_count,
                     const struct visit *visits, size_t visit_count)
{
    size_t i = 0, j = 0;
    bool ahead = false, found = false;

    for (size_t k = 0; k < known_count; k++)
        ahead |= !known[k].cancelled && known[k].starts_ms >= w->rules->now_ms;
    w->out->known += ahead;
    for (size_t k = 0; k < visit_count && !found; k++)
        found = visits[k].starts_ms >= w->rules->now_ms;
    w->out->found += found;
    if (visit_count == 0 && !w->rules->whole && !has(w->rules->gone, known[0].uid)) {
        w->out->found += ahead;
        return; /* nobody speaks of it */
    }
    while (i < known_count || j < visit_count) {
        int order = i == known_count   ? 1
                    : j == visit_count ? -1
                                       : strcmp(known[i].recurrence, visits[j].recurrence);
        if (order == 0)
            both(w, &visits[j++], &known[i++]);
        else if (order < 0)
            leave(w, &known[i++]);
        else
            find(w, &visits[j++]);
    }
    size_t before = w->out->count;
    settle_uid(w, known_count > 0 ? known[0].uid : visits[0].event->uid);
    w->out->missing += ahead && visit_count == 0 && w->out->count > before;
}

void compare_look(const struct compare_rules *rules, const struct look *look,
                  const struct calendar_known *known, size_t known_count, struct comparison *out)
{
    struct walk w = {.rules = rules, .look = look, .out = out};
    size_t i = 0, j = 0;

    *out = (struct comparison){0};
    while (i < known_count || j < look->count) {
        const struct visit *visits = look->visits + j;
        const struct calendar_known *first = known + i;
        size_t from = i, visits_from = j;
        int order = i == known_count   ? 1
                    : j == look->count ? -1
                                       : strcmp(first->uid, visits->event->uid);
        if (order <= 0)
            while (i < known_count && strcmp(known[i].uid, first->uid) == 0)
                i++;
        if (order >= 0)
            while (j < look->count && strcmp(look->visits[j].event->uid, visits->event->uid) == 0)
                j++;
        walk_uid(&w, first, i - from, visits, j - visits_from);
    }
    free(w.left);
    free(w.fresh);
}

void compare_close(struct comparison *c)
{
    free(c->items);
    *c = (struct comparison){0};
}

bool compare_asks(const struct comparison *c)
{
    return c->missing > 0 &&
           (c->found == 0 || (c->missing > 1 && c->missing * GUARD_SHARE > c->known));
}
