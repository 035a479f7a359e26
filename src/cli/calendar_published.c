/*
 * betimes calendar publish, revoke: links to calendars, for people to subscribe to. The page
 * (src/web) serves them; here they are made and ended.
 *
 * A link is shown once. The database keeps the hash of its token, as it does of a cookie: a copy of
 * the database opens nobody's calendar, and a lost link is replaced by another one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/calendar.h"
#include "cli/show.h"
#include "store/entities.h"
#include "store/published.h"
#include "store/records.h"
#include "store/users.h"

/* --- whose --- */

struct whose {
    char *key;  /* of the member of staff; NULL: the business */
    char *name; /* NULL: they are gone */
    bool active;
};

static void whose_close(struct whose *w)
{
    free(w->key);
    free(w->name);
}

/* Who has this key now; nobody is no error. */
static int look_up(struct store *s, const char *key, struct whose *out)
{
    struct staff person;
    int rc = store_published_staff(s, key, &person);

    *out = (struct whose){.key = mem_strdup(key)};
    if (rc != 0) {
        staff_close(&person);
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    out->name = mem_strdup(person.name);
    out->active = person.active;
    staff_close(&person);
    return 0;
}

/* The member of staff that was asked for, who has to be active. */
static int find_staff(const struct calendar_order *o, struct whose *out)
{
    const char *text = call_word(o->call, CALENDAR_WORD + 1);
    struct store *s = o->session->store;
    char *key = NULL, *facts = NULL;
    int64_t row;
    int status = session_row(o->session, ENTITY_STAFF, text, &row);

    if (status != EXIT_DONE)
        return status;
    int rc = store_facts(s, ENTITY_STAFF, row, &key, &facts);
    if (rc == 0)
        rc = look_up(s, key, out);
    free(facts);
    free(key);
    if (rc != 0)
        return session_failed(o->session, rc, "look it up");
    if (out->active)
        return EXIT_DONE;
    return command_error(ERR_INVALID, "%s is not active any more; such a calendar stays closed",
                         out->name);
}

static int find_whose(const struct calendar_order *o, struct whose *out)
{
    const char *kind = call_word(o->call, CALENDAR_WORD);
    bool names = call_word(o->call, CALENDAR_WORD + 1) != NULL;

    *out = (struct whose){.active = true};
    if (strcmp(kind, "business") == 0)
        return names ? command_misused(o->call, "`publish business` takes no name") : EXIT_DONE;
    if (strcmp(kind, "staff") != 0)
        return command_misused(o->call, "`%s` is neither business nor staff", kind);
    if (!names)
        return command_misused(o->call, "say who: betimes calendar publish staff REF");
    return find_staff(o, out);
}

/* --- publish, revoke --- */

/* Ends the transaction, with a line for the audit. */
static int finish(const struct calendar_order *o, int rc, const char *action, int64_t id,
                  const char *whose)
{
    struct store *s = o->session->store;
    char *about = mem_printf("calendar %lld", (long long)id);

    if (rc == 0)
        rc = store_audit(s, clock_wall_ms(), "betimes calendar", action, about, whose);
    free(about);
    if (rc == 0)
        rc = store_commit(s);
    else
        store_rollback(s);
    return rc;
}

static int print_link(const struct calendar_order *o, const struct whose *w, int64_t id,
                      const char *token)
{
    char *link = mem_printf("%s/calendar/%s.ics", o->session->url, token);
    int status = EXIT_DONE;

    if (o->call->json) {
        json_t *j = json_object();
        json_object_set_new(j, "id", json_integer(id));
        json_object_set_new(j, "of", json_string(w->key != NULL ? "staff" : "business"));
        json_object_set_new(j, "staff", show_json_text(w->name));
        json_object_set_new(j, "link", show_json_text(link));
        status = show_print_json(j);
    } else {
        printf(
            "%s\n\nThe appointments of %s, for a calendar program to subscribe to \"by address\" "
            "or\n\"from the web\". Whoever has the link sees them. It is not shown again;\n"
            "`betimes calendar revoke %lld` ends it.\n",
            link, w->key != NULL ? w->name : "the business", (long long)id);
    }
    free(link);
    return status;
}

int calendar_publish(const struct calendar_order *o)
{
    char token[PUBLISHED_TOKEN_MAX];
    struct store *s = o->session->store;
    struct whose w = {0};
    int64_t id = 0;

    if (o->session->url == NULL)
        return command_error(ERR_INVALID, "a link needs the address at which the page is reached: "
                                          "write it as `url` into [web] of betimes.conf");
    int status = find_whose(o, &w);
    if (status == EXIT_DONE) {
        int rc = store_begin(s);
        if (rc == 0)
            rc = store_publish(s, w.key, clock_wall_ms(), token, &id);
        rc = finish(o, rc, "publish calendar", id, w.key != NULL ? w.name : NULL);
        if (rc == ERR_LIMIT)
            status = command_error(rc, "there are %d already; revoke some that nobody needs",
                                   PUBLISHED_MAX);
        else
            status = rc == 0 ? print_link(o, &w, id, token)
                             : session_failed(o->session, rc, "publish the calendar");
    }
    whose_close(&w);
    return status;
}

int calendar_revoke(const struct calendar_order *o)
{
    const char *text = call_word(o->call, CALENDAR_WORD);
    struct store *s = o->session->store;
    char *whose = NULL;
    int64_t id;

    if (!str_to_int(text, 1, INT64_MAX, &id))
        return command_misused(o->call, "`%s` is no id; `betimes calendar` lists them", text);
    int rc = store_begin(s);
    if (rc == 0)
        rc = store_published_whose(s, id, &whose);
    if (rc == 0)
        rc = store_published_remove(s, id);
    rc = finish(o, rc, "revoke calendar", id, whose);
    free(whose);
    if (rc == ERR_NOTFOUND)
        return command_error(rc,
                             "there is no published calendar %lld; `betimes calendar` lists "
                             "them",
                             (long long)id);
    if (rc != 0)
        return session_failed(o->session, rc, "revoke the calendar");
    printf("The link of calendar %lld leads nowhere any more.\n", (long long)id);
    return EXIT_DONE;
}

/* --- the list --- */

typedef void (*each_published)(void *arg, const struct published *p, const struct whose *w);

static int each(const struct calendar_order *o, each_published call, void *arg, size_t *count)
{
    struct published *list;
    int rc = store_published_all(o->session->store, &list, count);

    for (size_t i = 0; rc == 0 && i < *count; i++) {
        struct whose w = {.active = true};
        if (list[i].staff_key != NULL)
            rc = look_up(o->session->store, list[i].staff_key, &w);
        if (rc == 0)
            call(arg, &list[i], &w);
        whose_close(&w);
    }
    published_free(list, *count);
    return rc == 0 ? EXIT_DONE : session_failed(o->session, rc, "list the calendars");
}

static void add_json(void *arg, const struct published *p, const struct whose *w)
{
    json_t *o = json_object();

    json_object_set_new(o, "kind", json_string("published"));
    json_object_set_new(o, "id", json_integer(p->id));
    json_object_set_new(o, "of", json_string(w->key != NULL ? "staff" : "business"));
    json_object_set_new(o, "staff", show_json_text(w->name));
    json_object_set_new(o, "open", json_boolean(w->active));
    json_object_set_new(o, "created", show_json_time(p->created_ms));
    json_array_append_new(arg, o);
}

int calendar_published_json(const struct calendar_order *o, json_t *array)
{
    size_t count;

    return each(o, add_json, array, &count);
}

struct printing {
    struct table table;
    const struct calendar_order *order;
};

static void add_row(void *arg, const struct published *p, const struct whose *w)
{
    struct printing *printing = arg;
    char since[SHOW_TIME_MAX];

    show_time(p->created_ms, printing->order->session->zone, clock_wall_ms(), since);
    table_addf(&printing->table, PLAIN, "%lld", (long long)p->id);
    table_add(&printing->table, PLAIN,
              w->key == NULL    ? "the business"
              : w->name != NULL ? w->name
                                : w->key);
    table_add(&printing->table, PLAIN, since);
    table_add(&printing->table, w->active ? PLAIN : YELLOW,
              w->active         ? "open"
              : w->name != NULL ? "closed: not active any more"
                                : "closed: nobody is called so");
}

int calendar_published_print(const struct calendar_order *o)
{
    static const char *const heads[] = {"ID", "APPOINTMENTS OF", "SINCE", "STATE"};
    struct printing p = {.table = {.heads = heads, .columns = 4, .give = 1, .right = 1},
                         .order = o};
    size_t count;
    int status = each(o, add_row, &p, &count);

    if (status == EXIT_DONE && count == 0)
        puts("No calendar is published; `betimes calendar publish business` makes a link to one.");
    else if (status == EXIT_DONE)
        table_print(&p.table, NULL, NULL);
    return status;
}
