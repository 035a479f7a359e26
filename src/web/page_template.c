/*
 * The editor of one text: what it says, what is wrong with it, what it may show, and the message as
 * it would read. It works without script by its button "Preview"; with it, as one types.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "send/compose.h"
#include "web/auth.h"
#include "web/editing.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/mistakes.h"
#include "web/pages.h"
#include "web/template_parts.h"

#define EXAMPLE_MAX 60 /* characters of a value */

/* --- what a text may show --- */

/* What the last part of a name means, for people; WORD_COUNT: nobody has said. */
static enum word meaning(const char *name)
{
    static const struct {
        const char *last;
        enum word words;
    } meanings[] = {
        {"client.name", W_V_CLIENT_NAME},
        {"business.name", W_V_BUSINESS_NAME},
        {"rule.name", W_V_RULE_NAME},
        {".name", W_V_NAME},
        {".ref", W_REF},
        {".email", W_EMAIL_ADDRESS},
        {".phone", W_PHONE},
        {".language", W_LANGUAGE},
        {".timezone", W_ZONE},
        {".tags", W_TAGS},
        {".fields.*", W_V_FIELDS},
        {".title", W_V_TITLE},
        {".stage", W_V_STAGE},
        {".workflow", W_V_WORKFLOW},
        {".due", W_V_DUE},
        {".amount", W_V_AMOUNT},
        {".currency", W_V_CURRENCY},
        {".starts", W_V_STARTS},
        {".ends", W_V_ENDS},
        {".location", W_V_LOCATION},
        {".status", W_V_STATUS},
        {".calendar_link", W_V_CALENDAR_LINK},
        {".text", W_V_TEXT},
        {".score", W_V_SCORE},
        {".channel", W_V_CHANNEL},
        {".at", W_V_AT},
        {".department", W_V_DEPARTMENT},
        {".address", W_V_ADDRESS},
        {".web", W_V_WEB},
        {"now", W_V_NOW},
        {"unsubscribe", W_V_UNSUBSCRIBE},
    };

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (str_ends(name, meanings[i].last))
            return meanings[i].words;
    return WORD_COUNT;
}

/* The value of a dotted name as a short text; NULL: none. */
static const char *example(const json_t *data, const char *name, char out[EXAMPLE_MAX * 4 + 4])
{
    struct str_list path = {0};
    const json_t *at = data;

    str_split(&path, name, '.');
    for (size_t i = 0; i < path.count; i++)
        at = json_object_get(at, path.items[i]);
    str_list_close(&path);
    if (!json_is_string(at) || str_blank(json_string_value(at)))
        return NULL;
    const char *p = json_string_value(at), *end = p + strlen(p);
    size_t n = 0;
    for (int i = 0; i < EXAMPLE_MAX && p < end; i++)
        n += str_utf8_put(out + n, str_utf8_next(&p, end));
    out[n] = '\0';
    return out;
}

static void variable(struct buf *b, const char *name, const json_t *data)
{
    char value[EXAMPLE_MAX * 4 + 4];
    const char *shown = example(data, name, value);
    size_t n = strcspn(name, "*");

    buf_printf(b, "<li><code data-insert=\"{{%.*s%s}}\">{{%.*s%s}}</code> <span>", (int)n, name,
               name[n] != '\0' ? "…" : "", (int)n, name, name[n] != '\0' ? "…" : "");
    if (meaning(name) != WORD_COUNT)
        html_word(b, meaning(name));
    buf_puts(b, "</span>");
    if (shown != NULL) {
        buf_puts(b, " <span class=\"quiet\">");
        html_name(b, shown);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</li>");
}

/* Is it of the same record as the one before? */
static bool same_record(const char *a, const char *b)
{
    size_t n = strcspn(a, ".");

    return a[n] == '.' && strncmp(a, b, n + 1) == 0;
}

static void variables(struct editing *e)
{
    const struct template_names *names = compose_names();
    struct buf *b = &e->v->response->body;
    struct compose_input in;
    json_t *data = NULL;

    if (e->rule != NULL) {
        record_set_input(&e->record, e->rule, e->channel, e->v->now_ms, &in);
        data = compose_data(e->texts.settings, &in);
    }
    buf_puts(b, "<details id=\"variables\"><summary>");
    html_word(b, W_VARIABLES);
    buf_puts(b, "</summary><p class=\"quiet\">");
    html_word(b, W_VARIABLES_ABOUT);
    buf_puts(b, "</p>");
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i], *before = i > 0 ? names->items[i - 1] : "";
        if (str_starts(name, "also."))
            continue;
        if (!same_record(name, before))
            buf_printf(b, "%s<h2>%.*s</h2><ul class=\"names\">", i > 0 ? "</ul>" : "",
                       (int)strcspn(name, "."), name);
        variable(b, name, data);
    }
    buf_puts(b, "</ul></details>");
    json_decref(data);
}

/* --- the form --- */

static void hidden(struct buf *b, const char *name, uint64_t value)
{
    buf_printf(b, "<input type=\"hidden\" name=\"%s\" value=\"%016llx\">", name,
               (unsigned long long)value);
}

static void text_field(struct editing *e)
{
    struct buf *b = &e->v->response->body;
    bool may = visit_may(e->v, ROLE_STAFF);
    bool found = e->problems.errors > 0, wrong = found && !editing_is_fresh(e);
    bool noted = e->problems.count > e->problems.errors;

    buf_puts(b, "<label for=\"text\">");
    html_word(b, W_TEXT);
    buf_printf(b,
               "</label><textarea id=\"text\" name=\"text\" rows=\"%d\" dir=\"auto\" "
               "maxlength=\"%d\" spellcheck=\"true\"%s",
               e->channel == CHANNEL_SMS ? 8 : 18, TEXT_BYTES_MAX, may ? "" : " readonly");
    if (found || noted)
        buf_printf(b, "%s aria-describedby=\"%s%s%s\"", wrong ? " aria-invalid=\"true\"" : "",
                   found ? "wrong" : "", found && noted ? " " : "", noted ? "noted" : "");
    buf_puts(b, " lang=\"");
    html_attr(b, e->file.language[0] != '\0' ? e->file.language
                                             : e->texts.settings->business.language);
    buf_puts(b, "\">\n");
    html_text(b, e->text);
    buf_puts(b, "</textarea>");
}

static void rule_field(struct editing *e)
{
    struct buf *b = &e->v->response->body;
    const struct rule *r;
    size_t count = 0;

    for (size_t at = 0; texts_rule(&e->texts, e->file.name, &at) != NULL;)
        count++;
    if (e->file.shared || count < 2)
        return;
    buf_puts(b, "<label for=\"rule\">");
    html_word(b, W_SHOWN_AS);
    buf_puts(b, "</label><select id=\"rule\" name=\"rule\">");
    for (size_t at = 0; (r = texts_rule(&e->texts, e->file.name, &at)) != NULL;) {
        buf_printf(b, "<option value=\"%s\"%s>", r->name, r == e->rule ? " selected" : "");
        html_text(b, r->name);
        buf_puts(b, "</option>");
    }
    buf_puts(b, "</select>");
}

static void record_field(struct editing *e)
{
    struct buf *b = &e->v->response->body;

    if (e->rule == NULL)
        return;
    buf_puts(b, "<label for=\"record\">");
    html_word(b, W_SHOWN_FOR);
    buf_puts(b, "</label><select id=\"record\" name=\"record\">");
    for (size_t i = 0; i < e->choice_count; i++) {
        buf_printf(b, "<option value=\"%s\"%s>", e->choices[i].value,
                   i == e->chosen ? " selected" : "");
        html_text(b, e->choices[i].label);
        buf_puts(b, "</option>");
    }
    buf_puts(b, "</select><label for=\"find\">");
    html_word(b, W_FIND_CLIENT);
    buf_puts(b, "</label><input type=\"search\" id=\"find\" name=\"find\" maxlength=\"200\" "
                "autocomplete=\"off\" dir=\"auto\">");
}

static void submit(struct editing *e, const char *more, enum word w, const char *attributes)
{
    struct buf *b = &e->v->response->body;

    buf_puts(b, "<button formaction=\"");
    template_address(b, &e->file, more);
    buf_printf(b, "\"%s>", attributes);
    html_word(b, w);
    buf_puts(b, "</button> ");
}

/* A test to an address of one's own. */
static int test_field(struct editing *e)
{
    struct buf *b = &e->v->response->body;
    struct str_list addresses = {0};
    int rc = template_test_addresses(e, &addresses);

    if (rc == 0 && e->rule != NULL) {
        buf_puts(b, "<details id=\"test\"><summary>");
        html_word(b, W_TEST);
        buf_puts(b, "</summary><p class=\"quiet\">");
        html_word(b, addresses.count > 0 ? W_TEST_ABOUT : W_TEST_NOBODY);
        buf_puts(b, " <a href=\"/account#addresses\" target=\"_blank\" rel=\"noopener\">");
        html_word(b, W_TEST_ADDRESSES);
        buf_puts(b, "</a></p>");
        if (addresses.count > 0) {
            buf_puts(b, "<label for=\"to\">");
            html_word(b, W_TEST_TO);
            buf_puts(b, "</label><select id=\"to\" name=\"to\">");
            for (size_t i = 0; i < addresses.count; i++) {
                buf_puts(b, "<option>");
                html_text(b, addresses.items[i]);
                buf_puts(b, "</option>");
            }
            buf_puts(b, "</select>");
            submit(e, "/test", W_TEST_SEND, "");
        }
        buf_puts(b, "</details>");
    }
    str_list_close(&addresses);
    return rc;
}

static int form(struct editing *e)
{
    struct buf *b = &e->v->response->body;
    bool may = visit_may(e->v, ROLE_STAFF);
    int rc = 0;

    buf_puts(b, "<form class=\"editor\" method=\"post\" action=\"");
    template_address(b, &e->file, "/preview");
    buf_puts(b, "\">");
    auth_form_token(e->v);
    hidden(b, "seen", e->seen);
    text_field(e);
    if (may) {
        buf_puts(b, "<div class=\"line\">");
        submit(e, "/preview", W_PREVIEW, " id=\"show\"");
        if (visit_may(e->v, ROLE_MANAGER))
            submit(e, "/save", W_SAVE, " class=\"strong\"");
        buf_puts(b, "</div>");
        if (visit_may(e->v, ROLE_MANAGER) && !e->file.shared) {
            buf_puts(b,
                     "<label class=\"tick\"><input type=\"checkbox\" name=\"same\" value=\"1\"> ");
            html_word(b, W_SAYS_THE_SAME);
            buf_puts(b, "</label>");
        }
        rule_field(e);
        record_field(e);
        rc = test_field(e);
    }
    buf_puts(b, "</form>");
    variables(e);
    return rc;
}

/* --- the page --- */

static void notice(struct editing *e, const struct editing_notice *n)
{
    struct buf *b = &e->v->response->body;

    if (n->notice != WORD_COUNT) {
        buf_printf(b, "<div class=\"notice %s\"><p role=\"status\">", n->good ? "good" : "bad");
        html_words(b, n->notice, n->words, NULL);
        buf_puts(b, "</p></div>");
    }
    if (n->differs != NULL) {
        buf_puts(b, "<section aria-labelledby=\"theirs\"><h2 id=\"theirs\">");
        html_word(b, W_THEIRS);
        buf_puts(b, "</h2>");
        template_differences(e->v, n->differs, e->text);
        buf_puts(b, "</section>");
    }
}

static void ways(struct editing *e)
{
    struct buf *b = &e->v->response->body;

    buf_puts(b, "<p class=\"back\"><a href=\"/templates\">");
    html_word(b, W_TEMPLATES);
    buf_puts(b, "</a>");
    if (!e->file.shared) {
        buf_printf(b, " · <a href=\"/templates/%s\">", e->file.name);
        html_text(b, e->file.name);
        buf_puts(b, "</a>");
    }
    buf_puts(b, " · <a href=\"");
    template_address(b, &e->file, "/versions");
    buf_puts(b, "\">");
    html_word(b, W_VERSIONS);
    buf_puts(b, "</a></p>");
}

int editing_page(struct editing *e, const struct editing_notice *n)
{
    struct visit *v = e->v;
    struct buf *b = &v->response->body, title;
    int rc = 0;

    buf_init(&title);
    template_title(&title, &e->file);
    v->lists_mistakes = e->texts.settings == NULL;
    frame_begin(v, e->file.name, PLACE_TEMPLATES);
    if (e->texts.settings != NULL)
        ways(e);
    buf_puts(b, "<h1>");
    buf_append(b, title.data, title.len);
    buf_puts(b, "</h1>");
    buf_close(&title);
    if (e->texts.settings == NULL) {
        template_problems(v, &e->texts);
    } else {
        notice(e, n);
        buf_puts(b, "<div class=\"halves\"><div class=\"card\">");
        buf_puts(b, "<div id=\"problems\" role=\"status\">");
        editing_problems(e);
        buf_puts(b, "</div>");
        rc = form(e);
        buf_puts(b, "</div><div>");
        template_show(e);
        buf_puts(b, "</div></div>");
    }
    buf_printf(b, "<script defer src=\"%s\"></script>", asset_path("editor.js"));
    frame_end(v);
    return rc;
}

int page_template(struct visit *v)
{
    const char *did = fields_get(&v->request->query, "saved");
    struct editing_notice n = {.notice = did != NULL ? W_SAVED : WORD_COUNT, .good = true};
    struct editing e;
    int rc = editing_open(v, &e);

    if (did != NULL)
        mistakes_look_again(v);
    if (rc == 0 && e.saved == NULL && e.texts.settings != NULL) {
        size_t at = 0;
        bool known = e.file.shared || texts_rule(&e.texts, e.file.name, &at) != NULL;
        n.notice = known ? W_TEXT_FRESH : WORD_COUNT;
    }
    if (rc == 0)
        rc = editing_page(&e, &n);
    editing_close(&e);
    return rc;
}

int page_template_preview(struct visit *v)
{
    struct editing_notice n = {.notice = WORD_COUNT};
    struct editing e;
    int rc = editing_open(v, &e);

    if (rc == 0)
        rc = editing_page(&e, &n);
    editing_close(&e);
    return rc;
}
