/*
 * Which handler answers what: one table of method, path, who may, handler.
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include <stddef.h>
#include <stdint.h>

#include "web/request.h"

struct visit; /* web/visit.h */

/* Who may. Roles as in store/users.h; nobody in particular; a gateway's
 * provider, who proves it to the handler; programs of this machine. */
enum access {
    ACCESS_MACHINE,
    ACCESS_PROVIDER,
    ACCESS_ANYONE,
    ACCESS_READER,
    ACCESS_STAFF,
    ACCESS_MANAGER
};

/* At the end of a route's path: whatever follows. */
#define ROUTER_REST "..."

/* Where a handler runs: at once on the loop, without the database; or off it, one after another, in
 * the lane of pages, in that of signing in, which takes its time, in that of calendars, which
 * strangers' programs ask for, or in that of previews, which wait for another process. */
enum where { ON_LOOP, IN_PAGES, IN_SIGN_IN, IN_CALENDARS, IN_PREVIEWS };

struct route {
    enum method method;
    const char *path; /* "/clients/{id}": a number; "/c/{token}": letters and digits;
                         "/playbook/{name}": small letters, digits, _ and -; "{language}": letters,
                         digits, _ and -; at most ROUTE_HOLES_MAX of them;
                         "/report/...": with what follows */
    enum access access;
    enum where where;
    int (*handler)(struct visit *v); /* 0, or a negative code, and then an error page is written */
};

enum found { FOUND, FOUND_PATH_ONLY /* another method is allowed there */, FOUND_NOTHING };

/* What stands in the holes of a path. */
#define ROUTE_TOKEN_MAX 64
#define ROUTE_HOLES_MAX 3
struct route_hole {
    int64_t id;                                          /* 0: it has none */
    char token[ROUTE_TOKEN_MAX + 1];                     /* or name, the first; "": it has none */
    char more[ROUTE_HOLES_MAX - 1][ROUTE_TOKEN_MAX + 1]; /* the others, in their order */
};

/* Find the route for this in `table`. For FOUND_PATH_ONLY *out is a route of that path. */
enum found router_find(const struct route *table, size_t count, enum method method,
                       const char *path, const struct route **out, struct route_hole *hole);

#endif
