/*
 * Who changed what. See web/changes.h.
 *
 * A line of the audit names things as the program does: "change job", "job 7", fields by their
 * names in a form, messages by numbers. Here it becomes a sentence with the words that the forms
 * and lists have for the same. What a line is about may be gone, or the line may be older than what
 * is written into lines today: then the sentence is the shorter one that needs nothing else.
 */
#include "web/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/audit_fields.h"
#include "store/queries.h"
#include "store/tasks.h"
#include "store/users.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/parts.h"
#include "web/person_form.h"
#include "web/row_form.h"
#include "web/rule_form.h"
#include "web/rules.h"

#define CHANGES_MAX 20
#define SHORT_MAX 80       /* bytes of a value in a sentence; the whole stands below */
#define COMMAND "betimes " /* before what a command is called, in the place of a user */
#define USER "user "       /* before a user's name, in what a line is about */
#define MESSAGE "message " /* before a message's number, in a detail */
#define TASK "task "       /* likewise */

/* What the detail of a line is. */
enum detail {
    DETAIL_WORDS,   /* what a person wrote or chose: as it is */
    DETAIL_FIELDS,  /* changed fields (store/audit_fields.h) */
    DETAIL_NAMES,   /* the names of a person's fields: "name, email" */
    DETAIL_MESSAGE, /* "message 7" */
    DETAIL_TASK,    /* "task 7" */
    DETAIL_ROLE,    /* "staff"; changed: "staff -> manager" */
    DETAIL_WHOSE,   /* whose calendar; NULL: the business's */
    DETAIL_SAME     /* of a text: whether it says the same as before */
};

/* `with`: the sentence if there is a detail, its {} the user, the detail and, about a user, that
 * one; WORD_COUNT: `plain`, with the detail behind it. */
static const struct deed {
    const char *action;
    enum detail detail;
    enum word plain, with;
} deeds[] = {
    {"client added", DETAIL_NAMES, W_CHANGE_ADDED, W_CHANGE_ADDED},
    {"client changed", DETAIL_NAMES, W_CHANGE_CHANGED, W_CHANGE_CHANGED_FIELDS},
    {"consent recorded", DETAIL_WORDS, W_CHANGE_CONSENT, WORD_COUNT},
    {"add staff", DETAIL_NAMES, W_DID_ADD_STAFF, W_DID_ADD_STAFF},
    {"change staff", DETAIL_NAMES, W_DID_SAVE_STAFF, W_DID_CHANGE_STAFF},
    {"hand over", DETAIL_WORDS, W_DID_HAND_OVER, W_DID_HAND_OVER_TO},
    {"message sent again", DETAIL_MESSAGE, W_CHANGE_AGAIN, W_CHANGE_AGAIN_ONE},
    {"message cancelled", DETAIL_MESSAGE, W_CHANGE_CANCELLED, W_CHANGE_CANCELLED_ONE},
    {"message known to have gone", DETAIL_MESSAGE, W_CHANGE_GONE, W_CHANGE_GONE_ONE},
    {"message written", DETAIL_MESSAGE, W_CHANGE_WRITTEN, W_CHANGE_WRITTEN_ONE},
    {"task opened again", DETAIL_TASK, W_CHANGE_TASK_AGAIN, W_CHANGE_TASK_AGAIN_ONE},
    {"pause rule", DETAIL_WORDS, W_DID_PAUSE, WORD_COUNT},
    {"resume rule", DETAIL_WORDS, W_DID_RESUME, WORD_COUNT},
    {"said yes", DETAIL_WORDS, W_DID_YES, WORD_COUNT},
    {"add rule", DETAIL_FIELDS, W_DID_ADD_RULE, WORD_COUNT},
    {"change rule", DETAIL_FIELDS, W_DID_CHANGE_RULE, WORD_COUNT},
    {"delete rule", DETAIL_FIELDS, W_DID_DELETE, WORD_COUNT},
    {"add job", DETAIL_FIELDS, W_DID_ADD_JOB, WORD_COUNT},
    {"change job", DETAIL_FIELDS, W_DID_CHANGE_JOB, WORD_COUNT},
    {"add appointment", DETAIL_FIELDS, W_DID_ADD_VISIT, WORD_COUNT},
    {"change appointment", DETAIL_FIELDS, W_DID_CHANGE_VISIT, WORD_COUNT},
    {"new text", DETAIL_SAME, W_DID_ADD_TEXT, W_DID_ADD_TEXT},
    {"change text", DETAIL_SAME, W_DID_CHANGE_TEXT, W_DID_CHANGE_TEXT_SAME},
    {"restore text", DETAIL_SAME, W_DID_RESTORE, W_DID_RESTORE},
    {"send test", DETAIL_WORDS, W_DID_TEST, W_DID_TEST_TO},
    {"pause", DETAIL_WORDS, W_DID_PAUSE_ALL, WORD_COUNT},
    {"resume", DETAIL_WORDS, W_DID_RESUME_ALL, WORD_COUNT},
    {"add user", DETAIL_ROLE, W_DID_ADD_USER, W_DID_ADD_USER_AS},
    {"remove user", DETAIL_WORDS, W_DID_REMOVE_USER, WORD_COUNT},
    {"change role", DETAIL_ROLE, W_DID_CHANGE_ROLE, W_DID_CHANGE_ROLE_TO},
    {"change password", DETAIL_WORDS, W_DID_CHANGE_PASSWORD, WORD_COUNT},
    {"change own addresses", DETAIL_WORDS, W_DID_CHANGE_ADDRESSES, WORD_COUNT},
    {"publish calendar", DETAIL_WHOSE, W_DID_PUBLISH, W_DID_PUBLISH_OF},
    {"revoke calendar", DETAIL_WHOSE, W_DID_REVOKE, W_DID_REVOKE_OF},
};

static const struct deed *deed_of(const char *action)
{
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
        if (str_eq(action, deeds[i].action))
            return &deeds[i];
    return NULL;
}

/* --- what a detail says, in words: on the heap, or NULL where it says nothing or is no such --- */

static int64_t number_behind(const char *text, const char *prefix)
{
    int64_t n;

    return str_starts(text, prefix) && str_to_int(text + strlen(prefix), 1, INT64_MAX, &n) ? n : 0;
}

/* "Reminder soon, text message, Brakes". One that the store cannot read is like one that is gone.
 */
static char *message_named(struct visit *v, const char *detail)
{
    const struct outbox_filter f = {.id = number_behind(detail, MESSAGE), .limit = 1};
    struct outbox_row *rows = NULL;
    size_t count = 0;
    char *named = NULL;

    if (f.id == 0)
        return NULL;
    if (store_outbox(v->store, &f, &rows, &count) == 0 && count > 0) {
        bool titled = !str_blank(rows->subject_title);
        char *rule = rules_title_text(rows->rule);
        named = mem_printf("%s, %s%s%s", rule, word(channel_word(rows->channel)),
                           titled ? ", " : "", titled ? rows->subject_title : "");
        free(rule);
    }
    outbox_rows_free(rows, count);
    return named;
}

static char *task_named(struct visit *v, const char *detail)
{
    int64_t id = number_behind(detail, TASK);
    struct task_row *t = NULL;
    char *named = NULL;

    if (id != 0 && store_task(v->store, id, &t) == 0)
        named = mem_strdup(t->text);
    task_rows_free(t, t != NULL);
    return named;
}

/* The labels of the fields of a client's form, or of that of a member of staff. */
static char *names_told(const char *about, const char *detail)
{
    const struct person_form *p = str_starts(about, "staff ") ? &staff_form : &client_form;
    struct str_list names = {0};
    struct buf b;

    buf_init(&b);
    str_split(&names, detail, ',');
    for (size_t i = 0; i < names.count; i++) {
        enum word label = person_label(p, str_trim(names.items[i]));
        if (label != WORD_COUNT)
            buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", word(label));
    }
    str_list_close(&names);
    return buf_steal(&b);
}

static char *role_told(const char *detail)
{
    static const enum word words[] = {
        [ROLE_READER] = W_AS_READER, [ROLE_STAFF] = W_AS_STAFF, [ROLE_MANAGER] = W_AS_MANAGER};
    const char *last = strrchr(detail, ' ');
    enum role r;

    return role_from(last != NULL ? last + 1 : detail, &r) ? mem_strdup(word(words[r])) : NULL;
}

/* Of a line that knows only its number nobody can tell. */
static char *whose_told(const struct audit_line *c)
{
    if (c->about == NULL)
        return NULL;
    return mem_strdup(c->detail != NULL ? c->detail : word(W_PUBLISHED_EVERYBODY));
}

static char *detail_told(struct visit *v, const struct deed *d, const struct audit_line *c)
{
    if (d->detail == DETAIL_WHOSE)
        return whose_told(c);
    if (str_blank(c->detail))
        return NULL;
    switch (d->detail) {
    case DETAIL_MESSAGE:
        return message_named(v, c->detail);
    case DETAIL_TASK:
        return task_named(v, c->detail);
    case DETAIL_NAMES:
        return names_told(c->about != NULL ? c->about : "", c->detail);
    case DETAIL_ROLE:
        return role_told(c->detail);
    case DETAIL_FIELDS:
        return strchr(c->detail, '\t') == NULL ? mem_strdup(c->detail) : NULL;
    default:
        return mem_strdup(c->detail);
    }
}

/* --- changed fields --- */

/* The fields of the form that `about` ("job 7") is changed with; NULL: it has none of its own. */
static const struct row_kind *kind_of(const char *about)
{
    return str_starts(about, "job ")           ? &job_form
           : str_starts(about, "appointment ") ? &visit_form
                                               : NULL;
}

static const struct row_field *row_field(const struct row_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->count; i++)
        if (str_eq(kind->fields[i].name, name))
            return &kind->fields[i];
    return NULL;
}

/* A value as the record's page shows it; NULL for nothing. free() it. */
static char *value_told(struct visit *v, const struct row_field *field, const char *value)
{
    if (str_blank(value))
        return NULL;
    return field != NULL && field->input == ROW_DATE ? part_row_time_words(v, value, NULL)
                                                     : mem_strdup(value);
}

void change_field(struct buf *b, const struct change_field *f)
{
    if (f->before != NULL && f->after != NULL)
        html_words(b, W_PROPOSAL_SET_BEFORE, f->label, f->after, f->before, NULL);
    else if (f->before != NULL && f->usual != NULL)
        html_words(b, W_PROPOSAL_UNSET_USUAL, f->label, f->usual, f->before, NULL);
    else if (f->before != NULL)
        html_words(b, W_PROPOSAL_UNSET, f->label, f->before, NULL);
    else if (f->usual != NULL)
        html_words(b, W_PROPOSAL_SET_USUAL, f->label, f->after, f->usual, NULL);
    else
        html_words(b, W_PROPOSAL_SET, f->label, f->after, NULL);
}

/* The beginning of a long value; NULL stays NULL. free() it. */
static char *shortened(const char *value)
{
    if (value == NULL || strlen(value) <= SHORT_MAX)
        return mem_strdup(value);
    return mem_printf("%.*s…", (int)str_utf8_valid(value, SHORT_MAX), value);
}

static void put_field(struct buf *b, const struct change_field *f)
{
    struct change_field less = *f;
    char *before = shortened(f->before), *after = shortened(f->after);

    less.before = before;
    less.after = after;
    buf_puts(b, "<li dir=\"auto\">");
    change_field(b, &less);
    if (!str_eq(before, f->before) || !str_eq(after, f->after)) {
        buf_puts(b, "<details><summary>");
        html_word(b, W_CHANGE_IN_FULL);
        buf_puts(b, "</summary><div class=\"words\" dir=\"auto\">");
        change_field(b, f);
        buf_puts(b, "</div></details>");
    }
    buf_puts(b, "</li>");
    free(before);
    free(after);
}

static void put_fields(struct visit *v, const struct audit_line *c)
{
    struct buf *b = &v->response->body;
    const char *about = c->about != NULL ? c->about : "";
    const struct row_kind *kind = kind_of(about);
    bool rule = str_starts(about, "rule "), changed = str_starts(c->action, "change ");
    char *detail = mem_strdup(c->detail), *rest = detail;
    struct audit_field read;

    buf_puts(b, "<ul>");
    while (audit_fields_next(&rest, &read)) {
        const struct row_field *field = kind != NULL ? row_field(kind, read.name) : NULL;
        char *before = value_told(v, field, read.before), *after = value_told(v, field, read.after);
        const struct change_field f = {
            .label = field != NULL ? word(field->label)
                     : rule        ? rule_form_label(read.name)
                                   : read.name,
            .usual = rule && changed ? rule_form_usual(read.name) : NULL,
            .before = before,
            .after = after,
        };
        if (before != NULL || after != NULL)
            put_field(b, &f);
        free(before);
        free(after);
    }
    buf_puts(b, "</ul>");
    free(detail);
}

/* --- the line --- */

/* Who did it: of a command on the machine nobody knows more. free() it. */
static char *actor(const struct audit_line *c)
{
    return str_starts(c->user, COMMAND) ? row_form_words(W_BY_COMMAND, c->user)
                                        : mem_strdup(c->user);
}

static void put_sentence(struct visit *v, const struct deed *d, const struct audit_line *c)
{
    struct buf *b = &v->response->body;
    const char *user =
        str_starts(c->about != NULL ? c->about : "", USER) ? c->about + strlen(USER) : NULL;
    char *who = actor(c), *told = detail_told(v, d, c);
    bool within = !str_blank(told) && d->with != WORD_COUNT;

    if (d->plain == W_DID_CHANGE_PASSWORD && str_eq(user, c->user))
        html_words(b, W_DID_OWN_PASSWORD, who, NULL);
    else if (user != NULL)
        html_words(b, within ? d->with : d->plain, who, user, told, NULL);
    else
        html_words(b, within ? d->with : d->plain, who, told, NULL);
    if (!str_blank(told) && !within) {
        buf_puts(b, " (");
        html_text(b, told);
        buf_puts(b, ")");
    }
    free(who);
    free(told);
}

void changes_item(struct visit *v, const struct audit_line *c)
{
    struct buf *b = &v->response->body;
    const struct deed *d = deed_of(c->action);

    if (d == NULL)
        return;
    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, c->at_ms);
    buf_puts(b, "<span class=\"quiet\">");
    put_sentence(v, d, c);
    buf_puts(b, "</span></div>");
    if (d->detail == DETAIL_FIELDS && c->detail != NULL && strchr(c->detail, '\t') != NULL)
        put_fields(v, c);
    buf_puts(b, "</li>");
}

static int section(struct visit *v, int rc, struct audit_line *list, size_t count)
{
    struct buf *b = &v->response->body;

    if (count > 0) {
        part_section(b, "who", W_WHO_CHANGED);
        buf_puts(b, "<ul class=\"list\">");
        for (size_t i = 0; i < count; i++)
            changes_item(v, &list[i]);
        buf_puts(b, "</ul></section>");
    }
    audit_lines_free(list, count);
    return rc;
}

int changes_section(struct visit *v, const char *about)
{
    struct audit_line *list;
    size_t count;
    int rc = store_audited(v->store, about, 0, CHANGES_MAX, &list, &count);

    return section(v, rc, list, count);
}

int changes_house(struct visit *v)
{
    struct audit_line *list;
    size_t count;
    int rc = store_audited_house(v->store, CHANGES_MAX, &list, &count);

    return section(v, rc, list, count);
}
