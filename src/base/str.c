#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define NEAREST_WORD_MAX 64 /* longer words get no suggestion */

/* The parts of an edit distance; four swaps are still more than three slips. */
#define SLIP 8
#define SWAP 7

void str_list_add(struct str_list *l, const char *s, size_t len)
{
    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = mem_strndup(s, len);
}

void str_list_close(struct str_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct str_list){0};
}

bool str_list_has(const struct str_list *l, const char *s)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i], s) == 0)
            return true;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void str_split(struct str_list *l, const char *s, char sep)
{
    while (*s != '\0') {
        const char *end = strchrnul(s, sep);
        const char *last = end;
        while (s < last && is_space(*s))
            s++;
        while (last > s && is_space(last[-1]))
            last--;
        if (last > s)
            str_list_add(l, s, (size_t)(last - s));
        s = *end != '\0' ? end + 1 : end;
    }
}

char *str_trim(char *s)
{
    while (is_space(*s))
        s++;
    size_t n = strlen(s);
    while (n > 0 && is_space(s[n - 1]))
        n--;
    s[n] = '\0';
    return s;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_ieq(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool str_eq(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool str_blank(const char *s)
{
    if (s == NULL)
        return true;
    while (is_space(*s))
        s++;
    return *s == '\0';
}

bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
    char *end;

    if (!((*s >= '0' && *s <= '9') || (*s == '-' && s[1] >= '0' && s[1] <= '9')))
        return false;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno != 0 || *end != '\0' || v < min || v > max)
        return false;
    *out = v;
    return true;
}

bool str_one_line(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return true;
}

/* Letters left out, put in or exchanged, or two neighbours swapped: each is one slip (optimal
 * string alignment). A swap is the likelier one, so it wins where both would do: `stauts` is
 * `status`, not `starts`. Three rows of the table are enough, for a swap looks two back. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][NEAREST_WORD_MAX + 1];

    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j * SLIP;
    for (size_t i = 1; i <= n; i++) {
        const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i * SLIP;
        for (size_t j = 1; j <= m; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1] ? SLIP : 0);
            if (above[j] + SLIP < best)
                best = above[j] + SLIP;
            if (row[j - 1] + SLIP < best)
                best = row[j - 1] + SLIP;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + SWAP < best)
                best = before[j - 2] + SWAP;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

void str_counted(int64_t count, const char *noun, char out[STR_COUNTED_MAX])
{
    snprintf(out, STR_COUNTED_MAX, "%lld %s%s", (long long)count, noun, count == 1 ? "" : "s");
}

const char *str_nearest(const char *word, const char *const *names, size_t count)
{
    size_t n = strlen(word);
    size_t limit = (n < 4 ? 1 : n < 8 ? 2 : 3) * SLIP;
    const char *best = NULL;

    if (n <= 1 || n > NEAREST_WORD_MAX) /* any letter is one slip from any other */
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t m = strlen(names[i]);
        size_t gap = m > n ? m - n : n - m; /* so many letters at least are to be put in */
        if (m > NEAREST_WORD_MAX || gap * SLIP > limit)
            continue;
        size_t d = edit_distance(word, n, names[i], m);
        if (d <= limit) {
            best = names[i];
            limit = d > 0 ? d - 1 : 0;
            if (d == 0)
                break;
        }
    }
    return best;
}

uint64_t str_hash(const void *data, size_t len, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t h = 0xcbf29ce484222325u ^ seed;

    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

/* Length of the well-formed sequence at p, or 0 (table 3-7 of the Unicode standard). */
static size_t sequence(const unsigned char *p, size_t left)
{
    unsigned char c = p[0], low = 0x80, high = 0xbf;
    size_t n;

    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return n;
}

size_t str_utf8_valid(const char *s, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t n = sequence((const unsigned char *)s + i, len - i);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}

uint32_t str_utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    size_t n = sequence(s, (size_t)(end - *p));

    *p += n > 0 ? n : 1;
    switch (n) {
    case 1:
        return s[0];
    case 2:
        return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    case 3:
        return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
    case 4:
        return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
               (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
    default:
        return 0xfffd;
    }
}

size_t str_utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}
