/*
 * What another playbook would change, message by message. See comparison.h.
 *
 * Each playbook is tried out in a draft of its own, one after the other. Of each message that would
 * go a mark is kept: what makes it the same message in both, and when it goes. Then the marks meet,
 * as two sorted lists do. For --json their lines wait in a file without a name, as they are told
 * only once it is known what became of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "comparison.h"
#include "plan/plan.h"

#define SHIFT_MAX 120
#define SHIFTS_MAX 100

/* --- collecting --- */

static size_t name_index(struct str_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return i;
    str_list_add(names, name, strlen(name));
    return names->count - 1;
}

/* An address or the office is met by what it is: its row may be the draft's own. */
static int64_t recipient_of(const struct outlook_line *l)
{
    const char *to = l->row.to != NULL ? l->row.to : "";

    if (l->row.recipient_kind == ENTITY_CLIENT || l->row.recipient_kind == ENTITY_STAFF)
        return l->recipient_id;
    return (int64_t)(str_hash(to, strlen(to), 0) | UINT64_C(1) << 63);
}

static void put_daily(const struct hours_daily *d, bool quiet, char out[SHIFT_MAX])
{
    int from = quiet ? d->to_minute : d->from_minute, to = quiet ? d->from_minute : d->to_minute;

    snprintf(out, SHIFT_MAX,
             quiet ? "moved out of the quiet hours, %02d:%02d-%02d:%02d"
                   : "moved into its hours, %02d:%02d-%02d:%02d",
             from / 60 % 24, from % 60, to / 60, to % 60);
}

/* Why it goes at another time than `when` says: what the gate said, or which hours moved it; NULL:
 * it does not, or for another reason. */
static const char *shift_of(const struct comparison *c, const struct outlook_line *l,
                            char out[SHIFT_MAX])
{
    const struct rule *r = l->rule;
    struct hours_daily d;

    if (r == NULL || l->fate != FATE_GOES || l->row.due_ms == l->nominal_ms)
        return NULL;
    if (l->nominal_ms < c->f->span.now_ms && l->at_once)
        return "its time is past already, so it goes at once";
    if (l->row.due_ms > l->planned_ms)
        return l->row.reason;
    if (r->settle_ms > 0 && l->planned_ms - l->nominal_ms <= r->settle_ms)
        return NULL;
    if (r->window == WINDOW_BUSINESS)
        return "moved into the opening hours";
    if (!plan_window_span(r, &c->o.config.settings->business, &d))
        return NULL;
    put_daily(&d, r->window == WINDOW_NOT_QUIET, out);
    return out;
}

/* There are few of them, for they speak of settings. */
static size_t shift_index(struct comparison *c, const struct outlook_line *l)
{
    char text[SHIFT_MAX];
    const char *words = shift_of(c, l, text);

    if (words == NULL)
        return 0;
    for (size_t i = 0; i < c->shifts.count; i++)
        if (strcmp(c->shifts.items[i], words) == 0)
            return i + 1;
    if (c->shifts.count == SHIFTS_MAX)
        return 0;
    str_list_add(&c->shifts, words, strlen(words));
    return c->shifts.count;
}

static void line_cb(void *arg, struct outlook_line *l)
{
    struct comparison *c = arg;
    struct side *s = c->filling;

    if (l->fate != FATE_GOES && l->fate != FATE_JOINED)
        return;
    mem_grow(&s->items, &s->cap, s->count + 1, sizeof(*s->items));
    s->items[s->count++] = (struct mark){
        .rule = name_index(&c->names, l->row.rule),
        .subject = l->subject_id,
        .recipient = recipient_of(l),
        .occurrence = l->occurrence,
        .repeat = l->repeat,
        .channel = l->row.channel,
        .at_ms = l->row.due_ms,
        .client_row = l->row.client_id,
        .nominal_ms = l->nominal_ms,
        .shift = shift_index(c, l),
        .to_client = l->row.recipient_kind == ENTITY_CLIENT,
        .segments = l->segments,
        .at_once = l->at_once,
        .told_at = c->spool != NULL ? ftell(c->spool) : 0,
    };
    if (c->spool == NULL)
        return;
    json_t *o = outlook_json(l, c->o.config.settings);
    json_dumpf(o, c->spool, JSON_COMPACT | SHOW_JSON_DIGITS);
    fputc('\n', c->spool);
    json_decref(o);
}

int comparison_collect(struct comparison *c, const char *playbook, struct side *into)
{
    c->o = (struct outlook){0};
    c->filling = into;
    int status = outlook_open(c->f->call, &c->f->session, playbook, &c->f->span, &c->o);
    if (status == EXIT_DONE)
        status = outlook_run(&c->o, line_cb, NULL, c);
    if (status == EXIT_DONE && into == &c->other)
        c->blast_clients = c->o.config.settings->blast_clients;
    if (into != &c->other)
        outlook_close(&c->o); /* the other one's settings are told with */
    return status;
}

/* --- meeting --- */

#define ORDER(a, b)                                                                                \
    if ((a) != (b))                                                                                \
    return (a) < (b) ? -1 : 1

static int same_message(const struct mark *a, const struct mark *b)
{
    ORDER(a->rule, b->rule);
    ORDER(a->subject, b->subject);
    ORDER(a->occurrence, b->occurrence);
    ORDER(a->repeat, b->repeat);
    ORDER(a->recipient, b->recipient);
    return 0;
}

static int by_message(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = same_message(x, y);

    if (order != 0)
        return order;
    ORDER(x->channel, y->channel);
    return 0;
}

/* Of one rule, about one subject, for one person. */
static int same_kin(const struct mark *a, const struct mark *b)
{
    ORDER(a->rule, b->rule);
    ORDER(a->subject, b->subject);
    ORDER(a->recipient, b->recipient);
    return 0;
}

static int by_kin(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = same_kin(x, y);

    if (order != 0)
        return order;
    ORDER(x->at_ms, y->at_ms);
    ORDER(x->channel, y->channel);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;

    ORDER(x->at_ms, y->at_ms);
    ORDER(x->rule, y->rule);
    ORDER(x->subject, y->subject);
    return 0;
}

static void sort(struct side *s, int (*order)(const void *, const void *))
{
    if (s->count > 0)
        qsort(s->items, s->count, sizeof(*s->items), order);
}

static void differ(const struct mark *was, struct mark *is)
{
    is->was_ms = was->at_ms;
    is->change = is->at_ms < was->at_ms   ? CHANGE_EARLIER
                 : is->at_ms > was->at_ms ? CHANGE_LATER
                                          : CHANGE_SAME;
    is->kept = is->change == CHANGE_SAME && is->nominal_ms != was->nominal_ms;
}

/* The marks of a side with this change, in the order in which they may stand for each other. */
static const struct mark *next_of(const struct side *s, enum difference change, size_t *i)
{
    while (*i < s->count && s->items[*i].change != change)
        (*i)++;
    return *i < s->count ? &s->items[*i] : NULL;
}

/* What has met nobody: where a rule counts from another message (a silence begins with the last
 * one), a move of that one makes it another occurrence. For the client it is the same message at
 * another time: the first of one side stands for the first of the other, and so on. */
static void meet_knocked_on(struct comparison *c)
{
    size_t i = 0, k = 0;

    sort(&c->now, by_kin);
    sort(&c->other, by_kin);
    for (;;) {
        const struct mark *was = next_of(&c->now, CHANGE_REMOVED, &i);
        const struct mark *is = next_of(&c->other, CHANGE_ADDED, &k);
        if (was == NULL || is == NULL)
            return;
        int order = same_kin(was, is);
        if (order == 0) {
            differ(was, &c->other.items[k]);
            c->now.items[i].change = CHANGE_SAME;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

void comparison_meet(struct comparison *c)
{
    struct side *a = &c->now, *b = &c->other;
    size_t i = 0, k = 0;

    sort(a, by_message);
    sort(b, by_message);
    while (i < a->count || k < b->count) {
        struct mark *was = i < a->count ? &a->items[i] : NULL;
        struct mark *is = k < b->count ? &b->items[k] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : same_message(was, is);
        if (order < 0) {
            was->change = CHANGE_REMOVED;
        } else if (order > 0) {
            is->change = CHANGE_ADDED;
        } else {
            differ(was, is);
        }
        i += order <= 0;
        k += order >= 0;
    }
    meet_knocked_on(c);
}

bool mark_is_more(const struct mark *m)
{
    return m->change == CHANGE_ADDED || m->change == CHANGE_EARLIER || m->change == CHANGE_LATER;
}

int comparison_by_row(const void *a, const void *b)
{
    ORDER(*(const int64_t *)a, *(const int64_t *)b);
    return 0;
}

void marks_sort_by_time(struct side *s)
{
    sort(s, by_time);
}
