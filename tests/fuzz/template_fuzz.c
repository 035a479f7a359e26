/*
 * Any bytes as a template, rendered with values of any bytes, in each place a template can stand:
 * no crash, no leak, no endless work; a refusal is told; and what comes out keeps to its place: one
 * line for a header, no tag made of a value, a string that JSON can be put around.
 *
 * The input: the template, a byte 1, and the value that every name has.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "text/markdown.h"
#include "text/template.h"
#include "text/template_email.h"

static const struct template *self;
static size_t told;

static const struct template *find(void *arg, const char *name)
{
    return strcmp(name, "self") == 0 ? self : NULL;
}

static void report(void *arg, const char *file, int line, int column, const char *text)
{
    assert(line >= 1 && column >= 1 && text[0] != '\0');
    told++;
}

/* A client whose every field is `value`, jobs in a list, and a visit with times and an amount. */
static json_t *make_data(const char *value)
{
    json_t *text = json_string(value);

    if (text == NULL) /* no UTF-8: the store hands none over */
        text = json_string("?");
    json_t *data =
        json_pack("{s:{s:O,s:O,s:{s:O}},s:[{s:O},{s:s},{s:O}],s:{s:s,s:s,s:O},s:b}", "client",
                  "name", text, "email", text, "fields", "any", text, "jobs", "title", text,
                  "title", "", "title", text, "appointment", "starts", "2026-12-08T15:00:00Z",
                  "amount", "120.50", "title", text, "yes", 1, text);
    json_decref(text);
    return data;
}

static void check_place(enum template_place place, const char *out)
{
    if (place == TEMPLATE_HEADER)
        assert(strpbrk(out, "\r\n") == NULL);
    if (place == TEMPLATE_MARKDOWN) {
        struct buf html, plain;
        buf_init(&html);
        buf_init(&plain);
        markdown_render(out, strlen(out), &html, &plain, NULL);
        assert(strstr(html.data, "<script") == NULL);
        buf_close(&html);
        buf_close(&plain);
    }
}

static void render(const char *text, size_t len, enum template_place place, const json_t *data)
{
    struct template_source source = {.file = "fuzz", .text = text, .len = len, .place = place};
    struct template_env env = {.language = len % 2 ? "lv" : "fa",
                               .now_ms = 1780000000000,
                               .partials = {find, NULL},
                               .output_max = 65536};
    struct template_report missing = {0};
    struct buf out;

    told = 0;
    struct template *t = template_compile(&source, report, NULL);
    assert((t == NULL) == (told > 0));
    if (t == NULL)
        return;
    self = t;
    buf_init(&out);
    int rc = template_render(t, data, &env, &out, &missing);
    assert((rc == ERR_INVALID) == (rc != ERR_LIMIT && !template_report_empty(&missing)));
    assert(out.len <= 65536);
    check_place(place, out.data);
    template_report_close(&missing);
    buf_close(&out);
    template_free(t);
}

static void render_email(const char *text, size_t len, const json_t *data)
{
    struct template_source source = {.file = "fuzz", .text = text, .len = len};
    struct template_env env = {.now_ms = 1780000000000, .output_max = 65536};
    struct template_report missing = {0};
    struct template_mail mail;

    told = 0;
    struct template_email *e = template_email_compile(&source, report, NULL);
    assert((e == NULL) == (told > 0));
    if (e == NULL)
        return;
    template_mail_init(&mail);
    template_email_render(e, NULL, NULL, data, &env, &mail, &missing);
    assert(strpbrk(mail.subject.data, "\r\n") == NULL);
    template_mail_close(&mail);
    template_report_close(&missing);
    template_email_free(e);
}

/* The value alone, in JSON: what comes out can be read again. */
static void check_json(const char *value)
{
    struct buf out;

    buf_init(&out);
    buf_putc(&out, '"');
    template_escape(TEMPLATE_JSON, false, value, strlen(value), &out);
    buf_putc(&out, '"');
    json_t *read = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert(json_is_string(read));
    json_decref(read);
    buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts parts = parts_of(data, size, 2);
    json_t *values = make_data(parts.text[1]);

    assert(values != NULL);
    for (int place = TEMPLATE_TEXT; place <= TEMPLATE_JSON; place++)
        render(parts.text[0], parts.len[0], (enum template_place)place, values);
    render_email(parts.text[0], parts.len[0], values);
    if (str_utf8_valid(parts.text[1], strlen(parts.text[1])) == strlen(parts.text[1]))
        check_json(parts.text[1]);
    json_decref(values);
    parts_close(&parts);
    return 0;
}
