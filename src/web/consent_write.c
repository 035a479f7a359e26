/*
 * What a client says of consent is written down: one choice in the client's own words ("nothing at
 * all", "no offers"), a look at what it changes of all that is planned, and then the rows of the
 * ledger that it takes.
 *
 *   form -> (look) what it changes -> (save) the rows are written, and the client's page shown
 *     ^---------- (back), and when something is wrong
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/desk.h"
#include "store/records.h"
#include "web/auth.h"
#include "web/clients.h"
#include "web/foresight.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/parts.h"

#define SOURCE_MAX_CHARS 200
#define WORDING_MAX_CHARS 10000

/* --- what a client may say --- */

#define BY(channel, purpose) CONSENT_BIT(CHANNEL_##channel, PURPOSE_##purpose)
#define ALL_BY(channel) (BY(channel, SERVICE) | BY(channel, MARKETING) | BY(channel, SURVEY))
#define EITHER(purpose) (BY(EMAIL, purpose) | BY(SMS, purpose))

/* In the order of the list; a heading begins its group. */
static const struct consent_wish wishes[] = {
    {"nothing", W_CONSENT_LESS, W_CONSENT_NOTHING, ALL_BY(EMAIL) | ALL_BY(SMS), false},
    {"no-email", W_CONSENT_LESS, W_CONSENT_NO_EMAIL, ALL_BY(EMAIL), false},
    {"no-texts", W_CONSENT_LESS, W_CONSENT_NO_TEXTS, ALL_BY(SMS), false},
    {"no-offers", W_CONSENT_LESS, W_CONSENT_NO_OFFERS, EITHER(MARKETING), false},
    {"no-surveys", W_CONSENT_LESS, W_CONSENT_NO_SURVEYS, EITHER(SURVEY), false},
    {"offers", W_CONSENT_MORE, W_CONSENT_OFFERS, EITHER(MARKETING), true},
    {"again", W_CONSENT_MORE, W_CONSENT_AGAIN, EITHER(SERVICE) | EITHER(SURVEY), true},
    {"everything", W_CONSENT_MORE, W_CONSENT_EVERYTHING, ALL_BY(EMAIL) | ALL_BY(SMS), true},
#define EXACTLY(channel, purpose, name, C, P)                                                      \
    {"yes-" name, W_CONSENT_EXACTLY, W_CONSENT_YES_##P##_##C, BY(channel, purpose), true},         \
    {                                                                                              \
        "no-" name, W_CONSENT_EXACTLY, W_CONSENT_NO_##P##_##C, BY(channel, purpose), false         \
    }
    EXACTLY(EMAIL, SERVICE, "service-email", EMAIL, SERVICE),
    EXACTLY(SMS, SERVICE, "service-text", SMS, SERVICE),
    EXACTLY(EMAIL, MARKETING, "offers-email", EMAIL, OFFERS),
    EXACTLY(SMS, MARKETING, "offers-text", SMS, OFFERS),
    EXACTLY(EMAIL, SURVEY, "surveys-email", EMAIL, SURVEYS),
    EXACTLY(SMS, SURVEY, "surveys-text", SMS, SURVEYS),
};
#define WISHES (sizeof(wishes) / sizeof(wishes[0]))

const struct consent_wish *consent_wish_of(unsigned mask, bool in)
{
    for (size_t i = 0; i < WISHES; i++)
        if (wishes[i].mask == mask && wishes[i].in == in)
            return &wishes[i];
    return NULL;
}

static const struct consent_wish *wish_named(const char *value)
{
    for (size_t i = 0; i < WISHES; i++)
        if (str_eq(value, wishes[i].value))
            return &wishes[i];
    return NULL;
}

/* --- what was typed --- */

struct saying {
    struct form form;
    const struct consent_wish *wish;
    struct consent_line lines[CONSENTS_MAX]; /* to be written; they borrow their texts */
    size_t count;
    struct consents before, after;
    char *source;
};

/* What the ledger says already need not be said again. */
static int find_lines(struct visit *v, struct saying *s)
{
    int rc = store_consents(v->store, v->hole.id, &s->before);

    s->after = s->before;
    for (int c = CHANNEL_EMAIL; c <= CHANNEL_SMS; c++)
        for (int p = PURPOSE_SERVICE; p <= PURPOSE_SURVEY; p++) {
            char said = s->wish->in ? 'i' : 'o';
            if ((s->wish->mask & CONSENT_BIT(c, p)) == 0 || s->before.opted[c][p] == said)
                continue;
            s->after.opted[c][p] = said;
            s->lines[s->count++] =
                (struct consent_line){.channel = (enum channel)c,
                                      .purpose = (enum purpose)p,
                                      .in = s->wish->in,
                                      .source = s->source,
                                      .wording = (char *)form_value(&s->form, "wording")};
        }
    return rc;
}

static int take_typed(struct visit *v, struct saying *s)
{
    const char *source = form_value(&s->form, "source");
    int rc = 0;

    s->wish = wish_named(form_value(&s->form, "wish"));
    if (s->wish == NULL)
        form_wrong(&s->form, "wish", W_CONSENT_WISH_NEEDED, NULL);
    if (str_blank(source))
        form_wrong(&s->form, "source", W_SOURCE_NEEDED, NULL);
    if (s->form.problem_count > 0)
        return 0;
    /* Who wrote it down belongs into the ledger itself: the audit may be kept for less long. */
    s->source = mem_printf("%s (%s)", source, v->login.user.name);
    rc = find_lines(v, s);
    if (rc == 0 && s->count == 0)
        form_wrong(&s->form, "wish", W_CONSENT_ALREADY, NULL);
    return rc;
}

/* --- the form --- */

static void wish_list(struct visit *v, const struct form *f)
{
    static const struct form_list list = {"wish", W_CONSENT_WISH, WORD_COUNT, "", true};
    const char *group = NULL;

    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_CHOOSE));
    for (size_t i = 0; i < WISHES; i++) {
        const char *heading = word(wishes[i].group);
        if (!str_eq(heading, group)) {
            form_group_end(v, group);
            form_group_begin(v, heading);
            group = heading;
        }
        form_option(v, f, &list, wishes[i].value, word(wishes[i].w));
    }
    form_group_end(v, group);
    form_list_end(v);
}

static int show_form(struct visit *v, const struct form *f)
{
    static const struct form_field source = {"source", W_SOURCE,         W_SOURCE_HINT, FORM_TEXT,
                                             NULL,     SOURCE_MAX_CHARS, true,          NULL};
    static const struct form_field wording = {
        "wording", W_WORDING, W_WORDING_HINT, FORM_LONG, NULL, WORDING_MAX_CHARS, false, NULL};
    char action[CLIENT_PATH_MAX];

    if (f->problem_count > 0)
        v->response->status = 400;
    int rc = client_task_begin(v, W_CONSENT_ADD);
    if (rc != 0)
        return rc;
    part_quiet(&v->response->body, W_CONSENT_HELP);
    client_path(v->hole.id, "consent", action);
    form_begin(v, f, action);
    wish_list(v, f);
    form_field(v, f, &source);
    form_field(v, f, &wording);
    return client_task_end(v, W_CONSENT_LOOK);
}

/* --- what it changes --- */

static bool takes(const struct consents *c, enum channel channel)
{
    return c->opted[channel][PURPOSE_SERVICE] != 'o';
}

/* What many do not expect: a reminder that is not wanted by e-mail goes as a text. */
static void say_ways(struct visit *v, const struct saying *s)
{
    struct buf *b = &v->response->body;
    bool email = takes(&s->after, CHANNEL_EMAIL), sms = takes(&s->after, CHANNEL_SMS);
    bool less =
        (takes(&s->before, CHANNEL_EMAIL) && !email) || (takes(&s->before, CHANNEL_SMS) && !sms);

    if (!less)
        return;
    buf_puts(b, "<div class=\"notice look\"><p>");
    if (!email && !sms)
        html_word(b, W_CONSENT_NO_WAY_LEFT);
    else
        html_words(b, W_CONSENT_OTHER_WAY, word(email ? W_EMAIL : W_SMS), NULL);
    buf_puts(b, "</p></div>");
}

static void buttons(struct visit *v, const struct saying *s)
{
    static const char *const typed[] = {"wish", "source", "wording"};
    struct buf *b = &v->response->body;
    char action[CLIENT_PATH_MAX];

    client_path(v->hole.id, "consent", action);
    buf_printf(b, "<form class=\"buttons\" method=\"post\" action=\"%s\">", action);
    auth_form_token(v);
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
        form_hidden(v, typed[i], form_value(&s->form, typed[i]));
    buf_puts(b, "<button class=\"strong\" name=\"step\" value=\"save\">");
    html_word(b, W_CONSENT_SAVE);
    buf_puts(b, "</button> <button name=\"step\" value=\"back\">");
    html_word(b, W_ROW_BACK);
    buf_puts(b, "</button></form>");
}

static int show_look(struct visit *v, const struct saying *s)
{
    struct buf *b = &v->response->body;
    struct foresight seen = {0};
    struct err err = {""};
    int rc = client_task_begin(v, W_BEFORE_SAVING);

    if (rc != 0)
        return rc;
    buf_puts(b, "<p><strong>");
    html_word(b, s->wish->w);
    buf_puts(b, "</strong></p><p class=\"quiet\" dir=\"auto\">");
    html_text(b, s->source);
    buf_puts(b, "</p>");
    say_ways(v, s);
    if (foresight_ask_consents(v, s->lines, s->count, v->hole.id, &seen, &err) == 0) {
        foresight_show(v, &seen, W_CONSENT_EFFECT, W_CONSENT_CHANGES);
    } else {
        buf_puts(b, "<div class=\"notice look\"><p>");
        html_words(b, W_FORESIGHT_TROUBLE, err.text, NULL);
        buf_puts(b, "</p></div>");
    }
    buttons(v, s);
    frame_end(v);
    foresight_close(&seen);
    return 0;
}

/* --- writing it --- */

static int write_lines(struct visit *v, const struct saying *s)
{
    int rc = client_deed_begin(v);

    for (size_t i = 0; rc == 0 && i < s->count; i++)
        rc = store_consent_add(v->store, v->hole.id, &s->lines[i], v->now_ms);
    return client_deed_end(v, rc, "consent recorded", word(s->wish->w), "consent");
}

int page_consent(struct visit *v)
{
    const struct form f = {0};

    return show_form(v, &f);
}

int page_consent_save(struct visit *v)
{
    struct saying s = {.form = {.typed = &v->request->form}};
    const char *step = form_value(&s.form, "step");
    int rc = str_eq(step, "back") ? 0 : take_typed(v, &s);

    if (rc == 0 && (str_eq(step, "back") || s.form.problem_count > 0))
        rc = show_form(v, &s.form);
    else if (rc == 0)
        rc = str_eq(step, "save") ? write_lines(v, &s) : show_look(v, &s);
    free(s.source);
    return rc;
}
