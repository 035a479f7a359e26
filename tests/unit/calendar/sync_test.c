/* calendar/: what becomes of events, from the bytes to the appointments. */
#include "harness.h"

/* ---- booking */

static void an_event_becomes_an_appointment_of_the_client_among_its_guests(void **state)
{
    struct look_words *w = words_open();

    look_at(w,
            EVENT("e1", "DTSTART;TZID=Europe/Riga:20261208T150000\n"
                        "DTEND;TZID=Europe/Riga:20261208T163000\nSUMMARY:Oil\\, brakes\n"
                        "LOCATION:Bay 2\nSEQUENCE:3\nORGANIZER:mailto:hello@example.com\n" ANNA));
    assert_answer(w->shop,
                  "SELECT ref, client_id, title, location, starts, ends, timezone, status, uid, "
                  "sequence FROM appointment",
                  "desk/e1 1 Oil, brakes Bay 2 2026-12-08T15:00 2026-12-08T16:30 Europe/Riga "
                  "booked e1 3");
    assert_task(w, "");
    words_close(w);
}

static void a_second_look_at_the_same_changes_nothing(void **state)
{
    struct look_words *w = words_open();
    const char *same = AT("e1", "20261208T150000", ANNA) AT("e2", "20261209T150000", "");

    look_at(w, same);
    int64_t rows = sqlite3_total_changes64(w->shop->store->db);
    shop_sql(w->shop, "UPDATE appointment SET status = 'confirmed', title = 'mine'");
    look_at(w, same);
    assert_visits(w, "e1 anna 2026-12-08T15:00 confirmed");
    assert_answer(w->shop, "SELECT title FROM appointment", "mine");
    assert_int_equal(w->report.unchanged, 1);
    /* One row says that there was a look. */
    assert_int_equal(sqlite3_total_changes64(w->shop->store->db) - rows, 1);
    words_close(w);
}

static void a_day_is_a_date_and_greenwich_is_told_by_the_clocks_of_the_business(void **state)
{
    struct look_words *w = words_open();

    look_at(w, EVENT("day", "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225\n" ANNA)
                   EVENT("utc", "DTSTART:20261208T130000Z\n" ANNA)
                       EVENT("twice", "DTSTART:20271031T013000Z\n" ANNA)
                           EVENT("float", "DTSTART:20261209T080000\n" ANNA)
                               EVENT("far", "DTSTART;TZID=Asia/Almaty:20261210T150000\n" ANNA));
    assert_answer(w->shop, "SELECT uid, starts, ends, timezone FROM appointment ORDER BY starts",
                  "utc 2026-12-08T15:00 - Europe/Riga; float 2026-12-09T08:00 - Europe/Riga; "
                  "far 2026-12-10T15:00 - Asia/Almaty; day 2026-12-24 2026-12-25 -; "
                  "twice 2027-10-31T01:30:00Z - Europe/Riga");
    words_close(w);
}

static void a_floating_time_is_told_by_the_clocks_that_the_section_names(void **state)
{
    struct look_words *w = words_open();

    w->floating = zone_get("Asia/Almaty");
    look_at(w, EVENT("e1", "DTSTART:20261209T080000\n" ANNA));
    assert_answer(w->shop, "SELECT starts, timezone FROM appointment",
                  "2026-12-09T08:00 Asia/Almaty");
    words_close(w);
}

static void an_unknown_zone_is_told_and_never_shifted(void **state)
{
    struct look_words *w = words_open();

    look_at(w, EVENT("e1", "DTSTART;TZID=Mars/Base:20261208T150000\nSUMMARY:Far\n" ANNA));
    assert_visits(w, "");
    assert_task(w, "“Far” on 2026-12-08 15:00 in the calendar desk is told by clocks that nobody "
                   "here knows (Mars/Base)");
    look_at(w, EVENT("e1", "DTSTART;TZID=Europe/Riga:20261208T150000\nSUMMARY:Far\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    assert_task(w, "");
    /* And back: what is known of it stays. */
    look_at(w, EVENT("e1", "DTSTART;TZID=Mars/Base:20261209T150000\nSUMMARY:Far\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    assert_task(w, "Mars/Base");
    words_close(w);
}

/* ---- series */

#define WEEKLY(lines) AT("s", "20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=3\n" lines ANNA)

static void each_time_of_a_series_is_an_appointment_of_its_own(void **state)
{
    struct look_words *w = words_open();

    look_at(
        w, WEEKLY("EXDATE;TZID=Europe/Riga:20261214T090000\n"
                  "RDATE;TZID=Europe/Riga:20261230T120000\n")
               AT("s", "20261222T100000", "RECURRENCE-ID;TZID=Europe/Riga:20261221T090000\n" ANNA));
    assert_visits(w, "s anna 2026-12-07T09:00 booked; s anna 2026-12-22T10:00 booked; "
                     "s anna 2026-12-30T12:00 booked");
    words_close(w);
}

static void one_time_of_a_series_is_moved_and_another_one_cancelled(void **state)
{
    struct look_words *w = words_open();

    look_at(w, WEEKLY(""));
    look_at(w, WEEKLY("") AT("s", "20261215T110000",
                             "RECURRENCE-ID;TZID=Europe/Riga:20261214T090000\nSEQUENCE:1\n" ANNA)
                   AT("s", "20261221T090000",
                      "RECURRENCE-ID;TZID=Europe/Riga:20261221T090000\nSTATUS:CANCELLED\n" ANNA));
    assert_visits(w, "s anna 2026-12-07T09:00 booked; s anna 2026-12-15T11:00 booked; "
                     "s anna 2026-12-21T09:00 cancelled");
    words_close(w);
}

static void a_series_that_is_moved_as_a_whole_moves_and_is_not_cancelled(void **state)
{
    struct look_words *w = words_open();

    look_at(w, WEEKLY(""));
    look_at(w, AT("s", "20261208T100000", "RRULE:FREQ=WEEKLY;COUNT=3\n" ANNA));
    assert_visits(w, "s anna 2026-12-08T10:00 booked; s anna 2026-12-15T10:00 booked; "
                     "s anna 2026-12-22T10:00 booked");
    assert_int_equal(w->report.counts[APPLY_MOVED], 3);
    words_close(w);
}

static void a_series_of_long_ago_that_is_moved_by_days_moves_time_by_time(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("s", "20250106T090000", "RRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z\n" ANNA));
    shop_at("2026-12-10T09:00");
    look_at(w, AT("s", "20250110T090000", "RRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z\n" ANNA));
    assert_answer(w->shop,
                  "SELECT starts, status FROM appointment WHERE starts > '2026-12-09' ORDER BY 1",
                  "2026-12-11T09:00 booked; 2026-12-18T09:00 booked; 2026-12-25T09:00 booked");
    assert_int_equal(w->report.counts[APPLY_CANCELLED], 0);
    words_close(w);
}

static void an_event_that_becomes_a_series_stays_the_same_appointment(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("s", "20261207T090000", ANNA));
    look_at(w, WEEKLY(""));
    assert_visits(w, "s anna 2026-12-07T09:00 booked; s anna 2026-12-14T09:00 booked; "
                     "s anna 2026-12-21T09:00 booked");
    assert_int_equal(w->report.counts[APPLY_BOOKED], 2);
    assert_int_equal(w->report.counts[APPLY_CANCELLED], 0);
    words_close(w);
}

static void the_horizon_goes_on_with_the_days(void **state)
{
    struct look_words *w = words_open();
    const char *yearly = AT("s", "20261207T090000", "RRULE:FREQ=YEARLY\n" ANNA);

    look_at(w, yearly);
    assert_visits(w, "s anna 2026-12-07T09:00 booked; s anna 2027-12-07T09:00 booked");
    shop_at("2027-12-01T09:00");
    look_at(w, yearly);
    assert_visits(w, "s anna 2026-12-07T09:00 booked; s anna 2027-12-07T09:00 booked; "
                     "s anna 2028-12-07T09:00 booked");
    words_close(w);
}

/* ---- changes */

static void a_moved_event_moves_its_appointment_which_is_confirmed_no_more(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA) AT("e2", "20261208T170000", BORIS));
    shop_sql(w->shop, "UPDATE appointment SET status = 'confirmed'");
    look_at(w, AT("e1", "20261209T150000", ANNA)
                   EVENT("e2", "DTSTART;TZID=Europe/Riga:20261208T170000\nDURATION:PT1H\n"
                               "SUMMARY:new words\n" BORIS));
    assert_visits(w, "e2 boris 2026-12-08T17:00 confirmed; e1 anna 2026-12-09T15:00 booked");
    assert_answer(w->shop, "SELECT ends, title FROM appointment ORDER BY id",
                  "2026-12-09T16:00 e1; 2026-12-08T18:00 new words");
    words_close(w);
}

static void what_a_person_cancelled_stays_cancelled_when_its_event_is_moved(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA));
    shop_sql(w->shop, "UPDATE appointment SET status = 'cancelled'");
    look_at(w, AT("e1", "20261209T150000", ANNA));
    assert_visits(w, "e1 anna 2026-12-09T15:00 cancelled");
    words_close(w);
}

static void an_event_that_is_moved_beyond_the_horizon_is_not_cancelled(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA));
    look_at(w, AT("e1", "20280608T150000", ANNA));
    assert_visits(w, "e1 anna 2028-06-08T15:00 booked");
    words_close(w);
}

static void a_cancelled_event_cancels_and_comes_back(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA));
    look_at(w, AT("e1", "20261208T150000", "STATUS:CANCELLED\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 cancelled");
    look_at(w, AT("e1", "20261208T150000", "STATUS:TENTATIVE\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    look_at(w, "METHOD:CANCEL\n" AT("e1", "20261208T150000", ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 cancelled");
    words_close(w);
}

static void what_was_cancelled_before_it_was_known_is_never_booked(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", "STATUS:CANCELLED\n" ANNA)
                   AT("e2", "20261208T150000", "STATUS:CANCELLED\n"));
    assert_visits(w, "");
    assert_task(w, "");
    words_close(w);
}

static void a_vanished_event_is_cancelled_if_it_is_to_come(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("past", "20261130T150000", ANNA) AT("gone", "20261208T150000", ANNA)
                   AT("stays", "20261209T150000", BORIS));
    look_at(w, AT("stays", "20261209T150000", BORIS));
    assert_visits(w, "past anna 2026-11-30T15:00 booked; gone anna 2026-12-08T15:00 cancelled; "
                     "stays boris 2026-12-09T15:00 booked");
    look_at(w, AT("gone", "20261208T160000", ANNA) AT("stays", "20261209T150000", BORIS));
    assert_visits(w, "past anna 2026-11-30T15:00 booked; gone anna 2026-12-08T16:00 booked; "
                     "stays boris 2026-12-09T15:00 booked");
    words_close(w);
}

static void a_part_of_a_calendar_cancels_nothing_that_it_does_not_mention(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA) WEEKLY(""));
    w->part = true;
    look_at(w, AT("e2", "20261209T150000", BORIS));
    assert_answer(w->shop, "SELECT count(*) FROM appointment WHERE status = 'booked'", "5");
    /* Of what it does mention it speaks whole. */
    look_at(w, WEEKLY("EXDATE;TZID=Europe/Riga:20261214T090000\n"));
    assert_answer(w->shop, "SELECT starts FROM appointment WHERE status = 'cancelled'",
                  "2026-12-14T09:00");
    words_close(w);
}

static void an_event_that_cannot_be_read_whole_loses_nothing(void **state)
{
    struct look_words *w = words_open();

    look_at(w, WEEKLY("") AT("e1", "20261209T150000", BORIS));
    look_at(w, AT("s", "20261207T090000", "RRULE:FREQ=SOMETIMES\n" ANNA)
                   EVENT("e1", "DTSTART:20260230T000000\n" BORIS));
    assert_visits(w, "s anna 2026-12-07T09:00 booked; e1 boris 2026-12-09T15:00 booked; "
                     "s anna 2026-12-14T09:00 booked; s anna 2026-12-21T09:00 booked");
    assert_true(w->report.notes.count >= 2);
    words_close(w);
}

static void what_is_named_as_gone_goes_and_the_rest_stays(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA) AT("e2", "20261209T150000", ANNA)
                   AT("e3", "20261210T150000", ANNA) WEEKLY(""));
    str_list_add(&w->gone, "e2", 2);
    look_at(w, AT("e3", "20261211T150000", ANNA));
    assert_visits(w, "s anna 2026-12-07T09:00 booked; e1 anna 2026-12-08T15:00 booked; "
                     "e2 anna 2026-12-09T15:00 cancelled; e3 anna 2026-12-11T15:00 booked; "
                     "s anna 2026-12-14T09:00 booked; s anna 2026-12-21T09:00 booked");
    str_list_close(&w->gone);
    str_list_add(&w->gone, "e1", 2);
    str_list_add(&w->gone, "s", 1);
    look_at(w, "");
    assert_string_equal(w->report.asks, "2 of 3 events to come are missing");
    words_close(w);
}

static void of_two_versions_the_later_one_counts(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261209T150000", "SEQUENCE:2\n" ANNA)
                   AT("e1", "20261208T150000", "SEQUENCE:1\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-09T15:00 booked");
    words_close(w);
}

static void what_changed_in_a_calendar_leaves_the_rest_and_its_horizon_alone(void **state)
{
    struct look_words *w = words_open();
    struct err err = {""};

    look_at(w, AT("e1", "20261208T150000", ANNA) AT("e2", "20261209T150000", ANNA)
                   AT("e3", "20261210T150000", BORIS));
    char *until = shop_ask(w->shop, "SELECT until_ms FROM calendar");
    shop_at("2026-12-03T09:00");
    w->part = w->rest = true;
    look_at(w, AT("e2", "20261209T160000", ANNA));
    str_list_add(&w->gone, "e1", 2);
    assert_int_equal(look_bytes(w, "", 0, &err), 0); /* nothing came, one is gone */
    assert_visits(w, "e1 anna 2026-12-08T15:00 cancelled; e2 anna 2026-12-09T16:00 booked; "
                     "e3 boris 2026-12-10T15:00 booked");
    char *later = shop_ask(w->shop, "SELECT until_ms FROM calendar");
    assert_string_equal(later, until); /* the recurrences of the others were not followed on */
    free(until);
    free(later);
    words_close(w);
}

static void events_without_a_uid_are_told_apart(void **state)
{
    struct look_words *w = words_open();
    const char *two = "BEGIN:VEVENT\nDTSTART:20261208T100000Z\nSUMMARY:a\n" ANNA "END:VEVENT\n"
                      "BEGIN:VEVENT\nDTSTART:20261209T100000Z\nSUMMARY:a\n" BORIS "END:VEVENT\n";

    look_at(w, two);
    look_at(w, two);
    assert_answer(w->shop, "SELECT starts, client_id FROM appointment ORDER BY starts",
                  "2026-12-08T12:00 1; 2026-12-09T12:00 2");
    words_close(w);
}

static void a_uid_is_kept_whole_unless_it_is_very_long(void **state)
{
    (void)state;
    char long_uid[LOOK_UID_MAX + 3];
    char *brief = mem_strdup("v1");
    char *kept = look_uid(brief);

    assert_string_equal(kept, "v1");
    free(kept);
    free(brief);
    memset(long_uid, 'u', sizeof(long_uid) - 1);
    long_uid[sizeof(long_uid) - 1] = '\0';
    memcpy(long_uid + LOOK_UID_MAX - 1, "\xc3\xa4", 2); /* a letter lies across the cut */
    kept = look_uid(long_uid);
    assert_int_equal(strlen(kept), LOOK_UID_MAX - 1 + strlen("-0123456789abcdef"));
    assert_int_equal(str_utf8_valid(kept, strlen(kept)), strlen(kept));
    free(kept);
}

static void what_we_publish_ourselves_is_not_booked_a_second_time(void **state)
{
    struct look_words *w = words_open();
    const char *events = AT("abc123-7@betimes", "20261208T150000", ANNA)
        AT("xyz-7@betimes", "20261209T150000", ANNA);

    shop_ok(w->shop, store_meta_set_text(w->shop->store, "identity", "abc123"), "name it");
    look_at(w, events);
    assert_visits(w, "xyz-7@betimes anna 2026-12-09T15:00 booked");
    words_close(w);
}

static void a_guests_answer_changes_nothing(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA));
    look_at(w, "METHOD:COUNTER\n" AT("e1", "20261209T150000", ANNA));
    look_at(w, "METHOD:REPLY\n" AT("e1", "20261208T150000", "STATUS:CANCELLED\n" ANNA));
    assert_visits(w, "e1 anna 2026-12-08T15:00 booked");
    words_close(w);
}

static void a_dry_run_writes_nothing(void **state)
{
    struct look_words *w = words_open();

    look_at(w, AT("e1", "20261208T150000", ANNA));
    int64_t rows = sqlite3_total_changes64(w->shop->store->db);
    w->dry = true;
    look_at(w, AT("e1", "20261209T150000", ANNA) AT("e2", "20261209T170000", BORIS)
                   AT("e3", "20261210T170000", ""));
    assert_int_equal(w->report.counts[APPLY_MOVED], 1);
    assert_int_equal(w->report.counts[APPLY_BOOKED], 1);
    assert_int_equal(w->report.counts[APPLY_NOBODY], 1);
    assert_int_equal(sqlite3_total_changes64(w->shop->store->db), rows);
    words_close(w);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_becomes_an_appointment_of_the_client_among_its_guests),
        cmocka_unit_test(a_second_look_at_the_same_changes_nothing),
        cmocka_unit_test(a_day_is_a_date_and_greenwich_is_told_by_the_clocks_of_the_business),
        cmocka_unit_test(a_floating_time_is_told_by_the_clocks_that_the_section_names),
        cmocka_unit_test(an_unknown_zone_is_told_and_never_shifted),
        cmocka_unit_test(each_time_of_a_series_is_an_appointment_of_its_own),
        cmocka_unit_test(one_time_of_a_series_is_moved_and_another_one_cancelled),
        cmocka_unit_test(a_series_that_is_moved_as_a_whole_moves_and_is_not_cancelled),
        cmocka_unit_test(a_series_of_long_ago_that_is_moved_by_days_moves_time_by_time),
        cmocka_unit_test(an_event_that_becomes_a_series_stays_the_same_appointment),
        cmocka_unit_test(the_horizon_goes_on_with_the_days),
        cmocka_unit_test(a_moved_event_moves_its_appointment_which_is_confirmed_no_more),
        cmocka_unit_test(what_a_person_cancelled_stays_cancelled_when_its_event_is_moved),
        cmocka_unit_test(an_event_that_is_moved_beyond_the_horizon_is_not_cancelled),
        cmocka_unit_test(a_cancelled_event_cancels_and_comes_back),
        cmocka_unit_test(what_was_cancelled_before_it_was_known_is_never_booked),
        cmocka_unit_test(a_vanished_event_is_cancelled_if_it_is_to_come),
        cmocka_unit_test(a_part_of_a_calendar_cancels_nothing_that_it_does_not_mention),
        cmocka_unit_test(what_changed_in_a_calendar_leaves_the_rest_and_its_horizon_alone),
        cmocka_unit_test(an_event_that_cannot_be_read_whole_loses_nothing),
        cmocka_unit_test(what_is_named_as_gone_goes_and_the_rest_stays),
        cmocka_unit_test(of_two_versions_the_later_one_counts),
        cmocka_unit_test(events_without_a_uid_are_told_apart),
        cmocka_unit_test(a_uid_is_kept_whole_unless_it_is_very_long),
        cmocka_unit_test(what_we_publish_ourselves_is_not_booked_a_second_time),
        cmocka_unit_test(a_guests_answer_changes_nothing),
        cmocka_unit_test(a_dry_run_writes_nothing),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("calendar/sync", tests, NULL, NULL);
}
