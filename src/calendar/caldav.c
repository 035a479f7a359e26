/*
 * One look, question after question; see the header for the way, `allowed` for the moves.
 *
 * The happy path: caldav_start asks what changed (or has the collection found first); each answer
 * is read as it comes (data_cb, response_cb), and when it is whole answered_cb goes on by the state
 * it was asked in. Hrefs to fetch are collected first, then asked for in batches
 * (caldav_objects.c).
 *
 * When things fail: caldav_end tells `done` and frees the look, wherever it stands. What cannot be
 * read of an answer ends it with the reader's sentence.
 */
#include "calendar/caldav.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "caldav_inner.h"

/* allowed[from][to] */
static const bool allowed[CALDAV_STATES][CALDAV_STATES] = {
    [CALDAV_BEGUN] = {[CALDAV_WHAT] = true, [CALDAV_CHANGES] = true, [CALDAV_SIGN] = true},
    [CALDAV_WHAT] = {[CALDAV_WELL_KNOWN] = true,
                     [CALDAV_USER] = true,
                     [CALDAV_HOME] = true,
                     [CALDAV_CHANGES] = true},
    [CALDAV_WELL_KNOWN] = {[CALDAV_USER] = true, [CALDAV_HOME] = true, [CALDAV_CHANGES] = true},
    [CALDAV_USER] = {[CALDAV_HOME] = true, [CALDAV_CHANGES] = true},
    [CALDAV_HOME] = {[CALDAV_CHANGES] = true},
    [CALDAV_CHANGES] = {[CALDAV_CHANGES] = true, /* cut off; or the token was refused */
                        [CALDAV_SIGN] = true,
                        [CALDAV_WHAT] = true, /* the collection of last time has gone */
                        [CALDAV_OBJECTS] = true},
    [CALDAV_SIGN] = {[CALDAV_MEMBERS] = true, [CALDAV_WHAT] = true},
    [CALDAV_MEMBERS] = {[CALDAV_OBJECTS] = true},
    [CALDAV_OBJECTS] = {[CALDAV_OBJECTS] = true, [CALDAV_PAUSED] = true, [CALDAV_CHANGES] = true},
    [CALDAV_PAUSED] = {[CALDAV_OBJECTS] = true, [CALDAV_CHANGES] = true},
};

void caldav_move(struct caldav *c, enum caldav_state to)
{
    assert(to == CALDAV_ENDED ? c->state != CALDAV_ENDED : allowed[c->state][to]);
    c->state = to;
}

/* ---- the end */

static void set(char **field, const char *value)
{
    free(*field);
    *field = value != NULL && value[0] != '\0' ? mem_strdup(value) : NULL;
}

static void forget_seen(struct caldav *c)
{
    set(&c->seen.principal, NULL);
    set(&c->seen.home, NULL);
    set(&c->seen.ctag, NULL);
    set(&c->seen.sync_token, NULL);
    c->seen.flags = 0;
}

static void look_free(struct caldav *c)
{
    caldav_want_none(c);
    free(c->wanted);
    forget_seen(c);
    dav_reader_free(c->reader);
    str_list_close(&c->choices);
    str_list_close(&c->choice_names);
    free(c->url);
    free(c->collection);
    free(c->token);
    free(c);
}

void caldav_end(struct caldav *c, int rc, const char *error, int64_t retry_after_ms)
{
    char *state = NULL;

    caldav_move(c, CALDAV_ENDED);
    if (rc == 0)
        state =
            mem_printf("%c %s\n%s", (char)c->way, c->collection, c->token != NULL ? c->token : "");
    struct caldav_result result = {
        .rc = rc,
        .error = rc != 0 ? error : NULL,
        .unchanged = rc == 0 && !c->anything && !c->complete,
        .complete = rc == 0 && c->complete,
        .state = state,
        .retry_after_ms = retry_after_ms,
    };
    c->hooks.done(c->hooks.arg, &result);
    free(state);
    look_free(c);
}

/* ---- questions and answers */

/* Is it a path of which nothing has to be resolved, as nearly all are? There may be many. */
static bool is_plain_path(const char *href)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~!$&'()*+,;=:@%/";

    return href[0] == '/' && href[1] != '/' && href[strspn(href, plain)] == '\0' &&
           strstr(href, "/.") == NULL;
}

/* The href of an object as we keep it: its path at this server. NULL: it leads elsewhere, or is the
 * collection itself. */
static char *object_href(struct caldav *c, const struct dav_response *r)
{
    char *url, *path = NULL;

    if (is_plain_path(r->href))
        return (r->flags & DAV_COLLECTION) || str_ends(r->href, "/") ? NULL : mem_strdup(r->href);
    url = caldav_object_url(c->collection, r->href);

    if (url != NULL && !(r->flags & DAV_COLLECTION) && !str_ends(url, "/")) {
        const char *slash = strchr(strstr(url, "://") + 3, '/');
        path = mem_strdup(slash != NULL ? slash : "/");
    }
    free(url);
    return path;
}

/* A response of a listing: of all there is, or of what changed. */
static void see_member(struct caldav *c, const struct dav_response *r, const char *href)
{
    c->listed++;
    c->anything = true;
    if (r->status == 404 || r->status == 410) {
        c->hooks.gone(c->hooks.arg, href);
    } else if (r->etag[0] != '\0' && c->hooks.listed(c->hooks.arg, href, r->etag)) {
        caldav_want(c, href);
    }
}

static void keep_first(struct caldav *c, const struct dav_response *r)
{
    c->seen.flags = r->flags;
    set(&c->seen.principal, r->principal);
    set(&c->seen.home, r->home);
    set(&c->seen.ctag, r->ctag);
    set(&c->seen.sync_token, r->sync_token);
}

static bool response_cb(void *arg, const struct dav_response *r)
{
    struct caldav *c = arg;
    bool fine = true;

    if (c->state == CALDAV_HOME) {
        caldav_see_choice(c, r);
    } else if (c->state == CALDAV_CHANGES || c->state == CALDAV_MEMBERS ||
               c->state == CALDAV_OBJECTS) {
        char *href = object_href(c, r);
        c->truncated = c->truncated || r->status == 507;
        if (href != NULL && r->status != 507 && c->state == CALDAV_OBJECTS)
            fine = caldav_see_object(c, r, href);
        else if (href != NULL && r->status != 507)
            see_member(c, r, href);
        free(href);
    } else if (c->listed++ == 0) {
        keep_first(c, r);
    }
    return fine;
}

static bool data_cb(void *arg, const char *bytes, size_t len)
{
    struct caldav *c = arg;

    c->rc = dav_read(c->reader, bytes, len, &c->why);
    return c->rc == 0;
}

static void after_changes(struct caldav *c, const struct fetch_reply *reply,
                          const struct dav_summary *sum);
static void after_sign(struct caldav *c, const struct fetch_reply *reply);

bool caldav_unreadable(struct caldav *c, const struct fetch_reply *reply,
                       const struct dav_summary *sum)
{
    struct err why = {0};

    if (c->rc != 0)
        err_set(&why, "the answer of %s cannot be read: %.200s", reply->host, c->why.text);
    else if (reply->status == 0)
        err_set(&why, "%s", reply->error);
    else if (reply->status == 207 && !sum->multistatus)
        err_set(&why, "%s gives no answer of CalDAV: see `url`", reply->host);
    else
        return false;
    caldav_end(c,
               c->rc != 0           ? c->rc
               : reply->status == 0 ? reply->rc
                                    : ERR_INVALID,
               why.text, reply->retry_after_ms);
    return true;
}

bool caldav_refused(struct caldav *c, const struct fetch_reply *reply)
{
    struct err why = {0};
    int rc = fetch_judge(reply, &why);

    if (rc == 0 && reply->status != 207) {
        rc = ERR_INVALID;
        err_set(&why, "%s gives no answer of CalDAV: see `url`", reply->host);
    }
    if (rc != 0)
        caldav_end(c, rc, why.text, reply->retry_after_ms);
    return rc != 0;
}

bool caldav_cut_off(struct caldav *c)
{
    struct err why;

    if (c->truncated) {
        err_set(&why, "%s cuts off what it lists", c->origin.host);
        caldav_end(c, ERR_LIMIT, why.text, 0);
        return true;
    }
    return false;
}

/* Redirects may have led us on: from here on we ask there, if it is the same server. */
static bool follow(struct caldav *c, const struct fetch_reply *reply)
{
    struct origin there;
    struct err why = {0};

    if (reply->status == 0)
        return true;
    if (origin_of(reply->url, &there, NULL) == 0 && origin_trusts(&c->origin, &there)) {
        set(&c->url, reply->url);
        return true;
    }
    err_set(&why, "%s keeps these calendars at %s: write that as `url`", c->origin.host,
            reply->host);
    caldav_end(c, ERR_INVALID, why.text, 0);
    return false;
}

static void answered_cb(void *arg, const struct fetch_reply *reply)
{
    struct caldav *c = arg;
    struct dav_summary sum = {.sync_token = ""};

    c->fetch = NULL;
    if (!follow(c, reply))
        return;
    if (c->rc == 0 && reply->status == 207)
        c->rc = dav_read_end(c->reader, &sum, &c->why);
    if (c->state == CALDAV_OBJECTS) {
        caldav_objects_came(c, reply, &sum);
        return;
    }
    if (caldav_unreadable(c, reply, &sum))
        return;
    switch (c->state) {
    case CALDAV_WHAT:
    case CALDAV_WELL_KNOWN:
    case CALDAV_USER:
        caldav_found_what(c, reply);
        break;
    case CALDAV_HOME:
        caldav_found_home(c, reply);
        break;
    case CALDAV_CHANGES:
        after_changes(c, reply, &sum);
        break;
    case CALDAV_SIGN:
        after_sign(c, reply);
        break;
    default: /* CALDAV_MEMBERS */
        if (!caldav_refused(c, reply) && !caldav_cut_off(c))
            caldav_ask_objects(c);
    }
}

void caldav_ask(struct caldav *c, enum caldav_state state, const char *url, const char *method,
                const char *depth, void (*write)(struct caldav *c, struct buf *out))
{
    struct fetch_hooks hooks = {data_cb, answered_cb, c};
    struct str_list headers = {0};
    struct buf body;
    struct err why = {0};
    char *line = mem_printf("Depth: %s", depth);

    caldav_move(c, state);
    if (url != c->url)
        set(&c->url, url);
    forget_seen(c);
    c->listed = 0;
    c->truncated = false;
    c->rc = 0;
    dav_reader_free(c->reader);
    c->reader = dav_reader_create(response_cb, c);
    buf_init(&body);
    write(c, &body);
    str_list_add(&headers, line, strlen(line));
    str_list_add(&headers, "Content-Type: application/xml; charset=utf-8", 44);
    struct fetch_request request = {
        .method = method,
        .url = c->url,
        .headers = &headers,
        .body = body.data,
        .len = body.len,
        .user = c->source.user,
        .password = c->source.password,
        .ca_file = c->source.ca_file,
        .allow_private = c->source.allow_private,
        .allow_plain = c->source.allow_plain,
        .body_max = CALDAV_BODY_MAX,
    };
    c->fetch = fetch_start(c->fetcher, &request, &hooks, &why);
    str_list_close(&headers);
    buf_close(&body);
    free(line);
    if (c->fetch == NULL && c->starting)
        c->why = why;
    else if (c->fetch == NULL)
        caldav_end(c, ERR_INVALID, why.text, 0);
}

/* ---- what changed */

static void write_changes(struct caldav *c, struct buf *out)
{
    dav_ask_changes(out, c->token != NULL ? c->token : "");
}

static void write_sign(struct caldav *c, struct buf *out)
{
    dav_ask_sign(out);
}

static void write_members(struct caldav *c, struct buf *out)
{
    dav_ask_members(out);
}

void caldav_ask_changes(struct caldav *c)
{
    if (c->token == NULL)
        c->complete = true; /* everything is listed from here on */
    c->after_objects = CALDAV_ENDED;
    caldav_ask(c, CALDAV_CHANGES, c->collection, "REPORT", "0", write_changes);
}

void caldav_look(struct caldav *c)
{
    c->way = WAY_SYNC;
    set(&c->token, NULL);
    caldav_ask_changes(c);
}

/* The collection that the last look found is not there any more: find it again. */
static bool vanished(struct caldav *c, const struct fetch_reply *reply)
{
    if (!c->remembered || (reply->status != 404 && reply->status != 410))
        return false;
    c->remembered = false;
    set(&c->collection, NULL);
    set(&c->token, NULL);
    caldav_find(c);
    return true;
}

static bool cannot_sync(const struct fetch_reply *reply)
{
    static const int statuses[] = {400, 403, 405, 409, 412, 415, 422, 501};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
        if (reply->status == statuses[i])
            return true;
    return false;
}

static void after_changes(struct caldav *c, const struct fetch_reply *reply,
                          const struct dav_summary *sum)
{
    bool stuck = c->truncated && str_eq(sum->sync_token, c->token);

    if (vanished(c, reply))
        return;
    if (cannot_sync(reply) && c->token != NULL && c->pages == 0) {
        set(&c->token, NULL); /* most likely the token is too old: all anew */
        caldav_ask_changes(c);
        return;
    }
    if (c->token == NULL &&
        (cannot_sync(reply) || (reply->status == 207 && sum->sync_token[0] == '\0'))) {
        caldav_want_none(c);
        c->way = WAY_SIGN;
        caldav_ask(c, CALDAV_SIGN, c->collection, "PROPFIND", "0", write_sign);
        return;
    }
    if (caldav_refused(c, reply))
        return;
    if (stuck || sum->sync_token[0] == '\0' || ++c->pages > CALDAV_PAGES_MAX) {
        struct err why;
        err_set(&why, "%s does not come to an end with what changed", reply->host);
        caldav_end(c, ERR_INVALID, why.text, 0);
        return;
    }
    set(&c->token, sum->sync_token);
    c->after_objects = c->truncated ? CALDAV_CHANGES : CALDAV_ENDED;
    caldav_ask_objects(c);
}

static void after_sign(struct caldav *c, const struct fetch_reply *reply)
{
    const char *sign = c->seen.ctag != NULL ? c->seen.ctag : c->seen.sync_token;

    if (vanished(c, reply) || caldav_refused(c, reply))
        return;
    if (sign != NULL && str_eq(sign, c->token)) {
        caldav_end(c, 0, NULL, 0);
        return;
    }
    set(&c->token, sign);
    c->complete = true;
    c->after_objects = CALDAV_ENDED;
    caldav_ask(c, CALDAV_MEMBERS, c->collection, "PROPFIND", "1", write_members);
}

/* ---- the beginning and the end */

void caldav_go_on(struct caldav *c)
{
    assert(c->state == CALDAV_PAUSED);
    caldav_ask_objects(c);
}

char *caldav_state_url(const char *state)
{
    const char *end = state != NULL ? strchr(state, '\n') : NULL;

    if (end == NULL || (state[0] != WAY_SYNC && state[0] != WAY_SIGN) || state[1] != ' ')
        return NULL;
    return mem_strndup(state + 2, (size_t)(end - state - 2));
}

char *caldav_object_url(const char *collection_url, const char *href)
{
    struct origin home, there;
    char *url = origin_resolve(collection_url, href);

    if (url != NULL && origin_of(collection_url, &home, NULL) == 0 &&
        origin_of(url, &there, NULL) == 0 && origin_trusts(&home, &there))
        return url;
    free(url);
    return NULL;
}

/* Go on from where the last look ended, if that is still at the server of the source's URL. */
static void recall(struct caldav *c, const char *state)
{
    struct origin there;
    char *url = caldav_state_url(state);

    if (url == NULL || origin_of(url, &there, NULL) != 0 || !origin_trusts(&c->origin, &there)) {
        free(url);
        return;
    }
    c->collection = url;
    c->remembered = true;
    c->way = (enum caldav_way)state[0];
    set(&c->token, strchr(state, '\n') + 1);
}

struct caldav *caldav_start(struct fetcher *fetcher, const struct caldav_source *source,
                            const char *state, const struct caldav_hooks *hooks, struct err *err)
{
    struct caldav *c = mem_zalloc(sizeof(*c));

    c->fetcher = fetcher;
    c->source = *source;
    c->hooks = *hooks;
    c->batch = CALDAV_BATCH;
    if (origin_of(source->url, &c->origin, err) != 0) {
        look_free(c);
        return NULL;
    }
    recall(c, state);
    c->starting = true;
    if (c->collection == NULL)
        caldav_find(c);
    else if (c->way == WAY_SYNC)
        caldav_ask_changes(c);
    else
        caldav_ask(c, CALDAV_SIGN, c->collection, "PROPFIND", "0", write_sign);
    c->starting = false;
    if (c->fetch == NULL) {
        err_set(err, "%s", c->why.text);
        look_free(c);
        return NULL;
    }
    return c;
}

void caldav_cancel(struct caldav *c)
{
    assert(c->state != CALDAV_ENDED);
    if (c->fetch != NULL)
        fetch_cancel(c->fetch);
    look_free(c);
}
