/* Mails that somebody looks at while writing them. See web/previews.h. */
#include "web/previews.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

struct previews {
    struct {
        char token[PREVIEW_TOKEN_MAX]; /* "": empty */
        int64_t user_id;
        struct buf html;
    } items[PREVIEWS_MAX];
    size_t next; /* the oldest */
};

struct previews *previews_create(void)
{
    struct previews *p = mem_zalloc(sizeof(*p));

    for (size_t i = 0; i < PREVIEWS_MAX; i++)
        buf_init(&p->items[i].html);
    return p;
}

void previews_free(struct previews *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < PREVIEWS_MAX; i++)
        buf_close(&p->items[i].html);
    free(p);
}

bool previews_add(struct previews *p, int64_t user_id, const char *html, size_t len,
                  char token[PREVIEW_TOKEN_MAX])
{
    size_t at = p->next;

    if (len > PREVIEW_BYTES_MAX)
        return false;
    p->next = (at + 1) % PREVIEWS_MAX;
    rng_hex(p->items[at].token, 4 * (PREVIEW_TOKEN_MAX - 1));
    p->items[at].user_id = user_id;
    buf_close(&p->items[at].html);
    buf_append(&p->items[at].html, html, len);
    memcpy(token, p->items[at].token, PREVIEW_TOKEN_MAX);
    return true;
}

const struct buf *previews_find(const struct previews *p, int64_t user_id, const char *token)
{
    for (size_t i = 0; i < PREVIEWS_MAX; i++)
        if (p->items[i].token[0] != '\0' && p->items[i].user_id == user_id &&
            strcmp(p->items[i].token, token) == 0)
            return &p->items[i].html;
    return NULL;
}
