/*
 * text/markdown: parsing, and making the tree safe before anything is written from it. Both writers
 * (cmark's own for HTML, ours for text) work on the same cleaned tree, so the two parts of a mail
 * say the same.
 */
#include "text/markdown.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmark.h>

#include "base/mem.h"
#include "markdown_text.h"

static bool is_live(const char *url)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], n) == 0 && url[n] != '\0')
            return true;
    }
    return false;
}

/* Put the children of `node` in its place. */
static void unwrap(cmark_node *node)
{
    cmark_node *child;

    while ((child = cmark_node_first_child(node)) != NULL)
        cmark_node_insert_before(node, child);
    cmark_node_free(node);
}

static cmark_node *text_node(const char *text, size_t len)
{
    cmark_node *n = cmark_node_new(CMARK_NODE_TEXT);
    char *copy = mem_strndup(text, len);

    cmark_node_set_literal(n, copy);
    free(copy);
    return n;
}

/* A text with line feeds in it (they were references) becomes texts with line breaks between. */
static void split_lines(cmark_node *node)
{
    const char *s = cmark_node_get_literal(node);
    const char *newline;

    while ((newline = strchr(s, '\n')) != NULL) {
        cmark_node_insert_before(node, text_node(s, (size_t)(newline - s)));
        cmark_node_insert_before(node, cmark_node_new(CMARK_NODE_LINEBREAK));
        s = newline + 1;
    }
    cmark_node_insert_before(node, text_node(s, strlen(s)));
    cmark_node_free(node);
}

/* HTML as it was typed; a comment says nothing to the reader. */
static void show_html(cmark_node *node, bool block)
{
    const char *s = cmark_node_get_literal(node);
    size_t len = strlen(s);

    while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
        len--;
    if (strncmp(s, "<!--", 4) != 0) {
        cmark_node *text = text_node(s, len);
        if (block) {
            cmark_node *paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH);
            cmark_node_append_child(paragraph, text);
            cmark_node_insert_before(node, paragraph);
        } else {
            cmark_node_insert_before(node, text);
        }
        if (memchr(s, '\n', len) != NULL)
            split_lines(text);
    }
    cmark_node_free(node);
}

/* Clean one node; it may be gone afterwards. */
static void clean(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
        show_html(node, true);
        break;
    case CMARK_NODE_HTML_INLINE:
        show_html(node, false);
        break;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE:
        if (!is_live(cmark_node_get_url(node)))
            unwrap(node);
        break;
    case CMARK_NODE_TEXT:
        if (strchr(cmark_node_get_literal(node), '\n') != NULL)
            split_lines(node);
        break;
    default:
        break;
    }
}

/* Parse and clean. The nodes to clean are listed first: the walk must not lose its footing. */
static cmark_node *parse(const char *text, size_t len, struct err *err)
{
    if (len > MARKDOWN_MAX) {
        err_set(err, "the text is longer than %d bytes", MARKDOWN_MAX);
        return NULL;
    }
    cmark_node *root = cmark_parse_document(text, len, CMARK_OPT_VALIDATE_UTF8);
    cmark_iter *it = cmark_iter_new(root);
    cmark_node **nodes = NULL;
    size_t count = 0, cap = 0;
    cmark_event_type event;

    /* A leaf is entered only, a container entered and left; take each once, children first. */
    while ((event = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(it);
        cmark_node_type type = cmark_node_get_type(node);
        bool leaf = type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE ||
                    type == CMARK_NODE_TEXT;
        bool link = type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE;
        if ((leaf && event == CMARK_EVENT_ENTER) || (link && event == CMARK_EVENT_EXIT)) {
            mem_grow(&nodes, &cap, count + 1, sizeof(cmark_node *));
            nodes[count++] = node;
        }
    }
    cmark_iter_free(it);
    for (size_t i = 0; i < count; i++)
        clean(nodes[i]);
    free(nodes);
    return root;
}

int markdown_render(const char *text, size_t len, struct buf *html, struct buf *plain,
                    struct err *err)
{
    cmark_node *root = parse(text, len, err);

    if (root == NULL)
        return ERR_LIMIT;
    if (html != NULL) {
        char *page = cmark_render_html(root, CMARK_OPT_DEFAULT); /* safe is cmark's default */
        buf_puts(html, page);
        cmark_get_default_mem_allocator()->free(page);
    }
    if (plain != NULL)
        markdown_write_text(root, plain);
    cmark_node_free(root);
    return 0;
}
