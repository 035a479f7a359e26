/*
 * The conversation: what clients answer, one change within the writer's open transaction each; and
 * what the judge has to know of it, from the rows the story wrote and the copies the world
 * accepted.
 */
#include <stdio.h>

#include "sim.h"

#define TOUCH(x) writer_touch(&(x), sizeof(x))
#define LEAST_US (30 * MINUTE_MS * 1000) /* what is newer may have met a message on its way */
#define NEWEST 40                        /* answers that are still corrected */
#define ROUGH_MS (2 * HOUR_MS)           /* a day of the clocks' change */

/* --- what clients say --- */

static void answer(void)
{
    int i = S->answer_count;
    char job[80] = "NULL", score[16] = "NULL";

    if (i == SIM_ANSWERS || S->client_count == 0)
        return;
    struct sim_answer a = {.present = true, .job = -1, .score = -1, .hidden = writer_hiding()};
    a.client = business_client();
    if (S->job_count > 0 && story_percent(70)) { /* about a job, mostly */
        a.job =
            S->job_count - 1 - (int)story_below((uint64_t)(S->job_count < 60 ? S->job_count : 60));
        a.client = S->jobs[a.job].client;
        if (!S->jobs[a.job].present || story_percent(25))
            a.job = -1;
    }
    if (!S->clients[a.client].present)
        return;
    if (story_percent(40))
        a.score = (int)(1 + story_below(5));
    a.at_us = S->mono_us;
    a.at_ms = sim_wall_ms();
    TOUCH(S->answer_count);
    TOUCH(S->answers[i]);
    S->answers[i] = a;
    S->answer_count++;
    if (a.job >= 0)
        snprintf(job, sizeof(job), "(SELECT id FROM job WHERE ref = 'j%d')", a.job);
    if (a.score >= 0)
        snprintf(score, sizeof(score), "%d", a.score);
    writer_sql("INSERT INTO answer (ref, client_id, job_id, channel, text, score) VALUES ('n%d', "
               "(SELECT id FROM client WHERE ref = 'c%d'), %s, 'web', 'Well', %s)",
               i, a.client, job, score);
}

static void correct(void)
{
    int newest = S->answer_count < NEWEST ? S->answer_count : NEWEST;

    if (newest == 0)
        return;
    int i = S->answer_count - 1 - (int)story_below((uint64_t)newest);
    struct sim_answer *a = &S->answers[i];
    if (!a->present)
        return;
    TOUCH(*a);
    if (story_percent(50)) {
        a->present = false;
        writer_sql("DELETE FROM answer WHERE ref = 'n%d'", i);
    } else {
        a->score = (int)(1 + story_below(5));
        writer_sql("UPDATE answer SET score = %d WHERE ref = 'n%d'", a->score, i);
    }
}

void talk_change(void)
{
    if (story_percent(85))
        answer();
    else
        correct();
}

/* --- what is known of it --- */

bool talk_answered(int job, int64_t since_us)
{
    const struct sim_job *j = &S->jobs[job];

    for (int i = S->answer_count - 1; i >= 0 && S->answers[i].at_us > since_us; i--) {
        const struct sim_answer *a = &S->answers[i];
        if (a->present && !a->hidden && a->client == j->client && (a->job < 0 || a->job == job))
            return true;
    }
    return false;
}

/* When the job's client was last asked by this rule; 0: never, or nobody can say: what may have
 * reached the client since, and has not, may have been the same question. */
static int64_t asked_us(int job, int rule)
{
    for (int i = S->copy_count - 1; i >= 0; i--) {
        const struct sim_copy *c = &S->copies[i];
        if (c->rule == rule && c->subject == SIM_VISITS + job)
            return c->clear && S->maybe_us[S->jobs[job].client] < c->mono_us ? c->mono_us : 0;
    }
    return 0;
}

/* When the client last heard from us, as the service must know, but from rules on silence; 0. */
static int64_t heard_us(int client)
{
    for (int i = S->copy_count - 1; i >= 0; i--) {
        const struct sim_copy *c = &S->copies[i];
        if (c->client == client && c->clear && S->rules[c->rule].kind != SIM_QUIET &&
            c->mono_us < S->mono_us - LEAST_US)
            return c->mono_us;
    }
    return 0;
}

void talk_unclear(int64_t message_id)
{
    const struct sim_message *m = &S->messages[message_id];

    if (m->launches > 0 && m->client >= 0)
        S->maybe_us[m->client] = S->mono_us;
}

/* Could the client have heard from us since then, by a message clear or not? */
static bool maybe_heard(int client, int64_t since_us)
{
    if (S->maybe_us[client] > since_us - LEAST_US)
        return true;
    for (int i = S->copy_count - 1; i >= 0; i--)
        if (S->copies[i].client == client && S->rules[S->copies[i].rule].kind != SIM_QUIET)
            return S->copies[i].mono_us > since_us - LEAST_US;
    return false;
}

/* --- what must not go --- */

static char trouble[120];

/* The rule's days have passed since then by the clock on the wall, which may have been stepped. */
static bool too_soon(const struct sim_rule *r, int64_t since_us, const char *what)
{
    int64_t gone_us = S->mono_us - since_us;

    if (gone_us >= (r->minutes * DAY_MS - ROUGH_MS) * 1000 || S->stepped_us >= since_us)
        return false;
    snprintf(trouble, sizeof(trouble), "%s only %.1f hours ago", what,
             (double)gone_us / (HOUR_MS * 1000));
    return true;
}

const char *talk_again(const struct sim_rule *r, int job)
{
    int64_t since_us = asked_us(job, r->asks);

    if (since_us == 0)
        return NULL;
    if (S->stepped_us < since_us && talk_answered(job, since_us + LEAST_US))
        return "the client has answered";
    return too_soon(r, since_us, "the client was asked") ? trouble : NULL;
}

const char *talk_quiet(int rule, int job)
{
    const struct sim_job *j = &S->jobs[job];
    const struct sim_rule *r = &S->rules[rule];
    int64_t since_us = heard_us(j->client);

    if (j->stage == SIM_STAGE_DONE || j->stage == SIM_STAGE_LOST)
        return "the job has ended";
    if (j->unseen) /* the service may not know that it had ended in between */
        return NULL;
    if (too_soon(r, j->open_us, "the job was opened") ||
        (since_us != 0 && too_soon(r, since_us, "the client heard from us")))
        return trouble;
    for (int i = S->copy_count - 1; i >= 0; i--) {
        const struct sim_copy *c = &S->copies[i];
        if (!c->clear || c->rule != rule || c->subject != SIM_VISITS + job)
            continue;
        bool told = r->by != SIM_BY_BOTH && c->mono_us > j->open_us;
        return told && !maybe_heard(j->client, c->mono_us) ? "this silence was told already" : NULL;
    }
    return NULL;
}

const char *talk_low(const struct sim_rule *r, int answer, int client)
{
    const struct sim_answer *a = &S->answers[answer];

    if (!a->present)
        return "the answer was deleted";
    if (a->client != client)
        return "the answer is another client's";
    if (a->score < 0 || a->score >= 4)
        return "its score is not low";
    if (S->stepped_us < a->at_us && !a->hidden && a->at_ms < r->since_ms - SECOND_MS)
        return "it was given before the rule was switched on";
    return NULL;
}
