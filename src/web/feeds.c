/*
 * Serving published calendars. See web/feeds.h.
 *
 * A request is answered in four steps, each cheaper than the next, and as few of them as will do:
 * is there such a calendar (one row); has anything at all changed in the database since we last
 * looked (data_version), or the day, the settings, the clocks; has anything of this calendar
 * changed (its tag, from all its rows); write it. A reader that has the tag gets no body.
 *
 * What is wrong, was revoked, or belongs to somebody who left looks the same from outside, and
 * makes its asker wait; those who have a right link are never made to wait for what others try from
 * the same address, for the servers of calendar programs ask for many people.
 */
#include "web/feeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "store/entities.h"
#include "store/invitations.h"
#include "store/published.h"
#include "store/records.h"
#include "web/backoff.h"
#include "web/feed_write.h"
#include "web/pages.h"

#define FEED_TYPE "text/calendar; charset=utf-8"
#define DAY_MAX 16

/* What a tag was found for; nothing of it may have changed for it to hold without a look. */
struct feed_base {
    uint64_t commits, site, zones;
    int64_t staff_row;
    char from[DAY_MAX];
};

struct feed_kept {
    int64_t id; /* of the published calendar; 0: free */
    struct feed_base base;
    char tag[FEED_TAG_DIGITS + 1];
    int fd; /* what was written of it; -1: nothing */
    size_t len;
    uint64_t used;
};

struct feeds {
    struct feed_kept kept[FEEDS_KEPT];
    uint64_t commits; /* rises with those of others */
    uint64_t uses;
    struct backoff backoff;
};

struct feeds *feeds_create(void)
{
    struct feeds *f = mem_zalloc(sizeof(*f));

    for (size_t i = 0; i < FEEDS_KEPT; i++)
        f->kept[i].fd = -1;
    return f;
}

static void forget(struct feed_kept *k)
{
    if (k->fd >= 0)
        close(k->fd);
    *k = (struct feed_kept){.fd = -1};
}

void feeds_free(struct feeds *f)
{
    for (size_t i = 0; i < FEEDS_KEPT; i++)
        forget(&f->kept[i]);
    free(f);
}

/* The place of this calendar; a fresh one if it has none. */
static struct feed_kept *place_of(struct feeds *f, int64_t id)
{
    struct feed_kept *oldest = &f->kept[0];

    for (size_t i = 0; i < FEEDS_KEPT; i++) {
        if (f->kept[i].id == id)
            return &f->kept[i];
        if (f->kept[i].used < oldest->used)
            oldest = &f->kept[i];
    }
    forget(oldest);
    oldest->id = id;
    return oldest;
}

/* --- whose it is --- */

struct whose {
    struct published published;
    struct staff staff;
    bool of_staff;
};

/* ERR_NOTFOUND: there is none of this token, or none any more. Close in any case. */
static int find_whose(struct visit *v, struct whose *out)
{
    char hash[TOKEN_HASH_HEX + 1];

    *out = (struct whose){0};
    token_hash(v->hole.token, hash);
    int rc = store_published(v->store, hash, &out->published);
    out->of_staff = out->published.staff_key != NULL;
    if (rc != 0 || !out->of_staff)
        return rc;
    rc = store_published_staff(v->store, out->published.staff_key, &out->staff);
    return rc == 0 && !out->staff.active ? ERR_NOTFOUND : rc;
}

static void whose_close(struct whose *w)
{
    published_close(&w->published);
    staff_close(&w->staff);
}

/* --- what is in it --- */

static int find_base(struct visit *v, const struct whose *w, struct feed_base *out)
{
    struct civil day;
    bool changed;
    int rc = store_changed(v->store, &changed);

    v->feeds->commits += changed;
    zone_to_civil(v->site->zone, v->now_ms, &day);
    civil_add_days(&day, -FEED_BACK_DAYS);
    *out = (struct feed_base){
        .commits = v->feeds->commits,
        .site = v->site->number,
        .zones = zone_news(),
        .staff_row = w->staff.id,
    };
    snprintf(out->from, sizeof(out->from), "%04d-%02d-%02d", day.year, day.month, day.day);
    return rc;
}

static bool same_base(const struct feed_base *a, const struct feed_base *b)
{
    return a->commits == b->commits && a->site == b->site && a->zones == b->zones &&
           a->staff_row == b->staff_row && strcmp(a->from, b->from) == 0;
}

/* In the folder of the database: there is room for it, and it is on no list of anybody's. */
static int write_file(struct visit *v, struct feed_writing *w, struct feed_kept *k)
{
    char *dir = mem_strdup(store_path(v->store));
    struct err err = {""};

    *strrchr(dir, '/') = '\0';
    int fd = fs_nameless(dir[0] != '\0' ? dir : "/", &err);
    free(dir);
    int rc = fd < 0 ? fd : feed_write(v->store, w, fd, &k->len);
    if (rc == 0) {
        k->fd = fd;
        return 0;
    }
    if (fd >= 0)
        close(fd);
    log_error("calendar not written", "kind=\"%s\" words=\"%s\"", err_name(rc), err.text);
    return rc;
}

/* Look it through, and write it unless what is kept, or what the reader has, is the same. */
static int look(struct visit *v, const struct whose *w, struct feed_kept *k, char *identity)
{
    char *name = w->of_staff ? mem_printf("%s, %s", w->staff.name, v->site->business)
                             : mem_strdup(v->site->business);
    struct feed feed = {
        .name = name,
        .business = v->site->business,
        .email = v->site->email,
        .identity = identity,
        .zone = v->site->zone,
        .staff_row = w->staff.id,
        .from = k->base.from,
        .refresh_minutes = FEED_REFRESH_MINUTES,
    };
    struct feed_writing writing;
    int rc = feed_look(v->store, &feed, &writing);

    if (rc == 0 && strcmp(writing.tag, k->tag) != 0) {
        if (k->fd >= 0)
            close(k->fd);
        k->fd = -1;
        memcpy(k->tag, writing.tag, sizeof(k->tag));
    }
    memcpy(v->response->tag, k->tag, sizeof(k->tag));
    if (rc == 0 && !response_unchanged(v->response, v->request->match) && k->fd < 0)
        rc = write_file(v, &writing, k);
    feed_writing_close(&writing);
    free(name);
    return rc;
}

static int answer(struct visit *v, const struct feed_kept *k)
{
    struct response *r = v->response;

    r->type = FEED_TYPE;
    r->fresh = true;
    r->file_len = k->len;
    if (r->status == 304)
        return 0;
    r->fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0);
    return r->fd >= 0 ? 0 : ERR_IO;
}

/* Within a moment to read in. */
static int serve(struct visit *v)
{
    struct feed_base base;
    struct whose w;
    char *identity = NULL;
    int rc = find_whose(v, &w);

    if (rc == 0)
        rc = find_base(v, &w, &base);
    if (rc == 0)
        rc = store_identity(v->store, &identity);
    if (rc == 0) {
        struct feed_kept *k = place_of(v->feeds, w.published.id);
        bool same = k->tag[0] != '\0' && same_base(&base, &k->base);
        k->base = base;
        k->used = ++v->feeds->uses;
        memcpy(v->response->tag, k->tag, sizeof(k->tag));
        if (!same || (!response_unchanged(v->response, v->request->match) && k->fd < 0))
            rc = look(v, &w, k, identity);
        if (rc == 0)
            rc = answer(v, k);
        else
            forget(k);
    }
    free(identity);
    whose_close(&w);
    return rc;
}

int feeds_nothing_there(struct visit *v)
{
    struct backoff *b = &v->feeds->backoff;
    int64_t now_ms = clock_mono_ms();

    backoff_wrong(b, BACKOFF_ADDRESS, v->request->from, now_ms);
    v->response->retry_after_s = backoff_wait_s(b, BACKOFF_ADDRESS, v->request->from, now_ms);
    if (v->response->retry_after_s == 0)
        return ERR_NOTFOUND;
    response_text(v->response, 429, "There was nothing there, several times. Ask less often.\n");
    v->response->close = true;
    return 0;
}

int feed_page(struct visit *v)
{
    int rc = store_begin_reading(v->store);

    if (rc == 0)
        rc = serve(v);
    store_rollback(v->store);
    return rc == ERR_NOTFOUND ? feeds_nothing_there(v) : rc;
}
