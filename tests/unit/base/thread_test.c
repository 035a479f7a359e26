/* base/thread: a thread beside the loop's hears no signal. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"

static void *mask_main(void *arg)
{
    pthread_sigmask(SIG_SETMASK, NULL, arg);
    return NULL;
}

static void a_thread_takes_no_signals_and_its_starter_goes_on_taking_them(void **state)
{
    static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    struct err err = {0};
    pthread_t thread;
    sigset_t its, mine;

    assert_int_equal(thread_start(&thread, mask_main, &its, "a test", &err), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
        assert_int_equal(sigismember(&its, ours[i]), 1);
        assert_int_equal(sigismember(&mine, ours[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_takes_no_signals_and_its_starter_goes_on_taking_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
