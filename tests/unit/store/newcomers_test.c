/* store/newcomers: several records by a statement are what each would be by its own. */
#include "../support/shop.h"

#include "store/newcomers.h"

#define MANY 37 /* two full statements, and some rows that are none */

static struct entity newcomer(int i)
{
    return (struct entity){.kind = ENTITY_JOB,
                           .key = mem_printf("j%d", i),
                           .row_id = 100 + i,
                           .client_row = i % 5,
                           .present = true,
                           .revision = i,
                           .state = i % 3 == 0 ? NULL : mem_strdup("Ready"),
                           .facts = i % 4 == 0 ? NULL : mem_printf("facts %d", i),
                           .generation = i % 2 == 0 ? ENTITY_NEVER_PLANNED : 0};
}

/* `list` and their entities, one by one. */
static void save_each(struct shop *s, struct entity *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shop_ok(s, store_entity_save(s->store, &list[i]), "save");
}

static void close_all(struct entity *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entity_close(&list[i]);
}

static char *ask_all(struct shop *s)
{
    return shop_ask(s, "SELECT * FROM entity ORDER BY id");
}

static void several_at_once_are_what_each_would_be_alone(void **state)
{
    for (size_t count = 1; count <= MANY; count += 4) {
        struct shop *together = shop_open("", "2026-12-01T09:00"),
                    *apart = shop_open("", "2026-12-01T09:00");
        struct entity a[MANY], b[MANY];

        shop_sql(together, "INSERT INTO entity (id, kind, key, row_id) VALUES (41, 1, 'c', 1)");
        shop_sql(apart, "INSERT INTO entity (id, kind, key, row_id) VALUES (41, 1, 'c', 1)");
        for (int i = 0; i < (int)count; i++) {
            a[i] = newcomer(i);
            b[i] = newcomer(i);
        }
        shop_ok(together, store_entities_add(together->store, a, count), "add");
        save_each(apart, b, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(a[i].id, 42 + (int64_t)i);
            assert_int_equal(b[i].id, a[i].id);
        }
        char *x = ask_all(together), *y = ask_all(apart);
        assert_string_equal(x, y);
        free(x);
        free(y);
        close_all(a, count);
        close_all(b, count);
        shop_close(together);
        shop_close(apart);
    }
}

static void events_and_facts_belong_to_whom_they_are_given(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct entity_event events[MANY];
    struct entity_facts facts[MANY];

    for (int i = 0; i < MANY; i++) {
        events[i] = (struct entity_event){7 + i / 2,
                                          {.event = i % 2 == 0 ? EVENT_JOB_OPENS : EVENT_JOB_ENTERS,
                                           .revision = 1 + i % 2,
                                           .stage = i % 2 == 0 ? NULL : "Ready",
                                           .at_ms = 1000 + i}};
        facts[i] = (struct entity_facts){7 + i / 2, 1000 + i, "facts"};
    }
    shop_ok(s, store_events_add(s->store, events, MANY), "events");
    shop_ok(s, store_pasts_add(s->store, facts, MANY), "pasts");
    for (int i = 0; i < MANY; i++)
        facts[i].facts = "later";
    shop_ok(s, store_pasts_add(s->store, facts, 20), "the later ones count");
    shop_ok(s, store_events_add(s->store, events, 0), "none");
    assert_answer(s,
                  "SELECT count(*), min(entity_id), max(entity_id), "
                  "sum(at_ms - 1000 = 2 * (entity_id - 7) + revision - 1), "
                  "sum(stage = 'Ready') FROM event",
                  "37 7 25 37 18");
    assert_answer(s, "SELECT event, revision, stage, at_ms FROM event WHERE entity_id = 9",
                  "2 1 - 1004; 0 2 Ready 1005");
    assert_answer(s, "SELECT facts, count(*), min(entity_id), max(entity_id) FROM past GROUP BY 1",
                  "facts 17 17 25; later 20 7 16");
    shop_close(s);
}

/* A draft's entities are twins of the real ones, which stay as they are. */
static void in_a_draft_they_go_on_where_the_draft_ends(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct entity list[MANY];
    struct store *draft;
    struct err err = {""};

    shop_sql(s, "INSERT INTO entity (id, kind, key, row_id) VALUES (41, 1, 'c', 1)");
    if (store_draft(s->settings->database, &draft, &err) != 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < MANY; i++)
        list[i] = newcomer(i);
    shop_ok(s, store_begin(draft), "begin");
    assert_int_equal(store_entities_add(draft, list, MANY), 0);
    shop_ok(s, store_commit(draft), "commit");
    for (int i = 0; i < MANY; i++)
        assert_int_equal(list[i].id, 42 + i);
    close_all(list, MANY);
    store_close(draft);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM entity"), 1);
    shop_close(s);
}

static void a_key_that_is_taken_is_an_error_and_a_rollback_leaves_nothing(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct entity list[MANY];

    for (int i = 0; i < MANY; i++)
        list[i] = newcomer(i);
    list[20].key[1] = '3'; /* j20 becomes j30 */
    shop_ok(s, store_begin(s->store), "begin");
    assert_int_equal(store_entities_add(s->store, list, MANY), ERR_INVALID);
    store_rollback(s->store);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM entity"), 0);
    close_all(list, MANY);
    shop_close(s);
}

static void rows_are_told_as_each_would_be_and_a_gap_is_none(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    static const enum entity_kind kinds[] = {ENTITY_CLIENT, ENTITY_JOB, ENTITY_APPOINTMENT};
    struct row_now rows[8];

    shop_sql(s,
             "INSERT INTO client (id, ref, name, email) VALUES (3, 'c3', 'A', 'a@example.com'), "
             "(4, NULL, 'B', NULL), (7, '#4', 'C', NULL), (99, 'c99', 'D', NULL); "
             "INSERT INTO job (id, ref, client_id, stage) VALUES (2, 'j2', 3, ' Ready '), "
             "(5, NULL, 4, 'Ready'); "
             "INSERT INTO appointment (id, client_id, starts) VALUES (6, 3, '2026-12-08T15:00'); "
             "INSERT INTO entity (kind, key, row_id) VALUES (1, '#4', 1000), (3, 'j1', 5), "
             "(4, '#5', 66)");
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        shop_ok(s, store_rows_now(s->store, kinds[k], 1, 8, rows), "rows");
        for (int i = 0; i < 8; i++) {
            char *key, *facts;
            bool known;
            int rc = store_facts_known(s->store, kinds[k], 1 + i, &key, &facts, &known);
            if (rc == ERR_NOTFOUND) {
                assert_null(rows[i].key);
                assert_null(rows[i].facts);
            } else {
                shop_ok(s, rc, "row");
                assert_string_equal(rows[i].key, key);
                assert_string_equal(rows[i].facts, facts);
            }
            assert_int_equal(rows[i].known, known);
            row_now_close(&rows[i]);
            free(key);
            free(facts);
        }
    }
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_at_once_are_what_each_would_be_alone),
        cmocka_unit_test(events_and_facts_belong_to_whom_they_are_given),
        cmocka_unit_test(in_a_draft_they_go_on_where_the_draft_ends),
        cmocka_unit_test(a_key_that_is_taken_is_an_error_and_a_rollback_leaves_nothing),
        cmocka_unit_test(rows_are_told_as_each_would_be_and_a_gap_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
