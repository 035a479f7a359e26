/* One look at a CalDAV collection. See collection.h. */
#include "service/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void collection_init(struct collection *c)
{
    *c = (struct collection){0};
    news_init(&c->news);
}

void collection_cancel(struct collection *c)
{
    if (c->caldav != NULL)
        caldav_cancel(c->caldav);
    c->caldav = NULL;
}

void collection_close(struct collection *c)
{
    news_close(&c->news);
    free(c->state);
    collection_init(c);
}

int collection_ask(struct collection *c, struct store *store, const struct calendar_row *row,
                   bool anew)
{
    if (anew || row->token == NULL)
        return 0;
    c->state = mem_strdup(row->token);
    return news_load(&c->news, store, row->id);
}

/* ---- on the loop */

static bool listed_cb(void *arg, const char *href, const char *etag)
{
    struct collection *c = arg;

    return news_listed(&c->news, href, etag);
}

static bool object_cb(void *arg, const struct caldav_object *object)
{
    struct collection *c = arg;

    return news_object(&c->news, object);
}

static void gone_cb(void *arg, const char *href)
{
    struct collection *c = arg;

    news_gone(&c->news, href);
}

static bool batch_cb(void *arg)
{
    return true; /* what came is in memory only */
}

static void done_cb(void *arg, const struct caldav_result *result)
{
    struct collection *c = arg;

    c->caldav = NULL;
    c->complete = result->complete;
    free(c->state);
    c->state = mem_strdup(result->state);
    c->done(c->arg, result);
}

int collection_fetch(struct collection *c, struct fetcher *fetcher,
                     const struct calendar_settings *settings,
                     void (*done)(void *arg, const struct caldav_result *result), void *arg,
                     struct err *err)
{
    const struct caldav_source source = {
        .url = settings->url,
        .collection = settings->collection,
        .user = settings->user,
        .password = settings->password,
        .ca_file = settings->ca_file,
        .allow_private = settings->private_addresses,
    };
    const struct caldav_hooks hooks = {listed_cb, object_cb, gone_cb, batch_cb, done_cb, c};

    c->done = done;
    c->arg = arg;
    c->caldav = caldav_start(fetcher, &source, c->state, &hooks, err);
    return c->caldav != NULL ? 0 : ERR_INVALID;
}

/* ---- in the lane */

/* What the look's hooks work with. */
struct keeper {
    struct collection *c;
    const struct sync_job *job;
    struct str_list gone;
};

static int was_read(void *arg, struct store *store, int64_t calendar_id)
{
    struct keeper *k = arg;

    return news_settle(&k->c->news, store, calendar_id, k->c->complete, &k->gone);
}

static int save(void *arg, struct store *store, int64_t calendar_id, bool *more)
{
    const struct keeper *k = arg;

    return news_save(&k->c->news, store, calendar_id, k->job->name, k->job->now_ms, more);
}

int collection_look(struct collection *c, const struct sync_job *job, struct sync_report *report,
                    struct err *err)
{
    struct sync_job whole = *job;
    struct keeper k = {.c = c, .job = job};

    whole.whole = false;
    whole.part = c->news.loaded; /* what is as it was known to be was not read again */
    whole.objects = c->news.parts;
    whole.object_count = c->news.count;
    whole.gone = &k.gone;
    whole.token = c->state;
    whole.was_read = was_read;
    whole.save = save;
    whole.keeper = &k;
    int rc = sync_look(&whole, c->news.bytes.data, c->news.bytes.len, report, err);
    str_list_close(&k.gone);
    return rc;
}
