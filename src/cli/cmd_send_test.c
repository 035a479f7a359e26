/*
 * betimes send-test: one test message through a real gateway, to an address of one's own.
 *
 * The command line talks to no gateway. It writes a message of the rule `send-test`, with its words
 * and bytes already there, and watches what becomes of it; the running service sends it like any
 * other. A test that nobody takes up is cancelled again, so that it does not surprise anyone later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "send/by_hand.h"
#include "send/compose.h"
#include "send/sample.h"
#include "store/rules.h"
#include "text/address.h"
#include "text/phone.h"

#define TAKE_UP_MS 10000 /* a running service reacts within milliseconds */
#define END_MS 30000     /* and the exchange may take so long */
#define LOOK_US 100000
#define TOKEN_BITS 128

static const struct option_spec send_test_options[] = {
    {"to", 0, "ADDRESS", "the address or number, instead of as a word"},
    {"channel", 0, "CHANNEL", "email or sms: by the first gateway of the channel"},
    {"rule", 0, "RULE", "with the words of this rule, for a made-up client"},
};

struct test {
    const struct call *call;
    struct config config;
    struct session session;
    const struct gateway_settings *gateway;
    enum channel channel;
    const char *written;  /* the address as given */
    char to[ADDRESS_MAX]; /* checked */
    char token[TOKEN_BITS / 4 + 1];
    struct payload payload;
    int64_t now_ms, id;
};

/* ---- what was asked for */

static int unknown_gateway(const struct test *t, const char *name)
{
    const struct settings *s = t->config.settings;
    const char **names = mem_array(s->gateway_count + 1, sizeof(*names));
    struct buf all;

    buf_init(&all);
    for (size_t i = 0; i < s->gateway_count; i++) {
        names[i] = s->gateways[i].name;
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *near = str_nearest(name, names, s->gateway_count);
    int status = near != NULL
                     ? command_error(ERR_NOTFOUND, "there is no gateway `%s`; did you mean `%s`?",
                                     name, near)
                     : command_error(ERR_NOTFOUND, "there is no gateway `%s`; there is %s", name,
                                     all.len > 0 ? all.data : "none at all");
    buf_close(&all);
    free(names);
    return status;
}

static bool is_address(const char *word)
{
    return strchr(word, '@') != NULL || word[0] == '+' || (word[0] >= '0' && word[0] <= '9');
}

static int read_words(struct test *t, const char **gateway)
{
    t->written = option_value(&t->call->options, "to");
    *gateway = NULL;
    for (size_t i = 0; i < t->call->options.word_count; i++) {
        const char *word = t->call->options.words[i];
        const char **at = is_address(word) ? &t->written : gateway;
        if (*at != NULL)
            return command_misused(t->call, "`%s` is one %s too many", word,
                                   is_address(word) ? "address" : "gateway");
        *at = word;
    }
    return EXIT_DONE;
}

/* A lone word that is no address is a gateway's name, or nothing that we know. */
static int need_address(const struct test *t, const char *gateway)
{
    if (t->written != NULL)
        return EXIT_DONE;
    if (gateway != NULL && settings_gateway(t->config.settings, gateway) == NULL)
        return command_misused(t->call, "`%s` is neither an address, a number nor a gateway",
                               gateway);
    return command_misused(t->call, "to whom? Give an address or number of your own");
}

static int choose_channel(struct test *t)
{
    const char *name = option_value(&t->call->options, "channel");

    t->channel = strchr(t->written, '@') != NULL ? CHANNEL_EMAIL : CHANNEL_SMS;
    if (name == NULL)
        return EXIT_DONE;
    enum channel asked;
    if (!channel_from(name, &asked) || asked == CHANNEL_TASK)
        return command_misused(t->call, "there is no channel `%s`; write email or sms", name);
    if (asked != t->channel)
        return command_misused(t->call, "`%s` is no %s", t->written,
                               asked == CHANNEL_EMAIL ? "e-mail address" : "phone number");
    return EXIT_DONE;
}

static int choose_gateway(struct test *t, const char *name)
{
    const struct settings *s = t->config.settings;
    const struct str_list *list = &s->channels[t->channel].gateways;
    const char *what = t->channel == CHANNEL_EMAIL ? "mail" : "SMS";

    if (name == NULL && list->count > 0)
        name = list->items[0];
    if (name == NULL)
        return command_error(ERR_NOTFOUND, "no gateway in betimes.conf carries %s", what);
    t->gateway = settings_gateway(s, name);
    if (t->gateway == NULL)
        return unknown_gateway(t, name);
    if (!t->gateway->channels[t->channel])
        return command_error(ERR_INVALID, "the gateway `%s` carries no %s", name, what);
    return EXIT_DONE;
}

static int check_address(struct test *t)
{
    const char *country = t->config.settings->business.country;
    struct address named;
    struct err err = {""};

    if (strchr(t->written, '<') != NULL && address_parse(t->written, &named, NULL) == 0)
        return command_error(ERR_INVALID, "%s: give the bare address: %s", t->written,
                             named.mailbox);
    int rc = t->channel == CHANNEL_EMAIL ? address_check(t->written, t->to, &err)
                                         : phone_e164(t->written, country, t->to, &err);

    return rc == 0 ? EXIT_DONE : command_error(ERR_INVALID, "%s: %s", t->written, err.text);
}

/* ---- the words */

static int write_rule(struct test *t, const char *name)
{
    struct record_set r = {0};
    const struct rule *rule;
    char reason[COMPOSE_REASON_MAX];
    int status = session_rule(&t->config, name, &rule);

    if (status != EXIT_DONE)
        return status;
    sample_make(rule, &t->config.settings->business, t->now_ms, &r);
    struct compose_input in;
    record_set_input(&r, rule, t->channel, t->now_ms, &in);
    in.recipient = NULL; /* a test reads as a client's message */
    in.to = t->to;
    in.from = t->gateway->from;
    in.reply_to = t->gateway->reply_to;
    in.token = t->token;
    int rc = compose(t->config.settings, t->config.templates, &in, &t->payload, NULL, reason);
    record_set_close(&r);
    return rc == 0 ? EXIT_DONE : command_error(rc, "%s", reason);
}

static int write_plain(struct test *t)
{
    const char *business = t->config.settings->business.name;
    char *subject = mem_printf("Test message from %s", business);
    char *text = mem_printf("A test message from %s. If you can read it, the gateway \"%s\" works.",
                            business, t->gateway->name);
    struct by_hand h = {
        .settings = t->config.settings,
        .gateway = t->gateway,
        .channel = t->channel,
        .to = t->to,
        .subject = subject,
        .text = text,
        .now_ms = t->now_ms,
    };
    struct err err = {""};
    int rc = by_hand_write(&h, t->token, &t->payload, &err);

    free(subject);
    free(text);
    return rc == 0 ? EXIT_DONE : command_error(rc, "%s", err.text);
}

/* ---- into the queue, and what becomes of it */

static int enqueue(struct test *t)
{
    struct store *s = t->session.store;
    bool paused;
    char *reason;
    int rc = store_paused(s, &paused, &reason);

    free(reason);
    if (rc == 0 && session_service(&t->session, NULL) == SERVICE_STOPPED)
        return command_error(ERR_IO,
                             "no service runs on %s, so nobody would send the test; "
                             "`betimes run` starts one",
                             t->session.database);
    if (rc == 0 && paused)
        return command_error(ERR_BUSY, "sending is paused, so the test would only wait; `betimes "
                                       "resume` goes on");
    if (rc == 0)
        rc = store_begin(s);
    if (rc == 0)
        rc = by_hand_test(s, t->gateway, t->channel, t->to, t->now_ms, &t->payload, &t->id);
    if (rc == 0)
        rc = store_commit(s);
    if (rc == 0)
        return EXIT_DONE;
    int status = session_failed(&t->session, rc, "write the test message");
    store_rollback(s);
    return status;
}

static void withdraw(struct test *t, const char *reason)
{
    struct store *s = t->session.store;

    /* If the service has just taken it, this is refused, and right so. */
    if (store_begin(s) == 0) {
        if (store_message_cancel(s, t->id, clock_wall_ms(), reason) == 0)
            store_commit(s);
        else
            store_rollback(s);
    }
}

/* What the last attempt said, for a person; free() it. */
static char *last_words(const struct test *t, const struct message *m)
{
    struct attempt_row *list;
    size_t count;
    char *words = NULL;

    if (store_attempts(t->session.store, t->id, &list, &count) == 0 && count > 0) {
        const struct attempt_row *a = &list[count - 1];
        char code[24] = "";
        if (a->code != 0)
            snprintf(code, sizeof(code), " (%d)", a->code);
        words = mem_printf("%s%s", a->detail != NULL ? a->detail : a->outcome, code);
    }
    attempts_free(list, count);
    return words != NULL ? words : mem_strdup(m->reason != NULL ? m->reason : "no reason is known");
}

/* The exit status, or -1: it is not at its end. */
static int judge(struct test *t, const struct message *m, int64_t waited_ms)
{
    const char *gateway = t->gateway->name;
    char *words;
    int status = EXIT_FAILED;

    switch (m->state) {
    case MESSAGE_PLANNED:
    case MESSAGE_SENDING:
        return -1;
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
        printf("Sent through %s after %.1f s: it accepted the message%s%s. Now look whether it "
               "arrives.\n",
               gateway, (double)waited_ms / 1000.0, m->provider_id != NULL ? " as " : "",
               m->provider_id != NULL ? m->provider_id : "");
        return EXIT_DONE;
    case MESSAGE_RETRY:
        words = last_words(t, m);
        withdraw(t, "a test is tried only once");
        command_error(ERR_IO, "the gateway %s did not take it: %s", gateway, words);
        break;
    case MESSAGE_UNKNOWN:
        words = last_words(t, m);
        command_error(ERR_IO, "the gateway %s gave no clear answer, so it may arrive or not: %s",
                      gateway, words);
        break;
    default:
        words = last_words(t, m);
        command_error(ERR_IO, "the test was %s: %s", message_state_name(m->state), words);
        break;
    }
    free(words);
    return status;
}

static int watch(struct test *t)
{
    int64_t began_ms = clock_mono_ms(), waited_ms = 0;
    struct progress progress;
    struct message m = {0};
    int status = -1;

    progress_begin(&progress, "Waiting for the service, seconds");
    while (status < 0) {
        usleep(LOOK_US);
        message_close(&m);
        waited_ms = clock_mono_ms() - began_ms;
        int rc = store_message(t->session.store, t->id, &m);
        if (rc != 0) {
            status = session_failed(&t->session, rc, "look at the test message");
        } else if ((status = judge(t, &m, waited_ms)) < 0) {
            progress_show(&progress, (size_t)(waited_ms / 1000), 0);
            if (waited_ms > (m.state == MESSAGE_PLANNED ? TAKE_UP_MS : END_MS))
                break;
        }
    }
    progress_end(&progress);
    if (status < 0 && m.state == MESSAGE_PLANNED) {
        withdraw(t, "no service took the test up");
        status = command_error(ERR_IO,
                               "no service took the test up within %d seconds; `betimes "
                               "run` starts one",
                               TAKE_UP_MS / 1000);
    } else if (status < 0) {
        status = command_error(ERR_IO,
                               "the gateway %s has not answered yet; `betimes why %lld` "
                               "will tell what it says",
                               t->gateway->name, (long long)t->id);
    }
    message_close(&m);
    return status;
}

static int run_send_test(const struct call *call)
{
    const char *rule = option_value(&call->options, "rule"), *gateway;
    struct test t = {.call = call, .now_ms = clock_wall_ms()};
    int status;

    payload_init(&t.payload);
    rng_hex(t.token, TOKEN_BITS);
    status = read_words(&t, &gateway);
    if (status == EXIT_DONE)
        status = session_config(call, NULL, &t.config);
    if (status == EXIT_DONE)
        status = need_address(&t, gateway);
    if (status == EXIT_DONE)
        status = choose_channel(&t);
    if (status == EXIT_DONE)
        status = choose_gateway(&t, gateway);
    if (status == EXIT_DONE)
        status = check_address(&t);
    if (status == EXIT_DONE)
        status = session_open(call, STORE_WRITE, &t.session);
    if (status == EXIT_DONE)
        status = rule != NULL ? write_rule(&t, rule) : write_plain(&t);
    if (status == EXIT_DONE)
        status = enqueue(&t);
    if (status == EXIT_DONE)
        status = watch(&t);
    payload_close(&t.payload);
    session_close(&t.session);
    config_free(&t.config);
    return status;
}

const struct command command_send_test = {
    .name = "send-test",
    .words = "[GATEWAY] ADDRESS",
    .words_max = 2,
    .help = "Send one test message through a real gateway",
    .more = "To an address or number of your own. The running service sends it. Without GATEWAY\n"
            "it is the first that carries mail or, for a number, SMS.\n\n"
            "  betimes send-test me@example.com\n"
            "  betimes send-test texts +37120000000 --rule ready\n",
    .options = send_test_options,
    .option_count = COUNT_OF(send_test_options),
    .run = run_send_test,
};
