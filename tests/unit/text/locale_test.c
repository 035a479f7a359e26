/* text/locale: words, digits, calendars and letters of the reader's language. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/locale.h"

static const struct civil visit = {2026, 12, 8, 15, 0, 0};
static const struct civil today = {2026, 12, 7, 9, 30, 0};

enum what { DATE, ON, TIME, DATETIME, WEEKDAY, MONTH, YEAR, RELATIVE };

static void told(const char *language, enum what what, const struct civil *t, const char *expected)
{
    struct locale *l = locale_get(language, NULL);
    struct buf b;

    buf_init(&b);
    switch (what) {
    case DATE:
        locale_date(l, t, LOCALE_HOUSE, &today, &b);
        break;
    case ON:
        locale_on(l, t, &today, &b);
        break;
    case TIME:
        locale_time(l, t, &b);
        break;
    case DATETIME:
        locale_datetime(l, t, LOCALE_HOUSE, &today, &b);
        break;
    case WEEKDAY:
        locale_weekday(l, t, &b);
        break;
    case MONTH:
        locale_month(l, t, &b);
        break;
    case YEAR:
        locale_year(l, t, &b);
        break;
    case RELATIVE:
        locale_relative(l, t, true, &today, &b);
        break;
    }
    assert_string_equal(b.data, expected);
    buf_close(&b);
}

static void a_date_reads_as_a_person_writes_it(void **state)
{
    told("en", DATE, &visit, "Tuesday, 8 December");
    told("en-US", DATE, &visit, "Tuesday, December 8");
    told("lv", DATE, &visit, "otrdiena, 8. decembris");
    told("ru", DATE, &visit, "вторник, 8 декабря");
    told("kk", DATE, &visit, "8 желтоқсан, сейсенбі");
    told("de", DATE, &visit, "Dienstag, 8. Dezember");
}

static void a_persian_reads_a_jalali_date_in_persian_digits(void **state)
{
    told("fa", DATE, &visit, "سه‌شنبه ۱۷ آذر");
    told("fa", YEAR, &visit, "۱۴۰۵");
    told("fa", TIME, &visit, "۱۵:۰۰");
    told("fa-u-nu-latn", TIME, &visit, "15:00");
    told("fa-u-ca-gregory", MONTH, &visit, "دسامبر");
}

static void the_year_is_told_when_it_is_another_on_the_readers_calendar(void **state)
{
    static const struct civil january = {2027, 1, 5, 10, 0, 0};
    static const struct civil april = {2027, 4, 6, 10, 0, 0};

    told("en", DATE, &january, "Tuesday, 5 January 2027");
    told("ru", DATE, &january, "вторник, 5 января 2027\u202fг.");
    told("fa", DATE, &january, "سه‌شنبه ۱۵ دی"); /* still 1405 */
    told("fa", DATE, &april, "سه‌شنبه ۱۷ فروردین ۱۴۰۶");
    told("th", YEAR, &visit, "2569");
}

static void within_a_sentence_the_date_has_the_right_case(void **state)
{
    static const struct civil march = {2027, 3, 3, 10, 0, 0};

    told("en", ON, &visit, "on Tuesday, 8 December");
    told("lv", ON, &visit, "otrdien, 8. decembrī");
    told("lv", ON, &march, "trešdien, 2027. gada 3. martā");
    told("ru", ON, &visit, "во вторник, 8 декабря");
    told("ru", ON, &march, "в среду, 3 марта 2027 г.");
    told("kk", ON, &visit, "8 желтоқсан, сейсенбі күні");
    told("pl", ON, &visit, "wtorek, 8 grudnia"); /* no words of ours: as CLDR has it */
}

static void near_days_have_words(void **state)
{
    static const struct civil same = {2026, 12, 7, 18, 5, 0}, after = {2026, 12, 9, 8, 0, 0};
    static const struct civil friday = {2026, 12, 11, 9, 30, 0};

    told("en", RELATIVE, &visit, "tomorrow at 15:00");
    told("en", RELATIVE, &same, "today at 18:05");
    told("en", RELATIVE, &after, "on Wednesday, 9 December at 08:00");
    told("en", RELATIVE, &friday, "on Friday, 11 December at 09:30");
    told("lv", RELATIVE, &visit, "rīt plkst. 15:00");
    told("lv", RELATIVE, &after, "parīt plkst. 08:00");
    told("lv", RELATIVE, &friday, "piektdien, 11. decembrī plkst. 09:30");
    told("ru", RELATIVE, &after, "послезавтра в 08:00");
    told("kk", RELATIVE, &visit, "ертең, сағат 15:00");
    told("fa", RELATIVE, &visit, "فردا ساعت ۱۵:۰۰");
}

static void day_and_month_stand_alone_in_small_letters_where_the_language_does(void **state)
{
    told("lv", WEEKDAY, &visit, "otrdiena");
    told("kk", MONTH, &visit, "желтоқсан");
    told("ru", MONTH, &visit, "декабрь");
    told("en", WEEKDAY, &visit, "Tuesday");
    told("lv", DATETIME, &visit, "otrdiena, 8. decembris plkst. 15:00");
    told("ru", DATETIME, &visit, "вторник, 8 декабря в 15:00");
}

static void a_bad_language_falls_back(void **state)
{
    told("kk_KZ", DATE, &visit, "8 желтоқсан, сейсенбі");
    told("lv-LV-x-!!", DATE, &visit, "otrdiena, 8. decembris");
    told("xx", DATE, &visit, "Tuesday, 8 December");
    told("", DATE, &visit, "Tuesday, 8 December");
    told("../../etc/passwd", DATE, &visit, "Tuesday, 8 December");
    told("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "a",
         DATE, &visit, "Tuesday, 8 December");
}

static void the_business_region_decides_on_bare_english_only(void **state)
{
    struct buf b;

    buf_init(&b);
    locale_time(locale_get("en", "US"), &visit, &b);
    assert_non_null(strstr(b.data, "PM"));
    buf_clear(&b);
    locale_time(locale_get("en", "LV"), &visit, &b);
    assert_string_equal(b.data, "15:00");
    buf_clear(&b);
    locale_time(locale_get("lv", "US"), &visit, &b);
    assert_string_equal(b.data, "15:00");
    buf_close(&b);
}

static void more_languages_than_can_be_kept_do_no_harm(void **state)
{
    for (int i = 0; i < 3000; i++) {
        char tag[32];
        struct buf b;
        snprintf(tag, sizeof(tag), "lv-%c%c-u-nu-%s", 'A' + i % 26, 'A' + i / 26 % 26,
                 i % 2 ? "latn" : "arab");
        buf_init(&b);
        locale_date(locale_get(tag, NULL), &visit, LOCALE_HOUSE, &today, &b);
        assert_true(b.len > 0);
        buf_close(&b);
    }
    told("ru", TIME, &visit, "15:00");
}

static void language_tags_are_checked(void **state)
{
    assert_true(locale_language_valid("lv"));
    assert_true(locale_language_valid("kk-KZ"));
    assert_true(locale_language_valid("zh-Hant-TW"));
    assert_false(locale_language_valid(NULL));
    assert_false(locale_language_valid(""));
    assert_false(locale_language_valid("xx"));
    assert_false(locale_language_valid("kk_KZ"));
    assert_false(locale_language_valid("english!"));
    assert_false(locale_language_valid("lv "));
    assert_string_equal(locale_direction("fa"), "rtl");
    assert_string_equal(locale_direction("ar-EG"), "rtl");
    assert_string_equal(locale_direction("lv"), "ltr");
    assert_string_equal(locale_direction("nonsense!"), "ltr");
    assert_string_equal(locale_direction(NULL), "ltr");
}

static void amounts_keep_every_cent(void **state)
{
    struct buf b;

    buf_init(&b);
    assert_int_equal(locale_money(locale_get("en", NULL), "90071992547409.93", "eur", &b), 0);
    assert_string_equal(b.data, "€90,071,992,547,409.93");
    buf_clear(&b);
    assert_int_equal(locale_money(locale_get("en", NULL), "120.00", "EUR", &b), 0);
    assert_string_equal(b.data, "€120");
    buf_clear(&b);
    assert_int_equal(locale_money(locale_get("lv", NULL), "-1234.5", "EUR", &b), 0);
    assert_string_equal(b.data, "-1234,50\u00a0€");
    buf_clear(&b);
    assert_int_equal(locale_money(locale_get("en", NULL), "12", "EURO", &b), ERR_INVALID);
    assert_int_equal(locale_money(locale_get("en", NULL), "12", "E\n!", &b), ERR_INVALID);
    assert_int_equal(locale_money(locale_get("en", NULL), "1e9", "EUR", &b), ERR_INVALID);
    assert_int_equal(locale_number(locale_get("en", NULL), "NaN", -1, &b), ERR_INVALID);
    assert_int_equal(b.len, 0);
    assert_int_equal(locale_number(locale_get("fa", NULL), "1234.5", 2, &b), 0);
    assert_string_equal(b.data, "۱٬۲۳۴٫۵۰");
    buf_close(&b);
}

static void plural_forms_follow_the_language(void **state)
{
    struct locale *en = locale_get("en", NULL), *ru = locale_get("ru", NULL);
    struct locale *lv = locale_get("lv", NULL);

    assert_int_equal(locale_plural(en, "1", 2), 0);
    assert_int_equal(locale_plural(en, "2", 2), 1);
    assert_int_equal(locale_plural(ru, "21", 3), 0);
    assert_int_equal(locale_plural(ru, "3", 3), 1);
    assert_int_equal(locale_plural(ru, "12", 3), 2);
    assert_int_equal(locale_plural(lv, "21", 2), 0);
    assert_int_equal(locale_plural(lv, "11", 3), 2); /* "11 dienu" */
    assert_int_equal(locale_plural(lv, "11", 2), 1);
    assert_int_equal(locale_plural(en, "many", 2), 1);
    assert_int_equal(locale_plural(ru, "5", 1), 0);
}

static void letters_change_by_the_rules_of_the_language(void **state)
{
    struct buf b;

    buf_init(&b);
    locale_upper(locale_get("tr", NULL), "istanbul", 8, &b);
    assert_string_equal(b.data, "İSTANBUL");
    buf_clear(&b);
    locale_upper(locale_get("de", NULL), "straße", 7, &b);
    assert_string_equal(b.data, "STRASSE");
    buf_clear(&b);
    locale_capitalize(locale_get("lv", NULL), "šodien", 7, &b);
    assert_string_equal(b.data, "Šodien");
    buf_clear(&b);
    locale_upper(locale_get("en", NULL), "a\xff\xfe", 3, &b); /* no UTF-8, no harm */
    assert_true(b.len > 0);
    buf_close(&b);
}

static void a_cut_never_splits_what_a_reader_sees_as_one(void **state)
{
    static const char family[] = "👨‍👩‍👧 ir te";
    struct buf b;

    buf_init(&b);
    locale_cut(family, strlen(family), 2, &b);
    assert_string_equal(b.data, "👨‍👩‍👧…");
    buf_clear(&b);
    locale_cut("Bērziņa", strlen("Bērziņa"), 7, &b);
    assert_string_equal(b.data, "Bērziņa");
    buf_clear(&b);
    locale_cut("Bērziņa", strlen("Bērziņa"), 4, &b);
    assert_string_equal(b.data, "Bēr…");
    buf_close(&b);
}

static void gsm(const char *language, const char *text, const char *expected)
{
    struct buf b;

    buf_init(&b);
    locale_gsm(locale_get(language, NULL), text, strlen(text), &b);
    assert_string_equal(b.data, expected);
    buf_close(&b);
}

static void transliteration_keeps_what_the_sms_alphabet_has(void **state)
{
    gsm("lv", "Ilze Bērziņa – “labi” …", "Ilze Berzina - \"labi\" ...");
    gsm("de", "Grüße, 5 €: ñ é à", "Grüße, 5 €: ñ é à");
    gsm("ru", "Ольга, ваш заказ готов. Ёлка ещё, Жанна",
        "Olga, vash zakaz gotov. Yelka yeshche, Zhanna");
    gsm("kk", "Қайырлы күн, Әйгерім! Ұлжан", "Qaiyrly kün, Äigerim! Ulzhan");
    gsm("en", "Жанна 😀", "Zhanna 😀");
    gsm("en", "", "");
}

static void *format_many(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        struct buf b;
        buf_init(&b);
        locale_date(locale_get(i % 2 ? "fa" : "lv", NULL), &visit, LOCALE_HOUSE, &today, &b);
        if (strcmp(b.data, i % 2 ? "سه‌شنبه ۱۷ آذر" : "otrdiena, 8. decembris") != 0)
            *(int *)arg += 1;
        buf_close(&b);
    }
    return NULL;
}

static void threads_do_not_disturb_one_another(void **state)
{
    pthread_t threads[4];
    int wrong[4] = {0};

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, format_many, &wrong[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

static void a_week_begins_as_it_does_in_the_country(void **state)
{
    assert_int_equal(locale_week_first(locale_get("lv", "LV"), "LV"), 1);
    assert_int_equal(locale_week_first(locale_get("en", "US"), "US"), 0);
    assert_int_equal(locale_week_first(locale_get("en", "LV"), "LV"), 1);
    assert_int_equal(locale_week_first(locale_get("fa", "IR"), "IR"), 6);
    assert_int_equal(locale_week_first(locale_get("lv", NULL), NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_reads_as_a_person_writes_it),
        cmocka_unit_test(a_persian_reads_a_jalali_date_in_persian_digits),
        cmocka_unit_test(the_year_is_told_when_it_is_another_on_the_readers_calendar),
        cmocka_unit_test(within_a_sentence_the_date_has_the_right_case),
        cmocka_unit_test(near_days_have_words),
        cmocka_unit_test(day_and_month_stand_alone_in_small_letters_where_the_language_does),
        cmocka_unit_test(a_bad_language_falls_back),
        cmocka_unit_test(the_business_region_decides_on_bare_english_only),
        cmocka_unit_test(language_tags_are_checked),
        cmocka_unit_test(amounts_keep_every_cent),
        cmocka_unit_test(plural_forms_follow_the_language),
        cmocka_unit_test(letters_change_by_the_rules_of_the_language),
        cmocka_unit_test(a_cut_never_splits_what_a_reader_sees_as_one),
        cmocka_unit_test(transliteration_keeps_what_the_sms_alphabet_has),
        cmocka_unit_test(a_week_begins_as_it_does_in_the_country),
        cmocka_unit_test(threads_do_not_disturb_one_another),
        /* last: it fills the tables of this process */
        cmocka_unit_test(more_languages_than_can_be_kept_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
