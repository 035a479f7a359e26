/*
 * text/template: reports and limits of a rendering. Errors are in template_errors_test.c, escaping
 * in template_places_test.c; what Mustache's specification asks is in mustache_test.c.
 */
#include "template_common.h"

/* --- reports --- */

static void what_is_missing_or_unknown_is_told_once(void **state)
{
    static const char *const names[] = {"client.name", "client.fields.*", "job.title",
                                        "jobs.title"};
    struct template_names known = {names, 4};
    json_t *data = json_loads("{\"client\":{\"name\":null,\"fields\":{}},\"job\":null,"
                              "\"jobs\":[{\"a\":1}]}",
                              0, NULL);
    struct template_env env = {.known = &known};
    struct template_report report = {0};
    struct buf out;

    buf_init(&out);
    /* Known variables without a value are empty and fine. */
    assert_int_equal(render_env(TEMPLATE_TEXT,
                                "[{{client.name}}{{client.fields.plate}}{{job.title}}"
                                "{{#client}}{{#fields}}{{plate}}{{/fields}}{{/client}}"
                                "{{#client.fields}}{{plate}}{{/client.fields}}"
                                "{{#jobs}}{{title}}{{/jobs}}{{#client.fields.vip}}x"
                                "{{/client.fields.vip}}]",
                                data, &env, &out, &report),
                     0);
    assert_string_equal(out.data, "[]");
    assert_true(template_report_empty(&report));

    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT,
                                "[{{client.nmae}}{{#jbo}}{{/jbo}}{{client.nmae}}{{> footer}}"
                                "{{client.name | required}}{{client.name | required}}{{client}}]",
                                data, &env, &out, &report),
                     ERR_INVALID);
    assert_string_equal(out.data, "[]");
    assert_int_equal(report.unknown.count, 3);
    assert_string_equal(report.unknown.items[0], "client.nmae");
    assert_string_equal(report.unknown.items[1], "jbo");
    assert_string_equal(report.unknown.items[2], "> footer");
    assert_int_equal(report.missing.count, 1);
    assert_string_equal(report.missing.items[0], "client.name");
    assert_int_equal(report.problems.count, 1);
    assert_string_equal(report.problems.items[0],
                        "t:1:112: {{client}}: is a record, not one value; write the name of one of "
                        "its members");
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
}

static void a_list_as_a_value_has_commas(void **state)
{
    json_t *data = json_loads("{\"x\":[\"a\",2,true]}", 0, NULL);
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    buf_init(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{x}}", data, &env, &out, &report), 0);
    assert_string_equal(out.data, "a, 2, true");
    buf_close(&out);
    template_report_close(&report);
    json_decref(data);
}

static void names_are_checked_where_they_stand(void **state)
{
    static const char *const names[] = {"client.name",  "client.phone", "client.fields.*",
                                        "job.title",    "jobs.title",   "now",
                                        "business.name"};
    struct template_names known = {names, 7};
    struct buf told;
    struct template *t;

    buf_init(&told);
    t = compile(TEMPLATE_TEXT,
                "{{client.name}} {{client.fields.any.thing}} {{now}}{{#client}}{{name}} {{now}}"
                "{{job.title}}{{/client}}{{#jobs}}{{title}}{{.}}{{client.phone}}{{/jobs}}"
                "{{^job}}{{#client.fields}}{{plate}}{{/client.fields}}{{/job}}");
    assert_int_equal(template_check_names(t, NULL, &known, collect, &told), 0);
    template_free(t);

    t = compile(TEMPLATE_TEXT, "{{client.nmae}}\n {{clinet.name}}{{#client}}{{nmae}}{{/client}}\n"
                               "{{title}} {{zzzzzz}}{{#jop}}{{title}}{{/jop}}");
    assert_int_equal(template_check_names(t, NULL, &known, collect, &told), 7);
    assert_string_equal(told.data,
                        "t:1:1: no record has \"client.nmae\"; did you mean \"client.name\"?\n"
                        "t:2:2: no record has \"clinet.name\"; did you mean \"client.name\"?\n"
                        "t:2:28: no record has \"nmae\"; did you mean \"name\"?\n"
                        "t:3:1: no record has \"title\"; did you mean \"job.title\"?\n"
                        "t:3:11: no record has \"zzzzzz\"\n"
                        "t:3:21: no record has \"jop\"; did you mean \"job\"?\n"
                        "t:3:29: no record has \"title\"; did you mean \"job.title\"?\n");
    template_free(t);
    buf_close(&told);
}

static const struct template *find_itself(void *arg, const char *name)
{
    return strcmp(name, "p") == 0 ? *(struct template **)arg : NULL;
}

static void names_in_partials_are_checked_in_their_sections(void **state)
{
    static const char *const names[] = {"client.name"};
    struct template_names known = {names, 1};
    struct template *p = compile(TEMPLATE_TEXT, "{{name | required}}");
    struct template *t = compile(TEMPLATE_TEXT, "{{#client}}{{>p}}{{/client}}{{>p}}{{>q}}");
    struct template_partials partials = {find_itself, &p};
    struct str_list required = {0};
    struct buf told;

    buf_init(&told);
    assert_int_equal(template_check_names(t, &partials, &known, collect, &told), 2);
    assert_string_equal(told.data, "t:1:1: no record has \"name\"; did you mean \"client.name\"?\n"
                                   "t:1:35: there is no partial \"q\"\n");
    template_required(t, &partials, &required);
    assert_int_equal(required.count, 1);
    assert_string_equal(required.items[0], "name");
    str_list_close(&required);
    buf_close(&told);
    template_free(t);
    template_free(p);
}

static void keep_text(void *arg, const char *file, int line, int column, const char *text)
{
    (void)file, (void)line, (void)column;
    buf_puts(arg, text);
}

static void which_partial_is_missing_is_read_from_what_is_told(void **state)
{
    struct template_names known = {NULL, 0};
    struct template *t = compile(TEMPLATE_TEXT, "{{> foot}}");
    char name[5];
    struct buf told;

    buf_init(&told);
    assert_int_equal(template_check_names(t, NULL, &known, keep_text, &told), 1);
    assert_true(template_told_partial(told.data, name, sizeof(name)));
    assert_string_equal(name, "foot");
    assert_false(template_told_partial(told.data, name, sizeof(name) - 1));
    assert_false(template_told_partial("no record has \"foot\"", name, sizeof(name)));
    assert_false(template_told_partial("there is no partial \"foot\" yet", name, sizeof(name)));
    buf_close(&told);
    template_free(t);
}

/* --- limits --- */

static void a_partial_that_includes_itself_comes_to_an_end(void **state)
{
    struct template *p = compile(TEMPLATE_TEXT, "x{{>p}}{{>p}}");
    struct template_env env = {.partials = {find_itself, &p}};
    struct template_report report = {0};
    static const char *const names[] = {"a"};
    struct template_names known = {names, 1};
    json_t *data = json_object();
    struct buf out;

    buf_init(&out);
    assert_int_equal(template_render(p, data, &env, &out, &report), ERR_LIMIT);
    assert_int_equal(report.problems.count, 1);
    assert_non_null(strstr(report.problems.items[0], "does a partial include itself?"));
    assert_int_equal(template_check_names(p, &env.partials, &known, NULL, NULL), 0);
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
    template_free(p);
}

static void turns_and_output_are_bounded(void **state)
{
    json_t *data = json_object(), *list = json_array();
    struct template_env env = {.output_max = 7};
    struct template_report report = {0};
    struct buf out;

    for (int i = 0; i < 1000; i++)
        json_array_append_new(list, json_integer(i));
    json_object_set_new(data, "l", list);
    json_object_set_new(data, "x", json_string("ēēēēēē"));
    buf_init(&out);
    buf_puts(&out, "before ");
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{x}}{{x}}", data, &env, &out, &report), ERR_LIMIT);
    assert_string_equal(out.data, "before ēēē");
    assert_string_equal(report.problems.items[0], "longer than 7 bytes; the rest was left out");
    template_report_close(&report);
    report = (struct template_report){0};

    env.output_max = 0;
    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_TEXT, "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}", data, &env,
                                &out, &report),
                     ERR_LIMIT);
    assert_non_null(strstr(report.problems.items[0], "more than 100000 turns"));
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
}

static void a_huge_value_is_cut_and_told(void **state)
{
    size_t n = 10 * 1024 * 1024;
    char *note = mem_alloc(n);
    json_t *data = json_object();
    struct template_env env = {0};
    struct template_report report = {0};
    struct buf out;

    memset(note, '<', n);
    json_object_set_new(data, "x", json_stringn(note, n));
    buf_init(&out);
    assert_int_equal(render_env(TEMPLATE_HTML, "{{x}}", data, &env, &out, &report), ERR_LIMIT);
    assert_int_equal(out.len, TEMPLATE_OUTPUT_MAX);
    template_report_close(&report);
    report = (struct template_report){0};
    buf_clear(&out);
    assert_int_equal(render_env(TEMPLATE_SMS, "{{x | truncate 3}}", data, &env, &out, &report), 0);
    assert_string_equal(out.data, "<<…");
    template_report_close(&report);
    buf_close(&out);
    json_decref(data);
    free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_or_unknown_is_told_once),
        cmocka_unit_test(a_list_as_a_value_has_commas),
        cmocka_unit_test(names_are_checked_where_they_stand),
        cmocka_unit_test(names_in_partials_are_checked_in_their_sections),
        cmocka_unit_test(which_partial_is_missing_is_read_from_what_is_told),
        cmocka_unit_test(a_partial_that_includes_itself_comes_to_an_end),
        cmocka_unit_test(turns_and_output_are_bounded),
        cmocka_unit_test(a_huge_value_is_cut_and_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
