/* base/mem: when memory runs out the process ends, in one way whoever found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

/* The exit status of a process that does this, without a word from it. */
static int status_of(void (*does)(void))
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        close(STDERR_FILENO);
        does();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void ask_three_times(void)
{
    char *text = mem_strdup("one");
    void *array = mem_array(2, 2);

    array = mem_resize(array, 4, 4);
    free(array);
    free(text);
}

static void fail_the_third(void)
{
    mem_fail_at(3);
    ask_three_times();
}

static void fail_the_fourth(void)
{
    mem_fail_at(4);
    ask_three_times();
}

static void ask_for_everything(void)
{
    free(mem_array(SIZE_MAX / 2, 3)); /* the product is more than there is */
}

static void an_allocation_that_fails_ends_the_process_with_status_2(void **state)
{
    assert_int_equal(status_of(fail_the_third), 2);
    assert_int_equal(status_of(fail_the_fourth), 0);
    assert_int_equal(status_of(ask_for_everything), 2);
    assert_int_equal(status_of(mem_exhausted), 2);
}

static void what_was_counted_is_told(void **state)
{
    mem_fail_at(100);
    ask_three_times();
    assert_int_equal(mem_fail_at(0), 97);
    assert_int_equal(mem_fail_at(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_that_fails_ends_the_process_with_status_2),
        cmocka_unit_test(what_was_counted_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
