/* Messages as people and programs see them. See cli/show.h. */
#include "cli/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "time/moment.h"

#define REASON_INDENT 8
#define PRICE_DECIMALS_MAX 5

void show_time(int64_t instant_ms, const struct zone *zone, int64_t now_ms, char out[SHOW_TIME_MAX])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c, now;
    char year[8] = "";

    zone_to_civil(zone, instant_ms, &c);
    zone_to_civil(zone, now_ms, &now);
    if (c.year != now.year)
        snprintf(year, sizeof(year), " %d", c.year);
    snprintf(out, SHOW_TIME_MAX, "%s %2d %s%s %02d:%02d", days[civil_weekday(&c)], c.day,
             months[c.month - 1], year, c.hour, c.minute);
}

/* Two decimals, or as many more as the sum needs: prices of a text go below the smallest coin. */
void show_money(double sum, const struct settings *s, char out[SHOW_TIME_MAX])
{
    const char *currency = s->business.currency;
    double scaled = sum * 100;
    int decimals = 2;

    while (decimals < PRICE_DECIMALS_MAX && fabs(scaled - round(scaled)) > 1e-6 * (1 + fabs(sum))) {
        scaled *= 10;
        decimals++;
    }
    snprintf(out, SHOW_TIME_MAX, "%.*f%s%s", decimals, sum, currency != NULL ? " " : "",
             currency != NULL ? currency : "");
}

void show_span(int64_t span_ms, char out[SHOW_TIME_MAX])
{
    static const struct {
        int64_t ms, until_ms;
        const char *noun;
    } units[] = {
        {1000, 120 * 1000, "second"},
        {60 * 1000, 120 * 60 * 1000, "minute"},
        {3600 * 1000, 48 * INT64_C(3600) * 1000, "hour"},
        {24 * 3600 * 1000, INT64_MAX, "day"},
    };
    size_t i = 0;

    if (span_ms < 0)
        span_ms = -span_ms;
    while (span_ms >= units[i].until_ms)
        i++;
    str_counted(span_ms / units[i].ms, units[i].noun, out);
}

json_t *show_json_text(const char *text)
{
    json_t *v;
    struct buf b;

    if (text == NULL)
        return json_null();
    if ((v = json_string(text)) != NULL)
        return v;
    buf_init(&b);
    for (const char *p = text, *end = text + strlen(text); p < end;) {
        char utf8[4];
        buf_append(&b, utf8, str_utf8_put(utf8, str_utf8_next(&p, end)));
    }
    v = json_string(b.data);
    buf_close(&b);
    return v;
}

json_t *show_json_time(int64_t instant_ms)
{
    char text[MOMENT_TEXT_MAX];

    moment_format_utc(instant_ms, text);
    return json_string(text);
}

json_t *show_json_id(int64_t id)
{
    return id != 0 ? json_integer(id) : json_null();
}

json_t *show_json(const struct outbox_row *r)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", show_json_id(r->id));
    json_object_set_new(o, "rule", show_json_text(r->rule));
    json_object_set_new(o, "purpose", show_json_text(r->purpose));
    json_object_set_new(o, "client_id", show_json_id(r->client_id));
    json_object_set_new(o, "job_id", show_json_id(r->job_id));
    json_object_set_new(o, "appointment_id", show_json_id(r->appointment_id));
    json_object_set_new(o, "to", show_json_text(r->to));
    json_object_set_new(o, "channel", show_json_text(channel_name(r->channel)));
    json_object_set_new(o, "due", show_json_time(r->due_ms));
    json_object_set_new(o, "state", json_string(message_state_name(r->state)));
    json_object_set_new(o, "reason", show_json_text(r->reason));
    json_object_set_new(o, "attempts", json_integer(r->attempts));
    json_object_set_new(o, "gateway", show_json_text(r->gateway));
    json_object_set_new(o, "subject", show_json_text(r->subject));
    json_object_set_new(o, "text", show_json_text(r->text));
    json_object_set_new(o, "with_id", show_json_id(r->leader_id));
    return o;
}

int show_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_error(ERR_IO, "could not write the output");
    return EXIT_DONE;
}

int show_print_json(json_t *o)
{
    int rc = json_dumpf(o, stdout, JSON_INDENT(2) | SHOW_JSON_DIGITS);

    json_decref(o);
    if (rc != 0 || putchar('\n') == EOF)
        return command_error(ERR_IO, "could not write the output");
    return show_flush();
}

enum colour show_colour(enum message_state s)
{
    switch (s) {
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
        return GREEN;
    case MESSAGE_FAILED:
    case MESSAGE_BOUNCED:
        return RED;
    case MESSAGE_HELD:
    case MESSAGE_RETRY:
    case MESSAGE_UNKNOWN:
        return YELLOW;
    case MESSAGE_SENDING:
        return BLUE;
    case MESSAGE_CANCELLED:
    case MESSAGE_SKIPPED:
    case MESSAGE_EXPIRED:
        return DIM;
    default:
        return PLAIN;
    }
}

const char *show_recipient(const struct outbox_row *r)
{
    if (r->recipient_name != NULL)
        return r->recipient_name;
    if (r->to != NULL)
        return r->to;
    return r->recipient_kind == ENTITY_OFFICE ? "the office" : "(gone)";
}

char *show_subject(const struct outbox_row *r)
{
    const char *kind = r->subject_kind == ENTITY_JOB           ? "job "
                       : r->subject_kind == ENTITY_APPOINTMENT ? "appointment "
                       : r->subject_kind == ENTITY_ANSWER      ? "answer "
                                                               : "";
    const char *comma = r->subject_title != NULL ? ", " : "";

    return mem_printf("%s%s%s%s", kind, r->subject_ref, comma,
                      r->subject_title != NULL ? r->subject_title : "");
}

static void print_below(const char *text)
{
    if (text == NULL)
        return;
    printf("%*s", REASON_INDENT, "");
    put_folded(text, REASON_INDENT, REASON_INDENT);
}

static void print_reason(void *arg, size_t row)
{
    print_below(((const struct outbox_row *)arg)[row].reason);
}

static void add_message(struct table *t, const struct outbox_row *r, const char *when)
{
    char *about = show_subject(r);

    table_addf(t, DIM, r->id != 0 ? "%lld" : "", (long long)r->id);
    table_add(t, PLAIN, when);
    table_add(t, show_colour(r->state), message_state_name(r->state));
    table_add(t, PLAIN, channel_name(r->channel));
    table_add(t, PLAIN, r->rule);
    table_add(t, PLAIN, show_recipient(r));
    table_add(t, DIM, about);
    free(about);
}

void show_table(const struct outbox_row *rows, size_t count, const struct zone *zone,
                int64_t now_ms)
{
    static const char *const heads[] = {"id", "due", "state", "by", "rule", "to", "about"};
    struct table t = {.heads = heads, .columns = 7, .give = 6, .right = 1u << 0};
    char when[SHOW_TIME_MAX];

    for (size_t i = 0; i < count; i++) {
        show_time(rows[i].due_ms, zone, now_ms, when);
        add_message(&t, &rows[i], when);
    }
    table_print(&t, print_reason, (void *)rows);
}

/* ---- history */

json_t *show_answer_json(const struct answer *a, int64_t at_ms)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", show_json_id(a->id));
    json_object_set_new(o, "ref", show_json_text(a->ref));
    json_object_set_new(o, "client_id", show_json_id(a->client_id));
    json_object_set_new(o, "job_id", show_json_id(a->job_id));
    json_object_set_new(o, "appointment_id", show_json_id(a->appointment_id));
    json_object_set_new(o, "channel", show_json_text(a->channel));
    json_object_set_new(o, "at", show_json_time(at_ms));
    json_object_set_new(o, "score",
                        a->score != NULL ? json_integer(strtoll(a->score, NULL, 10)) : json_null());
    json_object_set_new(o, "text", show_json_text(a->text));
    return o;
}

static json_t *note_json(const struct note *n)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", show_json_id(n->id));
    json_object_set_new(o, "client_id", show_json_id(n->client_id));
    json_object_set_new(o, "at", show_json_time(n->at_ms));
    json_object_set_new(o, "by", show_json_text(n->by));
    json_object_set_new(o, "text", show_json_text(n->text));
    return o;
}

json_t *show_event_json(const struct show_event *e)
{
    json_t *o = e->message != NULL  ? show_json(e->message)
                : e->answer != NULL ? show_answer_json(&e->answer->answer, e->at_ms)
                                    : note_json(e->note);

    json_object_set_new(o, "kind",
                        json_string(e->message != NULL  ? "message"
                                    : e->answer != NULL ? "answer"
                                                        : "note"));
    return o;
}

static void add_answer(struct table *t, const struct told *a, const char *when)
{
    table_add(t, DIM, "");
    table_add(t, PLAIN, when);
    table_add(t, GREEN, "answered");
    table_add(t, PLAIN, a->answer.channel != NULL ? a->answer.channel : "");
    table_add(t, PLAIN, "");
    table_add(t, PLAIN, a->client_name != NULL ? a->client_name : "(gone)");
    table_addf(t, DIM, "%s%s%s%s", a->answer.score != NULL ? "score " : "",
               a->answer.score != NULL ? a->answer.score : "",
               a->answer.score != NULL && a->about != NULL ? ", " : "",
               a->about != NULL ? a->about : "");
}

static void add_note(struct table *t, const struct note *n, const char *when)
{
    table_add(t, DIM, "");
    table_add(t, PLAIN, when);
    table_add(t, BLUE, "noted");
    table_add(t, PLAIN, "");
    table_add(t, PLAIN, "");
    table_add(t, PLAIN, n->client_name != NULL ? n->client_name : "(gone)");
    table_addf(t, DIM, "by %s", n->by);
}

static void print_words(void *arg, size_t row)
{
    const struct show_event *e = &((const struct show_event *)arg)[row];

    print_below(e->message != NULL  ? e->message->reason
                : e->answer != NULL ? e->answer->answer.text
                                    : e->note->text);
}

void show_history(const struct show_event *events, size_t count, const struct zone *zone,
                  int64_t now_ms)
{
    static const char *const heads[] = {"id", "when", "state", "by", "rule", "who", "about"};
    struct table t = {.heads = heads, .columns = 7, .give = 6, .right = 1u << 0};
    char when[SHOW_TIME_MAX];

    for (size_t i = 0; i < count; i++) {
        show_time(events[i].at_ms, zone, now_ms, when);
        if (events[i].message != NULL)
            add_message(&t, events[i].message, when);
        else if (events[i].answer != NULL)
            add_answer(&t, events[i].answer, when);
        else
            add_note(&t, events[i].note, when);
    }
    table_print(&t, print_words, (void *)events);
}
