/* What the child does: bytes to JSON objects, in one process, with nothing of its own to guard it
 * but the limits within. For child.c and the fuzzer. */
#ifndef ICAL_PARSE_H
#define ICAL_PARSE_H

#include <stddef.h>

#include <jansson.h>

#include "base/err.h"
#include "ical/read.h"

/* Gets each object as read.h tells; the reference is its to keep. */
typedef void (*parse_emit)(void *arg, const char *kind, json_t *object);

/* ERR_INVALID, ERR_LIMIT, with a sentence; then nothing was emitted. */
int parse_calendars(const void *bytes, size_t len, const struct ical_request *request,
                    parse_emit emit, void *arg, struct err *err);

#endif
