/*
 * Inside `betimes why`: what its two halves share. cmd_why.c explains a message from its rows;
 * why_rule.c what a rule did or did not want of a record.
 */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/session.h"
#include "service/config.h"
#include "store/queries.h"
#include "watch/world.h"

struct asking {
    const struct call *call;
    struct session session;
    struct config config; /* all NULL when it is broken: then there is less to tell */
    struct world world;   /* only with a configuration */
    bool has_world, paused;
    int64_t now_ms;
    json_t *list; /* --json: what has been told so far */
};

/* One line of an explanation: what it is about, and the text, folded. */
void why_line(const char *name, const char *text);

/* What was decided about the message and what that was taken on: as lines, or as the member
 * `decisions` of `into`. Errors: the store's. */
int why_decisions(const struct asking *a, int64_t message_id);
int why_decisions_json(const struct asking *a, int64_t message_id, json_t *into);

/* Explain these messages, one after the other. Returns an exit status. */
int why_tell_rows(struct asking *a, const struct outbox_row *rows, size_t count);

/* Why the rule of --rule did or did not want a message about this record; also for what was never
 * planned. Returns an exit status. */
int why_rule(struct asking *a, enum entity_kind kind, const char *ref);

#endif
