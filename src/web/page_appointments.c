/*
 * Appointments of a day, or of the week in which it is, on the business's clocks; and one of them.
 *
 * Rows write their times as text, each in its own zone: when those of a day more on either side
 * start is read, and each is put where the business's calendar has it. Of those that are shown the
 * rest is read then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/board.h"
#include "time/moment.h"
#include "web/about.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"

#define PLACED_MAX 100000 /* the days beside those that are shown are among them */
#define DAY_MAX 150       /* shown of a day that stands alone; of one of a week: */
#define DAY_OF_WEEK_MAX 25
#define WEEK_DAYS 7
#define DATE_TEXT_MAX 32

/* What the page shows: `days` of them from the first on. */
struct span {
    int64_t first, day; /* day: the one that was asked for */
    int days;
};

/* A place in the list. */
struct placed {
    int64_t id, day, at_ms; /* at_ms: INT64_MIN for one that lasts all day */
};

static void date_text(int64_t day, char out[DATE_TEXT_MAX])
{
    struct civil c;

    civil_from_day_number(day, &c);
    snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static int64_t today(const struct visit *v)
{
    struct civil c;

    zone_to_civil(v->site->zone, v->now_ms, &c);
    return civil_day_number(&c);
}

/* Whoever asks for the week on a Sunday on which nobody works means the one that begins. */
static int64_t next_business_day(const struct visit *v, int64_t day)
{
    for (int i = 0; i < WEEK_DAYS; i++)
        if (hours_is_business_day(&v->site->calendar, day + i))
            return day + i;
    return day;
}

/* false: what was asked for is no day. */
static bool read_span(const struct visit *v, struct span *s)
{
    const char *day = fields_get(&v->request->query, "day");
    const char *by = fields_get(&v->request->query, "by");
    struct moment m;

    s->days = str_eq(by, "week") ? WEEK_DAYS : 1;
    s->day = today(v);
    if (str_blank(day) && s->days == WEEK_DAYS)
        s->day = next_business_day(v, s->day);
    if (!str_blank(day)) {
        if (moment_parse(day, &m, NULL) != 0 || m.kind != MOMENT_DATE)
            return false;
        s->day = civil_day_number(&m.civil);
    }
    s->first = s->day;
    if (s->days == WEEK_DAYS)
        s->first -= (civil_weekday_of_day(s->day) + WEEK_DAYS - v->site->week_first) % WEEK_DAYS;
    return (by == NULL || str_eq(by, "week") || str_eq(by, "day")) &&
           s->first > CIVIL_DAY_MIN + WEEK_DAYS && s->first < CIVIL_DAY_MAX - 2 * WEEK_DAYS;
}

/* --- the list --- */

/* Where the business's calendar has it; one with a zone of its own is shown by ours, too. false: it
 * has no such time. */
static bool place(const struct visit *v, const struct visit_start *a, struct placed *out)
{
    const struct zone *zone = a->timezone != NULL ? zone_get(a->timezone) : NULL;
    struct civil c;
    struct moment m;

    *out = (struct placed){.id = a->id, .at_ms = INT64_MIN};
    if (moment_parse(a->starts, &m, NULL) != 0)
        return false;
    if (m.kind != MOMENT_DATE) {
        out->at_ms = moment_instant(&m, zone != NULL ? zone : v->site->zone);
        zone_to_civil(v->site->zone, out->at_ms, &c);
    }
    out->day = civil_day_number(m.kind == MOMENT_DATE ? &m.civil : &c);
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void clock_of(struct visit *v, const struct placed *p)
{
    struct buf *b = &v->response->body;
    char utc[MOMENT_TEXT_MAX];
    struct civil c;

    if (p->at_ms == INT64_MIN) {
        html_word(b, W_ALL_DAY);
        return;
    }
    moment_format_utc(p->at_ms, utc);
    zone_to_civil(v->site->zone, p->at_ms, &c);
    buf_printf(b, "<time datetime=\"%s\">%02d:%02d</time>", utc, c.hour, c.minute);
}

static int visit_item(struct visit *v, const struct placed *p)
{
    struct buf *b = &v->response->body;
    struct visit_card *c;
    int rc = store_visit_card(v->store, p->id, &c);

    if (rc != 0) {
        visit_cards_free(c, 0);
        return rc == ERR_NOTFOUND ? 0 : rc; /* gone since then */
    }
    buf_puts(b, "<li class=\"hour\"><span class=\"clock\">");
    clock_of(v, p);
    buf_puts(b, "</span><ul class=\"list\">");
    part_visit(v, &c->appointment, c->client_name, false);
    buf_puts(b, "</ul></li>");
    visit_cards_free(c, 1);
    return 0;
}

static int one_day(struct visit *v, int64_t day, const struct placed *list, size_t count,
                   size_t shown_max)
{
    struct buf *b = &v->response->body;
    struct civil c;
    char date[DATE_TEXT_MAX], more[24];
    size_t shown = count < shown_max ? count : shown_max;
    int rc = 0;

    civil_from_day_number(day, &c);
    date_text(day, date);
    buf_printf(b, "<section aria-labelledby=\"d%s\"><h2 id=\"d%s\">", date, date);
    frame_day(v, zone_reach(v->site->zone, &c));
    if (day == today(v)) {
        buf_puts(b, " <span class=\"state good\">");
        html_word(b, W_THIS_DAY);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</h2>");
    part_tell(b, word((enum word)(W_SUNDAY + civil_weekday(&c))), (int64_t)count);
    if (count == 0)
        part_quiet(b, W_DAY_EMPTY);
    buf_puts(b, "<ol class=\"list\">");
    for (size_t i = 0; rc == 0 && i < shown; i++)
        rc = visit_item(v, &list[i]);
    buf_puts(b, "</ol>");
    if (shown < count) {
        snprintf(more, sizeof(more), "%zu", count - shown);
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_STAGE_MORE, more, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    return rc;
}

static int days(struct visit *v, const struct span *s)
{
    struct visit_start *starts;
    char from[DATE_TEXT_MAX], until[DATE_TEXT_MAX];
    size_t count, kept = 0;

    date_text(s->first - 1, from);
    date_text(s->first + s->days + 1, until);
    int rc = store_starts_between(v->store, from, until, PLACED_MAX, &starts, &count);
    struct placed *list = mem_array(count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++)
        kept += place(v, &starts[i], &list[kept]);
    qsort(list, kept, sizeof(*list), by_time);
    size_t at = 0;
    while (at < kept && list[at].day < s->first)
        at++;
    for (int i = 0; rc == 0 && i < s->days; i++) {
        size_t end = at;
        while (end < kept && list[end].day == s->first + i)
            end++;
        rc = one_day(v, s->first + i, &list[at], end - at,
                     s->days == WEEK_DAYS ? DAY_OF_WEEK_MAX : DAY_MAX);
        at = end;
    }
    free(list);
    visit_starts_free(starts, count);
    return rc;
}

/* --- getting about --- */

static void way(struct visit *v, int64_t day, bool week, enum word w, const char *id, bool here)
{
    struct buf *b = &v->response->body;
    char date[DATE_TEXT_MAX];

    date_text(day, date);
    buf_printf(b, "<li><a id=\"%s\" href=\"/appointments?by=%s&amp;day=%s\"%s>", id,
               week ? "week" : "day", date, here ? " aria-current=\"page\"" : "");
    html_word(b, w);
    buf_puts(b, "</a></li>");
}

static void ways(struct visit *v, const struct span *s)
{
    struct buf *b = &v->response->body;
    bool week = s->days == WEEK_DAYS;
    char date[DATE_TEXT_MAX];

    buf_puts(b, "<div class=\"ways\"><nav class=\"tabs\" aria-label=\"");
    html_attr(b, word(W_SHOWN_SPAN));
    buf_puts(b, "\"><ul>");
    way(v, s->day, false, W_BY_DAY, "by-day", !week);
    way(v, s->day, true, W_BY_WEEK, "by-week", week);
    way(v, s->day - s->days, week, W_BEFORE, "before", false);
    way(v, today(v), week, W_TODAY, "today", false);
    way(v, s->day + s->days, week, W_AFTER, "after", false);
    date_text(s->day, date);
    buf_puts(b, "</ul></nav><form class=\"search\" action=\"/appointments\"><label for=\"day\">");
    html_word(b, W_DAY_CHOSEN);
    buf_printf(b,
               "</label><div><input type=\"hidden\" name=\"by\" value=\"%s\"><input type=\"date\" "
               "id=\"day\" name=\"day\" value=\"%s\"><button>",
               week ? "week" : "day", date);
    html_word(b, W_SHOW);
    buf_puts(b, "</button></div></form></div>");
}

int page_appointments(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct span s;

    if (!read_span(v, &s))
        return ERR_NOTFOUND;
    frame_begin(v, word(W_APPOINTMENTS), PLACE_APPOINTMENTS);
    buf_puts(b, "<div class=\"title\"><h1>");
    html_word(b, W_APPOINTMENTS);
    buf_puts(b, "</h1>");
    if (visit_may(v, ROLE_STAFF)) {
        buf_puts(b, "<a class=\"button\" href=\"/appointments/new\">");
        html_word(b, W_APPOINTMENT_NEW);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    ways(v, &s);
    buf_printf(b, "<div%s id=\"live\" data-live=\"20\">",
               s.days == WEEK_DAYS ? " class=\"board week\"" : "");
    int rc = days(v, &s);
    buf_puts(b, "</div>");
    frame_end(v);
    return rc;
}
