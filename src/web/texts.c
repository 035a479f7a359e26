/* The texts that the business writes. See web/texts.h. */
#include "web/texts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"
#include "send/compose.h"

static void told(void *arg, const char *file, int line, int column, const char *text)
{
    problems_error_at(arg, file, line, column, "%s", text);
}

void texts_read(struct texts *t, const struct site *site)
{
    struct err err = {""};

    *t = (struct texts){0};
    t->settings = settings_read(site->dir, &t->problems);
    if (t->settings == NULL)
        return;
    t->playbook = playbook_read_rest(t->settings->playbook, &t->problems);
    if (template_files(t->settings->templates, &t->files, &t->file_count, &err) != 0)
        problems_error(&t->problems, t->settings->templates, 0, "%s", err.text);
}

void texts_close(struct texts *t)
{
    template_set_free(t->set);
    playbook_free(t->playbook);
    settings_free(t->settings);
    problems_close(&t->problems);
    free(t->files);
    *t = (struct texts){0};
}

void texts_set(struct texts *t, const struct template_draft *draft)
{
    template_set_free(t->set);
    t->set = NULL;
    if (t->settings != NULL)
        t->set = template_set_load_draft(t->settings->templates, draft, compose_names(), told,
                                         &t->problems);
}

bool texts_is_in(const struct texts *t, const struct problem *p, const char *path)
{
    size_t n = t->settings != NULL ? strlen(t->settings->templates) : 0;

    return n > 0 && strncmp(p->file, t->settings->templates, n) == 0 && p->file[n] == '/' &&
           strcmp(p->file + n + 1, path) == 0;
}

/* --- languages --- */

/* How many bytes of the tag `wanted` the tag `have` covers: all of it, or a beginning of whole
 * subtags; 0: it is another language. */
static size_t covers(const char *have, const char *wanted)
{
    size_t n = strlen(have);

    return n > 0 && strncasecmp(have, wanted, n) == 0 && (wanted[n] == '\0' || wanted[n] == '-')
               ? n
               : 0;
}

bool texts_has(const struct texts *t, const char *name, enum template_form form,
               const char *language)
{
    const struct template_file *f = texts_speaks(t, name, form, language);

    return f != NULL && strcasecmp(f->language, language) == 0;
}

static const struct template_file *best_of(const struct texts *t, bool shared, const char *name,
                                           enum template_form form, const char *language)
{
    const struct template_file *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < t->file_count; i++) {
        const struct template_file *f = &t->files[i];
        size_t n = f->shared == shared && f->form == form && strcmp(f->name, name) == 0
                       ? covers(f->language, language)
                       : 0;
        if (n > most) {
            most = n;
            best = f;
        }
    }
    return best;
}

const struct template_file *texts_speaks(const struct texts *t, const char *name,
                                         enum template_form form, const char *language)
{
    return best_of(t, false, name, form, language);
}

const struct template_file *texts_part(const struct texts *t, const char *name,
                                       enum template_form form, const char *language)
{
    const struct template_file *found = best_of(t, true, name, form, language);

    for (size_t i = 0; i < t->file_count && found == NULL; i++) {
        const struct template_file *f = &t->files[i];
        if (f->shared && f->form == form && f->language[0] == '\0' && strcmp(f->name, name) == 0)
            found = f;
    }
    return found;
}

/* --- rules --- */

const struct rule *texts_rule(const struct texts *t, const char *name, size_t *at)
{
    while (t->playbook != NULL && *at < t->playbook->rule_count) {
        const struct rule *r = &t->playbook->rules[(*at)++];
        if (strcmp(r->template, name) == 0)
            return r;
    }
    return NULL;
}

enum channel texts_channel(enum template_form form)
{
    return form == TEMPLATE_FORM_SMS ? CHANNEL_SMS : CHANNEL_EMAIL;
}

bool texts_wanted(const struct texts *t, const char *name, enum template_form form, bool by_clients)
{
    const struct rule *r;
    bool wanted = false;

    for (size_t at = 0; !wanted && (r = texts_rule(t, name, &at)) != NULL;)
        wanted = r->by != BY_TASK && (!by_clients || rule_writes_to_client(r)) &&
                 rule_may_go_by(r, t->settings, texts_channel(form));
    return wanted;
}

/* --- versions --- */

/* Look at every text; `write`: write down what is new, else only find out whether something is. */
static int look(struct store *s, const char *dir, int64_t now_ms, bool write, bool *news)
{
    struct template_file *files;
    size_t count;
    int rc = 0;

    *news = false;
    if (template_files(dir, &files, &count, NULL) != 0)
        return 0; /* whoever loads it tells */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char *path = template_file_path(&files[i]);
        struct buf text;
        bool is = true;
        buf_init(&text);
        /* What is no text is no version: a NUL would end it. */
        if (fs_read_beneath(dir, path, TEMPLATE_BYTES_MAX, &text, NULL) == 0 &&
            memchr(text.data, '\0', text.len) == NULL)
            rc = store_template_is(s, path, text.data, &is);
        *news |= !is;
        if (rc == 0 && !is && write)
            rc = store_template_add(s, path, text.data, NULL, false, now_ms);
        buf_close(&text);
        free(path);
    }
    free(files);
    return rc;
}

int texts_note(struct store *s, const char *dir, int64_t now_ms)
{
    bool news;
    int rc = look(s, dir, now_ms, false, &news);

    if (rc != 0 || !news)
        return rc;
    rc = store_begin(s);
    if (rc == 0)
        rc = look(s, dir, now_ms, true, &news);
    if (rc == 0)
        rc = store_commit(s);
    if (rc != 0)
        store_rollback(s);
    return rc;
}

static const struct template_age *age_of(const struct template_file *f,
                                         const struct template_age *ages, size_t count)
{
    const struct template_age *found = NULL;
    char *path = template_file_path(f);

    for (size_t i = 0; i < count && found == NULL; i++)
        if (strcmp(ages[i].file, path) == 0)
            found = &ages[i];
    free(path);
    return found;
}

bool texts_is_old(const struct texts *t, const struct template_file *f,
                  const struct template_age *ages, size_t age_count)
{
    const struct template_file *own =
        f->shared ? NULL : texts_speaks(t, f->name, f->form, t->settings->business.language);

    if (own == NULL || own == f || strcasecmp(own->language, f->language) == 0)
        return false;
    const struct template_age *a = age_of(own, ages, age_count), *b = age_of(f, ages, age_count);
    return a != NULL && b != NULL && a->meant_ms > b->at_ms;
}
