/*
 * What is wrong with a text before it is saved. See web/text_check.h.
 *
 * What the draft would make wrong elsewhere is what is wrong with it and not without it. That
 * cannot be told while another template is broken: then much is not looked at, and would seem new.
 */
#include "web/text_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

static bool has(const struct problems *list, const struct problem *p)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].line == p->line && strcmp(list->items[i].file, p->file) == 0 &&
            strcmp(list->items[i].text, p->text) == 0)
            return true;
    return false;
}

/* Is a template wrong as they are? */
static bool has_broken(const struct problems *list, const struct texts *t)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].warning && str_starts(list->items[i].file, t->settings->templates))
            return true;
    return false;
}

/* --- marks that are not understood --- */

static bool found(const char *text, const char *at, size_t len, struct text_mark *out)
{
    size_t n = len < TEXT_MARK_MAX ? len : TEXT_MARK_MAX - 1;

    snprintf(out->text, sizeof(out->text), "%.*s", (int)str_utf8_valid(at, n), at);
    out->line = 1;
    for (const char *p = text; p < at; p++)
        out->line += *p == '\n';
    return true;
}

/* Where `end` stands on the same line, from `from` on; NULL: nowhere. */
static const char *on_line(const char *from, const char *end)
{
    const char *p = strstr(from, end);

    return p != NULL && memchr(from, '\n', (size_t)(p - from)) == NULL ? p : NULL;
}

/* The length of "**now**" or "__now__"; 0: it is something else. */
static size_t bold_at(const char *p)
{
    const char pair[3] = {p[0], p[1], '\0'};
    const char *end = (p[0] == '*' || p[0] == '_') && p[1] == p[0] ? on_line(p + 2, pair) : NULL;
    bool tight = end != NULL && end > p + 2 && p[2] != ' ' && p[2] != p[0] && end[-1] != ' ';

    return tight ? (size_t)(end + 2 - p) : 0;
}

/* "[here](https://...)" */
static size_t link_at(const char *p)
{
    const char *middle = *p == '[' ? on_line(p, "](") : NULL;
    const char *end = middle != NULL ? on_line(middle, ")") : NULL;

    return end != NULL ? (size_t)(end + 1 - p) : 0;
}

/* "# Title", at the beginning of a line. */
static size_t heading_at(const char *p)
{
    size_t n = strspn(p, "#");

    return n >= 1 && n <= 6 && p[n] == ' ' ? strcspn(p, "\n") : 0;
}

bool text_markdown(const char *text, struct text_mark *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        const char *tag = str_starts(p, "{{") ? on_line(p, "}}") : NULL;
        if (tag != NULL) {
            p = tag + 1;
            continue;
        }
        bool begins = p == text || p[-1] == '\n';
        bool within = !begins && ((p[-1] >= '0' && p[-1] <= '9') || (p[-1] >= 'a' && p[-1] <= 'z'));
        size_t n = begins ? heading_at(p) : 0;
        if (n == 0)
            n = within && *p == '_' ? 0 : bold_at(p);
        if (n == 0)
            n = link_at(p);
        if (n > 0)
            return found(text, p, n, out);
    }
    return false;
}

/* What a text message, and a mail's subject, cannot show. */
static void check_marks(const struct texts *t, const struct template_draft *draft,
                        struct problems *out)
{
    bool sms = str_ends(draft->file, ".sms");
    bool subject = str_ends(draft->file, ".email") && str_starts(draft->text, "Subject:");
    char *text = mem_strndup(draft->text, sms ? draft->len : strcspn(draft->text, "\n"));
    char *path = fs_join(t->settings->templates, draft->file);
    struct text_mark m = {.line = 0};

    if ((sms || subject) && text_markdown(text, &m))
        problems_warning(out, path, m.line,
                         "`%s` goes to the client as it stands: %s has neither bold words nor "
                         "headings, and no links behind words",
                         m.text, sms ? "a text" : "a subject");
    free(path);
    free(text);
}

/* --- the whole configuration --- */

void text_check(const struct visit *v, const struct texts *t, const struct template_draft *draft,
                struct problems *out)
{
    const struct web_hooks *hooks = v->hooks;
    struct problems all = {0}, before = {0};
    bool elsewhere = false;

    hooks->check(hooks->arg, NULL, draft, &all);
    for (size_t i = 0; i < all.count; i++) {
        const struct problem *p = &all.items[i];
        if (texts_is_in(t, p, draft->file))
            problems_add(out, p);
        else
            elsewhere |= !p->warning;
    }
    if (elsewhere)
        hooks->check(hooks->arg, NULL, NULL, &before);
    for (size_t i = 0; elsewhere && !has_broken(&before, t) && i < all.count; i++) {
        const struct problem *p = &all.items[i];
        if (!p->warning && !texts_is_in(t, p, draft->file) && !has(&before, p))
            problems_add(out, p);
    }
    problems_close(&before);
    problems_close(&all);
    if (t->settings != NULL)
        check_marks(t, draft, out);
}
