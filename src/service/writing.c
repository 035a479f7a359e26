/* One visit that its calendar is to be told of. See writing.h. */
#include "writing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "calendar/caldav.h"
#include "ical/edit.h"
#include "store/calendar_objects.h"
#include "store/rules.h"
#include "store/tasks.h"
#include "store/tenure.h"

#define LATER_MS INT64_C(60000) /* after the first failure */
#define LATER_MAX_MS INT64_C(3600000)
#define TRIES_TOLD 6    /* so many failures are worth a task, */
#define TRIES_MAX 30    /* and after so many, more than a day, it is left to that */
#define CHOICES_MAX 200 /* visits passed over in one go, because nothing is to be told */

void targets_close(struct targets *t)
{
    for (size_t i = 0; i < t->count; i++)
        calendar_settings_close(&t->items[i]);
    free(t->items);
    *t = (struct targets){0};
}

void writing_init(struct writing *w)
{
    *w = (struct writing){0};
    buf_init(&w->text);
}

void writing_close(struct writing *w)
{
    calendar_write_close(&w->visit);
    calendar_settings_close(&w->calendar);
    free(w->url);
    free(w->etag);
    buf_close(&w->text);
    writing_init(w);
}

bool writing_cancels(const struct writing *w)
{
    return w->visit.status != NULL && strcmp(w->visit.status, "cancelled") == 0;
}

/* Is there anything to tell? */
static bool tells(const struct writing *w)
{
    const struct calendar_write *v = &w->visit;

    if (v->calendar_id == 0)
        return false;
    return strcmp(v->status, "confirmed") == 0 || (writing_cancels(w) && !v->event_cancelled);
}

static void judge(struct writing *w, enum ending verdict, const char *fmt, const char *what)
{
    w->ending = verdict;
    err_set(&w->why, fmt, what);
}

static int begin(const struct writing *w, struct store *s)
{
    int rc = store_begin(s);

    return rc == 0 ? store_tenure_is(s, w->epoch) : rc;
}

static void end(struct store *s, int rc)
{
    if (rc != 0 || store_commit_unsynced(s) != 0)
        store_rollback(s); /* it is still noted: the same again later */
}

/* ---- choosing */

static const struct calendar_settings *target_of(const struct targets *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->items[i].name, name) == 0)
            return &t->items[i];
    return NULL;
}

/* Where the object is: at the collection of the last look. */
static int find_object(struct writing *w, struct store *s)
{
    struct calendar_object o;
    char *collection = caldav_state_url(w->visit.token);
    int rc = store_calendar_object_of(s, w->visit.calendar_id, w->visit.uid, &o);

    if (rc == 0 && collection != NULL)
        w->url = caldav_object_url(collection, o.href);
    if (rc == ERR_NOTFOUND || (rc == 0 && w->url == NULL))
        judge(w, ENDING_LATER, "%s", "the last look did not find where its event is");
    calendar_object_close(&o);
    free(collection);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* One that is to be told. ERR_NOTFOUND: there is none; those before it are noted no more. */
static int choose(struct writing *w, const struct targets *targets, struct store *s)
{
    int rc = 0;

    for (int i = 0; i < CHOICES_MAX && rc == 0; i++) {
        calendar_write_close(&w->visit);
        rc = store_calendar_write_next(s, w->now_ms, &w->visit);
        if (rc != 0)
            break;
        const struct calendar_settings *t =
            w->visit.calendar_id != 0 ? target_of(targets, w->visit.calendar) : NULL;
        if (t != NULL && tells(w)) {
            calendar_settings_copy(&w->calendar, t);
            return find_object(w, s);
        }
        rc = store_calendar_write_done(s, w->visit.ref,
                                       t != NULL && w->visit.status != NULL ? w->visit.status : "");
    }
    return rc != 0 ? rc : ERR_NOTFOUND;
}

void writing_choose(struct writing *w, const struct targets *targets, struct store *s)
{
    bool copy = false;
    int rc = store_paused_copy(s, &copy);

    if (rc != 0 || copy) /* whose calendar it is, is for a person to say first */
        return;
    rc = begin(w, s);
    if (rc == 0)
        rc = choose(w, targets, s);
    if (rc != 0)
        calendar_write_close(&w->visit);
    end(s, rc == ERR_NOTFOUND ? 0 : rc);
}

/* ---- editing */

/* What the visit is by now. */
static int load_visit(struct writing *w, struct store *s)
{
    struct calendar_write now;
    int rc = store_calendar_write(s, w->visit.ref, &now);

    if (rc != 0) {
        calendar_write_close(&now);
        return rc;
    }
    calendar_write_close(&w->visit);
    w->visit = now;
    return 0;
}

void writing_edit(struct writing *w, struct store *s)
{
    struct buf out;
    bool changed = false;

    if (load_visit(w, s) != 0) {
        judge(w, ENDING_LATER, "the database: %s", store_error(s));
        return;
    }
    if (!tells(w)) {
        w->ending = ENDING_DONE; /* it is another by now */
        return;
    }
    const struct ical_edit edit = {
        .uid = w->visit.uid,
        .recurrence = w->visit.recurrence,
        .cancelled = writing_cancels(w),
        .known_cancelled = w->visit.event_cancelled,
        .attendee = w->visit.email,
        .now_ms = w->now_ms,
    };
    buf_init(&out);
    int rc = ical_edit(w->text.data, w->text.len, &edit, &out, &changed, &w->why);
    if (rc == ERR_NOTFOUND && edit.cancelled)
        w->ending = ENDING_DONE; /* nobody expects it any more */
    else if (rc != 0)
        w->ending = rc == ERR_IO ? ENDING_LATER : ENDING_PERSON;
    else if (!changed)
        w->ending = ENDING_DONE;
    buf_close(&w->text);
    w->text = out;
}

/* ---- noting */

static int raise_task(struct writing *w, struct store *s, const char *key)
{
    const struct calendar_write *v = &w->visit;
    char *text = mem_printf("The calendar %s could not be told that the visit of %s was %s: %s. "
                            "Please write it there, or settle it with whoever changed it.",
                            v->calendar, v->starts, v->status, w->why.text);
    struct task t = {
        .key = key, .client_id = v->client_row, .appointment_id = v->appointment_id, .text = text};
    int rc = store_task_raise(s, &t, w->now_ms);

    free(text);
    return rc;
}

static int note_later(struct writing *w, struct store *s, const char *key)
{
    const struct calendar_write *v = &w->visit;
    int64_t wait_ms = LATER_MS;

    for (int64_t i = 0; i < v->tries && wait_ms < LATER_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > LATER_MAX_MS)
        wait_ms = LATER_MAX_MS;
    int rc = v->tries + 1 >= TRIES_TOLD ? raise_task(w, s, key) : 0;
    if (rc != 0)
        return rc;
    return v->tries + 1 >= TRIES_MAX ? store_calendar_write_done(s, v->ref, v->status)
                                     : store_calendar_write_later(s, v->ref, w->now_ms + wait_ms);
}

void writing_note(struct writing *w, struct store *s)
{
    const struct calendar_write *v = &w->visit;
    char *key = mem_printf("calendar-write:%s", v->ref);
    int rc = begin(w, s);

    if (rc == 0 && w->ending == ENDING_LATER) {
        rc = note_later(w, s, key);
    } else if (rc == 0) {
        rc = w->ending == ENDING_PERSON
                 ? raise_task(w, s, key)
                 : store_task_end(s, key, "the calendar knows it", w->now_ms);
        if (rc == 0 && w->ending == ENDING_DONE)
            rc = store_calendar_write_told(s, v->ref, writing_cancels(w));
        if (rc == 0)
            rc = store_calendar_write_done(s, v->ref, v->status);
    }
    end(s, rc);
    free(key);
}
