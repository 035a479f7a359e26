/*
 * betimes preview: a rule's message as it would read, for a real record or a made-up one. A record
 * that the rule is not about leads to the one that it is: of a client the next visit, say. Where
 * there is none, made-up values stand in, and that is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "plan/plan.h"
#include "send/compose.h"
#include "send/invite.h"
#include "send/sample.h"
#include "text/locale.h"
#include "time/moment.h"

#define LABEL_COLUMNS 12

static const struct option_spec preview_options[] = {
    {"language", 0, "TAG", "in this language, like lv or kk"},
    {"channel", 0, "CHANNEL", "email or sms (both, if the rule has words for both)"},
    {"client", 0, "REF", "for this client, with the visit or job that the rule is about"},
    {"job", 0, "REF", "for this job"},
    {"appointment", 0, "REF", "for this appointment"},
    {"html", 0, NULL, "print the e-mail's HTML page and nothing else"},
    OPTION_NOW,
};

struct preview {
    const struct call *call;
    struct session session;
    struct config config;
    const struct rule *rule;
    const char *language; /* --language */
    int64_t now_ms;
    struct record_set record;
    json_t *list; /* --json */
};

/* ---- a real record */

static bool lacks_subject(const struct preview *p)
{
    const struct record_set *r = &p->record;

    return rule_on_appointment(p->rule) ? r->appointment.id == 0
           : rule_on_answer(p->rule)    ? r->answer.id == 0
                                        : r->job.id == 0;
}

/* What was named leads to what the rule is about; else that is made up. */
static int find_subject(struct preview *p)
{
    const struct business *business = &p->config.settings->business;
    struct record_set found = {0}, *r = &p->record;
    enum entity_kind kind;
    int64_t id;

    if (!lacks_subject(p))
        return 0;
    int rc = record_set_subject(p->session.store, p->rule, business, p->now_ms, r, &kind, &id);
    if (rc == 0)
        rc = record_set_load(p->session.store, kind, id, &found);
    if (rc == 0) {
        record_set_close(r);
        *r = found;
        return 0;
    }
    record_set_close(&found);
    if (rc == ERR_NOTFOUND)
        sample_fill(p->rule, business, p->now_ms, r);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int load_record(struct preview *p, enum entity_kind kind, const char *ref)
{
    int64_t id;
    int status = session_open(p->call, STORE_READ, &p->session);

    if (status == EXIT_DONE)
        status = session_row(&p->session, kind, ref, &id);
    if (status != EXIT_DONE)
        return status;
    int rc = record_set_load(p->session.store, kind, id, &p->record);
    if (rc == 0)
        rc = find_subject(p);
    if (rc == 0)
        rc = record_set_address(p->session.store, p->rule, &p->record);
    return rc == 0 ? EXIT_DONE : session_failed(&p->session, rc, "read the record");
}

/* ---- writing */

static void label(const char *text)
{
    put_text(DIM, text);
    printf("%*s", (int)(LABEL_COLUMNS - text_columns(text)), "");
}

static void line(const char *name, const char *text)
{
    label(name);
    put_folded(text, LABEL_COLUMNS, LABEL_COLUMNS);
}

/* The other languages that the rule speaks by this channel. */
static char *other_languages(const struct preview *p, enum template_kind kind, const char *used)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < template_set_count(p->config.templates); i++) {
        const struct template_entry *e = template_set_at(p->config.templates, i);
        if (e->kind == kind && strcmp(e->rule, p->rule->template) == 0 &&
            strcmp(e->language, used) != 0)
            buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", e->language);
    }
    return buf_steal(&b);
}

/* The language asked for has no words of its own by this channel. */
static void tell_fallback(const struct preview *p, const char *used, const char *others)
{
    char *text =
        *others == '\0'
            ? mem_printf("there is no template in `%s`; the only one is in `%s`", p->language, used)
            : mem_printf("there is no template in `%s`, so it reads as in `%s`; there are "
                         "%s, %s",
                         p->language, used, used, others);

    line("note", text);
    free(text);
}

static void tell_size(const struct preview *p, const char *text, const struct sms_size *size)
{
    const struct channel_settings *sms = &p->config.settings->channels[CHANNEL_SMS];
    struct sms_outsider o;
    char count[SHOW_TIME_MAX];
    struct buf b;

    buf_init(&b);
    str_counted((int64_t)size->segments, "segment", count);
    buf_printf(&b, "%s of %s, %zu %s, %zu left in the last", count,
               size->unicode ? "Unicode (UCS-2)" : "GSM-7", size->units,
               size->unicode ? "units" : "septets", size->units_left);
    line("size", b.data);
    if (size->unicode && sms_first_outsider(text, strlen(text), &o)) {
        buf_clear(&b);
        buf_printf(&b,
                   "`%s`, character %zu, is not in the SMS alphabet and more than doubles the "
                   "size%s",
                   o.utf8, o.position,
                   sms->transliterate ? "" : "; `transliterate = yes` would write it in Latin");
        line("because", b.data);
    }
    if (sms->price > 0) {
        char price[SHOW_TIME_MAX];
        show_money(sms->price * (double)size->segments, p->config.settings, price);
        line("price", price);
    }
    buf_close(&b);
}

static bool made_up(const struct preview *p, enum entity_kind kind)
{
    return (p->record.made_up & MADE_UP(kind)) != 0;
}

/* "visit on Tue  8 Dec 15:00, Brake check"; in the zone that its row says. */
static char *describe_visit(const struct preview *p)
{
    const struct business *business = &p->config.settings->business;
    const struct appointment *a = &p->record.appointment;
    const struct zone *own = a->timezone != NULL ? zone_get(a->timezone) : NULL;
    char when[SHOW_TIME_MAX], reason[PLAN_REASON_MAX];
    bool booked = strcmp(a->status, "booked") == 0;
    int64_t starts_ms;

    if (plan_appointment_time(a, business, false, &starts_ms, reason))
        show_time(starts_ms, own != NULL ? own : business->calendar.zone, p->now_ms, when);
    else
        snprintf(when, sizeof(when), "%s", a->starts);
    return mem_printf("visit on %s%s%s%s%s", when, a->title != NULL ? ", " : "",
                      a->title != NULL ? a->title : "", booked ? "" : ", ",
                      booked ? "" : a->status);
}

static char *describe_job(const struct preview *p)
{
    const struct job *j = &p->record.job;
    char id[SHOW_TIME_MAX];

    snprintf(id, sizeof(id), "#%lld", (long long)j->id);
    return mem_printf("job %s%s%s, in %s", j->ref != NULL ? j->ref : id,
                      j->title != NULL ? ", " : "", j->title != NULL ? j->title : "", j->stage);
}

/* Of the house, why nobody by name gets it: the planner makes a task of it. */
static char *describe_office(const struct preview *p)
{
    const struct staff *staff = &p->record.staff;

    if (p->rule->to == TO_DEPARTMENT)
        return mem_printf("the office, as a task: nobody is in the department %s",
                          p->rule->department);
    if (p->rule->to == TO_MANAGER && staff->active)
        return mem_printf("the office, as a task: %s, who is in charge, has no manager here",
                          staff->name != NULL ? staff->name : "the one");
    return mem_strdup("the office, as a task: nobody is in charge");
}

/* "Marta, the manager of Janis"; free() it. */
static char *describe_recipient(const struct preview *p)
{
    const struct record_set *r = &p->record;
    const char *name = r->recipient.name != NULL ? r->recipient.name : "somebody without a name";
    const char *made = r->recipient_made_up ? " (made up)" : "";

    if (p->rule->to == TO_ADDRESS)
        return mem_strdup(p->rule->address);
    if (r->recipient.id == 0)
        return describe_office(p);
    if (p->rule->to == TO_MANAGER)
        return mem_printf("%s%s, the manager of %s", name, made,
                          r->staff.name != NULL ? r->staff.name : "who is in charge");
    if (p->rule->to != TO_DEPARTMENT)
        return mem_printf("%s%s, who is in charge", name, made);
    if (r->besides == 0)
        return mem_printf("%s%s, of the department %s", name, made, p->rule->department);
    return mem_printf("%s and %zu more of the department %s, each by name", name, r->besides,
                      p->rule->department);
}

static void tell_recipient(const struct preview *p)
{
    char *text;

    if (rule_writes_to_client(p->rule))
        return;
    text = describe_recipient(p);
    line("to", text);
    free(text);
}

/* Which record of the client the message speaks of. */
static void tell_subject(const struct preview *p)
{
    bool visit = rule_on_appointment(p->rule), answer = rule_on_answer(p->rule);
    enum entity_kind kind = visit ? ENTITY_APPOINTMENT : answer ? ENTITY_ANSWER : ENTITY_JOB;
    const struct answer *given = &p->record.answer;
    char *text;

    if (made_up(p, kind))
        text = mem_printf("a made-up %s, as there is none", visit    ? "visit"
                                                            : answer ? "answer"
                                                                     : "job");
    else if (answer)
        text = mem_printf("what was answered on %.10s%s%s", given->at,
                          given->score != NULL ? ", score " : "",
                          given->score != NULL ? given->score : "");
    else
        text = visit ? describe_visit(p) : describe_job(p);
    line("with", text);
    free(text);
}

static void tell(struct preview *p, const struct compose_input *in, const struct payload *out,
                 const struct sms_size *size, const char *reason)
{
    enum channel channel = in->channel;
    enum template_kind kind = channel == CHANNEL_EMAIL ? TEMPLATE_KIND_EMAIL : TEMPLATE_KIND_SMS;
    char *others = other_languages(p, kind, out->language);
    char *title = mem_printf("%s by %s", p->rule->name, channel == CHANNEL_SMS ? "SMS" : "e-mail");

    put_text(BOLD, title);
    putchar('\n');
    if (made_up(p, ENTITY_CLIENT)) {
        line("for", "a made-up client");
    } else {
        line("for", p->record.client.name != NULL ? p->record.client.name : "nobody");
        tell_subject(p);
    }
    tell_recipient(p);
    label("language");
    put_text(PLAIN, out->language);
    if (*others != '\0') {
        printf(" (also: ");
        put_text(PLAIN, others);
        putchar(')');
    }
    putchar('\n');
    if (p->language != NULL && !str_starts(p->language, out->language))
        tell_fallback(p, out->language, others);
    if (channel == CHANNEL_EMAIL && out->subject != NULL)
        line("subject", out->subject);
    enum invite invite = invite_kind(p->config.settings, in);
    if (invite != INVITE_NOTHING)
        line("calendar", invite == INVITE_REQUEST
                             ? "an invitation goes with it"
                             : "takes the visit out of the calendar of who was invited");
    if (channel == CHANNEL_SMS && *reason == '\0')
        tell_size(p, out->text, size);
    if (*reason != '\0') {
        label("wrong");
        put_text(RED, reason);
        putchar('\n');
    }
    putchar('\n');
    put_lines(out->text, 2);
    free(title);
    free(others);
}

/* null for what is made up, as for what is not there. */
static json_t *real_id(const struct preview *p, enum entity_kind kind, int64_t id)
{
    return show_json_id(made_up(p, kind) ? 0 : id);
}

static void add_json(struct preview *p, const struct compose_input *in, const struct payload *out,
                     const struct sms_size *size, const char *reason)
{
    enum channel channel = in->channel;
    json_t *o = json_object();

    json_object_set_new(o, "rule", show_json_text(p->rule->name));
    json_object_set_new(o, "channel", show_json_text(channel_name(channel)));
    json_object_set_new(o, "client_id", real_id(p, ENTITY_CLIENT, p->record.client.id));
    json_object_set_new(o, "job_id", real_id(p, ENTITY_JOB, p->record.job.id));
    json_object_set_new(o, "appointment_id",
                        real_id(p, ENTITY_APPOINTMENT, p->record.appointment.id));
    json_object_set_new(o, "answer_id", real_id(p, ENTITY_ANSWER, p->record.answer.id));
    json_object_set_new(o, "made_up", json_boolean(p->record.made_up != 0));
    const struct record_set *r = &p->record;
    char *to = rule_writes_to_client(p->rule) ? NULL : describe_recipient(p);
    json_object_set_new(o, "to", show_json_text(to));
    json_object_set_new(o, "to_staff_id", show_json_id(r->recipient_made_up ? 0 : r->recipient.id));
    free(to);
    json_object_set_new(o, "language", show_json_text(out->language));
    json_object_set_new(o, "subject", show_json_text(out->subject));
    json_object_set_new(o, "text", show_json_text(out->text));
    json_object_set_new(o, "problem", show_json_text(*reason != '\0' ? reason : NULL));
    if (channel == CHANNEL_EMAIL) {
        static const char *const words[] = {NULL, "request", "cancel"};
        json_object_set_new(o, "invitation",
                            show_json_text(words[invite_kind(p->config.settings, in)]));
        json_object_set_new(o, "html", show_json_text(out->data.data));
    } else {
        json_object_set_new(o, "encoding", json_string(size->unicode ? "UCS-2" : "GSM-7"));
        json_object_set_new(o, "units", json_integer((json_int_t)size->units));
        json_object_set_new(o, "segments", json_integer((json_int_t)size->segments));
    }
    json_array_append_new(p->list, o);
}

static int write_channel(struct preview *p, enum channel channel, bool html)
{
    struct compose_input in;
    char reason[COMPOSE_REASON_MAX];
    struct sms_size size = {0};
    struct payload out;

    record_set_input(&p->record, p->rule, channel, p->now_ms, &in);
    int rc = compose(p->config.settings, p->config.templates, &in, &out, &size, reason);

    if (rc == ERR_NOTFOUND)
        command_error(rc, "%s", reason);
    else if (html)
        fwrite(out.data.data, 1, out.data.len, stdout);
    else if (p->list != NULL)
        add_json(p, &in, &out, &size, reason);
    else
        tell(p, &in, &out, &size, reason);
    if (rc != 0 && rc != ERR_NOTFOUND && (html || p->list != NULL))
        command_error(rc, "%s", reason);
    payload_close(&out);
    return rc == 0 ? EXIT_DONE : EXIT_ASKED;
}

static bool has_words(const struct preview *p, enum channel c)
{
    return template_set_find(p->config.templates, p->rule->template,
                             c == CHANNEL_EMAIL ? TEMPLATE_KIND_EMAIL : TEMPLATE_KIND_SMS,
                             p->language, p->config.settings->business.language) != NULL;
}

static int write_all(struct preview *p)
{
    const char *name = option_value(&p->call->options, "channel");
    bool html = option_given(&p->call->options, "html"), first = true;
    enum channel only = CHANNEL_EMAIL;
    int status = EXIT_DONE;

    if (name != NULL && (!channel_from(name, &only) || only == CHANNEL_TASK))
        return command_misused(p->call, "there is no channel `%s`; write email or sms", name);
    if (html && only != CHANNEL_EMAIL)
        return command_misused(p->call, "only an e-mail has HTML; leave --html or --channel out");
    for (int c = CHANNEL_EMAIL; c <= CHANNEL_SMS; c++) {
        enum channel channel = (enum channel)c;
        bool wanted = name != NULL || html ? channel == only : has_words(p, channel);
        if (!wanted)
            continue;
        if (!first && p->list == NULL)
            putchar('\n');
        first = false;
        int written = write_channel(p, channel, html);
        status = status == EXIT_DONE ? written : status;
    }
    if (p->list != NULL && (status == EXIT_DONE || json_array_size(p->list) > 0)) {
        int printed = show_print_json(json_incref(p->list));
        status = status == EXIT_DONE ? printed : status;
    }
    return status;
}

/* Whose record: --client, --job or --appointment; none: the sample's. */
static int find_record(struct preview *p)
{
    static const struct {
        const char *option;
        enum entity_kind kind;
    } records[] = {
        {"client", ENTITY_CLIENT}, {"job", ENTITY_JOB}, {"appointment", ENTITY_APPOINTMENT}};
    size_t given = 0, which = 0;

    for (size_t i = 0; i < COUNT_OF(records); i++)
        if (option_given(&p->call->options, records[i].option)) {
            given++;
            which = i;
        }
    if (given > 1)
        return command_misused(p->call, "give one of --client, --job and --appointment");
    if (given == 1)
        return load_record(p, records[which].kind,
                           option_value(&p->call->options, records[which].option));
    sample_make(p->rule, &p->config.settings->business, p->now_ms, &p->record);
    return EXIT_DONE;
}

static int run_preview(const struct call *call)
{
    struct preview p = {.call = call, .language = option_value(&call->options, "language")};
    int status;

    if (p.language != NULL && !locale_language_valid(p.language))
        return command_misused(call, "`%s` is no language tag; write one like lv or kk-KZ",
                               p.language);
    status = session_config(call, NULL, &p.config);
    if (status == EXIT_DONE)
        status = session_rule(&p.config, call_word(call, 0), &p.rule);
    if (status == EXIT_DONE) {
        p.session.zone = p.config.settings->business.calendar.zone;
        status = session_time(call, "now", p.session.zone, clock_wall_ms(), &p.now_ms);
    }
    if (status == EXIT_DONE)
        status = find_record(&p);
    if (status == EXIT_DONE) {
        char **languages[] = {&p.record.client.language, &p.record.recipient.language};
        for (size_t i = 0; p.language != NULL && i < COUNT_OF(languages); i++) {
            free(*languages[i]);
            *languages[i] = mem_strdup(p.language);
        }
        p.list = call->json ? json_array() : NULL;
        status = write_all(&p);
    }
    json_decref(p.list);
    record_set_close(&p.record);
    session_close(&p.session);
    config_free(&p.config);
    return status;
}

const struct command command_preview = {
    .name = "preview",
    .words = "RULE",
    .words_min = 1,
    .words_max = 1,
    .help = "A rule's message as it would read, with its size and price",
    .more = "For a client, job or appointment of the database, or else for a made-up client. Of a\n"
            "client it takes what the rule is about: the next visit (else the last one), the job,\n"
            "the answer, and says which; where there is none, made-up values stand in.\n\n"
            "  betimes preview ready --language kk\n"
            "  betimes preview reminder-soon --client c7\n"
            "  betimes preview reminder-soon --appointment a12 --channel sms\n"
            "  betimes preview ready --html > ready.html\n",
    .options = preview_options,
    .option_count = COUNT_OF(preview_options),
    .reads = true,
    .run = run_preview,
};
