/*
 * playbook.conf: first every workflow, then every rule by itself, then what they say about each
 * other: stages that exist, rules that are named. What needs betimes.conf as well is
 * playbook_check's.
 */
#include "playbook/playbook.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "text/phone.h"

#define SUGGESTED_MAX 100 /* after so many errors nobody reads what was nearest */

#define AT(field) offsetof(struct workflow, field)
#define STAGES(k, field, needed, text)                                                             \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_NAMES, .offset = AT(field), .required = needed, .help = text   \
    }

static const struct directive workflow_directives[] = {
    STAGES("stages", stages, true, "all of them, in their order"),
    STAGES("done", done, false, "those that complete a job"),
    STAGES("lost", lost, false, "those in which a job is lost"),
    STAGES("waiting", waiting, false, "those in which the client is the one to act"),
};

const struct directive_section workflow_section = {
    "playbook.conf",
    "workflow",
    "NAME",
    NULL,
    "the stages a job goes through",
    workflow_directives,
    sizeof(workflow_directives) / sizeof(workflow_directives[0]),
};

/* ---- workflows */

static int line_of(const struct ini_section *section, const char *key)
{
    const struct ini_entry *e = ini_entry(section, key);

    return e != NULL ? e->line : section->line;
}

/* Each of `some` (the value of `key`) has to be a stage of the workflow. */
static void check_stages(const struct reading *r, const struct ini_section *section,
                         const struct workflow *w, const struct str_list *some, const char *key)
{
    for (size_t i = 0; i < some->count; i++) {
        if (workflow_has(w, some->items[i]) || w->stages.count == 0)
            continue;
        char *hint =
            suggestion(some->items[i], (const char *const *)w->stages.items, w->stages.count);
        problems_error(r->problems, r->file, line_of(section, key),
                       "`%s`: `%s` is not among the `stages`%s", key, some->items[i], hint);
        free(hint);
    }
}

/* No stage may be in both lists. */
static void check_apart(const struct reading *r, const struct ini_section *section,
                        const struct str_list *a, const struct str_list *b, const char *key_a,
                        const char *key_b)
{
    for (size_t i = 0; i < b->count; i++)
        if (str_list_has(a, b->items[i]))
            problems_error(r->problems, r->file, line_of(section, key_b),
                           "`%s`: `%s` is in `%s` as well; keep it in one of them", key_b,
                           b->items[i], key_a);
}

static void workflow_read(const struct reading *r, const struct ini_section *section,
                          struct workflow *w)
{
    *w = (struct workflow){.name = mem_strdup(section->name), .line = section->line};
    if (*section->name == '\0')
        problems_error(r->problems, r->file, section->line,
                       "a workflow needs a name: `[workflow repair]`");
    directives_apply(r, &workflow_section, section, w, NULL);
    check_stages(r, section, w, &w->done, "done");
    check_stages(r, section, w, &w->lost, "lost");
    check_stages(r, section, w, &w->waiting, "waiting");
    check_apart(r, section, &w->done, &w->lost, "done", "lost");
    check_apart(r, section, &w->done, &w->waiting, "done", "waiting");
    check_apart(r, section, &w->lost, &w->waiting, "lost", "waiting");
}

static void workflow_close(struct workflow *w)
{
    free(w->name);
    str_list_close(&w->stages);
    str_list_close(&w->done);
    str_list_close(&w->lost);
    str_list_close(&w->waiting);
}

bool workflow_has(const struct workflow *w, const char *stage)
{
    return str_list_has(&w->stages, stage);
}

bool workflow_is_done(const struct workflow *w, const char *stage)
{
    return str_list_has(&w->done, stage);
}

bool workflow_is_lost(const struct workflow *w, const char *stage)
{
    return str_list_has(&w->lost, stage);
}

bool workflow_is_waiting(const struct workflow *w, const char *stage)
{
    return str_list_has(&w->waiting, stage);
}

/* ---- what rules say about workflows and about each other */

/* Does the rule mean this workflow? */
static bool means(const struct rule *r, const struct workflow *w)
{
    return r->workflow == NULL || strcmp(r->workflow, w->name) == 0;
}

static void unknown_stage(const struct reading *r, const struct playbook *p,
                          const struct rule *rule, int line)
{
    struct str_list names = {0};
    const struct workflow *owner = NULL;

    if (r->problems->errors > SUGGESTED_MAX) {
        problems_error(r->problems, r->file, line, "`on`: no stage is called `%s`", rule->stage);
        return;
    }
    for (size_t i = 0; i < p->workflow_count; i++)
        for (size_t j = 0; j < p->workflows[i].stages.count; j++)
            if (means(rule, &p->workflows[i]))
                str_list_add(&names, p->workflows[i].stages.items[j],
                             strlen(p->workflows[i].stages.items[j]));
    const char *near = str_nearest(rule->stage, (const char *const *)names.items, names.count);
    for (size_t i = 0; near != NULL && owner == NULL && i < p->workflow_count; i++)
        if (means(rule, &p->workflows[i]) && workflow_has(&p->workflows[i], near))
            owner = &p->workflows[i];
    if (owner != NULL) {
        problems_error(r->problems, r->file, line,
                       "`on`: no stage is called `%s`; did you mean `%s` of the workflow `%s`?",
                       rule->stage, near, owner->name);
    } else {
        char *hint = suggestion(rule->stage, (const char *const *)names.items, names.count);
        problems_error(r->problems, r->file, line, "`on`: no stage is called `%s`%s", rule->stage,
                       names.count > 0 ? hint : "; there is no workflow with stages yet");
        free(hint);
    }
    str_list_close(&names);
}

static void check_stage(const struct reading *r, const struct playbook *p, const struct rule *rule,
                        int line)
{
    const struct workflow *first = NULL, *second = NULL;

    for (size_t i = 0; i < p->workflow_count; i++) {
        const struct workflow *w = &p->workflows[i];

        if (!means(rule, w) || !workflow_has(w, rule->stage))
            continue;
        if (first == NULL)
            first = w;
        else if (second == NULL)
            second = w;
    }
    if (first == NULL)
        unknown_stage(r, p, rule, line);
    else if (second != NULL)
        problems_warning(r->problems, r->file, line,
                         "`%s` is a stage of `%s` and of `%s`, and this rule means both; for one "
                         "of them alone add `workflow = %s`",
                         rule->stage, first->name, second->name, first->name);
}

/* "job completes" where no job ever does. */
static void check_end(const struct reading *r, const struct playbook *p, const struct rule *rule,
                      int line)
{
    bool done = rule->event == EVENT_JOB_COMPLETES;

    for (size_t i = 0; i < p->workflow_count; i++) {
        const struct workflow *w = &p->workflows[i];
        if (means(rule, w) && (done ? w->done.count : w->lost.count) > 0)
            return;
    }
    problems_error(r->problems, r->file, line,
                   "`on`: this never happens, for no workflow says `%s = STAGE`",
                   done ? "done" : "lost");
}

static bool check_workflow(const struct reading *r, const struct playbook *p,
                           const struct rule *rule, int line)
{
    if (rule->workflow == NULL || playbook_workflow(p, rule->workflow) != NULL)
        return true;
    const char **names = mem_array(p->workflow_count + 1, sizeof(*names));
    for (size_t i = 0; i < p->workflow_count; i++)
        names[i] = p->workflows[i].name;
    char *hint = suggestion(rule->workflow, names, p->workflow_count);
    problems_error(r->problems, r->file, line, "`workflow`: there is no `[workflow %s]`%s",
                   rule->workflow, hint);
    free(hint);
    free(names);
    return false;
}

static void check_of_rule(const struct reading *r, const struct playbook *p,
                          const struct rule *rule, int line)
{
    if (strcmp(rule->of_rule, rule->name) == 0) {
        problems_error(r->problems, r->file, line,
                       "`on`: a rule cannot wait for an answer to itself; name the rule that asks");
        return;
    }
    const struct rule *asks = playbook_rule(p, rule->of_rule);
    if (asks != NULL && !rule_writes_to_client(asks))
        problems_error(r->problems, r->file, line,
                       "`on`: no client can answer `%s`, which goes to %s; name a rule that writes "
                       "to the client",
                       rule->of_rule,
                       asks->to == TO_CLIENT || asks->to_text == NULL ? "staff" : asks->to_text);
    if (asks != NULL)
        return;
    const char **names = mem_array(p->rule_count + 1, sizeof(*names));
    for (size_t i = 0; i < p->rule_count; i++)
        names[i] = p->rules[i].name;
    char *hint = suggestion(rule->of_rule, names, p->rule_count);
    problems_error(r->problems, r->file, line, "`on`: there is no `[rule %s]`%s", rule->of_rule,
                   hint);
    free(hint);
    free(names);
}

/* Rules that wait for answers to each other would wait for ever: the chain ends at one that asks by
 * itself. */
static void tie(const struct reading *r, const struct playbook *p, struct rule *rule)
{
    const struct rule *next = rule->asks;

    for (size_t i = 0; i < p->rule_count && next != NULL && next->asks != rule; i++)
        next = next->asks;
    if (next == NULL || next->asks != rule)
        return;
    problems_error(r->problems, r->file, rule->line,
                   "`[rule %s]` and `[rule %s]` wait for answers to each other; one of them has to "
                   "begin with something that happens",
                   rule->name, next->name);
    rule->asks = NULL;
}

/* What the rules need to know of each other, and what the playbook minds at all. */
static void tie_rules(const struct reading *r, struct playbook *p)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        struct rule *rule = &p->rules[i];
        p->minds_silence |= rule->event == EVENT_CLIENT_SILENCE;
        for (size_t k = 0; rule->of_rule != NULL && k < p->rule_count; k++)
            if (k != i && strcmp(p->rules[k].name, rule->of_rule) == 0) {
                rule->asks = &p->rules[k];
                p->rules[k].asked = true;
            }
    }
    for (size_t i = 0; i < p->rule_count; i++)
        tie(r, p, &p->rules[i]);
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *rule = &p->rules[i];
        bool minds = rule->event == EVENT_NO_ANSWER || rule_ends_at_answer(rule);
        p->visits_mind_answers |= minds && rule_on_appointment(rule);
        p->others_mind_answers |= minds && !rule_on_appointment(rule);
    }
}

static void check_together(const struct reading *r, const struct playbook *p,
                           const struct ini_section *section, const struct rule *rule)
{
    int line = line_of(section, "on");

    if (!check_workflow(r, p, rule, line_of(section, "workflow")) || rule->on_text == NULL)
        return;
    if (rule->stage != NULL)
        check_stage(r, p, rule, line);
    if (rule->event == EVENT_JOB_COMPLETES || rule->event == EVENT_JOB_LOST)
        check_end(r, p, rule, line);
    if (rule->of_rule != NULL)
        check_of_rule(r, p, rule, line);
}

/* ---- the file */

static void check_section(const struct reading *r, const struct ini_section *section)
{
    static const char *const ours[] = {"workflow", "rule"};
    static const char *const others[] = {"business", "gateway", "channel", "database",
                                         "limits",   "web",     "alert",   "retention"};

    if (strcmp(section->kind, ours[0]) == 0 || strcmp(section->kind, ours[1]) == 0)
        return;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(section->kind, others[i]) == 0) {
            problems_error(r->problems, r->file, section->line, "`[%s]` belongs in betimes.conf",
                           section->kind);
            return;
        }
    char *hint = suggestion(section->kind, ours, 2);
    problems_error(r->problems, r->file, section->line, "there is no section `[%s]`%s",
                   section->kind, hint);
    free(hint);
}

/* Never NULL: what is wrong is told and left out. */
static struct playbook *parse(const struct ini *ini, bool all, struct problems *problems)
{
    struct playbook *p = mem_zalloc(sizeof(*p));
    struct reading r = {ini->file, problems, all, NULL};
    size_t errors = problems->errors, n = 0;

    p->file = mem_strdup(ini->file);
    p->digest = plan_digest(ini);
    p->frame_digest = plan_digest_frame(ini);
    p->workflows = mem_array(ini->count + 1, sizeof(*p->workflows));
    p->rules = mem_array(ini->count + 1, sizeof(*p->rules));
    for (size_t i = 0; i < ini->count; i++) {
        check_section(&r, &ini->sections[i]);
        if (strcmp(ini->sections[i].kind, "workflow") == 0)
            workflow_read(&r, &ini->sections[i], &p->workflows[p->workflow_count++]);
    }
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, "rule") == 0) {
            struct rule *rule = &p->rules[p->rule_count++];
            rule_read(&r, &ini->sections[i], rule);
            rule->plan_digest = plan_digest_rule(&ini->sections[i]);
        }
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, "rule") == 0)
            check_together(&r, p, &ini->sections[i], &p->rules[n++]);
    tie_rules(&r, p);
    if (p->rule_count == 0 && problems->errors == errors)
        problems_warning(problems, ini->file, 0, "there is no rule, so nothing will be sent");
    return p;
}

struct playbook *playbook_parse(const struct ini *ini, bool all, struct problems *problems)
{
    size_t errors = problems->errors;
    struct playbook *p = parse(ini, all, problems);

    if (problems->errors == errors)
        return p;
    playbook_free(p);
    return NULL;
}

/* The playbook of `ini` (which is freed), if nothing was wrong since `from`. */
static struct playbook *finish(struct ini *ini, struct problems *problems, size_t from,
                               size_t errors)
{
    struct playbook *p = ini != NULL ? playbook_parse(ini, false, problems) : NULL;

    ini_free(ini);
    problems_sort(problems, from);
    if (problems->errors == errors)
        return p;
    playbook_free(p);
    return NULL;
}

struct playbook *playbook_read_text(const char *file, const char *text, size_t len,
                                    struct problems *problems)
{
    size_t from = problems->count, errors = problems->errors;

    return finish(ini_parse(file, text, len, problems), problems, from, errors);
}

struct playbook *playbook_read(const char *path, struct problems *problems)
{
    size_t from = problems->count, errors = problems->errors;

    return finish(ini_read(path, problems), problems, from, errors);
}

struct playbook *playbook_read_rest(const char *path, struct problems *problems)
{
    size_t from = problems->count;
    struct playbook *p = NULL;
    struct buf text;

    buf_init(&text);
    if (ini_load(path, &text, problems) == 0) {
        struct ini *ini = ini_parse(path, text.data, text.len, problems);
        p = parse(ini, false, problems);
        p->text = mem_strndup(text.data, text.len);
        ini_free(ini);
    }
    buf_close(&text);
    problems_sort(problems, from);
    return p;
}

void playbook_free(struct playbook *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->workflow_count; i++)
        workflow_close(&p->workflows[i]);
    for (size_t i = 0; i < p->rule_count; i++)
        rule_close(&p->rules[i]);
    free(p->workflows);
    free(p->rules);
    free(p->file);
    free(p->text);
    free(p);
}

const struct rule *playbook_rule(const struct playbook *p, const char *name)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i].name, name) == 0)
            return &p->rules[i];
    return NULL;
}

const struct workflow *playbook_workflow(const struct playbook *p, const char *name)
{
    for (size_t i = 0; i < p->workflow_count; i++)
        if (strcmp(p->workflows[i].name, name) == 0)
            return &p->workflows[i];
    return NULL;
}

/* ---- together with betimes.conf */

static bool is_business_unit(enum offset_unit unit)
{
    return unit == UNIT_BUSINESS_HOURS || unit == UNIT_BUSINESS_DAYS;
}

static bool names_both(enum rule_by by)
{
    return by == BY_SMS_THEN_EMAIL || by == BY_EMAIL_THEN_SMS || by == BY_SMS_AND_EMAIL;
}

/* Can a message of this rule go at all? One channel of several is enough. */
static void check_channels(const struct playbook *p, const struct rule *r, const struct settings *s,
                           struct problems *problems)
{
    bool email = s->channels[CHANNEL_EMAIL].gateways.count > 0;
    bool sms = s->channels[CHANNEL_SMS].gateways.count > 0;
    bool mail_only = r->by == BY_EMAIL || (r->address != NULL && strchr(r->address, '@') != NULL);
    bool text_only = r->by == BY_SMS || (r->address != NULL && strchr(r->address, '@') == NULL);

    if (r->by == BY_TASK)
        return;
    if ((mail_only && !email) || (text_only && !sms) || (!email && !sms))
        problems_warning(problems, p->file, r->by_line,
                         "`[rule %s]` can reach nobody: no gateway in betimes.conf carries %s",
                         r->name,
                         mail_only   ? "mail"
                         : text_only ? "SMS"
                                     : "anything");
    else if (names_both(r->by) && (!email || !sms))
        problems_warning(problems, p->file, r->by_line,
                         "`[rule %s]`: no gateway in betimes.conf carries %s, so that its messages "
                         "wait for one until it is too late; write `by = %s`, or a gateway",
                         r->name, email ? "SMS" : "mail", email ? "email" : "sms");
}

static bool invites_on(const struct playbook *p, enum event event)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].event == event && p->rules[i].invite)
            return true;
    return false;
}

/* What stands in the calendars of clients has to follow the visit. */
static void check_invitations(const struct playbook *p, struct problems *problems)
{
    static const struct {
        enum event event;
        const char *word;
    } later[] = {{EVENT_APPOINTMENT_MOVED, "moved"}, {EVENT_APPOINTMENT_CANCELLED, "cancelled"}};
    const struct rule *first = NULL;

    for (size_t i = 0; first == NULL && i < p->rule_count; i++)
        if (p->rules[i].invite)
            first = &p->rules[i];
    for (size_t i = 0; first != NULL && i < 2; i++)
        if (!invites_on(p, later[i].event))
            problems_warning(problems, p->file, first->line,
                             "`[rule %s]` puts visits into the calendars of clients, and no rule "
                             "on `appointment %s` has `invite = yes` to tell those calendars of it",
                             first->name, later[i].word);
}

/* The line that counts on business hours; 0: none does. */
static int business_line(const struct rule *r)
{
    return r->window == WINDOW_BUSINESS                            ? r->window_line
           : is_business_unit(r->when.unit)                        ? r->when_line
           : r->every.times > 1 && is_business_unit(r->every.unit) ? r->every_line
                                                                   : 0;
}

void playbook_check(const struct playbook *p, const struct settings *settings,
                    struct problems *problems)
{
    check_invitations(p, problems);
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        const char *country = settings->business.country;
        char number[PHONE_MAX];
        struct err err = {0};
        if (business_line(r) != 0 && !settings->business.has_hours)
            problems_error(problems, p->file, business_line(r),
                           "`[rule %s]` counts on business hours, and betimes.conf gives none; add "
                           "`hours = Mon-Fri 09:00-18:00` to `[business]`",
                           r->name);
        if (r->address != NULL && strchr(r->address, '@') == NULL &&
            phone_e164(r->address, country, number, &err) != 0)
            problems_error(problems, p->file, r->to_line, "`[rule %s]`: `to`: %s", r->name,
                           err.text);
        check_channels(p, r, settings, problems);
    }
}
