/*
 * What the people of the business do by hand: they pause a rule and let it go on, say yes to rules
 * that ask, finish tasks and open them again. And what must hold because of it: a rule that is
 * paused sends nothing, none sends far more than it ever did without a yes (the storm brake, which
 * is counted here anew, from the launches), and what a person has done is not open again.
 *
 * All of it goes by chance of its own, so that seeds kept before there was any of it are the same.
 */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define ACT_PERCENT 4
#define RESUME_PERCENT 8
#define SMALL 50 /* messages that are no storm, when there is no blast radius */
#define DAY_HOURS 24
#define SKEW_HOURS 2    /* the service counts hours from another moment */
#define USUAL_DAYS 10   /* surely the five on which there is a usual volume, however days are cut */
#define LIFTED_HOURS 52 /* a yes lifts the brake for a day, and what went then is not counted */

/* --- rules --- */

static void pause_rule(void)
{
    int i = (int)extra_below((uint64_t)S->rule_count);

    if (!S->rules[i].present || S->rule_paused_us[i] != 0)
        return;
    writer_begin(false);
    writer_sql("UPDATE rule SET paused_ms = %lld, pause_reason = 'not now', paused_by = 0 "
               "WHERE name = '%s' AND present",
               (long long)sim_wall_ms(), S->rules[i].name);
    bool known = sqlite3_changes(writer_database()) > 0;
    if (!writer_end(known))
        return;
    S->rule_paused_us[i] = S->mono_us;
    sim_note("%s is paused", S->rules[i].name);
}

static void resume_rule(int i)
{
    writer_begin(false);
    writer_sql("UPDATE rule SET paused_ms = NULL, pause_reason = NULL, paused_by = 0, trial = 0, "
               "lifted = iif(paused_by = 2, -1, lifted) WHERE name = '%s'",
               S->rules[i].name);
    if (!writer_end(true))
        return;
    S->rule_paused_us[i] = 0;
    S->allowed[i] = true;
    S->lifted_us[i] = S->disturbed_us = S->mono_us;
    sim_note("%s goes on", S->rules[i].name);
}

static void allow(void *arg, const char *name)
{
    for (int i = 0; i < S->rule_count; i++)
        if (strcmp(S->rules[i].name, name) == 0) {
            S->allowed[i] = true;
            S->lifted_us[i] = S->mono_us;
            S->yeses++;
        }
}

void people_say_yes(void)
{
    writer_begin(false);
    writer_names("SELECT name FROM rule WHERE paused_by > 0", allow, NULL);
    writer_sql("UPDATE rule SET paused_ms = NULL, pause_reason = NULL, paused_by = 0, trial = 0, "
               "lifted = iif(paused_by = 2, -1, lifted) WHERE paused_by > 0");
    if (writer_end(true))
        S->disturbed_us = S->mono_us;
}

const char *people_paused(int rule)
{
    if (S->paused_us != 0)
        return "everything is paused";
    return S->rule_paused_us[rule] != 0 ? "its rule is paused" : NULL;
}

/* --- the storm brake --- */

static int sum(int rule, int64_t from, int64_t hours)
{
    int n = 0;

    for (int64_t h = from > 0 ? from : 0; h < from + hours && h < SIM_HOURS; h++)
        n += S->hourly[rule][h];
    return n;
}

static int days_with_any(int rule, int64_t before)
{
    int days = 0;

    for (int64_t h = 0; h + DAY_HOURS <= before; h += DAY_HOURS)
        days += sum(rule, h, DAY_HOURS) > 0;
    return days;
}

/* The most that it sent on what the service may have taken for a day, which was over by then. */
static int most(int rule, int64_t before)
{
    int n = 0;

    for (int64_t h = -SKEW_HOURS; h + DAY_HOURS + SKEW_HOURS <= before; h++) {
        int day = sum(rule, h, DAY_HOURS + SKEW_HOURS);
        n = day > n ? day : n;
    }
    return n;
}

/* Counted when a message goes for the first time. Where the service's count cannot be told from
 * outside (it died between counting and sending, or the clock was stepped) nothing is judged. */
void people_brake(const struct sim_exchange *x)
{
    int rule = x->about[0].rule;
    int64_t hour = (S->mono_us - S->begin_us) / 1000 / HOUR_MS;

    if (S->messages[x->id].launches > 1 || S->brake == 0 || hour >= SIM_HOURS ||
        rule >= SIM_RULES) /* nobody brakes a person */
        return;
    S->hourly[rule][hour]++;
    if (S->crashes > 0 || S->steps > 0 ||
        (S->lifted_us[rule] != 0 &&
         S->mono_us < S->lifted_us[rule] + LIFTED_HOURS * HOUR_MS * 1000))
        return;
    int64_t since = hour - DAY_HOURS + SKEW_HOURS;
    int recent = sum(rule, since, hour - since + 1), small = S->blast > 0 ? S->blast : SMALL;
    if (recent <= small || days_with_any(rule, since - DAY_HOURS) < USUAL_DAYS)
        return;
    int limit = S->brake * most(rule, since);
    if (recent > limit)
        sim_fail("%s has sent %d messages in a day without a yes, and %d are its limit",
                 S->rules[rule].name, recent, limit);
    S->braked++;
}

/* --- tasks --- */

struct some_task {
    int64_t id, message_id;
};

static void take_task(sqlite3_stmt *st, void *arg)
{
    *(struct some_task *)arg =
        (struct some_task){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
}

static bool find_task(const char *which, struct some_task *t)
{
    char sql[200];

    *t = (struct some_task){0};
    snprintf(sql, sizeof(sql), "SELECT count(*), 0 FROM task WHERE %s", which);
    audit_each(sql, take_task, t);
    if (t->id == 0)
        return false;
    snprintf(sql, sizeof(sql),
             "SELECT id, coalesce(message_id, 0) FROM task WHERE %s ORDER BY id LIMIT 1 OFFSET %d",
             which, (int)extra_below((uint64_t)t->id));
    audit_each(sql, take_task, t);
    return t->message_id < SIM_MESSAGES;
}

static void finish_task(void)
{
    struct some_task t;

    if (!find_task("done_ms IS NULL", &t))
        return;
    writer_begin(false);
    writer_sql("UPDATE task SET done_ms = %lld, done_by = 'somebody' WHERE id = %lld "
               "AND done_ms IS NULL",
               (long long)sim_wall_ms(), (long long)t.id);
    if (!writer_end(true))
        return;
    S->messages[t.message_id].task = TASK_DONE;
    S->tasks_done++;
}

static void undo_task(void)
{
    struct some_task t;

    if (!find_task("done_by IS NOT NULL", &t))
        return;
    writer_begin(false);
    writer_sql("UPDATE task SET done_ms = NULL, done_by = NULL, done_note = NULL WHERE id = %lld",
               (long long)t.id);
    if (writer_end(true))
        S->messages[t.message_id].task = TASK_UNDONE;
}

void people_judge_task(int64_t message_id, bool open)
{
    if (open && S->messages[message_id].task == TASK_DONE)
        sim_fail("the task of message %lld was done by a person, and is open again",
                 (long long)message_id);
}

/* --- */

void people_act(void)
{
    if (sim_has(TROUBLE_RULES))
        for (int i = 0; i < S->rule_count; i++)
            if (S->rule_paused_us[i] != 0 && extra_below(100) < RESUME_PERCENT)
                resume_rule(i);
    if (sim_has(TROUBLE_RULES) && extra_below(100) < ACT_PERCENT)
        pause_rule();
    if (sim_has(TROUBLE_TASKS) && extra_below(100) < ACT_PERCENT)
        finish_task();
    if (sim_has(TROUBLE_TASKS) && extra_below(100) < ACT_PERCENT / 2)
        undo_task();
    if (sim_has(TROUBLE_WRITTEN) && S->up && extra_below(100) < ACT_PERCENT)
        written_write();
}

void people_settle_down(void)
{
    for (int i = 0; i < S->rule_count; i++)
        if (S->rule_paused_us[i] != 0)
            resume_rule(i);
    if (S->blast + S->brake > 0)
        people_say_yes();
}
