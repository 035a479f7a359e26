/*
 * What a change of the playbook would do. See web/proposal_result.h. Figures and examples are those
 * of `betimes forecast --playbook FILE --totals --json`.
 */
#include "web/proposal_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/moment.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/rules.h"

static long long figure(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

static void put_sentence(struct buf *b, enum word none, enum word some, long long n)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", n);
    buf_puts(b, " <span data-tell>");
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
        buf_puts(b, "<p><span class=\"state look\">");
        html_word(b, W_RULE_ASKS);
        buf_puts(b, "</span> ");
        char *title = rules_title_text(json_string_value(json_object_get(r, "rule")));
        html_words(b, W_EFFECT_ASKS, title, count, NULL);
        free(title);
        buf_puts(b, "</p>");
    }
}

static bool has_changed(const json_t *r)
{
    return figure(r, "added") + figure(r, "removed") + figure(r, "earlier") + figure(r, "later") >
           0;
}

/* "Reminder: 2 new, 1 earlier, 12 as before." for each rule, where it is more than one. */
static void put_rules(struct buf *b, const json_t *rules)
{
    static const struct {
        const char *key;
        enum word w;
    } counts[] = {{"added", W_EFFECT_N_ADDED},
                  {"removed", W_EFFECT_N_REMOVED},
                  {"earlier", W_EFFECT_N_EARLIER},
                  {"later", W_EFFECT_N_LATER},
                  {"same", W_EFFECT_N_SAME}};
    size_t changed = 0;

    for (size_t i = 0; i < json_array_size(rules); i++)
        changed += has_changed(json_array_get(rules, i));
    if (changed < 2)
        return;
    buf_puts(b, "<h3>");
    html_word(b, W_EFFECT_RULES);
    buf_puts(b, "</h3><ul>");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *r = json_array_get(rules, i);
        char number[24], *title = rules_title_text(json_string_value(json_object_get(r, "rule")));
        struct buf told;
        buf_init(&told);
        for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
            if (figure(r, counts[k].key) == 0)
                continue;
            snprintf(number, sizeof(number), "%lld", figure(r, counts[k].key));
            buf_puts(&told, told.len > 0 ? ", " : "");
            html_words(&told, counts[k].w, number, NULL);
        }
        if (has_changed(r)) {
            buf_puts(b, "<li>");
            html_text(b, title);
            buf_printf(b, ": %s.</li>", told.data);
        }
        buf_close(&told);
        free(title);
    }
    buf_puts(b, "</ul>");
}

/* --- a few of the messages --- */

static void put_time(struct visit *v, const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    struct moment m;

    if (text != NULL && moment_parse(text, &m, NULL) == 0)
        frame_time(v, moment_instant(&m, zone_utc()));
}

static void put_person(struct buf *b, const json_t *o)
{
    const char *client = json_string_value(json_object_get(o, "client"));
    bool theirs = json_is_true(json_object_get(o, "to_client"));

    buf_puts(b, "<span class=\"whom\">");
    if (!theirs && client == NULL)
        html_word(b, W_EFFECT_NOT_CLIENT);
    else if (!theirs)
        html_words(b, W_EFFECT_STAFF, client, NULL);
    else {
        buf_printf(b, "<a href=\"/clients/%lld\">", figure(o, "client_id"));
        html_name(b, client);
        buf_puts(b, "</a>");
    }
    buf_puts(b, "</span>");
}

/* What it would have been, and what moves it. */
static void put_reason(struct visit *v, const json_t *o)
{
    struct buf *b = &v->response->body;
    const char *shift = json_string_value(json_object_get(o, "shift"));

    if (shift == NULL)
        return;
    buf_puts(b, "<p class=\"reason\">");
    html_word(b, W_EFFECT_MEANT);
    buf_putc(b, ' ');
    put_time(v, o, "nominal");
    buf_puts(b, ": ");
    html_text(b, shift);
    buf_puts(b, ".</p>");
}

static void put_example(struct visit *v, const json_t *o)
{
    static const struct {
        const char *change, *look;
        enum word w;
    } changes[] = {{"added", "good", W_WILL_GO},
                   {"moved", "look", W_WILL_MOVE},
                   {"removed", "bad", W_WILL_NOT_GO_NOW},
                   {"kept", "none", W_EFFECT_STAYS}};
    const char *change = json_string_value(json_object_get(o, "change"));
    struct buf *b = &v->response->body;
    size_t k = 0;

    while (k < 3 && !str_eq(change, changes[k].change))
        k++;
    buf_printf(b, "<li><div class=\"line\"><span class=\"state %s\">", changes[k].look);
    html_word(b, changes[k].w);
    buf_puts(b, "</span>");
    put_time(v, o, "due");
    put_person(b, o);
    buf_puts(b, "</div>");
    if (k == 1) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_INSTEAD_OF);
        buf_putc(b, ' ');
        put_time(v, o, "was");
        buf_puts(b, "</p>");
    }
    if (k != 2)
        put_reason(v, o);
    buf_puts(b, "</li>");
}

static void put_examples(struct visit *v, const json_t *list)
{
    struct buf *b = &v->response->body;

    if (json_array_size(list) == 0)
        return;
    buf_puts(b, "<h3>");
    html_word(b, W_EFFECT_EXAMPLES);
    buf_puts(b, "</h3><ul class=\"list\">");
    for (size_t i = 0; i < json_array_size(list); i++)
        put_example(v, json_array_get(list, i));
    buf_puts(b, "</ul>");
}

static void put_result(struct visit *v, const json_t *o)
{
    struct buf *b = &v->response->body;
    const json_t *rules = json_object_get(o, "rules");
    long long moved = figure(o, "earlier") + figure(o, "later");
    char days[8];

    snprintf(days, sizeof(days), "%d", PROPOSAL_DAYS);
    buf_puts(b, "<p><span data-tell>");
    html_words(b, W_EFFECT_DAYS, days, NULL);
    buf_puts(b, "</span>");
    put_sentence(b, W_EFFECT_MOVE_NONE, W_EFFECT_MOVE, moved);
    put_sentence(b, W_EFFECT_ADD_NONE, W_EFFECT_ADD, figure(o, "added"));
    put_sentence(b, W_EFFECT_DROP_NONE, W_EFFECT_DROP, figure(o, "removed"));
    if (figure(o, "kept") > 0)
        put_sentence(b, W_EFFECT_KEPT, W_EFFECT_KEPT, figure(o, "kept"));
    put_sentence(b, W_EFFECT_NOW_NONE, W_EFFECT_NOW, figure(o, "at_once"));
    put_whom(b, json_object_get(o, "to_at_once"));
    buf_puts(b, "</p>");
    if (figure(o, "added") + moved > 0) {
        buf_puts(b, "<p>");
        html_word(b, W_EFFECT_WHOM);
        put_whom(b, json_object_get(o, "to"));
        buf_puts(b, "</p>");
    }
    put_asking(b, rules);
    put_examples(v, json_object_get(o, "examples"));
    put_rules(b, rules);
}

void proposal_result_write(struct visit *v, const struct proposal *c)
{
    struct buf *b = &v->response->body;
    json_t *o = c->state == COUNT_DONE ? json_loads(c->result, 0, NULL) : NULL;

    if (o != NULL) {
        put_result(v, o);
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
