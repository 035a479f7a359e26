/*
 * The search for clients: see store/web_queries.h.
 *
 * People write names as their keyboards let them, so both sides are folded: small letters, no marks
 * on Latin ones. It is done here, client by client, and not by SQLite, whose LIKE knows ASCII only.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/web_queries.h"

#define UTF8_MAX 4  /* bytes of a letter */
#define WORDS_MAX 8 /* of a search; further ones are not looked at */

/* The letters U+00C0 to U+017F without their marks; `-`: signs that are no letters. */
#define MARKED_FIRST 0xc0
static const char unmarked[] = "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
                               "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                               "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
#define MARKED_END (MARKED_FIRST + sizeof(unmarked) - 1)

/* Append `text` in the form in which texts are compared. Each client comes by here, with every
 * search: there is room for the longest form first, so that letters are put down one by one. */
static void fold(struct buf *out, const char *text, locale_t locale)
{
    size_t len = text != NULL ? strlen(text) : 0;
    const char *end = text + len;

    buf_reserve(out, UTF8_MAX * len + 1);
    char *to = out->data + out->len;
    for (const char *p = text; p < end;) {
        if ((unsigned char)*p < 0x80) {
            char c = *p++;
            *to++ = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
            continue;
        }
        uint32_t c = str_utf8_next(&p, end);
        if (c >= MARKED_FIRST && c < MARKED_END && unmarked[c - MARKED_FIRST] != '-')
            *to++ = unmarked[c - MARKED_FIRST];
        else if (c >= 0x300 && c < 0x370)
            continue; /* a mark of its own */
        else
            to += str_utf8_put(to, (uint32_t)towlower_l((wint_t)c, locale));
    }
    out->len = (size_t)(to - out->data);
    buf_putc(out, '\n'); /* no word goes from one field into the next */
}

/* The number without what people put between its digits; nothing if it is one. */
static void fold_phone(struct buf *out, const char *phone)
{
    static const char between[] = " -()./";

    if (phone == NULL || strpbrk(phone, between) == NULL)
        return;
    for (const char *p = phone; *p != '\0'; p++)
        if (strchr(between, *p) == NULL)
            buf_putc(out, *p);
}

/* Is the word there? A number that begins with 00 is also the one that begins with +. */
static bool has_word(const char *text, const char *word)
{
    if (strstr(text, word) != NULL)
        return true;
    if (!str_starts(word, "00") || word[2] == '\0')
        return false;
    for (const char *p = text; (p = strstr(p, word + 2)) != NULL; p++)
        if (p > text && p[-1] == '+')
            return true;
    return false;
}

static bool has_words(const char *text, char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!has_word(text, words[i]))
            return false;
    return true;
}

static void read_line(sqlite3_stmt *st, struct client_line *out)
{
    *out = (struct client_line){
        .id = column_int(st, 0),
        .name = column_text(st, 1),
        .ref = column_text(st, 2),
        .email = column_text(st, 3),
        .phone = column_text(st, 4),
        .language = column_text(st, 5),
    };
}

static int by_name(const void *a, const void *b)
{
    const struct client_line *x = a, *y = b;
    int c = strcoll(x->name, y->name);

    return c != 0 ? c : (x->id > y->id) - (x->id < y->id);
}

void client_lines_free(struct client_line *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].ref);
        free(list[i].email);
        free(list[i].phone);
        free(list[i].language);
    }
    free(list);
}

static int latest(struct store *s, size_t max, struct client_line **out, size_t *count, bool *more)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, name, ref, email, phone, language FROM client "
                                        "ORDER BY id DESC LIMIT ?1 + 1");
    size_t cap = 0;
    int rc;

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        if (*count == max) {
            *more = true;
            store_reset(st);
            return 0;
        }
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_line(st, &(*out)[(*count)++]);
    }
    return rc;
}

static int search(struct store *s, char *const *words, size_t word_count, locale_t locale,
                  size_t max, struct client_line **out, size_t *count, bool *more)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, name, ref, email, phone, language FROM client");
    struct buf text;
    size_t cap = 0;
    int rc;

    buf_init(&text);
    while ((rc = store_step(s, st)) == 1) {
        buf_clear(&text);
        for (int i = 1; i <= 4; i++)
            fold(&text, (const char *)sqlite3_column_text(st, i), locale);
        fold_phone(&text, (const char *)sqlite3_column_text(st, 4));
        if (!has_words(text.data, words, word_count))
            continue;
        if (*count == max) {
            *more = true;
            store_reset(st);
            rc = 0;
            break;
        }
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_line(st, &(*out)[(*count)++]);
    }
    buf_close(&text);
    if (*count > 1)
        qsort(*out, *count, sizeof(**out), by_name);
    return rc;
}

int store_search_clients(struct store *s, const char *words, size_t max, struct client_line **out,
                         size_t *count, bool *more)
{
    *out = NULL;
    *count = 0;
    *more = false;
    if (str_blank(words))
        return latest(s, max, out, count, more);
    /* The C library's own table of letters, which needs no locale to be installed. */
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    struct buf folded;
    struct str_list list = {0};
    buf_init(&folded);
    fold(&folded, words, locale);
    for (char *p = folded.data; *p != '\0'; p++)
        if (*p == '\t' || *p == '\n' || *p == '\r')
            *p = ' ';
    str_split(&list, folded.data, ' ');
    int rc = search(s, list.items, list.count < WORDS_MAX ? list.count : WORDS_MAX, locale, max,
                    out, count, more);
    str_list_close(&list);
    buf_close(&folded);
    freelocale(locale);
    return rc;
}
