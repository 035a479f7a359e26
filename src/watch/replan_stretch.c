/*
 * Planning many subjects. See replan_subjects in watch/replan.h.
 *
 * After an import, an edit of the playbook or new zone data there are as many to plan as the
 * database has, mostly visits, and mostly one beside the other. Those are loaded together; what
 * planning one of them writes is nothing that the plan of another depends on. What cannot be loaded
 * so is planned by itself.
 *
 * Where all of them are planned with the playbook that stood before, and one rule alone has changed
 * since, only its messages are read and planned (world_inherit). Where some rule wants something
 * that came too late to be said in its time, whether it gets it depends on what others want, and
 * the subject is planned whole.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/preread.h"
#include "watch/replan_inner.h"

#define STRETCH_MAX 64
#define AHEAD_LEAST 1000 /* subjects that are left: fewer are planned before a thread is there */
#define AHEAD_LOOK 100   /* stretches, and single ones, to find some that can be read so */

static size_t ahead_least = AHEAD_LEAST;

static struct stretch stretch_of(const int64_t *ids, size_t count)
{
    size_t n = 1;

    while (n < count && n < STRETCH_MAX && ids[n] == ids[n - 1] + 1)
        n++;
    return (struct stretch){ids[0], ids[n - 1]};
}

/* Of those that are loaded: do they need the lone rule alone; was any of them planned before? */
static void look_through(const struct world *w, const struct subject *list, size_t count,
                         bool *lone, bool *planned)
{
    *lone = w->former != 0;
    *planned = false;
    for (size_t i = 0; i < count; i++) {
        if (list[i].entity.id == 0)
            continue;
        *lone = *lone && list[i].entity.generation == w->former;
        *planned = *planned || list[i].entity.generation != ENTITY_NEVER_PLANNED;
    }
}

static int plan_one(struct world *w, int64_t id, const struct subject *s,
                    const struct replan_rows *rows, int64_t now_ms, struct replan_counts *counts)
{
    int rc = s->entity.id != 0 ? replan_loaded(w, id, s, rows, now_ms, counts) : REPLAN_WHOLE;

    return rc == REPLAN_WHOLE ? replan_subject(w, id, now_ms, counts) : rc;
}

static int plan_loaded(struct world *w, struct stretch at, const struct subject *list,
                       int64_t now_ms, struct replan_counts *counts)
{
    size_t count = (size_t)(at.last - at.first + 1), row_count = 0;
    struct message *all = NULL;
    bool lone, planned;
    int rc = 0;

    look_through(w, list, count, &lone, &planned);
    if (planned)
        rc = store_stretch_messages(w->store, at, lone ? w->rules[w->lone_rule].id : 0, &all,
                                    &row_count);
    for (size_t i = 0, from = 0; rc == 0 && i < count; i++) {
        int64_t id = at.first + (int64_t)i;
        struct replan_rows rows = {.items = all + from, .lone = lone};
        while (from + rows.count < row_count && rows.items[rows.count].subject_id == id)
            rows.count++;
        from += rows.count;
        rc = plan_one(w, id, &list[i], &rows, now_ms, counts);
    }
    messages_free(all, row_count);
    return rc;
}

void replan_read_ahead_from(size_t subjects)
{
    ahead_least = subjects > 0 ? subjects : AHEAD_LEAST;
}

/* The next ones are read meanwhile, where there are many; of those that come, as many as are not
 * too far. */
static void read_ahead(struct world *w, const int64_t *ids, size_t count)
{
    struct stretch next[PREREAD_STRETCHES];
    size_t n = 0, from = 0;
    int64_t after;

    if (count < ahead_least || !store_preread_wants(w->store, &after))
        return;
    while (from < count && ids[from] <= after)
        from++;
    for (size_t i = 0; from < count && n < PREREAD_STRETCHES && i < AHEAD_LOOK; i++) {
        struct stretch at = stretch_of(ids + from, count - from);
        if (at.first != at.last)
            next[n++] = at;
        from += (size_t)(at.last - at.first + 1);
    }
    store_preread_order(w->store, next, n);
}

static int plan_stretch(struct world *w, const struct stretch_rows *rows, int64_t now_ms,
                        struct replan_counts *counts)
{
    size_t n = (size_t)(rows->at.last - rows->at.first + 1);
    struct subject *list = mem_array(n, sizeof(*list));
    int rc = subject_load_stretch(w, rows, list);

    if (rc == 0)
        rc = plan_loaded(w, rows->at, list, now_ms, counts);
    if (rc == 0)
        rc = store_stretch_planned(w->store, rows->at, w->generation);
    for (size_t i = 0; i < n; i++)
        subject_close(&list[i]);
    free(list);
    return rc;
}

int replan_subjects(struct world *w, const int64_t *ids, size_t count, int64_t now_ms,
                    struct replan_counts *counts, size_t *done)
{
    struct stretch at = stretch_of(ids, count);
    struct stretch_rows own = {0};
    size_t n = *done = (size_t)(at.last - at.first + 1);
    int rc = 0;

    if (n == 1)
        return replan_subject(w, ids[0], now_ms, counts);
    const struct stretch_rows *rows = store_preread_take(w->store, at);
    if (rows == NULL) {
        rc = store_stretch_read(w->store, at, &own);
        rows = &own;
    }
    read_ahead(w, ids + n, count - n);
    if (rc == 0)
        rc = plan_stretch(w, rows, now_ms, counts);
    stretch_rows_close(&own);
    return rc;
}
