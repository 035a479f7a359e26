/*
 * calendar/: the objects of a collection, of which one that cannot be read stops none of the others
 * and loses nothing of what was known of it.
 */
#include "harness.h"

#include "calendar/news.h"
#include "calendar/portions.h"

#define CALENDAR(components) "BEGIN:VCALENDAR\nVERSION:2.0\n" components "END:VCALENDAR\n"
#define NESTED "BEGIN:X-A\n"

struct desk {
    struct look_words *w;
    struct news news;
    struct str_list gone;
    bool complete;
};

static void desk_open(struct desk *d)
{
    *d = (struct desk){.w = words_open()};
    news_init(&d->news);
}

static void desk_close(struct desk *d)
{
    news_close(&d->news);
    words_close(d->w);
}

static void object(struct desk *d, const char *name, const char *etag, const char *text)
{
    char *href = mem_printf("/work/%s.ics", name);
    const struct caldav_object o = {href, etag, text, strlen(text), NULL};

    assert_true(news_object(&d->news, &o));
    free(href);
}

/* An event of Anna's on this day of December. */
static void visit(struct desk *d, const char *name, int day)
{
    char *text =
        mem_printf(CALENDAR("BEGIN:VEVENT\nUID:%s\nDTSTART;TZID=Europe/Riga:202612%02dT150000\n"
                            "SUMMARY:%s\n" ANNA "END:VEVENT\n"),
                   name, day, name);

    object(d, name, "1", text);
    free(text);
}

static int was_read(void *arg, struct store *store, int64_t calendar_id)
{
    struct desk *d = arg;

    return news_settle(&d->news, store, calendar_id, d->complete, &d->gone);
}

static int save(void *arg, struct store *store, int64_t calendar_id, bool *more)
{
    struct desk *d = arg;

    return news_save(&d->news, store, calendar_id, "desk", shop_now_ms, more);
}

static int try_look(struct desk *d, struct err *err)
{
    struct sync_job job = {
        .store = d->w->shop->store,
        .business = &d->w->business,
        .name = "desk",
        .patterns = &d->w->patterns,
        .objects = d->news.parts,
        .object_count = d->news.count,
        .gone = &d->gone,
        .part = true,
        .now_ms = shop_now_ms,
        .was_read = was_read,
        .save = save,
        .keeper = d,
    };

    sync_report_close(&d->w->report);
    return sync_look(&job, d->news.bytes.data, d->news.bytes.len, &d->w->report, err);
}

/* Look at what there is, all of which is new, and begin anew. */
static void look(struct desk *d)
{
    struct err err = {""};

    if (try_look(d, &err) != 0)
        fail_msg("%s", err.text);
    str_list_close(&d->gone);
    news_close(&d->news);
}

static void assert_troubles(struct desk *d, const char *expected)
{
    assert_answer(d->w->shop,
                  "SELECT href, trouble FROM calendar_object WHERE trouble IS NOT NULL "
                  "ORDER BY href",
                  expected);
}

static void one_that_cannot_be_read_stops_none_of_the_others(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"<html>please log in</html>", "line 1: this is no calendar"},
        {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:bad\n", "the calendar was cut off"},
        {CALENDAR("BEGIN:VEVENT\nUID:bad\nEND:VALARM\nEND:VEVENT\n"),
         "line 5: END:VALARM without its BEGIN"},
        {CALENDAR(NESTED NESTED NESTED NESTED NESTED NESTED NESTED NESTED),
         "components are nested more than 8 deep"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct desk d;
        desk_open(&d);
        for (int k = 0; k < 9; k++) {
            char name[] = {'v', (char)('0' + k), '\0'};
            visit(&d, name, 5 + k);
            if (k == 4)
                object(&d, "bad", "1", bad[i].text);
        }
        look(&d);
        assert_int_equal(shop_count(d.w->shop, "SELECT count(*) FROM appointment"), 9);
        char *told = shop_ask(d.w->shop, "SELECT trouble FROM calendar_object "
                                         "WHERE href = '/work/bad.ics'");
        if (strstr(told, bad[i].why) == NULL)
            fail_msg("%s", told);
        free(told);
        assert_task(d.w, "An entry of the calendar desk cannot be read: bad.ics. ");
        desk_close(&d);
    }
}

static void what_one_lacks_is_not_found_in_the_next(void **state)
{
    struct desk d;

    desk_open(&d);
    object(&d, "a", "1", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n");
    object(&d, "b", "1", CALENDAR("") "END:VCALENDAR\n");
    visit(&d, "oil", 9);
    look(&d);
    assert_visits(d.w, "oil anna 2026-12-09T15:00 booked");
    assert_troubles(&d, "/work/a.ics the calendar was cut off: it ends within a VCALENDAR; "
                        "/work/b.ics line 4: END:VCALENDAR without its BEGIN");
    desk_close(&d);
}

static void what_it_held_stays_until_it_is_mended(void **state)
{
    struct desk d;

    desk_open(&d);
    visit(&d, "brakes", 8);
    visit(&d, "oil", 9);
    visit(&d, "tyres", 10);
    look(&d);
    object(&d, "brakes", "2",
           "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:brakes\nSUMMARY:Brakes\nDTSTART:20261215T");
    visit(&d, "oil", 11);
    look(&d);
    assert_visits(d.w, "brakes anna 2026-12-08T15:00 booked; tyres anna 2026-12-10T15:00 booked; "
                       "oil anna 2026-12-11T15:00 booked");
    assert_task(d.w, "cannot be read: “Brakes”, brakes.ics. the calendar was cut off: it ends "
                     "within a VEVENT");
    /* Everything is listed anew, and it is as it was. */
    d.complete = true;
    object(&d, "brakes", "2", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:brakes\n");
    visit(&d, "oil", 11);
    visit(&d, "tyres", 10);
    look(&d);
    assert_int_equal(shop_count(d.w->shop, "SELECT count(*) FROM appointment "
                                           "WHERE status = 'booked'"),
                     3);
    d.complete = false;
    visit(&d, "brakes", 15);
    look(&d);
    assert_visits(d.w, "tyres anna 2026-12-10T15:00 booked; oil anna 2026-12-11T15:00 booked; "
                       "brakes anna 2026-12-15T15:00 booked");
    assert_task(d.w, "");
    assert_troubles(&d, "");
    desk_close(&d);
}

static void one_that_is_deleted_while_it_cannot_be_read_is_cancelled(void **state)
{
    struct desk d;

    desk_open(&d);
    visit(&d, "brakes", 8);
    visit(&d, "oil", 9);
    look(&d);
    object(&d, "brakes", "2", "none");
    look(&d);
    news_gone(&d.news, "/work/brakes.ics");
    look(&d);
    assert_visits(d.w, "brakes anna 2026-12-08T15:00 cancelled; oil anna 2026-12-09T15:00 booked");
    assert_task(d.w, "");
    desk_close(&d);
}

/* What it says would be some hundred times as long as what is taken from a child. */
static char *bomb(void)
{
    char *words = mem_zalloc(200001), *text;

    memset(words, 'x', 200000);
    text = mem_printf(CALENDAR("BEGIN:VEVENT\nUID:bomb\nDTSTART:20261201T000000Z\n"
                               "RRULE:FREQ=HOURLY\nSUMMARY:%s\nEND:VEVENT\n"),
                      words);
    free(words);
    return text;
}

static void one_that_kills_its_reader_stops_none_of_the_others(void **state)
{
    struct desk d;
    char *text = bomb();

    desk_open(&d);
    visit(&d, "brakes", 8);
    object(&d, "bomb", "1", text);
    visit(&d, "oil", 9);
    look(&d);
    assert_visits(d.w, "brakes anna 2026-12-08T15:00 booked; oil anna 2026-12-09T15:00 booked");
    char *told = shop_ask(d.w->shop, "SELECT trouble FROM calendar_object "
                                     "WHERE trouble IS NOT NULL");
    assert_true(str_starts(told, "the calendar "));
    free(told);
    free(text);
    desk_close(&d);
}

static void rules_that_are_too_much_work_cost_their_own_object_alone(void **state)
{
    struct desk d;

    desk_open(&d);
    object(&d, "hog", "1",
           CALENDAR("BEGIN:VEVENT\nUID:hog\nDTSTART:20261201T000000Z\n"
                    "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n"
                    "RRULE:FREQ=SECONDLY;INTERVAL=2;COUNT=10000000\nEND:VEVENT\n"));
    object(&d, "weekly", "1",
           CALENDAR("BEGIN:VEVENT\nUID:weekly\nDTSTART;TZID=Europe/Riga:20261208T150000\n"
                    "RRULE:FREQ=WEEKLY;COUNT=3\n" ANNA "END:VEVENT\n"));
    look(&d);
    assert_visits(d.w, "weekly anna 2026-12-08T15:00 booked; "
                       "weekly anna 2026-12-15T15:00 booked; "
                       "weekly anna 2026-12-22T15:00 booked");
    desk_close(&d);
}

static void more_than_one_child_is_given_is_read_in_several(void **state)
{
    struct desk d;
    struct buf pad;

    desk_open(&d);
    buf_init(&pad);
    for (int i = 0; i < 9000; i++)
        buf_printf(&pad, "X-PAD:%0100d\n", i);
    for (int i = 0; i < 12; i++) {
        char name[] = {'v', (char)('a' + i), '\0'};
        char *text = mem_printf(
            CALENDAR("BEGIN:VEVENT\nUID:%s\nDTSTART:202612%02dT100000Z\n" ANNA "%sEND:VEVENT\n"),
            name, 5 + i, pad.data);
        object(&d, name, "1", text);
        free(text);
    }
    look(&d);
    assert_int_equal(shop_count(d.w->shop, "SELECT count(DISTINCT uid) FROM appointment"), 12);
    buf_close(&pad);
    desk_close(&d);
}

static void a_look_that_is_broken_off_writes_nothing(void **state)
{
    static const atomic_bool stop = true;
    struct sync_object one = {0, 3, NULL};
    struct err err = {""};
    struct look l = {0};
    const struct look_rules rules = {.zone = zone_utc(), .now_ms = 0};
    struct portions p = {&rules, &stop, "one", &one, 1, &l};

    assert_int_equal(portions_read(&p, &err), ERR_CANCELLED);
    assert_null(one.trouble);
    look_close(&l);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_cannot_be_read_stops_none_of_the_others),
        cmocka_unit_test(what_one_lacks_is_not_found_in_the_next),
        cmocka_unit_test(what_it_held_stays_until_it_is_mended),
        cmocka_unit_test(one_that_is_deleted_while_it_cannot_be_read_is_cancelled),
        cmocka_unit_test(one_that_kills_its_reader_stops_none_of_the_others),
        cmocka_unit_test(rules_that_are_too_much_work_cost_their_own_object_alone),
        cmocka_unit_test(more_than_one_child_is_given_is_read_in_several),
        cmocka_unit_test(a_look_that_is_broken_off_writes_nothing),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("calendar/objects", tests, NULL, NULL);
}
