/*
 * The calendars in tests/data/ical, as programs write them: each is read without a problem, and
 * what it says in its own X-EXPECT is when its events are in 2026.
 */
#include "harness.h"

#include "base/fs.h"
#include "base/mem.h"

#define SAMPLE_MAX ((size_t)64 * 1024)

/* All starts, as instants or dates, with spaces between. */
static void list_starts(const json_t *all, struct buf *out)
{
    for (size_t i = 0; i < count_of(all, "occurrence"); i++) {
        const json_t *start = json_object_get(nth(all, "occurrence", i), "start");
        const char *at = text_of(start, "instant");
        buf_printf(out, "%s%s", i > 0 ? " " : "", at != NULL ? at : text_of(start, "date"));
    }
}

static void check_sample(const char *path)
{
    struct buf text, starts;
    struct err err;

    buf_init(&text);
    buf_init(&starts);
    if (fs_read(path, SAMPLE_MAX, &text, &err) != 0)
        fail_msg("%s", err.text);
    const char *expect = strstr(text.data, "X-EXPECT:");
    assert_non_null(expect);
    expect += strlen("X-EXPECT:");
    char *expected = mem_strndup(expect, strcspn(expect, "\r"));
    json_t *all = read_bytes(text.data, text.len, "2026-01-01", "2027-01-01");
    assert_no_problems(all);
    list_starts(all, &starts);
    assert_string_equal(starts.data, expected);
    json_decref(all);
    free(expected);
    buf_close(&starts);
    buf_close(&text);
}

static void calendars_of_other_programs_are_understood(void **state)
{
    int folder = (int)(strrchr(__FILE__, '/') - __FILE__);
    char *dir = mem_printf("%.*s/../../data/ical", folder, __FILE__);
    struct str_list names = {0};
    size_t samples = 0;

    assert_int_equal(fs_list(dir, &names, NULL), 0);
    for (size_t i = 0; i < names.count; i++) {
        if (!str_ends(names.items[i], ".ics"))
            continue;
        char *path = fs_join(dir, names.items[i]);
        check_sample(path);
        free(path);
        samples++;
    }
    assert_true(samples >= 3);
    str_list_close(&names);
    free(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendars_of_other_programs_are_understood),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("ical/samples", tests, NULL, NULL);
}
