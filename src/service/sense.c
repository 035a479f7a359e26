/* Rules that can never do what they say. See service/sense.h. */
#include "service/sense.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "send/compose.h"
#include "store/answers.h"
#include "store/records.h"

#define RECORDS 3

/* The records that only some rules have. A job may be behind an appointment or an answer. */
static const char *const records[RECORDS] = {"job", "appointment", "answer"};

/* What a rule is about, for people; and which of the records it never has. */
static const char *subject_of(const struct rule *r, bool absent[RECORDS])
{
    absent[0] = false;
    absent[1] = rule_on_job(r);
    absent[2] = !rule_on_answer(r);
    return rule_on_job(r) ? "a job" : rule_on_appointment(r) ? "an appointment" : "an answer";
}

/* Which of the absent records is this a name of? NULL: of none. */
static const char *absent_record(const char *name, const bool absent[RECORDS])
{
    for (size_t i = 0; i < RECORDS; i++) {
        size_t n = strlen(records[i]);
        if (absent[i] && strncmp(name, records[i], n) == 0 && (name[n] == '.' || name[n] == '\0'))
            return records[i];
    }
    return NULL;
}

/* --- require --- */

/* What was most likely meant by a name that no record has: the nearest of its record, a field that
 * the writer added, a record whose name is near. free() it; NULL: nobody knows. */
static char *meant_by(const char *name)
{
    const struct template_names *known = compose_names();
    const char *dot = strchr(name, '.');
    size_t n = dot != NULL ? (size_t)(dot - name) + 1 : 0, count = 0;
    const char **tails = mem_array(known->count, sizeof(*tails));
    char *meant = NULL;

    for (size_t i = 0; i < known->count; i++)
        if (n > 0 && strncmp(known->items[i], name, n) == 0)
            tails[count++] = known->items[i] + n;
    const char *near = count > 0 ? str_nearest(dot + 1, tails, count)
                                 : str_nearest(name, known->items, known->count);
    char *own = count > 0 ? mem_printf("%.*sfields.%s", (int)n, name, dot + 1) : NULL;
    if (near != NULL)
        meant = mem_printf("%.*s%s", count > 0 ? (int)n : 0, name, near);
    else if (own != NULL && template_names_has(known, own))
        meant = mem_strdup(own);
    free(own);
    free(tails);
    return meant;
}

static void check_required(const struct playbook *p, const struct rule *r,
                           struct problems *problems)
{
    bool absent[RECORDS];
    const char *about = subject_of(r, absent);

    for (size_t i = 0; i < r->require.count; i++) {
        const char *name = r->require.items[i], *record = absent_record(name, absent);
        if (record != NULL) {
            problems_error(problems, p->file, r->require_line,
                           "`require`: `%s` never has a value here: `[rule %s]` is about %s, which "
                           "has no %s; leave it out, or every message is held",
                           name, r->name, about, record);
        } else if (!template_names_has(compose_names(), name)) {
            char *meant = meant_by(name);
            problems_error(problems, p->file, r->require_line,
                           "`require`: no record has `%s`%s%s%s", name,
                           meant != NULL ? "; did you mean `"
                                         : "; leave it out, or every message "
                                           "is held",
                           meant != NULL ? meant : "", meant != NULL ? "`?" : "");
            free(meant);
        }
    }
}

/* --- conditions --- */

static void check_condition(const struct playbook *p, const struct rule *r,
                            struct conditions *sandbox, const char *key, const char *expression,
                            int line, struct problems *problems)
{
    bool absent[RECORDS];
    const char *about = subject_of(r, absent);

    for (size_t i = 0; expression != NULL && i < RECORDS; i++)
        if (absent[i] && condition_reads(sandbox, expression, records[i]))
            problems_error(
                problems, p->file, line,
                "`%s`: it asks of %s %s, and `[rule %s]` is about %s, which has none, so "
                "that it is never true; ask of what there is: client, %sstaff",
                key, i == 0 ? "a" : "an", records[i], r->name, about,
                rule_on_job(r) ? "job, " : "appointment, job, ");
}

/* --- words --- */

struct words {
    const struct rule *rule;
    const struct template_entry *entry;
    const char *about;
    struct str_list required; /* names that the entry insists on */
    struct problems *problems;
};

static void empty_name(void *arg, const char *file, int line, int column, const char *text)
{
    struct words *w = arg;
    const char *open = strchr(text, '"'), *close = open != NULL ? strchr(open + 1, '"') : NULL;

    if (close == NULL || !str_ends(file, w->entry->file)) /* a partial is for others, too */
        return;
    char *name = mem_strndup(open + 1, (size_t)(close - open - 1));
    if (str_list_has(&w->required, name))
        problems_error(w->problems, file, line,
                       "{{%s}} never has a value here: `[rule %s]` is about %s; without "
                       "`| required`, or every message is held",
                       name, w->rule->name, w->about);
    else
        problems_warning(w->problems, file, line,
                         "{{%s}} is always empty here: `[rule %s]` is about %s", name,
                         w->rule->name, w->about);
    free(name);
}

static void check_entry(struct words *w, const struct template_names *present)
{
    const struct template_entry *e = w->entry;
    const struct template *parts[2] = {e->sms, NULL};

    if (e->kind == TEMPLATE_KIND_EMAIL) {
        parts[0] = e->email->subject;
        parts[1] = e->email->body;
    }
    for (size_t i = 0; i < 2 && parts[i] != NULL; i++) {
        template_required(parts[i], &e->partials, &w->required);
        template_check_names(parts[i], &e->partials, present, empty_name, w);
    }
    str_list_close(&w->required);
}

/* The names that the records of these rules have; free() the items. */
static struct template_names present_names(const bool absent[RECORDS])
{
    const struct template_names *all = compose_names();
    const char **names = mem_array(all->count, sizeof(*names));
    struct template_names present = {.items = names};

    for (size_t i = 0; i < all->count; i++) {
        const char *name = all->items[i];
        if (absent_record(str_starts(name, "also.") ? name + 5 : name, absent) == NULL)
            names[present.count++] = name;
    }
    return present;
}

/* Several rules may share one folder of words: what one of them has is fine. */
static void absent_from_all(const struct playbook *p, const struct rule *r, bool absent[RECORDS])
{
    bool own[RECORDS];

    subject_of(r, absent);
    for (size_t i = 0; i < p->rule_count; i++) {
        if (strcmp(p->rules[i].template, r->template) != 0)
            continue;
        subject_of(&p->rules[i], own);
        for (size_t k = 0; k < RECORDS; k++)
            absent[k] = absent[k] && own[k];
    }
}

static bool is_first_with_words(const struct playbook *p, const struct rule *r)
{
    for (const struct rule *other = p->rules; other < r; other++)
        if (strcmp(other->template, r->template) == 0)
            return false;
    return true;
}

static void check_words(const struct playbook *p, const struct rule *r,
                        const struct template_set *set, struct problems *problems)
{
    struct words w = {.rule = r, .problems = problems};
    bool absent[RECORDS];

    if (!is_first_with_words(p, r))
        return;
    w.about = subject_of(r, absent);
    absent_from_all(p, r, absent);
    struct template_names present = present_names(absent);
    for (size_t i = 0; i < template_set_count(set); i++) {
        w.entry = template_set_at(set, i);
        if (strcmp(w.entry->rule, r->template) == 0)
            check_entry(&w, &present);
    }
    free((void *)present.items);
}

/* --- */

void sense_check(const struct playbook *p, struct conditions *sandbox,
                 const struct template_set *templates, struct problems *problems)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        check_required(p, r, problems);
        if (sandbox != NULL) {
            check_condition(p, r, sandbox, "if", r->only_if, r->only_if_line, problems);
            check_condition(p, r, sandbox, "unless", r->unless, r->unless_line, problems);
        }
        if (templates != NULL)
            check_words(p, r, templates, problems);
    }
}

static void check_departments(const struct playbook *p, struct store *s, struct problems *problems)
{
    struct staff *staff;
    size_t count, departments = 0;

    if (store_staff_all(s, &staff, &count) != 0)
        count = 0;
    const char **names = mem_array(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        if (staff[i].department != NULL)
            names[departments++] = staff[i].department;
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        bool there = r->department == NULL;
        for (size_t k = 0; k < departments && !there; k++)
            there = strcmp(names[k], r->department) == 0;
        if (there)
            continue;
        const char *near = str_nearest(r->department, names, departments);
        problems_warning(
            problems, p->file, r->to_line,
            "`[rule %s]`: nobody of the staff is in the department `%s`%s%s%s, so that "
            "it gives the office a task",
            r->name, r->department, near != NULL ? " (did you mean `" : "",
            near != NULL ? near : "", near != NULL ? "`?)" : "");
    }
    free(names);
    store_staff_free(staff, count);
}

/* Only who is asked for a score gives one, unless another program asks. */
static void check_surveys(const struct playbook *p, struct store *s, struct problems *problems)
{
    bool lacking;

    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].purpose == PURPOSE_SURVEY && rule_writes_to_client(&p->rules[i]))
            return;
    if (store_scores_lacking(s, &lacking) != 0 || !lacking)
        return;
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].event == EVENT_SURVEY_BELOW)
            problems_warning(problems, p->file, p->rules[i].line,
                             "`[rule %s]` waits for a score, and no client has given one yet: no "
                             "rule with `purpose = survey` asks for it; write one, or let another "
                             "program write the scores into the table answer",
                             p->rules[i].name);
}

void sense_check_records(const struct playbook *p, struct store *s, struct problems *problems)
{
    check_departments(p, s, problems);
    check_surveys(p, s, problems);
}
