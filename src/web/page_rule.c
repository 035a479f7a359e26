/*
 * One rule: its sentence, its text as the file has it, how much it sent by days, what it sent last
 * and sends next, and who changed it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "web/changes.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/rules.h"

#define NEXT_MAX 10
#define LAST_MAX 10
#define DAYS_MAX 30
#define DAY_MS (24 * 3600 * INT64_C(1000))

static void section(struct buf *b, const char *id, enum word title)
{
    buf_printf(b, "<section id=\"%s\" aria-labelledby=\"%s-title\"><h2 id=\"%s-title\">", id, id,
               id);
    html_word(b, title);
    buf_puts(b, "</h2>");
}

static void nothing(struct buf *b, enum word w)
{
    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, w);
    buf_puts(b, "</p>");
}

static int next_section(struct visit *v, const char *rule)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_rules_next(v->store, rule, NEXT_MAX, &rows, &count);

    section(&v->response->body, "next", W_NEXT);
    messages_coming(v, "next", rows, count, true, W_RULE_NEXT_NONE);
    buf_puts(&v->response->body, "</section>");
    outbox_rows_free(rows, count);
    return rc;
}

static int last_section(struct visit *v, const char *rule)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_rule_last(v->store, rule, LAST_MAX, &rows, &count);

    section(&v->response->body, "last", W_RULE_LAST);
    messages_list(v, "last", rows, count, true, false, W_RULE_LAST_NONE);
    buf_puts(&v->response->body, "</section>");
    outbox_rows_free(rows, count);
    return rc;
}

static int days_section(struct visit *v, const char *rule)
{
    struct buf *b = &v->response->body;
    struct rule_day *days;
    size_t count;
    int64_t most = 1;
    int rc = store_rule_days(v->store, rule, v->now_ms - (DAYS_MAX - 1) * DAY_MS, DAYS_MAX, &days,
                             &count);

    section(b, "days", W_RULE_DAYS);
    if (count == 0)
        nothing(b, W_RULE_DAYS_NONE);
    for (size_t i = 0; i < count; i++)
        most = days[i].sent > most ? days[i].sent : most;
    if (count > 0) {
        buf_puts(b, "<table class=\"days\"><caption>");
        html_word(b, W_RULE_DAYS_ABOUT);
        buf_puts(b, "</caption><thead><tr><th scope=\"col\">");
        html_word(b, W_RULE_DAY);
        buf_puts(b, "</th><th scope=\"col\">");
        html_word(b, W_RULE_SENT);
        buf_puts(b, "</th></tr></thead><tbody>");
    }
    for (size_t i = count; i-- > 0;) {
        buf_puts(b, "<tr><th scope=\"row\">");
        frame_day(v, days[i].day_ms + DAY_MS / 2);
        buf_printf(b,
                   "</th><td>%lld <meter aria-hidden=\"true\" max=\"%lld\" value=\"%lld\"></meter>"
                   "</td></tr>",
                   (long long)days[i].sent, (long long)most, (long long)days[i].sent);
    }
    buf_puts(b, count > 0 ? "</tbody></table></section>" : "</section>");
    free(days);
    return rc;
}

static int audit_section(struct visit *v, const char *rule)
{
    char *about = mem_printf("rule %s", rule);
    int rc = changes_section(v, about);

    free(about);
    return rc;
}

static void text_section(struct visit *v, const struct book *book, const struct rule *r)
{
    struct buf *b = &v->response->body;
    char *text = book_in_force(v, book, r->name);

    section(b, "text", W_RULE_TEXT);
    buf_puts(b, "<p class=\"quiet\">");
    html_words(b, W_RULE_CALLED, r->name, NULL);
    buf_puts(b, "</p>");
    buf_puts(b, "<pre class=\"words\" dir=\"ltr\" tabindex=\"0\" role=\"group\" "
                "aria-labelledby=\"text-title\">");
    html_text(b, text);
    buf_puts(b, "</pre><p>");
    html_word(b, W_RULE_WORDS);
    buf_printf(b, " <a href=\"/templates/%s\">", r->template);
    html_text(b, r->template);
    buf_puts(b, "</a></p></section>");
    free(text);
}

static int body(struct visit *v, const struct book *book, const struct rule *r)
{
    struct buf *b = &v->response->body;
    const struct rule_shown *shown = book_shown(book, r->name);
    int rc;

    buf_puts(b, "<p class=\"back\"><a href=\"/playbook\">");
    html_word(b, W_PLAYBOOK);
    buf_puts(b, "</a></p><div class=\"title\"><h1>");
    rules_title(b, r->name);
    buf_puts(b, "</h1>");
    rules_state(v, shown);
    if (visit_may(v, ROLE_MANAGER)) {
        buf_printf(b, "<a class=\"button\" href=\"/playbook/%s/edit\">", r->name);
        html_word(b, W_RULE_EDIT);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    rules_done(v);
    buf_puts(b, "<section class=\"plain-section\"><p class=\"sentence\">");
    rules_sentence(b, r);
    buf_puts(b, "</p>");
    rules_reason(v, shown);
    rules_switch(v, r->name, shown, "rule", true);
    buf_puts(b, "</section><div class=\"two\"><div>");
    rc = next_section(v, r->name);
    if (rc == 0)
        rc = last_section(v, r->name);
    buf_puts(b, "</div><div>");
    text_section(v, book, r);
    if (rc == 0)
        rc = days_section(v, r->name);
    if (rc == 0)
        rc = audit_section(v, r->name);
    buf_puts(b, "</div></div>");
    return rc;
}

int page_rule(struct visit *v)
{
    struct book book;
    int rc = book_open(v, &book);
    const struct rule *r =
        rc == 0 && book.playbook != NULL ? playbook_rule(book.playbook, v->hole.token) : NULL;

    if (rc == 0 && r == NULL)
        rc = ERR_NOTFOUND;
    if (rc == 0) {
        frame_begin(v, r->name, PLACE_PLAYBOOK);
        rc = body(v, &book, r);
        frame_end(v);
    }
    book_close(&book);
    return rc;
}
