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
    int64_t nominal_ms; /* what the rule's `when` says */
    size_t shift; /* why it goes at another time than that: index in `shifts`, plus 1; 0: it does
                     not, or nobody can say */
    bool to_client;
    size_t segments;
    bool at_once;
    enum difference change;
    int64_t was_ms; /* EARLIER, LATER: when it went by the other playbook */
    bool kept;      /* SAME: `when` says another time, and yet it goes when it did */
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
    struct str_list shifts; /* at most SHIFTS_MAX */
    FILE *spool;            /* NULL: nobody asks for lines */
    int blast_clients;
};

/* Try the playbook (NULL: the present one) out and keep a mark of each message that would go; the
 * settings of `other` stay open, to tell with. Returns an exit status. */
int comparison_collect(struct comparison *c, const char *playbook, struct side *into);

/* Find out what became of each mark; both sides are in no particular order afterwards. */
void comparison_meet(struct comparison *c);

/* In the order in which they go. */
void marks_sort_by_time(struct side *s);

/* Messages to show what changes by: at most EXAMPLES_MAX, of each kind of change the first ones.
 * Returns how many; they live as long as `c` does. */
#define EXAMPLES_MAX 8
size_t comparison_examples(const struct comparison *c, const struct mark *out[EXAMPLES_MAX]);

/* The same told: as lines for people; as the value of `examples` (a new reference in *list).
 * Errors: those of the store. */
int examples_put(const struct comparison *c);
int examples_json(const struct comparison *c, json_t **list);

/* Is it new, or does it go at another time? */
bool mark_is_more(const struct mark *m);

/* For qsort of rows. */
int comparison_by_row(const void *a, const void *b);

#endif
