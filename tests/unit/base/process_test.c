/*
 * base/process: what a child may not do, and what its parent learns of it. The child is this
 * program, with what it is to try as its argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/sanitized.h"

#define CHILD_WORD "process-test-child"
#define MIB ((size_t)1024 * 1024)

static struct process_limits limits_of(void)
{
    return (struct process_limits){
        .memory_bytes = 64 * MIB,
        .cpu_s = 1,
        .files = 8,
        .reads = "/usr/share/zoneinfo",
        .wall_ms = 10000,
        .output_bytes = MIB,
    };
}

/* ---- the child ---- */

static int echo(void)
{
    char bytes[65536];
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
        for (ssize_t done = 0; done < n;) {
            ssize_t written = write(STDOUT_FILENO, bytes + done, (size_t)(n - done));
            if (written < 0)
                return 9;
            done += written;
        }
    return n == 0 ? 0 : 9;
}

static int flood(void)
{
    char bytes[65536];

    memset(bytes, 'x', sizeof(bytes));
    while (write(STDOUT_FILENO, bytes, sizeof(bytes)) > 0)
        ;
    return 9;
}

__attribute__((noreturn)) static void fill_memory(void)
{
    for (;;) {
        char *p = mem_alloc(MIB);
        memset(p, 1, MIB);
        __asm__ volatile("" : : "r"(p) : "memory");
    }
}

static int count_files(void)
{
    int count = 0;

    while (open("/usr/share/zoneinfo/UTC", O_RDONLY) >= 0)
        count++;
    printf("%d", count);
    return 0;
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int child(const char *what)
{
    struct process_limits limits = limits_of();
    struct err err;

    if (process_confine(&limits, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 8;
    }
    if (strcmp(what, "echo") == 0)
        return echo();
    if (strcmp(what, "flood") == 0)
        return flood();
    if (strcmp(what, "fill memory") == 0)
        fill_memory();
    if (strcmp(what, "count files") == 0)
        return count_files();
    if (strcmp(what, "write a file") == 0)
        return opens("/tmp/betimes-process-test", O_WRONLY | O_CREAT) ? 1 : 0;
    if (strcmp(what, "read a file") == 0)
        return opens("/etc/passwd", O_RDONLY) ? 1 : 0;
    if (strcmp(what, "read a zone") == 0)
        return opens("/usr/share/zoneinfo/Europe/Riga", O_RDONLY) ? 0 : 1;
    if (strcmp(what, "environment") == 0)
        return getenv("PATH") != NULL || getenv("SECRET") != NULL;
    if (strcmp(what, "spin") == 0)
        for (volatile unsigned i = 0;; i++)
            ;
    if (strcmp(what, "sleep") == 0)
        sleep(60);
    if (strcmp(what, "crash") == 0)
        kill(getpid(), SIGABRT);
    if (strcmp(what, "refuse") == 0) {
        printf("no good");
        return 1;
    }
    return 7;
}

/* ---- its parent ---- */

static enum process_end run(const char *what, const void *input, size_t len, struct buf *out)
{
    const char *const argv[] = {"test", CHILD_WORD, what, NULL};
    struct process_limits limits = limits_of();
    enum process_end end;
    struct err err;

    if (strcmp(what, "sleep") == 0)
        limits.wall_ms = 200;
    buf_init(out);
    int rc = process_run(PROCESS_SELF, argv, input, len, &limits, out, &end, &err);
    if (rc != 0)
        fail_msg("%s", err.text);
    return end;
}

static void assert_ends(const char *what, enum process_end wanted)
{
    struct buf out;

    assert_int_equal(run(what, NULL, 0, &out), wanted);
    buf_close(&out);
}

static void a_child_gets_all_of_its_input_and_gives_all_of_its_output(void **state)
{
    size_t len = MIB - 7;
    char *input = mem_alloc(len);
    struct buf out;

    for (size_t i = 0; i < len; i++)
        input[i] = (char)(i * 31 + i / 251);
    assert_int_equal(run("echo", input, len, &out), PROCESS_DONE);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, input, len);
    buf_close(&out);
    free(input);
}

static void a_child_that_does_not_read_harms_nobody(void **state)
{
    char *input = mem_zalloc(4 * MIB);
    struct buf out;

    assert_int_equal(run("refuse", input, 4 * MIB, &out), PROCESS_REFUSED);
    assert_string_equal(out.data, "no good");
    buf_close(&out);
    free(input);
}

static void too_much_output_ends_a_child(void **state)
{
    struct buf out;

    assert_int_equal(run("flood", NULL, 0, &out), PROCESS_TOO_LARGE);
    assert_true(out.len <= MIB);
    buf_close(&out);
}

static void too_much_memory_ends_a_child(void **state)
{
    if (SANITIZED)
        skip();
    assert_ends("fill memory", PROCESS_TOO_LARGE);
}

static void too_much_computing_ends_a_child(void **state)
{
    assert_ends("spin", PROCESS_TOO_LONG);
}

static void too_long_a_wait_ends_a_child(void **state)
{
    int64_t began_ms = clock_mono_ms();

    assert_ends("sleep", PROCESS_TOO_LONG);
    assert_true(clock_mono_ms() - began_ms < 30000); /* it sleeps for a minute */
}

static void a_crash_is_told(void **state)
{
    assert_ends("crash", PROCESS_CRASHED);
    assert_ends("something unheard of", PROCESS_CRASHED);
}

static void a_child_writes_no_file(void **state)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
        skip(); /* this kernel has no Landlock; RLIMIT_FSIZE and NOFILE are all there is */
    assert_ends("write a file", PROCESS_DONE);
    assert_int_not_equal(access("/tmp/betimes-process-test", F_OK), 0);
}

static void a_child_reads_no_file_but_the_zones(void **state)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
        skip();
    assert_ends("read a file", PROCESS_DONE);
    assert_ends("read a zone", PROCESS_DONE);
}

static void a_child_has_few_files(void **state)
{
    int fds[20];
    struct buf out;

    for (size_t i = 0; i < 20; i++) /* ours, which it has not to get, without O_CLOEXEC */
        fds[i] = open("/dev/null", O_RDONLY);
    assert_int_equal(run("count files", NULL, 0, &out), PROCESS_DONE);
    assert_string_equal(out.data, "5"); /* of 8, less the three standard ones */
    buf_close(&out);
    for (size_t i = 0; i < 20; i++)
        close(fds[i]);
}

static void a_child_has_none_of_our_environment(void **state)
{
    setenv("SECRET", "x", 1);
    assert_ends("environment", PROCESS_DONE);
    unsetenv("SECRET");
}

static void a_program_that_is_not_there_is_told(void **state)
{
    const char *const argv[] = {"nothing", NULL};
    struct process_limits limits = limits_of();
    enum process_end end;
    struct buf out;
    struct err err;

    buf_init(&out);
    assert_int_equal(process_run("/nowhere", argv, NULL, 0, &limits, &out, &end, &err),
                     ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "/nowhere"));
    buf_close(&out);
}

static void no_child_is_left_behind(void **state)
{
    assert_ends("sleep", PROCESS_TOO_LONG);
    assert_ends("flood", PROCESS_TOO_LARGE);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_gets_all_of_its_input_and_gives_all_of_its_output),
        cmocka_unit_test(a_child_that_does_not_read_harms_nobody),
        cmocka_unit_test(too_much_output_ends_a_child),
        cmocka_unit_test(too_much_memory_ends_a_child),
        cmocka_unit_test(too_much_computing_ends_a_child),
        cmocka_unit_test(too_long_a_wait_ends_a_child),
        cmocka_unit_test(a_crash_is_told),
        cmocka_unit_test(a_child_writes_no_file),
        cmocka_unit_test(a_child_reads_no_file_but_the_zones),
        cmocka_unit_test(a_child_has_few_files),
        cmocka_unit_test(a_child_has_none_of_our_environment),
        cmocka_unit_test(a_program_that_is_not_there_is_told),
        cmocka_unit_test(no_child_is_left_behind),
    };

    if (argc == 3 && strcmp(argv[1], CHILD_WORD) == 0)
        return child(argv[2]);
    return cmocka_run_group_tests_name("base/process", tests, NULL, NULL);
}
