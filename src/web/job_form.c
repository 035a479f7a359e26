/* The form of a job. See web/row_form.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "web/jobs.h"
#include "web/row_form.h"

enum { TITLE, WORKFLOW, STAGE, STAFF, DUE_DATE, DUE_TIME, AMOUNT, CURRENCY, FIELDS };

static const struct row_field fields[FIELDS] = {
    [TITLE] = {"title", W_TITLE_FIELD, ROW_TEXT, true, WORD_COUNT},
    [WORKFLOW] = {"workflow", W_WORKFLOW, ROW_CHOICE, false, WORD_COUNT},
    [STAGE] = {"stage", W_STAGE, ROW_CHOICE, true, WORD_COUNT},
    [STAFF] = {"staff", W_IN_CHARGE, ROW_CHOICE, false, WORD_COUNT},
    [DUE_DATE] = {"due-date", W_DUE_DATE, ROW_DATE, false, WORD_COUNT},
    [DUE_TIME] = {"due-time", W_DUE_TIME, ROW_TIME, false, W_DUE_TIME_HINT},
    [AMOUNT] = {"amount", W_AMOUNT, ROW_TEXT, false, WORD_COUNT},
    [CURRENCY] = {"currency", W_CURRENCY, ROW_TEXT, false, WORD_COUNT},
};

static void values(struct visit *v, struct row_form *f)
{
    const struct job *j = &f->row.job;

    f->before[TITLE] = mem_strdup(j->title);
    f->before[WORKFLOW] = mem_strdup(j->workflow);
    f->before[STAGE] = mem_strdup(j->stage);
    f->before[STAFF] = j->staff_id != 0 ? mem_printf("%lld", (long long)j->staff_id) : NULL;
    row_time_split(j->due, v->site->zone, &f->before[DUE_DATE], &f->before[DUE_TIME]);
    f->before[AMOUNT] = mem_strdup(j->amount);
    f->before[CURRENCY] = mem_strdup(j->currency);
}

static int options(struct visit *v, struct row_form *f)
{
    const struct site *s = v->site;
    bool known = f->before[STAGE][0] == '\0';

    row_form_option(f, WORKFLOW, "", word(W_BY_ITS_STAGE), NULL);
    for (size_t i = 0; i < s->workflow_count; i++)
        row_form_option(f, WORKFLOW, s->workflows[i].name, s->workflows[i].name, NULL);
    if (!str_blank(f->before[WORKFLOW]) && jobs_workflow(s, f->before[WORKFLOW]) == NULL)
        row_form_option(f, WORKFLOW, f->before[WORKFLOW], f->before[WORKFLOW], NULL);
    for (size_t i = 0; i < s->workflow_count; i++)
        for (size_t k = 0; k < s->workflows[i].stages.count; k++) {
            const char *stage = s->workflows[i].stages.items[k];
            known |= strcmp(stage, f->before[STAGE]) == 0;
            row_form_option(f, STAGE, stage, stage, s->workflows[i].name);
        }
    if (!known) { /* it stays chosen, so that nothing moves by a slip */
        char *label = row_form_words(W_STAGE_UNKNOWN, f->before[STAGE]);
        row_form_option(f, STAGE, f->before[STAGE], label, NULL);
        free(label);
    }
    return row_form_staff(v, f, STAFF);
}

static void check_stage(struct visit *v, struct row_form *f)
{
    const char *workflow = f->values[WORKFLOW];
    const struct workflow *w = str_blank(workflow) ? NULL : jobs_workflow(v->site, workflow);

    if (w != NULL && !workflow_has(w, f->values[STAGE]))
        row_form_wrong(f, STAGE, W_WRONG_STAGE, workflow);
}

/* "120,50" is "120.50"; "1,250" may be meant as either of two, and stays wrong. */
static void write_point(char *amount)
{
    char *comma = strchr(amount, ',');
    size_t cents = comma != NULL ? strspn(comma + 1, "0123456789") : 0;

    if (comma != NULL && (cents == 1 || cents == 2) && comma[1 + cents] == '\0')
        *comma = '.';
}

/* "120.50", at most so many digits as a number keeps exactly. */
static bool is_amount(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t rest = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

    return whole > 0 && whole + rest <= 15 && (text[whole] == '.') == (rest > 0) &&
           text[whole + (rest > 0 ? rest + 1 : 0)] == '\0';
}

static void check_money(struct row_form *f)
{
    const char *amount = f->values[AMOUNT], *currency = f->values[CURRENCY];

    write_point(f->values[AMOUNT]);
    if (!str_blank(amount) && !is_amount(amount) && !str_eq(amount, f->before[AMOUNT]))
        row_form_wrong(f, AMOUNT, W_WRONG_AMOUNT, NULL);
    if (!str_blank(currency) &&
        (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3))
        row_form_wrong(f, CURRENCY, W_WRONG_CURRENCY, NULL);
}

static void check(struct visit *v, struct row_form *f)
{
    struct job *j = &f->wanted.job;

    check_stage(v, f);
    check_money(f);
    j->client_id = f->client_id;
    j->title = row_form_text(f, TITLE);
    j->workflow = row_form_text(f, WORKFLOW);
    j->stage = row_form_text(f, STAGE);
    j->staff_id = row_form_id(f, STAFF);
    j->due = row_time_join(f, DUE_DATE, v->site->zone, f->row.job.due);
    j->amount = row_form_text(f, AMOUNT);
    j->currency = row_form_text(f, CURRENCY);
}

const struct row_kind job_form = {fields, FIELDS, values, options, check};
