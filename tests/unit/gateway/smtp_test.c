/*
 * gateway/smtp against a real mail server (aiosmtpd) with faults at every step. The recipient's
 * address asks for the fault, see tests/peers/smtp_peer.py.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static const char mail[] = "From: Garage <hello@garage.example>\r\n"
                           "To: you@client.example\r\n"
                           "Subject: Ready\r\n"
                           "\r\n"
                           "Your car is ready.\r\n"
                           ".a line that begins with a dot\r\n"
                           "..and one with two\r\n"
                           ".\r\n"
                           "Goodbye.\r\n";

static struct gateway_message message(int64_t id, const char *to)
{
    return (struct gateway_message){
        .id = id,
        .channel = CHANNEL_EMAIL,
        .from = "hello@garage.example",
        .to = to,
        .data = mail,
        .len = sizeof(mail) - 1,
        .token = "0123456789abcdef0123456789abcdef",
    };
}

struct set {
    struct peer peer;
    struct trial trial;
    char url[64];
};

static void set_up(struct set *s, const char *scheme, const char *const *args)
{
    memset(s, 0, sizeof(*s));
    peer_start(&s->peer, "tests/peers/smtp_peer.py", args);
    snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%d", scheme, s->peer.port);
    trial_init(&s->trial);
    s->trial.settings.type = GATEWAY_SMTP;
    s->trial.settings.url = s->url;
    s->trial.settings.tls = TLS_NONE; /* as the configuration's reader has it for this machine */
    s->trial.settings.connections = 1;
}

static void tear_down(struct set *s)
{
    trial_close(&s->trial, 1000);
    peer_stop(&s->peer);
}

/* With and without PIPELINING. */
static const char *const offers[][2] = {{NULL}, {"--pipelining", NULL}};

static void expect(struct trial *t, int64_t id, const char *to, enum outcome o, int code,
                   bool address, bool trouble)
{
    struct gateway_message m = message(id, to);
    const struct gateway_result *r = trial_one(t, &m);

    if (r->outcome != o || r->code != code || r->address_refused != address ||
        r->gateway_trouble != trouble)
        fail_msg("%s: %s %d address=%d trouble=%d: %s", to, outcome_name(r->outcome), r->code,
                 r->address_refused, r->gateway_trouble, r->detail);
    assert_null(strchr(r->detail, '@'));
    assert_true(r->detail[0] != '\0');
}

static void mail_arrives_byte_for_byte_over_one_connection(void **state)
{
    char mails[128];
    snprintf(mails, sizeof(mails), "%s/mails", folder);
    mkdir(mails, 0700);
    const char *args[] = {"--mails", mails, NULL};
    struct set s;
    struct buf got;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    for (int64_t id = 1; id <= 5; id++) {
        struct gateway_message m = message(id, "you@client.example");
        const struct gateway_result *r = trial_one(&s.trial, &m);
        assert_int_equal(r->outcome, OUTCOME_SENT);
        assert_int_equal(r->code, 250);
        char *path = mem_printf("%s/%04d.eml", mails, (int)id);
        buf_init(&got);
        assert_int_equal(fs_read(path, 1 << 20, &got, NULL), 0);
        assert_int_equal(got.len, sizeof(mail) - 1);
        assert_memory_equal(got.data, mail, got.len);
        buf_close(&got);
        free(path);
    }
    assert_string_equal(s.trial.results[5].provider_id, "Q000005");
    assert_int_equal(s.trial.points, 5);
    assert_int_equal(peer_count(&s.peer, "connect "), 1);
    trial_close(&s.trial, 1000);
    assert_int_equal(peer_wait_count(&s.peer, "quit 1", 1), 1);
    peer_stop(&s.peer);
}

static void send_sizes(const char *name, const char *offer)
{
    static const size_t sizes[] = {2, 3, 4, 80, 16383, 16384, 16385, 16386, 65536, 300001};
    char mails[128];
    snprintf(mails, sizeof(mails), "%s/%s", folder, name);
    mkdir(mails, 0700);
    const char *args[] = {"--mails", mails, offer, NULL};
    struct set s;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *data = mem_alloc(sizes[i]);
        struct gateway_message m = message((int64_t)i + 1, "you@client.example");
        struct buf got;
        for (size_t k = 0; k < sizes[i]; k++) /* lines of 40 that all begin with a dot */
            data[k] = k % 40 == 38 ? '\r' : k % 40 == 39 ? '\n' : k % 40 == 0 ? '.' : 'x';
        memcpy(data + sizes[i] - 2, "\r\n", 2);
        m.data = data;
        m.len = sizes[i];
        assert_int_equal(trial_one(&s.trial, &m)->outcome, OUTCOME_SENT);
        char *path = mem_printf("%s/%04d.eml", mails, (int)i + 1);
        buf_init(&got);
        assert_int_equal(fs_read(path, 1 << 20, &got, NULL), 0);
        assert_int_equal(got.len, sizes[i]);
        assert_memory_equal(got.data, data, got.len);
        buf_close(&got);
        free(path);
        free(data);
    }
    tear_down(&s);
}

static void sizes_around_the_buffers_arrive_whole(void **state)
{
    send_sizes("sizes", NULL);
    send_sizes("sizes-pipelined", "--pipelining");
}

static void judge_refusals(const char *const *args)
{
    struct set s;
    struct trial *t = &s.trial;

    set_up(&s, "smtp", args);
    trial_open(t, NULL);
    expect(t, 1, "rcpt-550-5.1.1@x.example", OUTCOME_REJECTED, 550, true, false);
    expect(t, 2, "rcpt-550@x.example", OUTCOME_REJECTED, 550, true, false);
    expect(t, 3, "rcpt-554-5.7.1@x.example", OUTCOME_REJECTED, 554, false, false);
    expect(t, 4, "rcpt-450-4.7.1@x.example", OUTCOME_RETRY, 450, false, false);
    expect(t, 5, "rcpt-421@x.example", OUTCOME_RETRY, 421, false, true);
    expect(t, 6, "rcpt-530@x.example", OUTCOME_RETRY, 530, false, true);
    expect(t, 11, "data-451-4.3.0@x.example", OUTCOME_RETRY, 451, false, false);
    expect(t, 12, "data-554-5.7.0@x.example", OUTCOME_REJECTED, 554, false, false);
    expect(t, 7, "dot-452-4.3.1@x.example", OUTCOME_RETRY, 452, false, false);
    expect(t, 8, "dot-554-5.6.0@x.example", OUTCOME_REJECTED, 554, false, false);
    expect(t, 9, "dot-550-5.1.1@x.example", OUTCOME_REJECTED, 550, true, false);
    expect(t, 10, "you@x.example", OUTCOME_SENT, 250, false, false);
    assert_int_equal(t->points, 4);
    assert_int_equal(peer_count(&s.peer, "mail "), 1);
    tear_down(&s);
}

static void refusals_are_judged_by_step_and_code(void **state)
{
    for (int i = 0; i < 2; i++)
        judge_refusals(offers[i]);
}

static void a_refused_sender_is_the_gateways_trouble(void **state)
{
    struct set s;
    struct trial *t = &s.trial;
    struct gateway_message m = message(1, "you@x.example");

    set_up(&s, "smtp", NULL);
    trial_open(t, NULL);
    m.from = "mail-550-5.7.1@garage.example";
    assert_int_equal(trial_one(t, &m)->outcome, OUTCOME_REJECTED);
    assert_true(t->results[1].gateway_trouble);
    assert_false(t->results[1].address_refused);
    m.id = 2;
    m.from = "mail-451@garage.example";
    assert_int_equal(trial_one(t, &m)->outcome, OUTCOME_RETRY);
    assert_int_equal(t->results[2].code, 451);
    assert_int_equal(t->points, 0);
    tear_down(&s);
}

static void meet_silence_before_the_point(const char *const *args)
{
    struct set s;
    struct trial *t = &s.trial;

    set_up(&s, "smtp", args);
    t->settings.timeout_ms = 1500;
    trial_open(t, NULL);
    expect(t, 1, "rcpt-drop@x.example", OUTCOME_RETRY, 0, false, true);
    expect(t, 2, "rcpt-silent@x.example", OUTCOME_RETRY, 0, false, true);
    expect(t, 4, "data-drop@x.example", OUTCOME_RETRY, 0, false, true);
    expect(t, 5, "data-silent@x.example", OUTCOME_RETRY, 0, false, true);
    expect(t, 3, "you@x.example", OUTCOME_SENT, 250, false, false);
    assert_int_equal(t->points, 1);
    tear_down(&s);
}

static void silence_and_drops_before_the_point_are_safe_to_retry(void **state)
{
    for (int i = 0; i < 2; i++)
        meet_silence_before_the_point(offers[i]);
}

static void get_no_clear_answer(const char *const *args)
{
    struct set s;
    struct trial *t = &s.trial;

    set_up(&s, "smtp", args);
    t->settings.timeout_ms = 1500;
    trial_open(t, NULL);
    expect(t, 1, "dot-drop@x.example", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 2, "dot-silent@x.example", OUTCOME_UNKNOWN, 0, false, false);
    /* the late 250 of a mail before must not be taken for this one's */
    expect(t, 3, "dot-550@x.example", OUTCOME_REJECTED, 550, false, false);
    expect(t, 4, "dot-garbage@x.example", OUTCOME_UNKNOWN, 0, false, false);
    expect(t, 5, "dot-354@x.example", OUTCOME_UNKNOWN, 354, false, false);
    expect(t, 6, "dot-slow@x.example", OUTCOME_SENT, 250, false, false);
    tear_down(&s);
}

static void no_clear_answer_after_the_point_is_unknown(void **state)
{
    for (int i = 0; i < 2; i++)
        get_no_clear_answer(offers[i]);
}

static void commands_go_together_only_where_the_server_offers_it(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct set s;
        set_up(&s, "smtp", offers[i]);
        trial_open(&s.trial, NULL);
        for (int64_t id = 1; id <= 3; id++)
            expect(&s.trial, id, "you@x.example", OUTCOME_SENT, 250, false, false);
        tear_down(&s);
        assert_int_equal(peer_count(&s.peer, "ahead "), i == 0 ? 0 : 3);
        assert_int_equal(peer_count(&s.peer, "mail "), 3);
        assert_int_equal(peer_count(&s.peer, "connect "), 1);
    }
}

static void a_server_that_goes_mute_after_a_refusal_cannot_hold_the_thread(void **state)
{
    const char *args[] = {"--silent-quit", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "rcpt-550-mute@x.example", OUTCOME_REJECTED, 550, true, false);
    expect(&s.trial, 2, "dot-550-mute@x.example", OUTCOME_REJECTED, 550, false, false);
    expect(&s.trial, 3, "you@x.example", OUTCOME_SENT, 250, false, false);
    tear_down(&s);
}

static void more_than_there_are_connections_wait_and_all_arrive(void **state)
{
    struct gateway_message m[40];
    struct set s;

    set_up(&s, "smtp", NULL);
    s.trial.settings.connections = 3;
    trial_open(&s.trial, NULL);
    for (int i = 0; i < 40; i++) {
        m[i] = message(i + 1, "you@x.example");
        trial_send(&s.trial, &m[i]);
    }
    trial_wait(&s.trial, 40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(s.trial.results[i + 1].outcome, OUTCOME_SENT);
    assert_int_equal(s.trial.points, 40);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "mail "), 40);
    assert_in_range(peer_count(&s.peer, "connect "), 1, 3);
}

static void those_that_wait_end_untried_with_the_gateways_trouble(void **state)
{
    struct gateway_message m[10];
    struct set s;

    set_up(&s, "smtp", NULL);
    trial_open(&s.trial, NULL);
    for (int i = 0; i < 10; i++) {
        m[i] = message(i + 1, i == 0 ? "rcpt-421@x.example" : "you@x.example");
        trial_send(&s.trial, &m[i]);
    }
    trial_wait(&s.trial, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(s.trial.results[i + 1].outcome, OUTCOME_RETRY);
        assert_true(s.trial.results[i + 1].gateway_trouble);
    }
    assert_int_equal(s.trial.points, 0);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "mail "), 0);
}

static void one_that_waited_too_long_is_given_back(void **state)
{
    struct gateway_message slow = message(1, "rcpt-silent@x.example");
    struct gateway_message next = message(2, "you@x.example");
    struct set s;

    set_up(&s, "smtp", NULL);
    s.trial.settings.timeout_ms = 3000;
    trial_open(&s.trial, NULL);
    trial_send(&s.trial, &slow);
    trial_send(&s.trial, &next);
    trial_wait(&s.trial, 2);
    assert_int_equal(s.trial.results[2].outcome, OUTCOME_RETRY);
    assert_int_equal(s.trial.points, 0);
    tear_down(&s);
}

static void a_connection_the_server_has_ended_costs_no_message(void **state)
{
    const char *args[] = {"--mails-per-connection", "2", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    for (int64_t id = 1; id <= 5; id++)
        expect(&s.trial, id, "you@x.example", OUTCOME_SENT, 250, false, false);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "mail "), 5);
    assert_int_equal(peer_count(&s.peer, "connect "), 3);
}

static void tls_is_used_and_the_certificate_checked(void **state)
{
    static const char *const schemes[][2] = {{"smtps", "implicit"}, {"smtp", "starttls"}};

    for (int i = 0; i < 2; i++) {
        const char *args[] = {"--folder", folder,      "--tls",        schemes[i][1],
                              "--auth",   "me:s3cret", "--pipelining", NULL};
        struct set s;
        set_up(&s, schemes[i][0], args);
        s.trial.settings.ca_file = s.peer.certificate;
        s.trial.settings.tls = TLS_REQUIRED;
        s.trial.settings.auth = AUTH_PASSWORD;
        s.trial.settings.user = "me";
        s.trial.settings.password = "s3cret";
        trial_open(&s.trial, NULL);
        expect(&s.trial, 1, "you@x.example", OUTCOME_SENT, 250, false, false);
        expect(&s.trial, 2, "you@x.example", OUTCOME_SENT, 250, false, false);
        assert_int_equal(peer_count(&s.peer, "tls=1"), 2);
        assert_int_equal(peer_count(&s.peer, "login "), 1);
        tear_down(&s);
    }
}

static void a_certificate_nobody_vouches_for_is_never_accepted(void **state)
{
    const char *args[] = {"--folder", folder, "--tls", "implicit", NULL};
    struct set s;

    set_up(&s, "smtps", args);
    s.trial.settings.tls = TLS_REQUIRED;
    trial_open(&s.trial, NULL); /* no ca_file: the system's */
    expect(&s.trial, 1, "you@x.example", OUTCOME_RETRY, 0, false, true);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "mail "), 0);
}

static void without_starttls_no_password_and_no_mail_leaves(void **state)
{
    const char *args[] = {"--auth", "me:s3cret", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    s.trial.settings.tls = TLS_REQUIRED;
    s.trial.settings.auth = AUTH_PASSWORD;
    s.trial.settings.user = "me";
    s.trial.settings.password = "s3cret";
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "you@x.example", OUTCOME_RETRY, 0, false, true);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "login "), 0);
    assert_int_equal(peer_count(&s.peer, "mail "), 0);
}

static void a_wrong_password_is_the_gateways_trouble(void **state)
{
    const char *args[] = {"--auth", "me:s3cret", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    s.trial.settings.auth = AUTH_PASSWORD;
    s.trial.settings.user = "me";
    s.trial.settings.password = "guess";
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "you@x.example", OUTCOME_RETRY, 535, false, true);
    assert_true(peer_count(&s.peer, "refused") > 0);
    tear_down(&s);
}

static void each_login_reads_the_newest_token(void **state)
{
    const char *args[] = {"--token", "first", "--token", "second", "--mails-per-connection",
                          "1",       NULL};
    char token[128];
    struct set s;

    snprintf(token, sizeof(token), "%s/token", folder);
    set_up(&s, "smtp", args);
    s.trial.settings.auth = AUTH_XOAUTH2;
    s.trial.settings.user = "me@garage.example";
    s.trial.settings.token_file = token;
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "you@x.example", OUTCOME_RETRY, 0, false, true); /* no such file */
    fs_write_atomic(token, "first\n", 6, 0600, NULL);
    expect(&s.trial, 2, "you@x.example", OUTCOME_SENT, 250, false, false);
    fs_write_atomic(token, "second\n", 7, 0600, NULL);
    expect(&s.trial, 3, "you@x.example", OUTCOME_SENT, 250, false, false);
    fs_write_atomic(token, "third\n", 6, 0600, NULL);
    struct gateway_message m = message(4, "you@x.example");
    assert_int_equal(trial_one(&s.trial, &m)->outcome, OUTCOME_RETRY);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "xoauth2 me@garage.example first ok"), 1);
    assert_int_equal(peer_count(&s.peer, "xoauth2 me@garage.example second ok"), 1);
    assert_int_equal(peer_count(&s.peer, "mail "), 2);
}

static void a_greeting_of_refusal_and_a_closed_port_are_trouble(void **state)
{
    const char *args[] = {"--greeting", "554 closed for today", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "you@x.example", OUTCOME_RETRY, 554, false, true);
    peer_stop(&s.peer);
    expect(&s.trial, 2, "you@x.example", OUTCOME_RETRY, 0, false, true);
    trial_close(&s.trial, 0);
}

static void closing_breaks_off_what_hangs(void **state)
{
    struct set s;
    struct gateway_message before = message(1, "rcpt-silent@x.example");
    struct gateway_message after = message(2, "dot-silent@x.example");
    struct gateway_message waits = message(3, "you@x.example");

    set_up(&s, "smtp", NULL);
    s.trial.settings.connections = 2;
    s.trial.settings.timeout_ms = 600000;
    trial_open(&s.trial, NULL);
    trial_send(&s.trial, &before);
    trial_send(&s.trial, &after);
    while (atomic_load(&s.trial.marks[2]) == 0)
        uv_run(&s.trial.loop, UV_RUN_ONCE);
    trial_send(&s.trial, &waits);
    assert_int_equal(gateway_in_flight(s.trial.gateway), 3);
    trial_close(&s.trial, 300);
    assert_int_equal(s.trial.done, 3);
    assert_int_equal(s.trial.results[3].outcome, OUTCOME_RETRY);
    assert_int_equal(s.trial.results[1].outcome, OUTCOME_RETRY);
    assert_int_equal(s.trial.results[2].outcome, OUTCOME_UNKNOWN);
    peer_stop(&s.peer);
}

static void closing_waits_for_what_is_under_way(void **state)
{
    struct set s;
    struct gateway_message m = message(1, "dot-slow@x.example");

    set_up(&s, "smtp", NULL);
    trial_open(&s.trial, NULL);
    trial_send(&s.trial, &m);
    trial_close(&s.trial, 20000);
    assert_int_equal(s.trial.results[1].outcome, OUTCOME_SENT);
    peer_stop(&s.peer);
}

static void a_server_mute_at_quit_cannot_hold_the_closing(void **state)
{
    const char *args[] = {"--silent-quit", NULL};
    struct set s;

    set_up(&s, "smtp", args);
    trial_open(&s.trial, NULL);
    expect(&s.trial, 1, "you@x.example", OUTCOME_SENT, 250, false, false);
    trial_close(&s.trial, 1000); /* libcurl alone would wait 120 s here, beyond PATIENCE_S */
    assert_int_equal(peer_wait_count(&s.peer, "quit 1", 1), 1);
    peer_stop(&s.peer);
}

static void addresses_that_could_speak_smtp_are_refused(void **state)
{
    static const char *const bad[] = {"a@b.example\r\nRCPT TO:<c@d.example>",
                                      "a@b.example\n",
                                      "",
                                      "a@b.example> NOTIFY=NEVER",
                                      "<a@b.example",
                                      "a b@c.example"};
    struct set s;

    set_up(&s, "smtp", NULL);
    trial_open(&s.trial, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gateway_message m = message(1, bad[i]);
        assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
        if (bad[i][0] == '\0')
            continue; /* an empty sender is RFC 5321's null reverse path */
        m.to = "you@x.example";
        m.from = bad[i];
        assert_int_equal(gateway_send(s.trial.gateway, &m), ERR_INVALID);
    }
    struct gateway_message text = message(2, "you@x.example");
    text.channel = CHANNEL_SMS;
    assert_int_equal(gateway_send(s.trial.gateway, &text), ERR_INVALID);
    assert_int_equal(gateway_in_flight(s.trial.gateway), 0);
    tear_down(&s);
    assert_int_equal(peer_count(&s.peer, "connect"), 0);
}

static void settings_that_cannot_work_are_told(void **state)
{
    static const char *const urls[] = {"http://mail.example", "smtp://me:secret@mail.example",
                                       "mail.example", "smtp://"};
    struct trial t;
    struct err err;

    trial_init(&t);
    t.settings.type = GATEWAY_SMTP;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        t.settings.url = (char *)urls[i];
        err.text[0] = '\0';
        assert_null(gateway_create(&t.loop, &t.settings, NULL, &t.hooks, &err));
        assert_non_null(strstr(err.text, "gateway trial: url"));
        assert_null(strstr(err.text, "secret"));
    }
    t.settings.url = "smtps://mail.example";
    trial_open(&t, NULL);
    trial_close(&t, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_arrives_byte_for_byte_over_one_connection),
        cmocka_unit_test(sizes_around_the_buffers_arrive_whole),
        cmocka_unit_test(refusals_are_judged_by_step_and_code),
        cmocka_unit_test(a_refused_sender_is_the_gateways_trouble),
        cmocka_unit_test(silence_and_drops_before_the_point_are_safe_to_retry),
        cmocka_unit_test(no_clear_answer_after_the_point_is_unknown),
        cmocka_unit_test(commands_go_together_only_where_the_server_offers_it),
        cmocka_unit_test(a_server_that_goes_mute_after_a_refusal_cannot_hold_the_thread),
        cmocka_unit_test(more_than_there_are_connections_wait_and_all_arrive),
        cmocka_unit_test(those_that_wait_end_untried_with_the_gateways_trouble),
        cmocka_unit_test(one_that_waited_too_long_is_given_back),
        cmocka_unit_test(a_connection_the_server_has_ended_costs_no_message),
        cmocka_unit_test(tls_is_used_and_the_certificate_checked),
        cmocka_unit_test(a_certificate_nobody_vouches_for_is_never_accepted),
        cmocka_unit_test(without_starttls_no_password_and_no_mail_leaves),
        cmocka_unit_test(a_wrong_password_is_the_gateways_trouble),
        cmocka_unit_test(each_login_reads_the_newest_token),
        cmocka_unit_test(a_greeting_of_refusal_and_a_closed_port_are_trouble),
        cmocka_unit_test(closing_breaks_off_what_hangs),
        cmocka_unit_test(closing_waits_for_what_is_under_way),
        cmocka_unit_test(a_server_mute_at_quit_cannot_hold_the_closing),
        cmocka_unit_test(addresses_that_could_speak_smtp_are_refused),
        cmocka_unit_test(settings_that_cannot_work_are_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
