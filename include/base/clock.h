/*
 * The only place that reads time. All wall-clock instants in Betimes are milliseconds since
 * 1970-01-01T00:00Z as int64_t (names end in _ms); durations and deadlines of exchanges use the
 * monotonic clock. A virtual clock (run --now, --speed; the demo; the simulation) replaces the wall
 * clock only. Reading is safe from any thread; replacing is for the start, before threads exist.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_ops {
    int64_t (*wall_ms)(void *arg);
    int64_t (*mono_us)(void *arg);
    int64_t (*thread_us)(void *arg);
    void *arg;
};

/* Now: on the wall, and on the monotonic clock, which no step of the wall clock moves. */
int64_t clock_wall_ms(void);
int64_t clock_mono_us(void);
static inline int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

/* The processor's time that the calling thread has had: it stands while others have the processor,
 * or the machine is suspended, and never runs faster than the monotonic clock. Only differences
 * mean something. Reading it is a call into the kernel, twenty times as slow as the others. */
int64_t clock_thread_us(void);

/* Replace the clock (tests, simulation); NULL brings the system's back. `ops` must stay alive. */
void clock_replace(const struct clock_ops *ops);

/* From now on the wall clock reads `start_ms` and runs `speed` times as fast as the real one
 * (1 = real speed). */
void clock_virtual(int64_t start_ms, double speed);
/* The wall clock reads `at_ms` and stands still, until the next call: for thinking through what
 * another time would bring. */
void clock_stand(int64_t at_ms);
bool clock_is_virtual(void);

/* Real milliseconds to wait until the wall clock reads `wall_ms`: 0 when that is past. */
int64_t clock_wait_ms(int64_t wall_ms);

#endif
