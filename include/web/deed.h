/*
 * What a person does on the page: in one transaction with the line of the audit that says who did
 * it, and then back to a page that says that it is done.
 *
 *     int rc = deed_begin(v);
 *     if (rc == 0)
 *         rc = store_task_done(v->store, ...);
 *     return deed_end(v, rc, "task done", "client 7", NULL, "/", "task-done");
 */
#ifndef WEB_DEED_H
#define WEB_DEED_H

#include "web/visit.h"

/* Begin the transaction. */
int deed_begin(struct visit *v);

/* With 0: write the audit (`about`: the record, such as "client 7"; `detail`; either may be NULL),
 * commit as below, and go to the page `to` (NULL: the handler writes a page itself), which says the
 * sentence of `said` (one of src/web/deed.c; NULL: none). Otherwise nothing has happened, and `rc`
 * is returned. */
int deed_end(struct visit *v, int rc, const char *action, const char *about, const char *detail,
             const char *to, const char *said);

/* Only commit, and give the service a moment to plan what was changed: the page that follows is to
 * show what comes of it. */
int deed_commit(struct visit *v);

/* Undo what was begun; the handler writes the answer itself. */
void deed_drop(struct visit *v);

/* The page that the button was on (its field `back`); the first page if there is none, or it is no
 * page of ours. Lives as long as the visit. */
const char *deed_back(const struct visit *v);

/* Go to `to` without a deed, to have the sentence of `said` told there. Returns 0. */
int deed_go(struct visit *v, const char *to, const char *said);

/* The sentence that the last deed asked for, if there is one: on the page that it led to. */
void deed_said(struct visit *v);

#endif
