/*
 * What a text was before: its versions, what changed from any one to any other, and the way back to
 * each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/diff.h"
#include "web/auth.h"
#include "web/changes.h"
#include "web/editing.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/template_parts.h"

#define AROUND 3 /* unchanged lines shown beside a change */
#define LINES_SHOWN_MAX 800
#define SHOWN_MAX 50 /* in the list; all of them can be compared */

/* --- differences --- */

/* Is there a change among the lines near this one? */
static bool is_near(const struct diff_line *lines, size_t count, size_t at)
{
    size_t from = at > AROUND ? at - AROUND : 0, to = at + AROUND < count ? at + AROUND : count - 1;

    for (size_t i = from; i <= to; i++)
        if (lines[i].kind != DIFF_SAME)
            return true;
    return false;
}

static void diff_line(struct buf *b, const struct diff_line *l)
{
    static const char *const begins[] = {"<span dir=\"auto\">", "<del dir=\"auto\">",
                                         "<ins dir=\"auto\">"};
    static const char *const ends[] = {"</span>", "</del>", "</ins>"};
    struct buf text;

    buf_init(&text);
    buf_append(&text, l->text, l->len);
    buf_puts(b, begins[l->kind]);
    html_text(b, text.len > 0 ? text.data : " ");
    buf_puts(b, ends[l->kind]);
    buf_close(&text);
}

void template_differences(struct visit *v, const char *before, const char *after)
{
    struct buf *b = &v->response->body;
    size_t count, shown = 0;
    struct diff_line *lines = diff_lines(before, after, &count);
    bool gap = false;

    buf_puts(b, "<div class=\"diff\">");
    for (size_t i = 0; i < count && shown < LINES_SHOWN_MAX; i++) {
        if (!is_near(lines, count, i)) {
            gap = true;
            continue;
        }
        buf_puts(b, gap ? "<span class=\"quiet\">⋯</span>" : "");
        gap = false;
        diff_line(b, &lines[i]);
        shown++;
    }
    if (shown == 0)
        html_word(b, W_NO_DIFFERENCE);
    else if (shown == LINES_SHOWN_MAX)
        buf_puts(b, "<span class=\"quiet\">⋯</span>");
    buf_puts(b, "</div>");
    free(lines);
}

/* --- the page --- */

struct versions {
    struct editing *e;
    struct template_version *list; /* the latest first, without their texts */
    size_t count;
    int64_t from, to; /* which are compared; 0: none, and the text as it is now */
    bool chosen;
};

static void who(struct buf *b, const struct template_version *t)
{
    if (t->by != NULL)
        html_name(b, t->by);
    else
        html_word(b, W_IN_FILE);
}

/* What the query says. */
static void choose(struct versions *l)
{
    const struct fields *query = &l->e->v->request->query;
    const char *from = fields_get(query, "from"), *to = fields_get(query, "to");

    l->chosen = from != NULL && str_to_int(from, 1, INT64_MAX, &l->from);
    if (l->chosen && to != NULL)
        str_to_int(to, 1, INT64_MAX, &l->to);
}

/* To the second: whoever tries things saves more than once a minute. */
static void put_seconds(struct buf *b, int64_t at_ms)
{
    buf_printf(b, ":%02d", (int)(at_ms / 1000 % 60));
}

static void choice(struct versions *l, const char *name, enum word label, int64_t chosen,
                   bool with_present)
{
    struct visit *v = l->e->v;
    struct buf *b = &v->response->body;

    buf_printf(b, "<div class=\"field\"><label for=\"%s\">", name);
    html_word(b, label);
    buf_printf(b, "</label><select id=\"%s\" name=\"%s\">", name, name);
    if (with_present) {
        buf_puts(b, "<option value=\"0\">");
        html_word(b, W_AS_IT_IS_NOW);
        buf_puts(b, "</option>");
    }
    for (size_t i = 0; i < l->count; i++) {
        const struct template_version *t = &l->list[i];
        buf_printf(b, "<option value=\"%lld\"%s>%zu. ", (long long)t->id,
                   t->id == chosen ? " selected" : "", l->count - i);
        frame_time_text(v, t->at_ms);
        put_seconds(b, t->at_ms);
        buf_puts(b, ", ");
        if (t->by != NULL)
            html_text(b, t->by);
        else
            html_word(b, W_IN_FILE);
        buf_puts(b, "</option>");
    }
    buf_puts(b, "</select></div>");
}

static void compare_form(struct versions *l)
{
    struct buf *b = &l->e->v->response->body;
    size_t first = l->count > 1 ? 1 : 0;

    buf_puts(b, "<section aria-labelledby=\"compare\"><h2 id=\"compare\">");
    html_word(b, W_COMPARE);
    buf_puts(b, "</h2><form class=\"fields\" action=\"");
    template_address(b, &l->e->file, "/versions#differences");
    buf_puts(b, "\">");
    choice(l, "from", W_COMPARE_FROM, l->chosen ? l->from : l->list[first].id, false);
    choice(l, "to", W_COMPARE_TO, l->to, true);
    buf_puts(b, "<button>");
    html_word(b, W_SHOW_DIFFERENCES);
    buf_puts(b, "</button></form></section>");
}

/* The text of a version, 0: the present one. ERR_NOTFOUND: it is another text's, or gone. */
static int text_of(struct versions *l, int64_t id, char **text)
{
    struct template_version t = {0};

    if (id == 0) {
        *text = mem_strdup(l->e->saved != NULL ? l->e->saved : "");
        return 0;
    }
    int rc = store_template_version(l->e->v->store, id, &t);
    if (rc == 0 && strcmp(t.file, l->e->path) != 0)
        rc = ERR_NOTFOUND;
    *text = rc == 0 ? mem_strdup(t.text) : NULL;
    template_version_close(&t);
    return rc;
}

static void restore_button(struct buf *b, int64_t id, size_t number)
{
    buf_printf(b, "<button name=\"version\" value=\"%lld\">", (long long)id);
    html_word(b, W_RESTORE);
    buf_printf(b, "<span class=\"unseen\"> %zu</span></button>", number);
}

static void begin_restore(struct versions *l)
{
    struct buf *b = &l->e->v->response->body;

    buf_puts(b, "<form method=\"post\" action=\"");
    template_address(b, &l->e->file, "/restore");
    buf_puts(b, "\">");
    auth_form_token(l->e->v);
    buf_printf(b, "<input type=\"hidden\" name=\"seen\" value=\"%016llx\">",
               (unsigned long long)l->e->digest);
}

static void name_version(struct versions *l, int64_t id)
{
    struct visit *v = l->e->v;
    struct buf *b = &v->response->body;

    for (size_t i = 0; i < l->count; i++)
        if (l->list[i].id == id) {
            buf_printf(b, "%zu. ", l->count - i);
            frame_time(v, l->list[i].at_ms);
            put_seconds(b, l->list[i].at_ms);
            buf_puts(b, ", ");
            who(b, &l->list[i]);
        }
    if (id == 0)
        html_word(b, W_AS_IT_IS_NOW);
}

/* What differs between the two that are chosen. */
static int differences(struct versions *l)
{
    struct visit *v = l->e->v;
    struct buf *b = &v->response->body;
    char *before = NULL, *after = NULL;
    int rc = text_of(l, l->from, &before);

    if (rc == 0)
        rc = text_of(l, l->to, &after);
    if (rc == 0) {
        buf_puts(b, "<section aria-labelledby=\"differences\"><h2 id=\"differences\">");
        html_word(b, W_DIFFERENCES);
        buf_puts(b, "</h2><p>");
        name_version(l, l->from);
        buf_puts(b, " → ");
        name_version(l, l->to);
        buf_puts(b, "</p>");
        template_differences(v, before, after);
        buf_puts(b, "</section>");
    }
    free(before);
    free(after);
    return rc;
}

static void version(struct versions *l, size_t i, bool restorable)
{
    const struct template_version *t = &l->list[i];
    struct visit *v = l->e->v;
    struct buf *b = &v->response->body;

    buf_printf(b, "<li value=\"%zu\"><div class=\"line\"><span>", l->count - i);
    frame_time(v, t->at_ms);
    put_seconds(b, t->at_ms);
    buf_puts(b, "</span> <span>");
    who(b, t);
    buf_puts(b, "</span>");
    if (t->same) {
        buf_puts(b, " <span class=\"quiet\">");
        html_word(b, W_SAID_THE_SAME);
        buf_puts(b, "</span>");
    }
    buf_puts(b, " <a href=\"");
    template_address(b, &l->e->file, "/versions");
    buf_printf(b, "?from=%lld#differences\">", (long long)t->id);
    html_word(b, W_CHANGED_SINCE);
    buf_puts(b, "</a> ");
    if (restorable)
        restore_button(b, t->id, l->count - i);
    buf_puts(b, "</div></li>");
}

static int list(struct versions *l)
{
    struct visit *v = l->e->v;
    struct buf *b = &v->response->body;
    bool may = visit_may(v, ROLE_MANAGER), is = false;
    size_t shown = l->count < SHOWN_MAX ? l->count : SHOWN_MAX;
    int rc = l->e->saved != NULL ? store_template_is(v->store, l->e->path, l->e->saved, &is) : 0;

    part_section(b, "versions", W_VERSIONS);
    if (may)
        begin_restore(l);
    buf_puts(b, "<ol class=\"list\" reversed>");
    for (size_t i = 0; i < shown; i++)
        version(l, i, may && !(is && i == 0));
    buf_puts(b, "</ol>");
    if (may)
        buf_puts(b, "</form>");
    if (l->count == 0)
        part_quiet(b, W_VERSIONS_NONE);
    part_some_of(b, W_VERSIONS_MORE, shown, (int64_t)l->count);
    buf_puts(b, "</section>");
    return rc;
}

static int show(struct editing *e)
{
    struct versions l = {.e = e};
    int rc = store_template_versions(e->v->store, e->path, &l.list, &l.count);

    choose(&l);
    if (rc == 0 && l.count > 0)
        compare_form(&l);
    if (rc == 0 && l.chosen)
        rc = differences(&l);
    if (rc == 0)
        rc = list(&l);
    if (rc == 0) {
        char *about = mem_printf("text %s", e->path);
        rc = changes_section(e->v, about);
        free(about);
    }
    template_versions_free(l.list, l.count);
    return rc;
}

int page_template_versions(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct editing e;
    int rc = editing_open(v, &e);

    if (rc == 0) {
        v->lists_mistakes = e.texts.settings == NULL;
        frame_begin(v, e.file.name, PLACE_TEMPLATES);
        buf_puts(b, "<p class=\"back\"><a href=\"");
        template_address(b, &e.file, "");
        buf_puts(b, "\">");
        html_word(b, W_TO_EDITOR);
        buf_puts(b, "</a></p><h1>");
        template_title(b, &e.file);
        buf_puts(b, "</h1>");
        if (e.texts.settings == NULL)
            template_problems(v, &e.texts);
        else
            rc = show(&e);
        frame_end(v);
    }
    editing_close(&e);
    return rc;
}
