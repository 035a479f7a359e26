/*
 * A client's record in a form: a new one, or one that is there. Each field is checked as the
 * service will read it, so that what can be saved can be used.
 *
 * The form knows how the record stood when it was shown. What somebody else has changed since stays
 * where this form has not touched it. Where both have, nothing is written: the form comes again
 * with what was typed, and says at each such field what stands there now. Saved once more, it is
 * written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/desk.h"
#include "store/twin.h"
#include "text/address.h"
#include "text/locale.h"
#include "text/phone.h"
#include "web/auth.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/person_form.h"

#define TAGS_MAX_CHARS 1000
#define NOTES_MAX_CHARS 10000

/* The fields of the form, each with its place in the row. */
static const struct person_field parts[] = {
    {{"name", W_NAME, WORD_COUNT, FORM_TEXT, NULL, PERSON_NAME_MAX, true, NULL},
     offsetof(struct client_row, name)},
    {{"phone", W_PHONE, W_PHONE_HINT, FORM_PHONE, NULL, PERSON_SHORT_MAX, false, NULL},
     offsetof(struct client_row, phone)},
    {{"email", W_EMAIL_ADDRESS, WORD_COUNT, FORM_EMAIL, NULL, ADDRESS_MAX, false, NULL},
     offsetof(struct client_row, email)},
    {{"channel", W_PREFERS, WORD_COUNT, FORM_TEXT, NULL, 0, false, NULL},
     offsetof(struct client_row, channel)},
    {{"language", W_LANGUAGE, WORD_COUNT, FORM_TEXT, NULL, 0, false, NULL},
     offsetof(struct client_row, language)},
    {{"timezone", W_ZONE, W_ZONE_HINT, FORM_TEXT, NULL, ZONE_NAME_MAX, false, NULL},
     offsetof(struct client_row, timezone)},
    {{"tags", W_TAGS, W_TAGS_HINT, FORM_TEXT, NULL, TAGS_MAX_CHARS, false, NULL},
     offsetof(struct client_row, tags)},
    {{"ref", W_REF, W_REF_HINT, FORM_TEXT, NULL, PERSON_SHORT_MAX, false, NULL},
     offsetof(struct client_row, ref)},
    {{"notes", W_NOTES, W_NOTES_HINT, FORM_LONG, NULL, NOTES_MAX_CHARS, false, NULL},
     offsetof(struct client_row, notes)},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))
const struct person_form client_form = {parts, PARTS, NULL};

/* --- the form --- */

static void channel_list(struct visit *v, const struct form *f, const char *value)
{
    const struct form_list list = {"channel", W_PREFERS, WORD_COUNT, value, false};

    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_NO_PREFERENCE));
    form_option(v, f, &list, "email", word(W_EMAIL));
    form_option(v, f, &list, "sms", word(W_SMS));
    form_list_end(v);
}

/* Where a client can be reached, and the mark of what was asked about before. */
static const struct {
    const char *field, *seen;
    enum channel channel;
    size_t offset;
    enum word w;
} ways[] = {
    {"phone", "seen-phone", CHANNEL_SMS, offsetof(struct client_row, phone), W_TWIN_PHONE},
    {"email", "seen-email", CHANNEL_EMAIL, offsetof(struct client_row, email), W_TWIN_EMAIL},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* `row`: as it stands in the database, empty for a new one; `values`: what the fields show unless
 * something was typed. */
static int show(struct visit *v, const struct form *f, struct client_row *row,
                struct client_row *values)
{
    struct buf *b = &v->response->body;
    char action[CLIENT_PATH_MAX];
    int64_t id = v->hole.id;

    if (f->problem_count > 0)
        v->response->status = 400;
    if (id != 0) {
        int rc = client_task_begin(v, W_CLIENT_EDIT);
        if (rc != 0)
            return rc;
        client_path(id, "edit", action);
    } else {
        frame_begin(v, word(W_CLIENT_NEW), PLACE_CLIENTS);
        buf_puts(b, "<h1>");
        html_word(b, W_CLIENT_NEW);
        buf_puts(b, "</h1>");
        snprintf(action, sizeof(action), "/clients/new");
    }
    form_begin(v, f, action);
    person_version(v, row->version);
    person_marks(v, &client_form, f, row);
    for (size_t i = 0; i < WAYS; i++)
        if (form_value(f, ways[i].field) != NULL)
            form_mark(v, ways[i].seen, form_value(f, ways[i].field));
    for (size_t i = 0; i < PARTS; i++) {
        struct form_field field = parts[i].field;
        field.value = *person_value(&client_form, values, i);
        if (strcmp(field.name, "language") == 0)
            person_language(v, f, field.value);
        else if (strcmp(field.name, "channel") == 0)
            channel_list(v, f, field.value);
        else
            form_field(v, f, &field);
    }
    buf_puts(b, "<button class=\"strong\">");
    html_word(b, W_SAVE);
    buf_puts(b, "</button></form>");
    frame_end(v);
    return 0;
}

/* --- what was typed --- */

static void check(const struct visit *v, struct form *f, struct client_row *row)
{
    enum channel channel;

    person_check(v, &client_form, f, row);
    if (*row->channel != '\0' && (!channel_from(row->channel, &channel) || channel == CHANNEL_TASK))
        form_wrong(f, "channel", W_CHANNEL_UNKNOWN, NULL);
}

/* Say that somebody else who has the same number or address wants nothing there. It may be another
 * person, or they want it again: sent once more as it is, it is saved. */
static int check_twins(struct visit *v, struct form *f, const struct client_row *row)
{
    char number[PHONE_MAX];
    struct err err = {""};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WAYS; i++) {
        const char *text = *(char **)((char *)row + ways[i].offset), *address = text;
        char *name = NULL;
        if (str_blank(text) || form_untouched(f->typed, ways[i].field, text) ||
            form_untouched(f->typed, ways[i].seen, form_value(f, ways[i].field)))
            continue;
        if (ways[i].channel == CHANNEL_SMS) {
            if (phone_e164(text, v->site->country, number, &err) != 0)
                continue; /* which has been said */
            address = number;
        }
        rc = store_twin_opted_out(v->store, v->hole.id, ways[i].channel, address, v->site->country,
                                  &name);
        if (rc == 0)
            form_wrong(f, ways[i].field, ways[i].w, name);
        if (rc == ERR_NOTFOUND)
            rc = 0;
        free(name);
    }
    return rc;
}

static int save(struct visit *v, struct form *f, struct client_row *typed)
{
    struct client_row stands = {0};
    char about[CLIENT_ABOUT_MAX], path[CLIENT_PATH_MAX];
    int64_t id = v->hole.id;
    int rc = deed_begin(v);

    if (rc == 0 && id != 0)
        rc = store_client_row(v->store, id, &stands);
    bool stale = rc == 0 && id != 0 && person_version_sent(f) != stands.version;
    if (stale)
        person_meet(v, &client_form, f, typed, &stands);
    stale = stale && f->problem_count > 0;
    if (rc == 0 && !stale)
        rc = store_client_write(v->store, &id, typed, v->now_ms);
    if (rc == ERR_EXISTS)
        form_wrong(f, "ref", W_REF_TAKEN, NULL);
    if (rc == ERR_EXISTS || stale) {
        deed_drop(v);
        if (stale)
            f->typed = NULL; /* the fields show what came of both */
        rc = show(v, f, &stands, typed);
    } else {
        char *fields = rc == 0 ? person_changed(&client_form, &stands, typed) : NULL;
        client_about(id, about);
        client_path(id, NULL, path);
        rc = deed_end(v, rc, v->hole.id != 0 ? "client changed" : "client added", about, fields,
                      path, v->hole.id != 0 ? "saved" : "added");
        free(fields);
    }
    client_row_close(&stands);
    return rc;
}

/* --- handlers --- */

int page_client_edit(struct visit *v)
{
    struct form f = {0};
    struct client_row row = {0};
    int rc = v->hole.id != 0 ? store_client_row(v->store, v->hole.id, &row) : 0;

    if (rc == 0)
        rc = show(v, &f, &row, &row);
    client_row_close(&row);
    return rc;
}

int page_client_save(struct visit *v)
{
    struct form f = {.typed = &v->request->form};
    struct client_row typed = {0}, stands = {0};
    int rc;

    person_take(&client_form, &f, &typed);
    check(v, &f, &typed);
    rc = check_twins(v, &f, &typed);
    if (rc == 0 && f.problem_count == 0) {
        rc = save(v, &f, &typed);
    } else if (rc == 0) {
        /* The version that was shown stays: nobody has seen a newer one yet. */
        rc = v->hole.id != 0 ? store_client_row(v->store, v->hole.id, &stands) : 0;
        stands.version = person_version_sent(&f);
        if (rc == 0)
            rc = show(v, &f, &stands, &typed);
    }
    client_row_close(&typed);
    client_row_close(&stands);
    return rc;
}
