/*
 * Clients: the search, and the page of one client with all that was, is and will be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/records.h"
#include "store/web_queries.h"
#include "text/locale.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/parts.h"

#define FOUND_MAX 50
#define COMING_MAX 50
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
    deed_said(v);
    search_form(v, words);
    if (visit_may(v, ROLE_STAFF)) {
        buf_puts(b, "<p><a class=\"button\" href=\"/clients/new\">");
        html_word(b, W_CLIENT_NEW);
        buf_puts(b, "</a></p>");
    }
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
    struct buf language;
    char *notes;
    int rc = store_client_notes(v->store, c->id, &notes);

    if (rc != 0)
        return rc;
    buf_init(&language);
    if (c->language == NULL || !locale_language_name(c->language, WORDS_LANGUAGE, &language))
        buf_puts(&language, c->language != NULL ? c->language : "");
    part_section(b, "about", W_ABOUT);
    buf_puts(b, "<dl class=\"facts\">");
    part_fact(b, W_EMAIL_ADDRESS, c->email, "–");
    part_fact(b, W_PHONE, c->phone, "–");
    part_fact(b, W_PREFERS, prefers ? word(channel_word(channel)) : NULL, word(W_NO_PREFERENCE));
    part_fact(b, W_LANGUAGE, language.data, word(W_AS_BUSINESS));
    part_fact(b, W_ZONE, c->timezone, word(W_AS_BUSINESS));
    part_fact(b, W_REF, c->ref, NULL);
    part_fact(b, W_TAGS, c->tags, NULL);
    part_fact(b, W_NOTES, notes, NULL);
    buf_puts(b, "</dl></section>");
    buf_close(&language);
    free(notes);
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
    const char *currency = j->amount == NULL     ? NULL
                           : j->currency != NULL ? j->currency
                                                 : v->site->currency;
    const char *parts[] = {j->workflow, j->title != NULL ? j->ref : NULL, j->amount, currency};
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

static void new_button(struct visit *v, const char *path, int64_t client_id, enum word w)
{
    struct buf *b = &v->response->body;

    if (!visit_may(v, ROLE_STAFF))
        return;
    buf_printf(b, "<p><a class=\"button\" href=\"%s/new?client=%lld\">", path,
               (long long)client_id);
    html_word(b, w);
    buf_puts(b, "</a></p>");
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
    buf_puts(b, count == 0 ? "</p>" : "</ul>");
    new_button(v, "/jobs", client_id, W_JOB_NEW);
    buf_puts(b, "</section>");
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
    buf_puts(b, count == 0 ? "</p>" : "</ul>");
    new_button(v, "/appointments", client_id, W_APPOINTMENT_NEW);
    buf_puts(b, "</section>");
    appointments_free(list, count);
    return rc;
}

static int coming(struct visit *v, int64_t client_id)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_client_messages(v->store, client_id, true, COMING_MAX, &rows, &count);

    part_section(&v->response->body, "coming", W_COMING);
    part_tell(&v->response->body, word(W_COMING), (int64_t)count);
    part_paused(v);
    messages_coming(v, "due", rows, count, false, W_COMING_NONE);
    buf_puts(&v->response->body, "</section>");
    outbox_rows_free(rows, count);
    return rc;
}

/* What can be done here, for those who may. */
static void deeds(struct visit *v, int64_t client_id)
{
    static const struct {
        const char *what;
        enum word w;
    } deeds[] = {
        {"write", W_WRITE},
        {"note", W_NOTE_ADD},
        {"answer", W_ANSWER_ADD},
        {"edit", W_CLIENT_EDIT},
    };
    struct buf *b = &v->response->body;
    char path[CLIENT_PATH_MAX];

    if (!visit_may(v, ROLE_STAFF))
        return;
    buf_puts(b, "<div class=\"deeds\">");
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        client_path(client_id, deeds[i].what, path);
        buf_printf(b, "<a class=\"button\" href=\"%s\">", path);
        html_word(b, deeds[i].w);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
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
    buf_puts(b, "</h1>");
    deed_said(v);
    deeds(v, c.id);
    buf_puts(b, "<div class=\"two\" id=\"live\" data-live=\"3\"><div>");
    rc = coming(v, c.id);
    if (rc == 0)
        rc = client_history(v, c.id);
    buf_puts(b, "</div><div>");
    if (rc == 0)
        rc = facts(v, &c);
    if (rc == 0)
        rc = appointments(v, c.id);
    if (rc == 0)
        rc = jobs(v, c.id);
    if (rc == 0)
        rc = client_consent(v, c.id);
    buf_puts(b, "</div></div>");
    frame_end(v);
    client_close(&c);
    return rc;
}
