/*
 * text/template: what stands within a tag: a dotted name, and the filters with their arguments.
 *
 *   value  = name *( "|" filter )
 *   filter = word *( string | number )
 *   string = quoted with " or ', a backslash before a quote or a backslash
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template_tree.h"

#define QUOTED_MAX 60 /* bytes of a tag quoted in a message */
#define CALLS_MAX 16  /* filters on one value */
#define WORD_MAX 64   /* bytes of a filter's name */

struct reader {
    const char *at, *end;
    struct node *node;
    struct problem_sink *sink;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && is_space(*r->at))
        r->at++;
}

static int quoted(size_t len)
{
    return len < QUOTED_MAX ? (int)len : QUOTED_MAX;
}

#define TELL(n, sink, ...) template_problem(sink, (n)->line, (n)->column, __VA_ARGS__)

/* People who know other template languages write {{#if x}}. */
static void tell_space(struct node *n, const char *text, size_t len, struct problem_sink *sink)
{
    static const char *const words[] = {"if", "each", "unless", "with", "else"};
    size_t word = 0;

    while (word < len && !is_space(text[word]))
        word++;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i]) == word && memcmp(words[i], text, word) == 0) {
            TELL(n, sink,
                 "there is no \"%s\": {{#name}} ... {{/name}} writes its content when the name has "
                 "a value and once for each of a list, {{^name}} when it has none",
                 words[i]);
            return;
        }
    TELL(n, sink, "\"%.*s\" is no name; names have no spaces, and filters are put behind a |",
         quoted(len), text);
}

bool template_set_name(struct node *node, const char *text, size_t len, struct problem_sink *sink)
{
    if (len == 0) {
        TELL(node, sink, "the tag has no name");
        return false;
    }
    if (len > TEMPLATE_NAME_MAX) {
        TELL(node, sink, "a name of more than %d bytes", TEMPLATE_NAME_MAX);
        return false;
    }
    for (size_t i = 0; i < len; i++)
        if (is_space(text[i])) {
            tell_space(node, text, len, sink);
            return false;
        }
    node->name = mem_strndup(text, len);
    if (node->type == NODE_PARTIAL || strcmp(node->name, ".") == 0)
        return true;

    size_t cap = 0;
    const char *from = node->name;
    for (;;) {
        const char *dot = strchrnul(from, '.');
        if (dot == from) {
            TELL(node, sink, "\"%s\" is no name: there is nothing between its dots", node->name);
            return false;
        }
        mem_grow(&node->parts, &cap, node->part_count + 1, sizeof(*node->parts));
        node->parts[node->part_count++] = (struct part){from, (size_t)(dot - from)};
        if (*dot == '\0')
            return true;
        from = dot + 1;
    }
}

/* Read a quoted string at r->at. */
static bool read_string(struct reader *r, struct filter_arg *arg)
{
    char quote = *r->at++;
    struct buf b;

    buf_init(&b);
    while (r->at < r->end && *r->at != quote) {
        if (*r->at == '\\' && r->at + 1 < r->end && strchr("\\\"'", r->at[1]) != NULL)
            r->at++;
        buf_putc(&b, *r->at++);
    }
    if (r->at == r->end) {
        TELL(r->node, r->sink, "a quoted text never ends; write %c behind it", quote);
        buf_close(&b);
        return false;
    }
    r->at++;
    *arg = (struct filter_arg){.text = buf_steal(&b)};
    return true;
}

static bool read_arg(struct reader *r, struct call *call)
{
    struct filter_arg *arg = &call->args[call->arg_count];
    const char *from = r->at;

    if (*from == '"' || *from == '\'') {
        if (!read_string(r, arg))
            return false;
        call->arg_count++;
        return true;
    }
    while (r->at < r->end && !is_space(*r->at) && *r->at != '|')
        r->at++;
    size_t len = (size_t)(r->at - from);
    if (!locale_is_decimal(from, len)) {
        TELL(r->node, r->sink, "%.*s is neither a number nor a text in straight quotes: \"...\"",
             quoted(len), from);
        return false;
    }
    *arg = (struct filter_arg){.text = mem_strndup(from, len), .is_number = true};
    call->arg_count++;
    return true;
}

static void check_call(struct reader *r, const struct call *call)
{
    const struct filter *f = call->filter;
    struct err err = {""};

    if (call->arg_count < f->args_min)
        TELL(r->node, r->sink, "the filter %s needs %s: {{%s | %s %s}}", f->name,
             f->args_min == 1 ? "an argument" : "arguments", r->node->name, f->name, f->arguments);
    else if (call->arg_count > f->args_max && f->args_max == 0)
        TELL(r->node, r->sink, "the filter %s takes no argument", f->name);
    else if (call->arg_count > f->args_max)
        TELL(r->node, r->sink, "too many arguments for the filter %s, which takes %s", f->name,
             f->arguments);
    else if (f->check != NULL && f->check(call->args, call->arg_count, &err) != 0)
        TELL(r->node, r->sink, "the filter %s: %s", f->name, err.text);
}

/* Nothing is near: then all there are. */
static void tell_filters(struct node *n, const char *word, struct problem_sink *sink)
{
    struct buf b;
    size_t count;
    const struct filter *table = filter_table(&count);

    buf_init(&b);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", table[i].name);
    TELL(n, sink, "there is no filter \"%s\"; there are %s", word, b.data);
    buf_close(&b);
}

/* Read one filter behind its |. */
static bool read_call(struct reader *r)
{
    struct node *n = r->node;
    char word[WORD_MAX];

    skip_space(r);
    const char *from = r->at;
    while (r->at < r->end && (isalnum((unsigned char)*r->at) || *r->at == '_' || *r->at == '-'))
        r->at++;
    size_t len = (size_t)(r->at - from);
    if (len == 0 || len >= sizeof(word)) {
        TELL(n, r->sink, "behind a | stands a filter's name, as in {{%s | upper}}", n->name);
        return false;
    }
    memcpy(word, from, len);
    word[len] = '\0';
    const struct filter *f = filter_find(word);
    const char *nearest = f == NULL ? filter_nearest(word) : NULL;
    if (f == NULL && nearest != NULL)
        TELL(n, r->sink, "there is no filter \"%s\"; did you mean \"%s\"?", word, nearest);
    else if (f == NULL)
        tell_filters(n, word, r->sink);

    struct call call = {.filter = f};
    bool good = true;
    for (skip_space(r); good && r->at < r->end && *r->at != '|'; skip_space(r)) {
        if (call.arg_count == FILTER_ARGS_MAX) {
            TELL(n, r->sink, "too many arguments for a filter");
            good = false;
        } else {
            good = read_arg(r, &call);
        }
    }
    if (f == NULL || !good) {
        for (size_t i = 0; i < call.arg_count; i++)
            free(call.args[i].text);
        return good;
    }
    check_call(r, &call);
    n->calls = mem_resize(n->calls, n->call_count + 1, sizeof(*n->calls));
    n->calls[n->call_count++] = call;
    return true;
}

void template_parse_value(struct node *node, const char *text, size_t len,
                          struct problem_sink *sink)
{
    struct reader r = {.at = text, .end = text + len, .node = node, .sink = sink};
    const char *bar = memchr(text, '|', len);
    size_t name_len = bar != NULL ? (size_t)(bar - text) : len;

    while (name_len > 0 && is_space(text[name_len - 1]))
        name_len--;
    if (!template_set_name(node, text, name_len, sink) || bar == NULL)
        return;
    r.at = bar;
    while (r.at < r.end) {
        r.at++; /* the | */
        if (node->call_count == CALLS_MAX) {
            TELL(node, sink, "more than %d filters on one value", CALLS_MAX);
            return;
        }
        if (!read_call(&r))
            return;
    }
}
