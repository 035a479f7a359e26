/*
 * What a request passes before its handler, and an answer after it: the hosts we know, the way to
 * a handler, who may, whether a form is ours; error pages; tags for what has not changed.
 */
#ifndef WEB_DOOR_H
#define WEB_DOOR_H

#include "web/visit.h"

/* On the loop: find the handler (v->route, v->hole). false: the answer is written already. */
bool door_enter(struct visit *v);

/* Off the loop, or on it for handlers that run there: check who it is, call the handler, write an
 * error page if it fails. */
void door_serve(struct visit *v);

#endif
