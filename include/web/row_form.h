/*
 * The form of a job or an appointment: its fields as a person sees them, what is wrong with each,
 * and the row they make.
 *
 * A value is what stands in the field. Where a form lacks a field (a button that only moves a job),
 * the row's value stands for it. All of it belongs to the form until row_form_close.
 */
#ifndef WEB_ROW_FORM_H
#define WEB_ROW_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/row_change.h"
#include "time/moment.h"
#include "web/form.h"
#include "web/visit.h"
#include "web/words.h"

#define ROW_FIELDS_MAX 12
#define ROW_VALUE_BYTES 1000 /* of a value; what is longer is refused */

enum row_input { ROW_TEXT, ROW_DATE, ROW_TIME, ROW_CHOICE }; /* a choice of options */

struct row_field {
    const char *name;
    enum word label;
    enum row_input input; /* a ROW_TIME follows its ROW_DATE */
    bool required;
    enum word hint; /* WORD_COUNT: none */
};

/* What a ROW_CHOICE offers; `group` is the heading it stands under, NULL: none. */
struct row_option {
    char *value, *label, *group;
};

struct row_form {
    enum entity_kind kind;
    int64_t id, client_id; /* id 0: a new row */
    char *client_name;
    const struct row_field *fields;
    size_t count;
    char *values[ROW_FIELDS_MAX]; /* never NULL */
    char *before[ROW_FIELDS_MAX]; /* as the row has them; of a new one as they begin */
    struct form form;             /* with what is wrong */
    struct {
        struct row_option *items;
        size_t count, cap;
    } options[ROW_FIELDS_MAX];
    bool has_staff;               /* somebody can be put in charge */
    bool end_moved;               /* of a visit: its end went along with its start */
    char digest[ROW_DIGEST_TEXT]; /* of the row as `before` has it; "": a new one */
    struct row_change row;        /* as the table has it; of a new one all but empty */
    struct row_change wanted;     /* as the values make it, once row_form_check found no fault */
};
void row_form_close(struct row_form *f);

/* Load the row `id`, or begin a new one of this client (0: of nobody yet), with every value as the
 * row has it. ERR_NOTFOUND: there is no such row, or no such client. */
int row_form_load(struct visit *v, enum entity_kind kind, int64_t id, int64_t client_id,
                  struct row_form *f);

/* Take over what stands in `given`, but for what nobody has touched since the form was shown. */
void row_form_take(struct row_form *f, const struct fields *given);

/* Is everything right? Then f->wanted is made; else f->form says what is not. */
bool row_form_check(struct visit *v, struct row_form *f);

/* Does any value differ from the row's? */
bool row_form_differs(const struct row_form *f);

/* Write its fields (within form_begin of f->form) with what is wrong beside each; or all hidden. */
void row_form_inputs(struct visit *v, const struct row_form *f);
void row_form_hidden(struct visit *v, const struct row_form *f);

/* The values that differ from the row's, in a table: as it is (`head`: its heading), as it will be.
 */
void row_form_changes(struct visit *v, const struct row_form *f, enum word head);

/* The same for the audit (store/audit_fields.h), a choice by its label; free() it. */
char *row_form_told(const struct row_form *f);

/* --- for the two kinds (job_form.c, visit_form.c) --- */

struct row_kind {
    const struct row_field *fields;
    size_t count;
    void (*values)(struct visit *v, struct row_form *f); /* f->before from f->row */
    int (*options)(struct visit *v, struct row_form *f); /* f->options */
    void (*check)(struct visit *v, struct row_form *f);  /* f->wanted, or what is wrong */
};
extern const struct row_kind job_form, visit_form;

/* Before a visit is saved: notices if it begins in the past, or while the business is closed, or is
 * said to be over while it lies ahead. It may be meant so. */
void visit_form_warn(struct visit *v, const struct row_form *f);

void row_form_option(struct row_form *f, size_t field, const char *value, const char *label,
                     const char *group);
/* A sentence of the catalogue with its hole filled, for a label; free() it. */
char *row_form_words(enum word w, const char *value);
/* Everybody in charge of something: staff. */
int row_form_staff(struct visit *v, struct row_form *f, size_t field);
void row_form_wrong(struct row_form *f, size_t field, enum word w, const char *value);

/* A copy of a value for the row: NULL for a blank one. */
char *row_form_text(const struct row_form *f, size_t field);
int64_t row_form_id(const struct row_form *f, size_t field);

/* --- times (row_times.c): a date and a time of the clock, one field after the other --- */

/* What the clocks of `z` show at a moment; of a day its beginning. */
struct civil row_time_civil(const struct moment *m, const struct zone *z);

/* From a row's text to the two fields, on the clocks of `z`. */
void row_time_split(const char *text, const struct zone *z, char **date, char **clock);

/* The two fields as a row's text, new on the heap; NULL: there is none, or something is wrong with
 * it, which is said. A time that the clocks of `z` leave out is wrong; one they show twice is the
 * first. The text is `was` if that means the same. */
char *row_time_join(struct row_form *f, size_t field, const struct zone *z, const char *was);

#endif
