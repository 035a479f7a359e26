/* One look at a calendar. See source.h. */
#include "service/source.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/read.h"
#include "store/rules.h"

#define LARGE_BYTES ((size_t)1024 * 1024) /* of a calendar, that are worth giving back */

static const bool moves[SOURCE_STATES][SOURCE_STATES] = {
    [SOURCE_IDLE] = {[SOURCE_ASKING] = true},
    [SOURCE_ASKING] = {[SOURCE_IDLE] = true, [SOURCE_FETCHING] = true, [SOURCE_LOOKING] = true},
    [SOURCE_FETCHING] = {[SOURCE_LOOKING] = true},
    [SOURCE_LOOKING] = {[SOURCE_IDLE] = true},
};

static void go_to(struct source *s, enum source_state state)
{
    assert(moves[s->state][state]);
    s->state = state;
}

static void attempt_init(struct attempt *a)
{
    *a = (struct attempt){0};
    buf_init(&a->bytes);
    collection_init(&a->collection);
}

static void attempt_close(struct attempt *a)
{
    free(a->etag);
    free(a->modified);
    free(a->failed);
    buf_close(&a->bytes);
    sync_report_close(&a->report);
    collection_close(&a->collection);
    attempt_init(a);
}

static void end_look(struct source *s, bool looked)
{
    go_to(s, SOURCE_IDLE);
    if (looked && s->at.rc == 0 && s->at.report.asks == NULL && *s->host == '\0') {
        s->stamp = s->at.stamp;
        s->stamped = true;
    }
    s->means->ended(s->means->arg, s, looked);
}

/* ---- looking, in the lane */

static struct source *source_of(struct lane_job *job)
{
    return (struct source *)((char *)job - offsetof(struct source, at.job));
}

static void count_failure(struct source *s, struct store *store)
{
    struct attempt *a = &s->at;
    struct calendar_row row = {0};
    const char *why = a->failed != NULL ? a->failed : a->err.text;

    a->rc = a->rc != 0 ? a->rc : ERR_IO;
    int rc = sync_failed(store, a->epoch, s->settings.name, why, a->now_ms);
    a->tries = 1;
    if (rc == 0 && store_calendar(store, s->settings.name, &row) == 0)
        a->tries = row.tries;
    calendar_row_close(&row);
}

static struct sync_job sync_job(struct source *s, struct store *store)
{
    return (struct sync_job){
        .store = store,
        .epoch = s->at.epoch,
        .stop = &s->means->stop,
        .business = &s->business,
        .name = s->settings.name,
        .rules = s->rules,
        .patterns = &s->settings.patterns,
        .floating = s->settings.zone,
        .pass_over = s->settings.ignore_unnamed,
        .whole = true,
        .now_ms = s->at.now_ms,
        .etag = s->at.etag,
        .modified = s->at.modified,
    };
}

static int look_at_what_came(struct source *s, const struct sync_job *job)
{
    struct attempt *a = &s->at;

    if (a->unchanged)
        return sync_again(job, &a->report, &a->err);
    if (s->settings.type == CALENDAR_CALDAV)
        return collection_look(&a->collection, job, &a->report, &a->err);
    return sync_look(job, a->bytes.data, a->bytes.len, &a->report, &a->err);
}

/* What came may be large, and is of no use any more: here nobody waits for it to go. */
static void give_back(struct attempt *a)
{
    bool large = a->bytes.len + a->collection.news.bytes.len > LARGE_BYTES;

    buf_close(&a->bytes);
    collection_close(&a->collection);
    if (large)
        mem_trim();
}

static void look_work(struct lane_job *lane_job, struct store *store)
{
    struct source *s = source_of(lane_job);
    struct attempt *a = &s->at;
    struct sync_job job = sync_job(s, store);

    if (a->failed == NULL && *s->host == '\0' && !a->unchanged &&
        fs_read(s->settings.path, ICAL_BYTES_MAX, &a->bytes, &a->err) != 0)
        a->failed = mem_strdup(a->err.text);
    if (a->failed == NULL)
        a->rc = look_at_what_came(s, &job);
    if (a->failed != NULL || (a->rc != 0 && a->rc != ERR_CANCELLED))
        count_failure(s, store);
    give_back(a);
}

static void look_done(struct lane_job *job)
{
    end_look(source_of(job), true);
}

static void look(struct source *s)
{
    go_to(s, SOURCE_LOOKING);
    s->at.job = (struct lane_job){.work = look_work, .done = look_done};
    if (!lane_add(s->means->lane, &s->at.job))
        end_look(s, false);
}

/* ---- fetching */

static bool fetch_data(void *arg, const char *bytes, size_t len)
{
    struct source *s = arg;

    buf_append(&s->at.bytes, bytes, len);
    return true;
}

static void replace(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

static void fetch_done(void *arg, const struct fetch_reply *reply)
{
    struct source *s = arg;
    struct attempt *a = &s->at;
    struct err err = {""};

    if (fetch_judge(reply, &err) != 0) {
        a->failed = mem_strdup(err.text);
        a->retry_ms = reply->retry_after_ms;
    } else if (reply->status == 304 && !a->unconditional) {
        a->unchanged = true;
    } else if (reply->status == 304) {
        a->failed =
            mem_printf("%s says that nothing has changed, and nobody had asked that", reply->host);
    } else {
        replace(&a->etag, reply->etag);
        replace(&a->modified, reply->last_modified);
    }
    look(s);
}

static void collection_done(void *arg, const struct caldav_result *result)
{
    struct source *s = arg;
    struct attempt *a = &s->at;

    if (a->collection.news.full)
        a->failed = mem_printf("it is larger than %zu bytes", NEWS_BYTES_MAX);
    else if (result->rc != 0)
        a->failed = mem_strdup(result->error);
    a->retry_ms = result->retry_after_ms;
    a->unchanged = result->unchanged;
    look(s);
}

static void fetch_collection(struct source *s)
{
    struct attempt *a = &s->at;

    go_to(s, SOURCE_FETCHING);
    if (collection_fetch(&a->collection, s->means->fetcher, &s->settings, collection_done, s,
                         &a->err) != 0) {
        a->failed = mem_strdup(a->err.text);
        look(s);
    }
}

static void fetch(struct source *s)
{
    struct attempt *a = &s->at;
    const struct fetch_request request = {
        .url = s->settings.url,
        .user = s->settings.user,
        .password = s->settings.password,
        .if_none_match = a->unconditional ? NULL : a->etag,
        .if_modified_since = a->unconditional ? NULL : a->modified,
        .ca_file = s->settings.ca_file,
        .allow_private = s->settings.private_addresses,
        .body_max = ICAL_BYTES_MAX,
    };
    const struct fetch_hooks hooks = {fetch_data, fetch_done, s};

    go_to(s, SOURCE_FETCHING);
    if (fetch_start(s->means->fetcher, &request, &hooks, &a->err) == NULL) {
        a->failed = mem_strdup(a->err.text);
        look(s);
    }
}

/* ---- asking, in the lane */

static void ask_work(struct lane_job *job, struct store *store)
{
    struct source *s = source_of(job);
    struct attempt *a = &s->at;
    struct calendar_row row;

    a->rc = store_paused_copy(store, &a->rest);
    if (a->rc != 0)
        return;
    a->rc = store_calendar(store, s->settings.name, &row);
    if (a->rc == 0) {
        a->unconditional = row.good_ms == 0 || (uint64_t)row.rules != s->rules ||
                           row.asks != NULL || sync_is_outdated(row.until_ms, a->now_ms);
        a->etag = mem_strdup(row.etag);
        a->modified = mem_strdup(row.modified);
        a->wanted_ms = row.wanted_ms;
        if (s->settings.type == CALENDAR_CALDAV)
            a->rc = collection_ask(&a->collection, store, &row,
                                   (uint64_t)row.rules != s->rules ||
                                       sync_is_outdated(row.until_ms, a->now_ms));
    } else if (a->rc == ERR_NOTFOUND) {
        a->unconditional = true;
        a->rc = 0;
    }
    calendar_row_close(&row);
    if (*s->host == '\0') {
        bool stamped = fs_stamp(s->settings.path, &a->stamp);
        a->unchanged =
            !a->unconditional && stamped && s->stamped && fs_stamp_same(&s->stamp, &a->stamp);
    }
}

static void ask_done(struct lane_job *job)
{
    struct source *s = source_of(job);
    struct attempt *a = &s->at;

    if (a->wanted_ms > s->wanted_ms)
        s->wanted_ms = a->wanted_ms; /* this look is what was wished for */
    if (a->rc != 0 || a->rest || s->gone || s->means->closing)
        end_look(s, false);
    else if (*s->host == '\0')
        look(s);
    else if (s->settings.type == CALENDAR_CALDAV)
        fetch_collection(s);
    else
        fetch(s);
}

/* ---- begin and end */

struct source *source_create(struct source_means *means)
{
    struct source *s = mem_zalloc(sizeof(*s));

    s->means = means;
    attempt_init(&s->at);
    return s;
}

void source_free(struct source *s)
{
    attempt_close(&s->at);
    calendar_settings_close(&s->settings);
    sync_business_close(&s->business);
    free(s);
}

void source_configure(struct source *s, const struct settings *settings,
                      const struct calendar_settings *own)
{
    struct origin origin;

    calendar_settings_close(&s->settings);
    calendar_settings_copy(&s->settings, own);
    sync_business_close(&s->business);
    sync_business_init(&s->business, settings);
    s->rules = calendar_settings_digest(own);
    s->host[0] = '\0';
    if (own->url != NULL && origin_of(own->url, &origin, NULL) == 0)
        memcpy(s->host, origin.host, sizeof(s->host));
    else if (own->url != NULL)
        memcpy(s->host, "?", 2); /* fetch_start says what is wrong with it */
}

void source_look(struct source *s, int64_t now_ms, int64_t epoch)
{
    attempt_close(&s->at);
    go_to(s, SOURCE_ASKING);
    s->at.now_ms = now_ms;
    s->at.epoch = epoch;
    s->at.job = (struct lane_job){.work = ask_work, .done = ask_done};
    if (!lane_add(s->means->lane, &s->at.job))
        end_look(s, false);
}

void source_cancel(struct source *s)
{
    collection_cancel(&s->at.collection);
}
