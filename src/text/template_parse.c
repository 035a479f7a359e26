/*
 * text/template: from text to nodes, as the Mustache specification tells. The parser goes on after
 * an error, so that a person sees all of them; the nodes are thrown away then.
 *
 * White space: a section, closing, partial, comment or delimiter tag that has its line to itself
 * (blanks apart) takes the whole line with it, and a partial remembers the blanks in front of it.
 * Text is split at line ends, and each piece that begins a line of the source is marked: there the
 * indentation of a partial goes when this template is included.
 */
#include <string.h>

#include "base/mem.h"
#include "template_tree.h"

#define DELIMITER_MAX 15
#define QUOTED_NAME_MAX 60 /* of a tag quoted in a message */

struct parser {
    struct template *t;
    struct problem_sink *sink;
    size_t pos;       /* next byte to read */
    size_t text_from; /* text not yet made into nodes begins here */
    char open[DELIMITER_MAX + 1], close[DELIMITER_MAX + 1];
    size_t open_len, close_len;
    size_t sections[TEMPLATE_DEPTH_MAX]; /* nodes of the sections that are open */
    size_t depth;
    size_t counted; /* line and column are those of this byte */
    int line, column;
};

struct tag {
    size_t start, end; /* with its delimiters */
    char kind;         /* 0 for a value, else # ^ / > ! = & { */
    const char *text;  /* its content, trimmed */
    size_t len;
    int line, column;
    bool alone;
    size_t blanks;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* Move the line and column on to `offset`, which never lies behind. */
static void count_to(struct parser *p, size_t offset)
{
    for (; p->counted < offset; p->counted++) {
        char c = p->t->text[p->counted];
        if (c == '\n') {
            p->line++;
            p->column = 1;
        } else if (((unsigned char)c & 0xC0) != 0x80) {
            p->column++;
        }
    }
}

static struct node *add_node(struct parser *p, enum node_type type, const struct tag *tag)
{
    struct template *t = p->t;

    mem_grow(&t->nodes, &t->cap, t->count + 1, sizeof(*t->nodes));
    struct node *n = &t->nodes[t->count++];
    *n = (struct node){.type = type, .text = ""};
    if (tag != NULL) {
        n->line = tag->line;
        n->column = tag->column;
    }
    return n;
}

static bool begins_line(const struct parser *p, size_t offset)
{
    return offset == 0 || p->t->text[offset - 1] == '\n';
}

/* Make nodes of the text up to `to`, one for each line. */
static void add_text(struct parser *p, size_t to)
{
    const char *text = p->t->text;

    while (p->text_from < to) {
        const char *newline = memchr(text + p->text_from, '\n', to - p->text_from);
        size_t end = newline != NULL ? (size_t)(newline - text) + 1 : to;
        struct node *n = add_node(p, NODE_TEXT, NULL);
        n->text = text + p->text_from;
        n->len = end - p->text_from;
        n->line_start = begins_line(p, p->text_from);
        p->text_from = end;
    }
}

/* Does the tag have its line to itself? Then *from and *to are that line, with its line end. */
static bool stands_alone(const struct parser *p, const struct tag *tag, size_t *from, size_t *to)
{
    const char *text = p->t->text;
    size_t a = tag->start, b = tag->end;

    while (a > 0 && is_blank(text[a - 1]))
        a--;
    while (b < p->t->len && is_blank(text[b]))
        b++;
    if (!begins_line(p, a))
        return false;
    if (b < p->t->len && text[b] == '\r')
        b++;
    if (b < p->t->len && text[b] != '\n')
        return false;
    if (b == p->t->len && b > 0 && text[b - 1] == '\r')
        return false;
    *from = a;
    *to = b < p->t->len ? b + 1 : b;
    return true;
}

/* Make the text before the tag into nodes and step over the tag, or, when it stands alone, over its
 * whole line: then tag->alone is set and tag->blanks is how far it is indented. */
static void take_tag(struct parser *p, struct tag *tag, bool may_stand_alone)
{
    size_t from, to;

    if (may_stand_alone && stands_alone(p, tag, &from, &to)) {
        add_text(p, from);
        p->pos = p->text_from = to;
        tag->alone = true;
        tag->blanks = tag->start - from;
        return;
    }
    add_text(p, tag->start);
    if (begins_line(p, tag->start))
        add_node(p, NODE_TEXT, NULL)->line_start = true;
    p->pos = p->text_from = tag->end;
}

static void open_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == TEMPLATE_DEPTH_MAX) {
        template_problem(p->sink, tag->line, tag->column,
                         "more than %d sections within one another", TEMPLATE_DEPTH_MAX);
        p->pos = p->text_from = p->t->len; /* what follows would only repeat it */
        p->depth = 0;
        return;
    }
    struct node *n = add_node(p, tag->kind == '#' ? NODE_SECTION : NODE_INVERTED, tag);
    if (memchr(tag->text, '|', tag->len) != NULL)
        template_problem(p->sink, tag->line, tag->column,
                         "filters go with values, not with sections: write the name alone");
    else
        template_set_name(n, tag->text, tag->len, p->sink);
    if (n->name == NULL) /* keep the tag's own words, so that its end is found */
        n->name = mem_strndup(tag->text, tag->len);
    p->sections[p->depth++] = p->t->count - 1;
}

static void tell_unclosed(struct parser *p, const struct node *n)
{
    template_problem(
        p->sink, n->line, n->column, "the section {{%c%.*s}} is never closed; write {{/%.*s}}",
        n->type == NODE_SECTION ? '#' : '^', QUOTED_NAME_MAX, n->name, QUOTED_NAME_MAX, n->name);
}

static void close_section(struct parser *p, const struct tag *tag)
{
    struct node *nodes = p->t->nodes;
    int quoted = tag->len < QUOTED_NAME_MAX ? (int)tag->len : QUOTED_NAME_MAX;
    size_t match = p->depth;

    while (match > 0) {
        const char *name = nodes[p->sections[match - 1]].name;
        if (strlen(name) == tag->len && memcmp(name, tag->text, tag->len) == 0)
            break;
        match--;
    }
    if (match == 0 && p->depth > 0) {
        const struct node *n = &nodes[p->sections[p->depth - 1]];
        template_problem(p->sink, tag->line, tag->column,
                         "{{/%.*s}} closes nothing; the section open here is {{%c%.*s}} of line %d",
                         quoted, tag->text, n->type == NODE_SECTION ? '#' : '^', QUOTED_NAME_MAX,
                         n->name, n->line);
        return;
    }
    if (match == 0) {
        template_problem(p->sink, tag->line, tag->column,
                         "{{/%.*s}} closes nothing; no section is open here", quoted, tag->text);
        return;
    }
    while (p->depth > match)
        tell_unclosed(p, &nodes[p->sections[--p->depth]]);
    nodes[p->sections[--p->depth]].end = p->t->count;
}

static bool is_delimiter(const char *s, size_t len)
{
    return len > 0 && len <= DELIMITER_MAX && memchr(s, '=', len) == NULL;
}

static void set_delimiters(struct parser *p, const struct tag *tag)
{
    size_t first = 0, second;

    while (first < tag->len && !is_space(tag->text[first]))
        first++;
    second = first;
    while (second < tag->len && is_space(tag->text[second]))
        second++;
    const char *close = tag->text + second;
    size_t close_len = tag->len - second;
    bool plain = true;
    for (size_t i = 0; i < close_len; i++)
        plain = plain && !is_space(close[i]);
    if (!plain || !is_delimiter(tag->text, first) || !is_delimiter(close, close_len)) {
        template_problem(p->sink, tag->line, tag->column,
                         "new delimiters are two signs with a space between: {{=<%% %%>=}}");
        return;
    }
    memcpy(p->open, tag->text, first);
    memcpy(p->close, close, close_len);
    p->open[p->open_len = first] = '\0';
    p->close[p->close_len = close_len] = '\0';
}

static void take_partial(struct parser *p, const struct tag *tag)
{
    struct node *n = add_node(p, NODE_PARTIAL, tag);

    n->text = p->t->text + tag->start - tag->blanks;
    n->len = tag->blanks;
    n->alone = tag->alone;
    if (tag->len > 0 && tag->text[0] == '*')
        template_problem(p->sink, tag->line, tag->column,
                         "a partial is included by its name; dynamic names are not supported");
    else
        template_set_name(n, tag->text, tag->len, p->sink);
}

/* Markdown: [text]({{address}}), perhaps with < in between. */
static bool begins_link_target(const struct parser *p, size_t start)
{
    const char *text = p->t->text;

    if (start > 0 && text[start - 1] == '<')
        start--;
    return start >= 2 && text[start - 2] == ']' && text[start - 1] == '(';
}

static void handle_tag(struct parser *p, struct tag *tag)
{
    take_tag(p, tag, tag->kind != 0 && strchr("#^/>!=", tag->kind) != NULL);

    if (tag->len > TEMPLATE_TAG_MAX && tag->kind != '!') {
        template_problem(p->sink, tag->line, tag->column, "a tag of more than %d bytes",
                         TEMPLATE_TAG_MAX);
        return;
    }
    switch (tag->kind) {
    case '!':
        break;
    case '=':
        set_delimiters(p, tag);
        break;
    case '#':
    case '^':
        open_section(p, tag);
        break;
    case '/':
        close_section(p, tag);
        break;
    case '>':
        take_partial(p, tag);
        break;
    case '<':
    case '$':
        template_problem(p->sink, tag->line, tag->column,
                         "{{%c...}}: inheritance is not supported; use a partial: {{> name}}",
                         tag->kind);
        break;
    default: {
        struct node *n = add_node(p, NODE_VALUE, tag);
        n->raw = tag->kind == '&' || tag->kind == '{';
        n->url_start = p->t->place == TEMPLATE_MARKDOWN && begins_link_target(p, tag->start);
        template_parse_value(n, tag->text, tag->len, p->sink);
    }
    }
}

/* Find `close` from `from` on; quoted strings after a | are stepped over. NULL: not there. */
static const char *find_close(const struct parser *p, size_t from, const char *close,
                              size_t close_len, bool value)
{
    const char *text = p->t->text, *end = text + p->t->len;
    const char *first = memmem(text + from, p->t->len - from, close, close_len);
    bool filters = false;

    if (first == NULL || !value)
        return first;
    for (const char *s = text + from; s + close_len <= end; s++) {
        if (memcmp(s, close, close_len) == 0)
            return s;
        if (*s == '|') {
            filters = true;
        } else if (filters && (*s == '"' || *s == '\'')) {
            const char *q = s + 1;
            while (q < end && *q != *s && *q != '\n')
                q += *q == '\\' && q + 1 < end ? 2 : 1;
            if (q >= end || *q != *s)
                return first; /* the quote is never closed: template_parse_value will tell */
            s = q;
        }
    }
    return first;
}

/* Read the tag whose opening delimiter is at `start`. False when it never ends. */
static bool read_tag(struct parser *p, size_t start, struct tag *tag)
{
    const char *text = p->t->text;
    size_t from = start + p->open_len, skip = 0;
    char close[DELIMITER_MAX + 2];
    size_t close_len = p->close_len;

    memcpy(close, p->close, p->close_len + 1);
    *tag = (struct tag){.start = start, .line = p->line, .column = p->column};
    while (from + skip < p->t->len && is_space(text[from + skip]))
        skip++;
    char c = text[from + skip]; /* the NUL at the end, if there is nothing more */
    if (c != '\0' && strchr("#^/>!=&{<$", c) != NULL) {
        tag->kind = c;
        from += skip + 1;
    }
    if (tag->kind == '{' || tag->kind == '=') {
        memmove(close + 1, close, close_len + 1);
        close[0] = tag->kind == '{' ? '}' : '=';
        close_len++;
    }
    bool value = tag->kind == 0 || tag->kind == '&' || tag->kind == '{';
    const char *end = find_close(p, from, close, close_len, value);
    if (end == NULL)
        return false;
    tag->text = text + from;
    tag->len = (size_t)(end - tag->text);
    tag->end = from + tag->len + close_len;
    while (tag->len > 0 && is_space(tag->text[0])) {
        tag->text++;
        tag->len--;
    }
    while (tag->len > 0 && is_space(tag->text[tag->len - 1]))
        tag->len--;
    return true;
}

void template_parse(struct template *t, int line, int column, struct problem_sink *sink)
{
    struct parser p = {.t = t, .sink = sink, .line = line, .column = column};
    struct tag tag;

    strcpy(p.open, "{{");
    strcpy(p.close, "}}");
    p.open_len = p.close_len = 2;
    while (p.pos < t->len) {
        const char *open = memmem(t->text + p.pos, t->len - p.pos, p.open, p.open_len);
        if (open == NULL)
            break;
        size_t start = (size_t)(open - t->text);
        count_to(&p, start);
        if (!read_tag(&p, start, &tag)) {
            template_problem(sink, p.line, p.column, "this tag never ends; write %s%s",
                             t->text[start + p.open_len] == '{' ? "}" : "", p.close);
            break;
        }
        handle_tag(&p, &tag);
    }
    add_text(&p, t->len);
    while (p.depth > 0)
        tell_unclosed(&p, &t->nodes[p.sections[--p.depth]]);
}
