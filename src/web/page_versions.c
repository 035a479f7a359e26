/*
 * What a text was before: its versions, what changed from one to another, and the way back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/diff.h"
#include "web/auth.h"
#include "web/editing.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/template_parts.h"

#define AROUND 3 /* unchanged lines shown beside a change */
#define LINES_SHOWN_MAX 800

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

static void who(struct visit *v, const struct template_version *t)
{
    struct buf *b = &v->response->body;

    frame_time(v, t->at_ms);
    buf_puts(b, " <span>");
    if (t->by != NULL)
        html_name(b, t->by);
    else
        html_word(b, W_IN_FILE);
    buf_puts(b, "</span>");
    if (t->same) {
        buf_puts(b, " <span class=\"quiet\">");
        html_word(b, W_SAID_THE_SAME);
        buf_puts(b, "</span>");
    }
}

static void restore_form(struct editing *e, const struct template_version *t)
{
    struct buf *b = &e->v->response->body;

    buf_puts(b, "<form method=\"post\" action=\"");
    template_address(b, &e->file, "/restore");
    buf_puts(b, "\">");
    auth_form_token(e->v);
    buf_printf(b,
               "<input type=\"hidden\" name=\"seen\" value=\"%016llx\"><button name=\"version\" "
               "value=\"%lld\">",
               (unsigned long long)e->digest, (long long)t->id);
    html_word(b, W_RESTORE);
    buf_puts(b, "</button></form>");
}

static void version(struct editing *e, const struct template_version *t, const char *present,
                    bool open)
{
    struct visit *v = e->v;
    struct buf *b = &v->response->body;

    buf_puts(b, "<li><div class=\"line\">");
    who(v, t);
    if (!open) {
        buf_puts(b, "<a href=\"");
        template_address(b, &e->file, "/versions");
        buf_printf(b, "?version=%lld#version\">", (long long)t->id);
        html_word(b, W_SHOW_DIFFERENCES);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</div>");
    if (open) {
        struct template_version whole;
        if (store_template_version(v->store, t->id, &whole) == 0) {
            buf_puts(b, "<div id=\"version\"><p class=\"quiet\">");
            html_word(b, W_SINCE_THEN);
            buf_puts(b, "</p>");
            template_differences(v, whole.text, present);
            if (strcmp(whole.text, present) != 0 && visit_may(v, ROLE_MANAGER))
                restore_form(e, t);
            buf_puts(b, "</div>");
            template_version_close(&whole);
        }
    }
    buf_puts(b, "</li>");
}

static int list(struct editing *e)
{
    struct visit *v = e->v;
    struct buf *b = &v->response->body;
    const char *which = fields_get(&v->request->query, "version");
    struct template_version *versions;
    size_t count;
    int64_t open = 0;
    int rc = store_template_versions(v->store, e->path, &versions, &count);

    if (rc != 0)
        return rc;
    if (which != NULL)
        str_to_int(which, 1, INT64_MAX, &open);
    buf_puts(b, "<section aria-labelledby=\"versions\"><h2 id=\"versions\">");
    html_word(b, W_VERSIONS);
    buf_puts(b, "</h2><ol class=\"list\" reversed>");
    for (size_t i = 0; i < count; i++)
        version(e, &versions[i], e->saved != NULL ? e->saved : "", versions[i].id == open);
    buf_puts(b, "</ol>");
    if (count == 0) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_VERSIONS_NONE);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    template_versions_free(versions, count);
    return 0;
}

int page_template_versions(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct editing e;
    int rc = editing_open(v, &e);

    if (rc == 0) {
        frame_begin(v, e.file.name, PLACE_TEMPLATES);
        buf_puts(b, "<p><a href=\"");
        template_address(b, &e.file, "");
        buf_puts(b, "\">");
        html_word(b, W_TO_EDITOR);
        buf_puts(b, "</a></p><h1>");
        template_title(b, &e.file);
        buf_puts(b, "</h1>");
        if (e.texts.settings == NULL)
            template_problems(v, &e.texts);
        else
            rc = list(&e);
        frame_end(v);
    }
    editing_close(&e);
    return rc;
}
