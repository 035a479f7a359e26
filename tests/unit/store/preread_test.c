/* store/preread: what is read ahead is what would be read now, or is not used. */
#include "../support/shop.h"

#include "store/answers.h"
#include "store/preread.h"

#define VISITS 200
#define EACH 10

/* The entities of the visits are 2 to VISITS + 1. */
static struct shop *open_shop(void)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "BEGIN");
    for (int i = 1; i <= VISITS; i++)
        shop_sql(s,
                 "INSERT INTO appointment (id, ref, client_id, starts) VALUES "
                 "(%d, 'a%d', 1, '2026-12-%02dT10:00')",
                 i, i, 3 + i % 25);
    shop_sql(s, "COMMIT");
    shop_look(s);
    store_preread_allow(s->store);
    shop_ok(s, store_begin(s->store), "begin");
    return s;
}

static void commit(struct shop *s)
{
    shop_ok(s, store_commit(s->store), "commit");
    shop_ok(s, store_begin(s->store), "begin");
}

static struct stretch stretch_number(int n)
{
    return (struct stretch){2 + EACH * n, 1 + EACH * (n + 1)};
}

/* Stretches `from` to `to`. */
static void order(struct shop *s, int from, int to)
{
    struct stretch list[PREREAD_STRETCHES];
    size_t n = 0;
    int64_t after;

    assert_true(store_preread_wants(s->store, &after));
    for (; from <= to; from++)
        list[n++] = stretch_number(from);
    store_preread_order(s->store, list, n);
}

/* It was read ahead, and right. */
static void assert_taken(struct shop *s, int n)
{
    const struct stretch_rows *rows = store_preread_take(s->store, stretch_number(n));
    struct stretch_rows now = {0};

    assert_non_null(rows);
    shop_ok(s, store_stretch_read(s->store, stretch_number(n), &now), "read");
    assert_int_equal(rows->count, EACH);
    assert_int_equal(now.count, EACH);
    for (size_t i = 0; i < EACH; i++) {
        const struct stretch_visit *a = &rows->visits[i], *b = &now.visits[i];
        assert_int_equal(a->entity.id, stretch_number(n).first + (int64_t)i);
        assert_int_equal(a->entity.id, b->entity.id);
        assert_string_equal(a->appointment.starts, b->appointment.starts);
        assert_string_equal(a->client.email, "ilze@example.com");
        assert_int_equal(a->client_entity, 1);
        assert_int_equal(a->event_count, 1);
        assert_int_equal(a->events[0].event, EVENT_APPOINTMENT_BOOKED);
    }
    stretch_rows_close(&now);
}

static void assert_forgotten(struct shop *s, int n)
{
    assert_null(store_preread_take(s->store, stretch_number(n)));
}

static void what_was_ordered_can_be_taken_once_in_its_order(void **state)
{
    struct shop *s = open_shop();
    int64_t after;

    assert_forgotten(s, 0);
    order(s, 0, 2);
    assert_false(store_preread_wants(s->store, &after)); /* one batch after the other */
    assert_taken(s, 0);
    assert_true(store_preread_wants(s->store, &after));
    assert_int_equal(after, stretch_number(2).last);
    order(s, 3, 4);
    for (int i = 1; i <= 4; i++)
        assert_taken(s, i);
    assert_forgotten(s, 5);
    order(s, 5, 7);
    commit(s); /* what a turn commits of its own planning changes nothing */
    assert_taken(s, 5);
    assert_forgotten(s, 7);
    assert_forgotten(s, 6); /* out of order, all is forgotten */
    shop_close(s);
}

static void marks_that_something_was_planned_leave_it_standing(void **state)
{
    struct shop *s = open_shop();

    order(s, 1, 3);
    shop_ok(s, store_stretch_planned(s->store, stretch_number(0), 7), "mark");
    assert_taken(s, 1);
    commit(s);
    assert_taken(s, 2);
    shop_ok(s, store_entity_planned(s->store, stretch_number(3).first, 7), "mark one");
    assert_forgotten(s, 3);
    shop_close(s);
}

static void a_commit_of_somebody_else_makes_it_old(void **state)
{
    static const char *const edits[] = {
        "UPDATE appointment SET starts = '2026-12-24T12:00' WHERE id = 15",
        "UPDATE client SET phone = NULL",
        "INSERT INTO consent (client_id, channel, purpose, state) "
        "VALUES (1, 'sms', 'service', 'out')",
        "DELETE FROM appointment WHERE id = 15",
        "INSERT INTO task (text, created_ms) VALUES ('whatever', 0)",
    };
    struct shop *s = open_shop();

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        order(s, 1, 2);
        shop_ok(s, store_commit(s->store), "commit");
        shop_sql(s, "%s", edits[i]);
        shop_ok(s, store_begin(s->store), "begin");
        assert_forgotten(s, 1);
        assert_forgotten(s, 2);
    }
    shop_close(s);
}

/* Whatever of ours writes into the tables that are read, prepared once or each time. */
static void what_we_write_ourselves_makes_it_old(void **state)
{
    static const char *const edits[] = {
        "UPDATE appointment SET starts = '2026-12-24T12:00' WHERE id = 999",
        "UPDATE client SET phone = NULL WHERE id = 999",
        "INSERT INTO consent (client_id, channel, purpose, state) "
        "VALUES (1, 'sms', 'service', 'in')",
        "DELETE FROM event WHERE entity_id = 999",
        "UPDATE entity SET generation = 0 WHERE id = 999",
    };
    struct shop *s = open_shop();
    struct entity e;
    int64_t after, revision;

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        order(s, 1, 2);
        shop_ok(s, store_exec(s->store, edits[i]), edits[i]);
        assert_false(store_preread_wants(s->store, &after)); /* not in this transaction */
        assert_forgotten(s, 1);
        commit(s);
    }
    for (int i = 0; i < 2; i++) { /* prepared by the first, at hand for the second */
        order(s, 1, 2);
        shop_ok(s, store_entity(s->store, 2, &e), "read an entity");
        assert_false(store_preread_wants(s->store, &after));
        shop_ok(s, store_entity_save(s->store, &e), "save it");
        entity_close(&e);
        assert_forgotten(s, 1);
        assert_false(store_preread_wants(s->store, &after));
        commit(s);
        order(s, 1, 2);
        shop_ok(s, store_entity_told(s->store, 5, 1, shop_now_ms, &revision), "told");
        assert_forgotten(s, 1);
        store_rollback(s->store);
        shop_ok(s, store_begin(s->store), "begin");
    }
    shop_sql(s, "SELECT 1");
    order(s, 1, 1);
    assert_taken(s, 1);
    shop_close(s);
}

static void reading_does_not_make_it_old(void **state)
{
    struct shop *s = open_shop();
    char *key, *facts;

    order(s, 0, 1);
    shop_ok(s, store_facts(s->store, ENTITY_APPOINTMENT, 1, &key, &facts), "read facts");
    free(key);
    free(facts);
    shop_ok(s, store_exec(s->store, "SELECT count(*) FROM appointment JOIN client"), "read");
    assert_taken(s, 0);
    assert_taken(s, 1);
    shop_close(s);
}

static void a_store_that_does_not_allow_it_and_one_at_its_end_have_none(void **state)
{
    struct shop *s = open_shop();
    int64_t after;

    order(s, 0, 7);
    store_preread_end(s->store); /* while it is being read */
    assert_forgotten(s, 0);
    order(s, 0, 1);
    assert_taken(s, 0);
    s->store->prereads = false;
    assert_false(store_preread_wants(s->store, &after));
    shop_close(s); /* with one that nobody took */
}

static void a_database_that_is_not_there_any_more_is_not_read(void **state)
{
    struct shop *s = open_shop();
    char *aside = mem_printf("%s.aside", s->settings->database);
    struct stretch at = stretch_number(0);
    int64_t after;

    assert_int_equal(rename(s->settings->database, aside), 0);
    assert_true(store_preread_wants(s->store, &after));
    store_preread_order(s->store, &at, 1);
    assert_forgotten(s, 0);
    assert_false(store_preread_wants(s->store, &after));
    assert_int_equal(rename(aside, s->settings->database), 0);
    free(aside);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_ordered_can_be_taken_once_in_its_order),
        cmocka_unit_test(marks_that_something_was_planned_leave_it_standing),
        cmocka_unit_test(a_commit_of_somebody_else_makes_it_old),
        cmocka_unit_test(what_we_write_ourselves_makes_it_old),
        cmocka_unit_test(reading_does_not_make_it_old),
        cmocka_unit_test(a_store_that_does_not_allow_it_and_one_at_its_end_have_none),
        cmocka_unit_test(a_database_that_is_not_there_any_more_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
