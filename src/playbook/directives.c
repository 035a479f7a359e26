/*
 * Reads a section by its table: every entry is looked up, parsed by its type and stored in the
 * section's struct; then what is missing gets its default, by the same parser, so that a default
 * is exactly what the table tells people. An error leaves the field as it was and goes on.
 */
#include "playbook/directives.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"

#define NAMES_MAX 256      /* in one list */
#define SUGGEST_ALL_MAX 12 /* so many names are listed when none is near */

static const struct directive_word yes_no[] = {
    {"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {NULL, 0},
};

void place_error(const struct directive_place *at, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    problems_error(at->problems, at->file, at->line, "`%s`: %s", at->key, b.data);
    buf_close(&b);
}

char *suggestion(const char *word, const char *const *names, size_t count)
{
    const char *near = str_nearest(word, names, count);
    struct str_list each = {0}; /* a section that is there twice has one name */
    struct buf b;

    if (near != NULL)
        return mem_printf("; did you mean `%s`?", near);
    for (size_t i = 0; i < count && each.count <= SUGGEST_ALL_MAX; i++)
        if (*names[i] != '\0' && !str_list_has(&each, names[i]))
            str_list_add(&each, names[i], strlen(names[i]));
    buf_init(&b);
    for (size_t i = 0; each.count <= SUGGEST_ALL_MAX && i < each.count; i++)
        buf_printf(&b, "%s`%s`",
                   i == 0               ? "; write "
                   : i + 1 < each.count ? ", "
                                        : " or ",
                   each.items[i]);
    str_list_close(&each);
    return buf_steal(&b);
}

const char *directive_form(const struct directive *d)
{
    static const char *const forms[] = {
        [DIRECTIVE_TEXT] = "a text",
        [DIRECTIVE_VERBATIM] = "a text",
        [DIRECTIVE_NAME] = "a name of a-z, 0-9, _ and -",
        [DIRECTIVE_NAMES] = "names, separated by commas",
        [DIRECTIVE_WORD] = "one of these words",
        [DIRECTIVE_YES_NO] = "yes or no",
        [DIRECTIVE_NUMBER] = "a whole number",
        [DIRECTIVE_DURATION] = "a duration, such as 10 minutes",
    };

    return d->form != NULL ? d->form : forms[d->type];
}

char *directive_words(const struct directive *d)
{
    struct buf b;

    if (d->type != DIRECTIVE_WORD)
        return NULL;
    buf_init(&b);
    for (size_t i = 0; d->words[i].word != NULL; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", d->words[i].word);
    return buf_steal(&b);
}

static bool find_word(const struct directive_place *at, const struct directive_word *words,
                      const char *value, int *out)
{
    const char *names[32];
    size_t count = 0;

    for (; count < sizeof(names) / sizeof(names[0]) && words[count].word != NULL; count++) {
        names[count] = words[count].word;
        if (str_ieq(words[count].word, value)) {
            *out = words[count].value;
            return true;
        }
    }
    if (words == yes_no)
        count = 2; /* the others are understood, these are told */
    char *hint = suggestion(value, names, count);
    place_error(at, "`%s` is not known here%s", value, hint);
    free(hint);
    return false;
}

static void set_names(const struct directive_place *at, const char *value, struct str_list *out)
{
    struct str_list names = {0};

    str_split(&names, value, ',');
    str_list_close(out);
    if (names.count == 0)
        place_error(at, "the list is empty");
    if (names.count > NAMES_MAX)
        place_error(at, "more than %d names", NAMES_MAX);
    for (size_t i = 0; i < names.count && i < NAMES_MAX; i++) {
        char *name = names.items[i];
        size_t n = strlen(name);

        if (n > 2 && name[0] == '"' && name[n - 1] == '"') {
            name[n - 1] = '\0';
            name = str_trim(name + 1);
        }
        if (*name == '\0' || strchr(name, '"') != NULL)
            place_error(at, "`%s`: a name in a list has no comma and no quote in it", name);
        else if (str_list_has(out, name))
            place_error(at, "`%s` is in the list twice", name);
        else
            str_list_add(out, name, strlen(name));
    }
    str_list_close(&names);
}

static void set_number(const struct directive_place *at, const struct directive *d,
                       const char *value, int *out)
{
    int64_t number;

    if (str_to_int(value, d->min, d->max, &number))
        *out = (int)number;
    else
        place_error(at, "`%s` is no whole number from %lld to %lld", value, (long long)d->min,
                    (long long)d->max);
}

static void set_duration(const struct directive_place *at, const struct directive *d,
                         const char *value, int64_t *out)
{
    int64_t ms;

    if (!value_duration(value, &ms)) {
        place_error(at,
                    "`%s` is no duration; write a number and seconds, minutes, hours, days or "
                    "weeks, such as `10 minutes`",
                    value);
        return;
    }
    if (ms < d->min || ms > d->max) {
        char *least = value_duration_text(d->min), *most = value_duration_text(d->max);
        place_error(at, "`%s` is out of range; write %s to %s", value, least, most);
        free(least);
        free(most);
        return;
    }
    *out = ms;
}

/* A copy in which the lines of a continued text are one; tabs have no place in a header. */
static char *one_line(const char *value)
{
    char *copy = mem_strdup(value);

    for (char *p = copy; *p != '\0'; p++)
        if (*p == '\n' || *p == '\t')
            *p = ' ';
    return copy;
}

static void set_value(const struct directive_place *at, const struct directive *d,
                      const char *value, void *target)
{
    void *field = (char *)target + d->offset;
    char *text = d->type == DIRECTIVE_VERBATIM ? mem_strdup(value)
                 : d->type == DIRECTIVE_TEXT   ? one_line(value)
                                               : value_fold(value);
    int word;

    switch (d->type) {
    case DIRECTIVE_TEXT:
    case DIRECTIVE_VERBATIM:
        value_set(field, text);
        break;
    case DIRECTIVE_NAME:
        if (value_is_name(text))
            value_set(field, text);
        else
            place_error(at, "`%s` is no name; use a-z, 0-9, _ and -, at most %d of them", text,
                        VALUE_NAME_MAX);
        break;
    case DIRECTIVE_NAMES:
        set_names(at, text, field);
        break;
    case DIRECTIVE_WORD:
        if (find_word(at, d->words, text, &word))
            *(int *)field = word; /* an enum; asserted to be of int's size below */
        break;
    case DIRECTIVE_YES_NO:
        if (find_word(at, yes_no, text, &word))
            *(bool *)field = word != 0;
        break;
    case DIRECTIVE_NUMBER:
        set_number(at, d, text, field);
        break;
    case DIRECTIVE_DURATION:
        set_duration(at, d, text, field);
        break;
    case DIRECTIVE_CUSTOM:
        d->parse(at, text, field);
        break;
    }
    secret_free(text);
}
_Static_assert(sizeof(enum rule_to) == sizeof(int), "an enum is stored as an int");

static const struct directive *find(const struct directive_section *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->directives[i].key, key) == 0)
            return &table->directives[i];
    return NULL;
}

/* "channel sms" where the name is part of the language, else the kind. */
static char *section_title(const struct directive_section *table)
{
    bool fixed = table->name != NULL && strcmp(table->name, "NAME") != 0;

    return fixed ? mem_printf("%s %s", table->kind, table->name) : mem_strdup(table->kind);
}

bool directive_is_supported(const struct directive_section *section, const struct directive *d)
{
    char *title = section_title(section);
    bool supported = !not_yet(title, d->key, NULL);

    free(title);
    return supported;
}

static void unknown_key(const struct reading *r, const struct directive_section *table,
                        const struct ini_entry *e)
{
    const char **names = mem_array(table->count + 1, sizeof(*names));

    for (size_t i = 0; i < table->count; i++)
        names[i] = table->directives[i].key;
    char *hint = suggestion(e->key, names, table->count);
    char *title = section_title(table);
    problems_error(r->problems, r->file, e->line, "`%s` is no key of a `[%s]` section%s%s%s",
                   e->key, title, table->variant != NULL ? " with " : "",
                   table->variant != NULL ? table->variant : "", hint);
    free(title);
    free(hint);
    free(names);
}

static void apply_entry(const struct reading *r, const struct directive_section *table,
                        const struct ini_entry *e, void *target, directive_other other)
{
    struct directive_place at = {r->file, e->line, e->key, r->problems, r->context};
    const struct directive *d = find(table, e->key);
    char *title = section_title(table);
    bool later = !r->all && not_yet(title, e->key, NULL);

    free(title);
    if (later)
        not_yet_error(r, e->line, e->key);
    else if (d == NULL && other != NULL && other(r, e, target))
        return;
    else if (d == NULL)
        unknown_key(r, table, e);
    else if (e->broken && r->problems->errors > 0)
        return; /* the file's reader has said what is wrong */
    else if (e->broken)
        place_error(&at, "this line could not be read; look at its quotes and its indentation");
    else if (str_blank(e->value))
        place_error(&at, "a value is missing: %s", directive_form(d));
    else
        set_value(&at, d, e->value, target);
}

void directives_apply(const struct reading *r, const struct directive_section *table,
                      const struct ini_section *section, void *target, directive_other other)
{
    int line = section != NULL ? section->line : 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct directive *d = &table->directives[i];
        struct directive_place at = {r->file, line, d->key, r->problems, r->context};

        if (ini_entry(section, d->key) != NULL)
            continue;
        if (d->required)
            problems_error(r->problems, r->file, line, "`[%s%s%s]` needs `%s = ...`: %s",
                           table->kind, section != NULL && *section->name != '\0' ? " " : "",
                           section != NULL ? section->name : "", d->key, d->help);
        else if (d->fallback != NULL)
            set_value(&at, d, d->fallback, target);
    }
    for (size_t i = 0; section != NULL && i < section->count; i++)
        apply_entry(r, table, &section->entries[i], target, other);
}

const struct directive_section *playbook_directives(size_t index)
{
    static const struct directive_section *const all[] = {
        &settings_sections[SECTION_BUSINESS],
        &gateway_sections[GATEWAY_SMTP],
        &gateway_sections[GATEWAY_SMS],
        &gateway_sections[GATEWAY_FILE],
        &settings_sections[SECTION_CHANNEL_EMAIL],
        &settings_sections[SECTION_CHANNEL_SMS],
        &calendar_sections[CALENDAR_FEED],
        &calendar_sections[CALENDAR_CALDAV],
        &calendar_sections[CALENDAR_FILE],
        &settings_sections[SECTION_DATABASE],
        &settings_sections[SECTION_LIMITS],
        &settings_sections[SECTION_WEB],
        &settings_sections[SECTION_ALERT],
        &settings_sections[SECTION_RETENTION],
        &workflow_section,
        &rule_section,
    };

    return index < sizeof(all) / sizeof(all[0]) ? all[index] : NULL;
}
