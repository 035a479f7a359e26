/* base/fs: replacing a file that somebody may have changed meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"

struct scene {
    char dir[64];
    struct err err;
};

static int begin(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    snprintf(s->dir, sizeof(s->dir), "/tmp/betimes-fs-XXXXXX");
    *state = s;
    return mkdtemp(s->dir) != NULL ? 0 : -1;
}

static int end(void **state)
{
    struct scene *s = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", s->dir);
    int rc = system(command);
    free(s);
    return rc;
}

static uint64_t digest(const char *text)
{
    return fs_digest(text, strlen(text));
}

static int replace(struct scene *s, const char *name, uint64_t seen, const char *text)
{
    s->err.text[0] = '\0';
    return fs_replace_if_same(s->dir, name, seen, text, strlen(text), &s->err);
}

static void put(struct scene *s, const char *name, const char *text)
{
    assert_int_equal(replace(s, name, FS_ABSENT, text), 0);
}

static void assert_there(struct scene *s, const char *name, const char *text)
{
    struct buf b;

    buf_init(&b);
    assert_int_equal(fs_read_beneath(s->dir, name, 1000, &b, NULL), 0);
    assert_string_equal(b.data, text);
    buf_close(&b);
}

static void what_is_still_the_same_is_replaced_and_keeps_its_mode(void **state)
{
    struct scene *s = *state;
    char *path = fs_join(s->dir, "a.conf");
    struct stat st;

    put(s, "a.conf", "one");
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(replace(s, "a.conf", digest("one"), "two"), 0);
    assert_there(s, "a.conf", "two");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    free(path);
}

static void what_somebody_has_changed_is_left_alone(void **state)
{
    struct scene *s = *state;

    put(s, "a.conf", "theirs");
    assert_int_equal(replace(s, "a.conf", digest("ours"), "two"), ERR_BUSY);
    assert_non_null(strstr(s->err.text, "somebody else"));
    assert_int_equal(replace(s, "a.conf", FS_ABSENT, "two"), ERR_BUSY);
    assert_there(s, "a.conf", "theirs");
    assert_int_equal(replace(s, "gone.conf", digest("ours"), "two"), ERR_BUSY);
    assert_false(fs_exists("gone.conf"));
}

static void a_new_file_gets_the_folders_of_its_name(void **state)
{
    struct scene *s = *state;

    put(s, "_shared/lv/foot.email", "Sveiki");
    assert_there(s, "_shared/lv/foot.email", "Sveiki");
    assert_int_equal(replace(s, "other/en.sms", digest("seen"), "x"), ERR_NOTFOUND);
}

static void no_name_leads_out_of_the_folder(void **state)
{
    struct scene *s = *state;
    static const char *const names[] = {"../x", "a/../../x", "/tmp/x", "link/x", "to-file"};
    char *link = fs_join(s->dir, "link"), *file = fs_join(s->dir, "to-file");

    put(s, "plain", "text");
    assert_int_equal(symlink("/tmp", link), 0);
    assert_int_equal(symlink("plain", file), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(replace(s, names[i], FS_ABSENT, "x"), ERR_INVALID);
    assert_there(s, "plain", "text");
    free(link);
    free(file);
}

static void nothing_is_left_behind(void **state)
{
    struct scene *s = *state;
    char command[128];

    put(s, "a.conf", "one");
    assert_int_equal(replace(s, "a.conf", digest("one"), "two"), 0);
    assert_int_equal(replace(s, "a.conf", digest("one"), "three"), ERR_BUSY);
    snprintf(command, sizeof(command), "test \"$(ls -A %s)\" = a.conf", s->dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_still_the_same_is_replaced_and_keeps_its_mode,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_somebody_has_changed_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_new_file_gets_the_folders_of_its_name, begin, end),
        cmocka_unit_test_setup_teardown(no_name_leads_out_of_the_folder, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_left_behind, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
