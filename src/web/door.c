/* What a request passes on its way in and out. See web/door.h. */
#include "web/door.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "web/auth.h"
#include "web/frame.h"
#include "web/pages.h"

/* A program of this machine, asking for itself: no proxy stands between, and nobody's browser was
 * led here under another name. */
static bool is_machine(const struct visit *v)
{
    return v->request->direct && host_is_loopback(v->request->host);
}

bool door_enter(struct visit *v)
{
    const struct request *r = v->request;

    if (!site_knows_host(v->site, r->host)) {
        response_text(v->response, 421,
                      "This is not the address of this page. Its owner can say what is: `url` in "
                      "[web] of betimes.conf.\n");
        return false;
    }
    enum found found = router_find(routes, route_count, r->method, r->path, &v->route, &v->hole);
    /* Whoever may not see it shall not even learn that it is there. */
    if (found != FOUND_NOTHING && v->route->access == ACCESS_MACHINE && !is_machine(v))
        found = FOUND_NOTHING;
    if (found == FOUND)
        return true;
    if (found == FOUND_PATH_ONLY) {
        response_text(v->response, 405, "That cannot be done here.\n");
        v->response->allow = v->route->method == METHOD_POST ? "POST" : "GET, HEAD";
    } else {
        frame_say(v, 404, W_NOT_FOUND, W_NOT_FOUND_TEXT);
    }
    return false;
}

/* --- with the database --- */

static void say_error(struct visit *v, int rc)
{
    if (rc == ERR_NOTFOUND) {
        frame_say(v, 404, W_NOT_FOUND, W_NOT_FOUND_TEXT);
    } else if (rc == ERR_BUSY) {
        v->response->retry_after_s = 2;
        frame_say(v, 503, W_BUSY, W_BUSY_TEXT);
    } else {
        log_error("page failed", "kind=\"%s\" words=\"%s\"", err_name(rc),
                  v->store != NULL ? store_error(v->store) : "");
        frame_say(v, 500, W_TROUBLE, W_TROUBLE_TEXT);
    }
}

static enum role role_for(enum access a)
{
    return a == ACCESS_MANAGER ? ROLE_MANAGER : a == ACCESS_STAFF ? ROLE_STAFF : ROLE_READER;
}

/* May the visitor? If not, the answer says why. */
static bool may(struct visit *v)
{
    if (v->route->access >= ACCESS_READER) {
        if (v->login.user.id == 0) {
            auth_ask(v);
            return false;
        }
        if (!visit_may(v, role_for(v->route->access))) {
            frame_say(v, 403, W_NOT_ALLOWED, W_NOT_ALLOWED_TEXT);
            return false;
        }
    }
    if (v->route->access == ACCESS_PROVIDER)
        return true; /* no browser: it proves itself to the handler */
    if (v->request->method == METHOD_POST && !auth_form_is_ours(v)) {
        frame_say(v, 403, W_STALE, W_STALE_TEXT);
        return false;
    }
    return true;
}

/* A page that is still the same is not sent again. */
static void tag(struct visit *v)
{
    struct response *r = v->response;

    if (v->request->method != METHOD_GET || r->status != 200 || r->fixed != NULL ||
        v->login.user.id == 0)
        return;
    snprintf(r->tag, sizeof(r->tag), "%016llx",
             (unsigned long long)str_hash(r->body.data, r->body.len, 0));
    response_unchanged(r, v->request->match);
}

void door_serve(struct visit *v)
{
    int rc = 0;

    if (v->store != NULL && v->route->access >= ACCESS_READER)
        rc = auth_recognize(v);
    if (rc == 0 && may(v))
        rc = v->route->handler(v);
    if (rc != 0)
        say_error(v, rc);
    tag(v);
}
