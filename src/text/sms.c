/*
 * The GSM 7-bit alphabet (3GPP TS 23.038, 6.2.1) as a question about code points, and the count of
 * segments. Counting walks the text as a phone's packer would, because a character of two units
 * that does not fit at the end of a segment leaves one unit there unused.
 */
#include "text/sms.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static const struct capacity {
    size_t single, joined; /* units in the only segment, and in each of several */
} gsm = {160, 153}, ucs2 = {70, 67};

/* Septets of each Latin-1 code point: 0 is not in the alphabet, 2 is in the extension table. The
 * grave accent, the small c with cedilla and the tab are those that people miss. */
static const unsigned char latin[256] = {
    ['\n'] = 1,
    ['\r'] = 1,
    [' ' ... 'Z'] = 1,
    ['_'] = 1,
    ['a' ... 'z'] = 1,
    /* of ASCII, these only by escape: */
    ['['] = 2,
    ['\\'] = 2,
    [']'] = 2,
    ['^'] = 2,
    ['{'] = 2,
    ['|'] = 2,
    ['}'] = 2,
    ['~'] = 2,
    [0xa1] = 1, /* ¡ */
    [0xa3] = 1, /* £ */
    [0xa4] = 1, /* ¤ */
    [0xa5] = 1, /* ¥ */
    [0xa7] = 1, /* § */
    [0xbf] = 1, /* ¿ */
    [0xc4] = 1, /* Ä */
    [0xc5] = 1, /* Å */
    [0xc6] = 1, /* Æ */
    [0xc7] = 1, /* Ç */
    [0xc9] = 1, /* É */
    [0xd1] = 1, /* Ñ */
    [0xd6] = 1, /* Ö */
    [0xd8] = 1, /* Ø */
    [0xdc] = 1, /* Ü */
    [0xdf] = 1, /* ß */
    [0xe0] = 1, /* à */
    [0xe4] = 1, /* ä */
    [0xe5] = 1, /* å */
    [0xe6] = 1, /* æ */
    [0xe8] = 1, /* è */
    [0xe9] = 1, /* é */
    [0xec] = 1, /* ì */
    [0xf1] = 1, /* ñ */
    [0xf2] = 1, /* ò */
    [0xf6] = 1, /* ö */
    [0xf8] = 1, /* ø */
    [0xf9] = 1, /* ù */
    [0xfc] = 1, /* ü */
};

/* Septets that `cp` takes in GSM-7; 0 when the alphabet lacks it. */
static size_t septets(uint32_t cp)
{
    if (cp < 256)
        return latin[cp];
    switch (cp) {
    case 0x393: /* Γ */
    case 0x394: /* Δ */
    case 0x398: /* Θ */
    case 0x39b: /* Λ */
    case 0x39e: /* Ξ */
    case 0x3a0: /* Π */
    case 0x3a3: /* Σ */
    case 0x3a6: /* Φ */
    case 0x3a8: /* Ψ */
    case 0x3a9: /* Ω */
        return 1;
    case 0x20ac: /* € */
        return 2;
    default:
        return 0;
    }
}

static size_t utf16_units(uint32_t cp)
{
    return cp > 0xffff ? 2 : 1;
}

bool sms_first_outsider(const char *text, size_t len, struct sms_outsider *out)
{
    const char *end = text + len;
    size_t position = 1;

    for (const char *p = text; p < end; position++) {
        const char *start = p;
        uint32_t cp = str_utf8_next(&p, end);
        if (septets(cp) > 0)
            continue;
        out->utf8[str_utf8_put(out->utf8, cp)] = '\0';
        out->position = position;
        out->offset = (size_t)(start - text);
        return true;
    }
    return false;
}

/* Fill segments of `capacity` units one after the other; sets segments and units_left. */
static void count_segments(const char *text, size_t len, size_t capacity, struct sms_size *out)
{
    const char *end = text + len;
    size_t left = 0;

    out->segments = 0;
    for (const char *p = text; p < end;) {
        uint32_t cp = str_utf8_next(&p, end);
        size_t n = out->unicode ? utf16_units(cp) : septets(cp);
        if (n > left) {
            out->segments++;
            left = capacity;
        }
        left -= n;
    }
    out->units_left = left;
}

static bool only_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

int sms_measure(const char *text, size_t len, struct sms_size *out, struct err *err)
{
    const char *end = text + len;
    struct sms_outsider outsider;

    memset(out, 0, sizeof(*out));
    if (str_utf8_valid(text, len) != len || !only_text(text, len)) {
        err_set(err, "the text holds a control character or is not UTF-8");
        return ERR_INVALID;
    }
    out->unicode = sms_first_outsider(text, len, &outsider);
    const struct capacity *room = out->unicode ? &ucs2 : &gsm;
    for (const char *p = text; p < end;) {
        uint32_t cp = str_utf8_next(&p, end);
        out->units += out->unicode ? utf16_units(cp) : septets(cp);
    }
    if (out->units <= room->single) {
        out->segments = out->units > 0;
        out->units_left = room->single - out->units;
        return 0;
    }
    count_segments(text, len, room->joined, out);
    if (out->segments > SMS_SEGMENTS_MAX) {
        err_set(err, "the text takes %zu SMS segments, %d are allowed; shorten it or send a mail",
                out->segments, SMS_SEGMENTS_MAX);
        return ERR_LIMIT;
    }
    return 0;
}
