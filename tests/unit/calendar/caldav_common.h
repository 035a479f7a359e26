/*
 * What the tests of calendar/caldav share: somebody who keeps a calendar as the header says, hrefs
 * and ETags, and looks at one of tests/peers again and again.
 */
#ifndef TESTS_CALENDAR_CALDAV_COMMON_H
#define TESTS_CALENDAR_CALDAV_COMMON_H

#include "../support/peer.h"

#include "calendar/caldav.h"

#define OBJECTS_MAX 3000

/* What somebody who keeps a calendar knows of it: name, ETag. */
struct kept {
    char href[128], etag[128];
    bool listed;
};

struct set {
    struct peer peer;
    uv_loop_t loop;
    uv_timer_t patience, tick;
    struct fetcher *fetcher;
    struct caldav_source source;
    struct caldav_hooks hooks;
    struct caldav *look;
    char url[128];
    struct kept *kept;
    int kept_count;
    int listed, objects, gone, batches; /* of this look */
    bool pause, stop, closed, in_start;
    char last[4096]; /* the last object */
    int without;     /* objects that were not to be had, in all looks; why the last one was not */
    char why[512];
    int done, rc;
    bool unchanged, complete;
    char error[ERR_TEXT_MAX];
    char *state;
};

static inline void patience_cb(uv_timer_t *timer)
{
    fail_msg("nothing happened for %d s", PATIENCE_S);
}

static inline void tick_cb(uv_timer_t *timer)
{
}

static inline struct kept *find(struct set *s, const char *href)
{
    for (int i = 0; i < s->kept_count; i++)
        if (strcmp(s->kept[i].href, href) == 0)
            return &s->kept[i];
    return NULL;
}

static inline bool listed_cb(void *arg, const char *href, const char *etag)
{
    struct set *s = arg;
    struct kept *k = find(s, href);

    s->listed++;
    if (k != NULL)
        k->listed = true;
    return k == NULL || strcmp(k->etag, etag) != 0;
}

static inline bool object_cb(void *arg, const struct caldav_object *o)
{
    struct set *s = arg;
    struct kept *k = find(s, o->href);

    s->objects++;
    if (k == NULL) {
        assert_true(s->kept_count < OBJECTS_MAX);
        k = &s->kept[s->kept_count++];
        snprintf(k->href, sizeof(k->href), "%s", o->href);
    }
    k->listed = true;
    snprintf(k->etag, sizeof(k->etag), "%s", o->etag);
    snprintf(s->last, sizeof(s->last), "%s", o->bytes != NULL ? o->bytes : "(none)");
    if (o->bytes == NULL) {
        s->without++;
        snprintf(s->why, sizeof(s->why), "%s: %s", o->href, o->why);
    }
    return !s->stop;
}

static inline void drop(struct set *s, struct kept *k)
{
    *k = s->kept[--s->kept_count];
}

static inline void gone_cb(void *arg, const char *href)
{
    struct set *s = arg;
    struct kept *k = find(s, href);

    s->gone++;
    if (k != NULL)
        drop(s, k);
}

static inline bool batch_cb(void *arg)
{
    struct set *s = arg;

    s->batches++;
    return !s->pause;
}

static inline void done_cb(void *arg, const struct caldav_result *r)
{
    struct set *s = arg;

    assert_false(s->in_start);
    assert_true((r->rc == 0) == (r->error == NULL) && (r->rc == 0) == (r->state != NULL));
    s->done++;
    s->rc = r->rc;
    s->unchanged = r->unchanged;
    s->complete = r->complete;
    snprintf(s->error, sizeof(s->error), "%s", r->error != NULL ? r->error : "");
    assert_null(strstr(s->error, "secret"));
    if (r->rc == 0) {
        free(s->state);
        s->state = mem_strdup(r->state);
    }
    for (int i = s->kept_count - 1; i >= 0 && r->complete; i--)
        if (!s->kept[i].listed)
            drop(s, &s->kept[i]);
}

static inline void set_up_with(struct set *s, const char *script, const char *const *args,
                               const char *path)
{
    memset(s, 0, sizeof(*s));
    peer_start(&s->peer, script, args);
    uv_loop_init(&s->loop);
    uv_timer_init(&s->loop, &s->patience);
    uv_timer_init(&s->loop, &s->tick);
    uv_timer_start(&s->tick, tick_cb, 1, 1);
    s->fetcher = fetcher_create(&s->loop);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d%s", s->peer.port, path);
    s->source = (struct caldav_source){
        .url = s->url, .user = "anna", .password = "secret", .allow_private = true};
    s->hooks = (struct caldav_hooks){listed_cb, object_cb, gone_cb, batch_cb, done_cb, s};
    s->kept = mem_array(OBJECTS_MAX, sizeof(*s->kept));
}

static inline void closed_cb(void *arg)
{
    ((struct set *)arg)->closed = true;
}

static inline void run_until(struct set *s, const bool *flag, int done, int batches)
{
    uv_timer_start(&s->patience, patience_cb, PATIENCE_S * 1000, 0);
    while (flag != NULL ? !*flag : s->done < done && (batches == 0 || s->batches < batches))
        uv_run(&s->loop, UV_RUN_ONCE);
    uv_timer_stop(&s->patience);
}

static inline void tear_down(struct set *s)
{
    fetcher_close(s->fetcher, closed_cb, s);
    run_until(s, &s->closed, 0, 0);
    uv_close((uv_handle_t *)&s->patience, NULL);
    uv_close((uv_handle_t *)&s->tick, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    peer_stop(&s->peer);
    free(s->kept);
    free(s->state);
}

static inline void begin(struct set *s)
{
    struct err err = {0};

    s->listed = s->objects = s->gone = s->batches = 0;
    for (int i = 0; i < s->kept_count; i++)
        s->kept[i].listed = false;
    s->in_start = true;
    s->look = caldav_start(s->fetcher, &s->source, s->state, &s->hooks, &err);
    s->in_start = false;
    if (s->look == NULL)
        fail_msg("%s", err.text);
}

static inline void look(struct set *s)
{
    int before = s->done;

    begin(s);
    run_until(s, NULL, before + 1, 0);
}

static inline void fine(struct set *s, int objects, int gone, bool complete, int kept)
{
    look(s);
    if (s->rc != 0)
        fail_msg("%s", s->error);
    assert_int_equal(s->objects, objects);
    assert_int_equal(s->gone, gone);
    assert_int_equal(s->complete, complete);
    assert_int_equal(s->kept_count, kept);
}

static inline void refused(struct set *s, int rc, const char *words)
{
    look(s);
    if (s->rc != rc || strstr(s->error, words) == NULL)
        fail_msg("%d %s", s->rc, s->error);
}

#endif
