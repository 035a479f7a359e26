/* send/dispatch: claims, flights and results around transactions, with the file gateway on a real
 * loop. The test plays the engine: begin; settle; claim; commit; committed. */
#include "../support/shop.h"

#include "send/dispatch.h"

#define TURNS_MAX 20000

struct scene {
    struct shop *s;
    uv_loop_t loop;
    struct dispatch *d;
    struct marks *marks;
    bool poked, stopped;
    int retired;
};

static void poke(void *arg)
{
    struct scene *c = arg;

    c->poked = true;
}

static void stopped(void *arg)
{
    struct scene *c = arg;

    c->stopped = true;
}

static void retired(void *arg)
{
    struct scene *c = arg;

    c->retired++;
}

static void configure(struct scene *c)
{
    struct outlets outlets;
    struct err err = {""};

    if (outlets_create(&outlets, &c->loop, c->s->settings, dispatch_hooks(c->d), &err) != 0)
        fail_msg("%s", err.text);
    dispatch_configure(c->d, &c->s->world, c->s->templates, c->s->conditions, &outlets, 5000,
                       retired, c);
}

static struct scene *open_scene(int jobs)
{
    struct scene *c = mem_zalloc(sizeof(*c));
    char *path;

    c->s = shop_open(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n", "2026-12-01T09:00");
    shop_ilze(c->s);
    for (int i = 0; i < jobs; i++)
        shop_sql(c->s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready')");
    shop_look(c->s);
    shop_templates(c->s);
    path = fs_join(c->s->dir, "drawer");
    assert_int_equal(fs_mkdirs(path, 0755, NULL), 0);
    free(path);
    assert_int_equal(uv_loop_init(&c->loop), 0);
    path = fs_join(c->s->dir, "marks");
    c->marks = marks_open(path, NULL);
    free(path);
    marks_forget(c->marks);
    c->d = dispatch_create(&c->loop, c->marks, poke, c);
    configure(c);
    return c;
}

static void stop_dispatch(struct scene *c)
{
    dispatch_stop(c->d, 1000, stopped, c);
    for (int i = 0; i < TURNS_MAX && !c->stopped; i++)
        uv_run(&c->loop, UV_RUN_ONCE);
    assert_true(c->stopped);
    dispatch_free(c->d);
}

static void end_scene(struct scene *c)
{
    marks_close(c->marks);
    assert_int_equal(uv_run(&c->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&c->loop), 0);
    shop_close(c->s);
    free(c);
}

static void close_scene(struct scene *c)
{
    stop_dispatch(c);
    end_scene(c);
}

static void turn(struct scene *c, bool commit)
{
    bool more;

    c->poked = false;
    shop_ok(c->s, store_begin(c->s->store), "begin");
    shop_ok(c->s, dispatch_settle(c->d, shop_now_ms), "settle");
    shop_ok(c->s, dispatch_claim(c->d, shop_now_ms, INT64_MAX, &more), "claim");
    if (commit) {
        shop_ok(c->s, store_commit(c->s->store), "commit");
        dispatch_committed(c->d);
    } else {
        store_rollback(c->s->store);
        dispatch_rolled_back(c->d);
    }
}

/* Turns until nothing is due and nothing on its way; every third one fails if `failing`. */
static void run(struct scene *c, bool failing)
{
    int64_t next_ms;

    for (int i = 0; i < TURNS_MAX; i++) {
        turn(c, !failing || i % 3 != 1);
        shop_ok(c->s, store_messages_next(c->s->store, &next_ms), "next");
        if (dispatch_in_flight(c->d) == 0 && next_ms > shop_now_ms)
            return;
        if (!c->poked && !dispatch_has_results(c->d))
            uv_run(&c->loop, dispatch_in_flight(c->d) > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
    fail_msg("it does not come to an end");
}

static size_t files_in(struct scene *c, const char *name)
{
    struct str_list list = {0};
    char *path = mem_printf("%s/%s", c->s->dir, name);

    assert_int_equal(fs_list(path, &list, NULL), 0);
    size_t n = list.count;
    str_list_close(&list);
    free(path);
    return n;
}

static void every_due_message_goes_exactly_once(void **state)
{
    struct scene *c = open_scene(40);

    run(c, false);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM message WHERE state = 5"), 40);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM payload WHERE committing"), 0);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM attempt"), 40);
    assert_int_equal(files_in(c, "drawer/new"), 40);
    close_scene(c);
}

/* The last results could not be written down: another service has taken over, or the database was
 * locked to the end. */
static void what_no_commit_has_told_keeps_its_mark_beyond_the_end(void **state)
{
    struct scene *c = open_scene(3);
    size_t passed = 0;

    turn(c, true);
    for (int i = 0; i < TURNS_MAX && !dispatch_has_results(c->d); i++)
        uv_run(&c->loop, UV_RUN_ONCE);
    assert_true(dispatch_has_results(c->d));
    stop_dispatch(c);
    for (int64_t id = 1; id <= 3; id++)
        passed += marks_passed(c->marks, id, 1);
    assert_int_equal(passed, files_in(c, "drawer/new"));
    assert_true(passed > 0);
    end_scene(c);
}

static void failing_transactions_neither_lose_nor_double_anything(void **state)
{
    struct scene *c = open_scene(40);

    run(c, true);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM message WHERE state = 5"), 40);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM attempt"), 40);
    assert_int_equal(shop_count(c->s, "SELECT sum(attempts) FROM message"), 40);
    assert_int_equal(files_in(c, "drawer/new"), 40);
    close_scene(c);
}

static void nothing_leaves_before_its_claim_is_committed(void **state)
{
    struct scene *c = open_scene(3);

    for (int i = 0; i < 5; i++) {
        turn(c, false);
        uv_run(&c->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(dispatch_in_flight(c->d), 0);
    assert_answer(c->s, "SELECT DISTINCT state FROM message", "0");
    assert_int_equal(files_in(c, "drawer/new"), 0);
    run(c, false);
    assert_int_equal(files_in(c, "drawer/new"), 3);
    close_scene(c);
}

static void a_new_configuration_waits_for_what_is_on_its_way(void **state)
{
    struct scene *c = open_scene(3);

    turn(c, true); /* out */
    assert_true(dispatch_in_flight(c->d) > 0);
    configure(c);
    run(c, false);
    assert_int_equal(shop_count(c->s, "SELECT count(*) FROM message WHERE state = 5"), 3);
    assert_int_equal(files_in(c, "drawer/new"), 3);
    for (int i = 0; i < TURNS_MAX && c->retired == 0; i++)
        uv_run(&c->loop, UV_RUN_ONCE);
    assert_int_equal(c->retired, 1);
    close_scene(c);
}

static void a_gateway_that_cannot_takes_its_pause_and_then_goes_on(void **state)
{
    struct scene *c = open_scene(1);
    char *path = fs_join(c->s->dir, "drawer"), *away = fs_join(c->s->dir, "away");
    bool more;

    assert_int_equal(rename(path, away), 0);
    for (int i = 0; i < TURNS_MAX; i++) {
        turn(c, true);
        if (dispatch_in_flight(c->d) == 0 && dispatch_wait_ms(c->d) >= 0)
            break;
        if (!c->poked && !dispatch_has_results(c->d))
            uv_run(&c->loop, UV_RUN_ONCE);
    }
    assert_rows(c->s, "ready", "retry email 2026-12-01T09:00 c1");
    assert_in_range(dispatch_wait_ms(c->d), 1, 300000);
    assert_int_equal(rename(away, path), 0);
    shop_at("2026-12-01T09:10");
    shop_ok(c->s, store_begin(c->s->store), "begin");
    shop_ok(c->s, dispatch_claim(c->d, shop_now_ms, INT64_MAX, &more), "claim");
    shop_ok(c->s, store_commit(c->s->store), "commit");
    dispatch_committed(c->d);
    run(c, false);
    assert_rows(c->s, "ready", "sent email 2026-12-01T09:00 c1");
    free(path);
    free(away);
    close_scene(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_due_message_goes_exactly_once),
        cmocka_unit_test(what_no_commit_has_told_keeps_its_mark_beyond_the_end),
        cmocka_unit_test(failing_transactions_neither_lose_nor_double_anything),
        cmocka_unit_test(nothing_leaves_before_its_claim_is_committed),
        cmocka_unit_test(a_new_configuration_waits_for_what_is_on_its_way),
        cmocka_unit_test(a_gateway_that_cannot_takes_its_pause_and_then_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
