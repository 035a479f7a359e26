/*
 * betimes why: why a message went or did not; also for what was never planned.
 *
 * A planned message is explained from its rows. What is not there is planned in a private copy, and
 * the planner's own words say why a rule did not want it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/draft.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/why.h"
#include "send/letter.h"
#include "store/rules.h"
#include "watch/absorb.h"

#define LABEL_COLUMNS 12

static const struct option_spec why_options[] = {
    {"rule", 0, "RULE", "why this rule did or did not ..."},
    {"job", 0, "REF", "... for this job"},
    {"appointment", 0, "REF", "... for this appointment"},
    {"client", 0, "REF", "... for this client's jobs, appointments and answers"},
};

static void label(const char *text)
{
    put_text(DIM, text);
    printf("%*s", (int)(LABEL_COLUMNS - text_columns(text)), "");
}

void why_line(const char *name, const char *text)
{
    label(name);
    put_folded(text, LABEL_COLUMNS, LABEL_COLUMNS);
}

__attribute__((format(printf, 2, 3))) static void linef(const char *name, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    why_line(name, b.data);
    buf_close(&b);
}

/* ---- one message */

/* Everything that is told of a message. */
struct case_file {
    const struct outbox_row *row;
    struct message message;
    struct plan_event *events;
    size_t event_count;
    struct attempt_row *attempts;
    size_t attempt_count;
    struct message *with; /* those that go, or went, with it */
    size_t with_count;
    const struct rule *rule; /* NULL: it is not in the playbook */
    char *sentence;          /* NULL likewise */
};

static int case_open(const struct asking *a, const struct outbox_row *row, struct case_file *out)
{
    *out = (struct case_file){.row = row};
    int rc = store_message(a->session.store, row->id, &out->message);
    if (rc == 0)
        rc = store_events(a->session.store, out->message.subject_id, &out->events,
                          &out->event_count);
    if (rc == 0)
        rc = store_attempts(a->session.store, row->id, &out->attempts, &out->attempt_count);
    if (rc == 0)
        rc = store_messages_with(a->session.store, row->id, &out->with, &out->with_count);
    if (a->config.playbook != NULL)
        out->rule = playbook_rule(a->config.playbook, row->rule);
    out->sentence = out->rule != NULL ? rule_sentence(out->rule) : NULL;
    return rc;
}

static void case_close(struct case_file *c)
{
    message_close(&c->message);
    plan_events_free(c->events, c->event_count);
    attempts_free(c->attempts, c->attempt_count);
    messages_free(c->with, c->with_count);
    free(c->sentence);
}

static void event_words(const struct plan_event *e, struct buf *out)
{
    buf_puts(out, event_phrase(e->event));
    if (e->stage != NULL)
        buf_printf(out, " %s", e->stage);
}

/* The event that the message follows from; NULL when it follows from a time in the record. */
static const struct plan_event *event_of(const struct case_file *c)
{
    for (size_t i = 0; i < c->event_count; i++)
        if (c->events[i].revision == c->message.occurrence)
            return &c->events[i];
    return NULL;
}

/* Whose quiet hours count; NULL: that is not known any more. */
static const struct zone *recipient_zone(struct asking *a, const struct case_file *c)
{
    const struct zone *zone = NULL;
    struct letter l;

    if (!a->has_world)
        return NULL;
    if (letter_load(&a->world, &c->message, a->now_ms, &l) == 0 && l.contact != NULL)
        zone = l.contact->zone;
    letter_close(&l);
    return zone;
}

/* Why it is due at another time than its rule names, as the planner reckons it: first not before
 * the record was there and a slip had its time to be corrected, then within the allowed hours. "":
 * nothing of it holds any more, such as after a retry by hand or a change of the playbook. */
static void delay_words(struct asking *a, const struct case_file *c, struct buf *out)
{
    const struct outbox_row *m = c->row;
    const struct plan_event *e = event_of(c);
    const struct zone *zone = c->rule != NULL ? recipient_zone(a, c) : NULL;
    int64_t from_ms = m->nominal_ms;
    char span[SHOW_TIME_MAX];

    if (c->rule == NULL)
        return;
    if (e != NULL && m->due_ms > m->nominal_ms && from_ms < e->at_ms + c->rule->settle_ms) {
        from_ms = e->at_ms + c->rule->settle_ms;
        if (m->nominal_ms < e->at_ms)
            buf_puts(out, "its time was already past when the record appeared");
        if (c->rule->settle_ms > 0) {
            show_span(c->rule->settle_ms, span);
            buf_printf(out, "%swaits %s in case of a slip", out->len > 0 ? ", " : "", span);
        }
    }
    if (zone != NULL && m->due_ms != from_ms &&
        !plan_window_has(c->rule, &a->config.settings->business, zone, from_ms))
        buf_printf(out, "%smoved into its allowed hours", out->len > 0 ? ", then " : "");
}

static void tell_delay(struct asking *a, const struct case_file *c, const char *nominal,
                       const char *due)
{
    struct buf words;

    buf_init(&words);
    delay_words(a, c, &words);
    if (words.len > 0)
        linef("time", "%s by the rule; %s: %s", nominal, words.data, due);
    else
        linef("time", "%s by the rule, %s in fact", nominal, due);
    buf_close(&words);
}

static void tell_times(struct asking *a, const struct case_file *c)
{
    const struct outbox_row *r = c->row;
    const struct plan_event *e = event_of(c);
    char at[SHOW_TIME_MAX], due[SHOW_TIME_MAX];
    struct buf words;

    if (c->rule != NULL && c->rule->event == EVENT_CLIENT_SILENCE) {
        show_time(c->message.occurrence, a->session.zone, a->now_ms, at);
        linef("because", "the client has heard nothing since %s", at);
    } else if (e != NULL) {
        bool no_answer = c->rule != NULL && c->rule->event == EVENT_NO_ANSWER;
        buf_init(&words);
        event_words(e, &words);
        show_time(e->at_ms, a->session.zone, a->now_ms, at);
        linef("because", "%s, on %s%s%s", words.data, at, no_answer ? ", and no answer to " : "",
              no_answer ? c->rule->of_rule : "");
        buf_close(&words);
    }
    show_time(r->nominal_ms, a->session.zone, a->now_ms, at);
    show_time(r->due_ms, a->session.zone, a->now_ms, due);
    if (r->nominal_ms == r->due_ms)
        linef("time", "%s", at);
    else
        tell_delay(a, c, at, due);
    if (r->expires_ms != INT64_MAX) {
        show_time(r->expires_ms, a->session.zone, a->now_ms, at);
        linef("useful", "until %s", at);
    }
}

static void tell_attempts(const struct asking *a, const struct case_file *c)
{
    for (size_t i = 0; i < c->attempt_count; i++) {
        const struct attempt_row *t = &c->attempts[i];
        char at[SHOW_TIME_MAX], code[24] = "";
        show_time(t->at_ms, a->session.zone, a->now_ms, at);
        if (t->code != 0)
            snprintf(code, sizeof(code), " (%d)", t->code);
        linef(i == 0 ? "attempts" : "", "%s by %s: %s%s%s%s", at, t->gateway, t->outcome, code,
              t->detail != NULL ? ": " : "", t->detail != NULL ? t->detail : "");
    }
}

/* Several that go as one: each has its own row, the first has the words and the attempts. */
static void tell_together(const struct case_file *c)
{
    struct buf ids;

    if (c->row->leader_id != 0)
        linef("with", "message %lld, which has the words and the attempts of both",
              (long long)c->row->leader_id);
    if (c->with_count == 0)
        return;
    buf_init(&ids);
    for (size_t i = 0; i < c->with_count; i++)
        buf_printf(&ids, "%s%lld", i > 0 ? ", " : "", (long long)c->with[i].id);
    linef("together", "with message%s %s, in one", c->with_count > 1 ? "s" : "", ids.data);
    buf_close(&ids);
}

static json_t *together_json(const struct case_file *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->with_count; i++)
        json_array_append_new(list, json_integer(c->with[i].id));
    return list;
}

static bool waits(const struct outbox_row *r)
{
    return r->state == MESSAGE_PLANNED || r->state == MESSAGE_RETRY;
}

static void tell_pause(struct asking *a, const struct case_file *c)
{
    int rule = a->has_world ? world_rule_by_id(&a->world, c->message.rule_id) : -1;

    if (!waits(c->row))
        return;
    if (a->paused)
        why_line("paused", "the service is paused: nothing goes until `betimes resume`");
    if (rule >= 0 && a->world.rules[rule].paused)
        linef("paused", "the rule %s: it sends nothing until `betimes resume --rule %s`",
              a->world.rules[rule].paused_by == PAUSED_BY_PERSON ? "is paused" : "waits for a yes",
              c->row->rule);
}

static int tell_case(struct asking *a, const struct case_file *c)
{
    const struct outbox_row *r = c->row;
    char when[SHOW_TIME_MAX], *about = show_subject(r);
    char *title =
        mem_printf("Message %lld: %s, to %s", (long long)r->id, r->rule, show_recipient(r));

    put_text(BOLD, title);
    putchar('\n');
    show_time(r->state_ms, a->session.zone, a->now_ms, when);
    label("state");
    put_text(show_colour(r->state), message_state_name(r->state));
    printf(" since %s\n", when);
    if (r->reason != NULL)
        why_line("reason", r->reason);
    tell_pause(a, c);
    why_line("about", about);
    if (r->client_name != NULL)
        why_line("client", r->client_name);
    why_line("rule", c->sentence != NULL ? c->sentence : "it is not in the playbook any more");
    tell_times(a, c);
    linef("by", "%s%s%s%s%s", channel_name(r->channel), r->to != NULL ? " to " : "",
          r->to != NULL ? r->to : "", r->gateway != NULL ? ", through " : "",
          r->gateway != NULL ? r->gateway : "");
    tell_together(c);
    int rc = why_decisions(a, r->id);
    tell_attempts(a, c);
    if (r->language != NULL)
        why_line("language", r->language);
    if (r->subject != NULL)
        why_line("subject", r->subject);
    if (r->text != NULL) {
        label("text");
        printf("\n\n");
        put_lines(r->text, 4);
    }
    free(title);
    free(about);
    return rc;
}

static json_t *events_json(const struct case_file *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->event_count; i++) {
        struct buf words;
        json_t *o = json_object();
        buf_init(&words);
        event_words(&c->events[i], &words);
        json_object_set_new(o, "at", show_json_time(c->events[i].at_ms));
        json_object_set_new(o, "event", show_json_text(words.data));
        json_object_set_new(o, "cause", json_boolean(&c->events[i] == event_of(c)));
        json_array_append_new(list, o);
        buf_close(&words);
    }
    return list;
}

static json_t *attempts_json(const struct case_file *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->attempt_count; i++) {
        const struct attempt_row *t = &c->attempts[i];
        json_t *o = json_object();
        json_object_set_new(o, "at", show_json_time(t->at_ms));
        json_object_set_new(o, "gateway", show_json_text(t->gateway));
        json_object_set_new(o, "outcome", show_json_text(t->outcome));
        json_object_set_new(o, "code", t->code != 0 ? json_integer(t->code) : json_null());
        json_object_set_new(o, "detail", show_json_text(t->detail));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *case_json(const struct asking *a, const struct case_file *c)
{
    json_t *o = show_json(c->row);

    json_object_set_new(o, "why", show_json_text(c->sentence));
    json_object_set_new(o, "paused", json_boolean(a->paused && waits(c->row)));
    json_object_set_new(o, "nominal", show_json_time(c->row->nominal_ms));
    json_object_set_new(o, "useful_until",
                        c->row->expires_ms != INT64_MAX ? show_json_time(c->row->expires_ms)
                                                        : json_null());
    json_object_set_new(o, "changed", show_json_time(c->row->state_ms));
    json_object_set_new(o, "provider_id", show_json_text(c->row->provider_id));
    json_object_set_new(o, "language", show_json_text(c->row->language));
    json_object_set_new(o, "events", events_json(c));
    json_object_set_new(o, "attempt_list", attempts_json(c));
    json_object_set_new(o, "together", together_json(c));
    return o;
}

int why_tell_rows(struct asking *a, const struct outbox_row *rows, size_t count)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct case_file c;
        rc = case_open(a, &rows[i], &c);
        if (rc == 0 && a->list != NULL) {
            json_t *o = case_json(a, &c);
            rc = why_decisions_json(a, rows[i].id, o);
            json_array_append_new(a->list, o);
        } else if (rc == 0) {
            rc = tell_case(a, &c);
        }
        if (rc == 0 && a->list == NULL && i + 1 < count)
            putchar('\n');
        case_close(&c);
    }
    return rc == 0 ? EXIT_DONE : session_failed(&a->session, rc, "read the message");
}

static int why_message(struct asking *a, const char *word)
{
    struct outbox_filter f = {0};
    struct outbox_row *rows;
    size_t count;
    int status;

    if (!str_to_int(word, 1, INT64_MAX, &f.id))
        return command_misused(a->call, "`%s` is no message id; `betimes outbox --all` lists them",
                               word);
    int rc = store_outbox(a->session.store, &f, &rows, &count);
    if (rc != 0)
        status = session_failed(&a->session, rc, "read the message");
    else if (count == 0)
        status = command_error(ERR_NOTFOUND,
                               "there is no message %s; `betimes outbox --all` lists them", word);
    else
        status = why_tell_rows(a, rows, count);
    if (status == EXIT_DONE && a->list != NULL) {
        status = show_print_json(json_incref(json_array_get(a->list, 0)));
    }
    outbox_rows_free(rows, count);
    return status;
}

/* ---- */

/* What is known besides the rows: is sending paused, and, with a configuration, the rules' own
 * state and whose clocks count. Without it there is only less to tell. */
static int look_around(struct asking *a)
{
    char *reason;
    int rc = store_paused(a->session.store, &a->paused, &reason);

    free(reason);
    if (rc == 0 && a->config.playbook != NULL && a->config.settings != NULL) {
        rc = world_load(&a->world, a->session.store, a->config.settings, a->config.playbook,
                        a->now_ms, false);
        a->has_world = rc == 0;
    }
    return rc == 0 ? EXIT_DONE : session_failed(&a->session, rc, "read the rules");
}

static int run_why(const struct call *call)
{
    const struct options *o = &call->options;
    const char *word = call_word(call, 0), *rule = option_value(o, "rule"), *ref = NULL;
    static const struct {
        const char *option;
        enum entity_kind kind;
    } records[] = {
        {"job", ENTITY_JOB}, {"appointment", ENTITY_APPOINTMENT}, {"client", ENTITY_CLIENT}};
    enum entity_kind kind = 0;
    size_t given = 0;
    struct asking a = {.call = call, .now_ms = clock_wall_ms()};

    for (size_t i = 0; i < COUNT_OF(records); i++)
        if (option_given(o, records[i].option)) {
            ref = option_value(o, records[i].option);
            kind = records[i].kind;
            given++;
        }
    if ((word != NULL) == (rule != NULL) || (word != NULL && given > 0) ||
        (word == NULL && given != 1))
        return command_misused(call, "give a message id, or --rule RULE with one of --job REF, "
                                     "--appointment REF and --client REF");
    int status = session_open(call, STORE_READ, &a.session);
    if (status == EXIT_DONE && rule != NULL) {
        status = session_config(call, NULL, &a.config);
    } else if (status == EXIT_DONE) {
        struct problems problems = {0}; /* a message can be explained without its rule */
        config_load(call->dir, NULL, &problems, &a.config);
        problems_close(&problems);
    }
    if (status == EXIT_DONE)
        status = look_around(&a);
    if (call->json)
        a.list = json_array();
    if (status == EXIT_DONE)
        status = word != NULL ? why_message(&a, word) : why_rule(&a, kind, ref);
    json_decref(a.list);
    if (a.has_world)
        world_close(&a.world);
    config_free(&a.config);
    session_close(&a.session);
    return status;
}

const struct command command_why = {
    .name = "why",
    .words = "[ID]",
    .words_max = 1,
    .help = "Why a message was sent, or was not, or will be",
    .more =
        "Of a message by its id; or, also if nothing was ever planned, of a rule and a record:\n\n"
        "  betimes why 1234\n"
        "  betimes why --rule reminder-soon --appointment a12\n"
        "  betimes why --rule ready --client c7\n",
    .options = why_options,
    .option_count = COUNT_OF(why_options),
    .reads = true,
    .run = run_why,
};
