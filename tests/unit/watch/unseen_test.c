/* watch: what no trigger told, what a crash left half done, and when things happened. */
#include <unistd.h>

#include "beginnings.h"

/* --- what no trigger told --- */

static void changes_without_triggers_are_found(void **state)
{
    struct shop *s = booked_shop();
    bool repaired = false;

    assert_int_equal(shop_reconcile(s, &repaired), 0);
    assert_false(repaired);
    shop_sql(s, "DROP TRIGGER appointment_changed; DROP TRIGGER appointment_gone; "
                "DROP TRIGGER client_changed; DROP TRIGGER consent_kept");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a2', 1, '2026-12-09T15:00')");
    shop_look(s);
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-08T17:00' WHERE ref = 'a1'; "
                "DELETE FROM appointment WHERE ref = 'a2'; UPDATE client SET channel = 'sms'");
    shop_look(s);
    assert_rows(s, "day-before",
                "planned email 2026-12-07T16:00 c1; planned email 2026-12-08T16:00 c1");
    assert_int_equal(shop_reconcile(s, &repaired), 3);
    assert_true(repaired);
    assert_rows(s, "day-before",
                "cancelled email 2026-12-07T16:00 c1; cancelled email 2026-12-08T16:00 c1; "
                "planned sms 2026-12-07T16:00 c1");
    assert_int_equal(shop_reconcile(s, &repaired), 0);
    assert_false(repaired);
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s); /* the triggers are back */
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state <= 2 AND rule_id <> "
                                   "(SELECT id FROM rule WHERE name = 'cancelled')"),
                     0);
    shop_close(s);
}

/* Absorbed, and then the service died before it planned: the next start plans. */
static void what_was_absorbed_but_not_planned_is_planned_at_the_next_start(void **state)
{
    struct shop *s = booked_shop();
    struct subjects list = {0};
    size_t taken;

    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'; "
                "UPDATE client SET channel = 'sms'");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, 1000, &list, &taken), "absorb");
    shop_ok(s, store_commit(s->store), "commit");
    subjects_close(&list);
    assert_int_equal(shop_sweep(s), 1);
    assert_rows(s, "day-before",
                "cancelled email 2026-12-07T16:00 c1; planned sms 2026-12-09T16:00 c1");
    shop_sql(s, "UPDATE client SET channel = 'email'");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, 1000, &list, &taken), "absorb");
    shop_ok(s, store_commit(s->store), "commit");
    subjects_close(&list);
    assert_int_equal(shop_sweep(s), 1);
    assert_int_equal(shop_sweep(s), 0);
    shop_close(s);
}

/* --- a backlog, which comes in several batches --- */

static void look_in_batches(struct shop *s, size_t max)
{
    size_t taken = max;

    while (taken == max) {
        struct subjects list = {0};
        shop_ok(s, store_begin(s->store), "begin");
        shop_ok(s, absorb_changes(&s->world, shop_now_ms, max, &list, &taken), "absorb");
        shop_plan(s, &list);
        shop_ok(s, store_commit(s->store), "commit");
    }
}

static void what_a_backlog_brought_is_not_looked_at_twice(void **state)
{
    struct shop *s = shop_open(VISITS JOBS, "2026-12-01T09:00");
    bool repaired;

    shop_ilze(s);
    for (int i = 0; i < 7; i++)
        shop_sql(s,
                 "INSERT INTO appointment (ref, client_id, starts) "
                 "VALUES ('a%d', 1, '2026-12-08T1%d:00'); "
                 "INSERT INTO job (ref, client_id, stage) VALUES ('j%d', 1, ' Ready ')",
                 i, i, i);
    look_in_batches(s, 3);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state <= 2"), 7 * 4);
    assert_int_equal(shop_reconcile(s, &repaired), 0);
    assert_int_equal(shop_sweep(s), 0);
    shop_close(s);
}

static void a_backlog_tells_each_story_once_and_to_its_end(void **state)
{
    struct shop *s = shop_open(VISITS JOBS, "2026-12-01T09:00");
    bool repaired;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready'); "
                "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00'); "
                "UPDATE job SET stage = 'Received'; "
                "UPDATE appointment SET status = 'cancelled'; "
                "UPDATE job SET stage = 'Ready'; "
                "UPDATE appointment SET status = 'booked', starts = '2026-12-09T15:00'");
    look_in_batches(s, 1);
    shop_reconcile(s, &repaired);
    /* opens, enters, leaves, enters, leaves, enters; booked, cancelled, booked */
    assert_int_equal(shop_count(s, "SELECT count(*) FROM event WHERE entity_id IN "
                                   "(SELECT id FROM entity WHERE kind = 3)"),
                     6);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM event WHERE entity_id IN "
                                   "(SELECT id FROM entity WHERE kind = 4)"),
                     3);
    assert_rows(s, "ready",
                "cancelled email 2026-12-01T09:00 c1; planned email 2026-12-01T09:00 c1");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message WHERE state = 0 AND rule_id = "
                                   "(SELECT id FROM rule WHERE name = 'soon')"),
                     1);
    assert_int_equal(shop_reconcile(s, &repaired), 0);
    shop_close(s);
}

/* The log's last word of a record, in a batch that may go on, and then a change that no trigger
 * told: the row is as we knew it before, and yet not what was told of it since. */
static void what_was_told_and_taken_back_unseen_is_found_after_a_backlog(void **state)
{
    struct shop *s = shop_open(VISITS JOBS, "2026-12-01T09:00");
    bool repaired;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready'); "
                "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T15:00')");
    shop_look(s);
    shop_sql(s, "UPDATE job SET stage = 'Received'; UPDATE appointment SET status = 'cancelled'; "
                "DROP TRIGGER job_changed; DROP TRIGGER appointment_changed; "
                "UPDATE job SET stage = 'Ready'; UPDATE appointment SET status = 'booked'");
    look_in_batches(s, 2);
    assert_int_equal(shop_reconcile(s, &repaired), 2);
    /* opens, enters, leaves, enters, leaves, enters; booked, cancelled, booked */
    assert_int_equal(shop_count(s, "SELECT count(*) FROM event WHERE entity_id IN "
                                   "(SELECT id FROM entity WHERE kind = 3)"),
                     6);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM event WHERE entity_id IN "
                                   "(SELECT id FROM entity WHERE kind = 4)"),
                     3);
    assert_int_equal(shop_reconcile(s, &repaired), 0);
    shop_close(s);
}

#define CALLERS 400

/* Clients whose numbers are all in order, but each seventh's, and a visit of each. */
static void add_callers(struct shop *s)
{
    shop_sql(s,
             "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
             "INSERT INTO client (ref, name, phone) SELECT 'p' || i, 'Caller', "
             "printf(CASE WHEN i %% 7 = 0 THEN '%%d is no number' ELSE '29 12 %%04d' END, i) "
             "FROM n; INSERT INTO appointment (ref, client_id, starts) "
             "SELECT 'v' || ref, id, '2026-12-08T15:00' FROM client WHERE name = 'Caller'",
             CALLERS);
}

static int64_t callers(struct shop *s, const char *state)
{
    char sql[200];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox WHERE rule = 'soon' AND state = '%s'",
             state);
    return shop_count(s, sql);
}

static void assert_callers_planned(struct shop *s)
{
    assert_int_equal(callers(s, "planned"), CALLERS - CALLERS / 7);
    assert_int_equal(callers(s, "failed"), CALLERS / 7);
}

/* However much was read by the time that it is planned, and if nothing was. */
static void a_backlogs_numbers_are_read_ahead_and_planned_as_if_they_were_not(void **state)
{
    for (int once = 0; once < 2; once++) {
        struct shop *s = shop_open(VISITS, "2026-12-01T09:00");
        add_callers(s);
        look_in_batches(s, once ? 1000 : 150);
        for (int i = 0; s->world.phones_ahead != NULL && i < SHOP_TURNS_MAX; i++) {
            look_in_batches(s, 150);
            usleep(1000);
        }
        assert_null(s->world.phones_ahead);
        assert_callers_planned(s);
        shop_close(s);
    }
}

static struct shop *shop_amid_a_backlog(void)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T09:00");
    struct subjects list = {0};
    size_t taken;

    add_callers(s);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, CALLERS, &list, &taken), "absorb");
    shop_ok(s, store_commit(s->store), "commit");
    assert_non_null(s->world.phones_ahead);
    subjects_close(&list);
    return s;
}

static void what_is_read_ahead_is_kept_when_another_playbook_is_saved(void **state)
{
    struct shop *s = shop_amid_a_backlog();

    shop_save(s, VISITS JOBS);
    assert_non_null(s->world.phones_ahead);
    for (int i = 0; s->world.phones_ahead != NULL && i < SHOP_TURNS_MAX; i++) {
        world_keep_read(&s->world);
        usleep(1000);
    }
    assert_null(s->world.phones_ahead);
    assert_false(phone_memo_wants(s->world.phones, "29 12 0001", s->settings->business.country));
    look_in_batches(s, 1000);
    assert_callers_planned(s);
    shop_close(s);
}

static void a_service_can_end_amid_a_backlog(void **state)
{
    shop_close(shop_amid_a_backlog());
}

/* --- time --- */

static void under_the_real_clock_an_event_is_when_the_writer_committed(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready'), "
                "('j2', 1, 'Ready')");
    clock_replace(NULL);
    int64_t now_ms = clock_wall_ms();
    shop_sql(s,
             "UPDATE change_log SET at_ms = %lld WHERE kind = 3 AND row_id = 1; "
             "UPDATE change_log SET at_ms = %lld WHERE kind = 3 AND row_id = 2",
             (long long)(now_ms - 60000), (long long)(now_ms + 3600000));
    shop_now_ms = now_ms;
    shop_look(s);
    clock_replace(&shop_clock);
    assert_int_equal(shop_count(s, "SELECT min(at_ms) FROM event"), now_ms - 60000);
    assert_int_equal(shop_count(s, "SELECT max(at_ms) FROM event"), now_ms);
    shop_close(s);
}

static void under_a_virtual_clock_an_event_is_when_it_was_seen(void **state)
{
    struct shop *s = shop_open(JOBS, "2031-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_rows(s, "ready", "planned email 2031-12-01T09:00 c1");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_without_triggers_are_found),
        cmocka_unit_test(what_was_absorbed_but_not_planned_is_planned_at_the_next_start),
        cmocka_unit_test(what_a_backlog_brought_is_not_looked_at_twice),
        cmocka_unit_test(a_backlog_tells_each_story_once_and_to_its_end),
        cmocka_unit_test(what_was_told_and_taken_back_unseen_is_found_after_a_backlog),
        cmocka_unit_test(a_backlogs_numbers_are_read_ahead_and_planned_as_if_they_were_not),
        cmocka_unit_test(what_is_read_ahead_is_kept_when_another_playbook_is_saved),
        cmocka_unit_test(a_service_can_end_amid_a_backlog),
        cmocka_unit_test(under_the_real_clock_an_event_is_when_the_writer_committed),
        cmocka_unit_test(under_a_virtual_clock_an_event_is_when_it_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
