/* Writing content lines (RFC 5545, 3.1): built in a buffer of their own, then folded. */
#ifndef ICAL_LINE_H
#define ICAL_LINE_H

#include "base/buf.h"

/* Append `line`, which has no line end, to `out`: CRLF after at most 75 bytes, a space in front of
 * what goes on, no character cut in two. */
void line_fold(struct buf *out, const char *line, size_t len);

/* "NAME:value" with the escapes of TEXT; nothing for NULL. */
void line_text(struct buf *out, const char *name, const char *value);

/* "NAME:value", formatted; control characters are left out. */
__attribute__((format(printf, 2, 3))) void line_raw(struct buf *out, const char *fmt, ...);

/* Append a parameter's value in quotes, with RFC 6868's escapes, to a line that is being built. */
void line_quote(struct buf *line, const char *value);

#endif
