/*
 * A message that somebody writes to one client: the form, a look at what it becomes, and sending
 * it, which is to put it into the queue. The look asks the gate, so that whoever writes hears at
 * once that the client has opted out, or that it is night there; the gate decides again when the
 * message goes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "playbook/settings.h"
#include "send/written.h"
#include "store/records.h"
#include "store/rules.h"
#include "text/mime.h"
#include "web/allowance.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/text_check.h"

#define SUBJECT_MAX_CHARS 200
#define TEXT_MAX_CHARS 10000
#define PREFERRED "preferred"

struct writing {
    struct form form;
    struct settings *settings;
    struct written written;
    char *text, *language; /* as it will go; NULL: not known yet */
    struct sms_size size;
    struct written_answer answer;
    bool looked;                     /* the answer is there */
    char later[ALLOWANCE_CLOCK_MAX]; /* when one may send again; "": now */
};

static void writing_close(struct writing *w)
{
    settings_free(w->settings);
    free(w->text);
    free(w->language);
}

/* The configuration as it stands in the file: it is what the service goes by, or soon will. */
static bool read_settings(struct visit *v, struct writing *w)
{
    struct problems problems = {0};

    w->settings = settings_read(v->site->dir, &problems);
    problems_close(&problems);
    if (w->settings == NULL)
        form_wrong(&w->form, "text", W_WRITE_CONFIG, NULL);
    return w->settings != NULL;
}

/* --- the page --- */

static void tell_size(struct visit *v, const struct writing *w)
{
    struct buf *b = &v->response->body;
    const struct sms_size *z = &w->size;
    double price = w->settings->channels[CHANNEL_SMS].price * (double)z->segments;
    const char *currency = w->settings->business.currency;
    char segments[24], left[24], all[24], cost[24];

    if (w->written.channel != CHANNEL_SMS)
        return;
    snprintf(segments, sizeof(segments), "%zu", z->segments);
    snprintf(left, sizeof(left), "%zu", z->units_left);
    snprintf(all, sizeof(all), "%zu", z->units + z->units_left);
    buf_puts(b, "<p class=\"quiet\">");
    if (z->segments == 1)
        html_words(b, W_WRITE_ONE, left, all, NULL);
    else
        html_words(b, W_WRITE_SEGMENTS, segments, left, NULL);
    if (z->unicode) {
        buf_putc(b, ' ');
        html_word(b, W_WRITE_UNICODE);
    }
    if (price > 0) {
        bool whole = fabs(price * 100 - round(price * 100)) < 0.01; /* cents */
        snprintf(cost, sizeof(cost), "%.*f %s", whole ? 2 : 3, price,
                 currency != NULL ? currency : "");
        buf_putc(b, ' ');
        html_words(b, W_WRITE_PRICE, str_trim(cost), NULL);
    }
    buf_puts(b, "</p>");
}

static void tell_answer(struct visit *v, const struct writing *w, bool paused)
{
    struct buf *b = &v->response->body;
    const struct written_answer *a = &w->answer;

    buf_printf(b, "<div class=\"notice %s\"><p role=\"status\">",
               a->fate == WRITTEN_NEVER             ? "bad"
               : a->fate == WRITTEN_GOES && !paused ? "good"
                                                    : "look");
    if (a->fate == WRITTEN_NEVER) {
        html_words(b, W_WRITE_NEVER, a->reason, NULL);
    } else if (a->fate == WRITTEN_WAITS) {
        html_words(b, W_WRITE_WAITS, a->reason, NULL);
        buf_putc(b, ' ');
        frame_time(v, a->at_ms);
    } else {
        html_word(b, paused ? W_WRITE_PAUSED : W_WRITE_GOES);
    }
    buf_puts(b, "</p></div>");
}

static void remark(struct visit *v, enum word w, const char *value)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"notice look\"><p>");
    html_words(b, w, value, NULL);
    buf_puts(b, "</p></div>");
}

/* What a template would make something of, and a message that was written by hand does not. */
static bool mark_in(const char *text, struct text_mark *out)
{
    const char *braces = text != NULL ? strstr(text, "{{") : NULL;
    const char *end = braces != NULL ? strstr(braces, "}}") : NULL;
    size_t len = end != NULL ? (size_t)(end + 2 - braces) : 2;

    if (text == NULL || braces == NULL)
        return text != NULL && text_markdown(text, out);
    snprintf(out->text, sizeof(out->text), "%.*s", (int)(len < TEXT_MARK_MAX ? len : 2), braces);
    return true;
}

/* What is not as whoever wrote it may think. */
static void remarks(struct visit *v, const struct writing *w)
{
    const struct written *m = &w->written;
    bool email = m->channel == CHANNEL_EMAIL;
    struct text_mark mark;
    bool marked = mark_in(w->text, &mark) || (email && mark_in(m->subject, &mark));

    if (!email && !str_blank(m->subject))
        remark(v,
               str_eq(form_value(&w->form, "channel"), PREFERRED) ? W_WRITE_BECOMES_TEXT
                                                                  : W_WRITE_NO_SUBJECT,
               m->subject);
    if (marked)
        remark(v, W_WRITE_AS_TYPED, mark.text);
}

static int preview(struct visit *v, const struct writing *w)
{
    struct buf *b = &v->response->body;
    bool paused = false;
    char *why = NULL;
    int rc = store_paused(v->store, &paused, &why);

    free(why);
    part_section(b, "preview", W_WRITE_PREVIEW);
    tell_answer(v, w, paused);
    remarks(v, w);
    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, channel_word(w->written.channel));
    buf_puts(b, " · ");
    html_word(b, purpose_word(w->written.purpose));
    buf_puts(b, "</p><div class=\"words\" dir=\"auto\">");
    if (w->written.channel == CHANNEL_EMAIL) {
        buf_puts(b, "<p class=\"subject\">");
        html_words(b, W_SUBJECT, w->written.subject, NULL);
        buf_puts(b, "</p>");
    }
    html_text(b, w->text);
    buf_puts(b, "</div>");
    tell_size(v, w);
    buf_puts(b, "</section>");
    return rc;
}

static void lists(struct visit *v, const struct form *f)
{
    static const struct form_list channel = {"channel", W_CHANNEL, WORD_COUNT, PREFERRED, false};
    static const struct form_list purpose = {"purpose", W_PURPOSE, WORD_COUNT, "service", false};

    form_list_begin(v, f, &channel);
    form_option(v, f, &channel, PREFERRED, word(W_WRITE_PREFERRED));
    for (int c = CHANNEL_EMAIL; c <= CHANNEL_SMS; c++)
        form_option(v, f, &channel, channel_name((enum channel)c),
                    word(channel_word((enum channel)c)));
    form_list_end(v);
    form_list_begin(v, f, &purpose);
    for (int p = PURPOSE_SERVICE; p <= PURPOSE_SURVEY; p++)
        form_option(v, f, &purpose, purpose_name((enum purpose)p),
                    word(purpose_word((enum purpose)p)));
    form_list_end(v);
}

static int show(struct visit *v, const struct writing *w)
{
    static const struct form_field subject = {
        "subject", W_WRITE_SUBJECT, W_WRITE_SUBJECT_HINT, FORM_TEXT, NULL, SUBJECT_MAX_CHARS, false,
        NULL};
    static const struct form_field text = {"text", W_WRITE_TEXT,   WORD_COUNT, FORM_LONG,
                                           NULL,   TEXT_MAX_CHARS, true,       NULL};
    struct buf *b = &v->response->body;
    char action[CLIENT_PATH_MAX];

    if (w->form.problem_count > 0)
        v->response->status = 400;
    int rc = client_task_begin(v, W_WRITE);
    if (rc == 0 && w->looked)
        rc = preview(v, w);
    if (rc != 0)
        return rc;
    if (w->later[0] != '\0') {
        buf_puts(b, "<div class=\"notice bad\"><p role=\"alert\">");
        html_words(b, W_WRITE_ENOUGH, w->later, NULL);
        buf_puts(b, "</p></div>");
    }
    client_path(v->hole.id, "write", action);
    form_begin(v, &w->form, action);
    lists(v, &w->form);
    form_field(v, &w->form, &subject);
    form_field(v, &w->form, &text);
    bool sends = w->looked && w->answer.fate != WRITTEN_NEVER;
    buf_puts(b, "<div class=\"deeds\">");
    if (sends) {
        buf_puts(b, "<button class=\"strong\" name=\"step\" value=\"send\">");
        html_word(b, W_WRITE_SEND);
        buf_puts(b, "</button>");
    }
    buf_printf(b, "<button name=\"step\" value=\"look\"%s>", sends ? "" : " class=\"strong\"");
    html_word(b, W_WRITE_LOOK);
    buf_puts(b, "</button></div></form>");
    frame_end(v);
    return 0;
}

/* --- what was typed --- */

static int choose_channel(struct visit *v, struct writing *w)
{
    const char *channel = form_value(&w->form, "channel");
    struct written *m = &w->written;
    char reason[PLAN_REASON_MAX] = "";
    int rc = 0;

    if (str_eq(channel, PREFERRED))
        rc = written_channel(v->store, w->settings, m->client_id, m->purpose, &m->channel, reason);
    else if (channel == NULL || !channel_from(channel, &m->channel) || m->channel == CHANNEL_TASK)
        form_wrong(&w->form, "channel", W_CHANNEL_UNKNOWN, NULL);
    if (reason[0] != '\0') /* as the gate would say it */
        form_wrong(&w->form, "channel", W_WRITE_NEVER, reason);
    else if (rc == 0 && w->settings->channels[m->channel].gateways.count == 0)
        form_wrong(&w->form, "channel", W_WRITE_NO_GATEWAY, NULL);
    return rc;
}

static void check_words(struct writing *w)
{
    struct form *f = &w->form;
    const char *subject = w->written.subject;
    struct err err = {""};

    if (w->written.channel == CHANNEL_EMAIL && str_blank(subject))
        form_wrong(f, "subject", W_WRITE_SUBJECT_NEEDED, NULL);
    else if (subject != NULL &&
             (!str_one_line(subject, strlen(subject)) || strlen(subject) > MIME_SUBJECT_MAX))
        form_wrong(f, "subject", W_ONE_LINE, NULL);
    if (str_blank(w->written.text))
        form_wrong(f, "text", W_TEXT_NEEDED, NULL);
    else if (written_words(w->settings, &w->written, &w->text, &w->size, &err) != 0)
        form_problem(f, "text", "%s", err.text);
}

/* Its language is the one that the client is written to in. */
static int find_language(struct visit *v, struct writing *w)
{
    struct client c;
    int rc = store_client(v->store, v->hole.id, &c);

    if (rc != 0)
        return rc;
    w->language = mem_strdup(c.language != NULL ? c.language : w->settings->business.language);
    client_close(&c);
    return 0;
}

static int take_typed(struct visit *v, struct writing *w)
{
    const char *purpose = form_value(&w->form, "purpose");
    int rc = find_language(v, w);

    w->written.client_id = v->hole.id;
    w->written.subject = form_value(&w->form, "subject");
    w->written.text = form_value(&w->form, "text");
    if (purpose == NULL || !purpose_from(purpose, &w->written.purpose) ||
        w->written.purpose == PURPOSE_INTERNAL)
        form_wrong(&w->form, "purpose", W_PURPOSE_UNKNOWN, NULL);
    else if (rc == 0)
        rc = choose_channel(v, w);
    if (rc == 0 && w->form.problem_count == 0)
        check_words(w);
    return rc;
}

static int put_in_queue(struct visit *v, struct writing *w)
{
    char about[CLIENT_ABOUT_MAX], path[CLIENT_PATH_MAX], detail[32] = "";
    int64_t id = 0;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = written_add(v->store, &w->written, w->text, w->language, v->now_ms, &id);
    snprintf(detail, sizeof(detail), "message %lld", (long long)id);
    client_about(v->hole.id, about);
    client_path(v->hole.id, NULL, path);
    return deed_end(v, rc, allowance_action(ALLOWANCE_WRITTEN), about, detail, path, "written");
}

static int send_it(struct visit *v, struct writing *w)
{
    bool may;
    int rc = allowance_ask(v, ALLOWANCE_WRITTEN, &may, w->later);

    if (rc != 0)
        return rc;
    return may ? put_in_queue(v, w) : show(v, w);
}

/* --- handlers --- */

int page_client_write(struct visit *v)
{
    const struct writing w = {0};

    return show(v, &w);
}

int page_client_send(struct visit *v)
{
    struct writing w = {.form = {.typed = &v->request->form}};
    int rc = read_settings(v, &w) ? take_typed(v, &w) : 0;

    if (rc == 0 && w.form.problem_count == 0) {
        rc = written_ask(v->store, w.settings, &w.written, v->now_ms, &w.answer);
        w.looked = rc == 0;
    }
    bool sends =
        w.looked && w.answer.fate != WRITTEN_NEVER && str_eq(form_value(&w.form, "step"), "send");
    if (rc == 0)
        rc = sends ? send_it(v, &w) : show(v, &w);
    writing_close(&w);
    return rc;
}
