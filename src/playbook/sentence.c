/*
 * A rule as a sentence, for `forecast` and `why`: event and time, who is told and how, then what
 * restrains it. Wording only; nothing is decided here.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "internal.h"
#include "playbook/said.h"

static const char *const events[EVENT_COUNT] = {
    [EVENT_JOB_ENTERS] = "a job enters ",
    [EVENT_JOB_LEAVES] = "a job leaves ",
    [EVENT_JOB_OPENS] = "a job opens",
    [EVENT_JOB_COMPLETES] = "a job is completed",
    [EVENT_JOB_LOST] = "a job is lost",
    [EVENT_JOB_DUE] = "a job is due",
    [EVENT_APPOINTMENT_BOOKED] = "an appointment is booked",
    [EVENT_APPOINTMENT_MOVED] = "an appointment is moved",
    [EVENT_APPOINTMENT_CANCELLED] = "an appointment is cancelled",
    [EVENT_APPOINTMENT_CONFIRMED] = "an appointment is confirmed",
    [EVENT_APPOINTMENT_MISSED] = "an appointment is missed",
    [EVENT_APPOINTMENT_STARTS] = "an appointment starts",
    [EVENT_APPOINTMENT_ENDS] = "an appointment ends",
    [EVENT_CLIENT_SILENCE] = "the client of an open job hears nothing",
    [EVENT_CLIENT_ANSWERS] = "a client answers",
    [EVENT_NO_ANSWER] = "a client does not answer ",
    [EVENT_SURVEY_BELOW] = "a client scores below ",
};

static void put_count(struct buf *b, int64_t count, enum offset_unit unit)
{
    buf_printf(b, "%lld %s", (long long)count, offset_unit_name(unit, count));
}

static void put_minute(struct buf *b, int minute)
{
    buf_printf(b, "%02d:%02d", minute / 60, minute % 60);
}

static void put_event(struct buf *b, const struct rule *r)
{
    buf_puts(b, events[r->event]);
    if (r->event == EVENT_JOB_ENTERS || r->event == EVENT_JOB_LEAVES)
        buf_puts(b, r->stage);
    else if (r->event == EVENT_NO_ANSWER)
        buf_puts(b, r->of_rule);
    else if (r->event == EVENT_SURVEY_BELOW)
        buf_printf(b, "%d", r->below);
}

/* "When a job enters Ready, after 5 minutes", "2 hours before an appointment starts". */
static void put_time(struct buf *b, const struct rule *r)
{
    const struct offset *o = &r->when;
    const char *after = r->event == EVENT_CLIENT_SILENCE ? " for "
                        : r->event == EVENT_NO_ANSWER    ? " within "
                                                         : ", after ";

    if (o->before && o->at_minute >= 0) {
        buf_puts(b, "At ");
        put_minute(b, o->at_minute);
        buf_puts(b, ", ");
    }
    if (o->before) {
        put_count(b, o->count, o->unit);
        buf_puts(b, " before ");
    } else {
        buf_puts(b, "When ");
    }
    put_event(b, r);
    if (r->settle_ms > 0) {
        char *settle = value_duration_text(r->settle_ms);
        buf_printf(b, " and that holds for %s", settle);
        free(settle);
    }
    if (!o->before && o->count > 0) {
        buf_puts(b, after);
        put_count(b, o->count, o->unit);
    }
    if (!o->before && o->at_minute >= 0) {
        buf_puts(b, o->count == 0 ? ", the same day at " : " at ");
        put_minute(b, o->at_minute);
    }
}

static const char *recipient(const struct rule *r)
{
    switch (r->to) {
    case TO_CLIENT:
        return "the client";
    case TO_STAFF:
        return "the one in charge";
    case TO_MANAGER:
        return "the manager";
    case TO_DEPARTMENT:
        return r->department;
    case TO_ADDRESS:
        return r->address;
    }
    return "";
}

static void put_action(struct buf *b, const struct rule *r)
{
    static const struct {
        const char *verb, *then;
    } actions[] = {
        [BY_PREFERRED] = {"write to", ""},
        [BY_SMS] = {"text", ""},
        [BY_EMAIL] = {"e-mail", ""},
        [BY_SMS_THEN_EMAIL] = {"text", ", else e-mail"},
        [BY_EMAIL_THEN_SMS] = {"e-mail", ", else text"},
        [BY_SMS_AND_EMAIL] = {"text and e-mail", ""},
        [BY_TASK] = {"give", " a task"},
    };

    if (r->by == BY_TASK && r->to == TO_CLIENT)
        buf_puts(b, ", give the one in charge a task for the client");
    else
        buf_printf(b, ", %s %s%s%s", actions[r->by].verb,
                   r->to == TO_DEPARTMENT ? "department " : "", recipient(r), actions[r->by].then);
    if (r->invite)
        buf_puts(b, ", with a calendar invitation");
    if (r->every.times > 1) {
        buf_puts(b, ", again every ");
        put_count(b, r->every.count, r->every.unit);
        buf_printf(b, ", %d times in all", r->every.times);
        if (rule_ends_at_answer(r))
            buf_puts(b, " or until the client answers");
    }
}

/* Where it decides who gets it, or with what. Service is what a rule is for if it does not say. */
static void put_purpose(struct buf *b, const struct rule *r)
{
    if (r->to == TO_CLIENT && r->purpose == PURPOSE_MARKETING)
        buf_puts(b, ", as marketing, so only to who asked for it");
    else if (r->to == TO_CLIENT && r->purpose == PURPOSE_SURVEY)
        buf_puts(b, ", as a survey");
    if (r->merge_ms > 0) {
        char *merge = value_duration_text(r->merge_ms);
        buf_printf(b, ", joined with what else goes to them within %s", merge);
        free(merge);
    }
}

/* In words where there are such, else as it is written, on one line. */
static void tell_condition(const char *condition, bool unless, char **words, char **written)
{
    *words = condition != NULL ? condition_said(condition, unless) : NULL;
    *written = condition != NULL && *words == NULL ? value_fold(condition) : NULL;
}

void rule_tell(const struct rule *r, struct rule_told *out)
{
    struct buf b;

    buf_init(&b);
    put_time(&b, r);
    put_action(&b, r);
    if (r->window == WINDOW_DAILY) {
        buf_puts(&b, ", between ");
        put_minute(&b, r->daily.from_minute);
        buf_puts(&b, " and ");
        put_minute(&b, r->daily.to_minute);
    } else if (r->window == WINDOW_BUSINESS) {
        buf_puts(&b, ", in business hours");
    } else if (r->window == WINDOW_ANY) {
        buf_puts(&b, ", at any hour");
    }
    put_purpose(&b, r);
    out->sentence = buf_steal(&b);
    tell_condition(r->only_if, false, &out->only_if, &out->only_where);
    tell_condition(r->unless, true, &out->unless, &out->not_where);
}

void rule_told_close(struct rule_told *t)
{
    free(t->sentence);
    free(t->only_if);
    free(t->only_where);
    free(t->unless);
    free(t->not_where);
    *t = (struct rule_told){0};
}

char *rule_sentence(const struct rule *r)
{
    struct rule_told t;
    struct buf b;

    buf_init(&b);
    rule_tell(r, &t);
    buf_puts(&b, t.sentence);
    if (t.only_if != NULL)
        buf_printf(&b, ", %s", t.only_if);
    if (t.only_where != NULL)
        buf_printf(&b, ", only where: %s", t.only_where);
    if (t.unless != NULL)
        buf_printf(&b, "%s %s", t.only_where != NULL ? ";" : ",", t.unless);
    if (t.not_where != NULL)
        buf_printf(&b, "%s but not where: %s", t.only_where != NULL ? ";" : ",", t.not_where);
    rule_told_close(&t);
    return buf_steal(&b);
}
