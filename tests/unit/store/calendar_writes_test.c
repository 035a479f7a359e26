/* store/calendar_writes: which visits their calendars may have to be told of. */
#include "../support/shop.h"

#include "store/calendar_writes.h"

#define NOW 1000

static struct shop *given(void)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (name, email) VALUES ('Anna', 'anna@example.com')");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) VALUES "
                "('desk/a', 1, '2026-12-08T15:00'), ('own', 1, '2026-12-08T16:00')");
    shop_sql(s, "INSERT INTO calendar (id, name, token) VALUES (7, 'desk', 's x')");
    shop_sql(s, "INSERT INTO calendar_event (calendar_id, uid, recurrence, digest, state, "
                "cancelled, starts_ms, starts, staff_row, sequence, names, ref) VALUES "
                "(7, 'a', '', 0, 0, 0, 0, '2026-12-08T15:00', 0, 0, '', 'desk/a')");
    return s;
}

static void only_what_came_from_a_calendar_is_noted(void **state)
{
    struct shop *s = given();
    struct calendar_write w;
    int64_t due_ms;

    shop_ok(s, store_calendar_write_note(s->store, "own", NOW), "note");
    shop_ok(s, store_calendar_write_due(s->store, &due_ms), "due");
    assert_true(due_ms == INT64_MAX);
    shop_ok(s, store_calendar_write_note(s->store, "desk/a", NOW), "note");
    assert_int_equal(store_calendar_write_next(s->store, NOW - 1, &w), ERR_NOTFOUND);
    shop_ok(s, store_calendar_write_next(s->store, NOW, &w), "next");
    assert_int_equal(w.calendar_id, 7);
    assert_string_equal(w.calendar, "desk");
    assert_string_equal(w.token, "s x");
    assert_string_equal(w.uid, "a");
    assert_string_equal(w.status, "booked");
    assert_string_equal(w.email, "anna@example.com");
    assert_false(w.event_cancelled);
    calendar_write_close(&w);
    shop_close(s);
}

static void what_changed_while_it_was_told_is_told_again(void **state)
{
    struct shop *s = given();
    struct calendar_write w;

    shop_ok(s, store_calendar_write_note(s->store, "desk/a", NOW), "note");
    shop_ok(s, store_calendar_write_later(s->store, "desk/a", 5 * NOW), "later");
    assert_int_equal(store_calendar_write_next(s->store, NOW, &w), ERR_NOTFOUND);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE ref = 'desk/a'");
    shop_ok(s, store_calendar_write_done(s->store, "desk/a", "confirmed"), "done");
    shop_ok(s, store_calendar_write_next(s->store, NOW, &w), "next");
    assert_int_equal(w.tries, 0);
    assert_string_equal(w.status, "cancelled");
    calendar_write_close(&w);
    shop_ok(s, store_calendar_write_done(s->store, "desk/a", "cancelled"), "done");
    assert_int_equal(store_calendar_write(s->store, "desk/a", &w), ERR_NOTFOUND);
    shop_close(s);
}

static void a_later_note_counts_anew(void **state)
{
    struct shop *s = given();
    struct calendar_write w;

    shop_ok(s, store_calendar_write_note(s->store, "desk/a", NOW), "note");
    shop_ok(s, store_calendar_write_later(s->store, "desk/a", 9 * NOW), "later");
    shop_ok(s, store_calendar_write(s->store, "desk/a", &w), "find");
    assert_int_equal(w.tries, 1);
    calendar_write_close(&w);
    shop_ok(s, store_calendar_write_note(s->store, "desk/a", 2 * NOW), "note");
    shop_ok(s, store_calendar_write_next(s->store, 2 * NOW, &w), "next");
    assert_int_equal(w.tries, 0);
    calendar_write_close(&w);
    shop_ok(s, store_calendar_write_told(s->store, "desk/a", true), "told");
    shop_ok(s, store_calendar_write(s->store, "desk/a", &w), "find");
    assert_true(w.event_cancelled);
    calendar_write_close(&w);
    shop_close(s);
}

static void what_has_no_appointment_or_calendar_any_more_is_empty(void **state)
{
    struct shop *s = given();
    struct calendar_write w;

    shop_ok(s, store_calendar_write_note(s->store, "desk/a", NOW), "note");
    shop_sql(s, "DELETE FROM appointment WHERE ref = 'desk/a'");
    shop_ok(s, store_calendar_write_next(s->store, NOW, &w), "next");
    assert_int_equal(w.calendar_id, 0);
    calendar_write_close(&w);
    shop_ok(s, store_calendar_write_done(s->store, "desk/a", ""), "done");
    assert_int_equal(store_calendar_write_next(s->store, NOW, &w), ERR_NOTFOUND);
    shop_close(s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_came_from_a_calendar_is_noted),
        cmocka_unit_test(what_changed_while_it_was_told_is_told_again),
        cmocka_unit_test(a_later_note_counts_anew),
        cmocka_unit_test(what_has_no_appointment_or_calendar_any_more_is_empty),
    };

    return cmocka_run_group_tests_name("store/calendar_writes", tests, NULL, NULL);
}
