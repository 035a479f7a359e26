/* What the playbook's pages share. See web/rules.h. */
#include "web/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "playbook/edit.h"
#include "playbook/ini.h"
#include "web/auth.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/mistakes.h"
#include "web/pages.h"

/* NULL: none. It was read before, so nothing is wrong with it. */
static struct playbook *in_force(const struct visit *v)
{
    struct problems none = {0};
    const char *text = v->site->rules;
    struct playbook *p =
        text != NULL ? playbook_read_text(v->site->playbook, text, strlen(text), &none) : NULL;

    problems_close(&none);
    return p;
}

int book_open(struct visit *v, struct book *b)
{
    *b = (struct book){0};
    buf_init(&b->text);
    struct playbook *written = playbook_read_rest(v->site->playbook, &b->problems);
    if (written != NULL)
        buf_puts(&b->text, written->text);
    if (fields_get(&v->request->query, "done") != NULL)
        mistakes_look_again(v);
    b->broken = mistakes_of(v) != NULL || b->problems.errors > 0;
    if (b->broken) {
        playbook_free(written);
        written = in_force(v);
    }
    b->playbook = written;
    return store_rules_shown(v->store, v->now_ms, frame_midnight(v), &b->shown, &b->shown_count);
}

void book_close(struct book *b)
{
    buf_close(&b->text);
    playbook_free(b->playbook);
    problems_close(&b->problems);
    rules_shown_free(b->shown, b->shown_count);
}

const struct rule_shown *book_shown(const struct book *b, const char *rule)
{
    for (size_t i = 0; i < b->shown_count; i++)
        if (b->shown[i].present && strcmp(b->shown[i].name, rule) == 0)
            return &b->shown[i];
    return NULL;
}

static char *section_of(const char *text, size_t len, const char *rule)
{
    size_t begin, end;

    if (edit_find(text, len, "rule", rule, &begin, &end) != 0)
        return NULL;
    return mem_strndup(text + begin, end - begin);
}

char *book_section(const struct book *b, const char *rule)
{
    return section_of(b->text.data, b->text.len, rule);
}

char *book_in_force(const struct visit *v, const struct book *b, const char *rule)
{
    if (!b->broken)
        return book_section(b, rule);
    return v->site->rules != NULL ? section_of(v->site->rules, strlen(v->site->rules), rule) : NULL;
}

uint64_t book_digest(const struct buf *text)
{
    return fs_digest(text->data, text->len);
}

char *rules_title_text(const char *name)
{
    char *title = mem_strdup(name);

    for (char *p = title; *p != '\0'; p++)
        if (*p == '-' || *p == '_')
            *p = ' ';
    if (*title >= 'a' && *title <= 'z')
        *title = (char)(*title - 'a' + 'A');
    return title;
}

void rules_title(struct buf *b, const char *name)
{
    char *title = rules_title_text(name);

    html_text(b, title);
    free(title);
}

/* Behind a comma. */
static void put_words(struct buf *b, const char *words)
{
    if (words == NULL)
        return;
    buf_puts(b, ", ");
    html_text(b, words);
}

static void put_code(struct buf *b, enum word w, const char *sql)
{
    if (sql == NULL)
        return;
    html_word(b, w);
    buf_puts(b, " <code dir=\"ltr\">");
    html_text(b, sql);
    buf_puts(b, "</code>");
}

void rules_sentence(struct buf *b, const struct rule *r)
{
    bool whole = r->on_text != NULL && r->when_text != NULL && r->to_text != NULL;
    struct rule_told told;

    if (!whole) {
        html_word(b, W_RULE_UNCLEAR);
        return;
    }
    rule_tell(r, &told);
    html_text(b, told.sentence);
    put_words(b, told.only_if);
    put_code(b, W_RULE_ONLY_WHERE, told.only_where);
    put_words(b, told.unless);
    put_code(b, W_RULE_NOT_WHERE, told.not_where);
    rule_told_close(&told);
}

/* --- how a rule is --- */

static bool waits_for_yes(const struct rule_shown *r)
{
    return r->paused_ms != 0 && r->paused_by == PAUSED_BY_BLAST;
}

void rules_state(struct visit *v, const struct rule_shown *r)
{
    struct buf *b = &v->response->body;
    const char *look = "good";
    enum word w = W_RULE_ON;

    if (r == NULL) {
        look = "none";
        w = W_RULE_NOT_READ;
    } else if (waits_for_yes(r)) {
        look = "bad";
        w = W_RULE_ASKS;
    } else if (r->paused_ms != 0) {
        look = r->paused_by == PAUSED_BY_BRAKE ? "bad" : "look";
        w = r->paused_by == PAUSED_BY_BRAKE ? W_RULE_BRAKED : W_RULE_PAUSED;
    } else if (r->trial != TRIAL_NONE) {
        look = "look";
        w = W_RULE_ON_TRIAL;
    }
    buf_printf(b, "<span class=\"state %s\">", look);
    html_word(b, w);
    buf_puts(b, "</span>");
}

void rules_reason(struct visit *v, const struct rule_shown *r)
{
    struct buf *b = &v->response->body;

    if (r == NULL || r->paused_ms == 0)
        return;
    buf_puts(b, "<p class=\"reason\">");
    html_word(b, W_RULE_SINCE);
    buf_putc(b, ' ');
    frame_time(v, r->paused_ms);
    if (!str_blank(r->pause_reason)) {
        buf_puts(b, ": <span dir=\"auto\">");
        html_text(b, r->pause_reason);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</p>");
}

void rules_switch(struct visit *v, const char *name, const struct rule_shown *r, const char *back,
                  bool ask)
{
    struct buf *b = &v->response->body;
    bool pauses = r != NULL && r->paused_ms == 0;
    bool yes = r != NULL && (waits_for_yes(r) || (pauses && r->trial != TRIAL_NONE));

    if (r == NULL || !visit_may(v, ROLE_MANAGER))
        return;
    if (ask) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, pauses ? W_RULE_ON_MEANS : W_RULE_OFF_MEANS);
        if (pauses) {
            buf_puts(b, " ");
            html_word(b, W_RULE_OFF_MEANS);
        }
        buf_puts(b, "</p>");
    }
    buf_printf(b, "<form method=\"post\" class=\"inline\" action=\"/playbook/%s/%s\">", name,
               pauses ? "pause" : "resume");
    auth_form_token(v);
    buf_printf(b, "<input type=\"hidden\" name=\"back\" value=\"%s\">", back);
    if (ask && pauses) {
        buf_puts(b, "<label for=\"reason\">");
        html_word(b, W_RULE_REASON);
        buf_printf(b, "</label><input id=\"reason\" name=\"reason\" maxlength=\"%d\" dir=\"auto\">",
                   REASON_MAX);
    }
    buf_printf(b, "<button%s>", pauses ? "" : " class=\"strong\"");
    html_word(b, pauses ? W_RULE_PAUSE : yes ? W_RULE_YES : W_RULE_RESUME);
    buf_puts(b, "<span class=\"unseen\"> ");
    html_text(b, name);
    buf_puts(b, "</span></button></form>");
}

void rules_problem(struct visit *v, const struct ini *ini, const char *own, const struct problem *p)
{
    struct buf *b = &v->response->body;
    bool here = strcmp(p->file, v->site->playbook) == 0;
    const char *rule = here ? mistakes_rule_at(ini, p->line) : NULL;

    if (!here) {
        mistakes_place(v, NULL, p);
    } else if (rule != NULL && !str_eq(rule, own)) {
        html_words(b, W_MISTAKE_RULE, rule, NULL);
        buf_puts(b, ": ");
    }
    html_sentence(b, p->text);
}

void rules_problems(struct visit *v, const char *file, const char *own, const struct problems *p)
{
    struct buf *b = &v->response->body;
    struct problems none = {0};

    if (p->count == 0)
        return;
    struct ini *ini = ini_parse("", file, strlen(file), &none);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->items[i];
        buf_printf(b, "<li><span class=\"state %s\">", one->warning ? "look" : "bad");
        html_word(b, one->warning ? W_RULE_WARNING : W_RULE_ERROR);
        buf_puts(b, "</span> ");
        rules_problem(v, ini, own, one);
        buf_puts(b, "</li>");
    }
    buf_puts(b, "</ul>");
    ini_free(ini);
    problems_close(&none);
}

void rules_done(struct visit *v)
{
    static const struct {
        const char *done;
        enum word w;
    } words[] = {
        {"pause", W_RULE_DONE_PAUSE}, {"resume", W_RULE_DONE_RESUME}, {"save", W_RULE_DONE_SAVE},
        {"add", W_RULE_DONE_ADD},     {"delete", W_RULE_DONE_DELETE},
    };
    struct buf *b = &v->response->body;
    const char *done = fields_get(&v->request->query, "done");

    for (size_t i = 0; done != NULL && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(done, words[i].done) == 0) {
            buf_puts(b, "<div class=\"notice good\"><p role=\"status\">");
            html_word(b, words[i].w);
            buf_puts(b, "</p></div>");
        }
}
