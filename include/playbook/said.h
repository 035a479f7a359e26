/*
 * A condition (`if`, `unless`) in plain words: "only if the job's amount is over 500".
 *
 * Only what is simple is said so, and only if the words mean exactly what the expression does:
 * comparisons of one column with a value, LIKE with a text between %, IS NULL, joined by AND. All
 * else stays the expression that it is.
 */
#ifndef PLAYBOOK_SAID_H
#define PLAYBOOK_SAID_H

#include <stdbool.h>

/* "only if ...", with `unless` "unless ...", in English, no full stop; free() it. NULL: there are
 * no words for it that would surely be right. The expression is one that compiles. */
char *condition_said(const char *expression, bool unless);

#endif
