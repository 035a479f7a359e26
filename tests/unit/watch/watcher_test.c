/* watch/watcher, with a real loop and real files: a commit is looked at within moments, also one
 * that can be seen only after the event; other files are nothing; closing is clean. */
#include "../support/shop.h"

#include "watch/watcher.h"

#define PATIENCE_MS 20000
#define PAUSES_MAX 8

struct scene {
    struct shop *s;
    uv_loop_t loop;
    uv_timer_t limit;
    struct watcher *w;
    int looks, changes;
    bool closed;
};

static void limit_cb(uv_timer_t *t)
{
    uv_stop(t->loop);
}

static void look(void *arg)
{
    struct scene *c = arg;
    bool changed;

    c->looks++;
    shop_ok(c->s, store_changed(c->s->store, &changed), "look");
    c->changes += changed;
    if (changed)
        uv_stop(&c->loop);
}

static void closed(void *arg)
{
    struct scene *c = arg;

    c->closed = true;
}

static void run_for(struct scene *c, uint64_t ms)
{
    uv_timer_start(&c->limit, limit_cb, ms, 0);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&c->limit);
}

static struct scene *open_scene(void)
{
    struct scene *c = mem_zalloc(sizeof(*c));
    struct err err = {""};
    bool changed;

    c->s = shop_open("", "2026-12-01T09:00");
    clock_replace(NULL);
    assert_int_equal(uv_loop_init(&c->loop), 0);
    uv_timer_init(&c->loop, &c->limit);
    c->w = watcher_create(&c->loop, c->s->settings->database, look, c, &err);
    if (c->w == NULL)
        fail_msg("%s", err.text);
    shop_ok(c->s, store_changed(c->s->store, &changed), "look");
    return c;
}

static void close_scene(struct scene *c)
{
    watcher_close(c->w, closed, c);
    uv_close((uv_handle_t *)&c->limit, NULL);
    assert_int_equal(uv_run(&c->loop, UV_RUN_DEFAULT), 0);
    assert_true(c->closed);
    assert_int_equal(uv_loop_close(&c->loop), 0);
    shop_close(c->s);
    free(c);
}

static void a_commit_is_seen_long_before_the_regular_look(void **state)
{
    struct scene *c = open_scene();

    int64_t least_ms = INT64_MAX;

    run_for(c, 1); /* the watch is set up */
    for (int i = 0; i < 5; i++) {
        int64_t began_ms = clock_mono_ms();
        shop_sql(c->s, "INSERT INTO client (name) VALUES ('x')");
        run_for(c, PATIENCE_MS);
        assert_int_equal(c->changes, i + 1);
        if (i > 0 && clock_mono_ms() - began_ms < least_ms)
            least_ms = clock_mono_ms() - began_ms;
    }
    /* Each began just after a look: the regular one would come 3 s later. The quickest counts,
     * since other programs are at work on the machine. */
    assert_true(least_ms < 2500);
    close_scene(c);
}

static void other_files_in_the_folder_are_not_looked_at(void **state)
{
    struct scene *c = open_scene();

    int before, pauses = 0;

    do { /* until what making the database set off has ended: its longest pause is 2 s */
        before = c->looks;
        run_for(c, 2200);
    } while (c->looks > before + 1 && ++pauses < PAUSES_MAX);
    before = c->looks;
    shop_file(c->s, "notes.txt", "x");
    run_for(c, 100);
    assert_in_range(c->looks, before, before + 1); /* a regular one may fall in */
    close_scene(c);
}

static void a_folder_that_is_not_there_is_an_error_in_words(void **state)
{
    uv_loop_t loop;
    struct err err = {""};

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(watcher_create(&loop, "/nowhere/at/all/betimes.db", look, NULL, &err));
    assert_non_null(strstr(err.text, "watch /nowhere/at/all: "));
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_is_seen_long_before_the_regular_look),
        cmocka_unit_test(other_files_in_the_folder_are_not_looked_at),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
