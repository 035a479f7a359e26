/*
 * The record of a person in a form, a client's or that of a member of staff: each field has its
 * place in a row of texts, and is checked as the service will read it, so that what can be saved
 * can be used.
 *
 * The form knows how the record stood when it was shown: what somebody else has changed since stays
 * where this form has not touched it.
 */
#ifndef WEB_PERSON_FORM_H
#define WEB_PERSON_FORM_H

#include <stddef.h>

#include "web/form.h"
#include "web/visit.h"

#define PERSON_NAME_MAX 500 /* characters, as the tables have them */
#define PERSON_SHORT_MAX 64

struct person_field {
    struct form_field field; /* length_max 0: a list to choose from */
    size_t offset;           /* of a char * in the row */
};

struct person_form {
    const struct person_field *fields;
    size_t count;
    /* How a value is told to people; free() it. NULL: as it stands. */
    char *(*told)(struct visit *v, const char *field, const char *value);
};

extern const struct person_form client_form, staff_form; /* client_edit.c, staff_edit.c */

/* The label of a field, by its name; WORD_COUNT: there is no such field. */
enum word person_label(const struct person_form *p, const char *name);

/* The value of a field in a row. */
char **person_value(const struct person_form *p, void *row, size_t i);

/* What was typed into one field: browsers send line ends as CRLF; what stands around it goes. NULL
 * is empty. free() it. */
char *person_tidy(const char *text);

/* Fill an empty row with what was typed, every field of it. */
void person_take(const struct person_form *p, const struct form *f, void *row);

/* Say what is wrong with each: too long, no one line; and by their names "name", "email", "phone",
 * "language", "timezone". */
void person_check(const struct visit *v, const struct person_form *p, struct form *f, void *row);

/* Hidden marks of how `row` stands; of a form that comes again those of when it was shown first:
 * nobody has seen a newer row. Within the form. */
void person_marks(struct visit *v, const struct person_form *p, const struct form *f, void *row);

/* What this form has not touched is as somebody else has it now. Where both have changed something,
 * say at the field what stands there. */
void person_meet(struct visit *v, const struct person_form *p, struct form *f, void *typed,
                 void *stands);

/* What changed, for the audit: the names of the fields, never what stands in them. free() it. */
char *person_changed(const struct person_form *p, void *was, void *is);

/* The field "language": every language there is, and the one that another program wrote. */
void person_language(struct visit *v, const struct form *f, const char *value);

/* The form's hidden "version" of a row, and the one that was sent (0: none). */
void person_version(struct visit *v, uint64_t version);
uint64_t person_version_sent(const struct form *f);

#endif
