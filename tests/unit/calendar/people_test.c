/* calendar/: whose an event is, and what is done when nobody knows. */
#include "harness.h"

static void a_number_finds_its_client_however_it_is_written(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", "ATTENDEE:tel:+371-29-123-456\n")
                   AT("e2", "20261208T160000", "ATTENDEE:TEL:29123456\n")
                       AT("e3", "20261208T170000", "ATTENDEE:sms:+37120000002\n"));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked; e2 anna 2026-12-08T16:00 booked; "
                     "e3 boris 2026-12-08T17:00 booked");
    words_close(w);
}

static void a_pattern_finds_the_client_in_title_and_description(void **state)
{
    struct look_words *w = words_open();

    str_list_add(&w->patterns, "Phone: {phone}", 14);
    str_list_add(&w->patterns, "({ref})", 7);
    look_at(w, AT("e1", "20261208T150000", "DESCRIPTION:Brakes.\\nphone: 29 123 456\\nthanks\n")
                   AT("e2", "20261208T160000",
                      "DESCRIPTION:<p>Brakes<br>Phone:&nbsp;"
                      "<b>+371 20000002</b></p>\n")
                       EVENT("e3", "DTSTART:20261208T150000Z\nSUMMARY:Brakes (anna)\n"));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked; e2 boris 2026-12-08T16:00 booked; "
                     "e3 anna 2026-12-08T17:00 booked");
    words_close(w);
}

static void a_text_that_never_closes_what_it_opens_is_looked_through_all_the_same(void **state)
{
    static const char *const opens[] = {"<", "<b ", "</p", "&", "<<b>"};
    struct look_words *w = words_open();

    str_list_add(&w->patterns, "Phone: {phone}", 14);
    for (size_t i = 0; i < sizeof(opens) / sizeof(*opens); i++) {
        struct buf lines;
        buf_init(&lines);
        buf_printf(&lines,
                   "BEGIN:VEVENT\nUID:e%zu\nDTSTART:2026120%zuT100000Z\n"
                   "DESCRIPTION:Phone: 20000002\\n",
                   i, i + 4);
        while (lines.len < 250000)
            buf_puts(&lines, opens[i]);
        buf_puts(&lines, "\nEND:VEVENT\n");
        look_at(w, lines.data);
        buf_close(&lines);
    }
    assert_int_equal(shop_count(w->shop, "SELECT count(*) FROM appointment WHERE client_id = 2"),
                     sizeof(opens) / sizeof(*opens));
    words_close(w);
}

static void without_a_pattern_no_text_finds_anybody(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", "DESCRIPTION:anna@example.com 29123456\n"));
    assert_visits(w, "");
    assert_task(w, "“e1” on 2026-12-08 15:00 in the calendar desk names no client");
    words_close(w);
}

static void the_business_its_staff_and_its_rooms_are_no_clients(void **state)
{
    struct look_words *w = words_open();

    shop_sql(w->shop, "INSERT INTO staff (id, ref, name, email) VALUES "
                      "(5, 's1', 'Zane', 'zane@example.com'); "
                      "INSERT INTO client (ref, name, email) VALUES ('x', 'X', 'zane@example.com'),"
                      "('y', 'Y', 'hello@example.com'), ('z', 'Z', 'bay@example.com'), "
                      "('o', 'O', 'office@example.com')");
    look_at(w, AT("e1", "20261208T150000",
                  "ORGANIZER:mailto:office@example.com\nATTENDEE:mailto:Zane@example.com\n"
                  "ATTENDEE:mailto:office@example.com\nATTENDEE:mailto:hello@example.com\n"
                  "ATTENDEE;CUTYPE=ROOM:mailto:bay@example.com\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    assert_answer(w->shop, "SELECT staff_id FROM appointment", "5");
    words_close(w);
}

static void several_clients_are_a_task_and_never_a_guess(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA BORIS));
    assert_visits(w, "");
    assert_task(w, "fits more than one client (anna@example.com and boris@example.com)");
    words_close(w);
}

static void a_shared_address_is_several_clients_until_a_number_says_who(void **state)
{
    struct look_words *w = words_open();

    shop_sql(w->shop, "INSERT INTO client (ref, name, email) VALUES ('kid', 'K', "
                      "'anna@example.com')");
    look_at(w, AT("e1", "20261208T150000", ANNA));
    assert_visits(w, "");
    assert_task(w, "fits more than one client (anna@example.com)");
    look_at(w, AT("e1", "20261208T150000", ANNA "ATTENDEE:tel:+37129123456\n"));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    assert_task(w, "");
    words_close(w);
}

static void a_guest_whom_nobody_knows_does_not_hide_the_client(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA "ATTENDEE:mailto:friend@example.com\n"));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    words_close(w);
}

static void a_task_ends_by_itself_when_the_client_comes(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", "ATTENDEE:mailto:new@example.com\n"));
    assert_task(w, "names new@example.com, and no client has that");
    look_again(w);
    assert_task(w, "names new@example.com");
    shop_sql(w->shop, "INSERT INTO client (ref, name, email) VALUES ('new', 'N', "
                      "'NEW@example.com')");
    look_again(w);
    assert_visits(w, "e1 new 2026-12-08T15:00 booked");
    assert_answer(w->shop, "SELECT done_by, done_note FROM task",
                  "- the event has found its client");
    words_close(w);
}

static void a_task_ends_by_itself_when_the_event_goes_or_is_over(void **state)
{
    struct look_words *w = words_open();
    const char *stays = AT("stays", "20261220T150000", ANNA);
    struct buf both;

    buf_init(&both);
    buf_printf(&both, "%s%s%s", AT("gone", "20261208T150000", ""),
               AT("over", "20261203T150000", ""), stays);
    look_at(w, both.data);
    assert_answer(w->shop, "SELECT count(*) FROM task WHERE done_ms IS NULL", "2");
    buf_clear(&both);
    buf_printf(&both, "%s%s", AT("over", "20261203T150000", ""), stays);
    look_at(w, both.data);
    assert_answer(w->shop, "SELECT done_note FROM task WHERE done_ms IS NOT NULL",
                  "the event is gone from the calendar");
    shop_at("2026-12-04T09:00");
    look_at(w, both.data);
    assert_task(w, "");
    buf_close(&both);
    words_close(w);
}

static void a_series_without_a_client_is_one_task_and_what_is_done_stays_done(void **state)
{
    struct look_words *w = words_open();
    const char *lunch = AT("lunch", "20261201T120000", "RRULE:FREQ=DAILY\n");

    look_at(w, lunch);
    assert_answer(w->shop, "SELECT count(*) FROM task", "1");
    shop_sql(w->shop, "UPDATE task SET done_ms = 1, done_by = 'Zane'");
    shop_at("2026-12-02T09:00");
    look_at(w, lunch);
    assert_task(w, "");
    words_close(w);
}

static void what_is_past_is_no_task(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261130T150000", ""));
    assert_task(w, "");
    words_close(w);
}

static void events_that_name_nobody_are_passed_over_where_that_is_wanted(void **state)
{
    struct look_words *w = words_open();

    w->pass_over = true;
    look_at(w, AT("lunch", "20261208T120000", "")
                   AT("e1", "20261208T150000", "ATTENDEE:mailto:new@example.com\n"));
    assert_answer(w->shop, "SELECT count(*) FROM task", "1");
    assert_task(w, "names new@example.com");
    assert_int_equal(w->report.counts[APPLY_PASSED], 1);
    words_close(w);
}

static void their_tasks_end_when_they_are_passed_over_from_now_on_and_come_back(void **state)
{
    struct look_words *w = words_open();
    const char *lunch = AT("lunch", "20261208T120000", "RRULE:FREQ=DAILY;COUNT=3\n");

    look_at(w, lunch);
    assert_task(w, "names no client");
    w->pass_over = true;
    look_at(w, lunch);
    assert_task(w, "");
    look_at(w, lunch);
    assert_int_equal(w->report.counts[APPLY_PASSED], 3);
    w->pass_over = false;
    look_at(w, lunch);
    assert_task(w, "names no client");
    words_close(w);
}

static void tasks_have_a_limit(void **state)
{
    struct look_words *w = words_open();
    struct buf many;

    buf_init(&many);
    for (int i = 0; i < APPLY_TASKS_MAX + 50; i++)
        buf_printf(&many, "BEGIN:VEVENT\nUID:e%d\nDTSTART:20261208T100000Z\nEND:VEVENT\n", i);
    look_at(w, many.data);
    assert_int_equal(shop_count(w->shop, "SELECT count(*) FROM task"), APPLY_TASKS_MAX);
    assert_int_equal(w->report.counts[APPLY_NOBODY], APPLY_TASKS_MAX + 50);
    buf_close(&many);
    words_close(w);
}

static void an_event_that_names_somebody_else_is_hers_no_more(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA) AT("e2", "20261208T160000", ANNA)
                   AT("e3", "20261208T170000", ANNA));
    look_at(w, AT("e1", "20261208T150000", BORIS)
                   AT("e2", "20261208T160000", "ATTENDEE:mailto:new@example.com\n")
                       AT("e3", "20261208T170000", ""));
    assert_visits(w, "e1 boris 2026-12-08T15:00 booked; e2 anna 2026-12-08T16:00 cancelled; "
                     "e3 anna 2026-12-08T17:00 booked");
    assert_task(w, "names new@example.com");
    words_close(w);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_finds_its_client_however_it_is_written),
        cmocka_unit_test(a_pattern_finds_the_client_in_title_and_description),
        cmocka_unit_test(a_text_that_never_closes_what_it_opens_is_looked_through_all_the_same),
        cmocka_unit_test(without_a_pattern_no_text_finds_anybody),
        cmocka_unit_test(the_business_its_staff_and_its_rooms_are_no_clients),
        cmocka_unit_test(several_clients_are_a_task_and_never_a_guess),
        cmocka_unit_test(a_shared_address_is_several_clients_until_a_number_says_who),
        cmocka_unit_test(a_guest_whom_nobody_knows_does_not_hide_the_client),
        cmocka_unit_test(a_task_ends_by_itself_when_the_client_comes),
        cmocka_unit_test(a_task_ends_by_itself_when_the_event_goes_or_is_over),
        cmocka_unit_test(a_series_without_a_client_is_one_task_and_what_is_done_stays_done),
        cmocka_unit_test(what_is_past_is_no_task),
        cmocka_unit_test(events_that_name_nobody_are_passed_over_where_that_is_wanted),
        cmocka_unit_test(their_tasks_end_when_they_are_passed_over_from_now_on_and_come_back),
        cmocka_unit_test(tasks_have_a_limit),
        cmocka_unit_test(an_event_that_names_somebody_else_is_hers_no_more),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("calendar/people", tests, NULL, NULL);
}
