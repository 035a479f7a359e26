/*
 * For programs that watch over us: /healthz and /metrics, the latter in the text format of
 * Prometheus, version 0.0.4. Counts and names of gateways only, nothing of any person.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "store/calendars.h"
#include "store/web_queries.h"
#include "web/pages.h"

int health_page(struct visit *v)
{
    struct buf *b = &v->response->body;
    const struct web_health *h = &v->health;

    response_text(v->response, h->trouble != 0 ? 503 : 200, "");
    if (h->trouble != 0)
        buf_printf(b, "trouble\nThe database is in trouble: %s.\n", h->trouble_words);
    else if (h->paused)
        buf_puts(b, "paused\nSending was paused by a person; messages wait.\n");
    else
        buf_puts(b, "ok\n");
    return 0;
}

static void about(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

__attribute__((format(printf, 5, 6))) static void
one(struct buf *b, const char *name, const char *type, const char *help, const char *fmt, ...)
{
    va_list ap;

    about(b, name, type, help);
    buf_printf(b, "%s ", name);
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
    buf_putc(b, '\n');
}

/* The value of a label: backslashes, quotes and line ends are escaped. */
static void label(struct buf *b, const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (*p == '\n')
            buf_puts(b, "\\n");
        else if (*p == '\\' || *p == '"')
            buf_printf(b, "\\%c", *p);
        else
            buf_putc(b, *p);
}

static void of_the_engine(struct buf *b, const struct web_health *h)
{
    about(b, "betimes_build_info", "gauge", "The version that runs.");
    buf_puts(b, "betimes_build_info{version=\"" BETIMES_VERSION "\"} 1\n");
    one(b, "betimes_paused", "gauge", "1 while sending is paused by a person.", "%d", h->paused);
    one(b, "betimes_database_trouble", "gauge", "1 while turns fail: nothing is planned or sent.",
        "%d", h->trouble != 0);
    one(b, "betimes_in_flight", "gauge", "Messages with a gateway at this moment.", "%d",
        h->in_flight);
    one(b, "betimes_turns_total", "counter", "Transactions in which the engine worked.", "%llu",
        (unsigned long long)h->turns);
    one(b, "betimes_turn_longest_seconds", "gauge", "The longest of them since the start.", "%.6f",
        (double)h->longest_turn_us / 1e6);
    one(b, "betimes_loop_longest_seconds", "gauge",
        "The longest that nothing else was listened to, since the start.", "%.6f",
        (double)h->longest_round_us / 1e6);
}

static void of_the_messages(struct visit *v, const struct store_status *st)
{
    struct buf *b = &v->response->body;
    int64_t pending = 0, late_ms = 0;
    int asking = 0;

    about(b, "betimes_messages", "gauge", "Messages by their state.");
    for (int i = 0; i < MESSAGE_STATES; i++) {
        buf_printf(b, "betimes_messages{state=\"%s\"} %lld\n",
                   message_state_name((enum message_state)i), (long long)st->counts[i]);
        if (message_is_pending((enum message_state)i))
            pending += st->counts[i];
    }
    if (st->oldest_due_ms != INT64_MAX)
        late_ms = v->now_ms - st->oldest_due_ms;
    one(b, "betimes_queue_depth", "gauge", "Messages that wait for their time or a gateway.",
        "%lld", (long long)pending);
    one(b, "betimes_queue_due", "gauge", "Of those, the ones whose time has come.", "%lld",
        (long long)st->overdue);
    one(b, "betimes_oldest_due_age_seconds", "gauge", "How long the oldest of those has been due.",
        "%.3f", (double)late_ms / 1000);
    for (size_t i = 0; i < st->rule_count; i++)
        asking += st->rules[i].asks && st->rules[i].present;
    one(b, "betimes_rules_asking", "gauge", "Rules that paused themselves and wait for a yes.",
        "%d", asking);
    one(b, "betimes_open_tasks", "gauge", "What waits for a person.", "%lld", (long long)st->tasks);
    one(b, "betimes_changes_waiting", "gauge", "Changed rows that were not looked at yet.", "%lld",
        (long long)st->changes);
}

static void of_the_attempts(struct buf *b, const struct attempt_count *list, size_t count)
{
    about(b, "betimes_attempts_total", "counter", "Exchanges with gateways, by how they ended.");
    for (size_t i = 0; i < count; i++) {
        buf_puts(b, "betimes_attempts_total{gateway=\"");
        label(b, list[i].gateway);
        buf_puts(b, "\",outcome=\"");
        label(b, list[i].outcome);
        buf_printf(b, "\"} %lld\n", (long long)list[i].count);
    }
}

static void of_a_calendar(struct buf *b, const char *figure, const char *name, int64_t value)
{
    buf_printf(b, "betimes_calendar_%s{calendar=\"", figure);
    label(b, name);
    buf_printf(b, "\"} %lld\n", (long long)value);
}

/* Each of the calendars that are looked at. */
static void of_the_calendars(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct str_list names = {0};
    struct buf tries, good, asks;

    buf_init(&tries);
    buf_init(&good);
    buf_init(&asks);
    about(&tries, "betimes_calendar_failures", "gauge", "Looks that failed since the last good.");
    about(&good, "betimes_calendar_good_seconds", "gauge", "When it was last read, since 1970.");
    about(&asks, "betimes_calendar_asks", "gauge", "1 while its last look waits for a yes.");
    if (store_calendar_names(v->store, &names) != 0)
        str_list_close(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct calendar_row row;
        if (store_calendar(v->store, names.items[i], &row) == 0 &&
            row.looked_ms >= v->now_ms - CALENDAR_FRESH_MS) {
            of_a_calendar(&tries, "failures", row.name, row.tries);
            of_a_calendar(&good, "good_seconds", row.name, row.good_ms / 1000);
            of_a_calendar(&asks, "asks", row.name, row.asks != NULL);
        }
        calendar_row_close(&row);
    }
    if (names.count > 0)
        buf_printf(b, "%s%s%s", tries.data, good.data, asks.data);
    str_list_close(&names);
    buf_close(&tries);
    buf_close(&good);
    buf_close(&asks);
}

/* A database that cannot be read is itself a figure, so it is no error here. */
int metrics_page(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct store_status st = {0};
    struct attempt_count *list = NULL;
    size_t count = 0;
    int rc = store_status(v->store, v->now_ms, &st);

    if (rc == 0)
        rc = store_attempt_counts(v->store, &list, &count);
    v->response->type = "text/plain; version=0.0.4; charset=utf-8";
    of_the_engine(b, &v->health);
    one(b, "betimes_database_readable", "gauge", "0 when the figures below could not be read.",
        "%d", rc == 0);
    if (rc == 0) {
        of_the_messages(v, &st);
        of_the_attempts(b, list, count);
        of_the_calendars(v);
    }
    attempt_counts_free(list, count);
    store_status_close(&st);
    return 0;
}
