/*
 * gateway/sms with the provider files of the package, against peers that answer as the providers
 * document and show every fault (tests/peers/provider_peer.py), and against a real Kannel.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static const char token[] = "0123456789abcdef0123456789abcdef";

static struct gateway_message message(int64_t id, const char *to, const char *text)
{
    return (struct gateway_message){
        .id = id,
        .channel = CHANNEL_SMS,
        .from = "+37120000000",
        .to = to,
        .data = text,
        .len = strlen(text),
        .token = token,
    };
}

struct set {
    struct peer peer;
    struct trial trial;
    char url[128];
};

static const struct {
    const char *name, *path;
} providers[] = {
    {"twilio", "/2010-04-01/Accounts/{{user}}/Messages.json"},
    {"vonage", "/sms/json"},
    {"plivo", "/v1/Account/{{user}}/Message/"},
    {"messagebird", "/messages"},
};

static void settle(struct set *s, const char *provider, const char *path)
{
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d%s", s->peer.port, path);
    trial_init(&s->trial);
    s->trial.settings.type = GATEWAY_SMS;
    s->trial.settings.provider = (char *)provider;
    s->trial.settings.url = s->url;
    s->trial.settings.user = "me";
    s->trial.settings.password = "s3cret";
    s->trial.settings.from = "+37120000000";
}

static void set_up(struct set *s, int provider)
{
    const char *args[] = {"--provider", providers[provider].name, NULL};

    memset(s, 0, sizeof(*s));
    peer_start(&s->peer, "tests/peers/provider_peer.py", args);
    settle(s, providers[provider].name, providers[provider].path);
}

static void open_gateway(struct set *s)
{
    trial_open(&s->trial, "conf/providers");
}

static void tear_down(struct set *s)
{
    trial_close(&s->trial, 1000);
    peer_stop(&s->peer);
}

static const struct gateway_result *expect(struct trial *t, int64_t id, const char *to,
                                           enum outcome o, int code, bool address, bool trouble)
{
    struct gateway_message m = message(id, to, "Your car is ready.");
    const struct gateway_result *r = trial_one(t, &m);

    if (r->outcome != o || r->code != code || r->address_refused != address ||
        r->gateway_trouble != trouble)
        fail_msg("%s %s: %s %d address=%d trouble=%d: %s", t->settings.provider, to,
                 outcome_name(r->outcome), r->code, r->address_refused, r->gateway_trouble,
                 r->detail);
    assert_null(strstr(r->detail, "121111")); /* of all our numbers; no port is as long */
    assert_null(strstr(r->detail, "s3cret"));
    assert_true(r->detail[0] != '\0');
    return r;
}

static void texts_reach_each_provider_whole(void **state)
{
    static const char *const texts[] = {"Your car is ready: 10% off & \"more\" = 5\\6 + 7",
                                        "Сіздің көлігіңіз дайын. {{to}} 😀"};

    for (int p = 0; p < 4; p++) {
        struct set s;
        set_up(&s, p);
        open_gateway(&s);
        for (int i = 0; i < 2; i++) {
            struct gateway_message m = message(i + 1, "+37121111100", texts[i]);
            m.unicode = i == 1;
            const struct gateway_result *r = trial_one(&s.trial, &m);
            assert_int_equal(r->outcome, OUTCOME_SENT);
            assert_true(r->provider_id[0] != '\0');
            assert_int_equal(peer_count(&s.peer, texts[i]), 1);
        }
        assert_string_not_equal(s.trial.results[1].provider_id, s.trial.results[2].provider_id);
        assert_int_equal(peer_count(&s.peer, "to=+37121111100"), 2);
        assert_int_equal(peer_count(&s.peer, p == 1 || p == 3 ? "from=37120000000 unicode=True"
                                                              : "from=+37120000000 unicode=None"),
                         p == 1 || p == 3 ? 1 : 2);
        assert_int_equal(peer_count(&s.peer, token), p == 1 || p == 3 ? 2 : 0);
        assert_int_equal(peer_count(&s.peer, "connection=1"), 2); /* kept alive */
        assert_int_equal(s.trial.points, 2);
        tear_down(&s);
    }
}

static void each_providers_refusals_are_understood(void **state)
{
    static const struct {
        int number, message, login, busy;
    } codes[] = {
        {400, 400, 401, 429}, {200, 200, 200, 429}, {400, 400, 401, 429}, {422, 422, 401, 429}};

    for (int p = 0; p < 4; p++) {
        struct set s;
        struct trial *t = &s.trial;
        set_up(&s, p);
        open_gateway(&s);
        /* Plivo's words do not tell whether it is the number */
        expect(t, 1, "+37121111001", OUTCOME_REJECTED, codes[p].number, p != 2, false);
        expect(t, 2, "+37121111002", OUTCOME_REJECTED, codes[p].message, false, false);
        assert_int_equal(
            expect(t, 3, "+37121111429", OUTCOME_RETRY, 429, false, false)->retry_after_ms, 7000);
        expect(t, 4, "+37121111503", OUTCOME_UNKNOWN, 503, false, true);
        expect(t, 5, "+37121111500", OUTCOME_UNKNOWN, 500, false, true);
        tear_down(&s);

        set_up(&s, p);
        t->settings.password = "guess";
        open_gateway(&s);
        expect(t, 1, "+37121111100", OUTCOME_RETRY, codes[p].login, false, true);
        tear_down(&s);
        assert_int_equal(peer_count(&s.peer, "sms "), 0);
    }
}

static void success_without_proof_is_unknown(void **state)
{
    for (int p = 0; p < 4; p++) {
        struct set s;
        set_up(&s, p);
        open_gateway(&s);
        int success = p == 1 ? 200 : p == 2 ? 202 : 201;
        expect(&s.trial, 1, "+37121111201", OUTCOME_UNKNOWN, success, false, false);
        expect(&s.trial, 2, "+37121111202", OUTCOME_UNKNOWN, 200, false, false);
        expect(&s.trial, 3, "+37121111203", OUTCOME_UNKNOWN, success, false, false);
        expect(&s.trial, 4, "+37121111204", OUTCOME_UNKNOWN, success, false, false);
        tear_down(&s);
    }
}

static void broken_answers_are_unknown_and_never_sent_twice(void **state)
{
    struct set s;
    struct trial *t = &s.trial;

    set_up(&s, 0);
    t->settings.timeout_ms = 1200;
    open_gateway(&s);
    expect(t, 1, "+37121111101", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 2, "+37121111102", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 3, "+37121111103", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 4, "+37121111104", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 5, "+37121111105", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 6, "+37121111106", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 7, "+37121111107", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 8, "+37121111108", OUTCOME_UNKNOWN, 307, false, false); /* no redirects */
    assert_int_equal(peer_count(&s.peer, "request "), 8);
    expect(t, 9, "+37121111100", OUTCOME_SENT, 201, false, false);
    tear_down(&s);
}

/* libcurl sends a POST again by itself when a kept connection ends before a reply. */
/* Did these two requests go over one connection? How many libcurl opened in between, to try again
 * and be refused, is left to it. */
static bool went_together(struct peer *peer, int first, int second)
{
    char one[40], other[40];

    for (int connection = 1; connection < 40; connection++) {
        snprintf(one, sizeof(one), "request %d connection=%d\n", first, connection);
        snprintf(other, sizeof(other), "request %d connection=%d\n", second, connection);
        if (peer_count(peer, one) == 1)
            return peer_count(peer, other) == 1;
    }
    return false;
}

static void a_kept_connection_that_dies_after_the_request_sends_nothing_twice(void **state)
{
    struct set s;

    set_up(&s, 0);
    s.trial.settings.connections = 1;
    open_gateway(&s);
    for (int64_t id = 1; id <= 9; id += 3) {
        expect(&s.trial, id, "+37121111100", OUTCOME_SENT, 201, false, false);
        expect(&s.trial, id + 1, "+37121111102", OUTCOME_UNKNOWN, 0, false, false);
        expect(&s.trial, id + 2, "+37121111101", OUTCOME_UNKNOWN, 0, false, false);
    }
    assert_int_equal(peer_count(&s.peer, "request "), 9);
    /* The first two of each round: the connection was kept, and the case did occur. */
    for (int first = 1; first <= 7; first += 3)
        assert_true(went_together(&s.peer, first, first + 1));
    tear_down(&s);
}

static void a_get_is_sent_once_as_well(void **state)
{
    static const char file[] = "[provider]\nname = Local\nmethod = GET\n"
                               "url = http://127.0.0.1/x\n[may]\nuser = u\npassword = p\nfrom = f\n"
                               "[reply]\nsent = 404\n";
    struct set s;
    char path[128];

    set_up(&s, 0);
    snprintf(path, sizeof(path), "%s/local.conf", folder);
    assert_int_equal(fs_write_atomic(path, file, strlen(file), 0600, NULL), 0);
    s.trial.settings.provider = "local";
    snprintf(s.url, sizeof(s.url), "http://127.0.0.1:%d/get?to={{to}}&text={{text}}", s.peer.port);
    s.trial.settings.connections = 1;
    trial_open(&s.trial, folder);
    expect(&s.trial, 1, "+37121111100", OUTCOME_SENT, 404, false, false);
    expect(&s.trial, 2, "+37121111102", OUTCOME_UNKNOWN, 0, false, false); /* as for the POST */
    assert_int_equal(peer_count(&s.peer, "request 2 connection=1\n"), 1);
    assert_int_equal(peer_count(&s.peer, "request "), 2);
    tear_down(&s);
}

static void a_connection_closed_between_messages_costs_none(void **state)
{
    struct set s;

    set_up(&s, 0);
    s.trial.settings.connections = 1;
    open_gateway(&s);
    for (int64_t id = 1; id <= 6; id++) {
        expect(&s.trial, id, "+37121111301", OUTCOME_SENT, 201, false, false);
        assert_int_equal(peer_wait_count(&s.peer, "ended ", (int)id), (int)id);
    }
    assert_int_equal(peer_count(&s.peer, "sms "), 6);
    tear_down(&s);
}

static void no_connection_is_safe_to_retry(void **state)
{
    struct set s;

    set_up(&s, 0);
    peer_stop(&s.peer);
    open_gateway(&s);
    expect(&s.trial, 1, "+37121111100", OUTCOME_RETRY, 0, false, true);
    trial_close(&s.trial, 0);

    /* a name that cannot be resolved (RFC 6761), and TLS with one who speaks none */
    set_up(&s, 0);
    snprintf(s.url, sizeof(s.url), "https://nobody.invalid/x");
    open_gateway(&s);
    expect(&s.trial, 1, "+37121111100", OUTCOME_RETRY, 0, false, true);
    trial_close(&s.trial, 0);
    peer_stop(&s.peer);

    set_up(&s, 0);
    snprintf(s.url, sizeof(s.url), "https://127.0.0.1:%d/x", s.peer.port);
    s.trial.settings.timeout_ms = 3000;
    open_gateway(&s);
    expect(&s.trial, 1, "+37121111100", OUTCOME_RETRY, 0, false, true);
    assert_int_equal(peer_count(&s.peer, "request "), 0);
    tear_down(&s);
}

static void many_at_once_all_arrive(void **state)
{
    enum { MANY = 48 };
    struct set s;
    struct gateway_message m[MANY];
    int sent = 0;

    set_up(&s, 2);
    s.trial.settings.connections = 16;
    open_gateway(&s);
    for (int i = 0; i < MANY; i++)
        m[i] = message(i + 1, "+37121111100", "Your car is ready.");
    while (sent < MANY) {
        while (sent < MANY && gateway_send(s.trial.gateway, &m[sent]) == 0)
            sent++;
        int before = s.trial.done;
        trial_wait(&s.trial, before + 1);
    }
    trial_wait(&s.trial, MANY);
    for (int i = 1; i <= MANY; i++) {
        assert_int_equal(s.trial.results[i].outcome, OUTCOME_SENT);
        assert_int_equal(s.trial.done_for[i], 1);
    }
    assert_int_equal(peer_count(&s.peer, "sms "), MANY);
    tear_down(&s);
}

static void more_than_there_are_connections_wait_and_all_arrive(void **state)
{
    struct gateway_message m[40];
    struct set s;

    set_up(&s, 0);
    open_gateway(&s);
    for (int i = 0; i < 40; i++) {
        m[i] = message(i + 1, "+37121111100", "x");
        trial_send(&s.trial, &m[i]);
    }
    trial_wait(&s.trial, 40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(s.trial.results[i + 1].outcome, OUTCOME_SENT);
    assert_int_equal(s.trial.points, 40);
    assert_int_equal(peer_count(&s.peer, "request "), 40);
    tear_down(&s);
}

static void those_that_wait_end_untried_with_the_gateways_trouble(void **state)
{
    struct gateway_message m[10];
    struct set s;

    set_up(&s, 0);
    s.trial.settings.connections = 1;
    open_gateway(&s);
    peer_stop(&s.peer);
    for (int i = 0; i < 10; i++) {
        m[i] = message(i + 1, "+37121111100", "x");
        trial_send(&s.trial, &m[i]);
    }
    trial_wait(&s.trial, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(s.trial.results[i + 1].outcome, OUTCOME_RETRY);
        assert_true(s.trial.results[i + 1].gateway_trouble);
    }
    assert_int_equal(s.trial.points, 0);
    trial_close(&s.trial, 1000);
}

static void closing_breaks_off_what_hangs(void **state)
{
    struct set s;
    struct gateway_message hangs = message(1, "+37121111103", "x");
    struct gateway_message waits = message(2, "+37121111100", "x");

    set_up(&s, 0);
    s.trial.settings.connections = 1;
    open_gateway(&s);
    trial_send(&s.trial, &hangs);
    while (atomic_load(&s.trial.marks[1]) == 0 || peer_count(&s.peer, "request ") == 0)
        uv_run(&s.trial.loop, UV_RUN_ONCE);
    trial_send(&s.trial, &waits);
    trial_close(&s.trial, 200);
    assert_int_equal(s.trial.done, 2);
    assert_int_equal(s.trial.results[1].outcome, OUTCOME_UNKNOWN);
    assert_int_equal(s.trial.results[2].outcome, OUTCOME_RETRY);
    assert_int_equal(peer_count(&s.peer, "request "), 1);
    peer_stop(&s.peer);
}

static void breaking_off_lets_nothing_more_leave_and_what_has_left_go_on(void **state)
{
    struct gateway_message m[8];
    struct set s;

    set_up(&s, 0);
    s.trial.settings.connections = 1;
    open_gateway(&s);
    m[0] = message(1, "+37121111103", "x"); /* its answer does not come */
    trial_send(&s.trial, &m[0]);
    assert_int_equal(peer_wait_count(&s.peer, "request ", 1), 1);
    for (int i = 1; i < 8; i++) {
        m[i] = message(i + 1, "+37121111100", "x");
        trial_send(&s.trial, &m[i]);
    }
    gateway_break_off(s.trial.gateway);
    trial_wait(&s.trial, 7);
    for (int i = 1; i < 8; i++) {
        assert_int_equal(s.trial.results[i + 1].outcome, OUTCOME_RETRY);
        assert_false(s.trial.results[i + 1].gateway_trouble);
    }
    assert_int_equal(s.trial.done_for[1], 0);
    trial_close(&s.trial, 0);
    assert_int_equal(s.trial.results[1].outcome, OUTCOME_UNKNOWN);
    assert_int_equal(peer_count(&s.peer, "request "), 1);
    peer_stop(&s.peer);
}

static void one_that_is_broken_off_as_soon_as_it_began_is_told_once(void **state)
{
    struct set s;

    set_up(&s, 0);
    for (int i = 0; i < 20; i++) {
        struct gateway_message m = message(1, "+37121111100", "x");
        s.trial.done_for[1] = 0;
        s.trial.closed = false;
        open_gateway(&s);
        trial_send(&s.trial, &m);
        if (i % 2 == 0)
            usleep((useconds_t)i * 50);
        gateway_break_off(s.trial.gateway);
        gateway_close(s.trial.gateway, 0, trial_closed_cb, &s.trial);
        while (!s.trial.closed)
            uv_run(&s.trial.loop, UV_RUN_ONCE);
        assert_int_equal(s.trial.done_for[1], 1);
        if ((atomic_exchange(&s.trial.marks[1], 0) & GATEWAY_MARK_PASSED) == 0)
            assert_int_equal(s.trial.results[1].outcome, OUTCOME_RETRY);
    }
    trial_drop(&s.trial);
    peer_stop(&s.peer);
}

static void messages_that_are_none_are_refused(void **state)
{
    struct set s;

    set_up(&s, 0);
    open_gateway(&s);
    struct gateway_message m = message(1, "37121111100", "x");
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    m = message(1, "+371\r\nX-Evil: yes", "x");
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    m = message(1, "+37121111100", "");
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    m = message(1, "+37121111100", "\xff\xfe");
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    m = message(1, "+37121111100", "x");
    m.from = "Garage\n";
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    m = message(1, "+37121111100", "x");
    m.channel = CHANNEL_EMAIL;
    assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    tear_down(&s);
}

static void wrong_settings_are_all_told_at_once(void **state)
{
    static struct gateway_param params[] = {{"acount_sid", "AC1", 7}, {"auth", "magic", 8}};
    struct trial t;
    struct err err = {0};

    trial_init(&t);
    t.settings.type = GATEWAY_SMS;
    t.settings.provider = "twilio";
    t.settings.url = "http://sms.example/x";
    t.settings.line = 5;
    t.settings.params = params;
    t.settings.param_count = 2;
    assert_null(gateway_create(&t.loop, &t.settings, "conf/providers", &t.hooks, &err));
    assert_non_null(strstr(err.text, "betimes.conf:7: `acount_sid`"));
    assert_non_null(strstr(err.text, "did you mean `account_sid`"));
    assert_non_null(strstr(err.text, "betimes.conf:8: `auth = magic`"));
    assert_non_null(strstr(err.text, "betimes.conf:5: [gateway trial] needs `user`"));
    assert_non_null(strstr(err.text, "needs `password-file`"));
    assert_non_null(strstr(err.text, "`http://` to another machine"));
    t.settings.provider = "../twilio";
    assert_null(gateway_create(&t.loop, &t.settings, "conf/providers", &t.hooks, &err));
    t.settings.provider = "nobody";
    assert_null(gateway_create(&t.loop, &t.settings, "conf/providers", &t.hooks, &err));

    t.settings.provider = "twilio";
    t.settings.url = NULL;
    t.settings.user = t.settings.password = "x";
    t.settings.param_count = 0;
    trial_open(&t, "conf/providers");
    trial_close(&t, 0);
}

static void kannel_takes_gsm_and_ucs2_texts_for_real(void **state)
{
    static const char ready[] = "Your car @ Riverside is ready: 10% {off} = 25€ + \"more\"";
    static const char kazakh[] = "Сіздің көлігіңіз дайын, Āboltiņ. 😀";
    struct set s = {0};
    char longer[512];

    peer_start(&s.peer, "tests/peers/kannel.py", NULL);
    settle(&s, "kannel", "/cgi-bin/sendsms");
    s.trial.settings.user = "betimes";
    s.trial.settings.password = "kannel-secret";
    open_gateway(&s);
    struct gateway_message m = message(1, "+37121111100", ready);
    assert_int_equal(trial_one(&s.trial, &m)->outcome, OUTCOME_SENT);
    m = message(2, "+37121111100", kazakh);
    m.unicode = true;
    assert_int_equal(trial_one(&s.trial, &m)->outcome, OUTCOME_SENT);
    memset(longer, 'x', sizeof(longer));
    memcpy(longer + 396, ". end", sizeof(". end"));
    m = message(3, "+37121111100", longer);
    m.from = "Garage";
    assert_int_equal(trial_one(&s.trial, &m)->outcome, OUTCOME_SENT);

    assert_int_equal(peer_wait_count(&s.peer, "sms ", 3), 3);
    assert_int_equal(peer_count(&s.peer, "from=+37120000000 to=+37121111100 coding=gsm segments=1 "
                                         "text=Your car @ Riverside is ready: 10% {off} = 25€ + "
                                         "\"more\"\n"),
                     1);
    assert_int_equal(
        peer_count(&s.peer, "coding=ucs2 segments=1 text=Сіздің көлігіңіз дайын, Āboltiņ. 😀\n"), 1);
    assert_int_equal(peer_count(&s.peer, "from=Garage to=+37121111100 coding=gsm segments=3"), 1);
    assert_int_equal(peer_count(&s.peer, "x. end\n"), 1);
    trial_close(&s.trial, 1000);

    settle(&s, "kannel", "/cgi-bin/sendsms");
    s.trial.settings.user = "betimes";
    s.trial.settings.password = "guess";
    open_gateway(&s);
    expect(&s.trial, 1, "+37121111100", OUTCOME_RETRY, 403, false, true);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_reach_each_provider_whole),
        cmocka_unit_test(each_providers_refusals_are_understood),
        cmocka_unit_test(success_without_proof_is_unknown),
        cmocka_unit_test(broken_answers_are_unknown_and_never_sent_twice),
        cmocka_unit_test(a_kept_connection_that_dies_after_the_request_sends_nothing_twice),
        cmocka_unit_test(a_get_is_sent_once_as_well),
        cmocka_unit_test(a_connection_closed_between_messages_costs_none),
        cmocka_unit_test(no_connection_is_safe_to_retry),
        cmocka_unit_test(many_at_once_all_arrive),
        cmocka_unit_test(more_than_there_are_connections_wait_and_all_arrive),
        cmocka_unit_test(those_that_wait_end_untried_with_the_gateways_trouble),
        cmocka_unit_test(closing_breaks_off_what_hangs),
        cmocka_unit_test(breaking_off_lets_nothing_more_leave_and_what_has_left_go_on),
        cmocka_unit_test(one_that_is_broken_off_as_soon_as_it_began_is_told_once),
        cmocka_unit_test(messages_that_are_none_are_refused),
        cmocka_unit_test(wrong_settings_are_all_told_at_once),
        cmocka_unit_test(kannel_takes_gsm_and_ucs2_texts_for_real),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
