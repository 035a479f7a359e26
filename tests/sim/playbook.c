/*
 * The configuration of a run: rules by chance, edits of them, and the files that say so. What the
 * story believes of the rules (S->rules) follows when the service has taken the files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sim.h"

const char *const sim_stages[SIM_STAGES] = {
    "Received", "Diagnosed", "Quote sent", "In repair", "Ready", "Collected", "Declined",
};

static const char *const kind_names[SIM_KINDS] = {
    "booked", "moved", "cancelled", "missed", "confirmed",  "evening",
    "soon",   "after", "enters",    "chase",  "late-staff", "late-manager",
    "leaves", "done",  "again",     "quiet",  "low",
};

/* --- rules by chance --- */

static enum sim_by some_way(void)
{
    return (enum sim_by)(story_percent(50) ? SIM_BY_PREFERRED : story_below(5));
}

static void shape(struct sim_rule *r)
{
    static const int minutes[] = {10, 30, 60, 90, 120, 240, 1440};

    r->by = some_way();
    r->window = story_percent(70) ? SIM_NOT_QUIET : (enum sim_window)story_below(3);
    r->settle_min = story_percent(50) ? 0 : (int)story_below(30);
    r->capped = story_percent(80);
    r->times = 1;
    r->minutes = 0;
    r->unless_confirmed = false;
    switch (r->kind) {
    case SIM_EVENING:
        r->settle_min = 0;
        break;
    case SIM_SOON:
        r->minutes = minutes[story_below(7)];
        r->unless_confirmed = story_percent(30);
        r->settle_min = 0;
        break;
    case SIM_CHASE:
        r->minutes = (int)(1 + story_below(3));
        r->times = (int)(1 + story_below(3));
        r->stage = SIM_STAGE_QUOTE;
        break;
    case SIM_LATE_STAFF:
    case SIM_LATE_MANAGER:
        r->minutes = (int)(2 + story_below(14));
        r->capped = true;
        break;
    case SIM_AGAIN:
        r->minutes = (int)(1 + story_below(3));
        r->settle_min = 0;
        break;
    case SIM_QUIET:
        r->minutes = (int)(2 + story_below(6));
        r->settle_min = 0;
        break;
    case SIM_MISSED:
        r->minutes = 60;
        break;
    case SIM_BOOKED:
    case SIM_MOVED:
    case SIM_CONFIRMED:
        r->minutes = story_percent(30) ? minutes[story_below(7)] : 0;
        break;
    case SIM_AFTER:
    case SIM_DONE:
        r->minutes = (int)(1 + story_below(10));
        break;
    default:
        break;
    }
    r->merge_min = 0;
    if (S->merging && r->kind != SIM_LATE_STAFF && r->kind != SIM_LATE_MANAGER &&
        r->kind < SIM_AGAIN && story_percent(70))
        r->merge_min = minutes[story_below(3)];
    /* By no chance of its own: what else is made up stays as it was. */
    r->invite = r->kind <= SIM_CONFIRMED && r->kind != SIM_MISSED && r->by != SIM_BY_SMS &&
                r->merge_min == 0 && (S->seed + r->kind + (unsigned)r->settle_min) % 3 == 0;
}

/* A rule before the i-th that a client can answer. */
static bool find_question(int i, int *asks)
{
    for (*asks = i - 1; *asks >= 0; --*asks) {
        enum sim_kind kind = S->next_rules[*asks].kind;
        if (kind == SIM_ENTERS || kind == SIM_CHASE)
            return true;
    }
    return false;
}

bool playbook_stands(const struct sim_rule *rules, int i)
{
    const struct sim_rule *r = &rules[i];

    return r->present && (r->kind != SIM_AGAIN || rules[r->asks].present);
}

static void invent(int i)
{
    static const enum purpose purposes[SIM_KINDS] = {
        [SIM_AFTER] = PURPOSE_SURVEY,          [SIM_LATE_STAFF] = PURPOSE_INTERNAL,
        [SIM_LATE_MANAGER] = PURPOSE_INTERNAL, [SIM_DONE] = PURPOSE_MARKETING,
        [SIM_QUIET] = PURPOSE_INTERNAL,
    };
    struct sim_rule *r = &S->next_rules[i];

    *r = (struct sim_rule){.present = true, .kind = (enum sim_kind)story_below(SIM_KINDS)};
    r->stage = (int)story_below(SIM_STAGES);
    if (r->kind == SIM_AGAIN && !find_question(i, &r->asks))
        r->kind = SIM_QUIET;
    if (r->kind == SIM_AGAIN)
        r->stage = S->next_rules[r->asks].stage;
    r->purpose = purposes[r->kind];
    shape(r);
    snprintf(r->name, sizeof(r->name), "r%d-%s", i, kind_names[r->kind]);
}

void playbook_make(void)
{
    S->rule_count = (int)(4 + story_below(SIM_RULES - 8));
    for (int i = 0; i < S->rule_count; i++)
        invent(i);
}

void playbook_edit(void)
{
    int edits = (int)(1 + story_below(3));

    for (int n = 0; n < edits; n++) {
        int i = (int)story_below((uint64_t)S->rule_count);
        struct sim_rule *r = &S->next_rules[i];
        if (r->name[0] == '\0') /* the reload that brought it failed */
            invent(i);
        else if (!r->present)
            r->present = true;
        else if (story_percent(25) || S->rule_count == SIM_RULES)
            r->present = story_percent(50) && S->rule_count > 1 ? false : r->present;
        else if (story_percent(20))
            invent(S->rule_count++);
        else
            shape(r);
    }
}

/* --- the files --- */

static void write_file(const char *name, const char *text)
{
    char *path = fs_join(S->dir, name);
    struct err err = {""};
    char *slash = strrchr(path, '/');

    *slash = '\0';
    int rc = fs_mkdirs(path, 0755, &err);
    *slash = '/';
    if (rc != 0 || fs_write_atomic(path, text, strlen(text), 0644, &err) != 0)
        sim_fail("%s", err.text);
    free(path);
}

static void write_when(struct buf *b, const struct sim_rule *r)
{
    switch (r->kind) {
    case SIM_EVENING:
        buf_puts(b, "when = 1 day before at 18:00\n");
        break;
    case SIM_SOON:
        buf_printf(b, "when = %d minutes before\n", r->minutes);
        break;
    case SIM_CHASE:
        buf_printf(b, "when = %d business days after at 10:00\n", r->minutes);
        if (r->times > 1)
            buf_printf(b, "every = 4 days, %d times\n", r->times);
        break;
    case SIM_LATE_STAFF:
    case SIM_LATE_MANAGER:
        buf_printf(b, "when = %d business hours after\nto = %s\n", r->minutes,
                   r->kind == SIM_LATE_STAFF ? "staff" : "manager");
        break;
    case SIM_AGAIN:
        buf_printf(b, "when = %d days after\n", r->minutes);
        break;
    case SIM_QUIET:
        buf_printf(b, "when = %d days after\nto = staff\n", r->minutes);
        break;
    case SIM_MISSED:
        buf_puts(b, "when = 1 hour after\n");
        break;
    case SIM_BOOKED:
    case SIM_MOVED:
    case SIM_CONFIRMED:
        if (r->minutes > 0)
            buf_printf(b, "when = %d minutes after\n", r->minutes);
        break;
    case SIM_AFTER:
    case SIM_DONE:
        buf_printf(b, "when = %d days after at 10:00\n", r->minutes);
        break;
    default:
        break;
    }
}

static void write_rule(struct buf *b, const struct sim_rule *r)
{
    static const char *const events[SIM_KINDS] = {
        "appointment booked",
        "appointment moved",
        "appointment cancelled",
        "appointment missed",
        "appointment confirmed",
        "appointment starts",
        "appointment starts",
        "appointment ends",
        "job enters",
        "job enters",
        "job enters",
        "job enters",
        "job leaves",
        "job completes",
        "no answer to ",
        "client hears nothing",
        "survey below 4",
    };
    const char *const template = r->kind < SIM_ENTERS ? "visit"
                                 : r->kind == SIM_LOW ? "answer"
                                                      : "job";
    static const char *const ways[] = {"preferred", "sms", "email", "sms then email",
                                       "sms and email"};
    static const char *const windows[] = {NULL, "09:00-20:00", "any"};
    static const char *const purposes[] = {"service", "marketing", "survey", "internal"};
    bool staged = r->kind >= SIM_ENTERS && r->kind <= SIM_LEAVES;

    buf_printf(b, "[rule %s]\non = %s%s%s%s%s\n", r->name, events[r->kind], staged ? " \"" : "",
               staged ? sim_stages[r->stage] : "", staged ? "\"" : "",
               r->kind == SIM_AGAIN ? S->next_rules[r->asks].name : "");
    write_when(b, r);
    buf_printf(b, "template = %s\nby = %s\npurpose = %s\n", template, ways[r->by],
               purposes[r->purpose]);
    if (windows[r->window] != NULL)
        buf_printf(b, "window = %s\n", windows[r->window]);
    if (r->settle_min > 0)
        buf_printf(b, "settle = %d minutes\n", r->settle_min);
    if (!r->capped)
        buf_puts(b, "cap = no\n");
    if (r->invite)
        buf_puts(b, "invite = yes\n");
    if (r->merge_min > 0)
        buf_printf(b, "merge = %d minutes\n", r->merge_min);
    if (r->unless_confirmed)
        buf_puts(b, "unless = appointment.status = 'confirmed'\n");
    buf_putc(b, '\n');
}

static void write_playbook(void)
{
    struct buf b;

    buf_init(&b);
    buf_puts(&b, "[workflow repair]\nstages = ");
    for (int i = 0; i < SIM_STAGES; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", sim_stages[i]);
    buf_puts(&b, "\ndone = Collected\nlost = Declined\nwaiting = Quote sent\n\n");
    for (int i = 0; i < S->rule_count; i++)
        if (playbook_stands(S->next_rules, i))
            write_rule(&b, &S->next_rules[i]);
    write_file("playbook.conf", b.data);
    buf_close(&b);
}

#define WORDS_VISIT                                                                                \
    "R={{rule.name}} A={{appointment.ref}} T={{appointment.starts}} C={{client.ref}}"              \
    "{{#also}} A={{appointment.ref}} T={{appointment.starts}}{{/also}}"
#define WORDS_JOB                                                                                  \
    "R={{rule.name}} J={{job.ref}}{{#also}} J={{job.ref}}{{/also}} C={{client.ref}} "              \
    "G={{job.stage}}"

#define WORDS_ANSWER "R={{rule.name}} N={{answer.ref}} C={{client.ref}}"

static void write_settings(void)
{
    char *text = mem_printf(
        "[business]\nname = Simulated Garage\ntimezone = %s\nlanguage = en\ncountry = LV\n"
        "hours = Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00\nquiet = %02d:00-%02d:00\n"
        "cap = %d per day, %d per week\nemail = hello@example.com\n"
        "[gateway mail]\ntype = smtp\nurl = smtp://localhost\ntls = none\n"
        "from = Garage <hello@example.com>\nconnections = 4\nrate = 5/second\n"
        "[gateway mail2]\ntype = smtp\nurl = smtp://localhost\ntls = none\n"
        "from = Garage <hello@example.com>\nconnections = 1\n"
        "[gateway texts]\ntype = sms\nprovider = sim\nfrom = Garage\nconnections = 3\n"
        "[gateway texts2]\ntype = sms\nprovider = sim\nfrom = Garage\nconnections = 1\n"
        "[channel email]\ngateways = mail, mail2\n[channel sms]\ngateways = texts, texts2\n",
        sim_zones[SIM_ZONE_BUSINESS], S->quiet_from, S->quiet_to, S->caps_day, S->caps_week);
    char *blast = S->blast > 0 ? mem_printf("%d clients", S->blast) : mem_strdup("none");
    char *brake = S->brake > 0 ? mem_printf("%d times", S->brake) : mem_strdup("none");
    char *limits = mem_printf("%s[limits]\nblast = %s\nbrake = %s\n", text, blast, brake);

    write_file("betimes.conf", limits);
    free(limits);
    free(blast);
    free(brake);
    free(text);
    write_file("providers/sim.conf",
               "[provider]\nname = Nobody\nurl = http://localhost/send\n"
               "[headers]\nTo = {{to}}\n[text]\nbody = {{text}}\n[reply]\nsent = 200\n");
    write_file("templates/visit/en.sms", WORDS_VISIT "\n");
    write_file("templates/visit/en.email",
               "Subject: " WORDS_VISIT
               "\n\nGood day.{{#also}} Also {{appointment.ref}}.{{/also}}\n");
    write_file("templates/answer/en.sms", WORDS_ANSWER "\n");
    write_file("templates/answer/en.email", "Subject: " WORDS_ANSWER "\n\nGood day.\n");
    write_file("templates/job/en.sms", WORDS_JOB "\n");
    write_file("templates/job/en.email",
               "Subject: " WORDS_JOB "\n\nGood day.{{#also}} Also {{job.ref}}.{{/also}}\n");
}

void playbook_write(void)
{
    if (!S->created)
        write_settings();
    write_playbook();
}

/* --- what counts --- */

/* design.md, "Switch-on": a rule keeps its time through edits, unless its event or its recipient
 * changes, which here gets another name. */
/* A crash may have ended a reload after its commit: then the rule counts since that one. */
static int64_t switched_on(const struct sim_rule *r, int64_t now_ms)
{
    char sql[120];

    if (S->reload_ms == 0)
        return now_ms;
    snprintf(sql, sizeof(sql), "SELECT since_ms FROM rule WHERE name = '%s'", r->name);
    int64_t since_ms = audit_number(sql);
    return since_ms >= S->reload_ms && since_ms < now_ms ? S->reload_ms : now_ms;
}

void playbook_applied(bool first)
{
    int64_t now_ms = sim_wall_ms();

    for (int i = 0; i < S->rule_count; i++) {
        struct sim_rule *now = &S->rules[i];
        struct sim_rule next = S->next_rules[i];
        next.present = playbook_stands(S->next_rules, i);
        bool same =
            now->present && next.present && now->kind == next.kind && now->stage == next.stage;
        next.since_ms = same ? now->since_ms : switched_on(&next, now_ms);
        next.changed_us = now->changed_us;
        struct sim_rule plain = *now;
        plain.since_ms = next.since_ms;
        if (first || memcmp(&plain, &next, sizeof(next)) != 0) {
            next.changed_us = S->mono_us;
            memset(S->blasted[i], 0, sizeof(S->blasted[i]));
            S->allowed[i] = false;
        }
        *now = next;
    }
    S->reload_ms = 0;
}
