/*
 * Encoding for the wire. Bodies are the greater part of the work of building a mail, so they are
 * written straight into reserved room, with the bytes that pass unchanged copied in runs.
 */
#include "mime_encode.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define BODY_WIDTH 76                     /* RFC 2045, 6.7 (5) and 6.8: without the CRLF */
#define QP_WIDTH (BODY_WIDTH - 1)         /* leaves room for the "=" of a soft line break */
#define BASE64_BYTES (BODY_WIDTH / 4 * 3) /* that one full line encodes */
#define WORD_FRAME 12                     /* "=?UTF-8?B?" and "?=" */
#define SAMPLE_BYTES 256                  /* tell what kind of text it is */

static const char hex[] = "0123456789ABCDEF";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bytes that quoted-printable lets pass anywhere in a line: printable ASCII without "=", and space
 * and tab, which at the end of a line are taken care of apart. */
static const bool passes[256] = {
    ['\t'] = true,
    [' ' ... '<'] = true,
    ['>' ... '~'] = true,
};

void mime_encode_lines(const char *s, size_t len, struct buf *out)
{
    const char *end = s + len;

    buf_reserve(out, len + len / 32 + 2);
    while (s < end) {
        const char *p = s;
        while (p < end && *p != '\n' && *p != '\r')
            p++;
        buf_append(out, s, (size_t)(p - s));
        buf_append(out, "\r\n", 2);
        if (p + 1 < end && p[0] == '\r' && p[1] == '\n')
            p++;
        s = p + 1;
    }
}

static char *put_escape(char *w, unsigned char c)
{
    *w++ = '=';
    *w++ = hex[c >> 4];
    *w++ = hex[c & 15];
    return w;
}

/* Would the rest of the line at p make trouble if an encoded line began with it? A dot is the end
 * of a mail in SMTP, "From " the beginning of one in a mbox file. */
static bool risky_start(const char *p, const char *eol)
{
    return *p == '.' || (*p == 'F' && eol - p >= 5 && memcmp(p, "From ", 5) == 0);
}

/* One line p..eol, without its CRLF, to `w`; returns the end of what was written. */
static char *quote_line(const char *p, const char *eol, char *w)
{
    size_t column = 0;

    while (p < eol) {
        bool plain = passes[(unsigned char)*p];
        if (plain && p + 1 == eol && (*p == ' ' || *p == '\t'))
            plain = false; /* RFC 2045, 6.7 (3): relays cut white space off the end */
        if (column + (plain ? 1 : 3) > QP_WIDTH) {
            memcpy(w, "=\r\n", 3);
            w += 3;
            column = 0;
        }
        if (column == 0 && risky_start(p, eol))
            plain = false;
        if (!plain) {
            w = put_escape(w, (unsigned char)*p++);
            column += 3;
            continue;
        }
        /* a run of bytes that pass, up to the last byte of the line, which is looked at alone */
        const char *run = p++;
        size_t room = QP_WIDTH - column;
        while (p + 1 < eol && (size_t)(p - run) < room && passes[(unsigned char)*p])
            p++;
        memcpy(w, run, (size_t)(p - run));
        w += p - run;
        column += (size_t)(p - run);
    }
    return w;
}

static void encode_quoted(const char *s, size_t len, struct buf *out)
{
    const char *end = s + len;

    /* the worst case: every byte three, and three more for each soft break */
    buf_reserve(out, 3 * len + (3 * len / (QP_WIDTH - 2) + 1) * 3);
    char *w = out->data + out->len;
    while (s < end) {
        const char *eol = memchr(s, '\r', (size_t)(end - s));
        assert(eol != NULL);
        w = quote_line(s, eol, w);
        *w++ = '\r';
        *w++ = '\n';
        s = eol + 2;
    }
    out->len = (size_t)(w - out->data);
    *w = '\0';
}

/* `len` bytes as base64 to `w`; returns the end of what was written. */
static char *put_base64(const unsigned char *s, size_t len, char *w)
{
    for (; len >= 3; s += 3, len -= 3) {
        uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
        *w++ = base64[v >> 18];
        *w++ = base64[v >> 12 & 63];
        *w++ = base64[v >> 6 & 63];
        *w++ = base64[v & 63];
    }
    if (len > 0) {
        uint32_t v = (uint32_t)s[0] << 16 | (len > 1 ? (uint32_t)s[1] << 8 : 0);
        *w++ = base64[v >> 18];
        *w++ = base64[v >> 12 & 63];
        *w++ = len > 1 ? base64[v >> 6 & 63] : '=';
        *w++ = '=';
    }
    return w;
}

static size_t base64_size(size_t len)
{
    size_t lines = (len + BASE64_BYTES - 1) / BASE64_BYTES;

    return (len + 2) / 3 * 4 + lines * 2;
}

static void encode_base64(const char *s, size_t len, struct buf *out)
{
    buf_reserve(out, base64_size(len));
    char *w = out->data + out->len;
    for (size_t i = 0; i < len; i += BASE64_BYTES) {
        size_t n = len - i < BASE64_BYTES ? len - i : BASE64_BYTES;
        w = put_base64((const unsigned char *)s + i, n, w);
        *w++ = '\r';
        *w++ = '\n';
    }
    out->len = (size_t)(w - out->data);
    *w = '\0';
}

/* The least that quoted-printable can take: its size without soft line breaks. */
static size_t quoted_least(const char *s, size_t len)
{
    size_t escapes = 0;

    for (size_t i = 0; i < len; i++)
        escapes += !passes[(unsigned char)s[i]] && s[i] != '\r' && s[i] != '\n';
    return len + 2 * escapes;
}

const char *mime_encode_body(const char *s, size_t len, struct buf *out)
{
    size_t mark = out->len, limit = base64_size(len);
    bool plain = len > SAMPLE_BYTES && quoted_least(s, SAMPLE_BYTES) < SAMPLE_BYTES * 5 / 4;

    if (plain || quoted_least(s, len) <= limit) {
        encode_quoted(s, len, out);
        if (out->len - mark <= limit)
            return "quoted-printable";
        buf_truncate(out, mark);
    }
    encode_base64(s, len, out);
    return "base64";
}

/* What may stand for itself in an encoded-word anywhere, a name before an address included (RFC
 * 2047, 5 (3)); a space is written "_". */
static bool q_passes(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!*+-/ ", c) != NULL);
}

static size_t q_size(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += q_passes((unsigned char)s[i]) ? 1 : 3;
    return n;
}

/* How many bytes from s on go into one encoded-word with room for `room` characters: whole UTF-8
 * characters only, since each word is decoded by itself (RFC 2047, 5). */
static size_t word_fill(const char *s, const char *end, size_t room, bool q)
{
    const char *p = s, *fits = s;
    size_t used = 0;

    while (p < end) {
        str_utf8_next(&p, end);
        used = q ? used + q_size(fits, (size_t)(p - fits)) : ((size_t)(p - s) + 2) / 3 * 4;
        if (used > room)
            break;
        fits = p;
    }
    return (size_t)(fits - s);
}

/* One encoded-word of s[0..len); returns its length. */
static size_t put_word(const char *s, size_t len, bool q, struct buf *out)
{
    char word[MIME_ENCODED_MAX];
    char *w = word;

    memcpy(w, q ? "=?UTF-8?Q?" : "=?UTF-8?B?", WORD_FRAME - 2);
    w += WORD_FRAME - 2;
    for (size_t i = 0; q && i < len; i++) {
        if (!q_passes((unsigned char)s[i]))
            w = put_escape(w, (unsigned char)s[i]);
        else
            *w++ = s[i] == ' ' ? '_' : s[i];
    }
    if (!q)
        w = put_base64((const unsigned char *)s, len, w);
    memcpy(w, "?=", 2);
    w += 2;
    buf_append(out, word, (size_t)(w - word));
    return (size_t)(w - word);
}

size_t mime_encode_words(const char *s, size_t len, size_t column, struct buf *out)
{
    const char *end = s + len;
    bool q = q_size(s, len) <= (len + 2) / 3 * 4;

    while (s < end) {
        size_t width = MIME_WORD_WIDTH > column ? MIME_WORD_WIDTH - column : 0;
        if (width > MIME_ENCODED_MAX)
            width = MIME_ENCODED_MAX;
        size_t n = width > WORD_FRAME ? word_fill(s, end, width - WORD_FRAME, q) : 0;
        if (n > 0) {
            column += put_word(s, n, q, out);
            s += n;
        }
        if (s < end) {
            buf_append(out, "\r\n ", 3); /* white space between encoded-words is no text */
            column = 1;
        }
    }
    return column;
}
