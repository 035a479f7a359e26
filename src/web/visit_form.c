/* The form of an appointment. See web/row_form.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/web_queries.h"
#include "time/moment.h"
#include "web/html.h"
#include "web/parts.h"
#include "web/row_form.h"

#define JOBS_MAX 50

enum {
    TITLE,
    STARTS_DATE,
    STARTS_TIME,
    ENDS_DATE,
    ENDS_TIME,
    TIMEZONE,
    STATUS,
    PLACE,
    STAFF,
    JOB,
    FIELDS
};

static const struct row_field fields[FIELDS] = {
    [TITLE] = {"title", W_TITLE_FIELD, ROW_TEXT, true, WORD_COUNT},
    [STARTS_DATE] = {"starts-date", W_STARTS_DATE, ROW_DATE, true, WORD_COUNT},
    [STARTS_TIME] = {"starts-time", W_STARTS_TIME, ROW_TIME, false, W_STARTS_TIME_HINT},
    [ENDS_DATE] = {"ends-date", W_ENDS_DATE, ROW_DATE, false, W_ENDS_DATE_HINT},
    [ENDS_TIME] = {"ends-time", W_ENDS_TIME, ROW_TIME, false, WORD_COUNT},
    [TIMEZONE] = {"timezone", W_ZONE, ROW_TEXT, false, W_ZONE_ROW_HINT},
    [STATUS] = {"status", W_STATUS, ROW_CHOICE, true, WORD_COUNT},
    [PLACE] = {"location", W_PLACE, ROW_TEXT, false, WORD_COUNT},
    [STAFF] = {"staff", W_IN_CHARGE, ROW_CHOICE, false, WORD_COUNT},
    [JOB] = {"job", W_JOB, ROW_CHOICE, false, WORD_COUNT},
};

static const struct zone *zone_of(const struct visit *v, const char *name)
{
    const struct zone *z = str_blank(name) ? NULL : zone_get(name);

    return z != NULL ? z : v->site->zone;
}

static void values(struct visit *v, struct row_form *f)
{
    const struct appointment *a = &f->row.appointment;
    const struct zone *z = zone_of(v, a->timezone);

    f->before[TITLE] = mem_strdup(a->title);
    row_time_split(a->starts, z, &f->before[STARTS_DATE], &f->before[STARTS_TIME]);
    row_time_split(a->ends, z, &f->before[ENDS_DATE], &f->before[ENDS_TIME]);
    if (f->before[ENDS_TIME][0] != '\0' && str_eq(f->before[ENDS_DATE], f->before[STARTS_DATE]))
        f->before[ENDS_DATE][0] = '\0'; /* so that the end goes along to another day */
    f->before[TIMEZONE] = mem_strdup(a->timezone);
    f->before[STATUS] = mem_strdup(a->status != NULL ? a->status : "booked");
    f->before[PLACE] = mem_strdup(a->location);
    f->before[STAFF] = a->staff_id != 0 ? mem_printf("%lld", (long long)a->staff_id) : NULL;
    f->before[JOB] = a->job_id != 0 ? mem_printf("%lld", (long long)a->job_id) : NULL;
}

static int jobs(struct visit *v, struct row_form *f)
{
    struct job *list;
    size_t count;
    char id[24], name[40];
    bool known = f->before[JOB][0] == '\0';
    int rc = store_client_jobs(v->store, f->client_id, JOBS_MAX, &list, &count);

    row_form_option(f, JOB, "", word(W_NO_JOB), NULL);
    for (size_t i = 0; i < count; i++) {
        const struct job *j = &list[i];
        snprintf(id, sizeof(id), "%lld", (long long)j->id);
        snprintf(name, sizeof(name), "#%lld", (long long)j->id);
        known |= strcmp(id, f->before[JOB]) == 0;
        row_form_option(f, JOB, id,
                        j->title != NULL ? j->title
                        : j->ref != NULL ? j->ref
                                         : name,
                        NULL);
    }
    if (!known)
        row_form_option(f, JOB, f->before[JOB], f->before[JOB], NULL);
    jobs_free(list, count);
    return rc;
}

static int options(struct visit *v, struct row_form *f)
{
    static const char *const statuses[] = {"booked", "confirmed", "completed", "missed",
                                           "cancelled"};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        row_form_option(f, STATUS, statuses[i], word(visit_status_word(statuses[i])), NULL);
    int rc = row_form_staff(v, f, STAFF);
    return rc == 0 ? jobs(v, f) : rc;
}

static void check_zone(struct row_form *f)
{
    const char *name = f->values[TIMEZONE];

    if (str_blank(name) || zone_get(name) != NULL || str_eq(name, f->before[TIMEZONE]))
        return;
    char *near = zone_nearest(name);
    row_form_wrong(f, TIMEZONE, near != NULL ? W_WRONG_ZONE_NEAR : W_WRONG_ZONE, near);
    free(near);
}

static bool touched(const struct row_form *f, size_t date)
{
    return !str_eq(f->values[date], f->before[date]) ||
           !str_eq(f->values[date + 1], f->before[date + 1]);
}

/* Where the start alone was changed, the visit is as long as it was, by the clocks. That is done
 * once: an end that the person has seen and set back stays. */
static void move_end(struct row_form *f, const struct zone *z)
{
    const struct appointment *was = &f->row.appointment;
    const char *starts = f->wanted.appointment.starts;
    struct moment from, to, now;
    struct civil end;

    if (f->end_moved || starts == NULL || !touched(f, STARTS_DATE) || touched(f, ENDS_DATE) ||
        was->starts == NULL || was->ends == NULL || moment_parse(was->starts, &from, NULL) != 0 ||
        moment_parse(was->ends, &to, NULL) != 0 || moment_parse(starts, &now, NULL) != 0)
        return;
    bool days = now.kind == MOMENT_DATE;
    if (days != (from.kind == MOMENT_DATE) || days != (to.kind == MOMENT_DATE))
        return; /* check_order says what is wrong with it */
    struct civil first = row_time_civil(&from, z), last = row_time_civil(&to, z);
    int64_t length_s = civil_to_seconds(&last) - civil_to_seconds(&first);
    now.civil = row_time_civil(&now, z);
    civil_from_seconds(civil_to_seconds(&now.civil) + length_s, &end);
    bool same_day =
        str_blank(f->before[ENDS_DATE]) && civil_day_number(&end) == civil_day_number(&now.civil);
    free(f->values[ENDS_DATE]);
    f->values[ENDS_DATE] =
        same_day ? mem_strdup("") : mem_printf("%04d-%02d-%02d", end.year, end.month, end.day);
    if (!days) {
        free(f->values[ENDS_TIME]);
        f->values[ENDS_TIME] = mem_printf("%02d:%02d", end.hour, end.minute);
    }
    f->end_moved = touched(f, ENDS_DATE); /* on another day at the same hour nothing differs */
}

/* An end without a day is on the day of the start; its field stays empty. */
static char *join_end(struct row_form *f, const struct zone *z, const char *was)
{
    char *empty = f->values[ENDS_DATE];
    bool same_day = str_blank(empty) && !str_blank(f->values[ENDS_TIME]);

    if (same_day)
        f->values[ENDS_DATE] = f->values[STARTS_DATE];
    char *ends = row_time_join(f, ENDS_DATE, z, was);
    f->values[ENDS_DATE] = empty;
    return ends;
}

static void check_order(struct row_form *f, const struct zone *z)
{
    const struct appointment *a = &f->wanted.appointment;
    struct moment starts, ends;

    if (a->starts == NULL || a->ends == NULL || moment_parse(a->starts, &starts, NULL) != 0 ||
        moment_parse(a->ends, &ends, NULL) != 0)
        return;
    bool days = starts.kind == MOMENT_DATE || ends.kind == MOMENT_DATE;
    int64_t length_ms = moment_instant(&ends, z) - moment_instant(&starts, z);
    if (starts.kind != ends.kind && days)
        row_form_wrong(f, ENDS_TIME, W_WRONG_END_KIND, NULL);
    else if (length_ms < 0 || (length_ms == 0 && !days))
        row_form_wrong(f, ENDS_DATE, W_WRONG_END, NULL);
}

static void check(struct visit *v, struct row_form *f)
{
    const struct zone *z = zone_of(v, f->values[TIMEZONE]);
    bool same_zone = str_eq(f->values[TIMEZONE], f->before[TIMEZONE]);
    struct appointment *a = &f->wanted.appointment;

    check_zone(f);
    a->client_id = f->client_id;
    a->title = row_form_text(f, TITLE);
    a->location = row_form_text(f, PLACE);
    a->starts = row_time_join(f, STARTS_DATE, z, same_zone ? f->row.appointment.starts : NULL);
    if (same_zone)
        move_end(f, z);
    a->ends = join_end(f, z, same_zone ? f->row.appointment.ends : NULL);
    a->timezone = row_form_text(f, TIMEZONE);
    a->status = row_form_text(f, STATUS);
    a->staff_id = row_form_id(f, STAFF);
    a->job_id = row_form_id(f, JOB);
    check_order(f, z);
}

const struct row_kind visit_form = {fields, FIELDS, values, options, check};

/* --- what may be a slip --- */

static bool takes_place(const struct appointment *a)
{
    return str_eq(a->status, "booked") || str_eq(a->status, "confirmed");
}

/* Does it say of itself that its time is behind it? */
static bool is_over(const struct appointment *a)
{
    return str_eq(a->status, "completed") || str_eq(a->status, "missed");
}

static void warn(struct visit *v, enum word w)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"notice look\" role=\"alert\"><p>");
    html_word(b, w);
    buf_puts(b, "</p></div>");
}

void visit_form_warn(struct visit *v, const struct row_form *f)
{
    const struct appointment *a = &f->wanted.appointment;
    const struct zone *z = zone_of(v, a->timezone);
    const struct hours_calendar *hours = &v->site->calendar;
    struct moment m;

    if (a->starts == NULL || moment_parse(a->starts, &m, NULL) != 0)
        return;
    int64_t starts_ms = moment_instant(&m, z);
    int64_t behind_ms = starts_ms;
    if (f->end_moved && touched(f, ENDS_DATE))
        warn(v, W_ENDS_MOVED);
    if (is_over(a) && starts_ms > v->now_ms)
        warn(v, W_VISIT_AHEAD);
    if (!takes_place(a))
        return;
    struct civil here = m.civil;
    if (m.kind == MOMENT_DATE) {
        civil_add_days(&m.civil, 1);
        behind_ms = moment_instant(&m, z);
    } else {
        zone_to_civil(v->site->zone, starts_ms, &here);
    }
    if (behind_ms <= v->now_ms)
        warn(v, W_VISIT_PAST);
    if (!hours_is_business_day(hours, civil_day_number(&here)))
        warn(v, W_VISIT_CLOSED_DAY);
    else if (m.kind != MOMENT_DATE && !hours_is_open(hours, starts_ms))
        warn(v, W_VISIT_CLOSED);
}
