/* send/merge: who goes along, and in which words. */
#include "merge.h"

#include "base/rng.h"

/* --- who goes along --- */

static void two_children_at_one_hour_give_one_message(void **state)
{
    struct shop *s = two_children(SOON);

    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    assert_answer(s, WITH, "1 5 - 1; 2 5 1 1");
    assert_answer(s, "SELECT reason FROM message WHERE id = 2", "went with message 1");
    assert_answer(s, "SELECT count(*) FROM payload", "1");
    assert_answer(s, "SELECT message_id, outcome FROM attempt", "1 sent");
    assert_answer(s, "SELECT count(*) FROM entity WHERE kind = 4 AND told_ms > 0", "2");
    assert_answer(s, "SELECT id, with_id, text IS NULL FROM history ORDER BY id", "1 - 0; 2 1 1");
    shop_close(s);
}

static void without_merge_two_messages_go(void **state)
{
    struct shop *s = two_children("[rule soon]\non = appointment starts\nwhen = 2 hours before\n");

    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 2);
    assert_answer(s, WITH, "1 5 - 1; 2 5 - 1");
    shop_close(s);
}

static void a_later_one_goes_early_by_no_more_than_the_rule_says(void **state)
{
    struct shop *s = two_children(SOON);

    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T15:10' WHERE id = 2");
    shop_look(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:11', 'Carl')");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-08T11:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Carl\n");
    shop_close(s);
}

static void what_has_to_settle_first_never_goes_early(void **state)
{
    struct shop *s = shop_open("[rule booked]\non = appointment booked\nsettle = 5 minutes\n"
                               "merge = 10 minutes\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    say(s, "booked");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-08T15:00', 'Anna')");
    shop_look(s);
    shop_at("2026-12-01T09:03");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a2', 1, '2026-12-08T15:00', 'Bruno')");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-01T09:07"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna\n");
    assert_int_equal(shop_until(s, "2026-12-01T09:09"), 1);
    assert_string_equal(s->last_text, "Ilze: Bruno\n");
    shop_close(s);
}

static void what_is_overdue_goes_in_one(void **state)
{
    struct shop *s = shop_open("[rule booked]\non = appointment booked\nsettle = 5 minutes\n"
                               "merge = 10 minutes\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    say(s, "booked");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-08T15:00', 'Anna')");
    shop_look(s);
    shop_at("2026-12-01T09:03");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a2', 1, '2026-12-08T15:00', 'Bruno')");
    shop_look(s);
    shop_at("2026-12-01T09:30"); /* the service stood still */
    assert_int_equal(shop_send(s), 1);
    assert_string_equal(s->last_text, "Ilze: Anna and Bruno\n");
    shop_close(s);
}

static void what_waits_to_be_planned_is_not_left_behind(void **state)
{
    struct shop *s = two_children("[rule booked]\non = appointment booked\nmerge = 5 minutes\n");
    struct subjects list = {0};
    struct replan_counts counts = {0};
    size_t taken;

    say(s, "booked");
    shop_send(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a3', 1, '2026-12-08T15:00', 'Carl'), ('a4', 1, '2026-12-08T15:00', 'Dora')");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, 100, &list, &taken), "absorb");
    subjects_sort(&list);
    assert_int_equal(list.count, 2);
    shop_ok(s, replan_subject(&s->world, list.ids[0], shop_now_ms, &counts), "plan only one");
    shop_ok(s, store_commit(s->store), "commit");
    subjects_close(&list);
    assert_int_equal(shop_send(s), 1);
    assert_string_equal(s->last_text, "Ilze: Carl and Dora\n");
    shop_close(s);
}

static void another_purpose_is_never_merged(void **state)
{
    struct shop *s =
        two_children(SOON "[rule offer]\non = appointment starts\nwhen = 2 hours before\n"
                          "merge = 10 minutes\npurpose = survey\n");

    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 2);
    assert_answer(s,
                  "SELECT count(*) FROM message m JOIN message l ON l.id = m.leader_id "
                  "WHERE l.rule_id <> m.rule_id",
                  "0");
    assert_answer(s, "SELECT count(*) FROM message WHERE leader_id IS NOT NULL", "2");
    shop_close(s);
}

static void another_client_is_never_merged(void **state)
{
    struct shop *s = two_children(SOON);

    shop_sql(s, "INSERT INTO client (id, ref, name, email) VALUES "
                "(2, 'c2', 'Juris', 'juris@example.com');"
                "UPDATE appointment SET client_id = 2 WHERE id = 2");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 2);
    assert_answer(s, "SELECT count(*) FROM message WHERE leader_id IS NOT NULL", "0");
    shop_close(s);
}

static void a_rule_without_merge_stays_by_itself(void **state)
{
    struct shop *s =
        two_children(SOON "[rule other]\non = appointment starts\nwhen = 2 hours before\n");

    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 3);
    assert_answer(s, "SELECT count(*) FROM message WHERE leader_id IS NOT NULL", "1");
    shop_close(s);
}

static void a_child_cancelled_before_is_not_spoken_of(void **state)
{
    struct shop *s = two_children(SOON);

    shop_sql(s, "UPDATE appointment SET status = 'cancelled' WHERE id = 2"); /* nobody looked */
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna\n");
    assert_rows(s, "soon", "sent email 2026-12-08T11:00 c1; cancelled email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void one_whose_condition_fails_is_not_spoken_of(void **state)
{
    struct shop *s = two_children(SOON "unless = appointment.status = 'confirmed'\n");

    shop_sql(s, "UPDATE appointment SET status = 'confirmed' WHERE id = 2");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna\n");
    assert_rows(s, "soon", "sent email 2026-12-08T11:00 c1; skipped email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void one_that_cannot_be_written_holds_only_itself(void **state)
{
    struct shop *s = two_children(SOON "require = appointment.location\n");

    shop_sql(s, "UPDATE appointment SET location = 'Room 1' WHERE id = 1");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-08T11:00"), 1);
    assert_string_equal(s->last_text, "Ilze: Anna\n");
    assert_rows(s, "soon", "sent email 2026-12-08T11:00 c1; held email 2026-12-08T11:00 c1");
    shop_close(s);
}

static void no_more_go_along_than_one_message_can_name(void **state)
{
    struct shop *s = shop_open(SOON, "2026-12-01T09:00");

    shop_ilze(s);
    say(s, "soon");
    for (int i = 0; i < 40; i++)
        shop_sql(s,
                 "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                 "('a%d', 1, '2026-12-08T15:00', 'n%d')",
                 i, i);
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 3);
    assert_answer(s, "SELECT count(*) FROM message WHERE state = 5", "40");
    shop_close(s);
}

static void all_of_it_counts_once_toward_the_cap(void **state)
{
    struct shop *s = two_children_with("quiet = none\ncap = 2 per day\n",
                                       SOON "[rule start]\non = appointment starts\n"
                                            "when = 1 hour before\nmerge = 10 minutes\n");

    assert_int_equal(shop_until(s, "2026-12-08T14:00"), 2); /* four rows */
    assert_answer(s, "SELECT count(*) FROM message WHERE state = 5", "4");
    shop_close(s);
}

/* --- the words --- */

static void without_the_section_texts_follow_one_another(void **state)
{
    struct shop *s = two_children(SOON);

    shop_file(s, "templates/soon/en.email",
              "Subject: {{appointment.title}}\n\nDear {{client.name}},"
              "\n\n{{appointment.title}} comes.\n");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_subject, "Anna");
    const char *first = strstr(s->last_text, "Anna comes."),
               *second = strstr(s->last_text, "Bruno comes.");
    assert_true(first != NULL && second != NULL && first < second);
    shop_close(s);
}

static void texts_by_sms_have_a_blank_line_between_them(void **state)
{
    struct shop *s = two_children(SOON "by = sms\n");

    shop_file(s, "templates/soon/en.sms", "{{appointment.title}} comes.\n");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Anna comes.\n\nBruno comes.");
    shop_close(s);
}

static void two_rules_of_one_purpose_give_one_message_of_both(void **state)
{
    struct shop *s =
        two_children(SOON "[rule parking]\non = appointment starts\nwhen = 115 minutes before\n"
                          "merge = 5 minutes\n");

    shop_file(s, "templates/parking/en.email",
              "Subject: Parking\n\nPark behind the house, for "
              "{{appointment.title}}.\n");
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_subject, "Soon");
    assert_non_null(strstr(s->last_text, "Ilze: Anna and Bruno"));
    assert_non_null(strstr(s->last_text, "for Anna."));
    assert_non_null(strstr(s->last_text, "for Bruno."));
    shop_close(s);
}

static void a_record_that_another_lacks_is_not_taken_from_the_first(void **state)
{
    struct shop *s = two_children(SOON);

    shop_file(s, "templates/soon/en.email",
              "Subject: x\n\n{{staff.name}}{{#also}}, {{staff.name | default \"anybody\"}}{{/also}}"
              "\n");
    shop_sql(s, "INSERT INTO staff (id, name) VALUES (1, 'Dr Ozols');"
                "UPDATE appointment SET staff_id = 1 WHERE id = 1");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_string_equal(s->last_text, "Dr Ozols, anybody\n");
    shop_close(s);
}

static void visits_in_different_zones_are_told_each_in_its_own(void **state)
{
    struct shop *s = two_children(SOON);

    shop_file(s, "templates/soon/en.email",
              "Subject: x\n\n{{appointment.starts | time}}{{#also}} {{appointment.starts | time}}"
              "{{/also}}\n");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T13:00', timezone = 'Europe/London' "
                "WHERE id = 2");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-09T00:00"), 1);
    assert_non_null(strstr(s->last_text, "15:00"));
    assert_non_null(strstr(s->last_text, "13:00"));
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_children_at_one_hour_give_one_message),
        cmocka_unit_test(without_merge_two_messages_go),
        cmocka_unit_test(a_later_one_goes_early_by_no_more_than_the_rule_says),
        cmocka_unit_test(what_has_to_settle_first_never_goes_early),
        cmocka_unit_test(what_is_overdue_goes_in_one),
        cmocka_unit_test(what_waits_to_be_planned_is_not_left_behind),
        cmocka_unit_test(another_purpose_is_never_merged),
        cmocka_unit_test(another_client_is_never_merged),
        cmocka_unit_test(a_rule_without_merge_stays_by_itself),
        cmocka_unit_test(a_child_cancelled_before_is_not_spoken_of),
        cmocka_unit_test(one_whose_condition_fails_is_not_spoken_of),
        cmocka_unit_test(one_that_cannot_be_written_holds_only_itself),
        cmocka_unit_test(no_more_go_along_than_one_message_can_name),
        cmocka_unit_test(all_of_it_counts_once_toward_the_cap),
        cmocka_unit_test(without_the_section_texts_follow_one_another),
        cmocka_unit_test(texts_by_sms_have_a_blank_line_between_them),
        cmocka_unit_test(two_rules_of_one_purpose_give_one_message_of_both),
        cmocka_unit_test(a_record_that_another_lacks_is_not_taken_from_the_first),
        cmocka_unit_test(visits_in_different_zones_are_told_each_in_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
