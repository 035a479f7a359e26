/* calendar/: what makes a look wait for a yes, or is no look at all. */
#include "harness.h"

/* `count` events from number `from` on. */
static void look_at_some(struct look_words *w, int from, int count)
{
    struct buf b;

    buf_init(&b);
    for (int i = from; i < from + count; i++)
        buf_printf(&b, "BEGIN:VEVENT\nUID:e%02d\nDTSTART:202612%02dT100000Z\n" ANNA "END:VEVENT\n",
                   i, 5 + i % 20);
    look_at(w, b.data);
    buf_close(&b);
}

static void assert_booked(struct look_words *w, int count)
{
    assert_int_equal(
        shop_count(w->shop, "SELECT count(*) FROM appointment WHERE status = 'booked'"), count);
}

static void a_calendar_that_is_suddenly_empty_waits_for_a_yes(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 1);
    look_at(w, "");
    assert_booked(w, 1);
    assert_string_equal(w->report.asks, "it has none left of 1 events to come");
    assert_task(w, "betimes calendar accept desk");
    assert_answer(w->shop, "SELECT asks_missing FROM calendar", "1");
    words_close(w);
}

static void more_than_a_fifth_missing_waits_and_a_fifth_does_not(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 20);
    look_at_some(w, 5, 15);
    assert_booked(w, 20);
    assert_string_equal(w->report.asks, "5 of 20 events to come are missing");
    look_at_some(w, 4, 16);
    assert_booked(w, 16);
    assert_null(w->report.asks);
    assert_task(w, "");
    words_close(w);
}

static void nothing_of_a_look_that_waits_is_applied(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 10);
    look_at(w, AT("new", "20261208T150000", ANNA));
    assert_booked(w, 10);
    assert_answer(w->shop, "SELECT count(*) FROM appointment WHERE uid = 'new'", "0");
    words_close(w);
}

static void a_yes_is_for_so_many_and_for_once(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 20);
    look_at_some(w, 10, 10);
    shop_ok(w->shop, store_calendar_accept(w->shop->store, "desk", 10), "accept");
    look_at_some(w, 15, 5); /* that is more than was accepted */
    assert_booked(w, 20);
    look_at_some(w, 10, 10);
    assert_booked(w, 10);
    assert_task(w, "");
    assert_answer(w->shop, "SELECT accepted, asks FROM calendar", "0 -");
    look_at_some(w, 18, 2);
    assert_booked(w, 10);
    words_close(w);
}

static void what_mends_itself_needs_no_yes(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 10);
    look_at(w, "");
    look_at_some(w, 0, 10);
    assert_booked(w, 10);
    assert_task(w, "");
    assert_answer(w->shop, "SELECT asks FROM calendar", "-");
    words_close(w);
}

static void past_events_and_cancelled_ones_are_not_missed(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 10);
    shop_at("2026-12-12T09:00"); /* e00 to e06 are over */
    look_at_some(w, 7, 3);
    assert_null(w->report.asks);
    words_close(w);
}

static void a_message_about_an_event_is_no_calendar_that_lacks_the_others(void **state)
{
    struct look_words *w = words_open();

    look_at_some(w, 0, 10);
    look_at(w,
            "METHOD:CANCEL\nBEGIN:VEVENT\nUID:e03\nDTSTART:20261208T100000Z\n" ANNA "END:VEVENT\n");
    assert_null(w->report.asks);
    assert_booked(w, 9);
    words_close(w);
}

static void a_calendar_that_was_cut_short_or_is_none_changes_nothing(void **state)
{
    static const char *const none[] = {
        "", "<html>please log in</html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:e01\r\nDTSTA",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:e01\r\n"
        "DTSTART:20261208T100000Z\r\nEND:VEVENT\r\n"};
    struct look_words *w = words_open();

    look_at_some(w, 0, 10);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct err err = {""};
        assert_int_equal(look_bytes(w, none[i], strlen(none[i]), &err), ERR_INVALID);
        assert_string_not_equal(err.text, "");
    }
    assert_booked(w, 10);
    words_close(w);
}

static void a_look_that_failed_is_counted_and_keeps_what_was_good(void **state)
{
    struct look_words *w = words_open();
    struct store *s = w->shop->store;

    look_at_some(w, 0, 2);
    shop_ok(w->shop, sync_failed(s, 0, "desk", "no answer", shop_now_ms + 1), "fail");
    shop_ok(w->shop, sync_failed(s, 0, "desk", "still none", shop_now_ms + 2), "fail");
    assert_answer(w->shop, "SELECT tries, trouble, looked_ms - good_ms FROM calendar",
                  "2 still none 2");
    look_at_some(w, 0, 2);
    assert_answer(w->shop, "SELECT tries, trouble FROM calendar", "0 -");
    words_close(w);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calendar_that_is_suddenly_empty_waits_for_a_yes),
        cmocka_unit_test(more_than_a_fifth_missing_waits_and_a_fifth_does_not),
        cmocka_unit_test(nothing_of_a_look_that_waits_is_applied),
        cmocka_unit_test(a_yes_is_for_so_many_and_for_once),
        cmocka_unit_test(what_mends_itself_needs_no_yes),
        cmocka_unit_test(past_events_and_cancelled_ones_are_not_missed),
        cmocka_unit_test(a_message_about_an_event_is_no_calendar_that_lacks_the_others),
        cmocka_unit_test(a_calendar_that_was_cut_short_or_is_none_changes_nothing),
        cmocka_unit_test(a_look_that_failed_is_counted_and_keeps_what_was_good),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("calendar/guard", tests, NULL, NULL);
}
