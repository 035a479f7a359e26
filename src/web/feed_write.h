/*
 * One calendar to subscribe to: what is in it, as a tag that is another one whenever its text would
 * be, and the text itself. In between the database must not change (store_begin_reading).
 */
#ifndef WEB_FEED_WRITE_H
#define WEB_FEED_WRITE_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "ical/write.h"
#include "store/store.h"
#include "time/zone.h"

#define FEED_TAG_DIGITS 32

struct feed {
    const char *name;        /* of the calendar */
    const char *business;    /* the organizer of all of it, */
    const char *email;       /* if it has an address; NULL: none */
    const char *identity;    /* of the database, for UIDs */
    const struct zone *zone; /* of the business */
    int64_t staff_row;       /* whose appointments; 0: everybody's */
    const char *from;        /* the first day, "2026-12-08" */
    int refresh_minutes;
};

struct feed_writing {
    const struct feed *feed;
    char tag[FEED_TAG_DIGITS + 1];
    struct ical_writer writer;
    struct buf text; /* not in the file yet */
    EVP_MD_CTX *digest;
    int fd, rc;
    size_t written;
};

/* Look it through: w->tag. Close `w` in any case. */
int feed_look(struct store *s, const struct feed *f, struct feed_writing *w);

/* Write what was looked through into the file. */
int feed_write(struct store *s, struct feed_writing *w, int fd, size_t *len);

void feed_writing_close(struct feed_writing *w);

#endif
