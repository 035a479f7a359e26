/*
 * text/template: making a value harmless for the place it goes to. Works on runs: what needs
 * nothing is copied whole.
 *
 * Markdown (CommonMark 0.30): a backslash before any ASCII punctuation makes it literal (2.4), and
 * a character reference never is a sign of structure (2.5); so punctuation gets a backslash, and
 * line breaks and leading blanks become references. Nothing of the value can then begin a heading,
 * list, quote, link, autolink, code or HTML. Within code spans and blocks neither works, and the
 * value shows its backslashes: values do not belong into code.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "template_tree.h"

/* C0 but tab, LF and CR, and DEL. */
static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

static void copy_plain(const char *s, size_t len, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i < len; i++)
        if (is_control((unsigned char)s[i])) {
            buf_append(out, s + from, i - from);
            from = i + 1;
        }
    buf_append(out, s + from, len - from);
}

static void escape_html(const char *s, size_t len, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i < len; i++) {
        const char *as = NULL;
        switch (s[i]) {
        case '&':
            as = "&amp;";
            break;
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '"':
            as = "&quot;";
            break;
        case '\'':
            as = "&#39;";
            break;
        default:
            if (is_control((unsigned char)s[i]))
                as = "";
        }
        if (as != NULL) {
            buf_append(out, s + from, i - from);
            buf_puts(out, as);
            from = i + 1;
        }
    }
    buf_append(out, s + from, len - from);
}

static bool is_punctuation(unsigned char c)
{
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

static void escape_markdown(const char *s, size_t len, struct buf *out)
{
    bool leading = true;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\n' || (c == '\r' && (i + 1 == len || s[i + 1] != '\n'))) {
            buf_puts(out, "&#10;");
            leading = true;
            continue;
        }
        if (c == '\r' || is_control(c))
            continue;
        if (leading && (c == ' ' || c == '\t')) {
            buf_puts(out, c == ' ' ? "&#32;" : "&#9;");
            continue;
        }
        leading = false;
        if (is_punctuation(c))
            buf_putc(out, '\\');
        buf_putc(out, (char)c);
    }
}

/* Everything on one line: each run of controls and line separators becomes one space. */
static void copy_header(const char *s, size_t len, struct buf *out)
{
    const char *p = s, *end = s + len;

    while (p < end) {
        const char *from = p;
        uint32_t c = str_utf8_next(&p, end);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
            if (out->len > 0 && out->data[out->len - 1] != ' ')
                buf_putc(out, ' ');
        } else {
            buf_append(out, from, (size_t)(p - from));
        }
    }
}

/* No-break and other special spaces would make a GSM-7 message UCS-2 for nothing. */
static bool is_special_space(uint32_t c)
{
    return c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static void copy_sms(const char *s, size_t len, struct buf *out)
{
    const char *p = s, *end = s + len;

    while (p < end) {
        const char *from = p;
        if ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f) {
            while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f)
                p++;
            buf_append(out, from, (size_t)(p - from));
            continue;
        }
        uint32_t c = str_utf8_next(&p, end);
        if (c == '\n')
            buf_putc(out, '\n');
        else if (c == '\t' || is_special_space(c))
            buf_putc(out, ' ');
        else if (c >= 0xa0 && c != 0xfeff)
            buf_append(out, from, (size_t)(p - from));
    }
}

static void escape_form(const char *s, size_t len, struct buf *out)
{
    while (len > 0) {
        size_t n = 0;
        while (n < len && s[n] != ' ')
            n++;
        filter_percent_encode(s, n, out);
        if (n < len) {
            buf_putc(out, '+');
            n++;
        }
        s += n;
        len -= n;
    }
}

static void copy_no_controls(const char *s, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0x20 && s[i] != 0x7f)
            buf_putc(out, s[i]);
}

/* RFC 8259, 7. */
static void escape_json(const char *s, size_t len, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(out, s + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else
            buf_printf(out, "\\u%04x", c);
    }
    buf_append(out, s + from, len - from);
}

void template_escape(enum template_place place, bool raw, const char *text, size_t len,
                     struct buf *out)
{
    switch (place) {
    case TEMPLATE_HEADER:
        copy_header(text, len, out);
        return;
    case TEMPLATE_SMS:
        copy_sms(text, len, out);
        return;
    case TEMPLATE_HTML:
        if (!raw) {
            escape_html(text, len, out);
            return;
        }
        break;
    case TEMPLATE_MARKDOWN:
        if (!raw) {
            escape_markdown(text, len, out);
            return;
        }
        break;
    case TEMPLATE_URL:
        if (raw)
            copy_no_controls(text, len, out);
        else
            filter_percent_encode(text, len, out);
        return;
    case TEMPLATE_FORM:
        if (raw)
            copy_no_controls(text, len, out);
        else
            escape_form(text, len, out);
        return;
    case TEMPLATE_JSON:
        if (!raw) {
            escape_json(text, len, out);
            return;
        }
        break;
    case TEMPLATE_TEXT:
        break;
    }
    copy_plain(text, len, out);
}

bool template_address_live(const char *text, size_t len)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (len > n && strncasecmp(text, schemes[i], n) == 0)
            return true;
    }
    return false;
}
