/*
 * Rules that are well written and can never do what they say: they require a name that no record
 * has, or ask of an appointment where there is none. What is wrong in any case is an error; what
 * another program might still make right (a score that it writes) is a warning.
 */
#ifndef SERVICE_SENSE_H
#define SERVICE_SENSE_H

#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "store/condition.h"
#include "store/store.h"
#include "text/template_set.h"

/* The rules by themselves. `sandbox` and `templates` may be NULL: then what needs them is left
 * out. */
void sense_check(const struct playbook *p, struct conditions *sandbox,
                 const struct template_set *templates, struct problems *problems);

/* With the records that are there: departments that nobody is in, scores that nobody gives. */
void sense_check_records(const struct playbook *p, struct store *s, struct problems *problems);

#endif
