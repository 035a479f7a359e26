/* send/visit_link: links to single visits, who finds what behind them, and when they cost nothing.
 */
#include "../support/shop.h"

#include "base/token.h"
#include "send/visit_link.h"
#include "store/entities.h"

#define URL "https://garage.example.com"
#define RULE "[rule booked]\non = appointment booked\nby = sms\n"

static struct shop *linking_shop(const char *words)
{
    struct shop *s =
        shop_open_with(SHOP_PLAIN "\n[web]\nurl = " URL "\n", RULE, "2026-12-01T09:00");

    shop_ilze(s);
    shop_file(s, "templates/booked/en.sms", words);
    return s;
}

static void book(struct shop *s, const char *ref)
{
    shop_sql(s,
             "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
             "('%s', 1, '2026-12-08T15:00', 'Service')",
             ref);
    shop_look(s);
}

static char *link_of(struct shop *s, int64_t appointment_id)
{
    char *link;

    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, visit_link(s->store, URL "/", appointment_id, &link), "link");
    shop_ok(s, store_commit(s->store), "commit");
    return link;
}

static void a_link_leads_to_its_visit_and_is_the_same_each_time(void **state)
{
    struct shop *s = linking_shop("x");
    int64_t subject, known;

    book(s, "a1");
    book(s, "a2");
    char *one = link_of(s, 1), *two = link_of(s, 2), *again = link_of(s, 1);
    assert_true(str_starts(one, URL "/c/"));
    assert_string_equal(one, again);
    assert_string_not_equal(one, two);
    shop_ok(s, visit_link_read(s->store, one + strlen(URL "/c/"), &subject), "read");
    shop_ok(s, store_entity_id_of_row(s->store, ENTITY_APPOINTMENT, 1, &known), "id");
    assert_int_equal(subject, known);
    free(one);
    free(two);
    free(again);
    shop_close(s);
}

/* Every character of it counts. */
static void what_is_not_signed_leads_nowhere(void **state)
{
    struct shop *s = linking_shop("x");
    int64_t subject;

    book(s, "a1");
    char *link = link_of(s, 1), *token = link + strlen(URL "/c/");
    for (char *p = token; *p != '\0'; p++) {
        char kept = *p;
        *p = kept == 'a' ? 'b' : 'a';
        assert_int_equal(visit_link_read(s->store, token, &subject), ERR_NOTFOUND);
        *p = '-';
        assert_int_equal(visit_link_read(s->store, token, &subject), ERR_NOTFOUND);
        *p = kept;
    }
    const char *signature = token + strlen(token) - TOKEN_SIGNATURE_DIGITS;
    static const char *const before[] = {"", "0", "00", "01", "zzzzzzzzzz", "zzzzzzzzzzz"};
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        char *other = mem_printf("%s%s", before[i], signature);
        assert_int_equal(visit_link_read(s->store, other, &subject), ERR_NOTFOUND);
        free(other);
    }
    assert_int_equal(visit_link_read(s->store, "", &subject), ERR_NOTFOUND);
    /* One with zeros in front would be a second address of the same visit. */
    char *padded = mem_printf("0%s", token);
    assert_int_equal(visit_link_read(s->store, padded, &subject), ERR_NOTFOUND);
    shop_sql(s, "UPDATE meta SET value = 'another' WHERE name = 'link_key'");
    assert_int_equal(visit_link_read(s->store, token, &subject), ERR_NOTFOUND);
    shop_sql(s, "DELETE FROM meta WHERE name = 'link_key'");
    assert_int_equal(visit_link_read(s->store, token, &subject), ERR_NOTFOUND);
    free(padded);
    free(link);
    shop_close(s);
}

static void a_text_shows_it_and_stays_short(void **state)
{
    struct shop *s = linking_shop("See you! {{appointment.calendar_link}}");
    struct sms_size size;

    book(s, "a1");
    assert_int_equal(shop_send(s), 1);
    char *link = link_of(s, 1), *text = mem_printf("See you! %s", link);
    assert_answer(s, "SELECT text FROM payload", text);
    assert_int_equal(sms_measure(text, strlen(text), &size, NULL), 0);
    assert_int_equal(size.segments, 1);
    assert_false(size.unicode);
    assert_true(strlen(link) <= strlen(URL) + 30);
    free(text);
    free(link);
    shop_close(s);
}

static void a_section_and_a_partial_show_it_too(void **state)
{
    struct shop *s = linking_shop("{{#appointment}}{{> put}}{{/appointment}}");

    shop_file(s, "templates/_shared/put.sms", "Put it down: {{calendar_link}}");
    book(s, "a1");
    assert_int_equal(shop_send(s), 1);
    char *link = link_of(s, 1), *text = mem_printf("Put it down: %s", link);
    assert_answer(s, "SELECT text FROM payload", text);
    free(text);
    free(link);
    shop_close(s);
}

static void words_without_it_make_none(void **state)
{
    struct shop *s = linking_shop("See you, {{appointment.title}}!");

    book(s, "a1");
    assert_int_equal(shop_send(s), 1);
    assert_answer(s, "SELECT count(*) FROM meta WHERE name = 'link_key'", "0");
    shop_close(s);
}

static void a_row_written_anew_keeps_its_link(void **state)
{
    struct shop *s = linking_shop("x");

    book(s, "a1");
    char *before = link_of(s, 1);
    shop_now_ms += 60000;
    shop_sql(s, "REPLACE INTO appointment (ref, client_id, starts) VALUES "
                "('a1', 1, '2026-12-09T15:00')");
    shop_look(s);
    char *after = link_of(s, 2);
    assert_string_equal(before, after);
    free(before);
    free(after);
    shop_close(s);
}

static void what_nobody_knows_has_none(void **state)
{
    struct shop *s = linking_shop("x");
    char *link;

    assert_int_equal(visit_link(s->store, URL, 77, &link), ERR_NOTFOUND);
    assert_null(link);
    shop_close(s);
}

static void a_sample_is_as_long_and_leads_nowhere(void **state)
{
    struct shop *s = linking_shop("x");
    char *sample = visit_link_sample(URL "/");
    int64_t subject;

    book(s, "a1");
    char *link = link_of(s, 1);
    assert_true(strlen(sample) >= strlen(link) && strlen(sample) <= strlen(link) + 2);
    assert_int_equal(visit_link_read(s->store, sample + strlen(URL "/c/"), &subject), ERR_NOTFOUND);
    free(sample);
    free(link);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_leads_to_its_visit_and_is_the_same_each_time),
        cmocka_unit_test(what_is_not_signed_leads_nowhere),
        cmocka_unit_test(a_text_shows_it_and_stays_short),
        cmocka_unit_test(a_section_and_a_partial_show_it_too),
        cmocka_unit_test(words_without_it_make_none),
        cmocka_unit_test(a_row_written_anew_keeps_its_link),
        cmocka_unit_test(what_nobody_knows_has_none),
        cmocka_unit_test(a_sample_is_as_long_and_leads_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
