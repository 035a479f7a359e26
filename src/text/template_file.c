/* Names of templates. See text/template_file.h. */
#include "text/template_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "text/template_set.h"

#define SHARED "_shared"

static const char *const forms[] = {"sms", "email", "html"};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

bool template_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= TEMPLATE_NAME_BYTES_MAX && name[n] == '\0';
}

const char *template_form_name(enum template_form form)
{
    return forms[form];
}

bool template_form_from(const char *name, enum template_form *out)
{
    for (size_t i = 0; i < FORMS; i++)
        if (strcmp(name, forms[i]) == 0) {
            *out = (enum template_form)i;
            return true;
        }
    return false;
}

bool template_file_valid(const struct template_file *f)
{
    if (!template_name_valid(f->name))
        return false;
    if (f->shared)
        return f->language[0] == '\0' || locale_language_valid(f->language);
    return f->name[0] != '_' && f->form != TEMPLATE_FORM_HTML && locale_language_valid(f->language);
}

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

bool template_file_parse(const char *path, struct template_file *out)
{
    const char *slash = strchr(path, '/'), *last = strrchr(path, '/');
    const char *dot = last != NULL ? strrchr(last, '.') : NULL;

    *out = (struct template_file){0};
    if (dot == NULL || !template_form_from(dot + 1, &out->form))
        return false;
    size_t folder = (size_t)(slash - path), stem = (size_t)(dot - last - 1);
    out->shared = folder == strlen(SHARED) && strncmp(path, SHARED, folder) == 0;
    bool fits = out->shared ? copy(out->name, sizeof(out->name), last + 1, stem)
                            : slash == last && copy(out->name, sizeof(out->name), path, folder) &&
                                  copy(out->language, sizeof(out->language), last + 1, stem);
    if (fits && out->shared && slash != last)
        fits = last > slash + 1 &&
               copy(out->language, sizeof(out->language), slash + 1, (size_t)(last - slash - 1));
    return fits && template_file_valid(out);
}

char *template_file_path(const struct template_file *f)
{
    const char *form = template_form_name(f->form);

    if (!f->shared)
        return mem_printf("%s/%s.%s", f->name, f->language, form);
    return f->language[0] != '\0' ? mem_printf(SHARED "/%s/%s.%s", f->language, f->name, form)
                                  : mem_printf(SHARED "/%s.%s", f->name, form);
}

struct listing {
    const char *dir;
    struct template_file *items;
    size_t count, cap;
};

/* Take the files of a folder beneath; `deeper`: of its folders as well. */
static void list(struct listing *l, const char *folder, bool deeper)
{
    struct str_list names = {0};
    char *path = fs_join(l->dir, folder);

    if (fs_list(path, &names, NULL) == 0)
        for (size_t i = 0; i < names.count && l->count < TEMPLATE_SET_FILES_MAX; i++) {
            char *name = mem_printf("%s/%s", folder, names.items[i]), *full = fs_join(l->dir, name);
            struct template_file f;
            if (fs_is_dir(full)) {
                if (deeper)
                    list(l, name, false);
            } else if (template_file_parse(name, &f)) {
                mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
                l->items[l->count++] = f;
            }
            free(full);
            free(name);
        }
    str_list_close(&names);
    free(path);
}

int template_files(const char *dir, struct template_file **out, size_t *count, struct err *err)
{
    struct listing l = {.dir = dir};
    struct str_list names = {0};
    int rc = fs_list(dir, &names, err);

    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], SHARED) != 0)
            list(&l, names.items[i], false);
    if (rc == 0)
        list(&l, SHARED, true);
    str_list_close(&names);
    *out = l.items;
    *count = l.count;
    return rc;
}
