/* store/queries: what people ask for is what is there, no more and no less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "store/messages.h"
#include "store/queries.h"
#include "store/rules.h"

#define NOW_MS INT64_C(1796734800000)
#define HOUR_MS INT64_C(3600000)

struct world {
    char folder[64];
    char *path;
    struct store *store;
};

/* Two clients with a repair each; a visit that belongs to the first repair; messages 1 to 7. */
static const char *const rows =
    "INSERT INTO client (id, ref, name) VALUES (1, 'c7', 'Ilze'), (2, '1', 'Aigul'), "
    "(3, NULL, 'Bob');"
    "INSERT INTO staff (id, ref, name) VALUES (1, 's1', 'Janis');"
    "INSERT INTO job (id, ref, client_id, stage, title) VALUES (1, 'J1', 1, 'Ready', 'Volvo'), "
    "(2, NULL, 2, 'Received', NULL);"
    "INSERT INTO appointment (id, ref, client_id, job_id, title, starts) "
    "VALUES (5, 'a12', 1, 1, 'Test drive', '2026-12-08T15:00');"
    "INSERT INTO entity (id, kind, key, row_id, client_row) VALUES (1, 1, 'c7', 1, 1), "
    "(2, 3, 'J1', 1, 1), (3, 4, 'a12', 5, 1), (4, 3, '#2', 2, 2), (5, 2, 's1', 1, 0), "
    "(6, 5, 'office@example.com', 0, 0), (7, 1, '1', 2, 2);"
    "INSERT INTO rule (id, name, purpose, since_ms, identity, present, paused_ms, pause_reason) "
    "VALUES (1, 'ready', 'service', 0, '', 1, NULL, NULL), "
    "(2, 'reminder', 'service', 0, '', 1, 5, 'too many'), (3, 'old', 'internal', 0, '', 0, NULL, "
    "NULL);"
    "INSERT INTO message (id, rule_id, subject_id, recipient_id, occurrence, repeat, channel, "
    "state, nominal_ms, due_ms, expires_ms, next_ms, state_ms, attempts, reason, gateway, "
    "address) VALUES "
    "(1, 1, 2, 1, 1, 0, 1, 5, 1, 1796720400000, 9, 9, 1796720500000, 1, NULL, 'texts', "
    "'+37120000001'),"
    "(2, 2, 3, 1, 1, 0, 0, 0, 1, 1796738400000, 9, 9, 1796720600000, 0, NULL, NULL, NULL),"
    "(3, 1, 4, 7, 1, 0, 0, 1, 1, 1796731200000, 9, 9, 1796720700000, 0, 'no {{x}}', NULL, NULL),"
    "(4, 3, 4, 5, 1, 0, 2, 9, 1, 1796731200000, 9, 9, 1796720400000, 0, 'moved', NULL, NULL),"
    "(5, 1, 4, 6, 1, 0, 0, 4, 1, 1796731100000, 9, 9, 1796731100000, 1, NULL, 'mail', "
    "'office@example.com'),"
    "(6, 3, 4, 6, 2, 0, 0, 0, 1, 1799999999999, 9, 9, 1796720400000, 0, NULL, NULL, NULL),"
    "(7, 1, 4, 7, 2, 0, 0, 8, 1, 1796731000000, 9, 9, 1796731000000, 3, 'refused', 'mail', 'x');"
    "INSERT INTO payload (message_id, token, language, subject, text) VALUES "
    "(1, 'ab', 'lv', NULL, 'Gatavs');"
    "INSERT INTO attempt (message_id, at_ms, gateway, outcome, code, detail) VALUES "
    "(1, 1796720500000, 'texts', 'sent', 201, NULL), (7, 10, 'mail', 'retry', NULL, 'busy'), "
    "(7, 20, 'mail', 'rejected', 550, 'no such user');"
    "INSERT INTO message_tally SELECT rule_id, state, count(*) FROM message GROUP BY 1, 2;"
    "INSERT INTO attempt_tally SELECT gateway, outcome, count(*), max(at_ms) FROM attempt "
    "GROUP BY 1, 2;"
    "INSERT INTO task (text, created_ms, done_ms) VALUES ('look', 1, NULL), ('done', 1, 2);"
    "DELETE FROM change_log; INSERT INTO change_log (kind, row_id, at_ms) VALUES (1, 1, 1);";

static int set_up(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    struct err err = {""};
    sqlite3 *db;
    char *message = NULL;

    strcpy(w->folder, "/tmp/queries-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->path = mem_printf("%s/betimes.db", w->folder);
    if (store_open(w->path, STORE_CREATE, &w->store, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, rows, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(db);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    store_close(w->store);
    unlink(w->path);
    rmdir(w->folder);
    free(w->path);
    free(w);
    return 0;
}

/* The ids that the filter lets through have to be these, in this order. */
static void lists(struct world *w, struct outbox_filter f, const char *expected)
{
    struct outbox_row *list;
    size_t count;
    struct buf b;

    buf_init(&b);
    assert_int_equal(store_outbox(w->store, &f, &list, &count), 0);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%lld", i > 0 ? " " : "", (long long)list[i].id);
    assert_string_equal(b.data, expected);
    buf_close(&b);
    outbox_rows_free(list, count);
}

static void test_without_a_filter_everything_is_listed_by_due_time(void **state)
{
    lists(*state, (struct outbox_filter){0}, "1 7 5 3 4 2 6");
}

static void test_each_filter_leaves_out_the_rest(void **state)
{
    struct world *w = *state;

    lists(w, (struct outbox_filter){.states = STATES_PENDING}, "3 2 6");
    lists(w, (struct outbox_filter){.states = STATES_OPEN}, "5 3 2 6");
    lists(w, (struct outbox_filter){.states = 1u << MESSAGE_HELD}, "3");
    lists(w, (struct outbox_filter){.id = 4}, "4");
    lists(w, (struct outbox_filter){.id = 99}, "");
    lists(w, (struct outbox_filter){.rule = "ready"}, "1 7 5 3");
    lists(w, (struct outbox_filter){.rule = "nothing"}, "");
    lists(w, (struct outbox_filter){.client_row = 1}, "1 2");
    lists(w, (struct outbox_filter){.client_row = 1, .rule = "reminder"}, "2");
    lists(w, (struct outbox_filter){.since_ms = NOW_MS}, "2 6");
    lists(w, (struct outbox_filter){.since_ms = NOW_MS, .until_ms = NOW_MS + 2 * HOUR_MS}, "2");
}

static void test_what_was_once_unclear_is_listed_whatever_came_of_it(void **state)
{
    struct world *w = *state;
    struct outbox_filter f = {.unclear = true};

    lists(w, f, "5");
    assert_int_equal(store_begin(w->store), 0);
    assert_int_equal(store_attempt_add(w->store, 1, 1, "texts", "unknown", 0, "silence", NULL), 0);
    assert_int_equal(store_attempt_add(w->store, 1, 2, "texts", "sent", 201, NULL, NULL), 0);
    assert_int_equal(store_commit(w->store), 0);
    lists(w, f, "1 5");
    f.states = 1u << MESSAGE_SENT;
    lists(w, f, "1");
}

static void test_a_job_has_its_visits_only_when_they_are_asked_for(void **state)
{
    struct world *w = *state;
    struct outbox_filter f = {.subject_kind = ENTITY_JOB, .subject_row = 1};

    lists(w, f, "1");
    f.with_visits = true;
    lists(w, f, "1 2");
    lists(w, (struct outbox_filter){.subject_kind = ENTITY_APPOINTMENT, .subject_row = 5}, "2");
}

static void test_a_limit_keeps_the_first_or_the_last_in_order(void **state)
{
    struct world *w = *state;

    lists(w, (struct outbox_filter){.limit = 2}, "1 7");
    lists(w, (struct outbox_filter){.limit = 2, .latest = true}, "2 6");
    lists(w, (struct outbox_filter){.by_change = true}, "4 6 1 2 3 7 5");
    lists(w, (struct outbox_filter){.by_change = true, .latest = true, .limit = 3}, "3 7 5");
}

static void test_a_message_is_told_with_names(void **state)
{
    struct world *w = *state;
    struct outbox_row *list;
    size_t count;

    assert_int_equal(store_outbox(w->store, &(struct outbox_filter){0}, &list, &count), 0);
    assert_int_equal(count, 7);
    const struct outbox_row *sent = &list[0], *visit = &list[5], *fixed = &list[6];
    assert_string_equal(sent->rule, "ready");
    assert_string_equal(sent->client_name, "Ilze");
    assert_string_equal(sent->recipient_name, "Ilze");
    assert_string_equal(sent->subject_ref, "J1");
    assert_string_equal(sent->subject_title, "Volvo");
    assert_string_equal(sent->to, "+37120000001");
    assert_string_equal(sent->text, "Gatavs");
    assert_null(sent->subject);
    assert_int_equal(sent->job_id, 1);
    assert_int_equal(sent->appointment_id, 0);
    assert_int_equal(sent->channel, CHANNEL_SMS);
    assert_int_equal(visit->job_id, 1);
    assert_int_equal(visit->appointment_id, 5);
    assert_null(visit->to);
    assert_null(visit->text);
    assert_string_equal(fixed->to, "office@example.com");
    assert_null(fixed->recipient_name);
    outbox_rows_free(list, count);
}

static void test_attempts_come_in_their_order(void **state)
{
    struct world *w = *state;
    struct attempt_row *list;
    size_t count;

    assert_int_equal(store_attempts(w->store, 7, &list, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].outcome, "retry");
    assert_int_equal(list[0].code, 0);
    assert_string_equal(list[1].detail, "no such user");
    assert_int_equal(list[1].code, 550);
    attempts_free(list, count);
    assert_int_equal(store_attempts(w->store, 2, &list, &count), 0);
    assert_int_equal(count, 0);
    attempts_free(list, count);
}

static void test_the_status_counts_what_is_there(void **state)
{
    struct world *w = *state;
    struct store_status st;

    assert_int_equal(store_status(w->store, NOW_MS, &st), 0);
    assert_int_equal(st.counts[MESSAGE_PLANNED], 2);
    assert_int_equal(st.counts[MESSAGE_UNKNOWN], 1);
    assert_int_equal(st.counts[MESSAGE_RETRY], 0);
    assert_int_equal(st.next_due_ms, INT64_C(1796738400000));
    assert_int_equal(st.overdue, 1);
    assert_int_equal(st.oldest_due_ms, INT64_C(1796731200000));
    assert_int_equal(st.last_sent_ms, INT64_C(1796720500000));
    assert_int_equal(st.changes, 1);
    assert_int_equal(st.tasks, 1);
    assert_int_equal(st.clients, 3);
    assert_int_equal(st.jobs, 2);
    assert_int_equal(st.appointments, 1);
    assert_false(st.paused);
    assert_int_equal(st.rule_count, 3);
    assert_int_equal(st.rules[0].waiting, 1);
    assert_int_equal(st.rules[0].sent, 1);
    assert_int_equal(st.rules[1].paused_ms, 5);
    assert_string_equal(st.rules[1].pause_reason, "too many");
    assert_false(st.rules[2].present);
    store_status_close(&st);
}

static void test_the_status_of_nothing_has_no_times(void **state)
{
    struct world *w = *state;
    struct store_status st;
    struct store *empty;
    char *path = mem_printf("%s/empty.db", w->folder);

    assert_int_equal(store_open(path, STORE_CREATE, &empty, NULL), 0);
    assert_int_equal(store_pause(empty, true, 1, "moving house"), 0);
    assert_int_equal(store_status(empty, NOW_MS, &st), 0);
    assert_int_equal(st.next_due_ms, INT64_MAX);
    assert_int_equal(st.oldest_due_ms, INT64_MAX);
    assert_int_equal(st.last_sent_ms, 0);
    assert_int_equal(st.rule_count, 0);
    assert_true(st.paused);
    assert_string_equal(st.pause_reason, "moving house");
    store_status_close(&st);
    store_close(empty);
    unlink(path);
    free(path);
}

static void finds(struct world *w, enum entity_kind kind, const char *text, int64_t expected)
{
    int64_t id = 0;
    int rc = store_find(w->store, kind, text, &id);

    assert_int_equal(rc, expected != 0 ? 0 : ERR_NOTFOUND);
    if (expected != 0)
        assert_int_equal(id, expected);
}

static void test_a_ref_goes_before_an_id(void **state)
{
    struct world *w = *state;

    finds(w, ENTITY_CLIENT, "c7", 1);
    finds(w, ENTITY_CLIENT, "1", 2); /* the ref of client 2 */
    finds(w, ENTITY_CLIENT, "#1", 1);
    finds(w, ENTITY_CLIENT, "3", 3);
    finds(w, ENTITY_CLIENT, "4", 0);
    finds(w, ENTITY_CLIENT, "", 0);
    finds(w, ENTITY_CLIENT, "c", 0);
    finds(w, ENTITY_JOB, "J1", 1);
    finds(w, ENTITY_JOB, "#2", 2);
    finds(w, ENTITY_APPOINTMENT, "a12", 5);
    finds(w, ENTITY_STAFF, "s1", 1);
    finds(w, ENTITY_STAFF, "2", 0);
}

static void test_a_ref_that_is_near_is_suggested(void **state)
{
    struct world *w = *state;
    char *near = store_find_near(w->store, ENTITY_APPOINTMENT, "A12x");

    assert_string_equal(near, "a12");
    free(near);
    assert_null(store_find_near(w->store, ENTITY_APPOINTMENT, "zz"));
    near = store_find_near(w->store, ENTITY_CLIENT, "C");
    assert_string_equal(near, "c7");
    free(near);
}

static void test_a_test_message_waits_in_the_queue_for_its_gateway(void **state)
{
    struct world *w = *state;
    const bool closed[CHANNEL_COUNT] = {false};
    struct message *due;
    size_t count;
    int64_t first, second;

    struct hand_row row = {.rule = SEND_TEST_RULE,
                           .purpose = PURPOSE_INTERNAL,
                           .channel = CHANNEL_SMS,
                           .now_ms = 100,
                           .expires_ms = 200};
    assert_int_equal(store_hand_add(w->store, &row, "texts", "+37120000009", &first), 0);
    row.now_ms = 101;
    row.expires_ms = 201;
    assert_int_equal(store_hand_add(w->store, &row, "texts", "+37120000009", &second), 0);
    assert_true(second > first);
    assert_int_equal(store_messages_due(w->store, 101, closed, 10, &due, &count), 0);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (due[i].id != first)
            continue;
        found = true;
        assert_int_equal(due[i].subject_id, due[i].recipient_id);
        assert_string_equal(due[i].gateway, "texts");
        assert_string_equal(due[i].address, "+37120000009");
        assert_int_equal(due[i].expires_ms, 200);
    }
    assert_true(found);
    messages_free(due, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_without_a_filter_everything_is_listed_by_due_time),
        T(test_each_filter_leaves_out_the_rest),
        T(test_what_was_once_unclear_is_listed_whatever_came_of_it),
        T(test_a_job_has_its_visits_only_when_they_are_asked_for),
        T(test_a_limit_keeps_the_first_or_the_last_in_order),
        T(test_a_message_is_told_with_names),
        T(test_attempts_come_in_their_order),
        T(test_the_status_counts_what_is_there),
        T(test_the_status_of_nothing_has_no_times),
        T(test_a_ref_goes_before_an_id),
        T(test_a_ref_that_is_near_is_suggested),
        T(test_a_test_message_waits_in_the_queue_for_its_gateway),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
