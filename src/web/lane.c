/*
 * A lane. See web/lane.h.
 *
 * lane_add puts a job at the end of the line; if nothing is under way, the first of the line goes
 * to libuv's worker threads. When it comes back, `done` is called and the next one goes. So the
 * connection is used by one thread at a time. When nobody waits, the pages of the database that it
 * has read are given back: there are several lanes, and what the last visitor looked at is of no
 * use to somebody who comes in an hour.
 */
#include "web/lane.h"

#include <stdlib.h>

#include "base/mem.h"

struct lane {
    uv_loop_t *loop;
    struct store *store;
    struct lane_job *first, **end; /* the line; the first one may be under way */
    size_t waiting, waiting_max;
    bool busy, closing;
    bool last; /* nobody waited when the one under way went: written before it goes */
    uv_work_t work;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void next(struct lane *l);

struct lane *lane_create(uv_loop_t *loop, const char *path, size_t waiting_max, struct err *err)
{
    struct store *store;

    if (store_open(path, STORE_WRITE, &store, err) != 0)
        return NULL;
    store_aside(store);
    store_set_patience(store, LANE_PATIENCE_MS);
    struct lane *l = mem_zalloc(sizeof(*l));
    l->loop = loop;
    l->store = store;
    l->end = &l->first;
    l->waiting_max = waiting_max;
    l->work.data = l;
    return l;
}

static struct lane_job *take_first(struct lane *l)
{
    struct lane_job *job = l->first;

    l->first = job->next;
    if (l->first == NULL)
        l->end = &l->first;
    l->waiting--;
    return job;
}

static void work_cb(uv_work_t *w)
{
    struct lane *l = w->data;

    l->first->work(l->first, l->store);
    if (l->last)
        store_drop_cache(l->store);
}

static void worked_cb(uv_work_t *w, int status)
{
    struct lane *l = w->data;

    l->busy = false;
    struct lane_job *job = take_first(l);
    job->done(job);
    next(l);
}

static void end(struct lane *l)
{
    void (*closed)(void *) = l->closed;
    void *arg = l->closed_arg;

    while (l->first != NULL) {
        struct lane_job *job = take_first(l);
        job->done(job);
    }
    store_close(l->store);
    free(l);
    closed(arg);
}

static void next(struct lane *l)
{
    if (l->busy)
        return;
    if (l->closing) {
        end(l);
    } else if (l->first != NULL) {
        l->busy = true;
        l->last = l->first->next == NULL;
        uv_queue_work(l->loop, &l->work, work_cb, worked_cb);
    }
}

bool lane_add(struct lane *l, struct lane_job *job)
{
    if (l->closing || l->waiting >= l->waiting_max)
        return false;
    job->next = NULL;
    *l->end = job;
    l->end = &job->next;
    l->waiting++;
    next(l);
    return true;
}

void lane_close(struct lane *l, void (*closed)(void *arg), void *arg)
{
    l->closing = true;
    l->closed = closed;
    l->closed_arg = arg;
    next(l);
}
