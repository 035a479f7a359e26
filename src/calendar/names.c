/* Whom an event names. See calendar/names.h. */
#include "calendar/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "text/pattern.h"
#include "text/phone.h"

/* A stranger's text is looked through from its beginning, and nowhere twice from end to end. */
#define TEXT_BYTES_MAX 65536 /* of a summary or a description, that are looked at */
#define MARK_NAME_MAX 8
#define MARK_BYTES_MAX 4096 /* of a mark with all that is in it */

struct search {
    const struct names_rules *rules;
    const char *organizer; /* address; NULL: none */
    struct str_list found;
    struct buf line;
};

/* ---- what is found */

static void add(struct search *s, const char *kind, const char *value)
{
    buf_clear(&s->line);
    buf_printf(&s->line, "%s %s", kind, value);
    if (s->found.count < NAMES_MAX && !str_list_has(&s->found, s->line.data))
        str_list_add(&s->found, s->line.data, s->line.len);
}

static const struct staff *staff_of(const struct names_rules *r, const char *email)
{
    for (size_t i = 0; email != NULL && i < r->staff_count; i++)
        if (r->staff[i].email != NULL && str_ieq(r->staff[i].email, email))
            return &r->staff[i];
    return NULL;
}

static void add_email(struct search *s, const char *email)
{
    char *small = mem_strdup(email);

    for (char *p = small; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    if (!str_list_has(s->rules->own, small) && staff_of(s->rules, small) == NULL &&
        (s->organizer == NULL || !str_ieq(s->organizer, small)))
        add(s, "email", small);
    free(small);
}

/* A number that is none is kept as it is written: it is nobody's, and a person is told. */
static void add_phone(struct search *s, const char *written)
{
    char e164[PHONE_MAX];

    add(s, "phone", phone_e164(written, s->rules->country, e164, NULL) == 0 ? e164 : written);
}

/* ---- attendees */

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool is_person(const json_t *attendee)
{
    const char *type = text_of(attendee, "type");

    return type == NULL || (!str_ieq(type, "ROOM") && !str_ieq(type, "RESOURCE"));
}

static void search_attendees(struct search *s, const json_t *event, int64_t *staff_row)
{
    const json_t *attendees = json_object_get(event, "attendees");

    for (size_t i = 0; i < json_array_size(attendees); i++) {
        const json_t *a = json_array_get(attendees, i);
        const char *email = text_of(a, "email"), *uri = text_of(a, "uri");
        const struct staff *staff = staff_of(s->rules, email);
        if (staff != NULL && *staff_row == 0)
            *staff_row = staff->id;
        if (staff != NULL || !is_person(a))
            continue;
        if (email != NULL)
            add_email(s, email);
        if (uri != NULL && (strncasecmp(uri, "tel:", 4) == 0 || strncasecmp(uri, "sms:", 4) == 0))
            add_phone(s, uri + 4);
    }
}

/* ---- texts */

/* Is it one of the marks that calendar programs put into texts? Its length, 0 if not; *breaks: a
 * line ends there. What else stands in angle brackets is text, such as an address. */
static size_t mark_len(const char *s, bool *breaks)
{
    static const struct {
        const char *name;
        bool breaks;
    } marks[] = {{"br", true},    {"p", true},    {"div", true}, {"li", true},      {"ul", true},
                 {"ol", true},    {"tr", true},   {"td", true},  {"table", true},   {"html", true},
                 {"body", true},  {"h1", true},   {"h2", true},  {"h3", true},      {"b", false},
                 {"i", false},    {"u", false},   {"a", false},  {"strong", false}, {"em", false},
                 {"span", false}, {"font", false}};
    const char *name = s + 1 + (s[1] == '/'), *end;
    size_t len = 0, i = 0;

    while (len < MARK_NAME_MAX && isalnum((unsigned char)name[len]))
        len++;
    while (i < sizeof(marks) / sizeof(marks[0]) &&
           (len != strlen(marks[i].name) || strncasecmp(name, marks[i].name, len) != 0))
        i++;
    if (i == sizeof(marks) / sizeof(marks[0]) ||
        (name[len] != '>' && name[len] != ' ' && name[len] != '/') ||
        (end = memchr(name, '>', strnlen(name, MARK_BYTES_MAX))) == NULL)
        return 0;
    *breaks = marks[i].breaks;
    return (size_t)(end - s) + 1;
}

/* "&nbsp;" and its kind: its length, 0 if it is none. */
static size_t entity_len(const char *s, char *out)
{
    static const struct {
        const char *name;
        char is;
    } entities[] = {{"&nbsp;", ' '}, {"&amp;", '&'},  {"&lt;", '<'},
                    {"&gt;", '>'},   {"&quot;", '"'}, {"&#39;", '\''}};

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (strncmp(s, entities[i].name, strlen(entities[i].name)) == 0) {
            *out = entities[i].is;
            return strlen(entities[i].name);
        }
    return 0;
}

/* The text as a person sees it: some programs write HTML into descriptions. */
static void plain(const char *text, struct buf *out)
{
    bool breaks = false;
    size_t n;
    char c;

    for (const char *p = text; *p != '\0' && p - text < TEXT_BYTES_MAX;) {
        if (*p == '<' && (n = mark_len(p, &breaks)) > 0) {
            if (breaks)
                buf_putc(out, '\n');
            p += n;
        } else if (*p == '&' && (n = entity_len(p, &c)) > 0) {
            buf_putc(out, c);
            p += n;
        } else {
            buf_putc(out, *p++);
        }
    }
}

static void search_line(struct search *s, const char *line)
{
    struct buf value;
    enum pattern_what what;

    buf_init(&value);
    for (size_t i = 0; i < s->rules->patterns->count; i++) {
        const char *at = line;
        while (s->found.count < NAMES_MAX &&
               pattern_next(s->rules->patterns->items[i], &at, &what, &value)) {
            if (what == PATTERN_EMAIL)
                add_email(s, value.data);
            else if (what == PATTERN_PHONE)
                add_phone(s, value.data);
            else
                add(s, "ref", value.data);
        }
    }
    buf_close(&value);
}

static void search_text(struct search *s, const char *text)
{
    struct str_list lines = {0};
    struct buf readable;

    if (text == NULL || s->rules->patterns == NULL || s->rules->patterns->count == 0)
        return;
    buf_init(&readable);
    plain(text, &readable);
    str_split(&lines, readable.data, '\n');
    for (size_t i = 0; i < lines.count; i++)
        search_line(s, lines.items[i]);
    str_list_close(&lines);
    buf_close(&readable);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_of(const struct names_rules *r, const json_t *event, struct buf *out, int64_t *staff_row)
{
    const json_t *organizer = json_object_get(event, "organizer");
    struct search s = {.rules = r, .organizer = text_of(organizer, "email")};

    *staff_row = 0;
    buf_init(&s.line);
    search_attendees(&s, event, staff_row);
    if (*staff_row == 0 && staff_of(r, s.organizer) != NULL)
        *staff_row = staff_of(r, s.organizer)->id;
    search_text(&s, text_of(event, "summary"));
    search_text(&s, text_of(event, "description"));
    if (s.found.count > 1)
        qsort(s.found.items, s.found.count, sizeof(*s.found.items), compare);
    buf_clear(out);
    for (size_t i = 0; i < s.found.count; i++)
        buf_printf(out, "%s%s", i > 0 ? "\n" : "", s.found.items[i]);
    str_list_close(&s.found);
    buf_close(&s.line);
}
