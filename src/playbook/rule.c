/*
 * [rule NAME]: its keys by the table, then what the keys say together. A rule whose `on` or `when`
 * could not be read is not checked further for what depends on them: one mistake, one message.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "text/address.h"

#define CONDITION_MAX 4000 /* bytes of `if` and `unless` */
#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

static const struct directive_word by_words[] = {
    {"preferred", BY_PREFERRED},
    {"sms", BY_SMS},
    {"email", BY_EMAIL},
    {"sms then email", BY_SMS_THEN_EMAIL},
    {"email then sms", BY_EMAIL_THEN_SMS},
    {"sms and email", BY_SMS_AND_EMAIL},
    {"email and sms", BY_SMS_AND_EMAIL},
    {"task", BY_TASK},
    {NULL, 0},
};
static const struct directive_word purpose_words[] = {
    {"service", PURPOSE_SERVICE},
    {"marketing", PURPOSE_MARKETING},
    {"survey", PURPOSE_SURVEY},
    {"internal", PURPOSE_INTERNAL},
    {NULL, 0},
};
static const struct directive_word outside_words[] = {
    {"earlier", OUTSIDE_EARLIER}, {"later", OUTSIDE_LATER}, {"skip", OUTSIDE_SKIP}, {NULL, 0}};
static const struct directive_word missed_words[] = {
    {"skip", MISSED_SKIP}, {"send", MISSED_SEND}, {NULL, 0}};
static const struct directive_word unknown_words[] = {
    {"hold", UNKNOWN_HOLD}, {"resend", UNKNOWN_RESEND}, {NULL, 0}};

static bool parse_address(const struct directive_place *at, const char *value, struct rule *r)
{
    char mailbox[ADDRESS_MAX];
    struct err err = {0};

    if (strchr(value, '@') == NULL) { /* begins like a number */
        if (value_is_phone(value)) {
            value_set(&r->address, value);
            return true;
        }
        place_error(at, "`%s` is no phone number; write it as `+371 29 123 456`", value);
        return false;
    }
    if (address_check(value, mailbox, &err) != 0) {
        place_error(at, "%s", err.text);
        return false;
    }
    value_set(&r->address, mailbox);
    return true;
}

static bool parse_to(const struct directive_place *at, const char *value, void *rule)
{
    static const char *const names[] = {"client", "staff", "manager"};
    static const enum rule_to values[] = {TO_CLIENT, TO_STAFF, TO_MANAGER};
    static const char department[] = "department";
    struct rule *r = rule;
    size_t n = strlen(department);
    bool ok = true;

    for (size_t i = 0; i < 3; i++)
        if (str_ieq(value, names[i])) {
            r->to = values[i];
            value_set(&r->to_text, value);
            return true;
        }
    if (strncasecmp(value, department, n) == 0 && (value[n] == ' ' || value[n] == '\0')) {
        r->to = TO_DEPARTMENT;
        ok = value[n] == ' ';
        if (ok)
            value_set(&r->department, value + n + 1);
        else
            place_error(at, "say which one: `department Parts`");
    } else if (strchr(value, '@') != NULL || strchr("+0123456789", *value) != NULL) {
        r->to = TO_ADDRESS;
        ok = parse_address(at, value, r);
    } else {
        place_error(at,
                    "`%s` is nobody we know; write `client`, `staff`, `manager`, `department "
                    "NAME`, an e-mail address or a phone number",
                    value);
        ok = false;
    }
    if (ok)
        value_set(&r->to_text, value);
    return ok;
}

static bool parse_window(const struct directive_place *at, const char *value, void *rule)
{
    struct rule *r = rule;
    struct err err = {0};

    if (str_ieq(value, "any")) {
        r->window = WINDOW_ANY;
    } else if (str_ieq(value, "business hours")) {
        r->window = WINDOW_BUSINESS;
    } else if (hours_parse_daily(value, &r->daily, &err) == 0) {
        r->window = WINDOW_DAILY;
    } else {
        place_error(at, "`%s` is no window; write `09:00-20:00`, `business hours` or `any`", value);
        return false;
    }
    return true;
}

static bool parse_require(const struct directive_place *at, const char *value, void *field)
{
    struct str_list *list = field;
    bool ok = true;

    str_list_close(list);
    str_split(list, value, ',');
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i];
        bool plain = name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_.")] == '\0';
        if (!plain)
            place_error(at, "`%s` is no variable; write `job.fields.plate`", name);
        ok = ok && plain;
    }
    return ok;
}

#define AT(field) offsetof(struct rule, field)
#define WORD(k, field, list, dflt, text)                                                           \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_WORD, .offset = AT(field), .words = list, .fallback = dflt,    \
        .help = text                                                                               \
    }
#define DURATION(k, field, least, most, text)                                                      \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_DURATION, .offset = AT(field), .min = least, .max = most,      \
        .help = text                                                                               \
    }
#define CUSTOM(k, at_offset, fn, dflt, shape, text)                                                \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_CUSTOM, .offset = at_offset, .parse = fn, .fallback = dflt,    \
        .form = shape, .help = text                                                                \
    }

static const struct directive rule_directives[] = {
    {.key = "on",
     .type = DIRECTIVE_CUSTOM,
     .parse = parse_on,
     .form = "an event, such as job enters Ready",
     .required = true,
     .help = "what has to happen, such as `job enters Ready` or `appointment starts`"},
    CUSTOM("when", 0, parse_when, "at once", "such as at once, or 1 day before at 18:00",
           "how long before or after that"),
    CUSTOM("every", 0, parse_every, NULL, "such as 4 days, 3 times",
           "say it again: how far apart, how many in all"),
    {.key = "if",
     .type = DIRECTIVE_VERBATIM,
     .offset = AT(only_if),
     .form = "an SQL expression",
     .help = "only where this SQL expression over client, job, appointment, staff, answer is true"},
    {.key = "unless",
     .type = DIRECTIVE_VERBATIM,
     .offset = AT(unless),
     .form = "an SQL expression",
     .help = "not where this SQL expression is true"},
    CUSTOM("to", 0, parse_to, "client", "client, staff, manager, department NAME, or an address",
           "who is told; staff is the one in charge"),
    WORD("by", by, by_words, "preferred", "the channel; `then` is for when the first cannot reach"),
    {.key = "template",
     .type = DIRECTIVE_NAME,
     .offset = AT(template),
     .help = "the folder of its texts; the rule's name, if left out"},
    WORD("purpose", purpose, purpose_words, "service", "what the client can opt out of"),
    CUSTOM("window", 0, parse_window, NULL, "such as 09:00-20:00, business hours, or any",
           "when it may go; outside the quiet hours, if left out"),
    WORD("outside", outside, outside_words, NULL,
         "what if due outside the window; later, but earlier for something before an appointment"),
    DURATION(
        "late", late_ms, MINUTE_MS, 366 * DAY_MS,
        "how long after its time it is still useful; until the appointment starts, else 1 day"),
    WORD("missed", missed, missed_words, NULL,
         "when its time is past as the record appears; send, unless another rule still comes"),
    DURATION("settle", settle_ms, 1000, 7 * DAY_MS, "wait so long, and send only if still true"),
    {.key = "cap",
     .type = DIRECTIVE_YES_NO,
     .offset = AT(capped),
     .fallback = "yes",
     .help = "counts toward the client's cap; no for the urgent"},
    CUSTOM("require", AT(require), parse_require, NULL, "variables, separated by commas",
           "without these the message is held, and a task raised"),
    {.key = "workflow",
     .type = DIRECTIVE_TEXT,
     .offset = AT(workflow),
     .help = "the one that `on` means; every one that has the stage, if left out"},
    DURATION("merge", merge_ms, MINUTE_MS, DAY_MS,
             "messages to one client within this time become one"),
    {.key = "invite",
     .type = DIRECTIVE_YES_NO,
     .offset = AT(invite),
     .fallback = "no",
     .help = "a calendar invitation goes with the mail"},
    WORD("unknown", unknown, unknown_words, NULL,
         "when nobody can say if it was sent; resend for mail, hold for SMS"),
};

const struct directive_section rule_section = {
    "playbook.conf",
    "rule",
    "NAME",
    NULL,
    "when to say what to whom",
    rule_directives,
    sizeof(rule_directives) / sizeof(rule_directives[0]),
};

/* ---- what the keys say together */

struct check {
    const struct reading *reading;
    const struct ini_section *section;
};

static bool given(const struct check *c, const char *key)
{
    return ini_entry(c->section, key) != NULL;
}

/* An error in the line of `key`, or of the section where it is left out. */
__attribute__((format(printf, 3, 4))) static void wrong(const struct check *c, const char *key,
                                                        const char *fmt, ...)
{
    const struct ini_entry *e = ini_entry(c->section, key);
    struct directive_place at = {c->reading->file, e != NULL ? e->line : c->section->line, key,
                                 c->reading->problems, NULL};
    char *text;
    va_list ap;

    va_start(ap, fmt);
    struct buf b;
    buf_init(&b);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    text = buf_steal(&b);
    place_error(&at, "%s", text);
    free(text);
}

static bool event_is_ahead(enum event e)
{
    return e == EVENT_APPOINTMENT_STARTS || e == EVENT_APPOINTMENT_ENDS || e == EVENT_JOB_DUE;
}

static void check_time(const struct check *c, const struct rule *r)
{
    bool waits = r->event == EVENT_CLIENT_SILENCE || r->event == EVENT_NO_ANSWER;

    if (r->when.before && !event_is_ahead(r->event))
        wrong(c, "when",
              "nobody knows before it happens that `%s`; write `after`, or `at once`; `before` is "
              "for `appointment starts`, `appointment ends` and `job is due`",
              r->on_text);
    if (waits && r->when.count == 0)
        wrong(c, "when", "say how long to wait for it: `5 days after`");
    if (waits && r->settle_ms > 0)
        wrong(c, "settle", "`%s` waits already, as long as `when` says; leave it out", r->on_text);
    if (r->settle_ms > 0 && r->when.before)
        wrong(c, "settle", "it waits after something has happened; a rule for `before` needs none");
    if (given(c, "missed") && !r->when.before)
        wrong(c, "missed", "it is for rules with `before`; how late this one may be says `late`");
    if (given(c, "outside") && r->window == WINDOW_ANY)
        wrong(c, "outside", "with `window = any` nothing is outside; leave one of the two out");
}

/* An invitation makes sense with mail, to the client, as long as the visit lies ahead. */
static void check_invite(const struct check *c, const struct rule *r)
{
    bool after = r->event == EVENT_APPOINTMENT_MISSED || r->event == EVENT_APPOINTMENT_ENDS ||
                 (r->event == EVENT_APPOINTMENT_STARTS && !r->when.before);

    if (!rule_on_appointment(r))
        wrong(c, "invite", "an invitation is for an appointment; this rule is on `%s`", r->on_text);
    else if (after)
        wrong(c, "invite", "an invitation comes before the visit, and this rule after it began");
    if (r->to != TO_CLIENT)
        wrong(c, "invite", "an invitation is for the client; `to` says `%s`", r->to_text);
    if (r->by == BY_SMS || r->by == BY_TASK)
        wrong(c, "invite", "an invitation goes with mail only; `by` leaves none");
    if (r->merge_ms > 0 && r->by == BY_EMAIL)
        wrong(c, "merge", "a mail with an invitation goes alone; leave out `merge` or `invite`");
}

static void check_recipient(const struct check *c, const struct rule *r)
{
    bool sms = r->by == BY_SMS, email = r->by == BY_EMAIL, open = r->by == BY_PREFERRED;

    if (r->by == BY_TASK && r->to == TO_ADDRESS)
        wrong(c, "by",
              "a task is for people of the house; write `to = staff`, `to = manager`, `to = "
              "department NAME`, or `to = client` for calling her");
    else if (r->to == TO_ADDRESS && r->address != NULL) {
        bool mail = strchr(r->address, '@') != NULL;
        if (!open && !(mail ? email : sms))
            wrong(c, "by", "`%s` can only be reached by %s; leave `by` out", r->address,
                  mail ? "email" : "sms");
    }
    if (r->invite)
        check_invite(c, r);
    if (given(c, "merge") && r->to != TO_CLIENT)
        wrong(c, "merge", "it joins messages to one client; this rule writes to %s", r->to_text);
    if (given(c, "workflow") && !rule_on_job(r))
        wrong(c, "workflow", "it is for rules on jobs; leave it out here");
}

static int line_of(const struct check *c, const char *key)
{
    const struct ini_entry *e = ini_entry(c->section, key);

    return e != NULL ? e->line : c->section->line;
}

static void note_lines(const struct check *c, struct rule *r)
{
    r->to_line = line_of(c, "to");
    r->by_line = line_of(c, "by");
    r->when_line = line_of(c, "when");
    r->every_line = line_of(c, "every");
    r->window_line = line_of(c, "window");
    r->template_line = line_of(c, "template");
}

static void check_condition(const struct check *c, const char *key, const char *text, int *line)
{
    const struct ini_entry *e = ini_entry(c->section, key);

    *line = e != NULL ? e->line : 0;
    if (text != NULL && strlen(text) > CONDITION_MAX)
        wrong(c, key, "a condition is at most %d bytes long", CONDITION_MAX);
}

bool rule_read(const struct reading *r, const struct ini_section *section, struct rule *rule)
{
    struct check c = {r, section};
    size_t errors = r->problems->errors;

    *rule = (struct rule){.name = mem_strdup(section->name),
                          .every = {.times = 1},
                          .late_ms = LATE_DEFAULT,
                          .window = WINDOW_NOT_QUIET,
                          .line = section->line};
    if (!value_is_name(section->name))
        problems_error(r->problems, r->file, section->line,
                       "a rule needs a name of a-z, 0-9, _ and -, at most %d of them: `[rule "
                       "ready]`",
                       VALUE_NAME_MAX);
    note_lines(&c, rule);
    directives_apply(r, &rule_section, section, rule, NULL);
    if (rule->template == NULL)
        rule->template = mem_strdup(rule->name);
    const struct ini_entry *require = ini_entry(section, "require");
    rule->require_line = require != NULL ? require->line : section->line;
    check_condition(&c, "if", rule->only_if, &rule->only_if_line);
    check_condition(&c, "unless", rule->unless, &rule->unless_line);
    if (rule->on_text != NULL && rule->when_text != NULL)
        check_time(&c, rule);
    if (rule->on_text != NULL && rule->to_text != NULL)
        check_recipient(&c, rule);
    return r->problems->errors == errors;
}

void rule_close(struct rule *rule)
{
    char *texts[] = {rule->name,     rule->stage,   rule->of_rule,   rule->only_if,
                     rule->unless,   rule->address, rule->template,  rule->department,
                     rule->workflow, rule->on_text, rule->when_text, rule->to_text};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    str_list_close(&rule->require);
    *rule = (struct rule){0};
}
