/*
 * betimes why: how a message came to its time, in words. The account itself is the planner's
 * (plan/account.h); it goes by the records as they are now, so where a message was planned for
 * another time, that is told as well.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "cli/why.h"

#define ANSWER_COLUMNS 60 /* of what was answered, that are told */

struct telling {
    const struct asking *a;
    const struct rule *rule;
    const struct business *business;
    const struct why_answer *answer; /* NULL: none */
    struct why_steps *out;
    struct buf counted;   /* how business time was counted, until that is told */
    json_t *counted_json; /* NULL: nothing was */
};

/* As the clocks of the step show it. */
static const char *clock_words(const struct telling *t, const struct account_step *s, int64_t at_ms,
                               char out[SHOW_TIME_MAX])
{
    show_time(at_ms, s->zone, t->a->now_ms, out);
    return out;
}

static void length_words(struct buf *out, int64_t minutes)
{
    if (minutes >= 60)
        buf_printf(out, "%" PRId64 " h%s", minutes / 60, minutes % 60 != 0 ? " " : "");
    if (minutes % 60 != 0 || minutes == 0)
        buf_printf(out, "%" PRId64 " min", minutes % 60);
}

/* ---- JSON */

static json_t *values_of(const struct account_step *s)
{
    static const struct {
        const char *kind, *holds;
    } names[] = {
        [ACCOUNT_EVENT] = {"event", "ahead"},    [ACCOUNT_OFFSET] = {"offset", NULL},
        [ACCOUNT_OPEN] = {"open", NULL},         [ACCOUNT_CLOSED] = {"closed", NULL},
        [ACCOUNT_HOLIDAY] = {"holiday", NULL},   [ACCOUNT_MORE] = {"more", NULL},
        [ACCOUNT_WAITED] = {"waited", NULL},     [ACCOUNT_NO_TIME] = {"no time", NULL},
        [ACCOUNT_REPEAT] = {"repeat", NULL},     [ACCOUNT_SWITCH_ON] = {"switch-on", "counts"},
        [ACCOUNT_PAST] = {"past", NULL},         [ACCOUNT_SETTLE] = {"settle", "unmoved"},
        [ACCOUNT_WINDOW] = {"window", "inside"}, [ACCOUNT_USEFUL] = {"useful", "by_event"},
    };
    json_t *o = json_object();

    json_object_set_new(o, "kind", json_string(names[s->kind].kind));
    if (s->from_ms != 0)
        json_object_set_new(o, "from", show_json_time(s->from_ms));
    if (s->at_ms != 0 && s->at_ms != INT64_MAX)
        json_object_set_new(o, "at", show_json_time(s->at_ms));
    json_object_set_new(o, "zone", show_json_text(zone_name(s->zone)));
    if (names[s->kind].holds != NULL)
        json_object_set_new(o, names[s->kind].holds, json_boolean(s->holds));
    if (s->kind == ACCOUNT_OPEN || s->kind == ACCOUNT_WAITED)
        json_object_set_new(o, "minutes", json_integer(s->minutes));
    if (s->kind == ACCOUNT_REPEAT)
        json_object_set_new(o, "number", json_integer(s->minutes + 1));
    if (s->text != NULL)
        json_object_set_new(o, s->kind == ACCOUNT_WAITED ? "stage" : "reason",
                            show_json_text(s->text));
    return o;
}

/* ---- words */

void why_tell_answer(const struct asking *a, const struct why_answer *answer, struct why_steps *out)
{
    const struct answer *given = &answer->answer;
    bool person = given->channel != NULL && strcmp(given->channel, "person") == 0;
    char at[SHOW_TIME_MAX];
    struct buf words;
    json_t *o = json_object();

    buf_init(&words);
    show_time(answer->at_ms, a->session.zone, a->now_ms, at);
    buf_puts(&words, at);
    if (given->channel != NULL)
        buf_printf(&words, ", %s%s", person ? "in " : "by ", given->channel);
    if (given->score != NULL)
        buf_printf(&words, ", score %s", given->score);
    if (given->text != NULL) {
        buf_puts(&words, ": \"");
        text_cut(&words, given->text, ANSWER_COLUMNS);
        buf_puts(&words, "\"");
    }
    json_object_set_new(o, "id", json_integer(given->id));
    json_object_set_new(o, "at", show_json_time(answer->at_ms));
    json_object_set_new(o, "channel", show_json_text(given->channel));
    json_object_set_new(o, "score", show_json_text(given->score));
    json_object_set_new(o, "text", show_json_text(given->text));
    why_step(out, "answered", o, "%s", words.data);
    buf_close(&words);
}

/* Is the answer one to what the rule had said by `since_ms`? */
static bool is_answered(const struct telling *t, const struct account_step *s)
{
    return t->answer != NULL && t->answer->at_ms >= s->at_ms && !s->holds &&
           (t->rule->event == EVENT_NO_ANSWER || rule_ends_at_answer(t->rule));
}

static void tell_event(struct telling *t, const struct account_step *s)
{
    const struct rule *r = t->rule;
    char at[SHOW_TIME_MAX], known[SHOW_TIME_MAX];

    clock_words(t, s, s->at_ms, at);
    show_time(s->from_ms, t->a->session.zone, t->a->now_ms, known);
    if (r->event == EVENT_CLIENT_SILENCE)
        why_step(t->out, "because", values_of(s), "the client has heard nothing since %s", known);
    else if (r->event == EVENT_NO_ANSWER && is_answered(t, s))
        why_step(t->out, "because", values_of(s), "%s asked on %s, and the client answered",
                 r->of_rule, known);
    else if (r->event == EVENT_NO_ANSWER)
        why_step(t->out, "because", values_of(s), "no answer to %s, which asked on %s", r->of_rule,
                 known);
    else if (s->holds)
        why_step(t->out, "because", values_of(s), "%s %s, %s, as the record says since %s",
                 event_phrase(r->event), at, zone_name(s->zone), known);
    else
        why_step(t->out, "because", values_of(s), "%s%s%s, on %s, as it was seen in the database",
                 r->stage != NULL ? event_phrase(r->event) : r->on_text,
                 r->stage != NULL ? " " : "", r->stage != NULL ? r->stage : "", known);
    if (is_answered(t, s))
        why_tell_answer(t->a, t->answer, t->out);
}

static void tell_offset(struct telling *t, const struct account_step *s)
{
    char at[SHOW_TIME_MAX];

    why_step(t->out, "offset", values_of(s), "%s, %s: %s",
             t->rule->when_text != NULL ? t->rule->when_text : "at once", zone_name(s->zone),
             clock_words(t, s, s->at_ms, at));
}

/* One stretch of business time; they are told together. */
static void count(struct telling *t, const struct account_step *s)
{
    char from[SHOW_TIME_MAX], to[SHOW_TIME_MAX];
    struct civil end;
    struct buf *b = &t->counted;

    if (t->counted_json == NULL)
        t->counted_json = json_array();
    json_array_append_new(t->counted_json, values_of(s));
    buf_puts(b, b->len > 0 ? "; " : "");
    clock_words(t, s, s->from_ms, from);
    zone_to_civil(s->zone, s->at_ms, &end);
    switch (s->kind) {
    case ACCOUNT_OPEN:
        buf_printf(b, "%s-%02d:%02d, ", from, end.hour, end.minute);
        length_words(b, s->minutes);
        break;
    case ACCOUNT_CLOSED:
    case ACCOUNT_HOLIDAY: /* without the time of day, which is midnight */
        from[strlen(from) - 6] = '\0';
        buf_printf(b, "not %s, %s", from, s->kind == ACCOUNT_CLOSED ? "closed" : "a holiday");
        break;
    case ACCOUNT_WAITED:
        if (s->at_ms == INT64_MAX)
            buf_printf(b, "from %s on the clock stands still in %s", from, s->text);
        else
            buf_printf(b, "the clock stood still in %s, %s to %s, for ", s->text, from,
                       clock_words(t, s, s->at_ms, to));
        if (s->at_ms != INT64_MAX)
            length_words(b, s->minutes);
        break;
    default:
        buf_puts(b, "and so on");
        break;
    }
}

static void tell_counted(struct telling *t)
{
    if (t->counted_json == NULL)
        return;
    why_step(t->out, "counted", t->counted_json, "%s", t->counted.data);
    buf_clear(&t->counted);
    t->counted_json = NULL;
}

static void tell_switch_on(struct telling *t, const struct account_step *s)
{
    char at[SHOW_TIME_MAX];

    why_step(t->out, "switched on", values_of(s), "%s; %s", clock_words(t, s, s->at_ms, at),
             s->holds ? "this came later, so it counts"
                      : "this was before, and what was before is never sent");
}

static void tell_settle(struct telling *t, const struct account_step *s)
{
    char span[SHOW_TIME_MAX], at[SHOW_TIME_MAX];

    show_span(t->rule->settle_ms, span);
    why_step(t->out, "settle", values_of(s), "waits %s in case of a slip, until %s%s", span,
             clock_words(t, s, s->at_ms, at), s->holds ? ", which is no later than its time" : "");
}

/* The hours in which it may go, by the clock of the step. */
static void window_words(const struct telling *t, const struct account_step *s, struct buf *out)
{
    struct hours_daily d;

    if (t->rule->window == WINDOW_BUSINESS) {
        buf_puts(out, "in business hours");
        return;
    }
    if (!plan_window_span(t->rule, t->business, &d)) {
        buf_puts(out, "at any hour");
        return;
    }
    bool quiet = t->rule->window == WINDOW_NOT_QUIET;
    int from = quiet ? d.to_minute : d.from_minute, to = quiet ? d.from_minute : d.to_minute;
    buf_printf(out, "%s %02d:%02d-%02d:%02d, %s", quiet ? "not in the quiet hours" : "only within",
               from / 60 % 24, from % 60, to / 60, to % 60, zone_name(s->zone));
}

static void tell_window(struct telling *t, const struct account_step *s)
{
    char from[SHOW_TIME_MAX], at[SHOW_TIME_MAX];
    struct buf words;

    buf_init(&words);
    window_words(t, s, &words);
    clock_words(t, s, s->from_ms, from);
    clock_words(t, s, s->at_ms, at);
    if (s->text != NULL)
        why_step(t->out, "hours", values_of(s), "%s: %s there: %s", words.data, from, s->text);
    else if (s->holds)
        why_step(t->out, "hours", values_of(s), "%s: %s there, so it may go", words.data, at);
    else
        why_step(t->out, "hours", values_of(s), "%s: %s there, moved %s to %s", words.data, from,
                 s->at_ms < s->from_ms ? "earlier" : "later", at);
    buf_close(&words);
}

static void tell_useful(struct telling *t, const struct account_step *s)
{
    enum event end = t->rule->when.before ? t->rule->event : EVENT_APPOINTMENT_STARTS;
    char at[SHOW_TIME_MAX], span[SHOW_TIME_MAX];

    clock_words(t, s, s->at_ms, at);
    show_span(s->at_ms - s->from_ms, span);
    if (s->holds)
        why_step(t->out, "useful", values_of(s), "until %s, when the %s", at, event_phrase(end));
    else
        why_step(t->out, "useful", values_of(s), "until %s, %s after its time", at, span);
}

static void tell_step(void *arg, const struct account_step *s)
{
    struct telling *t = arg;
    char at[SHOW_TIME_MAX];

    if (s->kind < ACCOUNT_OPEN || s->kind > ACCOUNT_WAITED)
        tell_counted(t);
    switch (s->kind) {
    case ACCOUNT_EVENT:
        tell_event(t, s);
        break;
    case ACCOUNT_OFFSET:
        tell_offset(t, s);
        break;
    case ACCOUNT_OPEN:
    case ACCOUNT_CLOSED:
    case ACCOUNT_HOLIDAY:
    case ACCOUNT_MORE:
    case ACCOUNT_WAITED:
        count(t, s);
        break;
    case ACCOUNT_NO_TIME:
        why_step(t->out, "no time", values_of(s), "%s", s->text);
        break;
    case ACCOUNT_REPEAT:
        why_step(t->out, "repeat", values_of(s), "number %" PRId64 " of %d: %s", s->minutes + 1,
                 t->rule->every.times, clock_words(t, s, s->at_ms, at));
        break;
    case ACCOUNT_SWITCH_ON:
        tell_switch_on(t, s);
        break;
    case ACCOUNT_PAST:
        why_step(t->out, "past", values_of(s), "that was already past when the record appeared, %s",
                 clock_words(t, s, s->at_ms, at));
        break;
    case ACCOUNT_SETTLE:
        tell_settle(t, s);
        break;
    case ACCOUNT_WINDOW:
        tell_window(t, s);
        break;
    case ACCOUNT_USEFUL:
        tell_useful(t, s);
        break;
    }
}

bool why_times(const struct asking *a, const struct plan_world *w, const struct plan_subject *s,
               const struct account_of *of, const struct why_answer *answer, struct why_steps *out,
               struct account_times *times)
{
    struct telling t = {
        .a = a,
        .rule = &w->playbook->rules[of->rule],
        .business = &w->settings->business,
        .answer = answer,
        .out = out,
    };

    buf_init(&t.counted);
    bool known = plan_account(w, s, of, tell_step, &t, times);
    tell_counted(&t);
    buf_close(&t.counted);
    return known;
}
