/*
 * What happens in a run, and when: transactions of the business, and everything that befalls the
 * service: outages, crashes to come, a clock that is stepped, edits, a disk that fails, locks,
 * pauses. Near the end all trouble is over, and every message comes to its own.
 */
#include <string.h>

#include "sim.h"

#define BUSY_OUTAGE 250 /* transactions: more changes than the service takes in at once */

/* --- transactions --- */

static void transact(void)
{
    bool hidden = sim_has(TROUBLE_HIDDEN) && story_percent(5), back = story_percent(5);
    int changes = (int)(1 + story_below(4));

    writer_begin(hidden);
    if (story_percent(2))
        business_change_many();
    for (int i = 0; i < changes; i++)
        business_change();
    if (!writer_end(!back))
        return;
    if (hidden)
        S->hidden_us = S->disturbed_us = S->mono_us;
    sim_note("committed %d changes%s", changes, hidden ? ", triggers off" : "");
}

/* --- what befalls the service --- */

static void outage(void)
{
    static const int minutes[] = {1, 10, 60, 300, 1440, 4320};

    S->outages++;
    S->start_us = S->mono_us + minutes[story_below(6)] * MINUTE_MS * 1000;
    service_stop_and_wait();
    /* Now and then much is written while nobody looks. */
    for (int i = story_percent(30) ? BUSY_OUTAGE : 0; i > 0; i--) {
        S->mono_us += MINUTE_MS * 1000;
        transact();
    }
    if (S->start_us < S->mono_us)
        S->start_us = S->mono_us;
}

static void step(void)
{
    static const int64_t steps_ms[] = {-6 * HOUR_MS, -HOUR_MS, -MINUTE_MS,  -700,
                                       900,          HOUR_MS,  6 * HOUR_MS, DAY_MS};
    int64_t by_ms = steps_ms[story_below(8)];

    S->steps++;
    sim_step_clock(by_ms);
    S->stepped_us = S->disturbed_us = S->mono_us;
    sim_note("the clock is stepped by %.1f minutes", (double)by_ms / MINUTE_MS);
}

static void hold_lock(void)
{
    if (!writer_lock())
        return;
    S->locked_until_us = S->mono_us + (int64_t)(1 + story_below(600)) * SECOND_MS * 1000;
    S->disturbed_us = S->locked_until_us;
    sim_note("the database is locked");
}

static void set_paused(bool paused)
{
    writer_begin(false);
    writer_sql("INSERT INTO meta (name, value) VALUES ('paused', %d) "
               "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
               paused);
    if (!writer_end(true))
        return;
    S->paused_us = paused ? S->mono_us : 0;
    S->disturbed_us = S->mono_us;
    sim_note(paused ? "paused" : "resumed");
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
        disk_break((int64_t)(1 + story_below(300)) * SECOND_MS);
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
    people_settle_down();
}

static void go_on(void)
{
    if (S->client_count < 12 || S->staff_count < 3) {
        writer_begin(false);
        business_open();
        writer_end(true);
        return;
    }
    befall();
    if (S->locked_until_us != 0)
        return;
    transact();
    if (S->paused_us != 0 && story_percent(10))
        set_paused(false);
    if (S->blast + S->brake > 0 && story_percent(2))
        people_say_yes();
    people_act();
}

void story_run(void)
{
    if (S->locked_until_us != 0) {
        if (S->mono_us < S->locked_until_us) {
            S->next_story_us = S->locked_until_us;
            return;
        }
        S->locked_until_us = 0;
        writer_unlock();
    }
    /* The next time comes first: a crash on the way must not bring the same again. */
    int64_t pause_s =
        S->mono_us >= S->quiet_us ? 3600 : 1 + (int64_t)story_below(120) * (int64_t)S->pace_min;
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
