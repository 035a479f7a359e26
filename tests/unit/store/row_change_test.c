/* store/row_change: rows are written as wanted, told apart by their fingerprints, and thought
 * through in a draft around one client, where conditions see them, too. */
#include "../support/shop.h"

#include "store/condition.h"
#include "store/desk.h"
#include "store/row_change.h"

static char ready[] = "Ready", title[] = "Brakes", amount[] = "120.50", bad_due[] = "tomorrow",
            due[] = "2026-12-08", starts[] = "2026-12-08T15:00", status[] = "confirmed";

static struct shop *open_shop(void)
{
    struct shop *s =
        shop_open(SHOP_WORKFLOW "[rule r]\non = job enters Ready\nby = sms\n", "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, name) VALUES (1, 'Anna'), (2, 'Berta');"
                "INSERT INTO job (id, ref, client_id, stage, title, fields) VALUES "
                "(1, 'J-1', 1, 'New', 'Brakes', '{\"plate\": 7}'), (2, 'J-2', 2, 'New', 'T', NULL);"
                "INSERT INTO appointment (id, client_id, starts) VALUES (1, 1, '2026-12-02'), "
                "(2, 2, '2026-12-02');");
    return s;
}

static struct row_change job_change(int64_t id)
{
    return (struct row_change){
        .kind = ENTITY_JOB,
        .id = id,
        .job = {.client_id = 1, .stage = ready, .title = title, .amount = amount, .due = due}};
}

static void write_it(struct shop *s, struct row_change *c, int expected)
{
    shop_ok(s, store_begin(s->store), "begin");
    assert_int_equal(store_row_change(s->store, c, 1700000000000), expected);
    if (expected == 0)
        shop_ok(s, store_commit(s->store), "commit");
    else
        store_rollback(s->store);
}

static void a_row_is_changed_and_keeps_what_the_page_does_not_know(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(1);

    write_it(s, &c, 0);
    assert_int_equal(
        shop_count(s,
                   "SELECT count(*) FROM job WHERE id = 1 AND ref = 'J-1' AND stage = 'Ready' "
                   "AND fields = '{\"plate\": 7}' AND amount = 120.5 AND typeof(amount) = 'real' "
                   "AND due = '2026-12-08' AND staff_id IS NULL AND workflow IS NULL "
                   "AND updated_at = '2023-11-14T22:13:20Z'"),
        1);
    shop_close(s);
}

static void a_new_row_gets_its_id(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(0);
    struct row_change visit = {
        .kind = ENTITY_APPOINTMENT,
        .appointment = {.client_id = 2, .job_id = 2, .starts = starts, .status = status}};

    write_it(s, &c, 0);
    assert_int_equal(c.id, 3);
    write_it(s, &visit, 0);
    assert_int_equal(visit.id, 3);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM appointment WHERE id = 3 AND job_id = 2 "
                                   "AND status = 'confirmed' AND timezone IS NULL"),
                     1);
    shop_close(s);
}

static void what_the_table_forbids_is_told_and_what_is_gone_is_not_found(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(1), gone = job_change(77);

    c.job.due = bad_due;
    write_it(s, &c, ERR_INVALID);
    assert_non_null(strstr(store_error(s->store), "due: a date or a time"));
    write_it(s, &gone, ERR_NOTFOUND);
    shop_close(s);
}

static void a_fingerprint_changes_with_any_column_but_the_time_of_change(void **state)
{
    struct shop *s = open_shop();
    char first[ROW_DIGEST_TEXT], next[ROW_DIGEST_TEXT];

    shop_ok(s, store_row_digest(s->store, ENTITY_JOB, 1, first), "digest");
    shop_sql(s, "UPDATE job SET updated_at = 'later' WHERE id = 1");
    shop_ok(s, store_row_digest(s->store, ENTITY_JOB, 1, next), "digest");
    assert_string_equal(first, next);
    shop_sql(s, "UPDATE job SET fields = '{}' WHERE id = 1");
    shop_ok(s, store_row_digest(s->store, ENTITY_JOB, 1, next), "digest");
    assert_string_not_equal(first, next);
    assert_int_equal(store_row_digest(s->store, ENTITY_JOB, 77, next), ERR_NOTFOUND);
    shop_close(s);
}

static int64_t count(struct store *draft, const char *sql)
{
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_prepare_v2(draft->db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void a_draft_around_a_client_has_no_one_elses_rows_and_changes_no_real_one(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(1), fresh = job_change(0);
    const int64_t ilze = 1;
    struct store *draft;
    struct err err;

    shop_look(s);
    shop_ok(s, store_draft_around(store_path(s->store), &ilze, 1, &draft, &err), "draft");
    assert_int_equal(count(draft, "SELECT group_concat(id) FROM job"), 1);
    assert_int_equal(count(draft, "SELECT group_concat(id) FROM appointment"), 1);
    assert_int_equal(count(draft, "SELECT count(*) FROM entity WHERE client_row = 2"), 0);
    assert_int_equal(count(draft, "SELECT count(*) FROM entity WHERE client_row = 1"), 3);
    assert_int_equal(count(draft, "SELECT count(*) FROM rule"), 1);
    assert_int_equal(store_draft_row(draft, &c, 0), 0);
    assert_int_equal(store_draft_row(draft, &fresh, 0), 0);
    assert_int_equal(fresh.id, 3);
    assert_int_equal(count(draft, "SELECT count(*) FROM job WHERE stage = 'Ready'"), 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM job WHERE stage = 'Ready'"), 0);
    store_close(draft);
    shop_close(s);
}

static void a_draft_around_two_clients_has_both_and_what_they_share_once(void **state)
{
    struct shop *s = open_shop();
    const int64_t both[] = {1, 2, 1};
    struct store *draft;
    struct err err;

    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'service', 'out'), (2, 'sms', 'survey', 'in')");
    shop_look(s);
    shop_ok(s, store_draft_around(store_path(s->store), both, 3, &draft, &err), "draft");
    assert_int_equal(count(draft, "SELECT count(*) FROM job"),
                     shop_count(s, "SELECT count(*) FROM job"));
    assert_int_equal(count(draft, "SELECT count(*) FROM entity WHERE kind = 2"),
                     shop_count(s, "SELECT count(*) FROM entity WHERE kind = 2"));
    assert_int_equal(count(draft, "SELECT count(*) FROM consent"), 2);
    const struct consent_line out = {.channel = CHANNEL_SMS, .purpose = PURPOSE_SERVICE};
    assert_int_equal(store_consent_add(draft, 1, &out, 0), 0);
    assert_int_equal(count(draft, "SELECT count(*) FROM consent WHERE client_id = 1"), 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM consent WHERE client_id = 1"), 1);
    store_close(draft);
    shop_close(s);
}

static bool holds(struct conditions *c, const char *expression, int64_t job_id)
{
    const struct condition_ids ids = {.client_id = 1, .job_id = job_id};
    struct err err = {""};
    bool truth;

    if (condition_eval(c, expression, &ids, &truth, &err) != 0)
        fail_msg("%s", err.text);
    return truth;
}

static void conditions_see_the_changed_row_among_the_others(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(1);
    struct err err = {""};
    struct conditions *conditions = conditions_open(store_path(s->store), &err);

    assert_non_null(conditions);
    assert_true(holds(conditions, "job.stage = 'New'", 1));
    shop_ok(s, conditions_instead(conditions, &c, &err), err.text);
    assert_true(holds(conditions, "job.stage = 'Ready' AND job.amount = 120.5", 1));
    assert_true(holds(conditions, "job.fields ->> 'plate' = 7", 1));
    assert_true(holds(conditions, "job.stage = 'New'", 2));
    assert_true(holds(conditions, "(SELECT count(*) FROM job AS j) = 2", 1));
    assert_true(holds(conditions, "(SELECT count(*) FROM appointment AS a) = 2", 1));
    assert_int_equal(condition_check(conditions, "(SELECT count(*) FROM user) = 0", &err),
                     ERR_INVALID);
    conditions_close(conditions);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM job WHERE stage = 'Ready'"), 0);
    shop_close(s);
}

static void conditions_see_a_new_row(void **state)
{
    struct shop *s = open_shop();
    struct row_change c = job_change(9);
    struct err err = {""};
    struct conditions *conditions = conditions_open(store_path(s->store), &err);

    assert_non_null(conditions);
    shop_ok(s, conditions_instead(conditions, &c, &err), err.text);
    assert_true(holds(conditions, "job.stage = 'Ready'", 9));
    assert_true(holds(conditions, "(SELECT count(*) FROM job AS j) = 3", 9));
    conditions_close(conditions);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_changed_and_keeps_what_the_page_does_not_know),
        cmocka_unit_test(a_new_row_gets_its_id),
        cmocka_unit_test(what_the_table_forbids_is_told_and_what_is_gone_is_not_found),
        cmocka_unit_test(a_fingerprint_changes_with_any_column_but_the_time_of_change),
        cmocka_unit_test(a_draft_around_a_client_has_no_one_elses_rows_and_changes_no_real_one),
        cmocka_unit_test(a_draft_around_two_clients_has_both_and_what_they_share_once),
        cmocka_unit_test(conditions_see_the_changed_row_among_the_others),
        cmocka_unit_test(conditions_see_a_new_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
