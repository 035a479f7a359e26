/* Records to show a message with, real ones and made-up ones. See send/sample.h. */
#include "send/sample.h"

#include <stdlib.h>

#include <string.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "store/answers.h"
#include "store/records.h"
#include "store/web_queries.h"
#include "time/civil.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define DUE_DAYS 3

void record_set_close(struct record_set *r)
{
    client_close(&r->client);
    job_close(&r->job);
    appointment_close(&r->appointment);
    answer_close(&r->answer);
    staff_close(&r->staff);
    staff_close(&r->recipient);
}

static int load_related(struct store *s, struct record_set *r)
{
    int rc = 0;

    if (r->answer.appointment_id != 0)
        rc = store_appointment(s, r->answer.appointment_id, &r->appointment);
    int64_t job = r->answer.job_id != 0 ? r->answer.job_id : r->appointment.job_id;
    if ((rc == 0 || rc == ERR_NOTFOUND) && r->job.id == 0 && job != 0)
        rc = store_job(s, job, &r->job);
    int64_t client = r->answer.id != 0        ? r->answer.client_id
                     : r->appointment.id != 0 ? r->appointment.client_id
                                              : r->job.client_id;
    int64_t staff = r->appointment.staff_id != 0 ? r->appointment.staff_id : r->job.staff_id;
    if ((rc == 0 || rc == ERR_NOTFOUND) && r->client.id == 0 && client != 0)
        rc = store_client(s, client, &r->client);
    if ((rc == 0 || rc == ERR_NOTFOUND) && staff != 0)
        rc = store_staff(s, staff, &r->staff);
    return rc == ERR_NOTFOUND ? 0 : rc; /* what is not there has no values */
}

int record_set_load(struct store *s, enum entity_kind kind, int64_t id, struct record_set *out)
{
    int rc = kind == ENTITY_CLIENT   ? store_client(s, id, &out->client)
             : kind == ENTITY_JOB    ? store_job(s, id, &out->job)
             : kind == ENTITY_ANSWER ? store_answer(s, id, &out->answer)
                                     : store_appointment(s, id, &out->appointment);

    return rc == 0 ? load_related(s, out) : rc;
}

/* ---- which of a client's records */

/* Whose records are looked at, and for what. */
struct search {
    struct store *store;
    const struct rule *rule; /* the one that says what it is about */
    const struct business *business;
    const struct record_set *of;
    int64_t now_ms;
};

/* Does the visit stand as it does when the rule speaks of it? */
static bool visit_fits(const struct rule *rule, const struct appointment *a)
{
    const char *status = rule->event == EVENT_APPOINTMENT_CANCELLED   ? "cancelled"
                         : rule->event == EVENT_APPOINTMENT_MISSED    ? "missed"
                         : rule->event == EVENT_APPOINTMENT_CONFIRMED ? "confirmed"
                                                                      : NULL;

    return status != NULL ? strcmp(a->status, status) == 0 : strcmp(a->status, "cancelled") != 0;
}

struct candidate {
    bool fits, comes;
    int64_t at_ms;
};

static bool candidate_is_nearer(const struct candidate *a, const struct candidate *b)
{
    if (a->fits != b->fits)
        return a->fits;
    if (a->comes != b->comes)
        return a->comes;
    return a->comes ? a->at_ms < b->at_ms : a->at_ms > b->at_ms;
}

static int find_visit(const struct search *f, int64_t *id)
{
    struct appointment *list = NULL;
    struct candidate best = {0};
    size_t count = 0;
    int rc =
        store_client_appointments(f->store, f->of->client.id, SUBJECTS_LOOKED_AT, &list, &count);

    for (size_t i = 0; i < count; i++) {
        struct candidate c = {.fits = visit_fits(f->rule, &list[i]), .at_ms = INT64_MIN};
        char reason[PLAN_REASON_MAX];
        if (f->of->job.id != 0 && list[i].job_id != f->of->job.id)
            continue;
        c.comes = plan_appointment_time(&list[i], f->business, false, &c.at_ms, reason) &&
                  c.at_ms >= f->now_ms;
        if (*id == 0 || candidate_is_nearer(&c, &best)) {
            best = c;
            *id = list[i].id;
        }
    }
    appointments_free(list, count);
    return rc;
}

static bool job_fits(const struct rule *rule, const struct job *j)
{
    bool stage = rule->event != EVENT_JOB_ENTERS || rule->stage == NULL ||
                 strcmp(rule->stage, j->stage) == 0;

    return stage && (rule->workflow == NULL || j->workflow == NULL ||
                     strcmp(rule->workflow, j->workflow) == 0);
}

static int find_job(const struct search *f, int64_t *id)
{
    struct job *list = NULL;
    size_t count = 0;
    int rc = store_client_jobs(f->store, f->of->client.id, SUBJECTS_LOOKED_AT, &list, &count);
    bool fits = f->of->appointment.id != 0; /* what a visit is about would have come with it */

    for (size_t i = 0; i < count && !fits; i++) {
        fits = job_fits(f->rule, &list[i]);
        if (fits || *id == 0)
            *id = list[i].id;
    }
    jobs_free(list, count);
    return rc;
}

static bool answer_fits(const struct record_set *of, const struct answer *a)
{
    if (of->appointment.id != 0)
        return a->appointment_id == of->appointment.id;
    return of->job.id == 0 || a->job_id == of->job.id;
}

static int find_answer(const struct search *f, int64_t *id)
{
    struct told *list = NULL;
    size_t count = 0;
    int rc = store_told(f->store, f->of->client.id, 0, SUBJECTS_LOOKED_AT, &list, &count);

    for (size_t i = 0; i < count; i++)
        if (answer_fits(f->of, &list[i].answer))
            *id = list[i].answer.id; /* the oldest one comes first */
    told_free(list, count);
    return rc;
}

int record_set_subject(struct store *s, const struct rule *rule, const struct business *business,
                       int64_t now_ms, const struct record_set *of, enum entity_kind *kind,
                       int64_t *id)
{
    const struct search f = {.store = s,
                             .rule = rule_of_subject(rule),
                             .business = business,
                             .of = of,
                             .now_ms = now_ms};
    int rc;

    *id = 0;
    if (rule_on_appointment(rule)) {
        *kind = ENTITY_APPOINTMENT;
        rc = find_visit(&f, id);
    } else if (rule_on_answer(rule)) {
        *kind = ENTITY_ANSWER;
        rc = find_answer(&f, id);
    } else {
        *kind = ENTITY_JOB;
        rc = find_job(&f, id);
    }
    return rc == 0 && *id == 0 ? ERR_NOTFOUND : rc;
}

/* ---- to whom the rule writes */

/* The one in charge of what is made up, or the manager of that one. */
static struct staff made_up_member(bool manager)
{
    return (struct staff){
        .id = manager ? 2 : 1,
        .ref = mem_strdup(manager ? "S-1" : "S-2"),
        .name = mem_strdup(manager ? "Marta Kalniņa" : "Jānis Bērziņš"),
        .email = mem_strdup(manager ? "marta.kalnina@example.com" : "janis.berzins@example.com"),
        .phone = mem_strdup(manager ? "+37120000001" : "+37120000002"),
        .active = true};
}

/* Nobody, when there is none or they have left, as the planner sees it. */
static int load_member(struct store *s, int64_t id, struct staff *out)
{
    int rc = id != 0 ? store_staff(s, id, out) : 0;

    if (rc == 0 && !out->active)
        staff_close(out);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int load_department(struct store *s, const char *name, struct record_set *r)
{
    struct staff *list = NULL;
    size_t count = 0, found = 0;
    int rc = store_staff_all(s, &list, &count);

    for (size_t i = 0; i < count; i++) {
        if (list[i].department == NULL || strcmp(list[i].department, name) != 0)
            continue;
        if (found++ == 0) {
            r->recipient = list[i];
            list[i] = (struct staff){0};
        }
    }
    r->besides = found > 0 ? found - 1 : 0;
    store_staff_free(list, count);
    return rc;
}

int record_set_address(struct store *s, const struct rule *rule, struct record_set *r)
{
    bool manager = rule->to == TO_MANAGER;

    staff_close(&r->recipient);
    r->besides = 0;
    r->recipient_made_up = false;
    if (rule_writes_to_client(rule) || rule->to == TO_ADDRESS)
        return 0;
    if (rule->to == TO_DEPARTMENT && s != NULL)
        return load_department(s, rule->department, r);
    if (s == NULL || (r->made_up & MADE_UP(ENTITY_STAFF)) != 0) {
        r->recipient = made_up_member(manager);
        r->recipient_made_up = true;
        return 0;
    }
    if (!r->staff.active)
        return 0;
    return load_member(s, manager ? r->staff.manager_id : r->staff.id, &r->recipient);
}

/* ---- what is composed from them */

void record_set_input(const struct record_set *r, const struct rule *rule, enum channel channel,
                      int64_t now_ms, struct compose_input *out)
{
    *out = (struct compose_input){
        .rule = rule,
        .channel = channel,
        .client = r->client.id != 0 ? &r->client : NULL,
        .job = r->job.id != 0 ? &r->job : NULL,
        .appointment = r->appointment.id != 0 ? &r->appointment : NULL,
        .answer = r->answer.id != 0 ? &r->answer : NULL,
        .staff = r->staff.id != 0 ? &r->staff : NULL,
        .recipient = !rule_writes_to_client(rule) ? &r->recipient : NULL, /* empty: no name */
        .now_ms = now_ms,
    };
}

/* ---- made-up ones */

static char *day_text(const struct zone *zone, int64_t instant_ms, const char *rest)
{
    struct civil day;

    zone_to_civil(zone, instant_ms, &day);
    return mem_printf("%04d-%02d-%02d%s", day.year, day.month, day.day, rest);
}

void sample_make(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *out)
{
    const struct zone *zone = business->calendar.zone;
    const char *currency = business->currency != NULL ? business->currency : "EUR";
    const char *status = rule->event == EVENT_APPOINTMENT_CANCELLED ? "cancelled" : "booked";
    const char *stage = rule->stage != NULL ? rule->stage : "Received";

    out->made_up = ~0u;
    out->client = (struct client){.id = 1,
                                  .ref = mem_strdup("C-17"),
                                  .name = mem_strdup("Anna Ozola"),
                                  .email = mem_strdup("anna.ozola@example.com"),
                                  .phone = mem_strdup("+37120000017")};
    out->job = (struct job){.id = 1,
                            .ref = mem_strdup("J-204"),
                            .title = mem_strdup("Volvo V60, brakes"),
                            .stage = mem_strdup(stage),
                            .due = day_text(zone, now_ms + DUE_DAYS * DAY_MS, ""),
                            .amount = mem_strdup("186.50"),
                            .currency = mem_strdup(currency),
                            .fields = mem_strdup("{\"plate\": \"AB-1234\"}"),
                            .client_id = 1};
    out->appointment = (struct appointment){.id = 1,
                                            .ref = mem_strdup("A-31"),
                                            .title = mem_strdup("Brake check"),
                                            .starts = day_text(zone, now_ms + DAY_MS, "T15:00"),
                                            .ends = day_text(zone, now_ms + DAY_MS, "T16:00"),
                                            .status = mem_strdup(status),
                                            .client_id = 1};
    if (rule_on_answer(rule))
        out->answer =
            (struct answer){.id = 1,
                            .channel = mem_strdup("web"),
                            .text = mem_strdup("It took longer than promised."),
                            .score = mem_printf("%d", rule->below > 1 ? rule->below - 1 : 4),
                            .at = day_text(zone, now_ms, "T12:00:00Z"),
                            .client_id = 1,
                            .job_id = 1};
    out->staff = made_up_member(false);
    record_set_address(NULL, rule, out); /* with no store nothing can fail */
}

void sample_fill(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *r)
{
    struct record_set made = {0};

    sample_make(rule, business, now_ms, &made);
    if (rule_on_appointment(rule) && r->appointment.id == 0) {
        r->appointment = made.appointment;
        made.appointment = (struct appointment){0};
        r->made_up |= MADE_UP(ENTITY_APPOINTMENT);
    }
    if (rule_on_answer(rule) && r->answer.id == 0) {
        r->answer = made.answer;
        made.answer = (struct answer){0};
        r->made_up |= MADE_UP(ENTITY_ANSWER);
    }
    if (!rule_on_appointment(rule) && r->job.id == 0 &&
        (rule_on_job(rule) || (r->made_up & MADE_UP(ENTITY_ANSWER)) != 0)) {
        r->job = made.job;
        made.job = (struct job){0};
        r->made_up |= MADE_UP(ENTITY_JOB);
    }
    if (r->made_up != 0 && r->staff.id == 0) {
        r->staff = made.staff;
        made.staff = (struct staff){0};
        r->made_up |= MADE_UP(ENTITY_STAFF);
    }
    record_set_close(&made);
}
