/*
 * gateway/fetch: where it may lead us, and who hears the password. Each clause of what is promised
 * in gateway/fetch.h.
 */
#include "fetch_common.h"

/* ---- where it leads */

static void this_machine_is_refused_by_whatever_name(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "localhost",          "home.example", "[::1]", "mapped.example",
        "0x7f.1",    "[::ffff:127.0.0.1]", "2130706433",   "127.1"};
    struct set s;

    set_up(&s, NULL);
    s.request.allow_private = false;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        expect_refusal(&s, hosts[i], "/plain", ERR_INVALID, "is on this machine: that needs");
    expect_refusal(&s, "inside.example", "/plain", ERR_INVALID, "is on a private network");
    expect_refusal(&s, "cloud.example", "/plain", ERR_INVALID, "is on a private network");
    expect_refusal(&s, "nat.example", "/plain", ERR_INVALID, "is on a private network");
    expect_refusal(&s, "169.254.169.254", "/plain", ERR_INVALID, "is on a private network");
    s.request.allow_private = true;
    expect_refusal(&s, "nowhere.example", "/plain", ERR_INVALID, "an address that nobody has");
    expect_refusal(&s, "multicast.example", "/plain", ERR_INVALID, "an address that nobody has");
    expect_refusal(&s, "unknown.example", "/plain", ERR_IO, "nobody knows where");
    assert_int_equal(peer_count(&s.peer, "GET "), 0);
    tear_down(&s);
}

/* A connection that stands was opened by somebody who may; whoever may not must not ride on it. */
static void a_kept_connection_is_no_way_around(void **state)
{
    struct set s;

    set_up(&s, NULL);
    get(&s, "home.example", "/plain");
    assert_int_equal(s.status, 200);
    s.request.allow_private = false;
    expect_refusal(&s, "home.example", "/plain", ERR_INVALID, "is on this machine");
    assert_int_equal(peer_count(&s.peer, "GET "), 1);
    tear_down(&s);
}

static void redirects_are_followed_three_times_and_no_more(void **state)
{
    struct set s;
    char url[128];

    set_up(&s, NULL);
    get(&s, "127.0.0.1", "/hop/2");
    assert_int_equal(s.status, 200);
    assert_string_equal(s.body.data, "hello");
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/plain", s.peer.port);
    assert_string_equal(s.answered, url);
    expect_refusal(&s, "127.0.0.1", "/hop/3", ERR_INVALID, "leads on and on");
    expect_refusal(&s, "127.0.0.1", "/loop", ERR_INVALID, "leads on and on");
    assert_int_equal(peer_count(&s.peer, "GET /loop"), 4);
    s.request.method = "PROPFIND";
    s.request.body = "<x/>";
    s.request.len = 4;
    get(&s, "127.0.0.1", "/to/301//echo");
    assert_memory_equal(s.body.data, "PROPFIND /echo", 14);
    assert_non_null(strstr(s.body.data, "\n\n<x/>"));
    expect_refusal(&s, "127.0.0.1", "/to/303//echo", ERR_INVALID, "something else than");
    tear_down(&s);
}

static void a_redirect_leads_into_no_private_network(void **state)
{
    static const char *const bad[] = {
        "http://127.0.0.2:%d/plain",      "http://other.example:%d/plain",  "http://[::1]:%d/plain",
        "http://169.254.169.254:%d/meta", "http://inside.example:%d/plain", "//127.0.0.2:%d/plain",
        "http://localhost:%d/plain",      "http://0.0.0.0:%d/plain",        "https://10.0.0.1:%d/"};
    struct set s;
    char path[256];

    set_up(&s, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        size_t n = (size_t)snprintf(path, sizeof(path), "/to/302/");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(path + n, sizeof(path) - n, bad[i], s.peer.port);
#pragma GCC diagnostic pop
        expect_refusal(&s, "127.0.0.1", path, ERR_INVALID, "which no calendar may do");
    }
    assert_int_equal(peer_count(&s.peer, "GET /plain"), 0);
    tear_down(&s);
}

static void nothing_but_http_is_fetched(void **state)
{
    static const char *const bad[] = {"file:///etc/passwd",
                                      "ftp://example.com/x",
                                      "gopher://127.0.0.1/x",
                                      "dict://127.0.0.1/x",
                                      "smtp://127.0.0.1/x",
                                      "/etc/passwd",
                                      "http://",

                                      "",
                                      "https://a:b@127.0.0.1/",
                                      "https://anna@127.0.0.1/",
                                      "https://example.com/ x",
                                      "https://example.com/\r\nX",
                                      "webcal://example.com/secret",
                                      "HTTPS//example.com"};
    struct set s;
    struct err err;

    set_up(&s, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        s.request.url = bad[i];
        err.text[0] = '\0';
        if (fetch_start(s.fetcher, &s.request, &s.hooks, &err) != NULL)
            fail_msg("%s is taken", bad[i]);
        assert_true(strncmp(err.text, "the address ", 12) == 0 ||
                    strncmp(err.text, "this is no address", 18) == 0);
        assert_null(strstr(err.text, "secret"));
        assert_int_equal(fetch_check_url(bad[i], NULL), ERR_INVALID);
    }
    assert_int_equal(fetch_check_url("HTTPS://Calendar.example.com/a.ics", NULL), 0);
    expect_refusal(&s, "127.0.0.1", "/to/302/file:///etc/passwd", ERR_INVALID, "none for us");
    expect_refusal(&s, "127.0.0.1", "/to/302/ftp://127.0.0.1/x", ERR_INVALID, "none for us");
    expect_refusal(&s, "127.0.0.1", "/to/302/http://me:secret@127.0.0.1/", ERR_INVALID,
                   "none for us");
    assert_int_equal(s.body.len, 0);
    tear_down(&s);
}

static void nobody_adds_a_header_by_a_line_break(void **state)
{
    struct str_list headers = {0};
    struct set s;
    struct err err = {0};
    const char **places[] = {
        &s.request.user,          &s.request.password,          &s.request.if_match,
        &s.request.if_none_match, &s.request.if_modified_since, &s.request.method};

    set_up(&s, NULL);
    s.request.url = "http://127.0.0.1/";
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        *places[i] = "x\r\nX-Evil: 1";
        assert_null(fetch_start(s.fetcher, &s.request, &s.hooks, &err));
        *places[i] = NULL;
    }
    str_list_add(&headers, "A: b\nX-Evil: 1", 14);
    s.request.headers = &headers;
    assert_null(fetch_start(s.fetcher, &s.request, &s.hooks, &err));
    assert_string_equal(err.text, "a line break in the request");
    str_list_close(&headers);
    tear_down(&s);
}

/* ---- who hears the password */

static void no_other_host_hears_the_password(void **state)
{
    struct set s, other;
    char path[128];

    set_up(&other, NULL);
    set_up(&s, NULL);
    s.request.user = "anna";
    s.request.password = "secret";
    get(&s, "127.0.0.1", "/hop/0");
    assert_int_equal(peer_count(&s.peer, "password=Basic YW5uYTpzZWNyZXQ="), 2); /* its own */
    snprintf(path, sizeof(path), "/to/302/http://127.0.0.1:%d/plain", other.peer.port);
    get(&s, "127.0.0.1", path); /* another port is another server */
    assert_int_equal(s.status, 200);
    assert_int_equal(peer_count(&other.peer, "password=-"), 1);
    snprintf(path, sizeof(path), "/to/302/http://127.0.0.1:%d/to/302/http://127.0.0.1:%d/plain",
             other.peer.port, s.peer.port);
    get(&s, "127.0.0.1", path); /* and back: home again */
    assert_int_equal(s.status, 200);
    assert_int_equal(peer_count(&other.peer, "password=Basic"), 0);
    tear_down(&s);
    tear_down(&other);
}

static void what_is_written_goes_to_its_own_server_alone(void **state)
{
    struct set s, other;
    char path[128];

    set_up(&other, NULL);
    set_up(&s, NULL);
    s.request.method = "PUT";
    s.request.body = "BEGIN:VCALENDAR";
    s.request.len = strlen(s.request.body);
    snprintf(path, sizeof(path), "/to/307/http://127.0.0.1:%d/echo", other.peer.port);
    expect_refusal(&s, "127.0.0.1", path, ERR_INVALID, "its own server alone");
    get(&s, "127.0.0.1", "/to/307//echo");
    assert_memory_equal(s.body.data, "PUT /echo", 9);
    assert_int_equal(peer_count(&other.peer, "PUT"), 0);
    tear_down(&s);
    tear_down(&other);
}

static void a_password_never_goes_out_unencrypted(void **state)
{
    struct set s;

    set_up(&s, NULL);
    s.request.user = "anna";
    s.request.password = "secret";
    expect_refusal(&s, "inside.example", "/plain", ERR_INVALID, "unencrypted; https:// is right");
    get(&s, "home.example", "/plain"); /* within this machine it may */
    assert_int_equal(s.status, 200);
    s.request.allow_plain = true;
    s.request.timeout_ms = 300;
    get(&s, "inside.example", "/plain");
    assert_int_equal(s.rc, ERR_IO); /* allowed, but nobody is there */
    tear_down(&s);
}

static void nothing_leads_from_https_to_http(void **state)
{
    static const char *const args[] = {"--tls", NULL};
    struct set s, plain;
    char path[128];
    int before;

    set_up(&plain, NULL);
    set_up(&s, args);
    begin(&s, "https://localhost:%d/plain", s.peer.port);
    run_until(&s, NULL, 1);
    assert_int_equal(s.rc, ERR_IO);
    assert_non_null(strstr(s.error, "certificate of localhost is not to be trusted"));
    s.request.ca_file = s.peer.certificate;
    begin(&s, "https://localhost:%d/plain", s.peer.port);
    run_until(&s, NULL, 2);
    assert_int_equal(s.status, 200);
    before = s.done;
    snprintf(path, sizeof(path), "http://localhost:%d/plain", plain.peer.port);
    begin(&s, "https://localhost:%d/to/302/%s", s.peer.port, path);
    run_until(&s, NULL, before + 1);
    assert_int_equal(s.rc, ERR_INVALID);
    assert_non_null(strstr(s.error, "from an encrypted connection"));
    assert_int_equal(peer_count(&plain.peer, "GET"), 0);
    tear_down(&s);
    tear_down(&plain);
}

static void proxies_of_the_environment_are_left_aside(void **state)
{
    static const char *const variables[] = {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"};
    struct set s;

    set_up(&s, NULL);
    for (size_t i = 0; i < 4; i++)
        setenv(variables[i], "http://127.0.0.1:1", 1);
    get(&s, "127.0.0.1", "/plain");
    assert_int_equal(s.status, 200);
    for (size_t i = 0; i < 4; i++)
        unsetenv(variables[i]);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_refused_by_whatever_name),
        cmocka_unit_test(a_kept_connection_is_no_way_around),
        cmocka_unit_test(redirects_are_followed_three_times_and_no_more),
        cmocka_unit_test(a_redirect_leads_into_no_private_network),
        cmocka_unit_test(nothing_but_http_is_fetched),
        cmocka_unit_test(nobody_adds_a_header_by_a_line_break),
        cmocka_unit_test(no_other_host_hears_the_password),
        cmocka_unit_test(what_is_written_goes_to_its_own_server_alone),
        cmocka_unit_test(a_password_never_goes_out_unencrypted),
        cmocka_unit_test(nothing_leads_from_https_to_http),
        cmocka_unit_test(proxies_of_the_environment_are_left_aside),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
