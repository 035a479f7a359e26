/*
 * watch: many subjects are planned as they stand, whatever was read of them ahead. Two shops live
 * through the same hour; one reads ahead, the other does not. Between the turns in which they plan,
 * another program and we ourselves change what is planned later, and after each turn both have
 * the same messages.
 *
 * The seed is printed when it fails; BETIMES_SEED=N repeats one.
 */
#include "../support/shop.h"

#include "base/rng.h"
#include "store/preread.h"

#define SEEDS 8
#define VISITS 900
#define CLIENTS 60
#define GAP 100       /* after so many visits a job, which is planned together with none */
#define ALTERNATE 300 /* from here to twice that, one after each */
#define TURN 60
#define TURNS_MAX 1000

#define PLAYBOOK(hour)                                                                             \
    "[rule day-before]\non = appointment starts\nwhen = 1 day before at " hour ":00\n"             \
    "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms then email\n"           \
    "[rule moved]\non = appointment moved\nsettle = 2 minutes\n"

static int upto(int n)
{
    return (int)rng_below((uint64_t)n);
}

static struct shop *open_shop(bool ahead)
{
    struct shop *s = shop_open(PLAYBOOK("18"), "2026-12-01T09:00");

    shop_sql(s, "BEGIN");
    for (int i = 1; i <= CLIENTS; i++)
        shop_sql(s,
                 "INSERT INTO client (id, ref, name, email, phone) VALUES "
                 "(%d, 'c%d', 'Client', 'c%d@example.com', '+371200000%02d')",
                 i, i, i, i);
    for (int i = 1; i <= VISITS; i++) {
        shop_sql(s,
                 "INSERT INTO appointment (id, ref, client_id, starts) VALUES "
                 "(%d, 'a%d', %d, '2026-12-%02dT%02d:00')",
                 i, i, 1 + i % CLIENTS, 3 + i % 25, 8 + i % 9);
        if (i % GAP == 0 || (i > ALTERNATE && i < 2 * ALTERNATE))
            shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j%d', 1, 'New')", i);
    }
    shop_sql(s, "COMMIT");
    if (ahead)
        store_preread_allow(s->store);
    return s;
}

/* What another program does: the same in both. */
static char *some_edit(void)
{
    int visit = 1 + upto(VISITS), client = 1 + upto(CLIENTS);

    switch (upto(8)) {
    case 0:
        return mem_printf("UPDATE appointment SET starts = '2026-12-%02dT07:15' "
                          "WHERE id BETWEEN %d AND %d",
                          3 + upto(25), visit, visit + 30);
    case 1:
        return mem_printf("UPDATE appointment SET status = 'cancelled' WHERE id = %d", visit);
    case 2:
        return mem_printf("DELETE FROM appointment WHERE id = %d", visit);
    case 3:
        return mem_printf("UPDATE client SET phone = NULL WHERE id = %d", client);
    case 4:
        return mem_printf("UPDATE client SET channel = 'sms' WHERE id = %d", client);
    case 5:
        return mem_printf("INSERT INTO consent (client_id, channel, purpose, state) "
                          "VALUES (%d, 'email', 'service', 'out')",
                          client);
    case 6:
        return mem_printf("UPDATE appointment SET client_id = %d WHERE id BETWEEN %d AND %d",
                          client, visit, visit + 30);
    default:
        return mem_printf("DELETE FROM client WHERE id = %d", client);
    }
}

/* Whatever both have planned so far. */
static char *all_rows(struct shop *s)
{
    return shop_ask(s, "SELECT * FROM message ORDER BY id");
}

struct turns {
    struct shop *shop;
    struct subjects waiting;
    size_t planned;
    bool ahead; /* it has read ahead at some time */
};

/* Absorb what there is, or leave it; plan some; commit, or take it back. */
static void turn(struct turns *t, bool absorb, const char *own, bool back)
{
    struct shop *s = t->shop;
    struct replan_counts counts = {0};
    size_t taken, before = t->planned;

    shop_ok(s, store_begin(s->store), "begin");
    if (absorb)
        shop_ok(s, absorb_changes(&s->world, shop_now_ms, 100000, &t->waiting, &taken), "absorb");
    if (own != NULL)
        shop_ok(s, store_exec(s->store, own), "write");
    if (t->planned == 0)
        subjects_sort(&t->waiting);
    while (t->planned < t->waiting.count && t->planned < before + TURN) {
        size_t done;
        shop_ok(s,
                replan_subjects(&s->world, &t->waiting.ids[t->planned],
                                t->waiting.count - t->planned, shop_now_ms, &counts, &done),
                "plan");
        t->planned += done;
        t->ahead = t->ahead || s->store->preread != NULL;
    }
    if (back) {
        store_rollback(s->store);
        t->planned = before;
    } else {
        shop_ok(s, store_commit(s->store), "commit");
    }
}

static void assert_the_same(const struct turns t[2], uint64_t seed, int turns)
{
    char *one = all_rows(t[0].shop), *other = all_rows(t[1].shop);

    if (strcmp(one, other) != 0)
        fail_msg("BETIMES_SEED=%llu: they differ after %d turns", (unsigned long long)seed, turns);
    free(one);
    free(other);
}

static void save_another_playbook(struct turns t[2], const char *playbook)
{
    for (int i = 0; i < 2; i++) {
        int64_t after = 0;
        bool done = false;
        shop_save(t[i].shop, playbook);
        while (!done)
            shop_ok(t[i].shop,
                    store_entities_unplanned(t[i].shop->store, t[i].shop->world.generation, &after,
                                             1000, subjects_add, &t[i].waiting, &done),
                    "sweep");
    }
}

/* All that waits is planned in turns, with whatever comes in between. */
static void plan_all(struct turns t[2], uint64_t seed, bool undisturbed)
{
    for (int n = 0; t[0].planned < t[0].waiting.count && n < TURNS_MAX; n++) {
        char *edit = undisturbed || upto(2) > 0 ? NULL : some_edit();
        char *own = undisturbed || upto(4) > 0 ? NULL : some_edit();
        bool absorb = !undisturbed && upto(3) == 0, back = !undisturbed && upto(8) == 0;
        for (int i = 0; i < 2; i++) {
            if (edit != NULL)
                shop_sql(t[i].shop, "%s", edit);
            turn(&t[i], absorb, own, back);
        }
        free(edit);
        free(own);
        assert_the_same(t, seed, n);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(t[i].planned >= t[i].waiting.count);
        store_preread_end(t[i].shop->store);
        subjects_close(&t[i].waiting);
        t[i].planned = 0;
    }
}

static void live(uint64_t seed)
{
    struct turns t[2] = {{.shop = open_shop(true)}, {.shop = open_shop(false)}};

    rng_seed(seed);
    for (int i = 0; i < 2; i++)
        turn(&t[i], true, NULL, false);
    plan_all(t, seed, seed % 4 == 0);
    save_another_playbook(t, PLAYBOOK("17")); /* the lone rule */
    plan_all(t, seed, false);
    assert_true(t[0].ahead);
    assert_false(t[1].ahead);
    shop_close(t[0].shop);
    shop_close(t[1].shop);
}

static void what_was_read_ahead_is_planned_as_it_stands(void **state)
{
    const char *given = getenv("BETIMES_SEED");

    replan_read_ahead_from(10);
    if (given != NULL) {
        live(strtoull(given, NULL, 10));
        return;
    }
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        live(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_ahead_is_planned_as_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
