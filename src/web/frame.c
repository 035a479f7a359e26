/* What every page has. See web/frame.h. */
#include "web/frame.h"

#include <stdio.h>

#include "time/moment.h"
#include "web/auth.h"
#include "web/html.h"
#include "web/lost.h"
#include "web/mistakes.h"
#include "web/pages.h"

static void head(struct buf *b, const char *title, const char *business)
{
    buf_puts(b, "<!DOCTYPE html><html lang=\"" WORDS_LANGUAGE "\" dir=\"" WORDS_DIRECTION
                "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" "
                "content=\"light dark\"><title>");
    html_words(b, W_TITLE, title, business, NULL);
    buf_puts(b, "</title>");
    buf_printf(b, "<link rel=\"stylesheet\" href=\"%s\"><link rel=\"icon\" href=\"%s\">",
               asset_path("page.css"), asset_path("icon.svg"));
    buf_printf(b, "<script defer src=\"%s\"></script></head>", asset_path("live.js"));
}

static void way(struct buf *b, const char *path, enum word w, bool here)
{
    buf_printf(b, "<li><a href=\"%s\"%s>", path, here ? " aria-current=\"page\"" : "");
    html_word(b, w);
    buf_puts(b, "</a></li>");
}

static void bar(struct visit *v, enum place place)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<header class=\"bar\"><p class=\"business\"><img src=\"%s\" alt=\"\">",
               asset_path("icon.svg"));
    html_name(b, v->site->business);
    buf_puts(b, "</p>");
    if (v->login.user.id != 0) {
        buf_puts(b, "<nav aria-label=\"");
        html_attr(b, word(W_BAR));
        buf_puts(b, "\"><ul>");
        way(b, "/", W_TODAY, place == PLACE_TODAY);
        way(b, "/clients", W_CLIENTS, place == PLACE_CLIENTS);
        way(b, "/jobs", W_JOBS, place == PLACE_JOBS);
        way(b, "/appointments", W_APPOINTMENTS, place == PLACE_APPOINTMENTS);
        if (visit_may(v, ROLE_STAFF)) /* with numbers and addresses */
            way(b, "/staff", W_STAFF_PAGE, place == PLACE_STAFF);
        way(b, "/playbook", W_PLAYBOOK, place == PLACE_PLAYBOOK);
        way(b, "/templates", W_TEMPLATES, place == PLACE_TEMPLATES);
        buf_puts(b, "</ul></nav><form class=\"who\" method=\"post\" action=\"/sign-out\">");
        auth_form_token(v);
        buf_puts(b, "<a class=\"account\" href=\"/account\">");
        html_words(b, W_SIGNED_IN, v->login.user.name, NULL);
        buf_puts(b, "</a> <button class=\"plain\">");
        html_word(b, W_SIGN_OUT);
        buf_puts(b, "</button></form>");
    }
    buf_puts(b, "</header>");
}

void frame_begin(struct visit *v, const char *title, enum place place)
{
    struct buf *b = &v->response->body;

    head(b, title, v->site->business);
    buf_puts(b, "<body><a class=\"skip\" href=\"#main\">");
    html_word(b, W_SKIP);
    buf_puts(b, "</a>");
    bar(v, place);
    buf_puts(b, "<main id=\"main\" tabindex=\"-1\">");
    mistakes_banner(v);
    lost_notice(v);
}

void frame_end(struct visit *v)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "</main><footer class=\"quiet\">");
    if (v->login.user.id != 0) {
        buf_puts(b, "<p><a href=\"/calendars\">");
        html_word(b, W_CALENDARS);
        buf_puts(b, "</a> · <a href=\"/account\">");
        html_word(b, W_ACCOUNT);
        buf_puts(b, "</a></p>");
    }
    html_words(b, W_FOOT, BETIMES_VERSION, NULL);
    buf_puts(b, "</footer></body></html>\n");
}

void frame_say(struct visit *v, int status, enum word title, enum word text)
{
    struct buf *b = &v->response->body;

    buf_clear(b);
    v->response->status = status;
    frame_begin(v, word(title), PLACE_NONE);
    buf_puts(b, "<h1>");
    html_word(b, title);
    buf_puts(b, "</h1><p>");
    html_word(b, text);
    buf_puts(b, "</p><p><a href=\"/\">");
    html_word(b, W_TO_TODAY);
    buf_puts(b, "</a></p>");
    frame_end(v);
}

/* --- time --- */

void frame_time_text(struct visit *v, int64_t instant_ms)
{
    struct buf *b = &v->response->body;
    struct civil c, now;

    zone_to_civil(v->site->zone, instant_ms, &c);
    zone_to_civil(v->site->zone, v->now_ms, &now);
    if (civil_day_number(&c) != civil_day_number(&now)) {
        char day[8], year[8];
        const char *weekday = word((enum word)(W_SUN + civil_weekday(&c)));
        const char *month = word((enum word)(W_JAN + c.month - 1));
        snprintf(day, sizeof(day), "%d", c.day);
        snprintf(year, sizeof(year), "%d", c.year);
        if (c.year == now.year)
            html_words(b, W_DAY, weekday, day, month, NULL);
        else
            html_words(b, W_DAY_YEAR, weekday, day, month, year, NULL);
        buf_putc(b, ' ');
    }
    buf_printf(b, "%02d:%02d", c.hour, c.minute);
}

void frame_time(struct visit *v, int64_t instant_ms)
{
    struct buf *b = &v->response->body;
    char utc[MOMENT_TEXT_MAX];

    moment_format_utc(instant_ms, utc);
    buf_printf(b, "<time datetime=\"%s\">", utc);
    frame_time_text(v, instant_ms);
    buf_puts(b, "</time>");
}

void frame_day(struct visit *v, int64_t instant_ms)
{
    struct civil c;
    char day[8];

    zone_to_civil(v->site->zone, instant_ms, &c);
    snprintf(day, sizeof(day), "%d", c.day);
    html_words(&v->response->body, W_DAY, word((enum word)(W_SUNDAY + civil_weekday(&c))), day,
               word((enum word)(W_JANUARY + c.month - 1)), NULL);
}

int64_t frame_midnight(const struct visit *v)
{
    struct civil c;

    zone_to_civil(v->site->zone, v->now_ms, &c);
    c.hour = c.minute = c.second = 0;
    return zone_reach(v->site->zone, &c);
}
