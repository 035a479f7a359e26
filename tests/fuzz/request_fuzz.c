/*
 * Any bytes as what a browser (or somebody who is none) sends: a path that is taken means one thing
 * only, and every field is text.
 *
 * The input: the target, a form's body, a Cookie header, a Host header.
 */
#include <assert.h>

#include "fuzz.h"
#include "web/request.h"

static void check_text(const char *s)
{
    assert(str_utf8_valid(s, strlen(s)) == strlen(s));
}

static void check_fields(const struct fields *f)
{
    assert(f->count <= FIELDS_MAX);
    for (size_t i = 0; i < f->count; i++) {
        check_text(f->items[i].name);
        check_text(f->items[i].value);
        assert(fields_get(f, f->items[i].name) != NULL);
    }
}

static void check_target(struct request *r, const char *target)
{
    if (request_parse_target(r, target) != 0)
        return;
    assert(r->path[0] == '/' && strstr(r->path, "//") == NULL && strchr(r->path, '\\') == NULL);
    assert(strstr(r->path, "/../") == NULL && strstr(r->path, "/./") == NULL);
    assert(str_one_line(r->path, strlen(r->path)));
    check_text(r->path);
    check_fields(&r->query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts p = parts_of(data, size, 4);
    struct request r = {.cookies = mem_strdup(p.text[2])};
    char out[64];

    check_target(&r, p.text[0]);
    if (fields_parse(&r.form, p.text[1], p.len[1]) == 0)
        check_fields(&r.form);
    if (request_cookie(&r, "session", out, sizeof(out)))
        assert(strlen(out) < sizeof(out) && strchr(out, ';') == NULL);
    if (host_without_port(p.text[3], out, sizeof(out)))
        assert(out[0] != '\0' && strpbrk(out, "/?#@\\ ") == NULL);
    request_close(&r);
    parts_close(&p);
    return 0;
}
