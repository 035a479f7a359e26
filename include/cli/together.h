/*
 * Which of the messages to come will go as one (the rule key `merge`), as far as can be told
 * beforehand.
 */
#ifndef CLI_TOGETHER_H
#define CLI_TOGETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "store/queries.h"

#define TOGETHER_NONE SIZE_MAX

/* Of one row: by itself when both are TOGETHER_NONE. */
struct together {
    size_t leader; /* the row that it goes with */
    size_t next;   /* the next row that goes with the same leader; of a leader, the first */
};

/* What the rows do not say of themselves. */
struct together_row {
    bool goes;               /* as things stand */
    const struct zone *zone; /* whose quiet hours count */
};

/* Fill out[0..count). The rows are in the order in which they are due. */
void together_find(const struct playbook *p, const struct business *b,
                   const struct outbox_row *rows, const struct together_row *more, size_t count,
                   int64_t now_ms, struct together *out);

#endif
