/*
 * The form of a rule. See web/rule_form.h.
 *
 * A word is chosen from a list, and so is what there are names for: events with their stages,
 * workflows. Anything else is written, with suggestions where some values are usual. A value that
 * is in no list is added to it, so that no form changes what nobody touched.
 */
#include "web/rule_form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "playbook/directives.h"
#include "web/html.h"

#define LOW_SCORE_MAX 10 /* `survey below N` is offered up to here */

static const struct directive_section *rule_table(void)
{
    const struct directive_section *s;

    for (size_t i = 0; (s = playbook_directives(i)) != NULL; i++)
        if (strcmp(s->kind, "rule") == 0)
            break;
    return s;
}

static const struct directive *directive_of(const char *key)
{
    const struct directive_section *table = rule_table();

    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->directives[i].key, key) == 0)
            return &table->directives[i];
    return NULL;
}

static char *field_name(const struct directive *d)
{
    return mem_printf("key-%s", d->key);
}

void rule_form_read(const struct visit *v, struct rule_fields *out)
{
    const struct directive_section *table = rule_table();

    out->count = 0;
    for (size_t i = 0; i < table->count && out->count < RULE_KEYS_MAX; i++) {
        char *name = field_name(&table->directives[i]);
        const char *value = fields_get(&v->request->form, name);
        if (value != NULL)
            out->keys[out->count++] = (struct edit_key){table->directives[i].key, value};
        free(name);
    }
}

char *rule_form_section(const char *name, const struct rule_fields *fields)
{
    struct err err = {""};
    struct buf b, whole;
    char *head = mem_printf("[rule %s]\n", name);

    buf_init(&b);
    buf_init(&whole);
    buf_puts(&b, head);
    for (size_t i = 0; i < fields->count; i++) {
        buf_clear(&whole);
        if (edit_keys(b.data, b.len, "rule", name, &fields->keys[i], 1, &whole, &err) == 0) {
            buf_clear(&b);
            buf_append(&b, whole.data, whole.len);
        } else if (!str_blank(fields->keys[i].value)) {
            buf_printf(&b, "%s = %s\n", fields->keys[i].key, fields->keys[i].value);
        }
    }
    buf_close(&whole);
    free(head);
    return buf_steal(&b);
}

/* --- what there is to choose from --- */

static void add(struct str_list *l, char *text)
{
    if (!str_list_has(l, text))
        str_list_add(l, text, strlen(text));
    free(text);
}

static void add_stages(struct str_list *l, const struct playbook *p, const char *phrase)
{
    for (size_t i = 0; i < p->workflow_count; i++)
        for (size_t k = 0; k < p->workflows[i].stages.count; k++)
            add(l, mem_printf("%s %s", phrase, p->workflows[i].stages.items[k]));
}

static void list_events(struct str_list *l, const struct playbook *p)
{
    for (int e = 0; e < EVENT_COUNT; e++) {
        const char *phrase = event_phrase((enum event)e);
        switch ((enum event)e) {
        case EVENT_JOB_ENTERS:
        case EVENT_JOB_LEAVES:
            add_stages(l, p, phrase);
            break;
        case EVENT_NO_ANSWER:
            for (size_t i = 0; i < p->rule_count; i++)
                if (rule_writes_to_client(&p->rules[i]))
                    add(l, mem_printf("%s %s", phrase, p->rules[i].name));
            break;
        case EVENT_SURVEY_BELOW:
            for (int n = 2; n <= LOW_SCORE_MAX; n++)
                add(l, mem_printf("%s %d", phrase, n));
            break;
        default:
            add(l, mem_strdup(phrase));
        }
    }
}

/* What may be chosen and nothing else; false: the value is written. */
static bool list_choices(const struct directive *d, const struct playbook *p, struct str_list *l)
{
    if (d->type == DIRECTIVE_YES_NO) {
        add(l, mem_strdup("yes"));
        add(l, mem_strdup("no"));
    } else if (d->type == DIRECTIVE_WORD) {
        for (const struct directive_word *w = d->words; w->word != NULL; w++)
            if (w == d->words || w->value != w[-1].value)
                add(l, mem_strdup(w->word));
    } else if (p != NULL && strcmp(d->key, "on") == 0) {
        list_events(l, p);
    } else if (p != NULL && strcmp(d->key, "workflow") == 0) {
        for (size_t i = 0; i < p->workflow_count; i++)
            add(l, mem_strdup(p->workflows[i].name));
    } else {
        return false;
    }
    return true;
}

static void list_suggestions(const struct directive *d, struct str_list *l)
{
    static const struct {
        const char *key, *values;
    } usual[] = {
        {"when", "at once, 1 hour after, 1 day after at 10:00, 2 hours before, 1 day before at "
                 "18:00"},
        {"every", "2 days, 4 days"},
        {"to", "client, staff, manager"},
        {"window", "09:00-20:00, business hours, any"},
        {"late", "1 hour, 12 hours, 1 day, 2 days"},
        {"settle", "2 minutes, 5 minutes, 1 hour"},
        {"merge", "15 minutes, 1 hour"},
    };

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (strcmp(usual[i].key, d->key) == 0)
            str_split(l, usual[i].values, ',');
}

enum group { GROUP_WHEN, GROUP_WHOM, GROUP_WHAT, GROUP_FINE };

/* Of each key: what the form calls it and says about it, and what somebody might write, as the file
 * would have it. */
static const struct field_words {
    const char *key;
    enum group group;
    enum word label, help;
    const char *example;
} labels[] = {
    {"on", GROUP_WHEN, W_KEY_ON, W_HELP_ON, NULL},
    {"workflow", GROUP_WHEN, W_KEY_WORKFLOW, W_HELP_WORKFLOW, NULL},
    {"when", GROUP_WHEN, W_KEY_WHEN, W_HELP_WHEN, "1 day before at 18:00"},
    {"every", GROUP_WHEN, W_KEY_EVERY, W_HELP_EVERY, "4 days, 3 times"},
    {"settle", GROUP_WHEN, W_KEY_SETTLE, W_HELP_SETTLE, "5 minutes"},
    {"window", GROUP_WHEN, W_KEY_WINDOW, W_HELP_WINDOW, "09:00-20:00"},
    {"to", GROUP_WHOM, W_KEY_TO, W_HELP_TO, "manager"},
    {"by", GROUP_WHOM, W_KEY_BY, W_HELP_BY, NULL},
    {"if", GROUP_WHOM, W_KEY_IF, W_HELP_IF, "job.amount > 500"},
    {"unless", GROUP_WHOM, W_KEY_UNLESS, W_HELP_UNLESS, "appointment.status = 'confirmed'"},
    {"template", GROUP_WHAT, W_KEY_TEMPLATE, W_HELP_TEMPLATE, "reminder"},
    {"purpose", GROUP_WHAT, W_KEY_PURPOSE, W_HELP_PURPOSE, NULL},
    {"invite", GROUP_WHAT, W_KEY_INVITE, W_HELP_INVITE, NULL},
    {"merge", GROUP_WHAT, W_KEY_MERGE, W_HELP_MERGE, "15 minutes"},
    {"outside", GROUP_FINE, W_KEY_OUTSIDE, W_HELP_OUTSIDE, NULL},
    {"late", GROUP_FINE, W_KEY_LATE, W_HELP_LATE, "12 hours"},
    {"missed", GROUP_FINE, W_KEY_MISSED, W_HELP_MISSED, NULL},
    {"cap", GROUP_FINE, W_KEY_CAP, W_HELP_CAP, NULL},
    {"require", GROUP_FINE, W_KEY_REQUIRE, W_HELP_REQUIRE, "client.name, job.due"},
    {"unknown", GROUP_FINE, W_KEY_UNKNOWN, W_HELP_UNKNOWN, NULL},
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))

/* NULL: it is no key of the form. */
static const struct field_words *words_of(const char *key)
{
    for (size_t i = 0; i < LABELS; i++)
        if (strcmp(labels[i].key, key) == 0)
            return &labels[i];
    return NULL;
}

const char *rule_form_label(const char *key)
{
    const struct field_words *w = words_of(key);

    return w != NULL ? word(w->label) : strcmp(key, "name") == 0 ? word(W_KEY_NAME) : key;
}

const char *rule_form_usual(const char *key)
{
    const struct directive *d = directive_of(key);

    return d != NULL ? d->fallback : NULL;
}

const char *rule_form_missing(const struct problem *p)
{
    const struct directive_section *table = rule_table();
    const char *missing = NULL;

    for (size_t i = 0; i < table->count && missing == NULL; i++) {
        char *needs = mem_printf("]` needs `%s = ", table->directives[i].key);
        if (table->directives[i].required && strstr(p->text, needs) != NULL)
            missing = table->directives[i].key;
        free(needs);
    }
    return missing;
}

const char *rule_form_words(const char *key, const char *text)
{
    size_t n = strlen(key);
    bool named =
        text[0] == '`' && strncmp(text + 1, key, n) == 0 && str_starts(text + 1 + n, "`: ");

    return named ? text + 1 + n + strlen("`: ") : text;
}

static void put_help(struct buf *b, const struct field_words *w)
{
    buf_printf(b, "<p class=\"quiet\" id=\"help-%s\">", w->key);
    html_word(b, w->help);
    if (w->example != NULL) {
        buf_putc(b, ' ');
        html_words(b, W_RULE_EXAMPLE, w->example, NULL);
    }
    buf_puts(b, "</p>");
}

/* --- fields --- */

/* Is it wrong in the lines of a key of the playbook: its own to that of the next one? */
static bool is_about(const struct visit *v, const struct ini_section *s, const struct ini_entry *e,
                     const struct problem *p)
{
    int next = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].line > e->line && (next == 0 || s->entries[i].line < next))
            next = s->entries[i].line;
    return !p->warning && strcmp(p->file, v->site->playbook) == 0 &&
           (p->line == e->line || (p->line > e->line && next != 0 && p->line < next));
}

const char *rule_form_key(const struct visit *v, const struct ini_section *section,
                          const struct problem *p)
{
    const struct directive_section *table = rule_table();

    for (size_t i = 0; section != NULL && i < table->count; i++) {
        const struct directive *d = &table->directives[i];
        const struct ini_entry *e = ini_entry(section, d->key);
        if (e != NULL && directive_is_supported(table, d) && is_about(v, section, e, p))
            return d->key;
    }
    return NULL;
}

static bool is_wrong(const struct visit *v, const struct ini_section *section,
                     const struct ini_entry *e, const struct problems *problems)
{
    for (size_t i = 0; e != NULL && problems != NULL && i < problems->count; i++)
        if (is_about(v, section, e, &problems->items[i]))
            return true;
    return false;
}

static void put_errors(struct visit *v, const char *key, const struct ini_section *section,
                       const struct ini_entry *e, const struct problems *problems)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<p class=\"wrong\" id=\"error-%s\">", key);
    for (size_t i = 0; i < problems->count; i++) {
        if (!is_about(v, section, e, &problems->items[i]))
            continue;
        html_sentence(b, rule_form_words(key, problems->items[i].text));
        buf_putc(b, ' ');
    }
    buf_puts(b, "</p>");
}

/* Two values that differ in their quotes alone are the same choice. */
static bool same_choice(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '"')
            a++;
        while (*b == '"')
            b++;
        if (*a != *b || *a == '\0')
            return *a == *b;
    }
}

static void option(struct buf *b, const char *value, const char *text, bool selected)
{
    buf_puts(b, "<option value=\"");
    html_attr(b, value);
    buf_printf(b, "\"%s>", selected ? " selected" : "");
    html_text(b, text);
    buf_puts(b, "</option>");
}

static void put_choice(struct buf *b, const char *attributes, const struct directive *d,
                       const struct str_list *choices, const char *value)
{
    bool found = str_blank(value);

    buf_printf(b, "<select %s>", attributes);
    buf_puts(b, "<option value=\"\">");
    if (d->fallback != NULL)
        html_words(b, W_RULE_USUAL, d->fallback, NULL);
    else
        html_word(b, d->required ? W_RULE_CHOOSE : W_RULE_AS_USUAL);
    buf_puts(b, "</option>");
    for (size_t i = 0; i < choices->count; i++) {
        bool this = !found && same_choice(choices->items[i], value);
        option(b, this ? value : choices->items[i], choices->items[i], this);
        found = found || this;
    }
    if (!found)
        option(b, value, value, true);
    buf_puts(b, "</select>");
}

static void put_written(struct buf *b, const char *attributes, const struct directive *d,
                        const char *value)
{
    struct str_list usual = {0};

    if (d->type == DIRECTIVE_VERBATIM) {
        buf_printf(b, "<textarea dir=\"ltr\" rows=\"2\" spellcheck=\"false\" %s>", attributes);
        html_text(b, value);
        buf_puts(b, "</textarea>");
        return;
    }
    list_suggestions(d, &usual);
    buf_printf(b, "<input dir=\"auto\" autocomplete=\"off\" %s", attributes);
    if (usual.count > 0)
        buf_printf(b, " list=\"list-%s\"", d->key);
    if (d->fallback != NULL) {
        buf_puts(b, " placeholder=\"");
        html_attr(b, d->fallback);
        buf_putc(b, '"');
    }
    buf_puts(b, " value=\"");
    html_attr(b, value);
    buf_puts(b, "\">");
    if (usual.count > 0)
        buf_printf(b, "<datalist id=\"list-%s\">", d->key);
    for (size_t i = 0; i < usual.count; i++)
        option(b, usual.items[i], "", false);
    if (usual.count > 0)
        buf_puts(b, "</datalist>");
    str_list_close(&usual);
}

static void put_field(struct visit *v, const struct field_words *w,
                      const struct ini_section *section, const struct playbook *playbook,
                      const struct problems *problems)
{
    const struct directive *d = directive_of(w->key);
    struct buf *b = &v->response->body;
    const struct ini_entry *e = ini_entry(section, d->key);
    const char *value = e != NULL ? e->value : NULL;
    bool wrong = is_wrong(v, section, e, problems);
    struct str_list choices = {0};
    char *attributes =
        mem_printf("id=\"key-%s\" name=\"key-%s\"%s aria-describedby=\"help-%s%s%s\"%s", d->key,
                   d->key, d->required ? " required" : "", d->key, wrong ? " error-" : "",
                   wrong ? d->key : "", wrong ? " aria-invalid=\"true\"" : "");

    buf_printf(b, "<div class=\"field\"><label for=\"key-%s\">", d->key);
    html_word(b, w->label);
    buf_puts(b, "</label>");
    put_help(b, w);
    if (wrong)
        put_errors(v, d->key, section, e, problems);
    if (list_choices(d, playbook, &choices))
        put_choice(b, attributes, d, &choices, value);
    else
        put_written(b, attributes, d, value);
    buf_puts(b, "</div>");
    str_list_close(&choices);
    free(attributes);
}

/* Is there anything in these fields to be seen at once? */
static bool is_used(const struct visit *v, enum group group, const struct ini_section *section,
                    const struct problems *problems)
{
    for (size_t i = 0; i < LABELS; i++) {
        const struct ini_entry *e = ini_entry(section, labels[i].key);
        if (labels[i].group == group && e != NULL &&
            (!str_blank(e->value) || is_wrong(v, section, e, problems)))
            return true;
    }
    return false;
}

static void put_group(struct visit *v, enum group group, const struct ini_section *section,
                      const struct playbook *playbook, const struct problems *problems)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"fields\">");
    for (size_t i = 0; i < LABELS; i++)
        if (labels[i].group == group)
            put_field(v, &labels[i], section, playbook, problems);
    buf_puts(b, "</div>");
}

void rule_form_write(struct visit *v, const struct ini_section *section,
                     const struct playbook *playbook, const struct problems *problems)
{
    static const enum word titles[] = {W_GROUP_WHEN, W_GROUP_WHOM, W_GROUP_WHAT};
    const struct directive_section *table = rule_table();
    struct buf *b = &v->response->body;

    for (size_t i = 0; i < table->count; i++) /* the form has every key that there is */
        assert(!directive_is_supported(table, &table->directives[i]) ||
               words_of(table->directives[i].key) != NULL);
    for (enum group g = GROUP_WHEN; g < GROUP_FINE; g++) {
        buf_puts(b, "<fieldset class=\"group\"><legend>");
        html_word(b, titles[g]);
        buf_puts(b, "</legend>");
        put_group(v, g, section, playbook, problems);
        buf_puts(b, "</fieldset>");
    }
    buf_printf(b, "<details class=\"group\"%s><summary>",
               is_used(v, GROUP_FINE, section, problems) ? " open" : "");
    html_word(b, W_GROUP_FINE);
    buf_puts(b, "</summary>");
    put_group(v, GROUP_FINE, section, playbook, problems);
    buf_puts(b, "</details>");
}
