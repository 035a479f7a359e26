/* A look at a calendar. See calendar/sync.h. */
#include "calendar/sync.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "calendar/look.h"
#include "calendar/portions.h"
#include "store/calendars.h"
#include "store/records.h"
#include "store/tasks.h"
#include "store/tenure.h"
#include "text/address.h"

#define DAY_MS INT64_C(86400000)
#define FORGET_MS ((LOOK_DAYS_BACK + 30) * DAY_MS) /* after so long an event is forgotten */
#define FORGET_EVENTS 500                          /* in one transaction */
#define LARGE_VISITS 5000 /* a look at more of them leaves memory that is worth giving back */
#define OUTDATED_MS (7 * DAY_MS) /* the horizon moves by so much at a time */
#define AGAIN_EVENTS 500         /* without a client, that are tried at a time */

/* What a look works with. */
struct session {
    const struct sync_job *job;
    struct sync_report *report;
    struct calendar_row row;
    struct staff *staff;
    size_t staff_count;
    struct people *people;
    char *identity; /* NULL: it has none yet */
};

void sync_report_close(struct sync_report *r)
{
    free(r->asks);
    str_list_close(&r->notes);
    *r = (struct sync_report){0};
}

/* ---- small transactions */

static int begin(const struct sync_job *job)
{
    int rc = store_begin(job->store);

    return rc == 0 && job->epoch != 0 ? store_tenure_is(job->store, job->epoch) : rc;
}

static int end(const struct sync_job *job, int rc)
{
    if (rc == 0)
        rc = store_commit_unsynced(job->store);
    if (rc != 0)
        store_rollback(job->store);
    return rc;
}

/* What went wrong without a sentence went wrong in the store. */
static int told(const struct sync_job *job, int rc, struct err *err)
{
    if (rc != 0 && err->text[0] == '\0')
        err_set(err, "the database: %s", store_error(job->store));
    return rc;
}

/* ---- what it works with */

static void add_own(struct str_list *own, const char *written)
{
    struct address a;

    if (written == NULL || address_parse(written, &a, NULL) != 0)
        return;
    for (char *p = a.mailbox; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    str_list_add(own, a.mailbox, strlen(a.mailbox));
}

void sync_business_init(struct sync_business *b, const struct settings *settings)
{
    *b = (struct sync_business){.country = mem_strdup(settings->business.country),
                                .zone = settings->business.calendar.zone};
    add_own(&b->own, settings->business.email);
    for (size_t i = 0; i < settings->gateway_count; i++)
        if (settings->gateways[i].type == GATEWAY_SMTP)
            add_own(&b->own, settings->gateways[i].from);
}

void sync_business_close(struct sync_business *b)
{
    free(b->country);
    str_list_close(&b->own);
}

static int open_session(struct session *s, const struct sync_job *job, struct sync_report *report)
{
    int rc;

    *s = (struct session){.job = job, .report = report};
    *report = (struct sync_report){0};
    s->people = people_create(job->business->country);
    rc = store_calendar(job->store, job->name, &s->row);
    if (rc == ERR_NOTFOUND && job->dry) {
        rc = 0; /* id 0: it knows nothing */
    } else if (rc == ERR_NOTFOUND) {
        rc = begin(job);
        rc = end(job, rc == 0 ? store_calendar_make(job->store, job->name, &s->row) : rc);
    }
    if (rc == 0)
        rc = store_meta_text(job->store, "identity", &s->identity);
    return rc == 0 ? store_staff_all(job->store, &s->staff, &s->staff_count) : rc;
}

static void close_session(struct session *s)
{
    calendar_row_close(&s->row);
    store_staff_free(s->staff, s->staff_count);
    people_free(s->people);
    free(s->identity);
}

static struct look_rules look_rules(const struct session *s)
{
    const struct sync_business *b = s->job->business;

    return (struct look_rules){
        .names = {b->country, s->job->patterns, &b->own, s->staff, s->staff_count},
        .zone = b->zone,
        .floating = s->job->floating,
        .identity = s->identity,
        .now_ms = s->job->now_ms,
    };
}

/* ---- writing */

static int apply(struct session *s, const struct comparison *c)
{
    const struct sync_job *job = s->job;
    struct apply a = {
        .store = job->store,
        .epoch = job->epoch,
        .stop = job->stop,
        .calendar_id = s->row.id,
        .name = job->name,
        .people = s->people,
        .now_ms = job->now_ms,
        .dry = job->dry,
        .pass_over = job->pass_over,
        .tell = job->tell,
        .progress = job->progress,
        .arg = job->arg,
    };
    int rc = 0;

    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].visit != NULL)
            people_want(s->people, c->items[i].visit->event->names);
    rc = people_look(s->people, job->store);
    if (rc == 0)
        rc = apply_run(&a, c);
    for (size_t i = 0; i < APPLY_OUTCOMES; i++)
        s->report->counts[i] += a.counts[i];
    free(a.task_uid);
    return rc;
}

static void set(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

static char *asks_key(const char *name)
{
    return mem_printf(TASK_CALENDAR_ASKS "%s", name);
}

/* What else is to be kept. Whoever else writes has as much time as we had. */
static int save(const struct session *s)
{
    const struct sync_job *job = s->job;
    bool more = job->save != NULL;
    int rc = 0;

    while (rc == 0 && more) {
        int64_t began_us = clock_mono_us();
        more = false;
        rc = begin(job);
        if (rc == 0)
            rc = job->save(job->keeper, job->store, s->row.id, &more);
        rc = end(job, rc);
        if (rc == 0 && more)
            uv_sleep((unsigned)((clock_mono_us() - began_us) / 1000 + 1));
    }
    return rc;
}

/* The look is done: what it was answered with counts from now on. */
static int finish(struct session *s, int64_t until_ms)
{
    const struct sync_job *job = s->job;
    char *key = asks_key(job->name);
    struct buf notes;
    bool more = true;

    buf_init(&notes);
    for (size_t i = 0; i < s->report->notes.count; i++)
        buf_printf(&notes, "%s%s", i > 0 ? "\n" : "", s->report->notes.items[i]);
    set(&s->row.etag, job->etag);
    set(&s->row.modified, job->modified);
    set(&s->row.token, job->token);
    set(&s->row.trouble, NULL);
    set(&s->row.asks, NULL);
    set(&s->row.notes, notes.len > 0 ? notes.data : NULL);
    s->row.looked_ms = s->row.good_ms = job->now_ms;
    if (!job->part)
        s->row.until_ms = until_ms;
    s->row.rules = (int64_t)job->rules;
    s->row.tries = s->row.asks_missing = 0;
    int rc = save(s);
    if (rc == 0)
        rc = begin(job);
    if (rc == 0)
        rc = store_calendar_save(job->store, &s->row);
    if (rc == 0 && s->row.accepted != 0)
        rc = store_calendar_accept(job->store, job->name, 0);
    if (rc == 0)
        rc = store_task_end(job->store, key, "the calendar was applied", job->now_ms);
    if (rc == 0)
        rc = store_calendar_tasks_end(job->store, job->name, job->now_ms);
    rc = end(job, rc);
    while (rc == 0 && more) {
        rc = begin(job);
        if (rc == 0)
            rc = store_calendar_forget(job->store, s->row.id, job->now_ms - FORGET_MS,
                                       FORGET_EVENTS, &more);
        rc = end(job, rc);
    }
    buf_close(&notes);
    free(key);
    return rc;
}

/* Nothing is written but that somebody has to say yes. */
static int ask(struct session *s, const struct comparison *c)
{
    const struct sync_job *job = s->job;
    char *key = asks_key(job->name);
    char *why = c->found == 0
                    ? mem_printf("it has none left of %zu events to come", c->known)
                    : mem_printf("%zu of %zu events to come are missing", c->missing, c->known);
    struct task t = {.key = key};
    int rc = 0;

    if (!job->dry) {
        char *text = mem_printf("The calendar %s is not as it was: %s. Nothing of it was applied. "
                                "If that is right, say `betimes calendar accept %s`; if not, "
                                "nothing has to be done but to mend the calendar.",
                                job->name, why, job->name);
        t.text = text;
        set(&s->row.asks, why);
        s->row.asks_missing = (int64_t)c->missing;
        s->row.looked_ms = job->now_ms;
        rc = begin(job);
        if (rc == 0)
            rc = store_calendar_save(job->store, &s->row);
        if (rc == 0)
            rc = store_task_raise(job->store, &t, job->now_ms);
        rc = end(job, rc);
        free(text);
    }
    s->report->asks = why;
    free(key);
    return rc;
}

/* ---- the look */

static int compare(struct session *s, struct look *look, int64_t until_ms)
{
    const struct sync_job *job = s->job;
    struct compare_rules rules = {job->now_ms, job->whole && !look->message, job->gone};
    struct calendar_known *known = NULL;
    struct comparison c = {0};
    size_t count = 0;
    int rc = s->row.id == 0 ? 0
                            : store_calendar_known(job->store, s->row.id, job->now_ms - FORGET_MS,
                                                   &known, &count);

    if (rc == 0) {
        compare_look(&rules, look, known, count, &c);
        s->report->unchanged = c.unchanged;
        s->report->events = look->count;
        if (compare_asks(&c) && (int64_t)c.missing > s->row.accepted) {
            rc = ask(s, &c);
        } else {
            rc = apply(s, &c);
            if (rc == 0 && !job->dry)
                rc = finish(s, until_ms);
        }
    }
    compare_close(&c);
    calendar_known_free(known, count);
    return rc;
}

/* All that the bytes say, as far as they can be read. */
static int read_bytes(const struct sync_job *job, const struct look_rules *rules, const void *bytes,
                      size_t len, struct look *look, struct err *err)
{
    struct portions objects = {rules, job->stop, bytes, job->objects, job->object_count, look};
    struct portions whole = {rules, job->stop, bytes, &(struct sync_object){0, len, NULL}, 1, look};

    if (job->objects != NULL)
        return portions_read(&objects, err);
    return len > 0 || job->gone == NULL ? portions_read_whole(&whole, err) : 0;
}

int sync_look(const struct sync_job *job, const void *bytes, size_t len, struct sync_report *out,
              struct err *err)
{
    struct session s;
    struct look look = {0};
    int rc = open_session(&s, job, out);

    if (rc == 0) {
        struct look_rules rules = look_rules(&s);
        rc = read_bytes(job, &rules, bytes, len, &look, err);
        look_end(&look);
        out->notes = look.notes;
        out->notes_more = look.notes_more;
        look.notes = (struct str_list){0};
        if (rc == 0 && job->was_read != NULL)
            rc = job->was_read(job->keeper, job->store, s.row.id);
        if (rc == 0)
            rc = compare(&s, &look, look_until_ms(&rules));
    }
    bool large = look.count > LARGE_VISITS;
    look_close(&look);
    close_session(&s);
    if (large)
        mem_trim();
    return told(job, rc, err);
}

/* ---- what had no client */

/* As if the calendar had just told of them. */
static int try_rows(struct session *s, const struct calendar_event *rows, size_t count)
{
    struct look_event *events = mem_array(count, sizeof(*events));
    struct visit *visits = mem_array(count, sizeof(*visits));
    struct calendar_known *known = mem_array(count, sizeof(*known));
    struct compare_item *items = mem_array(count, sizeof(*items));

    for (size_t i = 0; i < count; i++) {
        const struct calendar_event *r = &rows[i];
        events[i] = (struct look_event){.uid = r->uid,
                                        .title = r->title,
                                        .location = r->location,
                                        .names = r->names,
                                        .staff_row = r->staff_row,
                                        .sequence = r->sequence};
        visits[i] = (struct visit){.event = &events[i],
                                   .recurrence = r->recurrence,
                                   .starts = r->starts,
                                   .ends = r->ends,
                                   .timezone = r->timezone,
                                   .starts_ms = r->starts_ms,
                                   .digest = r->digest};
        known[i] =
            (struct calendar_known){.uid = r->uid, .recurrence = r->recurrence, .state = r->state};
        items[i] = (struct compare_item){COMPARE_AGAIN, &visits[i], &known[i]};
    }
    struct comparison c = {.items = items, .count = count};
    int rc = apply(s, &c);
    free(items);
    free(known);
    free(visits);
    free(events);
    return rc;
}

int sync_again(const struct sync_job *job, struct sync_report *out, struct err *err)
{
    struct session s;
    int64_t after_id = 0;
    size_t count = 0;
    int rc = open_session(&s, job, out);

    do {
        struct calendar_event *rows = NULL;
        if (rc == 0)
            rc = store_calendar_unmatched(job->store, s.row.id, job->now_ms, after_id, AGAIN_EVENTS,
                                          &rows, &count);
        if (rc == 0 && count > 0) {
            after_id = rows[count - 1].id;
            rc = try_rows(&s, rows, count);
        }
        calendar_events_free(rows, count);
    } while (rc == 0 && count == AGAIN_EVENTS);
    if (rc == 0 && !job->dry && job->whole) {
        rc = begin(job);
        if (rc == 0) {
            s.row.looked_ms = s.row.good_ms = job->now_ms;
            s.row.tries = 0;
            set(&s.row.trouble, NULL);
            rc = store_calendar_save(job->store, &s.row);
        }
        if (rc == 0)
            rc = store_calendar_tasks_end(job->store, job->name, job->now_ms);
        rc = end(job, rc);
    }
    close_session(&s);
    return told(job, rc, err);
}

int sync_failed(struct store *store, int64_t epoch, const char *name, const char *why,
                int64_t now_ms)
{
    struct sync_job job = {.store = store, .epoch = epoch};
    struct calendar_row row = {0};
    int rc = begin(&job);

    if (rc == 0)
        rc = store_calendar_make(store, name, &row);
    if (rc == 0) {
        row.looked_ms = now_ms;
        row.tries++;
        set(&row.trouble, why);
        rc = store_calendar_save(store, &row);
    }
    calendar_row_close(&row);
    return end(&job, rc);
}

bool sync_is_outdated(int64_t until_ms, int64_t now_ms)
{
    return now_ms + LOOK_DAYS_AHEAD * DAY_MS - until_ms > OUTDATED_MS;
}
