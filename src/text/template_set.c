/*
 * text/template_set: reading the folder, and finding in it. Two sorted tables, one of the rules'
 * entries and one of the partials; both are complete before anything is looked up. A file that is
 * wrong is told and left out, and reading goes on, so that all problems come at once.
 */
#include "text/template_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "text/locale.h"
#include "text/template_file.h"

#define SHARED "_shared"

static const char *const extensions[] = {".sms", ".email", ".html"};
enum { EXT_SMS, EXT_EMAIL, EXT_HTML, EXT_COUNT };

static const enum template_place places[] = {TEMPLATE_SMS, TEMPLATE_MARKDOWN, TEMPLATE_HTML};

struct partial {
    char *name, *language; /* "": for every language */
    int ext;
    struct template *template;
};

/* What a partial's name means within one template: struct template_partials' arg. */
struct scope {
    const struct template_set *set;
    char *language;
    int ext;
};

struct template_set {
    char *dir;
    struct template_entry *entries;
    size_t count, cap;
    struct partial *partials;
    size_t partial_count, partial_cap;
    struct scope **scopes;
    size_t scope_count, scope_cap;
};

struct loader {
    struct template_set *set;
    template_report_fn report;
    void *arg;
    int told;
    bool shared_told;                   /* a partial has problems */
    const struct template_draft *draft; /* NULL: none */
    bool drafted;                       /* it took the place of a file */
    size_t files;
};

static void forward(void *arg, const char *file, int line, int column, const char *text)
{
    struct loader *l = arg;
    size_t folder = strlen(l->set->dir);

    l->told++;
    if (strlen(file) > folder && str_starts(file + folder + 1, SHARED))
        l->shared_told = true;
    if (l->report != NULL)
        l->report(l->arg, file, line, column, text);
}

/* A problem of the file `name` beneath the set's folder as a whole. */
static void tell(struct loader *l, const char *name, const char *text)
{
    char *path = fs_join(l->set->dir, name);

    forward(l, path, 0, 0, text);
    free(path);
}

static bool is_passed_over(const char *name)
{
    return name[0] == '.' || str_ends(name, "~") || strncmp(name, "README", 6) == 0;
}

/* Split "lv.sms" into its stem (free() it) and extension; false when the extension is none. */
static bool split_name(const char *file, char **stem, int *ext)
{
    for (*ext = 0; *ext < EXT_COUNT; (*ext)++)
        if (str_ends(file, extensions[*ext])) {
            *stem = mem_strndup(file, strlen(file) - strlen(extensions[*ext]));
            return true;
        }
    return false;
}

/* --- reading --- */

static bool read_file(struct loader *l, const char *name, struct buf *text)
{
    struct err err = {""};

    if (++l->files == TEMPLATE_SET_FILES_MAX + 1)
        tell(l, name, "there are too many templates");
    if (l->files > TEMPLATE_SET_FILES_MAX)
        return false;
    if (l->draft != NULL && strcmp(name, l->draft->file) == 0) {
        l->drafted = true;
        buf_append(text, l->draft->text, l->draft->len);
        return true;
    }
    if (fs_read_beneath(l->set->dir, name, TEMPLATE_BYTES_MAX, text, &err) == 0)
        return true;
    tell(l, name, err.text);
    return false;
}

static struct scope *scope_add(struct template_set *s, const char *language, int ext)
{
    struct scope *scope = mem_zalloc(sizeof(*scope));

    scope->set = s;
    scope->language = mem_strdup(language);
    scope->ext = ext;
    mem_grow(&s->scopes, &s->scope_cap, s->scope_count + 1, sizeof(*s->scopes));
    return s->scopes[s->scope_count++] = scope;
}

static const struct template *find_partial(void *arg, const char *name);

static void load_entry(struct loader *l, const char *rule, const char *name)
{
    struct template_set *s = l->set;
    char *file = mem_printf("%s/%s", rule, name), *path = fs_join(s->dir, file);
    char *language = NULL;
    struct buf text;
    int ext;

    buf_init(&text);
    if (!split_name(name, &language, &ext) || ext == EXT_HTML) {
        tell(l, file, "no template: their names are LANGUAGE.sms and LANGUAGE.email");
    } else if (!locale_language_valid(language)) {
        tell(l, file, "a template is named after its language: lv.sms, kk-KZ.email");
    } else if (read_file(l, file, &text)) {
        struct template_source source = {
            .file = path, .text = text.data, .len = text.len, .place = TEMPLATE_SMS};
        struct template_entry e = {.kind =
                                       ext == EXT_SMS ? TEMPLATE_KIND_SMS : TEMPLATE_KIND_EMAIL};
        if (ext == EXT_SMS)
            e.sms = template_compile(&source, forward, l);
        else
            e.email = template_email_compile(&source, forward, l);
        if (e.sms != NULL || e.email != NULL) {
            e.rule = mem_strdup(rule);
            e.language = language;
            e.file = file;
            e.partials.find = e.layout_partials.find = find_partial;
            e.partials.arg = scope_add(s, language, ext);
            e.layout_partials.arg = scope_add(s, language, EXT_HTML);
            mem_grow(&s->entries, &s->cap, s->count + 1, sizeof(*s->entries));
            s->entries[s->count++] = e;
            language = file = NULL;
        }
    }
    buf_close(&text);
    free(language);
    free(path);
    free(file);
}

static void load_partial(struct loader *l, const char *folder, const char *language,
                         const char *name)
{
    struct template_set *s = l->set;
    char *file = mem_printf("%s/%s", folder, name), *path = fs_join(s->dir, file);
    char *stem = NULL;
    struct buf text;
    int ext;

    buf_init(&text);
    if (!split_name(name, &stem, &ext) || !template_name_valid(stem)) {
        tell(l, file,
             "no partial: their names are NAME.sms, NAME.email and NAME.html, with a name of small "
             "letters, digits, _ and -");
    } else if (read_file(l, file, &text)) {
        struct template_source source = {
            .file = path, .text = text.data, .len = text.len, .place = places[ext]};
        struct partial p = {.ext = ext, .template = template_compile(&source, forward, l)};
        if (p.template != NULL) {
            p.name = stem;
            p.language = mem_strdup(language);
            mem_grow(&s->partials, &s->partial_cap, s->partial_count + 1, sizeof(*s->partials));
            s->partials[s->partial_count++] = p;
            stem = NULL;
        }
    }
    buf_close(&text);
    free(stem);
    free(path);
    free(file);
}

/* The names in a folder beneath the set's, each with whether it is a folder itself. */
static void each_name(struct loader *l, const char *folder,
                      void (*take)(struct loader *l, const char *folder, const char *name,
                                   bool is_folder))
{
    struct str_list names = {0};
    struct err err = {""};
    char *path = folder[0] != '\0' ? fs_join(l->set->dir, folder) : mem_strdup(l->set->dir);

    if (fs_list(path, &names, &err) != 0)
        forward(l, path, 0, 0, err.text);
    for (size_t i = 0; i < names.count; i++) {
        char *full = fs_join(path, names.items[i]);
        if (!is_passed_over(names.items[i]))
            take(l, folder, names.items[i], fs_is_dir(full));
        free(full);
    }
    str_list_close(&names);
    free(path);
}

static void take_template(struct loader *l, const char *folder, const char *name, bool is_folder)
{
    (void)is_folder; /* a folder "lv.sms" is told when it is read */
    load_entry(l, folder, name);
}

static void take_language_partial(struct loader *l, const char *folder, const char *name,
                                  bool is_folder)
{
    (void)is_folder;
    load_partial(l, folder, strrchr(folder, '/') + 1, name);
}

static void take_shared(struct loader *l, const char *folder, const char *name, bool is_folder)
{
    char *sub;

    if (!is_folder) {
        load_partial(l, folder, "", name);
        return;
    }
    sub = mem_printf("%s/%s", folder, name);
    if (locale_language_valid(name))
        each_name(l, sub, take_language_partial);
    else
        tell(l, sub, "a folder of shared partials is named after its language: lv, kk-KZ");
    free(sub);
}

static void take_top(struct loader *l, const char *folder, const char *name, bool is_folder)
{
    (void)folder;
    if (strcmp(name, SHARED) == 0 && is_folder)
        each_name(l, name, take_shared);
    else if (!is_folder)
        tell(l, name, "templates lie in a folder named after their rule: RULE/LANGUAGE.sms");
    else if (!template_name_valid(name) || name[0] == '_')
        tell(l, name, "a rule's folder has a name of small letters, digits, _ and -");
    else
        each_name(l, name, take_template);
}

/* A draft of a file that is not there yet. */
static void take_draft(struct loader *l)
{
    const char *last = strrchr(l->draft->file, '/') + 1;
    char *folder = mem_strndup(l->draft->file, (size_t)(last - l->draft->file - 1));

    if (!str_starts(l->draft->file, SHARED "/"))
        load_entry(l, folder, last);
    else if (strcmp(folder, SHARED) == 0)
        load_partial(l, folder, "", last);
    else
        take_language_partial(l, folder, last, false);
    free(folder);
}

/* --- finding --- */

static int compare_entries(const void *a, const void *b)
{
    const struct template_entry *x = a, *y = b;
    int c = strcmp(x->rule, y->rule);

    if (c == 0)
        c = (int)x->kind - (int)y->kind;
    return c != 0 ? c : strcasecmp(x->language, y->language);
}

static int compare_partials(const void *a, const void *b)
{
    const struct partial *x = a, *y = b;
    int c = strcmp(x->name, y->name);

    if (c == 0)
        c = x->ext - y->ext;
    return c != 0 ? c : strcasecmp(x->language, y->language);
}

/* Cut the last subtag off, and a single letter before it: "kk-KZ" to "kk". */
static bool shorten(char *tag)
{
    char *dash = strrchr(tag, '-');

    if (dash == NULL)
        return false;
    *dash = '\0';
    if (dash - tag >= 2 && dash[-2] == '-')
        dash[-2] = '\0';
    return true;
}

/* A tag as we compare them; "" for none. */
static void copy_tag(const char *language, char tag[LOCALE_TAG_MAX])
{
    snprintf(tag, LOCALE_TAG_MAX, "%s", language != NULL ? language : "");
    for (char *c = tag; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
}

static const struct template_entry *find_entry(const struct template_set *s, const char *rule,
                                               enum template_kind kind, const char *language)
{
    char tag[LOCALE_TAG_MAX];
    struct template_entry key = {.rule = (char *)rule, .kind = kind, .language = tag};

    copy_tag(language, tag);
    if (tag[0] == '\0' || s->count == 0)
        return NULL;
    do {
        const struct template_entry *e =
            bsearch(&key, s->entries, s->count, sizeof(key), compare_entries);
        if (e != NULL)
            return e;
    } while (shorten(tag));
    return NULL;
}

const struct template_entry *template_set_find(const struct template_set *s, const char *rule,
                                               enum template_kind kind, const char *language,
                                               const char *business_language)
{
    const struct template_entry *e = find_entry(s, rule, kind, language);

    if (e == NULL)
        e = find_entry(s, rule, kind, business_language);
    return e != NULL ? e : find_entry(s, rule, kind, "en");
}

bool template_set_speaks(const struct template_set *s, const char *rule, enum template_kind kind,
                         const char *language)
{
    bool speaks = rule != NULL && find_entry(s, rule, kind, language) != NULL;

    for (size_t i = 0; rule == NULL && !speaks && i < s->count; i++)
        speaks = find_entry(s, s->entries[i].rule, kind, language) != NULL;
    return speaks;
}

static const struct template *find_shared(const struct template_set *s, const char *name, int ext,
                                          const char *language)
{
    char tag[LOCALE_TAG_MAX];
    struct partial key = {.name = (char *)name, .ext = ext, .language = tag};

    copy_tag(language, tag);
    for (bool last = false; s->partial_count > 0 && !last;) {
        const struct partial *p =
            bsearch(&key, s->partials, s->partial_count, sizeof(key), compare_partials);
        if (p != NULL)
            return p->template;
        last = tag[0] == '\0';
        if (!last && !shorten(tag))
            tag[0] = '\0';
    }
    return NULL;
}

static const struct template *find_partial(void *arg, const char *name)
{
    const struct scope *scope = arg;

    return find_shared(scope->set, name, scope->ext, scope->language);
}

const struct template *template_set_layout(const struct template_set *s, const char *language)
{
    return find_shared(s, "layout", EXT_HTML, language);
}

bool template_set_has(const struct template_set *s, const char *rule)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->entries[i].rule, rule) == 0)
            return true;
    return false;
}

size_t template_set_count(const struct template_set *s)
{
    return s->count;
}

const struct template_entry *template_set_at(const struct template_set *s, size_t i)
{
    return i < s->count ? &s->entries[i] : NULL;
}

/* --- checking --- */

/* Tells each problem once, however many templates include the partial it is in. */
struct once {
    template_report_fn report;
    void *arg;
    struct str_list seen;
};

static void report_once(void *arg, const char *file, int line, int column, const char *text)
{
    struct once *o = arg;
    char *key = mem_printf("%s:%d:%d: %s", file, line, column, text);

    if (!str_list_has(&o->seen, key)) {
        str_list_add(&o->seen, key, strlen(key));
        if (o->report != NULL)
            o->report(o->arg, file, line, column, text);
    }
    free(key);
}

/* `known` NULL: only that the partials exist. */
static void check_all(const struct template_set *s, const struct template_names *known,
                      const struct template_names *layout_known, struct once *o)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct template_entry *e = &s->entries[i];
        if (e->kind == TEMPLATE_KIND_SMS) {
            template_check_names(e->sms, &e->partials, known, report_once, o);
            continue;
        }
        const struct template *layout = template_set_layout(s, e->language);
        template_check_names(e->email->subject, &e->partials, known, report_once, o);
        template_check_names(e->email->body, &e->partials, known, report_once, o);
        if (layout != NULL)
            template_check_names(layout, &e->layout_partials, layout_known, report_once, o);
    }
}

int template_set_check(const struct template_set *s, const struct template_names *known,
                       template_report_fn report, void *arg)
{
    static const char *const of_layout[] = {"content", "subject", "language", "direction"};
    struct once o = {.report = report, .arg = arg};
    size_t own = sizeof(of_layout) / sizeof(*of_layout);
    const char **items = mem_array(known->count + own, sizeof(*items));

    memcpy(items, of_layout, sizeof(of_layout));
    for (size_t i = 0; i < known->count; i++)
        items[own + i] = known->items[i];
    struct template_names with_layout = {.items = items, .count = known->count + own};
    check_all(s, known, &with_layout, &o);
    int told = (int)o.seen.count;
    str_list_close(&o.seen);
    free(items);
    return told;
}

static void find_uses(struct template_set *s, const struct template_names *known)
{
    for (size_t i = 0; i < s->count; i++) {
        struct template_entry *e = &s->entries[i];
        if (e->kind == TEMPLATE_KIND_SMS) {
            template_used(e->sms, &e->partials, known, &e->uses);
            continue;
        }
        const struct template *layout = template_set_layout(s, e->language);
        template_used(e->email->subject, &e->partials, known, &e->uses);
        template_used(e->email->body, &e->partials, known, &e->uses);
        if (layout != NULL)
            template_used(layout, &e->layout_partials, known, &e->uses);
    }
}

/* Two files that differ in the case of their language only. */
static void check_twins(struct loader *l)
{
    const struct template_set *s = l->set;

    for (size_t i = 1; i < s->count; i++)
        if (compare_entries(&s->entries[i - 1], &s->entries[i]) == 0)
            tell(l, s->entries[i].file, "there are two templates for this language");
    for (size_t i = 1; i < s->partial_count; i++)
        if (compare_partials(&s->partials[i - 1], &s->partials[i]) == 0)
            tell(l, SHARED, "there are two partials of one name and language");
}

struct template_set *template_set_load(const char *dir, const struct template_names *known,
                                       template_report_fn report, void *arg)
{
    return template_set_load_draft(dir, NULL, known, report, arg);
}

struct template_set *template_set_load_draft(const char *dir, const struct template_draft *draft,
                                             const struct template_names *known,
                                             template_report_fn report, void *arg)
{
    struct template_set *s = mem_zalloc(sizeof(*s));
    struct loader l = {.set = s, .report = report, .arg = arg, .draft = draft};
    struct once o = {.report = forward, .arg = &l};

    s->dir = mem_strdup(dir);
    each_name(&l, "", take_top);
    if (draft != NULL && !l.drafted)
        take_draft(&l);
    if (s->count > 0)
        qsort(s->entries, s->count, sizeof(*s->entries), compare_entries);
    if (s->partial_count > 0)
        qsort(s->partials, s->partial_count, sizeof(*s->partials), compare_partials);
    check_twins(&l);
    /* A partial that has problems of its own is missing for that alone. */
    if (known != NULL && !l.shared_told)
        template_set_check(s, known, forward, &l);
    else if (!l.shared_told)
        check_all(s, NULL, NULL, &o);
    str_list_close(&o.seen);
    if (l.told == 0 && known != NULL)
        find_uses(s, known);
    if (l.told == 0)
        return s;
    template_set_free(s);
    return NULL;
}

void template_set_free(struct template_set *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        struct template_entry *e = &s->entries[i];
        template_free(e->sms);
        template_email_free(e->email);
        free(e->rule);
        free(e->language);
        free(e->file);
        str_list_close(&e->uses);
    }
    for (size_t i = 0; i < s->partial_count; i++) {
        template_free(s->partials[i].template);
        free(s->partials[i].name);
        free(s->partials[i].language);
    }
    for (size_t i = 0; i < s->scope_count; i++) {
        free(s->scopes[i]->language);
        free(s->scopes[i]);
    }
    free(s->entries);
    free(s->partials);
    free(s->scopes);
    free(s->dir);
    free(s);
}
