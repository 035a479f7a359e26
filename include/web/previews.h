/*
 * Mails that somebody looks at while writing them: the page shows each in a frame of its own, which
 * asks for it by a random token. The latest few are kept, in memory only; used from the lane of
 * pages alone.
 */
#ifndef WEB_PREVIEWS_H
#define WEB_PREVIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PREVIEWS_MAX 16
#define PREVIEW_BYTES_MAX (256 * 1024) /* a longer page is not shown */
#define PREVIEW_TOKEN_MAX 33

struct previews;

struct previews *previews_create(void);
void previews_free(struct previews *p); /* NULL does nothing */

/* Keep a page for a user (copied) and write the token it is known by. false: it is too long. */
bool previews_add(struct previews *p, int64_t user_id, const char *html, size_t len,
                  char token[PREVIEW_TOKEN_MAX]);

/* The page of the token, for its user alone; NULL: it is gone, or was never there. Valid until the
 * next previews_add. */
const struct buf *previews_find(const struct previews *p, int64_t user_id, const char *token);

#endif
