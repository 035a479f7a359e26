/*
 * Clients: the search, and the page of one client with all that was, is and will be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/records.h"
#include "store/web_queries.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/parts.h"

#define FOUND_MAX 50
#define COMING_MAX 50
#define HISTORY_MAX 100
#define JOBS_MAX 30
#define APPOINTMENTS_MAX 30

/* --- the search --- */

static void search_form(struct visit *v, const char *words)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<form class=\"search\" role=\"search\" action=\"/clients\"><label for=\"q\">");
    html_word(b, W_SEARCH_LABEL);
    buf_puts(b, "</label><div><input type=\"search\" id=\"q\" name=\"q\" maxlength=\"200\" "
                "autocomplete=\"off\" dir=\"auto\" value=\"");
    html_attr(b, words);
    buf_puts(b, "\"><button class=\"strong\">");
    html_word(b, W_SEARCH);
    buf_puts(b, "</button></div></form>");
}

static void line(struct buf *b, const struct client_line *c)
{
    const char *details[] = {c->email, c->phone, c->ref, c->language};
    bool first = true;

    buf_printf(b, "<li><a class=\"whom\" href=\"/clients/%lld\">", (long long)c->id);
    html_name(b, c->name);
    buf_puts(b, "</a><p class=\"quiet\">");
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
        if (!str_blank(details[i])) {
            buf_puts(b, first ? "" : " · ");
            html_name(b, details[i]);
            first = false;
        }
    buf_puts(b, "</p></li>");
}

int page_clients(struct visit *v)
{
    struct buf *b = &v->response->body;
    const char *words = fields_get(&v->request->query, "q");
    struct client_line *list;
    size_t count;
    bool more;
    int rc = store_search_clients(v->store, words, FOUND_MAX, &list, &count, &more);

    frame_begin(v, word(W_CLIENTS), PLACE_CLIENTS);
    buf_puts(b, "<h1>");
    html_word(b, W_CLIENTS);
    buf_puts(b, "</h1>");
    search_form(v, words);
    buf_puts(b, "<section aria-labelledby=\"found\"><h2 id=\"found\">");
    html_word(b, str_blank(words) ? W_CLIENTS_LATEST : W_CLIENTS_FOUND);
    buf_puts(b, "</h2><ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        line(b, &list[i]);
    buf_puts(b, "</ul>");
    if (count == 0 || more) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, more ? W_CLIENTS_MORE : str_blank(words) ? W_CLIENTS_EMPTY : W_CLIENTS_NONE);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    frame_end(v);
    client_lines_free(list, count);
    return rc;
}

/* --- one client --- */

static int facts(struct visit *v, const struct client *c)
{
    struct buf *b = &v->response->body;
    enum channel channel = CHANNEL_EMAIL;
    bool prefers = c->channel != NULL && channel_from(c->channel, &channel);
    char *notes;
    int rc = store_client_notes(v->store, c->id, &notes);

    if (rc != 0)
        return rc;
    part_section(b, "about", W_ABOUT);
    buf_puts(b, "<dl class=\"facts\">");
    part_fact(b, W_EMAIL_ADDRESS, c->email, "–");
    part_fact(b, W_PHONE, c->phone, "–");
    part_fact(b, W_PREFERS, prefers ? word(channel_word(channel)) : NULL, word(W_NO_PREFERENCE));
    part_fact(b, W_LANGUAGE, c->language, word(W_AS_BUSINESS));
    part_fact(b, W_ZONE, c->timezone, word(W_AS_BUSINESS));
    part_fact(b, W_REF, c->ref, NULL);
    part_fact(b, W_TAGS, c->tags, NULL);
    part_fact(b, W_NOTES, notes, NULL);
    buf_puts(b, "</dl></section>");
    free(notes);
    return 0;
}

/* As the gate decides: marketing only for those who asked for it, the rest unless opted out. */
static void consent_cell(struct buf *b, enum purpose p, char opted)
{
    bool yes = opted == 'i' || (opted == 0 && p != PURPOSE_MARKETING);
    enum word w = opted == 'i' ? W_OPTED_IN : opted == 'o' ? W_OPTED_OUT : W_ALLOWED;

    if (opted == 0 && !yes)
        w = W_NOT_ASKED;
    buf_printf(b, "<td><span class=\"state %s\">", yes ? "good" : opted == 'o' ? "bad" : "none");
    html_word(b, w);
    buf_puts(b, "</span></td>");
}

static int consent(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct consents c;
    int rc = store_consents(v->store, client_id, &c);

    if (rc != 0)
        return rc;
    part_section(b, "consent", W_CONSENT);
    buf_puts(b, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"consent\">"
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
            consent_cell(b, (enum purpose)p, c.opted[ch][p]);
        buf_puts(b, "</tr>");
    }
    buf_puts(b, "</tbody></table></div></section>");
    return 0;
}

static void job_line(struct visit *v, const struct job *j)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<li><div class=\"line\"><span class=\"state none\">");
    html_name(b, j->stage);
    buf_puts(b, "</span><span class=\"whom\">");
    buf_printf(b, "<a href=\"/jobs/%lld\">", (long long)j->id);
    part_job_name(b, j);
    buf_puts(b, "</a></span></div><p class=\"quiet\">");
    const char *parts[] = {j->workflow, j->title != NULL ? j->ref : NULL, j->amount, j->currency};
    bool first = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i] != NULL) {
            buf_puts(b, first ? "" : i == 3 ? " " : " · ");
            html_name(b, parts[i]);
            first = false;
        }
    if (j->due != NULL) {
        buf_puts(b, first ? "" : " · ");
        html_word(b, W_DUE);
        buf_putc(b, ' ');
        part_row_time(v, j->due, NULL);
    }
    buf_puts(b, "</p></li>");
}

static int jobs(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct job *list;
    size_t count;
    int rc = store_client_jobs(v->store, client_id, JOBS_MAX, &list, &count);

    part_section(b, "jobs", W_JOBS);
    buf_puts(b, count == 0 ? "<p class=\"quiet\">" : "<ul class=\"list\">");
    if (count == 0)
        html_word(b, W_JOBS_NONE);
    for (size_t i = 0; i < count; i++)
        job_line(v, &list[i]);
    buf_puts(b, count == 0 ? "</p></section>" : "</ul></section>");
    jobs_free(list, count);
    return rc;
}

static int appointments(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct appointment *list;
    size_t count;
    int rc = store_client_appointments(v->store, client_id, APPOINTMENTS_MAX, &list, &count);

    part_section(b, "appointments", W_APPOINTMENTS);
    buf_puts(b, count == 0 ? "<p class=\"quiet\">" : "<ul class=\"list\">");
    if (count == 0)
        html_word(b, W_APPOINTMENTS_NONE);
    for (size_t i = 0; i < count; i++)
        part_visit(v, &list[i], NULL, true);
    buf_puts(b, count == 0 ? "</p></section>" : "</ul></section>");
    appointments_free(list, count);
    return rc;
}

static int coming(struct visit *v, int64_t client_id)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_client_messages(v->store, client_id, true, COMING_MAX, &rows, &count);

    part_section(&v->response->body, "coming", W_COMING);
    messages_list(v, "due", rows, count, true, false, W_COMING_NONE);
    buf_puts(&v->response->body, "</section>");
    outbox_rows_free(rows, count);
    return rc;
}

static int history(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct outbox_row *rows;
    struct told *told = NULL;
    size_t count, told_count = 0;
    int rc = store_client_messages(v->store, client_id, false, HISTORY_MAX, &rows, &count);
    /* With the list full, only what was answered since its oldest message has its place in it. */
    int64_t since_ms = count == HISTORY_MAX ? rows[count - 1].state_ms : 0;

    if (rc == 0)
        rc = store_told(v->store, client_id, since_ms, HISTORY_MAX, &told, &told_count);
    part_section(b, "history", W_HISTORY);
    messages_history(v, "was", rows, count, told, told_count, W_HISTORY_NONE);
    if (count == HISTORY_MAX) {
        char shown[24];
        snprintf(shown, sizeof(shown), "%zu", count);
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_HISTORY_MORE, shown, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    outbox_rows_free(rows, count);
    told_free(told, told_count);
    return rc;
}

int page_client(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct client c;
    int rc = store_client(v->store, v->hole.id, &c);

    if (rc != 0)
        return rc;
    frame_begin(v, c.name, PLACE_CLIENTS);
    buf_puts(b, "<h1>");
    html_name(b, c.name);
    buf_puts(b, "</h1><div class=\"two\" id=\"live\" data-live=\"10\"><div>");
    rc = coming(v, c.id);
    if (rc == 0)
        rc = history(v, c.id);
    buf_puts(b, "</div><div>");
    if (rc == 0)
        rc = facts(v, &c);
    if (rc == 0)
        rc = appointments(v, c.id);
    if (rc == 0)
        rc = jobs(v, c.id);
    if (rc == 0)
        rc = consent(v, c.id);
    buf_puts(b, "</div></div>");
    frame_end(v);
    client_close(&c);
    return rc;
}
