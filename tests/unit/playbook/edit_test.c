#include "common.h"

#include "playbook/edit.h"

static const char garage[] = "; What we say, and when.\n"
                             "\n"
                             "[workflow repair]\n"
                             "stages = New,\n"
                             "         Ready ; the last one\n"
                             "\n"
                             "; ---- visits\n"
                             "\n"
                             "; what everybody waits for\n"
                             "[rule ready]    ; said at once\n"
                             "on   = job enters Ready      ; by hand or by the lift\n"
                             "; by = email\n"
                             "if = job.amount > 0          ; not for free\n"
                             "\n"
                             "     and client.name <> ''   # never\n"
                             "     and 1\n"
                             "by = sms\n"
                             "; and nothing else\n"
                             "\n"
                             "; the other one\n"
                             "[rule \"soon\"]\n"
                             "on=appointment starts\n"
                             "when = 2 hours before";

/* `text` with the key of [rule ready] (or `name`) changed is `expected`; or it is refused, and
 * the sentence has `expected` in it. */
static void assert_edit(const char *text, const char *name, const char *key, const char *value,
                        const char *expected)
{
    struct edit_key keys[] = {{key, value}};
    struct err err = {""};
    struct buf out;

    buf_init(&out);
    int rc = edit_keys(text, strlen(text), "rule", name, keys, 1, &out, &err);
    if (rc == 0)
        assert_string_equal(out.data, expected);
    else
        assert_non_null(strstr(err.text, expected));
    buf_close(&out);
}

/* A piece of `garage` that has changed; all else is as it was. */
static void assert_piece(const char *name, const char *key, const char *value, const char *was,
                         const char *is)
{
    const char *at = strstr(garage, was);

    assert_non_null(at);
    char *expected = mem_printf("%.*s%s%s", (int)(at - garage), garage, is, at + strlen(was));
    assert_edit(garage, name, key, value, expected);
    free(expected);
}

static void a_value_changes_and_its_comment_stays_in_its_column(void **state)
{
    assert_piece("ready", "on", "job enters New", "job enters Ready      ;",
                 "job enters New        ;");
    assert_piece("ready", "on", "job leaves Something or other", "job enters Ready      ;",
                 "job leaves Something or other ;");
    assert_piece("ready", "by", "email", "by = sms", "by = email");
    assert_piece("soon", "on", "appointment ends", "on=appointment starts", "on=appointment ends");
    assert_piece("soon", "when", "1 day before", "2 hours before", "1 day before");
}

static void what_is_the_same_is_left_as_it_is_written(void **state)
{
    assert_edit(garage, "ready", "by", " sms\r\n", garage);
    assert_edit(garage, "ready", "if", "job.amount > 0\n  and client.name <> ''\nand 1", garage);
    assert_edit(garage, "ready", "window", " \n", garage);
    assert_edit("[rule a]\nto =  \"x ; y\"  ; z\n", "a", "to", "x ; y",
                "[rule a]\nto =  \"x ; y\"  ; z\n");
}

static void lines_of_a_value_change_one_by_one(void **state)
{
    assert_piece("ready", "if", "job.amount > 0\nand client.name <> 'Anna'\nand 1",
                 "and client.name <> ''   #", "and client.name <> 'Anna' #");
    assert_piece("ready", "if", "job.amount > 0\nand client.name <> ''\nand 1\nand 2", "and 1\n",
                 "and 1\n     and 2\n");
    assert_piece("ready", "if", "job.amount > 0\nand client.name <> ''", "     and 1\n", "");
    assert_piece("ready", "if", "1",
                 "if = job.amount > 0          ; not for free\n\n     and client.name <> ''   # "
                 "never\n     and 1\n",
                 "if = 1                       ; not for free\n\n     # never\n");
}

static void a_comment_outlives_the_key_it_stood_behind(void **state)
{
    assert_piece("ready", "on", "", "on   = job enters Ready      ; by hand", "; by hand");
    assert_piece("ready", "by", NULL, "by = sms\n", "");
    assert_piece("soon", "when", "", "when = 2 hours before", "");
}

static void a_new_key_goes_to_the_end_of_its_section(void **state)
{
    assert_piece("ready", "late", "2 days", "by = sms\n", "by = sms\nlate = 2 days\n");
    assert_piece("ready", "unless", "1\nand 2", "by = sms\n", "by = sms\nunless = 1\n    and 2\n");
    assert_piece("soon", "by", "sms", "2 hours before", "2 hours before\nby = sms");
    assert_edit("[rule a]", "a", "by", "sms", "[rule a]\nby = sms");
}

static void values_that_would_read_otherwise_are_quoted_or_refused(void **state)
{
    assert_piece("ready", "by", "a ; b", "by = sms", "by = \"a ; b\"");
    assert_piece("ready", "by", "\"a\"", "by = sms", "by = \"\\\"a\\\"\"");
    assert_piece("ready", "by", "5\" screen", "by = sms", "by = \"5\\\" screen\"");
    assert_piece("ready", "by", "[x", "by = sms", "by = [x");
    assert_edit(garage, "ready", "by", "a ; b\nc", "`by` cannot be written like this");
    assert_edit(garage, "ready", "by", "a\n; b", "`by` cannot be written like this");
    assert_edit(garage, "ready", "by", "a\x01", "`by` cannot be written like this");
    assert_edit(garage, "ready", "by]\n[rule evil", "x", "without doing harm");
    assert_edit(garage, "ready", "#x", "y", "without doing harm");
}

static void line_ends_marks_and_tabs_of_other_editors_stay(void **state)
{
    assert_edit("\xef\xbb\xbf[rule a]\r\nby = sms\t; b\r\n\r\n[rule b]\r\n", "a", "by", "email",
                "\xef\xbb\xbf[rule a]\r\nby = email\t; b\r\n\r\n[rule b]\r\n");
    assert_edit("[rule a]\r\nby = sms\r\n", "a", "if", "1\n2",
                "[rule a]\r\nby = sms\r\nif = 1\r\n    2\r\n");
    assert_edit("[rule a]\nif =\n\t1\n\t2 ; x\n", "a", "if", "3\n4\n5",
                "[rule a]\nif =\n\t3\n\t4 ; x\n\t5\n");
    assert_edit("[rule a]\nby =; x\n", "a", "by", "sms", "[rule a]\nby =sms\n");
    assert_edit("[rule ķēde]\nby = ā  ; x\n", "ķēde", "by", "ab", "[rule ķēde]\nby = ab ; x\n");
}

static void a_section_is_found_with_what_belongs_to_it(void **state)
{
    size_t begin, end;

    assert_int_equal(edit_find(garage, strlen(garage), "rule", "ready", &begin, &end), 0);
    assert_memory_equal(garage + begin, "[rule ready]    ; said", 22);
    assert_memory_equal(garage + end, "\n\n; the other one", 17);
    assert_int_equal(edit_find(garage, strlen(garage), "rule", "soon", &begin, &end), 0);
    assert_int_equal(end, strlen(garage));
    assert_int_equal(edit_find(garage, strlen(garage), "rule", "new", &begin, &end), ERR_NOTFOUND);
}

static void a_section_is_replaced_added_and_removed(void **state)
{
    struct err err = {""};
    struct buf out;

    buf_init(&out);
    const char *text = "; top\n[rule a]\nx = 1\n\n; of b\n[rule b]\ny = 2 ; z\n\n[rule c]\n";
    assert_int_equal(
        edit_replace(text, strlen(text), "rule", "b", "[rule d]\r\nw = 3\n\n", &out, &err), 0);
    assert_string_equal(out.data,
                        "; top\n[rule a]\nx = 1\n\n; of b\n[rule d]\nw = 3\n\n[rule c]\n");
    buf_clear(&out);
    assert_int_equal(edit_remove(text, strlen(text), "rule", "b", &out, &err), 0);
    assert_string_equal(out.data, "; top\n[rule a]\nx = 1\n\n[rule c]\n");
    buf_clear(&out);
    assert_int_equal(edit_remove(text, strlen(text), "rule", "a", &out, &err), 0);
    assert_string_equal(out.data, "; top\n\n; of b\n[rule b]\ny = 2 ; z\n\n[rule c]\n");
    buf_clear(&out);
    assert_int_equal(edit_add(text, strlen(text), "rule", "[rule d]\nw = 3", &out, &err), 0);
    assert_string_equal(out.data + strlen(text), "\n[rule d]\nw = 3\n");
    buf_clear(&out);
    assert_int_equal(edit_add("", 0, "rule", "[rule d]\nw = 3", &out, &err), 0);
    assert_string_equal(out.data, "[rule d]\nw = 3\n");
    buf_close(&out);
}

static void a_section_that_is_none_or_two_is_refused(void **state)
{
    static const char *const wrong[] = {"", "on = job opens", "[rule x]\n[rule y]\n",
                                        "[workflow x]\nstages = a", "[rule soon]\nby = sms"};
    struct err err = {""};
    struct buf out;

    buf_init(&out);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(
            edit_replace(garage, strlen(garage), "rule", "ready", wrong[i], &out, &err),
            ERR_INVALID);
    assert_int_equal(edit_add(garage, strlen(garage), "rule", "[rule ready]\non = x", &out, &err),
                     ERR_INVALID);
    assert_int_equal(edit_remove(garage, strlen(garage), "rule", "x", &out, &err), ERR_NOTFOUND);
    assert_int_equal(out.len, 0);
    buf_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_changes_and_its_comment_stays_in_its_column),
        cmocka_unit_test(what_is_the_same_is_left_as_it_is_written),
        cmocka_unit_test(lines_of_a_value_change_one_by_one),
        cmocka_unit_test(a_comment_outlives_the_key_it_stood_behind),
        cmocka_unit_test(a_new_key_goes_to_the_end_of_its_section),
        cmocka_unit_test(values_that_would_read_otherwise_are_quoted_or_refused),
        cmocka_unit_test(line_ends_marks_and_tabs_of_other_editors_stay),
        cmocka_unit_test(a_section_is_found_with_what_belongs_to_it),
        cmocka_unit_test(a_section_is_replaced_added_and_removed),
        cmocka_unit_test(a_section_that_is_none_or_two_is_refused),
    };

    return cmocka_run_group_tests_name("playbook/edit", tests, NULL, NULL);
}
