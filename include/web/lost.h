/*
 * What somebody had entered when their session was over: it is not saved, for nobody is signed in
 * whose form it could be. So that it is not lost either, it is shown to whoever sent it, to be
 * copied, and after signing in the page of the form says once more that nothing was saved.
 */
#ifndef WEB_LOST_H
#define WEB_LOST_H

#include "base/buf.h"
#include "web/visit.h"

/* Append the page on which the form was, to go to after signing in: the one that the browser
 * names, else the nearest page above the form's own address. Always a page of ours. */
void lost_way_back(const struct visit *v, struct buf *out);

/* Say that nothing was saved, with the long texts that the form had; only if it came from a page
 * of ours. */
void lost_show(struct visit *v);

/* Say so on the page that lost_way_back led to; nothing on any other. */
void lost_notice(struct visit *v);

#endif
