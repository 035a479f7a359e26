/*
 * Reading requests. See web/request.h.
 *
 * A path means one thing only, or it is refused: what could be a second spelling of another path
 * (escapes of slashes and dots, empty parts) has no use for a person.
 */
#include "web/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

void request_close(struct request *r)
{
    free(r->path);
    free(r->host);
    free(r->cookies);
    free(r->origin);
    free(r->referer);
    free(r->site);
    free(r->match);
    fields_close(&r->query);
    fields_close(&r->form);
    fields_close(&r->headers);
    *r = (struct request){0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %xx, and + as a space in forms. false: a bad escape, or a NUL. */
static bool decode(struct buf *out, const char *text, size_t len, bool plus)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%') {
            int high = len - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            buf_putc(out, (char)(high * 16 + low));
            i += 2;
        } else if (text[i] == '\0') {
            return false;
        } else {
            buf_putc(out, plus && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return str_utf8_valid(out->data, out->len) == out->len;
}

/* Does the path still say what it seems to say: no escaped slash, backslash, dot or control, no
 * empty part, no "." and ".."? */
static bool path_is_plain(const char *raw, size_t len, const char *decoded)
{
    for (size_t i = 0; i + 2 < len; i++)
        if (raw[i] == '%') {
            int c = hex_digit(raw[i + 1]) * 16 + hex_digit(raw[i + 2]);
            if (c == '/' || c == '\\' || c == '.' || c == '%')
                return false;
        }
    if (decoded[0] != '/' || strchr(decoded, '\\') != NULL ||
        !str_one_line(decoded, strlen(decoded)))
        return false;
    for (const char *part = decoded + 1;; part++) {
        size_t n = strcspn(part, "/");
        bool last = part[n] == '\0';
        if ((n == 0 && !last) || (n == 1 && part[0] == '.') ||
            (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        if (last)
            return true;
        part += n;
    }
}

int request_parse_target(struct request *r, const char *target)
{
    size_t len = strlen(target), path_len = strcspn(target, "?");
    struct buf path;

    if (len > TARGET_BYTES_MAX)
        return ERR_LIMIT;
    buf_init(&path);
    if (!decode(&path, target, path_len, false) || !path_is_plain(target, path_len, path.data)) {
        buf_close(&path);
        return ERR_INVALID;
    }
    r->path = buf_steal(&path);
    if (target[path_len] == '\0')
        return 0;
    return fields_parse(&r->query, target + path_len + 1, len - path_len - 1);
}

void fields_close(struct fields *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->items[i].name);
        free(f->items[i].value);
    }
    free(f->items);
    *f = (struct fields){0};
}

bool fields_add(struct fields *f, const char *name, const char *value)
{
    if (f->count == FIELDS_MAX)
        return false;
    mem_grow(&f->items, &f->cap, f->count + 1, sizeof(*f->items));
    f->items[f->count++] = (struct field){mem_strdup(name), mem_strdup(value)};
    return true;
}

static int add_field(struct fields *f, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    size_t value_at = equals != NULL ? name_len + 1 : len;
    struct buf name, value;
    int rc = 0;

    buf_init(&name);
    buf_init(&value);
    if (!decode(&name, text, name_len, true) ||
        !decode(&value, text + value_at, len - value_at, true))
        rc = ERR_INVALID;
    else if (f->count == FIELDS_MAX)
        rc = ERR_LIMIT;
    if (rc == 0) {
        mem_grow(&f->items, &f->cap, f->count + 1, sizeof(*f->items));
        f->items[f->count++] = (struct field){buf_steal(&name), buf_steal(&value)};
    }
    buf_close(&name);
    buf_close(&value);
    return rc;
}

int fields_parse(struct fields *f, const char *text, size_t len)
{
    int rc = 0;

    for (size_t at = 0; rc == 0 && at < len;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
        if (n > 0)
            rc = add_field(f, text + at, n);
        at += n + 1;
    }
    return rc;
}

const char *fields_get(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->items[i].name, name) == 0)
            return f->items[i].value;
    return NULL;
}

bool request_cookie(const struct request *r, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);

    for (const char *p = r->cookies; p != NULL && *p != '\0';) {
        p += strspn(p, "; ");
        size_t len = strcspn(p, ";");
        if (len > name_len && strncmp(p, name, name_len) == 0 && p[name_len] == '=') {
            size_t value_len = len - name_len - 1;
            if (value_len >= size)
                return false;
            memcpy(out, p + name_len + 1, value_len);
            out[value_len] = '\0';
            return true;
        }
        p += len;
    }
    return false;
}

bool host_without_port(const char *authority, char *out, size_t size)
{
    const char *end = authority;
    size_t len;

    if (authority[0] == '[') {
        end = strchr(authority, ']');
        if (end == NULL)
            return false;
        end++;
    } else {
        end += strcspn(authority, ":");
    }
    len = (size_t)(end - authority);
    if (len == 0 || len >= size || (*end != '\0' && *end != ':'))
        return false;
    for (const char *p = *end == ':' ? end + 1 : end; *p != '\0'; p++)
        if (*p < '0' || *p > '9')
            return false;
    for (size_t i = 0; i < len; i++) {
        char c = authority[i];
        if (c <= ' ' || strchr("/?#@\\", c) != NULL)
            return false;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    out[len] = '\0';
    return true;
}

size_t request_body_max(const struct request *r)
{
    bool text = str_starts(r->path, "/templates/") || str_starts(r->path, "/partials/");

    return text ? TEXT_BODY_BYTES_MAX : BODY_BYTES_MAX;
}
