/*
 * The process in which a change is thought through (send/foresee.h): the program started again by
 * the page. It reads the question on standard input, reads the configuration anew, and writes the
 * answer.
 */
#ifndef SERVICE_FORESEE_CHILD_H
#define SERVICE_FORESEE_CHILD_H

#include <stdbool.h>

/* Was the program started for that? */
bool foresee_is_child(int argc, char **argv);

/* Do it; the exit status. */
int foresee_child(void);

#endif
