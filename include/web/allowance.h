/*
 * How many messages one person may send from the page within an hour: whoever comes by somebody's
 * browser, or tries things out with a script, shall flood nobody and cost no fortune. Far more than
 * anybody writes by hand; who has to tell many clients something makes a rule, which asks above its
 * own limits.
 *
 * What was sent is known by the audit, so a restart forgives nothing.
 */
#ifndef WEB_ALLOWANCE_H
#define WEB_ALLOWANCE_H

#include <stdbool.h>

#include "web/visit.h"

enum allowance {
    ALLOWANCE_TESTS,   /* "send me a test" of a text */
    ALLOWANCE_WRITTEN, /* a message to one client */
};
#define ALLOWANCE_TESTS_MAX 20
#define ALLOWANCE_WRITTEN_MAX 60
#define ALLOWANCE_MS (3600 * INT64_C(1000))

/* What the audit calls it. Each such line is a message that was sent. */
const char *allowance_action(enum allowance a);

/* May the visitor send one more now? If not, `clock` says when, as the business's clocks show it,
 * and the answer has its status and its Retry-After; the page says the rest. */
#define ALLOWANCE_CLOCK_MAX 8
int allowance_ask(struct visit *v, enum allowance a, bool *may, char clock[ALLOWANCE_CLOCK_MAX]);

#endif
