/*
 * text/template: which names a template uses. A name within sections may mean a member of any
 * record around it, so the check tries it behind the path of every section that is open, innermost
 * first, as rendering does. Partials are followed with the sections they are included in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template_tree.h"

struct walk {
    const struct template_partials *partials;
    const struct template_names *known; /* NULL: only collect what is required */
    struct str_list *required;          /* NULL: only check names */
    struct str_list *used;              /* full paths; NULL: not asked for */
    const char *section;                /* looked for; NULL: none */
    bool found;                         /* it is there */
    template_report_fn report;
    void *arg;
    int told;
    char *prefixes[TEMPLATE_DEPTH_MAX + 1]; /* full paths of the open sections */
    size_t prefix_count;
    size_t depth;
    long visits; /* partials followed; as many as a rendering would */
};

static bool is_open(const char *name, size_t *len)
{
    *len = strlen(name);
    if (*len < 2 || strcmp(name + *len - 2, ".*") != 0)
        return false;
    *len -= 2;
    return true;
}

bool template_names_has(const struct template_names *known, const char *path)
{
    size_t n = strlen(path), len;

    for (size_t i = 0; i < known->count; i++) {
        const char *name = known->items[i];
        bool open = is_open(name, &len);
        if (len >= n && memcmp(name, path, n) == 0 && (len == n || name[n] == '.'))
            return true;
        if (open && n > len && memcmp(name, path, len) == 0 && path[len] == '.')
            return true;
    }
    return false;
}

/* The full path of a name as it is meant here, or NULL when nothing known fits. free() it. */
static char *resolve(const struct walk *w, const char *name)
{
    for (size_t i = w->prefix_count; i-- > 0;) {
        char *path = mem_printf("%s.%s", w->prefixes[i], name);
        if (template_names_has(w->known, path))
            return path;
        free(path);
    }
    return template_names_has(w->known, name) ? mem_strdup(name) : NULL;
}

/* The nearest name that could stand here: a full path, the beginning of one, what is left of one
 * behind an open section, or one whose last part is the word. free() it; NULL: none is near. */
static char *suggest(const struct walk *w, const char *name)
{
    struct str_list all = {0};
    char *found = NULL;
    size_t len;

    for (size_t i = 0; i < w->known->count; i++) {
        const char *full = w->known->items[i];
        is_open(full, &len);
        for (size_t k = 1; k <= len; k++)
            if (k == len || full[k] == '.')
                str_list_add(&all, full, k);
        for (size_t p = 0; p < w->prefix_count; p++) {
            size_t n = strlen(w->prefixes[p]);
            if (len > n + 1 && memcmp(full, w->prefixes[p], n) == 0 && full[n] == '.')
                str_list_add(&all, full + n + 1, len - n - 1);
        }
    }
    for (size_t i = 0; i < all.count && found == NULL && strchr(name, '.') == NULL; i++) {
        const char *dot = strrchr(all.items[i], '.');
        if (dot != NULL && strcmp(dot + 1, name) == 0)
            found = mem_strdup(all.items[i]);
    }
    if (found == NULL)
        found = mem_strdup(str_nearest(name, (const char *const *)all.items, all.count));
    str_list_close(&all);
    return found;
}

static void tell(struct walk *w, const struct template *t, const struct node *n, const char *text)
{
    if (w->told++ < TEMPLATE_PROBLEMS_MAX && w->report != NULL)
        w->report(w->arg, t->file, n->line, n->column, text);
}

static void tell_unknown(struct walk *w, const struct template *t, const struct node *n)
{
    char *near = suggest(w, n->name);
    char *text = near != NULL
                     ? mem_printf("no record has \"%s\"; did you mean \"%s\"?", n->name, near)
                     : mem_printf("no record has \"%s\"", n->name);

    tell(w, t, n, text);
    free(text);
    free(near);
}

static void walk_range(struct walk *w, const struct template *t, size_t from, size_t to);

static void walk_section(struct walk *w, const struct template *t, size_t at)
{
    const struct node *n = &t->nodes[at];
    bool inner = n->type == NODE_SECTION && n->part_count > 0 && w->known != NULL &&
                 w->prefix_count <= TEMPLATE_DEPTH_MAX;

    if (n->type == NODE_SECTION && w->section != NULL && strcmp(n->name, w->section) == 0)
        w->found = true;
    if (w->depth == TEMPLATE_DEPTH_MAX)
        return;
    w->depth++;
    if (inner) {
        char *path = resolve(w, n->name);
        w->prefixes[w->prefix_count++] = path != NULL ? path : mem_strdup(n->name);
    }
    walk_range(w, t, at + 1, n->end);
    if (inner)
        free(w->prefixes[--w->prefix_count]);
    w->depth--;
}

/* What is told of a partial that there is not, before its name and behind it. */
#define NO_PARTIAL "there is no partial \""
#define NO_PARTIAL_END "\""

bool template_told_partial(const char *told, char *name, size_t size)
{
    size_t before = strlen(NO_PARTIAL);

    if (!str_starts(told, NO_PARTIAL))
        return false;
    size_t n = strcspn(told + before, NO_PARTIAL_END);
    if (n == 0 || n >= size || strcmp(told + before + n, NO_PARTIAL_END) != 0)
        return false;
    memcpy(name, told + before, n);
    name[n] = '\0';
    return true;
}

static void walk_partial(struct walk *w, const struct template *t, const struct node *n)
{
    const struct template *p = NULL;

    if (w->partials != NULL && w->partials->find != NULL)
        p = w->partials->find(w->partials->arg, n->name);
    if (p == NULL) {
        char *text = mem_printf(NO_PARTIAL "%s" NO_PARTIAL_END, n->name);
        tell(w, t, n, text);
        free(text);
        return;
    }
    /* A partial may include itself within a section; the data ends that, here the depth does. */
    if (w->depth == TEMPLATE_DEPTH_MAX || w->visits == TEMPLATE_ITERATIONS_MAX)
        return;
    w->depth++;
    w->visits++;
    walk_range(w, p, 0, p->count);
    w->depth--;
}

static void walk_value(struct walk *w, const struct node *n)
{
    for (size_t i = 0; w->required != NULL && i < n->call_count; i++)
        if (strcmp(n->calls[i].filter->name, "required") == 0 &&
            !str_list_has(w->required, n->name))
            str_list_add(w->required, n->name, strlen(n->name));
}

static void walk_range(struct walk *w, const struct template *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct node *n = &t->nodes[i];
        if (n->type == NODE_TEXT)
            continue;
        if (n->type == NODE_PARTIAL) {
            walk_partial(w, t, n);
            continue;
        }
        if (w->known != NULL && n->part_count > 0) {
            char *path = resolve(w, n->name);
            if (path == NULL)
                tell_unknown(w, t, n);
            else if (w->used != NULL && !str_list_has(w->used, path))
                str_list_add(w->used, path, strlen(path));
            free(path);
        }
        if (n->type == NODE_VALUE) {
            walk_value(w, n);
        } else {
            walk_section(w, t, i);
            i = n->end - 1;
        }
    }
}

int template_check_names(const struct template *t, const struct template_partials *partials,
                         const struct template_names *known, template_report_fn report, void *arg)
{
    struct walk w = {.partials = partials, .known = known, .report = report, .arg = arg};

    walk_range(&w, t, 0, t->count);
    return w.told;
}

void template_required(const struct template *t, const struct template_partials *partials,
                       struct str_list *list)
{
    struct walk w = {.partials = partials, .required = list};

    walk_range(&w, t, 0, t->count);
}

void template_used(const struct template *t, const struct template_partials *partials,
                   const struct template_names *known, struct str_list *list)
{
    struct walk w = {.partials = partials, .known = known, .used = list};

    walk_range(&w, t, 0, t->count);
}

bool template_has_section(const struct template *t, const struct template_partials *partials,
                          const char *name)
{
    struct walk w = {.partials = partials, .section = name};

    walk_range(&w, t, 0, t->count);
    return w.found;
}
