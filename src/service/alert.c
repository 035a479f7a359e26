/*
 * Alerts. See service/alert.h.
 *
 * What was raised waits in memory until a transaction has it; the rest of the state is in the
 * database (store/alerts.h), so that a restart neither forgets nor repeats.
 */
#include "service/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "send/by_hand.h"
#include "store/alerts.h"
#include "store/queries.h"
#include "text/phone.h"
#include "time/moment.h"

#define LOOK_MS 5000                        /* it looks around at most so often */
#define DIGEST_MS (10 * 60 * INT64_C(1000)) /* and tells at most so often */
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define DOWN_MS (10 * 60 * 1000) /* a gateway in trouble for so long is told of */
#define SMS_MAX 300              /* bytes of a digest by SMS */
#define WORDS_MAX 200            /* bytes of one reason by itself */
#define TOKEN_BITS 128

enum said_kind { SAID_RAISE, SAID_NOTE, SAID_CLEAR };

/* What somebody said and no transaction has yet. */
struct said {
    enum said_kind kind;
    char *key, *text;
};

struct alert {
    struct store *store;
    struct dispatch *dispatch;
    const struct settings *settings;
    struct said *changes;
    size_t count, cap;
    size_t written;         /* of them, in the open transaction */
    int64_t looked_mono_ms; /* 0: never */
    bool seen;              /* nothing has happened since it looked */
    int64_t due_ms;         /* a digest waits for its time; INT64_MAX: none */
    int rc;                 /* the first error of a look */
    int64_t now_ms;
};

struct alert *alert_create(struct store *store, struct dispatch *dispatch)
{
    struct alert *a = mem_zalloc(sizeof(*a));

    a->store = store;
    a->dispatch = dispatch;
    a->due_ms = INT64_MAX;
    return a;
}

static void forget(struct alert *a, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(a->changes[i].key);
        free(a->changes[i].text);
    }
    a->count -= count;
    memmove(a->changes, a->changes + count, a->count * sizeof(*a->changes));
}

void alert_free(struct alert *a)
{
    if (a == NULL)
        return;
    if (a->count > 0)
        forget(a, a->count);
    free(a->changes);
    free(a);
}

void alert_configure(struct alert *a, const struct settings *settings)
{
    a->settings = settings;
    a->looked_mono_ms = 0;
}

/* Does anybody want to hear? */
static bool heard(const struct alert *a)
{
    return a->settings != NULL && a->settings->alert_to.count > 0;
}

/* --- what others say --- */

static void say(struct alert *a, enum said_kind kind, const char *key, const char *text)
{
    if (!heard(a))
        return;
    for (size_t i = 0; i < a->count; i++)
        if (a->changes[i].kind == kind && strcmp(a->changes[i].key, key) == 0 && i + 1 == a->count)
            return; /* said a moment ago */
    mem_grow(&a->changes, &a->cap, a->count + 1, sizeof(*a->changes));
    a->changes[a->count++] =
        (struct said){kind, mem_strdup(key), text != NULL ? mem_strdup(text) : NULL};
}

void alert_raise(struct alert *a, const char *key, const char *text)
{
    say(a, SAID_RAISE, key, text);
}

void alert_note(struct alert *a, const char *key, const char *text)
{
    say(a, SAID_NOTE, key, text);
}

void alert_clear(struct alert *a, const char *key)
{
    say(a, SAID_CLEAR, key, NULL);
}

static int write_changes(struct alert *a)
{
    int rc = 0;

    for (a->written = 0; rc == 0 && a->written < a->count; a->written++) {
        const struct said *c = &a->changes[a->written];
        rc = c->kind == SAID_CLEAR
                 ? store_alert_clear(a->store, c->key, a->now_ms)
                 : store_alert_raise(a->store, c->key, c->text, c->kind == SAID_NOTE, a->now_ms);
    }
    return rc;
}

void alert_committed(struct alert *a)
{
    if (a->written > 0)
        forget(a, a->written);
    a->written = 0;
}

/* --- what it sees by itself --- */

static void set(struct alert *a, const char *key, bool is_so, const char *text)
{
    if (a->rc == 0)
        a->rc = is_so ? store_alert_raise(a->store, key, text, false, a->now_ms)
                      : store_alert_clear(a->store, key, a->now_ms);
}

static void look_at_gateway(void *arg, const char *name, int64_t trouble_ms, bool works)
{
    struct alert *a = arg;
    char *key = mem_printf("gateway:%s", name);
    char *text = mem_printf("The gateway %s is in trouble and takes no messages.", name);

    if (works || trouble_ms >= DOWN_MS)
        set(a, key, !works, text);
    free(key);
    free(text);
}

static void look_at_rule(void *arg, const char *rule, bool asks, const char *reason)
{
    struct alert *a = arg;
    char *key = mem_printf("rule:%s", rule);
    char *text = mem_printf("The rule %s waits for a yes: %s.", rule, reason != NULL ? reason : "");

    set(a, key, asks, text);
    free(key);
    free(text);
}

static void look_at_count(struct alert *a, const char *key, int64_t n, const char *words)
{
    char text[WORDS_MAX];

    snprintf(text, sizeof(text), "%s: %lld.", words, (long long)n);
    set(a, key, n > 0, text);
}

static int look(struct alert *a)
{
    struct alert_counts n;

    a->rc = store_alert_rules(a->store, look_at_rule, a);
    dispatch_gateways(a->dispatch, look_at_gateway, a);
    if (a->rc == 0)
        a->rc = store_alert_counts(a->store, a->now_ms - DAY_MS, &n);
    if (a->rc != 0)
        return a->rc;
    look_at_count(a, "held", n.held, "Messages that are held until a person looks");
    look_at_count(a, "failed", n.failed, "Messages that failed within a day");
    look_at_count(a, "unknown", n.unknown,
                  "Messages within a day of which nobody knows if they arrived");
    look_at_count(a, "tasks", n.tasks, "Open tasks");
    return a->rc;
}

/* --- the digest --- */

static void list(struct buf *b, const struct alert_row *rows, size_t count, bool over)
{
    const char *title = over ? "Well again:" : "Needs you:";

    for (size_t i = 0; i < count; i++) {
        char since[MOMENT_TEXT_MAX];
        if (rows[i].over != over)
            continue;
        if (title != NULL)
            buf_printf(b, "%s\n\n", title);
        title = NULL;
        moment_format_utc(rows[i].since_ms, since);
        buf_printf(b, over ? "- %s\n" : "- %s Since %s.\n", rows[i].text, since);
    }
    if (title == NULL)
        buf_putc(b, '\n');
}

static size_t needs(const struct alert_row *rows, size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += !rows[i].over;
    return n;
}

static char *mail_words(const struct alert_row *rows, size_t count)
{
    struct buf b;

    buf_init(&b);
    list(&b, rows, count, false);
    list(&b, rows, count, true);
    buf_puts(&b, "`betimes status` tells more, and so does the page.\n");
    return buf_steal(&b);
}

static char *sms_words(const struct alert *a, const struct alert_row *rows, size_t count)
{
    struct buf b;

    buf_init(&b);
    buf_printf(&b, "Betimes, %s:", a->settings->business.name);
    for (size_t i = 0; i < count && b.len < SMS_MAX; i++)
        buf_printf(&b, "%s %s", rows[i].over ? " Well again:" : "", rows[i].text);
    if (b.len > SMS_MAX) {
        size_t n = str_utf8_valid(b.data, SMS_MAX);
        b.data[n] = '\0';
        b.len = n;
    }
    return buf_steal(&b);
}

/* The address of the list's i-th entry if it is of this channel; false: it is not. */
static bool address_of(const struct alert *a, size_t i, enum channel c, char out[ADDRESS_MAX])
{
    const char *written = a->settings->alert_to.items[i];
    bool mail = strchr(written, '@') != NULL;

    if (mail != (c == CHANNEL_EMAIL))
        return false;
    return mail ? address_check(written, out, NULL) == 0
                : phone_e164(written, a->settings->business.country, out, NULL) == 0;
}

static bool has_address(const struct alert *a, enum channel c)
{
    char address[ADDRESS_MAX];

    for (size_t i = 0; i < a->settings->alert_to.count; i++)
        if (address_of(a, i, c, address))
            return true;
    return false;
}

/* The channel of first choice; the other one when the first has no address, or its gateways are all
 * down and the other's are not. */
static const struct gateway_settings *choose(struct alert *a, enum channel *channel)
{
    enum channel order[2] = {a->settings->alert_by,
                             a->settings->alert_by == CHANNEL_SMS ? CHANNEL_EMAIL : CHANNEL_SMS};

    for (int anyway = 0; anyway < 2; anyway++)
        for (int i = 0; i < 2; i++) {
            *channel = order[i];
            const struct gateway_settings *g =
                dispatch_gateway_of(a->dispatch, order[i], anyway != 0);
            if (g != NULL && has_address(a, order[i]))
                return g;
        }
    return NULL;
}

static int queue_one(struct alert *a, struct by_hand *h)
{
    char token[TOKEN_BITS / 4 + 1];
    struct payload p;
    struct err err = {""};
    int64_t id;

    payload_init(&p);
    rng_hex(token, TOKEN_BITS);
    int rc = by_hand_write(h, token, &p, &err);
    if (rc != 0) {
        log_error("an alert cannot be written", "%s", err.text);
        rc = 0;
    } else {
        const struct hand_row row = {.rule = ALERT_RULE,
                                     .purpose = PURPOSE_INTERNAL,
                                     .channel = h->channel,
                                     .now_ms = a->now_ms,
                                     .expires_ms = a->now_ms + DAY_MS};
        rc = store_hand_add(a->store, &row, NULL, h->to, &id);
        rc = rc == 0 ? store_payload_save(a->store, id, &p) : rc;
    }
    payload_close(&p);
    return rc;
}

static int queue(struct alert *a, const struct alert_row *rows, size_t count)
{
    enum channel channel;
    const struct gateway_settings *g = choose(a, &channel);
    char to[ADDRESS_MAX];
    size_t n = needs(rows, count);
    int rc = 0;

    if (g == NULL)
        return 0; /* nobody can be reached; `betimes check` says so */
    char *text = channel == CHANNEL_SMS ? sms_words(a, rows, count) : mail_words(rows, count);
    char *subject = n > 0 ? mem_printf("Betimes at %s: %zu %s you", a->settings->business.name, n,
                                       n == 1 ? "thing needs" : "things need")
                          : mem_printf("Betimes at %s: well again", a->settings->business.name);
    struct by_hand h = {.settings = a->settings,
                        .gateway = g,
                        .channel = channel,
                        .to = to,
                        .subject = subject,
                        .text = text,
                        .now_ms = a->now_ms};
    for (size_t i = 0; rc == 0 && i < a->settings->alert_to.count; i++)
        if (address_of(a, i, channel, to))
            rc = queue_one(a, &h);
    log_info("alert", "reasons=%zu over=%zu channel=%s", n, count - n, channel_name(channel));
    free(text);
    free(subject);
    return rc;
}

/* Tell the news, with all that goes on, unless the last digest was a moment ago. */
static int tell(struct alert *a)
{
    struct alert_row *rows;
    size_t count;
    int64_t last_ms = 0;
    bool news = false;
    int rc = store_alerts(a->store, a->now_ms, &rows, &count);

    a->due_ms = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        news = news || rows[i].news;
    if (rc == 0 && news)
        rc = store_meta_int(a->store, "alert_digest_ms", 0, &last_ms);
    bool soon = last_ms <= a->now_ms && a->now_ms - last_ms < DIGEST_MS;
    if (rc == 0 && news && soon) {
        a->due_ms = last_ms + DIGEST_MS;
    } else if (rc == 0 && news) {
        rc = queue(a, rows, count);
        if (rc == 0)
            rc = store_alerts_told(a->store, a->now_ms);
        if (rc == 0)
            rc = store_meta_set_int(a->store, "alert_digest_ms", a->now_ms);
    }
    alert_rows_free(rows, count);
    return rc;
}

/* --- turns --- */

bool alert_pending(const struct alert *a)
{
    return heard(a) && (a->count > 0 || clock_mono_ms() - a->looked_mono_ms >= LOOK_MS);
}

int alert_turn(struct alert *a, int64_t now_ms)
{
    int rc;

    a->now_ms = now_ms;
    a->written = 0;
    a->seen = false;
    if (!alert_pending(a))
        return 0;
    rc = write_changes(a);
    if (rc == 0)
        rc = look(a);
    if (rc == 0)
        rc = tell(a);
    if (rc == 0) {
        a->looked_mono_ms = clock_mono_ms();
        a->seen = true;
    }
    return rc;
}

int64_t alert_next_ms(const struct alert *a, int64_t now_ms)
{
    if (!heard(a))
        return INT64_MAX;
    if (!a->seen && now_ms + LOOK_MS < a->due_ms)
        return now_ms + LOOK_MS;
    return a->due_ms;
}
