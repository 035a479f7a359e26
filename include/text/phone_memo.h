/*
 * A memory of phone numbers read before: libphonenumber takes some ten microseconds for each, and
 * planning reads a client's for every one of her jobs and appointments. Good numbers only, some
 * ten thousands of them; for one thread.
 */
#ifndef TEXT_PHONE_MEMO_H
#define TEXT_PHONE_MEMO_H

#include "text/phone.h"

#define PHONE_MEMO_WRITTEN_MAX 24 /* with the NUL; a longer one is read anew each time */

struct phone_memo;

/* phone_e164 (which see), asked only when `written` is not remembered. *memo is NULL at first and
 * made when needed; the caller frees it with free(). Another `country` than before (NULL: none)
 * makes it forget everything. */
int phone_memo_e164(struct phone_memo **memo, const char *written, const char *country,
                    char out[PHONE_MAX], struct err *err);

/* Would it be of use to have it read before it is asked for? Not what is remembered, or would not
 * be, nor what would push another out of a memory that is full. NULL: nothing is remembered yet. */
bool phone_memo_wants(const struct phone_memo *memo, const char *written, const char *country);

/* Remember what phone_e164 read: `written`, which it wanted (phone_memo_wants), is `e164`. For the
 * rest like phone_memo_e164. */
void phone_memo_put(struct phone_memo **memo, const char *written, const char *country,
                    const char *e164);

#endif
