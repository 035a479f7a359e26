/*
 * Looking ahead with one playbook: the draft is planned and tried out, and every message is told as
 * a line. What `forecast` shows, adds up and compares.
 */
#ifndef CLI_OUTLOOK_H
#define CLI_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/draft.h"
#include "cli/session.h"
#include "send/rehearsal.h"
#include "store/queries.h"

/* A message as it would go, or would not. */
struct outlook_line {
    struct outbox_row row;   /* due_ms: when it goes, or when it would be decided against */
    const struct rule *rule; /* NULL: none (a test message) */
    enum fate fate;
    char *with; /* what the message is about that it goes as one with; NULL: it goes by itself */
    int64_t planned_ms; /* when it was to go at first */
    int64_t nominal_ms; /* what the rule's `when` says, before hours moved it */
    bool at_once;       /* due when the outlook begins */
    size_t segments;    /* of a text */
    int64_t subject_id, recipient_id, occurrence; /* what makes it the same in another outlook */
    int repeat;
};

struct outlook_span {
    int64_t now_ms, until_ms;
    const char *rule;   /* only this one; NULL: all */
    int64_t client_row; /* only this client; 0: all */
    bool words;         /* the texts of all messages */
    bool yes;           /* as if everybody had said yes to every rule that would ask */
};

struct outlook {
    struct config config;
    struct draft draft;
    size_t *asks; /* per rule of the playbook: how many clients it would have to ask for; 0: none */
    const struct outlook_span *span;
};

/* `playbook`: in the place of the configured one; NULL: that one. Returns an exit status, after
 * saying why. outlook_close in any case; `session` and `span` must outlive it. */
int outlook_open(const struct call *call, const struct session *session, const char *playbook,
                 const struct outlook_span *span, struct outlook *out);
void outlook_close(struct outlook *o);

/* Tell every line within the span in the order of time. `each` may take what it needs out of the
 * line (and leave NULL there). `rest` (may be NULL) is called now and then, while no transaction is
 * open: there is the time to wait for whoever reads the output. */
typedef void (*outlook_each)(void *arg, struct outlook_line *line);
typedef void (*outlook_rest)(void *arg);
int outlook_run(struct outlook *o, outlook_each each, outlook_rest rest, void *arg);

/* Free what it holds. */
void outlook_line_close(struct outlook_line *l);

/* "goes", "joined", "skipped", "held", "paused". */
const char *fate_name(enum fate f);

/* The design's keys and those of a line: why, fate, planned, segments, cost. A new reference. */
json_t *outlook_json(const struct outlook_line *l, const struct settings *s);

/* What so many segments of text cost, in the business's currency; 0: nothing, or the price is not
 * known. Segments are what is added up, never money: so no sum is off by a fraction of a coin. */
double outlook_cost(const struct settings *s, int64_t segments);

/* What is added up, over all lines. */
struct outlook_sum {
    size_t goes, at_once, joined, skipped, held, paused;
    size_t by_channel[CHANNEL_COUNT]; /* of those that go */
    size_t segments;
};
void outlook_sum_add(struct outlook_sum *sum, const struct outlook_line *l);

#endif
