/*
 * Everything that a person writes for Betimes, read and checked as one: betimes.conf, the playbook,
 * the templates and the provider files. Used by `run` (also for a reload, which takes effect whole
 * or not at all), `check` and `forecast`.
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "playbook/settings.h"
#include "text/template_set.h"

struct config {
    struct settings *settings;
    struct playbook *playbook;
    struct template_set *templates;
};

/* Read the folder `dir`; `playbook_path` (NULL: the folder's own) takes the place of its playbook.
 * Everything that is wrong, also between the files, goes into `problems`. 0, or ERR_INVALID when
 * there is an error among them; *out is then all NULL. Free with config_free in any case.
 *
 * Conditions are checked on the database, if there is one, since other programs may have added
 * columns to the tables; otherwise on empty tables. The database is only read. */
int config_load(const char *dir, const char *playbook_path, struct problems *problems,
                struct config *out);
void config_free(struct config *c); /* every member may be NULL; all are afterwards */

#endif
