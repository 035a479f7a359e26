/* Courtesy towards other writers. See watch/calm.h. */
#include "watch/calm.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define SINGLE_MS 3    /* after a commit that stands alone */
#define ROW_MS 25      /* after one of a row of commits */
#define ROW_GAP_MS 40  /* commits no further apart than this are a row */
#define ROW_AFTER 2    /* ... from the third on */
#define DISTANCE_MS 10 /* between our transactions in such a row */
#define LONGEST_MS 120 /* since the first commit not looked at */

struct calm {
    uv_timer_t timer;
    void (*calmed)(void *arg);
    void *arg;
    bool waiting;
    int64_t first_ms, last_ms; /* monotonic */
    int in_row;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void timer_cb(uv_timer_t *t)
{
    struct calm *c = t->data;

    c->waiting = false;
    c->calmed(c->arg);
}

struct calm *calm_create(uv_loop_t *loop, void (*calmed)(void *arg), void *arg)
{
    struct calm *c = mem_zalloc(sizeof(*c));

    c->calmed = calmed;
    c->arg = arg;
    c->timer.data = c;
    uv_timer_init(loop, &c->timer);
    return c;
}

void calm_note(struct calm *c)
{
    int64_t now_ms = clock_mono_ms();
    int64_t wait_ms;

    c->in_row = now_ms - c->last_ms <= ROW_GAP_MS ? c->in_row + 1 : 0;
    c->last_ms = now_ms;
    if (!c->waiting)
        c->first_ms = now_ms;
    c->waiting = true;
    wait_ms = c->in_row < ROW_AFTER ? SINGLE_MS : ROW_MS;
    if (c->first_ms + LONGEST_MS < now_ms + wait_ms)
        wait_ms = c->first_ms + LONGEST_MS - now_ms;
    uv_update_time(c->timer.loop);
    uv_timer_start(&c->timer, timer_cb, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

int64_t calm_distance_ms(const struct calm *c, int64_t ended_ms)
{
    int64_t now_ms = clock_mono_ms();

    if (c->in_row < ROW_AFTER || now_ms - c->last_ms > ROW_GAP_MS)
        return 0;
    return ended_ms + DISTANCE_MS > now_ms ? ended_ms + DISTANCE_MS - now_ms : 0;
}

static void closed_cb(uv_handle_t *h)
{
    struct calm *c = h->data;

    if (c->closed != NULL)
        c->closed(c->closed_arg);
    free(c);
}

void calm_close(struct calm *c, void (*closed)(void *arg), void *arg)
{
    c->closed = closed;
    c->closed_arg = arg;
    uv_close((uv_handle_t *)&c->timer, closed_cb);
}
