/*
 * From changed rows to events. See watch/absorb.h.
 *
 * The happy path: a trigger logged "job 7, now in stage Ready". The job's entity (found by the
 * writer's own key, so that a REPLACE is the same job) says it was In repair: so it left In repair
 * and entered Ready, two events with rising revisions. After the last entry of a row its present
 * facts are compared with the known ones, so that what no trigger told is found as well.
 *
 * Event time is when the writer committed, never later than now; under a virtual clock, whose time
 * the writers do not share, it is now.
 */
#include "watch/absorb.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backlog.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/answers.h"
#include "store/calendar_writes.h"
#include "store/messages.h"
#include "store/past.h"
#include "time/moment.h"
#include "watch/reach.h"
#include "watch/stray.h"

#define ANSWER_FRESH_MS (10 * 60 * INT64_C(1000))

void subjects_add(void *subjects, int64_t entity_id)
{
    struct subjects *l = subjects;

    mem_grow(&l->ids, &l->cap, l->count + 1, sizeof(*l->ids));
    l->ids[l->count++] = entity_id;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void subjects_sort(struct subjects *l)
{
    size_t n = 0;

    if (l->count > 0)
        qsort(l->ids, l->count, sizeof(*l->ids), by_id);
    for (size_t i = 0; i < l->count; i++)
        if (n == 0 || l->ids[n - 1] != l->ids[i])
            l->ids[n++] = l->ids[i];
    l->count = n;
}

void subjects_close(struct subjects *l)
{
    free(l->ids);
    *l = (struct subjects){0};
}

#define EVENTS_MAX 8 /* more than one look at one row can find */

/* One look at one row. */
struct look {
    struct world *w;
    enum entity_kind kind;
    int64_t row_id;
    int64_t at_ms;
    const char *detail;      /* what the trigger saw; NULL: nothing */
    bool logged;             /* the change log told it, and goes on to tell what came after */
    bool last;               /* no later entry of this row: compare with the row itself */
    bool open;               /* there may be one, but not in this batch */
    struct backlog *backlog; /* it may be of a run; NULL: it stands alone */
    bool more;               /* the batch is full: others are waiting */
    struct entity e;
    char *key, *facts;                    /* the row's, now */
    bool known;                           /* an entity has this key, or had this row */
    bool newcomer;                        /* of a run, and none has */
    struct plan_event events[EVENTS_MAX]; /* that happened to it, not saved yet */
    size_t event_count;
    bool concerned; /* it has to be planned again itself */
    bool changed;   /* its facts are not what they were */
    struct subjects *out;
};

static void happened(struct look *l, enum event event, const char *stage)
{
    assert(l->event_count < EVENTS_MAX);
    l->events[l->event_count++] = (struct plan_event){
        .event = event,
        .revision = ++l->e.revision,
        .stage = mem_strdup(stage),
        .at_ms = l->at_ms,
    };
}

/* All that the look found out, written at once, or with the others of the run. */
static int save(struct look *l)
{
    bool has_past = l->changed && (l->kind == ENTITY_JOB || l->kind == ENTITY_APPOINTMENT);

    if (l->newcomer) {
        backlog_add(l->backlog, &(struct newcomer){.entity = &l->e,
                                                   .events = l->events,
                                                   .event_count = l->event_count,
                                                   .at_ms = l->at_ms,
                                                   .has_past = has_past,
                                                   .concerned = l->concerned});
        l->event_count = 0;
        return 0;
    }
    int rc = store_entity_save(l->w->store, &l->e);
    for (size_t i = 0; rc == 0 && i < l->event_count; i++)
        rc = store_event_add(l->w->store, l->e.id, &l->events[i]);
    if (rc == 0 && has_past)
        rc = store_past_add(l->w->store, l->e.id, l->at_ms, l->e.facts);
    if (rc == 0 && l->concerned)
        subjects_add(l->out, l->e.id);
    return rc;
}

static void set_state(struct look *l, const char *state)
{
    free(l->e.state);
    l->e.state = mem_strdup(state);
}

static bool fact_changed(const struct look *l, int n)
{
    char *before = entity_fact(l->e.facts, n), *now = entity_fact(l->facts, n);
    bool changed = !str_eq(before, now);

    free(before);
    free(now);
    return changed;
}

/* --- jobs --- */

static void job_to_stage(struct look *l, const char *stage)
{
    if (str_eq(l->e.state, stage))
        return;
    if (l->e.state == NULL)
        happened(l, EVENT_JOB_OPENS, NULL);
    else
        happened(l, EVENT_JOB_LEAVES, l->e.state);
    happened(l, EVENT_JOB_ENTERS, stage);
    set_state(l, stage);
}

static int look_at_job(struct look *l)
{
    const struct playbook *p = l->w->playbook;
    bool strayed = l->e.id != 0 && l->e.state != NULL && stray_stage(p, l->e.state);
    int64_t before = l->e.revision;

    if (l->detail != NULL) {
        char *copy = mem_strdup(l->detail);
        job_to_stage(l, str_trim(copy));
        free(copy);
    }
    char *stage = entity_fact(l->facts, JOB_STAGE), *due = entity_fact(l->facts, JOB_DUE);
    if (l->last)
        job_to_stage(l, stage);
    if (l->last && due[0] != '\0' && fact_changed(l, JOB_DUE))
        happened(l, EVENT_JOB_DUE, NULL);
    bool moved = strayed && l->e.revision != before;
    free(stage);
    free(due);
    return moved ? stray_left(l->w, l->e.id, l->e.state, l->at_ms) : 0;
}

/* --- appointments --- */

static bool is_live(const char *status)
{
    return status != NULL && (strcmp(status, "booked") == 0 || strcmp(status, "confirmed") == 0);
}

static void appointment_to_status(struct look *l, const char *status, bool *booked)
{
    bool was_live = is_live(l->e.state);

    if (str_eq(l->e.state, status))
        return;
    if (is_live(status) && !was_live) {
        happened(l, EVENT_APPOINTMENT_BOOKED, NULL);
        l->e.told_ms = 0; /* of this booking nobody has heard yet */
        *booked = true;
    } else if (strcmp(status, "confirmed") == 0) {
        happened(l, EVENT_APPOINTMENT_CONFIRMED, NULL);
    } else if (strcmp(status, "cancelled") == 0 && was_live) {
        happened(l, EVENT_APPOINTMENT_CANCELLED, NULL);
    } else if (strcmp(status, "missed") == 0 && was_live) {
        happened(l, EVENT_APPOINTMENT_MISSED, NULL);
    }
    set_state(l, status);
}

static bool instant_of(const struct look *l, const char *facts, int64_t *out_ms)
{
    char *starts = entity_fact(facts, APPOINTMENT_STARTS),
         *zone = entity_fact(facts, APPOINTMENT_ZONE);
    struct appointment a = {.starts = starts, .timezone = str_blank(zone) ? NULL : zone};
    char reason[PLAN_REASON_MAX];
    bool ok = starts != NULL &&
              plan_appointment_time(&a, &l->w->settings->business, false, out_ms, reason);

    free(starts);
    free(zone);
    return ok;
}

/* Written differently is not moved: the instants have to differ. A change of zone data is none
 * either, since both are read with today's. */
static bool has_moved(const struct look *l)
{
    int64_t before_ms, now_ms;

    if (!fact_changed(l, APPOINTMENT_STARTS) && !fact_changed(l, APPOINTMENT_ZONE))
        return false;
    return instant_of(l, l->e.facts, &before_ms) && instant_of(l, l->facts, &now_ms) &&
           before_ms != now_ms;
}

static void compare_appointment(struct look *l, bool *booked)
{
    char *status = entity_fact(l->facts, APPOINTMENT_STATUS);

    appointment_to_status(l, status, booked);
    if (!*booked && is_live(status) && has_moved(l))
        happened(l, EVENT_APPOINTMENT_MOVED, NULL);
    free(status);
}

/* Its calendar may want to know that it was confirmed or cancelled (service/writeback.h). */
static int note_for_calendar(const struct look *l)
{
    bool told = str_eq(l->e.state, "confirmed") || str_eq(l->e.state, "cancelled");

    return told && settings_write_back(l->w->settings)
               ? store_calendar_write_note(l->w->store, l->e.key, l->at_ms)
               : 0;
}

static int look_at_appointment(struct look *l)
{
    char *before = mem_strdup(l->e.state);
    bool booked = false;

    if (l->detail != NULL)
        appointment_to_status(l, l->detail, &booked);
    if (l->last)
        compare_appointment(l, &booked);
    bool changed = before != NULL && !str_eq(before, l->e.state);
    free(before);
    return changed ? note_for_calendar(l) : 0;
}

/* --- answers --- */

/* When it was given. What is written down within moments counts from when it was: the row's own
 * time may be cut to the minute. An older one, taken over from somewhere, keeps its time. */
static int64_t answered_at(const struct look *l)
{
    char *text = entity_fact(l->facts, ANSWER_AT);
    struct moment m;
    int64_t at_ms = l->at_ms;

    if (!clock_is_virtual() && text != NULL && moment_parse(text, &m, NULL) == 0) {
        int64_t stated_ms = moment_instant(&m, zone_utc());
        if (stated_ms < l->at_ms - ANSWER_FRESH_MS)
            at_ms = stated_ms;
    }
    free(text);
    return at_ms;
}

/* It happens once, whatever is corrected in it later. What it is about is noted as long as it says
 * the same: the job's row may be another by now. */
static int look_at_answer(struct look *l)
{
    char *about = NULL;
    int rc = 0;

    if (l->facts != NULL && (fact_changed(l, ANSWER_JOB) || fact_changed(l, ANSWER_APPOINTMENT)))
        rc = store_answer_about(l->w->store, l->row_id, &about);
    if (about != NULL)
        set_state(l, about);
    free(about);
    if (rc == 0 && l->e.revision == 0) {
        happened(l, EVENT_CLIENT_ANSWERS, NULL);
        l->events[0].at_ms = answered_at(l);
    }
    return rc;
}

/* --- finding the entity --- */

/* The record with this key is the one we know, wherever its row is now; a row whose key changed is
 * the one we know by its row. */
static int find_entity(struct look *l)
{
    int rc = ERR_NOTFOUND;

    if (l->known)
        rc = store_entity_by_key(l->w->store, l->kind, l->key, &l->e);
    if (l->known && rc == ERR_NOTFOUND) {
        rc = store_entity_by_row(l->w->store, l->kind, l->row_id, &l->e);
        int64_t other;
        if (rc == 0 && store_row_of_key(l->w->store, l->kind, l->e.key, &other) == 0) {
            entity_close(&l->e); /* that key lives on in another row: this one is new */
            rc = ERR_NOTFOUND;
        }
    }
    if (rc == ERR_NOTFOUND) {
        l->e = (struct entity){.kind = l->kind, .present = true};
        l->e.key = mem_strdup(l->key);
        l->e.row_id = l->row_id;
        return 0;
    }
    if (rc == 0 && strcmp(l->e.key, l->key) != 0) {
        free(l->e.key);
        l->e.key = mem_strdup(l->key);
    }
    return rc;
}

static int concern_client(struct look *l, int64_t client_row)
{
    int rc = store_entities_of_client(l->w->store, client_row, subjects_add, l->out);

    return rc == 0 ? store_unplan_of_client(l->w->store, client_row) : rc;
}

/* The record is to be planned again; one that is new has no messages to look for. */
static void note_itself(struct look *l)
{
    l->e.generation = l->e.id == 0 ? ENTITY_NEVER_PLANNED : 0;
    l->concerned = true;
}

/* The subjects that this change concerns. Their plan is old from now on, also if we stop before
 * planning them again. */
static int note_concerned(struct look *l)
{
    struct store *s = l->w->store;
    int rc;

    switch (l->kind) {
    case ENTITY_CLIENT:
        rc = concern_client(l, l->row_id);
        return rc == 0 && l->e.id != 0 ? reach_changed(l->w, l->e.id, l->row_id, l->at_ms) : rc;
    case ENTITY_STAFF:
        rc = world_reload_staff(l->w);
        if (rc == 0)
            rc = store_entities_waiting_for_staff(s, l->at_ms, subjects_add, l->out);
        return rc == 0 ? store_unplan_of_staff(s, l->at_ms) : rc;
    case ENTITY_ANSWER:
        note_itself(l);
        return l->w->playbook->visits_mind_answers || l->w->playbook->others_mind_answers
                   ? concern_client(l, l->e.client_row)
                   : 0;
    default:
        note_itself(l);
        return 0;
    }
}

static int look_at_record(struct look *l)
{
    switch (l->kind) {
    case ENTITY_JOB:
        return look_at_job(l);
    case ENTITY_APPOINTMENT:
        return look_at_appointment(l);
    case ENTITY_ANSWER:
        return look_at_answer(l);
    default:
        return 0;
    }
}

/* An entry of the log about a row that another one of the same key has replaced since: what it saw
 * counts, in its turn; how the record stands now is for the entries of its new row to tell. */
static int row_replaced(struct look *l)
{
    l->last = false;
    int rc = look_at_record(l);
    return rc == 0 ? save(l) : rc;
}

/* The row is gone: either its key lives on in another row, or the record was deleted. */
static int row_gone(struct look *l)
{
    int64_t row_id;
    int rc = store_entity_by_row(l->w->store, l->kind, l->row_id, &l->e);

    if (rc == ERR_NOTFOUND)
        return 0; /* came and went between two looks */
    if (rc == 0 && store_row_of_key(l->w->store, l->kind, l->e.key, &row_id) == 0)
        return l->logged ? row_replaced(l) : absorb_row(l->w, l->kind, row_id, l->at_ms, l->out);
    if (rc == 0 && l->e.present) {
        l->e.present = false;
        rc = note_concerned(l);
        if (rc == 0 && l->kind == ENTITY_JOB && stray_stage(l->w->playbook, l->e.state))
            rc = stray_left(l->w, l->e.id, NULL, l->at_ms);
        if (rc == 0)
            rc = save(l);
    }
    return rc;
}

static bool is_subject(enum entity_kind kind)
{
    return kind == ENTITY_JOB || kind == ENTITY_APPOINTMENT || kind == ENTITY_ANSWER;
}

static int64_t client_of(const struct look *l)
{
    char *text = entity_fact(l->facts, l->kind == ENTITY_JOB           ? JOB_CLIENT
                                       : l->kind == ENTITY_APPOINTMENT ? APPOINTMENT_CLIENT
                                                                       : ANSWER_CLIENT);
    int64_t id = text != NULL ? strtoll(text, NULL, 10) : 0;

    free(text);
    return id;
}

/* Of a backlog's rows most are new and stand as their only entry says. Nobody has compared them
 * yet, so this look may, and they need no second one: an entry that came after all would go on from
 * here. A job with a due time is left to the entry that gave it one. */
static bool stands_as_told(const struct look *l)
{
    bool job = l->kind == ENTITY_JOB;

    if (l->e.facts != NULL || l->detail == NULL)
        return false;
    char *told = mem_strdup(l->detail), *due = job ? entity_fact(l->facts, JOB_DUE) : NULL;
    char *state = entity_fact(l->facts, job ? JOB_STAGE : APPOINTMENT_STATUS);
    bool as_told = str_eq(str_trim(told), state) && str_blank(due);

    free(told);
    free(state);
    free(due);
    return as_told;
}

static int look_at(struct look *l)
{
    int rc = find_entity(l);
    int64_t before = l->e.revision;

    if (rc == 0 && l->open)
        l->last = stands_as_told(l);
    if (rc == 0)
        rc = look_at_record(l);
    if (rc != 0)
        return rc;
    if (l->last) {
        bool same = l->e.present && str_eq(l->e.facts, l->facts) && l->e.row_id == l->row_id;
        l->e.present = true;
        l->e.row_id = l->row_id;
        l->changed = !str_eq(l->e.facts, l->facts);
        free(l->e.facts);
        l->e.facts = mem_strdup(l->facts);
        if (l->kind == ENTITY_CLIENT)
            l->e.client_row = l->row_id;
        if (l->kind == ENTITY_CLIENT && l->more)
            world_read_ahead(l->w, l->facts);
        if (is_subject(l->kind)) {
            int64_t was = l->e.client_row;
            l->e.client_row = client_of(l);
            if (l->kind == ENTITY_ANSWER && was != 0 && was != l->e.client_row)
                rc = concern_client(l, was); /* it was taken down for the wrong one */
        }
        if (rc == 0 && (!same || l->detail == NULL))
            rc = note_concerned(l);
    }
    if (rc == 0 && l->e.revision != before) /* also what came and went, and left no other trace */
        rc = note_concerned(l);
    if (rc == 0 && l->last && l->e.id != 0 && is_subject(l->kind))
        rc = store_messages_look_again(l->w->store, l->e.id, l->at_ms);
    return rc == 0 ? save(l) : rc;
}

/* How the row stands. A newcomer of a run is all that may be looked at before those that were
 * collected are written. */
static int read_row(struct look *l)
{
    struct backlog *b = l->backlog;
    bool read = b != NULL && backlog_take(b, l->kind, l->row_id, &l->key, &l->facts, &l->known);

    l->newcomer = read && !l->known;
    int rc = b == NULL || l->newcomer ? 0 : backlog_write(b);
    return rc != 0 || read
               ? rc
               : store_facts_known(l->w->store, l->kind, l->row_id, &l->key, &l->facts, &l->known);
}

static int look_once(struct look *l)
{
    int rc = read_row(l);

    rc = rc == ERR_NOTFOUND ? row_gone(l) : rc == 0 ? look_at(l) : rc;
    free(l->key);
    free(l->facts);
    for (size_t i = 0; i < l->event_count; i++)
        free(l->events[i].stage);
    entity_close(&l->e);
    return rc;
}

int absorb_row(struct world *w, enum entity_kind kind, int64_t row_id, int64_t now_ms,
               struct subjects *out)
{
    struct look l = {
        .w = w, .kind = kind, .row_id = row_id, .at_ms = now_ms, .last = true, .out = out};

    return look_once(&l);
}

/* Do its entries tell a story, of which the row itself is only the end? Of other records each says
 * no more than to look at the row. */
static bool has_story(enum entity_kind kind)
{
    return kind == ENTITY_JOB || kind == ENTITY_APPOINTMENT;
}

int absorb_changes(struct world *w, int64_t now_ms, size_t max, struct subjects *out, size_t *taken)
{
    struct change *list;
    size_t count;
    int rc = store_changes(w->store, max, &list, &count);

    *taken = count;
    world_keep_read(w);
    if (rc == 0 && count > 0) {
        bool *last = backlog_last(list, count);
        struct backlog backlog;
        backlog_init(&backlog, w->store, out);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            bool later = clock_is_virtual() || list[i].at_ms > now_ms;
            bool goes_on = count == max && has_story(list[i].kind); /* perhaps, in the next batch */
            struct look l = {.w = w,
                             .kind = list[i].kind,
                             .row_id = list[i].row_id,
                             .at_ms = later ? now_ms : list[i].at_ms,
                             .detail = list[i].detail,
                             .logged = true,
                             .last = last[i] && !goes_on,
                             .open = last[i] && goes_on,
                             .backlog = &backlog,
                             .more = count == max,
                             .out = out};
            rc = backlog_next(&backlog, list + i, count - i);
            if (rc == 0 && entity_is_record(l.kind))
                rc = look_once(&l);
        }
        if (rc == 0)
            rc = backlog_write(&backlog);
        backlog_close(&backlog);
        if (rc == 0)
            rc = store_changes_done(w->store, list[count - 1].id);
        free(last);
    }
    changes_free(list, count);
    return rc;
}
