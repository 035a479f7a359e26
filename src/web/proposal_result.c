/*
 * What a change of the playbook would do. See web/proposal_result.h. The figures are those of
 * `betimes forecast --playbook FILE --totals --json`.
 */
#include "web/proposal_result.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "web/html.h"

static long long figure(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

static void put_sentence(struct buf *b, enum word none, enum word some, long long n)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", n);
    buf_puts(b, "<li><span data-tell>");
    if (n == 0)
        html_word(b, none);
    else
        html_words(b, some, text, NULL);
    buf_puts(b, "</span>");
}

/* "To Anna, Berta and 12 more." */
static void put_whom(struct buf *b, const json_t *whom)
{
    const json_t *names = json_object_get(whom, "names");
    size_t count = json_array_size(names);
    char more[24];

    if (count == 0)
        return;
    buf_puts(b, " ");
    html_word(b, W_EFFECT_TO);
    for (size_t i = 0; i < count; i++) {
        buf_puts(b, i > 0 ? ", " : " ");
        html_name(b, json_string_value(json_array_get(names, i)));
    }
    snprintf(more, sizeof(more), "%lld", figure(whom, "more"));
    if (figure(whom, "more") > 0) {
        buf_putc(b, ' ');
        html_words(b, W_EFFECT_MORE, more, NULL);
    }
    buf_puts(b, ".");
}

static void put_asking(struct buf *b, const json_t *rules)
{
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *r = json_array_get(rules, i);
        char count[24];
        if (!json_is_true(json_object_get(r, "waits")))
            continue;
        snprintf(count, sizeof(count), "%lld", figure(r, "asks_for"));
        buf_puts(b, "<li><span class=\"state look\">");
        html_word(b, W_RULE_ASKS);
        buf_puts(b, "</span> ");
        html_words(b, W_EFFECT_ASKS, json_string_value(json_object_get(r, "rule")), count, NULL);
        buf_puts(b, "</li>");
    }
}

static bool has_changed(const json_t *r)
{
    return figure(r, "added") + figure(r, "removed") + figure(r, "earlier") + figure(r, "later") >
           0;
}

static void put_table(struct buf *b, const json_t *rules)
{
    static const struct {
        const char *key;
        enum word head;
    } columns[] = {{"added", W_EFFECT_ADDED},
                   {"removed", W_EFFECT_REMOVED},
                   {"earlier", W_EFFECT_EARLIER},
                   {"later", W_EFFECT_LATER},
                   {"same", W_EFFECT_SAME},
                   {"at_once", W_EFFECT_AT_ONCE},
                   {"clients_at_once", W_EFFECT_CLIENTS}};
    size_t count = sizeof(columns) / sizeof(columns[0]);

    buf_puts(b, "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-labelledby=\"effect\">"
                "<table><caption>");
    html_word(b, W_EFFECT_ABOUT);
    buf_puts(b, "</caption><thead><tr><th scope=\"col\">");
    html_word(b, W_EFFECT_RULE);
    for (size_t i = 0; i < count; i++) {
        buf_puts(b, "</th><th scope=\"col\">");
        html_word(b, columns[i].head);
    }
    buf_puts(b, "</th></tr></thead><tbody>");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *r = json_array_get(rules, i);
        if (!has_changed(r))
            continue;
        buf_puts(b, "<tr><th scope=\"row\">");
        html_text(b, json_string_value(json_object_get(r, "rule")));
        buf_puts(b, "</th>");
        for (size_t k = 0; k < count; k++)
            buf_printf(b, "<td>%lld</td>", figure(r, columns[k].key));
        buf_puts(b, "</tr>");
    }
    buf_puts(b, "</tbody></table></div>");
}

static void put_result(struct buf *b, const json_t *o)
{
    const json_t *rules = json_object_get(o, "rules");
    long long moved = figure(o, "earlier") + figure(o, "later");
    char days[8];

    snprintf(days, sizeof(days), "%d", PROPOSAL_DAYS);
    buf_puts(b, "<p data-tell>");
    html_words(b, W_EFFECT_DAYS, days, NULL);
    buf_puts(b, "</p><ul class=\"list\">");
    put_sentence(b, W_EFFECT_NOW_NONE, W_EFFECT_NOW, figure(o, "at_once"));
    put_whom(b, json_object_get(o, "to_at_once"));
    buf_puts(b, "</li>");
    put_sentence(b, W_EFFECT_ADD_NONE, W_EFFECT_ADD, figure(o, "added"));
    buf_puts(b, "</li>");
    put_sentence(b, W_EFFECT_DROP_NONE, W_EFFECT_DROP, figure(o, "removed"));
    buf_puts(b, "</li>");
    put_sentence(b, W_EFFECT_MOVE_NONE, W_EFFECT_MOVE, moved);
    buf_puts(b, "</li>");
    if (figure(o, "added") + moved > 0) {
        buf_puts(b, "<li>");
        html_word(b, W_EFFECT_WHOM);
        put_whom(b, json_object_get(o, "to"));
        buf_puts(b, "</li>");
    }
    put_asking(b, rules);
    buf_puts(b, "</ul>");
    if (has_changed(o))
        put_table(b, rules);
}

void proposal_result_write(struct visit *v, const struct proposal *c)
{
    struct buf *b = &v->response->body;
    json_t *o = c->state == COUNT_DONE ? json_loads(c->result, 0, NULL) : NULL;

    if (o != NULL) {
        put_result(b, o);
    } else if (c->state == COUNT_DONE || c->state == COUNT_FAILED) {
        buf_puts(b, "<p class=\"wrong\" data-tell>");
        html_words(b, W_EFFECT_FAILED, c->result, NULL);
        buf_puts(b, "</p>");
    } else {
        buf_puts(b, "<p>");
        html_word(b, c->state == COUNT_RUNS ? W_EFFECT_RUNS : W_EFFECT_WAITS);
        buf_puts(b, " ");
        html_text(b, c->progress);
        buf_puts(b, "</p>");
    }
    json_decref(o);
}
