/*
 * A look at a condition's text before SQLite compiles it. It reads tokens as SQLite's own tokenizer
 * does (strings, quoted names and comments are skipped whole), and refuses
 *
 * - what would break out of the parentheses that we put around it, or needs a statement of its own;
 * - parameters, whose numbers are ours;
 * - WITH: each mention of a common table is expanded when compiling, so a few lines that mention
 *   each other twice grow to billions of tables before any deadline is looked at;
 * - many tables: planning a join of sixty takes seconds, and no deadline is looked at either.
 * Twelve take a few milliseconds.
 *
 * That the text is one expression does not rest on this scan alone (condition.c compiles it twice,
 * in ways that nothing else survives); that compiling is quick does.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "condition_inner.h"
#include "store/condition.h"

#define WHITE_SPACE " \t\r\n\f"

struct scan {
    const char *p;
    int depth; /* open parentheses */
    int selects;
    int tables;
    bool any; /* was there anything but white space and comments? */
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Count a name or text just read if it can be the mention of a table in a FROM: before a dot it is
 * a column's table. Any kind of quotes may be around a table's name, even those of text. */
static int count_table(struct scan *s, const char *name, size_t len, struct err *err)
{
    char text[16];
    const char *next = s->p + strspn(s->p, WHITE_SPACE);

    if (len >= sizeof(text) || *next == '.')
        return 0;
    memcpy(text, name, len);
    text[len] = '\0';
    if (!condition_table_allowed(text) || ++s->tables <= CONDITION_TABLES_MAX)
        return 0;
    err_set(err, "the subqueries of a condition read at most %d tables", CONDITION_TABLES_MAX);
    return ERR_LIMIT;
}

/* Skip the quoted text at s->p, up to `close`; doubled, that stands for itself (not so `]`). */
static int skip_quoted(struct scan *s, char close, struct err *err)
{
    const char *start = s->p++;

    for (; *s->p != '\0'; s->p++) {
        if (*s->p != close)
            continue;
        if (s->p[1] != close || close == ']') {
            s->p++;
            return count_table(s, start + 1, (size_t)(s->p - start) - 2, err);
        }
        s->p++;
    }
    err_set(err, "the %c in %.20s is never closed", *start, start);
    return ERR_INVALID;
}

static int skip_block_comment(struct scan *s, struct err *err)
{
    const char *end = strstr(s->p + 2, "*/");

    if (end == NULL) {
        err_set(err, "the comment at %.20s is never closed with */", s->p);
        return ERR_INVALID;
    }
    s->p = end + 2;
    return 0;
}

static int take_word(struct scan *s, struct err *err)
{
    const char *start = s->p;

    while (is_word(*s->p))
        s->p++;
    size_t n = (size_t)(s->p - start);
    if (n == 4 && strncasecmp(start, "WITH", n) == 0) {
        err_set(err, "a condition cannot use WITH; write the subquery where it is needed");
        return ERR_INVALID;
    }
    if (n == 6 && strncasecmp(start, "SELECT", n) == 0 && ++s->selects > CONDITION_SELECTS_MAX) {
        err_set(err, "a condition has at most %d subqueries", CONDITION_SELECTS_MAX);
        return ERR_LIMIT;
    }
    return count_table(s, start, n, err);
}

static int take_symbol(struct scan *s, struct err *err)
{
    char c = *s->p++;

    switch (c) {
    case '(':
        s->depth++;
        return 0;
    case ')':
        if (--s->depth >= 0)
            return 0;
        err_set(err, "there is a ) without its (");
        return ERR_INVALID;
    case ';':
        err_set(err, "a condition is one expression, without a semicolon");
        return ERR_INVALID;
    case '?':
    case ':':
    case '@':
        err_set(err, "a condition has no parameters such as %c%.*s", c,
                (int)strspn(s->p, "0123456789abcdefghijklmnopqrstuvwxyz_"), s->p);
        return ERR_INVALID;
    default:
        return 0;
    }
}

static int take_token(struct scan *s, struct err *err)
{
    char c = *s->p;

    if (c == '-' && s->p[1] == '-') {
        s->p = strchrnul(s->p, '\n');
        return 0;
    }
    if (c == '/' && s->p[1] == '*')
        return skip_block_comment(s, err);
    if (strchr(WHITE_SPACE, c) != NULL) {
        s->p++;
        return 0;
    }
    s->any = true;
    if (c == '\'' || c == '"' || c == '`')
        return skip_quoted(s, c, err);
    if (c == '[')
        return skip_quoted(s, ']', err);
    if (c == '$') {
        err_set(err, "a condition has no parameters such as %.20s", s->p);
        return ERR_INVALID;
    }
    return is_word(c) ? take_word(s, err) : take_symbol(s, err);
}

int condition_scan(const char *expression, struct err *err)
{
    struct scan s = {.p = expression};

    if (strlen(expression) > CONDITION_LENGTH_MAX) {
        err_set(err, "a condition is at most %d bytes long", CONDITION_LENGTH_MAX);
        return ERR_LIMIT;
    }
    while (*s.p != '\0') {
        int rc = take_token(&s, err);
        if (rc < 0)
            return rc;
    }
    if (s.depth > 0) {
        err_set(err, "there is a ( without its )");
        return ERR_INVALID;
    }
    if (!s.any) {
        err_set(err, "the condition is empty");
        return ERR_INVALID;
    }
    return 0;
}

/* ---- names ---- */

/* Past what is no name: text, quoted names, comments, white space, one sign. */
static void skip_nameless(struct scan *s)
{
    struct scan ahead = *s;
    struct err ignored;

    if (take_token(&ahead, &ignored) < 0)
        ahead.p = s->p + 1;
    s->p = ahead.p;
}

static size_t word_length(const char *p)
{
    size_t n = 0;

    while (is_word(p[n]))
        n++;
    return n;
}

static bool is_name(const char *p, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(p, name, len) == 0;
}

/* The name at s->p, past which it moves: does it mean table.column? */
static bool name_means(struct scan *s, bool in_subquery, const char *table, const char *column)
{
    const char *first = s->p, *second;
    size_t first_len = word_length(first), second_len = 0;
    bool qualified = first[first_len] == '.';

    second = first + first_len + 1;
    if (qualified)
        second_len = word_length(second);
    s->p += first_len + (qualified ? 1 + second_len : 0);
    if (qualified)
        return is_name(first, first_len, table) && is_name(second, second_len, column);
    return !in_subquery && s->p[strspn(s->p, WHITE_SPACE)] != '(' &&
           is_name(first, first_len, column);
}

bool condition_names(const char *expression, const char *table, const char *column)
{
    struct scan s = {.p = expression};
    int depth = 0, subquery_depth = INT32_MAX; /* of the outermost one that we are in */

    while (*s.p != '\0') {
        if (is_word(*s.p)) {
            if (subquery_depth > depth && is_name(s.p, word_length(s.p), "SELECT"))
                subquery_depth = depth;
            if (name_means(&s, subquery_depth <= depth, table, column))
                return true;
            continue;
        }
        depth += (*s.p == '(') - (*s.p == ')');
        if (depth < subquery_depth)
            subquery_depth = INT32_MAX;
        skip_nameless(&s);
    }
    return false;
}
