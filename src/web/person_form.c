/* The record of a person in a form. See web/person_form.h. */
#include "web/person_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "text/address.h"
#include "text/locale.h"
#include "text/phone.h"
#include "time/zone.h"
#include "web/languages.h"

#define MARK_NAME_MAX 32

char **person_value(const struct person_form *p, void *row, size_t i)
{
    return (char **)((char *)row + p->fields[i].offset);
}

enum word person_label(const struct person_form *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (str_eq(p->fields[i].field.name, name))
            return p->fields[i].field.label;
    return WORD_COUNT;
}

/* --- the form --- */

void person_language(struct visit *v, const struct form *f, const char *value)
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

void person_marks(struct visit *v, const struct person_form *p, const struct form *f, void *row)
{
    char name[MARK_NAME_MAX];

    for (size_t i = 0; i < p->count; i++) {
        snprintf(name, sizeof(name), "was-%s", p->fields[i].field.name);
        char *value = person_tidy(*person_value(p, row, i));
        if (form_value(f, name) != NULL)
            form_hidden(v, name, form_value(f, name));
        else
            form_mark(v, p->fields[i].field.name, value);
        free(value);
    }
}

void person_version(struct visit *v, uint64_t version)
{
    char text[24];

    snprintf(text, sizeof(text), "%016" PRIx64, version);
    form_hidden(v, "version", text);
}

uint64_t person_version_sent(const struct form *f)
{
    const char *version = form_value(f, "version");

    return version != NULL ? strtoull(version, NULL, 16) : 0;
}

/* --- what was typed --- */

char *person_tidy(const char *text)
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

void person_take(const struct person_form *p, const struct form *f, void *row)
{
    for (size_t i = 0; i < p->count; i++)
        *person_value(p, row, i) = person_tidy(form_value(f, p->fields[i].field.name));
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
    if (zone_get(zone) != NULL)
        return;
    char *near = zone_nearest(zone);
    form_wrong(f, "timezone", near != NULL ? W_WRONG_ZONE_NEAR : W_ZONE_UNKNOWN, near);
    free(near);
}

static void check_shape(struct form *f, const struct form_field *field, const char *text)
{
    char most[24];

    snprintf(most, sizeof(most), "%zu", field->length_max);
    if (field->length_max > 0 && characters(text) > field->length_max)
        form_wrong(f, field->name, W_TOO_MANY_CHARACTERS, most);
    if (field->kind != FORM_LONG && !str_one_line(text, strlen(text)))
        form_wrong(f, field->name, W_ONE_LINE, NULL);
}

static void check_meaning(const struct visit *v, struct form *f, const char *name, const char *text)
{
    char address[ADDRESS_MAX], number[PHONE_MAX];
    struct err err = {""};

    if (str_eq(name, "name") && *text == '\0')
        form_wrong(f, name, W_NAME_NEEDED, NULL);
    if (*text == '\0')
        return;
    if (str_eq(name, "email") && address_check(text, address, &err) != 0)
        form_problem(f, name, "%s", err.text);
    if (str_eq(name, "phone") && phone_e164(text, v->site->country, number, &err) != 0)
        form_problem(f, name, "%s", err.text);
    if (str_eq(name, "language") && !locale_language_valid(text))
        form_wrong(f, name, W_LANGUAGE_UNKNOWN, NULL);
    if (str_eq(name, "timezone"))
        check_zone(f, text);
}

void person_check(const struct visit *v, const struct person_form *p, struct form *f, void *row)
{
    for (size_t i = 0; i < p->count; i++) {
        const char *text = *person_value(p, row, i);
        check_shape(f, &p->fields[i].field, text);
        check_meaning(v, f, p->fields[i].field.name, text);
    }
}

static bool same(const char *a, const char *b)
{
    return str_eq(a != NULL ? a : "", b != NULL ? b : "");
}

char *person_changed(const struct person_form *p, void *was, void *is)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < p->count; i++)
        if (!same(*person_value(p, was, i), *person_value(p, is, i)))
            buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", p->fields[i].field.name);
    return buf_steal(&b);
}

void person_meet(struct visit *v, const struct person_form *p, struct form *f, void *typed,
                 void *stands)
{
    for (size_t i = 0; i < p->count; i++) {
        char **mine = person_value(p, typed, i), *now = person_tidy(*person_value(p, stands, i));
        const char *name = p->fields[i].field.name;
        if (form_untouched(f->typed, name, *mine)) {
            free(*mine);
            *mine = mem_strdup(now);
        } else if (!same(now, *mine) && !form_untouched(f->typed, name, now)) {
            char *told = p->told != NULL ? p->told(v, name, now) : mem_strdup(now);
            form_wrong(f, name, str_blank(now) ? W_MEANWHILE_EMPTY : W_MEANWHILE, told);
            free(told);
        }
        free(now);
    }
}
