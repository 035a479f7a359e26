/*
 * Today: what went, what is next, what needs a person, how the gateways do; pause and resume.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/rules.h"
#include "store/tasks.h"
#include "store/web_queries.h"
#include "web/auth.h"
#include "web/deed.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/mistakes.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/tasks.h"

#define NEEDS_MAX 20
#define TASKS_MAX 20
#define DONE_MAX 10
#define NEXT_MAX 15
#define WENT_MAX 30
#define NOT_SENT_MAX 20
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define NEEDS_MS (7 * DAY_MS)

/* Of what is held a task tells. */
#define STATES_NEED ((1u << MESSAGE_FAILED) | (1u << MESSAGE_UNKNOWN) | (1u << MESSAGE_BOUNCED))
#define STATES_LEFT_OUT                                                                            \
    ((1u << MESSAGE_CANCELLED) | (1u << MESSAGE_SKIPPED) | (1u << MESSAGE_EXPIRED))

static void number(char out[24], int64_t n)
{
    snprintf(out, 24, "%lld", (long long)n);
}

static void section(struct buf *b, const char *id, enum word title)
{
    buf_printf(b, "<section id=\"%s\" aria-labelledby=\"%s-title\"><h2 id=\"%s-title\">", id, id,
               id);
    html_word(b, title);
    buf_puts(b, "</h2>");
}

static void some_of(struct buf *b, enum word w, size_t count, int64_t total)
{
    char shown[24], all[24];

    if ((int64_t)count >= total)
        return;
    number(shown, (int64_t)count);
    number(all, total);
    buf_puts(b, "<p class=\"quiet\">");
    html_words(b, w, shown, all, NULL);
    buf_puts(b, "</p>");
}

/* --- how it is going --- */

static void switch_form(struct visit *v, bool paused)
{
    struct buf *b = &v->response->body;

    if (!visit_may(v, ROLE_MANAGER))
        return;
    if (!paused) {
        buf_puts(b, "<details id=\"pausing\"><summary class=\"button\">");
        html_word(b, W_PAUSE);
        buf_puts(b, "</summary>");
    }
    buf_printf(b, "<form method=\"post\" action=\"%s\">", paused ? "/resume" : "/pause");
    auth_form_token(v);
    if (!paused) {
        buf_puts(b, "<label for=\"why\">");
        html_word(b, W_RULE_REASON);
        buf_printf(b, "</label><input id=\"why\" name=\"reason\" maxlength=\"%d\" dir=\"auto\">",
                   REASON_MAX);
    }
    buf_printf(b, "<button id=\"switch\"%s>", paused ? " class=\"strong\"" : "");
    html_word(b, paused ? W_RESUME : W_PAUSE_NOW);
    buf_printf(b, "</button></form>%s", paused ? "" : "</details>");
}

static int state_section(struct visit *v)
{
    struct buf *b = &v->response->body;
    char *reason = NULL;
    bool paused;
    int rc = store_paused(v->store, &paused, &reason);

    if (rc != 0)
        return rc;
    section(b, "state", W_STATE);
    const struct problems *mistakes = mistakes_of(v);
    buf_printf(b, "<div class=\"notice %s\"><p data-tell>",
               v->health.trouble != 0       ? "bad"
               : paused || mistakes != NULL ? "look"
                                            : "good");
    if (v->health.trouble != 0)
        html_words(b, W_DATABASE_TROUBLE, v->health.trouble_words, NULL);
    else if (!paused)
        html_word(b, mistakes != NULL ? W_RUNS_AS_BEFORE : W_RUNS);
    else if (str_blank(reason))
        html_word(b, W_PAUSED);
    else
        html_words(b, W_PAUSED_WHY, reason, NULL);
    buf_puts(b, "</p>");
    switch_form(v, paused);
    buf_puts(b, "</div></section>");
    free(reason);
    return 0;
}

/* --- what needs a person --- */

static void task_list(struct visit *v, const struct task_row *tasks, size_t count, int64_t total)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<h3>");
    html_word(b, W_TASKS);
    buf_puts(b, "</h3><ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        task_item(v, &tasks[i], true);
    buf_puts(b, "</ul>");
    some_of(b, W_TASKS_MORE, count, total);
}

/* So that a wrong click can be taken back. */
static int done_list(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct task_row *tasks;
    size_t count;
    int rc = store_tasks_done(v->store, v->now_ms - DAY_MS, DONE_MAX, &tasks, &count);

    if (rc == 0 && count > 0) {
        buf_puts(b, "<details id=\"done\"><summary>");
        html_word(b, W_TASKS_DONE);
        buf_puts(b, "</summary><ul class=\"list\">");
        for (size_t i = 0; i < count; i++)
            task_item(v, &tasks[i], true);
        buf_puts(b, "</ul></details>");
    }
    task_rows_free(tasks, count);
    return rc;
}

/* What is written on the disk is not what is in force. */
static void mistakes_item(struct visit *v)
{
    struct buf *b = &v->response->body;

    if (mistakes_of(v) == NULL)
        return;
    buf_puts(b, "<ul class=\"list\"><li><div class=\"line\"><span class=\"state bad\">");
    html_word(b, W_MISTAKES);
    buf_puts(b, "</span></div><p>");
    html_word(b, W_NEEDS_MISTAKES);
    buf_puts(b, " <a href=\"/mistakes\">");
    html_word(b, W_NEEDS_MISTAKES_SEE);
    buf_puts(b, "</a></p></li></ul>");
}

static int needs_section(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct task_filter open = {.limit = TASKS_MAX};
    struct task_row *tasks = NULL;
    struct outbox_row *rows = NULL;
    size_t task_count = 0, count = 0;
    int64_t task_total = 0, total = 0;
    int rc = store_tasks(v->store, &open, &tasks, &task_count, &task_total);

    if (rc == 0)
        rc = store_apart_since(v->store, STATES_NEED, v->now_ms - NEEDS_MS, NEEDS_MAX, &rows,
                               &count, &total);
    if (rc == 0) {
        section(b, "needs", W_NEEDS_YOU);
        part_tell(b, word(W_NEEDS_YOU), total + task_total + (mistakes_of(v) != NULL));
        mistakes_item(v);
        if (task_count > 0 && count > 0) {
            buf_puts(b, "<h3>");
            html_word(b, W_NOT_WELL);
            buf_puts(b, "</h3>");
        }
        if (count > 0 || (task_count == 0 && mistakes_of(v) == NULL))
            messages_list(v, "needs", rows, count, true, true, W_NEEDS_NOBODY);
        some_of(b, W_NEEDS_MORE, count, total);
        if (task_count > 0)
            task_list(v, tasks, task_count, task_total);
        rc = done_list(v);
        buf_puts(b, "</section>");
    }
    task_rows_free(tasks, task_count);
    outbox_rows_free(rows, count);
    return rc;
}

/* --- what is next, what went, what was left out --- */

static int next_section(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct outbox_row *rows;
    size_t count;
    int rc = store_upcoming(v->store, NEXT_MAX, &rows, &count);

    if (rc == 0) {
        section(b, "next", W_NEXT);
        messages_coming(v, "next", rows, count, true, W_NEXT_NONE);
        buf_puts(b, "</section>");
    }
    outbox_rows_free(rows, count);
    return rc;
}

static void tile(struct buf *b, int64_t n, enum word what)
{
    buf_puts(b, "<div><dt>");
    html_word(b, what);
    buf_printf(b, "</dt><dd>%lld</dd></div>", (long long)n);
}

static int went_section(struct visit *v)
{
    struct buf *b = &v->response->body;
    int64_t by_channel[CHANNEL_COUNT];
    struct outbox_row *rows;
    size_t count;
    int rc = store_sent_since(v->store, frame_midnight(v), WENT_MAX, &rows, &count, by_channel);

    if (rc == 0) {
        section(b, "went", W_WENT);
        part_tell(b, word(W_WENT), by_channel[CHANNEL_EMAIL] + by_channel[CHANNEL_SMS]);
        buf_puts(b, "<dl class=\"tiles\">");
        tile(b, by_channel[CHANNEL_EMAIL], W_EMAILS);
        tile(b, by_channel[CHANNEL_SMS], W_TEXTS);
        buf_puts(b, "</dl>");
        messages_list(v, "went", rows, count, true, false, W_WENT_NONE);
        some_of(b, W_WENT_MORE, count, by_channel[CHANNEL_EMAIL] + by_channel[CHANNEL_SMS]);
        buf_puts(b, "</section>");
    }
    outbox_rows_free(rows, count);
    return rc;
}

static int left_out_section(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct outbox_row *rows;
    size_t count;
    int64_t total;
    int rc = store_apart_since(v->store, STATES_LEFT_OUT, frame_midnight(v), NOT_SENT_MAX, &rows,
                               &count, &total);

    if (rc == 0) {
        section(b, "left-out", W_NOT_SENT);
        part_tell(b, word(W_NOT_SENT), total);
        messages_list(v, "left", rows, count, true, false, W_NOT_SENT_NONE);
        some_of(b, W_WENT_MORE, count, total);
        buf_puts(b, "</section>");
    }
    outbox_rows_free(rows, count);
    return rc;
}

/* --- gateways --- */

static const struct gateway_record *record_of(const struct gateway_record *list, size_t count,
                                              const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static void gateway_line(struct visit *v, const char *name, const struct gateway_record *r)
{
    struct buf *b = &v->response->body;
    bool trouble = r != NULL && r->last_not_sent_ms > r->last_sent_ms;
    enum word health = r == NULL ? W_UNUSED : trouble ? W_GATEWAY_TROUBLE : W_WELL;

    buf_puts(b, "<tr><th scope=\"row\">");
    html_text(b, name);
    buf_printf(b, "</th><td><span class=\"state %s\">",
               r == NULL ? "none"
               : trouble ? "bad"
                         : "good");
    html_word(b, health);
    buf_puts(b, "</span><span hidden data-tell=\"");
    html_words(b, W_TELL, name, word(health), NULL);
    buf_printf(b, "\"></span></td><td>%lld</td><td>%lld</td><td>",
               (long long)(r != NULL ? r->sent : 0), (long long)(r != NULL ? r->not_sent : 0));
    if (r != NULL && r->last_sent_ms > 0)
        frame_time(v, r->last_sent_ms);
    else
        buf_puts(b, "–");
    buf_puts(b, "</td></tr>");
}

static int gateways_section(struct visit *v)
{
    static const enum word heads[] = {W_GATEWAY, W_HEALTH, W_TRIED_SENT, W_TRIED_NOT_SENT,
                                      W_LAST_SENT};
    struct buf *b = &v->response->body;
    struct gateway_record *list;
    size_t count;
    int rc = store_gateway_records(v->store, v->now_ms - DAY_MS, &list, &count);

    if (rc == 0) {
        section(b, "gateways", W_GATEWAYS);
        buf_puts(b, "<div class=\"wide\" tabindex=\"0\" role=\"group\" "
                    "aria-labelledby=\"gateways-title\"><table><caption>");
        html_word(b, W_GATEWAYS_ABOUT);
        buf_puts(b, "</caption><thead><tr>");
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
            buf_puts(b, "<th scope=\"col\">");
            html_word(b, heads[i]);
            buf_puts(b, "</th>");
        }
        buf_puts(b, "</tr></thead><tbody>");
        for (size_t i = 0; i < v->site->gateways.count; i++) {
            const char *name = v->site->gateways.items[i];
            gateway_line(v, name, record_of(list, count, name));
        }
        buf_puts(b, "</tbody></table></div></section>");
    }
    gateway_records_free(list, count);
    return rc;
}

int page_today(struct visit *v)
{
    /* A text stands between two sections: the halves of a wide window. */
    static const struct {
        int (*write)(struct visit *v);
        const char *then;
    } sections[] = {
        {state_section, ""},
        {needs_section, "<div class=\"halves\"><div>"},
        {next_section, "</div><div>"},
        {went_section, ""},
        {left_out_section, "</div></div>"},
        {gateways_section, ""},
    };
    struct buf *b = &v->response->body;
    int rc = 0;

    frame_begin(v, word(W_TODAY), PLACE_TODAY);
    buf_puts(b, "<div class=\"title\"><h1>");
    html_word(b, W_TODAY);
    buf_puts(b, "</h1><p class=\"quiet\">");
    frame_day(v, v->now_ms);
    buf_puts(b, "</p><a class=\"button\" id=\"refresh\" href=\"/\">");
    html_word(b, W_REFRESH);
    buf_puts(b, "</a></div>");
    deed_said(v);
    buf_puts(b, "<div id=\"live\" data-live=\"3\">");
    for (size_t i = 0; rc == 0 && i < sizeof(sections) / sizeof(sections[0]); i++) {
        rc = sections[i].write(v);
        buf_puts(b, sections[i].then);
    }
    buf_puts(b, "</div>");
    frame_end(v);
    return rc;
}

/* --- pause and resume --- */

static int pause_all(struct visit *v, bool pause)
{
    const char *why = pause ? fields_get(&v->request->form, "reason") : NULL;
    bool said = !str_blank(why) && strlen(why) <= REASON_MAX;
    char *reason = said ? mem_printf("%s (%s)", why, v->login.user.name) : NULL;
    int rc = store_begin(v->store);

    if (rc == 0)
        rc = store_pause(v->store, pause, v->now_ms, reason);
    free(reason);
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name, pause ? "pause" : "resume", NULL,
                         said ? why : NULL);
    if (rc == 0)
        rc = store_commit(v->store);
    if (rc != 0) {
        store_rollback(v->store);
        return rc;
    }
    response_go(v->response, "/");
    return 0;
}

int page_pause(struct visit *v)
{
    return pause_all(v, true);
}

int page_resume(struct visit *v)
{
    return pause_all(v, false);
}
