/*
 * Markdown (CommonMark) to the two parts of a mail: HTML, and plain text that reads well by itself.
 *
 * No HTML of the source ever becomes markup: tags show as they were typed, comments vanish. A link
 * or an image is live only when its address begins with http://, https:// or mailto:; any other
 * link leaves its text, any other image its description. A line break that stands in a text as a
 * character reference (template_escape writes those) is shown as a line break.
 *
 * Pure functions, safe from any thread.
 */
#ifndef TEXT_MARKDOWN_H
#define TEXT_MARKDOWN_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define MARKDOWN_MAX 1048576  /* bytes of source */
#define MARKDOWN_DEPTH_MAX 32 /* quotes and lists within one another that are still indented */

/* Append the source to `html` as block elements, to be put into a page's body, and to `plain` as
 * plain text with LF line ends: links as "text (address)", lists with "- " or numbers, quotes with
 * "> ", emphasis and headings as their words alone, lines as long as the source's. Either may be
 * NULL. ERR_LIMIT when the source is longer than MARKDOWN_MAX; nothing is appended then. */
int markdown_render(const char *text, size_t len, struct buf *html, struct buf *plain,
                    struct err *err);

#endif
