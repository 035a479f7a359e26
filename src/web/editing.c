/* One text while somebody looks at it or changes it. See web/editing.h. */
#include "web/editing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"
#include "store/web_queries.h"
#include "web/parts.h"
#include "web/template_parts.h"
#include "web/text_check.h"

#define RECENT_MAX 6
#define FOUND_MAX 8

/* --- for whom it is shown --- */

static char *label_of(struct visit *v, const struct record_set *r)
{
    const char *name = r->client.name != NULL ? r->client.name : "–";

    if (r->appointment.id != 0) {
        const struct appointment *a = &r->appointment;
        char *starts = part_row_time_words(v, a->starts, a->timezone);
        char *label = mem_printf("%s – %s%s%s", name, a->title != NULL ? a->title : "",
                                 a->title != NULL ? ", " : "", starts);
        free(starts);
        return label;
    }
    if (r->job.id != 0)
        return mem_printf("%s – %s%s%s", name, r->job.title != NULL ? r->job.title : "",
                          r->job.title != NULL ? ", " : "", r->job.stage);
    return mem_strdup(name);
}

/* What the value of a choice begins with. */
static const char letters[] = {
    [ENTITY_CLIENT] = 'c', [ENTITY_JOB] = 'j', [ENTITY_APPOINTMENT] = 'a', [ENTITY_ANSWER] = 'n'};

/* 0: of none. */
static enum entity_kind kind_of(const char *value)
{
    for (size_t kind = 0; value[0] != '\0' && kind < sizeof(letters); kind++)
        if (letters[kind] == value[0])
            return (enum entity_kind)kind;
    return 0;
}

static int add_choice(struct editing *e, enum entity_kind kind, int64_t id)
{
    struct choice *c = &e->choices[e->choice_count];
    struct record_set r = {0};
    char value[CHOICE_VALUE_MAX];

    snprintf(value, sizeof(value), "%c%lld", letters[kind], (long long)id);
    for (size_t i = 0; i < e->choice_count; i++)
        if (strcmp(e->choices[i].value, value) == 0)
            return 0;
    if (e->choice_count == CHOICES_MAX)
        return 0;
    int rc = record_set_load(e->v->store, kind, id, &r);
    if (rc == 0) {
        memcpy(c->value, value, sizeof(value));
        c->label = label_of(e->v, &r);
        e->choice_count++;
    }
    record_set_close(&r);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* A client with the record that the rule is about, if there is one. */
static int add_client(struct editing *e, int64_t client_id)
{
    const struct record_set of = {.client = {.id = client_id}};
    enum entity_kind kind;
    int64_t id;
    int rc = record_set_subject(e->v->store, e->rule, &e->texts.settings->business, e->v->now_ms,
                                &of, &kind, &id);

    if (rc == ERR_NOTFOUND)
        return add_choice(e, ENTITY_CLIENT, client_id);
    return rc == 0 ? add_choice(e, kind, id) : rc;
}

static int add_found(struct editing *e)
{
    struct client_line *list = NULL;
    size_t count = 0;
    bool more;

    if (str_blank(e->find))
        return 0;
    int rc = store_search_clients(e->v->store, e->find, FOUND_MAX, &list, &count, &more);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_client(e, list[i].id);
    client_lines_free(list, count);
    return rc;
}

static int add_recent(struct editing *e)
{
    enum entity_kind kind = rule_on_appointment(e->rule) ? ENTITY_APPOINTMENT : ENTITY_JOB;
    struct rule_subject list[RECENT_MAX];
    size_t count;
    int rc = store_rule_subjects(e->v->store, e->rule->name, kind, RECENT_MAX, list, &count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_choice(e, list[i].kind, list[i].row_id);
    return rc;
}

/* What the form chose, though it is neither recent nor found now. */
static int add_chosen(struct editing *e, const char *value)
{
    enum entity_kind kind = kind_of(value);
    int64_t id;

    if (kind == 0 || !str_to_int(value + 1, 1, INT64_MAX, &id))
        return 0;
    return add_choice(e, kind, id);
}

static int load_chosen(struct editing *e)
{
    const char *value = e->choices[e->chosen].value;
    int64_t id;

    if (!str_to_int(value + 1, 1, INT64_MAX, &id)) {
        sample_make(e->rule, &e->texts.settings->business, e->v->now_ms, &e->record);
        return 0;
    }
    int rc = record_set_load(e->v->store, kind_of(value), id, &e->record);
    return rc == 0 ? record_set_address(e->v->store, e->rule, &e->record) : rc;
}

/* The first of the list is shown: who was searched for, who was chosen, who was written to last. */
static int find_record(struct editing *e)
{
    const char *value = fields_get(&e->v->request->form, "record");
    int rc = add_found(e);
    size_t found = e->choice_count;

    if (rc == 0 && value != NULL && strcmp(value, "sample") != 0)
        rc = add_chosen(e, value);
    if (rc == 0)
        rc = add_recent(e);
    if (rc != 0)
        return rc;
    if (e->choice_count == CHOICES_MAX)
        free(e->choices[--e->choice_count].label);
    struct choice *sample = &e->choices[e->choice_count++];
    snprintf(sample->value, sizeof(sample->value), "sample");
    sample->label = mem_strdup(word(W_SAMPLE));
    for (size_t i = 0; found == 0 && value != NULL && i < e->choice_count; i++)
        if (strcmp(e->choices[i].value, value) == 0)
            e->chosen = i;
    return load_chosen(e);
}

/* --- which message is shown --- */

/* Does the text include the partial {{> name}}? */
static bool includes(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = text; (p = strstr(p, "{{>")) != NULL;) {
        p += 3 + strspn(p + 3, " \t");
        if (strncmp(p, name, n) == 0 && strchr(" \t}", p[n]) != NULL)
            return true;
    }
    return false;
}

/* Is a partial seen in messages of the rule? The page around a mail and its parts are in every one.
 */
static bool shows_partial(const struct editing *e, const struct rule *r)
{
    const char *language =
        e->file.language[0] != '\0' ? e->file.language : e->texts.settings->business.language;
    bool sms = e->file.form == TEMPLATE_FORM_SMS;
    const struct template_file *f = texts_speaks(
        &e->texts, r->template, sms ? TEMPLATE_FORM_SMS : TEMPLATE_FORM_EMAIL, language);
    struct buf text;

    if (f == NULL)
        return false;
    if (e->file.form == TEMPLATE_FORM_HTML)
        return true;
    char *path = template_file_path(f);
    buf_init(&text);
    bool found =
        fs_read_beneath(e->texts.settings->templates, path, TEMPLATE_BYTES_MAX, &text, NULL) == 0 &&
        includes(text.data, e->file.name);
    buf_close(&text);
    free(path);
    return found;
}

static bool is_shown_by(const struct editing *e, const struct rule *r)
{
    return e->file.shared ? shows_partial(e, r) : strcmp(r->template, e->file.name) == 0;
}

static void find_rule(struct editing *e)
{
    const char *name = fields_get(&e->v->request->form, "rule");
    const struct playbook *p = e->texts.playbook;

    for (size_t i = 0; p != NULL && i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        bool asked = name != NULL && strcmp(r->name, name) == 0;
        if ((e->rule == NULL || asked) && is_shown_by(e, r))
            e->rule = r;
    }
    if (e->rule == NULL && !e->file.shared) {
        e->stand_in = (struct rule){.name = e->file.name, .template = e->file.name};
        e->rule = &e->stand_in;
    }
}

/* --- the text --- */

/* A form's lines end with CR LF, a file's with LF. */
static char *plain_lines(const char *text)
{
    struct buf b;

    buf_init(&b);
    for (; *text != '\0'; text++)
        if (text[0] != '\r')
            buf_putc(&b, *text);
        else if (text[1] != '\n')
            buf_putc(&b, '\n');
    if (b.len > 0 && b.data[b.len - 1] != '\n')
        buf_putc(&b, '\n');
    return buf_steal(&b);
}

static void read_saved(struct editing *e)
{
    struct buf text;
    struct err err = {""};

    buf_init(&text);
    int rc =
        fs_read_beneath(e->texts.settings->templates, e->path, TEMPLATE_BYTES_MAX, &text, &err);
    if (rc == 0) {
        e->digest = fs_digest(text.data, text.len);
        e->saved = buf_steal(&text);
    } else if (rc != ERR_NOTFOUND) {
        problems_error(&e->texts.problems, e->path, 0, "%s", err.text);
    }
    buf_close(&text);
}

/* What a new text begins with: the same in the business's language, to be translated. */
static char *first_words(const struct editing *e)
{
    const char *language = e->texts.settings->business.language;
    const struct template_file *own =
        e->file.shared ? texts_part(&e->texts, e->file.name, e->file.form, language)
                       : texts_speaks(&e->texts, e->file.name, e->file.form, language);
    struct buf text;

    if (own == NULL)
        return mem_strdup(e->file.form == TEMPLATE_FORM_EMAIL && !e->file.shared ? "Subject: \n\n"
                                                                                 : "");
    char *path = template_file_path(own);
    buf_init(&text);
    fs_read_beneath(e->texts.settings->templates, path, TEMPLATE_BYTES_MAX, &text, NULL);
    free(path);
    return buf_steal(&text);
}

static void find_text(struct editing *e)
{
    const struct fields *form = &e->v->request->form;
    const char *text = fields_get(form, "text"), *seen = fields_get(form, "seen");

    e->seen = seen != NULL ? strtoull(seen, NULL, 16) : e->digest;
    e->changed = text != NULL;
    e->text = text != NULL       ? plain_lines(text)
              : e->saved != NULL ? mem_strdup(e->saved)
                                 : first_words(e);
}

static void check(struct editing *e)
{
    struct template_draft draft = {e->path, e->text, strlen(e->text)};

    texts_set(&e->texts, &draft);
    problems_close(&e->problems);
    text_check(e->v, &e->texts, &draft, &e->problems);
}

int editing_open(struct visit *v, struct editing *e)
{
    *e = (struct editing){.v = v};
    if (!template_of_path(v, &e->file))
        return ERR_NOTFOUND;
    e->path = template_file_path(&e->file);
    e->channel = texts_channel(e->file.form);
    e->find = fields_get(&v->request->form, "find");
    texts_read(&e->texts, v->site);
    if (e->texts.settings == NULL)
        return 0;
    read_saved(e);
    find_text(e);
    check(e);
    find_rule(e);
    return e->rule != NULL ? find_record(e) : 0;
}

bool editing_is_fresh(const struct editing *e)
{
    return e->saved == NULL && !e->changed;
}

void editing_set(struct editing *e, const char *text)
{
    free(e->text);
    e->text = mem_strdup(text);
    check(e);
}

void editing_close(struct editing *e)
{
    record_set_close(&e->record);
    for (size_t i = 0; i < e->choice_count; i++)
        free(e->choices[i].label);
    problems_close(&e->problems);
    texts_close(&e->texts);
    free(e->path);
    free(e->saved);
    free(e->text);
    *e = (struct editing){0};
}
