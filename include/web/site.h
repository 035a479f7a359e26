/*
 * What the pages need to know of betimes.conf and the playbook: a copy of it that never changes,
 * shared by all requests that began under it. The count of its users belongs to the loop.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/report.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "time/hours.h"
#include "time/zone.h"

struct site {
    int users;
    uint64_t number;                /* no other site since the start has it */
    char *business;                 /* its name */
    char *email;                    /* of the business; NULL: none */
    char *currency;                 /* of amounts that name none; NULL: none */
    char *country;                  /* of numbers without a country code; NULL: none */
    const struct zone *zone;        /* of the business */
    struct hours_calendar calendar; /* of the business: hours and holidays */
    bool has_hours;                 /* they were given */
    int week_first;           /* the day of the week on which a week begins there: 0, Sunday */
    char *url;                /* `[web] url` without a slash at its end; NULL: none */
    char *authority;          /* of `[web] url`: host, and port if it has one; NULL: no url */
    char *host;               /* the same without the port */
    char *listen_host;        /* the address in `[web] listen`, as a Host header has it */
    bool secure;              /* the url is https: cookies are for https only */
    char *dir, *playbook;     /* the folder of the configuration, and the playbook's path */
    char *templates;          /* the folder of the texts */
    char *rules;              /* the text of the playbook that is in force; NULL: none */
    struct str_list gateways; /* by name, in the file's order */
    struct report_source **reports; /* of those that tell what becomes of their messages */
    size_t report_count;
    struct workflow *workflows;
    size_t workflow_count;
};

/* With one user. `p` may be NULL: no workflows. */
struct site *site_create(const struct settings *s, const struct playbook *p);
struct site *site_hold(struct site *s);
void site_release(struct site *s); /* NULL does nothing */

/* Is a Host header one of ours: `[web] url`, the address we listen at, or a name of this machine?
 * Whoever makes a browser ask us under another name wants to read what it is told. */
bool site_knows_host(const struct site *s, const char *host);

/* Is it a name of this machine ("localhost", 127.0.0.1, [::1])? */
bool host_is_loopback(const char *host);

/* Does the Origin header of a form name this site, as the browser knows it (`host`)? */
bool site_is_origin(const struct site *s, const char *origin, const char *host);

#endif
