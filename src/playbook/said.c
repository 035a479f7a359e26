/*
 * A condition in words, where they say exactly what it says. See playbook/said.h.
 *
 * It is read by a grammar of its own, much smaller than SQL's:
 *
 *     condition := term (AND term)*
 *     term := column (= | == | <> | != | < | <= | > | >=) value
 *           | column LIKE 'pattern'
 *           | column IS [NOT] NULL
 *
 * Whatever else stands in it (OR, NOT, parentheses, comments, functions, other columns), or is a
 * value that people would read otherwise than SQLite does, ends the attempt: then there are no
 * words. What is to be minded, column by column:
 *
 * - A comparison with NULL is not true, and the columns of a record that is not there are NULL. So
 *   "is not" says first that there is something.
 * - Text that may be empty has two ways of not being there, which `IS NULL` and `<>` take for
 *   different things, and people do not.
 * - Numbers are compared with numbers alone, text with text: what holds only numbers, by the
 *   constraints of its table, has no text in it.
 * - LIKE folds A-Z and no other letters.
 */
#include "playbook/said.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define TERMS_MAX 4
#define LITERAL_MAX 100 /* bytes of a text in the words */
#define NUMBER_MAX 15   /* bytes; so many digits are exact */
#define SPACES " \t\r\n\f"

enum content {
    NUMBER, /* or NULL */
    TEXT,   /* not empty, or NULL */
    LOOSE,  /* text, which may be empty, or NULL */
    TIME    /* likewise, but never empty; compared as text, which is no order of times */
};

/* What is left out here is not told in words. `alone`: no other of the five tables has such a
 * column, so that it may be named without its table. */
static const struct column {
    const char *table, *name;
    bool alone;
    enum content content;
    const char *words;
    bool plural;
} columns[] = {
    {"client", "ref", false, TEXT, "the client's ref", false},
    {"client", "name", false, TEXT, "the client's name", false},
    {"client", "email", false, LOOSE, "the client's e-mail address", false},
    {"client", "phone", false, LOOSE, "the client's telephone number", false},
    {"client", "language", false, LOOSE, "the client's language", false},
    {"client", "timezone", false, LOOSE, "the client's time zone", false},
    {"client", "tags", true, LOOSE, "the client's tags", true},
    {"client", "notes", true, LOOSE, "the client's notes", true},
    {"job", "ref", false, TEXT, "the job's ref", false},
    {"job", "workflow", true, LOOSE, "the job's workflow", false},
    {"job", "stage", true, TEXT, "the job's stage", false},
    {"job", "title", false, LOOSE, "the job's title", false},
    {"job", "due", true, TIME, "the time at which the job is due", false},
    {"job", "amount", true, NUMBER, "the job's amount", false},
    {"job", "currency", true, TEXT, "the job's currency", false},
    {"appointment", "ref", false, TEXT, "the appointment's ref", false},
    {"appointment", "title", false, LOOSE, "the appointment's title", false},
    {"appointment", "location", true, LOOSE, "the appointment's place", false},
    {"appointment", "ends", true, TIME, "the end of the appointment", false},
    {"appointment", "status", true, TEXT, "the appointment's status", false},
    {"answer", "text", true, LOOSE, "the answer's text", false},
    {"answer", "score", true, NUMBER, "the answer's score", false},
};

/* --- reading --- */

struct reader {
    const char *p; /* what is left */
};

static void skip_space(struct reader *r)
{
    r->p += strspn(r->p, SPACES);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The word that comes next; 0: there is none. */
static size_t word_length(const struct reader *r)
{
    size_t n = 0;

    while (is_word(r->p[n]))
        n++;
    return n;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t n = word_length(r);

    if (n != strlen(word) || strncasecmp(r->p, word, n) != 0)
        return false;
    r->p += n;
    skip_space(r);
    return true;
}

static bool take_symbol(struct reader *r, const char *symbol)
{
    if (!str_starts(r->p, symbol))
        return false;
    r->p += strlen(symbol);
    skip_space(r);
    return true;
}

static const struct column *column_named(const char *table, size_t table_len, const char *name,
                                         size_t name_len)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        const struct column *c = &columns[i];
        if (strlen(c->name) != name_len || strncasecmp(c->name, name, name_len) != 0)
            continue;
        if (table == NULL
                ? c->alone
                : strlen(c->table) == table_len && strncasecmp(c->table, table, table_len) == 0)
            return c;
    }
    return NULL;
}

static const struct column *take_column(struct reader *r)
{
    const char *first = r->p;
    size_t first_len = word_length(r);

    r->p += first_len;
    skip_space(r);
    if (!take_symbol(r, "."))
        return column_named(NULL, 0, first, first_len);
    const char *name = r->p;
    size_t len = word_length(r);
    r->p += len;
    skip_space(r);
    return column_named(first, first_len, name, len);
}

/* "1000", "-0.5": a number that is written as people write it; "" if there is none. */
static void take_number(struct reader *r, char out[NUMBER_MAX + 2])
{
    bool minus = take_symbol(r, "-");
    size_t whole = strspn(r->p, "0123456789"), n = whole;

    if (r->p[n] == '.')
        n += 1 + strspn(r->p + n + 1, "0123456789");
    bool plain = whole > 0 && (*r->p != '0' || whole == 1) && n <= NUMBER_MAX &&
                 r->p[n - 1] != '.' && !is_word(r->p[n]) && r->p[n] != '.';
    snprintf(out, NUMBER_MAX + 2, "%s%.*s", minus ? "-" : "", plain ? (int)n : 0, r->p);
    if (!plain)
        out[0] = '\0';
    r->p += plain ? n : 0;
    skip_space(r);
}

/* What stands between single quotes, on the heap; NULL: no such text, or none that looks the same
 * between other words as it is. */
static char *take_text(struct reader *r)
{
    struct buf b;
    const char *p = r->p;

    if (*p != '\'')
        return NULL;
    buf_init(&b);
    for (p++; *p != '\0' && (*p != '\'' || p[1] == '\''); p++) {
        p += *p == '\'';
        buf_putc(&b, *p);
    }
    bool closed = *p == '\'';
    char *text = buf_steal(&b);
    size_t len = strlen(text);
    if (!closed || len > LITERAL_MAX || str_utf8_valid(text, len) != len ||
        !str_one_line(text, len) || strstr(text, "  ") != NULL || *text == ' ' ||
        (len > 0 && text[len - 1] == ' ') || strstr(text, "“") != NULL ||
        strstr(text, "”") != NULL) {
        free(text);
        return NULL;
    }
    r->p = p + 1;
    skip_space(r);
    return text;
}

/* --- saying --- */

/* A comparison with a number. */
static bool say_number(struct buf *b, const struct column *c, const char *sign, const char *n)
{
    static const struct {
        const char *sign, *words;
    } said[] = {{"=", "is"},
                {"<>", "is given and is not"},
                {"<", "is given and under"},
                {"<=", "is given and at most"},
                {">", "is over"},
                {">=", "is at least"}};

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (str_eq(said[i].sign, sign)) {
            buf_printf(b, "%s %s %s", c->words, said[i].words, n);
            return *n != '\0';
        }
    return false;
}

static bool say_text(struct buf *b, const struct column *c, const char *sign, const char *text)
{
    const char *is = c->plural ? "are" : "is";

    if (text == NULL || (c->content != TEXT && c->content != LOOSE))
        return false;
    if (str_eq(sign, "=") && *text != '\0')
        buf_printf(b, "%s %s “%s”", c->words, is, text);
    else if (str_eq(sign, "<>") && *text == '\0')
        buf_printf(b, "%s %s not empty", c->words, is);
    else if (str_eq(sign, "<>") && c->content == TEXT)
        buf_printf(b, "%s %s given and %s not “%s”", c->words, is, is, text);
    else
        return false;
    return true;
}

static bool say_comparison(struct buf *b, const struct column *c, struct reader *r)
{
    static const struct {
        const char *symbol, *sign;
    } symbols[] = {{"==", "="},  {"=", "="}, {"<>", "<>"}, {"!=", "<>"},
                   {"<=", "<="}, {"<", "<"}, {">=", ">="}, {">", ">"}};
    const char *sign = NULL;
    char number[NUMBER_MAX + 2];

    for (size_t i = 0; sign == NULL && i < sizeof(symbols) / sizeof(symbols[0]); i++)
        if (take_symbol(r, symbols[i].symbol))
            sign = symbols[i].sign;
    if (sign == NULL)
        return false;
    if (c->content == NUMBER) {
        take_number(r, number);
        return say_number(b, c, sign, number);
    }
    char *text = take_text(r);
    bool said = say_text(b, c, sign, text);
    free(text);
    return said;
}

/* '%vip%', 'vip%', '%vip': with nothing in it that stands for something else, or whose capitals
 * LIKE does not know. */
static bool say_like(struct buf *b, const struct column *c, char *pattern)
{
    size_t len = pattern != NULL ? strlen(pattern) : 0;
    bool before = len > 0 && pattern[0] == '%', after = len > 0 && pattern[len - 1] == '%';
    bool letters = false;

    if ((!before && !after) || (c->content != TEXT && c->content != LOOSE))
        return false;
    pattern[len - after] = '\0';
    const char *text = pattern + (before && len > 1);
    if (*text == '\0' || strpbrk(text, "%_") != NULL || *text == ' ' ||
        text[strlen(text) - 1] == ' ')
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        letters = letters || isalpha((unsigned char)*p);
        if ((unsigned char)*p >= 0x80)
            return false;
    }
    const char *verb = before && after ? "contain" : before ? "end" : "begin";
    buf_printf(b, "%s %s%s%s “%s”%s", c->words, verb, c->plural ? "" : "s",
               before && after ? "" : " with", text, letters ? " (in capitals or not)" : "");
    return true;
}

/* Is there anything? Of what may be empty, people would take that for nothing. */
static bool say_there(struct buf *b, const struct column *c, struct reader *r)
{
    bool there = take_word(r, "NOT");

    if (!take_word(r, "NULL") || c->content == LOOSE)
        return false;
    buf_printf(b, "%s is %sgiven", c->words, there ? "" : "not ");
    return true;
}

static bool say_term(struct buf *b, struct reader *r)
{
    const struct column *c = take_column(r);

    if (c == NULL)
        return false;
    if (take_word(r, "IS"))
        return say_there(b, c, r);
    if (!take_word(r, "LIKE"))
        return say_comparison(b, c, r);
    char *pattern = take_text(r);
    bool said = say_like(b, c, pattern);
    free(pattern);
    return said;
}

char *condition_said(const char *expression, bool unless)
{
    struct reader r = {expression};
    struct buf b;
    size_t terms = 0;
    bool said;

    buf_init(&b);
    skip_space(&r);
    do {
        buf_puts(&b, terms == 0 ? "" : unless ? "; " : ", and ");
        said = say_term(&b, &r);
        terms++;
    } while (said && terms < TERMS_MAX && take_word(&r, "AND"));
    char *words = buf_steal(&b), *sentence = NULL;
    if (said && *r.p == '\0')
        sentence = mem_printf("%s%s",
                              !unless      ? "only if "
                              : terms == 1 ? "unless "
                                           : "unless all of this holds: ",
                              words);
    free(words);
    return sentence;
}
