/*
 * text/template_email: the Subject line and the body of an e-mail's template, and the two parts of
 * the mail that come of them. The body is rendered once, as Markdown, and both parts are made from
 * that, so they cannot differ in what they say.
 */
#include "text/template_email.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "text/locale.h"
#include "text/markdown.h"

#define SUBJECT "Subject:"

/* The page around a mail when there is no layout.html: nothing that a mail program might not know.
 */
static const char plain_layout[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"{{language}}\" dir=\"{{direction}}\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>{{subject}}</title>\n"
    "</head>\n"
    "<body style=\"margin: 0; padding: 16px; font-family: sans-serif; font-size: 16px; "
    "line-height: 1.5\">\n"
    "<div style=\"max-width: 600px; margin: 0 auto\">\n"
    "{{{content}}}</div>\n"
    "</body>\n"
    "</html>\n";

struct lines {
    const char *at, *end;
    int number; /* of the line at `at` */
};

/* The line at l->at without its end; moves on. */
static size_t next_line(struct lines *l, const char **line)
{
    const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *end = newline != NULL ? newline : l->end;

    *line = l->at;
    l->at = newline != NULL ? newline + 1 : l->end;
    l->number++;
    if (end > *line && end[-1] == '\r')
        end--;
    return (size_t)(end - *line);
}

static bool is_empty_line(const char *line, size_t len)
{
    return strspn(line, " \t") >= len;
}

/* Read "Subject: ..." and the empty line; the body begins at l->at then. */
static bool read_head(const struct template_source *source, struct lines *l, const char **subject,
                      size_t *subject_len, template_report_fn report, void *arg)
{
    const char *file = source->file != NULL ? source->file : "";
    const char *line;
    size_t len;
    int number = l->number;
    const char *why;

    len = next_line(l, &line);
    if (len >= strlen(SUBJECT) && strncasecmp(line, SUBJECT, strlen(SUBJECT)) == 0) {
        *subject = line + strlen(SUBJECT);
        *subject_len = len - strlen(SUBJECT);
        if (is_empty_line(*subject, *subject_len)) {
            why = "the subject is empty; write it behind \"Subject:\"";
            goto tell;
        }
        number = l->number;
        len = next_line(l, &line);
        if (is_empty_line(line, len))
            return true;
        why = memchr(line, ':', len) != NULL && line[0] != ' ' && memchr(line, ' ', len) != NULL &&
                      (const char *)memchr(line, ':', len) < (const char *)memchr(line, ' ', len)
                  ? "only a subject can stand above the body; after the \"Subject:\" line comes an "
                    "empty line, then the body"
                  : "an empty line is missing between the subject and the body";
    } else {
        why = "an e-mail begins with a line \"Subject: ...\", then an empty line, then the body";
    }
tell:
    if (report != NULL)
        report(arg, file, number, 1, why);
    return false;
}

struct template_email *template_email_compile(const struct template_source *source,
                                              template_report_fn report, void *arg)
{
    struct template_source part = *source;
    const char *text = source->text;
    size_t len = source->len;
    const char *subject;
    size_t subject_len;

    part.place = TEMPLATE_HEADER;
    if (len > TEMPLATE_BYTES_MAX || str_utf8_valid(text, len) != len || memchr(text, '\0', len)) {
        template_free(template_compile(&part, report, arg)); /* it tells where */
        return NULL;
    }
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    struct lines l = {text, text + len, source->first_line > 0 ? source->first_line : 1};
    int line = l.number;
    bool good = read_head(source, &l, &subject, &subject_len, report, arg);
    struct template_email *e = mem_zalloc(sizeof(*e));
    if (good) {
        while (subject_len > 0 && (*subject == ' ' || *subject == '\t')) {
            subject++;
            subject_len--;
        }
        part.text = subject;
        part.len = subject_len;
        part.first_line = line;
        part.first_column = (int)(subject - text) + 1; /* what stands before it is ASCII */
        e->subject = template_compile(&part, report, arg);
    }
    /* With a broken head, what follows it is checked all the same. */
    part.place = TEMPLATE_MARKDOWN;
    part.text = l.at;
    part.len = (size_t)(l.end - l.at);
    part.first_line = l.number;
    part.first_column = 1;
    e->body = template_compile(&part, report, arg);
    if (e->subject != NULL && e->body != NULL)
        return e;
    template_email_free(e);
    return NULL;
}

void template_email_free(struct template_email *e)
{
    if (e == NULL)
        return;
    template_free(e->subject);
    template_free(e->body);
    free(e);
}

void template_mail_init(struct template_mail *m)
{
    buf_init(&m->subject);
    buf_init(&m->text);
    buf_init(&m->html);
}

void template_mail_close(struct template_mail *m)
{
    buf_close(&m->subject);
    buf_close(&m->text);
    buf_close(&m->html);
}

/* The worse of two results: a limit is worse than a gap. */
static int worse(int a, int b)
{
    if (a == ERR_LIMIT || b == ERR_LIMIT)
        return ERR_LIMIT;
    return a != 0 ? a : b;
}

static int render_subject(const struct template_email *e, const json_t *data,
                          const struct template_env *env, struct buf *out,
                          struct template_report *report)
{
    struct buf b;

    buf_init(&b);
    int rc = template_render(e->subject, data, env, &b, report);
    const char *trimmed = str_trim(b.data);
    if (trimmed[0] == '\0') {
        static const char why[] = "the subject is empty";
        str_list_add(&report->problems, why, strlen(why));
        rc = worse(rc, ERR_INVALID);
    }
    buf_puts(out, trimmed);
    buf_close(&b);
    return rc;
}

static struct template *plain;
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void compile_plain(void)
{
    struct template_source source = {.file = "layout.html",
                                     .text = plain_layout,
                                     .len = sizeof(plain_layout) - 1,
                                     .place = TEMPLATE_HTML};

    plain = template_compile(&source, NULL, NULL);
    assert(plain != NULL);
}

static int render_page(const struct template *layout, const struct template_partials *partials,
                       const json_t *data, const struct template_env *env, const char *subject,
                       const struct buf *content, struct buf *out, struct template_report *report)
{
    const char *language = env->language != NULL ? env->language : "en";
    struct template_env page_env = *env;
    int rc;

    page_env.partials = partials != NULL ? *partials : (struct template_partials){NULL, NULL};
    json_t *page =
        json_copy((json_t *)data); /* shallow: the caller's values are only referred to */
    json_object_set_new(page, "content", json_stringn(content->data, content->len));
    json_object_set_new(page, "subject", json_string(subject));
    json_object_set_new(page, "language",
                        json_string(locale_language_valid(language) ? language : "en"));
    json_object_set_new(page, "direction", json_string(locale_direction(language)));
    if (layout == NULL) {
        pthread_once(&plain_once, compile_plain);
        layout = plain;
    }
    rc = template_render(layout, page, &page_env, out, report);
    json_decref(page);
    return rc;
}

int template_emails_render(const struct template_email_part *parts, size_t count,
                           const struct template *layout,
                           const struct template_partials *layout_partials,
                           struct template_mail *out, struct template_report *report)
{
    const struct template_email_part *first = &parts[0];
    struct buf body, content;
    struct err err = {""};

    assert(count > 0);
    buf_init(&body);
    buf_init(&content);
    size_t subject_from = out->subject.len;
    int rc = render_subject(first->email, first->data, first->env, &out->subject, report);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_puts(&body, "\n\n* * *\n\n");
        rc = worse(
            rc, template_render(parts[i].email->body, parts[i].data, parts[i].env, &body, report));
    }
    if (markdown_render(body.data, body.len, &content, &out->text, &err) != 0) {
        str_list_add(&report->problems, err.text, strlen(err.text));
        rc = ERR_LIMIT;
    } else {
        rc = worse(rc, render_page(layout, layout_partials, first->data, first->env,
                                   out->subject.data + subject_from, &content, &out->html, report));
    }
    buf_close(&content);
    buf_close(&body);
    return rc;
}

int template_email_render(const struct template_email *e, const struct template *layout,
                          const struct template_partials *layout_partials, const json_t *data,
                          const struct template_env *env, struct template_mail *out,
                          struct template_report *report)
{
    const struct template_email_part part = {e, data, env};

    return template_emails_render(&part, 1, layout, layout_partials, out, report);
}
