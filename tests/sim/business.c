/*
 * The business: clients, staff, visits and jobs that come, change and go. Each function here is one
 * change within the writer's open transaction, and keeps what is true in step with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

#define WEEKS_AHEAD_MAX 5
#define AT_ONCE 12                      /* visits that are moved or cancelled together */
#define UNSEEN_US (12 * HOUR_MS * 1000) /* longer than until every row is compared */

#define TOUCH(x) writer_touch(&(x), sizeof(x))

#define SEASON_US (60 * DAY_MS * 1000)

/* --- clients and staff --- */

/* In a long run the clients of a season give way to those of the next: a business that had the same
 * forty for years would know hundreds of visits of each. */
static int clients_so_far(void)
{
    int64_t seasons = 1 + (S->mono_us - S->begin_us) / SEASON_US;

    return seasons * SIM_REGULARS < SIM_CLIENTS ? (int)seasons * SIM_REGULARS : SIM_CLIENTS;
}

static void some_address(struct sim_client *c, int i)
{
    static int nonce;

    c->email_good = c->phone_good = false;
    c->email[0] = c->phone[0] = '\0';
    nonce = (int)story_below(100);
    if (story_percent(85)) {
        c->email_good = story_percent(92);
        snprintf(c->email, sizeof(c->email), c->email_good ? "c%d.%d@example.com" : "c%d.%d@-.x", i,
                 nonce);
    }
    if (story_percent(80)) {
        c->phone_good = story_percent(90);
        snprintf(c->phone, sizeof(c->phone), c->phone_good ? "+371 2%03d %04d" : "+371 %d %d", i,
                 nonce);
    }
}

static const char *zone_text(int zone)
{
    static char text[80];

    snprintf(text, sizeof(text), zone >= 0 ? "'%s'" : "NULL", zone >= 0 ? sim_zones[zone] : "");
    return text;
}

static const char *channel_text(int channel)
{
    return channel < 0 ? "NULL" : channel == CHANNEL_EMAIL ? "'email'" : "'sms'";
}

static void add_client(void)
{
    static const char *const languages[] = {"NULL", "'en'", "'lv'", "'fa'", "'kk-KZ'"};
    int i = S->client_count;

    if (i >= clients_so_far())
        return;
    TOUCH(S->client_count);
    TOUCH(S->clients[i]);
    struct sim_client *c = &S->clients[i];
    *c = (struct sim_client){.present = true, .zone = -1, .channel = -1, .changed_us = S->mono_us};
    if (story_percent(60))
        c->zone = (int)story_below(SIM_ZONES);
    if (story_percent(40))
        c->channel = (int)story_below(2);
    some_address(c, i);
    S->client_count++;
    writer_sql("INSERT INTO client (ref, name, email, phone, language, timezone, channel) "
               "VALUES ('c%d', 'Client %d', '%s', '%s', %s, %s, %s)",
               i, i, c->email, c->phone, languages[story_below(5)], zone_text(c->zone),
               channel_text(c->channel));
}

int business_client(void)
{
    int regulars = S->client_count < SIM_REGULARS ? S->client_count : SIM_REGULARS;

    return S->client_count - regulars + (int)story_below((uint64_t)regulars);
}

static void change_client(void)
{
    int i = business_client();
    struct sim_client *c = &S->clients[i];

    if (!c->present)
        return;
    TOUCH(*c);
    c->changed_us = S->mono_us;
    switch (story_below(5)) {
    case 0:
        some_address(c, i);
        writer_sql("UPDATE client SET email = '%s', phone = '%s' WHERE ref = 'c%d'", c->email,
                   c->phone, i);
        break;
    case 1:
        c->zone = (int)story_below(SIM_ZONES);
        writer_sql("UPDATE client SET timezone = %s WHERE ref = 'c%d'", zone_text(c->zone), i);
        break;
    case 2:
        c->channel = (int)story_below(3) - 1;
        writer_sql("UPDATE client SET channel = %s WHERE ref = 'c%d'", channel_text(c->channel), i);
        break;
    case 3:
        writer_sql("UPDATE client SET name = 'Client %d renamed', notes = 'n' WHERE ref = 'c%d'", i,
                   i);
        break;
    default:
        if (story_percent(15)) {
            c->present = false;
            writer_sql("DELETE FROM client WHERE ref = 'c%d'", i);
        }
        break;
    }
}

static void add_consent(void)
{
    static const char *const purposes[] = {"service", "marketing", "survey"};
    int i = business_client(), channel = (int)story_below(2), purpose = (int)story_below(3);
    bool in = story_percent(purpose == PURPOSE_MARKETING ? 80 : 50);
    struct sim_client *c = &S->clients[i];

    if (!c->present)
        return;
    TOUCH(*c);
    c->changed_us = S->mono_us;
    c->consent[channel][purpose] = in ? 'i' : 'o';
    writer_sql("INSERT INTO consent (client_id, channel, purpose, state) "
               "SELECT id, '%s', '%s', '%s' FROM client WHERE ref = 'c%d'",
               channel == CHANNEL_EMAIL ? "email" : "sms", purposes[purpose], in ? "in" : "out", i);
}

static void add_staff(void)
{
    int i = S->staff_count;

    if (i == SIM_STAFF)
        return;
    TOUCH(S->staff_count);
    TOUCH(S->staff[i]);
    struct sim_staff *s = &S->staff[i];
    *s = (struct sim_staff){.present = true, .active = true, .manager = -1};
    if (i > 0 && story_percent(70))
        s->manager = (int)story_below((uint64_t)i);
    snprintf(s->email, sizeof(s->email), "s%d@example.com", i);
    S->staff_count++;
    writer_sql("INSERT INTO staff (ref, name, email, manager_id) VALUES ('s%d', 'Staff %d', '%s', "
               "(SELECT id FROM staff WHERE ref = 's%d'))",
               i, i, s->email, s->manager);
}

static void change_staff(void)
{
    int i = (int)story_below((uint64_t)S->staff_count);
    struct sim_staff *s = &S->staff[i];

    TOUCH(*s);
    s->active = story_percent(70);
    writer_sql("UPDATE staff SET active = %d WHERE ref = 's%d'", s->active, i);
}

/* --- visits --- */

static bool live(const struct sim_visit *v)
{
    return v->present && (v->status == VISIT_BOOKED || v->status == VISIT_CONFIRMED);
}

/* A time to come: most in the business's days, some within the hour, some at odd hours. */
static void some_time(struct sim_visit *v)
{
    int zone = v->zone >= 0 ? v->zone : SIM_ZONE_BUSINESS;
    int64_t local_ms = civil_local(zone, sim_wall_ms());
    struct tm tm;

    if (story_percent(10)) {
        local_ms += (int64_t)story_below(300) * MINUTE_MS;
    } else {
        int64_t day = local_ms / DAY_MS + (int64_t)story_below(7 * WEEKS_AHEAD_MAX);
        int minute =
            story_percent(90) ? 8 * 60 + 15 * (int)story_below(40) : 10 * (int)story_below(144);
        local_ms = day * DAY_MS + minute * MINUTE_MS;
    }
    local_ms -= local_ms % MINUTE_MS;
    time_t t = (time_t)(local_ms / 1000);
    gmtime_r(&t, &tm);
    if (story_percent(8)) {
        v->starts_ms = local_ms;
        strftime(v->starts, sizeof(v->starts), "%Y-%m-%dT%H:%M:00Z", &tm);
    } else {
        v->starts_ms = civil_instant(zone, local_ms);
        strftime(v->starts, sizeof(v->starts),
                 story_percent(50) ? "%Y-%m-%dT%H:%M" : "%Y-%m-%dT%H:%M:00", &tm);
    }
}

/* May the service not have seen what happened to a record: now, or the time before? Then what
 * happens in the open is another thing to it than to the story. */
static bool unseen(bool was_hidden, int64_t since_us)
{
    return writer_hiding() || (was_hidden && (!S->up || S->mono_us < since_us + UNSEEN_US));
}

/* A row that took the place of another in the same transaction, and is gone: no trigger tells of
 * the first, and nobody knew the second. What was planned stands until every row is compared; what
 * is due by then is looked at by itself. */
static void note_gone(int64_t replaced_us)
{
    if (replaced_us == S->mono_us)
        S->hidden_us = S->mono_us;
}

static void note_time(struct sim_visit *v)
{
    v->hidden = unseen(v->hidden, v->known_us);
    v->moves++;
    v->known_ms = sim_wall_ms();
    v->known_us = S->mono_us;
    v->probed = false;
}

static void note_status(struct sim_visit *v, enum visit_status status)
{
    bool was_live = live(v);
    int64_t since_us = v->status_us > v->known_us ? v->status_us : v->known_us;
    bool hidden = unseen(v->hidden, since_us);

    v->status = status;
    v->statuses[status]++;
    v->status_ms = sim_wall_ms();
    v->status_us = S->mono_us;
    if (live(v) && !was_live) {
        v->booked_ms = sim_wall_ms();
        v->booked_us = S->mono_us;
        v->bookings++;
        note_time(v);
    }
    v->hidden |= hidden; /* called off unseen and booked again, it was booked all the time */
}

static void insert_visit(int i)
{
    const struct sim_visit *v = &S->visits[i];

    writer_sql("INSERT INTO appointment (ref, client_id, staff_id, title, starts, timezone) VALUES "
               "('a%d', (SELECT id FROM client WHERE ref = 'c%d'), "
               "(SELECT id FROM staff WHERE ref = 's%d'), 'Visit', '%s', %s)",
               i, v->client, v->staff, v->starts, zone_text(v->zone));
}

/* A family: the same client's other visit, at the same time or minutes later. */
static void add_sibling(int of)
{
    int i = S->visit_count;

    if (i == SIM_VISITS)
        return;
    TOUCH(S->visit_count);
    TOUCH(S->visits[i]);
    struct sim_visit *v = &S->visits[i];
    *v = S->visits[of];
    int64_t starts_ms = v->starts_ms + (int64_t)story_below(3) * 5 * MINUTE_MS;
    time_t t = (time_t)(starts_ms / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    if (starts_ms != v->starts_ms)
        strftime(v->starts, sizeof(v->starts), "%Y-%m-%dT%H:%M:00Z", &tm);
    v->starts_ms = starts_ms;
    S->visit_count++;
    insert_visit(i);
}

static void add_visit(void)
{
    int i = S->visit_count;

    if (i == SIM_VISITS || S->client_count == 0)
        return;
    TOUCH(S->visit_count);
    TOUCH(S->visits[i]);
    struct sim_visit *v = &S->visits[i];
    *v = (struct sim_visit){.client = business_client(), .staff = -1, .zone = -1};
    v->statuses[VISIT_BOOKED] = 1;
    if (!S->clients[v->client].present)
        return;
    if (S->staff_count > 0 && story_percent(80))
        v->staff = (int)story_below((uint64_t)S->staff_count);
    if (story_percent(15))
        v->zone = (int)story_below(SIM_ZONES);
    some_time(v);
    v->present = true;
    v->booked_ms = sim_wall_ms();
    v->booked_us = S->mono_us;
    v->bookings = 1;
    note_time(v);
    S->visit_count++;
    insert_visit(i);
    if (S->merging && story_percent(40))
        add_sibling(i);
}

static struct sim_visit *some_visit(int *i)
{
    int newest = S->visit_count < 120 ? S->visit_count : 120;

    if (newest == 0)
        return NULL;
    *i = S->visit_count - 1 - (int)story_below((uint64_t)newest);
    return S->visits[*i].present ? &S->visits[*i] : NULL;
}

static void move_visit(void)
{
    int i;
    struct sim_visit *v = some_visit(&i);

    if (v == NULL)
        return;
    TOUCH(*v);
    int64_t was_ms = v->starts_ms;
    some_time(v);
    if (v->starts_ms != was_ms && live(v))
        note_time(v);
    writer_sql("UPDATE appointment SET starts = '%s' WHERE ref = 'a%d'", v->starts, i);
}

static void change_status(void)
{
    static const char *const names[] = {"booked", "confirmed", "cancelled", "completed", "missed"};
    int i;
    struct sim_visit *v = some_visit(&i);
    enum visit_status status = (enum visit_status)story_below(5);

    if (v == NULL || v->status == status)
        return;
    if (status == VISIT_MISSED && v->starts_ms > sim_wall_ms())
        return;
    TOUCH(*v);
    note_status(v, status);
    writer_sql("UPDATE appointment SET status = '%s' WHERE ref = 'a%d'", names[status], i);
}

static void replace_visit(void)
{
    static const char *const names[] = {"booked", "confirmed", "cancelled", "completed", "missed"};
    int i;
    struct sim_visit *v = some_visit(&i);

    if (v == NULL)
        return;
    TOUCH(*v);
    v->replaced_us = S->mono_us;
    if (!S->up) { /* nobody has seen the row that it takes the place of, nor this one, if hidden */
        v->hidden = unseen(v->hidden, v->known_us);
        v->known_ms = sim_wall_ms();
    }
    writer_sql(
        "REPLACE INTO appointment (ref, client_id, staff_id, title, starts, timezone, status) "
        "VALUES ('a%d', (SELECT client_id FROM appointment WHERE ref = 'a%d'), "
        "(SELECT id FROM staff WHERE ref = 's%d'), 'Visit again', '%s', %s, '%s')",
        i, i, v->staff, v->starts, zone_text(v->zone), names[v->status]);
}

static void rename_visit(void)
{
    int i;

    if (some_visit(&i) != NULL)
        writer_sql("UPDATE appointment SET title = 'Another word', location = 'Yard' "
                   "WHERE ref = 'a%d'",
                   i);
}

static void delete_visit(void)
{
    int i;
    struct sim_visit *v = some_visit(&i);

    if (v == NULL || !story_percent(30))
        return;
    TOUCH(*v);
    v->present = false;
    note_gone(v->replaced_us);
    writer_sql("DELETE FROM appointment WHERE ref = 'a%d'", i);
}

/* Everybody's visits of the coming weeks an hour later, in one statement after another. */
static void move_many(void)
{
    for (int i = S->visit_count - 1, n = 0; i >= 0 && n < AT_ONCE; i--, n++) {
        struct sim_visit *v = &S->visits[i];
        if (!live(v) || v->starts_ms < sim_wall_ms())
            continue;
        TOUCH(*v);
        some_time(v);
        note_time(v);
        writer_sql("UPDATE appointment SET starts = '%s' WHERE ref = 'a%d'", v->starts, i);
    }
}

static void cancel_many(void)
{
    for (int i = S->visit_count - 1, n = 0; i >= 0 && n < AT_ONCE; i--, n++) {
        struct sim_visit *v = &S->visits[i];
        if (!live(v) || !story_percent(60))
            continue;
        TOUCH(*v);
        note_status(v, VISIT_CANCELLED);
        writer_sql("UPDATE appointment SET status = 'cancelled' WHERE ref = 'a%d'", i);
    }
}

/* --- jobs --- */

static bool ended(int stage)
{
    return stage == SIM_STAGE_DONE || stage == SIM_STAGE_LOST;
}

static void note_stage(struct sim_job *j, int stage)
{
    if (j->open_us == 0 || ended(j->stage))
        j->open_us = S->mono_us;
    j->stage = stage;
    j->entries[stage]++;
    j->hidden = unseen(j->hidden, j->entered_us);
    j->entered_ms = sim_wall_ms();
    j->entered_us = S->mono_us;
    j->unseen |= j->hidden;
    j->probed = false;
}

static void add_job(void)
{
    int i = S->job_count;

    if (i == SIM_JOBS || S->client_count == 0)
        return;
    TOUCH(S->job_count);
    TOUCH(S->jobs[i]);
    struct sim_job *j = &S->jobs[i];
    *j = (struct sim_job){.client = business_client(), .staff = -1};
    if (!S->clients[j->client].present)
        return;
    if (S->staff_count > 0 && story_percent(70))
        j->staff = (int)story_below((uint64_t)S->staff_count);
    j->present = true;
    j->opened_ms = sim_wall_ms();
    note_stage(j, story_percent(85) ? 0 : (int)story_below(SIM_STAGES));
    S->job_count++;
    writer_sql(
        "INSERT INTO job (ref, client_id, staff_id, stage, title) VALUES ('j%d', "
        "(SELECT id FROM client WHERE ref = 'c%d'), (SELECT id FROM staff WHERE ref = 's%d'), "
        "'%s', 'Job')",
        i, j->client, j->staff, sim_stages[j->stage]);
}

static struct sim_job *some_job(int *i)
{
    int newest = S->job_count < 60 ? S->job_count : 60;

    if (newest == 0)
        return NULL;
    *i = S->job_count - 1 - (int)story_below((uint64_t)newest);
    return S->jobs[*i].present ? &S->jobs[*i] : NULL;
}

static void move_job(void)
{
    int i;
    struct sim_job *j = some_job(&i);

    if (j == NULL)
        return;
    int stage = story_percent(75) ? (j->stage + 1) % SIM_STAGES : (int)story_below(SIM_STAGES);
    if (stage == j->stage)
        return;
    TOUCH(*j);
    int was = j->stage;
    note_stage(j, stage);
    writer_sql("UPDATE job SET stage = '%s%s' WHERE ref = 'j%d'", sim_stages[stage],
               story_percent(10) ? " " : "", i);
    if (story_percent(10)) { /* a slip of the mouse, in one transaction */
        note_stage(j, was);
        writer_sql("UPDATE job SET stage = '%s' WHERE ref = 'j%d'", sim_stages[was], i);
    }
}

/* Somebody else takes the job over. */
static void hand_over_job(void)
{
    int i;
    struct sim_job *j = some_job(&i);

    if (j == NULL)
        return;
    TOUCH(*j);
    j->staff = (int)story_below((uint64_t)S->staff_count);
    writer_sql("UPDATE job SET staff_id = (SELECT id FROM staff WHERE ref = 's%d') "
               "WHERE ref = 'j%d'",
               j->staff, i);
}

static void replace_job(void)
{
    int i;
    struct sim_job *j = some_job(&i);

    if (j == NULL)
        return;
    TOUCH(*j);
    j->replaced_us = S->mono_us;
    if (!S->up) /* nobody has seen the row that it takes the place of, nor what it went through */
        j->hidden = true;
    writer_sql(
        "REPLACE INTO job (ref, client_id, staff_id, stage, title) VALUES ('j%d', "
        "(SELECT client_id FROM job WHERE ref = 'j%d'), (SELECT id FROM staff WHERE ref = 's%d'), "
        "'%s', 'Job again')",
        i, i, j->staff, sim_stages[j->stage]);
}

static void delete_job(void)
{
    int i;
    struct sim_job *j = some_job(&i);

    if (j == NULL || !story_percent(20))
        return;
    TOUCH(*j);
    j->present = false;
    note_gone(j->replaced_us);
    writer_sql("DELETE FROM job WHERE ref = 'j%d'", i);
}

/* --- whatever --- */

void business_change(void)
{
    static void (*const often[])(void) = {
        add_visit,   add_visit, add_visit, add_job,   move_visit,    move_job,   change_status,
        add_consent, move_job,  move_job,  add_visit, change_status, talk_change};
    static void (*const seldom[])(void) = {add_client,    change_client, add_staff,    change_staff,
                                           replace_visit, rename_visit,  delete_visit, replace_job,
                                           delete_job,    change_client, hand_over_job};

    if (S->staff_count > 0 && story_percent(80))
        often[story_below(sizeof(often) / sizeof(often[0]))]();
    else
        seldom[S->staff_count > 0 ? story_below(sizeof(seldom) / sizeof(seldom[0])) : 2]();
}

void business_change_many(void)
{
    if (story_percent(50))
        move_many();
    else
        cancel_many();
}

void business_open(void)
{
    if (S->client_count < 12)
        add_client();
    else
        add_staff();
}
