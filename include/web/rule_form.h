/*
 * The form of a rule: a field for each key that a [rule] may have, made from the very table that
 * the file is read by (playbook/directives.h).
 */
#ifndef WEB_RULE_FORM_H
#define WEB_RULE_FORM_H

#include "base/buf.h"
#include "playbook/edit.h"
#include "playbook/ini.h"
#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "web/visit.h"

#define RULE_KEYS_MAX 40

/* What a form says: its fields as edits of a section. The texts are the request's own. */
struct rule_fields {
    struct edit_key keys[RULE_KEYS_MAX];
    size_t count;
};

/* The keys that the form sent to this visit has fields for. */
void rule_form_read(const struct visit *v, struct rule_fields *out);

/* The section that a form of a new rule means; free() it. */
char *rule_form_section(const char *name, const struct rule_fields *fields);

/* Write the fields. `section` (NULL: none) has the values to begin with; `playbook` (may be NULL)
 * tells what there is to choose from; of `problems` (may be NULL) those in the lines of `section`
 * stand at the field that they are about, by a reading of the same text. */
void rule_form_write(struct visit *v, const struct ini_section *section,
                     const struct playbook *playbook, const struct problems *problems);

/* What the form calls the key, and how a rule does that leaves it out, as the file would say it;
 * NULL: there is no word for it. They live as long as the program. */
const char *rule_form_label(const char *key);
const char *rule_form_usual(const char *key);

/* The key without which the rule cannot be, when that is the problem; NULL: it is another one. */
const char *rule_form_missing(const struct problem *p);

/* What is wrong with the key, without its name in front: the end of `text`. */
const char *rule_form_words(const char *key, const char *text);

/* Which of the section's fields is the problem about? Its key; NULL: none. */
const char *rule_form_key(const struct visit *v, const struct ini_section *section,
                          const struct problem *p);

#endif
