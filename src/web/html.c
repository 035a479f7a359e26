/* Writing HTML. See web/html.h. */
#include "web/html.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Control characters but the tab and the line's end mean nothing to a reader, and U+0080 to U+009F
 * are other letters to some browsers. */
static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0);
}

static void escape(struct buf *b, const char *text, size_t len)
{
    for (const char *p = text, *end = text + len; p < end;) {
        char utf8[4];
        uint32_t c = str_utf8_next(&p, end);
        switch (c) {
        case '&':
            buf_puts(b, "&amp;");
            break;
        case '<':
            buf_puts(b, "&lt;");
            break;
        case '>':
            buf_puts(b, "&gt;");
            break;
        case '"':
            buf_puts(b, "&quot;");
            break;
        case '\'':
            buf_puts(b, "&#39;");
            break;
        default:
            if (!is_control(c))
                buf_append(b, utf8, str_utf8_put(utf8, c));
        }
    }
}

void html_text(struct buf *b, const char *text)
{
    if (text != NULL)
        escape(b, text, strlen(text));
}

void html_attr(struct buf *b, const char *text)
{
    html_text(b, text); /* both quotes are escaped there, too */
}

void html_query(struct buf *b, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; p != NULL && *p != '\0'; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
            strchr("-._~", *p) != NULL)
            buf_putc(b, (char)*p);
        else
            buf_printf(b, "%%%02X", *p);
}

void html_name(struct buf *b, const char *text)
{
    buf_puts(b, "<bdi>");
    html_text(b, text);
    buf_puts(b, "</bdi>");
}

void html_sentence(struct buf *b, const char *text)
{
    if (text == NULL)
        return;
    bool small = *text >= 'a' && *text <= 'z';
    if (small)
        buf_putc(b, (char)(*text - 'a' + 'A'));
    html_text(b, text + small);
}

void html_word(struct buf *b, enum word w)
{
    html_text(b, word(w));
}

void html_words(struct buf *b, enum word w, ...)
{
    const char *text = word(w), *hole;
    bool ended = false;
    va_list values;

    va_start(values, w);
    while ((hole = strstr(text, "{}")) != NULL) {
        escape(b, text, (size_t)(hole - text));
        const char *value = ended ? NULL : va_arg(values, const char *);
        ended = value == NULL;
        html_text(b, value);
        text = hole + 2;
    }
    va_end(values);
    html_text(b, text);
}
