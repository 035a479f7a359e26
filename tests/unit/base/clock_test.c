/* base/clock: what the thread's time counts, and clocks that are not the system's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define REST_US 100000
#define ENOUGH_US 5000
#define STUCK_MS 30000

static void a_threads_time_stands_while_it_rests(void **state)
{
    int64_t work_us = clock_thread_us(), real_us = clock_mono_us();

    usleep(REST_US);
    work_us = clock_thread_us() - work_us;
    real_us = clock_mono_us() - real_us;
    assert_true(real_us >= REST_US);
    assert_true(work_us < real_us / 2);
}

static void a_threads_time_goes_on_while_it_works_and_never_faster_than_the_real_one(void **state)
{
    int64_t real_us = clock_mono_us(), work_us = clock_thread_us(), worked_us;

    do {
        worked_us = clock_thread_us() - work_us;
        assert_true(worked_us <= clock_mono_us() - real_us);
        assert_true(clock_mono_us() - real_us < STUCK_MS * 1000);
    } while (worked_us < ENOUGH_US);
}

static int64_t one(void *arg)
{
    return 1;
}

static int64_t two(void *arg)
{
    return 2;
}

static int64_t three(void *arg)
{
    return 3;
}

static void every_clock_can_be_replaced(void **state)
{
    static const struct clock_ops counting = {one, two, three, NULL};

    clock_replace(&counting);
    assert_int_equal(clock_wall_ms(), 1);
    assert_int_equal(clock_mono_us(), 2);
    assert_int_equal(clock_thread_us(), 3);
    clock_replace(NULL);
    assert_false(clock_is_virtual());
    assert_true(clock_wall_ms() > 3);
}

static void a_virtual_clock_leaves_the_others_alone(void **state)
{
    int64_t before_us = clock_mono_us();

    clock_stand(1000);
    assert_true(clock_is_virtual());
    usleep(2000);
    assert_int_equal(clock_wall_ms(), 1000);
    assert_true(clock_mono_us() - before_us >= 2000);
    assert_true(clock_thread_us() <= clock_mono_us());
    clock_replace(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_threads_time_stands_while_it_rests),
        cmocka_unit_test(a_threads_time_goes_on_while_it_works_and_never_faster_than_the_real_one),
        cmocka_unit_test(every_clock_can_be_replaced),
        cmocka_unit_test(a_virtual_clock_leaves_the_others_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
