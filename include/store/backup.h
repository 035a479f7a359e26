/*
 * A backup of the database while it is in use: a copy of one moment, checked, and whole under its
 * name or not there at all. It is marked as a backup, so that a service that is given it begins
 * paused.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include <stdint.h>

#include "store/store.h"

struct backup_result {
    int64_t bytes;
    int64_t orphans; /* rows that name a row that is not there; other programs wrote them so */
    char orphan[64]; /* the first of them: "row 7 of job names a client" */
};

/* Is called now and then while it works. */
typedef void (*backup_progress)(void *arg, int64_t done_pages, int64_t pages);

/* Copy the database of `s` into the file `path` (mode 0600), replacing a backup of that name, but
 * nothing else: ERR_EXISTS. It works on a file beside it, syncs it, checks it as a whole, and gives
 * it its name; what a killed backup has left in that folder is removed. Writers are not held up,
 * but the journal grows until the copy is made. ERR_CORRUPT: the copy did not stand its check;
 * ERR_FULL, ERR_IO, ..., all with a sentence. */
int store_backup(struct store *s, const char *path, int64_t now_ms, backup_progress tell, void *arg,
                 struct backup_result *out, struct err *err);

#endif
