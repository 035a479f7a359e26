/*
 * The playbook: every rule in a sentence, how it is, how much it sends and what it sends next; and
 * the switches of a rule.
 *
 * Rules stand in groups, by what they speak of: visits; the jobs of one workflow, or of any; what
 * clients say, or do not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "web/awaited.h"
#include "web/deed.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/mistakes.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/rules.h"

#define NEXT_EACH 3

/* --- groups --- */

/* A group is a sort of rule or, for jobs, a workflow as well; the order is that of the page. */
enum sort { SORT_VISITS, SORT_JOBS, SORT_ANY_JOBS, SORT_ANSWERS, SORT_COUNT };

/* The workflow whose jobs alone the rule means; NULL: there are several. */
static const struct workflow *only_workflow(const struct playbook *p, const struct rule *r)
{
    const struct workflow *found = NULL;

    for (size_t i = 0; i < p->workflow_count; i++) {
        const struct workflow *w = &p->workflows[i];
        bool meant = r->workflow != NULL ? strcmp(r->workflow, w->name) == 0
                                         : r->stage == NULL || workflow_has(w, r->stage);
        if (meant && found != NULL)
            return NULL;
        if (meant)
            found = w;
    }
    return found;
}

static enum sort sort_of(const struct playbook *p, const struct rule *r, const struct workflow **w)
{
    *w = NULL;
    switch (r->event) {
    case EVENT_CLIENT_SILENCE:
    case EVENT_CLIENT_ANSWERS:
    case EVENT_NO_ANSWER:
    case EVENT_SURVEY_BELOW:
        return SORT_ANSWERS;
    default:
        break;
    }
    if (rule_on_appointment(r))
        return SORT_VISITS;
    *w = only_workflow(p, r);
    return *w != NULL ? SORT_JOBS : SORT_ANY_JOBS;
}

/* --- one rule of the list --- */

struct next_messages {
    struct outbox_row *rows;
    struct awaited_row *list; /* of them, in the order in which they will really go */
    size_t count;
};

static void figures(struct buf *b, const struct rule_shown *r)
{
    const int64_t counts[] = {r->today, r->week, r->month, r->waiting};
    char text[4][24];

    for (size_t i = 0; i < 4; i++)
        snprintf(text[i], sizeof(text[i]), "%lld", (long long)counts[i]);
    buf_puts(b, "<p class=\"quiet\">");
    html_words(b, W_RULE_FIGURES, text[0], text[1], text[2], text[3], NULL);
    buf_puts(b, "</p>");
}

static void next_of(struct visit *v, const char *rule, const struct next_messages *next)
{
    struct buf *b = &v->response->body;
    size_t told = 0;

    for (size_t i = 0; i < next->count; i++) {
        const struct awaited_row *a = &next->list[i];
        const struct outbox_row *m = a->row;
        const char *whom = m->recipient_kind == ENTITY_STAFF ? m->recipient_name : m->client_name;
        if (strcmp(m->rule, rule) != 0 || (a->told != NULL && fate_stops(a->told->fate)))
            continue;
        if (told == 0) {
            buf_puts(b, "<p class=\"quiet\">");
            html_word(b, W_RULE_NEXT);
        }
        buf_puts(b, told++ == 0 ? " " : ", ");
        frame_time(v, a->at_ms);
        buf_putc(b, ' ');
        html_name(b, whom != NULL ? whom : m->to);
    }
    if (told > 0)
        buf_puts(b, "</p>");
}

static void rule_item(struct visit *v, const struct book *book, const struct rule *r,
                      const struct next_messages *next)
{
    struct buf *b = &v->response->body;
    const struct rule_shown *shown = book_shown(book, r->name);

    buf_printf(b, "<li id=\"%s\"><div class=\"line\"><h3 class=\"whom\"><a href=\"/playbook/%s\">",
               r->name, r->name);
    rules_title(b, r->name);
    buf_puts(b, "</a></h3>");
    rules_state(v, shown);
    buf_puts(b, "</div><p>");
    rules_sentence(b, r);
    buf_puts(b, "</p>");
    rules_reason(v, shown);
    if (shown != NULL)
        figures(b, shown);
    next_of(v, r->name, next);
    rules_switch(v, r->name, shown, "list", false);
    buf_puts(b, "</li>");
}

static void group(struct visit *v, const struct book *book, enum sort sort,
                  const struct workflow *workflow, const struct next_messages *next)
{
    static const enum word titles[SORT_COUNT] = {W_RULES_VISITS, W_RULES_JOBS, W_RULES_ANY_JOBS,
                                                 W_RULES_ANSWERS};
    struct buf *b = &v->response->body;
    const struct playbook *p = book->playbook;
    bool begun = false;

    for (size_t i = 0; i < p->rule_count; i++) {
        const struct workflow *of;
        if (sort_of(p, &p->rules[i], &of) != sort || of != workflow)
            continue;
        if (!begun) {
            int n = workflow != NULL ? (int)(workflow - p->workflows) : -1;
            buf_printf(b, "<section aria-labelledby=\"g%d-%d\"><h2 id=\"g%d-%d\">", (int)sort, n,
                       (int)sort, n);
            html_words(b, titles[sort], workflow != NULL ? workflow->name : NULL, NULL);
            buf_puts(b, "</h2><ul class=\"list rules\">");
            begun = true;
        }
        rule_item(v, book, &p->rules[i], next);
    }
    if (begun)
        buf_puts(b, "</ul></section>");
}

static void groups(struct visit *v, const struct book *book, const struct next_messages *next)
{
    const struct playbook *p = book->playbook;

    group(v, book, SORT_VISITS, NULL, next);
    for (size_t i = 0; i < p->workflow_count; i++)
        group(v, book, SORT_JOBS, &p->workflows[i], next);
    group(v, book, SORT_ANY_JOBS, NULL, next);
    group(v, book, SORT_ANSWERS, NULL, next);
}

int page_playbook(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct next_messages next = {0};
    struct book book;
    int rc = book_open(v, &book);

    if (rc == 0)
        rc = store_rules_next(v->store, NULL, NEXT_EACH, &next.rows, &next.count);
    if (rc == 0)
        next.list = awaited_rows(v, next.rows, next.count);
    v->lists_mistakes = true;
    frame_begin(v, word(W_PLAYBOOK), PLACE_PLAYBOOK);
    buf_puts(b, "<div class=\"title\"><h1>");
    html_word(b, W_PLAYBOOK);
    buf_puts(b, "</h1><p class=\"quiet\">");
    html_word(b, W_PLAYBOOK_ABOUT);
    buf_puts(b, "</p>");
    if (visit_may(v, ROLE_MANAGER)) {
        buf_puts(b, "<a class=\"button\" href=\"/new-rule\">");
        html_word(b, W_RULE_NEW);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    rules_done(v);
    mistakes_notice(v, mistakes_or(v, &book.problems));
    if (book.broken) {
        buf_puts(b, "<p>");
        html_word(b, W_PLAYBOOK_IN_FORCE);
        buf_puts(b, "</p>");
    }
    part_quiet(b, W_RULES_SWITCH_MEANS);
    if (rc == 0 && book.playbook != NULL && book.playbook->rule_count > 0)
        groups(v, &book, &next);
    else if (rc == 0)
        html_word(b, W_PLAYBOOK_EMPTY);
    frame_end(v);
    free(next.list);
    outbox_rows_free(next.rows, next.count);
    book_close(&book);
    return rc;
}

/* --- the switches --- */

static int write_switch(struct visit *v, bool pause, const char *reason, const char *why)
{
    const char *name = v->hole.token;
    char *about = mem_printf("rule %s", name);
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_rule_pause(v->store, name, pause, v->now_ms, reason);
    rc = deed_end(v, rc, pause ? "pause rule" : "resume rule", about, why, NULL, NULL);
    free(about);
    return rc;
}

static int switch_rule(struct visit *v, bool pause)
{
    const char *why = fields_get(&v->request->form, "reason");
    const char *back = fields_get(&v->request->form, "back");
    const char *done = pause ? "pause" : "resume";
    bool said = !str_blank(why) && strlen(why) <= REASON_MAX;
    char *reason = mem_printf("%s%s%s", v->login.user.name, said ? ": " : "", said ? why : "");
    char *to = back != NULL && strcmp(back, "list") == 0
                   ? mem_printf("/playbook?done=%s#%s", done, v->hole.token)
                   : mem_printf("/playbook/%s?done=%s", v->hole.token, done);
    int rc = write_switch(v, pause, pause ? reason : NULL, pause && said ? why : NULL);

    if (rc == 0)
        response_go(v->response, to);
    free(reason);
    free(to);
    return rc;
}

int page_rule_pause(struct visit *v)
{
    return switch_rule(v, true);
}

int page_rule_resume(struct visit *v)
{
    return switch_rule(v, false);
}
