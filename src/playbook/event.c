/*
 * `on`: which event a rule waits for. The phrases stand in one table, which reads them, names them
 * for people, and offers the nearest one for what it does not know.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "playbook/settings.h"

#define SURVEY_MAX 100
#define STAGE_MAX 200 /* bytes */

enum argument { ARG_NONE, ARG_STAGE, ARG_RULE, ARG_NUMBER };

static const struct {
    const char *phrase;
    enum argument argument;
} events[EVENT_COUNT] = {
    [EVENT_JOB_ENTERS] = {"job enters", ARG_STAGE},
    [EVENT_JOB_LEAVES] = {"job leaves", ARG_STAGE},
    [EVENT_JOB_OPENS] = {"job opens", ARG_NONE},
    [EVENT_JOB_COMPLETES] = {"job completes", ARG_NONE},
    [EVENT_JOB_LOST] = {"job is lost", ARG_NONE},
    [EVENT_JOB_DUE] = {"job is due", ARG_NONE},
    [EVENT_APPOINTMENT_BOOKED] = {"appointment booked", ARG_NONE},
    [EVENT_APPOINTMENT_MOVED] = {"appointment moved", ARG_NONE},
    [EVENT_APPOINTMENT_CANCELLED] = {"appointment cancelled", ARG_NONE},
    [EVENT_APPOINTMENT_CONFIRMED] = {"appointment confirmed", ARG_NONE},
    [EVENT_APPOINTMENT_MISSED] = {"appointment missed", ARG_NONE},
    [EVENT_APPOINTMENT_STARTS] = {"appointment starts", ARG_NONE},
    [EVENT_APPOINTMENT_ENDS] = {"appointment ends", ARG_NONE},
    [EVENT_CLIENT_SILENCE] = {"client hears nothing", ARG_NONE},
    [EVENT_CLIENT_ANSWERS] = {"client answers", ARG_NONE},
    [EVENT_NO_ANSWER] = {"no answer to", ARG_RULE},
    [EVENT_SURVEY_BELOW] = {"survey below", ARG_NUMBER},
};

static const char *const argument_names[] = {"", " STAGE", " RULE", " N"};

const char *event_phrase(enum event e)
{
    return e >= 0 && e < EVENT_COUNT ? events[e].phrase : NULL;
}

const struct rule *rule_of_subject(const struct rule *r)
{
    while (r->event == EVENT_NO_ANSWER && r->asks != NULL)
        r = r->asks;
    return r;
}

/* The event whose subject the rule has: that of the rule whose answer it waits for. */
static enum event subject_event(const struct rule *r)
{
    return rule_of_subject(r)->event;
}

bool rule_on_job(const struct rule *r)
{
    enum event e = subject_event(r);

    return e <= EVENT_JOB_DUE || e == EVENT_CLIENT_SILENCE;
}

bool rule_on_appointment(const struct rule *r)
{
    enum event e = subject_event(r);

    return e >= EVENT_APPOINTMENT_BOOKED && e <= EVENT_APPOINTMENT_ENDS;
}

bool rule_on_answer(const struct rule *r)
{
    enum event e = subject_event(r);

    return e == EVENT_CLIENT_ANSWERS || e == EVENT_SURVEY_BELOW;
}

bool rule_ends_at_answer(const struct rule *r)
{
    return r->to == TO_CLIENT && r->every.times > 1;
}

bool rule_writes_to_client(const struct rule *r)
{
    return r->to == TO_CLIENT && r->by != BY_TASK;
}

bool rule_may_go_by(const struct rule *r, const struct settings *s, enum channel c)
{
    bool to_mailbox = r->address != NULL && strchr(r->address, '@') != NULL;
    bool to_number = r->address != NULL && !to_mailbox;
    bool may = c == CHANNEL_SMS ? r->by != BY_EMAIL && !to_mailbox : r->by != BY_SMS && !to_number;

    return may && (r->by != BY_PREFERRED || s->channels[c].gateways.count > 0);
}

/* What comes after the phrase, when `value` begins with it; else NULL. */
static const char *after_phrase(const char *value, const char *phrase)
{
    size_t n = strlen(phrase);

    if (strncasecmp(value, phrase, n) != 0 || (value[n] != '\0' && value[n] != ' '))
        return NULL;
    return value + n + (value[n] == ' ');
}

/* The event whose phrase is nearest to the beginning of `value`, or EVENT_COUNT. */
static enum event nearest_event(const char *value)
{
    const char *phrases[EVENT_COUNT];

    for (size_t i = 0; i < EVENT_COUNT; i++)
        phrases[i] = events[i].phrase;
    for (int words = 3; words >= 2; words--) {
        const char *end = value;
        for (int i = 0; i < words && *end != '\0'; i++)
            end = strchrnul(*end == ' ' ? end + 1 : end, ' ');
        char *prefix = mem_strndup(value, (size_t)(end - value));
        const char *near = str_nearest(prefix, phrases, EVENT_COUNT);
        free(prefix);
        for (size_t i = 0; near != NULL && i < EVENT_COUNT; i++)
            if (near == phrases[i])
                return (enum event)i;
    }
    return EVENT_COUNT;
}

static void unknown_event(const struct directive_place *at, const char *value)
{
    static const char *const curly[] = {"\u201c", "\u201d", "\u201e", "\u2018", "\u2019"};
    enum event near = nearest_event(value);
    size_t word = strcspn(value, " ");
    struct buf b;
    bool any = false;

    for (size_t i = 0; i < sizeof(curly) / sizeof(curly[0]); i++)
        if (str_starts(value, curly[i])) {
            place_error(at, "the quotes of a text program are none here; leave them out, or write "
                            "straight ones around the stage: `job enters \"Quote sent\"`");
            return;
        }
    if (near != EVENT_COUNT) {
        place_error(at, "`%s` is no event; did you mean `%s%s`?", value, events[near].phrase,
                    argument_names[events[near].argument]);
        return;
    }
    buf_init(&b);
    for (int subject = 1; subject >= 0 && !any; subject--) /* first those of the same subject */
        for (size_t i = 0; i < EVENT_COUNT; i++) {
            if (subject == 1 && (word == 0 || strncasecmp(events[i].phrase, value, word) != 0 ||
                                 events[i].phrase[word] != ' '))
                continue;
            buf_printf(&b, "%s`%s%s`", any ? ", " : "", events[i].phrase,
                       argument_names[events[i].argument]);
            any = true;
        }
    place_error(at, "`%s` is no event; write one of %s", value, b.data);
    buf_close(&b);
}

/* A stage may be written in quotes. */
static char *unquote(const char *s)
{
    size_t n = strlen(s);

    if (n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n - 1] == s[0])
        return mem_strndup(s + 1, n - 2);
    return mem_strdup(s);
}

static bool set_stage(const struct directive_place *at, struct rule *r, const char *phrase,
                      const char *argument)
{
    char *quoted = unquote(argument);
    char *stage = str_trim(quoted);
    bool ok = false;

    if (*stage == '\0')
        place_error(at, "say which stage: `%s Ready`", phrase);
    else if (strchr(stage, ',') != NULL || strstr(stage, " or ") != NULL)
        place_error(at, "one rule is for one stage; write a rule for each");
    else if (strlen(stage) > STAGE_MAX)
        place_error(at, "the stage's name is longer than %d bytes", STAGE_MAX);
    else
        ok = true;
    if (ok)
        value_set(&r->stage, stage);
    free(quoted);
    return ok;
}

static bool set_argument(const struct directive_place *at, struct rule *r, enum event event,
                         const char *argument)
{
    const char *phrase = events[event].phrase;
    int64_t number;

    switch (events[event].argument) {
    case ARG_NONE:
        if (*argument != '\0')
            place_error(at, "nothing comes after `%s`; leave `%s` out", phrase, argument);
        return *argument == '\0';
    case ARG_STAGE:
        return set_stage(at, r, phrase, argument);
    case ARG_RULE:
        if (!value_is_name(argument)) {
            place_error(at, "say which rule's message: `%s quote-sent`", phrase);
            return false;
        }
        value_set(&r->of_rule, argument);
        return true;
    case ARG_NUMBER:
        if (!str_to_int(argument, 1, SURVEY_MAX, &number)) {
            place_error(at, "say below which number from 1 to %d: `%s 4`", SURVEY_MAX, phrase);
            return false;
        }
        r->below = (int)number;
        return true;
    }
    return false;
}

bool parse_on(const struct directive_place *at, const char *value, void *rule)
{
    struct rule *r = rule;

    for (size_t i = 0; i < EVENT_COUNT; i++) {
        const char *argument = after_phrase(value, events[i].phrase);

        if (argument == NULL)
            continue;
        if (!set_argument(at, r, (enum event)i, argument))
            return false;
        r->event = (enum event)i;
        value_set(&r->on_text, value);
        return true;
    }
    unknown_event(at, value);
    return false;
}
