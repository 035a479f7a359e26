/*
 * Forms: fields with their labels and hints, and what is wrong with what was typed next to them,
 * tied together for those who cannot see it. A form that was refused shows again what was typed.
 *
 *     struct form f = {.typed = &v->request->form};
 *     if (str_blank(form_value(&f, "name")))
 *         form_problem(&f, "name", "%s", word(W_NAME_NEEDED));
 *     if (f.problem_count > 0)
 *         (write it again, with the same struct)
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "web/request.h"
#include "web/visit.h"
#include "web/words.h"

#define FORM_PROBLEMS_MAX 16

struct form_problem {
    const char *field; /* its name; lives as long as the form */
    char text[ERR_TEXT_MAX];
};

/* All zero: a form that nobody has filled in yet. */
struct form {
    const struct fields *typed; /* what was sent; NULL: nothing yet */
    const char *prefix;         /* of the fields' ids, where a page has several forms; NULL: none */
    struct form_problem problems[FORM_PROBLEMS_MAX];
    size_t problem_count;
};

/* What was typed into a field; NULL: nothing was sent of it. */
const char *form_value(const struct form *f, const char *name);

/* Something is wrong with a field. The first thing said of each counts. */
void form_problem(struct form *f, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same in words of the catalogue, with `value` (NULL: nothing) in the place of their {}. */
void form_wrong(struct form *f, const char *field, enum word w, const char *value);

/* Begin the form, with its token; if something is wrong, with a notice that says so and leads to
 * each field. The page writes the button and "</form>". */
void form_begin(struct visit *v, const struct form *f, const char *action);

enum form_kind {
    FORM_TEXT,
    FORM_SUGGESTED, /* a text, for which form_suggestions has some to choose from */
    FORM_EMAIL,
    FORM_PHONE,
    FORM_NUMBER,
    FORM_PASSWORD,
    FORM_LONG,
    FORM_DATE,
    FORM_TIME
};

struct form_field {
    const char *name;
    enum word label;
    enum word hint;      /* WORD_COUNT: none */
    enum form_kind kind; /* FORM_LONG: several lines */
    const char *value;   /* unless something was typed; NULL: empty */
    size_t length_max;   /* characters */
    bool required;
    const char *complete; /* autocomplete; NULL: off, for it is about somebody else */
};
void form_field(struct visit *v, const struct form *f, const struct form_field *field);

/* What others have written there, for the FORM_SUGGESTED of this name. */
void form_suggestions(struct visit *v, const struct form *f, const char *name,
                      const struct str_list *list);

/* A list to choose from: begin, options, end. `value` as in a field. */
struct form_list {
    const char *name;
    enum word label;
    enum word hint; /* WORD_COUNT: none */
    const char *value;
    bool required;
};
void form_list_begin(struct visit *v, const struct form *f, const struct form_list *list);
void form_option(struct visit *v, const struct form *f, const struct form_list *list,
                 const char *value, const char *text);
void form_list_end(struct visit *v);

/* Options of one heading; NULL for those under none. Before the first option of each. */
void form_group_begin(struct visit *v, const char *heading);
void form_group_end(struct visit *v, const char *heading);

/* A field that nobody sees. */
void form_hidden(struct visit *v, const char *name, const char *value);

/* A hidden mark of the value that a field was filled with, and whether what was sent is still that:
 * then whoever sent the form has not touched the field. `value` as the field's comes to be read. */
void form_mark(struct visit *v, const char *name, const char *value);
bool form_untouched(const struct fields *given, const char *name, const char *value);

/* A button of its own: a form without fields, for one deed, which leads back to this page. `more`
 * (NULL: nothing) is written into the name that is read out: "Cancel: Anna". */
void form_button(struct visit *v, const char *action, enum word label, const char *more,
                 bool strong);

#endif
