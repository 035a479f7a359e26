/*
 * Tasks in a list, and what can be done about them: done, open again, and a yes to the rule or the
 * calendar that asks for one. See web/tasks.h.
 */
#include "web/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/calendars.h"
#include "store/rules.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"

#define ACTION_MAX 64
#define NAMED_MAX 60 /* bytes of a task's text in the name of its button */

/* --- in a list --- */

static bool asks(const struct task_row *t)
{
    return t->key != NULL &&
           (str_starts(t->key, TASK_RULE_ASKS) || str_starts(t->key, TASK_CALENDAR_ASKS));
}

static void button(struct visit *v, const struct task_row *t, const char *what, enum word label,
                   bool strong)
{
    char action[ACTION_MAX], named[NAMED_MAX + 1];

    snprintf(action, sizeof(action), "/tasks/%lld/%s", (long long)t->id, what);
    snprintf(named, sizeof(named), "%s", t->text);
    named[str_utf8_valid(named, strlen(named))] = '\0';
    form_button(v, action, label, named, strong);
}

static void buttons(struct visit *v, const struct task_row *t)
{
    struct buf *b = &v->response->body;

    if (!visit_may(v, ROLE_STAFF))
        return;
    buf_puts(b, "<div class=\"deeds\">");
    if (t->done_ms != 0) {
        if (t->done_by != NULL)
            button(v, t, "undo", W_TASK_UNDO, false);
    } else if (asks(t)) {
        if (visit_may(v, ROLE_MANAGER))
            button(v, t, "yes", W_YES, true);
        button(v, t, "done", W_TASK_NO, false);
    } else if (t->message_id != 0 && t->key != NULL && str_starts(t->key, TASK_HELD)) {
        message_button(v, t->message_id, "retry", W_MESSAGE_RELEASE, t->text);
        message_button(v, t->message_id, "cancel", W_MESSAGE_CANCEL, t->text);
    } else {
        button(v, t, "done", W_TASK_DO, false);
    }
    buf_puts(b, "</div>");
}

static void person(struct buf *b, const struct task_row *t)
{
    if (t->client_name != NULL) {
        buf_printf(b, "<span class=\"whom\"><a href=\"/clients/%lld\">", (long long)t->client_id);
        html_name(b, t->client_name);
        buf_puts(b, "</a></span>");
    }
}

/* Links to what it is about, and who is to do it. */
static void about(struct buf *b, const struct task_row *t, bool people)
{
    bool visit = t->appointment_id != 0, job = !visit && t->job_id != 0;

    if (!people || (!visit && !job && t->staff_name == NULL))
        return;
    buf_puts(b, "<p class=\"quiet\">");
    if (visit || job) {
        buf_printf(b, "<a href=\"/%s/%lld\">", visit ? "appointments" : "jobs",
                   (long long)(visit ? t->appointment_id : t->job_id));
        html_word(b, visit ? W_TASK_VISIT : W_TASK_JOB);
        buf_putc(b, ' ');
        html_name(b, t->subject);
        buf_puts(b, "</a>");
    }
    if (t->staff_name != NULL) {
        buf_puts(b, visit || job ? " → " : "");
        html_words(b, W_STAFF, t->staff_name, NULL);
    }
    buf_puts(b, "</p>");
}

void task_item(struct visit *v, const struct task_row *t, bool people)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, t->done_ms != 0 ? t->done_ms : t->created_ms);
    buf_printf(b, "<span class=\"state %s\">", t->done_ms != 0 ? "good" : "look");
    html_word(b, t->done_ms != 0 ? W_TASK_DONE : W_TASK_OPEN);
    buf_puts(b, "</span>");
    if (people)
        person(b, t);
    if (!str_blank(t->done_by)) {
        buf_puts(b, "<span class=\"quiet\">");
        html_words(b, W_TASK_DONE_BY, t->done_by, NULL);
        buf_puts(b, "</span>");
    }
    /* A rule's words are in the language of who is to do it, all others in the page's. */
    buf_printf(b, "</div><p dir=\"%s\">", t->key == NULL ? "auto" : WORDS_DIRECTION);
    html_text(b, t->text);
    buf_puts(b, "</p>");
    about(b, t, people);
    if (!str_blank(t->done_note)) {
        buf_puts(b, "<p class=\"quiet\" dir=\"auto\">");
        html_text(b, t->done_note);
        buf_puts(b, "</p>");
    }
    buttons(v, t);
    buf_puts(b, "</li>");
}

/* --- deeds --- */

static int end(struct visit *v, int rc, const struct task_row *t, const char *action,
               const char *said)
{
    char record[CLIENT_ABOUT_MAX] = "", detail[32];

    if (t != NULL && t->client_id != 0)
        client_about(t->client_id, record);
    snprintf(detail, sizeof(detail), "task %lld", (long long)v->hole.id);
    return deed_end(v, rc, action, record[0] != '\0' ? record : NULL, detail, deed_back(v), said);
}

int page_task_done(struct visit *v)
{
    struct task_row *t = NULL;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_task(v->store, v->hole.id, &t);
    if (rc == 0)
        rc = store_task_done(v->store, v->hole.id, v->login.user.name, NULL, v->now_ms);
    rc = end(v, rc, t, "task done", "done");
    task_rows_free(t, t != NULL);
    return rc;
}

int page_task_undo(struct visit *v)
{
    struct task_row *t = NULL;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_task(v->store, v->hole.id, &t);
    if (rc == 0)
        rc = store_task_undo(v->store, v->hole.id);
    rc = end(v, rc, t, "task opened again", "undone");
    task_rows_free(t, t != NULL);
    return rc;
}

/* So many events may be missing as were when it asked. */
static int accept_calendar(struct visit *v, const char *name)
{
    struct calendar_row row;
    int rc = store_calendar(v->store, name, &row);

    if (rc == 0 && row.asks != NULL)
        rc = store_calendar_accept(v->store, name, row.asks_missing);
    if (rc == 0)
        rc = store_calendar_want(v->store, name, v->now_ms);
    calendar_row_close(&row);
    return rc;
}

int page_task_yes(struct visit *v)
{
    struct task_row *t = NULL;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_task(v->store, v->hole.id, &t);
    if (rc == 0 && (!asks(t) || t->done_ms != 0)) {
        task_rows_free(t, 1);
        deed_drop(v);
        return deed_go(v, deed_back(v), "too-late");
    }
    if (rc == 0 && str_starts(t->key, TASK_RULE_ASKS))
        rc = store_rule_pause(v->store, t->key + strlen(TASK_RULE_ASKS), false, v->now_ms, NULL);
    else if (rc == 0)
        rc = accept_calendar(v, t->key + strlen(TASK_CALENDAR_ASKS));
    if (rc == 0)
        rc = store_task_done(v->store, t->id, v->login.user.name, NULL, v->now_ms);
    bool rule = t != NULL && str_starts(t->key, TASK_RULE_ASKS);
    char *about = rule        ? mem_printf("rule %s", t->key + strlen(TASK_RULE_ASKS))
                  : t != NULL ? mem_strdup(t->key)
                              : NULL;
    rc = deed_end(v, rc, "said yes", about, NULL, deed_back(v), "yes");
    free(about);
    task_rows_free(t, t != NULL);
    return rc;
}
