/*
 * The page as a part of the service. See web/web.h.
 *
 * A request comes from the server, passes the door and, unless its handler runs at once, stands in
 * one of its lanes: one for pages, one for signing in, one for calendars, one for previews of what
 * a change would send, so that neither the slow hashing of passwords nor a long calendar keeps
 * anybody from their page. Done, it is
 * answered.
 *
 * States: idle (no `listen`); listening; waiting to listen (the address is taken: tried again every
 * few seconds). A reload may lead from each to each; a server of before ends by itself.
 *
 * The end: no new connections, the lanes finish what is under way and answer what waits with 503;
 * a server ends when nothing of it is under way any more.
 */
#include "web/web.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/awaited.h"
#include "web/door.h"
#include "web/feeds.h"
#include "web/frame.h"
#include "web/lane.h"
#include "web/listen.h"
#include "web/mistakes.h"
#include "web/pages.h"
#include "web/previews.h"
#include "web/proposals.h"
#include "web/server.h"
#include "web/texts.h"

#define LISTEN_AGAIN_MS 5000
#define PAGES_WAITING_MAX 200
#define SIGN_IN_WAITING_MAX 20
#define CALENDARS_WAITING_MAX 50
#define PREVIEWS_WAITING_MAX 20

enum { LANE_PAGES, LANE_SIGN_IN, LANE_CALENDARS, LANE_PREVIEWS, LANES };

struct web {
    uv_loop_t *loop;
    struct web_hooks hooks;
    struct site *site;         /* NULL: idle */
    struct mistakes *mistakes; /* NULL: none */
    struct listen_address address;
    struct server *server; /* NULL: idle, or waiting to listen */
    struct lane *lanes[LANES];
    struct backoff backoff;    /* of the sign-in lane */
    struct feeds *feeds;       /* of the calendars' lane */
    struct previews *previews; /* of the pages' lane, */
    struct awaited *awaited;   /* and so is this */
    struct proposals *proposals;
    uv_timer_t again;
    bool stopping;
    int open; /* servers, lanes and handles that are still closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

struct web_change {
    struct site *site;
    struct listen_address address;
    int fd; /* listening; -1: none, or the present server goes on */
    struct lane *lanes[LANES];
};

/* --- requests --- */

struct errand {
    struct lane_job job;
    struct exchange *exchange;
    struct web *web;
    struct visit visit;
    bool done;
};

static void errand_free(struct exchange *x)
{
    struct errand *e = x->data;

    login_close(&e->visit.login);
    site_release((struct site *)(uintptr_t)e->visit.site);
    mistakes_release(e->visit.mistakes);
    free(e);
}

static void serve_work(struct lane_job *job, struct store *store)
{
    struct errand *e = (struct errand *)job;

    e->visit.store = store;
    door_serve(&e->visit);
    e->visit.store = NULL;
    e->done = true;
}

static void crowded(struct errand *e)
{
    e->visit.response->retry_after_s = 5;
    frame_say(&e->visit, 503, W_CROWDED, W_CROWDED_TEXT);
}

static void serve_done(struct lane_job *job)
{
    struct errand *e = (struct errand *)job;

    if (!e->done)
        crowded(e);
    else if (!e->web->stopping)
        proposals_pump(e->web->proposals); /* the page may have brought one */
    exchange_answer(e->exchange);
}

static void request_cb(void *arg, struct exchange *x)
{
    struct web *w = arg;
    struct errand *e = mem_zalloc(sizeof(*e));
    struct visit *v = &e->visit;

    x->data = e;
    x->free_data = errand_free;
    e->exchange = x;
    e->web = w;
    e->job.work = serve_work;
    e->job.done = serve_done;
    v->request = &x->request;
    v->response = &x->response;
    v->site = site_hold(w->site);
    v->mistakes = mistakes_hold(w->mistakes);
    v->now_ms = clock_wall_ms();
    v->backoff = &w->backoff;
    v->hooks = &w->hooks;
    v->proposals = w->proposals;
    v->feeds = w->feeds;
    v->previews = w->previews;
    v->awaited = w->awaited;
    w->hooks.health(w->hooks.arg, &v->health);
    if (!door_enter(v)) {
        exchange_answer(x);
    } else if (v->route->where == ON_LOOP) {
        door_serve(v);
        exchange_answer(x);
    } else {
        static const int lane_of[] = {[IN_PAGES] = LANE_PAGES,
                                      [IN_SIGN_IN] = LANE_SIGN_IN,
                                      [IN_CALENDARS] = LANE_CALENDARS,
                                      [IN_PREVIEWS] = LANE_PREVIEWS};
        struct lane *lane = w->lanes[lane_of[v->route->where]];
        if (lane == NULL || !lane_add(lane, &e->job)) {
            crowded(e);
            exchange_answer(x);
        }
    }
}

/* --- making ready, and changing --- */

struct web *web_create(uv_loop_t *loop, const struct web_hooks *hooks)
{
    struct web *w = mem_zalloc(sizeof(*w));

    assets_begin();
    w->loop = loop;
    w->hooks = *hooks;
    w->proposals = proposals_create(loop);
    w->feeds = feeds_create();
    w->previews = previews_create();
    w->awaited = awaited_create();
    uv_timer_init(loop, &w->again);
    w->again.data = w;
    return w;
}

static bool same_address(const struct listen_address *a, const struct listen_address *b)
{
    return a->length == b->length && memcmp(&a->address, &b->address, a->length) == 0;
}

static void nothing(void *arg)
{
}

static int open_lanes(struct web *w, const char *database, struct web_change *c, struct err *err)
{
    static const size_t waiting_max[LANES] = {PAGES_WAITING_MAX, SIGN_IN_WAITING_MAX,
                                              CALENDARS_WAITING_MAX, PREVIEWS_WAITING_MAX};

    for (int i = 0; i < LANES && w->lanes[i] == NULL; i++) {
        c->lanes[i] = lane_create(w->loop, database, waiting_max[i], err);
        if (c->lanes[i] == NULL)
            return ERR_IO;
    }
    return 0;
}

/* All but the socket. */
static int prepare(struct web *w, const struct settings *s, const struct playbook *p,
                   struct web_change **out, struct err *err)
{
    struct web_change *c = mem_zalloc(sizeof(*c));
    int rc = 0;

    c->fd = -1;
    *out = c;
    if (s->web_listen == NULL)
        return 0;
    rc = listen_parse(s->web_listen, &c->address, err);
    if (rc == 0)
        rc = open_lanes(w, s->database, c, err);
    if (rc == 0)
        c->site = site_create(s, p);
    if (rc == 0)
        return 0;
    web_drop(c);
    *out = NULL;
    return rc;
}

int web_prepare(struct web *w, const struct settings *s, const struct playbook *p,
                struct web_change **out, struct err *err)
{
    int rc = prepare(w, s, p, out, err);

    if (rc != 0 || (*out)->site == NULL ||
        (w->site != NULL && same_address(&(*out)->address, &w->address)))
        return rc; /* it listens there, or tries to */
    (*out)->fd = listen_open(&(*out)->address, err);
    if ((*out)->fd >= 0)
        return 0;
    rc = (*out)->fd;
    web_drop(*out);
    *out = NULL;
    return rc;
}

void web_drop(struct web_change *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        close(c->fd);
    for (int i = 0; i < LANES; i++)
        if (c->lanes[i] != NULL)
            lane_close(c->lanes[i], nothing, NULL);
    site_release(c->site);
    free(c);
}

static void tell_listening(const struct listen_address *a)
{
    const struct sockaddr *address = (const struct sockaddr *)&a->address;
    bool six = address->sa_family == AF_INET6;
    int port = ntohs(six ? ((const struct sockaddr_in6 *)address)->sin6_port
                         : ((const struct sockaddr_in *)address)->sin_port);
    char text[ADDRESS_TEXT_MAX];

    address_text(address, text);
    log_info("page", six ? "listen=[%s]:%d" : "listen=%s:%d", text, port);
}

static void serve_on(struct web *w, int fd)
{
    struct err err = {""};

    w->server = server_create(w->loop, fd, request_cb, w, &err);
    if (w->server == NULL)
        log_error("page", "%s", err.text);
    else
        tell_listening(&w->address);
}

static void again_cb(uv_timer_t *t)
{
    struct web *w = t->data;
    int fd = listen_open(&w->address, NULL);

    if (fd < 0)
        return;
    uv_timer_stop(t);
    serve_on(w, fd);
}

/* --- the end --- */

static void part_closed(void *arg)
{
    struct web *w = arg;

    if (--w->open > 0 || !w->stopping)
        return;
    if (w->proposals != NULL) { /* now that no page uses them any more */
        struct proposals *proposals = w->proposals;
        w->proposals = NULL;
        w->open++;
        proposals_close(proposals, part_closed, w);
        return;
    }
    void (*closed)(void *) = w->closed;
    void *closed_arg = w->closed_arg;
    site_release(w->site);
    mistakes_release(w->mistakes);
    feeds_free(w->feeds);
    previews_free(w->previews);
    awaited_free(w->awaited);
    free(w);
    closed(closed_arg);
}

static void timer_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

static void retire_server(struct web *w)
{
    if (w->server == NULL)
        return;
    w->open++;
    server_close(w->server, part_closed, w);
    w->server = NULL;
}

void web_stop(struct web *w, void (*closed)(void *arg), void *arg)
{
    w->stopping = true;
    w->closed = closed;
    w->closed_arg = arg;
    w->open += 1 + LANES; /* so that it is not over before all of them were told */
    retire_server(w);
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = w->lanes[i];
        w->lanes[i] = NULL;
        if (lane != NULL)
            lane_close(lane, part_closed, w);
        else
            w->open--;
    }
    uv_close((uv_handle_t *)&w->again, timer_closed);
}

/* --- what was changed in the files --- */

struct noting {
    struct lane_job job;
    char *templates;
};

static void note_work(struct lane_job *job, struct store *store)
{
    struct noting *n = (struct noting *)job;

    if (texts_note(store, n->templates, clock_wall_ms()) != 0)
        log_warning("versions of texts not kept", "words=\"%s\"", store_error(store));
}

static void note_done(struct lane_job *job)
{
    struct noting *n = (struct noting *)job;

    free(n->templates);
    free(n);
}

/* Texts that were changed in their files become versions as well, at the start and whenever the
 * configuration was read again. */
static void note_texts(struct web *w)
{
    struct noting *n = mem_zalloc(sizeof(*n));

    n->templates = mem_strdup(w->site->templates);
    n->job.work = note_work;
    n->job.done = note_done;
    if (!lane_add(w->lanes[LANE_PAGES], &n->job))
        note_done(&n->job);
}

/* --- settings come into use --- */

void web_use(struct web *w, struct web_change *c)
{
    bool stays = c->site != NULL && c->fd < 0;

    site_release(w->site);
    w->site = c->site;
    w->address = c->address;
    for (int i = 0; i < LANES; i++)
        if (c->lanes[i] != NULL)
            w->lanes[i] = c->lanes[i];
    if (!stays) {
        uv_timer_stop(&w->again);
        retire_server(w); /* it answers what is under way */
    }
    if (c->fd >= 0)
        serve_on(w, c->fd);
    if (w->site != NULL)
        note_texts(w);
    free(c);
}

void web_tell_mistakes(struct web *w, const struct problems *problems, const char *dir)
{
    mistakes_release(w->mistakes);
    w->mistakes = w->site != NULL ? mistakes_create(problems, dir, w->site->dir) : NULL;
}

int web_start(struct web *w, const struct settings *s, const struct playbook *p, struct err *err)
{
    struct web_change *c;
    int rc = prepare(w, s, p, &c, err);

    if (rc != 0)
        return rc;
    web_use(w, c);
    if (w->site == NULL)
        return 0;
    int fd = listen_open(&w->address, err);
    if (fd >= 0) {
        serve_on(w, fd);
    } else {
        log_error("page", "%s; messages go out, and it is tried again", err->text);
        uv_timer_start(&w->again, again_cb, LISTEN_AGAIN_MS, LISTEN_AGAIN_MS);
    }
    return 0;
}
