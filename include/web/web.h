/*
 * The managers' page: a web server on the service's loop, off unless `[web] listen` is set.
 *
 * What it shows it reads from the database; what a person does on it, it writes there, as any
 * program would, and the engine reacts. All of that happens off the loop.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "playbook/settings.h"
#include "text/template_set.h"

/* How the engine is, for the page, /healthz and /metrics. */
struct web_health {
    bool paused;
    int in_flight;
    int trouble;               /* the code of the last failed turn; 0: all is well */
    const char *trouble_words; /* lives as long as the program */
    uint64_t turns;
    int64_t longest_turn_us;
    int64_t longest_round_us; /* of the loop, between listening and listening again */
};

/* What the web needs from the rooms above it. */
struct web_hooks {
    void (*health)(void *arg, struct web_health *out); /* on the loop; quick */
    /* Read the whole configuration, as a reload would, with the playbook at this path in the place
     * of its own and one text of a template in that of its file (NULL: as they are); false: there
     * are errors. Files are told by their whole paths. From any thread. */
    bool (*check)(void *arg, const char *playbook, const struct template_draft *text,
                  struct problems *problems);
    void *arg;
};

struct web;

/* It does nothing until settings are put into use. */
struct web *web_create(uv_loop_t *loop, const struct web_hooks *hooks);

/* Make ready what these settings and this playbook ask for (copied), so that web_use cannot fail:
 * the socket, the connections to the database, which has to be there. ERR_INVALID, or why it cannot
 * listen there (ERR_IO), with a sentence. One of web_use and web_drop has to follow. */
struct web_change;
int web_prepare(struct web *w, const struct settings *s, const struct playbook *p,
                struct web_change **out, struct err *err);
void web_use(struct web *w, struct web_change *c);
void web_drop(struct web_change *c); /* NULL does nothing */

/* The files were read anew, and refused for these mistakes (copied), which name them as below the
 * folder `dir`; what was in use stays so. Without an error among them: they were not. */
void web_tell_mistakes(struct web *w, const struct problems *problems, const char *dir);

/* web_prepare and web_use in one, for the start: where it cannot listen (somebody else does, the
 * address is not there yet), it says so in the log and tries again from time to time. ERR_INVALID
 * and what the database says, with a sentence. */
int web_start(struct web *w, const struct settings *s, const struct playbook *p, struct err *err);

/* End: what is under way is answered, then everything is closed and freed and `closed` called. */
void web_stop(struct web *w, void (*closed)(void *arg), void *arg);

#endif
