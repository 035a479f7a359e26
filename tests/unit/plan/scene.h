/*
 * What the tests of the planner share: a playbook read from text, and one visit or one job with its
 * events, planned with nothing stored.
 */
#ifndef TESTS_PLAN_SCENE_H
#define TESTS_PLAN_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "time/moment.h"

#define FLOW                                                                                       \
    "[workflow repair]\nstages = Received, Quote sent, In repair, Ready, Collected, Declined\n"    \
    "done = Collected\nlost = Declined\nwaiting = Quote sent\n"

static char *folder;

static inline int64_t utc(const char *text)
{
    struct moment m;
    struct err err = {""};

    if (moment_parse(text, &m, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return moment_instant(&m, zone_utc());
}

static inline void no_problems(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!p->items[i].warning)
            fail_msg("%d: %s", p->items[i].line, p->items[i].text);
    problems_close(p);
}

/* What is planned: set the fields, then plan(). */
struct scene {
    struct settings *settings;
    struct playbook *playbook;
    struct plan_rule_state rules[8];
    struct job job;
    struct appointment visit;
    struct plan_event events[16];
    struct plan_subject subject;
    struct plan_contact client;
    struct staff staff[4];
    struct plan_world world;
    struct intents intents;
    char *said; /* by the trace */
};

static inline void keep(void *arg, const struct rule *r, const char *text)
{
    struct scene *s = arg;

    free(s->said);
    s->said = mem_strdup(text);
}

static inline void staff_contact(void *arg, const struct staff *s, struct plan_contact *out)
{
    *out = (struct plan_contact){.email = s->email, .zone = zone_get("Europe/Riga")};
}

static inline struct scene *scene(const char *business, const char *playbook)
{
    struct scene *s = mem_zalloc(sizeof(*s));
    struct problems problems = {0};
    char *path = fs_join(folder, "betimes.conf");
    char *conf = mem_printf("[business]\nname = G\ntimezone = Europe/Riga\nlanguage = en\n%s\n"
                            "[gateway drawer]\ntype = file\npath = drawer\n",
                            business);

    assert_int_equal(fs_write_atomic(path, conf, strlen(conf), 0644, NULL), 0);
    free(conf);
    free(path);
    s->settings = settings_read(folder, &problems);
    no_problems(&problems);
    s->playbook = playbook_read_text("playbook.conf", playbook, strlen(playbook), &problems);
    no_problems(&problems);
    assert_true(s->settings != NULL && s->playbook != NULL && s->playbook->rule_count <= 8);
    s->client = (struct plan_contact){
        .email = "ilze@example.com",
        .phone = "+37120000001",
        .zone = s->settings->business.calendar.zone,
    };
    for (int c = 0; c < CHANNEL_COUNT; c++)
        s->client.opted_out[c][PURPOSE_MARKETING] = true;
    s->subject.client = &s->client;
    s->subject.client_row = 1;
    s->subject.events = s->events;
    s->world = (struct plan_world){.settings = s->settings,
                                   .playbook = s->playbook,
                                   .rules = s->rules,
                                   .staff = s->staff,
                                   .staff_contact = staff_contact,
                                   .arg = s};
    return s;
}

static inline void end(struct scene *s)
{
    intents_close(&s->intents);
    free(s->said);
    playbook_free(s->playbook);
    settings_free(s->settings);
    free(s);
}

static inline void event(struct scene *s, enum event e, const char *stage, const char *at)
{
    size_t n = s->subject.event_count++;

    s->events[n] = (struct plan_event){
        .event = e, .revision = (int64_t)n + 1, .stage = (char *)stage, .at_ms = utc(at)};
}

/* A visit at `starts` by the business's clock, booked at `booked` (UTC). */
static inline struct scene *visit(const char *business, const char *playbook, const char *starts,
                                  const char *booked)
{
    struct scene *s = scene(business, playbook);

    s->visit = (struct appointment){
        .id = 1, .client_id = 1, .starts = (char *)starts, .status = (char *)"booked"};
    s->subject.appointment = &s->visit;
    event(s, EVENT_APPOINTMENT_BOOKED, NULL, booked);
    return s;
}

/* A job that was opened in `stage` at `opened` (UTC). */
static inline struct scene *job(const char *business, const char *playbook, const char *stage,
                                const char *opened)
{
    struct scene *s = scene(business, playbook);

    s->job = (struct job){.id = 1, .client_id = 1, .stage = (char *)stage};
    s->subject.job = &s->job;
    event(s, EVENT_JOB_OPENS, NULL, opened);
    event(s, EVENT_JOB_ENTERS, stage, opened);
    return s;
}

/* Plan; "RULE CHANNEL DUE" of what is to be sent, or "RULE skip", "RULE fail", joined by "; ". */
static inline void assert_plan_at(struct scene *s, const char *expected, const char *file, int line)
{
    static const char *const verdicts[] = {"", " skip", " fail"};
    struct buf b;

    intents_close(&s->intents);
    plan_subject(&s->world, &s->subject, &s->intents, keep, s);
    buf_init(&b);
    for (size_t i = 0; i < s->intents.count; i++) {
        const struct intent *in = &s->intents.items[i];
        char due[MOMENT_TEXT_MAX];
        moment_format_utc(in->due_ms, due);
        buf_printf(&b, "%s%s", i > 0 ? "; " : "", s->playbook->rules[in->rule].name);
        if (in->verdict == VERDICT_SEND)
            buf_printf(&b, " %s %.16s", channel_name(in->channel), due);
        else
            buf_puts(&b, verdicts[in->verdict]);
    }
    if (strcmp(b.data, expected) != 0) {
        print_error("planned: %s\nexpected: %s\n", b.data, expected);
        for (size_t i = 0; i < s->intents.count; i++)
            print_error("  %s\n", s->intents.items[i].reason);
        _fail(file, line);
    }
    buf_close(&b);
}
#define assert_plan(s, expected) assert_plan_at(s, expected, __FILE__, __LINE__)

static inline void assert_expires(struct scene *s, size_t i, const char *expected)
{
    char text[MOMENT_TEXT_MAX];

    assert_true(i < s->intents.count);
    moment_format_utc(s->intents.items[i].expires_ms, text);
    text[16] = '\0';
    assert_string_equal(text, expected);
}

static inline void assert_reason(struct scene *s, size_t i, const char *words)
{
    assert_true(i < s->intents.count);
    if (strstr(s->intents.items[i].reason, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, s->intents.items[i].reason);
}

#define PLAIN "quiet = none"
#define QUIET "quiet = 21:00-08:00"
#define HOURS "quiet = none\nhours = Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00\ncountry = LV"

#define DAY_BEFORE "[rule day]\non = appointment starts\nwhen = 1 day before\n"
#define HOUR_BEFORE "[rule hour]\non = appointment starts\nwhen = 1 hour before\n"

static inline int make_folder(void **state)
{
    static char name[] = "/tmp/betimes-plan-XXXXXX";

    folder = mkdtemp(name);
    return folder != NULL ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    char *command = mem_printf("rm -rf '%s'", folder);
    int rc = system(command);

    free(command);
    return rc;
}

#endif
