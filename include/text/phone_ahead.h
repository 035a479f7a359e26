/*
 * Phone numbers read ahead, by a thread of their own: to read one takes libphonenumber some ten
 * microseconds, which is a tenth of all that a backlog of new clients costs the loop. What a number
 * is read as depends on its text and the country alone, so nothing can be outdated by the time it
 * is wanted; what was not read in time is read in place.
 *
 * The thread and its memory are there only while there is something to read. All functions belong
 * to one thread, the owner of the memo.
 */
#ifndef TEXT_PHONE_AHEAD_H
#define TEXT_PHONE_AHEAD_H

#include "text/phone_memo.h"

#define PHONE_AHEAD_MAX 32768 /* that wait to be read or taken: less than 1.5 MB */

struct phone_ahead;

/* Have `written` read (copied; NULL does nothing) for `country` (NULL: none). *ahead is NULL at
 * first and made when needed. It is not read where that would be of no use to `memo`
 * (phone_memo_wants), while PHONE_AHEAD_MAX others wait, or those of another country. A few numbers
 * alone start no thread. */
void phone_ahead_give(struct phone_ahead **ahead, const struct phone_memo *memo,
                      const char *written, const char *country);

/* Put what was read by now into *memo, unless it was read for another country than `country`. Does
 * not wait for the rest. When all was taken, and none given since the last call, thread and memory
 * end, and *ahead is NULL, which does nothing. */
void phone_ahead_take(struct phone_ahead **ahead, struct phone_memo **memo, const char *country);

/* End it, whatever was not read. NULL does nothing. */
void phone_ahead_free(struct phone_ahead *ahead);

#endif
