/*
 * What a client may be sent, and how that came about, on the client's page.
 *
 * The ledger has a row for each channel and purpose. What was written down at one moment with one
 * source is one thing that the client said, and is told as that: "wants nothing at all".
 */
#include "base/str.h"
#include "store/desk.h"
#include "store/records.h"
#include "web/clients.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/parts.h"

#define LEDGER_MAX 60

/* The row that counts, for since when; NULL: the ledger says nothing, or so long ago that it is not
 * among these. */
static const struct consent_line *counts(const struct consent_line *list, size_t count,
                                         enum channel c, enum purpose p)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].channel == c && list[i].purpose == p)
            return &list[i];
    return NULL;
}

/* As the gate decides: marketing only for those who asked for it, the rest unless opted out. */
static void consent_cell(struct visit *v, enum purpose p, char opted, const struct consent_line *c)
{
    struct buf *b = &v->response->body;
    bool yes = opted == 'i' || (opted == 0 && p != PURPOSE_MARKETING);
    enum word w = opted == 'i'   ? W_OPTED_IN
                  : opted == 'o' ? W_OPTED_OUT
                  : yes          ? W_ALLOWED
                                 : W_NOT_ASKED;

    buf_printf(b, "<td><span class=\"state %s\">", yes ? "good" : opted == 'o' ? "bad" : "none");
    html_word(b, w);
    buf_puts(b, "</span>");
    if (c != NULL && c->at_ms != 0) {
        buf_puts(b, "<br><span class=\"quiet\">");
        html_word(b, W_SINCE);
        buf_putc(b, ' ');
        frame_time(v, c->at_ms);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</td>");
}

static void consent_table(struct visit *v, const struct consents *now,
                          const struct consent_line *list, size_t count)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-labelledby=\"consent\">"
                "<table><caption>");
    html_word(b, W_CONSENT_ABOUT);
    buf_puts(b, "</caption><thead><tr><th scope=\"col\">");
    html_word(b, W_PURPOSE);
    for (int ch = CHANNEL_EMAIL; ch <= CHANNEL_SMS; ch++) {
        buf_puts(b, "</th><th scope=\"col\">");
        html_word(b, channel_word((enum channel)ch));
    }
    buf_puts(b, "</th></tr></thead><tbody>");
    for (int p = PURPOSE_SERVICE; p <= PURPOSE_SURVEY; p++) {
        buf_puts(b, "<tr><th scope=\"row\">");
        html_word(b, purpose_word((enum purpose)p));
        buf_puts(b, "</th>");
        for (int ch = CHANNEL_EMAIL; ch <= CHANNEL_SMS; ch++)
            consent_cell(v, (enum purpose)p, now->opted[ch][p],
                         counts(list, count, (enum channel)ch, (enum purpose)p));
        buf_puts(b, "</tr>");
    }
    buf_puts(b, "</tbody></table></div>");
}

/* --- the ledger --- */

static bool said_at_once(const struct consent_line *a, const struct consent_line *b)
{
    return a->in == b->in && a->at_ms == b->at_ms && str_eq(a->at, b->at) &&
           str_eq(a->source, b->source) && str_eq(a->wording, b->wording);
}

/* Each row by itself, if they make no whole. */
static void said_singly(struct buf *b, const struct consent_line *list, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        buf_puts(b, i + 1 < count ? ", " : "");
        html_words(b, list[i].in ? W_CONSENT_SAID_YES : W_CONSENT_SAID_NO,
                   word(purpose_word(list[i].purpose)), word(channel_word(list[i].channel)), NULL);
    }
}

static void ledger_item(struct visit *v, const struct consent_line *list, size_t count)
{
    struct buf *b = &v->response->body;
    unsigned mask = 0;

    for (size_t i = 0; i < count; i++)
        mask |= CONSENT_BIT(list[i].channel, list[i].purpose);
    const struct consent_wish *w = consent_wish_of(mask, list->in);
    buf_puts(b, "<li><div class=\"line\">");
    if (list->at_ms != 0)
        frame_time(v, list->at_ms);
    else
        html_text(b, list->at);
    buf_printf(b, "<span class=\"state %s\">", list->in ? "good" : "bad");
    html_word(b, list->in ? W_CONSENT_IN : W_CONSENT_OUT);
    buf_puts(b, "</span><span>");
    if (w != NULL)
        html_word(b, w->w);
    else
        said_singly(b, list, count);
    buf_puts(b, "</span></div>");
    if (!str_blank(list->source)) {
        buf_puts(b, "<p class=\"quiet\" dir=\"auto\">");
        html_text(b, list->source);
        buf_puts(b, "</p>");
    }
    if (!str_blank(list->wording)) {
        buf_puts(b, "<div class=\"words\" dir=\"auto\">");
        html_text(b, list->wording);
        buf_puts(b, "</div>");
    }
    buf_puts(b, "</li>");
}

static void ledger(struct visit *v, const struct consent_line *list, size_t count, int64_t total)
{
    struct buf *b = &v->response->body;

    if (count == 0)
        return;
    buf_puts(b, "<details id=\"ledger\"><summary>");
    html_word(b, W_LEDGER);
    buf_puts(b, "</summary><ul class=\"list\">");
    for (size_t i = 0, n; i < count; i += n) {
        n = 1;
        while (i + n < count && said_at_once(&list[i], &list[i + n]))
            n++;
        ledger_item(v, &list[i], n);
    }
    buf_puts(b, "</ul>");
    part_some_of(b, W_WENT_MORE, count, total);
    buf_puts(b, "</details>");
}

int client_consent(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct consent_line *list;
    struct consents now = {0};
    size_t count;
    int64_t total;
    int rc = store_consent_ledger(v->store, client_id, LEDGER_MAX, &list, &count, &total);

    if (rc == 0)
        rc = store_consents(v->store, client_id, &now);
    part_section(b, "consent", W_CONSENT);
    consent_table(v, &now, list, count);
    ledger(v, list, count, total);
    if (visit_may(v, ROLE_STAFF)) {
        buf_printf(b, "<p><a class=\"button\" href=\"/clients/%lld/consent\">",
                   (long long)client_id);
        html_word(b, W_CONSENT_ADD);
        buf_puts(b, "</a></p>");
    }
    buf_puts(b, "</section>");
    consent_lines_free(list, count);
    return rc;
}
