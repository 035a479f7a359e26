/*
 * text/markdown: plain text from the tree, as a person would type a mail. One walk with a prefix
 * for the lines of what is open: "> " for a quote, blanks as wide as the bullet for a list's item.
 * The bullet itself is written once, in place of the blanks, on the item's first line. Blocks are
 * set apart by an empty line, items of a tight list are not.
 */
#include "markdown_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text/markdown.h"

struct writer {
    struct buf *out;
    struct buf prefix;                /* of every line */
    size_t marks[MARKDOWN_DEPTH_MAX]; /* the prefix's length outside each open container */
    size_t depth, too_deep;
    char bullet[16];  /* waits for the item's first line */
    size_t bullet_at; /* the prefix's length without the bullet's blanks */
    bool line_open;   /* something stands on the current line */
    bool apart;       /* an empty line is due before the next block */
    size_t apart_at;  /* how much of the prefix that empty line has */
    bool any;         /* something was written */
    size_t link_from; /* where the text of the open link began */
};

static void trim_blanks(struct buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        buf_truncate(out, out->len - 1);
}

static void end_line(struct writer *w)
{
    if (!w->line_open)
        return;
    trim_blanks(w->out);
    buf_putc(w->out, '\n');
    w->line_open = false;
}

static void begin_line(struct writer *w)
{
    if (w->line_open)
        return;
    if (w->apart && w->any) {
        /* As much of the prefix as both the block before and the one to come have. */
        size_t here = w->bullet[0] != '\0' ? w->bullet_at : w->prefix.len;
        buf_append(w->out, w->prefix.data, here < w->apart_at ? here : w->apart_at);
        trim_blanks(w->out);
        buf_putc(w->out, '\n');
    }
    w->apart = false;
    if (w->bullet[0] != '\0') {
        buf_append(w->out, w->prefix.data, w->bullet_at);
        buf_puts(w->out, w->bullet);
        size_t behind = w->bullet_at + strlen(w->bullet); /* a quote may begin with the item */
        if (w->prefix.len > behind)
            buf_append(w->out, w->prefix.data + behind, w->prefix.len - behind);
        w->bullet[0] = '\0';
    } else {
        buf_append(w->out, w->prefix.data, w->prefix.len);
    }
    w->line_open = w->any = true;
}

static void put(struct writer *w, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    begin_line(w);
    buf_puts(w->out, text);
}

static void put_code_block(struct writer *w, const char *code)
{
    while (*code != '\0') {
        const char *end = strchrnul(code, '\n');
        begin_line(w);
        if (end > code)
            buf_puts(w->out, "    ");
        buf_append(w->out, code, (size_t)(end - code));
        end_line(w);
        code = *end != '\0' ? end + 1 : end;
    }
}

static void open_container(struct writer *w, const char *prefix)
{
    if (w->depth == MARKDOWN_DEPTH_MAX) {
        w->too_deep++;
        return;
    }
    w->marks[w->depth++] = w->prefix.len;
    buf_puts(&w->prefix, prefix);
}

static void close_container(struct writer *w)
{
    if (w->too_deep > 0) {
        w->too_deep--;
        return;
    }
    buf_truncate(&w->prefix, w->marks[--w->depth]);
}

/* "- " or "3. ", and blanks of its width for the lines that follow. */
static void open_item(struct writer *w, cmark_node *item)
{
    cmark_node *list = cmark_node_parent(item);
    char blanks[sizeof(w->bullet)];

    end_line(w);
    if (w->bullet[0] != '\0') /* the outer item begins with this list: "- - word" */
        begin_line(w);
    end_line(w);
    w->bullet_at = w->prefix.len;
    if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST) {
        int number = cmark_node_get_list_start(list);
        for (cmark_node *n = cmark_node_previous(item); n != NULL; n = cmark_node_previous(n))
            number++;
        snprintf(w->bullet, sizeof(w->bullet), "%d. ", number);
    } else {
        strcpy(w->bullet, "- ");
    }
    memset(blanks, ' ', sizeof(blanks));
    blanks[strlen(w->bullet)] = '\0';
    open_container(w, blanks);
}

static void close_item(struct writer *w)
{
    if (w->bullet[0] != '\0') /* an empty item */
        begin_line(w);
    end_line(w);
    close_container(w);
}

/* "text (address)", or the address alone when the text says the same. */
static void close_link(struct writer *w, const char *url)
{
    const char *shown = strncasecmp(url, "mailto:", 7) == 0 ? url + 7 : url;
    const char *text = w->out->data + w->link_from;
    size_t len = w->out->len >= w->link_from ? w->out->len - w->link_from : 0;

    if ((len == strlen(shown) && memcmp(text, shown, len) == 0) ||
        (len == strlen(url) && memcmp(text, url, len) == 0))
        return;
    if (len > 0)
        put(w, " (");
    put(w, shown);
    if (len > 0)
        put(w, ")");
}

/* Is this paragraph one of a tight list's items? Then no empty line follows. */
static bool is_tight(cmark_node *paragraph)
{
    cmark_node *item = cmark_node_parent(paragraph);
    cmark_node *list = item != NULL ? cmark_node_parent(item) : NULL;

    return list != NULL && cmark_node_get_type(list) == CMARK_NODE_LIST &&
           cmark_node_get_list_tight(list);
}

static void end_block(struct writer *w)
{
    end_line(w);
    w->apart = true;
    w->apart_at = w->prefix.len;
}

static void enter(struct writer *w, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        open_container(w, "> ");
        break;
    case CMARK_NODE_ITEM:
        open_item(w, node);
        break;
    case CMARK_NODE_CODE_BLOCK:
        put_code_block(w, cmark_node_get_literal(node));
        end_block(w);
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        put(w, "---");
        end_block(w);
        break;
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
        put(w, cmark_node_get_literal(node));
        break;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
        begin_line(w);
        end_line(w);
        break;
    case CMARK_NODE_LINK:
        begin_line(w);
        w->link_from = w->out->len;
        break;
    default:
        break;
    }
}

static void leave(struct writer *w, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        close_container(w);
        end_block(w);
        break;
    case CMARK_NODE_ITEM:
        close_item(w);
        break;
    case CMARK_NODE_LIST:
        if (!is_tight(node)) /* a list within a tight list's item goes on without a gap */
            end_block(w);
        break;
    case CMARK_NODE_PARAGRAPH:
        end_line(w);
        if (!is_tight(node))
            end_block(w);
        break;
    case CMARK_NODE_HEADING:
        end_block(w);
        break;
    case CMARK_NODE_LINK:
        close_link(w, cmark_node_get_url(node));
        break;
    default:
        break;
    }
}

void markdown_write_text(cmark_node *root, struct buf *out)
{
    struct writer w = {.out = out};
    cmark_iter *it = cmark_iter_new(root);
    cmark_event_type event;

    buf_init(&w.prefix);
    while ((event = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
        if (event == CMARK_EVENT_ENTER)
            enter(&w, cmark_iter_get_node(it));
        else
            leave(&w, cmark_iter_get_node(it));
    }
    end_line(&w);
    cmark_iter_free(it);
    buf_close(&w.prefix);
}
