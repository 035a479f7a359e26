/*
 * Calendars: those that others may subscribe to, with their links' making and end, and those that
 * are read, with how they do.
 *
 * A link is shown once, in the answer to the form that made it: the database keeps its hash alone,
 * so there is no page that could show it afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/calendars.h"
#include "store/entities.h"
#include "store/published.h"
#include "store/records.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"

#define SHOWN_MAX 200
#define EVERYBODY "business"

/* --- to subscribe to --- */

/* The name of who has this key now, and whether they are active; NULL: nobody. free() it. */
static int find_name(struct visit *v, const char *key, char **name, bool *active)
{
    struct staff person;
    int rc = store_published_staff(v->store, key, &person);

    *name = NULL;
    *active = false;
    if (rc != 0) {
        staff_close(&person);
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    *name = mem_strdup(person.name);
    *active = person.active;
    staff_close(&person);
    return 0;
}

static int published_item(struct visit *v, const struct published *p)
{
    struct buf *b = &v->response->body;
    char action[64], *name = NULL;
    bool active = true;
    int rc = p->staff_key != NULL ? find_name(v, p->staff_key, &name, &active) : 0;
    const char *whose = name != NULL           ? name
                        : p->staff_key != NULL ? p->staff_key
                                               : word(W_PUBLISHED_EVERYBODY);

    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, p->created_ms);
    buf_puts(b, "<span class=\"whom\">");
    html_name(b, whose);
    buf_puts(b, "</span>");
    if (!active) {
        buf_puts(b, "<span class=\"state look\">");
        html_word(b, W_PUBLISHED_CLOSED);
        buf_puts(b, "</span>");
    }
    buf_puts(b, "</div>");
    if (visit_may(v, ROLE_MANAGER)) {
        snprintf(action, sizeof(action), "/calendars/%lld/revoke", (long long)p->id);
        buf_puts(b, "<div class=\"deeds\">");
        form_button(v, action, W_REVOKE, whose, false);
        buf_puts(b, "</div>");
    }
    buf_puts(b, "</li>");
    free(name);
    return rc;
}

static int publish_form(struct visit *v, const struct form *f)
{
    static const struct form_list whose = {"whose", W_PUBLISH_WHOSE, WORD_COUNT, EVERYBODY, false};
    struct buf *b = &v->response->body;
    struct staff *list;
    size_t count;
    int rc = store_staff_all(v->store, &list, &count);

    form_begin(v, f, "/calendars");
    form_list_begin(v, f, &whose);
    form_option(v, f, &whose, EVERYBODY, word(W_PUBLISHED_EVERYBODY));
    for (size_t i = 0; i < count; i++) {
        char id[24];
        snprintf(id, sizeof(id), "%lld", (long long)list[i].id);
        form_option(v, f, &whose, id, list[i].name);
    }
    form_list_end(v);
    buf_puts(b, "<button>");
    html_word(b, W_PUBLISH);
    buf_puts(b, "</button></form>");
    store_staff_free(list, count);
    return rc;
}

static int published(struct visit *v, const struct form *f)
{
    struct buf *b = &v->response->body;
    struct published *list;
    size_t count;
    int rc = store_published_all(v->store, &list, &count);
    size_t shown = count < SHOWN_MAX ? count : SHOWN_MAX;

    part_section(b, "published", W_PUBLISHED);
    part_quiet(b, W_PUBLISHED_HELP);
    if (count == 0 && v->site->url != NULL)
        part_quiet(b, W_PUBLISHED_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; rc == 0 && i < shown; i++)
        rc = published_item(v, &list[count - 1 - i]);
    buf_puts(b, "</ul>");
    part_some_of(b, W_WENT_MORE, shown, (int64_t)count);
    if (rc == 0 && visit_may(v, ROLE_MANAGER) && v->site->url != NULL)
        rc = publish_form(v, f);
    else if (v->site->url == NULL)
        part_quiet(b, W_PUBLISH_NO_URL);
    buf_puts(b, "</section>");
    published_free(list, count);
    return rc;
}

/* --- that are read --- */

static void read_item(struct visit *v, const struct calendar_row *c,
                      const struct calendar_counts *n)
{
    struct buf *b = &v->response->body;
    bool trouble = c->asks == NULL && c->tries > 0;
    enum word state = c->asks != NULL   ? W_READ_ASKS
                      : trouble         ? W_READ_TROUBLE
                      : c->good_ms == 0 ? W_READ_NEW
                                        : W_READ_FINE;
    char booked[24], apart[24];

    snprintf(booked, sizeof(booked), "%lld", (long long)n->booked);
    snprintf(apart, sizeof(apart), "%lld", (long long)(n->unmatched + n->unreadable));
    buf_puts(b, "<li><div class=\"line\">");
    if (c->good_ms != 0)
        frame_time(v, c->good_ms);
    buf_printf(b, "<span class=\"state %s\">", c->asks != NULL ? "look" : trouble ? "bad" : "good");
    html_word(b, state);
    buf_puts(b, "</span><span class=\"whom\">");
    html_name(b, c->name);
    buf_puts(b, "</span></div><p class=\"quiet\">");
    html_words(b, W_READ_COUNTS, booked, apart, NULL);
    buf_puts(b, "</p>");
    const char *why = c->asks != NULL ? c->asks : trouble ? c->trouble : NULL;
    if (why != NULL) {
        buf_puts(b, "<p class=\"reason\">");
        html_text(b, why);
        buf_puts(b, "</p>");
    }
    if (c->asks != NULL)
        part_quiet(b, W_READ_YES);
    buf_puts(b, "</li>");
}

static int read_calendars(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct str_list names = {0};
    int rc = store_calendar_names(v->store, &names);

    part_section(b, "read", W_READ_CALENDARS);
    part_quiet(b, W_READ_ABOUT);
    if (names.count == 0)
        part_quiet(b, W_READ_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; rc == 0 && i < names.count && i < SHOWN_MAX; i++) {
        struct calendar_row row;
        struct calendar_counts counts = {0};
        rc = store_calendar(v->store, names.items[i], &row);
        if (rc == 0)
            rc = store_calendar_counts(v->store, row.id, v->now_ms, &counts);
        if (rc == 0)
            read_item(v, &row, &counts);
        calendar_row_close(&row);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    buf_puts(b, "</ul></section>");
    str_list_close(&names);
    return rc;
}

/* --- the page --- */

/* `link`: one that was just made; NULL: none. */
static int show(struct visit *v, const struct form *f, const char *link)
{
    struct buf *b = &v->response->body;

    if (f->problem_count > 0)
        v->response->status = 400;
    frame_begin(v, word(W_CALENDARS), PLACE_NONE);
    buf_puts(b, "<h1>");
    html_word(b, W_CALENDARS);
    buf_puts(b, "</h1>");
    deed_said(v);
    if (link != NULL) {
        part_section(b, "link", W_PUBLISHED_LINK);
        buf_puts(b, "<p class=\"words\"><code>");
        html_text(b, link);
        buf_puts(b, "</code></p><p role=\"status\">");
        html_word(b, W_PUBLISHED_ONCE);
        buf_puts(b, "</p></section>");
    }
    int rc = published(v, f);
    if (rc == 0)
        rc = read_calendars(v);
    frame_end(v);
    return rc;
}

int page_calendars(struct visit *v)
{
    const struct form f = {0};

    return show(v, &f, NULL);
}

/* --- deeds --- */

/* The key of whom was chosen; NULL with 0: everybody, or nobody of the list, which is a problem. */
static int take_key(struct visit *v, struct form *f, char **key)
{
    const char *whose = form_value(f, "whose");
    struct staff person = {0};
    char *facts = NULL;
    int64_t row;

    *key = NULL;
    if (str_eq(whose, EVERYBODY))
        return 0;
    int rc = whose != NULL && str_to_int(whose, 1, INT64_MAX, &row)
                 ? store_staff(v->store, row, &person)
                 : ERR_NOTFOUND;
    if (rc == 0 && person.active)
        rc = store_facts(v->store, ENTITY_STAFF, row, key, &facts);
    if (rc == ERR_NOTFOUND || (rc == 0 && !person.active)) {
        form_wrong(f, "whose", W_PUBLISH_UNKNOWN, NULL);
        rc = 0;
    }
    staff_close(&person);
    free(facts);
    return rc;
}

/* How the audit calls the link to a calendar. free() it. */
static char *calendar_about(int64_t id)
{
    return mem_printf("calendar %lld", (long long)id);
}

static int publish(struct visit *v, struct form *f, const char *key)
{
    char token[PUBLISHED_TOKEN_MAX], *whose = NULL;
    int64_t id = 0;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_publish(v->store, key, v->now_ms, token, &id);
    if (rc == ERR_LIMIT) {
        deed_drop(v);
        form_wrong(f, "whose", W_PUBLISH_FULL, NULL);
        return show(v, f, NULL);
    }
    if (rc == 0)
        rc = store_published_whose(v->store, id, &whose);
    char *about = calendar_about(id);
    rc = deed_end(v, rc, "publish calendar", about, whose, NULL, NULL);
    free(about);
    free(whose);
    if (rc != 0)
        return rc;
    char *link = mem_printf("%s/calendar/%s.ics", v->site->url, token);
    rc = show(v, f, link);
    free(link);
    return rc;
}

int page_calendar_publish(struct visit *v)
{
    struct form f = {.typed = &v->request->form};
    char *key;
    int rc = take_key(v, &f, &key);

    if (rc == 0 && (f.problem_count > 0 || v->site->url == NULL))
        rc = show(v, &f, NULL);
    else if (rc == 0)
        rc = publish(v, &f, key);
    free(key);
    return rc;
}

int page_calendar_revoke(struct visit *v)
{
    char *about = calendar_about(v->hole.id), *whose = NULL;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_published_whose(v->store, v->hole.id, &whose);
    if (rc == 0)
        rc = store_published_remove(v->store, v->hole.id);
    rc = deed_end(v, rc, "revoke calendar", about, whose, "/calendars", "revoked");
    free(about);
    free(whose);
    return rc;
}
