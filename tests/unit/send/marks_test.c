/* send/marks: what is known after a crash of what had passed its point of no return. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "send/marks.h"

static char folder[64];

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/betimes-marks-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char *command = mem_printf("rm -rf '%s'", folder);
    int rc = system(command);

    free(command);
    return rc;
}

/* A process that takes some marks, sets a few of them and dies without a word. */
static void run_and_die(const char *path)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct marks *m = marks_open(path, NULL);
        marks_forget(m);
        marks_take(m, 11, 1);
        atomic_store(mark_flag(marks_take(m, 12, 2)), 1);
        atomic_store(mark_flag(marks_take(m, 15, 1)), GATEWAY_MARK_PASSED | GATEWAY_MARK_SENT);
        struct mark *done = marks_take(m, 13, 1);
        atomic_store(mark_flag(done), 1);
        marks_drop(m, done);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static void a_killed_process_leaves_its_marks(void **state)
{
    char *path = fs_join(folder, "killed");

    run_and_die(path);
    struct marks *m = marks_open(path, NULL);
    assert_false(marks_passed(m, 11, 1));
    assert_true(marks_passed(m, 12, 2));
    assert_false(marks_passed(m, 12, 1)); /* another attempt */
    assert_false(marks_passed(m, 13, 1)); /* was settled */
    assert_false(marks_passed(m, 14, 1)); /* was claimed and never handed over */
    assert_false(marks_sent(m, 12, 2));
    assert_true(marks_sent(m, 15, 1));
    marks_forget(m);
    assert_false(marks_passed(m, 12, 2));
    marks_close(m);
    free(path);
}

static void looking_does_not_take_anything_away(void **state)
{
    char *path = fs_join(folder, "again");

    run_and_die(path);
    marks_close(marks_open(path, NULL)); /* died again before anything was settled */
    struct marks *m = marks_open(path, NULL);
    assert_true(marks_passed(m, 12, 2));
    marks_close(m);
    free(path);
}

static void marks_of_another_boot_or_none_at_all_make_everything_uncertain(void **state)
{
    char *path = fs_join(folder, "boot");
    struct buf b;

    struct marks *m = marks_open(path, NULL); /* there was no file */
    assert_true(marks_passed(m, 11, 1));
    assert_false(marks_sent(m, 11, 1));
    marks_forget(m);
    marks_close(m);
    m = marks_open(path, NULL);
    assert_false(marks_passed(m, 11, 1));
    marks_close(m);
    buf_init(&b);
    assert_int_equal(fs_read(path, 1 << 20, &b, NULL), 0);
    b.data[20] ^= 1; /* the boot's id */
    assert_int_equal(fs_write_atomic(path, b.data, b.len, 0600, NULL), 0);
    m = marks_open(path, NULL);
    assert_true(marks_passed(m, 11, 1));
    marks_close(m);
    buf_close(&b);
    free(path);
}

static void without_a_file_everything_is_uncertain_and_sending_goes_on(void **state)
{
    struct err err = {""};
    struct marks *m = marks_open("/nonexistent/marks", &err);

    assert_non_null(strstr(err.text, "/nonexistent/marks"));
    assert_true(marks_passed(m, 1, 1));
    marks_forget(m);
    struct mark *k = marks_take(m, 1, 1);
    assert_non_null(k);
    marks_drop(m, k);
    marks_close(m);
}

/* A run that only slept wakes up after another has taken over. */
static void what_had_not_passed_at_a_takeover_never_will(void **state)
{
    char *path = fs_join(folder, "taken-over");
    struct marks *sleeper = marks_open(path, NULL);

    marks_forget(sleeper);
    atomic_uint *waits = mark_flag(marks_take(sleeper, 11, 1));
    atomic_uint *left = mark_flag(marks_take(sleeper, 12, 1));
    assert_int_equal(atomic_fetch_or(left, GATEWAY_MARK_PASSED) & GATEWAY_MARK_REVOKED, 0);

    struct marks *next = marks_open(path, NULL);
    assert_false(marks_passed(next, 11, 1));
    assert_true(marks_passed(next, 12, 1));
    atomic_uint *late = mark_flag(marks_take(sleeper, 13, 1));
    assert_false(marks_passed(next, 13, 1));
    marks_forget(next);
    atomic_uint *own = mark_flag(marks_take(next, 14, 1));
    assert_int_not_equal(atomic_fetch_or(waits, GATEWAY_MARK_PASSED) & GATEWAY_MARK_REVOKED, 0);
    assert_int_not_equal(atomic_fetch_or(late, GATEWAY_MARK_PASSED) & GATEWAY_MARK_REVOKED, 0);
    assert_int_equal(atomic_fetch_or(own, GATEWAY_MARK_PASSED) & GATEWAY_MARK_REVOKED, 0);
    marks_close(sleeper);
    marks_close(next);
    next = marks_open(path, NULL);
    assert_true(marks_passed(next, 14, 1));
    marks_close(next);
    free(path);
}

static void there_are_as_many_as_promised(void **state)
{
    char *path = fs_join(folder, "many");
    struct marks *m = marks_open(path, NULL);
    struct mark *last = NULL;

    marks_forget(m);
    for (int i = 0; i < MARKS_MAX; i++)
        assert_non_null(last = marks_take(m, i + 1, 1));
    assert_null(marks_take(m, 99999, 1));
    marks_drop(m, last);
    assert_ptr_equal(marks_take(m, 99999, 1), last);
    assert_int_equal(atomic_load(mark_flag(last)), 0);
    marks_close(m);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_leaves_its_marks),
        cmocka_unit_test(looking_does_not_take_anything_away),
        cmocka_unit_test(marks_of_another_boot_or_none_at_all_make_everything_uncertain),
        cmocka_unit_test(without_a_file_everything_is_uncertain_and_sending_goes_on),
        cmocka_unit_test(what_had_not_passed_at_a_takeover_never_will),
        cmocka_unit_test(there_are_as_many_as_promised),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
