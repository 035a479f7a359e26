/*
 * Changed fields in the detail of an audit's line: a line for each, "stage<TAB>New<TAB>Ready". That
 * is text a person can read in the table, and no value can be taken for another field: tabs and
 * ends of lines within a value become spaces.
 */
#ifndef STORE_AUDIT_FIELDS_H
#define STORE_AUDIT_FIELDS_H

#include <stdbool.h>

#include "base/buf.h"

/* Add a field that was `before` and is `after`; either may be NULL or blank: nothing stands there.
 */
void audit_fields_add(struct buf *detail, const char *field, const char *before, const char *after);

/* One of them; all within the text that it was read from, which it has cut up. */
struct audit_field {
    const char *name, *before, *after; /* before, after: "" for nothing */
};

/* The next field of `*rest`, a copy of a detail, which moves on behind it; false: there is none, or
 * what follows is no field. */
bool audit_fields_next(char **rest, struct audit_field *out);

#endif
