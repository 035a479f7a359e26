/*
 * A backlog's rows, many at a time. See watch/backlog.h.
 *
 * A run is as many entries of the log as tell of clients, of jobs or of visits whose ids follow
 * each other: an import. Their rows are read when it begins. Newcomers, of whom nothing is known,
 * are collected; of all others everything is written at once, as ever. That it comes to the same as
 * one after another:
 *
 * - A row stands as it was read: the transaction keeps others from writing, and absorbing writes no
 *   record.
 * - Who was unknown then still is when it is their turn. All rows of a run differ, and all keys
 *   that it keeps: a row without a ref is called '#7' like one whose ref that is, so the second of
 *   two such rows, and what is behind it, is read in its own turn. And an entity that is made or
 *   changed meanwhile has the row and the key of the entry looked at, or those that it had before.
 * - Who was known then and is no longer is looked for once more, and found to be new.
 * - Nobody misses those that are not written yet. They are of one kind, and a newcomer's look asks
 *   for no entity but, if it is a client, for subjects, which clients are none of. Before any other
 *   look they are written. They get their ids in the order of the log.
 *
 * When something fails, what was collected is forgotten: the turn is rolled back and done again.
 */
#include "backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- the entries of a batch --- */

struct row_entry {
    enum entity_kind kind;
    int64_t row_id;
    size_t index;
};

static int by_row(const void *a, const void *b)
{
    const struct row_entry *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->row_id != y->row_id)
        return x->row_id < y->row_id ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

bool *backlog_last(const struct change *list, size_t count)
{
    struct row_entry *rows = mem_array(count, sizeof(*rows));
    bool *last = mem_array(count, sizeof(*last));

    for (size_t i = 0; i < count; i++)
        rows[i] = (struct row_entry){list[i].kind, list[i].row_id, i};
    qsort(rows, count, sizeof(*rows), by_row);
    for (size_t i = 0; i < count; i++)
        last[rows[i].index] = i + 1 == count || rows[i + 1].kind != rows[i].kind ||
                              rows[i + 1].row_id != rows[i].row_id;
    free(rows);
    return last;
}

void backlog_init(struct backlog *b, struct store *store, struct subjects *out)
{
    b->store = store;
    b->out = out;
    b->row_count = b->left = b->count = b->past_count = 0;
    b->events = NULL;
    b->event_count = b->event_cap = 0;
}

static void forget_rows(struct backlog *b)
{
    for (size_t i = 0; i < b->row_count; i++)
        row_now_close(&b->rows[i]);
    b->row_count = 0;
}

static void forget_newcomers(struct backlog *b)
{
    for (size_t i = 0; i < b->count; i++)
        entity_close(&b->entities[i]);
    for (size_t i = 0; i < b->event_count; i++)
        free(b->events[i].event.stage);
    b->count = b->event_count = b->past_count = 0;
}

void backlog_close(struct backlog *b)
{
    forget_rows(b);
    forget_newcomers(b);
    free(b->events);
}

/* --- reading --- */

/* Members of staff are few, and what one changes concerns the others' messages; an answer is looked
 * for by those that follow it. */
static bool comes_in_runs(enum entity_kind kind)
{
    return kind == ENTITY_CLIENT || kind == ENTITY_JOB || kind == ENTITY_APPOINTMENT;
}

static size_t run_length(const struct change *list, size_t count)
{
    size_t n = 1;

    while (n < count && n < RUN_MAX && comes_in_runs(list[n].kind) &&
           list[n].kind == list[n - 1].kind && list[n - 1].row_id < INT64_MAX &&
           list[n].row_id == list[n - 1].row_id + 1)
        n++;
    return n;
}

/* Leave out the second row of a key, and all behind it. Two rows of one ref there cannot be. */
static void keep_distinct(struct backlog *b)
{
    size_t n = 0;

    for (bool twice = false; n < b->row_count && !twice; n += !twice)
        if (b->rows[n].key != NULL && b->rows[n].key[0] == '#')
            for (size_t i = 0; i < n && !twice; i++)
                twice = b->rows[i].key != NULL && strcmp(b->rows[i].key, b->rows[n].key) == 0;
    for (size_t i = n; i < b->row_count; i++)
        row_now_close(&b->rows[i]);
    b->row_count = n;
}

static int begin_run(struct backlog *b, const struct change *list, size_t count)
{
    int rc = backlog_write(b);

    forget_rows(b);
    b->left = run_length(list, count);
    if (rc != 0 || b->left == 1)
        return rc;
    b->kind = list[0].kind;
    b->first_row = list[0].row_id;
    b->row_count = b->left;
    rc = store_rows_now(b->store, b->kind, b->first_row, b->row_count, b->rows);
    if (rc == 0)
        keep_distinct(b);
    return rc;
}

int backlog_next(struct backlog *b, const struct change *list, size_t count)
{
    int rc = b->left == 0 ? begin_run(b, list, count) : 0;

    b->left--;
    return rc;
}

bool backlog_take(struct backlog *b, enum entity_kind kind, int64_t row_id, char **key,
                  char **facts, bool *known)
{
    if (b->row_count == 0 || kind != b->kind || row_id < b->first_row ||
        row_id - b->first_row >= (int64_t)b->row_count)
        return false;
    struct row_now *r = &b->rows[row_id - b->first_row];
    if (r->key == NULL)
        return false;
    *key = r->key;
    *facts = r->facts;
    *known = r->known;
    *r = (struct row_now){0};
    return true;
}

/* --- writing --- */

void backlog_add(struct backlog *b, const struct newcomer *n)
{
    int64_t place = (int64_t)b->count;

    mem_grow(&b->events, &b->event_cap, b->event_count + n->event_count, sizeof(*b->events));
    for (size_t i = 0; i < n->event_count; i++)
        b->events[b->event_count++] = (struct entity_event){place, n->events[i]};
    if (n->has_past)
        b->pasts[b->past_count++] = (struct entity_facts){place, n->at_ms, n->entity->facts};
    b->concerned[b->count] = n->concerned;
    b->entities[b->count++] = *n->entity;
    *n->entity = (struct entity){0};
}

int backlog_write(struct backlog *b)
{
    if (b->count == 0)
        return 0;
    int rc = store_entities_add(b->store, b->entities, b->count);
    for (size_t i = 0; i < b->event_count; i++)
        b->events[i].entity_id = b->entities[b->events[i].entity_id].id;
    for (size_t i = 0; i < b->past_count; i++)
        b->pasts[i].entity_id = b->entities[b->pasts[i].entity_id].id;
    if (rc == 0)
        rc = store_events_add(b->store, b->events, b->event_count);
    if (rc == 0)
        rc = store_pasts_add(b->store, b->pasts, b->past_count);
    for (size_t i = 0; rc == 0 && i < b->count; i++)
        if (b->concerned[i])
            subjects_add(b->out, b->entities[i].id);
    forget_newcomers(b);
    return rc;
}
