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
#include "send/written.h"
#include "store/answers.h"
#include "store/records.h"
#include "store/rules.h"
#include "watch/absorb.h"

static const struct option_spec why_options[] = {
    {"rule", 0, "RULE", "why this rule did or did not ..."},
    {"job", 0, "REF", "... for this job"},
    {"appointment", 0, "REF", "... for this appointment"},
    {"client", 0, "REF", "... for this client's jobs, appointments and answers"},
};

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
    struct letter letter;    /* with the records as they are now ... */
    bool has_letter;         /* ... while there is a configuration and the record is there */
    struct subject subject;  /* the same, with all that planning needs */
    struct why_answer answer;
    struct why_steps steps;
};

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

static json_t *attempt_json(const struct attempt_row *t)
{
    json_t *o = json_object();

    json_object_set_new(o, "at", show_json_time(t->at_ms));
    json_object_set_new(o, "gateway", show_json_text(t->gateway));
    json_object_set_new(o, "outcome", show_json_text(t->outcome));
    json_object_set_new(o, "code", t->code != 0 ? json_integer(t->code) : json_null());
    json_object_set_new(o, "detail", show_json_text(t->detail));
    return o;
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
    return r->state == MESSAGE_PLANNED || r->state == MESSAGE_RETRY || r->state == MESSAGE_HELD;
}

/* ---- its steps */

/* What was planned for it then, when the records of now do not say. */
static void tell_planned_times(const struct asking *a, struct case_file *c)
{
    const struct plan_event *e = event_of(c);
    const struct message *m = &c->message;
    char nominal[SHOW_TIME_MAX], due[SHOW_TIME_MAX], at[SHOW_TIME_MAX];
    json_t *o = json_object();

    json_object_set_new(o, "nominal", show_json_time(m->nominal_ms));
    json_object_set_new(o, "due", show_json_time(m->due_ms));
    show_time(m->nominal_ms, a->session.zone, a->now_ms, nominal);
    show_time(m->due_ms, a->session.zone, a->now_ms, due);
    if (c->steps.count == 1 && e != NULL) { /* nothing but the rule was told */
        bool no_answer =
            c->rule != NULL && c->rule->event == EVENT_NO_ANSWER && c->answer.at_ms < e->at_ms;
        struct buf words;
        buf_init(&words);
        event_words(e, &words);
        show_time(e->at_ms, a->session.zone, a->now_ms, at);
        why_step(&c->steps, "because", NULL, "%s, on %s%s%s", words.data, at,
                 no_answer ? ", and no answer to " : "", no_answer ? c->rule->of_rule : "");
        buf_close(&words);
        if (c->rule != NULL && c->rule->event == EVENT_NO_ANSWER && !no_answer)
            why_tell_answer(a, &c->answer, &c->steps);
    }
    if (m->nominal_ms == m->due_ms)
        why_step(&c->steps, "planned", o, "as record and rule were then, for %s", due);
    else
        why_step(&c->steps, "planned", o, "as record and rule were then, for %s, moved to %s",
                 nominal, due);
}

/* It is due when it was planned for, or when the gate or a retry put it. */
static void tell_times(struct asking *a, struct case_file *c)
{
    const struct message *m = &c->message;
    struct account_times now = {0};
    char due[SHOW_TIME_MAX];
    bool known = false;

    if (c->has_letter && world_rule_by_id(&a->world, m->rule_id) >= 0) {
        const struct plan_contact *contact = c->letter.contact;
        const struct account_of of = {
            .rule = (size_t)world_rule_by_id(&a->world, m->rule_id),
            .occurrence = m->occurrence,
            .repeat = m->repeat,
            .zone = contact != NULL ? contact->zone : a->session.zone,
        };
        known = why_times(a, &a->world.plan, &c->subject.plan, &of,
                          c->answer.at_ms != 0 ? &c->answer : NULL, &c->steps, &now);
    }
    if (!known || now.nominal_ms != m->nominal_ms || now.due_ms != m->due_ms)
        tell_planned_times(a, c);
    show_time(c->row->due_ms, a->session.zone, a->now_ms, due);
    json_t *o = json_object();
    json_object_set_new(o, "due", show_json_time(c->row->due_ms));
    why_step(&c->steps, "time", o, "%s%s", due,
             c->row->due_ms > m->due_ms ? ", since it was put off" : "");
}

static void tell_channel(struct asking *a, struct case_file *c)
{
    const struct outbox_row *r = c->row;
    json_t *o = json_object();

    if (c->has_letter && c->letter.contact != NULL && c->message.channel != CHANNEL_TASK) {
        bool client = c->letter.recipient.kind == ENTITY_CLIENT;
        why_channels(a, a->session.store, c->rule, c->letter.contact,
                     client ? c->letter.recipient.row_id : 0, waits(r) ? INT64_MAX : r->state_ms,
                     &c->steps);
    }
    json_object_set_new(o, "channel", json_string(channel_name(r->channel)));
    json_object_set_new(o, "to", show_json_text(r->to));
    json_object_set_new(o, "gateway", show_json_text(r->gateway));
    why_step(&c->steps, "by", o, "%s%s%s%s%s", channel_name(r->channel),
             r->to != NULL ? " to " : "", r->to != NULL ? r->to : "",
             r->gateway != NULL ? ", through " : "", r->gateway != NULL ? r->gateway : "");
}

/* Several that go as one: each has its own row, the first has the words and the attempts. */
static void tell_together(struct case_file *c)
{
    struct buf ids;

    if (c->row->leader_id != 0)
        why_step(&c->steps, "with", json_pack("{s:I}", "id", (json_int_t)c->row->leader_id),
                 "message %lld, which has the words and the attempts of both",
                 (long long)c->row->leader_id);
    if (c->with_count == 0)
        return;
    buf_init(&ids);
    for (size_t i = 0; i < c->with_count; i++)
        buf_printf(&ids, "%s%lld", i > 0 ? ", " : "", (long long)c->with[i].id);
    why_step(&c->steps, "together", json_pack("{s:o}", "ids", together_json(c)),
             "with message%s %s, in one", c->with_count > 1 ? "s" : "", ids.data);
    buf_close(&ids);
}

static void tell_pause(struct asking *a, struct case_file *c)
{
    int rule = a->has_world ? world_rule_by_id(&a->world, c->message.rule_id) : -1;
    static const char *const by[] = {
        [PAUSED_BY_PERSON] = "is paused by a person",
        [PAUSED_BY_BLAST] = "waits for a yes, for it would write to many at once",
        [PAUSED_BY_BRAKE] = "waits for a yes, for it would send far more than it ever did",
    };

    if (!waits(c->row))
        return;
    if (a->paused)
        why_step(&c->steps, "paused", NULL,
                 "the service is paused: nothing goes until `betimes resume`");
    if (rule >= 0 && a->world.rules[rule].paused)
        why_step(&c->steps, "paused", NULL,
                 "the rule %s: it sends nothing until `betimes resume %s`",
                 by[a->world.rules[rule].paused_by], c->row->rule);
    else if (rule >= 0 && a->world.rules[rule].trial != TRIAL_NONE)
        why_step(&c->steps, "paused", NULL,
                 "the rule is %s: the service first counts how many clients it would write to",
                 a->world.rules[rule].trial == TRIAL_NEW ? "new" : "changed");
}

static void tell_attempts(const struct asking *a, struct case_file *c)
{
    for (size_t i = 0; i < c->attempt_count; i++) {
        const struct attempt_row *t = &c->attempts[i];
        char at[SHOW_TIME_MAX], code[24] = "";
        show_time(t->at_ms, a->session.zone, a->now_ms, at);
        if (t->code != 0)
            snprintf(code, sizeof(code), " (%d)", t->code);
        why_step(&c->steps, "attempts", attempt_json(t), "%s by %s: %s%s%s%s", at, t->gateway,
                 t->outcome, code, t->detail != NULL ? ": " : "",
                 t->detail != NULL ? t->detail : "");
    }
}

/* What became of it after it had left. */
static void tell_report(const struct asking *a, struct case_file *c)
{
    const struct outbox_row *r = c->row;
    char at[SHOW_TIME_MAX];
    json_t *o;

    if (r->state != MESSAGE_DELIVERED && r->state != MESSAGE_BOUNCED)
        return;
    o = json_object();
    json_object_set_new(o, "at", show_json_time(r->state_ms));
    json_object_set_new(o, "state", json_string(message_state_name(r->state)));
    json_object_set_new(o, "provider_id", show_json_text(r->provider_id));
    show_time(r->state_ms, a->session.zone, a->now_ms, at);
    why_step(&c->steps, "report", o, "%s: %s%s%s", at, message_state_name(r->state),
             r->reason != NULL ? ": " : "", r->reason != NULL ? r->reason : "");
}

static int tell_steps(struct asking *a, struct case_file *c)
{
    why_step(&c->steps, "rule", NULL, "%s",
             c->sentence != NULL ? c->sentence
             : a->mistakes > 0   ? "what it says cannot be told while the files have mistakes"
                                 : "it is not in the playbook any more");
    tell_times(a, c);
    tell_channel(a, c);
    tell_together(c);
    tell_pause(a, c);
    int rc = why_decisions(a, c->row->id, &c->steps);
    if (waits(c->row) && c->has_letter)
        why_gate(a, &a->world, &c->message, &c->letter, &c->steps);
    tell_attempts(a, c);
    tell_report(a, c);
    return rc;
}

/* ---- one message */

/* What ended a message before it left, if that was an answer; what left had none at the time. */
static int find_answer(struct asking *a, struct case_file *c)
{
    const struct outbox_row *r = c->row;
    const struct subject *s = &c->subject;
    int64_t id;

    if (!c->has_letter || (r->state != MESSAGE_CANCELLED && r->state != MESSAGE_SKIPPED))
        return 0;
    int rc = store_answer_until(a->session.store, s->plan.client_row,
                                s->job.id != 0 ? s->job.id : s->of_job.id, s->appointment.id,
                                r->state_ms, &id, &c->answer.at_ms);
    if (rc == 0)
        rc = store_answer(a->session.store, id, &c->answer.answer);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int case_open(struct asking *a, const struct outbox_row *row, struct case_file *out)
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
    const struct rule *written = written_rule(row->rule, row->channel);
    if (written != NULL)
        out->rule = written;
    out->sentence = written != NULL     ? mem_strdup("none: a person wrote it to this client")
                    : out->rule != NULL ? rule_sentence(out->rule)
                                        : NULL;
    if (rc == 0 && a->has_world && out->rule != NULL)
        out->has_letter = letter_load(&a->world, &out->message, a->now_ms, &out->letter) == 0 &&
                          subject_load(&a->world, out->message.subject_id, &out->subject) == 0;
    if (rc == 0)
        rc = find_answer(a, out);
    return rc == 0 ? tell_steps(a, out) : rc;
}

static void case_close(struct case_file *c)
{
    message_close(&c->message);
    plan_events_free(c->events, c->event_count);
    attempts_free(c->attempts, c->attempt_count);
    messages_free(c->with, c->with_count);
    free(c->sentence);
    letter_close(&c->letter);
    subject_close(&c->subject);
    answer_close(&c->answer.answer);
    why_steps_close(&c->steps);
}

static void tell_case(const struct asking *a, const struct case_file *c)
{
    const struct outbox_row *r = c->row;
    char when[SHOW_TIME_MAX], *about = show_subject(r);
    char *title =
        mem_printf("Message %lld: %s, to %s", (long long)r->id, r->rule, show_recipient(r));

    put_text(BOLD, title);
    putchar('\n');
    show_time(r->state_ms, a->session.zone, a->now_ms, when);
    why_label("state");
    put_text(show_colour(r->state), message_state_name(r->state));
    printf(" since %s\n", when);
    if (r->reason != NULL)
        why_line("reason", r->reason);
    why_line("about", about);
    if (r->client_name != NULL)
        why_line("client", r->client_name);
    why_steps_print(&c->steps);
    if (r->language != NULL)
        why_line("language", r->language);
    if (r->subject != NULL)
        why_line("subject", r->subject);
    if (r->text != NULL) {
        why_label("text");
        printf("\n\n");
        put_lines(r->text, 4);
    }
    free(title);
    free(about);
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

    for (size_t i = 0; i < c->attempt_count; i++)
        json_array_append_new(list, attempt_json(&c->attempts[i]));
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
    json_object_set_new(o, "steps", why_steps_json(&c->steps));
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
            tell_case(a, &c);
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

/* What was decided is in the database: it can be told also while the files are wrong. */
static void load_config(struct asking *a)
{
    char mistakes[STR_COUNTED_MAX];

    a->mistakes = session_config_if_right(a->call, &a->config);
    if (a->mistakes == 0)
        return;
    str_counted((int64_t)a->mistakes, "mistake", mistakes);
    fprintf(stderr,
            "betimes: the files have %s, told above; what follows is what the database knows, "
            "without the rules\n",
            mistakes);
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
    if (status == EXIT_DONE)
        load_config(&a);
    if (status == EXIT_DONE)
        status = look_around(&a);
    if (call->json)
        a.list = json_array();
    if (status == EXIT_DONE)
        status = word != NULL      ? why_message(&a, word)
                 : a.mistakes == 0 ? why_rule(&a, kind, ref)
                                   : why_messages_of(&a, kind, ref);
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
