/*
 * A memory of phone numbers read before: libphonenumber takes some ten microseconds for each, and
 * planning reads a client's for every one of her jobs and appointments. Good numbers only, some
 * ten thousands of them; for one thread.
 */
#ifndef TEXT_PHONE_MEMO_H
#define TEXT_PHONE_MEMO_H

#include "text/phone.h"

struct phone_memo;

/* phone_e164 (which see), asked only when `written` is not remembered. *memo is NULL at first and
 * made when needed; the caller frees it with free(). Another `country` than before (NULL: none)
 * makes it forget everything. */
int phone_memo_e164(struct phone_memo **memo, const char *written, const char *country,
                    char out[PHONE_MAX], struct err *err);

#endif
