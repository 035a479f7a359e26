/*
 * Who has to wait before trying to sign in again: after a few wrong passwords each further one
 * makes the wait twice as long, per account and per address. Kept in memory only, and forgotten
 * after a day without a try.
 *
 * An account's longest wait is short, so that a stranger cannot keep its owner out; an address's is
 * long.
 */
#ifndef WEB_BACKOFF_H
#define WEB_BACKOFF_H

#include <stddef.h>
#include <stdint.h>

#define BACKOFF_FREE 4        /* wrong tries that cost no wait */
#define BACKOFF_FIRST_S 2     /* the first wait */
#define BACKOFF_ACCOUNT_S 30  /* the longest, for an account */
#define BACKOFF_ADDRESS_S 900 /* and for an address */
#define BACKOFF_ENTRIES 1024  /* remembered; the one that was quiet for longest gives way */

struct backoff_entry {
    uint64_t key; /* 0: free */
    int wrong;
    int64_t until_ms, last_ms; /* monotonic */
};
struct backoff {
    struct backoff_entry entries[BACKOFF_ENTRIES];
};

enum backoff_kind { BACKOFF_ACCOUNT, BACKOFF_ADDRESS };

/* Seconds that it still has to wait, rounded up; 0: it may try. */
int backoff_wait_s(const struct backoff *b, enum backoff_kind kind, const char *name,
                   int64_t now_ms);

/* A try was wrong, or right. */
void backoff_wrong(struct backoff *b, enum backoff_kind kind, const char *name, int64_t now_ms);
void backoff_right(struct backoff *b, enum backoff_kind kind, const char *name);

#endif
