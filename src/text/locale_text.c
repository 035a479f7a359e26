/*
 * text/locale: letters. Upper and lower case by the language's rules, cutting where a reader sees
 * one character end, and writing a text with the alphabet of an SMS.
 *
 * Into GSM-7 a text goes word by word. A word with letters that are neither in the alphabet nor
 * Latin is made Latin as a whole, since transliteration looks at the neighbours of a letter (a
 * Russian "е" begins a word as "ye"); then each character that is still outside loses its accent,
 * or becomes what Latin-ASCII has for it.
 */
#include <stdlib.h>
#include <string.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utrans.h>

#include "base/mem.h"
#include "base/str.h"
#include "locale_icu.h"
#include "text/locale.h"
#include "text/sms.h"

#define CASE_GROWTH 3      /* a letter's other case takes so many times the units at most */
#define WORD_UNITS_MAX 256 /* longer "words" are no words, and are transliterated in pieces */
#define LATIN_UNITS_MAX 2048

enum case_change { CASE_UPPER, CASE_LOWER };

static void change_case(struct locale *l, enum case_change how, const char *text, size_t len,
                        struct buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t units, n;
    UChar *u = locale_utf16(text, len, &units);
    int32_t room = units * CASE_GROWTH + 1;
    UChar *changed = mem_array((size_t)room, sizeof(*changed));

    n = how == CASE_UPPER ? u_strToUpper(changed, room, u, units, l->id, &status)
                          : u_strToLower(changed, room, u, units, l->id, &status);
    if (U_SUCCESS(status))
        locale_put(out, changed, n);
    else
        buf_append(out, text, len);
    free(changed);
    free(u);
}

void locale_upper(struct locale *l, const char *text, size_t len, struct buf *out)
{
    change_case(l, CASE_UPPER, text, len, out);
}

void locale_lower(struct locale *l, const char *text, size_t len, struct buf *out)
{
    change_case(l, CASE_LOWER, text, len, out);
}

void locale_capitalize(struct locale *l, const char *text, size_t len, struct buf *out)
{
    const char *p = text;

    if (len == 0)
        return;
    str_utf8_next(&p, text + len);
    change_case(l, CASE_UPPER, text, (size_t)(p - text), out);
    buf_append(out, p, (size_t)(text + len - p));
}

void locale_cut(const char *text, size_t len, size_t count, struct buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t units, end = 0, before = 0;
    UChar *u;

    if (len <= count) { /* no more bytes than characters wanted */
        buf_append(out, text, len);
        return;
    }
    u = locale_utf16(text, len, &units);
    UBreakIterator *it = ubrk_open(UBRK_CHARACTER, "en", u, units, &status);
    for (size_t i = 0; U_SUCCESS(status) && i < count && end != UBRK_DONE; i++) {
        before = end;
        end = ubrk_next(it);
    }
    if (U_FAILURE(status) || end == UBRK_DONE || end >= units) {
        buf_append(out, text, len);
    } else {
        while (before > 0 && u_isUWhiteSpace(u[before - 1]))
            before--;
        locale_put(out, u, before);
        if (count > 0)
            buf_puts(out, "…");
    }
    ubrk_close(it);
    free(u);
}

static bool in_gsm(UChar32 c)
{
    char utf8[4];
    size_t n = str_utf8_put(utf8, (uint32_t)c);
    struct sms_outsider o;

    return !sms_first_outsider(utf8, n, &o);
}

/* The transform from the language's script to Latin; opened for each text, which is rare and short.
 */
static UTransliterator *open_transform(const char *id)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar name[64];

    u_uastrncpy(name, id, 64);
    UTransliterator *t = utrans_openU(name, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    return U_SUCCESS(status) ? t : NULL;
}

static const char *latin_transform(const struct locale *l)
{
    static const char *const table[][2] = {
        {"kk", "Kazakh-Latin/BGN; Russian-Latin/BGN; Any-Latin; NFC"},
        {"ru", "Russian-Latin/BGN; Any-Latin; NFC"},
        {"uk", "Ukrainian-Latin/BGN; Any-Latin; NFC"},
        {"be", "Belarusian-Latin/BGN; Any-Latin; NFC"},
        {"bg", "Bulgarian-Latin/BGN; Any-Latin; NFC"},
        {"el", "Greek-Latin/BGN; Any-Latin; NFC"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i][0], l->language) == 0)
            return table[i][1];
    /* Names in Cyrillic turn up in every language; BGN's spelling is the one people know. */
    return "Russian-Latin/BGN; Any-Latin; NFC";
}

static int32_t transform(UTransliterator *t, const UChar *text, int32_t n, UChar *room,
                         int32_t room_units)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = n, limit = n;

    u_memcpy(room, text, n);
    if (t != NULL)
        utrans_transUChars(t, room, &len, room_units, 0, &limit, &status);
    if (U_SUCCESS(status) && len <= room_units)
        return len;
    u_memcpy(room, text, n);
    return n;
}

static void put_char(UTransliterator *ascii, UChar32 c, struct buf *out)
{
    UChar one[2], plain[64];
    int32_t n = 0;

    U16_APPEND_UNSAFE(one, n, c);
    if (in_gsm(c)) {
        locale_put(out, one, n);
        return;
    }
    if (u_charType(c) == U_NON_SPACING_MARK || ublock_getCode(c) == UBLOCK_SPACING_MODIFIER_LETTERS)
        return; /* an accent by itself; the soft, hard and other signs of Cyrillic made Latin */
    n = transform(ascii, one, n, plain, 64);
    locale_put(out, plain, n);
}

/* Does the word need another script than it has? */
static bool is_foreign(const UChar *word, int32_t n)
{
    for (int32_t i = 0; i < n;) {
        UErrorCode status = U_ZERO_ERROR;
        UChar32 c;
        U16_NEXT(word, i, n, c);
        UScriptCode script = uscript_getScript(c, &status);
        if (script != USCRIPT_LATIN && script != USCRIPT_COMMON && script != USCRIPT_INHERITED &&
            !in_gsm(c))
            return true;
    }
    return false;
}

void locale_gsm(struct locale *l, const char *text, size_t len, struct buf *out)
{
    UChar latin_word[LATIN_UNITS_MAX];
    int32_t units, i = 0;
    UChar *u = locale_utf16(text, len, &units);
    UTransliterator *latin = NULL, *ascii = open_transform("Latin-ASCII");

    while (i < units) {
        int32_t start = i;
        UChar32 c;
        while (i < units && i - start < WORD_UNITS_MAX) {
            int32_t next = i;
            U16_NEXT(u, next, units, c);
            if (!u_isalpha(c) && u_charType(c) != U_NON_SPACING_MARK)
                break;
            i = next;
        }
        const UChar *word = u + start;
        int32_t n = i - start;
        if (n > 0 && is_foreign(word, n)) {
            if (latin == NULL)
                latin = open_transform(latin_transform(l));
            n = transform(latin, word, n, latin_word, LATIN_UNITS_MAX);
            word = latin_word;
        }
        for (int32_t k = 0; k < n;) {
            U16_NEXT(word, k, n, c);
            put_char(ascii, c, out);
        }
        if (i == start) { /* no letter: white space, punctuation, a symbol */
            U16_NEXT(u, i, units, c);
            put_char(ascii, c, out);
        }
    }
    utrans_close(ascii);
    utrans_close(latin);
    free(u);
}
