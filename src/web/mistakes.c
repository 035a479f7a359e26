/*
 * Mistakes in the files that the business writes. See web/mistakes.h.
 *
 * Where a mistake can be mended on the page, its place is a link: a rule's form for what stands in
 * its lines of the playbook, as the file is now, and a text's editor. Anything else is mended in
 * its file by whoever looks after this machine.
 */
#include "web/mistakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "playbook/ini.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/template_parts.h"

/* A file's name within the folder; NULL: it is not in there. */
static const char *within(const char *file, const char *dir)
{
    size_t n = strlen(dir);

    return strncmp(file, dir, n) == 0 && file[n] == '/' ? file + n + 1 : NULL;
}

struct mistakes *mistakes_create(const struct problems *problems, const char *dir,
                                 const char *whole)
{
    if (problems->errors == 0)
        return NULL;
    struct mistakes *m = mem_zalloc(sizeof(*m));
    m->users = 1;
    for (size_t i = 0; i < problems->count; i++) {
        struct problem p = problems->items[i];
        const char *inside = within(p.file, dir);
        char *file = inside != NULL ? fs_join(whole, inside) : mem_strdup(p.file);
        p.file = file;
        if (!p.warning)
            problems_add(&m->problems, &p);
        free(file);
    }
    m->problems.errors = problems->errors; /* with those that were not kept */
    return m;
}

struct mistakes *mistakes_hold(struct mistakes *m)
{
    if (m != NULL)
        m->users++;
    return m;
}

void mistakes_release(struct mistakes *m)
{
    if (m == NULL || --m->users > 0)
        return;
    problems_close(&m->problems);
    free(m);
}

const struct problems *mistakes_of(const struct visit *v)
{
    return v->mistakes != NULL && !v->mended ? &v->mistakes->problems : NULL;
}

const struct problems *mistakes_or(const struct visit *v, const struct problems *found)
{
    const struct problems *refused = mistakes_of(v);

    return refused != NULL ? refused : found;
}

void mistakes_look_again(struct visit *v)
{
    struct problems found = {0};

    if (mistakes_of(v) != NULL)
        v->mended = v->hooks->check(v->hooks->arg, NULL, NULL, &found);
    problems_close(&found);
}

static void put_count(struct buf *b, enum word one, enum word many, size_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", n);
    if (n == 1)
        html_word(b, one);
    else
        html_words(b, many, text, NULL);
}

void mistakes_banner(struct visit *v)
{
    struct buf *b = &v->response->body;

    const struct problems *refused = mistakes_of(v);

    if (refused == NULL || v->login.user.id == 0 || v->lists_mistakes)
        return;
    size_t n = refused->errors;
    buf_puts(b, "<div class=\"notice bad\" role=\"status\" id=\"mistakes\"><p>");
    put_count(b, W_MISTAKE_BANNER, W_MISTAKES_BANNER, n);
    buf_puts(b, " <a href=\"/mistakes\">");
    put_count(b, W_MISTAKE_SEE, W_MISTAKES_SEE, n);
    buf_puts(b, "</a></p></div>");
}

/* --- the list --- */

const char *mistakes_rule_at(const struct ini *ini, int line)
{
    const struct ini_section *found = NULL;

    for (size_t i = 0; ini != NULL && i < ini->count; i++)
        if (ini->sections[i].line <= line && (found == NULL || ini->sections[i].line > found->line))
            found = &ini->sections[i];
    return found != NULL && strcmp(found->kind, "rule") == 0 && template_name_valid(found->name)
               ? found->name
               : NULL;
}

/* "ready, text in Latvian" for a text; false: it is none. */
static bool put_text_place(struct visit *v, const struct problem *p)
{
    struct buf *b = &v->response->body;
    const char *name = within(p->file, v->site->templates);
    struct template_file f;

    if (name == NULL || !template_file_parse(name, &f))
        return false;
    buf_puts(b, "<a href=\"");
    template_address(b, &f, "");
    buf_puts(b, "\">");
    template_title(b, &f);
    buf_puts(b, "</a>");
    return true;
}

/* A file by its name within the folder of the configuration, or that of the texts. */
static void put_file(struct visit *v, const char *file)
{
    const char *name = within(file, v->site->dir);

    if (name == NULL)
        name = within(file, v->site->templates);
    html_name(&v->response->body, name != NULL ? name : file);
}

void mistakes_place(struct visit *v, const struct ini *playbook, const struct problem *p)
{
    struct buf *b = &v->response->body;
    bool in_playbook = strcmp(p->file, v->site->playbook) == 0;
    const char *rule = in_playbook ? mistakes_rule_at(playbook, p->line) : NULL;
    char line[16];

    if (rule != NULL && visit_may(v, ROLE_MANAGER)) {
        buf_printf(b, "<a href=\"/playbook/%s/edit\">", rule);
        html_words(b, W_MISTAKE_RULE, rule, NULL);
        buf_puts(b, "</a>");
    } else if (rule != NULL) {
        html_words(b, W_MISTAKE_RULE, rule, NULL);
    }
    if (rule == NULL && !put_text_place(v, p))
        put_file(v, p->file);
    if (p->line > 0) {
        snprintf(line, sizeof(line), "%d", p->line);
        buf_puts(b, ", ");
        if (rule != NULL) {
            html_words(b, W_MISTAKE_LINE_OF, line, NULL);
            buf_putc(b, ' ');
            put_file(v, p->file);
        } else {
            html_words(b, W_RULE_LINE, line, NULL);
        }
    }
    buf_puts(b, ": ");
}

void mistakes_notice(struct visit *v, const struct problems *problems)
{
    struct buf *b = &v->response->body;
    struct problems none = {0};

    if (problems->errors == 0)
        return;
    struct ini *playbook = ini_read(v->site->playbook, &none);
    buf_puts(b, "<div class=\"notice bad\" role=\"status\" id=\"mistakes\"><div><p>");
    put_count(b, W_MISTAKE_TITLE, W_MISTAKES_TITLE, problems->errors);
    buf_puts(b, "</p><p>");
    html_word(b, W_MISTAKES_FORCE);
    buf_puts(b, "</p><ul>");
    for (size_t i = 0; i < problems->count; i++) {
        if (problems->items[i].warning)
            continue;
        buf_puts(b, "<li>");
        mistakes_place(v, playbook, &problems->items[i]);
        if (!template_missing_part(v, &problems->items[i], ""))
            html_sentence(b, problems->items[i].text);
        buf_puts(b, "</li>");
    }
    buf_puts(b, "</ul></div></div>");
    ini_free(playbook);
    problems_close(&none);
}

int page_mistakes(struct visit *v)
{
    struct buf *b = &v->response->body;

    v->lists_mistakes = true;
    frame_begin(v, word(W_MISTAKES), PLACE_NONE);
    buf_puts(b, "<h1>");
    html_word(b, W_MISTAKES);
    buf_puts(b, "</h1>");
    if (mistakes_of(v) != NULL)
        mistakes_notice(v, mistakes_of(v));
    else
        html_word(b, W_MISTAKES_NONE);
    frame_end(v);
    return 0;
}
