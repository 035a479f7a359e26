/*
 * What every page has: head, the way to its content, the bar, the foot.
 */
#ifndef WEB_FRAME_H
#define WEB_FRAME_H

#include "web/visit.h"
#include "web/words.h"

enum place {
    PLACE_NONE,
    PLACE_TODAY,
    PLACE_CLIENTS,
    PLACE_JOBS,
    PLACE_APPOINTMENTS,
    PLACE_STAFF,
    PLACE_PLAYBOOK,
    PLACE_TEMPLATES
}; /* in the bar */

/* Begin a page in the response's body; what follows goes into its <main>. `title` is for the
 * window; the page writes its own <h1>. */
void frame_begin(struct visit *v, const char *title, enum place place);
void frame_end(struct visit *v);

/* A page that says one thing; replaces whatever was written. */
void frame_say(struct visit *v, int status, enum word title, enum word text);

/* A date and time as the business's clocks show it: "14:05" today, else "Tue 8 Dec 14:05", with the
 * year if it is another one. */
void frame_time(struct visit *v, int64_t instant_ms);

/* The same without markup, where only text may stand. */
void frame_time_text(struct visit *v, int64_t instant_ms);

/* "Tuesday 8 December". */
void frame_day(struct visit *v, int64_t instant_ms);

/* The instant at which the present day of the business began. */
int64_t frame_midnight(const struct visit *v);

#endif
