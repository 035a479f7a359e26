/* Answers. See web/response.h. */
#include "web/response.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void response_init(struct response *r)
{
    *r = (struct response){.status = 200, .type = "text/html; charset=utf-8", .fd = -1};
    buf_init(&r->body);
}

void response_close(struct response *r)
{
    buf_close(&r->body);
    if (r->fd >= 0)
        close(r->fd);
    free(r->filename);
    free(r->location);
    free(r->cookies[0]);
    free(r->cookies[1]);
    *r = (struct response){.fd = -1};
}

void response_text(struct response *r, int status, const char *text)
{
    r->status = status;
    r->type = "text/plain; charset=utf-8";
    r->fixed = NULL;
    buf_clear(&r->body);
    buf_puts(&r->body, text);
}

bool response_unchanged(struct response *r, const char *match)
{
    if (match == NULL || r->tag[0] == '\0' ||
        (strstr(match, r->tag) == NULL && strcmp(match, "*") != 0))
        return false;
    r->status = 304;
    buf_clear(&r->body);
    return true;
}

void response_go(struct response *r, const char *location)
{
    r->status = 303;
    buf_clear(&r->body);
    free(r->location);
    r->location = mem_strdup(location);
}

void response_cookie(struct response *r, const char *name, const char *value, bool secure)
{
    int i = r->cookies[0] != NULL;

    free(r->cookies[i]);
    r->cookies[i] = mem_printf("%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", name, value,
                               secure ? "; Secure" : "", value[0] == '\0' ? "; Max-Age=0" : "");
}
