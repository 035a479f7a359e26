/*
 * What another playbook would change, shown by a handful of messages: to whom, when now and when
 * before, and what moved them. See comparison.h.
 *
 * Of each kind of change the first ones are shown, as many of each; a kind of which there are fewer
 * leaves its places to the others. Both sides stand in the order of time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "comparison.h"
#include "store/records.h"

enum example_kind { EXAMPLE_MOVED, EXAMPLE_ADDED, EXAMPLE_REMOVED, EXAMPLE_KEPT, EXAMPLE_KINDS };

/* EXAMPLE_KINDS: it is none. */
static enum example_kind kind_of(const struct mark *m)
{
    switch (m->change) {
    case CHANGE_ADDED:
        return EXAMPLE_ADDED;
    case CHANGE_REMOVED:
        return EXAMPLE_REMOVED;
    case CHANGE_EARLIER:
    case CHANGE_LATER:
        return EXAMPLE_MOVED;
    case CHANGE_SAME:
        break;
    }
    return m->kept ? EXAMPLE_KEPT : EXAMPLE_KINDS;
}

struct examples {
    const struct mark *first[EXAMPLE_KINDS][EXAMPLES_MAX];
    size_t count[EXAMPLE_KINDS];
};

static void look_through(const struct side *s, bool removed, struct examples *e)
{
    for (size_t i = 0; i < s->count; i++) {
        enum example_kind kind = kind_of(&s->items[i]);
        if (kind != EXAMPLE_KINDS && (kind == EXAMPLE_REMOVED) == removed &&
            e->count[kind] < EXAMPLES_MAX)
            e->first[kind][e->count[kind]++] = &s->items[i];
    }
}

size_t comparison_examples(const struct comparison *c, const struct mark *out[EXAMPLES_MAX])
{
    struct examples e = {0};
    size_t share[EXAMPLE_KINDS] = {0}, left = EXAMPLES_MAX, count = 0;
    bool more = true;

    look_through(&c->other, false, &e);
    look_through(&c->now, true, &e);
    while (left > 0 && more) {
        more = false;
        for (int k = 0; k < EXAMPLE_KINDS && left > 0; k++)
            if (share[k] < e.count[k]) {
                share[k]++;
                left--;
                more = true;
            }
    }
    for (int k = 0; k < EXAMPLE_KINDS; k++)
        for (size_t i = 0; i < share[k]; i++)
            out[count++] = e.first[k][i];
    return count;
}

/* --- telling --- */

static const char *shift_text(const struct comparison *c, const struct mark *m)
{
    return m->shift > 0 ? c->shifts.items[m->shift - 1] : NULL;
}

/* "" for nobody; free() it. */
static int client_name(const struct comparison *c, const struct mark *m, char **out)
{
    struct client who;
    int rc =
        m->client_row != 0 ? store_client(c->f->session.store, m->client_row, &who) : ERR_NOTFOUND;

    *out = mem_strdup(rc == 0 ? who.name : "");
    if (rc == 0)
        client_close(&who);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static void put_one(const struct comparison *c, const struct mark *m, const char *name)
{
    char at[SHOW_TIME_MAX], was[SHOW_TIME_MAX], nominal[SHOW_TIME_MAX];
    const char *shift = shift_text(c, m);
    struct buf b;

    show_time(m->at_ms, c->f->session.zone, c->f->span.now_ms, at);
    show_time(m->was_ms, c->f->session.zone, c->f->span.now_ms, was);
    show_time(m->nominal_ms, c->f->session.zone, c->f->span.now_ms, nominal);
    buf_init(&b);
    buf_printf(&b, "%s%s, %s: ", m->to_client ? "" : "about ",
               *name != '\0' ? name : "nobody in particular", c->names.items[m->rule]);
    switch (kind_of(m)) {
    case EXAMPLE_MOVED:
        buf_printf(&b, "%s instead of %s", at, was);
        break;
    case EXAMPLE_ADDED:
        buf_printf(&b, "new, %s", at);
        break;
    case EXAMPLE_REMOVED:
        buf_printf(&b, "no longer, %s", at);
        break;
    case EXAMPLE_KEPT:
    case EXAMPLE_KINDS:
        buf_printf(&b, "%s, as before", at);
        break;
    }
    if (shift != NULL && m->change != CHANGE_REMOVED)
        buf_printf(&b, " (meant for %s; %s)", nominal, shift);
    printf("  ");
    put_folded(b.data, 2, 4);
    buf_close(&b);
}

int examples_put(const struct comparison *c)
{
    const struct mark *list[EXAMPLES_MAX];
    size_t count = comparison_examples(c, list);
    int rc = 0;

    if (count > 0)
        printf("For example:\n");
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char *name;
        rc = client_name(c, list[i], &name);
        put_one(c, list[i], name);
        free(name);
    }
    return rc;
}

int examples_json(const struct comparison *c, json_t **out)
{
    static const char *const words[EXAMPLE_KINDS + 1] = {"moved", "added", "removed", "kept",
                                                         "kept"};
    const struct mark *list[EXAMPLES_MAX];
    size_t count = comparison_examples(c, list);
    int rc = 0;

    *out = json_array();
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct mark *m = list[i];
        bool moved = m->change == CHANGE_EARLIER || m->change == CHANGE_LATER;
        json_t *o = json_object();
        char *name;
        rc = client_name(c, m, &name);
        json_object_set_new(o, "change", json_string(words[kind_of(m)]));
        json_object_set_new(o, "rule", show_json_text(c->names.items[m->rule]));
        json_object_set_new(o, "channel", json_string(channel_name(m->channel)));
        json_object_set_new(o, "client_id", json_integer(m->client_row));
        json_object_set_new(o, "client", show_json_text(*name != '\0' ? name : NULL));
        json_object_set_new(o, "to_client", json_boolean(m->to_client));
        json_object_set_new(o, "due", show_json_time(m->at_ms));
        json_object_set_new(o, "was", moved ? show_json_time(m->was_ms) : json_null());
        json_object_set_new(o, "nominal", show_json_time(m->nominal_ms));
        json_object_set_new(o, "shift", show_json_text(shift_text(c, m)));
        json_array_append_new(*out, o);
        free(name);
    }
    return rc;
}
