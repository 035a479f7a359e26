/*
 * What one thread leaves for another: a list that many may add to and one empties, without a lock.
 * It says when the other has to be woken, so that one waking does for all that is there.
 */
#ifndef GATEWAY_POST_H
#define GATEWAY_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Part of what is left; the rest of it belongs to whoever took it. */
struct post_item {
    struct post_item *next;
    void *thing; /* what it is a part of */
};

struct post {
    struct post_item *_Atomic newest;
};

/* From any thread. True when there was nothing: the taker may not know that there is something. */
static inline bool post_put(struct post *p, struct post_item *item, void *thing)
{
    struct post_item *head = atomic_load(&p->newest);

    item->thing = thing;
    do {
        item->next = head;
    } while (!atomic_compare_exchange_weak(&p->newest, &head, item));
    return head == NULL;
}

/* All that is there, the oldest first; NULL when there is nothing. In the taker's thread. */
static inline struct post_item *post_take(struct post *p)
{
    struct post_item *item = atomic_exchange(&p->newest, NULL), *oldest = NULL;

    while (item != NULL) {
        struct post_item *next = item->next;
        item->next = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}

#endif
