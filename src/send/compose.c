/*
 * The words of one message. See send/compose.h.
 *
 * Records become JSON with the names of design.md ("Templates"); a column without a value is null,
 * which a template shows as nothing; `fields` becomes the object that it is. Notes never get here.
 */
#include "send/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "send/envelope.h"
#include "send/invite.h"
#include "send/told.h"
#include "send/visit_link.h"
#include "text/address.h"
#include "text/locale.h"
#include "text/mime.h"
#include "time/moment.h"

#define SENTENCE_MAX 250 /* of a reason, behind the name of the file */

/* --- data --- */

static void set(json_t *o, const char *key, const char *value)
{
    json_object_set_new(o, key, value != NULL ? json_string(value) : json_null());
}

static void set_fields(json_t *o, const char *fields)
{
    json_t *v = fields != NULL ? json_loads(fields, JSON_REJECT_DUPLICATES, NULL) : NULL;

    json_object_set_new(o, "fields", v != NULL ? v : json_object());
}

static json_t *client_data(const struct client *c)
{
    json_t *o = json_object();

    set(o, "ref", c->ref);
    set(o, "name", c->name);
    set(o, "email", c->email);
    set(o, "phone", c->phone);
    set(o, "language", c->language);
    set(o, "timezone", c->timezone);
    set(o, "tags", c->tags);
    set_fields(o, c->fields);
    return o;
}

static json_t *job_data(const struct job *j)
{
    json_t *o = json_object();

    set(o, "ref", j->ref);
    set(o, "title", j->title);
    set(o, "stage", j->stage);
    set(o, "workflow", j->workflow);
    set(o, "due", j->due);
    set(o, "amount", j->amount);
    set(o, "currency", j->currency);
    set_fields(o, j->fields);
    return o;
}

/* In whose time this message tells times. */
static const struct zone *zone_of(const struct settings *s, const struct compose_input *in)
{
    if (in->appointment == NULL)
        return s->business.calendar.zone;
    return told_zone(&s->business, in->appointment,
                     in->recipient == NULL && !in->to_house ? in->client : NULL);
}

static json_t *appointment_data(const struct settings *s, const struct compose_input *in)
{
    const struct appointment *a = in->appointment;
    const struct zone *from = told_written_in(&s->business, a), *to = zone_of(s, in);
    char *starts = told_time(a->starts, from, to), *ends = told_time(a->ends, from, to);
    json_t *o = json_object();

    set(o, "ref", a->ref);
    set(o, "title", a->title);
    set(o, "location", a->location);
    set(o, "starts", starts);
    set(o, "ends", ends);
    set(o, "timezone", zone_name(to));
    set(o, "status", a->status);
    set(o, "calendar_link", NULL); /* see add_link */
    set_fields(o, a->fields);
    free(starts);
    free(ends);
    return o;
}

static json_t *answer_data(const struct answer *a)
{
    json_t *o = json_object();

    set(o, "ref", a->ref);
    set(o, "text", a->text);
    set(o, "score", a->score);
    set(o, "channel", a->channel);
    set(o, "at", a->at);
    return o;
}

static json_t *staff_data(const struct staff *s)
{
    json_t *o = json_object();

    set(o, "ref", s->ref);
    set(o, "name", s->name);
    set(o, "email", s->email);
    set(o, "phone", s->phone);
    set(o, "department", s->department);
    return o;
}

static json_t *business_data(const struct business *b)
{
    json_t *o = json_object();

    set(o, "name", b->name);
    set(o, "email", b->email);
    set(o, "phone", b->phone);
    set(o, "address", b->address);
    set(o, "web", b->web);
    return o;
}

json_t *compose_data(const struct settings *settings, const struct compose_input *in)
{
    json_t *o = json_object();
    char now[MOMENT_TEXT_MAX], mailbox[ADDRESS_MAX];

    json_object_set_new(o, "business", business_data(&settings->business));
    if (in->client != NULL)
        json_object_set_new(o, "client", client_data(in->client));
    if (in->job != NULL)
        json_object_set_new(o, "job", job_data(in->job));
    if (in->appointment != NULL)
        json_object_set_new(o, "appointment", appointment_data(settings, in));
    if (in->answer != NULL)
        json_object_set_new(o, "answer", answer_data(in->answer));
    if (in->staff != NULL)
        json_object_set_new(o, "staff", staff_data(in->staff));
    if (in->recipient != NULL)
        json_object_set_new(o, "recipient", staff_data(in->recipient));
    if (in->rule != NULL) {
        json_t *r = json_object();
        set(r, "name", in->rule->name);
        json_object_set_new(o, "rule", r);
    }
    moment_format_utc(in->now_ms, now);
    set(o, "now", now);
    bool leaves = in->rule != NULL && in->rule->purpose == PURPOSE_MARKETING &&
                  in->channel == CHANNEL_EMAIL && envelope_unsubscribe(settings, in, mailbox);
    if (leaves) {
        char *url = mem_printf("mailto:%s?subject=STOP", mailbox);
        set(o, "unsubscribe", url);
        free(url);
    } else {
        set(o, "unsubscribe", NULL);
    }
    return o;
}

/* What another message that goes along is about. Each record is there, be it empty: a name within
 * the section must not mean the first message's record. */
static json_t *also_data(const struct settings *s, const struct compose_input *in)
{
    json_t *o = json_object();

    json_object_set_new(o, "job", in->job != NULL ? job_data(in->job) : json_object());
    json_object_set_new(o, "appointment",
                        in->appointment != NULL ? appointment_data(s, in) : json_object());
    json_object_set_new(o, "staff", in->staff != NULL ? staff_data(in->staff) : json_object());
    return o;
}

const char *compose_language(const struct settings *settings, const struct compose_input *in)
{
    const char *own = in->recipient != NULL                 ? in->recipient->language
                      : in->client != NULL && !in->to_house ? in->client->language
                                                            : NULL;

    return own != NULL ? own : settings->business.language;
}

/* The first name that the rule requires and the data has no value for; NULL: none. */
static const char *lacking(const struct rule *r, const json_t *data)
{
    for (size_t i = 0; i < r->require.count; i++) {
        struct str_list path = {0};
        const json_t *v = data;
        str_split(&path, r->require.items[i], '.');
        for (size_t k = 0; k < path.count; k++)
            v = json_object_get(v, path.items[k]);
        str_list_close(&path);
        if (v == NULL || json_is_null(v) || (json_is_string(v) && str_blank(json_string_value(v))))
            return r->require.items[i];
    }
    return NULL;
}

/* The link to the visit, if the words show it by `name`, or the rule requires it: only then does it
 * cost anything. `data` has the appointment. */
static int add_link(const struct settings *s, const struct compose_input *in,
                    const struct template_entry *entry, const char *name, json_t *data)
{
    char *link = NULL;
    int rc = 0;

    if (in->appointment == NULL || s->web_url == NULL ||
        (!str_list_has(&entry->uses, name) && !str_list_has(&in->rule->require, name)))
        return 0;
    if (in->links != NULL)
        rc = visit_link(in->links, s->web_url, in->appointment->id, &link);
    else
        link = visit_link_sample(s->web_url);
    if (rc == ERR_NOTFOUND)
        rc = 0; /* it is not known yet: no value, which a rule may require */
    else if (rc == 0)
        set(json_object_get(data, "appointment"), "calendar_link", link);
    free(link);
    return rc;
}

/* --- rendering --- */

/* A text of its own within the message; most messages have one. */
struct text_part {
    const struct template_entry *entry;
    json_t *data;
    struct template_env env;
    bool also; /* its template has the section */
};

struct writer {
    const struct settings *settings;
    const struct template_set *templates;
    const struct compose_input *in;
    enum template_kind kind;
    struct text_part parts[1 + COMPOSE_ALSO_MAX]; /* the message's own, then of what goes along */
    size_t part_count;
    const struct template_entry *entry; /* of the first part */
    struct template_report report;
    struct payload *out;
    char *reason;
};

/* --- the parts --- */

static int check_required(struct writer *w, const struct rule *r, const json_t *data)
{
    const char *lacks = lacking(r, data);

    if (lacks == NULL)
        return 0;
    snprintf(w->reason, COMPOSE_REASON_MAX, "%s has no value, and the rule requires one", lacks);
    return ERR_INVALID;
}

static const struct template_entry *find_entry(struct writer *w, const struct compose_input *in)
{
    const char *language = compose_language(w->settings, in);
    const struct template_entry *e = template_set_find(w->templates, in->rule->template, w->kind,
                                                       language, w->settings->business.language);

    if (e == NULL)
        snprintf(w->reason, COMPOSE_REASON_MAX, "there is no template %s/%s.%s", in->rule->template,
                 language, w->kind == TEMPLATE_KIND_EMAIL ? "email" : "sms");
    return e;
}

static void add_part(struct writer *w, const struct compose_input *in,
                     const struct template_entry *entry, json_t *data)
{
    const char *language = compose_language(w->settings, in);
    struct text_part *p = &w->parts[w->part_count++];

    p->entry = entry;
    p->data = data;
    p->env = (struct template_env){
        /* en-US reads its dates the American way, also from a template in en */
        .language = str_starts(language, entry->language) ? language : entry->language,
        .region = w->settings->business.country,
        .zone = zone_of(w->settings, in),
        .now_ms = w->in->now_ms,
        .currency = w->settings->business.currency,
        .partials = entry->partials,
        .known = compose_names(),
    };
    if (w->in->also_count > 0)
        p->also =
            template_has_section(w->kind == TEMPLATE_KIND_EMAIL ? entry->email->body : entry->sms,
                                 &entry->partials, "also");
}

static bool same_words(const struct compose_input *a, const struct compose_input *b)
{
    return strcmp(a->rule->template, b->rule->template) == 0 &&
           (a->appointment != NULL ? a->appointment->id : 0) ==
               (b->appointment != NULL ? b->appointment->id : 0) &&
           (a->job != NULL ? a->job->id : 0) == (b->job != NULL ? b->job->id : 0);
}

/* Do those before the i-th say the very same of the same record (for another rule)? */
static bool said_already(const struct writer *w, size_t i)
{
    const struct compose_input *in = w->in->also[i];
    bool said = same_words(w->in, in);

    for (size_t k = 0; k < i && !said; k++)
        said = same_words(w->in->also[k], in);
    return said;
}

/* Say it in the section of a part that has one, and tells times in the same zone; else by itself.
 */
static int add_also(struct writer *w, const struct compose_input *in)
{
    const struct template_entry *entry = find_entry(w, in);

    if (entry == NULL)
        return ERR_NOTFOUND;
    json_t *data = compose_data(w->settings, in);
    int rc = add_link(w->settings, in, entry, VISIT_LINK_NAME, data);
    if (rc == 0)
        rc = check_required(w, in->rule, data);
    for (size_t i = 0; i < w->part_count; i++) {
        struct text_part *p = &w->parts[i];
        if (p->entry != entry || !p->also || p->env.zone != zone_of(w->settings, in))
            continue;
        json_t *list = json_object_get(p->data, "also");
        if (list == NULL) {
            list = json_array();
            json_object_set_new(p->data, "also", list);
        }
        json_t *item = also_data(w->settings, in);
        if (rc == 0)
            rc = add_link(w->settings, in, entry, "also." VISIT_LINK_NAME, item);
        json_array_append_new(list, item);
        json_decref(data);
        return rc;
    }
    add_part(w, in, entry, data);
    return rc;
}

/* The first thing that is wrong, for a person. */
static int tell_report(struct writer *w)
{
    const struct template_report *r = &w->report;

    if (r->missing.count > 0)
        snprintf(w->reason, COMPOSE_REASON_MAX, "%s: {{%s}} has no value, and the text needs one",
                 w->entry->file, r->missing.items[0]);
    else if (r->unknown.count > 0)
        snprintf(w->reason, COMPOSE_REASON_MAX, "%s: there is no {{%s}}", w->entry->file,
                 r->unknown.items[0]);
    else if (r->problems.count > 0)
        snprintf(w->reason, COMPOSE_REASON_MAX, "%s", r->problems.items[0]);
    else
        snprintf(w->reason, COMPOSE_REASON_MAX, "%s: the text is too long", w->entry->file);
    return ERR_INVALID;
}

static int write_sms(struct writer *w, struct sms_size *size)
{
    struct sms_size own;
    struct err err = {""};
    struct buf text;

    buf_init(&text);
    bool texted = w->in->channel == CHANNEL_SMS; /* a task's text is as long as it likes */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->part_count; i++) {
        const struct text_part *p = &w->parts[i];
        while (i > 0 && text.len > 0 && text.data[text.len - 1] == '\n')
            buf_truncate(&text, text.len - 1);
        buf_puts(&text, i > 0 ? "\n\n" : "");
        rc = template_render(p->entry->sms, p->data, &p->env, &text, &w->report);
    }
    if (rc == 0 && texted && w->settings->channels[CHANNEL_SMS].transliterate) {
        struct buf plain;
        buf_init(&plain);
        locale_gsm(locale_get(w->parts[0].env.language, w->parts[0].env.region), text.data,
                   text.len, &plain);
        buf_close(&text);
        text = plain;
    }
    char *words = buf_steal(&text);
    w->out->text = mem_strdup(str_trim(words));
    free(words);
    if (rc != 0)
        return tell_report(w);
    if (texted)
        rc = sms_measure(w->out->text, strlen(w->out->text), size != NULL ? size : &own, &err);
    if (rc == 0 && w->out->text[0] == '\0') {
        err_set(&err, "the text is empty");
        rc = ERR_INVALID;
    }
    if (rc != 0)
        snprintf(w->reason, COMPOSE_REASON_MAX, "%s: %.*s", w->entry->file, SENTENCE_MAX, err.text);
    return rc;
}

static int write_bytes(struct writer *w, const struct template_mail *mail, struct err *err)
{
    const struct compose_input *in = w->in;
    const struct zone *zone = w->settings->business.calendar.zone;
    bool invites = in->invitation != NULL && in->invitation->uid != NULL;
    struct mime_part calendar = {.filename = "invite.ics"};
    char id[MIME_ID_MAX], mailbox[ADDRESS_MAX];
    struct address from, reply;
    struct buf ics;
    int rc = envelope_sender(w->settings, in, &from, err);

    if (rc == 0 && in->reply_to != NULL)
        rc = address_parse(in->reply_to, &reply, err);
    if (rc == 0)
        rc = mime_message_id(id, in->token, strchr(from.mailbox, '@') + 1, err);
    if (rc != 0)
        return rc;
    bool leave = envelope_unsubscribe(w->settings, in, mailbox);
    const char *to_name = in->recipient != NULL                 ? in->recipient->name
                          : in->client != NULL && !in->to_house ? in->client->name
                                                                : NULL;
    struct mime_mail m = {
        .from = {from.name, from.mailbox},
        .to = {to_name, in->to},
        .reply_to = in->reply_to != NULL ? reply.mailbox : NULL,
        .subject = mail->subject.data,
        .text = mail->text.data,
        .html = mail->html.data,
        .date_ms = in->now_ms,
        .offset_s = zone_offset_s(zone, in->now_ms),
        .message_id = id,
        .unsubscribe_mailbox = leave ? mailbox : NULL,
        .auto_submitted = "auto-generated",
        .language = w->entry->language,
    };
    buf_init(&ics);
    if (invites) {
        invite_write(w->settings, in, &from, mail->text.data, &ics);
        calendar.type = invite_type(in->invitation);
        calendar.body = ics.data;
        m.extra = &calendar;
    }
    rc = mime_build(&m, &w->out->data, err);
    buf_close(&ics);
    return rc;
}

static int render_email(struct writer *w, struct template_mail *mail)
{
    struct template_email_part list[1 + COMPOSE_ALSO_MAX];

    for (size_t i = 0; i < w->part_count; i++)
        list[i] = (struct template_email_part){w->parts[i].entry->email, w->parts[i].data,
                                               &w->parts[i].env};
    return template_emails_render(list, w->part_count,
                                  template_set_layout(w->templates, w->entry->language),
                                  &w->entry->layout_partials, mail, &w->report);
}

static int write_email(struct writer *w)
{
    struct template_mail mail;
    struct err err = {""};

    template_mail_init(&mail);
    int rc = render_email(w, &mail);
    w->out->subject = mem_strdup(mail.subject.data);
    w->out->text = mem_strdup(mail.text.data);
    if (rc != 0) {
        rc = tell_report(w);
    } else if (w->in->to != NULL) {
        rc = write_bytes(w, &mail, &err);
        if (rc != 0)
            snprintf(w->reason, COMPOSE_REASON_MAX, "%.*s", COMPOSE_REASON_MAX - 1, err.text);
    } else {
        buf_append(&w->out->data, mail.html.data, mail.html.len); /* a preview: the page itself */
    }
    template_mail_close(&mail);
    return rc;
}

/* A task in the words of the e-mail: what it is about first, then the text. */
static int write_task(struct writer *w)
{
    struct template_mail mail;

    template_mail_init(&mail);
    int rc = render_email(w, &mail);
    char *words = mem_printf("%s\n\n%s", mail.subject.data, mail.text.data);
    w->out->text = mem_strdup(str_trim(words));
    free(words);
    template_mail_close(&mail);
    return rc != 0 ? tell_report(w) : 0;
}

static int write_words(struct writer *w, struct sms_size *size)
{
    if (w->kind == TEMPLATE_KIND_SMS)
        return write_sms(w, size);
    return w->in->channel == CHANNEL_TASK ? write_task(w) : write_email(w);
}

int compose(const struct settings *settings, const struct template_set *templates,
            const struct compose_input *in, struct payload *out, struct sms_size *size,
            char *reason)
{
    struct writer w = {.settings = settings,
                       .templates = templates,
                       .in = in,
                       .kind =
                           in->channel == CHANNEL_EMAIL ? TEMPLATE_KIND_EMAIL : TEMPLATE_KIND_SMS,
                       .out = out,
                       .reason = reason};
    int rc = 0;

    reason[0] = '\0';
    payload_init(out);
    w.entry = find_entry(&w, in);
    if (w.entry == NULL && in->channel == CHANNEL_TASK) {
        w.kind = TEMPLATE_KIND_EMAIL;
        w.entry = find_entry(&w, in);
    }
    if (w.entry == NULL)
        return ERR_NOTFOUND;
    add_part(&w, in, w.entry, compose_data(settings, in));
    rc = add_link(settings, in, w.entry, VISIT_LINK_NAME, w.parts[0].data);
    for (size_t i = 0; rc == 0 && i < in->also_count; i++)
        rc = said_already(&w, i) ? 0 : add_also(&w, in->also[i]);
    out->token = mem_strdup(in->token != NULL ? in->token : "");
    out->language = mem_strdup(w.entry->language);
    if (rc == 0)
        rc = write_words(&w, size);
    if (rc == 0)
        rc = check_required(&w, in->rule, w.parts[0].data);
    if (out->text == NULL)
        out->text = mem_strdup("");
    for (size_t i = 0; i < w.part_count; i++)
        json_decref(w.parts[i].data);
    template_report_close(&w.report);
    return rc;
}
