/*
 * Finding the collection: the URL may be one; or a principal, a calendar home, a whole server.
 *
 *     the URL ──┬── a calendar ────────────────────────────────┐
 *               ├── says where calendars are ── home ── choice ─┴─ look
 *               ├── says who we are ── principal ── home
 *               ├── a folder ── taken for the home
 *               └── nothing of it ── the well-known place, once; then as above
 *
 * Each step is one PROPFIND. What leads to another server ends it with a sentence that names the
 * server: whoever wrote `url` is to decide who gets the password.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "caldav_inner.h"

#define WELL_KNOWN "/.well-known/caldav"
#define SHOWN_CHOICES 10
#define SHOWN_BYTES 100 /* of a name */

static void write_what(struct caldav *c, struct buf *out)
{
    dav_ask_what(out);
}

void caldav_find(struct caldav *c)
{
    caldav_ask(c, CALDAV_WHAT, c->source.url, "PROPFIND", "0", write_what);
}

/* Where `href` leads from where we are, if that is at the same server; else the look is over. */
static char *lead(struct caldav *c, const char *href)
{
    struct origin there;
    struct err why;
    char *url = origin_resolve(c->url, href);

    if (url != NULL && origin_of(url, &there, NULL) == 0 && origin_trusts(&c->origin, &there))
        return url;
    if (url != NULL && origin_of(url, &there, NULL) == 0)
        err_set(&why, "%s keeps these calendars at %s%s: write that as `url`", c->origin.host,
                there.tls ? "https://" : "http://", there.host);
    else
        err_set(&why, "%s leads to an address that is none", c->origin.host);
    free(url);
    caldav_end(c, ERR_INVALID, why.text, 0);
    return NULL;
}

static void go_to(struct caldav *c, enum caldav_state state, const char *href, const char *depth)
{
    char *url = lead(c, href);

    if (url != NULL)
        caldav_ask(c, state, url, "PROPFIND", depth, write_what);
    free(url);
}

static void try_well_known(struct caldav *c, const struct fetch_reply *reply)
{
    struct err why = {0};
    int rc = fetch_judge(reply, &why);

    if (!c->tried_well_known && c->state == CALDAV_WHAT && rc != ERR_BUSY && reply->status != 401) {
        c->tried_well_known = true;
        go_to(c, CALDAV_WELL_KNOWN, WELL_KNOWN, "0");
        return;
    }
    if (rc == 0)
        err_set(&why, "%s says nothing of calendars at this address: see `url`", reply->host);
    caldav_end(c, rc != 0 ? rc : ERR_NOTFOUND, why.text, reply->retry_after_ms);
}

void caldav_found_what(struct caldav *c, const struct fetch_reply *reply)
{
    const struct caldav_seen *seen = &c->seen;

    if (reply->status == 0) {
        caldav_end(c, reply->rc, reply->error, 0);
    } else if (reply->status != 207) {
        try_well_known(c, reply);
    } else if (seen->flags & DAV_CALENDAR) {
        c->collection = mem_strdup(c->url);
        caldav_look(c);
    } else if (seen->home != NULL) {
        go_to(c, CALDAV_HOME, seen->home, "1");
    } else if (seen->principal != NULL && c->state != CALDAV_USER) {
        go_to(c, CALDAV_USER, seen->principal, "0");
    } else if ((seen->flags & DAV_COLLECTION) && c->state == CALDAV_WHAT) {
        go_to(c, CALDAV_HOME, c->url, "1");
    } else {
        try_well_known(c, reply);
    }
}

/* The last part of a URL's path, without its slash: what a collection is called on the wire. */
static bool ends_with_part(const char *url, const char *name)
{
    size_t n = strlen(url), len = strlen(name);

    while (n > 0 && url[n - 1] == '/')
        n--;
    return n > len && url[n - len - 1] == '/' && strncmp(url + n - len, name, len) == 0;
}

void caldav_see_choice(struct caldav *c, const struct dav_response *r)
{
    bool events = !(r->flags & DAV_OTHER_PARTS) || (r->flags & DAV_EVENTS);
    char *url = caldav_object_url(c->url, r->href);

    if (url != NULL && (r->flags & DAV_CALENDAR) && events &&
        c->choices.count < CALDAV_CHOICES_MAX) {
        str_list_add(&c->choices, url, strlen(url));
        str_list_add(&c->choice_names, r->name, strlen(r->name));
    }
    free(url);
}

/* How many bytes of a name to show, for "%.*s". */
static int shown(const char *name)
{
    return (int)str_utf8_valid(name, strnlen(name, SHOWN_BYTES));
}

static void tell_choices(struct caldav *c, size_t fits, struct err *why)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < c->choices.count && i < SHOWN_CHOICES; i++)
        buf_printf(&b, "%s\"%.*s\"", i > 0 ? ", " : "", shown(c->choice_names.items[i]),
                   c->choice_names.items[i]);
    if (c->choices.count == 0)
        err_set(why, "%s has no calendar for this user", c->origin.host);
    else if (c->source.collection != NULL && fits > 1)
        err_set(why,
                "%s has %zu calendars \"%.*s\": `collection` may also be the last part of "
                "its address",
                c->origin.host, fits, shown(c->source.collection), c->source.collection);
    else if (c->source.collection != NULL)
        err_set(why, "%s has no calendar \"%.*s\", but: %s", c->origin.host,
                shown(c->source.collection), c->source.collection, b.data);
    else
        err_set(why, "%s has %zu calendars; `collection` has to say which: %s", c->origin.host,
                c->choices.count, b.data);
    buf_close(&b);
}

void caldav_found_home(struct caldav *c, const struct fetch_reply *reply)
{
    const char *wanted = c->source.collection;
    struct err why = {0};
    int rc = fetch_judge(reply, &why);
    size_t fits = 0, which = 0;

    if (rc != 0) {
        caldav_end(c, rc, why.text, reply->retry_after_ms);
        return;
    }
    for (size_t i = 0; i < c->choices.count; i++) {
        if (wanted != NULL && strcmp(c->choice_names.items[i], wanted) != 0 &&
            !ends_with_part(c->choices.items[i], wanted))
            continue;
        which = i;
        fits++;
    }
    if (fits != 1) {
        tell_choices(c, fits, &why);
        caldav_end(c, ERR_INVALID, why.text, 0);
        return;
    }
    c->collection = mem_strdup(c->choices.items[which]);
    caldav_look(c);
}
