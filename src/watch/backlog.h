/*
 * Inside absorbing: entries of the change log about rows that follow each other, as a backlog has
 * them. What the log tells is looked at one entry after another (absorb.c); here the rows are read,
 * and newcomers written, many by a statement. The outcome is that of doing it one by one.
 */
#ifndef WATCH_BACKLOG_H
#define WATCH_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/entities.h"
#include "store/newcomers.h"
#include "watch/absorb.h"

/* For each of the entries whether it is the last of its row; free() it. */
bool *backlog_last(const struct change *list, size_t count);

#define RUN_MAX 64 /* rows read together */

struct backlog {
    struct store *store;
    struct subjects *out;
    enum entity_kind kind; /* the run: rows of this kind from `first_row` on */
    int64_t first_row;
    size_t row_count, left; /* of its entries so many were not looked at yet */
    struct row_now rows[RUN_MAX];
    struct entity entities[RUN_MAX]; /* newcomers that are not written yet */
    bool concerned[RUN_MAX];         /* ... that are to be planned */
    size_t count;
    struct entity_event *events; /* theirs; in place of the entity's id its place among them */
    size_t event_count, event_cap;
    struct entity_facts pasts[RUN_MAX]; /* the same */
    size_t past_count;
};

/* Concerned newcomers are added to `out` when they are written. */
void backlog_init(struct backlog *b, struct store *store, struct subjects *out);
void backlog_close(struct backlog *b);

/* The first of these `count` entries is looked at next. When the run before is over another one
 * begins, with as many of them as it can have; it ends with the last of those. */
int backlog_next(struct backlog *b, const struct change *list, size_t count);

/* Whether the run has read this row, and nobody took it yet: as store_facts_known, both texts the
 * caller's. A row that is not known is a newcomer's: until backlog_add nothing may be looked for
 * that those collected before it could be part of. */
bool backlog_take(struct backlog *b, enum entity_kind kind, int64_t row_id, char **key,
                  char **facts, bool *known);

/* What a look found out about one of whom nothing was known. */
struct newcomer {
    struct entity *entity;
    const struct plan_event *events;
    size_t event_count;
    int64_t at_ms;
    bool has_past;  /* its facts are noted as of at_ms */
    bool concerned; /* it is to be planned */
};

/* Collect it. Of entity and events the texts are the backlog's from now on. */
void backlog_add(struct backlog *b, const struct newcomer *n);

/* Write what was collected: before anything else is looked for, and at the end. */
int backlog_write(struct backlog *b);

#endif
