/* store/db: opening, transactions, the hint that somebody committed, repair, copies. */
#include "../support/shop.h"

#include "store/sample.h"
#include "store/schema.h"

#define LARGE_JOURNAL (6 << 20)

static char *in(struct shop *s, const char *name)
{
    return fs_join(s->dir, name);
}

static void what_is_no_database_of_ours_is_refused_and_left_alone(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *other = NULL;
    struct err err = {""};
    sqlite3 *foreign;
    char *path = in(s, "foreign.db"), *text = in(s, "text.db"), *none = in(s, "none.db");

    assert_int_equal(sqlite3_open(path, &foreign), SQLITE_OK);
    assert_int_equal(sqlite3_exec(foreign, "CREATE TABLE client (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(foreign);
    shop_file(s, "text.db", "This is no database at all, but a long enough text to look like one.");

    assert_int_equal(store_open(path, STORE_WRITE, &other, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "is not a Betimes database"));
    assert_int_equal(store_open(path, STORE_CREATE, &other, &err), ERR_EXISTS);
    assert_int_equal(store_open(text, STORE_WRITE, &other, &err), ERR_CORRUPT);
    assert_int_equal(store_open(none, STORE_WRITE, &other, &err), ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "there is no database"));
    assert_false(fs_exists(none)); /* never made by itself */
    assert_int_equal(store_open(s->dir, STORE_WRITE, &other, &err), ERR_INVALID);
    assert_null(other);
    free(path);
    free(text);
    free(none);
    shop_close(s);
}

static void a_newer_database_is_refused(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *other = NULL;
    struct err err = {""};

    shop_sql(s, "PRAGMA user_version = %d", schema_version() + 1);
    assert_int_equal(store_open(s->settings->database, STORE_WRITE, &other, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "newer version"));
    shop_close(s);
}

static void whoever_looks_cannot_write(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *reader;
    struct err err = {""};

    if (store_open(s->settings->database, STORE_READ, &reader, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(store_meta_set_int(reader, "x", 1), ERR_READONLY);
    store_close(reader);
    shop_close(s);
}

static void a_locked_database_is_busy_and_nothing_waits(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_sql(s, "BEGIN IMMEDIATE");
    assert_int_equal(store_begin(s->store), ERR_BUSY);
    assert_false(store_in_transaction(s->store));
    shop_sql(s, "COMMIT");
    assert_int_equal(store_begin(s->store), 0);
    assert_true(store_in_transaction(s->store));
    store_rollback(s->store);
    shop_close(s);
}

static void what_was_rolled_back_never_was(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    int64_t value;

    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_meta_set_int(s->store, "x", 7), "set");
    store_rollback(s->store);
    shop_ok(s, store_meta_int(s->store, "x", -1, &value), "get");
    assert_int_equal(value, -1);
    shop_close(s);
}

static void a_commit_of_others_is_noticed_and_ours_is_not(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    bool changed;

    shop_ok(s, store_changed(s->store, &changed), "look");
    assert_true(changed); /* the first look always */
    shop_ok(s, store_changed(s->store, &changed), "look");
    assert_false(changed);
    shop_ok(s, store_meta_set_int(s->store, "x", 1), "set");
    shop_ok(s, store_changed(s->store, &changed), "look");
    assert_false(changed);
    shop_ilze(s);
    shop_ok(s, store_changed(s->store, &changed), "look");
    assert_true(changed);
    shop_sql(s, "BEGIN; DELETE FROM client; ROLLBACK");
    shop_ok(s, store_changed(s->store, &changed), "look");
    assert_false(changed);
    shop_close(s);
}

static void look_after(struct shop *s, int64_t ms)
{
    bool changed;

    shop_mono_us += ms * 1000;
    shop_ok(s, store_changed(s->store, &changed), "look");
}

static void whoever_has_just_written_is_given_room_and_who_never_did_is_not_waited_for(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    look_after(s, 0);
    assert_false(store_alone(s->store));
    look_after(s, 400);
    assert_true(store_alone(s->store));
    shop_ilze(s);
    look_after(s, 0);
    assert_true(store_alone(s->store)); /* once is not to go on writing */
    shop_sql(s, "INSERT INTO client (name) VALUES ('Anna')");
    look_after(s, 1900);
    assert_false(store_alone(s->store));
    look_after(s, 2100);
    assert_true(store_alone(s->store));
    for (int i = 0; i < 3; i++) {
        shop_sql(s, "INSERT INTO client (name) VALUES ('Inga')");
        look_after(s, 2100);
        assert_true(store_alone(s->store));
    }
    shop_sql(s, "INSERT INTO client (name) VALUES ('Anna')");
    look_after(s, 10);
    assert_false(store_alone(s->store));
    look_after(s, 1900);
    assert_false(store_alone(s->store));
    look_after(s, 2100);
    assert_true(store_alone(s->store));
    shop_close(s);
}

static off_t journal_size(struct shop *s)
{
    char *path = mem_printf("%s-wal", s->settings->database);
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_size;
}

static void a_journal_that_a_reader_made_large_does_not_stay_so(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *reader;
    int64_t value;

    shop_ok(s, store_open(s->settings->database, STORE_READ, &reader, NULL), "open");
    shop_ok(s, store_begin_reading(reader), "begin");
    shop_ok(s, store_meta_int(reader, "x", 0, &value), "read");
    for (int i = 0; i < 2000; i++)
        shop_ok(s, store_meta_set_int(s->store, "x", i), "set");
    assert_true(journal_size(s) > LARGE_JOURNAL);
    store_close(reader);
    for (int i = 0; i < 2; i++) { /* the first is still written behind the others */
        shop_ok(s, store_meta_set_int(s->store, "x", i), "set");
        store_tidy(s->store);
    }
    assert_true(journal_size(s) < LARGE_JOURNAL);
    shop_close(s);
}

static int64_t cache_used(struct shop *s)
{
    int used, highest;

    sqlite3_db_status(s->store->db, SQLITE_DBSTATUS_CACHE_USED, &used, &highest, 0);
    return used;
}

static void a_cache_that_is_dropped_is_smaller_and_reads_the_same(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    int64_t value;

    shop_ok(s, store_meta_set_int(s->store, "x", 7), "set");
    int64_t before = cache_used(s);
    store_drop_cache(s->store);
    assert_true(cache_used(s) < before / 2);
    shop_ok(s, store_meta_int(s->store, "x", -1, &value), "get");
    assert_int_equal(value, 7);
    shop_close(s);
}

static void small_values_come_back(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    int64_t value;
    char *text;

    shop_ok(s, store_meta_set_int(s->store, "n", INT64_MIN), "set");
    shop_ok(s, store_meta_set_int(s->store, "n", INT64_MAX), "set");
    shop_ok(s, store_meta_int(s->store, "n", 0, &value), "get");
    assert_true(value == INT64_MAX);
    shop_ok(s, store_meta_text(s->store, "t", &text), "get");
    assert_null(text);
    shop_ok(s, store_meta_set_text(s->store, "t", "it's"), "set");
    shop_ok(s, store_meta_text(s->store, "t", &text), "get");
    assert_string_equal(text, "it's");
    free(text);
    shop_close(s);
}

static void lost_triggers_come_back_and_others_stay(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    bool repaired = true;
    int64_t count = shop_count(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'");

    shop_ok(s, store_repair(s->store, &repaired), "repair");
    assert_false(repaired);
    shop_sql(s, "CREATE TRIGGER theirs AFTER INSERT ON client BEGIN SELECT 1; END");
    shop_sql(s, "DROP TRIGGER job_added"); /* one of ours less, one of theirs more */
    shop_ok(s, store_repair(s->store, &repaired), "repair");
    assert_true(repaired);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"),
                     count + 1);
    shop_close(s);
}

static void a_draft_is_seen_by_nobody_and_leaves_nothing_behind(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *draft;
    struct err err = {""};
    int64_t value, id;

    shop_sql(s, "INSERT INTO client (ref, name) VALUES ('c1', 'Anna')");
    if (store_draft(store_path(s->store), &draft, &err) != 0)
        fail_msg("%s", err.text);
    shop_ok(s, store_begin(draft), "begin");
    shop_ok(s, store_meta_set_int(draft, "x", 1), "set");
    shop_ok(s, store_entity_intern(draft, ENTITY_CLIENT, "c1", 1, &id), "an entity");
    shop_ok(s, store_commit(draft), "commit");
    shop_ok(s, store_meta_int(draft, "x", 0, &value), "get");
    assert_int_equal(value, 1);
    shop_ok(s, store_meta_int(s->store, "x", 0, &value), "get");
    assert_int_equal(value, 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM entity"), 0);
    /* The records are those of the database, at any time. */
    shop_sql(s, "UPDATE client SET name = 'Anna Ozola'");
    struct client c;
    shop_ok(s, store_client(draft, 1, &c), "client");
    assert_string_equal(c.name, "Anna Ozola");
    client_close(&c);
    store_close(draft);
    shop_close(s);
}

static void a_draft_cannot_write_into_the_database(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct store *draft;
    struct err err = {""};

    shop_sql(s, "INSERT INTO client (ref, name) VALUES ('c1', 'Anna')");
    if (store_draft(store_path(s->store), &draft, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(sample_client_phone(draft, "c1", "+37120000001") < 0);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM client WHERE phone IS NOT NULL"), 0);
    store_close(draft);
    shop_close(s);
}

/* What a CHECK refuses is refused at the writer's own INSERT, in words. */
static void rows_that_make_no_sense_are_refused_at_the_writers_insert(void **state)
{
    static const struct {
        const char *sql, *words;
    } rows[] = {
        {"INSERT INTO client (name) VALUES ('a' || char(13, 10) || 'b')", "name"},
        {"INSERT INTO client (name, email) VALUES ('a', 'b')", "email"},
        {"INSERT INTO client (name, channel) VALUES ('a', 'pigeon')", "channel"},
        {"INSERT INTO client (name, fields) VALUES ('a', '[1]')", "fields"},
        {"INSERT INTO client (name, ref) VALUES ('a', ' ')", "ref"},
        {"INSERT INTO client (name, ref) VALUES ('a', 'a' || char(0) || 'b')", "ref"},
        {"INSERT INTO client (name, ref) VALUES ('a', x'61')", "ref"},
        {"INSERT INTO client (name) VALUES ('a' || char(0))", "name"},
        {"INSERT INTO client (name, email) VALUES ('a', 'a@example.com' || char(0))", "email"},
        {"INSERT INTO client (name, phone) VALUES ('a', '+37120000001' || char(0))", "phone"},
        {"INSERT INTO job (ref, client_id, stage) VALUES (char(0), 1, 'x')", "ref"},
        {"INSERT INTO job (client_id, stage) VALUES (1, 'x' || char(0) || 'y')", "stage"},
        {"INSERT INTO appointment (ref, client_id, starts) VALUES ('a' || char(0), 1, "
         "'2026-12-08T15:00')",
         "ref"},
        {"INSERT INTO answer (ref, client_id) VALUES ('a' || char(0), 1)", "ref"},
        {"INSERT INTO job (client_id, stage) VALUES (1, '  ')", "stage"},
        {"INSERT INTO job (client_id, stage, due) VALUES (1, 'x', '2026-02-30')", "due"},
        {"INSERT INTO job (client_id, stage, amount) VALUES (1, 'x', '12,50')", "amount"},
        {"INSERT INTO appointment (client_id) VALUES (1)", "starts"},
        {"INSERT INTO appointment (client_id, starts) VALUES (1, '2026-12-08 15:00:00')", "starts"},
        {"INSERT INTO appointment (client_id, starts) VALUES (1, '2026-12-08T25:00')", "starts"},
        {"INSERT INTO appointment (client_id, starts, status) VALUES (1, '2026-12-08T15:00', 'x')",
         "status"},
        {"INSERT INTO consent (client_id, channel, purpose, state) VALUES (1, 'sms', 'x', 'in')",
         "purpose"},
    };
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_ilze(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *message = NULL;
        if (sqlite3_exec(s->other, rows[i].sql, NULL, NULL, &message) == SQLITE_OK)
            fail_msg("accepted: %s", rows[i].sql);
        if (strstr(message, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].sql, message);
        sqlite3_free(message);
    }
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_database_of_ours_is_refused_and_left_alone),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(whoever_looks_cannot_write),
        cmocka_unit_test(a_locked_database_is_busy_and_nothing_waits),
        cmocka_unit_test(what_was_rolled_back_never_was),
        cmocka_unit_test(a_commit_of_others_is_noticed_and_ours_is_not),
        cmocka_unit_test(
            whoever_has_just_written_is_given_room_and_who_never_did_is_not_waited_for),
        cmocka_unit_test(a_journal_that_a_reader_made_large_does_not_stay_so),
        cmocka_unit_test(a_cache_that_is_dropped_is_smaller_and_reads_the_same),
        cmocka_unit_test(small_values_come_back),
        cmocka_unit_test(lost_triggers_come_back_and_others_stay),
        cmocka_unit_test(a_draft_is_seen_by_nobody_and_leaves_nothing_behind),
        cmocka_unit_test(a_draft_cannot_write_into_the_database),
        cmocka_unit_test(rows_that_make_no_sense_are_refused_at_the_writers_insert),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
