/*
 * A visit: a request on its way through the house, with who makes it and what a handler may use.
 */
#ifndef WEB_VISIT_H
#define WEB_VISIT_H

#include <stdint.h>

#include "store/store.h"
#include "store/users.h"
#include "web/backoff.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "web/site.h"
#include "web/web.h"

struct awaited;   /* web/awaited.h */
struct feeds;     /* web/feeds.h */
struct mistakes;  /* web/mistakes.h */
struct previews;  /* web/previews.h */
struct proposals; /* web/proposals.h */

struct visit {
    const struct request *request;
    struct response *response;
    const struct site *site;
    struct mistakes *mistakes; /* in the files, when the request came; NULL: none */
    bool mended;               /* they are not there any more (mistakes_look_again) */
    bool lists_mistakes;       /* the page lists them itself */
    struct web_health health;  /* as it was when the request came */
    const struct route *route;
    struct route_hole hole;    /* what stands in its path */
    int64_t now_ms;            /* the service's clock */
    struct store *store;       /* NULL on the loop */
    struct backoff *backoff;   /* in the lane of signing in only */
    struct previews *previews; /* in the lane of pages only, */
    struct awaited *awaited;   /* and so is this */
    const struct web_hooks *hooks;
    struct proposals *proposals; /* of the playbook, that are not saved yet */
    struct feeds *feeds;         /* in the lane of calendars only */
    struct login login;          /* user.id 0: nobody is signed in */
};

/* May the visitor do what needs at least this role? */
static inline bool visit_may(const struct visit *v, enum role role)
{
    return v->login.user.id != 0 && v->login.user.role >= role;
}

#endif
