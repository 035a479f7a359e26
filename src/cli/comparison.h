/*
 * Two playbooks' outlooks side by side: what `forecast --playbook` collects and tells.
 */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include <stdio.h>

#include "base/str.h"
#include "cli/forecast.h"

enum difference { CHANGE_SAME, CHANGE_ADDED, CHANGE_REMOVED, CHANGE_EARLIER, CHANGE_LATER };

/* A message that would go. */
struct mark {
    size_t rule; /* index in the comparison's names */
    int64_t subject, recipient, occurrence;
    int repeat;
    enum channel channel;
    int64_t at_ms, client_row;
    double cost;
    size_t segments;
    bool at_once;
    enum difference change;
    int64_t was_ms; /* EARLIER, LATER: when it went by the other playbook */
    long told_at;   /* where its line stands in the spool */
};

struct side {
    struct mark *items;
    size_t count, cap;
};

struct comparison {
    struct forecast *f;
    struct outlook o; /* of the side that is being collected */
    struct side now, other;
    struct side *filling;
    struct str_list names;
    FILE *spool; /* NULL: nobody asks for lines */
    int blast_clients;
};

/* Try the playbook (NULL: the present one) out and keep a mark of each message that would go.
 * Returns an exit status. */
int comparison_collect(struct comparison *c, const char *playbook, struct side *into);

/* Find out what became of each mark; both sides are in no particular order afterwards. */
void comparison_meet(struct comparison *c);

/* In the order in which they go. */
void marks_sort_by_time(struct side *s);

/* Is it new, or does it go at another time? */
bool mark_is_more(const struct mark *m);

/* For qsort of rows. */
int comparison_by_row(const void *a, const void *b);

#endif
