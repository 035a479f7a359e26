/* calendar/news: what a look at a collection brings, and which events are gone with it. */
#include "../support/shop.h"

#include "calendar/news.h"
#include "ical/read.h"
#include "store/calendars.h"

#define OBJECT(uid, lines)                                                                         \
    "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nUID:not me\r\nEND:VTIMEZONE\r\n"              \
    "BEGIN:VEVENT\r\n" lines "UID" uid "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

struct desk {
    struct shop *shop;
    int64_t id;
    struct news news;
};

static void desk_open(struct desk *d)
{
    struct calendar_row row;

    d->shop = shop_open("", "2026-12-01T09:00");
    shop_ok(d->shop, store_calendar_make(d->shop->store, "desk", &row), "make");
    d->id = row.id;
    calendar_row_close(&row);
    news_init(&d->news);
}

static void desk_close(struct desk *d)
{
    news_close(&d->news);
    shop_close(d->shop);
}

static void object(struct desk *d, const char *href, const char *etag, const char *uid)
{
    char *bytes = mem_printf(OBJECT(":%s", ""), uid);

    assert_true(
        news_object(&d->news, &(struct caldav_object){href, etag, bytes, strlen(bytes), NULL}));
    free(bytes);
}

/* The look is over: these events are gone; begin another. */
static void over(struct desk *d, bool complete, const char *gone)
{
    struct str_list uids = {0};
    bool more = true;
    struct buf b;

    buf_init(&b);
    shop_ok(d->shop, news_settle(&d->news, d->shop->store, d->id, complete, &uids), "settle");
    while (more)
        shop_ok(d->shop, news_save(&d->news, d->shop->store, d->id, "desk", shop_now_ms, &more),
                "save");
    for (size_t i = 0; i < uids.count; i++)
        buf_printf(&b, "%s%s", i > 0 ? " " : "", uids.items[i]);
    assert_string_equal(b.data, gone);
    buf_close(&b);
    str_list_close(&uids);
    news_close(&d->news);
}

static void assert_kept(struct desk *d, const char *expected)
{
    struct calendar_object *list;
    size_t count;
    struct buf b;

    buf_init(&b);
    shop_ok(d->shop, store_calendar_objects(d->shop->store, d->id, &list, &count), "list");
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s=%s@%s%s%s", i > 0 ? " " : "", list[i].href, list[i].uid, list[i].etag,
                   list[i].trouble != NULL ? "!" : "",
                   list[i].trouble != NULL ? list[i].trouble : "");
    assert_string_equal(b.data, expected);
    calendar_objects_free(list, count);
    buf_close(&b);
}

static void what_changed_and_what_went_is_kept(void **state)
{
    struct desk d;

    desk_open(&d);
    assert_true(news_listed(&d.news, "/a", "1"));
    object(&d, "/a", "1", "anna");
    object(&d, "/b", "1", "boris");
    object(&d, "/c", "1", "clara");
    over(&d, true, "");
    assert_kept(&d, "/a=anna@1 /b=boris@1 /c=clara@1");
    object(&d, "/b", "2", "boris");
    news_gone(&d.news, "/c");
    news_gone(&d.news, "/unknown");
    over(&d, false, "clara");
    assert_kept(&d, "/a=anna@1 /b=boris@2");
    desk_close(&d);
}

static void of_a_whole_list_only_what_is_another_is_fetched(void **state)
{
    struct desk d;

    desk_open(&d);
    object(&d, "/a", "1", "anna");
    object(&d, "/b", "1", "boris");
    object(&d, "/c", "1", "clara");
    over(&d, true, "");
    shop_ok(d.shop, news_load(&d.news, d.shop->store, d.id), "load");
    assert_false(news_listed(&d.news, "/a", "1"));
    assert_true(news_listed(&d.news, "/b", "2"));
    assert_true(news_listed(&d.news, "/d", "1"));
    object(&d, "/b", "2", "boris");
    object(&d, "/d", "1", "dora");
    over(&d, true, "clara");
    assert_kept(&d, "/a=anna@1 /b=boris@2 /d=dora@1");
    /* nothing was loaded, because nobody knew that everything would be listed */
    assert_true(news_listed(&d.news, "/a", "1"));
    object(&d, "/a", "1", "anna");
    over(&d, true, "boris dora");
    assert_kept(&d, "/a=anna@1");
    desk_close(&d);
}

static void an_event_that_only_moved_is_not_gone(void **state)
{
    struct desk d;

    desk_open(&d);
    object(&d, "/a", "1", "anna");
    object(&d, "/b", "1", "boris");
    over(&d, true, "");
    news_gone(&d.news, "/a");
    object(&d, "/elsewhere", "1", "anna"); /* to another address */
    object(&d, "/b", "2", "clara");        /* an object with another event in it */
    over(&d, false, "boris");
    assert_kept(&d, "/b=clara@2 /elsewhere=anna@1");
    struct calendar_object o;
    shop_ok(d.shop, store_calendar_object_of(d.shop->store, d.id, "anna", &o), "find");
    assert_string_equal(o.href, "/elsewhere");
    calendar_object_close(&o);
    assert_int_equal(store_calendar_object_of(d.shop->store, d.id, "boris", &o), ERR_NOTFOUND);
    desk_close(&d);
}

static void without(struct desk *d, const char *href, const char *etag)
{
    const struct caldav_object o = {.href = href, .etag = etag, .why = "too large"};

    assert_true(news_object(&d->news, &o));
}

static void assert_tasks(struct desk *d, const char *expected)
{
    assert_answer(d->shop, "SELECT key FROM task WHERE done_ms IS NULL ORDER BY key", expected);
}

static void what_is_not_to_be_had_stays_as_it_was_and_is_told_once(void **state)
{
    struct desk d;

    desk_open(&d);
    without(&d, "/a", "1");
    object(&d, "/b", "1", "boris");
    over(&d, true, "");
    assert_kept(&d, "/a=@1!too large /b=boris@1");
    assert_tasks(&d, "calendar-object:desk:/a");
    without(&d, "/b", "2");
    over(&d, true, ""); /* of /a, which is gone, no event was known */
    assert_kept(&d, "/b=boris@2!too large");
    assert_tasks(&d, "calendar-object:desk:/b");
    assert_answer(d.shop, "SELECT text FROM task WHERE done_ms IS NULL",
                  "An entry of the calendar desk cannot be read: b. too large. What is known of it "
                  "stays as it is; correct it in the calendar, or delete it there.");
    shop_sql(d.shop, "UPDATE task SET done_ms = 1, done_by = '' WHERE done_ms IS NULL");
    without(&d, "/b", "2");
    over(&d, true, "");
    assert_tasks(&d, "");
    object(&d, "/b", "3", "boris");
    over(&d, true, "");
    assert_kept(&d, "/b=boris@3");
    desk_close(&d);
}

static void its_task_ends_when_it_is_mended_or_gone(void **state)
{
    struct desk d;

    desk_open(&d);
    without(&d, "/a", "1");
    without(&d, "/b", "1");
    over(&d, false, "");
    assert_tasks(&d, "calendar-object:desk:/a; calendar-object:desk:/b");
    object(&d, "/a", "2", "anna");
    news_gone(&d.news, "/b");
    over(&d, false, "");
    assert_tasks(&d, "");
    assert_kept(&d, "/a=anna@2");
    desk_close(&d);
}

static void what_cannot_be_read_is_not_gone_from_where_it_was(void **state)
{
    struct desk d;

    desk_open(&d);
    object(&d, "/a", "1", "anna");
    object(&d, "/b", "1", "boris");
    over(&d, true, "");
    /* Anna's is moved and broken, Boris's is broken and has another UID by now. */
    object(&d, "/c", "1", "anna");
    object(&d, "/b", "2", "clara");
    for (size_t i = 0; i < d.news.count; i++)
        d.news.parts[i].trouble = mem_strdup("line 1: none");
    over(&d, true, "");
    assert_kept(&d, "/b=boris@2!line 1: none /c=anna@1!line 1: none");
    desk_close(&d);
}

static void many_are_kept_in_several_goes_and_each_of_them(void **state)
{
    struct desk d;
    bool more = false;
    struct str_list uids = {0};

    desk_open(&d);
    news_gone(&d.news, "/nothing");
    for (int i = 0; i < NEWS_SAVED_MAX; i++) {
        char href[16];
        snprintf(href, sizeof(href), "/%d", i);
        object(&d, href, "1", href);
    }
    shop_ok(d.shop, news_settle(&d.news, d.shop->store, d.id, false, &uids), "settle");
    shop_ok(d.shop, news_save(&d.news, d.shop->store, d.id, "desk", shop_now_ms, &more), "save");
    assert_true(more);
    assert_int_equal(shop_count(d.shop, "SELECT count(*) FROM calendar_object"),
                     NEWS_SAVED_MAX - 1);
    shop_ok(d.shop, news_save(&d.news, d.shop->store, d.id, "desk", shop_now_ms, &more), "save");
    assert_false(more);
    assert_int_equal(shop_count(d.shop, "SELECT count(*) FROM calendar_object"), NEWS_SAVED_MAX);
    str_list_close(&uids);
    desk_close(&d);
}

static void a_look_at_more_than_anybody_has_comes_to_nothing(void **state)
{
    struct desk d;
    char *large = mem_zalloc(NEWS_BYTES_MAX);
    const struct caldav_object o = {"/c", "1", large, NEWS_BYTES_MAX, NULL};

    desk_open(&d);
    object(&d, "/a", "1", "anna");
    assert_false(d.news.full);
    assert_false(news_object(&d.news, &o));
    assert_true(d.news.full);
    free(large);
    desk_close(&d);
}

static void the_objects_stand_in_a_row(void **state)
{
    struct desk d;

    static const char *const objects[] = {"BEGIN:VCALENDAR\nEND:VCALENDAR",
                                          "BEGIN:VCALENDAR\nEND:VCALENDAR\r\n"};

    desk_open(&d);
    for (size_t i = 0; i < 2; i++)
        news_object(&d.news,
                    &(struct caldav_object){"/a", "1", objects[i], strlen(objects[i]), NULL});
    assert_string_equal(d.news.bytes.data, "BEGIN:VCALENDAR\nEND:VCALENDAR\n" ICAL_NEXT
                                           "BEGIN:VCALENDAR\nEND:VCALENDAR\r\n");
    assert_int_equal(d.news.parts[1].at, d.news.parts[0].len + strlen(ICAL_NEXT));
    assert_int_equal(d.news.parts[1].at + d.news.parts[1].len, d.news.bytes.len);
    desk_close(&d);
}

static void assert_uid(const char *bytes, const char *uid)
{
    char *got = news_uid(bytes, strlen(bytes));

    assert_string_equal(got, uid);
    free(got);
}

static void the_uid_is_the_events_own(void **state)
{
    assert_uid(OBJECT(":1@x", ""), "1@x");
    assert_uid(OBJECT(";X-A=b:1:2", "SUMMARY:a\\nUID:no\r\n"), "1:2");
    assert_uid(OBJECT(";X-A=\"b:c\":1:2", ""), "1:2");
    assert_uid(OBJECT(":1", "BEGIN:VALARM\r\nUID:alarm\r\nEND:VALARM\r\n"), "1");
    assert_uid("begin:vevent\nuid:abc\n\tdef\r\n  g\nend:vevent", "abcdef g");
    assert_uid("BEGIN:VTODO\nUID:1\nEND:VTODO\n", "");
    assert_uid("", "");
    char *uid = mem_zalloc(3000), *bytes;
    memset(uid, 'u', 2999);
    bytes = mem_printf(OBJECT(":%s", ""), uid);
    char *cut = news_uid(bytes, strlen(bytes));
    assert_true(strlen(cut) < 1100 && strlen(cut) > 1000);
    free(cut);
    free(bytes);
    free(uid);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_and_what_went_is_kept),
        cmocka_unit_test(of_a_whole_list_only_what_is_another_is_fetched),
        cmocka_unit_test(an_event_that_only_moved_is_not_gone),
        cmocka_unit_test(what_is_not_to_be_had_stays_as_it_was_and_is_told_once),
        cmocka_unit_test(its_task_ends_when_it_is_mended_or_gone),
        cmocka_unit_test(what_cannot_be_read_is_not_gone_from_where_it_was),
        cmocka_unit_test(many_are_kept_in_several_goes_and_each_of_them),
        cmocka_unit_test(a_look_at_more_than_anybody_has_comes_to_nothing),
        cmocka_unit_test(the_objects_stand_in_a_row),
        cmocka_unit_test(the_uid_is_the_events_own),
    };

    return cmocka_run_group_tests_name("calendar/news", tests, NULL, NULL);
}
