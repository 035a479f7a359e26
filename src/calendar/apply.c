/*
 * Writing what is new in a calendar. See calendar/apply.h.
 *
 * An event's row says what the calendar said last; the appointment says how things are. An event is
 *
 *     booked       it has an appointment (or was cancelled before it had one)
 *     unmatched    it has none, and a task says why; tried again at every look
 *     passed       it names nobody, and such events are none of ours
 *     unreadable   nobody can tell when it is; its appointment, if it has one, stays as it was
 *
 * and goes from any of these to any other as the calendar changes.
 */
#include "calendar/apply.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "calendar/words.h"
#include "store/tasks.h"
#include "store/tenure.h"

#define BATCH_EVENTS 200   /* in one transaction */
#define BATCH_US 10000     /* ... which is no longer than that */
#define REF_TEXT_MAX 120   /* bytes of a ref that is made of a UID as it is */
#define REF_TRIES_MAX 1000 /* refs of one event that others may have */

/* One event at work. */
struct work {
    struct apply *a;
    const struct compare_item *item;
    const struct visit *visit; /* NULL: there is none (any more) */
    struct calendar_event row; /* as it was; a new one has id 0 */
    bool was_apart;
    int64_t client_row; /* whose it is */
    enum people_answer who;
    char *was; /* when it was before; NULL: it has not moved */
    struct apply_told told;
};

/* ---- refs */

static bool fits_a_ref(const char *text)
{
    return str_one_line(text, strlen(text)) && strchr(text, 0x7f) == NULL &&
           strlen(text) <= REF_TEXT_MAX;
}

/* A name for the appointment that a person recognises, and that is the same whenever it is made. */
static int make_ref(struct apply *a, const char *uid, const char *recurrence, char **out)
{
    char *plain = *recurrence != '\0' ? mem_printf("%s/%s/%s", a->name, uid, recurrence)
                                      : mem_printf("%s/%s", a->name, uid);
    bool taken = true;
    int rc = 0;

    if (!fits_a_ref(plain)) {
        uint64_t hash = str_hash(plain, strlen(plain), 0);
        free(plain);
        plain = mem_printf("%s/%016llx", a->name, (unsigned long long)hash);
    }
    *out = mem_strdup(plain);
    for (int n = 2; n < REF_TRIES_MAX; n++) {
        rc = store_calendar_ref_taken(a->store, *out, &taken);
        if (rc != 0 || !taken)
            break;
        free(*out);
        *out = mem_printf("%s~%d", plain, n);
    }
    free(plain);
    return rc;
}

/* ---- tasks */

/* One task for all times of an event, and only while there are not too many. */
static int raise_task(struct work *w)
{
    struct apply *a = w->a;
    char *key = store_calendar_task(a->name, w->row.uid);
    int rc = 0;

    if (!str_eq(a->task_uid, w->row.uid) && a->tasks < APPLY_TASKS_MAX) {
        char *text = words_task(a->name, w->told.title, w->told.starts, w->told.why);
        struct task t = {.key = key, .text = text, .once = true};
        rc = store_task_end(a->store, key, "the event has changed", a->now_ms);
        if (rc == 0)
            rc = store_task_raise(a->store, &t, a->now_ms);
        free(text);
        free(a->task_uid);
        a->task_uid = mem_strdup(w->row.uid);
        a->tasks++;
    }
    free(key);
    return rc;
}

/* End it, if no other time of the event needs it. */
static int end_task(struct work *w, const char *why)
{
    struct apply *a = w->a;
    int64_t apart = 0;
    int rc = store_calendar_apart(a->store, a->calendar_id, w->row.uid, a->now_ms, &apart);

    if (rc == 0 && apart == 0) {
        char *key = store_calendar_task(a->name, w->row.uid);
        rc = store_task_end(a->store, key, why, a->now_ms);
        free(key);
    }
    return rc;
}

/* ---- rows */

/* What the calendar says becomes what it said last. */
static void take_over(struct calendar_event *row, const struct visit *v)
{
    const struct look_event *e = v->event;
    struct {
        char **to;
        const char *from;
    } texts[] = {
        {&row->recurrence, v->recurrence}, {&row->starts, v->starts}, {&row->ends, v->ends},
        {&row->timezone, v->timezone},     {&row->title, e->title},   {&row->location, e->location},
        {&row->names, e->names},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        free(*texts[i].to);
        *texts[i].to = mem_strdup(texts[i].from);
    }
    row->digest = v->digest;
    row->cancelled = e->cancelled;
    row->starts_ms = v->starts_ms;
    row->staff_row = e->staff_row;
    row->sequence = e->sequence;
}

static int save(struct work *w)
{
    return w->a->dry ? 0 : store_calendar_event_save(w->a->store, w->a->calendar_id, &w->row);
}

static struct visit_row visit_row(const struct work *w, const char *status)
{
    const struct visit *v = w->visit;

    return (struct visit_row){
        .ref = w->row.ref,
        .uid = w->row.uid,
        .starts = v->starts,
        .ends = v->ends,
        .timezone = v->timezone,
        .title = v->event->title,
        .location = v->event->location,
        .status = status,
        .client_row = w->client_row,
        .staff_row = v->event->staff_row,
        .sequence = v->event->sequence,
    };
}

/* ---- what becomes of an event */

/* It names nobody, and such events are none of ours. */
static bool is_passed(const struct apply *a, const struct look_event *e)
{
    return a->pass_over && *e->names == '\0';
}

static enum apply_outcome apart_outcome(bool passed, enum people_answer who)
{
    return passed ? APPLY_PASSED : who == PEOPLE_SEVERAL ? APPLY_SEVERAL : APPLY_NOBODY;
}

/* Nobody's, or several people's: never a guess. */
static int leave_apart(struct work *w)
{
    struct apply *a = w->a;
    const struct look_event *e = w->visit->event;
    bool passed = is_passed(a, e);

    w->told.outcome = apart_outcome(passed, w->who);
    w->row.state = passed ? EVENT_PASSED : EVENT_UNMATCHED;
    if (!passed)
        w->told.why = words_unmatched(e->names, w->who == PEOPLE_SEVERAL);
    int rc = save(w);
    if (rc != 0 || a->dry)
        return rc;
    if (passed)
        return w->was_apart ? end_task(w, "such events are ignored") : 0;
    return w->visit->starts_ms >= a->now_ms ? raise_task(w) : 0;
}

static int book(struct work *w)
{
    struct apply *a = w->a;
    int rc = 0;

    w->row.state = EVENT_BOOKED;
    if (w->visit->event->cancelled) {
        w->told.outcome = APPLY_NOTHING;
        rc = save(w);
        return rc == 0 && w->was_apart && !a->dry ? end_task(w, "the event was cancelled") : rc;
    }
    w->told.outcome = APPLY_BOOKED;
    if (w->row.ref == NULL)
        rc = make_ref(a, w->row.uid, w->row.recurrence, &w->row.ref);
    struct visit_row row = visit_row(w, "booked");
    if (rc == 0 && !a->dry)
        rc = store_visit_book(a->store, &row, a->now_ms);
    if (rc == 0)
        rc = save(w);
    if (rc == 0 && w->was_apart && !a->dry)
        rc = end_task(w, "the event has found its client");
    return rc;
}

/* How an appointment stands after its event has changed; NULL: as it stood. */
static const char *new_status(const struct work *w, const char *status, bool moved)
{
    bool open = str_eq(status, "booked") || str_eq(status, "confirmed");
    bool cancelled = w->visit->event->cancelled;

    if (cancelled != w->row.cancelled)
        return cancelled ? (open ? "cancelled" : NULL)
                         : (str_eq(status, "cancelled") ? "booked" : NULL);
    if (moved && !cancelled && w->visit->starts_ms >= w->a->now_ms &&
        !str_eq(status, "cancelled") && !str_eq(status, "booked"))
        return "booked"; /* what was confirmed, or missed, was another time */
    return NULL;
}

static unsigned changed_parts(const struct work *w)
{
    const struct visit *v = w->visit;
    const struct calendar_event *r = &w->row;
    unsigned parts = 0;

    if (!str_eq(v->starts, r->starts) || !str_eq(v->ends, r->ends) ||
        !str_eq(v->timezone, r->timezone))
        parts |= VISIT_TIME;
    if (!str_eq(v->event->title, r->title))
        parts |= VISIT_TITLE;
    if (!str_eq(v->event->location, r->location))
        parts |= VISIT_LOCATION;
    if (v->event->staff_row != r->staff_row)
        parts |= VISIT_STAFF;
    return parts;
}

/* It has an appointment: tell that what is new. */
static int change(struct work *w)
{
    struct apply *a = w->a;
    const struct visit *v = w->visit;
    unsigned parts = changed_parts(w);
    bool moved = !str_eq(v->starts, w->row.starts) || !str_eq(v->timezone, w->row.timezone);
    int64_t id, client_row;
    char *status = NULL;
    int rc = store_visit_find(a->store, w->row.ref, &id, &client_row, &status);

    if (rc != 0 && rc != ERR_NOTFOUND)
        return rc;
    const char *now = rc == 0 ? new_status(w, status, moved) : NULL;
    if (now != NULL)
        parts |= VISIT_STATUS;
    if (w->client_row != 0 && w->client_row != client_row)
        parts |= VISIT_CLIENT;
    w->told.outcome = str_eq(now, "cancelled")                    ? APPLY_CANCELLED
                      : w->row.cancelled && str_eq(now, "booked") ? APPLY_BOOKED
                      : moved                                     ? APPLY_MOVED
                      : parts != 0                                ? APPLY_CHANGED
                                                                  : APPLY_NOTHING;
    if (w->told.outcome == APPLY_MOVED)
        w->was = mem_strdup(w->row.starts);
    struct visit_row row = visit_row(w, now);
    if (rc == ERR_NOTFOUND)
        w->told.outcome = APPLY_NOTHING; /* somebody has deleted it: theirs to decide */
    else if (parts != 0 && !a->dry)
        rc = store_visit_change(a->store, &row, parts, a->now_ms);
    free(status);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* Cancel its appointment, if that is still open. */
static int cancel(struct work *w)
{
    struct apply *a = w->a;
    int64_t id, client_row;
    char *status = NULL;
    int rc = w->row.ref != NULL ? store_visit_find(a->store, w->row.ref, &id, &client_row, &status)
                                : ERR_NOTFOUND;

    if (rc == 0 && (str_eq(status, "booked") || str_eq(status, "confirmed"))) {
        struct visit_row row = {.ref = w->row.ref, .uid = w->row.uid, .status = "cancelled"};
        w->told.outcome = APPLY_CANCELLED;
        if (!a->dry)
            rc = store_visit_change(a->store, &row, VISIT_STATUS, a->now_ms);
    }
    free(status);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int leave_unreadable(struct work *w)
{
    w->told.outcome = APPLY_UNREADABLE;
    w->told.why = words_unreadable(w->visit->tzid);
    if (w->row.ref == NULL)
        take_over(&w->row, w->visit);
    w->row.digest = w->visit->digest;
    w->row.state = EVENT_UNREADABLE;
    int rc = save(w);
    if (rc == 0 && !w->a->dry && w->visit->starts_ms >= w->a->now_ms)
        rc = raise_task(w);
    return rc;
}

static int apply_visit(struct work *w)
{
    const struct look_event *e = w->visit->event;
    bool has =
        w->row.ref != NULL && (w->row.state == EVENT_BOOKED || w->row.state == EVENT_UNREADABLE);
    bool same_names = w->row.id != 0 && str_eq(w->row.names, e->names);

    if (w->visit->unreadable)
        return leave_unreadable(w);
    w->who = people_find(w->a->people, e->names, &w->client_row);
    if (has && (same_names || *e->names == '\0' || w->who == PEOPLE_ONE)) {
        if (same_names || w->who != PEOPLE_ONE)
            w->client_row = 0; /* it stays whose it is */
        int rc = change(w);
        if (rc != 0)
            return rc;
        take_over(&w->row, w->visit);
        w->row.state = EVENT_BOOKED;
        rc = save(w);
        return rc == 0 && w->was_apart && !w->a->dry ? end_task(w, "the event has changed") : rc;
    }
    if (has) { /* it names somebody else now, and nobody knows whom */
        int rc = cancel(w);
        if (rc != 0)
            return rc;
    }
    take_over(&w->row, w->visit);
    return w->who == PEOPLE_ONE || e->cancelled ? book(w) : leave_apart(w);
}

static int apply_gone(struct work *w)
{
    struct apply *a = w->a;

    w->told.outcome = APPLY_NOTHING;
    int rc = cancel(w);
    if (rc == 0 && !a->dry)
        rc = store_calendar_event_delete(a->store, w->row.id);
    if (rc == 0 && w->was_apart && !a->dry)
        rc = end_task(w, "the event is gone from the calendar");
    return rc;
}

/* ---- one after another */

static void tell(struct apply *a, const struct apply_told *told)
{
    a->counts[told->outcome]++;
    if (a->tell != NULL)
        a->tell(a->arg, told);
}

/* One that had no client and has none now: nothing to write. */
static bool still_apart(struct apply *a, const struct compare_item *item)
{
    const struct visit *v = item->visit;
    int64_t client_row;

    if (item->kind != COMPARE_AGAIN)
        return false;
    enum people_answer who = people_find(a->people, v->event->names, &client_row);
    bool passed = is_passed(a, v->event);
    if (who == PEOPLE_ONE || passed != (item->known->state == EVENT_PASSED))
        return false;
    struct apply_told told = {
        .outcome = apart_outcome(passed, who),
        .uid = v->event->uid,
        .title = v->event->title,
        .starts = v->starts,
        .why = passed ? NULL : words_unmatched(v->event->names, who == PEOPLE_SEVERAL),
    };
    tell(a, &told);
    free(told.why);
    return true;
}

static int apply_item(struct apply *a, const struct compare_item *item)
{
    struct work w = {.a = a, .item = item, .visit = item->visit};
    const struct calendar_known *k = item->known;
    const char *uid = k != NULL ? k->uid : item->visit->event->uid;
    const char *recurrence = k != NULL ? k->recurrence : item->visit->recurrence;
    int rc = store_calendar_event(a->store, a->calendar_id, uid, recurrence, &w.row);

    if (rc == ERR_NOTFOUND) {
        w.row.uid = mem_strdup(uid);
        rc = 0;
    }
    w.was_apart = w.row.state == EVENT_UNMATCHED || w.row.state == EVENT_UNREADABLE;
    w.told = (struct apply_told){
        .outcome = APPLY_NOTHING,
        .uid = uid,
        .title = w.visit != NULL ? w.visit->event->title : w.row.title,
        .starts = w.visit != NULL ? w.visit->starts : w.row.starts,
    };
    if (rc == 0 && item->kind == COMPARE_GONE && w.row.id != 0)
        rc = apply_gone(&w);
    else if (rc == 0 && w.visit != NULL)
        rc = apply_visit(&w);
    w.told.ref = w.row.ref;
    w.told.was = w.was;
    if (rc == 0)
        tell(a, &w.told);
    free(w.told.why);
    free(w.was);
    calendar_event_close(&w.row);
    return rc;
}

/* Some of the items, in one transaction; *at goes on. */
static int apply_batch(struct apply *a, const struct comparison *c, size_t *at)
{
    int64_t until_us = clock_mono_us() + BATCH_US;
    size_t next = *at, end = *at + BATCH_EVENTS;
    int rc = a->dry ? 0 : store_begin(a->store);

    if (rc == 0 && a->epoch != 0 && !a->dry)
        rc = store_tenure_is(a->store, a->epoch);
    for (; rc == 0 && next < c->count && next < end && (next == *at || clock_mono_us() < until_us);
         next++)
        if (!still_apart(a, &c->items[next]))
            rc = apply_item(a, &c->items[next]);
    if (rc == 0 && !a->dry)
        rc = store_commit_unsynced(a->store);
    if (rc == 0)
        *at = next;
    else if (!a->dry)
        store_rollback(a->store);
    return rc;
}

int apply_run(struct apply *a, const struct comparison *c)
{
    int rc = store_calendar_tasks(a->store, a->name, &a->tasks);

    for (size_t at = 0; rc == 0 && at < c->count;) {
        while (at < c->count && still_apart(a, &c->items[at]))
            at++;
        int64_t began_us = clock_mono_us();
        if (a->stop != NULL && atomic_load(a->stop))
            rc = ERR_CANCELLED;
        else if (at < c->count)
            rc = apply_batch(a, c, &at);
        if (a->progress != NULL)
            a->progress(a->arg, at, c->count);
        /* Whoever else writes has as much time as we had. */
        if (rc == 0 && !a->dry && at < c->count)
            uv_sleep((unsigned)((clock_mono_us() - began_us) / 1000 + 1));
    }
    return rc;
}
