/*
 * A rule is edited, made or taken out: the forms, and what comes of them before anything is saved.
 *
 * A form is sent with the fingerprint of the file that it was made from. If the file is still the
 * same, it is edited in memory, and the whole configuration is read with it in its place, by the
 * reader that a reload uses. Mistakes come back in the form, each at its field; without any, the
 * change is kept (web/proposals.h) and shown with what it would do (page_proposal.c). While
 * somebody types, a script sends the form to an address that only tells the mistakes, by the same
 * reader.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "web/auth.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/rule_edit.h"
#include "web/rule_form.h"

#define DIGEST_MAX 20

/* --- checking --- */

static void rename_file(struct problems *problems, const char *from, const char *to)
{
    for (size_t i = 0; i < problems->count; i++)
        if (strcmp(problems->items[i].file, from) == 0) {
            free(problems->items[i].file);
            problems->items[i].file = mem_strdup(to);
        }
}

bool rule_check(const struct visit *v, const char *file, struct problems *problems)
{
    char path[64];
    int fd = memfd_create("playbook", MFD_CLOEXEC);

    if (fd < 0 || fs_put(fd, file, strlen(file), NULL) != 0) {
        problems_error(problems, v->site->playbook, 0, "there is no memory to check it");
        if (fd >= 0)
            close(fd);
        return false;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bool right = v->hooks->check(v->hooks->arg, path, NULL, problems);
    close(fd);
    rename_file(problems, path, v->site->playbook);
    return right;
}

/* --- the page --- */

/* What a form begins with, or comes back with. */
struct form {
    const char *rule;    /* its name as the file has it; NULL: a new one */
    const char *name;    /* the field for a new one's name */
    const char *section; /* the text of the section; NULL: none yet */
    const char *file;    /* the text that the problems are about: the section is in it */
    const struct problems *problems; /* NULL: none looked for */
    const char *trouble;             /* what is wrong as a whole; NULL: nothing */
    uint64_t digest;                 /* of the file it is about */
    bool checks;                     /* nothing was to be saved: somebody is typing, or begins */
};

/* The text that the problems are about, read, and the rule's section in it. */
struct filled {
    const struct ini *ini;             /* NULL: there is none */
    const struct ini_section *section; /* likewise */
};

static void put_head(struct visit *v, const struct form *f)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<p class=\"back\"><a href=\"/playbook");
    if (f->rule != NULL)
        buf_printf(b, "/%s", f->rule);
    buf_puts(b, "\">");
    if (f->rule != NULL)
        rules_title(b, f->rule);
    else
        html_word(b, W_PLAYBOOK);
    buf_puts(b, "</a></p><h1>");
    char *title = f->rule != NULL ? rules_title_text(f->rule) : NULL;
    if (title != NULL)
        html_words(b, W_RULE_EDIT_OF, title, NULL);
    else
        html_word(b, W_RULE_NEW);
    free(title);
    buf_puts(b, "</h1>");
    if (!fs_may_replace(v->site->playbook)) {
        buf_puts(b, "<div class=\"notice look\"><p>");
        html_words(b, W_RULE_NO_RIGHTS, v->site->playbook, NULL);
        buf_puts(b, "</p></div>");
    }
}

/* One thing that is wrong: with the way to its field, or the place where it stands elsewhere. */
static void put_problem(struct visit *v, const struct form *f, const struct filled *in,
                        const struct problem *p)
{
    struct buf *b = &v->response->body;
    const char *key = rule_form_key(v, in->section, p);
    const char *missing = key == NULL ? rule_form_missing(p) : NULL;

    buf_puts(b, "<li>");
    if (key != NULL || missing != NULL) {
        buf_printf(b, "<a href=\"#key-%s\">", key != NULL ? key : missing);
        html_text(b, rule_form_label(key != NULL ? key : missing));
        buf_puts(b, "</a>: ");
    }
    if (key != NULL) {
        html_sentence(b, rule_form_words(key, p->text));
    } else if (missing != NULL) {
        html_word(b, W_WRONG_MISSING);
    } else {
        rules_problem(v, in->ini, f->rule != NULL ? f->rule : f->name, p);
    }
    buf_puts(b, "</li>");
}

/* What is wrong, each with the way to its field. */
static void put_wrong(struct visit *v, const struct form *f, const struct filled *in)
{
    struct buf *b = &v->response->body;
    const struct problems *all = f->problems;

    buf_puts(b, "<div class=\"notice bad\"><div><p role=\"alert\">");
    if (f->trouble != NULL)
        html_sentence(b, f->trouble);
    else
        html_word(b, W_RULE_WRONG);
    buf_puts(b, "</p>");
    if (all != NULL && all->errors > 0) {
        buf_puts(b, "<ul>");
        for (size_t i = 0; i < all->count; i++)
            if (!all->items[i].warning)
                put_problem(v, f, in, &all->items[i]);
        buf_puts(b, "</ul>");
    }
    buf_puts(b, "</div></div>");
}

/* What is wrong beside the fields, while one types: the script puts it into this part of the form.
 */
static void put_rest(struct visit *v, const struct form *f, const struct filled *in)
{
    struct buf *b = &v->response->body;
    const struct problems *all = f->problems;
    bool any = f->checks && f->trouble != NULL;

    buf_puts(b, "<div id=\"rest\" role=\"status\">");
    for (size_t i = 0; f->checks && !any && all != NULL && i < all->count; i++)
        any = !all->items[i].warning && rule_form_key(v, in->section, &all->items[i]) == NULL;
    if (any) {
        buf_puts(b, "<div class=\"notice look\"><div><p>");
        html_word(b, W_RULE_BEFORE_SAVING);
        buf_puts(b, "</p><ul>");
        if (f->trouble != NULL) {
            buf_puts(b, "<li>");
            html_sentence(b, f->trouble);
            buf_puts(b, "</li>");
        }
        for (size_t i = 0; all != NULL && i < all->count; i++) {
            const struct problem *p = &all->items[i];
            if (!p->warning && rule_form_key(v, in->section, p) == NULL)
                put_problem(v, f, in, p);
        }
        buf_puts(b, "</ul></div></div>");
    }
    buf_puts(b, "</div><p class=\"unseen\" id=\"said\" role=\"status\" data-right=\"");
    html_attr(b, word(W_RULE_RIGHT));
    buf_puts(b, "\"></p>");
}

static void begin_form(struct visit *v, const struct form *f, const char *mode)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<form method=\"post\"");
    if (strcmp(mode, "fields") == 0)
        buf_puts(b, " id=\"rule-form\"");
    if (f->rule != NULL)
        buf_printf(b, " action=\"/playbook/%s/edit\">", f->rule);
    else
        buf_puts(b, " action=\"/new-rule\">");
    auth_form_token(v);
    buf_printf(b,
               "<input type=\"hidden\" name=\"mode\" value=\"%s\"><input type=\"hidden\" "
               "name=\"digest\" value=\"%016" PRIx64 "\">",
               mode, f->digest);
}

static void put_button(struct buf *b, enum word w, bool strong)
{
    buf_printf(b, "<button%s>", strong ? " class=\"strong\"" : "");
    html_word(b, w);
    buf_puts(b, "</button></form>");
}

static void put_text_form(struct visit *v, const struct form *f)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<details%s><summary>", f->trouble != NULL ? " open" : "");
    html_word(b, W_RULE_AS_TEXT);
    buf_puts(b, "</summary>");
    begin_form(v, f, "text");
    buf_puts(b, "<label for=\"section\">");
    html_word(b, W_RULE_SECTION);
    buf_puts(b, "</label><textarea id=\"section\" name=\"section\" dir=\"ltr\" rows=\"14\" "
                "spellcheck=\"false\" class=\"code\">");
    buf_putc(b, '\n'); /* the first line end in a textarea is nobody's */
    html_text(b, f->section != NULL ? f->section : "[rule NAME]\non = \n");
    buf_puts(b, "</textarea>");
    put_button(b, W_RULE_LOOK, false);
    buf_puts(b, "</details>");
}

static void put_fields_form(struct visit *v, const struct form *f, const struct book *book,
                            const struct filled *in)
{
    struct buf *b = &v->response->body;

    begin_form(v, f, "fields");
    if (f->rule == NULL) {
        buf_puts(b, "<div class=\"field\"><label for=\"name\">");
        html_word(b, W_RULE_NAME);
        buf_puts(b, "</label><p class=\"quiet\" id=\"help-name\">");
        html_word(b, W_RULE_NAME_HELP);
        buf_puts(b, "</p><input id=\"name\" name=\"name\" required pattern=\"[a-z0-9_\\-]{1,64}\" "
                    "autocomplete=\"off\" aria-describedby=\"help-name\" value=\"");
        html_attr(b, f->name);
        buf_puts(b, "\"></div>");
    }
    rule_form_write(v, in->section, book->playbook, f->problems);
    put_rest(v, f, in);
    put_button(b, W_RULE_LOOK, true);
}

static void put_form(struct visit *v, const struct form *f, const struct book *book)
{
    struct buf *b = &v->response->body;
    struct problems none = {0};
    const char *text = f->file != NULL ? f->file : f->section;
    struct ini *ini = text != NULL ? ini_parse("", text, strlen(text), &none) : NULL;
    const char *name = f->rule != NULL ? f->rule : f->name;
    const struct filled in = {ini,
                              ini != NULL && name != NULL ? ini_section(ini, "rule", name) : NULL};

    frame_begin(v, f->rule != NULL ? f->rule : word(W_RULE_NEW), PLACE_PLAYBOOK);
    put_head(v, f);
    if (!f->checks && (f->trouble != NULL || (f->problems != NULL && f->problems->errors > 0)))
        put_wrong(v, f, &in);
    buf_puts(b, "<section>");
    put_fields_form(v, f, book, &in);
    put_text_form(v, f);
    buf_puts(b, "</section>");
    if (f->rule != NULL) {
        begin_form(v, f, "delete");
        put_button(b, W_RULE_DELETE, false);
    }
    buf_printf(b, "<script defer src=\"%s\"></script>", asset_path("rule.js"));
    frame_end(v);
    ini_free(ini);
    problems_close(&none);
}

/* A change that is to be looked at again: what it says is what the form begins with. */
static char *section_of_change(const struct visit *v)
{
    const char *token = fields_get(&v->request->query, "change");
    struct proposal c;
    char *section = NULL;

    if (token != NULL && proposals_get(v->proposals, token, v->login.user.id, &c)) {
        section = mem_strdup(c.section);
        proposal_close(&c);
    }
    return section;
}

int page_edit(struct visit *v)
{
    struct book book;
    int rc = book_open(v, &book);
    char *section = section_of_change(v);
    bool again = section != NULL;
    struct problems problems = {0};

    if (!again)
        section = book_section(&book, v->hole.token);
    if (rc == 0 && section == NULL)
        rc = ERR_NOTFOUND;
    if (rc == 0) {
        struct form f = {
            .rule = v->hole.token, .section = section, .digest = book_digest(&book.text)};
        if (book.broken && !again) { /* who comes to mend it sees what is wrong at once */
            rule_check(v, book.text.data, &problems);
            f.file = book.text.data;
            f.problems = &problems;
            f.checks = true;
        }
        put_form(v, &f, &book);
    }
    problems_close(&problems);
    free(section);
    book_close(&book);
    return rc;
}

int page_new_rule(struct visit *v)
{
    struct book book;
    int rc = book_open(v, &book);
    char *section = section_of_change(v);

    if (rc == 0) {
        const struct form f = {.section = section, .digest = book_digest(&book.text)};
        put_form(v, &f, &book);
    }
    free(section);
    book_close(&book);
    return rc;
}

/* --- what was sent --- */

/* A form that was sent, on its way to a change. */
struct sent {
    struct book book;
    const char *rule; /* NULL: a new one */
    const char *name;
    bool as_text, deletes;
    bool checks; /* only to tell what is wrong, while somebody is typing */
    struct rule_fields fields;
    char *section; /* what it means; free() it */
    struct buf file;
    struct err err;
};

static char *section_in(const struct buf *file, const char *name)
{
    size_t begin, end;

    return edit_find(file->data, file->len, "rule", name, &begin, &end) == 0
               ? mem_strndup(file->data + begin, end - begin)
               : NULL;
}

/* The fields put into the file as it is now, with its comments; NULL: they cannot be. */
static char *section_as_filled_in(const struct sent *s)
{
    const struct buf *text = &s->book.text;
    char *section = NULL;
    struct buf file;

    buf_init(&file);
    if (s->rule != NULL && edit_keys(text->data, text->len, "rule", s->rule, s->fields.keys,
                                     s->fields.count, &file, NULL) == 0)
        section = section_in(&file, s->rule);
    buf_close(&file);
    return section;
}

/* The text that a form means for the section, whether it can be put into the file or not. */
static void find_section(const struct visit *v, struct sent *s)
{
    if (s->as_text)
        s->section = mem_strdup(fields_get(&v->request->form, "section"));
    else
        s->section = section_as_filled_in(s);
    if (s->section == NULL && !s->as_text)
        s->section = rule_form_section(s->rule != NULL ? s->rule : s->name, &s->fields);
}

/* The whole file as it would be. */
static int make_file(struct sent *s)
{
    const struct buf *text = &s->book.text;
    struct err *err = &s->err;

    if (s->rule == NULL)
        return edit_add(text->data, text->len, "rule", s->section, &s->file, err);
    if (s->deletes)
        return edit_remove(text->data, text->len, "rule", s->rule, &s->file, err);
    if (s->as_text)
        return edit_replace(text->data, text->len, "rule", s->rule, s->section, &s->file, err);
    return edit_keys(text->data, text->len, "rule", s->rule, s->fields.keys, s->fields.count,
                     &s->file, err);
}

/* The name of the section that the form means: a text may give it another one. */
static char *name_of(const char *section)
{
    struct problems none = {0};
    struct ini *ini = ini_parse("", section, strlen(section), &none);
    char *name = ini->count > 0 ? mem_strdup(ini->sections[0].name) : NULL;

    ini_free(ini);
    problems_close(&none);
    return name;
}

static void keep_change(struct visit *v, struct sent *s, const char *name)
{
    struct proposal c = {
        .kind = s->deletes        ? PROPOSAL_DELETE
                : s->rule == NULL ? PROPOSAL_ADD
                                  : PROPOSAL_EDIT,
        .user_id = v->login.user.id,
        .rule = mem_strdup(name),
        .was = mem_strdup(s->rule),
        .section = s->deletes ? NULL : section_in(&s->file, name),
        .before = s->rule != NULL ? book_section(&s->book, s->rule) : NULL,
        .file = mem_strndup(s->file.data, s->file.len),
        .against = s->book.broken ? mem_strdup(v->site->rules) : NULL,
        .digest = book_digest(&s->book.text),
        .dir = mem_strdup(v->site->dir),
        .began_ms = v->now_ms,
    };
    proposals_add(v->proposals, &c);
    char *to = mem_printf("/changes/%s", c.token);
    response_go(v->response, to);
    free(to);
}

static void come_back(struct visit *v, const struct sent *s, const char *name,
                      const struct problems *problems)
{
    const struct form f = {
        .rule = s->rule,
        .name = name,
        .section = s->section,
        .file = s->file.len > 0 ? s->file.data : NULL,
        .problems = problems,
        .trouble = s->err.text[0] != '\0' ? s->err.text : NULL,
        .digest = book_digest(&s->book.text),
        .checks = s->checks,
    };
    v->response->status = s->checks ? 200 : 422;
    put_form(v, &f, &s->book);
}

static void look_at(struct visit *v, struct sent *s)
{
    struct problems problems = {0};
    char *name = NULL;

    find_section(v, s);
    if (s->section == NULL)
        s->section = mem_strdup("");
    name = s->as_text ? name_of(s->section) : mem_strdup(s->rule != NULL ? s->rule : s->name);
    if (make_file(s) != 0 || name == NULL)
        come_back(v, s, name, NULL);
    else if (!rule_check(v, s->file.data, &problems) || s->checks)
        come_back(v, s, name, &problems);
    else
        keep_change(v, s, name);
    problems_close(&problems);
    free(name);
}

static int take(struct visit *v, const char *rule, bool checks)
{
    const struct fields *form = &v->request->form;
    const char *mode = fields_get(form, "mode"), *digest = fields_get(form, "digest");
    char present[DIGEST_MAX];
    struct sent s = {.rule = rule, .name = fields_get(form, "name"), .checks = checks};
    int rc = book_open(v, &s.book);

    buf_init(&s.file);
    s.as_text = str_eq(mode, "text");
    s.deletes = rule != NULL && str_eq(mode, "delete");
    s.name = s.name != NULL ? s.name : "";
    rule_form_read(v, &s.fields);
    snprintf(present, sizeof(present), "%016" PRIx64, book_digest(&s.book.text));
    if (rc == 0 && !checks && !str_eq(digest, present)) {
        find_section(v, &s);
        char *now = rule != NULL ? book_section(&s.book, rule) : NULL;
        rule_conflict(v, rule, now, s.deletes ? NULL : s.section, book_digest(&s.book.text));
        free(now);
    } else if (rc == 0) {
        look_at(v, &s);
    }
    free(s.section);
    buf_close(&s.file);
    book_close(&s.book);
    return rc;
}

int page_edit_sent(struct visit *v)
{
    return take(v, v->hole.token, false);
}

int page_edit_check(struct visit *v)
{
    return take(v, v->hole.token, true);
}

int page_new_rule_sent(struct visit *v)
{
    return take(v, NULL, false);
}

int page_new_rule_check(struct visit *v)
{
    return take(v, NULL, true);
}
