/*
 * What was wrong in a calendar that is of use all the same: sentences with the line they are about,
 * for the person who looks after the calendar. A bounded list; what does not fit is counted.
 */
#ifndef ICAL_TROUBLE_H
#define ICAL_TROUBLE_H

#include <stddef.h>

#include <jansson.h>

#include "base/str.h"

#define TROUBLE_MAX 20       /* sentences in one list */
#define TROUBLE_QUOTE_MAX 60 /* bytes of a stranger's text within one */

struct trouble {
    struct str_list list;
    size_t more; /* that did not fit */
};

/* Add "line N: ..."; without the line when it is 0. The same sentence is kept once. */
__attribute__((format(printf, 3, 4))) void trouble_add(struct trouble *t, size_t line,
                                                       const char *fmt, ...);

/* How many bytes of `s`, or of s[0..len), to quote, for "%.*s": whole characters, for a sentence
 * that ends within one would be no JSON. */
int trouble_quote(const char *s);
int trouble_quote_part(const char *s, size_t len);

void trouble_close(struct trouble *t);

/* An array of strings, a new reference; NULL when there is none to tell. */
json_t *trouble_json(const struct trouble *t);

#endif
