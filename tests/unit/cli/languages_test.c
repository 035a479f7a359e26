/* cli/languages: what is missing in a language that some messages to clients are in. */
#include "../support/shop.h"

#include "cli/languages.h"

#define PLAYBOOK                                                                                   \
    SHOP_WORKFLOW "[rule ready]\non = job enters Ready\nby = sms and email\n"                      \
                  "[rule booked]\non = appointment booked\nby = sms\n"                             \
                  "[rule news]\non = job opens\nto = staff\nby = sms\n"

static void words(struct shop *s, const char *file)
{
    char *path = mem_printf("templates/%s", file);

    shop_file(s, path, "Subject: Words\n\nWords.\n");
    free(path);
}

static struct shop *begun(void)
{
    static const char *const files[] = {"ready/en.sms", "ready/en.email", "booked/en.sms",
                                        "news/en.sms"};
    struct shop *s = shop_open(PLAYBOOK, "2026-12-01T09:00");

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        words(s, files[i]);
    return s;
}

static void client(struct shop *s, const char *language)
{
    shop_sql(s, "INSERT INTO client (name, language) VALUES ('Ilze', '%s')", language);
}

/* "LANGUAGE: CLIENTS, LACKING of RULES in INSTEAD: FILE ...; ..." */
static void assert_gaps(struct shop *s, const char *expected)
{
    struct language_gap *list;
    struct buf b;
    size_t count;

    shop_forget_templates(s);
    shop_templates(s);
    const struct config c = {
        .settings = s->settings, .playbook = s->playbook, .templates = s->templates};
    shop_ok(s, languages_gaps(s->store, &c, &list, &count), "look for gaps");
    buf_init(&b);
    for (size_t i = 0; i < count; i++) {
        const struct language_gap *g = &list[i];
        buf_printf(&b, "%s%s: %d, %zu of %zu in %s:", i > 0 ? "; " : "", g->language,
                   (int)g->clients, g->lacking, g->rules, g->instead);
        for (size_t k = 0; k < g->files.count; k++)
            buf_printf(&b, " %s", g->files.items[k]);
    }
    assert_string_equal(b.len > 0 ? b.data : "", expected);
    buf_close(&b);
    language_gaps_free(list, count);
}

static void a_language_is_whole_or_not_there_at_all(void **state)
{
    struct shop *s = begun();

    client(s, "lv");
    assert_gaps(s, "");
    words(s, "booked/lv.sms");
    assert_gaps(s, "lv: 1, 1 of 2 in en: ready/lv.sms ready/lv.email");
    words(s, "ready/lv.sms");
    assert_gaps(s, "lv: 1, 1 of 2 in en: ready/lv.email");
    words(s, "ready/lv.email");
    assert_gaps(s, "");
    shop_close(s);
}

static void what_no_client_speaks_is_no_gap(void **state)
{
    struct shop *s = begun();

    words(s, "booked/lv.sms");
    words(s, "ready/kk.sms");
    assert_gaps(s, "");
    client(s, "");
    client(s, "kk");
    assert_gaps(s, "kk: 1, 2 of 2 in en: ready/kk.email booked/kk.sms");
    shop_close(s);
}

static void texts_for_staff_alone_are_none_for_clients(void **state)
{
    struct shop *s = begun();

    words(s, "news/ru.sms");
    assert_gaps(s, "");
    client(s, "ru");
    assert_gaps(s, "ru: 1, 2 of 2 in en: ready/ru.sms ready/ru.email booked/ru.sms");
    shop_close(s);
}

static void another_country_of_the_same_language_is_no_gap(void **state)
{
    struct shop *s = begun();

    client(s, "pt-BR");
    client(s, "pt-PT");
    client(s, "PT");
    client(s, "en-GB");
    words(s, "booked/pt.sms");
    words(s, "booked/pt-BR.sms");
    words(s, "ready/pt.sms");
    words(s, "ready/en-GB.sms");
    assert_gaps(s, "pt: 2, 1 of 2 in en: ready/pt.email; "
                   "pt-BR: 1, 1 of 2 in en: ready/pt-BR.email");
    words(s, "ready/pt.email");
    assert_gaps(s, "");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_language_is_whole_or_not_there_at_all),
        cmocka_unit_test(what_no_client_speaks_is_no_gap),
        cmocka_unit_test(texts_for_staff_alone_are_none_for_clients),
        cmocka_unit_test(another_country_of_the_same_language_is_no_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
