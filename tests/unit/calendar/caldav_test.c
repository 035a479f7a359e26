/*
 * calendar/caldav against a server in memory that can be asked for every fault
 * (tests/peers/dav_peer.py). What a real server makes of it is tests/system/test_caldav.py.
 */
#include "caldav_common.h"

static void set_up(struct set *s, const char *const *args, const char *path)
{
    set_up_with(s, "tests/peers/dav_peer.py", args, path);
}

static const char *const three[] = {"--objects", "3", NULL};
static const char *const several[] = {"--objects", "3", "--several", NULL};

/* ---- finding */

static void a_collection_is_found_from_wherever_one_begins(void **state)
{
    static const char *const paths[] = {"/anna/work/", "/anna/", "/principals/anna/",
                                        "/dav/",       "/",      "/nothing/here"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        struct set s;
        set_up(&s, three, paths[i]);
        fine(&s, 3, 0, true, 3);
        char *url = caldav_state_url(s.state);
        assert_true(str_ends(url, "/anna/work/"));
        free(url);
        tear_down(&s);
    }
}

static void one_of_several_is_chosen_by_name_never_by_guess(void **state)
{
    static const char *const names[] = {"Work", "work"};
    struct set s;

    set_up(&s, several, "/");
    refused(&s, ERR_INVALID, "has 2 calendars; `collection` has to say which: \"Work\", \"Home\"");
    s.source.collection = "Wrok";
    refused(&s, ERR_INVALID, "no calendar \"Wrok\", but: \"Work\", \"Home\"");
    s.source.collection = "Todo";
    refused(&s, ERR_INVALID, "no calendar \"Todo\""); /* it takes no events */
    for (size_t i = 0; i < 2; i++) {
        s.source.collection = names[i];
        s.kept_count = 0;
        fine(&s, 3, 0, true, 3);
        free(s.state);
        s.state = NULL;
    }
    tear_down(&s);
}

static void a_password_goes_to_no_server_that_an_answer_names(void **state)
{
    struct set s;

    set_up(&s, three, "/");
    peer_tell(&s.peer, "set lie home");
    refused(&s, ERR_INVALID, "keeps these calendars at https://127.0.0.2: write that as `url`");
    peer_tell(&s.peer, "set lie href");
    s.source.url = s.url;
    snprintf(s.url + strlen(s.url), 16, "anna/work/");
    fine(&s, 0, 0, true, 0); /* objects elsewhere are none */
    tear_down(&s);
}

static void a_state_of_another_server_is_not_followed(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    s.state = mem_strdup("s http://127.0.0.2:1/anna/work/\n12");
    fine(&s, 3, 0, true, 3);
    static const char *const bad[] = {"", "s", "s http://x", "x http://127.0.0.1/\n1", "\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_null(caldav_state_url(bad[i]));
        free(s.state);
        s.state = mem_strdup(bad[i]);
        s.kept_count = 0;
        fine(&s, 3, 0, true, 3);
    }
    tear_down(&s);
}

/* ---- what is new */

static void nothing_new_costs_one_request(void **state)
{
    struct set s;

    set_up(&s, three, "/");
    fine(&s, 3, 0, true, 3);
    int before = peer_count(&s.peer, "\n");
    fine(&s, 0, 0, false, 3);
    assert_true(s.unchanged);
    assert_int_equal(s.listed, 0);
    assert_int_equal(peer_count(&s.peer, "\n") - before, 1);
    tear_down(&s);
}

static void what_changed_and_what_went_is_told(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    fine(&s, 3, 0, true, 3);
    peer_tell(&s.peer, "put event1 New tyres");
    peer_tell(&s.peer, "put event9 Brakes");
    peer_tell(&s.peer, "delete event2");
    fine(&s, 2, 1, false, 3);
    assert_false(s.unchanged);
    assert_non_null(strstr(s.last, "UID:event9@peer\n"));
    fine(&s, 0, 0, false, 3);
    assert_true(s.unchanged);
    tear_down(&s);
}

static void a_refused_token_means_everything_anew(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    fine(&s, 3, 0, true, 3);
    peer_tell(&s.peer, "delete event0");
    peer_tell(&s.peer, "forget");
    peer_tell(&s.peer, "put event1 New");
    fine(&s, 1, 0, true, 2); /* the others are known by their ETags; what is not listed is gone */
    assert_int_equal(s.listed, 2);
    fine(&s, 0, 0, false, 2);
    assert_true(s.unchanged);
    tear_down(&s);
}

static void an_answer_that_is_cut_off_is_continued(void **state)
{
    static const char *const args[] = {"--objects", "25", NULL};
    struct set s;

    set_up(&s, args, "/anna/work/");
    peer_tell(&s.peer, "set page 10");
    fine(&s, 25, 0, true, 25);
    assert_int_equal(peer_count(&s.peer, "sync-collection"), 3);
    for (int i = 0; i < 12; i++)
        peer_tell(&s.peer, "put event%d Again", i);
    fine(&s, 12, 0, false, 25);
    tear_down(&s);
}

static void without_sync_collection_it_goes_by_etags(void **state)
{
    static const char *const manners[] = {"no", "empty"};

    for (size_t i = 0; i < 2; i++) {
        struct set s;
        set_up(&s, three, "/anna/work/");
        peer_tell(&s.peer, "set sync %s", manners[i]);
        fine(&s, 3, 0, true, 3);
        int before = peer_count(&s.peer, "/anna");
        fine(&s, 0, 0, false, 3);
        assert_true(s.unchanged);
        assert_int_equal(peer_count(&s.peer, "/anna") - before, 1); /* by getctag */
        peer_tell(&s.peer, "put event1 New");
        peer_tell(&s.peer, "delete event2");
        fine(&s, 1, 0, true, 2);
        peer_tell(&s.peer, "set ctag no");
        fine(&s, 0, 0, true, 2); /* nothing is new, but it took a whole list to know */
        peer_tell(&s.peer, "set members 1");
        refused(&s, ERR_LIMIT, "cuts off");
        assert_int_equal(s.kept_count, 2);
        tear_down(&s);
    }
}

static void hrefs_may_be_whole_urls_and_etags_bare(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    peer_tell(&s.peer, "set plain yes");
    fine(&s, 3, 0, true, 3);
    assert_non_null(find(&s, "/anna/work/event0.ics"));
    fine(&s, 0, 0, false, 3);
    char *url = caldav_object_url(s.url, "/anna/work/event0.ics");
    assert_non_null(strstr(url, "/anna/work/event0.ics"));
    free(url);
    assert_null(caldav_object_url(s.url, "http://other.example/anna/work/event0.ics"));
    assert_null(caldav_object_url(s.url, "//other.example/event0.ics"));
    tear_down(&s);
}

static void a_large_collection_comes_in_batches_that_can_wait(void **state)
{
    static const char *const args[] = {"--objects", "2500", NULL};
    struct set s;

    set_up(&s, args, "/anna/work/");
    s.pause = true;
    begin(&s);
    for (int i = 1; i <= 24; i++) { /* after the 25th there is nothing to wait for */
        run_until(&s, NULL, 1, i);
        assert_int_equal(s.batches, i);
        assert_int_equal(s.objects, i * CALDAV_BATCH);
        assert_int_equal(s.done, 0);
        caldav_go_on(s.look);
    }
    run_until(&s, NULL, 1, 0);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.kept_count, 2500);
    assert_int_equal(peer_count(&s.peer, "calendar-multiget"), 25);
    tear_down(&s);
}

/* ---- faults */

static void a_collection_that_moved_is_found_again(void **state)
{
    struct set s;

    set_up(&s, three, "/");
    s.state = mem_printf("s http://127.0.0.1:%d/anna/old/\n1", s.peer.port);
    fine(&s, 3, 0, true, 3);
    tear_down(&s);
}

static void each_refusal_is_told_and_nothing_is_lost(void **state)
{
    static const struct {
        const char *manner, *words;
        int rc;
    } faults[] = {
        {"status 401", "does not let us in", ERR_READONLY},
        {"status 403", "forbids", ERR_READONLY},
        {"status 429", "less often", ERR_BUSY},
        {"status 500", "status 500", ERR_IO},
        {"status 503", "busy", ERR_BUSY},
        {"status 200", "no answer of CalDAV", ERR_INVALID},
        {"lie doctype", "cannot be read: it has a document type", ERR_INVALID},
        {"lie garbage", "cannot be read: it is no XML", ERR_INVALID},
    };

    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        struct set s;
        set_up(&s, three, "/anna/work/");
        fine(&s, 3, 0, true, 3);
        char *before = mem_strdup(s.state);
        peer_tell(&s.peer, "put event1 New");
        peer_tell(&s.peer, "set %s", faults[i].manner);
        refused(&s, faults[i].rc, faults[i].words);
        assert_string_equal(s.state, before);
        peer_tell(&s.peer, "set status 0");
        peer_tell(&s.peer, "set lie no");
        fine(&s, 1, 0, false, 3);
        free(before);
        tear_down(&s);
    }
}

static void a_wrong_password_is_told_as_such(void **state)
{
    struct set s;

    set_up(&s, three, "/");
    s.source.password = "secret?";
    refused(&s, ERR_READONLY, "does not let us in (401): see `user` and `password-file`");
    assert_int_equal(peer_count(&s.peer, "PROPFIND"), 1); /* and is tried at one place only */
    tear_down(&s);
}

static void a_server_that_gives_no_objects_is_no_success(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    peer_tell(&s.peer, "set lie empty");
    refused(&s, ERR_INVALID, "lists objects and gives none");
    tear_down(&s);
}

static void an_answer_without_progress_ends(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    fine(&s, 3, 0, true, 3);
    peer_tell(&s.peer, "put event1 New");
    peer_tell(&s.peer, "set sync empty");
    refused(&s, ERR_INVALID, "does not come to an end");
    tear_down(&s);
}

static void an_object_that_is_too_large_stops_nobody_else(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    fine(&s, 3, 0, true, 3);
    peer_tell(&s.peer, "large big");
    peer_tell(&s.peer, "put event1 New");
    fine(&s, 2, 0, false, 4);
    tear_down(&s);
}

/* ---- objects that spoil answers */

static const char *const many[] = {"--objects", "250", NULL};

static void an_object_that_spoils_answers_stops_nobody_else(void **state)
{
    static const struct {
        const char *kind, *why;
    } kinds[] = {
        {"xml", "the answer with it cannot be read: it is no XML"},
        {"fail", "its server fails on it (500)"},
        {"forbid", "its server answers for it with status 403"},
        {"silent", "its server lists it and does not give it out"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct set s;
        set_up(&s, many, "/anna/work/");
        peer_tell(&s.peer, "poison event77 %s", kinds[i].kind);
        fine(&s, 250, 0, true, 250);
        assert_int_equal(s.without, 1);
        assert_non_null(strstr(s.why, "/anna/work/event77.ics: "));
        assert_non_null(strstr(s.why, kinds[i].why));
        assert_true(peer_count(&s.peer, "calendar-multiget") < 30);
        fine(&s, 0, 0, false, 250); /* nothing of it is asked for again, */
        assert_true(s.unchanged);
        peer_tell(&s.peer, "poison event77 no");
        fine(&s, 1, 0, false, 250); /* until it is mended */
        assert_non_null(strstr(s.last, "UID:event77@peer"));
        tear_down(&s);
    }
}

static void several_that_spoil_answers_are_each_found(void **state)
{
    static const int bad[] = {0, 1, 99, 100, 180, 249};
    struct set s;

    set_up(&s, many, "/anna/work/");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        peer_tell(&s.peer, "poison event%d %s", bad[i], i % 2 == 0 ? "xml" : "fail");
    fine(&s, 250, 0, true, 250);
    assert_int_equal(s.without, 6);
    tear_down(&s);
}

static void one_that_alone_is_new_is_told_as_well(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    fine(&s, 3, 0, true, 3);
    peer_tell(&s.peer, "poison event1 xml");
    fine(&s, 1, 0, false, 3);
    assert_int_equal(s.without, 1);
    tear_down(&s);
}

static void a_server_that_fails_on_all_of_them_has_failed(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    for (int i = 0; i < 3; i++)
        peer_tell(&s.peer, "poison event%d fail", i);
    refused(&s, ERR_IO, "status 500");
    assert_null(s.state);
    tear_down(&s);
}

static void a_server_that_gives_few_at_a_time_is_asked_for_the_rest(void **state)
{
    struct set s;

    set_up(&s, many, "/anna/work/");
    peer_tell(&s.peer, "set most 30");
    fine(&s, 250, 0, true, 250);
    assert_int_equal(s.without, 0);
    tear_down(&s);
}

static void whoever_has_enough_ends_it(void **state)
{
    struct set s;

    set_up(&s, three, "/anna/work/");
    s.stop = true;
    refused(&s, ERR_CANCELLED, "broken off");
    s.stop = false;
    begin(&s);
    caldav_cancel(s.look); /* at once */
    int before = s.done;
    for (int i = 0; i < 50; i++)
        uv_run(&s.loop, UV_RUN_ONCE);
    assert_int_equal(s.done, before);
    s.source.user = "anna\r\nX: y";
    struct err err = {0};
    assert_null(caldav_start(s.fetcher, &s.source, NULL, &s.hooks, &err));
    assert_string_equal(err.text, "a line break in the request");
    s.source.url = "file:///etc/passwd";
    assert_null(caldav_start(s.fetcher, &s.source, NULL, &s.hooks, &err));
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_is_found_from_wherever_one_begins),
        cmocka_unit_test(one_of_several_is_chosen_by_name_never_by_guess),
        cmocka_unit_test(a_password_goes_to_no_server_that_an_answer_names),
        cmocka_unit_test(a_state_of_another_server_is_not_followed),
        cmocka_unit_test(nothing_new_costs_one_request),
        cmocka_unit_test(what_changed_and_what_went_is_told),
        cmocka_unit_test(a_refused_token_means_everything_anew),
        cmocka_unit_test(an_answer_that_is_cut_off_is_continued),
        cmocka_unit_test(without_sync_collection_it_goes_by_etags),
        cmocka_unit_test(hrefs_may_be_whole_urls_and_etags_bare),
        cmocka_unit_test(a_large_collection_comes_in_batches_that_can_wait),
        cmocka_unit_test(a_collection_that_moved_is_found_again),
        cmocka_unit_test(each_refusal_is_told_and_nothing_is_lost),
        cmocka_unit_test(a_wrong_password_is_told_as_such),
        cmocka_unit_test(a_server_that_gives_no_objects_is_no_success),
        cmocka_unit_test(an_answer_without_progress_ends),
        cmocka_unit_test(an_object_that_is_too_large_stops_nobody_else),
        cmocka_unit_test(an_object_that_spoils_answers_stops_nobody_else),
        cmocka_unit_test(several_that_spoil_answers_are_each_found),
        cmocka_unit_test(one_that_alone_is_new_is_told_as_well),
        cmocka_unit_test(a_server_that_fails_on_all_of_them_has_failed),
        cmocka_unit_test(a_server_that_gives_few_at_a_time_is_asked_for_the_rest),
        cmocka_unit_test(whoever_has_enough_ends_it),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
