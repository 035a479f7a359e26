/*
 * Patterns with one placeholder. See text/pattern.h.
 *
 * The pattern is tried at every place of the line, and at each place costs at most its own length
 * and that of the longest value: no place is tried in more than one way.
 */
#include "text/pattern.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static const struct {
    const char *word;
    enum pattern_what what;
} placeholders[] = {
    {"{email}", PATTERN_EMAIL},
    {"{phone}", PATTERN_PHONE},
    {"{ref}", PATTERN_REF},
};
#define PLACEHOLDERS (sizeof(placeholders) / sizeof(placeholders[0]))

/* A pattern taken apart. */
struct parts {
    const char *before, *after;
    size_t before_len;
    enum pattern_what what;
};

/* Its first placeholder; false: it has none. */
static bool take_apart(const char *pattern, struct parts *out)
{
    const char *first = NULL;

    for (size_t i = 0; i < PLACEHOLDERS; i++) {
        const char *found = strstr(pattern, placeholders[i].word);
        if (found != NULL && (first == NULL || found < first)) {
            first = found;
            *out = (struct parts){.before = pattern,
                                  .before_len = (size_t)(found - pattern),
                                  .after = found + strlen(placeholders[i].word),
                                  .what = placeholders[i].what};
        }
    }
    return first != NULL;
}

int pattern_check(const char *pattern, struct err *err)
{
    struct parts parts, second;

    if (strlen(pattern) > PATTERN_MAX) {
        err_set(err, "a pattern has at most %d bytes", PATTERN_MAX);
        return ERR_INVALID;
    }
    if (!take_apart(pattern, &parts)) {
        err_set(err,
                "`%s` has no placeholder; write {email}, {phone} or {ref} where a client's "
                "stands, as in `Phone: {phone}`",
                pattern);
        return ERR_INVALID;
    }
    if (take_apart(parts.after, &second)) {
        err_set(err, "`%s` has two placeholders; write two patterns, each on a line of its own",
                pattern);
        return ERR_INVALID;
    }
    if (parts.what == PATTERN_REF && parts.before_len == 0) {
        err_set(err,
                "`%s` would take any word for a ref; write what stands in front of it, as in "
                "`Client {ref}`",
                pattern);
        return ERR_INVALID;
    }
    return 0;
}

/* ---- trying it at one place */

/* The length of the white space at `s`: a character's, 0 for none. A no-break space is one. */
static size_t space_len(const char *s)
{
    if (*s == ' ' || *s == '\t')
        return 1;
    return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] == 0xa0 ? 2 : 0;
}

static const char *skip_space(const char *s)
{
    for (size_t n; (n = space_len(s)) > 0;)
        s += n;
    return s;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where the text goes on behind the literal; NULL: it does not stand there. */
static const char *match_literal(const char *literal, size_t len, const char *text)
{
    for (const char *end = literal + len; literal < end;) {
        size_t n = space_len(literal);
        if (n > 0) {
            literal += n;
            text = skip_space(text);
        } else if (*text != '\0' && small(*literal) == small(*text)) {
            literal++;
            text++;
        } else {
            return NULL;
        }
    }
    return text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the longest thing at `s` that may be an address. */
static size_t email_len(const char *s)
{
    size_t n = 0;

    while (n < PATTERN_VALUE_MAX && s[n] != '\0' &&
           ((unsigned char)s[n] >= 0x80 || is_digit(s[n]) ||
            (small(s[n]) >= 'a' && small(s[n]) <= 'z') || strchr("@.!#$%&'*+/=?^_`{|}~-", s[n])))
        n++;
    while (n > 0 && strchr(".,!?'`", s[n - 1]) != NULL) /* the sentence's own */
        n--;
    const char *at = memchr(s, '@', n);
    return at != NULL && at > s && at + 1 < s + n ? n : 0;
}

/* Of a number: from a digit, + or bracket to its last digit. */
static size_t phone_len(const char *s)
{
    size_t n = 0, last = 0, digits = 0;

    if (!is_digit(*s) && *s != '+' && *s != '(')
        return 0;
    while (n < PATTERN_VALUE_MAX && s[n] != '\0') {
        size_t space = space_len(s + n);
        if (space == 0 && !is_digit(s[n]) && strchr("+-./()", s[n]) == NULL)
            break;
        if (is_digit(s[n])) {
            digits++;
            last = n + 1;
        }
        n += space > 0 ? space : 1;
    }
    return digits >= 4 ? last : 0;
}

/* Of a ref: to the next white space, or to where the rest of the pattern stands. */
static size_t ref_len(const char *s, const char *after)
{
    size_t n = 0;

    while (n < PATTERN_VALUE_MAX && s[n] != '\0' && space_len(s + n) == 0 &&
           (*after == '\0' || n == 0 || match_literal(after, strlen(after), s + n) == NULL))
        n++;
    while (*after == '\0' && n > 0 && strchr(".,;:!?)]", s[n - 1]) != NULL)
        n--;
    return n;
}

/* The pattern at this very place: behind the value, or NULL. */
static const char *match_here(const struct parts *p, const char *text, struct buf *value)
{
    const char *at = match_literal(p->before, p->before_len, text);

    if (at == NULL)
        return NULL;
    size_t len = p->what == PATTERN_EMAIL   ? email_len(at)
                 : p->what == PATTERN_PHONE ? phone_len(at)
                                            : ref_len(at, p->after);
    if (len == 0 || match_literal(p->after, strlen(p->after), at + len) == NULL)
        return NULL;
    buf_clear(value);
    buf_append(value, at, len);
    return at + len;
}

bool pattern_next(const char *pattern, const char **at, enum pattern_what *what, struct buf *value)
{
    struct parts parts;

    if (!take_apart(pattern, &parts))
        return false;
    *what = parts.what;
    for (const char *p = *at; *p != '\0'; p++) {
        const char *behind = match_here(&parts, p, value);
        if (behind != NULL) {
            *at = behind;
            return true;
        }
    }
    return false;
}
