/* Notices commits of other programs. See watch/watcher.h. */
#include "watch/watcher.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define REGULAR_MS 3000

/* Pauses after an event: dense at first, since most commits can be seen within a millisecond. */
static const int pauses_ms[] = {0, 1, 2, 5, 10, 20, 50, 100, 500, 2000};
#define PAUSES (sizeof(pauses_ms) / sizeof(pauses_ms[0]))

struct watcher {
    uv_fs_event_t folder;
    uv_timer_t series, regular;
    size_t step;
    char *name; /* of the database within its folder */
    void (*look)(void *arg);
    void *arg;
    int open; /* handles not closed yet */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void series_cb(uv_timer_t *t)
{
    struct watcher *w = t->data;

    if (++w->step < PAUSES)
        uv_timer_start(&w->series, series_cb, (uint64_t)pauses_ms[w->step], 0);
    w->look(w->arg);
}

static void regular_cb(uv_timer_t *t)
{
    struct watcher *w = t->data;

    w->look(w->arg);
}

static void folder_cb(uv_fs_event_t *e, const char *filename, int events, int status)
{
    struct watcher *w = e->data;

    if (status == 0 && filename != NULL && !str_starts(filename, w->name))
        return;
    w->step = 0;
    uv_timer_start(&w->series, series_cb, (uint64_t)pauses_ms[0], 0);
}

static void closed_cb(uv_handle_t *h)
{
    struct watcher *w = h->data;

    if (--w->open > 0)
        return;
    if (w->closed != NULL)
        w->closed(w->closed_arg);
    free(w->name);
    free(w);
}

struct watcher *watcher_create(uv_loop_t *loop, const char *path, void (*look)(void *arg),
                               void *arg, struct err *err)
{
    struct watcher *w = mem_zalloc(sizeof(*w));
    char *copy = mem_strdup(path), *folder = mem_strdup(path);

    w->name = mem_strdup(basename(copy));
    w->look = look;
    w->arg = arg;
    w->folder.data = w->series.data = w->regular.data = w;
    uv_timer_init(loop, &w->series);
    uv_timer_init(loop, &w->regular);
    uv_fs_event_init(loop, &w->folder);
    w->open = 3;
    int rc = uv_fs_event_start(&w->folder, folder_cb, dirname(folder), 0);
    free(copy);
    if (rc != 0) {
        err_set(err, "watch %s: %s", folder, uv_strerror(rc));
        free(folder);
        watcher_close(w, NULL, NULL);
        return NULL;
    }
    free(folder);
    uv_timer_start(&w->regular, regular_cb, REGULAR_MS, REGULAR_MS);
    return w;
}

void watcher_close(struct watcher *w, void (*closed)(void *arg), void *arg)
{
    w->closed = closed;
    w->closed_arg = arg;
    uv_close((uv_handle_t *)&w->folder, closed_cb);
    uv_close((uv_handle_t *)&w->series, closed_cb);
    uv_close((uv_handle_t *)&w->regular, closed_cb);
}
