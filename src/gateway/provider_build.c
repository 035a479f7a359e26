/*
 * From a message to the HTTP request that a provider file describes. Values are escaped for the
 * place they stand in: URL and JSON by the template, a form's field as a whole, so that literal
 * spaces and ampersands of the file are encoded as well. A field of a form that comes out empty is
 * left out: that is how `type = {{#unicode}}unicode{{/unicode}}` works.
 */
#include "gateway/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* JSON text has to be UTF-8; a sender or a text that is not was refused before. */
static void put(json_t *data, const char *key, const char *value)
{
    json_object_set_new(data, key, json_string(value != NULL ? value : ""));
}

static const char *digits(const char *number)
{
    return number != NULL && number[0] == '+' ? number + 1 : number;
}

static json_t *data_of(const struct provider *p, const struct gateway_settings *settings,
                       const struct gateway_message *m)
{
    json_t *data = json_object();
    char id[24];

    for (size_t i = 0; i < p->key_count; i++)
        put(data, p->keys[i].name, "");
    for (size_t i = 0; i < settings->param_count; i++)
        put(data, settings->params[i].name, settings->params[i].value);
    snprintf(id, sizeof(id), "%lld", (long long)m->id);
    put(data, "user", settings->user);
    put(data, "password", settings->password);
    put(data, "to", m->to);
    put(data, "to_digits", digits(m->to));
    put(data, "from", m->from);
    put(data, "from_digits", digits(m->from));
    put(data, "token", m->token);
    put(data, "id", id);
    if (settings->report_url != NULL && m->token != NULL) {
        char *url = mem_printf("%s%lld/%s", settings->report_url, (long long)m->id, m->token);
        put(data, "report_url", url);
        free(url);
    } else {
        put(data, "report_url", "");
    }
    json_object_set_new(data, "text", json_stringn(m->data, m->len));
    json_object_set_new(data, "unicode", json_boolean(m->unicode));
    return data;
}

static int render(const struct template *t, const json_t *data, struct buf *out, struct err *err)
{
    struct template_env env = {.now_ms = clock_wall_ms(), .output_max = PROVIDER_REQUEST_MAX};
    struct template_report report = {0};
    int rc = template_render(t, data, &env, out, &report);

    if (rc != 0) /* the problems' own words might quote a value */
        err_set(err, "%s: a template cannot be filled in", template_file(t));
    template_report_close(&report);
    return rc != 0 ? ERR_INVALID : 0;
}

static int build_form(const struct provider *p, const json_t *data, struct buf *out,
                      struct err *err)
{
    struct buf value;
    int rc = 0;

    buf_init(&value);
    for (size_t i = 0; i < p->body_count && rc == 0; i++) {
        buf_clear(&value);
        rc = render(p->body[i].value, data, &value, err);
        if (rc != 0 || value.len == 0)
            continue;
        if (out->len > 0)
            buf_putc(out, '&');
        template_escape(TEMPLATE_FORM, false, p->body[i].name, strlen(p->body[i].name), out);
        buf_putc(out, '=');
        template_escape(TEMPLATE_FORM, false, value.data, value.len, out);
    }
    explicit_bzero(value.data, value.len);
    buf_close(&value);
    return rc;
}

static bool has_header(const struct provider *p, const char *name)
{
    for (size_t i = 0; i < p->header_count; i++)
        if (str_ieq(p->headers[i].name, name))
            return true;
    return false;
}

static int build_headers(const struct provider *p, const struct gateway_settings *settings,
                         const json_t *data, struct provider_request *out, struct err *err)
{
    static const char *const types[] = {
        [PROVIDER_BODY_FORM] = "application/x-www-form-urlencoded",
        [PROVIDER_BODY_JSON] = "application/json",
        [PROVIDER_BODY_TEXT] = "text/plain; charset=UTF-8",
    };
    struct buf line;
    int rc = 0;

    buf_init(&line);
    for (size_t i = 0; i < p->header_count && rc == 0; i++) {
        buf_clear(&line);
        buf_printf(&line, "%s: ", p->headers[i].name);
        rc = render(p->headers[i].value, data, &line, err);
        if (rc == 0 && !str_one_line(line.data, line.len)) {
            err_set(err, "%s: the header %s has more than one line", p->file, p->headers[i].name);
            rc = ERR_INVALID;
        }
        if (rc == 0)
            str_list_add(&out->headers, line.data, line.len);
    }
    if (p->body_type != PROVIDER_BODY_NONE && !has_header(p, "Content-Type")) {
        buf_clear(&line);
        buf_printf(&line, "Content-Type: %s", types[p->body_type]);
        str_list_add(&out->headers, line.data, line.len);
    }
    if (p->auth == PROVIDER_AUTH_BEARER) {
        buf_clear(&line);
        buf_printf(&line, "Authorization: Bearer %s", settings->password);
        str_list_add(&out->headers, line.data, line.len);
    }
    explicit_bzero(line.data, line.len);
    buf_close(&line);
    return rc;
}

int provider_build(const struct provider *p, const struct gateway_settings *settings,
                   const struct gateway_message *m, struct provider_request *out, struct err *err)
{
    json_t *data = data_of(p, settings, m);
    struct buf url;
    int rc;

    *out = (struct provider_request){.get = p->get};
    buf_init(&out->body);
    buf_init(&url);
    rc = render(p->url, data, &url, err);
    out->url = buf_steal(&url);
    if (rc == 0)
        rc = build_headers(p, settings, data, out, err);
    if (rc == 0 && p->body_type == PROVIDER_BODY_FORM)
        rc = build_form(p, data, &out->body, err);
    else if (rc == 0 && p->body_type != PROVIDER_BODY_NONE)
        rc = render(p->body[0].value, data, &out->body, err);
    if (p->auth == PROVIDER_AUTH_BASIC) {
        out->user = settings->user;
        out->password = settings->password;
    }
    json_decref(data);
    return rc;
}

void provider_request_close(struct provider_request *r)
{
    for (size_t i = 0; i < r->headers.count; i++)
        explicit_bzero(r->headers.items[i], strlen(r->headers.items[i]));
    str_list_close(&r->headers);
    if (r->body.len > 0)
        explicit_bzero(r->body.data, r->body.len);
    buf_close(&r->body);
    if (r->url != NULL)
        explicit_bzero(r->url, strlen(r->url));
    free(r->url);
    r->url = NULL;
}
