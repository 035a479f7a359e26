/* betimes pause, betimes resume: stop sending, all of it or one rule, and go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/rules.h"

static const struct option_spec pause_options[] = {
    {"rule", 0, "RULE", "only this rule"},
    {"reason", 0, "TEXT", "why, for those who wonder later"},
};

static const struct option_spec resume_options[] = {
    {"rule", 0, "RULE", "only this rule"},
};

/* The rule as the word or as --rule; NULL: everything. */
static int which_rule(const struct call *call, const char **rule)
{
    const char *word = call_word(call, 0);

    *rule = option_value(&call->options, "rule");
    if (word != NULL && *rule != NULL)
        return command_misused(call, "the rule is given twice; once is enough");
    if (word != NULL)
        *rule = word;
    return EXIT_DONE;
}

static int unknown_rule(const char *rule, const struct store_status *st)
{
    const char **names = mem_array(st->rule_count + 1, sizeof(*names));

    for (size_t i = 0; i < st->rule_count; i++)
        names[i] = st->rules[i].name;
    const char *near = str_nearest(rule, names, st->rule_count);
    int status =
        near != NULL
            ? command_error(ERR_NOTFOUND, "there is no rule `%s`; did you mean `%s`?", rule, near)
            : command_error(ERR_NOTFOUND,
                            "there is no rule `%s`; the service has read none of that "
                            "name yet",
                            rule);
    free(names);
    return status;
}

static const struct rule_status *find_rule(const struct store_status *st, const char *name)
{
    for (size_t i = 0; i < st->rule_count; i++)
        if (strcmp(st->rules[i].name, name) == 0 && st->rules[i].present)
            return &st->rules[i];
    return NULL;
}

static int write_pause(struct session *s, const char *rule, bool pause, const char *reason)
{
    int rc = store_begin(s->store);

    if (rc == 0)
        rc = rule != NULL ? store_rule_pause(s->store, rule, pause, clock_wall_ms(), reason)
                          : store_pause(s->store, pause, clock_wall_ms(), reason);
    if (rc == 0)
        return store_commit(s->store);
    store_rollback(s->store);
    return rc;
}

static void tell(const struct store_status *st, const struct rule_status *r, bool pause)
{
    int64_t waiting = r != NULL ? r->waiting : 0;
    char count[SHOW_TIME_MAX];

    for (size_t i = 0; r == NULL && i < st->rule_count; i++)
        waiting += st->rules[i].waiting;
    str_counted(waiting, "message", count);
    if (pause && r != NULL)
        printf("The rule %s is paused, with %s waiting; `betimes resume %s` goes on.\n", r->name,
               count, r->name);
    else if (pause)
        printf("Sending is paused, with %s waiting; `betimes resume` goes on.\n", count);
    else if (r != NULL)
        printf("The rule %s goes on, with %s waiting.\n", r->name, count);
    else
        printf("Sending goes on, with %s waiting.\n", count);
    for (size_t i = 0; !pause && r == NULL && i < st->rule_count; i++)
        if (st->rules[i].asks && st->rules[i].present)
            printf("The rule %s still waits for a yes (%s); `betimes resume %s` says it.\n",
                   st->rules[i].name, st->rules[i].pause_reason, st->rules[i].name);
    if (pause)
        printf("What is on the wire at this moment is not called back.\n");
}

static int change(const struct call *call, bool pause, const char *reason)
{
    const char *rule;
    struct store_status st = {0};
    struct session s = {0};
    int status = which_rule(call, &rule);

    if (status != EXIT_DONE)
        return status;
    status = session_open(call, STORE_WRITE, &s);
    if (status == EXIT_DONE) {
        int rc = store_status(s.store, clock_wall_ms(), &st);
        const struct rule_status *r = rule != NULL && rc == 0 ? find_rule(&st, rule) : NULL;
        bool was = r != NULL ? r->paused_ms != 0 || (!pause && r->on_trial) : st.paused;
        if (rc == 0 && rule != NULL && r == NULL) {
            status = unknown_rule(rule, &st);
        } else if (rc == 0 && was == pause && reason == NULL) {
            printf("%s%s %s already.\n", r != NULL ? "The rule " : "Sending",
                   r != NULL ? r->name : "", pause ? "is paused" : "goes on");
        } else {
            rc = rc == 0 ? write_pause(&s, rule, pause, reason) : rc;
            if (rc == 0)
                tell(&st, r, pause);
        }
        if (rc != 0)
            status = session_failed(&s, rc, pause ? "pause" : "resume");
    }
    store_status_close(&st);
    session_close(&s);
    return status;
}

static int run_pause(const struct call *call)
{
    return change(call, true, option_value(&call->options, "reason"));
}

static int run_resume(const struct call *call)
{
    return change(call, false, NULL);
}

const struct command command_pause = {
    .name = "pause",
    .words = "[RULE]",
    .words_max = 1,
    .help = "Send nothing more, or nothing of one rule, until `resume`",
    .more = "Messages are still planned, and wait. What is no longer useful when sending goes on\n"
            "is not sent then.\n",
    .options = pause_options,
    .option_count = COUNT_OF(pause_options),
    .run = run_pause,
};

const struct command command_resume = {
    .name = "resume",
    .words = "[RULE]",
    .words_max = 1,
    .help = "Go on sending after `pause`; say yes to a rule that asks",
    .more =
        "What is still useful goes out; what is not is marked as expired. A rule that is new or\n"
        "was changed, and would write to many clients at once, waits for this yes; so does one\n"
        "that would send far more than it ever did.\n",
    .options = resume_options,
    .option_count = COUNT_OF(resume_options),
    .run = run_resume,
};
