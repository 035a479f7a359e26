/* text/template_set and text/template_email: a folder of templates, and mails made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "text/template_file.h"
#include "text/template_set.h"

static char *dir;

static int make_dir(void **state)
{
    char path[] = "/tmp/betimes-templates-XXXXXX";

    dir = mem_strdup(mkdtemp(path));
    return 0;
}

static int remove_dir(void **state)
{
    char *command = mem_printf("rm -rf '%s'", dir);
    int rc = system(command);

    free(command);
    free(dir);
    return rc;
}

static void put(const char *name, const char *text)
{
    char *path = fs_join(dir, name), *folder = mem_strdup(path);

    *strrchr(folder, '/') = '\0';
    assert_int_equal(fs_mkdirs(folder, 0755, NULL), 0);
    assert_int_equal(fs_create(path, text, strlen(text), 0644, NULL), 0);
    free(folder);
    free(path);
}

static void collect(void *arg, const char *file, int line, int column, const char *text)
{
    size_t n = strlen(dir);

    if (strncmp(file, dir, n) == 0)
        file += file[n] == '/' ? n + 1 : n;
    buf_printf(arg, "%s:%d:%d: %s\n", file, line, column, text);
}

static struct template_set *load(void)
{
    struct buf problems;

    buf_init(&problems);
    struct template_set *s = template_set_load(dir, NULL, collect, &problems);
    if (s == NULL)
        fail_msg("%s", problems.data);
    buf_close(&problems);
    return s;
}

static const char *found(const struct template_set *s, const char *language, const char *business)
{
    const struct template_entry *e =
        template_set_find(s, "ready", TEMPLATE_KIND_SMS, language, business);

    return e != NULL ? e->language : "none";
}

static void languages_fall_back(void **state)
{
    put("ready/en.sms", "a");
    put("ready/lv.sms", "a");
    put("ready/kk.sms", "a");
    put("ready/pt-BR.sms", "a");
    put("soon/ru.sms", "a");
    put("ready/lv.email", "Subject: a\n\nb\n");
    struct template_set *s = load();

    assert_int_equal(template_set_count(s), 6);
    assert_string_equal(found(s, "kk-KZ", "lv"), "kk");
    assert_string_equal(found(s, "kk_KZ", "lv"), "kk");
    assert_string_equal(found(s, "KK-kz", "lv"), "kk");
    assert_string_equal(found(s, "pt-br", "lv"), "pt-BR");
    assert_string_equal(found(s, "pt", "lv-LV"), "lv");
    assert_string_equal(found(s, "fa", "de"), "en");
    assert_string_equal(found(s, NULL, NULL), "en");
    assert_string_equal(found(s, "../../etc", ""), "en");
    assert_null(template_set_find(s, "soon", TEMPLATE_KIND_SMS, "fa", "lv"));
    assert_null(template_set_find(s, "ready", TEMPLATE_KIND_EMAIL, "en", "ru"));
    assert_null(template_set_find(s, "../ready", TEMPLATE_KIND_SMS, "en", "en"));
    assert_non_null(template_set_find(s, "ready", TEMPLATE_KIND_EMAIL, "en", "lv"));
    assert_true(template_set_has(s, "soon"));
    assert_false(template_set_has(s, "later"));
    template_set_free(s);
}

static void partials_of_the_language_go_first(void **state)
{
    struct template_env env = {.language = "lv"};
    struct template_report report = {0};
    struct buf out;

    put("_shared/sign.sms", "Riverside");
    put("_shared/lv/sign.sms", "Upmala");
    put("ready/lv-LV.sms", "{{> sign}}");
    put("ready/en.sms", "{{> sign}}");
    struct template_set *s = load();
    json_t *data = json_object();

    buf_init(&out);
    const struct template_entry *e =
        template_set_find(s, "ready", TEMPLATE_KIND_SMS, "lv-LV", "en");
    env.partials = e->partials;
    assert_int_equal(template_render(e->sms, data, &env, &out, &report), 0);
    assert_string_equal(out.data, "Upmala");
    buf_clear(&out);
    e = template_set_find(s, "ready", TEMPLATE_KIND_SMS, "en", "en");
    env.partials = e->partials;
    assert_int_equal(template_render(e->sms, data, &env, &out, &report), 0);
    assert_string_equal(out.data, "Riverside");
    buf_close(&out);
    json_decref(data);
    template_set_free(s);
}

static void everything_wrong_in_a_folder_is_told_at_once(void **state)
{
    struct buf problems;

    put("README.md", "about");
    put("stray.sms", "a");
    put("ready/lv.txt", "a");
    put("ready/xx.sms", "a");
    put("ready/lv.sms~", "{{");
    put("ready/.lv.sms.swp", "{{");
    put("ready/en.sms", "\n{{x");
    put("ready/en.email", "Hello");
    put("ready/ru.email", "Subject: a\nFrom: b\n\n{{/c}}");
    put("ready/de.email", "Subject: a\nText right away\n");
    put("ready/fr.email", "Subject:\n\nb");
    put("Ready/en.sms", "a");
    put("_shared/Footer.sms", "a");
    put("_shared/nolang/a.sms", "a");
    buf_init(&problems);
    assert_null(template_set_load(dir, NULL, collect, &problems));
    assert_string_equal(
        problems.data,
        "Ready:0:0: a rule's folder has a name of small letters, digits, _ and -\n"
        "_shared/Footer.sms:0:0: no partial: their names are NAME.sms, NAME.email and NAME.html, "
        "with a name of small letters, digits, _ and -\n"
        "_shared/nolang:0:0: a folder of shared partials is named after its language: lv, kk-KZ\n"
        "ready/de.email:2:1: an empty line is missing between the subject and the body\n"
        "ready/en.email:1:1: an e-mail begins with a line \"Subject: ...\", then an empty line, "
        "then the body\n"
        "ready/en.sms:2:1: this tag never ends; write }}\n"
        "ready/fr.email:1:1: the subject is empty; write it behind \"Subject:\"\n"
        "ready/lv.txt:0:0: no template: their names are LANGUAGE.sms and LANGUAGE.email\n"
        "ready/ru.email:2:1: only a subject can stand above the body; after the \"Subject:\" line "
        "comes an empty line, then the body\n"
        "ready/ru.email:4:1: {{/c}} closes nothing; no section is open here\n"
        "ready/xx.sms:0:0: a template is named after its language: lv.sms, kk-KZ.email\n"
        "stray.sms:0:0: templates lie in a folder named after their rule: RULE/LANGUAGE.sms\n");
    buf_close(&problems);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct buf problems;
    char *path = fs_join(dir, "nowhere");

    buf_init(&problems);
    assert_null(template_set_load(path, NULL, collect, &problems));
    assert_non_null(strstr(problems.data, "nowhere:0:0: "));
    buf_close(&problems);
    free(path);
}

static void no_file_outside_the_folder_is_read(void **state)
{
    struct buf problems;
    char *link = fs_join(dir, "ready/lv.sms");

    put("ready/en.sms", "a");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    buf_init(&problems);
    assert_null(template_set_load(dir, NULL, collect, &problems));
    assert_non_null(strstr(problems.data, "ready/lv.sms"));
    assert_null(strstr(problems.data, "root:"));
    buf_close(&problems);
    free(link);
}

static void a_file_that_is_too_large_is_told(void **state)
{
    struct buf problems;
    char *large = mem_zalloc(TEMPLATE_BYTES_MAX + 2);

    memset(large, 'a', TEMPLATE_BYTES_MAX + 1);
    put("ready/en.sms", large);
    free(large);
    buf_init(&problems);
    assert_null(template_set_load(dir, NULL, collect, &problems));
    assert_non_null(strstr(problems.data, "larger than 262144 bytes"));
    buf_close(&problems);
}

static void partials_and_names_that_are_not_there_are_told_once(void **state)
{
    static const char *const names[] = {"client.name", "job.title"};
    struct template_names known = {names, 2};
    struct buf problems;

    put("ready/en.sms", "a\n{{> sing}}");
    buf_init(&problems);
    assert_null(template_set_load(dir, NULL, collect, &problems));
    assert_string_equal(problems.data, "ready/en.sms:2:1: there is no partial \"sing\"\n");
    buf_clear(&problems);

    put("_shared/sing.sms", "{{client.nmae}}");
    put("_shared/layout.html", "{{subject}}{{{content}}}{{langauge}}{{client.name}}");
    put("ready/lv.sms", "{{> sing}}{{job.title}}");
    put("ready/lv.email", "Subject: {{job.titel}}\n\n{{client.name}}{{content}}");
    struct template_set *s = load();
    assert_int_equal(template_set_check(s, &known, collect, &problems), 4);
    assert_string_equal(
        problems.data,
        "_shared/sing.sms:1:1: no record has \"client.nmae\"; did you mean \"client.name\"?\n"
        "ready/lv.email:1:10: no record has \"job.titel\"; did you mean \"job.title\"?\n"
        "ready/lv.email:3:16: no record has \"content\"\n"
        "_shared/layout.html:1:25: no record has \"langauge\"; did you mean \"language\"?\n");
    buf_close(&problems);
    template_set_free(s);
}

static void a_mail_has_a_subject_a_text_and_a_page(void **state)
{
    json_t *data = json_loads("{\"client\":{\"name\":\"Eve\\r\\nBcc: x *b* <i>\"},"
                              "\"link\":{\"ok\":\"https://x.y/c?a=1&b=2\"}}",
                              0, NULL);
    struct template_env env = {.language = "fa"};
    struct template_report report = {0};
    struct template_mail mail;

    put("ready/en.email", "Subject:  For {{client.name}} \r\n\r\nDear **{{client.name}}**,\n\n"
                          "[Confirm]({{link.ok}})\n\n{{> sign}}\n");
    put("_shared/sign.email", "*Riverside*");
    put("_shared/foot.html", "<p>foot</p>");
    put("_shared/layout.html",
        "<html lang=\"{{language}}\" dir=\"{{direction}}\"><title>{{subject}}"
        "</title>\n{{{content}}}{{> foot}}\n");
    struct template_set *s = load();
    const struct template_entry *e = template_set_find(s, "ready", TEMPLATE_KIND_EMAIL, "fa", "en");
    env.partials = e->partials;
    template_mail_init(&mail);
    assert_int_equal(template_email_render(e->email, template_set_layout(s, "fa"),
                                           &e->layout_partials, data, &env, &mail, &report),
                     0);
    assert_string_equal(mail.subject.data, "For Eve Bcc: x *b* <i>");
    assert_string_equal(mail.text.data, "Dear Eve\nBcc: x *b* <i>,\n\nConfirm "
                                        "(https://x.y/c?a=1&b=2)\n\nRiverside\n");
    assert_string_equal(
        mail.html.data,
        "<html lang=\"fa\" dir=\"rtl\"><title>For Eve Bcc: x *b* &lt;i&gt;</title>\n"
        "<p>Dear <strong>Eve<br />\nBcc: x *b* &lt;i&gt;</strong>,</p>\n"
        "<p><a href=\"https://x.y/c?a=1&amp;b=2\">Confirm</a></p>\n"
        "<p><em>Riverside</em></p>\n<p>foot</p>\n");
    template_mail_close(&mail);

    /* without a layout: our own page */
    template_mail_init(&mail);
    env.language = "lv";
    assert_int_equal(template_email_render(e->email, NULL, NULL, data, &env, &mail, &report), 0);
    assert_non_null(strstr(mail.html.data, "<html lang=\"lv\" dir=\"ltr\">"));
    assert_non_null(strstr(mail.html.data, "<p><em>Riverside</em></p>\n</div>"));
    template_mail_close(&mail);
    template_report_close(&report);
    template_set_free(s);
    json_decref(data);
}

static void a_mail_without_a_subject_is_not_fit_to_send(void **state)
{
    static const char text[] = "Subject: {{x}}\n\nHi\n";
    struct template_source source = {.file = "t", .text = text, .len = strlen(text)};
    struct template_email *e = template_email_compile(&source, NULL, NULL);
    json_t *data = json_loads("{\"x\":\" \\n \"}", 0, NULL);
    struct template_env env = {0};
    struct template_report report = {0};
    struct template_mail mail;

    template_mail_init(&mail);
    assert_int_equal(template_email_render(e, NULL, NULL, data, &env, &mail, &report), ERR_INVALID);
    assert_string_equal(report.problems.items[0], "the subject is empty");
    assert_string_equal(mail.text.data, "Hi\n");
    template_mail_close(&mail);
    template_report_close(&report);
    json_decref(data);
    template_email_free(e);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

static void an_entry_knows_which_names_it_uses(void **state)
{
    static const char *const items[] = {"client.name", "visit.link", "visit.title",
                                        "business.name"};
    static const struct template_names names = {items, 4};
    struct buf problems;

    put("_shared/foot.sms", "{{title}}");
    put("_shared/layout.html", "{{{content}}} {{business.name}}");
    put("ready/en.sms", "{{#visit}}{{link}} {{> foot}}{{/visit}}");
    put("ready/lv.sms", "plain");
    put("ready/en.email", "Subject: {{client.name}}\n\nHello\n");
    buf_init(&problems);
    struct template_set *s = template_set_load(dir, &names, collect, &problems);
    if (s == NULL)
        fail_msg("%s", problems.data);
    const struct template_entry *sms = template_set_find(s, "ready", TEMPLATE_KIND_SMS, "en", "en");
    assert_true(str_list_has(&sms->uses, "visit.link"));
    assert_true(str_list_has(&sms->uses, "visit.title"));
    assert_false(str_list_has(&sms->uses, "client.name"));
    sms = template_set_find(s, "ready", TEMPLATE_KIND_SMS, "lv", "en");
    assert_int_equal(sms->uses.count, 0);
    const struct template_entry *mail =
        template_set_find(s, "ready", TEMPLATE_KIND_EMAIL, "en", "en");
    assert_true(str_list_has(&mail->uses, "client.name"));
    assert_true(str_list_has(&mail->uses, "business.name"));
    assert_false(str_list_has(&mail->uses, "visit.link"));
    template_set_free(s);
    buf_close(&problems);
}

static struct template_set *load_draft(const char *file, const char *text, struct buf *problems)
{
    static const char *const names[] = {"client.name"};
    const struct template_names known = {names, 1};
    const struct template_draft draft = {file, text, strlen(text)};

    buf_clear(problems);
    return template_set_load_draft(dir, &draft, &known, collect, problems);
}

static void a_draft_stands_in_for_its_file_and_the_file_stays(void **state)
{
    struct buf problems;

    buf_init(&problems);
    put("ready/en.sms", "{{client.nmae}}");
    struct template_set *s = load_draft("ready/en.sms", "Hello {{client.name}}", &problems);
    assert_non_null(s);
    template_set_free(s);
    assert_null(load_draft("ready/en.sms", "Hello\n{{client.nam}}", &problems));
    assert_string_equal(
        problems.data,
        "ready/en.sms:2:1: no record has \"client.nam\"; did you mean \"client.name\"?\n");
    buf_close(&problems);
}

static void a_draft_may_be_of_a_file_that_is_not_there_yet(void **state)
{
    struct buf problems;

    buf_init(&problems);
    put("ready/en.sms", "Hello {{> foot}}");
    static const char *const files[] = {"ready/lv.sms", "late/en.email", "_shared/lv/foot.sms"};
    static const char *const texts[] = {"Sveiki", "Subject: Late\n\nHello\n", "Ata"};
    for (size_t i = 0; i < 3; i++) {
        assert_null(load_draft(files[i], texts[i], &problems));
        assert_non_null(strstr(problems.data, "ready/en.sms:1:")); /* and nothing else is wrong */
        assert_null(strstr(problems.data, files[i]));
    }
    struct template_set *s = load_draft("_shared/foot.sms", "Bye, {{client.name}}", &problems);
    assert_non_null(s);
    assert_true(str_list_has(&template_set_at(s, 0)->uses, "client.name"));
    template_set_free(s);
    buf_close(&problems);
}

static void assert_path(const char *path, bool good)
{
    struct template_file f;

    assert_int_equal(template_file_parse(path, &f), good);
    if (good) {
        char *again = template_file_path(&f);
        assert_string_equal(again, path);
        free(again);
    }
}

static void only_names_of_templates_are_read_as_such(void **state)
{
    static const char *const good[] = {"ready/lv.sms", "by-mail_2/kk-KZ.email", "_shared/foot.sms",
                                       "_shared/layout.html", "_shared/fa/layout.html"};
    static const char *const bad[] = {"",
                                      "lv.sms",
                                      "ready/lv.html",
                                      "ready/lv.txt",
                                      "ready/lv",
                                      "Ready/lv.sms",
                                      "ready/../lv.sms",
                                      "../lv.sms",
                                      "_own/lv.sms",
                                      "ready/x/lv.sms",
                                      "ready/.sms",
                                      "_shared/../foot.sms",
                                      "_shared/lv/x/foot.sms",
                                      "_shared//foot.sms",
                                      "_shared/nolanguage1/foot.sms",
                                      "/ready/lv.sms"};

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_path(good[i], true);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_path(bad[i], false);
}

static void every_file_of_the_folder_is_listed_whatever_is_in_it(void **state)
{
    struct template_file *files;
    struct buf all;
    size_t count;

    put("ready/lv.sms", "{{");
    put("ready/en.email", "no subject");
    put("ready/notes.txt", "x");
    put("_shared/foot.sms", "x");
    put("_shared/lv/foot.sms", "x");
    assert_int_equal(template_files(dir, &files, &count, NULL), 0);
    buf_init(&all);
    for (size_t i = 0; i < count; i++) {
        char *path = template_file_path(&files[i]);
        buf_printf(&all, "%s ", path);
        free(path);
    }
    assert_string_equal(all.data,
                        "ready/en.email ready/lv.sms _shared/foot.sms _shared/lv/foot.sms ");
    buf_close(&all);
    free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(languages_fall_back),
        WITH_DIR(a_draft_stands_in_for_its_file_and_the_file_stays),
        WITH_DIR(a_draft_may_be_of_a_file_that_is_not_there_yet),
        cmocka_unit_test(only_names_of_templates_are_read_as_such),
        WITH_DIR(every_file_of_the_folder_is_listed_whatever_is_in_it),
        WITH_DIR(an_entry_knows_which_names_it_uses),
        WITH_DIR(partials_of_the_language_go_first),
        WITH_DIR(everything_wrong_in_a_folder_is_told_at_once),
        WITH_DIR(a_folder_that_is_not_there_is_told),
        WITH_DIR(no_file_outside_the_folder_is_read),
        WITH_DIR(a_file_that_is_too_large_is_told),
        WITH_DIR(partials_and_names_that_are_not_there_are_told_once),
        WITH_DIR(a_mail_has_a_subject_a_text_and_a_page),
        cmocka_unit_test(a_mail_without_a_subject_is_not_fit_to_send),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
