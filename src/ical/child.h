/* How parent and child of this room talk: the words of the command line. */
#ifndef ICAL_CHILD_H
#define ICAL_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#define CHILD_WORD "ical-child"
#define CHILD_ARGS 5 /* the program, CHILD_WORD, two days, a zone */
#define CHILD_EDIT_WORD "ical-edit-child"
#define CHILD_EDIT_ARGS 2 /* what is asked for stands in the first line of standard input */

/* The child that edits, once it is confined: read the first line of `in` and the object behind it,
 * write {"edited": TEXT} (null: nothing to change), {"missing": "..."} or {"conflict": "..."}.
 * Errors are refused. */
int child_edit(const struct buf *in, struct buf *out, struct err *err);

/* Standard input to its end, appended to `in`. ERR_LIMIT over ICAL_BYTES_MAX. */
int child_read_input(struct buf *in, struct err *err);

#endif
