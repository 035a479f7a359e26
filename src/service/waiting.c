/* Waiting for what cannot be had yet. See service/waiting.h. */
#include "service/waiting.h"

#include <stdbool.h>

#include "base/err.h"

struct waiting {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_fs_event_t file;
    bool due; /* it is time for another try */
    int open; /* handles */
};

static void wake(struct waiting *w)
{
    w->due = true;
    uv_stop(w->loop);
}

static void timer_cb(uv_timer_t *t)
{
    wake(t->data);
}

static void file_cb(uv_fs_event_t *e, const char *name, int events, int status)
{
    wake(e->data);
}

static void closed_cb(uv_handle_t *h)
{
    struct waiting *w = h->data;

    w->open--;
}

int waiting_run(uv_loop_t *loop, const char *path, waiting_attempt attempt, void *arg)
{
    struct waiting w = {.loop = loop, .open = 2};
    int rc = ERR_BUSY;

    w.timer.data = w.file.data = &w;
    uv_timer_init(loop, &w.timer);
    uv_timer_start(&w.timer, timer_cb, WAITING_MS, WAITING_MS);
    uv_fs_event_init(loop, &w.file);
    if (path != NULL)
        uv_fs_event_start(&w.file, file_cb, path, 0); /* the timer does without it as well */
    while (rc == ERR_BUSY) {
        w.due = false;
        uv_run(loop, UV_RUN_DEFAULT);
        rc = w.due ? attempt(arg) : ERR_CANCELLED;
    }
    uv_close((uv_handle_t *)&w.timer, closed_cb);
    uv_close((uv_handle_t *)&w.file, closed_cb);
    while (w.open > 0)
        uv_run(loop, UV_RUN_ONCE);
    return rc;
}
