/*
 * A client's record in a form: a new one, or one that is there. Each field is checked as the
 * service will read it, so that what can be saved can be used.
 *
 * The form knows how the record stood when it was shown. What somebody else has changed since stays
 * where this form has not touched it. Where both have, nothing is written: the form comes again
 * with what was typed, and says at each such field what stands there now. Saved once more, it is
 * written.
 */
#include <inttypes.h>
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
#include "web/languages.h"
#include "web/pages.h"

#define NAME_MAX_CHARS 500
#define SHORT_MAX_CHARS 64
#define TAGS_MAX_CHARS 1000
#define NOTES_MAX_CHARS 10000
#define MARK_NAME_MAX 32

/* The fields of the form, each with its place in the row. */
static const struct part {
    struct form_field field;
    size_t offset;
} parts[] = {
    {{"name", W_NAME, WORD_COUNT, FORM_TEXT, NULL, NAME_MAX_CHARS, true, NULL},
     offsetof(struct client_row, name)},
    {{"phone", W_PHONE, W_PHONE_HINT, FORM_PHONE, NULL, SHORT_MAX_CHARS, false, NULL},
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
    {{"ref", W_REF, W_REF_HINT, FORM_TEXT, NULL, SHORT_MAX_CHARS, false, NULL},
     offsetof(struct client_row, ref)},
    {{"notes", W_NOTES, W_NOTES_HINT, FORM_LONG, NULL, NOTES_MAX_CHARS, false, NULL},
     offsetof(struct client_row, notes)},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

enum word client_field_word(const char *name)
{
    for (size_t i = 0; i < PARTS; i++)
        if (str_eq(parts[i].field.name, name))
            return parts[i].field.label;
    return WORD_COUNT;
}

static char **place(struct client_row *row, const struct part *p)
{
    return (char **)((char *)row + p->offset);
}

/* --- the form --- */

static void language_list(struct visit *v, const struct form *f, const char *value)
{
    const struct form_list list = {"language", W_LANGUAGE, WORD_COUNT, value, false};
    const char *chosen = form_value(f, "language") != NULL ? form_value(f, "language") : value;
    struct languages all;
    bool known = str_blank(chosen);

    languages_all(&all);
    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_AS_BUSINESS));
    for (size_t i = 0; i < all.count; i++) {
        form_option(v, f, &list, all.items[i].tag, all.items[i].name);
        known = known || str_eq(all.items[i].tag, chosen);
    }
    if (!known) /* as another program wrote it: "en-AU" */
        form_option(v, f, &list, chosen, chosen);
    form_list_end(v);
    languages_close(&all);
}

static void channel_list(struct visit *v, const struct form *f, const char *value)
{
    const struct form_list list = {"channel", W_PREFERS, WORD_COUNT, value, false};

    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_NO_PREFERENCE));
    form_option(v, f, &list, "email", word(W_EMAIL));
    form_option(v, f, &list, "sms", word(W_SMS));
    form_list_end(v);
}

static char *tidy(const char *text);

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

/* Of a form that comes again, the marks of when it was shown first: nobody has seen a newer row. */
static void marks(struct visit *v, const struct form *f, struct client_row *row)
{
    char name[MARK_NAME_MAX];

    for (size_t i = 0; i < PARTS; i++) {
        snprintf(name, sizeof(name), "was-%s", parts[i].field.name);
        char *value = tidy(*place(row, &parts[i]));
        if (form_value(f, name) != NULL)
            form_hidden(v, name, form_value(f, name));
        else
            form_mark(v, parts[i].field.name, value);
        free(value);
    }
}

/* `row`: as it stands in the database, empty for a new one; `values`: what the fields show unless
 * something was typed. */
static int show(struct visit *v, const struct form *f, struct client_row *row,
                struct client_row *values)
{
    struct buf *b = &v->response->body;
    char action[CLIENT_PATH_MAX], version[24];
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
    snprintf(version, sizeof(version), "%016" PRIx64, row->version);
    form_begin(v, f, action);
    form_hidden(v, "version", version);
    marks(v, f, row);
    for (size_t i = 0; i < WAYS; i++)
        if (form_value(f, ways[i].field) != NULL)
            form_mark(v, ways[i].seen, form_value(f, ways[i].field));
    for (size_t i = 0; i < PARTS; i++) {
        struct form_field field = parts[i].field;
        field.value = *place(values, &parts[i]);
        if (strcmp(field.name, "language") == 0)
            language_list(v, f, field.value);
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

/* Browsers send line ends as CRLF; fields of one line are trimmed. */
static char *tidy(const char *text)
{
    char *copy = mem_strdup(text != NULL ? text : "");
    char *to = copy;

    for (const char *p = copy; *p != '\0'; p++)
        if (p[0] != '\r' || p[1] != '\n')
            *to++ = *p;
    *to = '\0';
    char *trimmed = mem_strdup(str_trim(copy));
    free(copy);
    return trimmed;
}

static void take_typed(const struct form *f, struct client_row *out)
{
    *out = (struct client_row){0};
    for (size_t i = 0; i < PARTS; i++)
        *place(out, &parts[i]) = tidy(form_value(f, parts[i].field.name));
}

/* The limits count characters, as the browser does. */
static size_t characters(const char *text)
{
    size_t n = 0;

    for (const char *p = text, *end = text + strlen(text); p < end; n++)
        str_utf8_next(&p, end);
    return n;
}

static void check_zone(struct form *f, const char *zone)
{
    if (*zone == '\0' || zone_get(zone) != NULL)
        return;
    char *near = zone_nearest(zone);
    form_wrong(f, "timezone", near != NULL ? W_WRONG_ZONE_NEAR : W_ZONE_UNKNOWN, near);
    free(near);
}

static void check(const struct visit *v, struct form *f, const struct client_row *row)
{
    char address[ADDRESS_MAX], number[PHONE_MAX], most[24];
    struct err err = {""};
    enum channel channel;

    if (*row->name == '\0')
        form_wrong(f, "name", W_NAME_NEEDED, NULL);
    for (size_t i = 0; i < PARTS; i++) {
        const struct form_field *field = &parts[i].field;
        const char *text = *place((struct client_row *)row, &parts[i]);
        snprintf(most, sizeof(most), "%zu", field->length_max);
        if (field->length_max > 0 && characters(text) > field->length_max)
            form_wrong(f, field->name, W_TOO_MANY_CHARACTERS, most);
        if (field->kind != FORM_LONG && !str_one_line(text, strlen(text)))
            form_wrong(f, field->name, W_ONE_LINE, NULL);
    }
    if (*row->email != '\0' && address_check(row->email, address, &err) != 0)
        form_problem(f, "email", "%s", err.text);
    if (*row->phone != '\0' && phone_e164(row->phone, v->site->country, number, &err) != 0)
        form_problem(f, "phone", "%s", err.text);
    if (*row->language != '\0' && !locale_language_valid(row->language))
        form_wrong(f, "language", W_LANGUAGE_UNKNOWN, NULL);
    if (*row->channel != '\0' && (!channel_from(row->channel, &channel) || channel == CHANNEL_TASK))
        form_wrong(f, "channel", W_CHANNEL_UNKNOWN, NULL);
    check_zone(f, row->timezone);
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

static bool same(const char *a, const char *b)
{
    return str_eq(a != NULL ? a : "", b != NULL ? b : "");
}

/* What changed, for the audit: the names of the fields, never what stands in them. */
static char *changed_fields(struct client_row *was, struct client_row *is)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < PARTS; i++)
        if (!same(*place(was, &parts[i]), *place(is, &parts[i])))
            buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", parts[i].field.name);
    return buf_steal(&b);
}

/* What this form has not touched is as somebody else has it now. Where both have changed something,
 * say at the field what stands there. */
static void meet(struct form *f, struct client_row *typed, struct client_row *stands)
{
    for (size_t i = 0; i < PARTS; i++) {
        char **mine = place(typed, &parts[i]), *now = tidy(*place(stands, &parts[i]));
        const char *name = parts[i].field.name;
        if (form_untouched(f->typed, name, *mine)) {
            free(*mine);
            *mine = mem_strdup(now);
        } else if (!same(now, *mine) && !form_untouched(f->typed, name, now)) {
            form_wrong(f, name, str_blank(now) ? W_MEANWHILE_EMPTY : W_MEANWHILE, now);
        }
        free(now);
    }
}

static int save(struct visit *v, struct form *f, struct client_row *typed)
{
    const char *version = form_value(f, "version");
    struct client_row stands = {0};
    char about[CLIENT_ABOUT_MAX], path[CLIENT_PATH_MAX], now[24];
    int64_t id = v->hole.id;
    int rc = deed_begin(v);

    if (rc == 0 && id != 0)
        rc = store_client_row(v->store, id, &stands);
    snprintf(now, sizeof(now), "%016" PRIx64, stands.version);
    bool stale = rc == 0 && id != 0 && !str_eq(version, now);
    if (stale)
        meet(f, typed, &stands);
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
        char *fields = rc == 0 ? changed_fields(&stands, typed) : NULL;
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
    struct client_row typed, stands = {0};
    int rc;

    take_typed(&f, &typed);
    check(v, &f, &typed);
    rc = check_twins(v, &f, &typed);
    if (rc == 0 && f.problem_count == 0) {
        rc = save(v, &f, &typed);
    } else if (rc == 0) {
        /* The version that was shown stays: nobody has seen a newer one yet. */
        const char *version = form_value(&f, "version");
        rc = v->hole.id != 0 ? store_client_row(v->store, v->hole.id, &stands) : 0;
        stands.version = version != NULL ? strtoull(version, NULL, 16) : 0;
        if (rc == 0)
            rc = show(v, &f, &stands, &typed);
    }
    client_row_close(&typed);
    client_row_close(&stands);
    return rc;
}
