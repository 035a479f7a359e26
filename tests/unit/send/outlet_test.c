/* send/outlet: the order of gateways, their rate, their breaker. With real gateways into folders,
 * which are created and closed but never used, and a clock that the test moves. */
#include "../support/shop.h"

#include "base/rng.h"

#define TWO                                                                                        \
    "quiet = none\n"                                                                               \
    "[gateway first]\ntype = file\npath = one\nchannels = email\n"                                 \
    "[gateway second]\ntype = file\npath = two\nchannels = email\n"                                \
    "[channel email]\ngateways = first, second\n"

static const struct gateway_hooks no_hooks = {0};
static uv_loop_t loop;

/* Gateways into folders have no such limits of their own: given here. */
static struct shop *open_shop(const char *gateways, double rate, struct outlets *o)
{
    struct shop *s = shop_open_with(gateways, "", "2026-12-01T09:00");
    struct err err = {""};

    for (size_t i = 0; i < s->settings->gateway_count; i++) {
        s->settings->gateways[i].rate = rate;
        s->settings->gateways[i].connections =
            strcmp(s->settings->gateways[i].name, "first") == 0    ? 2
            : strcmp(s->settings->gateways[i].name, "second") == 0 ? 3
                                                                   : 100;
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    if (outlets_create(o, &loop, s->settings, &no_hooks, &err) != 0)
        fail_msg("%s", err.text);
    return s;
}

static void close_shop(struct shop *s, struct outlets *o)
{
    for (size_t i = 0; i < o->count; i++)
        gateway_close(o->items[i].gateway, 0, NULL, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(o->items);
    shop_close(s);
}

static const char *pick(struct outlets *o, int64_t *wait_ms)
{
    struct outlet *out = outlets_pick(o, CHANNEL_EMAIL, wait_ms);

    return out != NULL ? out->settings->name : "none";
}

static void wait_for(int64_t ms)
{
    shop_mono_us += ms * 1000;
}

static const struct gateway_result sent = {.outcome = OUTCOME_SENT};
static const struct gateway_result refused = {.outcome = OUTCOME_REJECTED};
static const struct gateway_result trouble = {.outcome = OUTCOME_RETRY, .gateway_trouble = true};

static void a_busy_gateway_is_no_reason_for_the_next_one(void **state)
{
    struct outlets o;
    struct shop *s = open_shop(TWO, 0, &o);
    struct outlet *first = outlets_find(&o, "first");
    int64_t wait_ms;

    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 2);
    assert_int_equal(outlets_room(&o, CHANNEL_TASK), 0);
    outlet_take(first);
    assert_string_equal(pick(&o, &wait_ms), "first");
    outlet_take(first);
    assert_string_equal(pick(&o, &wait_ms), "none");
    assert_int_equal(wait_ms, -1); /* only a result changes it */
    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 0);
    outlet_done(first, &refused); /* about its message, not about the gateway */
    assert_string_equal(pick(&o, &wait_ms), "first");
    outlet_done(first, &sent);
    assert_null(outlets_find(&o, "third"));
    close_shop(s, &o);
}

static void a_gateway_in_trouble_gives_way_until_one_message_went_through(void **state)
{
    struct outlets o;
    struct shop *s = open_shop(TWO, 0, &o);
    struct outlet *first = outlets_find(&o, "first");
    int64_t wait_ms;

    outlet_take(first);
    outlet_done(first, &trouble);
    assert_string_equal(pick(&o, &wait_ms), "second");
    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 3);
    wait_for(1001);
    assert_string_equal(pick(&o, &wait_ms), "first"); /* one tries */
    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 1);
    outlet_take(first);
    assert_string_equal(pick(&o, &wait_ms), "second"); /* and the others need not wait for it */
    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 3);
    outlet_done(first, &sent);
    assert_string_equal(pick(&o, &wait_ms), "first");
    assert_int_equal(outlets_room(&o, CHANNEL_EMAIL), 2);
    close_shop(s, &o);
}

static void what_pick_refuses_room_does_not_promise(void **state)
{
    struct outlets o;
    struct shop *s = open_shop(TWO, 0, &o);
    int64_t wait_ms;

    rng_seed(7);
    for (int i = 0; i < 3000; i++) {
        struct outlet *out = &o.items[rng_below(o.count)];
        switch (rng_below(4)) {
        case 0:
            out = outlets_pick(&o, CHANNEL_EMAIL, &wait_ms);
            if (out != NULL)
                outlet_take(out);
            break;
        case 1:
            if (out->in_flight > 0)
                outlet_done(out, rng_below(2) ? &sent : &trouble);
            break;
        case 2:
            wait_for((int64_t)rng_below(4000));
            break;
        default:
            break;
        }
        bool picked = outlets_pick(&o, CHANNEL_EMAIL, &wait_ms) != NULL;
        assert_int_equal(picked, outlets_room(&o, CHANNEL_EMAIL) > 0);
        for (size_t k = 0; k < o.count; k++)
            assert_in_range(o.items[k].in_flight, 0, o.items[k].settings->connections);
    }
    close_shop(s, &o);
}

static void trouble_doubles_the_pause_up_to_five_minutes(void **state)
{
    struct outlets o;
    struct shop *s = open_shop("quiet = none\n", 0, &o);
    int64_t wait_ms, expected_ms = 1000;

    for (int i = 0; i < 12; i++) {
        outlet_take(&o.items[0]);
        outlet_done(&o.items[0], &trouble);
        assert_string_equal(pick(&o, &wait_ms), "none");
        assert_int_equal(wait_ms, expected_ms);
        wait_for(wait_ms);
        assert_string_equal(pick(&o, &wait_ms), "drawer");
        expected_ms = expected_ms * 2 < 300000 ? expected_ms * 2 : 300000;
    }
    close_shop(s, &o);
}

/* Sixteen that were out when it broke down are one breakdown. */
static void one_breakdown_counts_once(void **state)
{
    struct outlets o;
    struct shop *s = open_shop("quiet = none\n", 0, &o);
    struct gateway_result asked = {
        .outcome = OUTCOME_RETRY, .gateway_trouble = true, .retry_after_ms = 20000};
    int64_t wait_ms;

    for (int i = 0; i < 16; i++)
        outlet_take(&o.items[0]);
    for (int i = 0; i < 15; i++)
        outlet_done(&o.items[0], &trouble);
    assert_string_equal(pick(&o, &wait_ms), "none");
    assert_int_equal(wait_ms, 1000);
    outlet_done(&o.items[0], &asked); /* but what the other side asks for is heard */
    assert_string_equal(pick(&o, &wait_ms), "none");
    assert_int_equal(wait_ms, 20000);
    close_shop(s, &o);
}

static void no_more_goes_than_the_rate_allows(void **state)
{
    struct outlets o;
    struct shop *s = open_shop("quiet = none\n[gateway slow]\ntype = file\npath = slow\n"
                               "channels = email\n"
                               "[channel email]\ngateways = slow\n",
                               5, &o);
    int64_t wait_ms, end_us = shop_mono_us + 10 * 1000000;
    int taken = 0;

    while (shop_mono_us < end_us) {
        struct outlet *out = outlets_pick(&o, CHANNEL_EMAIL, &wait_ms);
        if (out == NULL) {
            assert_true(wait_ms > 0);
            wait_for(wait_ms);
            continue;
        }
        outlet_take(out);
        outlet_done(out, &sent);
        taken++;
    }
    assert_in_range(taken, 48, 56); /* fifty, and the first five at once */
    close_shop(s, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_gateway_is_no_reason_for_the_next_one),
        cmocka_unit_test(a_gateway_in_trouble_gives_way_until_one_message_went_through),
        cmocka_unit_test(what_pick_refuses_room_does_not_promise),
        cmocka_unit_test(trouble_doubles_the_pause_up_to_five_minutes),
        cmocka_unit_test(one_breakdown_counts_once),
        cmocka_unit_test(no_more_goes_than_the_rate_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
