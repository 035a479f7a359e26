/*
 * The lock file beside the database: which service works on it, which ones stand by.
 *
 * DATABASE.lock holds one record for the service that works and one for each that stands by. The
 * right to a record is an open-file-description lock on its bytes, so it ends with the process,
 * however that ends; what stands in the record tells people who it is and how it is. The records
 * are overwritten in place: telling that the disk is full needs no room on it.
 */
#ifndef SERVICE_LOCK_H
#define SERVICE_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LOCK_PLACES 8 /* the one that works, and seven that stand by */
#define LOCK_HOST_MAX 65
#define LOCK_WORDS_MAX 160

struct lock;

/* The file's path for a database; free() it. */
char *lock_path(const char *database);

/* Open the lock file, making it if need be; nothing is held yet. ERR_IO, ERR_READONLY, ... with a
 * sentence. */
int lock_open(const char *database, struct lock **out, struct err *err);

/* Try to become the one that works. ERR_BUSY: another one is; we have then taken a record among
 * those that stand by, if one was free. When somebody has removed the file, a new one is made: the
 * epoch in the database tells the two apart. ERR_IO with a sentence. */
int lock_take(struct lock *l, struct err *err);

/* Tell in our record how we are ("" when all is well): cheap when it says so already. `epoch`: 0
 * when there is none yet. */
void lock_tell(struct lock *l, int64_t epoch, const char *words);

/* Let go, so that one that stands by notices at once. NULL does nothing. */
void lock_close(struct lock *l);

struct lock_holder {
    bool works; /* else it stands by */
    int pid;    /* 0: its record cannot be read */
    char host[LOCK_HOST_MAX];
    int64_t since_ms;
    int64_t epoch;              /* 0: it has not begun yet */
    char words[LOCK_WORDS_MAX]; /* what troubles it; "": all is well */
};

/* Who holds a record now, the one that works first. ERR_NOTFOUND: there is no lock file, so nobody
 * does; ERR_READONLY: it may not be looked at. */
int lock_holders(const char *database, struct lock_holder out[LOCK_PLACES], size_t *count);

#endif
