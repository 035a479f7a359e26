/*
 * betimes calendar: the calendars that are read (`[calendar NAME]` in betimes.conf), how they are,
 * and what may be said to them: accept, sync. The service hears of it by the database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "calendar/sync.h"
#include "cli/calendar.h"
#include "cli/show.h"
#include "playbook/ini.h"
#include "store/calendar_objects.h"
#include "store/calendars.h"

#define OBJECTS_SHOWN 100 /* of those that cannot be read */

/* ---- which there are */

/* The names in betimes.conf, which need not be free of errors. */
static void configured(const struct call *call, struct str_list *out)
{
    struct problems problems = {0};
    char *path = fs_join(call->dir, "betimes.conf");
    struct ini *ini = ini_read(path, &problems);

    for (size_t i = 0; ini != NULL && i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, "calendar") == 0 && *ini->sections[i].name != '\0')
            str_list_add(out, ini->sections[i].name, strlen(ini->sections[i].name));
    ini_free(ini);
    problems_close(&problems);
    free(path);
}

/* One that is read: its row is empty but for the name when nobody has looked yet. */
struct read_calendar {
    struct calendar_row row;
    struct calendar_counts counts;
    struct str_list notes; /* what is wrong with it, or with single entries of it */
    bool configured;
};

typedef void (*each_read)(void *arg, const struct read_calendar *c);

/* What the last look noted, and what cannot be read of a collection. */
static int load_notes(struct store *s, struct read_calendar *c)
{
    struct calendar_object *objects;
    size_t count;
    int rc = store_calendar_objects_troubled(s, c->row.id, OBJECTS_SHOWN, &objects, &count);

    str_split(&c->notes, c->row.notes != NULL ? c->row.notes : "", '\n');
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(objects[i].href, '/');
        char *note =
            mem_printf("%s: %s", slash != NULL ? slash + 1 : objects[i].href, objects[i].trouble);
        str_list_add(&c->notes, note, strlen(note));
        free(note);
    }
    calendar_objects_free(objects, count);
    return rc;
}

static int each(const struct calendar_order *o, each_read call, void *arg, size_t *count)
{
    struct store *s = o->session->store;
    struct str_list names = {0};
    int rc = 0;

    configured(o->call, &names);
    size_t in_conf = names.count;
    rc = store_calendar_names(s, &names); /* what is known of calendars that are no more */
    *count = 0;
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        struct read_calendar c = {.configured = i < in_conf};
        rc = store_calendar(s, names.items[i], &c.row);
        if (rc == 0)
            rc = store_calendar_counts(s, c.row.id, clock_wall_ms(), &c.counts);
        if (rc == 0)
            rc = load_notes(s, &c);
        if (rc == ERR_NOTFOUND) {
            c.row.name = mem_strdup(names.items[i]);
            rc = 0;
        }
        if (rc == 0) {
            call(arg, &c);
            (*count)++;
        }
        calendar_row_close(&c.row);
        str_list_close(&c.notes);
    }
    str_list_close(&names);
    return rc == 0 ? EXIT_DONE : session_failed(o->session, rc, "list the calendars");
}

/* ---- the list */

static const char *state_of(const struct read_calendar *c)
{
    if (!c->configured && strcmp(c->row.name, SYNC_IMPORT) != 0)
        return "not configured";
    if (c->row.asks != NULL)
        return "asks";
    if (c->row.tries > 0)
        return "trouble";
    return c->row.good_ms == 0 ? "new" : "fine";
}

static void add_json(void *arg, const struct read_calendar *c)
{
    const struct calendar_row *r = &c->row;
    json_t *o = json_object(), *notes = json_array();

    for (size_t i = 0; i < c->notes.count; i++)
        json_array_append_new(notes, show_json_text(c->notes.items[i]));
    json_object_set_new(o, "kind", json_string("read"));
    json_object_set_new(o, "name", show_json_text(r->name));
    json_object_set_new(o, "state", json_string(state_of(c)));
    json_object_set_new(o, "looked",
                        r->looked_ms != 0 ? show_json_time(r->looked_ms) : json_null());
    json_object_set_new(o, "good", r->good_ms != 0 ? show_json_time(r->good_ms) : json_null());
    json_object_set_new(o, "tries", json_integer(r->tries));
    json_object_set_new(o, "trouble", show_json_text(r->trouble));
    json_object_set_new(o, "asks", show_json_text(r->asks));
    json_object_set_new(o, "missing", json_integer(r->asks_missing));
    json_object_set_new(o, "accepted", json_integer(r->accepted));
    json_object_set_new(o, "booked", json_integer(c->counts.booked));
    json_object_set_new(o, "cancelled", json_integer(c->counts.cancelled));
    json_object_set_new(o, "no_client", json_integer(c->counts.unmatched));
    json_object_set_new(o, "passed_over", json_integer(c->counts.passed));
    json_object_set_new(o, "unknown_time", json_integer(c->counts.unreadable));
    json_object_set_new(o, "notes", notes);
    json_array_append_new(arg, o);
}

int calendar_read_json(const struct calendar_order *o, json_t *array)
{
    size_t count;

    return each(o, add_json, array, &count);
}

struct printing {
    struct table table;
    struct str_list whys; /* below each row; lines, "" for none */
    const struct calendar_order *order;
};

static void add_row(void *arg, const struct read_calendar *c)
{
    struct printing *p = arg;
    const struct calendar_row *r = &c->row;
    const char *state = state_of(c);
    char looked[SHOW_TIME_MAX] = "never";
    struct buf why;

    buf_init(&why);
    if (r->good_ms != 0)
        show_time(r->good_ms, p->order->session->zone, clock_wall_ms(), looked);
    table_add(&p->table, PLAIN, r->name);
    table_add(&p->table, strcmp(state, "fine") == 0 ? GREEN : YELLOW, state);
    table_add(&p->table, PLAIN, looked);
    table_addf(&p->table, PLAIN, "%lld", (long long)c->counts.booked);
    table_addf(&p->table, c->counts.unmatched + c->counts.unreadable > 0 ? YELLOW : PLAIN, "%lld",
               (long long)(c->counts.unmatched + c->counts.unreadable));
    if (r->asks != NULL)
        buf_printf(&why, "%s; `betimes calendar accept %s` if that is right\n", r->asks, r->name);
    if (r->tries > 0)
        buf_printf(&why, "%s (%lld times)\n", r->trouble, (long long)r->tries);
    for (size_t i = 0; i < c->notes.count; i++)
        buf_printf(&why, "%s\n", c->notes.items[i]);
    str_list_add(&p->whys, why.data, why.len);
    buf_close(&why);
}

static void put_why(void *arg, size_t row)
{
    const struct printing *p = arg;
    struct str_list lines = {0};

    str_split(&lines, p->whys.items[row], '\n');
    for (size_t i = 0; i < lines.count; i++) {
        printf("    ");
        put_folded(lines.items[i], 4, 4);
    }
    str_list_close(&lines);
}

int calendar_read_print(const struct calendar_order *o)
{
    static const char *const heads[] = {"CALENDAR", "STATE", "LAST READ", "TO COME", "APART"};
    struct printing p = {.table = {.heads = heads, .columns = 5, .give = 0, .right = 3u << 3},
                         .order = o};
    size_t count;
    int status = each(o, add_row, &p, &count);

    if (status == EXIT_DONE && count == 0)
        puts("No calendar is read; `[calendar NAME]` in betimes.conf is one.");
    else if (status == EXIT_DONE)
        table_print(&p.table, put_why, &p);
    str_list_close(&p.whys);
    return status;
}

/* ---- accept, sync */

static int not_known(const struct calendar_order *o, const char *name)
{
    struct str_list names = {0};

    configured(o->call, &names);
    const char *near = str_nearest(name, (const char *const *)names.items, names.count);
    int status = near != NULL
                     ? command_error(ERR_NOTFOUND, "there is no calendar `%s`; did you mean `%s`?",
                                     name, near)
                     : command_error(ERR_NOTFOUND,
                                     "there is no calendar `%s`; `betimes calendar` "
                                     "lists what there is",
                                     name);
    str_list_close(&names);
    return status;
}

/* Write that a look is wanted, with a yes to so many missing events (0: none is said). */
static int want(const struct calendar_order *o, const char *name, int64_t missing)
{
    struct store *s = o->session->store;
    int rc = store_begin(s);

    if (rc == 0 && missing > 0)
        rc = store_calendar_accept(s, name, missing);
    if (rc == 0)
        rc = store_calendar_want(s, name, clock_wall_ms());
    if (rc == 0)
        rc = store_commit(s);
    else
        store_rollback(s);
    return rc == 0 ? EXIT_DONE : session_failed(o->session, rc, "ask for a look");
}

static const char *when(const struct calendar_order *o)
{
    return session_service(o->session, NULL) == SERVICE_STOPPED ? "when the service runs again"
                                                                : "now";
}

int calendar_accept(const struct calendar_order *o)
{
    const char *name = call_word(o->call, CALENDAR_WORD);
    struct calendar_row row;
    int rc = store_calendar(o->session->store, name, &row), status;

    if (rc == ERR_NOTFOUND)
        status = not_known(o, name);
    else if (rc != 0)
        status = session_failed(o->session, rc, "look it up");
    else if (row.asks == NULL)
        status = command_error(ERR_INVALID, "the calendar %s does not wait for a yes", name);
    else
        status = want(o, name, row.asks_missing);
    if (status == EXIT_DONE)
        printf("The calendar %s may lack up to %lld %s; the service looks at it %s.\n", name,
               (long long)row.asks_missing, row.asks_missing == 1 ? "event" : "events", when(o));
    calendar_row_close(&row);
    return status;
}

int calendar_sync(const struct calendar_order *o)
{
    const char *name = call_word(o->call, CALENDAR_WORD);
    struct str_list names = {0};

    configured(o->call, &names);
    int status = str_list_has(&names, name) ? want(o, name, 0) : not_known(o, name);
    str_list_close(&names);
    if (status == EXIT_DONE)
        printf("The service looks at the calendar %s %s.\n", name, when(o));
    return status;
}
