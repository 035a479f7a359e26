/*
 * A value as it is written into a file so that its reader sees what was meant. For edit.c.
 */
#ifndef PLAYBOOK_EDIT_VALUE_H
#define PLAYBOOK_EDIT_VALUE_H

#include "base/err.h"
#include "base/str.h"

#define INDENT "    " /* of a line that goes on with a value */

/* The lines of a value (NULL: none) as the reader sees them: trimmed, none empty. */
void edit_value_split(const char *value, struct str_list *lines);

/* And back, with this in between; free() it. */
char *edit_value_join(const struct str_list *lines, const char *between);

/* Make the lines of `key` what is to be written: as they are, or the only one in quotes.
 * ERR_INVALID with a sentence where neither reads as it should. */
int edit_value_write(const char *key, struct str_list *lines, struct err *err);

#endif
