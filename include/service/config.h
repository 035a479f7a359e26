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

/* What is read in the place of what lies in the folder, to see what that would mean. */
struct config_instead {
    const char *playbook;              /* the path of a playbook; NULL: the folder's own */
    const struct template_draft *text; /* of a template; NULL: as they are */
};

/* Read the folder `dir`; `instead` (NULL: nothing) takes the place of what lies there.
 * Everything that is wrong, also between the files, goes into `problems`. 0, or ERR_INVALID when
 * there is an error among them; *out is then all NULL. Free with config_free in any case.
 *
 * Conditions are checked on the database, if there is one, since other programs may have added
 * columns to the tables; otherwise on empty tables. The database is only read. */
int config_load(const char *dir, const struct config_instead *instead, struct problems *problems,
                struct config *out);
void config_free(struct config *c); /* every member may be NULL; all are afterwards */

#endif
