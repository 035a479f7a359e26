/* Building and folding content lines; what must not be in one never gets into it. */
#include "ical/line.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

#define FOLD_BYTES 75 /* of a line, its CRLF not counted */

void line_fold(struct buf *out, const char *line, size_t len)
{
    size_t room = FOLD_BYTES;

    while (len > room) {
        size_t n = room;
        while (n > 1 && ((unsigned char)line[n] & 0xc0) == 0x80)
            n--;
        buf_append(out, line, n);
        buf_puts(out, "\r\n ");
        line += n;
        len -= n;
        room = FOLD_BYTES - 1; /* the space counts */
    }
    buf_append(out, line, len);
    buf_puts(out, "\r\n");
}

/* The next character of *s that may be written, or 0 at its end: no control characters but line
 * feeds (CRLF is one), and U+FFFD for what is not UTF-8. */
static uint32_t next_character(const char **s, const char *end)
{
    while (*s < end) {
        uint32_t c = str_utf8_next(s, end);
        if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0)))
            return c;
    }
    return 0;
}

static void put_character(struct buf *line, uint32_t c)
{
    char bytes[4];

    buf_append(line, bytes, str_utf8_put(bytes, c));
}

void line_text(struct buf *out, const char *name, const char *value)
{
    struct buf line;
    uint32_t c;

    if (value == NULL)
        return;
    buf_init(&line);
    buf_printf(&line, "%s:", name);
    for (const char *end = value + strlen(value); (c = next_character(&value, end)) != 0;) {
        if (c == '\n') {
            buf_puts(&line, "\\n");
            continue;
        }
        if (c == '\\' || c == ';' || c == ',')
            buf_putc(&line, '\\');
        put_character(&line, c);
    }
    line_fold(out, line.data, line.len);
    buf_close(&line);
}

void line_raw(struct buf *out, const char *fmt, ...)
{
    struct buf given, line;
    va_list ap;
    uint32_t c;

    buf_init(&given);
    buf_init(&line);
    va_start(ap, fmt);
    buf_vprintf(&given, fmt, ap);
    va_end(ap);
    const char *s = given.data;
    for (const char *end = s + given.len; (c = next_character(&s, end)) != 0;)
        if (c != '\n' && c != '\t')
            put_character(&line, c);
    line_fold(out, line.data, line.len);
    buf_close(&line);
    buf_close(&given);
}

void line_quote(struct buf *line, const char *value)
{
    uint32_t c;

    buf_putc(line, '"');
    for (const char *end = value + strlen(value); (c = next_character(&value, end)) != 0;) {
        if (c == '\n')
            buf_puts(line, "^n");
        else if (c == '^')
            buf_puts(line, "^^");
        else if (c == '"')
            buf_puts(line, "^'");
        else
            put_character(line, c);
    }
    buf_putc(line, '"');
}
