/* How long the loop was not listening. See service/lag.h. */
#include "service/lag.h"

#include "base/clock.h"

/* It has listened and goes to work. */
static void check_cb(uv_check_t *h)
{
    struct lag *l = h->data;

    l->since_us = clock_mono_us();
}

/* The work is done, it is about to listen. */
static void prepare_cb(uv_prepare_t *h)
{
    struct lag *l = h->data;
    int64_t busy_us = clock_mono_us() - l->since_us;

    if (l->since_us != 0 && busy_us > l->longest_us)
        l->longest_us = busy_us;
}

void lag_start(struct lag *l, uv_loop_t *loop)
{
    *l = (struct lag){0};
    uv_check_init(loop, &l->check);
    uv_prepare_init(loop, &l->prepare);
    l->check.data = l->prepare.data = l;
    uv_check_start(&l->check, check_cb);
    uv_prepare_start(&l->prepare, prepare_cb);
}

void lag_stop(struct lag *l)
{
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->prepare, NULL);
}
