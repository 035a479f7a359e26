/*
 * Lines and components, in one pass over a copy of the bytes: lines are unfolded in place, and all
 * names and values point into it.
 */
#include "ical/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/read.h"

#define NAME_MAX_BYTES 64 /* of a property or component; the longest that is registered has 23 */

struct reader {
    struct content *c;
    char *read, *write, *end; /* in c->text; write <= read */
    size_t line;              /* of `read` */
    uint32_t open[CONTENT_DEPTH_MAX];
    size_t depth;
    bool seen_calendar;
    bool between; /* the present line is ICAL_NEXT */
};

/* ---- lines ---- */

static char *line_end(char *p, const char *end)
{
    char *newline = memchr(p, '\n', (size_t)(end - p));

    return newline != NULL ? newline : (char *)end;
}

/* Control characters out, in place, and "?" for bytes that are no UTF-8. A fold may have split a
 * character (some programs count bytes), so this is for unfolded lines only. */
static size_t clean(char *s, size_t len, bool *changed)
{
    char *write = s;
    const char *end = s + len;

    for (const char *read = s; read < end;) {
        size_t good = str_utf8_valid(read, (size_t)(end - read));
        const char *good_end = read + good;
        while (read < good_end) {
            unsigned char b = (unsigned char)*read;
            bool c1 = b == 0xc2 && (unsigned char)read[1] < 0xa0;
            if (c1)
                read += 2;
            else if ((b < 0x20 && b != '\t') || b == 0x7f)
                read++;
            else
                *write++ = *read++;
        }
        if (read < end) {
            *write++ = '?';
            read++;
            *changed = true;
        }
    }
    return (size_t)(write - s);
}

/* The next unfolded line, NUL-terminated at *len; NULL at the end. */
static char *next_line(struct reader *r, size_t *len, size_t *line)
{
    char *begin = r->write;

    if (r->read == r->end)
        return NULL;
    *line = r->line;
    for (;;) {
        char *stop = line_end(r->read, r->end);
        size_t n = (size_t)(stop - r->read);
        memmove(r->write, r->read, n);
        r->write += n;
        r->read = stop;
        if (stop == r->end)
            break;
        r->line++;
        r->read++;
        if (r->write > begin && r->write[-1] == '\r')
            r->write--;
        if (r->read == r->end || (*r->read != ' ' && *r->read != '\t'))
            break;
        r->read++;
    }
    *len = (size_t)(r->write - begin);
    r->between = *len == sizeof(ICAL_NEXT) - 2 && memcmp(begin, ICAL_NEXT, *len) == 0;
    if (*len <= CONTENT_LINE_MAX) {
        bool changed = false;
        *len = clean(begin, *len, &changed);
        if (changed)
            trouble_add(&r->c->trouble, *line, "some of it is not UTF-8");
    }
    begin[*len] = '\0'; /* over the line's end, or the NUL behind the text */
    r->write = begin + *len + (r->write < r->end);
    return begin;
}

/* ---- properties ---- */

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static void upper(char *s)
{
    for (; *s != '\0'; s++)
        if (*s >= 'a' && *s <= 'z')
            *s = (char)(*s - 'a' + 'A');
}

/* May a component be called that? Text with line ends of its own, such as "Begin: 10:00" in a
 * description, is no beginning of anything. */
static bool is_component_name(const char *s)
{
    size_t n = 0;

    while (is_name(s[n]))
        n++;
    return n > 0 && n <= NAME_MAX_BYTES && s[n] == '\0' && (s[0] < '0' || s[0] > '9');
}

/* The colon before the value: the first that is not in quotes. */
static char *value_colon(char *p)
{
    bool quoted = false;

    for (; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == ':' && !quoted)
            return p;
    }
    return NULL;
}

/* Cut a line in three. False when it is none. */
static bool cut(char *s, struct content_property *p)
{
    char *name_end = s;

    while (is_name(*name_end))
        name_end++;
    if (name_end == s || name_end - s > NAME_MAX_BYTES || (*name_end != ';' && *name_end != ':'))
        return false;
    char *colon = value_colon(name_end);
    if (colon == NULL)
        return false;
    p->params = *name_end == ';' ? name_end + 1 : "";
    *name_end = '\0';
    *colon = '\0';
    upper(s);
    p->name = s;
    p->value = colon + 1;
    return true;
}

static int add_property(struct reader *r, const struct content_property *p, struct err *err)
{
    struct content *c = r->c;

    if (r->depth == 0) {
        trouble_add(&c->trouble, p->line, "%s stands outside of the calendar", p->name);
        return 0;
    }
    if (c->property_count >= CONTENT_PROPERTIES_MAX) {
        err_set(err, "more than %d properties", CONTENT_PROPERTIES_MAX);
        return ERR_LIMIT;
    }
    mem_grow(&c->properties, &c->property_cap, c->property_count + 1, sizeof(*c->properties));
    uint32_t index = (uint32_t)c->property_count++;
    struct content_component *home = &c->components[r->open[r->depth - 1]];
    c->properties[index] = *p;
    c->properties[index].next = CONTENT_NONE;
    if (home->property == CONTENT_NONE)
        home->property = index;
    else
        c->properties[home->last_property].next = index;
    home->last_property = index;
    return 0;
}

/* ---- components ---- */

static int begin_component(struct reader *r, const struct content_property *p, struct err *err)
{
    struct content *c = r->c;
    uint32_t index = (uint32_t)c->component_count;

    if (r->depth >= CONTENT_DEPTH_MAX) {
        err_set(err, "line %u: components are nested more than %d deep", p->line,
                CONTENT_DEPTH_MAX);
        return ERR_LIMIT;
    }
    if (c->component_count >= CONTENT_COMPONENTS_MAX) {
        err_set(err, "more than %d components", CONTENT_COMPONENTS_MAX);
        return ERR_LIMIT;
    }
    mem_grow(&c->components, &c->component_cap, c->component_count + 1, sizeof(*c->components));
    c->component_count++;
    c->components[index] = (struct content_component){
        .name = p->value,
        .line = p->line,
        .parent = CONTENT_NONE,
        .child = CONTENT_NONE,
        .sibling = CONTENT_NONE,
        .property = CONTENT_NONE,
    };
    if (r->depth > 0) {
        uint32_t parent = r->open[r->depth - 1];
        struct content_component *above = &c->components[parent];
        c->components[index].parent = parent;
        if (above->child == CONTENT_NONE)
            above->child = index;
        else
            c->components[above->last_child].sibling = index;
        above->last_child = index;
    }
    r->open[r->depth++] = index;
    if (strcmp(p->value, "VCALENDAR") == 0)
        r->seen_calendar = true;
    return 0;
}

static int end_component(struct reader *r, const struct content_property *p, struct err *err)
{
    const char *open = r->depth > 0 ? r->c->components[r->open[r->depth - 1]].name : NULL;

    if (open == NULL || strcmp(open, p->value) != 0) {
        err_set(err, "line %u: END:%.*s without its BEGIN%s%.*s", p->line, trouble_quote(p->value),
                p->value, open != NULL ? "; what is open is " : "",
                open != NULL ? trouble_quote(open) : 0, open != NULL ? open : "");
        return ERR_INVALID;
    }
    r->c->components[r->open[--r->depth]].end = p->line;
    return 0;
}

static int take_line(struct reader *r, char *s, size_t len, size_t line, struct err *err)
{
    struct content_property p = {.line = (uint32_t)line};

    if (str_blank(s))
        return 0;
    if (!r->seen_calendar && strncasecmp(s, "BEGIN:VCALENDAR", 15) != 0) {
        err_set(err, "line %zu: this is no calendar: it has to begin with BEGIN:VCALENDAR", line);
        return ERR_INVALID;
    }
    if (len > CONTENT_LINE_MAX) {
        if (strncasecmp(s, "ATTACH", 6) != 0) /* a picture may be large, and is nothing to us */
            trouble_add(&r->c->trouble, line, "longer than %zu bytes, left out", CONTENT_LINE_MAX);
        return 0;
    }
    if (!cut(s, &p)) {
        trouble_add(&r->c->trouble, line, "\"%.*s\" is no property, left out", trouble_quote(s), s);
        return 0;
    }
    bool begin = strcmp(p.name, "BEGIN") == 0;
    if (!begin && strcmp(p.name, "END") != 0)
        return add_property(r, &p, err);
    char *name = str_trim((char *)p.value); /* it is our copy of the text */
    if (!is_component_name(name)) {
        trouble_add(&r->c->trouble, line, "\"%s:%.*s\" is no property, left out", p.name,
                    trouble_quote(name), name);
        return 0;
    }
    upper(name);
    p.value = name;
    return begin ? begin_component(r, &p, err) : end_component(r, &p, err);
}

/* ---- the whole ---- */

/* Is what has come to its end a calendar, and whole? */
static int end_calendar(struct reader *r, struct err *err)
{
    if (r->depth > 0) {
        const char *open = r->c->components[r->open[r->depth - 1]].name;
        err_set(err, "the calendar was cut off: it ends within a %.*s", trouble_quote(open), open);
        return ERR_INVALID;
    }
    if (!r->seen_calendar) {
        err_set(err, "this is no calendar: it is empty");
        return ERR_INVALID;
    }
    r->seen_calendar = false;
    return 0;
}

static int read_all(struct reader *r, struct err *err)
{
    size_t len, line;
    char *s;
    int rc;

    while ((s = next_line(r, &len, &line)) != NULL) {
        rc = r->between ? end_calendar(r, err) : take_line(r, s, len, line, err);
        if (rc != 0)
            return rc;
    }
    return end_calendar(r, err);
}

int content_parse(const void *bytes, size_t len, struct content **out, struct err *err)
{
    const char *from = bytes;

    if (len >= 3 && memcmp(from, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        from += 3;
        len -= 3;
    }
    if (len >= 2 && (memcmp(from, "\xff\xfe", 2) == 0 || memcmp(from, "\xfe\xff", 2) == 0)) {
        err_set(err, "this is UTF-16; a calendar has to be UTF-8");
        return ERR_INVALID;
    }
    struct content *c = mem_zalloc(sizeof(*c));
    c->text = mem_alloc(len + 1);
    if (len > 0)
        memcpy(c->text, from, len);
    c->text[len] = '\0';
    struct reader r = {.c = c, .read = c->text, .write = c->text, .end = c->text + len, .line = 1};
    int rc = read_all(&r, err);
    if (rc != 0) {
        content_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void content_free(struct content *c)
{
    if (c == NULL)
        return;
    free(c->text);
    free(c->properties);
    free(c->components);
    trouble_close(&c->trouble);
    free(c);
}

/* ---- looking up ---- */

static const struct content_property *find_from(const struct content *c, uint32_t p,
                                                const char *name)
{
    for (; p != CONTENT_NONE; p = c->properties[p].next)
        if (strcmp(c->properties[p].name, name) == 0)
            return &c->properties[p];
    return NULL;
}

const struct content_property *content_first(const struct content *c, uint32_t component,
                                             const char *name)
{
    return find_from(c, c->components[component].property, name);
}

const struct content_property *content_next(const struct content *c,
                                            const struct content_property *p, const char *name)
{
    return find_from(c, p->next, name);
}

/* The end of a parameter, or of its name or value alone: the first of `stops` that is not quoted.
 */
static const char *span(const char *p, const char *stops)
{
    bool quoted = false;

    for (; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && strchr(stops, *p) != NULL)
            break;
    }
    return p;
}

static void append_value(struct buf *out, const char *p, const char *end)
{
    for (; p < end; p++) {
        if (*p == '^' && p + 1 < end && strchr("n^'", p[1]) != NULL) {
            p++;
            buf_putc(out, *p == 'n' ? '\n' : *p == '^' ? '^' : '"');
        } else if (*p != '"') {
            buf_putc(out, *p);
        }
    }
}

bool content_param(const struct content_property *p, const char *name, struct buf *out)
{
    size_t name_len = strlen(name);

    for (const char *at = p->params; *at != '\0';) {
        const char *end = span(at, ";");
        if (strncasecmp(at, name, name_len) == 0 && at[name_len] == '=') {
            buf_clear(out);
            append_value(out, at + name_len + 1, end);
            return true;
        }
        at = *end == ';' ? end + 1 : end;
    }
    return false;
}
