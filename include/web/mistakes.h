/*
 * Mistakes in the files that the business writes, for which the service has refused them: a copy
 * that never changes, shared by all requests that began under it. The count of its users belongs to
 * the loop.
 *
 * While there are any, what was good before stays in force. Every page says so in a line, and leads
 * to the page that lists all of them.
 */
#ifndef WEB_MISTAKES_H
#define WEB_MISTAKES_H

#include "playbook/ini.h"
#include "playbook/problems.h"
#include "web/visit.h"

struct mistakes {
    int users;
    struct problems problems; /* errors alone, of files by their whole paths */
};

/* A copy of the errors, with one user. `dir` is the folder of the configuration as the problems
 * name it, `whole` its whole path. NULL: there is no error. */
struct mistakes *mistakes_create(const struct problems *problems, const char *dir,
                                 const char *whole);
struct mistakes *mistakes_hold(struct mistakes *m); /* NULL stays NULL */
void mistakes_release(struct mistakes *m);          /* NULL does nothing */

/* What the service refused, as it was when the request came; NULL: nothing. */
const struct problems *mistakes_of(const struct visit *v);

/* After something was saved: are the files right by now, though the service has not read them yet?
 * Then there are none on this visit. Reads the whole configuration if there are some. */
void mistakes_look_again(struct visit *v);

/* How many there are, and where they are listed; nothing for none. */
void mistakes_banner(struct visit *v);

/* A notice with all errors of `problems`, of files by their whole paths: each with its place and
 * what would be right, and for managers the way to where it can be mended. Nothing for none. */
void mistakes_notice(struct visit *v, const struct problems *problems);

/* The rule in whose lines of the playbook it stands; NULL: in none. Lives as long as `ini`. */
const char *mistakes_rule_at(const struct ini *ini, int line);

/* "Rule ready, line 12 of playbook.conf: ", each with the way to where it can be mended; the rule
 * is told by the playbook's `ini` (may be NULL). */
void mistakes_place(struct visit *v, const struct ini *playbook, const struct problem *p);

/* What is to be listed: what the service refused, else what `found` (read just now) has. */
const struct problems *mistakes_or(const struct visit *v, const struct problems *found);

#endif
