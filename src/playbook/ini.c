/*
 * The INI reader (the language is in ini.h). One pass over the lines; each is a comment, a section
 * header, the beginning of an entry, or the continuation of the entry above. The value of the entry
 * being read grows in `value` and is stored when the entry ends: at the next one, the next section,
 * or the end of the file. After a line that makes no sense, what continues it is skipped too, so
 * that one mistake is one message.
 */
#include "playbook/ini.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"

/* What an indented line would continue. */
enum above {
    ABOVE_NOTHING, /* a section header, or the file's beginning */
    ABOVE_ENTRY,
    ABOVE_SKIPPED, /* something already complained about */
};

struct reader {
    struct ini *ini;
    struct problems *problems;
    struct ini_section *section; /* NULL before the first */
    enum above above;
    struct buf value; /* of the last entry of `section`, while above == ABOVE_ENTRY */
    int line;
    size_t shift;       /* so far the lines of this section are indented, all of them */
    bool headless_told; /* entries before the first section: said once */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* A copy of s[0..len) with the ends trimmed and white space inside folded to single spaces. */
static char *folded(const char *s, size_t len)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < len; i++) {
        if (!is_blank(s[i]))
            buf_putc(&b, s[i]);
        else if (b.len > 0 && b.data[b.len - 1] != ' ')
            buf_putc(&b, ' ');
    }
    if (b.len > 0 && b.data[b.len - 1] == ' ')
        buf_truncate(&b, b.len - 1);
    return buf_steal(&b);
}

/* s[0] is a double quote: the index of its partner, or 0 when there is none. */
static size_t double_quote_end(const char *s, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (s[i] == '"')
            return i;
        if (s[i] == '\\')
            i++;
    }
    return 0;
}

/* The same for a single quote: one that a word goes on after is an apostrophe. */
static size_t single_quote_end(const char *s, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (s[i] == '\'' && (i + 1 == len || !is_word(s[i + 1])))
            return i;
    return 0;
}

#define NO_QUOTE ((size_t)-1)

/* How much of this line of a value comes before a comment. *open becomes the place of a double
 * quote without a partner, or NO_QUOTE. */
static size_t before_comment(const char *s, size_t len, size_t *open)
{
    bool single = true; /* a single quote may still find a partner further on */

    *open = NO_QUOTE;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"') {
            size_t end = double_quote_end(s + i, len - i);
            if (end == 0) {
                *open = i;
                return len;
            }
            i += end;
        } else if (s[i] == '\'' && single && (i == 0 || !is_word(s[i - 1]))) {
            size_t end = single_quote_end(s + i, len - i);
            single = end != 0; /* else later ones have none either: do not look again */
            i += end;
        } else if ((s[i] == ';' || s[i] == '#') && i > 0 && is_blank(s[i - 1])) {
            return i;
        }
    }
    return len;
}

size_t ini_before_comment(const char *s, size_t len)
{
    size_t open;

    return before_comment(s, len, &open);
}

/* Is the whole value in one pair of double quotes? */
static bool is_quoted(const char *s, size_t len)
{
    return len >= 2 && s[0] == '"' && double_quote_end(s, len) == len - 1;
}

static char *unquoted(const char *s, size_t len)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 1; i + 1 < len; i++) {
        if (s[i] == '\\' && (s[i + 1] == '"' || s[i + 1] == '\\'))
            i++;
        buf_putc(&b, s[i]);
    }
    return buf_steal(&b);
}

/* Values may be secrets. */
static void wipe(struct buf *b)
{
    if (b->len > 0)
        explicit_bzero(b->data, b->len);
}

/* The entry above is complete: store its value. */
static void finish_entry(struct reader *r)
{
    if (r->above == ABOVE_ENTRY) {
        struct ini_entry *e = &r->section->entries[r->section->count - 1];

        free(e->value);
        e->value = is_quoted(r->value.data, r->value.len)
                       ? unquoted(r->value.data, r->value.len)
                       : mem_strndup(r->value.data, r->value.len);
        wipe(&r->value);
        buf_clear(&r->value);
    }
    r->above = ABOVE_SKIPPED;
}

/* Add one line to the value being read. `column` is that of s[0], from 1. */
static void add_value(struct reader *r, const char *s, size_t len, size_t column)
{
    size_t open;

    len = before_comment(s, len, &open);
    if (open != NO_QUOTE)
        problems_error_at(r->problems, r->ini->file, r->line, (int)(column + open),
                          "the quote here has no partner on this line; close it, or write the "
                          "whole value in quotes with \\\" for a quote inside");
    if (open != NO_QUOTE)
        r->section->entries[r->section->count - 1].broken = true;
    while (len > 0 && is_blank(*s))
        s++, len--;
    while (len > 0 && is_blank(s[len - 1]))
        len--;
    if (len == 0)
        return;
    if (r->value.len + len + 1 > INI_VALUE_MAX) {
        problems_error(r->problems, r->ini->file, r->line,
                       "the value of `%s` is longer than %d KiB",
                       r->section->entries[r->section->count - 1].key, INI_VALUE_MAX / 1024);
        r->section->entries[r->section->count - 1].broken = true;
        finish_entry(r);
        return;
    }
    if (r->value.len > 0)
        buf_putc(&r->value, '\n');
    buf_append(&r->value, s, len);
}

/* "[kind name]" at s; what is after the bracket may only be a comment. */
static void begin_section(struct reader *r, const char *s, size_t len)
{
    struct ini *ini = r->ini;
    const char *end = memchr(s, ']', len);
    const char *rest = end != NULL ? end + 1 : s + len;

    finish_entry(r);
    r->section = NULL;
    r->shift = 0;
    r->headless_told = true; /* what follows a broken header is not told again */
    while (rest < s + len && is_blank(*rest))
        rest++;
    if (end == NULL || (rest < s + len && *rest != ';' && *rest != '#')) {
        problems_error(r->problems, ini->file, r->line,
                       "a section is written `[kind name]`, alone on its line");
        return;
    }
    if (ini->count >= INI_SECTIONS_MAX) {
        problems_error(r->problems, ini->file, r->line, "more than %d sections in one file",
                       INI_SECTIONS_MAX);
        return;
    }
    char *header = folded(s + 1, (size_t)(end - s - 1));
    char *space = strchrnul(header, ' ');
    char *kind = mem_strndup(header, (size_t)(space - header));
    const char *name = *space != '\0' ? space + 1 : "";
    size_t name_len = strlen(name);

    name = is_quoted(name, name_len) ? unquoted(name, name_len) : mem_strdup(name);
    free(header);
    if (*kind == '\0')
        problems_error(r->problems, ini->file, r->line,
                       "a section needs a kind: `[kind name]`, such as `[rule ready]`");
    const struct ini_section *first = ini_section(ini, kind, name);
    if (first != NULL)
        problems_error(r->problems, ini->file, r->line,
                       "`[%s%s%s]` is here twice, first in line %d; put "
                       "both into one section",
                       kind, *name != '\0' ? " " : "", name, first->line);
    mem_grow(&ini->sections, &ini->cap, ini->count + 1, sizeof(*ini->sections));
    r->section = &ini->sections[ini->count++];
    *r->section = (struct ini_section){.kind = kind, .name = (char *)name, .line = r->line};
    r->above = ABOVE_NOTHING;
}

/* "key = value" at s. */
static void begin_entry(struct reader *r, const char *s, size_t len, size_t column)
{
    const char *equals = memchr(s, '=', len);
    struct ini_section *section = r->section;

    finish_entry(r);
    if (section == NULL) {
        if (!r->headless_told)
            problems_error(r->problems, r->ini->file, r->line,
                           "this line stands before the first section; begin with one, such as "
                           "`[business]`");
        r->headless_told = true;
        return;
    }
    if (equals == NULL && memchr(s, ':', len) != NULL) {
        problems_error(r->problems, r->ini->file, r->line,
                       "there is no `=` in this line; a key and its value are written `key = "
                       "value`, without a colon");
        return;
    }
    if (equals == NULL) {
        problems_error(r->problems, r->ini->file, r->line,
                       "this is neither `key = value` nor `[kind name]`; to go on with the value "
                       "above, indent the line");
        return;
    }
    char *key = folded(s, (size_t)(equals - s));
    const struct ini_entry *first = ini_entry(section, key);
    if (*key == '\0')
        problems_error(r->problems, r->ini->file, r->line, "a key is missing before the `=`");
    else if (first != NULL)
        problems_error(r->problems, r->ini->file, r->line,
                       "`%s` is here twice, first in line %d; keep one", key, first->line);
    else if (section->count >= INI_ENTRIES_MAX)
        problems_error(r->problems, r->ini->file, r->line, "more than %d keys in one section",
                       INI_ENTRIES_MAX);
    if (*key == '\0' || first != NULL || section->count >= INI_ENTRIES_MAX) {
        free(key);
        return;
    }
    mem_grow(&section->entries, &section->cap, section->count + 1, sizeof(*section->entries));
    section->entries[section->count++] =
        (struct ini_entry){.key = key, .value = mem_strdup(""), .line = r->line};
    r->above = ABOVE_ENTRY;
    size_t value_at = (size_t)(equals - s) + 1;
    add_value(r, s + value_at, len - value_at, column + value_at);
}

/* Text only? Complains and returns false otherwise. */
static bool check_line(struct reader *r, const char *s, size_t len)
{
    size_t valid = str_utf8_valid(s, len);

    if (valid < len) {
        problems_error_at(r->problems, r->ini->file, r->line, (int)valid + 1,
                          "this is not UTF-8; save the file as UTF-8");
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            problems_error_at(r->problems, r->ini->file, r->line, (int)i + 1,
                              "a control character (byte 0x%02x) has no place here; remove it", c);
            return false;
        }
    }
    return true;
}

static void read_line(struct reader *r, const char *s, size_t len)
{
    size_t indent = 0;

    if (len > 0 && s[len - 1] == '\r')
        len--;
    if (!check_line(r, s, len)) {
        if (len > 0 && !is_blank(s[0]))
            finish_entry(r);
        return;
    }
    while (indent < len && is_blank(s[indent]))
        indent++;
    if (indent == len || s[indent] == ';' || s[indent] == '#')
        return;
    if (indent > 0 && r->above == ABOVE_NOTHING && r->section != NULL) {
        problems_error(r->problems, r->ini->file, r->line,
                       "this line is indented, so it would go on with the value above, and there "
                       "is none; begin sections and keys at the line's beginning");
        r->shift = indent;
        while (is_blank(*s))
            s++, len--;
        if (*s == '[') {
            begin_section(r, s, len);
            return;
        }
        begin_entry(r, s, len, 1);
        return;
    }
    if (indent > 0 && indent <= r->shift && s[indent] != '[') {
        begin_entry(r, s + indent, len - indent, indent + 1); /* told of the first of them */
        return;
    }
    if (indent > 0 && r->above == ABOVE_ENTRY)
        add_value(r, s, len, 1);
    else if (indent > 0 && r->section != NULL)
        return; /* goes on with what was skipped */
    else if (s[indent] == '[')
        begin_section(r, s + indent, len - indent);
    else
        begin_entry(r, s + indent, len - indent, indent + 1);
}

struct ini *ini_parse(const char *file, const char *text, size_t len, struct problems *problems)
{
    struct ini *ini = mem_zalloc(sizeof(*ini));
    struct reader r = {.ini = ini, .problems = problems};
    const char *end = text + len;

    ini->file = mem_strdup(file);
    if (len > INI_FILE_MAX) {
        problems_error(problems, file, 0, "larger than %d KiB", INI_FILE_MAX / 1024);
        return ini;
    }
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        problems_error(problems, file, 1, "this file is UTF-16; save it as UTF-8");
        return ini;
    }
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    buf_init(&r.value);
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;

        r.line++;
        read_line(&r, text, (size_t)(stop - text));
        text = newline != NULL ? newline + 1 : end;
    }
    finish_entry(&r);
    buf_close(&r.value);
    return ini;
}

int ini_load(const char *path, struct buf *text, struct problems *problems)
{
    struct err err = {0};
    int rc = fs_read(path, INI_FILE_MAX, text, &err);

    if (rc != 0) {
        size_t n = strlen(path); /* the message begins with the path, and so will the problem */
        bool twice = strncmp(err.text, path, n) == 0 && strncmp(err.text + n, ": ", 2) == 0;

        problems_error(problems, path, 0, "%s", err.text + (twice ? n + 2 : 0));
    }
    return rc;
}

struct ini *ini_read(const char *path, struct problems *problems)
{
    struct buf text;
    struct ini *ini = NULL;

    buf_init(&text);
    if (ini_load(path, &text, problems) == 0)
        ini = ini_parse(path, text.data, text.len, problems);
    wipe(&text);
    buf_close(&text);
    return ini;
}

void ini_free(struct ini *ini)
{
    if (ini == NULL)
        return;
    for (size_t i = 0; i < ini->count; i++) {
        struct ini_section *s = &ini->sections[i];

        for (size_t j = 0; j < s->count; j++) {
            free(s->entries[j].key);
            explicit_bzero(s->entries[j].value, strlen(s->entries[j].value));
            free(s->entries[j].value);
        }
        free(s->kind);
        free(s->name);
        free(s->entries);
    }
    free(ini->sections);
    free(ini->file);
    free(ini);
}

const struct ini_section *ini_section(const struct ini *ini, const char *kind, const char *name)
{
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, kind) == 0 && strcmp(ini->sections[i].name, name) == 0)
            return &ini->sections[i];
    return NULL;
}

const struct ini_entry *ini_entry(const struct ini_section *section, const char *key)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (strcmp(section->entries[i].key, key) == 0)
            return &section->entries[i];
    return NULL;
}

const char *ini_get(const struct ini_section *section, const char *key)
{
    const struct ini_entry *entry = ini_entry(section, key);

    return entry != NULL ? entry->value : NULL;
}
