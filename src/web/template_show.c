/*
 * The message as it would read: the section of the editor's page with the preview, by the service's
 * own composing, for a record that is chosen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/locale.h"
#include "web/editing.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/previews.h"

/* Whoever would not get this very text by her own language, gets it now. */
static void speak(struct editing *e)
{
    const struct settings *s = e->texts.settings;
    enum template_kind kind = e->channel == CHANNEL_SMS ? TEMPLATE_KIND_SMS : TEMPLATE_KIND_EMAIL;
    char **languages[] = {&e->record.client.language, &e->record.recipient.language};

    for (size_t i = 0; e->file.language[0] != '\0' && i < 2; i++) {
        const struct template_entry *found = template_set_find(
            e->texts.set, e->rule->template, kind,
            *languages[i] != NULL ? *languages[i] : s->business.language, s->business.language);
        if (found != NULL && strcmp(found->language, e->file.language) == 0)
            continue;
        free(*languages[i]);
        *languages[i] = mem_strdup(e->file.language);
    }
}

int template_compose(struct editing *e, const char *to, const struct gateway_settings *gateway,
                     const char *token, struct payload *out, struct sms_size *size, char *reason)
{
    struct compose_input in;

    speak(e);
    record_set_input(&e->record, e->rule, e->channel, e->v->now_ms, &in);
    in.to = to;
    in.token = token;
    if (gateway != NULL) {
        in.from = gateway->from;
        in.reply_to = gateway->reply_to;
    }
    return compose(e->texts.settings, e->texts.set, &in, out, size, reason);
}

/* --- texts --- */

static void tell_size(struct editing *e, const char *text, const struct sms_size *size)
{
    const struct channel_settings *sms = &e->texts.settings->channels[CHANNEL_SMS];
    const char *currency = e->texts.settings->business.currency;
    struct buf *b = &e->v->response->body;
    char segments[24], units[24], left[24], price[48];
    struct sms_outsider o;

    snprintf(segments, sizeof(segments), "%zu", size->segments);
    snprintf(units, sizeof(units), "%zu", size->units);
    snprintf(left, sizeof(left), "%zu", size->units_left);
    buf_puts(b, "<p class=\"quiet\" id=\"size\">");
    html_words(b, size->segments == 1 ? W_SEGMENT : W_SEGMENTS, segments,
               size->unicode ? "Unicode (UCS-2)" : "GSM-7", units, left, NULL);
    if (sms->price > 0) {
        snprintf(price, sizeof(price), "%g %s", sms->price * (double)size->segments,
                 currency != NULL ? currency : "");
        buf_puts(b, " ");
        html_words(b, W_PRICE, str_trim(price), NULL);
    }
    buf_puts(b, "</p>");
    if (size->unicode && sms_first_outsider(text, strlen(text), &o)) {
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_OUTSIDER, o.utf8, NULL);
        buf_puts(b, "</p>");
    }
}

/* In what language and direction a text is to be shown. */
static void speaks(struct buf *b, const char *language)
{
    buf_puts(b, " lang=\"");
    html_attr(b, language);
    buf_printf(b, "\" dir=\"%s\"", locale_direction(language));
}

static void bubble(struct editing *e, const struct payload *p, const struct sms_size *size)
{
    struct buf *b = &e->v->response->body;

    buf_puts(b, "<p class=\"bubble\"");
    speaks(b, p->language);
    buf_puts(b, ">");
    html_text(b, p->text);
    buf_puts(b, "</p>");
    tell_size(e, p->text, size);
}

/* --- mails --- */

static void mail(struct editing *e, const struct payload *p)
{
    struct buf *b = &e->v->response->body;
    char token[PREVIEW_TOKEN_MAX];

    buf_puts(b, "<dl class=\"facts\"><div><dt>");
    html_word(b, W_SUBJECT_NAME);
    buf_puts(b, "</dt><dd id=\"subject\"");
    speaks(b, p->language);
    buf_puts(b, ">");
    html_text(b, p->subject);
    buf_puts(b, "</dd></div></dl>");
    if (previews_add(e->v->previews, e->v->login.user.id, p->data.data, p->data.len, token)) {
        buf_puts(b, "<iframe class=\"mail\" sandbox title=\"");
        html_attr(b, word(W_MAIL_FRAME));
        buf_printf(b, "\" src=\"/mail/%s\"></iframe>", token);
    } else {
        buf_puts(b, "<p>");
        html_word(b, W_MAIL_TOO_LONG);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "<details id=\"as-text\"><summary>");
    html_word(b, W_MAIL_TEXT);
    buf_puts(b, "</summary><div class=\"words\"");
    speaks(b, p->language);
    buf_puts(b, ">");
    html_text(b, p->text);
    buf_puts(b, "</div></details>");
}

int page_mail(struct visit *v)
{
    const struct buf *html = previews_find(v->previews, v->login.user.id, v->hole.token);

    if (html == NULL)
        return ERR_NOTFOUND;
    v->response->framed = true;
    buf_append(&v->response->body, html->data, html->len);
    return 0;
}

/* --- the section --- */

static void message(struct editing *e)
{
    struct buf *b = &e->v->response->body;
    char reason[COMPOSE_REASON_MAX];
    struct sms_size size = {0};
    struct payload out;
    int rc = template_compose(e, NULL, NULL, NULL, &out, &size, reason);

    if (reason[0] != '\0') {
        buf_puts(b, "<p class=\"notice look\" role=\"status\">");
        html_words(b, W_NOT_FIT, reason, NULL);
        buf_puts(b, "</p>");
    }
    if (rc != ERR_NOTFOUND && e->channel == CHANNEL_SMS)
        bubble(e, &out, &size);
    else if (rc != ERR_NOTFOUND)
        mail(e, &out);
    payload_close(&out);
}

void template_show(struct editing *e)
{
    struct buf *b = &e->v->response->body;

    buf_puts(b, "<section id=\"preview\" aria-labelledby=\"preview-title\">"
                "<h2 id=\"preview-title\">");
    html_word(b, W_PREVIEW);
    buf_puts(b, "</h2>");
    if (e->rule == NULL) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_PREVIEW_NOWHERE);
        buf_puts(b, "</p>");
    } else if (e->texts.set == NULL) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_PREVIEW_WRONG);
        buf_puts(b, "</p>");
    } else {
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_PREVIEW_FOR, e->rule->name, e->choices[e->chosen].label, NULL);
        buf_puts(b, "</p>");
        message(e);
    }
    buf_puts(b, "</section>");
}
