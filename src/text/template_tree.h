/*
 * A compiled template: a flat list of nodes in the order of the text. A section's node knows where
 * its content ends, so rendering is a walk with jumps and nothing of the tree is linked by
 * pointers. Private to src/text/template*.c.
 */
#ifndef TEXT_TEMPLATE_TREE_H
#define TEXT_TEMPLATE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/filter.h"
#include "text/template.h"

enum node_type { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };

struct part {
    const char *name; /* within the node's name, not ended by a NUL */
    size_t len;
};

struct call {
    const struct filter *filter;
    struct filter_arg args[FILTER_ARGS_MAX];
    size_t arg_count;
};

struct node {
    enum node_type type;
    bool raw;        /* VALUE: unescaped */
    bool line_start; /* TEXT: begins a line of the source, where a partial's indentation goes */
    bool url_start;  /* VALUE: an address begins here */
    bool alone;      /* PARTIAL: has its line to itself */
    int line, column;
    const char *text; /* TEXT; PARTIAL: the white space before it when it stands alone */
    size_t len;
    char *name;         /* owned; "." for the implicit iterator */
    struct part *parts; /* none for "." and for partials */
    size_t part_count;
    struct call *calls;
    size_t call_count;
    size_t end; /* SECTION, INVERTED: the node behind its content */
};

struct template
{
    char *file;
    enum template_place place;
    char *text; /* the source; TEXT nodes point into it */
    size_t len;
    struct node *nodes;
    size_t count, cap;
};

/* Reporting with a limit; shared by the parser and its HTML check. */
struct problem_sink {
    const char *file;
    template_report_fn report;
    void *arg;
    size_t count;
};
__attribute__((format(printf, 4, 5))) void template_problem(struct problem_sink *s, int line,
                                                            int column, const char *fmt, ...);

/* Parse t->text into t->nodes; its first character stands at `line` and `column`. */
void template_parse(struct template *t, int line, int column, struct problem_sink *sink);

/* Read "name | filter arg ..." of a value into the node; problems are told at the node's place. */
void template_parse_value(struct node *node, const char *text, size_t len,
                          struct problem_sink *sink);

/* Set the name and its parts; false, with a problem told, when it is no name. */
bool template_set_name(struct node *node, const char *text, size_t len, struct problem_sink *sink);

/* TEMPLATE_HTML: refuse values where they cannot be made safe; mark those that begin an address. */
void template_check_html(struct template *t, struct problem_sink *sink);

/* The scheme check for a value that begins an address. */
bool template_address_live(const char *text, size_t len);

#endif
