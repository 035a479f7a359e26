/* What the subcommands of `betimes calendar` share; their table is in cmd_calendar.c. */
#ifndef CLI_CALENDAR_H
#define CLI_CALENDAR_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/session.h"

/* A subcommand as it was called, with the database open; its own words begin at WORD. */
struct calendar_order {
    const struct call *call;
    struct session *session;
};
#define CALENDAR_WORD 1 /* call_word(o->call, CALENDAR_WORD): the first one behind its name */

/* calendar_published.c: the subcommands; each returns an exit status. */
int calendar_publish(const struct calendar_order *o);
int calendar_revoke(const struct calendar_order *o);

/* Its part of the list: append to the array, or print a table. */
int calendar_published_json(const struct calendar_order *o, json_t *array);
int calendar_published_print(const struct calendar_order *o);

/* calendar_read.c: the same for calendars that are read. */
int calendar_accept(const struct calendar_order *o);
int calendar_sync(const struct calendar_order *o);
int calendar_read_json(const struct calendar_order *o, json_t *array);
int calendar_read_print(const struct calendar_order *o);

#endif
