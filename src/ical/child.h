/* How parent and child of this room talk: the words of the command line. */
#ifndef ICAL_CHILD_H
#define ICAL_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#define CHILD_WORD "ical-child"
#define CHILD_ARGS 5 /* the program, CHILD_WORD, two days, a zone */

/* Standard input to its end, appended to `in`. ERR_LIMIT over ICAL_BYTES_MAX. */
int child_read_input(struct buf *in, struct err *err);

#endif
