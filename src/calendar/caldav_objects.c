/*
 * Fetching the objects that a listing named, in batches.
 *
 * The happy path: caldav_want collects hrefs; caldav_ask_objects asks for the next c->batch of
 * them; each that comes is handed on (caldav_see_object) and noted in c->came; when the answer is
 * over caldav_objects_came goes on with the next batch.
 *
 * When things fail: one object must not keep the others away. An answer that it spoils (characters
 * that XML does not have, more bytes than we take, a server that fails on it) is thrown away but
 * for what came before the place, and what did not come is asked for again: half of it, or the
 * first of it alone when others had come before. So the object ends up alone in a question, and is
 * handed on as one that is not to be had; from then on each good answer doubles the batch again.
 * What a good answer leaves out is asked for once more, too. A server that fails on all there is
 * has failed, and so has the look.
 *
 *     asked ──┬── all came ── the next batch
 *             ├── some did not ── those again, while any come ── not to be had
 *             └── spoilt ── fewer of what did not come ── one alone ── not to be had
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "caldav_inner.h"

void caldav_want(struct caldav *c, const char *href)
{
    mem_grow(&c->wanted, &c->wanted_cap, c->wanted_count + 1, sizeof(*c->wanted));
    c->wanted[c->wanted_count++] = mem_strdup(href);
}

void caldav_want_none(struct caldav *c)
{
    for (size_t i = 0; i < c->wanted_count; i++)
        free(c->wanted[i]);
    c->wanted_count = c->wanted_at = 0;
}

/* ---- asking */

static void write_objects(struct caldav *c, struct buf *out)
{
    dav_ask_objects(out, (const char *const *)c->wanted + c->wanted_at, c->asked);
    c->wanted_at += c->asked;
}

static void ask(struct caldav *c)
{
    size_t left = c->wanted_count - c->wanted_at;

    c->asked = left < c->batch ? left : c->batch;
    c->came_count = c->came_next = 0;
    memset(c->came, 0, sizeof(c->came));
    caldav_ask(c, CALDAV_OBJECTS, c->collection, "REPORT", "1", write_objects);
}

void caldav_ask_objects(struct caldav *c)
{
    struct err why;

    if (c->wanted_at < c->wanted_count) {
        ask(c);
    } else if (c->after_objects != CALDAV_ENDED) {
        caldav_want_none(c);
        caldav_ask_changes(c);
    } else if (c->server_failed && !c->any_came) {
        err_set(&why, "%s answers with status 500", c->origin.host);
        caldav_end(c, ERR_IO, why.text, 0);
    } else {
        caldav_end(c, 0, NULL, 0);
    }
}

/* ---- what comes */

/* Which of those asked for it is; servers keep to their order, mostly. c->asked: none. */
static size_t find(const struct caldav *c, const char *href)
{
    const char *const *first = (const char *const *)c->wanted + c->wanted_at - c->asked;

    for (size_t k = 0; k < c->asked; k++) {
        size_t i = (c->came_next + k) % c->asked;
        if (strcmp(first[i], href) == 0)
            return i;
    }
    return c->asked;
}

static bool hand_on(struct caldav *c, const struct dav_response *r, const char *href)
{
    struct err why = {""};
    struct caldav_object o = {
        .href = href,
        .etag = r->etag,
        .bytes = r->data_len > 0 ? r->data : NULL,
        .len = r->data_len,
        .why = why.text,
    };

    if (r->data_over)
        err_set(&why, "it is larger than %d bytes", DAV_DATA_MAX);
    else if (r->status != 0)
        err_set(&why, "its server answers for it with status %d", r->status);
    else if (o.bytes == NULL)
        err_set(&why, "its server does not give it out");
    c->any_came = c->any_came || o.bytes != NULL;
    return c->hooks.object(c->hooks.arg, &o);
}

bool caldav_see_object(struct caldav *c, const struct dav_response *r, const char *href)
{
    size_t i = find(c, href);

    c->listed++;
    c->anything = true;
    if (i < c->asked && c->came[i])
        return true;
    if (i < c->asked) {
        c->came[i] = true;
        c->came_count++;
        c->came_next = i + 1;
    }
    if (r->status != 404 && r->status != 410)
        return hand_on(c, r, href);
    c->any_came = true;
    c->hooks.gone(c->hooks.arg, href);
    return true;
}

/* ---- what does not */

/* Those that did not come stand before wanted_at no more: they are the next to be asked for. */
static void put_back(struct caldav *c)
{
    size_t first = c->wanted_at - c->asked, to = c->wanted_at;

    for (size_t i = c->asked; i > 0; i--) {
        char *href = c->wanted[first + i - 1];
        c->wanted[first + i - 1] = NULL;
        if (c->came[i - 1])
            free(href);
        else
            c->wanted[--to] = href;
    }
    c->wanted_at = to;
}

/* None of those that did not come is to be had. False: the look is over. */
static bool give_up(struct caldav *c, const char *why)
{
    bool fine = true;

    for (size_t i = 0; i < c->asked && fine; i++) {
        struct caldav_object o = {
            .href = c->wanted[c->wanted_at - c->asked + i], .etag = "", .why = why};
        if (!c->came[i])
            fine = c->hooks.object(c->hooks.arg, &o);
    }
    if (!fine)
        caldav_end(c, ERR_CANCELLED, "the reading was broken off", 0);
    return fine;
}

/* May one object be why this answer is none? Then `why` is a clause about it. */
static bool is_spoilt(const struct caldav *c, const struct fetch_reply *reply, struct err *why)
{
    if (c->rc == ERR_INVALID || c->rc == ERR_LIMIT)
        err_set(why, "the answer with it cannot be read: %.200s", c->why.text);
    else if (c->rc == 0 && reply->status == 0 && reply->rc == ERR_LIMIT)
        err_set(why, "%.200s", reply->error);
    else if (reply->status == 500)
        err_set(why, "its server fails on it (500)");
    else if (reply->status == 207 && c->rc == 0 && c->truncated)
        err_set(why, "its server cuts off its answer");
    else
        return false;
    return true;
}

static void next(struct caldav *c)
{
    bool more = c->wanted_at < c->wanted_count || c->after_objects != CALDAV_ENDED;

    if (more && !c->hooks.batch(c->hooks.arg))
        caldav_move(c, CALDAV_PAUSED);
    else
        caldav_ask_objects(c);
}

static void ask_for_fewer(struct caldav *c, const struct fetch_reply *reply, const char *why)
{
    size_t left = c->asked - c->came_count;

    c->server_failed = c->server_failed || reply->status == 500;
    if (left > 0 && c->asked > 1) {
        c->batch = c->came_count > 0 ? 1 : c->asked / 2;
        put_back(c);
        ask(c);
    } else if (left == 0 || give_up(c, why)) {
        next(c);
    }
}

static void ask_for_the_rest(struct caldav *c)
{
    put_back(c);
    ask(c);
}

void caldav_objects_came(struct caldav *c, const struct fetch_reply *reply,
                         const struct dav_summary *sum)
{
    size_t left = c->asked - c->came_count;
    struct err why;

    if (is_spoilt(c, reply, &why) && ++c->spoilt <= CALDAV_SPOILT_MAX) {
        ask_for_fewer(c, reply, why.text);
        return;
    }
    if (caldav_unreadable(c, reply, sum) || caldav_refused(c, reply) || caldav_cut_off(c))
        return;
    c->batch = 2 * c->batch < CALDAV_BATCH ? 2 * c->batch : CALDAV_BATCH;
    if (c->listed == 0 && !c->any_came && c->asked > 1) {
        err_set(&why, "%s lists objects and gives none of them", c->origin.host);
        caldav_end(c, ERR_INVALID, why.text, 0);
    } else if (left > 0 && c->came_count > 0 && c->listed == c->came_count) {
        ask_for_the_rest(c);
    } else if (left == 0 || c->listed > 0 ||
               give_up(c, "its server lists it and does not give it out")) {
        next(c);
    }
}
