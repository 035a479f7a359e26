/*
 * What commands open: the database, and the configuration as a whole.
 *
 * Commands that look after messages need little of betimes.conf, where the database is and which
 * clock the business lives by, and read no more than that: `pause` has to work while a rule is
 * broken, and `outbox` for people who may not read the passwords.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdint.h>

#include "cli/command.h"
#include "service/config.h"
#include "service/lock.h"
#include "store/queries.h"
#include "time/zone.h"

struct session {
    /* The business's; if betimes.conf names none that is known, the one that the database remembers
     * of the service, and else UTC. */
    const struct zone *zone;
    enum { ZONE_WRITTEN, ZONE_REMEMBERED, ZONE_UNKNOWN } zone_from;
    char *database;
    char *url; /* of the page, without a slash at its end; NULL: betimes.conf says none */
    struct store *store;
};

/* Read where things are, without opening the database. Returns EXIT_DONE, or another exit status
 * after saying why. session_close in any case. */
int session_find(const struct call *call, struct session *out);

/* And open it, to look (STORE_READ) or to write (STORE_WRITE, waiting up to SESSION_WAIT_MS for
 * another program's transaction). */
#define SESSION_WAIT_MS 5000
int session_open(const struct call *call, enum store_mode mode, struct session *out);
void session_close(struct session *s);

/* Does a service work on the database? It holds a lock as long as it lives. `holders` (may be NULL)
 * tells of the one that works and of those that stand by. */
enum service_life { SERVICE_STOPPED, SERVICE_RUNS, SERVICE_HIDDEN /* its lock may not be read */ };
struct service_holders {
    struct lock_holder items[LOCK_PLACES];
    size_t count;
};
enum service_life session_service(const struct session *s, struct service_holders *holders);

/* After a failed call of the store's: say what could not be done, and return the exit status. */
int session_failed(const struct session *s, int rc, const char *what);

/* The row that a person means by the option's or word's text; says so if there is none. */
int session_row(const struct session *s, enum entity_kind kind, const char *text, int64_t *row_id);

/* Load the configuration, with this playbook in the place of its own (NULL: its own); prints what
 * is wrong with it on standard error and returns EXIT_ASKED. */
int session_config(const struct call *call, const char *playbook, struct config *out);

/* The same for those who can do with less: what is wrong is printed, `out` is empty, and they go
 * on. Returns how many mistakes there are. */
size_t session_config_if_right(const struct call *call, struct config *out);

/* The time that --now says (read in `zone` if it says none of its own), else the clock's. Also for
 * other options with a time, with their fallback. */
int session_time(const struct call *call, const char *option, const struct zone *zone,
                 int64_t fallback_ms, int64_t *out_ms);

/* Say that betimes.conf has no calendar of this name, and which one is near; EXIT_ASKED. */
int session_no_calendar(const struct settings *s, const char *name);

/* The rule with this name; says which is near if there is none. */
int session_rule(const struct config *c, const char *name, const struct rule **out);

#endif
