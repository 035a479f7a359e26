/*
 * text/template: where in the HTML a value stands. HTML's escaping protects text and quoted
 * attributes; everywhere else a value could become markup, so there it is refused when the template
 * is compiled. A small reading of HTML's tokenizer is enough for that: the template is its
 * author's, only the values are strangers.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "template_tree.h"

#define HTML_NAME_MAX 16 /* longer names are none that matter here */

enum html_state {
    HTML_TEXT,
    HTML_OPEN, /* behind < */
    HTML_TAG_NAME,
    HTML_IN_TAG,    /* between attributes */
    HTML_ATTRIBUTE, /* in an attribute's name */
    HTML_EQUALS,    /* behind its = */
    HTML_DOUBLE,    /* in a value in double quotes */
    HTML_SINGLE,
    HTML_UNQUOTED,
    HTML_COMMENT,
    HTML_RAW /* in a script or a style */
};

struct html {
    enum html_state state;
    char tag[HTML_NAME_MAX], attribute[HTML_NAME_MAX];
    size_t tag_len, attribute_len;
    bool closing;  /* </... */
    bool literal;  /* the attribute's value has text of the template in it */
    size_t values; /* and so many of its own values */
    char last[8];  /* the last bytes, for <!-- and --> and </script */
    size_t last_len;
};

static void name_add(char name[HTML_NAME_MAX], size_t *len, char c)
{
    if (*len < HTML_NAME_MAX - 1)
        name[(*len)++] = (char)tolower((unsigned char)c);
    name[*len] = '\0';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_with(const struct html *h, const char *s)
{
    size_t n = strlen(s);

    return h->last_len >= n && strncasecmp(h->last + h->last_len - n, s, n) == 0;
}

static void end_tag(struct html *h)
{
    bool raw = !h->closing && (strcmp(h->tag, "script") == 0 || strcmp(h->tag, "style") == 0);

    h->state = raw ? HTML_RAW : HTML_TEXT;
}

static void begin_attribute(struct html *h, char c)
{
    h->attribute_len = 0;
    name_add(h->attribute, &h->attribute_len, c);
    h->state = HTML_ATTRIBUTE;
}

/* States within a tag. */
static void step_in_tag(struct html *h, char c)
{
    switch (h->state) {
    case HTML_OPEN:
        if (c == '/' && !h->closing) {
            h->closing = true;
        } else if (isalpha((unsigned char)c)) {
            h->tag_len = 0;
            name_add(h->tag, &h->tag_len, c);
            h->state = HTML_TAG_NAME;
        } else if (c == '!' || c == '?') {
            h->state = HTML_IN_TAG;
            h->tag[0] = '\0';
        } else {
            h->state = HTML_TEXT;
        }
        return;
    case HTML_TAG_NAME:
        if (c == '>')
            end_tag(h);
        else if (is_space(c) || c == '/')
            h->state = HTML_IN_TAG;
        else
            name_add(h->tag, &h->tag_len, c);
        return;
    case HTML_IN_TAG:
        if (c == '>')
            end_tag(h);
        else if (c == '=')
            h->state = HTML_EQUALS;
        else if (!is_space(c) && c != '/')
            begin_attribute(h, c);
        return;
    case HTML_ATTRIBUTE:
        if (c == '>')
            end_tag(h);
        else if (c == '=')
            h->state = HTML_EQUALS;
        else if (is_space(c) || c == '/')
            h->state = HTML_IN_TAG;
        else
            name_add(h->attribute, &h->attribute_len, c);
        return;
    case HTML_EQUALS:
        h->literal = false;
        h->values = 0;
        if (c == '"')
            h->state = HTML_DOUBLE;
        else if (c == '\'')
            h->state = HTML_SINGLE;
        else if (c == '>')
            end_tag(h);
        else if (!is_space(c))
            h->state = HTML_UNQUOTED;
        return;
    default: /* HTML_UNQUOTED */
        if (c == '>')
            end_tag(h);
        else if (is_space(c))
            h->state = HTML_IN_TAG;
        return;
    }
}

static void step(struct html *h, char c)
{
    if (h->last_len == sizeof(h->last))
        memmove(h->last, h->last + 1, --h->last_len);
    h->last[h->last_len++] = c;

    switch (h->state) {
    case HTML_TEXT:
        if (c == '<') {
            h->state = HTML_OPEN;
            h->closing = false;
        }
        return;
    case HTML_COMMENT:
        if (ends_with(h, "-->"))
            h->state = HTML_TEXT;
        return;
    case HTML_RAW:
        if (ends_with(h, "</script") || ends_with(h, "</style")) {
            h->closing = true;
            h->state = HTML_TAG_NAME;
        }
        return;
    case HTML_DOUBLE:
    case HTML_SINGLE:
        if (c == (h->state == HTML_DOUBLE ? '"' : '\''))
            h->state = HTML_IN_TAG;
        else if (!is_space(c))
            h->literal = true;
        return;
    default:
        step_in_tag(h, c);
        if (ends_with(h, "<!--"))
            h->state = HTML_COMMENT;
    }
}

static bool is_address(const char *attribute)
{
    static const char *const names[] = {"href",       "src",    "action", "formaction", "cite",
                                        "background", "poster", "data",   "xlink:href", "srcset"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i], attribute) == 0)
            return true;
    return false;
}

static bool in_address(const struct html *h)
{
    return (h->state == HTML_DOUBLE || h->state == HTML_SINGLE) && is_address(h->attribute);
}

/* Why a value may not stand here, or NULL. */
static const char *refuse_value(struct html *h, struct node *n)
{
    switch (h->state) {
    case HTML_TEXT:
        return NULL;
    case HTML_COMMENT:
        return n->raw ? "an unescaped value cannot stand in a comment" : NULL;
    case HTML_RAW:
        return "a value cannot stand in a script or a style";
    case HTML_EQUALS:
    case HTML_UNQUOTED:
        return "put quotes around the attribute that has this value in it";
    case HTML_DOUBLE:
    case HTML_SINGLE:
        if (n->raw)
            return "an unescaped value cannot stand in a tag; use two braces";
        if (strncmp(h->attribute, "on", 2) == 0 || strcmp(h->attribute, "style") == 0 ||
            strcmp(h->attribute, "srcdoc") == 0)
            return "a value cannot stand in this attribute, which a browser runs or obeys";
        /* Were the first value empty, a second one would begin the address unchecked. */
        if (is_address(h->attribute) && !h->literal && h->values > 0)
            return "an address begins with one value; write them as one, or text between";
        n->url_start = is_address(h->attribute) && !h->literal;
        h->values++;
        return NULL;
    default:
        return "a value cannot be a tag's or an attribute's name";
    }
}

void template_check_html(struct template *t, struct problem_sink *sink)
{
    struct html h = {.state = HTML_TEXT};

    for (size_t i = 0; i < t->count; i++) {
        struct node *n = &t->nodes[i];
        const char *why = NULL;
        if (n->type == NODE_TEXT) {
            for (size_t k = 0; k < n->len; k++)
                step(&h, n->text[k]);
        } else if (n->type == NODE_VALUE) {
            why = refuse_value(&h, n);
        } else if (in_address(&h)) {
            why = "an address is one piece: put the section or partial around the whole tag";
        }
        if (why != NULL)
            template_problem(sink, n->line, n->column, "%s", why);
    }
}
