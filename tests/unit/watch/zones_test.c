/* watch: another tzdata comes while visits are planned. The promise is the time on the wall, so
 * what is still to come moves, what was sent stays, and nobody hears of it. */
#include "../support/shop.h"
#include "../support/zonefile.h"

#define EUROPEAN "EET-2EEST,M3.5.0/3,M10.5.0/4"
#define SUMMER_FOR_EVER "<+03>-3"
#define ALMATY_SIX "<+06>-6"
#define ALMATY_FIVE "<+05>-5"

#define VISITS                                                                                     \
    "[rule booked]\non = appointment booked\n"                                                     \
    "[rule moved]\non = appointment moved\n"                                                       \
    "[rule day-before]\non = appointment starts\nwhen = 1 day before at 18:00\n"                   \
    "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"                      \
    "[rule after]\non = appointment ends\nwhen = 1 day after at 10:00\n"

static char *dir;

static int open_zones(void **state)
{
    dir = zonefile_open();
    return 0;
}

static int close_zones(void **state)
{
    zonefile_close(dir);
    return 0;
}

/* The garage in Riga, before anything was changed, with one visit at 15:00 in `zone`. */
static struct shop *visit_in(const char *zone, const char *client_zone)
{
    zonefile_rule(dir, "Europe/Riga", EUROPEAN);
    zonefile_rule(dir, "Asia/Almaty", ALMATY_SIX);
    zone_refresh();
    struct shop *s = shop_open(VISITS, "2026-12-01T09:00");
    shop_sql(s,
             "INSERT INTO client (id, ref, name, email, phone, timezone) VALUES "
             "(1, 'c1', 'Ilze', 'ilze@example.com', '+37120000001', nullif('%s', ''));"
             "INSERT INTO appointment (ref, client_id, starts, ends, timezone) VALUES "
             "('a1', 1, '2026-12-08T15:00', '2026-12-08T16:00', nullif('%s', ''))",
             client_zone, zone);
    shop_look(s);
    return s;
}

/* As the service does between two turns and in the next one. Returns how many zones changed. */
static size_t look_at_zones(struct shop *s, bool *moved)
{
    size_t changed = zone_refresh();

    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, world_note_zones(&s->world, moved), "note");
    shop_ok(s, store_commit(s->store), "commit");
    return changed;
}

static void update(struct shop *s, const char *zone, const char *rule)
{
    bool moved = false;

    look_at_zones(s, &moved); /* what was planned with is known */
    assert_false(moved);
    zonefile_rule(dir, zone, rule);
    assert_int_equal(look_at_zones(s, &moved), 1);
    assert_true(moved);
}

static void pending_messages_move_with_the_clocks_and_sent_ones_stay(void **state)
{
    struct shop *s = visit_in("", "");

    assert_int_equal(shop_until(s, "2026-12-07T17:00"), 2); /* booked, day-before */
    update(s, "Europe/Riga", SUMMER_FOR_EVER);
    assert_int_equal(shop_sweep(s), 1);
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_rows(s, "day-before", "sent email 2026-12-07T16:00 c1");
    assert_rows(s, "soon", "planned sms 2026-12-08T10:00 c1");
    assert_rows(s, "after", "planned email 2026-12-09T07:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 2);
    shop_close(s);
}

static void nobody_hears_that_the_clocks_were_changed(void **state)
{
    struct shop *s = visit_in("", "");
    bool repaired;

    shop_until(s, "2026-12-02T09:00");
    update(s, "Europe/Riga", SUMMER_FOR_EVER);
    shop_sweep(s);
    shop_reconcile(s, &repaired);
    /* The writer touches the row, and the visit is where it was on the wall. */
    shop_sql(s, "UPDATE appointment SET title = 'Service', starts = '2026-12-08T15:00:00'");
    shop_look(s);
    assert_rows(s, "moved", "");
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_answer(s, "SELECT count(*) FROM event", "1"); /* it was booked */
    shop_close(s);
}

static void the_zone_of_a_visit_elsewhere_counts_as_well(void **state)
{
    struct shop *s = visit_in("Asia/Almaty", "");

    shop_until(s, "2026-12-02T09:00");
    assert_rows(s, "soon", "planned sms 2026-12-08T07:00 c1");
    update(s, "Asia/Almaty", ALMATY_FIVE);
    shop_sweep(s);
    assert_rows(s, "soon", "planned sms 2026-12-08T08:00 c1");
    assert_rows(s, "day-before", "planned email 2026-12-07T13:00 c1");
    shop_close(s);
}

static void the_quiet_hours_of_a_client_elsewhere_move_too(void **state)
{
    zonefile_rule(dir, "Europe/Riga", EUROPEAN);
    zonefile_rule(dir, "Asia/Almaty", ALMATY_SIX);
    zone_refresh();
    struct shop *s = shop_open_with(
        "quiet = 21:00-08:00\ncap = none\n",
        "[rule opened]\non = job opens\nwhen = 0 days after at 03:00\n" SHOP_WORKFLOW,
        "2026-12-01T00:00");
    shop_sql(s, "INSERT INTO client (id, ref, name, email, timezone) VALUES "
                "(1, 'c1', 'Aigerim', 'a@example.com', 'Asia/Almaty');"
                "INSERT INTO job (client_id, stage) VALUES (1, 'Received')");
    shop_look(s);
    assert_rows(s, "opened", "planned email 2026-12-01T02:00 c1"); /* 08:00 in Almaty */
    update(s, "Asia/Almaty", ALMATY_FIVE);
    shop_sweep(s);
    assert_rows(s, "opened", "planned email 2026-12-01T03:00 c1");
    shop_close(s);
}

static void a_message_whose_time_has_moved_on_does_not_go_at_the_old_one(void **state)
{
    struct shop *s = visit_in("Asia/Almaty", "");

    shop_until(s, "2026-12-08T06:59");
    int sent = s->sent;
    update(s, "Asia/Almaty", ALMATY_FIVE);
    shop_at("2026-12-08T07:00"); /* the sweep has not come to it yet */
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "planned sms 2026-12-08T08:00 c1");
    shop_until(s, "2026-12-08T09:00");
    assert_int_equal(s->sent, sent + 1);
    shop_close(s);
}

/* The service starts with the new data, and finds that it planned with other ones. */
static void an_update_while_the_service_is_down_is_noticed_at_the_start(void **state)
{
    struct shop *s = visit_in("Asia/Almaty", "");
    bool moved;

    look_at_zones(s, &moved); /* the turn that planned */
    int64_t generation = s->world.generation;
    shop_load_world(s);
    assert_int_equal(s->world.generation, generation);
    assert_int_equal(shop_sweep(s), 0);
    zonefile_rule(dir, "Asia/Almaty", ALMATY_FIVE);
    zone_refresh(); /* a new process reads it */
    shop_load_world(s);
    assert_true(s->world.generation != generation);
    assert_int_equal(shop_sweep(s), 1);
    assert_rows(s, "soon", "planned sms 2026-12-08T08:00 c1");
    shop_load_world(s);
    assert_int_equal(shop_sweep(s), 0);
    shop_close(s);
}

static void a_visit_in_a_zone_of_the_future_is_planned_when_its_data_come(void **state)
{
    struct shop *s = visit_in("Europe/Atlantis", "");

    assert_rows(s, "soon", "");
    update(s, "Europe/Atlantis", "<-01>1");
    shop_sweep(s);
    assert_rows(s, "soon", "planned sms 2026-12-08T14:00 c1");
    shop_close(s);
}

static void a_zone_taken_out_of_the_data_drops_no_plan(void **state)
{
    struct shop *s = visit_in("Asia/Almaty", "");
    char *path = fs_join(dir, "Asia/Almaty");
    bool moved;

    look_at_zones(s, &moved);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(look_at_zones(s, &moved), 0);
    assert_false(moved);
    assert_rows(s, "soon", "planned sms 2026-12-08T07:00 c1");
    free(path);
    shop_close(s);
}

static void a_zone_named_for_the_first_time_plans_nobody_else_again(void **state)
{
    struct shop *s = visit_in("", "");
    bool moved;

    look_at_zones(s, &moved);
    zonefile_rule(dir, "Asia/Dubai", "<+04>-4");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, timezone) VALUES "
                "('a2', 1, '2026-12-08T15:00', 'Asia/Dubai')");
    shop_look(s);
    look_at_zones(s, &moved);
    assert_false(moved);
    assert_int_equal(shop_sweep(s), 0);
    assert_answer(s, "SELECT count(*) FROM zone WHERE name = 'Asia/Dubai' AND fingerprint <> 0",
                  "1");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_messages_move_with_the_clocks_and_sent_ones_stay),
        cmocka_unit_test(nobody_hears_that_the_clocks_were_changed),
        cmocka_unit_test(the_zone_of_a_visit_elsewhere_counts_as_well),
        cmocka_unit_test(the_quiet_hours_of_a_client_elsewhere_move_too),
        cmocka_unit_test(a_message_whose_time_has_moved_on_does_not_go_at_the_old_one),
        cmocka_unit_test(an_update_while_the_service_is_down_is_noticed_at_the_start),
        cmocka_unit_test(a_visit_in_a_zone_of_the_future_is_planned_when_its_data_come),
        cmocka_unit_test(a_zone_taken_out_of_the_data_drops_no_plan),
        cmocka_unit_test(a_zone_named_for_the_first_time_plans_nobody_else_again),
    };
    return cmocka_run_group_tests_name("watch/zones", tests, open_zones, close_zones);
}
