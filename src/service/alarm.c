/* Waking at a wall-clock time. See service/alarm.h. */
#include "service/alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define LONGEST_MS 60000

struct alarm {
    int fd; /* -1 under a virtual clock */
    uv_poll_t poll;
    uv_timer_t timer;
    void (*ring)(void *arg);
    void *arg;
    int open;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void poll_cb(uv_poll_t *p, int status, int events)
{
    struct alarm *a = p->data;
    uint64_t expirations;

    /* ECANCELED says that the clock was stepped: just the reason to look again. */
    ssize_t n = read(a->fd, &expirations, sizeof(expirations));
    if (n < 0 && errno != ECANCELED)
        return;
    a->ring(a->arg);
}

static void timer_cb(uv_timer_t *t)
{
    struct alarm *a = t->data;

    a->ring(a->arg);
}

struct alarm *alarm_create(uv_loop_t *loop, void (*ring)(void *arg), void *arg, struct err *err)
{
    struct alarm *a = mem_zalloc(sizeof(*a));

    a->ring = ring;
    a->arg = arg;
    a->fd = -1;
    a->timer.data = a->poll.data = a;
    if (!clock_is_virtual()) {
        a->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (a->fd < 0) {
            err_errno(err, errno, "timerfd");
            free(a);
            return NULL;
        }
        uv_poll_init(loop, &a->poll, a->fd);
        uv_poll_start(&a->poll, UV_READABLE, poll_cb);
        a->open++;
    }
    uv_timer_init(loop, &a->timer);
    a->open++;
    return a;
}

void alarm_set(struct alarm *a, int64_t wall_ms)
{
    int64_t wait_ms = clock_wait_ms(wall_ms);

    if (wait_ms > LONGEST_MS)
        wait_ms = LONGEST_MS;
    if (a->fd < 0) {
        uv_timer_start(&a->timer, timer_cb, (uint64_t)wait_ms, 0);
        return;
    }
    int64_t at_ms = clock_wall_ms() + wait_ms;
    struct itimerspec at = {
        .it_value = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 + 1}};
    /* A clock stepped since the last time is told by this call: set it once more. */
    for (int i = 0; i < 3; i++)
        if (timerfd_settime(a->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) == 0)
            break;
    uv_timer_start(&a->timer, timer_cb, LONGEST_MS, 0);
}

static void closed_cb(uv_handle_t *h)
{
    struct alarm *a = h->data;

    if (--a->open > 0)
        return;
    if (a->fd >= 0)
        close(a->fd);
    if (a->closed != NULL)
        a->closed(a->closed_arg);
    free(a);
}

void alarm_close(struct alarm *a, void (*closed)(void *arg), void *arg)
{
    a->closed = closed;
    a->closed_arg = arg;
    if (a->fd >= 0)
        uv_close((uv_handle_t *)&a->poll, closed_cb);
    uv_close((uv_handle_t *)&a->timer, closed_cb);
}
