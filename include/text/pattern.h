/*
 * Finding a client's address in what people write: `Phone: {phone}` is literal text with one
 * placeholder, {email}, {phone} or {ref}. Not a regular expression: a manager can read it, and no
 * text makes it slow.
 *
 * Letters of the ASCII alphabet are found in either case; white space in the pattern stands for any
 * amount of it, none too. {email} and {phone} take what can be part of one, {ref} what stands until
 * the next white space or until what follows in the pattern.
 */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define PATTERN_MAX 200       /* bytes of a pattern */
#define PATTERN_VALUE_MAX 254 /* bytes that a placeholder takes */

enum pattern_what { PATTERN_EMAIL, PATTERN_PHONE, PATTERN_REF };

/* Does it make sense? ERR_INVALID with a sentence. */
int pattern_check(const char *pattern, struct err *err);

/* The next place at or after *at where the (checked) pattern is found in a line of text: its value
 * goes into `value` in the place of what is there, and *at behind it. False: there is none. */
bool pattern_next(const char *pattern, const char **at, enum pattern_what *what, struct buf *value);

#endif
