/*
 * gateway/fetch: what comes back, how much of it, how long it may take, and being broken off.
 */
#include "fetch_common.h"

/* ---- what works */

static void an_answer_comes_whole_with_what_tells_it_from_others(void **state)
{
    struct set s;

    set_up(&s, NULL);
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 200);
    assert_string_equal(s.body.data, "hello");
    assert_string_equal(s.etag, "\"first\"");
    assert_string_equal(s.modified, "Sun, 06 Dec 2026 10:00:00 GMT");
    assert_string_equal(s.type, "text/calendar");
    assert_string_equal(s.dav, "1, calendar-access");
    s.request.if_none_match = "\"first\"";
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 304);
    assert_int_equal(s.body.len, 0);
    s.request.if_none_match = NULL;
    s.request.if_modified_since = "Sun, 06 Dec 2026 10:00:00 GMT";
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 304);
    get(&s, "127.0.0.1", "/gzip");
    assert_string_equal(s.body.data, "packed well");
    tear_down(&s);
}

static void methods_bodies_and_headers_arrive_as_they_were_given(void **state)
{
    struct str_list headers = {0};
    struct set s;
    static const char *const methods[] = {"PROPFIND", "REPORT", "PUT", "DELETE", "OPTIONS"};

    set_up(&s, NULL);
    str_list_add(&headers, "Depth: 1", 8);
    str_list_add(&headers, "Content-Type: text/xml", 22);
    s.request.headers = &headers;
    s.request.if_match = "\"mine\"";
    s.request.user = "anna";
    s.request.password = "secret";
    s.request.body = "<x/>";
    s.request.len = 4;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        s.request.method = methods[i];
        get(&s, "127.0.0.1", "/echo");
        assert_int_equal(s.status, 200);
        assert_memory_equal(s.body.data, methods[i], strlen(methods[i]));
        assert_non_null(strstr(s.body.data, "\nDepth: 1\n"));
        assert_non_null(strstr(s.body.data, "\nContent-Type: text/xml\n"));
        assert_non_null(strstr(s.body.data, "\nIf-Match: \"mine\"\n"));
        assert_non_null(strstr(s.body.data, "\nAuthorization: Basic YW5uYTpzZWNyZXQ=\n"));
        assert_null(strstr(s.body.data, "Expect"));
        assert_non_null(strstr(s.body.data, "\n\n<x/>"));
    }
    str_list_close(&headers);
    tear_down(&s);
}

struct taken {
    struct set *set;
    struct fetch *fetch;
    size_t bytes;
    int stop; /* at this many bytes: 1 cancel, 2 say no, 3 close the whole fetcher */
};

static bool data_cb(void *arg, const char *bytes, size_t len)
{
    struct taken *t = arg;

    t->bytes += len;
    if (t->stop == 1 && t->bytes > 65536)
        fetch_cancel(t->fetch);
    if (t->stop == 3 && t->bytes > 65536 && t->set->fetcher != NULL) {
        fetcher_close(t->set->fetcher, closed_cb, t->set);
        t->set->fetcher = NULL;
    }
    return t->stop != 2;
}

static void taken_done_cb(void *arg, const struct fetch_reply *r)
{
    struct taken *t = arg;

    assert_int_equal(r->len, 0);
    done_cb(t->set, r);
}

static void a_body_is_handed_on_as_it_comes(void **state)
{
    struct set s;
    struct taken t = {.set = &s};

    set_up(&s, NULL);
    s.hooks = (struct fetch_hooks){data_cb, taken_done_cb, &t};
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 200);
    assert_int_equal(t.bytes, 5);
    t.stop = 2;
    expect_refusal(&s, "127.0.0.1", "/plain", ERR_INVALID, "makes no sense");
    tear_down(&s);
}

static void what_is_broken_off_says_nothing_more(void **state)
{
    struct set s;
    struct taken t = {.set = &s, .stop = 1};

    set_up(&s, NULL);
    s.request.body_max = SIZE_MAX;
    s.hooks = (struct fetch_hooks){data_cb, taken_done_cb, &t};
    begin(&s, "http://127.0.0.1:%d/endless", s.peer.port);
    t.fetch = s.fetch; /* cancelled by `data` */
    s.hooks = (struct fetch_hooks){.done = done_cb, .arg = &s};
    begin(&s, "http://127.0.0.1:%d/silent", s.peer.port);
    fetch_cancel(s.fetch); /* before it began */
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.done, 1);
    while (t.bytes <= 65536)
        uv_run(&s.loop, UV_RUN_ONCE);
    for (int i = 0; i < 3; i++)
        begin(&s, "http://127.0.0.1:%d/silent", s.peer.port);
    tear_down(&s); /* with three under way */
    assert_int_equal(s.done, 1);
}

static void a_fetcher_may_be_closed_from_within(void **state)
{
    struct set s;
    struct taken t = {.set = &s, .stop = 3};

    set_up(&s, NULL);
    s.request.body_max = SIZE_MAX;
    begin(&s, "http://127.0.0.1:%d/silent", s.peer.port);
    s.hooks = (struct fetch_hooks){data_cb, taken_done_cb, &t};
    begin(&s, "http://127.0.0.1:%d/endless", s.peer.port);
    run_until(&s, &s.closed, 0);
    assert_int_equal(s.done, 0);
    tear_down(&s);
}

static void a_fetcher_without_work_holds_nothing_open(void **state)
{
    struct set s = {0};

    uv_loop_init(&s.loop);
    fetcher_close(fetcher_create(&s.loop), closed_cb, &s);
    assert_true(s.closed);
    assert_int_equal(uv_loop_close(&s.loop), 0); /* no handle */
}

/* ---- how much, how long */

static void no_body_is_larger_than_it_may_be(void **state)
{
    struct set s;

    set_up(&s, NULL);
    expect_refusal(&s, "127.0.0.1", "/bomb", ERR_LIMIT, "larger than we take");
    expect_refusal(&s, "127.0.0.1", "/bomb2", ERR_LIMIT, "larger than we take");
    expect_refusal(&s, "127.0.0.1", "/endless", ERR_LIMIT, "larger than we take");
    expect_refusal(&s, "127.0.0.1", "/headers", ERR_LIMIT, "headers of 127.0.0.1 are larger");
    assert_true(s.body.len <= BODY_MAX);
    s.request.body_max = 5;
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 200);
    s.request.body_max = 4;
    expect_refusal(&s, "127.0.0.1", "/plain", ERR_LIMIT, "larger than we take");
    tear_down(&s);
}

static void nobody_keeps_us_for_ever(void **state)
{
    struct set s;

    set_up(&s, NULL);
    s.request.timeout_ms = 700;
    expect_refusal(&s, "127.0.0.1", "/silent", ERR_IO, "did not answer in time");
    expect_refusal(&s, "127.0.0.1", "/drip", ERR_IO, "did not answer in time");
    s.request.timeout_ms = 0;
    s.request.stall_s = 1;
    expect_refusal(&s, "127.0.0.1", "/drip", ERR_IO, "did not answer in time");
    tear_down(&s);
}

static void a_stuck_resolver_holds_nobody_up(void **state)
{
    struct set s;

    set_up(&s, NULL);
    s.request.timeout_ms = 300;
    expect_refusal(&s, "stuck.example", "/plain", ERR_IO, "did not answer in time");
    s.request.timeout_ms = 0;
    begin(&s, "http://stuck.example:%d/plain", s.peer.port);
    get(&s, "127.0.0.1", "/plain"); /* meanwhile */
    assert_int_equal(s.status, 200);
    tear_down(&s); /* and it can be closed */
    atomic_store(&stuck_over, true);
}

static void an_answer_that_is_not_whole_is_none(void **state)
{
    struct set s;

    set_up(&s, NULL);
    expect_refusal(&s, "127.0.0.1", "/cut", ERR_IO, "before its answer was whole");
    tear_down(&s);
}

static void only_so_many_are_under_way(void **state)
{
    struct set s;
    struct err err = {0};

    set_up(&s, NULL);
    for (int i = 0; i < FETCH_UNDER_WAY_MAX; i++)
        begin(&s, "http://127.0.0.1:%d/silent", s.peer.port);
    s.request.url = "http://127.0.0.1/";
    assert_null(fetch_start(s.fetcher, &s.request, &s.hooks, &err));
    assert_non_null(strstr(err.text, "under way"));
    tear_down(&s);
}

/* ---- what an answer means */

static void each_status_is_told_in_words(void **state)
{
    static const struct {
        int status, rc;
        const char *words;
    } known[] = {
        {200, 0, ""},
        {207, 0, ""},
        {304, 0, ""},
        {401, ERR_READONLY, "does not let us in"},
        {403, ERR_READONLY, "forbids"},
        {404, ERR_NOTFOUND, "nothing at this address"},
        {405, ERR_READONLY, "does not do this"},
        {410, ERR_NOTFOUND, "gone"},
        {412, ERR_EXISTS, "changed"},
        {429, ERR_BUSY, "less often"},
        {500, ERR_IO, "status 500"},
        {503, ERR_BUSY, "busy"},
    };
    struct set s;
    char path[32];

    set_up(&s, NULL);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct err err = {0};
        snprintf(path, sizeof(path), "/status/%d", known[i].status);
        get(&s, "127.0.0.1", path);
        struct fetch_reply r = {.status = s.status, .host = "127.0.0.1"};
        assert_int_equal(s.status, known[i].status);
        assert_int_equal(fetch_judge(&r, &err), known[i].rc);
        assert_non_null(strstr(err.text, known[i].words));
        assert_true(s.status < 400 || strcmp(s.body.data, "so it is") == 0);
        assert_int_equal(s.retry_after_ms, 7000);
    }
    struct fetch_reply broken = {.rc = ERR_IO, .error = "it rains", .host = "h"};
    struct err err = {0};
    assert_int_equal(fetch_judge(&broken, &err), ERR_IO);
    assert_string_equal(err.text, "it rains");
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_whole_with_what_tells_it_from_others),
        cmocka_unit_test(methods_bodies_and_headers_arrive_as_they_were_given),
        cmocka_unit_test(a_body_is_handed_on_as_it_comes),
        cmocka_unit_test(what_is_broken_off_says_nothing_more),
        cmocka_unit_test(a_fetcher_may_be_closed_from_within),
        cmocka_unit_test(a_fetcher_without_work_holds_nothing_open),
        cmocka_unit_test(no_body_is_larger_than_it_may_be),
        cmocka_unit_test(nobody_keeps_us_for_ever),
        cmocka_unit_test(a_stuck_resolver_holds_nobody_up),
        cmocka_unit_test(an_answer_that_is_not_whole_is_none),
        cmocka_unit_test(only_so_many_are_under_way),
        cmocka_unit_test(each_status_is_told_in_words),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
