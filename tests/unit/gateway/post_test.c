/* gateway/post: nothing that a thread leaves for another is lost, doubled, or out of its order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/thread.h"
#include "gateway/post.h"

#define GIVERS 4
#define EACH 20000

struct thing {
    struct post_item item;
    int giver, number;
};

struct giver {
    pthread_t thread;
    struct post *post;
    int number;
    struct thing *things;
    atomic_int *woken;
};

static void *give_main(void *arg)
{
    struct giver *g = arg;

    for (int i = 0; i < EACH; i++) {
        struct thing *t = &g->things[i];
        t->giver = g->number;
        t->number = i;
        if (post_put(g->post, &t->item, t))
            atomic_fetch_add(g->woken, 1);
    }
    return NULL;
}

static void the_oldest_comes_first_and_only_the_first_wakes(void **state)
{
    struct thing things[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    struct post post = {NULL};

    assert_null(post_take(&post));
    for (int i = 0; i < 3; i++)
        assert_int_equal(post_put(&post, &things[i].item, &things[i]), i == 0);
    struct post_item *item = post_take(&post);
    for (int i = 0; i < 3; i++, item = item->next)
        assert_ptr_equal(item->thing, &things[i]);
    assert_null(item);
    assert_null(post_take(&post));
    assert_true(post_put(&post, &things[1].item, &things[1]));
}

static void what_several_threads_leave_comes_whole_and_each_in_its_order(void **state)
{
    struct giver givers[GIVERS];
    struct post post = {NULL};
    atomic_int woken = 0;
    int next[GIVERS] = {0}, takes = 0, taken = 0;

    for (int i = 0; i < GIVERS; i++) {
        givers[i] = (struct giver){.post = &post, .number = i, .woken = &woken};
        givers[i].things = mem_array(EACH, sizeof(struct thing));
        assert_int_equal(thread_start(&givers[i].thread, give_main, &givers[i], "a giver", NULL),
                         0);
    }
    while (taken < GIVERS * EACH) {
        struct post_item *item = post_take(&post);
        takes += item != NULL;
        for (; item != NULL; item = item->next, taken++) {
            struct thing *t = item->thing;
            assert_int_equal(t->number, next[t->giver]++);
        }
    }
    for (int i = 0; i < GIVERS; i++) {
        pthread_join(givers[i].thread, NULL);
        free(givers[i].things);
    }
    assert_int_equal(atomic_load(&woken), takes); /* each list that was begun told of itself */
    assert_null(post_take(&post));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_comes_first_and_only_the_first_wakes),
        cmocka_unit_test(what_several_threads_leave_comes_whole_and_each_in_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
