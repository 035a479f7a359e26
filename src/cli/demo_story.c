/*
 * A week of a sample garage, as its booking program writes it down. See cli/demo.h.
 *
 * The steps are a table in the order of their times. They are chosen so that a week shows what
 * Betimes is for: visits booked, moved, confirmed, cancelled and missed, repairs on their way
 * through the workshop, clients in five languages, one of them in another time zone, one whose
 * number is wrong, one who wants no more texts, a stage chosen by mistake, a repair that is ready
 * late in the evening.
 *
 * A step that lies before the demo's first moment is taken at once. The first step that the
 * database refuses ends the demo: that would be a fault of this table or of the schema.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/demo.h"
#include "cli/show.h"
#include "store/sample.h"

#define WAIT_MS 2000 /* for the service's transaction, as a patient program does */

enum act {
    ACT_BOOK,    /* an appointment of the table below */
    ACT_MOVE,    /* to the step's `to_day`, at `to` */
    ACT_STATUS,  /* an appointment: `to` */
    ACT_BRING,   /* a job of the table below comes in */
    ACT_STAGE,   /* a job: `to` */
    ACT_PHONE,   /* a client's number: `to` */
    ACT_NO_TEXTS /* a client wants none any more */
};

struct step {
    int day; /* 0: the first one */
    const char *at;
    enum act act;
    const char *ref, *to;
    int to_day;
    int amount_eur;
    const char *note; /* what a reader should know; NULL: nothing */
};

struct visit {
    const char *ref, *client, *staff, *title;
    int day;
    const char *at;
};

static const struct sample_staff staff[] = {
    {"maris", "Māris Ozoliņš", "maris@example.com", "lv"},
    {"sergejs", "Сергей Петров", "sergejs@example.com", "ru"},
};

/* ref, name, email, phone, language, timezone, preferred channel */
static const struct sample_client clients[] = {
    {"ilze", "Ilze Bērziņa", "ilze@example.com", "20000001", "lv", NULL, "sms"},
    {"janis", "Jānis Kalniņš", "janis@example.com", "20000002", "lv", NULL, NULL},
    {"oleg", "Олег Иванов", NULL, "+371 2000 0003", "ru", NULL, "sms"},
    {"natalya", "Наталья Смирнова", "natalya@example.com", "20000004", "ru", NULL, NULL},
    {"aigerim", "Айгерім Серікқызы", "aigerim@example.com", "+7 701 000 0005", "kk", "Asia/Almaty",
     "sms"},
    {"marat", "Марат Ахметов", "marat@example.com", "20000006", "kk", NULL, NULL},
    {"niloofar", "نیلوفر احمدی", NULL, "20000007", "fa", NULL, "sms"},
    {"reza", "رضا کریمی", "reza@example.com", "20000008", "fa", NULL, NULL},
    {"emma", "Emma Clarke", "emma@example.com", "20000009", "en", NULL, NULL},
    {"peter", "Peter Novak", NULL, "2000-001", "en", NULL, "sms"},
    {"andris", "Andris Liepa", NULL, "20000011", "lv", NULL, NULL},
    {"sanita", "Sanita Ozola", "sanita@example.com", NULL, "lv", NULL, NULL},
};

static const struct visit visits[] = {
    {"V-201", "ilze", "maris", "Škoda Octavia", 1, "10:00"},
    {"V-202", "niloofar", "maris", "Nissan Juke", 2, "15:00"},
    {"V-203", "emma", "maris", "VW Golf", 3, "11:00"},
    {"V-204", "peter", "sergejs", "Ford Focus", 1, "14:00"},
    {"V-205", "natalya", "sergejs", "Kia Sportage", 2, "12:00"},
    {"V-206", "andris", "maris", "Opel Astra", 2, "11:30"},
    {"V-207", "marat", "sergejs", "Mazda 6", 4, "10:00"},
    {"V-208", "reza", "sergejs", "Peugeot 206", 4, "14:00"},
    {"V-209", "emma", "maris", "VW Golf", 8, "11:00"},
    {"V-210", "janis", "maris", "Volvo V60", 7, "11:00"},
};

static const struct sample_job jobs[] = {
    {"J-101", "janis", "sergejs", "Volvo V60", "JK-1204", "Received"},
    {"J-102", "oleg", "sergejs", "Toyota RAV4", "OI-7788", "Received"},
    {"J-103", "aigerim", "maris", "Honda Civic", "AS-0505", "Received"},
    {"J-104", "sanita", "maris", "Mini Cooper", "SO-3310", "Received"},
    {"J-105", "reza", "sergejs", "Peugeot 206", "RK-2065", "Received"},
};

static const struct step steps[] = {
    {0, "07:40", ACT_BRING, "J-101", NULL, 0, 0, "in quiet hours"},
    {0, "08:10", ACT_BOOK, "V-201", NULL, 0, 0, NULL},
    {0, "08:40", ACT_BOOK, "V-202", NULL, 0, 0, NULL},
    {0, "09:10", ACT_BOOK, "V-203", NULL, 0, 0, NULL},
    {0, "09:40", ACT_BRING, "J-102", NULL, 0, 0, NULL},
    {0, "10:20", ACT_BOOK, "V-204", NULL, 0, 0, "a number with a digit too few"},
    {0, "10:50", ACT_BOOK, "V-205", NULL, 0, 0, NULL},
    {0, "11:30", ACT_STAGE, "J-101", "Quote sent", 0, 240, NULL},
    {0, "13:20", ACT_BRING, "J-103", NULL, 0, 0, NULL},
    {0, "14:00", ACT_BOOK, "V-206", NULL, 0, 0, NULL},
    {0, "15:00", ACT_STAGE, "J-101", "In repair", 0, 0, NULL},
    {0, "16:00", ACT_BOOK, "V-207", NULL, 0, 0, NULL},

    {1, "09:00", ACT_MOVE, "V-205", "16:00", 3, 0, NULL},
    {1, "09:40", ACT_STAGE, "J-102", "Waiting for parts", 0, 0, NULL},
    {1, "10:40", ACT_STATUS, "V-201", "completed", 0, 0, NULL},
    {1, "11:20", ACT_STATUS, "V-202", "confirmed", 0, 0, NULL},
    {1, "12:10", ACT_BOOK, "V-208", NULL, 0, 0, NULL},
    {1, "13:30", ACT_NO_TEXTS, "andris", NULL, 0, 0, NULL},
    {1, "14:40", ACT_STATUS, "V-204", "missed", 0, 0, NULL},
    {1, "15:00", ACT_PHONE, "peter", "20000010", 0, 0, NULL},
    {1, "16:20", ACT_STAGE, "J-101", "Ready", 0, 0, "by mistake"},
    {1, "16:24", ACT_STAGE, "J-101", "In repair", 0, 0, "put right at once"},
    {1, "17:10", ACT_BRING, "J-104", NULL, 0, 0, NULL},

    {2, "09:30", ACT_STAGE, "J-101", "Ready", 0, 0, NULL},
    {2, "10:10", ACT_STATUS, "V-203", "cancelled", 0, 0, NULL},
    {2, "11:00", ACT_STAGE, "J-102", "In repair", 0, 0, NULL},
    {2, "12:20", ACT_STATUS, "V-206", "completed", 0, 0, NULL},
    {2, "15:50", ACT_STATUS, "V-202", "completed", 0, 0, NULL},
    {2, "17:00", ACT_STAGE, "J-101", "Collected", 0, 0, NULL},
    {2, "18:20", ACT_STAGE, "J-103", "Ready", 0, 120, "it is 21:20 in Almaty"},
    {2, "20:20", ACT_STAGE, "J-104", "Ready", 0, 95, "late: the rule's hours end at 20:00"},

    {3, "10:10", ACT_STAGE, "J-103", "Collected", 0, 0, NULL},
    {3, "12:00", ACT_STAGE, "J-104", "Collected", 0, 0, NULL},
    {3, "16:40", ACT_STATUS, "V-205", "completed", 0, 0, NULL},

    {4, "10:50", ACT_STATUS, "V-207", "completed", 0, 0, NULL},
    {4, "11:10", ACT_STAGE, "J-102", "Ready", 0, 410, NULL},
    {4, "14:40", ACT_STATUS, "V-208", "completed", 0, 0, NULL},
    {4, "14:50", ACT_BRING, "J-105", NULL, 0, 0, NULL},
    {4, "16:30", ACT_STAGE, "J-102", "Collected", 0, 0, NULL},

    {5, "10:30", ACT_STAGE, "J-105", "Quote sent", 0, 380, NULL},
    {5, "12:30", ACT_BOOK, "V-209", NULL, 0, 0, NULL},

    {6, "19:30", ACT_BOOK, "V-210", NULL, 0, 0, "the hour of its reminder is past"},
};

struct demo_story {
    struct store *store;
    const struct zone *zone;
    int64_t first_day; /* as civil_day_number counts */
    size_t next;
};

/* ---- finding */

static const char *client_name(const char *ref)
{
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        if (strcmp(clients[i].ref, ref) == 0)
            return clients[i].name;
    return ref;
}

static const struct visit *visit_of(const char *ref)
{
    for (size_t i = 0; i < COUNT_OF(visits); i++)
        if (strcmp(visits[i].ref, ref) == 0)
            return &visits[i];
    abort();
}

static const struct sample_job *job_of(const char *ref)
{
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        if (strcmp(jobs[i].ref, ref) == 0)
            return &jobs[i];
    abort();
}

/* ---- times */

static struct civil civil_of(const struct demo_story *s, int day, const char *at)
{
    struct civil c;

    civil_from_day_number(s->first_day + day, &c);
    c.hour = (at[0] - '0') * 10 + at[1] - '0';
    c.minute = (at[3] - '0') * 10 + at[4] - '0';
    return c;
}

/* As rows have it: "2026-12-08T15:00". */
static void row_time(const struct demo_story *s, int day, const char *at, char out[SHOW_TIME_MAX])
{
    struct civil c = civil_of(s, day, at);

    snprintf(out, SHOW_TIME_MAX, "%04d-%02d-%02dT%02d:%02d", c.year, c.month, c.day, c.hour,
             c.minute);
}

/* As people say them: "Tue 8 Dec 15:00". */
static void said_time(const struct demo_story *s, int day, const char *at, char out[SHOW_TIME_MAX])
{
    struct civil c = civil_of(s, day, at);

    demo_time(zone_to_instant(s->zone, &c), s->zone, out);
}

int64_t demo_story_next_ms(const struct demo_story *s)
{
    if (s->next == COUNT_OF(steps))
        return INT64_MAX;
    struct civil c = civil_of(s, steps[s->next].day, steps[s->next].at);
    return zone_to_instant(s->zone, &c);
}

/* ---- the acts */

static int on_visit(struct demo_story *s, const struct step *p, char **said)
{
    const struct visit *v = visit_of(p->ref);
    const char *who = client_name(v->client);
    char starts[SHOW_TIME_MAX], when[SHOW_TIME_MAX];
    struct sample_appointment a = {
        .ref = v->ref, .client = v->client, .staff = v->staff, .title = v->title, .starts = starts};

    switch (p->act) {
    case ACT_BOOK:
        row_time(s, v->day, v->at, starts);
        said_time(s, v->day, v->at, when);
        *said = mem_printf("%s (%s) books %s", who, v->title, when);
        return sample_appointment_add(s->store, &a);
    case ACT_MOVE:
        row_time(s, p->to_day, p->to, starts);
        said_time(s, p->to_day, p->to, when);
        *said = mem_printf("%s (%s) moves to %s", who, v->title, when);
        return sample_appointment_move(s->store, v->ref, starts);
    default:
        *said = mem_printf("%s (%s): the visit is %s", who, v->title, p->to);
        return sample_appointment_status(s->store, v->ref, p->to);
    }
}

static int on_job(struct demo_story *s, const struct step *p, char **said)
{
    const struct sample_job *j = job_of(p->ref);
    const char *who = client_name(j->client);

    if (p->act == ACT_BRING) {
        *said = mem_printf("%s (%s) comes in for repair → %s", who, j->title, j->stage);
        return sample_job_add(s->store, j);
    }
    *said = mem_printf("%s (%s): the repair → %s", who, j->title, p->to);
    return sample_job_stage(s->store, j->ref, p->to, p->amount_eur);
}

static int on_client(struct demo_story *s, const struct step *p, char **said)
{
    const char *who = client_name(p->ref);

    if (p->act == ACT_PHONE) {
        *said = mem_printf("%s's number is put right", who);
        return sample_client_phone(s->store, p->ref, p->to);
    }
    *said = mem_printf("%s wants no more texts", who);
    return sample_consent_add(s->store, p->ref, "sms", "service", "out");
}

static int take(struct demo_story *s, const struct step *p, char **said)
{
    switch (p->act) {
    case ACT_BOOK:
    case ACT_MOVE:
    case ACT_STATUS:
        return on_visit(s, p, said);
    case ACT_BRING:
    case ACT_STAGE:
        return on_job(s, p, said);
    default:
        return on_client(s, p, said);
    }
}

int demo_story_step(struct demo_story *s, char **said, struct err *err)
{
    const struct step *p = &steps[s->next++];
    char *what;
    int rc = take(s, p, &what);

    *said = p->note != NULL ? mem_printf("%s – %s", what, p->note) : mem_strdup(what);
    if (rc != 0)
        err_set(err, "%s: %s", what, rc == ERR_NOTFOUND ? "no such record" : store_error(s->store));
    free(what);
    return rc;
}

/* ---- the people */

/* One of the clients has said yes to a check-up a year later. */
static int add_people(struct store *s)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT_OF(staff); i++)
        rc = sample_staff_add(s, &staff[i]);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(clients); i++)
        rc = sample_client_add(s, &clients[i]);
    if (rc == 0)
        rc = sample_consent_add(s, "sanita", "email", "marketing", "in");
    return rc;
}

struct demo_story *demo_story_open(const char *database, const struct zone *zone, int64_t start_ms,
                                   struct err *err)
{
    struct demo_story *s = mem_zalloc(sizeof(*s));
    struct civil first;

    zone_to_civil(zone, start_ms, &first);
    s->zone = zone;
    s->first_day = civil_day_number(&first);
    int rc = store_open(database, STORE_WRITE, &s->store, err);
    if (rc == 0) {
        store_set_patience(s->store, WAIT_MS);
        if ((rc = add_people(s->store)) != 0)
            err_set(err, "%s: %s", database, store_error(s->store));
    }
    if (rc == 0)
        return s;
    demo_story_close(s);
    return NULL;
}

void demo_story_close(struct demo_story *s)
{
    if (s == NULL)
        return;
    store_close(s->store);
    free(s);
}
