/*
 * The parts of `betimes demo`: the story, which plays the booking program of a sample garage for a
 * week, the teller, which shows on the terminal what comes of it, and the page at its end.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/show.h"
#include "store/queries.h"
#include "time/zone.h"

/* ---- the story (src/cli/demo_story.c) */

struct demo_story;

/* Open the database as the booking program does and write the people of the sample business. The
 * story's first day is that of `start_ms`, its days and times are those of `zone`. Both outlive the
 * story. NULL with `err` set. */
struct demo_story *demo_story_open(const char *database, const struct zone *zone, int64_t start_ms,
                                   struct err *err);
void demo_story_close(struct demo_story *s); /* NULL does nothing */

/* When the next step is to be taken; INT64_MAX: the story is told. */
int64_t demo_story_next_ms(const struct demo_story *s);

/* Take it. *said is what was done, in words for a person; free() it. */
int demo_story_step(struct demo_story *s, char **said, struct err *err);

/* ---- the teller (src/cli/demo_teller.c) */

/* "Tue 8 Dec 15:00", for use in a sentence. */
void demo_time(int64_t instant_ms, const struct zone *zone, char out[SHOW_TIME_MAX]);

struct demo_teller;

/* `zone` outlives the teller. */
struct demo_teller *demo_teller_create(const struct zone *zone);
void demo_teller_free(struct demo_teller *t); /* NULL does nothing */

/* What the columns mean. */
void demo_teller_begin(struct demo_teller *t);

/* A step of the story. */
void demo_teller_step(struct demo_teller *t, int64_t at_ms, const char *said);

/* Show those of the messages that went, came to nothing or have to wait, each state once. */
void demo_teller_outcomes(struct demo_teller *t, const struct outbox_row *rows, size_t count);

/* All messages, counted. */
void demo_teller_summary(struct demo_teller *t, const struct outbox_row *rows, size_t count);

/* Where all of it lies, and what to do next; `program` is how to call this program,
 * `example` a message to ask about, or NULL. */
void demo_teller_next(const char *program, const char *dir, const struct outbox_row *example);

/* Of the messages one whose end makes a person ask why; NULL: none. */
const struct outbox_row *demo_teller_example(const struct outbox_row *rows, size_t count);

/* ---- the page (src/cli/demo_page.c) */

/* Run the service on the folder from `now_ms` on, at real speed, with a page and a user for it, and
 * tell both on standard output; until a signal. Returns the exit status. */
int demo_page_serve(const char *dir, const char *database, int64_t now_ms);

#endif
