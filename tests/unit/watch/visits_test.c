/* watch: from the visits of another program to planned messages. Named after what must (not)
 * happen; most of these happened to users of other schedulers. */
#include "beginnings.h"

#define SLOW_VISITS                                                                                \
    "[rule booked]\non = appointment booked\nsettle = 2 minutes\n"                                 \
    "[rule cancelled]\non = appointment cancelled\n"

/* --- appointments --- */

static void a_booking_plans_its_messages(void **state)
{
    struct shop *s = booked_shop();

    assert_rows(s, "booked", "planned email 2026-12-01T09:00 c1");
    assert_rows(s, "day-before", "planned email 2026-12-07T16:00 c1");
    assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    assert_rows(s, "moved", "");
    assert_rows(s, "cancelled", "");
    shop_close(s);
}

static void a_moved_appointment_replaces_its_pending_reminders(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T10:00' WHERE ref = 'a1'");
    shop_look(s);
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_rows(s, "moved", "planned email 2026-12-02T09:00 c1");
    assert_rows(s, "day-before",
                "cancelled email 2026-12-07T16:00 c1; planned email 2026-12-09T16:00 c1");
    assert_rows(s, "soon", "cancelled sms 2026-12-08T11:00 c1; planned sms 2026-12-10T06:00 c1");
    shop_close(s);
}

static void a_cancelled_appointment_voids_all_and_is_told(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE ref = 'a1'");
    shop_look(s);
    assert_rows(s, "day-before", "cancelled email 2026-12-07T16:00 c1");
    assert_reason(s, "day-before", "cancelled");
    assert_rows(s, "soon", "cancelled sms 2026-12-08T11:00 c1");
    assert_rows(s, "cancelled", "planned email 2026-12-02T09:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 1);
    shop_close(s);
}

static void five_hundred_cancelled_send_nothing(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 501) "
                "INSERT INTO appointment (ref, client_id, starts) "
                "SELECT 'a' || i, 1, '2026-12-08T15:00' FROM n");
    shop_look(s);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_sql(s, "DELETE FROM appointment WHERE id %% 2 = 0");
    shop_edit(s, "[rule day-before]\non = appointment starts\nwhen = 1 day before at 18:00\n");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state <> 9"), 0);
    shop_close(s);
}

static void booked_again_is_a_new_occurrence(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE ref = 'a1'");
    shop_look(s);
    shop_at("2026-12-03T09:00");
    shop_sql(s, "UPDATE appointment SET status = 'booked' WHERE ref = 'a1'");
    shop_look(s);
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1; planned email 2026-12-03T09:00 c1");
    assert_rows(s, "cancelled", "cancelled email 2026-12-01T09:00 c1");
    assert_rows(s, "soon", "cancelled sms 2026-12-08T11:00 c1; planned sms 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_rename_changes_nothing(void **state)
{
    struct shop *s = booked_shop();

    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET title = 'Big service', location = 'Hall 2', "
                "fields = '{\"a\": 1}' WHERE ref = 'a1'; "
                "UPDATE client SET name = 'Ilze Kalna', notes = 'likes tea', tags = 'vip'");
    struct replan_counts counts = shop_look(s);
    assert_int_equal(counts.planned + counts.moved + counts.voided, 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM event"), 1);
    shop_close(s);
}

static void the_same_change_twice_plans_nothing_twice(void **state)
{
    struct shop *s = booked_shop();

    for (int i = 0; i < 100; i++) {
        shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T15:00', status = 'booked'");
        struct replan_counts counts = shop_look(s);
        assert_int_equal(counts.planned + counts.moved + counts.voided, 0);
    }
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    shop_close(s);
}

static void the_same_instant_written_differently_is_no_move(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T13:00:00Z'");
    struct replan_counts counts = shop_look(s);
    assert_int_equal(counts.planned + counts.moved + counts.voided, 0);
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T18:00', timezone = 'Asia/Almaty'");
    counts = shop_look(s); /* the same instant; the evening before is another one there */
    assert_int_equal(counts.planned + counts.voided, 0);
    assert_rows(s, "moved", "");
    assert_rows(s, "day-before", "planned email 2026-12-07T13:00 c1");
    shop_close(s);
}

static void replace_of_a_ref_is_an_update(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_at("2026-12-02T09:00");
    for (int recursive = 0; recursive < 2; recursive++) {
        shop_sql(s, "PRAGMA recursive_triggers = %d", recursive);
        shop_sql(s, "INSERT OR REPLACE INTO appointment (ref, client_id, starts) "
                    "VALUES ('a1', 1, '2026-12-08T15:00')");
        shop_look(s);
        assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
        assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
        assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    }
    shop_sql(s, "INSERT OR REPLACE INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T16:00')");
    shop_look(s);
    assert_rows(s, "moved", "planned email 2026-12-02T09:00 c1");
    assert_rows(s, "soon", "cancelled sms 2026-12-08T11:00 c1; planned sms 2026-12-08T12:00 c1");
    shop_close(s);
}

static void deleted_and_inserted_in_one_transaction_is_an_update(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_sql(s, "BEGIN; DELETE FROM appointment WHERE ref = 'a1'; INSERT INTO appointment (ref, "
                "client_id, starts) VALUES ('a1', 1, '2026-12-08T15:00'); COMMIT");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_ref_that_looks_like_our_own_key_is_still_a_ref(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "PRAGMA recursive_triggers = 1");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('#1001', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_send(s);
    shop_sql(s, "INSERT OR REPLACE INTO appointment (ref, client_id, starts) "
                "VALUES ('#1001', 1, '2026-12-08T15:00')");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    shop_close(s);
}

static void a_ref_given_later_or_changed_is_the_same_record(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (client_id, starts) VALUES (1, '2026-12-08T15:00')");
    shop_look(s);
    shop_send(s);
    shop_sql(s, "UPDATE appointment SET ref = 'a1'");
    shop_look(s);
    shop_sql(s, "UPDATE appointment SET ref = 'b1'");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_answer(s, "SELECT key FROM entity WHERE kind = 4", "b1");
    shop_close(s);
}

static void moved_after_the_reminder_went_out_gives_exactly_one_new(void **state)
{
    struct shop *s = booked_shop();

    assert_int_equal(shop_until(s, "2026-12-07T17:00"), 2); /* booked, day-before */
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 3); /* moved, day-before, soon */
    assert_rows(s, "day-before", "sent email 2026-12-07T16:00 c1; sent email 2026-12-09T16:00 c1");
    shop_close(s);
}

static void moved_away_and_back_before_sending_sends_once(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T15:00'");
    shop_look(s);
    shop_until(s, "2026-12-20T00:00");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule_id "
                                   "WHERE r.name = 'day-before' AND m.state = 5"),
                     1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule_id "
                                   "WHERE r.name = 'soon' AND m.state = 5"),
                     1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule_id "
                                   "WHERE r.name = 'moved' AND m.state = 5"),
                     1);
    shop_close(s);
}

/* Booked and moved at night: the booking's message of the morning tells the new time. */
static void a_move_before_the_booking_was_told_is_never_told_apart(void **state)
{
    struct shop *s =
        shop_open_with("quiet = 21:00-08:00\ncap = none\n", VISITS, "2026-12-01T20:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_at("2026-12-01T20:30");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-09T15:00'");
    shop_look(s);
    assert_rows(s, "booked", "planned email 2026-12-02T06:00 c1");
    assert_rows(s, "moved", "");
    assert_int_equal(shop_until(s, "2026-12-02T10:00"), 1);
    shop_sql(s, "UPDATE client SET phone = '+37120000002'"); /* planned again for another reason */
    shop_look(s);
    assert_rows(s, "moved", "");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    assert_rows(s, "moved", "planned email 2026-12-02T10:00 c1");
    shop_close(s);
}

/* Moved while the booking's message is on the wire, with the old time in it. */
static void a_move_during_the_sending_of_the_booking_is_told(void **state)
{
    struct shop *s = booked_shop();
    struct gateway_result r = {.outcome = OUTCOME_SENT};
    struct claim c;

    assert_true(shop_claim(s, 1, &c));
    shop_at("2026-12-01T09:01");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-09T15:00'");
    shop_look(s);
    shop_at("2026-12-01T09:02");
    shop_settle(s, 1, &r);
    claim_close(&c);
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-01T10:00"), 1);
    assert_rows(s, "moved", "sent email 2026-12-01T09:01 c1");
    shop_close(s);
}

/* A slip of the mouse, put right at once. */
static void booked_and_cancelled_within_settle_is_heard_by_nobody(void **state)
{
    struct shop *s = shop_open(SLOW_VISITS, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_at("2026-12-01T09:01");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_rows(s, "cancelled", "");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    /* Booked again and told: now she hears of its end, too. */
    shop_sql(s, "UPDATE appointment SET status = 'booked', starts = '2026-12-28T15:00'");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-20T00:10"), 1);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_rows(s, "cancelled", "planned email 2026-12-20T00:10 c1");
    shop_close(s);
}

static void cancelled_after_settle_is_told_though_the_booking_was_not_yet(void **state)
{
    struct shop *s =
        shop_open_with("quiet = 21:00-08:00\ncap = none\n", SLOW_VISITS, "2026-12-01T20:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_at("2026-12-01T20:03");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_rows(s, "cancelled", "planned email 2026-12-02T06:00 c1");
    shop_close(s);
}

/* What went before the slip was put right has told her. */
static void cancelled_within_settle_is_told_to_whom_another_message_told(void **state)
{
    struct shop *s = shop_open(SLOW_VISITS "[rule visit-by-text]\non = appointment booked\n"
                                           "by = sms\ntemplate = booked\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_send(s);
    shop_at("2026-12-01T09:01");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_rows(s, "cancelled", "planned email 2026-12-01T09:01 c1");
    shop_close(s);
}

/* Booked before there was a rule that tells of it. */
static void a_cancelled_visit_of_an_old_booking_is_told(void **state)
{
    struct shop *s =
        shop_open("[rule cancelled]\non = appointment cancelled\n", "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_at("2026-12-01T09:00:30");
    shop_edit(s, SLOW_VISITS);
    shop_at("2026-12-01T09:01");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_rows(s, "cancelled", "planned email 2026-12-01T09:01 c1");
    shop_close(s);
}

static void booked_and_moved_again_tells_the_booking_only(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET status = 'booked'");
    shop_look(s);
    shop_at("2026-12-02T09:01");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    assert_rows(s, "moved", "");
    shop_at("2026-12-02T09:02");
    shop_send(s);
    shop_sql(s, "UPDATE client SET phone = '+37120000002'");
    shop_look(s);
    assert_rows(s, "moved", "");
    shop_close(s);
}

static void a_deleted_record_voids_its_messages(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "DELETE FROM appointment");
    shop_look(s);
    assert_rows(s, "day-before", "cancelled email 2026-12-07T16:00 c1");
    assert_reason(s, "day-before", "deleted");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

static void a_deleted_client_is_not_written_to(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "PRAGMA foreign_keys = OFF; DELETE FROM client");
    shop_look(s);
    assert_rows(s, "soon", "cancelled sms 2026-12-08T11:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

/* The client confirms after all while the news is at a gateway that is down. */
static void what_was_overtaken_on_the_wire_is_not_tried_again(void **state)
{
    struct shop *s = booked_shop();
    struct gateway_result later = {.outcome = OUTCOME_RETRY, .detail = "come again"};
    struct claim c;

    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE ref = 'a1'");
    shop_look(s);
    assert_true(shop_claim(s, shop_count(s, "SELECT id FROM outbox WHERE rule = 'cancelled'"), &c));
    shop_sql(s, "UPDATE appointment SET status = 'confirmed' WHERE ref = 'a1'");
    shop_look(s);
    shop_settle(s, c.message.id, &later);
    shop_until(s, "2026-12-03T09:00");
    assert_rows(s, "cancelled", "cancelled email 2026-12-02T09:00 c1");
    assert_reason(s, "cancelled", "the appointment is not cancelled");
    claim_close(&c);
    shop_close(s);
}

static void another_client_gets_what_is_still_to_come(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "INSERT INTO client (id, ref, name, email) VALUES (2, 'c2', 'Arman', "
                "'arman@example.com'); UPDATE appointment SET client_id = 2");
    shop_look(s);
    assert_rows(s, "day-before",
                "cancelled email 2026-12-07T16:00 c1; planned email 2026-12-07T16:00 c2");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_booking_plans_its_messages),
        cmocka_unit_test(a_moved_appointment_replaces_its_pending_reminders),
        cmocka_unit_test(a_cancelled_appointment_voids_all_and_is_told),
        cmocka_unit_test(five_hundred_cancelled_send_nothing),
        cmocka_unit_test(booked_again_is_a_new_occurrence),
        cmocka_unit_test(a_rename_changes_nothing),
        cmocka_unit_test(the_same_change_twice_plans_nothing_twice),
        cmocka_unit_test(the_same_instant_written_differently_is_no_move),
        cmocka_unit_test(replace_of_a_ref_is_an_update),
        cmocka_unit_test(deleted_and_inserted_in_one_transaction_is_an_update),
        cmocka_unit_test(a_ref_that_looks_like_our_own_key_is_still_a_ref),
        cmocka_unit_test(a_ref_given_later_or_changed_is_the_same_record),
        cmocka_unit_test(moved_after_the_reminder_went_out_gives_exactly_one_new),
        cmocka_unit_test(moved_away_and_back_before_sending_sends_once),
        cmocka_unit_test(a_move_before_the_booking_was_told_is_never_told_apart),
        cmocka_unit_test(a_move_during_the_sending_of_the_booking_is_told),
        cmocka_unit_test(booked_and_cancelled_within_settle_is_heard_by_nobody),
        cmocka_unit_test(cancelled_after_settle_is_told_though_the_booking_was_not_yet),
        cmocka_unit_test(cancelled_within_settle_is_told_to_whom_another_message_told),
        cmocka_unit_test(a_cancelled_visit_of_an_old_booking_is_told),
        cmocka_unit_test(booked_and_moved_again_tells_the_booking_only),
        cmocka_unit_test(a_deleted_record_voids_its_messages),
        cmocka_unit_test(a_deleted_client_is_not_written_to),
        cmocka_unit_test(what_was_overtaken_on_the_wire_is_not_tried_again),
        cmocka_unit_test(another_client_gets_what_is_still_to_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
