/* Writing a cleaned Markdown tree as plain text. Private to src/text/markdown*.c. */
#ifndef TEXT_MARKDOWN_TEXT_H
#define TEXT_MARKDOWN_TEXT_H

#include <cmark.h>

#include "base/buf.h"

void markdown_write_text(cmark_node *root, struct buf *out);

#endif
