/*
 * Templates: the table of what is said in which language by which channel, with what is missing and
 * what is older than its original; and one template with all of its texts side by side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/templates.h"
#include "text/locale.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/languages.h"
#include "web/pages.h"
#include "web/rules.h"
#include "web/template_parts.h"
#include "web/texts.h"

#define LANGUAGES_MAX 40 /* columns; more languages of clients are not looked at */

static const enum template_form forms[] = {TEMPLATE_FORM_EMAIL, TEMPLATE_FORM_SMS};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* --- what there is --- */

struct overview {
    struct visit *v;
    struct texts texts;
    struct template_age *ages;
    size_t age_count;
    struct client_language *spoken; /* by clients */
    size_t spoken_count;
    struct str_list languages; /* columns: the business's first */
    struct str_list names;     /* rows: what rules need, and what else there is */
};

static void add_once(struct str_list *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcasecmp(l->items[i], text) == 0)
            return;
    str_list_add(l, text, strlen(text));
}

/* Is a column's language one that goes before this one by its own words somewhere? */
static bool is_covered(const struct overview *o, const char *language)
{
    bool covered = false;

    for (size_t i = 0; i < o->texts.file_count && !covered; i++) {
        const struct template_file *f = &o->texts.files[i];
        covered = !f->shared && texts_speaks(&o->texts, f->name, f->form, language) != NULL;
    }
    return covered;
}

static void find_columns(struct overview *o)
{
    add_once(&o->languages, o->texts.settings->business.language);
    for (size_t i = 0; i < o->texts.file_count; i++)
        if (!o->texts.files[i].shared)
            add_once(&o->languages, o->texts.files[i].language);
    for (size_t i = 0; i < o->spoken_count && o->languages.count < LANGUAGES_MAX; i++)
        if (locale_language_valid(o->spoken[i].language) && !is_covered(o, o->spoken[i].language))
            add_once(&o->languages, o->spoken[i].language);
}

static void find_rows(struct overview *o)
{
    const struct playbook *p = o->texts.playbook;

    for (size_t i = 0; p != NULL && i < p->rule_count; i++)
        if (template_name_valid(p->rules[i].template))
            add_once(&o->names, p->rules[i].template);
    for (size_t i = 0; i < o->texts.file_count; i++)
        if (!o->texts.files[i].shared)
            add_once(&o->names, o->texts.files[i].name);
}

static int open_overview(struct visit *v, struct overview *o)
{
    *o = (struct overview){.v = v};
    texts_read(&o->texts, v->site);
    int rc = store_template_ages(v->store, &o->ages, &o->age_count);
    if (rc == 0)
        rc = store_client_languages(v->store, LANGUAGES_MAX, &o->spoken, &o->spoken_count);
    if (rc != 0 || o->texts.settings == NULL)
        return rc;
    texts_set(&o->texts, NULL);
    find_columns(o);
    find_rows(o);
    return 0;
}

static void close_overview(struct overview *o)
{
    texts_close(&o->texts);
    template_ages_free(o->ages, o->age_count);
    client_languages_free(o->spoken, o->spoken_count);
    str_list_close(&o->languages);
    str_list_close(&o->names);
}

/* How many clients get what is said in a column's language, if it is said. */
static int64_t readers(const struct overview *o, const char *language)
{
    size_t n = strlen(language);
    int64_t count = 0;

    for (size_t i = 0; i < o->spoken_count; i++) {
        const char *s = o->spoken[i].language;
        if (strncasecmp(s, language, n) == 0 && (s[n] == '\0' || s[n] == '-'))
            count += o->spoken[i].count;
    }
    return count;
}

/* --- a text in the table --- */

static void put_language(struct buf *b, const char *tag)
{
    struct buf name;

    buf_init(&name);
    languages_name(&name, tag);
    html_text(b, name.data);
    buf_close(&name);
}

static void chip(struct overview *o, const struct template_file *f, const char *kind, enum word w,
                 bool tell_language)
{
    struct buf *b = &o->v->response->body;

    buf_printf(b, "<a class=\"chip %s\" href=\"", kind);
    template_address(b, f, "");
    buf_puts(b, "\">");
    html_words(b, w, word(form_word(f->form)), NULL);
    if (tell_language) {
        buf_puts(b, " · ");
        put_language(b, f->language);
    }
    buf_puts(b, "</a> ");
}

/* false: there is nothing, and nothing is missed. */
static bool text_chip(struct overview *o, const char *name, const char *language,
                      enum template_form form, bool tell_language)
{
    struct template_file f = {.form = form};
    bool own = strcasecmp(language, o->texts.settings->business.language) == 0;

    snprintf(f.name, sizeof(f.name), "%s", name);
    snprintf(f.language, sizeof(f.language), "%s", language);
    if (texts_has(&o->texts, name, form, language)) {
        bool old = texts_is_old(&o->texts, &f, o->ages, o->age_count);
        chip(o, &f, old ? "look" : "none", old ? W_TEXT_OLD : W_TEXT_THERE, tell_language);
        return true;
    }
    if (texts_speaks(&o->texts, name, form, language) != NULL ||
        !texts_wanted(&o->texts, name, form, !own) || (!own && readers(o, language) == 0))
        return false;
    chip(o, &f, own ? "bad" : "look", W_TEXT_MISSING, tell_language);
    return true;
}

static void row(struct overview *o, const char *name)
{
    struct buf *b = &o->v->response->body;
    const struct rule *r;
    size_t at = 0;
    bool used = false;

    buf_puts(b, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><a href=\"/templates/");
    html_attr(b, name);
    buf_puts(b, "\">");
    html_text(b, name);
    buf_puts(b, "</a></th>");
    for (size_t i = 0; i < o->languages.count; i++) {
        bool any = false;
        buf_puts(b, "<td role=\"cell\" data-head=\"");
        put_language(b, o->languages.items[i]);
        buf_puts(b, "\">");
        for (size_t k = 0; k < FORMS; k++)
            any |= text_chip(o, name, o->languages.items[i], forms[k], false);
        buf_puts(b, any ? "</td>" : "<span class=\"quiet\">–</span></td>");
    }
    buf_puts(b, "<td role=\"cell\" class=\"quiet\" data-head=\"");
    html_attr(b, word(W_TEMPLATE_RULES));
    buf_puts(b, "\">");
    while ((r = texts_rule(&o->texts, name, &at)) != NULL) {
        buf_puts(b, used ? ", " : "");
        html_text(b, r->name);
        used = true;
    }
    if (!used)
        html_word(b, W_TEMPLATE_UNUSED);
    buf_puts(b, "</td></tr>");
}

static void table(struct overview *o)
{
    struct buf *b = &o->v->response->body;

    buf_puts(b, "<section aria-labelledby=\"all\"><h2 id=\"all\">");
    html_word(b, W_TEMPLATES_ALL);
    buf_puts(b, "</h2><div class=\"wide\" tabindex=\"0\" role=\"group\" aria-labelledby=\"all\">"
                "<table class=\"folds\" role=\"table\"><caption>");
    html_word(b, W_TEMPLATES_ABOUT);
    buf_puts(b, "</caption><thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" "
                "scope=\"col\">");
    html_word(b, W_TEMPLATE);
    buf_puts(b, "</th>");
    for (size_t i = 0; i < o->languages.count; i++) {
        char count[24];
        snprintf(count, sizeof(count), "%lld", (long long)readers(o, o->languages.items[i]));
        buf_puts(b, "<th role=\"columnheader\" scope=\"col\">");
        put_language(b, o->languages.items[i]);
        buf_puts(b, " <span class=\"quiet\">");
        if (strcmp(count, "0") != 0)
            html_words(b, strcmp(count, "1") == 0 ? W_CLIENTS_ONE : W_CLIENTS_COUNT, count, NULL);
        buf_puts(b, "</span></th>");
    }
    buf_puts(b, "<th role=\"columnheader\" scope=\"col\">");
    html_word(b, W_TEMPLATE_RULES);
    buf_puts(b, "</th></tr></thead><tbody role=\"rowgroup\">");
    for (size_t i = 0; i < o->names.count; i++)
        row(o, o->names.items[i]);
    buf_puts(b, "</tbody></table></div></section>");
}

static bool same_part(const struct template_file *a, const struct template_file *b)
{
    return a->shared && b->shared && a->form == b->form && strcmp(a->name, b->name) == 0;
}

static bool first_of_part(const struct texts *t, size_t i)
{
    size_t first = 0;

    while (!same_part(&t->files[first], &t->files[i]))
        first++;
    return first == i;
}

/* A part in a language that it is not there in, if clients speak that one. */
static void missing_part(struct overview *o, const struct template_file *part, const char *language)
{
    struct buf *b = &o->v->response->body, name;
    struct template_file f = *part;

    if (texts_part(&o->texts, part->name, part->form, language) != NULL ||
        readers(o, language) == 0)
        return;
    snprintf(f.language, sizeof(f.language), "%s", language);
    buf_puts(b, "<li><a class=\"chip look\" href=\"");
    template_address(b, &f, "");
    buf_puts(b, "\">");
    buf_init(&name);
    languages_name(&name, language);
    html_words(b, W_TEXT_MISSING, name.data, NULL);
    buf_close(&name);
    buf_puts(b, "</a></li>");
}

/* A part, with the languages that it is there in, or missed in. */
static void part_item(struct overview *o, size_t first)
{
    struct buf *b = &o->v->response->body;
    const struct template_file *part = &o->texts.files[first];

    buf_puts(b, "<li class=\"line\"><span class=\"whom\">");
    html_text(b, part->name);
    buf_puts(b, "</span><span class=\"quiet\">");
    html_word(b, form_word(part->form));
    buf_puts(b, "</span><ul class=\"chips\">");
    for (size_t i = first; i < o->texts.file_count; i++) {
        const struct template_file *f = &o->texts.files[i];
        if (!same_part(part, f))
            continue;
        buf_puts(b, "<li><a class=\"chip none\" href=\"");
        template_address(b, f, "");
        buf_puts(b, "\" aria-label=\"");
        template_title(b, f);
        buf_puts(b, "\">");
        if (f->language[0] != '\0')
            put_language(b, f->language);
        else
            html_word(b, W_EVERY_LANGUAGE);
        buf_puts(b, "</a></li>");
    }
    for (size_t i = 0; i < o->languages.count; i++)
        missing_part(o, part, o->languages.items[i]);
    buf_puts(b, "</ul></li>");
}

/* The way to a part in any other language. */
static void new_part_form(struct overview *o)
{
    struct buf *b = &o->v->response->body;

    if (!visit_may(o->v, ROLE_MANAGER))
        return;
    buf_puts(b, "<form class=\"stack\" action=\"/templates\"><h3>");
    html_word(b, W_PART_NEW);
    buf_puts(b, "</h3><label for=\"new-part\">");
    html_word(b, W_PART);
    buf_puts(b, "</label><select id=\"new-part\" name=\"part\">");
    for (size_t i = 0; i < o->texts.file_count; i++) {
        const struct template_file *f = &o->texts.files[i];
        if (!f->shared || !first_of_part(&o->texts, i))
            continue;
        buf_printf(b, "<option value=\"%s.%s\">", f->name, template_form_name(f->form));
        html_words(b, W_PART_FORM, f->name, word(form_word(f->form)), NULL);
        buf_puts(b, "</option>");
    }
    buf_puts(b, "</select><label for=\"new-language\">");
    html_word(b, W_LANGUAGE);
    buf_puts(b, "</label><select id=\"new-language\" name=\"language\">");
    languages_options(b, &o->languages);
    buf_puts(b, "</select><button>");
    html_word(b, W_TEXT_WRITE);
    buf_puts(b, "</button></form>");
}

static void shared(struct overview *o)
{
    size_t count = 0;
    struct buf *b = &o->v->response->body;

    buf_puts(b, "<section aria-labelledby=\"shared\"><h2 id=\"shared\">");
    html_word(b, W_SHARED);
    buf_puts(b, "</h2><p class=\"quiet\">");
    html_word(b, W_SHARED_ABOUT);
    buf_puts(b, "</p><ul class=\"list\">");
    for (size_t i = 0; i < o->texts.file_count; i++)
        if (o->texts.files[i].shared && first_of_part(&o->texts, i)) {
            part_item(o, i);
            count++;
        }
    buf_puts(b, "</ul>");
    if (count > 0)
        new_part_form(o);
    buf_puts(b, "</section>");
}

/* From a form to the editor of the text that it names; false: it names none. */
static bool go_to_text(struct visit *v, bool shared, const char *name, const char *form)
{
    const char *language = fields_get(&v->request->query, "language");
    struct template_file f = {.shared = shared};

    if (language == NULL || form == NULL || !template_form_from(form, &f.form) ||
        strlen(language) >= sizeof(f.language))
        return false;
    snprintf(f.name, sizeof(f.name), "%s", name);
    snprintf(f.language, sizeof(f.language), "%s", language);
    if (!template_file_valid(&f))
        return false;
    struct buf address;
    buf_init(&address);
    template_address(&address, &f, "");
    response_go(v->response, address.data);
    buf_close(&address);
    return true;
}

/* From the form above to the editor of the part that it names; false: it names none. */
static bool go_to_part(struct visit *v)
{
    const char *part = fields_get(&v->request->query, "part");
    const char *form = part != NULL ? strrchr(part, '.') : NULL;
    bool named = form != NULL && (size_t)(form - part) <= TEMPLATE_NAME_BYTES_MAX;
    char *name = named ? mem_strndup(part, (size_t)(form - part)) : NULL;
    bool there = named && go_to_text(v, true, name, form + 1);

    free(name);
    return there;
}

int page_templates(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct overview o;

    if (go_to_part(v))
        return 0;
    int rc = open_overview(v, &o);

    v->lists_mistakes = true;
    frame_begin(v, word(W_TEMPLATES), PLACE_TEMPLATES);
    buf_puts(b, "<h1>");
    html_word(b, W_TEMPLATES);
    buf_puts(b, "</h1>");
    template_problems(v, &o.texts);
    if (rc == 0 && o.texts.settings != NULL) {
        table(&o);
        shared(&o);
    }
    frame_end(v);
    close_overview(&o);
    return rc;
}

/* --- one template --- */

static void one_text(struct overview *o, const struct template_file *f)
{
    struct buf *b = &o->v->response->body, text;
    char *path = template_file_path(f);
    bool old = texts_is_old(&o->texts, f, o->ages, o->age_count);

    buf_puts(b, "<section><h2><a href=\"");
    template_address(b, f, "");
    buf_puts(b, "\">");
    buf_init(&text);
    languages_name(&text, f->language);
    html_words(b, W_TEXT_IN, word(form_word(f->form)), text.data, NULL);
    buf_close(&text);
    buf_puts(b, "</a>");
    if (old) {
        buf_puts(b, " <span class=\"state look\">");
        html_word(b, W_OLD);
        buf_puts(b, "</span>");
    }
    buf_printf(b, "</h2><div class=\"words\" dir=\"auto\" lang=\"%s\">", f->language);
    buf_init(&text);
    if (fs_read_beneath(o->texts.settings->templates, path, TEMPLATE_BYTES_MAX, &text, NULL) == 0)
        html_text(b, text.data);
    buf_close(&text);
    buf_puts(b, "</div></section>");
    free(path);
}

static void choice(struct buf *b, const char *value, enum word w)
{
    buf_printf(b, "<option value=\"%s\">", value);
    html_word(b, w);
    buf_puts(b, "</option>");
}

/* The way to a text that is not there yet. */
static void new_form(struct overview *o, const char *name)
{
    struct buf *b = &o->v->response->body;

    if (!visit_may(o->v, ROLE_MANAGER))
        return;
    buf_puts(b, "<form class=\"stack\" action=\"/templates/");
    html_attr(b, name);
    buf_puts(b, "\"><h2>");
    html_word(b, W_TEXT_NEW);
    buf_puts(b, "</h2><label for=\"new-language\">");
    html_word(b, W_LANGUAGE);
    buf_puts(b, "</label><select id=\"new-language\" name=\"language\">");
    languages_options(b, &o->languages);
    buf_puts(b, "</select><label for=\"new-form\">");
    html_word(b, W_CHANNEL);
    buf_puts(b, "</label><select id=\"new-form\" name=\"form\">");
    choice(b, "email", W_EMAIL);
    choice(b, "sms", W_SMS);
    buf_puts(b, "</select><button>");
    html_word(b, W_TEXT_WRITE);
    buf_puts(b, "</button></form>");
}

static void used_by(struct overview *o, const char *name)
{
    struct buf *b = &o->v->response->body;
    const struct rule *r;
    size_t at = 0, count = 0;

    buf_puts(b, "<section aria-labelledby=\"rules\"><h2 id=\"rules\">");
    html_word(b, W_TEMPLATE_RULES);
    buf_puts(b, "</h2><ul class=\"list\">");
    for (; (r = texts_rule(&o->texts, name, &at)) != NULL; count++) {
        buf_puts(b, "<li><strong>");
        html_text(b, r->name);
        buf_puts(b, "</strong><p>");
        rules_sentence(b, r);
        buf_puts(b, ".</p></li>");
    }
    buf_puts(b, "</ul>");
    if (count == 0) {
        buf_puts(b, "<p class=\"quiet\">");
        html_word(b, W_TEMPLATE_UNUSED_TEXT);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
}

static void side_by_side(struct overview *o, const char *name)
{
    struct buf *b = &o->v->response->body;

    for (size_t k = 0; k < FORMS; k++) {
        size_t shown = 0;
        for (size_t i = 0; i < o->texts.file_count; i++) {
            const struct template_file *f = &o->texts.files[i];
            if (f->shared || f->form != forms[k] || strcmp(f->name, name) != 0)
                continue;
            buf_puts(b, shown++ == 0 ? "<div class=\"side\">" : "");
            one_text(o, f);
        }
        buf_puts(b, shown > 0 ? "</div>" : "");
    }
    buf_puts(b, "<p>");
    for (size_t i = 0; i < o->languages.count; i++)
        for (size_t k = 0; k < FORMS; k++)
            if (!texts_has(&o->texts, name, forms[k], o->languages.items[i]))
                text_chip(o, name, o->languages.items[i], forms[k], true);
    buf_puts(b, "</p>");
}

static bool is_known(const struct overview *o, const char *name)
{
    return str_list_has(&o->names, name);
}

int page_template_all(struct visit *v)
{
    struct buf *b = &v->response->body;
    const char *name = v->hole.token;
    struct overview o;

    if (go_to_text(v, false, name, fields_get(&v->request->query, "form")))
        return 0;
    int rc = open_overview(v, &o);
    if (rc == 0 && o.texts.settings != NULL && !is_known(&o, name))
        rc = ERR_NOTFOUND;
    if (rc == 0) {
        v->lists_mistakes = true;
        frame_begin(v, name, PLACE_TEMPLATES);
        buf_puts(b, "<p class=\"back\"><a href=\"/templates\">");
        html_word(b, W_TEMPLATES);
        buf_puts(b, "</a></p><h1>");
        html_text(b, name);
        buf_puts(b, "</h1>");
        template_problems(v, &o.texts);
        if (o.texts.settings != NULL) {
            side_by_side(&o, name);
            used_by(&o, name);
            new_form(&o, name);
        }
        frame_end(v);
    }
    close_overview(&o);
    return rc;
}
