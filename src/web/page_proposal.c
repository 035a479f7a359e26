/*
 * A change of the playbook before it is saved: the rule before and after, what that would do, and
 * the button that saves it.
 *
 * Saving writes the file anew and in one step, and only if it is still the one that the change was
 * made from, and if the whole configuration is right with it: both are looked at once more, under
 * the eyes of nobody else's page, since pages are made one after another. The service notices the
 * file by itself and takes it into use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "playbook/ini.h"
#include "store/audit_fields.h"
#include "store/users.h"
#include "web/auth.h"
#include "web/changes.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/proposal_result.h"
#include "web/rule_edit.h"
#include "web/rule_form.h"

/* --- what changes, key by key --- */

/* `before` or `after` may be NULL: it is left out there. They are not the same. */
typedef void (*key_change)(struct buf *b, const char *key, const char *before, const char *after);

static void tell_key(struct buf *b, key_change tell, const char *key, const char *before,
                     const char *after)
{
    before = str_blank(before) ? NULL : before;
    after = str_blank(after) ? NULL : after;
    if (!str_eq(before, after) && (before != NULL || after != NULL))
        tell(b, key, before, after);
}

static const char *value_of(const struct ini_section *s, const char *key)
{
    const struct ini_entry *e = s != NULL ? ini_entry(s, key) : NULL;

    return e != NULL ? e->value : NULL;
}

static void each_change(const struct proposal *c, key_change tell, struct buf *b)
{
    const char *texts[2] = {c->before != NULL ? c->before : "",
                            c->section != NULL ? c->section : ""};
    const struct ini_section *s[2];
    struct ini *files[2];
    struct problems none = {0};

    for (int i = 0; i < 2; i++) {
        files[i] = ini_parse("", texts[i], strlen(texts[i]), &none);
        s[i] = files[i]->count > 0 ? &files[i]->sections[0] : NULL;
    }
    if (c->was != NULL)
        tell_key(b, tell, "name", c->was, c->rule);
    for (size_t i = 0; s[0] != NULL && i < s[0]->count; i++)
        tell_key(b, tell, s[0]->entries[i].key, s[0]->entries[i].value,
                 value_of(s[1], s[0]->entries[i].key));
    for (size_t i = 0; s[1] != NULL && i < s[1]->count; i++)
        if (value_of(s[0], s[1]->entries[i].key) == NULL)
            tell_key(b, tell, s[1]->entries[i].key, NULL, s[1]->entries[i].value);
    for (int i = 0; i < 2; i++)
        ini_free(files[i]);
    problems_close(&none);
}

/* For people: by the names that the form has for the keys. */
static void put_key(struct buf *b, const char *key, const char *before, const char *after)
{
    const struct change_field f = {.label = rule_form_label(key),
                                   .usual = rule_form_usual(key),
                                   .before = before,
                                   .after = after};

    buf_puts(b, "<li>");
    change_field(b, &f);
    buf_puts(b, "</li>");
}

/* --- the page --- */

static void put_text(struct buf *b, enum word title, const char *text)
{
    buf_puts(b, "<div><h3>");
    html_word(b, title);
    buf_puts(b, "</h3>");
    if (text == NULL) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_PROPOSAL_NOTHING);
        buf_puts(b, "</p></div>");
        return;
    }
    buf_puts(b, "<pre class=\"words\" dir=\"ltr\" tabindex=\"0\">");
    html_text(b, text);
    buf_puts(b, "</pre></div>");
}

/* A form with one button. */
static void put_action(struct visit *v, const struct proposal *c, const char *action, enum word w,
                       bool strong)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<form method=\"post\" action=\"/changes/%s/%s\">", c->token, action);
    auth_form_token(v);
    buf_printf(b, "<button%s>", strong ? " class=\"strong\"" : "");
    html_word(b, w);
    buf_puts(b, "</button></form>");
}

/* The sentence of the rule in the changed file, and what is to be noted about it. */
static void put_rule(struct visit *v, const struct proposal *c)
{
    struct buf *b = &v->response->body;
    struct problems problems = {0};
    struct playbook *p = playbook_read_text(v->site->playbook, c->file, strlen(c->file), &problems);
    const struct rule *r =
        p != NULL && c->kind != PROPOSAL_DELETE ? playbook_rule(p, c->rule) : NULL;

    if (r != NULL) {
        buf_puts(b, "<p class=\"sentence\">");
        rules_sentence(b, r);
        buf_puts(b, "</p>");
    } else if (c->kind == PROPOSAL_DELETE) {
        buf_puts(b, "<p class=\"sentence\">");
        html_word(b, W_PROPOSAL_GOES);
        buf_puts(b, "</p>");
    }
    rules_problems(v, c->file, c->rule, &problems);
    playbook_free(p);
    problems_close(&problems);
}

/* A rule that comes or goes has its sentence. */
static void put_changes(struct buf *b, const struct proposal *c)
{
    if (c->kind != PROPOSAL_EDIT)
        return;
    buf_puts(b, "<h2>");
    html_word(b, W_PROPOSAL_CHANGES);
    buf_puts(b, "</h2><ul>");
    each_change(c, put_key, b);
    buf_puts(b, "</ul>");
}

static enum word title_of(const struct proposal *c)
{
    static const enum word titles[] = {[PROPOSAL_EDIT] = W_PROPOSAL_EDIT,
                                       [PROPOSAL_ADD] = W_PROPOSAL_ADD,
                                       [PROPOSAL_DELETE] = W_PROPOSAL_DELETE};

    return titles[c->kind];
}

static void put_change(struct visit *v, const struct proposal *c)
{
    struct buf *b = &v->response->body;

    frame_begin(v, c->rule, PLACE_PLAYBOOK);
    char *title = rules_title_text(c->rule);
    buf_puts(b, "<h1>");
    html_words(b, title_of(c), title, NULL);
    buf_puts(b, "</h1><section>");
    free(title);
    put_rule(v, c);
    put_changes(b, c);
    buf_puts(b, "<div class=\"actions\">");
    put_action(v, c, "save", c->kind == PROPOSAL_DELETE ? W_PROPOSAL_SAVE_DELETE : W_PROPOSAL_SAVE,
               true);
    if (c->kind == PROPOSAL_EDIT)
        buf_printf(b, "<a class=\"button\" href=\"/playbook/%s/edit?change=%s\">", c->was,
                   c->token);
    else if (c->kind == PROPOSAL_ADD)
        buf_printf(b, "<a class=\"button\" href=\"/new-rule?change=%s\">", c->token);
    else
        buf_printf(b, "<a class=\"button\" href=\"/playbook/%s\">", c->was);
    html_word(b, c->kind == PROPOSAL_DELETE ? W_PROPOSAL_BACK : W_PROPOSAL_EDIT_ON);
    buf_puts(b, "</a></div></section>");
    buf_puts(b, "<section aria-labelledby=\"effect\"><div class=\"title\"><h2 id=\"effect\">");
    html_word(b, W_PROPOSAL_EFFECT);
    buf_printf(b, "</h2><a class=\"button\" id=\"refresh\" href=\"/changes/%s\">", c->token);
    html_word(b, W_REFRESH);
    buf_puts(b, "</a></div><div id=\"live\" data-live=\"1\">");
    proposal_result_write(v, c);
    buf_puts(b, "</div></section><details id=\"texts\"><summary>");
    html_word(b, W_PROPOSAL_TEXTS);
    buf_puts(b, "</summary><div class=\"halves\">");
    put_text(b, W_PROPOSAL_BEFORE, c->before);
    put_text(b, W_PROPOSAL_AFTER, c->section);
    buf_puts(b, "</div></details>");
    frame_end(v);
}

int page_change(struct visit *v)
{
    struct proposal c;

    if (!proposals_get(v->proposals, v->hole.token, v->login.user.id, &c)) {
        frame_say(v, 404, W_PROPOSAL_GONE, W_PROPOSAL_GONE_TEXT);
        return 0;
    }
    put_change(v, &c);
    proposal_close(&c);
    return 0;
}

/* --- somebody else was quicker --- */

void rule_conflict(struct visit *v, const char *rule, const char *now, const char *yours,
                   uint64_t digest)
{
    struct buf *b = &v->response->body;

    v->response->status = 409;
    frame_begin(v, word(W_RULE_CONFLICT), PLACE_PLAYBOOK);
    buf_puts(b, "<h1>");
    html_word(b, W_RULE_CONFLICT);
    buf_puts(b, "</h1><p role=\"alert\">");
    html_word(b, W_RULE_CONFLICT_TEXT);
    buf_puts(b, "</p><section><div class=\"halves\">");
    put_text(b, W_RULE_CONFLICT_NOW, now);
    put_text(b, W_RULE_CONFLICT_YOURS, yours);
    buf_puts(b, "</div><div class=\"actions\">");
    if (yours != NULL) {
        bool there = rule != NULL && now != NULL;
        if (there)
            buf_printf(b, "<form method=\"post\" action=\"/playbook/%s/edit\">", rule);
        else
            buf_puts(b, "<form method=\"post\" action=\"/new-rule\">");
        auth_form_token(v);
        buf_printf(b,
                   "<input type=\"hidden\" name=\"mode\" value=\"text\"><input type=\"hidden\" "
                   "name=\"digest\" value=\"%016" PRIx64 "\"><input type=\"hidden\" "
                   "name=\"section\" value=\"",
                   digest);
        html_attr(b, yours);
        buf_puts(b, "\"><button>");
        html_word(b, W_RULE_CONFLICT_GO_ON);
        buf_puts(b, "</button></form>");
    }
    buf_puts(b, "<a class=\"button\" href=\"/playbook\">");
    html_word(b, W_PLAYBOOK);
    buf_puts(b, "</a></div></section>");
    frame_end(v);
}

/* --- saving --- */

static void say_refused(struct visit *v, const struct proposal *c, const struct problems *problems)
{
    struct buf *b = &v->response->body;

    v->response->status = 422;
    frame_begin(v, word(W_PROPOSAL_REFUSED), PLACE_PLAYBOOK);
    buf_puts(b, "<h1>");
    html_word(b, W_PROPOSAL_REFUSED);
    buf_puts(b, "</h1><p role=\"alert\">");
    html_word(b, W_PROPOSAL_REFUSED_TEXT);
    buf_puts(b, "</p>");
    rules_problems(v, c->file, NULL, problems);
    frame_end(v);
}

/* The file cannot be written: why, whom to ask, and the text, so that no work is lost. */
static void say_unwritten(struct visit *v, const struct proposal *c, const struct err *err)
{
    struct buf *b = &v->response->body;

    log_error("the playbook cannot be written", "reason=\"%s\"", err->text);
    v->response->status = 500;
    frame_begin(v, word(W_RULE_UNWRITTEN), PLACE_PLAYBOOK);
    buf_puts(b, "<h1>");
    html_word(b, W_RULE_UNWRITTEN);
    buf_puts(b, "</h1><p role=\"alert\">");
    html_words(b, W_RULE_UNWRITTEN_TEXT, err->text, NULL);
    buf_puts(b, "</p>");
    put_text(b, W_PROPOSAL_AFTER, c->section);
    frame_end(v);
}

/* Who did it is written down with it, or neither is. ERR_BUSY, with a sentence: it is another file
 * by now. */
static int write_file(struct visit *v, const struct proposal *c, struct err *err)
{
    static const char *const actions[] = {[PROPOSAL_EDIT] = "change rule",
                                          [PROPOSAL_ADD] = "add rule",
                                          [PROPOSAL_DELETE] = "delete rule"};
    const char *name = strrchr(v->site->playbook, '/');
    char *about = mem_printf("rule %s", c->rule), *detail;
    struct buf changes;

    buf_init(&changes);
    each_change(c, audit_fields_add, &changes);
    detail = buf_steal(&changes);
    int rc = store_begin(v->store);
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name, actions[c->kind], about, detail);
    free(about);
    free(detail);
    if (rc == 0)
        rc = fs_replace_if_same(v->site->dir, name != NULL ? name + 1 : v->site->playbook,
                                c->digest, c->file, strlen(c->file), err);
    if (rc == 0)
        return store_commit(v->store);
    store_rollback(v->store);
    return rc;
}

static char *where_to(const struct proposal *c)
{
    if (c->kind == PROPOSAL_DELETE)
        return mem_strdup("/playbook?done=delete");
    return mem_printf("/playbook/%s?done=%s", c->rule, c->kind == PROPOSAL_ADD ? "add" : "save");
}

static int save(struct visit *v, const struct proposal *c)
{
    struct problems problems = {0};
    struct err err = {""};
    struct book book;
    int rc = book_open(v, &book);

    if (rc == 0 && book_digest(&book.text) != c->digest) {
        char *now = book_section(&book, c->was != NULL ? c->was : c->rule);
        rule_conflict(v, c->was, now, c->section, book_digest(&book.text));
        free(now);
    } else if (rc == 0 && !rule_check(v, c->file, &problems)) {
        say_refused(v, c, &problems);
    } else if (rc == 0) {
        rc = write_file(v, c, &err);
        if (err.text[0] != '\0') {
            say_unwritten(v, c, &err);
            rc = 0;
        } else if (rc == 0) {
            char *to = where_to(c);
            proposals_drop(v->proposals, c->token);
            response_go(v->response, to);
            free(to);
        }
    }
    problems_close(&problems);
    book_close(&book);
    return rc;
}

int page_change_save(struct visit *v)
{
    struct proposal c;

    if (!proposals_get(v->proposals, v->hole.token, v->login.user.id, &c)) {
        frame_say(v, 404, W_PROPOSAL_GONE, W_PROPOSAL_GONE_TEXT);
        return 0;
    }
    int rc = save(v, &c);
    proposal_close(&c);
    return rc;
}
