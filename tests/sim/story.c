/*
 * The business: what its other programs write, with plain SQL on a connection of their own, and
 * everything else that befalls it: outages, crashes to come, a clock that is stepped, edits.
 *
 * A transaction is one to four changes, and is sometimes rolled back; what is true (S->clients,
 * ...) follows the commit: `touch` keeps what a record was, to be put back when it fails.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "sim.h"

#define TOUCHED_MAX 128
#define TOUCHED_SIZE 256
#define WEEKS_AHEAD_MAX 5

static sqlite3 *db;
static bool refused; /* a statement of the open transaction failed */
static bool writing;

bool story_writes(void)
{
    return writing;
}

/* --- what is true, and may have to be taken back --- */

static struct {
    void *what;
    size_t size;
    char was[TOUCHED_SIZE];
} touched[TOUCHED_MAX];
static int touched_count;

static void touch(void *what, size_t size)
{
    if (touched_count == TOUCHED_MAX || size > TOUCHED_SIZE)
        sim_fail("a transaction of the story is too big");
    touched[touched_count].what = what;
    touched[touched_count].size = size;
    memcpy(touched[touched_count++].was, what, size);
}
#define TOUCH(x) touch(&(x), sizeof(x))

static void take_back(void)
{
    while (touched_count > 0) {
        touched_count--;
        memcpy(touched[touched_count].what, touched[touched_count].was,
               touched[touched_count].size);
    }
}

/* --- SQL --- */

sqlite3 *story_database(void)
{
    return db;
}

void story_open(void)
{
    if (sqlite3_open_v2(S->database, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        sim_fail("the story cannot open the database");
    sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

__attribute__((format(printf, 1, 2))) static void sql(const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    char *message = NULL;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    writing = true;
    if (!refused && sqlite3_exec(db, b.data, NULL, NULL, &message) != SQLITE_OK) {
        int rc = sqlite3_errcode(db) & 0xff;
        if (rc != SQLITE_FULL && rc != SQLITE_IOERR && rc != SQLITE_BUSY)
            sim_fail("the story's own SQL is wrong: %s: %s", b.data, message);
        refused = true;
    }
    writing = false;
    sqlite3_free(message);
    buf_close(&b);
}

/* --- clients and staff --- */

static void some_address(struct sim_client *c, int i)
{
    static int nonce;

    c->email_good = c->phone_good = false;
    c->email[0] = c->phone[0] = '\0';
    nonce = (int)story_below(100);
    if (story_percent(85)) {
        c->email_good = story_percent(92);
        snprintf(c->email, sizeof(c->email), c->email_good ? "c%d.%d@example.com" : "c%d.%d@-.x",
                 i, nonce);
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

    if (i == SIM_CLIENTS)
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
    sql("INSERT INTO client (ref, name, email, phone, language, timezone, channel) "
        "VALUES ('c%d', 'Client %d', '%s', '%s', %s, %s, %s)",
        i, i, c->email, c->phone, languages[story_below(5)], zone_text(c->zone),
        channel_text(c->channel));
}

static int some_client(void)
{
    return (int)story_below((uint64_t)S->client_count);
}

static void change_client(void)
{
    int i = some_client();
    struct sim_client *c = &S->clients[i];

    if (!c->present)
        return;
    TOUCH(*c);
    c->changed_us = S->mono_us;
    switch (story_below(5)) {
    case 0:
        some_address(c, i);
        sql("UPDATE client SET email = '%s', phone = '%s' WHERE ref = 'c%d'", c->email, c->phone,
            i);
        break;
    case 1:
        c->zone = (int)story_below(SIM_ZONES);
        sql("UPDATE client SET timezone = %s WHERE ref = 'c%d'", zone_text(c->zone), i);
        break;
    case 2:
        c->channel = (int)story_below(3) - 1;
        sql("UPDATE client SET channel = %s WHERE ref = 'c%d'", channel_text(c->channel), i);
        break;
    case 3:
        sql("UPDATE client SET name = 'Client %d renamed', notes = 'n' WHERE ref = 'c%d'", i, i);
        break;
    default:
        if (story_percent(15)) {
            c->present = false;
            sql("DELETE FROM client WHERE ref = 'c%d'", i);
        }
        break;
    }
}

static void add_consent(void)
{
    static const char *const purposes[] = {"service", "marketing", "survey"};
    int i = some_client(), channel = (int)story_below(2), purpose = (int)story_below(3);
    bool in = story_percent(purpose == PURPOSE_MARKETING ? 80 : 50);
    struct sim_client *c = &S->clients[i];

    if (!c->present)
        return;
    TOUCH(*c);
    c->changed_us = S->mono_us;
    c->consent[channel][purpose] = in ? 'i' : 'o';
    sql("INSERT INTO consent (client_id, channel, purpose, state) "
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
    sql("INSERT INTO staff (ref, name, email, manager_id) VALUES ('s%d', 'Staff %d', '%s', "
        "(SELECT id FROM staff WHERE ref = 's%d'))",
        i, i, s->email, s->manager);
}

static void change_staff(void)
{
    int i = (int)story_below((uint64_t)S->staff_count);
    struct sim_staff *s = &S->staff[i];

    TOUCH(*s);
    s->active = story_percent(70);
    sql("UPDATE staff SET active = %d WHERE ref = 's%d'", s->active, i);
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
        int minute = story_percent(90) ? 8 * 60 + 15 * (int)story_below(40)
                                       : 10 * (int)story_below(144);
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

static void note_time(struct sim_visit *v)
{
    v->moves++;
    v->known_ms = sim_wall_ms();
    v->known_us = S->mono_us;
    v->probed = false;
}

static void note_status(struct sim_visit *v, enum visit_status status)
{
    bool was_live = live(v);

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
}

static void add_visit(void)
{
    int i = S->visit_count;

    if (i == SIM_VISITS || S->client_count == 0)
        return;
    TOUCH(S->visit_count);
    TOUCH(S->visits[i]);
    struct sim_visit *v = &S->visits[i];
    *v = (struct sim_visit){.client = some_client(), .staff = -1, .zone = -1};
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
    sql("INSERT INTO appointment (ref, client_id, staff_id, title, starts, timezone) VALUES "
        "('a%d', (SELECT id FROM client WHERE ref = 'c%d'), "
        "(SELECT id FROM staff WHERE ref = 's%d'), 'Visit', '%s', %s)",
        i, v->client, v->staff, v->starts, zone_text(v->zone));
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
    sql("UPDATE appointment SET starts = '%s' WHERE ref = 'a%d'", v->starts, i);
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
    sql("UPDATE appointment SET status = '%s' WHERE ref = 'a%d'", names[status], i);
}

static void replace_visit(void)
{
    static const char *const names[] = {"booked", "confirmed", "cancelled", "completed", "missed"};
    int i;
    struct sim_visit *v = some_visit(&i);

    if (v == NULL)
        return;
    sql("REPLACE INTO appointment (ref, client_id, staff_id, title, starts, timezone, status) "
        "VALUES ('a%d', (SELECT client_id FROM appointment WHERE ref = 'a%d'), "
        "(SELECT id FROM staff WHERE ref = 's%d'), 'Visit again', '%s', %s, '%s')",
        i, i, v->staff, v->starts, zone_text(v->zone), names[v->status]);
}

static void rename_visit(void)
{
    int i;

    if (some_visit(&i) != NULL)
        sql("UPDATE appointment SET title = 'Another word', location = 'Yard' "
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
    sql("DELETE FROM appointment WHERE ref = 'a%d'", i);
}

/* Everybody's visits of the coming weeks an hour later, in one statement after another. */
static void move_many(void)
{
    for (int i = S->visit_count - 1, n = 0; i >= 0 && n < 12; i--, n++) {
        struct sim_visit *v = &S->visits[i];
        if (!live(v) || v->starts_ms < sim_wall_ms())
            continue;
        TOUCH(*v);
        some_time(v);
        note_time(v);
        sql("UPDATE appointment SET starts = '%s' WHERE ref = 'a%d'", v->starts, i);
    }
}

static void cancel_many(void)
{
    for (int i = S->visit_count - 1, n = 0; i >= 0 && n < 12; i--, n++) {
        struct sim_visit *v = &S->visits[i];
        if (!live(v) || !story_percent(60))
            continue;
        TOUCH(*v);
        note_status(v, VISIT_CANCELLED);
        sql("UPDATE appointment SET status = 'cancelled' WHERE ref = 'a%d'", i);
    }
}

/* --- jobs --- */

static void note_stage(struct sim_job *j, int stage)
{
    j->stage = stage;
    j->entries[stage]++;
    j->entered_ms = sim_wall_ms();
    j->entered_us = S->mono_us;
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
    *j = (struct sim_job){.client = some_client(), .staff = -1};
    if (!S->clients[j->client].present)
        return;
    if (S->staff_count > 0 && story_percent(70))
        j->staff = (int)story_below((uint64_t)S->staff_count);
    j->present = true;
    j->opened_ms = sim_wall_ms();
    note_stage(j, story_percent(85) ? 0 : (int)story_below(SIM_STAGES));
    S->job_count++;
    sql("INSERT INTO job (ref, client_id, staff_id, stage, title) VALUES ('j%d', "
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
    sql("UPDATE job SET stage = '%s%s' WHERE ref = 'j%d'", sim_stages[stage],
        story_percent(10) ? " " : "", i);
    if (story_percent(10)) { /* a slip of the mouse, in one transaction */
        note_stage(j, was);
        sql("UPDATE job SET stage = '%s' WHERE ref = 'j%d'", sim_stages[was], i);
    }
}

static void replace_job(void)
{
    int i;
    struct sim_job *j = some_job(&i);

    if (j == NULL)
        return;
    sql("REPLACE INTO job (ref, client_id, staff_id, stage, title) VALUES ('j%d', "
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
    sql("DELETE FROM job WHERE ref = 'j%d'", i);
}

/* --- transactions --- */

static void change_something(void)
{
    static void (*const often[])(void) = {add_visit,  add_visit, add_visit,    add_job,
                                          move_visit, move_job,  change_status, add_consent,
                                          move_job,   move_job,  add_visit,     change_status};
    static void (*const seldom[])(void) = {add_client,    change_client, add_staff, change_staff,
                                           replace_visit, rename_visit,  delete_visit, replace_job,
                                           delete_job,    change_client};

    if (S->staff_count > 0 && story_percent(80))
        often[story_below(sizeof(often) / sizeof(often[0]))]();
    else
        seldom[S->staff_count > 0 ? story_below(sizeof(seldom) / sizeof(seldom[0])) : 2]();
}

static void transact(void)
{
    bool hidden = sim_has(TROUBLE_HIDDEN) && story_percent(5), back = story_percent(5);
    int changes = (int)(1 + story_below(4));

    touched_count = 0;
    refused = false;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, !hidden, NULL);
    sql("BEGIN IMMEDIATE");
    if (story_percent(2))
        story_percent(50) ? move_many() : cancel_many();
    for (int i = 0; i < changes; i++)
        change_something();
    if (back || refused)
        refused = true;
    else
        sql("COMMIT");
    if (refused && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    if (refused) {
        take_back();
        return;
    }
    if (hidden)
        S->hidden_us = S->disturbed_us = S->mono_us;
    sim_note("committed %d changes%s", changes, hidden ? ", triggers off" : "");
    sim_committed();
}

/* --- what befalls the service --- */

static void outage(void)
{
    static const int minutes[] = {1, 10, 60, 300, 1440, 4320};

    S->outages++;
    S->start_us = S->mono_us + minutes[story_below(6)] * MINUTE_MS * 1000;
    service_stop_and_wait();
}

static void step(void)
{
    static const int64_t steps_ms[] = {-6 * HOUR_MS, -HOUR_MS, -MINUTE_MS, -700,
                                       900,          HOUR_MS,  6 * HOUR_MS, DAY_MS};
    int64_t by_ms = steps_ms[story_below(8)];

    S->steps++;
    sim_step_clock(by_ms);
    S->stepped_us = S->disturbed_us = S->mono_us;
    sim_note("the clock is stepped by %.1f minutes", (double)by_ms / MINUTE_MS);
}

static void break_disk(void)
{
    static const int faults[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC};

    S->faults++;
    S->fault = faults[story_below(3)];
    S->fault_percent = story_percent(50) ? 100 : 20;
    S->fault_until_us = S->mono_us + (int64_t)(1 + story_below(300)) * SECOND_MS * 1000;
    S->disturbed_us = S->fault_until_us;
    sim_note("the disk fails: %d", S->fault);
}

static void hold_lock(void)
{
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return;
    S->locked_until_us = S->mono_us + (int64_t)(1 + story_below(600)) * SECOND_MS * 1000;
    S->disturbed_us = S->locked_until_us;
    sim_note("the database is locked");
}

void story_release(void)
{
    if (S->locked_until_us == 0)
        return;
    S->locked_until_us = 0;
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static void set_paused(bool paused)
{
    refused = false;
    sql("INSERT INTO meta (name, value) VALUES ('paused', %d) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        paused);
    if (refused)
        return;
    S->paused_us = paused ? S->mono_us : 0;
    S->disturbed_us = S->mono_us;
    sim_note(paused ? "paused" : "resumed");
    sim_committed();
}

static void befall(void)
{
    int what = (int)story_below(400);

    if (what < 8 && sim_has(TROUBLE_CRASH) && S->up) {
        S->crash_in = (int64_t)(1 + story_below(60));
        S->power_cut = sim_has(TROUBLE_POWER) && story_percent(50);
        static const int minutes[] = {0, 0, 0, 1, 30, 600};
        S->start_us = S->mono_us + minutes[story_below(6)] * MINUTE_MS * 1000;
    } else if (what < 10 && sim_has(TROUBLE_OUTAGE) && S->up) {
        outage();
    } else if (what < 12 && sim_has(TROUBLE_CLOCK)) {
        step();
    } else if (what < 14 && sim_has(TROUBLE_DISK)) {
        break_disk();
    } else if (what < 17 && sim_has(TROUBLE_LOCK)) {
        hold_lock();
    } else if (what < 22 && sim_has(TROUBLE_EDIT) && S->up) {
        playbook_edit();
        playbook_write();
        service_reload();
    } else if (what < 24 && sim_has(TROUBLE_PAUSE) && S->paused_us == 0) {
        set_paused(true);
    }
}

void story_begin(void)
{
    S->next_story_us = S->begin_us + MINUTE_MS * 1000;
    S->next_probe_us = S->begin_us + HOUR_MS * 1000;
    S->next_audit_us = S->begin_us + DAY_MS * 1000;
}

/* The end of the story: all trouble is over. */
static void settle_down(void)
{
    S->crash_in = 0;
    S->fault = 0;
    if (!S->up && S->start_us > S->mono_us)
        S->start_us = S->mono_us;
    if (S->paused_us != 0)
        set_paused(false);
}

static void go_on(void)
{
    bool many = S->client_count < 12 || S->staff_count < 3;

    if (many) {
        touched_count = 0;
        refused = false;
        sql("BEGIN IMMEDIATE");
        S->client_count < 12 ? add_client() : add_staff();
        sql("COMMIT");
        if (refused) {
            take_back();
            if (!sqlite3_get_autocommit(db))
                sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        }
        sim_committed();
        return;
    }
    befall();
    if (S->locked_until_us != 0)
        return;
    transact();
    if (S->paused_us != 0 && story_percent(10))
        set_paused(false);
}

void story_run(void)
{
    if (S->locked_until_us != 0) {
        if (S->mono_us < S->locked_until_us) {
            S->next_story_us = S->locked_until_us;
            return;
        }
        story_release();
    }
    /* The next time comes first: a crash on the way must not bring the same again. */
    int64_t pause_s = S->mono_us >= S->quiet_us ? 3600
                                                : 1 + (int64_t)story_below(120) *
                                                          (int64_t)S->pace_min;
    S->next_story_us = S->mono_us + pause_s * SECOND_MS * 1000;
    if (S->mono_us < S->quiet_us)
        go_on();
    else
        settle_down();
    if (S->mono_us >= S->next_probe_us) {
        S->next_probe_us = S->mono_us + HOUR_MS * 1000;
        audit_probes();
    }
    if (S->mono_us >= S->next_audit_us && S->up) {
        S->next_audit_us = S->mono_us + (int64_t)(1 + story_below(6)) * DAY_MS * 1000;
        audit_plan();
    }
}
