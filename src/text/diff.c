/*
 * The differences of two texts. See text/diff.h.
 *
 * What both begin with and what both end with is the same; in between, the longest list of lines
 * that both have in the same order (by the usual table of lengths, filled from the end) stays, and
 * the rest was taken out or put in.
 */
#include "text/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct lines {
    struct diff_line *items;
    size_t count;
};

static struct lines split(const char *text)
{
    struct lines l = {0};
    size_t cap = 0;

    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        mem_grow(&l.items, &cap, l.count + 1, sizeof(*l.items));
        l.items[l.count++] = (struct diff_line){DIFF_SAME, text, n};
        text += n + (text[n] == '\n');
    }
    return l;
}

static bool same(const struct diff_line *a, const struct diff_line *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

struct result {
    struct diff_line *items;
    size_t count;
};

static void put(struct result *r, enum diff_kind kind, const struct diff_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        r->items[r->count] = lines[i];
        r->items[r->count++].kind = kind;
    }
}

/* length[i * (m + 1) + j]: of the longest list that a from i on and b from j on have in common. */
static uint32_t *measure(const struct diff_line *a, size_t n, const struct diff_line *b, size_t m)
{
    uint32_t *length = mem_array((n + 1) * (m + 1), sizeof(*length));

    memset(length, 0, (n + 1) * (m + 1) * sizeof(*length));
    for (size_t i = n; i-- > 0;)
        for (size_t j = m; j-- > 0;) {
            uint32_t down = length[(i + 1) * (m + 1) + j], right = length[i * (m + 1) + j + 1];
            length[i * (m + 1) + j] = same(&a[i], &b[j]) ? length[(i + 1) * (m + 1) + j + 1] + 1
                                                         : (down > right ? down : right);
        }
    return length;
}

static void compare(struct result *r, const struct diff_line *a, size_t n,
                    const struct diff_line *b, size_t m)
{
    size_t i = 0, j = 0;

    if (n > 0 && m > DIFF_CELLS_MAX / n) {
        put(r, DIFF_REMOVED, a, n);
        put(r, DIFF_ADDED, b, m);
        return;
    }
    uint32_t *length = measure(a, n, b, m);
    while (i < n || j < m) {
        bool both = i < n && j < m;
        if (both && same(&a[i], &b[j])) {
            put(r, DIFF_SAME, &b[j], 1);
            i++;
            j++;
        } else if (i < n &&
                   (j == m || length[(i + 1) * (m + 1) + j] >= length[i * (m + 1) + j + 1])) {
            put(r, DIFF_REMOVED, &a[i++], 1);
        } else {
            put(r, DIFF_ADDED, &b[j++], 1);
        }
    }
    free(length);
}

struct diff_line *diff_lines(const char *before, const char *after, size_t *count)
{
    struct lines a = split(before), b = split(after);
    struct result r = {.items = mem_array(a.count + b.count + 1, sizeof(*r.items))};
    size_t least = a.count < b.count ? a.count : b.count, begin = 0, end = 0;

    while (begin < least && same(&a.items[begin], &b.items[begin]))
        begin++;
    while (end < least - begin && same(&a.items[a.count - 1 - end], &b.items[b.count - 1 - end]))
        end++;
    put(&r, DIFF_SAME, b.items, begin);
    compare(&r, a.items + begin, a.count - begin - end, b.items + begin, b.count - begin - end);
    put(&r, DIFF_SAME, b.items + b.count - end, end);
    free(a.items);
    free(b.items);
    *count = r.count;
    return r.items;
}
