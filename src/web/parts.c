/* Pieces that several pages are made of. See web/parts.h. */
#include "web/parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/rules.h"
#include "time/moment.h"
#include "web/frame.h"
#include "web/html.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

void part_section(struct buf *b, const char *id, enum word title)
{
    buf_printf(b, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">", id, id);
    html_word(b, title);
    buf_puts(b, "</h2>");
}

void part_tell(struct buf *b, const char *what, int64_t count)
{
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)count);
    buf_puts(b, "<span hidden data-tell=\"");
    html_words(b, W_TELL, what, number, NULL);
    buf_puts(b, "\"></span>");
}

void part_fact(struct buf *b, enum word name, const char *value, const char *fallback)
{
    if (str_blank(value))
        value = fallback;
    if (value == NULL)
        return;
    buf_puts(b, "<div><dt>");
    html_word(b, name);
    buf_puts(b, "</dt><dd dir=\"auto\">");
    html_text(b, value);
    buf_puts(b, "</dd></div>");
}

void part_done(struct visit *v)
{
    struct buf *b = &v->response->body;
    const char *done = fields_get(&v->request->query, "done");

    if (!str_eq(done, "saved") && !str_eq(done, "same"))
        return;
    buf_puts(b, "<div class=\"notice good\"><p role=\"status\">");
    html_word(b, str_eq(done, "saved") ? W_ROW_SAVED : W_ROW_SAVED_NOTHING);
    buf_puts(b, "</p></div>");
}

void part_paused(struct visit *v)
{
    struct buf *b = &v->response->body;
    char *reason = NULL;
    bool paused = false;

    if (store_paused(v->store, &paused, &reason) == 0 && paused) {
        buf_puts(b, "<p class=\"notice look\">");
        if (str_blank(reason))
            html_word(b, W_PAUSED);
        else
            html_words(b, W_PAUSED_WHY, reason, NULL);
        buf_puts(b, "</p>");
    }
    free(reason);
}

void part_quiet(struct buf *b, enum word w)
{
    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, w);
    buf_puts(b, "</p>");
}

void part_some_of(struct buf *b, enum word w, size_t count, int64_t total)
{
    char shown[24], all[24];

    if ((int64_t)count >= total)
        return;
    snprintf(shown, sizeof(shown), "%zu", count);
    snprintf(all, sizeof(all), "%lld", (long long)total);
    buf_puts(b, "<p class=\"quiet\">");
    html_words(b, w, shown, all, NULL);
    buf_puts(b, "</p>");
}

void part_row_time(struct visit *v, const char *text, const char *zone_text)
{
    struct buf *b = &v->response->body;
    const struct zone *zone = zone_text != NULL ? zone_get(zone_text) : NULL;
    struct moment m;

    if (text == NULL)
        return;
    if (moment_parse(text, &m, NULL) != 0)
        html_text(b, text);
    else if (m.kind == MOMENT_DATE)
        frame_day(v, moment_instant(&m, v->site->zone));
    else
        frame_time(v, moment_instant(&m, zone != NULL ? zone : v->site->zone));
}

char *part_row_time_words(struct visit *v, const char *text, const char *zone_text)
{
    struct buf *b = &v->response->body;
    const struct zone *zone = zone_text != NULL ? zone_get(zone_text) : NULL;
    size_t before = b->len;
    struct moment m;

    if (moment_parse(text, &m, NULL) != 0)
        return mem_strdup(text);
    if (m.kind == MOMENT_DATE)
        frame_day(v, moment_instant(&m, v->site->zone));
    else
        frame_time_text(v, moment_instant(&m, zone != NULL ? zone : v->site->zone));
    char *words = mem_strdup(b->data + before);
    buf_truncate(b, before);
    return words;
}

void part_span(struct buf *b, int64_t span_ms)
{
    static const struct {
        int64_t unit_ms;
        enum word one, many;
    } units[] = {
        {DAY_MS, W_ONE_DAY, W_MANY_DAYS},
        {HOUR_MS, W_ONE_HOUR, W_MANY_HOURS},
        {MINUTE_MS, W_ONE_MINUTE, W_MANY_MINUTES},
    };
    char number[24];
    size_t i = 0;

    while (i < 2 && span_ms < units[i].unit_ms)
        i++;
    int64_t n = span_ms > 0 ? span_ms / units[i].unit_ms : 0;
    snprintf(number, sizeof(number), "%lld", (long long)n);
    if (n == 1)
        html_word(b, units[i].one);
    else
        html_words(b, units[i].many, number, NULL);
}

static void name_of(struct buf *b, const char *title, const char *ref, enum word kind, int64_t id)
{
    char number[24];

    if (!str_blank(title) || !str_blank(ref)) {
        html_name(b, !str_blank(title) ? title : ref);
        return;
    }
    snprintf(number, sizeof(number), "%lld", (long long)id);
    html_words(b, kind, number, NULL);
}

void part_job_name(struct buf *b, const struct job *j)
{
    name_of(b, j->title, j->ref, W_JOB_NUMBER, j->id);
}

void part_visit_name(struct buf *b, const struct appointment *a)
{
    name_of(b, a->title, a->ref, W_APPOINTMENT_NUMBER, a->id);
}

enum word visit_status_word(const char *status)
{
    static const struct {
        const char *status;
        enum word w;
    } words[] = {
        {"confirmed", W_CONFIRMED},
        {"cancelled", W_CANCELLED},
        {"completed", W_COMPLETED},
        {"missed", W_MISSED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq(status, words[i].status))
            return words[i].w;
    return W_BOOKED;
}

static const char *status_class(const char *status)
{
    return str_eq(status, "confirmed") || str_eq(status, "completed") ? "good"
           : str_eq(status, "missed")                                 ? "bad"
                                                                      : "none";
}

void part_visit(struct visit *v, const struct appointment *a, const char *whom, bool with_time)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<li><div class=\"line\">");
    if (with_time)
        part_row_time(v, a->starts, a->timezone);
    buf_printf(b, "<span class=\"state %s\">", status_class(a->status));
    html_word(b, visit_status_word(a->status));
    buf_printf(b, "</span><span class=\"whom\"><a href=\"/appointments/%lld\">", (long long)a->id);
    part_visit_name(b, a);
    buf_puts(b, "</a></span></div>");
    if (whom != NULL || !str_blank(a->location)) {
        buf_puts(b, "<p class=\"quiet\">");
        if (whom != NULL) {
            buf_printf(b, "<a href=\"/clients/%lld\">", (long long)a->client_id);
            html_name(b, whom);
            buf_puts(b, "</a>");
        }
        if (!str_blank(a->location)) {
            buf_puts(b, whom != NULL ? " · " : "");
            html_name(b, a->location);
        }
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</li>");
}
