#include "base/clock.h"

#include <math.h>
#include <stddef.h>
#include <time.h>

static int64_t system_wall_ms(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono_us(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_thread_us(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const struct clock_ops system_ops = {system_wall_ms, system_mono_us, system_thread_us, NULL};
static const struct clock_ops *ops = &system_ops;

static struct {
    int64_t start_ms;
    int64_t origin_us;
    double speed;
} virtual;

static int64_t virtual_wall_ms(void *arg)
{
    (void)arg;
    double real_us = (double)(system_mono_us(NULL) - virtual.origin_us);
    return virtual.start_ms + (int64_t)(real_us * virtual.speed / 1000.0);
}

static const struct clock_ops virtual_ops = {virtual_wall_ms, system_mono_us, system_thread_us,
                                             NULL};

int64_t clock_wall_ms(void)
{
    return ops->wall_ms(ops->arg);
}

int64_t clock_mono_us(void)
{
    return ops->mono_us(ops->arg);
}

int64_t clock_thread_us(void)
{
    return ops->thread_us(ops->arg);
}

void clock_replace(const struct clock_ops *new_ops)
{
    ops = new_ops != NULL ? new_ops : &system_ops;
}

void clock_virtual(int64_t start_ms, double speed)
{
    virtual.start_ms = start_ms;
    virtual.origin_us = system_mono_us(NULL);
    virtual.speed = speed;
    ops = &virtual_ops;
}

void clock_stand(int64_t at_ms)
{
    clock_virtual(at_ms, 0);
}

bool clock_is_virtual(void)
{
    return ops != &system_ops;
}

int64_t clock_wait_ms(int64_t wall_ms)
{
    int64_t left_ms = wall_ms - clock_wall_ms();

    if (left_ms <= 0)
        return 0;
    if (ops == &virtual_ops)
        return (int64_t)ceil((double)left_ms / virtual.speed);
    return left_ms;
}
