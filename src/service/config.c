/*
 * Reads everything a person writes and checks it against itself. See service/config.h.
 *
 * A reader that fails does not stop the others: a person should see all that is wrong at once. What
 * can only be told by two files together is left out when one of them could not be read.
 */
#include "service/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "gateway/provider.h"
#include "send/compose.h"
#include "send/visit_link.h"
#include "service/sense.h"
#include "store/condition.h"
#include "web/listen.h"

struct loading {
    struct config *c;
    struct problems *problems;
    const struct rule *rule;
};

static void template_problem(void *arg, const char *file, int line, int column, const char *text)
{
    problems_error_at(arg, file, line, column, "%s", text);
}

/* ---- every rule has its words */

static const char *extension(enum template_kind kind)
{
    return kind == TEMPLATE_KIND_SMS ? "sms" : "email";
}

static bool has_words(const struct loading *l, enum template_kind kind)
{
    return template_set_find(l->c->templates, l->rule->template, kind, NULL,
                             l->c->settings->business.language) != NULL;
}

/* The kinds of words that the rule needs. */
static void kinds_of(const struct loading *l, bool wanted[2])
{
    wanted[TEMPLATE_KIND_SMS] = rule_may_go_by(l->rule, l->c->settings, CHANNEL_SMS);
    wanted[TEMPLATE_KIND_EMAIL] = rule_may_go_by(l->rule, l->c->settings, CHANNEL_EMAIL);
}

/* No folder at all: most likely a word is misspelt. */
static void no_folder(const struct loading *l)
{
    const struct rule *r = l->rule;
    size_t count = l->c->templates != NULL ? template_set_count(l->c->templates) : 0;
    const char **names = mem_array(count + 1, sizeof(*names));

    for (size_t i = 0; i < count; i++)
        names[i] = template_set_at(l->c->templates, i)->rule;
    const char *near = str_nearest(r->template, names, count);
    char *hint = near != NULL
                     ? mem_printf("; there is `%s`: write `template = %s` to use it", near, near)
                     : mem_printf("; write %s/%s.sms or .email there", r->template,
                                  l->c->settings->business.language);
    problems_error(l->problems, l->c->playbook->file, r->template_line,
                   "`[rule %s]` has no words: there is no folder `%s` in %s%s", r->name,
                   r->template, l->c->settings->templates, hint);
    free(hint);
    free(names);
}

/* While templates are broken, which ones there are is known by their folders only. */
static bool has_folder(const struct loading *l)
{
    if (l->c->templates != NULL)
        return template_set_has(l->c->templates, l->rule->template);
    char *path = fs_join(l->c->settings->templates, l->rule->template);
    bool there = fs_is_dir(path);
    free(path);
    return there;
}

/* A task without words says the rule's name and the client's: poor, but no work is lost. */
static void check_task_words(const struct loading *l)
{
    const struct rule *r = l->rule;

    if (l->c->templates != NULL && !has_words(l, TEMPLATE_KIND_SMS) &&
        !has_words(l, TEMPLATE_KIND_EMAIL))
        problems_warning(
            l->problems, l->c->playbook->file, r->template_line,
            "`[rule %s]` gives a task without words: write %s/%s.sms (or .email), else it says "
            "`%s` and the client's name",
            r->name, r->template, l->c->settings->business.language, r->name);
}

static void check_words(const struct loading *l)
{
    const struct rule *r = l->rule;
    const char *language = l->c->settings->business.language;
    bool wanted[2];
    size_t have = 0;

    if (r->by == BY_TASK) {
        check_task_words(l);
        return;
    }
    if (!has_folder(l)) {
        no_folder(l);
        return;
    }
    if (l->c->templates == NULL)
        return;
    kinds_of(l, wanted);
    for (int kind = 0; kind < 2; kind++)
        have += wanted[kind] && has_words(l, (enum template_kind)kind);
    for (int k = 0; k < 2; k++) {
        enum template_kind kind = (enum template_kind)k;
        if (!wanted[k] || has_words(l, kind))
            continue;
        /* Whoever leaves the channel to the client may know that all of them have telephones. */
        if (r->by == BY_PREFERRED && have > 0)
            problems_warning(l->problems, l->c->playbook->file, r->by_line,
                             "`[rule %s]` has no words for %s: write %s/%s.%s, or say `by = %s`",
                             r->name, kind == TEMPLATE_KIND_SMS ? "an SMS" : "an e-mail",
                             r->template, language, extension(kind),
                             kind == TEMPLATE_KIND_SMS ? "email" : "sms");
        else
            problems_error(l->problems, l->c->playbook->file, r->by_line,
                           "`[rule %s]` has no words for %s: there is no %s/%s/%s.%s", r->name,
                           kind == TEMPLATE_KIND_SMS ? "an SMS" : "an e-mail",
                           l->c->settings->templates, r->template, language, extension(kind));
    }
}

/* A message of the rule goes out in another language than the business's, since it has no words in
 * that one. Returns which; NULL: none does. */
static const char *other_language(const struct loading *l)
{
    const char *language = l->c->settings->business.language;
    bool wanted[2];

    kinds_of(l, wanted);
    for (int k = 0; k < 2; k++) {
        enum template_kind kind = (enum template_kind)k;
        const struct template_entry *e =
            template_set_find(l->c->templates, l->rule->template, kind, language, NULL);
        if (wanted[k] && e != NULL &&
            !template_set_speaks(l->c->templates, l->rule->template, kind, language))
            return e->language;
    }
    return NULL;
}

/* Falling back is meant for a client's language; that the business's own is missing is most likely
 * a slip, and nothing else would tell. */
static void check_language(struct loading *l)
{
    const struct playbook *p = l->c->playbook;
    const char *first = NULL, *in = NULL;
    char rules[STR_COUNTED_MAX];
    size_t count = 0;

    str_counted((int64_t)p->rule_count, "rule", rules);
    for (size_t i = 0; i < p->rule_count; i++) {
        l->rule = &p->rules[i];
        const char *other = other_language(l);
        if (other != NULL && count++ == 0) {
            first = l->rule->template;
            in = other;
        }
    }
    if (count > 0)
        problems_warning(
            l->problems, l->c->settings->file, 0,
            "`language = %s`: %zu of %s %s no words in it, so that clients get them in "
            "`%s`; `templates/%s` is one of them",
            l->c->settings->business.language, count, rules, count == 1 ? "has" : "have", in,
            first);
}

/* ---- conditions */

/* On the real database if there is one that can be read; otherwise on empty tables: what is wrong
 * with the database is for whoever opens it to say. */
static struct conditions *sandbox(const struct settings *settings)
{
    struct conditions *c = NULL;

    if (settings != NULL && fs_exists(settings->database))
        c = conditions_open(settings->database, NULL);
    return c != NULL ? c : conditions_open(NULL, NULL);
}

static bool check_condition(const struct loading *l, struct conditions *sandbox, const char *key,
                            const char *expression, int line)
{
    struct err err = {""};

    bool ok = expression == NULL || condition_check(sandbox, expression, &err) == 0;
    if (!ok)
        problems_error(l->problems, l->c->playbook->file, line, "`%s`: %s", key, err.text);
    return ok;
}

/* `whole`: also what only good rules can be asked. */
static void check_rules(struct loading *l, bool whole)
{
    const struct playbook *p = l->c->playbook;
    struct conditions *c = sandbox(l->c->settings);
    bool ok = c != NULL;

    for (size_t i = 0; c != NULL && i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        ok &= check_condition(l, c, "if", r->only_if, r->only_if_line);
        ok &= check_condition(l, c, "unless", r->unless, r->unless_line);
    }
    if (whole)
        sense_check(p, ok ? c : NULL, l->c->templates, l->problems);
    conditions_close(c);
}

/* ---- gateways */

static void check_provider(const struct loading *l, const struct gateway_settings *g)
{
    const struct settings *s = l->c->settings;
    char *name = mem_printf("%s.conf", g->provider), *path = fs_join(s->providers, name);

    if (!fs_exists(path)) {
        problems_error(l->problems, s->file, g->line,
                       "`[gateway %s]`: there is no provider file %s; see which ones are there, or "
                       "write one",
                       g->name, path);
    } else {
        struct provider *p = provider_read(path, l->problems);
        if (p != NULL)
            provider_fit(p, g, s->file, l->problems);
        provider_free(p);
    }
    free(path);
    free(name);
}

static void check_gateways(const struct loading *l)
{
    const struct settings *s = l->c->settings;

    for (size_t i = 0; i < s->gateway_count; i++)
        if (s->gateways[i].provider != NULL)
            check_provider(l, &s->gateways[i]);
}

/* ---- the page */

static void check_web(const struct loading *l)
{
    const struct settings *s = l->c->settings;
    struct listen_address address;
    struct err err = {""};

    if (s->web_listen != NULL && listen_parse(s->web_listen, &address, &err) != 0)
        problems_error(l->problems, s->file, 0, "`listen` in `[web]`: %s", err.text);
}

/* ---- links in messages */

/* Whatever was meant by a name that is there: it needs an address. */
static void link_without_address(void *arg, const char *file, int line, int column,
                                 const char *text)
{
    const struct loading *l = arg;

    if (l->c->settings->web_url == NULL)
        problems_error_at(l->problems, file, line, column,
                          "{{" VISIT_LINK_NAME "}} needs the address at which clients reach the "
                          "page: write it as `url` into [web] of betimes.conf");
    else
        problems_warning(l->problems, file, line,
                         "{{" VISIT_LINK_NAME "}} leads to the page, and nobody answers there: "
                         "write `listen = 127.0.0.1:8080` into [web] of betimes.conf");
}

/* Links begin with the address of the page, and somebody has to answer there. Where that is not so,
 * the names are those without the link, and whoever writes it is found by the check of names. */
static void check_links(struct loading *l)
{
    const struct settings *s = l->c->settings;
    const struct template_names *all = compose_names();
    const char **items = mem_array(all->count, sizeof(*items));
    struct template_names others = {.items = items};

    for (size_t i = 0; i < all->count; i++)
        if (!str_ends(all->items[i], VISIT_LINK_NAME))
            items[others.count++] = all->items[i];
    if (s->web_url == NULL || s->web_listen == NULL)
        template_set_check(l->c->templates, &others, link_without_address, l);
    free(items);
}

/* ---- all of it */

/* `whole`: the playbook has no errors of its own. Of one that has, only what stands for itself is
 * looked at: the rest would be told of things that were left out. */
static void check_together(struct loading *l, bool whole)
{
    const struct config *c = l->c;
    size_t from = l->problems->count;

    if (c->playbook == NULL)
        return;
    if (whole && c->settings != NULL)
        playbook_check(c->playbook, c->settings, l->problems);
    whole = whole && c->settings != NULL;
    check_rules(l, whole);
    for (size_t i = 0; whole && i < c->playbook->rule_count; i++) {
        l->rule = &c->playbook->rules[i];
        check_words(l);
    }
    if (whole && c->templates != NULL)
        check_language(l);
    problems_sort(l->problems, from);
}

/* `name` of the folder when the settings, which may place it elsewhere, could not be read. */
static char *path_of(const char *dir, const char *name, const char *known)
{
    return known != NULL ? mem_strdup(known) : fs_join(dir, name);
}

static bool in_path(char c)
{
    return c == '/' || c == '.' || c == '-' || c == '_' || isalnum((unsigned char)c);
}

/* `text` with every path below `absolute` as one below `dir`; free() it. */
static char *as_given(const char *text, const char *absolute, const char *dir)
{
    size_t n = strlen(absolute);
    struct buf b;

    buf_init(&b);
    for (const char *p = text; *p != '\0';) {
        bool here = strncmp(p, absolute, n) == 0 && p[n] == '/' && (p == text || !in_path(p[-1]));
        if (here)
            buf_puts(&b, dir);
        else
            buf_append(&b, p, 1);
        p += here ? n : 1;
    }
    return buf_steal(&b);
}

/* Settings hold whole paths, for a service whose folder may be another; people get them back as
 * they gave the folder, and file after file. */
static void tidy(struct problems *problems, size_t from, const char *dir)
{
    char *absolute = realpath(dir, NULL);

    for (size_t i = from; absolute != NULL && absolute[1] != '\0' && i < problems->count; i++) {
        char **texts[] = {&problems->items[i].file, &problems->items[i].text};
        for (size_t k = 0; k < 2; k++) {
            char *text = as_given(*texts[k], absolute, dir);
            free(*texts[k]);
            *texts[k] = text;
        }
    }
    problems_sort(problems, from);
    free(absolute);
}

int config_load(const char *dir, const struct config_instead *instead, struct problems *problems,
                struct config *out)
{
    static const struct config_instead nothing;
    struct loading l = {.c = out, .problems = problems};
    size_t errors = problems->errors, from = problems->count;

    instead = instead != NULL ? instead : &nothing;
    *out = (struct config){0};
    out->settings = settings_read(dir, problems);
    const struct settings *s = out->settings;
    if (s != NULL)
        check_gateways(&l);
    if (s != NULL)
        check_web(&l);
    if (s == NULL && !fs_is_dir(dir))
        return ERR_INVALID; /* said already, and it would only be said again of each file */
    char *playbook = path_of(dir, "playbook.conf", s != NULL ? s->playbook : NULL);
    char *templates = path_of(dir, "templates", s != NULL ? s->templates : NULL);
    size_t before = problems->errors;
    const char *path = instead->playbook != NULL ? instead->playbook : playbook;
    if (fs_exists(path))
        out->playbook = playbook_read_rest(path, problems);
    else
        problems_error(problems, path, 0,
                       "there is no such file; `betimes init NEW-FOLDER` makes one to begin with");
    bool whole = problems->errors == before;
    out->templates = template_set_load_draft(templates, instead->text, compose_names(),
                                             template_problem, problems);
    check_together(&l, whole);
    if (s != NULL && out->templates != NULL)
        check_links(&l);
    tidy(problems, from, dir);
    free(playbook);
    free(templates);
    if (problems->errors == errors)
        return 0;
    config_free(out);
    return ERR_INVALID;
}

void config_free(struct config *c)
{
    settings_free(c->settings);
    playbook_free(c->playbook);
    template_set_free(c->templates);
    *c = (struct config){0};
}
