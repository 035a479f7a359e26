/* store/web_queries and store/users: the lists of the pages; sessions. */
#include "../support/shop.h"

#include "store/users.h"
#include "store/web_queries.h"

static struct shop *open_shop(void)
{
    return shop_open(SHOP_WORKFLOW "[rule r]\non = job enters Ready\nby = sms\n",
                     "2026-12-01T09:00");
}

/* Many messages in every state, and their attempts, as if long ago; and a few of today. */
static void fill(struct shop *s, int many)
{
    char *sql = mem_printf(
        "INSERT INTO client (id, name) VALUES (1, 'Anna'), (2, 'Berta');"
        "INSERT INTO entity (id, kind, key, row_id, client_row) VALUES (901, 3, 'J-1', 1, 1), "
        "(902, 1, 'C-2', 2, 2);"
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1) "
        "INSERT INTO message (id, rule_id, subject_id, occurrence, repeat, recipient_id, channel, "
        "state, nominal_ms, due_ms, expires_ms, next_ms, state_ms) "
        "SELECT i + 1, 1, 901, i, 0, 902, i %% 2, i %% 12, 0, i, 0, i, i FROM n;"
        "INSERT INTO attempt (message_id, at_ms, gateway, outcome) "
        "SELECT id, state_ms, 'g', CASE state WHEN 5 THEN 'sent' ELSE 'retry' END FROM message;"
        "INSERT INTO attempt_tally SELECT gateway, outcome, count(*), max(at_ms) FROM attempt "
        "GROUP BY 1, 2;",
        many);

    shop_sql(s, "%s", sql);
    free(sql);
}

static void what_went_is_counted_from_its_attempts(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    int64_t by_channel[CHANNEL_COUNT];
    size_t count;

    fill(s, 1200);
    /* Of 600..1199 every twelfth was sent: 605, 617, ... 1193, all with an odd number. */
    shop_ok(s, store_sent_since(s->store, 600, 7, &rows, &count, by_channel), "sent");
    assert_int_equal(count, 7);
    assert_int_equal(rows[0].state_ms, 1193);
    assert_int_equal(rows[6].state_ms, 1193 - 6 * 12);
    assert_int_equal(by_channel[CHANNEL_EMAIL], 0);
    assert_int_equal(by_channel[CHANNEL_SMS], 50);
    outbox_rows_free(rows, count);
    shop_ok(s, store_sent_since(s->store, 5000, 7, &rows, &count, by_channel), "sent");
    assert_int_equal(count + (size_t)by_channel[CHANNEL_SMS], 0);
    outbox_rows_free(rows, count);
    shop_close(s);
}

/* As when a person had one go again that had gone after all. */
static void what_went_twice_is_listed_once_and_as_the_latest(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    int64_t by_channel[CHANNEL_COUNT];
    size_t count;

    fill(s, 120);
    shop_sql(s, "INSERT INTO attempt (message_id, at_ms, gateway, outcome) "
                "VALUES (6, 200, 'g', 'sent'), (18, 201, 'g', 'retry');");
    shop_ok(s, store_sent_since(s->store, 0, 100, &rows, &count, by_channel), "sent");
    assert_int_equal(count, 10);
    assert_int_equal(rows[0].id, 6);
    assert_int_equal(rows[1].id, 114);
    assert_int_equal(rows[9].id, 18);
    outbox_rows_free(rows, count);
    shop_close(s);
}

static void what_did_not_go_is_found_by_its_state_and_time(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    int64_t total;
    size_t count;

    fill(s, 1200);
    shop_ok(s,
            store_apart_since(s->store, (1u << MESSAGE_FAILED) | (1u << MESSAGE_HELD), 600, 5,
                              &rows, &count, &total),
            "apart");
    assert_int_equal(count, 5);
    assert_int_equal(total, 100);
    for (size_t i = 0; i < count; i++)
        assert_true(rows[i].state == MESSAGE_FAILED || rows[i].state == MESSAGE_HELD);
    assert_int_equal(rows[0].state_ms, 1196);
    outbox_rows_free(rows, count);
    shop_close(s);
}

static void what_is_next_comes_from_all_channels_in_order(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    size_t count;

    fill(s, 1200);
    shop_ok(s, store_upcoming(s->store, 4, &rows, &count), "upcoming");
    assert_int_equal(count, 4);
    static const int64_t due[] = {0, 2, 12, 14}; /* planned and retry; 1 and 13 are held */
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].due_ms, due[i]);
    outbox_rows_free(rows, count);
    shop_close(s);
}

static void a_clients_messages_are_those_about_them(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    size_t count;

    fill(s, 120);
    shop_ok(s, store_client_messages(s->store, 1, false, 1000, &rows, &count), "history");
    assert_int_equal(count, 90);
    assert_int_equal(rows[0].state_ms, 119);
    outbox_rows_free(rows, count);
    shop_ok(s, store_client_messages(s->store, 1, true, 1000, &rows, &count), "coming");
    assert_int_equal(count, 30);
    assert_int_equal(rows[0].due_ms, 0);
    outbox_rows_free(rows, count);
    shop_ok(s, store_client_messages(s->store, 1, false, 3, &rows, &count), "history");
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].state_ms, 119);
    assert_int_equal(rows[2].state_ms, 117);
    outbox_rows_free(rows, count);
    shop_ok(s, store_client_messages(s->store, 1, true, 2, &rows, &count), "coming");
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].due_ms, 1);
    outbox_rows_free(rows, count);
    shop_ok(s, store_client_messages(s->store, 2, false, 1000, &rows, &count), "history");
    assert_int_equal(count, 0);
    outbox_rows_free(rows, count);
    shop_close(s);
}

/* A session is known by its present cookie and by the one before, and by no other. */
static void a_session_is_known_by_its_last_two_cookies(void **state)
{
    struct shop *s = open_shop();
    struct login l;

    shop_ok(s, store_user_add(s->store, "Anna", ROLE_STAFF, "$y$x", 5), "add");
    assert_int_equal(store_user_add(s->store, "ANNA", ROLE_STAFF, "$y$x", 5), ERR_EXISTS);
    shop_ok(s, store_session_add(s->store, "first", "form", 1, 10), "session");
    shop_ok(s, store_session_change(s->store, "first", "second", 20), "change");
    shop_ok(s, store_session(s->store, "first", &l), "by the one before");
    assert_true(l.by_previous);
    assert_string_equal(l.user.name, "Anna");
    login_close(&l);
    shop_ok(s, store_session_change(s->store, "second", "third", 30), "change");
    assert_int_equal(store_session(s->store, "first", &l), ERR_NOTFOUND);
    shop_ok(s, store_session(s->store, "third", &l), "by the present one");
    assert_false(l.by_previous);
    assert_string_equal(l.form, "form");
    login_close(&l);
    shop_ok(s, store_sessions_expire(s->store, 10, 30), "expire");
    shop_ok(s, store_session(s->store, "third", &l), "still there");
    login_close(&l);
    shop_ok(s, store_user_set_password(s->store, 1, "$y$z"), "password");
    assert_int_equal(store_session(s->store, "third", &l), ERR_NOTFOUND);
    shop_close(s);
}

static void a_users_addresses_are_kept_and_forgotten(void **state)
{
    struct shop *s = open_shop();
    char *email, *phone;

    shop_ok(s, store_user_add(s->store, "Anna", ROLE_STAFF, "$y$x", 5), "add");
    shop_ok(s, store_user_addresses(s->store, 1, &email, &phone), "none");
    assert_null(email);
    assert_null(phone);
    shop_ok(s, store_user_set_addresses(s->store, 1, "anna@example.com", ""), "set");
    shop_ok(s, store_user_addresses(s->store, 1, &email, &phone), "one");
    assert_string_equal(email, "anna@example.com");
    assert_null(phone);
    free(email);
    assert_int_equal(store_user_addresses(s->store, 2, &email, &phone), ERR_NOTFOUND);
    assert_null(email);
    shop_close(s);
}

static void when_somebody_did_something_so_often_is_known(void **state)
{
    struct shop *s = open_shop();
    int64_t at_ms;

    for (int i = 1; i <= 5; i++)
        shop_ok(s, store_audit(s->store, i * 100, "Anna", "send test", NULL, NULL), "audit");
    shop_ok(s, store_audit(s->store, 900, "Berta", "send test", NULL, NULL), "somebody else");
    shop_ok(s, store_audit(s->store, 950, "Anna", "pause", NULL, NULL), "something else");
    static const int64_t expected[] = {500, 400, 300, 200, 100, 0};
    for (int nth = 1; nth <= 6; nth++) {
        shop_ok(s, store_audit_when(s->store, "Anna", "send test", nth, &at_ms), "when");
        assert_int_equal(at_ms, expected[nth - 1]);
    }
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_is_counted_from_its_attempts),
        cmocka_unit_test(what_went_twice_is_listed_once_and_as_the_latest),
        cmocka_unit_test(what_did_not_go_is_found_by_its_state_and_time),
        cmocka_unit_test(what_is_next_comes_from_all_channels_in_order),
        cmocka_unit_test(a_clients_messages_are_those_about_them),
        cmocka_unit_test(a_session_is_known_by_its_last_two_cookies),
        cmocka_unit_test(a_users_addresses_are_kept_and_forgotten),
        cmocka_unit_test(when_somebody_did_something_so_often_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
