/*
 * Small things with strings. All text in Betimes is UTF-8; ASCII rules only where a syntax says so.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list of owned strings. */
struct str_list {
    char **items;
    size_t count;
    size_t cap;
};

/* Append a copy of s[0..len). Close frees all of them and leaves an empty list, ready for use. */
void str_list_add(struct str_list *l, const char *s, size_t len);
void str_list_close(struct str_list *l);
bool str_list_has(const struct str_list *l, const char *s); /* byte for byte */

/* Split `s` at each `sep`, trim each part, leave out empty parts; appends to `l`. */
void str_split(struct str_list *l, const char *s, char sep);

/* Cut white space (space, tab, CR, LF) off both ends, in place; returns the new beginning. */
char *str_trim(char *s);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_ieq(const char *a, const char *b); /* ASCII case folded */
bool str_eq(const char *a, const char *b);  /* NULL equals NULL only */
bool str_blank(const char *s);              /* NULL, or nothing but white space */

/* Whole-string decimal number within [min, max]; false when it is none. */
bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out);

/* Is `s` free of CR, LF, NUL-in-the-middle and other C0 controls (tab too)? What may go into a
 * header, an address, a sender name (security.md 1). */
bool str_one_line(const char *s, size_t len);

#define STR_COUNTED_MAX 40

/* "1 message", "2 messages": a number with its noun, whose plural is made with an s. */
void str_counted(int64_t count, const char *noun, char out[STR_COUNTED_MAX]);

/* The nearest of `names` to `word` by edit distance, if it is near enough to suggest; else NULL. */
const char *str_nearest(const char *word, const char *const *names, size_t count);

/* 64-bit FNV-1a, for fingerprints that no stranger can profit from colliding. */
uint64_t str_hash(const void *data, size_t len, uint64_t seed);

/* Length of the valid UTF-8 prefix of s[0..len): equals len when all of it is valid (RFC 3629:
 * no surrogates, no over-long forms, nothing over U+10FFFF). */
size_t str_utf8_valid(const char *s, size_t len);

/* Decode the code point at *p (valid UTF-8, *p < end) and move *p past it. Invalid bytes give
 * U+FFFD and move by one. */
uint32_t str_utf8_next(const char **p, const char *end);

/* Write `cp` as UTF-8 to out (4 bytes at most); returns its length. */
size_t str_utf8_put(char out[4], uint32_t cp);

#endif
