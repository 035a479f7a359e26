/* time/zone: what clocks show, and the instants of what they show. Wants the system's tzdata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/fs.h"
#include "time/moment.h"
#include "time/zone.h"

#include "../support/zonefile.h"

#define DAY_MS INT64_C(86400000)

static int64_t instant(const char *utc)
{
    struct moment m;

    assert_int_equal(moment_parse(utc, &m, NULL), 0);
    return moment_instant(&m, zone_utc());
}

/* The local time is that instant, and that is what clocks show then. */
static void assert_reads(const char *zone, const char *local, const char *utc, const char *shown)
{
    const struct zone *z = zone_get(zone);
    struct moment m;
    char text[MOMENT_TEXT_MAX];

    assert_non_null(z);
    assert_int_equal(moment_parse(local, &m, NULL), 0);
    int64_t at_ms = zone_to_instant(z, &m.civil);
    moment_format_utc(at_ms, text);
    assert_string_equal(text, utc);
    moment_format_local(at_ms, z, text);
    assert_string_equal(text, shown);
}

static void assert_reaches(const char *zone, const char *local, const char *utc)
{
    struct moment m;
    char text[MOMENT_TEXT_MAX];

    assert_int_equal(moment_parse(local, &m, NULL), 0);
    moment_format_utc(zone_reach(zone_get(zone), &m.civil), text);
    assert_string_equal(text, utc);
}

static void almaty_is_five_hours_ahead_since_2024(void **state)
{
    assert_reads("Asia/Almaty", "2026-12-08T15:00", "2026-12-08T10:00:00Z", "2026-12-08T15:00:00");
    assert_reads("Asia/Almaty", "2024-02-01T15:00", "2024-02-01T09:00:00Z", "2024-02-01T15:00:00");
    /* Midnight of 1 March 2024 was 23:00 again. */
    assert_reads("Asia/Almaty", "2024-02-29T23:30", "2024-02-29T17:30:00Z", "2024-02-29T23:30:00");
    assert_reads("Asia/Almaty", "2024-03-01T00:00", "2024-02-29T19:00:00Z", "2024-03-01T00:00:00");
}

static void a_time_in_a_gap_moves_on_by_the_gap(void **state)
{
    assert_reads("Europe/Riga", "2026-03-29T03:30", "2026-03-29T01:30:00Z", "2026-03-29T04:30:00");
    assert_reads("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z",
                 "2026-10-04T02:45:00");
    assert_reads("Antarctica/Troll", "2026-03-29T02:00", "2026-03-29T02:00:00Z",
                 "2026-03-29T04:00:00");
    /* Samoa had no 30 December 2011. */
    assert_reads("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z", "2011-12-31T12:00:00");
}

static void a_time_that_comes_twice_means_the_first(void **state)
{
    assert_reads("Europe/Riga", "2026-10-25T03:30", "2026-10-25T00:30:00Z", "2026-10-25T03:30:00");
    assert_reads("Europe/Dublin", "2026-10-25T01:30", "2026-10-25T00:30:00Z",
                 "2026-10-25T01:30:00");
    assert_reads("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z",
                 "2026-04-05T01:45:00");
    assert_reads("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30:00Z",
                 "2026-02-15T02:30:00");
}

static void the_edge_of_a_change_belongs_to_what_comes_after(void **state)
{
    assert_reads("Europe/Riga", "2026-03-29T02:59:59", "2026-03-29T00:59:59Z",
                 "2026-03-29T02:59:59");
    assert_reads("Europe/Riga", "2026-03-29T04:00", "2026-03-29T01:00:00Z", "2026-03-29T04:00:00");
    assert_reads("Europe/Riga", "2026-10-25T03:59:59", "2026-10-25T00:59:59Z",
                 "2026-10-25T03:59:59");
    assert_reads("Europe/Riga", "2026-10-25T04:00", "2026-10-25T02:00:00Z", "2026-10-25T04:00:00");
}

static void a_day_that_is_reached_in_a_gap_begins_with_its_end(void **state)
{
    assert_reaches("Europe/Riga", "2026-03-29T03:30", "2026-03-29T01:00:00Z");
    assert_reaches("Europe/Riga", "2026-03-29T04:00", "2026-03-29T01:00:00Z");
    assert_reaches("Europe/Riga", "2026-10-25T03:30", "2026-10-25T00:30:00Z");
    assert_reaches("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z");
    assert_reaches("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z");
}

static void the_rule_goes_on_for_ever(void **state)
{
    assert_reads("Europe/Riga", "2098-07-01T12:00", "2098-07-01T09:00:00Z", "2098-07-01T12:00:00");
    assert_reads("Europe/Riga", "2099-01-01T12:00", "2099-01-01T10:00:00Z", "2099-01-01T12:00:00");
    /* Whole cycles of 400 years later, the same dates and weekdays. */
    assert_reads("Europe/Riga", "8826-03-29T03:30", "8826-03-29T01:30:00Z", "8826-03-29T04:30:00");
    assert_reads("Europe/Riga", "8826-10-25T03:30", "8826-10-25T00:30:00Z", "8826-10-25T03:30:00");
    assert_reads("America/Sao_Paulo", "8826-01-01T12:00", "8826-01-01T15:00:00Z",
                 "8826-01-01T12:00:00");
}

/* Through several centuries, second by second around every change, both directions agree. */
static void instants_and_clocks_agree_around_every_change(void **state)
{
    static const char *const names[] = {"Europe/Riga",  "America/St_Johns",  "Pacific/Apia",
                                        "Asia/Gaza",    "Africa/Casablanca", "Europe/Dublin",
                                        "Asia/Kolkata", "America/Santiago"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        const struct zone *z = zone_get(names[n]);
        int64_t at_ms = instant("1900-01-01T00:00:00Z"), from_ms, until_ms;
        int changes = 0;
        assert_non_null(z);
        for (;;) {
            zone_steady(z, at_ms, &from_ms, &until_ms);
            assert_true(from_ms <= at_ms && at_ms < until_ms);
            if (until_ms > instant("2900-01-01T00:00:00Z"))
                break;
            changes++;
            int before = zone_offset_s(z, until_ms - 1), after = zone_offset_s(z, until_ms);
            assert_int_not_equal(before, after);
            for (int s = -4000; s <= 4000; s += 500) {
                struct civil c;
                int64_t t = until_ms + s * 1000, back;
                zone_to_civil(z, t, &c);
                back = zone_to_instant(z, &c);
                /* The same instant, or the first of two that clocks show so. */
                assert_true(back == t || (s >= 0 && back == t - (before - after) * 1000));
                assert_true(zone_reach(z, &c) == back);
            }
            at_ms = until_ms;
        }
        assert_true(changes > 1);
    }
}

static void fractions_are_cut_downwards(void **state)
{
    struct civil c;

    zone_to_civil(zone_utc(), -1, &c);
    assert_int_equal(c.year, 1969);
    assert_int_equal(c.second, 59);
    zone_to_civil(zone_utc(), 1999, &c);
    assert_int_equal(c.second, 1);
}

static void an_unknown_zone_has_a_neighbour_in_its_region(void **state)
{
    char *near = zone_nearest("Europe/Rgia");

    assert_non_null(near);
    assert_string_equal(near, "Europe/Riga");
    free(near);
    assert_null(zone_nearest("Mars/Phobos"));
    assert_null(zone_nearest("Rgia"));
    assert_null(zone_nearest("../Rgia"));
}

static void any_instant_has_an_answer(void **state)
{
    const struct zone *z = zone_get("Europe/Riga");
    struct civil c;
    int64_t from_ms, until_ms;

    zone_to_civil(z, INT64_MAX, &c);
    assert_int_equal(c.year, 9999);
    zone_to_civil(z, INT64_MIN, &c);
    assert_int_equal(c.year, 1);
    zone_steady(z, INT64_MAX, &from_ms, &until_ms);
    assert_true(from_ms < until_ms);
    zone_steady(z, INT64_MIN, &from_ms, &until_ms);
    assert_true(from_ms == INT64_MIN && until_ms > from_ms);
}

static void names_that_are_not_plain_are_unknown(void **state)
{
    static const char *const bad[] = {
        "",          "Europe/Rigaa", "../etc/passwd", "Europe/../UTC", "/etc/localtime",
        "Europe/",   "Europe",       "Europe//Riga",  "Europe/Riga ",  "Europe/Riga\n",
        "zone.tab",  "./UTC",        "Europe\\Riga",  "Rīga",          "EET-2EEST,M3.5.0,M10.5.0",
        "tzdata.zi", "europe/riga",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (zone_get(bad[i]) != NULL)
            fail_msg("\"%s\" was taken for a zone", bad[i]);
    char name[ZONE_NAME_MAX + 2];
    memset(name, 'A', sizeof(name));
    name[ZONE_NAME_MAX + 1] = '\0';
    assert_null(zone_get(name));
}

static void a_zone_is_loaded_once(void **state)
{
    const struct zone *z = zone_get("Europe/Vilnius");

    assert_non_null(z);
    assert_ptr_equal(zone_get("Europe/Vilnius"), z);
    assert_string_equal(zone_name(z), "Europe/Vilnius");
    assert_ptr_equal(zone_get("UTC"), zone_utc());
    assert_string_equal(zone_name(zone_utc()), "UTC");
}

static void *get_many(void *arg)
{
    static const char *const names[] = {"Europe/Oslo", "Asia/Tokyo", "America/Lima", "Etc/GMT+5",
                                        "Asia/Qostanay"};
    const struct zone **got = arg;

    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < 5; i++)
            got[i] = zone_get(names[i]);
    return NULL;
}

static void threads_get_the_same_zones(void **state)
{
    pthread_t threads[8];
    const struct zone *got[8][5];

    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_many, got[i]), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 5; k++) {
            assert_non_null(got[i][k]);
            assert_ptr_equal(got[i][k], got[0][k]);
        }
}

/* A folder of zones of our own, for the tests that say so. */
static char *dir;

static int make_folder(void **state)
{
    dir = zonefile_open();
    zonefile_rule(dir, "Always", "AAA5BBB,0/0,J365/25");
    zonefile_rule(dir, "Summer", "EET-2EEST,M3.5.0/3,M10.5.0/4");
    zonefile_rule(dir, "Moved", "EET-2EEST,M3.5.0/3,M10.4.0/4");
    zonefile_rule(dir, "Broken", "EET-2EEST");
    zonefile_put(dir, "Text", "no zone at all\n", 15);
    char *path = fs_join(dir, "Outside");
    int rc = symlink("/usr/share/zoneinfo/Europe/Riga", path);
    free(path);
    return rc + unsetenv("TZDIR");
}

static int remove_folder(void **state)
{
    zonefile_close(dir);
    return 0;
}

static int use_folder(void **state)
{
    return setenv("TZDIR", dir, 1);
}

static int use_system(void **state)
{
    return unsetenv("TZDIR");
}

static void a_file_may_be_all_rule(void **state)
{
    assert_reads("Summer", "2026-07-01T12:00", "2026-07-01T09:00:00Z", "2026-07-01T12:00:00");
    assert_reads("Summer", "0300-01-01T12:00", "0300-01-01T10:00:00Z", "0300-01-01T12:00:00");
    assert_reads("Summer", "9999-07-01T12:00", "9999-07-01T09:00:00Z", "9999-07-01T12:00:00");
}

static void saving_may_last_all_year(void **state)
{
    static const char *const days[] = {"2025-12-31T23:59:59", "2026-01-01T00:00:00",
                                       "2026-01-01T01:30:00", "2026-07-01T12:00:00",
                                       "2028-12-31T23:30:00", "2401-01-01T00:30:00"};
    struct moment m;

    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        assert_int_equal(moment_parse(days[i], &m, NULL), 0);
        int64_t at_ms = zone_to_instant(zone_get("Always"), &m.civil);
        assert_int_equal(zone_offset_s(zone_get("Always"), at_ms), -4 * 3600);
    }
}

static void files_that_are_no_zones_are_unknown(void **state)
{
    assert_null(zone_get("Broken"));
    assert_null(zone_get("Text"));
    assert_null(zone_get("Outside"));
    assert_null(zone_get("Europe/Lisbon")); /* not in this folder */
}

static void the_fingerprint_follows_what_clocks_show(void **state)
{
    uint64_t summer = zone_fingerprint(zone_get("Summer"));

    assert_true(summer != zone_fingerprint(zone_get("Moved")));
    assert_true(summer != zone_fingerprint(zone_get("Always")));
    assert_true(summer != zone_fingerprint(zone_utc()));
    assert_true(summer == zone_fingerprint(zone_get("Summer")));
}

/* ---- another tzdata ---- */

#define EVERY_YEAR "EET-2EEST,M3.5.0/3,M10.5.0/4"
#define NO_SUMMER "EET-2"

static void an_update_is_seen_by_all_who_hold_the_zone(void **state)
{
    zonefile_rule(dir, "Updated", EVERY_YEAR);
    const struct zone *z = zone_get("Updated");
    uint64_t before = zone_fingerprint(z), news = zone_news();
    assert_reads("Updated", "2026-07-01T12:00", "2026-07-01T09:00:00Z", "2026-07-01T12:00:00");
    assert_int_equal(zone_refresh(), 0);
    assert_int_equal(zone_news(), news);
    zonefile_rule(dir, "Updated", NO_SUMMER);
    assert_int_equal(zone_refresh(), 1);
    assert_ptr_equal(zone_get("Updated"), z);
    assert_true(zone_fingerprint(z) != before);
    assert_true(zone_news() > news);
    assert_reads("Updated", "2026-07-01T12:00", "2026-07-01T10:00:00Z", "2026-07-01T12:00:00");
    assert_int_equal(zone_refresh(), 0);
}

static void an_update_of_the_same_hours_changes_nothing(void **state)
{
    zonefile_rule(dir, "Same", EVERY_YEAR);
    assert_non_null(zone_get("Same"));
    zonefile_rule(dir, "Same", "XYZ-2XYZT,M3.5.0/3:00,M10.5.0/4:00");
    assert_int_equal(zone_refresh(), 0);
}

static void a_file_gone_or_damaged_leaves_the_clocks_as_they_were(void **state)
{
    char *path = fs_join(dir, "Shaky");

    zonefile_rule(dir, "Shaky", EVERY_YEAR);
    assert_non_null(zone_get("Shaky"));
    zonefile_put(dir, "Shaky", "TZif2\0\0", 7);
    assert_int_equal(zone_refresh(), 0);
    assert_reads("Shaky", "2026-07-01T12:00", "2026-07-01T09:00:00Z", "2026-07-01T12:00:00");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(zone_refresh(), 0);
    assert_reads("Shaky", "2026-07-01T12:00", "2026-07-01T09:00:00Z", "2026-07-01T12:00:00");
    zonefile_rule(dir, "Shaky", NO_SUMMER);
    assert_int_equal(zone_refresh(), 1);
    free(path);
}

static void an_unknown_zone_may_come_with_an_update(void **state)
{
    uint64_t news = zone_news();

    assert_null(zone_get("Newland/Capital"));
    assert_true(zone_news() > news);
    zonefile_rule(dir, "Newland/Capital", NO_SUMMER);
    assert_int_equal(zone_refresh(), 1);
    assert_non_null(zone_get("Newland/Capital"));
}

struct heard {
    size_t count;
    bool known, mistaken;
};

static void hear(void *arg, const char *name, uint64_t fingerprint)
{
    struct heard *h = arg;

    h->count++;
    h->known = h->known || (strcmp(name, "Summer") == 0 && fingerprint != 0);
    h->mistaken = h->mistaken || (strcmp(name, "Mistaken/0") == 0 && fingerprint == 0);
}

static void mistakes_by_the_thousand_push_out_nothing(void **state)
{
    struct heard h = {0};
    char name[32];

    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "Mistaken/%d", i);
        assert_null(zone_get(name));
    }
    uint64_t news = zone_news();
    assert_null(zone_get("Mistaken/4999"));
    assert_int_equal(zone_news(), news);
    assert_non_null(zone_get("Summer"));
    zone_each(hear, &h);
    assert_true(h.known && h.mistaken && h.count < 200);
}

static void *ask_on_and_on(void *arg)
{
    const struct zone *z = zone_get("Busy");
    const struct civil noon = {2026, 7, 1, 12, 0, 0};
    const int64_t one_ms = instant("2026-07-01T09:00:00Z"), other_ms = one_ms + 3600 * 1000;
    size_t wrong = 0;

    while (!atomic_load((atomic_bool *)arg)) {
        int64_t at_ms = zone_to_instant(z, &noon);
        wrong += at_ms != one_ms && at_ms != other_ms;
    }
    return wrong == 0 ? NULL : arg;
}

static void threads_see_the_old_clocks_or_the_new_and_nothing_between(void **state)
{
    static atomic_bool end;
    pthread_t threads[2];

    zonefile_rule(dir, "Busy", EVERY_YEAR);
    assert_non_null(zone_get("Busy"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on_and_on, &end), 0);
    for (int i = 0; i < 50; i++) {
        zonefile_rule(dir, "Busy", i % 2 == 0 ? NO_SUMMER : EVERY_YEAR);
        assert_int_equal(zone_refresh(), 1);
    }
    atomic_store(&end, true);
    for (int i = 0; i < 2; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

/* As Samoa did in 2011, in a time to come: after 30 December 2031 comes New Year's Eve. */
static void a_day_that_a_zone_will_skip_is_read_by_the_offset_before_it(void **state)
{
    const struct zonefile_change skip = {instant("2031-12-30T10:00:00Z") / 1000, 14 * 3600};

    zonefile_write(dir, "Skipping", -10 * 3600, &skip, 1, "<+14>-14");
    assert_reads("Skipping", "2031-12-29T12:00", "2031-12-29T22:00:00Z", "2031-12-29T12:00:00");
    assert_reads("Skipping", "2031-12-30T12:00", "2031-12-30T22:00:00Z", "2031-12-31T12:00:00");
    assert_reads("Skipping", "2031-12-31T12:00", "2031-12-30T22:00:00Z", "2031-12-31T12:00:00");
    assert_reaches("Skipping", "2031-12-30T12:00", "2031-12-30T10:00:00Z");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, use_folder, use_system)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(almaty_is_five_hours_ahead_since_2024),
        cmocka_unit_test(a_time_in_a_gap_moves_on_by_the_gap),
        cmocka_unit_test(a_time_that_comes_twice_means_the_first),
        cmocka_unit_test(the_edge_of_a_change_belongs_to_what_comes_after),
        cmocka_unit_test(a_day_that_is_reached_in_a_gap_begins_with_its_end),
        cmocka_unit_test(the_rule_goes_on_for_ever),
        cmocka_unit_test(instants_and_clocks_agree_around_every_change),
        cmocka_unit_test(fractions_are_cut_downwards),
        cmocka_unit_test(an_unknown_zone_has_a_neighbour_in_its_region),
        cmocka_unit_test(any_instant_has_an_answer),
        cmocka_unit_test(names_that_are_not_plain_are_unknown),
        cmocka_unit_test(a_zone_is_loaded_once),
        cmocka_unit_test(threads_get_the_same_zones),
        IN_FOLDER(a_file_may_be_all_rule),
        IN_FOLDER(saving_may_last_all_year),
        IN_FOLDER(files_that_are_no_zones_are_unknown),
        IN_FOLDER(the_fingerprint_follows_what_clocks_show),
        IN_FOLDER(an_update_is_seen_by_all_who_hold_the_zone),
        IN_FOLDER(an_update_of_the_same_hours_changes_nothing),
        IN_FOLDER(a_file_gone_or_damaged_leaves_the_clocks_as_they_were),
        IN_FOLDER(an_unknown_zone_may_come_with_an_update),
        IN_FOLDER(mistakes_by_the_thousand_push_out_nothing),
        IN_FOLDER(threads_see_the_old_clocks_or_the_new_and_nothing_between),
        IN_FOLDER(a_day_that_a_zone_will_skip_is_read_by_the_offset_before_it),
    };
    use_system(NULL);
    return cmocka_run_group_tests_name("time/zone", tests, make_folder, remove_folder);
}
