/*
 * Times as rows write them (design.md, "Times in rows"): ISO 8601 with the T. A local wall time
 * ("2026-12-08T15:00", seconds optional), an instant ("...Z", "...+05:00"; RFC 3339), or a date
 * alone ("2026-12-08"). Fractions of a second are accepted and cut.
 */
#ifndef TIME_MOMENT_H
#define TIME_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/civil.h"
#include "time/zone.h"

enum moment_kind { MOMENT_DATE, MOMENT_LOCAL, MOMENT_INSTANT };

struct moment {
    enum moment_kind kind;
    struct civil civil; /* as written; valid */
    int offset_s;       /* seconds east of UTC; MOMENT_INSTANT only */
};

/* Parse `s`, all of it; nothing may stand around it. ERR_INVALID with a sentence that says what
 * would be right, and nothing in *out. */
int moment_parse(const char *s, struct moment *out, struct err *err);

/* The instant in ms; a local time is read in `z`, a date as its midnight in `z` (where the day
 * begins later than that, its first instant). */
int64_t moment_instant(const struct moment *m, const struct zone *z);

#define MOMENT_TEXT_MAX 32
/* "2026-12-08T10:00:00Z" (RFC 3339). */
void moment_format_utc(int64_t instant_ms, char out[MOMENT_TEXT_MAX]);
/* "2026-12-08T15:00:00" in `z`, no offset. */
void moment_format_local(int64_t instant_ms, const struct zone *z, char out[MOMENT_TEXT_MAX]);

#endif
