/*
 * What editing a rule and saving it share.
 */
#ifndef WEB_RULE_EDIT_H
#define WEB_RULE_EDIT_H

#include "web/proposals.h"
#include "web/rules.h"

/* Read the whole configuration with `file` as its playbook, as a reload would; false: it would be
 * refused. What is wrong, and what is to be noted, goes into `problems`, that of `file` under the
 * name of the playbook. */
bool rule_check(const struct visit *v, const char *file, struct problems *problems);

/* Answer that somebody else changed the file meanwhile: the section as it is there now (`now` NULL:
 * it is gone) and as the visitor wrote it (`yours` NULL: they wanted it gone), who may go on with
 * theirs. `rule` NULL: a new one. */
void rule_conflict(struct visit *v, const char *rule, const char *now, const char *yours,
                   uint64_t digest);

#endif
