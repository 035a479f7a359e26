/*
 * What differs between two texts, line by line: what both have, what only the first has, what only
 * the second has, in an order in which it can be read. Pure functions, safe from any thread.
 */
#ifndef TEXT_DIFF_H
#define TEXT_DIFF_H

#include <stddef.h>

/* How much is compared with care: the lines of one stretch times those of the other, without what
 * both begin and end with. What is larger is told as taken out and put in whole. */
#define DIFF_CELLS_MAX (1u << 20)

enum diff_kind { DIFF_SAME, DIFF_REMOVED, DIFF_ADDED };

struct diff_line {
    enum diff_kind kind;
    const char *text; /* within one of the texts that were compared; not ended by a NUL */
    size_t len;       /* without the line's end */
};

/* Compare. The list is for the caller to free(); it lives no longer than the two texts. A text
 * without a line end behind its last line has the same lines as one with it. */
struct diff_line *diff_lines(const char *before, const char *after, size_t *count);

#endif
