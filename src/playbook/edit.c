/*
 * Editing a configuration file in place. See playbook/edit.h.
 *
 * The reader says in which lines sections and keys stand; what is between a key and the next one is
 * its value's further lines, comments and blank lines, which are told apart as the reader does.
 * An edit is a list of changes, each of some bytes of the text for others, in the order of the
 * text; the rest is copied. What came of it is read again and compared: nothing that this file
 * takes for granted about how a text is read can do harm.
 */
#include "playbook/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "edit_value.h"
#include "internal.h"

struct line {
    size_t begin, end, next; /* its bytes; where the next one begins, after the line end */
};

struct change {
    size_t from, to;
    char *text;
};

struct edit {
    const char *text;
    size_t len;
    struct ini *ini;
    size_t errors;                     /* of its reader */
    const struct ini_section *section; /* NULL: none is edited */
    struct line *lines;                /* lines[0] is line 1 */
    size_t line_count, line_cap;
    const char *eol;
    struct change *changes;
    size_t change_count, change_cap;
};

/* ---- reading */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void find_lines(struct edit *e)
{
    size_t at = e->len >= 3 && memcmp(e->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < e->len) {
        const char *newline = memchr(e->text + at, '\n', e->len - at);
        size_t end = newline != NULL ? (size_t)(newline - e->text) : e->len;
        struct line l = {at, end, newline != NULL ? end + 1 : end};
        if (l.end > l.begin && e->text[l.end - 1] == '\r')
            l.end--;
        mem_grow(&e->lines, &e->line_cap, e->line_count + 1, sizeof(*e->lines));
        e->lines[e->line_count++] = l;
        at = l.next;
    }
}

static struct ini *read_quietly(const char *text, size_t len, size_t *errors)
{
    struct problems problems = {0};
    struct ini *ini = ini_parse("", text, len, &problems);

    *errors = problems.errors;
    problems_close(&problems);
    return ini;
}

/* `kind` NULL: no section is asked for. */
static int edit_open(struct edit *e, const char *text, size_t len, const char *kind,
                     const char *name)
{
    *e = (struct edit){.text = text, .len = len, .eol = "\n"};
    e->ini = read_quietly(text, len, &e->errors);
    find_lines(e);
    if (e->line_count > 0 && e->lines[0].next == e->lines[0].end + 2)
        e->eol = "\r\n";
    if (kind != NULL)
        e->section = ini_section(e->ini, kind, name);
    return kind == NULL || e->section != NULL ? 0 : ERR_NOTFOUND;
}

static void edit_close(struct edit *e)
{
    for (size_t i = 0; i < e->change_count; i++)
        free(e->changes[i].text);
    free(e->changes);
    free(e->lines);
    ini_free(e->ini);
}

static const struct line *line_at(const struct edit *e, size_t number)
{
    return &e->lines[number - 1];
}

/* The first byte of the line that is no white space; its end if there is none. */
static size_t first_of(const struct edit *e, const struct line *l)
{
    size_t at = l->begin;

    while (at < l->end && is_blank(e->text[at]))
        at++;
    return at;
}

static bool is_empty(const struct edit *e, size_t number)
{
    const struct line *l = line_at(e, number);

    return first_of(e, l) == l->end;
}

static bool is_comment(const struct edit *e, size_t number)
{
    const struct line *l = line_at(e, number);
    size_t at = first_of(e, l);

    return at < l->end && (e->text[at] == ';' || e->text[at] == '#');
}

/* The line of the next header; one past the last line if there is none. */
static size_t next_section(const struct edit *e)
{
    size_t n = (size_t)e->section->line + 1;

    while (n <= e->line_count && (is_empty(e, n) || e->text[line_at(e, n)->begin] != '['))
        n++;
    return n;
}

/* The section's last line: with what says something, and comments that follow directly but do not
 * stand on top of the next one. */
static size_t last_line(const struct edit *e)
{
    size_t last = (size_t)e->section->line, next = next_section(e);

    for (size_t n = last + 1; n < next; n++)
        if (!is_empty(e, n) && !is_comment(e, n))
            last = n;
    size_t more = last;
    while (more + 1 < next && is_comment(e, more + 1))
        more++;
    return more + 1 == next && next <= e->line_count ? last : more;
}

int edit_find(const char *text, size_t len, const char *kind, const char *name, size_t *begin,
              size_t *end)
{
    struct edit e;
    int rc = edit_open(&e, text, len, kind, name);

    if (rc == 0) {
        *begin = line_at(&e, (size_t)e.section->line)->begin;
        *end = line_at(&e, last_line(&e))->end;
    }
    edit_close(&e);
    return rc;
}

/* ---- changing */

/* Takes `text`. */
static void change(struct edit *e, size_t from, size_t to, char *text)
{
    mem_grow(&e->changes, &e->change_cap, e->change_count + 1, sizeof(*e->changes));
    size_t at = e->change_count++;
    for (; at > 0 && e->changes[at - 1].from > from; at--)
        e->changes[at] = e->changes[at - 1];
    e->changes[at] = (struct change){from, to, text};
}

static void put_changed(const struct edit *e, struct buf *out)
{
    size_t at = 0;

    for (size_t i = 0; i < e->change_count; i++) {
        const struct change *c = &e->changes[i];
        buf_append(out, e->text + at, c->from - at);
        buf_puts(out, c->text);
        at = c->to;
    }
    buf_append(out, e->text + at, e->len - at);
}

/* A line after this one; the file's last line may lack its end. */
static void insert_after(struct edit *e, const struct line *l, const char *text)
{
    bool ended = l->next > l->end;

    change(e, l->next, l->next,
           ended ? mem_printf("%s%s", text, e->eol) : mem_printf("%s%s", e->eol, text));
}

/* A line's part of a value. */
struct part {
    const struct line *line;
    size_t from, to; /* the value's bytes in it */
    size_t comment;  /* where a comment behind them begins; the line's end if there is none */
};

struct parts {
    struct part *items;
    size_t count, cap;
};

static void add_part(const struct edit *e, struct parts *p, const struct line *l, size_t from)
{
    size_t end = from + ini_before_comment(e->text + from, l->end - from);
    struct part part = {.line = l, .comment = end};

    while (from < end && is_blank(e->text[from]))
        from++;
    while (end > from && is_blank(e->text[end - 1]))
        end--;
    part.from = from;
    part.to = end;
    mem_grow(&p->items, &p->cap, p->count + 1, sizeof(*p->items));
    p->items[p->count++] = part;
}

/* The lines that make up the entry's value, the one with its key first. */
static void find_parts(const struct edit *e, const struct ini_entry *entry, struct parts *out)
{
    const struct line *l = line_at(e, (size_t)entry->line);
    const char *equals = memchr(e->text + l->begin, '=', l->end - l->begin);
    size_t next = next_section(e);

    add_part(e, out, l, (size_t)(equals - e->text) + 1);
    for (size_t n = (size_t)entry->line + 1; n < next; n++) {
        if (is_empty(e, n) || is_comment(e, n))
            continue;
        if (!is_blank(e->text[line_at(e, n)->begin]))
            break;
        add_part(e, out, line_at(e, n), line_at(e, n)->begin);
    }
}

static size_t columns(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

/* Another text in the place of a part; a comment behind it stays in its column if it can. */
static void replace_part(struct edit *e, const struct part *p, const char *text)
{
    const char *t = e->text;
    bool commented = p->comment < p->line->end;
    bool spaces = commented && memchr(t + p->to, '\t', p->comment - p->to) == NULL;
    bool tight = p->from > p->line->begin && t[p->from - 1] == '=';
    size_t gap = p->comment - p->to, was = columns(t + p->from, p->to - p->from);
    size_t is = columns(text, strlen(text));

    if (!spaces) {
        change(e, p->from, p->to, mem_printf("%s%s", tight && was == 0 ? " " : "", text));
        return;
    }
    gap = was + gap > is + 1 ? was + gap - is : 1;
    change(e, p->from, p->comment,
           mem_printf("%s%s%*s", tight && was == 0 ? " " : "", text, (int)gap, ""));
}

/* The part's line goes; what it says in a comment stays. */
static void remove_part(struct edit *e, const struct part *p, bool indented)
{
    size_t from = indented ? first_of(e, p->line) : p->line->begin;

    if (p->comment < p->line->end)
        change(e, from, p->comment, mem_strdup(""));
    else
        change(e, p->line->begin, p->line->next, mem_strdup(""));
}

static void add_key(struct edit *e, const char *key, const struct str_list *lines)
{
    char *between = mem_printf("%s" INDENT, e->eol), *value = edit_value_join(lines, between);
    char *text = mem_printf("%s = %s", key, value);
    size_t last = (size_t)e->section->line, next = next_section(e);

    for (size_t n = last + 1; n < next; n++)
        if (!is_empty(e, n) && !is_comment(e, n))
            last = n;
    insert_after(e, line_at(e, last), text);
    free(between);
    free(value);
    free(text);
}

static void set_value(struct edit *e, const struct ini_entry *entry, const struct str_list *lines)
{
    struct parts all = {0};
    size_t used = 0, first = 0;
    const char *indent = INDENT;
    char *own = NULL;

    find_parts(e, entry, &all);
    if (all.count > 1) {
        const struct line *l = all.items[1].line;
        own = mem_strndup(e->text + l->begin, first_of(e, l) - l->begin);
        indent = own;
    }
    /* A value that begins below its key goes on beginning there. */
    if (all.count > 1 && all.items[0].from == all.items[0].to && lines->count > 0)
        first = 1;
    for (size_t i = first; i < all.count; i++)
        if (used < lines->count)
            replace_part(e, &all.items[i], lines->items[used++]);
        else
            remove_part(e, &all.items[i], i > 0);
    for (; used < lines->count; used++) {
        char *text = mem_printf("%s%s", indent, lines->items[used]);
        insert_after(e, all.items[all.count - 1].line, text);
        free(text);
    }
    if (lines->count == 0 && first == 1)
        remove_part(e, &all.items[0], false);
    free(own);
    free(all.items);
}

static int apply_key(struct edit *e, const struct edit_key *k, struct err *err)
{
    const struct ini_entry *entry = ini_entry(e->section, k->key);
    struct str_list lines = {0};
    int rc = 0;

    edit_value_split(k->value, &lines);
    char *value = edit_value_join(&lines, "\n");
    bool same = entry == NULL ? lines.count == 0
                              : lines.count > 0 && !entry->broken && str_eq(entry->value, value);
    if (!same && lines.count > 0)
        rc = edit_value_write(k->key, &lines, err);
    if (!same && rc == 0 && entry != NULL)
        set_value(e, entry, &lines);
    else if (!same && rc == 0)
        add_key(e, k->key, &lines);
    free(value);
    str_list_close(&lines);
    return rc;
}

/* ---- what came of it */

static bool same_entry(const struct ini_section *in, const struct ini_entry *entry)
{
    const char *value = ini_get(in, entry->key);

    return value != NULL && strcmp(value, entry->value) == 0;
}

static bool same_section(const struct ini_section *a, const struct ini_section *b)
{
    bool same = b != NULL && a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = same_entry(b, &a->entries[i]);
    return same;
}

/* Do all sections but the edited one say in `after` what they said before? */
static bool others_same(const struct edit *e, const struct ini *after)
{
    bool same = true;

    for (size_t i = 0; same && i < e->ini->count; i++) {
        const struct ini_section *s = &e->ini->sections[i];
        if (s != e->section)
            same = same_section(s, ini_section(after, s->kind, s->name));
    }
    return same;
}

static bool has_keys(const struct edit *e, const struct ini_section *s, const struct edit_key *keys,
                     size_t count)
{
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        struct str_list lines = {0};
        edit_value_split(keys[i].value, &lines);
        char *value = edit_value_join(&lines, "\n");
        const char *seen = ini_get(s, keys[i].key);
        bool right = lines.count == 0 ? seen == NULL : str_eq(seen, value);
        named += lines.count > 0;
        str_list_close(&lines);
        free(value);
        if (!right)
            return false;
    }
    for (size_t i = 0; i < e->section->count; i++) {
        size_t k = 0;
        while (k < count && strcmp(keys[k].key, e->section->entries[i].key) != 0)
            k++;
        if (k == count && !same_entry(s, &e->section->entries[i]))
            return false;
        named += k == count;
    }
    return s->count == named;
}

static int refuse(struct err *err)
{
    err_set(err, "the file is written in a way that cannot be edited here without doing harm to "
                 "the rest of it; edit the file itself");
    return ERR_INVALID;
}

int edit_keys(const char *text, size_t len, const char *kind, const char *name,
              const struct edit_key *keys, size_t count, struct buf *out, struct err *err)
{
    struct edit e;
    size_t from = out->len, errors;
    int rc = edit_open(&e, text, len, kind, name);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = apply_key(&e, &keys[i], err);
    if (rc == 0) {
        put_changed(&e, out);
        struct ini *after = read_quietly(out->data + from, out->len - from, &errors);
        const struct ini_section *s = ini_section(after, kind, name);
        if (errors > e.errors || after->count != e.ini->count || s == NULL ||
            !has_keys(&e, s, keys, count) || !others_same(&e, after))
            rc = refuse(err);
        ini_free(after);
    }
    if (rc != 0)
        buf_truncate(out, from);
    edit_close(&e);
    return rc;
}

/* ---- whole sections */

/* `section` without white space at its end and with the file's line ends, if it is one section of
 * the kind; NULL with a sentence. */
static char *one_section(const struct edit *e, const char *kind, const char *section,
                         struct err *err)
{
    size_t errors, len = strlen(section);
    struct ini *ini = read_quietly(section, len, &errors);
    bool one = ini->count == 1 && strcmp(ini->sections[0].kind, kind) == 0;
    struct buf b;

    buf_init(&b);
    ini_free(ini);
    if (!one) {
        err_set(err, "this has to be one section that begins with `[%s NAME]`", kind);
        buf_close(&b);
        return NULL;
    }
    while (len > 0 &&
           (is_blank(section[len - 1]) || section[len - 1] == '\n' || section[len - 1] == '\r'))
        len--;
    for (size_t i = 0; i < len; i++) {
        bool end = section[i] == '\n';
        if (section[i] == '\r' && i + 1 < len && section[i + 1] == '\n')
            continue;
        if (end)
            buf_puts(&b, e->eol);
        else
            buf_append(&b, section + i, 1);
    }
    return buf_steal(&b);
}

/* Append what came of `e`, which has to have `count` sections, the others unchanged. */
static int finish(const struct edit *e, size_t count, struct buf *out, struct err *err)
{
    size_t from = out->len, errors;

    put_changed(e, out);
    struct ini *after = read_quietly(out->data + from, out->len - from, &errors);
    bool right = errors <= e->errors && after->count == count && others_same(e, after);
    ini_free(after);
    if (right)
        return 0;
    buf_truncate(out, from);
    err_set(err, "the file would not read as it should with this: is the name taken, or a key "
                 "there twice?");
    return ERR_INVALID;
}

int edit_replace(const char *text, size_t len, const char *kind, const char *name,
                 const char *section, struct buf *out, struct err *err)
{
    struct edit e;
    int rc = edit_open(&e, text, len, kind, name);
    char *clean = rc == 0 ? one_section(&e, kind, section, err) : NULL;

    if (rc == 0 && clean == NULL)
        rc = ERR_INVALID;
    if (rc == 0) {
        change(&e, line_at(&e, (size_t)e.section->line)->begin, line_at(&e, last_line(&e))->end,
               mem_strdup(clean));
        rc = finish(&e, e.ini->count, out, err);
    }
    free(clean);
    edit_close(&e);
    return rc;
}

int edit_add(const char *text, size_t len, const char *kind, const char *section, struct buf *out,
             struct err *err)
{
    struct edit e;

    edit_open(&e, text, len, NULL, NULL);
    char *clean = one_section(&e, kind, section, err);
    int rc = clean != NULL ? 0 : ERR_INVALID;
    if (rc == 0) {
        bool ended = len == 0 || text[len - 1] == '\n';
        bool parted = e.line_count == 0 || is_empty(&e, e.line_count);
        change(&e, len, len,
               mem_printf("%s%s%s%s", ended ? "" : e.eol, parted ? "" : e.eol, clean, e.eol));
        rc = finish(&e, e.ini->count + 1, out, err);
    }
    free(clean);
    edit_close(&e);
    return rc;
}

int edit_remove(const char *text, size_t len, const char *kind, const char *name, struct buf *out,
                struct err *err)
{
    struct edit e;
    int rc = edit_open(&e, text, len, kind, name);

    if (rc == 0) {
        size_t first = (size_t)e.section->line, last = last_line(&e), top = first;
        while (top > 1 && is_comment(&e, top - 1))
            top--;
        if (top > 1)
            first = top;
        while (last < e.line_count && is_empty(&e, last + 1) &&
               (first == 1 || is_empty(&e, first - 1)))
            last++;
        change(&e, line_at(&e, first)->begin, line_at(&e, last)->next, mem_strdup(""));
        rc = finish(&e, e.ini->count - 1, out, err);
    }
    edit_close(&e);
    return rc;
}
