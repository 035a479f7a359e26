/*
 * Messages as people and programs see them: lines of a table, JSON, times on the business's clock.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/terminal.h"
#include "playbook/settings.h"
#include "store/answers.h"
#include "store/desk.h"
#include "store/queries.h"
#include "time/zone.h"

#define SHOW_TIME_MAX 40

/* "Tue 8 Dec 15:00" as the clocks of `zone` show it; with the year when it is not `now_ms`'s. */
void show_time(int64_t instant_ms, const struct zone *zone, int64_t now_ms,
               char out[SHOW_TIME_MAX]);

/* "5 minutes", "3 hours", "2 days": how long, in one word and a number, for any sign of it. */
void show_span(int64_t span_ms, char out[SHOW_TIME_MAX]);

/* "0.135 EUR": a sum in the business's currency. */
void show_money(double sum, const struct settings *s, char out[SHOW_TIME_MAX]);

/* Texts of other programs need not be UTF-8; what is not becomes U+FFFD. NULL gives null. */
json_t *show_json_text(const char *text);
json_t *show_json_id(int64_t id);           /* 0 gives null */
json_t *show_json_time(int64_t instant_ms); /* RFC 3339, in UTC */

/* A message with the keys that the design promises. A new reference. */
json_t *show_json(const struct outbox_row *r);

/* For json_dumpf: so many digits every number has that was written in decimals, and not the noise
 * behind them (0.04, not 0.040000000000000001). */
#define SHOW_JSON_DIGITS JSON_REAL_PRECISION(15)

/* Print it on standard output, and take the reference. Returns an exit status. */
int show_print_json(json_t *o);

/* All that was printed has to arrive: an exit status, after saying so if it did not. */
int show_flush(void);

/* Green for what arrived, red for what failed, yellow for what needs a look. */
enum colour show_colour(enum message_state s);

/* Who gets it: a name, else an address, else what it is about. */
const char *show_recipient(const struct outbox_row *r);

/* What it is about: "job J-17, Brake check"; free() it. */
char *show_subject(const struct outbox_row *r);

/* A table of the messages, with their reasons below those that have one. */
void show_table(const struct outbox_row *rows, size_t count, const struct zone *zone,
                int64_t now_ms);

/* What was sent, what was answered and what was noted, in one order of time: all but one of them
 * are NULL in each. */
struct show_event {
    const struct outbox_row *message;
    const struct told *answer;
    const struct note *note;
    int64_t at_ms;
};

/* The same as a table, with the words of an answer or a note below it; and as JSON: a message with
 * the keys of show_json, an answer and a note with their own, all with `kind`. A new reference. */
void show_history(const struct show_event *events, size_t count, const struct zone *zone,
                  int64_t now_ms);
json_t *show_event_json(const struct show_event *e);

/* An answer with its keys. A new reference. */
json_t *show_answer_json(const struct answer *a, int64_t at_ms);

#endif
