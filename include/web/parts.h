/*
 * Pieces that several pages are made of: a section with its heading, facts in a list, times as rows
 * write them, how long something has lasted.
 */
#ifndef WEB_PARTS_H
#define WEB_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plan/record.h"
#include "web/visit.h"
#include "web/words.h"

/* Begin a section with its heading, whose id is `id`; the page writes "</section>". */
void part_section(struct buf *b, const char *id, enum word title);

/* How many there are, for those who hear the page: "Next: 3". Nobody sees it; when it changes while
 * the page keeps itself up to date, it is said (assets/live.js). Within a section. */
void part_tell(struct buf *b, const char *what, int64_t count);

/* A fact of a <dl class="facts">; a blank value is `fallback`, and with NULL there it is left out.
 */
void part_fact(struct buf *b, enum word name, const char *value, const char *fallback);

/* After a form: what was done, as its redirect says (`?done=saved`). */
void part_done(struct visit *v);

/* While everything is paused: that nothing goes out at present. */
void part_paused(struct visit *v);

/* A paragraph of quiet words. */
void part_quiet(struct buf *b, enum word w);

/* "These are the latest 30 of 70.", by a sentence with two holes; nothing if they are all. */
void part_some_of(struct buf *b, enum word w, size_t count, int64_t total);

/* A time as a row writes it ("2026-12-08T15:00"), on the business's clocks; a local one is meant in
 * `zone_text`, or in the business's zone. What is no time is shown as it is. NULL: nothing. */
void part_row_time(struct visit *v, const char *text, const char *zone_text);

/* The same as a text of its own, for an <option>; free() it. */
char *part_row_time_words(struct visit *v, const char *text, const char *zone_text);

/* "3 days", "1 hour", "12 minutes": the largest unit alone. */
void part_span(struct buf *b, int64_t span_ms);

/* What a job is called: its title, its ref, or "Job 7". */
void part_job_name(struct buf *b, const struct job *j);
void part_visit_name(struct buf *b, const struct appointment *a);

/* The word for an appointment's status. */
enum word visit_status_word(const char *status);

/* An appointment in a list, with its time; `whom`: the client's name, with a link (NULL: left out).
 */
void part_visit(struct visit *v, const struct appointment *a, const char *whom, bool with_time);

#endif
